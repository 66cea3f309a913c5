"""Identity policies as rules ask about them: every statement once, whoever has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rolebridge.proof.findings.finding import Sighting, called
from rolebridge.proof.landscape import Document, Landscape
from rolebridge.proof.patterns import glob
from rolebridge.proof.policy import PolicyKind, Statement
from rolebridge.proof.variables import has_reference


def identity_documents(landscape: Landscape) -> Iterator[Document]:
    """Return every identity policy and boundary that was read, once; AWS's own are AWS's matter."""
    for document in landscape.documents:
        if document.kind is PolicyKind.IDENTITY and document.known and ":aws:policy/" not in document.arn:
            yield document


def identity_statements(landscape: Landscape) -> Iterator[tuple[Document, Statement]]:
    """Return every statement of them."""
    for document in identity_documents(landscape):
        for statement in document.policy.statements:
            yield document, statement


def in_document(landscape: Landscape, document: Document, statement: Statement, text: str) -> Sighting:
    """Return a sighting in a statement: of a managed policy by the policy's name, of an inline one by its owner's."""
    account = document.arn.split(":", 5)[4] if document.arn.count(":") >= 5 else ""
    owners = landscape.attached_to(document)
    who = f"{account}:{document.name}" if account or not owners else called(owners[0])
    return Sighting(document.source, who, text, statement.index, statement.sid)


def within(inner: Statement, outer: Statement) -> bool:
    """Return whether everything that a statement is about certainly lies within another, whatever their conditions."""
    if inner.resources is None or outer.resources is None:
        return False
    if any(one.negated for one in (inner.actions, outer.actions, inner.resources, outer.resources)):
        return False
    return _covered(inner.actions.wanted, outer.actions.wanted, lower=True) and _covered(
        inner.resources.wanted, outer.resources.wanted
    )


MOST_STATEMENTS = 50
"""Statements of a document that are compared with each other; IAM takes some hundred short ones."""

MOST_PAIRS = 500
"""Texts of one statement and patterns of another that are compared; of more, nothing is said."""


def _covered(inners: Sequence[str], outers: Sequence[str], *, lower: bool = False) -> bool:
    if lower:
        inners, outers = [one.lower() for one in inners], [one.lower() for one in outers]
    known = frozenset(outers)
    left = [one for one in inners if one not in known or has_reference(one)]
    patterns = [one for one in outers if "*" in one]
    return len(left) * len(patterns) <= MOST_PAIRS and all(
        any(_lies_in(one, wide) for wide in patterns) for one in left
    )


def _lies_in(inner: str, outer: str) -> bool:
    """A wildcard of the inner one can only lie in a * of the outer: read as a character, no text has it."""
    if outer == "*":
        return True
    if "?" in outer or "{" in inner or "{" in outer:
        return False
    inner_parts, outer_parts = inner.split(":", 5), outer.split(":", 5)
    return len(inner_parts) == len(outer_parts) and all(
        glob(wide).matches(text) is True for text, wide in zip(inner_parts, outer_parts, strict=True)
    )
