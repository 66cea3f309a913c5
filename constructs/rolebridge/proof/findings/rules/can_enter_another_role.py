"""It can make a role with more rights trust it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, called
from rolebridge.proof.findings.rights import almighty, boundary_key, limited
from rolebridge.proof.landscape import SeenRole, SeenUser

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="it can make a role with more rights trust it",
    why="Whoever may write the trust policy of a stronger role, or make a key for a stronger user, becomes it.",
    mend=(
        "Deny iam:UpdateAssumeRolePolicy on the stronger role, and iam:CreateAccessKey and "
        "iam:UpdateLoginProfile on the user."
    ),
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
)

FOR_USERS = ("iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile")


def check(proof: Proof) -> Iterator[Sighting]:
    """See everybody who may open the door to somebody who may do everything."""
    strong: dict[str, list[SeenRole | SeenUser]] = {}
    for one in almighty(proof.landscape):
        strong.setdefault(one.account, []).append(one)
    for rights in limited(proof.landscape):
        one = rights.identity
        for other in strong.get(one.account, ()):
            actions = ("iam:UpdateAssumeRolePolicy",) if isinstance(other, SeenRole) else FOR_USERS
            may = rights.may_any(actions, other.arn, boundary_key(other)) if other is not one else []
            if may:
                text = f"it may call {' and '.join(may)} on {other.arn}, which may do everything"
                yield Sighting(one.source, called(one), text)
