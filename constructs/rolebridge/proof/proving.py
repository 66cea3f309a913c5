"""The whole proof of what was read: handshakes, chains and attempts, and what is wrong with them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from rolebridge.proof.attempts import MOST_STATEMENTS, Attempt, Status, Tables
from rolebridge.proof.chains import Chain, Chains, described, find_chains
from rolebridge.proof.findings.acceptance import Acceptance, Judgement, judge
from rolebridge.proof.findings.finding import Finding
from rolebridge.proof.findings.registry import find
from rolebridge.proof.handshakes import Half, Handshakes, shake_hands
from rolebridge.proof.landscape import Landscape, SeenRole
from rolebridge.proof.reading import read


@dataclass(frozen=True, eq=False)
class Proof:
    """What came out.

    Attributes:
        landscape: what was read.
        handshakes: permission and trust of each pair.
        chains: who gets in through whom.
        attempts: the table of each role, made when it is first asked for.
        acceptances: what is known of, and wanted so.
        today: the day on which acceptances count or have expired.
    """

    landscape: Landscape
    handshakes: Handshakes
    chains: Chains
    attempts: Mapping[SeenRole, tuple[Attempt, ...]]
    acceptances: Sequence[Acceptance] = ()
    today: datetime.date = field(default_factory=datetime.date.today)

    def with_status(self, status: Status) -> Iterator[Attempt]:
        """Return the attempts of all roles that have a status."""
        return (row for rows in self.attempts.values() for row in rows if row.status is status)

    @cached_property
    def failed(self) -> tuple[Attempt, ...]:
        """Attempts whose answer is not the expected one."""
        return tuple(self.with_status(Status.FAILED))

    @property
    def broken(self) -> tuple[Half, ...]:
        """Halves of a handshake that are certainly wrong."""
        return self.handshakes.broken

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What a reviewer should worry about, accepted or not; the worst first."""
        return find(self)

    @cached_property
    def judgement(self) -> Judgement:
        """The findings, held against what is accepted."""
        return judge(self.findings, self.acceptances, self.today)

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong, but for what is accepted."""
        return not self.judgement.failing

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain values, in a stable order."""
        return {
            "read": self.landscape.root,
            "holds": self.holds,
            "stacks": [{"name": name, "account": account} for name, account in self.landscape.stacks.items()],
            "roles": [self._role(role) for role in self.landscape.roles],
            "halves": [
                {
                    "fault": half.fault.name.lower(),
                    "broken": half.broken,
                    "who": half.who,
                    "role": half.role,
                    "file": half.source.file,
                    "address": half.source.address,
                    "statement": half.statement,
                    "text": half.text,
                }
                for half in self.handshakes.halves
            ],
            "findings": [_finding(one, None, "open") for one in self.judgement.open]
            + [_finding(one, by, "expired") for one, by in self.judgement.expired]
            + [_finding(one, by, "accepted") for one, by in self.judgement.accepted],
            "unknown": [{"where": str(gap.source), "reason": gap.reason} for gap in self.landscape.unknowns],
            "warnings": self.warnings(),
        }

    def warnings(self) -> list[str]:
        """Return what was not looked at."""
        found = list(self.landscape.warnings)
        if self.handshakes.left_out:
            found.append(
                f"{self.handshakes.left_out:,} pairs of a caller and a role were not asked: there are too many"
            )
        if self.chains.left_out:
            found.append(f"only the first {len(self.chains.all):,} chains are shown")
        for role in self.landscape.roles:
            if len(role.trust.policy.statements) > MOST_STATEMENTS:
                found.append(
                    f"{role.arn}: attempts are made for the first {MOST_STATEMENTS} statements of its trust alone"
                )
        for one in self.judgement.unused:
            found.append(f"{one.finding} at «{one.where}» is accepted, but nothing of the kind was found there")
        return found

    def _role(self, role: SeenRole) -> dict[str, Any]:
        return {
            "arn": role.arn,
            "stack": role.stack,
            "file": role.source.file,
            "address": role.source.address,
            "chains": [_chain(chain) for chain in self.chains.into(role)],
            "attempts": [
                {
                    "who": row.who,
                    "wrong": row.wrong,
                    "expected": "let in" if row.expected else "refused",
                    "answer": row.decision.value,
                    "status": row.status.name.lower(),
                    "statement": row.statement,
                    "why": row.why(),
                }
                for row in self.attempts[role]
            ],
        }


def _chain(chain: Chain) -> dict[str, Any]:
    return {
        "start": described(chain.start),
        "roles": [role.arn for role in chain.roles],
        "external_ids": [step.external_id for step in chain.steps],
        "unless": list(chain.unless),
    }


def _finding(one: Finding, by: Acceptance | None, state: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "finding": one.rule.identifier,
        "severity": one.rule.severity.value,
        "state": state,
        "who": one.who,
        "file": one.source.file,
        "address": one.source.address,
        "element": one.source.element,
        "statement": one.statement,
        "sid": one.sid,
        "text": one.text,
    }
    return found if by is None else found | {"reason": by.reason, "expires": by.expires.isoformat()}


def prove(path: Path, acceptances: Sequence[Acceptance] = (), today: datetime.date | None = None) -> Proof:
    """Read what stands at a path and prove it.

    Args:
        path: a folder or a file.
        acceptances: what is known of, and wanted so.
        today: by default the day it is.

    Raises:
        ReadingError: if it cannot be read.
    """
    return proof_of(read(path), acceptances, today)


def proof_of(landscape: Landscape, acceptances: Sequence[Acceptance] = (), today: datetime.date | None = None) -> Proof:
    """Prove what was read."""
    handshakes = shake_hands(landscape)
    chains = find_chains(landscape, handshakes)
    return Proof(landscape, handshakes, chains, Tables(landscape), acceptances, today or datetime.date.today())
