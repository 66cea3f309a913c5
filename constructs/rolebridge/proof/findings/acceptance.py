"""What an operator knows of and wants so, with a reason and until a day."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rolebridge.proof.findings.finding import Finding
from rolebridge.proof.patterns import glob


@dataclass(frozen=True)
class Acceptance:
    """One entry of ``proof.accepted`` in the settings.

    Attributes:
        finding: the identifier of a rule.
        where: a pattern with ``*`` and ``?`` for the address, the role's name or ``account:role``.
        reason: why it is wanted so.
        expires: the last day on which it counts.
    """

    finding: str
    where: str
    reason: str
    expires: datetime.date

    def covers(self, found: Finding) -> bool:
        """Return whether a finding is meant, expired or not."""
        if found.rule.identifier != self.finding:
            return False
        pattern = glob(self.where)
        name = found.who.partition(":")[2]
        address = f"{found.source.stack}/{found.source.address}"
        return any(pattern.matches(text) is True for text in (found.who, name, found.source.address, address))


@dataclass(frozen=True)
class Judgement:
    """Findings, held against what is accepted.

    Attributes:
        open: those that nothing accepts.
        accepted: those that are accepted, with what accepts them.
        expired: those whose acceptance has expired; they fail as if there were none.
        unused: acceptances that are about nothing that was found.
    """

    open: tuple[Finding, ...] = ()
    accepted: tuple[tuple[Finding, Acceptance], ...] = ()
    expired: tuple[tuple[Finding, Acceptance], ...] = ()
    unused: tuple[Acceptance, ...] = ()

    @property
    def failing(self) -> tuple[Finding, ...]:
        """The findings for which the proof does not hold."""
        return tuple(one for one in (*self.open, *(one for one, _ in self.expired)) if one.fails)


def read_acceptances(settings: Path) -> tuple[Acceptance, ...]:
    """Return what a settings file accepts.

    Raises:
        SettingsError: if the settings are wrong.
    """
    from rolebridge.settings import load_settings  # only who has such a file waits for it

    return tuple(
        Acceptance(one.finding, one.where, one.reason, datetime.date.fromisoformat(one.expires))
        for one in load_settings(settings).proof.accepted
    )


def judge(findings: Iterable[Finding], acceptances: Sequence[Acceptance], today: datetime.date) -> Judgement:
    """Hold findings against what is accepted today; of several acceptances the one that lasts longest counts."""
    by_rule: dict[str, list[Acceptance]] = {}
    for acceptance in acceptances:
        by_rule.setdefault(acceptance.finding, []).append(acceptance)
    unaccepted: list[Finding] = []
    accepted: list[tuple[Finding, Acceptance]] = []
    expired: list[tuple[Finding, Acceptance]] = []
    used: set[Acceptance] = set()
    for found in findings:
        covering = [one for one in by_rule.get(found.rule.identifier, ()) if one.covers(found)]
        used.update(covering)
        if not covering:
            unaccepted.append(found)
            continue
        longest = max(covering, key=lambda one: one.expires)
        (accepted if today <= longest.expires else expired).append((found, longest))
    unused = tuple(one for one in acceptances if one not in used)
    return Judgement(tuple(unaccepted), tuple(accepted), tuple(expired), unused)
