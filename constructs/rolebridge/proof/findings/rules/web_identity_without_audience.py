"""A web identity without an audience."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, in_trust
from rolebridge.proof.findings.trusts import keeps_out, token_issuers

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="a web identity without an audience",
    why=(
        "A token that was made for somebody else can be carried here: whoever receives one of the same "
        "subject may use it. Of Google, Cognito, Amazon and Facebook AWS takes any audience; of another "
        "provider, every one that it lists."
    ),
    mend=(
        "Add StringEquals on the audience: <issuer>:aud; of Google's service accounts "
        "accounts.google.com:oaud; of Amazon and Facebook app_id."
    ),
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html",
)

AUDIENCES = ("aud", "oaud", "app_id")
STRANGE = "an-audience-of-somebody-else"


def check(proof: Proof) -> Iterator[Sighting]:
    """See every trust in an issuer that takes a token for anybody."""
    for one, issuer in token_issuers(proof.landscape):
        if not any(keeps_out(one, {f"{issuer}:{key}": STRANGE}) for key in AUDIENCES):
            text = f"a token of {issuer} for the audience «{STRANGE}» is taken: no condition asks for another"
            yield in_trust(one.role, one.statement, text)
