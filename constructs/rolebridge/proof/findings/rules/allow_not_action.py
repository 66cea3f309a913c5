"""NotAction with Allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.documents import identity_statements, in_document
from rolebridge.proof.findings.finding import Rule, Severity, Sighting

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="NotAction with Allow",
    why="It allows everything that is not listed, and so every action and service that AWS will make.",
    mend="List what is allowed under Action; or deny what is not, beside it.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every statement that allows all but some actions."""
    for document, statement in identity_statements(proof.landscape):
        if statement.actions.negated and not statement.deny:
            text = f"it allows everything but {', '.join(statement.actions.wanted[:5])}"
            yield in_document(proof.landscape, document, statement, text)
