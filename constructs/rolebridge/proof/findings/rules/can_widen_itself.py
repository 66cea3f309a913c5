"""It can widen its own rights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, called
from rolebridge.proof.findings.rights import boundary_key, limited
from rolebridge.proof.landscape import SeenRole

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.ERROR,
    title="it can widen its own rights",
    why="Whoever takes the role can give it every right, so that what its policies say does not limit it.",
    mend="Deny these actions on the role's own ARN, or give it a permissions boundary that it cannot take off.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See everybody who may attach or write policies to themselves, or take off their own boundary."""
    for rights in limited(proof.landscape):
        one = rights.identity
        kind = "Role" if isinstance(one, SeenRole) else "User"
        if one.boundary is None:
            actions = [f"iam:Attach{kind}Policy", f"iam:Put{kind}Policy"]
            may = rights.may_any(actions, one.arn, boundary_key(one))
        else:
            may = rights.may_any([f"iam:Delete{kind}PermissionsBoundary"], one.arn, boundary_key(one))
            other = {"iam:PermissionsBoundary": f"arn:{one.partition}:iam::aws:policy/AdministratorAccess"}
            may += rights.may_any([f"iam:Put{kind}PermissionsBoundary"], one.arn, other)
        if may:
            yield Sighting(one.source, called(one), f"it may call {' and '.join(may)} on itself")
