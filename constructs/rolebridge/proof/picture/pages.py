"""One role or user in plain words: who gets in, through whom, and what it may do. One fact a line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rolebridge.proof.chains import Chain, Chains, described
from rolebridge.proof.conditions import Condition
from rolebridge.proof.landscape import Document, Identity, Origin, SeenRole, SeenUser
from rolebridge.proof.picture.drawing import Arrow, Drawing, Node, NodeKind, Standing, administers
from rolebridge.proof.picture.phrases import Line, Loud, Phrase, Quoted
from rolebridge.proof.policy import Statement
from rolebridge.proof.words import operator_in_words

MOST_LINES = 40
"""Chains or roles of one list."""

MOST_NAMED = 6
"""Actions, resources or values of one line."""


@dataclass(frozen=True, eq=False)
class Part:
    """A list of facts under a title."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, eq=False)
class Page:
    """All of one role or user.

    Attributes:
        node: whose.
        parts: in a stable order.
    """

    node: Node
    parts: tuple[Part, ...]


def pages_of(drawing: Drawing, chains: Chains) -> tuple[Page, ...]:
    """Return a page for each role and user that was read, box by box."""
    return tuple(
        Page(node, tuple(_parts(drawing, node, node.identity, chains)))
        for box in drawing.boxes
        for node in box.nodes
        if node.identity is not None
    )


def _parts(drawing: Drawing, node: Node, identity: Identity, chains: Chains) -> Iterator[Part]:
    yield Part("", tuple(_facts(identity)))
    if isinstance(identity, SeenRole):
        yield Part("Who gets in", tuple(_who(drawing, node, identity)))
        through = [Line(0, _way(chain)) for chain in chains.into(identity) if len(chain.roles) > 1]
        if through:
            yield Part("Through", tuple(_some(through)))
    onward = [Line(0, _onward(arrow)) for arrow in drawing.out_of.get(node, ()) if arrow.standing is not _BROKEN]
    if onward:
        yield Part("Gets into", tuple(_some(onward)))
    yield Part("May", tuple(_rights(identity)))


_BROKEN = Standing.BROKEN


def _facts(identity: Identity) -> Iterator[Line]:
    yield Line(0, (Quoted(identity.arn),))
    yield Line(0, ("made by ", Quoted(identity.source.address), " of the stack ", Quoted(identity.stack)))
    if isinstance(identity, SeenRole):
        seconds = identity.max_session_duration
        yield Line(0, (f"sessions of at most {'an unknown time' if seconds is None else _time(seconds)}",))
        return
    for key in identity.access_keys:
        state = "" if key.active else " (inactive)"
        yield Line(0, (Loud("a long-lived key"), f"{state}, made by ", Quoted(key.source.address)))
    for group in identity.groups:
        yield Line(0, ("in the group ", Quoted(group)))


def _time(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} minutes" if rest == 0 else f"{seconds} seconds"


# Who gets in


def _who(drawing: Drawing, node: Node, role: SeenRole) -> Iterator[Line]:
    if role.trust.policy.opaque is not None:
        yield Line(0, (Loud("not known"), ": ", Quoted(role.trust.policy.opaque.reason)))
    arrows = drawing.into.get(node, ())
    for arrow in arrows:
        yield Line(0, (*_principal(arrow), ", by ", *_listed(arrow.statement.actions.wanted)))
        yield from (Line(1, ("if ", *condition_phrase(one))) for one in arrow.conditions)
        if not arrow.conditions:
            yield Line(1, ("without any condition",))
        for remark in arrow.remarks:
            yield Line(1, (Loud(_REMARK[arrow.standing]), ": ", Quoted(remark)))
        if arrow.standing is Standing.BROKEN and not arrow.remarks:
            yield Line(1, (Loud("does not work"),))
    for statement in role.trust.policy.statements:
        if statement.deny:
            yield from _denied(statement)
    if not arrows and role.trust.known:
        yield Line(0, ("nobody",))


_REMARK = {Standing.AGREED: "note", Standing.UNSURE: "not known for certain", Standing.BROKEN: "does not work"}


