"""A statement that another one covers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.documents import MOST_STATEMENTS, identity_documents, in_document, within
from rolebridge.proof.findings.finding import Rule, Severity, Sighting
from rolebridge.proof.policy import Statement

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.NOTE,
    title="a statement that another one covers",
    why="It changes nothing, and hides that taking it out would take nothing away.",
    mend="Take it out.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every statement that lies within an unconditional one of the same effect and document."""
    for document in identity_documents(proof.landscape):
        statements = document.policy.statements
        wide = [one for one in statements if not one.conditions]
        if len(statements) < 2 or len(statements) > MOST_STATEMENTS:
            continue
        for statement in statements:
            other = next((one for one in wide if _covers(one, statement)), None)
            if other is not None:
                text = f"statement {other.index}{f' ({other.sid})' if other.sid else ''} says all of it"
                yield in_document(proof.landscape, document, statement, text)


def _covers(wide: Statement, statement: Statement) -> bool:
    if wide is statement or wide.deny is not statement.deny or not within(statement, wide):
        return False
    return wide.index < statement.index or bool(statement.conditions) or not within(wide, statement)
