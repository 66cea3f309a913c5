"""Anybody is trusted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, in_trust
from rolebridge.proof.findings.trusts import is_for_tokens, lets_in, trusted

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.ERROR,
    title="anybody is trusted",
    why=(
        "Everybody with an AWS account of their own gets in who meets the conditions, and an external id, an "
        "address or a session's name is no proof of who somebody is."
    ),
    mend="Name the roles that are meant; for a whole organization, add StringEquals on aws:PrincipalOrgID.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
)

STRANGER = {
    "aws:PrincipalAccount": "999999999999",
    "aws:PrincipalArn": "arn:aws:iam::999999999999:role/a-stranger",
    "aws:PrincipalOrgID": "o-stranger000",
    "aws:PrincipalOrgPaths": ["o-stranger000/r-abcd/"],
    "aws:userid": "AROASTRANGER:session",
    "aws:PrincipalIsAWSService": "false",
    "aws:SourceAccount": None,
    "aws:SourceArn": None,
}
"""Somebody of another organization who calls by themselves. What else a condition asks for, they can bring."""


def check(proof: Proof) -> Iterator[Sighting]:
    """See every * that a stranger's call gets through."""
    for one in trusted(proof.landscape, "AWS"):
        if one.name == "*" and not is_for_tokens(one.statement) and lets_in(one, STRANGER):
            asked = ", ".join(condition.key for condition in one.statement.conditions)
            text = "everybody with an account of AWS is let in" + (f" who brings the right {asked}" if asked else "")
            yield in_trust(one.role, one.statement, text)