def who(node: Node) -> Phrase:
    """Say who somebody is."""
    name = Quoted(node.name)
    match node.kind:
        case NodeKind.ROLE | NodeKind.USER:
            return (f"{node.kind.value} ", name, " of ", Quoted(node.account))
        case NodeKind.PROVIDER:
            return ("token of ", name)
        case NodeKind.SERVICE:
            return ("AWS service ", name)
        case NodeKind.ACCOUNT:
            return (Loud("everybody"), " of the account ", name, " who has the permission")
        case NodeKind.ANYBODY:
            return (Loud(node.name),)
        case NodeKind.ELSEWHERE:
            return (name, " of ", Quoted(node.account), ", an account that is not written here")
        case NodeKind.NOWHERE:
            return (name, " of ", Quoted(node.account), ", which is ", Loud("made nowhere"))
    return (name, ", known to Terraform only")


def _principal(arrow: Arrow) -> Phrase:
    principals = arrow.statement.principals
    if principals is not None and principals.negated:
        names = (wanted.partition(" ")[2] for wanted in principals.wanted)
        return (Loud("everybody but"), " ", *_listed(tuple(names)))
    return who(arrow.source)


def _denied(statement: Statement) -> Iterator[Line]:
    assert statement.principals is not None
    names = tuple(wanted.partition(" ")[2] for wanted in statement.principals.wanted)
    but = " anybody but" if statement.principals.negated else ""
    verb = (Loud("never"), f"{but} ", *_listed(names), ", by ", *_listed(statement.actions.wanted))
    yield Line(0, verb)
    yield from (Line(1, ("if ", *condition_phrase(one))) for one in statement.conditions)


def _way(chain: Chain) -> Phrase:
    phrase: list[str | Quoted | Loud] = [Quoted(described(chain.start))]
    for role in chain.roles:
        phrase += [" → ", Quoted(role.name)]
    if chain.unless:
        phrase += [" (not known for certain)"]
    return tuple(phrase)


def _onward(arrow: Arrow) -> Phrase:
    sure = () if arrow.standing is Standing.AGREED else (" (not known for certain)",)
    return (*who(arrow.target), *sure)


def _some(lines: Sequence[Line]) -> Iterator[Line]:
    yield from lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        yield Line(0, (f"and {len(lines) - MOST_LINES:,} more",))


# Conditions


def condition_phrase(condition: Condition) -> Phrase:
    """Say what a condition wants, in full."""
    values: list[str | Quoted | Loud] = []
    for value in condition.wanted[:MOST_NAMED]:
        values += [" or " if values else "", Quoted(value)]
    if len(condition.wanted) > MOST_NAMED:
        values.append(f" or {len(condition.wanted) - MOST_NAMED} more")
    return (Quoted(condition.key), f" {operator_in_words(condition)} ", *values)


_KEYS = {
    "sts:externalid": "external id",
    "aws:sourceaccount": "source account",
    "aws:sourcearn": "source",
    "aws:principalarn": "principal",
    "aws:principalorgid": "organization",
    "sts:rolesessionname": "session name",
}


def short_key(key: str) -> str:
    """Return what a condition key is called in a drawing."""
    lower = key.lower()
    if lower in _KEYS:
        return _KEYS[lower]
    for claim, name in ((":sub", "subject"), (":aud", "audience"), (":oaud", "requested audience")):
        if lower.endswith(claim):
            return name
    return key


def in_order(conditions: Iterable[Condition]) -> list[Condition]:
    """Return conditions with those first that say who somebody is."""
    first = ("subject", "external id", "source account", "source", "principal", "requested audience", "audience")
    ranks = {name: rank for rank, name in enumerate(first)}
    return sorted(conditions, key=lambda condition: ranks.get(short_key(condition.key), len(first)))


def short_condition(condition: Condition, longest: int) -> str:
    """Say what a condition wants in few characters; a text of others."""
    key, operator = short_key(condition.key), operator_in_words(condition)
    more = f" or {len(condition.wanted) - 1} more" if len(condition.wanted) > 1 else ""
    start = f"{shortened(key, longest // 2)} {operator} "
    value = condition.wanted[0] if condition.wanted else "nothing"
    return f"{start}{shortened(value, max(8, longest - len(start) - len(more)))}{more}"


