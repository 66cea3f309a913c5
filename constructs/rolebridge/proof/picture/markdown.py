"""``TRUST.md``: the diagram, and a section for each role and user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rolebridge.proof.picture.drawing import Box, Drawing
from rolebridge.proof.picture.mermaid import diagrams
from rolebridge.proof.picture.pages import Page
from rolebridge.proof.picture.phrases import Line, code, markdown, plain

MOST_REMARKS = 100
"""Lines of what is not known."""

_INTRODUCTION = """\
# Who can assume what

Made by `rolebridge synth` from the stacks in this folder; do not edit it. The same to zoom and to search is
[TRUST.html](TRUST.html), to be opened in a browser. What is judged, and what is not, says
`docs/proof.md` of Rolebridge; `rolebridge prove` tries who is turned away.
"""

LEGEND = (
    "An arrow leads to the role that lets somebody in, and says under which conditions. Dotted: not known for certain. "
    "With a cross: does not work. Red: full administration."
)


def markdown_page(drawing: Drawing, pages: Sequence[Page]) -> str:
    """Return the whole file."""
    blocks = [_INTRODUCTION, counted(drawing, pages) + "\n", *_diagrams(drawing)]
    blocks += _unknown(drawing)
    before = None
    for page in pages:
        if page.node.account != before:
            before = page.node.account
            blocks.append(f"## {_account(drawing.box_of[before])}\n")
        blocks.append(_page(page))
    return "\n".join(blocks)


def unreadable_markdown(problems: Sequence[str]) -> str:
    """Return the file where the stacks could not be read."""
    lines = [f"- {plain(problem)}" for problem in problems[:MOST_REMARKS]]
    return "\n".join([_INTRODUCTION, "**There is no picture: what is written cannot be read.**\n", *lines, ""])


def counted(drawing: Drawing, pages: Sequence[Page]) -> str:
    """Say how much there is."""
    roles = sum(page.node.kind.value == "role" for page in pages)
    accounts = sum(bool(box.name) for box in drawing.boxes)
    parts = [(roles, "role"), (len(pages) - roles, "user"), (accounts, "account"), (len(drawing.arrows), "arrow")]
    return ", ".join(f"{count:,} {what}{'' if count == 1 else 's'}" for count, what in parts) + "."


def _account(box: Box) -> str:
    return f"{code(box.account)} {plain(box.name)}".rstrip()


def _diagrams(drawing: Drawing) -> Iterator[str]:
    drawn, left_out = diagrams(drawing)
    if drawn:
        yield f"{LEGEND}\n"
    for one in drawn:
        yield f"```mermaid\n{one}\n```\n"
    if left_out:
        yield f"{left_out:,} more arrows are not drawn here; [TRUST.html](TRUST.html) has all of them.\n"


def _unknown(drawing: Drawing) -> Iterator[str]:
    gaps = [f"- {code(f'{gap.source.stack}: {gap.source.address}')}: {plain(gap.reason)}" for gap in drawing.gaps]
    if gaps:
        yield "## Not known\n\n" + _some(gaps)
    halves = [f"- {code(half.who)} → {code(half.role)}: {half.fault.value}" for half in drawing.halves]
    if halves:
        yield "## Only one side\n\n" + _some(halves)
    warnings = [f"- {plain(warning)}" for warning in drawing.warnings]
    if warnings:
        yield "## Not looked at\n\n" + _some(warnings)


def _some(lines: Sequence[str]) -> str:
    more = [f"- and {len(lines) - MOST_REMARKS:,} more"] if len(lines) > MOST_REMARKS else []
    return "\n".join([*lines[:MOST_REMARKS], *more, ""])


def _page(page: Page) -> str:
    kind = "" if page.node.kind.value == "role" else f"{page.node.kind.value} "
    lines = [f"### {kind}{code(page.node.name)}", ""]
    for part in page.parts:
        if part.title:
            lines += [f"{part.title}:", ""]
        lines += [*_lines(part.lines), ""]
    return "\n".join(lines)


def _lines(lines: Iterable[Line]) -> Iterator[str]:
    for line in lines:
        yield f"{'  ' * line.depth}- {markdown(line.phrase)}"
