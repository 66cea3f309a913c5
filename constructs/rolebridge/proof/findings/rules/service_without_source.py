"""A service that may be acting for somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, in_trust
from rolebridge.proof.findings.trusts import keeps_out, trusted

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="a service that may be acting for somebody else",
    why="The service takes the role for whoever asks it to, also from another account (the confused deputy).",
    mend="Add StringEquals on aws:SourceAccount and ArnLike on aws:SourceArn.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
)

SERVICES = {
    "bedrock",
    "cloudformation",
    "config",
    "ecs-tasks",
    "events",
    "pipes",
    "scheduler",
    "states",
    "vpc-flow-logs",
}
"""Services whose own pages say to hold their roles to a source; many others never send one."""

BOTH = {"cloudformation"}
"""Whose page prints both conditions (CloudFormation user guide, «Grant self-managed permissions»)."""

SOURCES = {
    "aws:SourceAccount": "999999999999",
    "aws:SourceArn": "arn:aws:cloudformation:eu-central-1:999999999999:stackset/a-stranger:1",
}


def check(proof: Proof) -> Iterator[Sighting]:
    """See every such service that may come on behalf of another account."""
    for one in trusted(proof.landscape, "Service"):
        service = one.name.partition(".")[0]
        if service not in SERVICES:
            continue
        open_to = [key for key, value in SOURCES.items() if not keeps_out(one, {key: value})]
        if len(open_to) == len(SOURCES) or (open_to and service in BOTH):
            text = f"{one.name} is let in with any {' and any '.join(open_to)}"
            yield in_trust(one.role, one.statement, text)
