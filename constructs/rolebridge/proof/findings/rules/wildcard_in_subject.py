"""A wildcard in a subject."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, in_trust
from rolebridge.proof.findings.trusts import token_issuers
from rolebridge.proof.satisfying import about, is_negated, operator_of

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="a wildcard in a subject",
    why=(
        "Everything that the wildcard stands for gets in: every branch and pull request of a repository, "
        "every service account of a namespace."
    ),
    mend="Name the subjects one by one with StringEquals; accept it where the whole of it is meant.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every * and ? that is a wildcard in a condition on a subject."""
    for one, issuer in token_issuers(proof.landscape):
        for condition in about(one.statement.conditions, f"{issuer}:sub"):
            if is_negated(condition) or "like" not in operator_of(condition):
                continue
            wild = [text for text in condition.wanted if "*" in text or "?" in text]
            if wild:
                patterns = " or ".join(f"«{text}»" for text in wild[:3])
                text = f"{condition.operator} takes every subject of {issuer} like {patterns}"
                yield in_trust(one.role, one.statement, text)
