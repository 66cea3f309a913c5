"""An audience that is not the role's own ARN."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, in_trust
from rolebridge.proof.findings.trusts import token_issuers
from rolebridge.proof.satisfying import about, is_negated
from rolebridge.proof.tokens import GOOGLE
from rolebridge.proof.variables import has_reference

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="an audience that is not the role's own ARN",
    why=(
        "A token that was asked for another role, or for another service, opens this one too: whoever gets "
        "hold of it there can carry it here."
    ),
    mend="Make accounts.google.com:oaud the ARN of the role itself, and ask for tokens with that audience.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every accounts.google.com:oaud that wants another audience than the role's ARN."""
    for one, issuer in token_issuers(proof.landscape):
        if issuer != GOOGLE:
            continue
        for condition in about(one.statement.conditions, f"{GOOGLE}:oaud"):
            others = [text for text in condition.wanted if text != one.role.arn and not has_reference(text)]
            if others and one.role.arn_known and not is_negated(condition):
                text = f"the audience «{others[0]}» is taken, which is not the role's own ARN, {one.role.arn}"
                yield in_trust(one.role, one.statement, text)
