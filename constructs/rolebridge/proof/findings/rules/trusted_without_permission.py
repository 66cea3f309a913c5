"""Somebody is trusted who may not take the role."""

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
    title="somebody is trusted who may not take the role",
    why="Between accounts both sides have to allow it; so nobody gets in this way.",
    mend="Allow the caller sts:AssumeRole on the role, with what the trust wants; or take it out of the trust.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every such half of a handshake that is certainly wrong."""
    return broken(proof, Fault.NO_PERMISSION)
