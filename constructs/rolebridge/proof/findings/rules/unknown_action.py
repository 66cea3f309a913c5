"""An action that AWS does not list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.actions import ACTIONS
from rolebridge.proof.findings.documents import identity_statements, in_document
from rolebridge.proof.findings.finding import Rule, Severity, Sighting

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="an action that AWS does not list",
    why=(
        "It allows nothing, or, in a Deny, keeps nobody from anything; most often it is a slip of the pen, seldom an "
        "action that AWS has and does not list."
    ),
    mend=(
        "Correct it. If AWS has made it since the list was, renew the list: python -m "
        "rolebridge.proof.findings.renew_actions."
    ),
    source="https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every action, and every pattern of actions, that matches nothing on AWS's list."""
    for document, statement in identity_statements(proof.landscape):
        unknown = [action for action in statement.actions.wanted if not ACTIONS.has(action)]
        if unknown:
            names = ", ".join(unknown[:5]) + (f" and {len(unknown) - 5} more" if len(unknown) > 5 else "")
            text = f"AWS lists no {names} (as of {ACTIONS.date})"
            yield in_document(proof.landscape, document, statement, text)
