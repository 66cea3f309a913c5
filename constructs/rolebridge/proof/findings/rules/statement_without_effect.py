"""A statement that allows nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.documents import MOST_STATEMENTS, identity_documents, in_document, within
from rolebridge.proof.findings.finding import Rule, Severity, Sighting

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="a statement that allows nothing",
    why="Another statement of the same document denies all of it, so that what somebody meant to allow is refused.",
    mend="Take one of the two out.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every Allow that lies within an unconditional Deny of its document."""
    for document in identity_documents(proof.landscape):
        denies = [one for one in document.policy.statements if one.deny and not one.conditions]
        for statement in document.policy.statements if 0 < len(denies) <= MOST_STATEMENTS else ():
            if statement.deny:
                continue
            for deny in denies:
                if within(statement, deny):
                    text = f"statement {deny.index}{f' ({deny.sid})' if deny.sid else ''} denies all that it allows"
                    yield in_document(proof.landscape, document, statement, text)
                    break
