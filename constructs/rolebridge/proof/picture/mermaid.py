"""Mermaid diagrams that code hosts draw: never one that they refuse.

Mermaid, configuration: ``maxTextSize`` is 50,000 characters and ``maxEdges`` 500; GitHub and GitLab keep both. We stay
far below, so that a drawing can still be read, and make several of a large one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rolebridge.proof.picture.drawing import Arrow, Box, Drawing, Node, NodeKind, Standing
from rolebridge.proof.picture.pages import in_order, short_condition, shortened
from rolebridge.proof.words import clean

MOST_ARROWS = 100
"""Arrows of one diagram."""

MOST_NODES = 150
"""Roles and users of one diagram."""

MOST_CHARACTERS = 45_000
"""Characters of one diagram's text."""

MOST_DIAGRAMS = 12
"""Diagrams of one page; code hosts draw each in a frame of its own."""

LONGEST_LABEL = 64
"""Characters of one line."""

MOST_CONDITIONS = 2
"""Conditions of one arrow; all of them are in the role's section."""

Unit = tuple[Node, tuple[Arrow, ...]]
"""A node and the arrows that lead to it."""


def diagrams(drawing: Drawing) -> tuple[list[str], int]:
    """Return the diagrams, and how many arrows are in none because there are too many."""
    drawn: list[str] = []
    left_out = 0
    for sheet in _sheets(drawing):
        for diagram, arrows in _fitting(drawing, sheet) if len(drawn) < MOST_DIAGRAMS else [("", _count(sheet))]:
            if len(drawn) < MOST_DIAGRAMS:
                drawn.append(diagram)
            else:
                left_out += arrows
    return drawn, left_out


def _fitting(drawing: Drawing, sheet: Sequence[Unit]) -> Iterator[tuple[str, int]]:
    """Return a sheet's diagram, or more than one where long names make it too long."""
    diagram = _diagram(drawing, sheet)
    if len(diagram) <= MOST_CHARACTERS:
        yield diagram, _count(sheet)
        return
    for half in _halves(sheet):
        yield from _fitting(drawing, half)


def _halves(sheet: Sequence[Unit]) -> tuple[Sequence[Unit], Sequence[Unit]]:
    """One arrow is always short enough: its names and values are shortened."""
    if len(sheet) > 1:
        return sheet[: len(sheet) // 2], sheet[len(sheet) // 2 :]
    ((node, arrows),) = sheet
    return [(node, arrows[: len(arrows) // 2])], [(node, arrows[len(arrows) // 2 :])]


def _count(units: Sequence[Unit]) -> int:
    return sum(len(arrows) for _, arrows in units)


def _sheets(drawing: Drawing) -> Iterator[list[Unit]]:
    """Fill one diagram after the other, account by account; only what fills one alone is taken apart.

    Accounts that get into others come first: should not all be drawn, those are.
    """
    sheet: list[Unit] = []
    for box in sorted(drawing.boxes, key=lambda box: not any(node in drawing.out_of for node in box.nodes)):
        units = list(_units(drawing, box))
        if sheet and _too_much([*sheet, *units]):
            yield sheet
            sheet = []
        for unit in units:
            if sheet and _too_much([*sheet, unit]):
                yield sheet
                sheet = []
            sheet.append(unit)
    if sheet:
        yield sheet


def _too_much(units: Sequence[Unit]) -> bool:
    return _count(units) > MOST_ARROWS or len(units) > MOST_NODES


def _units(drawing: Drawing, box: Box) -> Iterator[Unit]:
    """Return who was read; who is only named comes with an arrow."""
    for node in (node for node in box.nodes if node.identity is not None):
        arrows = drawing.into.get(node, ())
        for start in range(0, max(1, len(arrows)), MOST_ARROWS):
            yield node, arrows[start : start + MOST_ARROWS]


def _diagram(drawing: Drawing, sheet: Sequence[Unit]) -> str:
    arrows = [arrow for _, of_node in sheet for arrow in of_node]
    shown = dict.fromkeys((*(arrow.source for arrow in arrows), *(node for node, _ in sheet)))
    lines = ["flowchart LR"]
    lines += [f"  {_node(node)}" for node in shown if not node.account]
    boxes: dict[str, list[Node]] = {}
    for node in (node for box in drawing.boxes for node in box.nodes if node in shown):
        boxes.setdefault(node.account, []).append(node)
    for account, nodes in boxes.items():
        lines.append(f'  subgraph account_{_identifier(account)}["{_label(_title(drawing.box_of[account]))}"]')
        lines += [f"    {_node(node)}" for node in nodes]
        lines.append("  end")
    lines += [f"  {_arrow(arrow)}" for arrow in arrows]
    for name, style, nodes in (
        ("outside", "stroke-dasharray:4 3", [node for node in shown if node.identity is None]),
        ("admin", "stroke:#d1242f,stroke-width:3px", [node for node in shown if node.full_administration]),
    ):
        if nodes:
            lines.append(f"  classDef {name} {style}")
            lines.append(f"  class {','.join(node.key for node in nodes)} {name}")
    return "\n".join(lines)


def _identifier(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", text)[:100]


def _title(box: Box) -> list[str]:
    # One line: in a box's title, a second one lies under the first node.
    return [f"{shortened(box.account, LONGEST_LABEL)} {shortened(box.name, LONGEST_LABEL) or 'not written here'}"]


_SHAPES = {
    NodeKind.ROLE: ('["', '"]'),
    NodeKind.USER: ('(["', '"])'),
    NodeKind.PROVIDER: ('{{"', '"}}'),
    NodeKind.SERVICE: ('[["', '"]]'),
}


def _node(node: Node) -> str:
    before, after = _SHAPES.get(node.kind, ('("', '")'))
    lines = [shortened(node.name, 64)]
    if node.kind is not NodeKind.ROLE and node.name not in node.kind.value:
        lines.insert(0, node.kind.value)
    if node.full_administration:
        lines.append("full administration")
    if node.note:
        lines.append(node.note)
    return f"{node.key}{before}{_label(lines)}{after}"


def _arrow(arrow: Arrow) -> str:
    lines = [] if arrow.standing is Standing.AGREED else [arrow.standing.value]
    conditions = in_order(arrow.conditions)
    lines += [short_condition(one, LONGEST_LABEL) for one in conditions[:MOST_CONDITIONS]]
    if len(conditions) > MOST_CONDITIONS:
        lines.append(f"and {len(conditions) - MOST_CONDITIONS} more")
    if arrow.denied:
        lines.append("unless denied")
    stroke = {Standing.AGREED: "-->", Standing.UNSURE: "-.->", Standing.BROKEN: "--x"}[arrow.standing]
    label = f'|"{_label(lines)}"|' if lines else ""
    return f"{arrow.source.key} {stroke}{label} {arrow.target.key}"


def _label(lines: Sequence[str]) -> str:
    return "<br/>".join(_escaped(line) for line in lines)


_SAFE = re.compile(r"[A-Za-z0-9 :/,=()«»….-]")
_LIST = re.compile(r"\d*[^A-Za-z0-9\s]")


def _escaped(text: str) -> str:
    """Return a text in which nothing is syntax, HTML or Markdown: Mermaid has entities by number, ``#35;``.

    Letters beyond ASCII stay: no syntax has them. What begins like an item of a list is none.
    """
    shown = clean(text)
    item = _LIST.match(shown)
    safe_from = item.end() if item else 0
    return "".join(
        one if one.isalnum() or (at >= safe_from and _SAFE.match(one)) else f"#{ord(one)};"
        for at, one in enumerate(shown)
    )
