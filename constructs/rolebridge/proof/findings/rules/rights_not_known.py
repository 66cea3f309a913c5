"""Rights within a boundary that is not known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, called
from rolebridge.proof.findings.rights import rights_in

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.NOTE,
    title="rights within a boundary that is not known",
    why="The policies alone would let it widen its rights; whether the boundary forbids that stands somewhere else.",
    mend="Prove the boundary together with the role, or look at it by hand.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
)

WIDENING = ("iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:CreatePolicyVersion", "iam:CreateRole", "iam:CreateUser")


def check(proof: Proof) -> Iterator[Sighting]:
    """See everybody whose policies allow a way to more rights, within a boundary that was not read."""
    for rights in rights_in(proof.landscape):
        one = rights.identity
        if one.boundary is None or one.boundary.known:
            continue
        may = rights.may_any(WIDENING, one.arn)
        if may:
            text = (
                f"it may call {', '.join(may)} unless its boundary {one.boundary.name} forbids it, which is not known"
            )
            yield Sighting(one.source, called(one), text)
