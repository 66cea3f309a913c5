"""Where everything stands: columns from the outside to the last role, an account a box, nothing on top of another.

Sugiyama, Tagawa and Toda, «Methods for Visual Understanding of Hierarchical System Structures» (1981), with whole
accounts as the things that are layered. Conditions stand in the card of the role at the end of their arrow, so that no
label can lie on anything. Every step is linear in nodes and arrows.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rolebridge.proof.picture.drawing import Arrow, Box, Drawing, Node, Standing
from rolebridge.proof.picture.pages import in_order, short_condition, shortened

CARD = 392
"""Width of a card."""
ROW = 17
"""Height of a line of text."""
PAD = 12
"""Between a card's edge and its text, and between cards of a box."""
WIDTH = CARD + 2 * PAD
"""Width of a box."""
HEAD = 46
"""Height of a box above its first card."""
GAP_X, GAP_Y = 100, 26
"""Between columns, and between boxes of a column."""
NAME_LENGTH = 46
"""Characters of a card's name in one line: 13 pixels of a monospaced font, 0.6 of that wide, in the card."""
LINE_LENGTH = 53
"""Characters of a card's other lines, of 11.5 pixels."""
LANE = 14
"""Height that an arrow takes on its way through a column."""
MOST_LINES = 3
"""Conditions of an arrow that are shown."""
MOST_SHOWN = 300
"""Arrows above which all at once would be a grey area: then only those of the selected role are drawn."""
SWEEPS = 4
"""How often the columns are ordered by their neighbours."""


@dataclass(eq=False)
class Port:
    """Where an arrow ends, with its conditions.

    Attributes:
        arrow: which.
        lines: its conditions in few characters.
        y: below the top of its card.
        height: of all its lines.
    """

    arrow: Arrow
    lines: list[str]
    y: int
    height: int


@dataclass(eq=False)
class Card:
    """A node with what is written in it.

    Attributes:
        node: which.
        names: its name, in one line or two.
        marks: what else is to be seen at once.
        ports: the arrows that lead to it.
        height: of all.
        x: of its left edge.
        y: of its upper edge.
    """

    node: Node
    names: list[str]
    marks: list[str]
    ports: list[Port]
    height: int
    x: int = 0
    y: int = 0


@dataclass(eq=False)
class Block:
    """What is moved as one: an account with its cards, a node outside, or an arrow's lane through a column.

    Attributes:
        box: the account; ``None`` for a node outside and for a lane.
        cards: top to bottom.
        height: of all.
        column: from 0.
        x: of its left edge.
        y: of its upper edge.
        rank: its place in its column, from 0 to 1.
        before: neighbours in the column before.
        after: neighbours in the column after.
    """

    box: Box | None
    cards: list[Card]
    height: int
    column: int = 0
    x: int = 0
    y: float = 0
    rank: float = 0
    before: list[Block] = field(default_factory=list)
    after: list[Block] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Line:
    """An arrow's way.

    Attributes:
        arrow: which.
        points: from the caller to the role, through the lanes between.
        inside: whether it stays in one account.
    """

    arrow: Arrow
    points: tuple[tuple[int, int], ...]
    inside: bool


@dataclass(frozen=True, eq=False)
class Layout:
    """Everything with its place.

    Attributes:
        blocks: accounts and nodes outside.
        lines: arrows.
        width: of all.
        height: of all.
        large: whether only the arrows of the selected role are to be seen.
    """

    blocks: tuple[Block, ...]
    lines: tuple[Line, ...]
    width: int
    height: int
    large: bool


