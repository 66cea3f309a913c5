"""A permission for a role that nothing makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting
from rolebridge.proof.findings.halves import broken
from rolebridge.proof.handshakes import Fault

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.ERROR,
    title="a permission for a role that nothing makes",
    why="Whoever makes a role of that name later gives the caller what it may do.",
    mend="Make the role, or take the permission out.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every such half of a handshake that is certainly wrong."""
    return broken(proof, Fault.NO_SUCH_ROLE)
