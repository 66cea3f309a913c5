"""A web identity without a subject."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, in_trust
from rolebridge.proof.findings.trusts import COGNITO, keeps_out, token_issuers
from rolebridge.proof.satisfying import about, is_negated

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.ERROR,
    title="a web identity without a subject",
    why=(
        "Every token of the issuer opens the role: of GitHub, every repository of the world; of Google, every "
        "service account."
    ),
    mend="Add StringEquals on <issuer>:sub with the one subject that is meant.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every trust in an issuer without a condition that asks for a subject."""
    for one, issuer in token_issuers(proof.landscape):
        if issuer == COGNITO:
            continue  # the subject is a visitor that nobody knows beforehand; the audience is the identity pool
        key = f"{issuer}:sub"
        asked = any(not is_negated(condition) for condition in about(one.statement.conditions, key))
        if not asked and not keeps_out(one, {key: "a-subject-of-somebody-else"}):
            text = f"every token of {issuer} with the right audience is taken: no condition asks for a subject"
            yield in_trust(one.role, one.statement, text)
