"""NotPrincipal with Allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, in_trust
from rolebridge.proof.findings.trusts import allowing

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.ERROR,
    title="NotPrincipal with Allow",
    why="It lets in everybody who is not listed: every account of AWS, and callers without any.",
    mend="Name those who are meant under Principal; AWS itself says not to use NotPrincipal with Allow.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every trust that lets in all but some."""
    for role, statement in allowing(proof.landscape):
        assert statement.principals is not None
        if statement.principals.negated:
            names = ", ".join(wanted.partition(" ")[2] for wanted in statement.principals.wanted[:3])
            yield in_trust(role, statement, f"everybody is let in but {names}")
