"""Somebody is let in who must not be, or turned away who must not be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, called

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.ERROR,
    title="somebody is let in who must not be, or turned away who must not be",
    why=(
        "The trust does not do what every trust of its kind has to: let in whom it names, and nobody with a "
        "single thing wrong."
    ),
    mend="Add or correct the condition that the attempt is about; rolebridge why says what each side wants.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every attempt that is not answered as expected."""
    for row in proof.failed:
        answer = "let in" if row.verdict.allowed else row.decision.value
        text = f"{row.who}, {row.wrong or 'with nothing wrong'}: {answer}"
        yield Sighting(row.role.trust.source, called(row.role), text, row.statement)
