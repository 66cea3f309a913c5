"""One external id for two purposes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, in_trust
from rolebridge.proof.findings.trusts import Trusted, trusted
from rolebridge.proof.handshakes import EXTERNAL_ID
from rolebridge.proof.satisfying import about, is_negated

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="one external id for two purposes",
    why="Whoever knows it for one purpose can try it for the other; and it can be changed for neither alone.",
    mend="Give each party, and each purpose, an external id of its own.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every external id that trusts in different principals have in common."""
    found: dict[str, list[tuple[Trusted, frozenset[str]]]] = {}
    for one in trusted(proof.landscape, "AWS"):
        assert one.statement.principals is not None
        for condition in about(one.statement.conditions, EXTERNAL_ID):
            for value in () if is_negated(condition) else condition.wanted:
                found.setdefault(value, []).append((one, frozenset(one.statement.principals.wanted)))
    for uses in found.values():
        first, principals = uses[0]
        seen = {(first.role, first.statement)}
        for one, others in uses[1:]:
            if (one.role, one.statement) not in seen and not principals & others:
                text = f"the external id is that of {first.role.arn} too, which trusts others with it"
                yield in_trust(one.role, one.statement, text)
            seen.add((one.role, one.statement))