def lay_out(drawing: Drawing) -> Layout:
    """Return the place of everything."""
    blocks = [_outside(drawing, node) for node in drawing.outside] + [_box(drawing, box) for box in drawing.boxes]
    block_of = {card.node: block for block in blocks for card in block.cards}
    pairs = dict.fromkeys(
        (block_of[arrow.source], block_of[arrow.target])
        for arrow in drawing.arrows
        if block_of[arrow.source] is not block_of[arrow.target]
    )
    _set_columns(blocks, pairs)
    large = len(drawing.arrows) > MOST_SHOWN
    lanes = {pair: [] if large else _lanes(*pair) for pair in pairs}
    columns = _ordered([*blocks, *(lane for through in lanes.values() for lane in through)])
    if large:
        _set_rows(columns)
    else:
        _set_places(columns)
    for block in blocks:
        _set_cards(block)
    cards = {card.node: card for block in blocks for card in block.cards}
    ports = {port.arrow: port for card in cards.values() for port in card.ports}
    lines = [_line(arrow, cards, ports, block_of, lanes) for arrow in drawing.arrows]
    width = max((block.x + WIDTH for block in blocks), default=0)
    height = max((round(block.y) + block.height for block in blocks), default=0)
    return Layout(tuple(blocks), tuple(lines), width, height, large)


# Sizes


def _outside(drawing: Drawing, node: Node) -> Block:
    card = _card(drawing, node)
    return Block(None, [card], card.height)


def _box(drawing: Drawing, box: Box) -> Block:
    cards = [_card(drawing, node) for node in box.nodes]
    return Block(box, cards, HEAD + sum(card.height + PAD for card in cards))


def _card(drawing: Drawing, node: Node) -> Card:
    names = _broken(node.name)
    marks = ["full administration"] if node.full_administration else []
    marks += [node.note] if node.note else []
    y = PAD + ROW * (1 + len(names) + len(marks))
    ports = []
    for arrow in drawing.into.get(node, ()):
        lines = _conditions(arrow)
        ports.append(Port(arrow, lines, y + 6, ROW * len(lines) + 8))
        y += ROW * len(lines) + 12
    return Card(node, names, marks, ports, y + PAD - (4 if ports else 2))


def _broken(name: str) -> list[str]:
    """Break a name into at most two lines, where a word begins if that is possible."""
    if len(name) <= NAME_LENGTH:
        return [name]
    at = max(
        (place for place in range(8, NAME_LENGTH + 1) if name[place].isupper() or name[place - 1] in "-_/.:@,"),
        default=NAME_LENGTH,
    )
    return [name[:at], shortened(name[at:], NAME_LENGTH)]


def _conditions(arrow: Arrow) -> list[str]:
    lines = [] if arrow.standing is Standing.AGREED else [arrow.standing.value]
    conditions = in_order(arrow.conditions)
    if not conditions:
        return [*lines, "no condition"]
    most = MOST_LINES if len(conditions) == MOST_LINES else MOST_LINES - 1
    lines += [short_condition(one, LINE_LENGTH) for one in conditions[:most]]
    return lines if len(conditions) <= most else [*lines, f"and {len(conditions) - most} more conditions"]


# Columns


def _set_columns(blocks: Sequence[Block], pairs: Iterable[tuple[Block, Block]]) -> None:
    """The longest way from the outside; an arrow that would close a circle does not count."""
    after: dict[Block, list[Block]] = {}
    for source, target in pairs:
        after.setdefault(source, []).append(target)
    done: dict[Block, None] = {}
    for start in blocks:
        _visit(start, after, done)
    place = {block: at for at, block in enumerate(reversed(done))}
    for block in reversed(done):
        if block.box is not None:
            block.column = max(block.column, 1)
        for target in after.get(block, ()):
            if place[target] > place[block]:
                target.column = max(target.column, block.column + 1)


def _visit(start: Block, after: dict[Block, list[Block]], done: dict[Block, None]) -> None:
    """Depth first, without recursion: a chain may be long."""
    if start in done:
        return
    waiting = [(start, iter(after.get(start, ())))]
    open_blocks = {start}
    while waiting:
        block, targets = waiting[-1]
        following = next((one for one in targets if one not in done and one not in open_blocks), None)
        if following is None:
            waiting.pop()
            done[block] = None
        else:
            open_blocks.add(following)
            waiting.append((following, iter(after.get(following, ()))))


def _lanes(source: Block, target: Block) -> list[Block]:
    """Return the lanes between two blocks, and make everybody on the way neighbours."""
    lanes = [Block(None, [], LANE, column) for column in range(source.column + 1, target.column)]
    way = [source, *lanes, target]
    for one, other in itertools.pairwise(way):
        one.after.append(other)
        other.before.append(one)
    return lanes


