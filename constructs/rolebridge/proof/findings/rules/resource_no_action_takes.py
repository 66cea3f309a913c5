"""A resource that no action of the statement takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.actions import ACTIONS
from rolebridge.proof.findings.documents import identity_statements, in_document
from rolebridge.proof.findings.finding import Rule, Severity, Sighting
from rolebridge.proof.variables import has_reference

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.NOTE,
    title="a resource that no action of the statement takes",
    why="The statement does not do what somebody meant with this resource.",
    mend="Take the resource out, or add the action that was meant.",
    source="https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every ARN of a service that no action of the statement has resources in."""
    for document, statement in identity_statements(proof.landscape):
        resources = statement.resources
        if resources is None or resources.negated or statement.actions.negated:
            continue
        taken: set[str] = set()
        for action in statement.actions.wanted:
            services = ACTIONS.services_of_resources(action.partition(":")[0].lower())
            if services is None or "*" in services:
                break
            taken |= services
        else:
            for wanted in resources.wanted:
                parts = wanted.split(":", 3)
                service = parts[2] if len(parts) == 4 and parts[0] == "arn" else "*"
                if service not in taken and not any(c in service for c in "*?") and not has_reference(service):
                    text = f"no action of the statement takes {wanted}"
                    yield in_document(proof.landscape, document, statement, text)
