"""An audience under Google's wrong key."""

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
    Severity.ERROR,
    title="an audience under Google's wrong key",
    why=(
        "AWS fills accounts.google.com:aud from the claim azp where a token has one, and every token of a "
        "service account has: its unique id. The requested audience stands under accounts.google.com:oaud. "
        "Under aud it never matches, and nobody gets in."
    ),
    mend="Write the audience under accounts.google.com:oaud.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every accounts.google.com:aud that wants what azp never is."""
    for one, issuer in token_issuers(proof.landscape):
        if issuer != GOOGLE:
            continue
        for condition in about(one.statement.conditions, f"{GOOGLE}:aud"):
            wrong = [text for text in condition.wanted if not _may_be_azp(text)]
            if wrong and not is_negated(condition):
                text = f"{GOOGLE}:aud wants «{wrong[0]}», but it is the azp of a token; its audience is {GOOGLE}:oaud"
                yield in_trust(one.role, one.statement, text)


def _may_be_azp(text: str) -> bool:
    """A unique id, an e-mail address or an OAuth client, or what only Terraform knows."""
    return text.isdigit() or "@" in text or text.endswith(".apps.googleusercontent.com") or has_reference(text)
