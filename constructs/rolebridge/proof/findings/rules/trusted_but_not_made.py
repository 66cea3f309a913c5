"""Somebody is trusted whom nothing makes."""

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
    title="somebody is trusted whom nothing makes",
    why="AWS refuses a trust in a role or user that does not exist; and whoever makes one of that name later gets in.",
    mend="Make it, or take it out of the trust.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every such half of a handshake that is certainly wrong."""
    return broken(proof, Fault.NOT_MADE)