def shortened(text: str, longest: int) -> str:
    """Return a text with its middle left out, where it is too long: the ends tell one name from another."""
    if len(text) <= longest:
        return text
    head = (longest - 1) // 3
    return f"{text[:head]}…{text[len(text) - (longest - 1 - head) :]}"


# What it may do


def _rights(identity: SeenRole | SeenUser) -> Iterator[Line]:
    if not identity.policies:
        yield Line(0, ("nothing: no policy is attached",))
    for document in identity.policies:
        yield from _document(document, 0)
    if identity.boundary is not None:
        yield Line(0, ("never more than its permissions boundary ", Quoted(identity.boundary.name), " allows:"))
        yield from _document(identity.boundary, 1)
    elif any(administers(statement) for document in identity.policies for statement in document.policy.statements):
        yield Line(0, ("no permissions boundary",))


def _document(document: Document, depth: int) -> Iterator[Line]:
    if document.policy.opaque is not None:
        unknown: Phrase = (": ", Loud("not known"), ", a policy of AWS")
        if document.origin is not Origin.AWS_MANAGED:
            unknown = (": ", Loud("not known"), ", ", Quoted(document.policy.opaque.reason))
        yield Line(depth, (Quoted(document.name), *unknown))
        return
    for statement in document.policy.statements:
        sid = (" ", Quoted(statement.sid)) if statement.sid else ()
        yield Line(depth, (Quoted(document.name), *sid, ": ", *_sentence(statement)))
        yield from (Line(depth + 1, ("if ", *condition_phrase(one))) for one in statement.conditions)


def _sentence(statement: Statement) -> Phrase:
    if administers(statement):
        return (Loud("full administration"), ": may do anything on everything")
    verb: Phrase = (Loud("may never"), " ") if statement.deny else ("may ",)
    actions = statement.actions
    if actions.negated:
        what: Phrase = ("do anything but ", *_listed(actions.wanted))
    elif "*" in actions.wanted:
        what = ("do anything",)
    else:
        what = _actions(actions.wanted)
    return (*verb, *what, *_on(statement))


def _on(statement: Statement) -> Phrase:
    if statement.resources is None:
        return ()
    wanted = statement.resources.wanted
    if statement.resources.negated:
        return (" on everything but ", *_listed(wanted))
    return (" on everything",) if "*" in wanted else (" on ", *_listed(wanted))


_READS = re.compile(
    r"(List|Describe|Lookup|Search|Simulate|View|"
    r"Get(?!Secret|Object|Parameter|Item|Records|SessionToken|FederationToken|Password|Credential|Authorization))[A-Z]"
).match
"""What only tells how things are set up; what hands out contents, secrets or credentials is named."""


def _actions(wanted: Sequence[str]) -> Phrase:
    """Say actions service by service: a few as they are, of many the reads as a number and the others by name."""
    if len(wanted) <= MOST_NAMED:
        return _listed(wanted)
    of_service: dict[str, list[str]] = {}
    for action in wanted:
        service, _, name = action.partition(":")
        of_service.setdefault(service, []).append(name)
    phrase: list[str | Quoted | Loud] = []
    for service, names in of_service.items():
        others = [name for name in names if not _READS(name)]
        reads = len(names) - len(others)
        parts: list[str | Quoted | Loud] = [f"read ({reads})"] if reads else []
        for name in others[: 2 * MOST_NAMED]:
            parts += [", " if parts else "", Quoted(name)]
        if len(others) > 2 * MOST_NAMED:
            parts.append(f" and {len(others) - 2 * MOST_NAMED} more")
        phrase += ["; " if phrase else "", Quoted(service), " ", *parts]
    return tuple(phrase)


def _listed(texts: Sequence[str]) -> Phrase:
    phrase: list[str | Quoted | Loud] = []
    for text in texts[:MOST_NAMED]:
        phrase += [", " if phrase else "", Quoted(text)]
    if len(texts) > MOST_NAMED:
        phrase.append(f" and {len(texts) - MOST_NAMED} more")
    return tuple(part for part in phrase if part != "")
