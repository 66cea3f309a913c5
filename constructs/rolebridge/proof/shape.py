"""Reading a policy document's JSON: one exception for everything that does not have a policy's shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rolebridge.proof.variables import has_reference


class PolicyShapeError(ValueError):
    """A document that is no IAM policy; the message is one line with where, what was found and what is allowed.

    Attributes:
        where: the path in the document, as ``Statement[3].Action``; empty for the document itself.
        found: what stands there, shortened.
        allowed: what may stand there.
        reference: the text that stands there, if only Terraform knows what it is.
    """

    def __init__(self, where: str, found: str, allowed: str, *, name: str = "", reference: str | None = None) -> None:
        """Describe the misfit."""
        self.where, self.found, self.allowed, self.reference = where, found, allowed, reference
        place = ": ".join(part for part in (name, where) if part) or "policy"
        super().__init__(f"{place}: found {found}, allowed is {allowed}")


def misfit(value: Any, where: str, allowed: str) -> PolicyShapeError:
    """Return the error for a value that does not fit where it stands."""
    reference = value if isinstance(value, str) and has_reference(value) else None
    return PolicyShapeError(where, described(value), allowed, reference=reference)


def described(value: Any) -> str:
    """Return what was found, in a few words, however large it is."""
    if isinstance(value, Mapping):
        return f"an object with {len(value)} keys" if value else "an empty object"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f"«{_short(value)}»"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {_short(_number(value))}"
    return f"a {type(value).__name__}"


def texts(value: Any, where: str) -> list[str]:
    """Read a text or a list of texts."""
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list | tuple):
        raise misfit(value, where, "a text or a list of texts")
    for index, item in enumerate(found):
        if not isinstance(item, str):
            raise misfit(item, f"{where}[{index}]", "a text")
    return list(found)


def condition_values(value: Any, where: str) -> list[str]:
    """Read a condition's value or values; JSON's numbers and booleans stand for their text."""
    found = value if isinstance(value, list | tuple) else [value]
    return [_scalar(item, f"{where}[{index}]" if found is value else where) for index, item in enumerate(found)]


def mapping(value: Any, where: str, allowed: str) -> Mapping[str, Any]:
    """Read an object whose keys are texts."""
    if not isinstance(value, Mapping):
        raise misfit(value, where, allowed)
    for key in value:
        if not isinstance(key, str):
            raise PolicyShapeError(where, f"the key {described(key)}", "keys that are texts")
    return value


def _scalar(value: Any, where: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    raise misfit(value, where, "a text, a number, or true or false")


def _number(value: int | float) -> str:
    try:
        return str(value)
    except ValueError:  # more digits than Python turns into text
        return "a number of thousands of digits"


def _short(text: str, most: int = 60) -> str:
    shown = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(character if character.isprintable() else "·" for character in shown)
