"""A request that meets the conditions of a statement: what the right caller brings.

For each key the values that its conditions mention are tried, wildcards filled in, until the evaluator says that all of
them hold. Where none does, the key is left open, and whoever asks learns it from the evaluator's answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from rolebridge.proof.answers import Unknown
from rolebridge.proof.conditions import Condition
from rolebridge.proof.request import ContextValue, Request
from rolebridge.proof.variables import Uncertain, Value, has_reference

FILLING = "example"
"""What stands for a ``*`` in a text that somebody brings."""

STRANGE = "something-else"
"""A value that no policy names."""


def satisfying(conditions: Iterable[Condition]) -> dict[str, ContextValue]:
    """Return keys and values with which all conditions hold, as far as such are found."""
    by_key: dict[str, list[Condition]] = {}
    for condition in conditions:
        by_key.setdefault(condition.key.lower(), []).append(condition)
    return {found[0].key: _value(found) for found in by_key.values()}


def values_for(conditions: Sequence[Condition]) -> list[ContextValue]:
    """Return every value that meets all conditions of one key, in the order in which they stand there."""
    key = conditions[0].key
    found: list[ContextValue] = []
    context = _OneKey(key)
    for value in dict.fromkeys(_candidates(conditions)):
        context.given = Uncertain(value) if value is not None and has_reference(value) else value
        if all(condition.holds(context) is True for condition in conditions):
            found.append(value)
    return found


class _OneKey:
    """A request that has but one key."""

    __slots__ = ("_key", "given")

    def __init__(self, key: str) -> None:
        self._key = key.lower()
        self.given: str | None = None

    def value(self, key: str) -> Value:
        return self.given if key == self._key else _NOTHING.value(key)


_NOTHING = Request("sts:AssumeRole")


def violating(conditions: Sequence[Condition]) -> ContextValue:
    """Return a value that the conditions certainly do not want; ``None`` if there is none."""
    key = conditions[0].key
    tried = (
        "something-else",
        "0",
        "false",
        "true",
        "99999999",
        "203.0.113.9",
        "1999-01-01T00:00:00Z",
        "2099-01-01T00:00:00Z",
    )
    arns = ("arn:aws:iam::999999999999:role/somebody",)
    listed = [value for condition in conditions if is_negated(condition) for value in condition.wanted]
    context = _OneKey(key)
    for value in (*tried, *arns, *listed):
        context.given = Uncertain(value) if has_reference(value) else value
        if any(condition.holds(context) is False for condition in conditions):
            return value
    return None


def _value(conditions: Sequence[Condition]) -> ContextValue:
    found = values_for(conditions)
    if found:
        return found[0]
    return Unknown(f"no value was found that meets the conditions on {conditions[0].key}")


def _candidates(conditions: Sequence[Condition]) -> Iterator[str | None]:
    for condition in conditions:
        kind = operator_of(condition)
        for wanted in condition.wanted:
            if kind == "null":
                yield None if wanted.lower() == "true" else FILLING
            elif kind.startswith(("numeric", "date")):
                yield from _near(wanted)
            elif kind.startswith(("ipaddress", "notipaddress")):
                yield wanted.partition("/")[0]
            elif kind == "bool":
                yield wanted
            else:
                yield filled(wanted) if "like" in kind or "arn" in kind else wanted
    yield from (STRANGE, None, "1", "2030-01-01T00:00:00Z", "192.0.2.1", "arn:aws:iam::000000000000:role/example")


def _near(wanted: str) -> Iterator[str]:
    yield wanted
    if _INTEGER(wanted):
        yield from (str(int(wanted) - 1), str(int(wanted) + 1))


_INTEGER = re.compile(r"-?\d{1,15}", re.ASCII).fullmatch


def filled(pattern: str) -> str:
    """Return a text that a pattern with wildcards matches."""
    return pattern.replace("*", FILLING).replace("?", "x")


@lru_cache(maxsize=512)
def _base(operator: str) -> str:
    return operator.lower().rpartition(":")[2].removesuffix("ifexists")


def operator_of(condition: Condition) -> str:
    """Return a condition's operator in lower case, without its qualifiers."""
    return _base(condition.operator)


def is_negated(condition: Condition) -> bool:
    """Return whether the operator asks for what is not listed."""
    return "not" in operator_of(condition)


def about(conditions: Iterable[Condition], key: str) -> list[Condition]:
    """Return the conditions on a key."""
    wanted = key.lower()
    return [condition for condition in conditions if condition.key.lower() == wanted]
