"""``TRUST.html``: one file with everything in it, which asks nothing of any network.

The page's policy allows this style and this script by their hashes and nothing else, so that no text of others could
run even if it were not escaped. Without a script the page is the whole picture with every section below it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files

from rolebridge.proof.picture.drawing import Drawing, Node, NodeKind, Standing
from rolebridge.proof.picture.layout import CARD, PAD, ROW, WIDTH, Block, Card, Layout, Port, lay_out
from rolebridge.proof.picture.layout import Line as Way
from rolebridge.proof.picture.markdown import MOST_REMARKS, counted
from rolebridge.proof.picture.pages import Page, Part, shortened, who
from rolebridge.proof.picture.phrases import Line, Quoted, escaped, hypertext

MARGIN = 60
"""Around the drawing."""

LEGEND = (
    ("agreed", "both sides agree"),
    ("unsure", "not known for certain"),
    ("broken", "does not work"),
)


def html_page(drawing: Drawing, pages: Sequence[Page]) -> str:
    """Return the whole file."""
    layout = lay_out(drawing)
    legend = "".join(
        f'<li><svg viewBox="0 0 34 10" aria-hidden="true"><path class="edge {name}" d="M1 5H33"/></svg>{text}</li>'
        for name, text in LEGEND
    )
    large = "<li>The arrows of a role are shown when it is selected.</li>" if layout.large else ""
    body = [
        '<header><h1>Who can assume what</h1><p id="counts">',
        counted(drawing, pages),
        '</p><div class="tools" role="toolbar" aria-label="Zoom">',
        '<button id="out" type="button" aria-label="Zoom out" title="Zoom out (-)">−</button>',
        '<button id="in" type="button" aria-label="Zoom in" title="Zoom in (+)">+</button>',
        '<button id="fit" type="button" title="Show everything (0)">Fit</button></div></header>',
        '<main><div id="sheet">',
        *_svg(drawing, layout),
        f'<ul id="legend">{large}{legend}<li><span class="swatch"></span>full administration</li></ul></div>',
        '<aside id="side" aria-label="Roles and users">',
        '<div id="finder"><input id="search" type="search" placeholder="Search roles, accounts, values (/)" ',
        'aria-label="Search" autocomplete="off" spellcheck="false"><p id="found" role="status"></p>',
        *_list(drawing, pages),
        *_unknown(drawing),
        '</div><div id="pages" aria-live="polite">',
        '<button id="back" type="button" hidden>← All roles</button>',
        *(text for page in pages for text in _page(page)),
        *(text for node in drawing.nodes if node.identity is None for text in _named(drawing, node)),
        "</div></aside></main>",
    ]
    return _document("".join(body), script=True)


def unreadable_html(problems: Sequence[str]) -> str:
    """Return the file where the stacks could not be read."""
    lines = "".join(f"<li>{escaped(problem)}</li>" for problem in problems[:MOST_REMARKS])
    text = f"<header><h1>Who can assume what</h1></header><p>What is written cannot be read.</p><ul>{lines}</ul>"
    return _document(text, script=False)


def _document(body: str, *, script: bool) -> str:
    style, code = _asset("page.css"), _asset("page.js") if script else ""
    policy = f"default-src 'none'; style-src '{_hash(style)}'; base-uri 'none'; form-action 'none'"
    policy += f"; script-src '{_hash(code)}'" if script else ""
    return "".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n',
            f"<title>Who can assume what</title>\n<style>{style}</style>\n</head>\n<body>\n{body}\n",
            f"<script>{code}</script>\n" if script else "",
            "</body>\n</html>\n",
        )
    )


def _asset(name: str) -> str:
    return files("rolebridge.proof.picture").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


# The drawing


def _svg(drawing: Drawing, layout: Layout) -> Iterator[str]:
    size = f"{-MARGIN} {-MARGIN} {layout.width + 2 * MARGIN} {layout.height + 2 * MARGIN}"
    large = "large" if layout.large else ""
    yield f'<svg id="picture" class="{large}" viewBox="{size}" data-all="{size}" role="group" tabindex="0" '
    yield 'preserveAspectRatio="xMidYMid meet" aria-label="Accounts, roles and who is let in by whom. '
    yield 'Arrow keys move, plus and minus zoom, Tab goes from role to role, Enter selects.">\n<defs>'
    for standing in Standing:
        name = standing.name.lower()
        yield f'<marker id="tip-{name}" class="tip {name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
        yield 'markerHeight="7" orient="auto-start-reverse"><path d="M0 0L10 5L0 10z"/></marker>'
    yield "</defs>\n"
    yield from (_box(block) for block in layout.blocks if block.box is not None)
    cards = (text for block in layout.blocks for card in block.cards for text in _card(drawing, card))
    edges = (_edge(way) for way in layout.lines)
    # In a large drawing the selected role's arrows go over the cards between.
    yield from (*cards, *edges) if layout.large else (*edges, *cards)
    yield "</svg>"


def _box(block: Block) -> str:
    assert block.box is not None
    card, account = block.cards[0], block.box.account
    name = block.box.name or "not written here"
    classes, y = "box" if block.box.name else "box strange", round(block.y)
    return (
        f'<g class="{classes}"><rect x="{card.x - PAD}" y="{y}" width="{WIDTH}" height="{block.height}" '
        'rx="10"/>'
        f'<text class="account" x="{card.x}" y="{y + 19}">{escaped(shortened(account, 44))}</text>'
        f'<text class="stacks" x="{card.x}" y="{y + 36}">{escaped(shortened(name, 52))}</text></g>\n'
    )


def _edge(way: Way) -> str:
    arrow, name = way.arrow, way.arrow.standing.name.lower()
    return (
        f'<path class="edge {name}" d="{_curve(way)}" marker-end="url(#tip-{name})" '
        f'data-from="{arrow.source.key}" data-to="{arrow.target.key}"/>\n'
    )


def _curve(way: Way) -> str:
    (x, y), *rest = way.points
    if way.inside:
        # Around the left side: a card's arrows end there.
        ((to_x, to_y),) = rest
        return f"M{x} {y}C{x - 60} {y} {to_x - 60} {to_y} {to_x} {to_y}"
    if rest[-1][0] <= x:
        # Back to an earlier column: from left to left, behind the card where it ends and around its side.
        ((to_x, to_y),) = rest
        return f"M{x} {y}C{x - 60} {y} {to_x - 200} {to_y} {to_x} {to_y}"
    parts = [f"M{x} {y}"]
    for at, (to_x, to_y) in enumerate(rest):
        if at % 2 == 1:
            parts.append(f"H{to_x}")
        else:
            bend = max(60, (to_x - x) // 2)
            parts.append(f"C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}")
        x, y = to_x, to_y
    return "".join(parts)


def _card(drawing: Drawing, card: Card) -> Iterator[str]:
    node = card.node
    classes = f"node {node.kind.name.lower()}{' admin' if node.full_administration else ''}"
    label = f"{node.kind.value} {node.name}{f' of {node.account}' if node.account else ''}"
    if node.full_administration:
        label += ", full administration"
    x, y = card.x + PAD, card.y + PAD + 10
    yield f'<g class="{classes}" id="{node.key}" tabindex="0" role="button" aria-pressed="false" '
    yield f'aria-label="{escaped(label)}">'
    yield f'<rect x="{card.x}" y="{card.y}" width="{CARD}" height="{card.height}" rx="7"/>'
    yield f'<text class="kind" x="{x}" y="{y}">{escaped(node.kind.value)}</text>'
    for name in card.names:
        y += ROW
        yield f'<text class="name" x="{x}" y="{y}">{escaped(name)}</text>'
    for mark in card.marks:
        y += ROW
        yield f'<text class="mark" x="{x}" y="{y}">{escaped(mark)}</text>'
    yield from (text for port in card.ports for text in _port(card, port))
    yield "</g>\n"


def _port(card: Card, port: Port) -> Iterator[str]:
    arrow = port.arrow
    top = card.y + port.y
    name = arrow.standing.name.lower()
    yield f'<g class="port {name}" data-from="{arrow.source.key}" data-to="{arrow.target.key}">'
    yield f'<rect x="{card.x + 5}" y="{top}" width="{CARD - 10}" height="{port.height}" rx="4"/>'
    for at, line in enumerate(port.lines):
        yield f'<text x="{card.x + PAD}" y="{top + ROW * (at + 1)}">{escaped(line)}</text>'
    yield "</g>"


# The side


def _list(drawing: Drawing, pages: Sequence[Page]) -> Iterator[str]:
    yield '<div id="list">'
    before = None
    for page in pages:
        node = page.node
        if node.account != before:
            if before is not None:
                yield "</ul></section>"
            before = node.account
            name = drawing.box_of[before].name
            yield f"<section><h2><code>{escaped(before)}</code> {escaped(name)}</h2><ul>"
        admin = ' class="admin"' if node.full_administration else ""
        yield f'<li><button type="button" data-node="{node.key}"{admin}>{escaped(node.name)}'
        yield "" if node.kind is NodeKind.ROLE else f" <small>{node.kind.value}</small>"
        yield "</button></li>"
    yield "</ul></section></div>" if before is not None else "</div>"


def _page(page: Page) -> Iterator[str]:
    node = page.node
    yield f'<article data-node="{node.key}"><h2><small>{escaped(node.kind.value)} of {escaped(node.account)}</small>'
    yield f"{escaped(node.name)}</h2>"
    yield from (text for part in page.parts for text in _part(part))
    yield "</article>\n"


def _named(drawing: Drawing, node: Node) -> Iterator[str]:
    """Return the section of somebody who is only named: whom it gets into."""
    lines = [Line(0, who(arrow.target)) for arrow in drawing.out_of.get(node, ())]
    yield f'<article data-node="{node.key}"><h2><small>{escaped(node.kind.value)}</small>{escaped(node.name)}</h2>'
    yield from _part(Part("Is let in by", tuple(dict.fromkeys(lines))))
    yield "</article>\n"


def _part(part: Part) -> Iterator[str]:
    if part.title:
        yield f"<h3>{escaped(part.title)}</h3>"
    yield "<ul>"
    yield from _items(part.lines)
    yield "</ul>"


def _items(lines: Iterable[Line]) -> Iterator[str]:
    depth = 0
    opened = False
    for line in lines:
        if line.depth > depth:
            yield "<ul>"
        elif opened:
            yield "</li>" + "</ul></li>" * (depth - line.depth)
        yield f"<li>{hypertext(line.phrase)}"
        depth, opened = line.depth, True
    if opened:
        yield "</li>" + "</ul></li>" * depth


def _unknown(drawing: Drawing) -> Iterator[str]:
    gaps = [Line(0, (Quoted(f"{gap.source.stack}: {gap.source.address}"), ": ", gap.reason)) for gap in drawing.gaps]
    halves = [Line(0, (Quoted(half.who), " → ", Quoted(half.role), f": {half.fault.value}")) for half in drawing.halves]
    warnings = [Line(0, (warning,)) for warning in drawing.warnings]
    for title, lines in (("Not known", gaps), ("Only one side", halves), ("Not looked at", warnings)):
        if lines:
            shown = lines[:MOST_REMARKS]
            if len(lines) > MOST_REMARKS:
                shown.append(Line(0, (f"and {len(lines) - MOST_REMARKS:,} more",)))
            yield f'<details class="unknown"><summary>{title} ({len(lines):,})</summary><ul>'
            yield from _items(shown)
            yield "</ul></details>"
