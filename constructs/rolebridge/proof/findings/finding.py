"""What a rule is, and what it finds."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rolebridge.proof.landscape import Identity, SeenRole, Source
from rolebridge.proof.policy import Statement

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof


class Severity(enum.Enum):
    """How much a finding matters."""

    ERROR = "error"
    """It is wrong: somebody gets in who must not, or who must cannot."""
    WARNING = "warning"
    """It is dangerous, or will be; who wants it so accepts it with a reason."""
    NOTE = "note"
    """Worth knowing; never fails."""


@dataclass(frozen=True)
class Sighting:
    """Where a rule sees something, and what.

    Attributes:
        source: file and address.
        who: the role, user, policy or provider, as ``111122223333:Admin``.
        text: one sentence of what was found.
        statement: the place of the statement, from 0, if it is about one.
        sid: its ``Sid``, if it has one.
    """

    source: Source
    who: str
    text: str
    statement: int | None = None
    sid: str | None = None

    def __str__(self) -> str:
        return f"{self.source}{self.place}"

    @property
    def place(self) -> str:
        """The statement, as reports show it; empty if it is about none."""
        if self.statement is None:
            return ""
        return f", statement {self.statement}{f' ({self.sid})' if self.sid else ''}"


@dataclass(frozen=True)
class Rule:
    """What is looked for.

    Attributes:
        severity: how much it matters.
        title: a few words.
        why: why it matters.
        mend: how to mend it.
        source: the page of AWS or Google that it follows.
        identifier: in lower case with hyphens; given by the name of the rule's file.
        check: gives the sightings in a proof; given by the rule's file.
    """

    severity: Severity
    title: str
    why: str
    mend: str
    source: str
    identifier: str = ""
    check: Callable[[Proof], Iterable[Sighting]] = field(default=lambda _: (), repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Finding(Sighting):
    """What a rule found.

    Attributes:
        rule: the rule.
    """

    rule: Rule

    @property
    def fails(self) -> bool:
        """Whether it has to be mended or accepted."""
        return self.rule.severity is not Severity.NOTE


def called(identity: Identity) -> str:
    """Return how findings and acceptances call a role or user."""
    return f"{identity.account}:{identity.name}"


def in_trust(role: SeenRole, statement: Statement, text: str) -> Sighting:
    """Return a sighting in a statement of a trust policy."""
    return Sighting(role.trust.source, called(role), text, statement.index, statement.sid)
