"""A wildcard that is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, in_trust
from rolebridge.proof.findings.trusts import allowing
from rolebridge.proof.satisfying import operator_of

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="a wildcard that is none",
    why="StringEquals takes * as the character: nobody has such a value, so nobody gets in.",
    mend="Write the value out; where the whole of it is meant, use StringLike.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html",
)

LITERAL = ("stringequals", "stringequalsignorecase")


def check(proof: Proof) -> Iterator[Sighting]:
    """See every * in a condition of a trust policy whose operator has no wildcards."""
    for role, statement in allowing(proof.landscape):
        for condition in statement.conditions:
            wild = [text for text in condition.wanted if "*" in text]
            if wild and operator_of(condition) in LITERAL:
                text = f"{condition.operator} wants {condition.key} to be «{wild[0]}», with * as a character"
                yield in_trust(role, statement, text)
