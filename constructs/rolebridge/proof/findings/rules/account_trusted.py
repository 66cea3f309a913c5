"""A whole account is trusted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, in_trust
from rolebridge.proof.findings.trusts import is_for_tokens, lets_in, trusted
from rolebridge.proof.handshakes import account_of

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="a whole account is trusted",
    why=(
        "Everybody whom an administrator of that account gives sts:AssumeRole gets in; with Action * in a "
        "policy, somebody whom nobody thought of."
    ),
    mend="Name the role instead of the account, or add ArnLike on aws:PrincipalArn.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every account as a principal from which any role is let in."""
    for one in trusted(proof.landscape, "AWS"):
        account = account_of(one.name)
        if account is None or is_for_tokens(one.statement):
            continue
        anybody = f"arn:{one.role.partition}:iam::{account}:role/anybody"
        if lets_in(one, {"aws:PrincipalArn": anybody, "aws:PrincipalAccount": account}):
            text = (
                f"{one.name} is all of the account {account}: every role of it that may call sts:AssumeRole is let in"
            )
            yield in_trust(one.role, one.statement, text)
