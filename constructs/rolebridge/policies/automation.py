"""The automation account's policy documents, and those of its stack sets' target accounts (guide, section 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rolebridge.policies.arn import AwsAccount
from rolebridge.policies.document import Document, allow, document, one_or_list, trust

_INVOKE = "lambda:InvokeFunction"
_STACK_SETS = (
    "cloudformation:UpdateStackInstances",
    "cloudformation:ListStackInstances",
    "cloudformation:DescribeStackSet",
    "cloudformation:CreateStackInstances",
)


def automation_policy(
    automation: AwsAccount, *, lambda_functions: Sequence[str] = (), stack_sets: Sequence[str] = ()
) -> Document:
    """``MeshfedAutomationRole``'s policy: bootstrap accounts with CloudFormation and Lambda.

    Args:
        automation: the automation account.
        lambda_functions: ARNs of the only functions to invoke; empty: any, as the guide has it.
        stack_sets: names of the only stack sets to work on; empty: any, as the guide has it.
    """
    if not lambda_functions and not stack_sets:
        return document(allow([_INVOKE, *_STACK_SETS], "*", sid="AutomationPolicy"))
    return document(
        allow(_INVOKE, lambda_functions or "*", sid="AutomationPolicyLambda"),
        allow(_STACK_SETS, _stack_set_resources(automation, stack_sets) or "*", sid="AutomationPolicyStackSets"),
    )


def _stack_set_resources(automation: AwsAccount, names: Sequence[str]) -> list[str]:
    """What the actions on stack instances are checked against (service authorization reference, CloudFormation)."""
    if not names:
        return []
    prefix = f"arn:{automation.partition}:cloudformation:*"
    return [
        *(f"{prefix}:{automation.id}:stackset/{name}:*" for name in names),
        *(f"{prefix}:{automation.id}:stackset-target/{name}:*" for name in names),
        f"{prefix}:*:type/resource/*",
    ]


def stack_set_administration_policy(partition: str, execution_role: str) -> Document:
    """``AWSCloudFormationStackSetAdministrationRole``'s policy: take the execution role in any account."""
    return document(
        allow(
            "sts:AssumeRole",
            f"arn:{partition}:iam::*:role/{execution_role}",
            sid="AllowAssumeCloudFormationExecutionOnAllAccounts",
        )
    )


def stack_set_administration_trust(
    automation: AwsAccount, *, confused_deputy_protection: bool = False, opt_in_regions: Sequence[str] = ()
) -> Document:
    """``AWSCloudFormationStackSetAdministrationRole``'s trust: CloudFormation takes it.

    With the protection, only for this account's own stack sets; an opt-in region's CloudFormation is a principal of its
    own (AWS CloudFormation user guide, «Grant self-managed permissions»).
    """
    domain = {"aws-cn": "amazonaws.com.cn"}.get(automation.partition, "amazonaws.com")
    services = [
        "cloudformation.amazonaws.com",
        *(f"cloudformation.{region}.{domain}" for region in opt_in_regions),
    ]
    condition = None
    if confused_deputy_protection:
        stack_sets = f"arn:{automation.partition}:cloudformation:*:{automation.id}:stackset/*"
        condition = {
            "StringEquals": {"aws:SourceAccount": automation.id},
            "ArnLike": {"aws:SourceArn": stack_sets},
        }
    return document(trust({"Service": one_or_list(services)}, "sts:AssumeRole", sid="", condition=condition))


def stack_set_execution_policy(statements: Sequence[Mapping[str, Any]]) -> Document:
    """``AWSCloudFormationStackSetExecutionRole``'s policy: what the operator states, nothing else."""
    return document(*statements)
