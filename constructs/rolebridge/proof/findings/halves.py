"""Halves of a handshake as sightings; each fault is a rule of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Sighting
from rolebridge.proof.handshakes import Fault, Half

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html"


def broken(proof: Proof, fault: Fault) -> Iterator[Sighting]:
    """Return the halves that are certainly wrong in one way."""
    return (sighting(half) for half in proof.handshakes.halves if half.broken and half.fault is fault)


def sighting(half: Half) -> Sighting:
    """Return where a half stands and what is wrong with it."""
    arn = half.role if half.source.element == "assume_role_policy" else half.who
    parts = arn.split(":", 5)
    who = f"{parts[4]}:{parts[5].rsplit('/', 1)[-1]}" if len(parts) == 6 else arn
    return Sighting(half.source, who, half.text, half.statement)