def _ordered(blocks: Sequence[Block]) -> list[list[Block]]:
    columns: list[list[Block]] = [[] for _ in range(max((block.column for block in blocks), default=-1) + 1)]
    for block in blocks:
        columns[block.column].append(block)
    for column in columns:
        _rank(column)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for column in columns if forward else reversed(columns):
            wanted = {block: _wanted_rank(block, forward) for block in column}
            column.sort(key=wanted.__getitem__)
            _rank(column)
    return columns


def _wanted_rank(block: Block, forward: bool) -> float:
    """In the middle of its neighbours; who has none stays where it is."""
    middle = _mean([one.rank for one in (block.before if forward else block.after)])
    return block.rank if middle is None else middle


def _rank(column: list[Block]) -> None:
    for at, block in enumerate(column):
        block.rank = (at + 0.5) / len(column)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


# Places


def _set_places(columns: Sequence[list[Block]]) -> None:
    for column in columns:
        y = 0.0
        for block in column:
            block.y = y
            y += block.height + GAP_Y
        for block in column:
            block.x = block.column * (WIDTH + GAP_X)
    tallest = max(columns, key=_bottom, default=[])
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for column in columns if forward else reversed(columns):
            # The tallest stays packed; the others stand where their arrows are short.
            if column is not tallest:
                _settle(column, _bottom(tallest))
    highest = min((column[0].y for column in columns if column), default=0.0)
    for block in (block for column in columns for block in column):
        block.y -= highest


def _set_rows(columns: Sequence[list[Block]]) -> None:
    """Of a large drawing: a column that is higher than wide stands beside itself, as often as it takes."""
    x = 0
    for column in columns:
        total = sum(block.height + GAP_Y for block in column)
        most = max(math.sqrt(total * (WIDTH + GAP_Y)), max((block.height for block in column), default=0))
        y = 0.0
        for block in column:
            if y and y + block.height > most:
                x, y = x + WIDTH + GAP_Y, 0.0
            block.x, block.y = x, y
            y += block.height + GAP_Y
        x += WIDTH + GAP_X


def _bottom(column: Sequence[Block]) -> float:
    return column[-1].y + column[-1].height if column else 0.0


def _settle(column: Sequence[Block], tallest: float) -> None:
    """Move blocks towards their neighbours: the mean of pushing down and pushing up keeps them apart."""
    wanted = []
    for block in column:
        middle = _mean([one.y + one.height / 2 for one in (*block.before, *block.after)])
        wanted.append(block.y if middle is None else middle - block.height / 2)
    down, up = list(wanted), list(wanted)
    least = 0.0
    for at, block in enumerate(column):
        down[at] = max(wanted[at], least)
        least = down[at] + block.height + GAP_Y
    most = max(tallest, least - GAP_Y)
    for at in range(len(column) - 1, -1, -1):
        up[at] = min(wanted[at], most - column[at].height)
        most = up[at] - GAP_Y
    for at, block in enumerate(column):
        block.y = (down[at] + up[at]) / 2


def _set_cards(block: Block) -> None:
    y = round(block.y) + (HEAD if block.box is not None else 0)
    for card in block.cards:
        card.x, card.y = block.x + PAD, y
        y += card.height + PAD


def _line(
    arrow: Arrow,
    cards: dict[Node, Card],
    ports: dict[Arrow, Port],
    block_of: dict[Node, Block],
    lanes: dict[tuple[Block, Block], list[Block]],
) -> Line:
    source, target, port = cards[arrow.source], cards[arrow.target], ports[arrow]
    one, other = block_of[arrow.source], block_of[arrow.target]
    start, end = source.y + PAD + ROW, (target.x, target.y + port.y + port.height // 2)
    if one is other:
        return Line(arrow, ((source.x, start), end), True)
    if target.x <= source.x:
        return Line(arrow, ((source.x, start), end), False)
    points = [(source.x + CARD, start)]
    for lane in lanes[one, other]:
        y = round(lane.y) + LANE // 2
        points += [(lane.x, y), (lane.x + WIDTH, y)]
    return Line(arrow, (*points, end), False)
