"""A subject that strangers have too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, in_trust
from rolebridge.proof.findings.trusts import keeps_out, token_issuers
from rolebridge.proof.satisfying import about, is_negated

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.ERROR,
    title="a subject that strangers have too",
    why="The pattern leaves open whose repository, organization or project it is, so somebody else's token fits it.",
    mend=(
        "Write out everything up to the owner at least, better the whole subject: "
        "repo:<owner>/<repository>:ref:refs/heads/main."
    ),
    source=(
        ""
        "https://docs.github.com/en/actions/security-for-github-actions/security-hardening-your-deployments/configuring-openid-connect-in-amazon-web-services"
    ),
)

STRANGERS = (
    "a-stranger",
    "repo:a-stranger/a-repository:ref:refs/heads/main",
    "organization:a-stranger:project:a-project:workspace:a-workspace:run_phase:apply",
    "project_path:a-stranger/a-project:ref_type:branch:ref:main",
    "system:serviceaccount:a-stranger:a-stranger",
)
"""Subjects as GitHub, HCP Terraform, GitLab and Kubernetes make them, of somebody whom no policy names."""


def check(proof: Proof) -> Iterator[Sighting]:
    """See every condition on a subject that a stranger's token meets."""
    for one, issuer in token_issuers(proof.landscape):
        key = f"{issuer}:sub"
        conditions = [condition for condition in about(one.statement.conditions, key) if not is_negated(condition)]
        if not conditions:
            continue
        for stranger in STRANGERS:
            if not keeps_out(one, {key: stranger}):
                wanted = " or ".join(f"«{text}»" for text in conditions[0].wanted[:3])
                text = f"a token of {issuer} with the subject «{stranger}» is taken, since the trust wants {wanted}"
                yield in_trust(one.role, one.statement, text)
                break
