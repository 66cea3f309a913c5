"""Of a handshake, only one side was read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting
from rolebridge.proof.findings.halves import sighting

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.NOTE,
    title="of a handshake, only one side was read",
    why="Whether the other side agrees stands somewhere else.",
    mend="Prove both sides together, or look at the other one by hand.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every half of which nothing is certainly wrong."""
    return (sighting(half) for half in proof.handshakes.halves if not half.broken)
