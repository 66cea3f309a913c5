"""It can work as a role with more rights through a service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, called
from rolebridge.proof.findings.rights import almighty, limited
from rolebridge.proof.findings.trusts import trusted
from rolebridge.proof.landscape import SeenRole

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="it can work as a role with more rights through a service",
    why="Whoever may pass a role to a service and start something there works as that role.",
    mend="Allow iam:PassRole on the roles that are meant, with the condition iam:PassedToService.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
)

STARTS = {
    "cloudformation.amazonaws.com": "cloudformation:CreateStack",
    "codebuild.amazonaws.com": "codebuild:CreateProject",
    "ec2.amazonaws.com": "ec2:RunInstances",
    "ecs-tasks.amazonaws.com": "ecs:RunTask",
    "glue.amazonaws.com": "glue:CreateJob",
    "lambda.amazonaws.com": "lambda:CreateFunction",
    "sagemaker.amazonaws.com": "sagemaker:CreateNotebookInstance",
    "ssm.amazonaws.com": "ssm:StartAutomationExecution",
    "states.amazonaws.com": "states:CreateStateMachine",
}
"""Services that run what they are told to as a role that is passed to them, and the call that tells them."""


def check(proof: Proof) -> Iterator[Sighting]:
    """See everybody who may pass a role that may do everything to a service that the role trusts."""
    strong: dict[str, list[tuple[SeenRole, str]]] = {}
    mighty = set(almighty(proof.landscape))
    for one in trusted(proof.landscape, "Service"):
        if one.name in STARTS and one.role in mighty:
            strong.setdefault(one.role.account, []).append((one.role, one.name))
    for rights in limited(proof.landscape):
        for role, service in strong.get(rights.identity.account, ()):
            passes = rights.may("iam:PassRole", role.arn, {"iam:PassedToService": service})
            if passes and role is not rights.identity and rights.may(STARTS[service], "*"):
                text = f"it may pass {role.arn}, which may do everything, to {service} and call {STARTS[service]}"
                yield Sighting(rights.identity.source, called(rights.identity), text)
