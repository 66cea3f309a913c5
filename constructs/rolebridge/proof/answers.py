"""Yes, no, and «cannot be known»: the three answers of everything that is asked of a policy.

A document can refer to what only Terraform knows, and a request can carry values that only AWS knows. Such a place
answers :class:`Unknown` with the reason, and the reason comes along: no answer is ever assumed. Combined as in Kleene's
logic: a certain ``False`` decides an «and» and a certain ``True`` an «or», whatever else is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn


@dataclass(frozen=True)
class Unknown:
    """An answer that cannot be known from what was written.

    Attributes:
        reason: a sentence that says what is missing.
    """

    reason: str

    def __bool__(self) -> NoReturn:
        """Refuse: ``if answer`` would silently take this for a yes."""
        raise TypeError("an unknown answer is neither true nor false: compare with «is True» or «is False»")


Answer = bool | Unknown


def all_of(answers: Iterable[Answer]) -> Answer:
    """Return ``False`` if one is, else the first unknown, else ``True``; stops at the first ``False``."""
    unknown: Unknown | None = None
    for answer in answers:
        if answer is False:
            return False
        if answer is not True and unknown is None:
            unknown = answer
    return True if unknown is None else unknown


def any_of(answers: Iterable[Answer]) -> Answer:
    """Return ``True`` if one is, else the first unknown, else ``False``; stops at the first ``True``."""
    unknown: Unknown | None = None
    for answer in answers:
        if answer is True:
            return True
        if answer is not False and unknown is None:
            unknown = answer
    return False if unknown is None else unknown


def negate(answer: Answer) -> Answer:
    """Return the opposite; what is unknown stays unknown."""
    return answer if isinstance(answer, Unknown) else not answer
