"""Policies in plain words, a statement a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rolebridge.proof.conditions import Condition
from rolebridge.proof.landscape import Document, Identity, Origin
from rolebridge.proof.policy import Statement

MOST = 6
"""Actions or resources of one sentence."""

LONGEST_VALUE = 200
"""Characters of a value."""


def rights_of(identity: Identity) -> Iterator[str]:
    """Say what a role or user may do."""
    if not identity.policies:
        yield "may do nothing: no policy is attached"
    for document in identity.policies:
        yield from _document(document)
    if identity.boundary is not None:
        yield f"never more than {identity.boundary.name} allows (permissions boundary):"
        yield from (f"  {line}" for line in _document(identity.boundary))


def _document(document: Document) -> Iterator[str]:
    if document.policy.opaque is not None:
        known = "a policy of AWS; its content is not known here"
        text = known if document.origin is Origin.AWS_MANAGED else document.policy.opaque.reason
        yield f"{document.name}: {text}"
        return
    for statement in document.policy.statements:
        label = f"{document.name}{f' ({statement.sid})' if statement.sid else ''}"
        yield f"{label}: {sentence(statement)}"


def sentence(statement: Statement) -> str:
    """Say what a statement of an identity policy allows or denies."""
    verb = "may never" if statement.deny else "may"
    actions = statement.actions.wanted
    if "*" in actions and not statement.actions.negated:
        what = "do anything"
    elif statement.actions.negated:
        what = f"do anything but {_some(actions)}"
    else:
        what = _some(actions)
    return f"{verb} {what} {_on(statement)}{_conditions(statement.conditions)}"


def _on(statement: Statement) -> str:
    if statement.resources is None:
        return ""
    wanted = statement.resources.wanted
    if statement.resources.negated:
        return f"on everything but {_some(wanted)}"
    return "on everything" if "*" in wanted else f"on {_some(wanted)}"


def _conditions(conditions: Sequence[Condition]) -> str:
    return f", if {' and '.join(condition_in_words(one) for one in conditions)}" if conditions else ""


def condition_in_words(condition: Condition) -> str:
    """Say what a condition wants."""
    values = " or ".join(f"«{clean(value)}»" for value in condition.wanted[:MOST])
    if len(condition.wanted) > MOST:
        values += f" or {len(condition.wanted) - MOST} more"
    return f"{clean(condition.key)} {operator_in_words(condition)} {values}"


def operator_in_words(condition: Condition) -> str:
    """Say how a condition compares."""
    return _OPERATORS.get(condition.operator, condition.operator)


_OPERATORS = {
    "StringEquals": "is",
    "StringNotEquals": "is not",
    "StringLike": "is like",
    "StringNotLike": "is not like",
    "ArnLike": "is like",
    "ArnEquals": "is like",
    "ArnNotLike": "is not like",
    "Bool": "is",
    "Null": "is missing:",
    "ForAnyValue:StringLike": "has a value like",
    "ForAnyValue:StringEquals": "has a value",
}


def _some(texts: Sequence[str]) -> str:
    shown = ", ".join(clean(text) for text in texts[:MOST])
    return f"{shown} and {len(texts) - MOST} more" if len(texts) > MOST else shown


def clean(text: str, longest: int = LONGEST_VALUE) -> str:
    """Return a text that cannot do anything to a terminal, of bounded length."""
    shown = text if len(text) <= longest else text[: longest - 1] + "…"
    if shown.isprintable():
        return shown
    return "".join(character if character.isprintable() else "·" for character in shown)
