"""It can rewrite a policy that limits it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, called
from rolebridge.proof.findings.rights import limited, own_policies

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.ERROR,
    title="it can rewrite a policy that limits it",
    why="A new version of an own policy, or of the own boundary, gives every right, without touching the role.",
    mend="Deny iam:CreatePolicyVersion and iam:SetDefaultPolicyVersion on the policy's ARN.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
)

ACTIONS = ("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion")


def check(proof: Proof) -> Iterator[Sighting]:
    """See everybody who may version a policy of their own, or their boundary."""
    for rights in limited(proof.landscape):
        one = rights.identity
        bounded = one.boundary is not None
        for document, what in own_policies(one):
            if bounded and document is not one.boundary:
                continue  # a wider policy is still within the boundary
            may = rights.may_any(ACTIONS, document.arn)
            if may:
                text = f"it may call {' and '.join(may)} on {what}, {document.arn}"
                yield Sighting(one.source, called(one), text)
