"""The automation account's policies, and those of stack sets, against the guide, section 3."""

import json
from typing import Any

import pytest
from tests.guide import AUTOMATION, assert_same_statements, guide

from rolebridge.policies.arn import AwsAccount
from rolebridge.policies.automation import (
    automation_policy,
    stack_set_administration_policy,
    stack_set_administration_trust,
    stack_set_execution_policy,
)

ACCOUNT = AwsAccount(AUTOMATION)
FUNCTION = f"arn:aws:lambda:eu-central-1:{AUTOMATION}:function:bootstrap"
STACK_SET_ACTIONS = [
    "cloudformation:UpdateStackInstances",
    "cloudformation:ListStackInstances",
    "cloudformation:DescribeStackSet",
    "cloudformation:CreateStackInstances",
]


def test_the_automation_roles_policy_is_the_one_printed() -> None:
    assert_same_statements(automation_policy(ACCOUNT), guide("automation--MeshfedAutomationRole.policy"))


def test_lambda_functions_are_the_only_ones_that_can_be_invoked_and_stack_sets_stay_open() -> None:
    invoke, stack_sets = automation_policy(ACCOUNT, lambda_functions=[FUNCTION])["Statement"]
    assert (invoke["Action"], invoke["Resource"]) == ("lambda:InvokeFunction", [FUNCTION])
    assert (stack_sets["Action"], stack_sets["Resource"]) == (STACK_SET_ACTIONS, "*")


def test_stack_sets_are_the_only_ones_that_can_be_worked_on_and_functions_stay_open() -> None:
    invoke, stack_sets = automation_policy(ACCOUNT, stack_sets=["one", "two"])["Statement"]
    assert (invoke["Action"], invoke["Resource"]) == ("lambda:InvokeFunction", "*")
    assert stack_sets["Action"] == STACK_SET_ACTIONS
    assert stack_sets["Resource"] == [
        f"arn:aws:cloudformation:*:{AUTOMATION}:stackset/one:*",
        f"arn:aws:cloudformation:*:{AUTOMATION}:stackset/two:*",
        f"arn:aws:cloudformation:*:{AUTOMATION}:stackset-target/one:*",
        f"arn:aws:cloudformation:*:{AUTOMATION}:stackset-target/two:*",
        "arn:aws:cloudformation:*:*:type/resource/*",
    ]


def test_narrowing_takes_no_action_away_and_adds_none() -> None:
    (printed,) = guide("automation--MeshfedAutomationRole.policy")["Statement"]
    invoke, stack_sets = automation_policy(ACCOUNT, lambda_functions=[FUNCTION], stack_sets=["one"])["Statement"]
    assert [invoke["Action"], *stack_sets["Action"]] == printed["Action"]
    assert "*" not in (*invoke["Resource"], *stack_sets["Resource"])


def test_the_administration_roles_policy_is_the_one_printed() -> None:
    assert_same_statements(
        stack_set_administration_policy("aws", "AWSCloudFormationStackSetExecutionRole"),
        guide("automation--AWSCloudFormationStackSetAdministrationRole.policy"),
    )


def test_the_administration_role_can_take_only_the_execution_role_of_the_chosen_name() -> None:
    (statement,) = stack_set_administration_policy("aws", "Other")["Statement"]
    assert statement["Resource"] == "arn:aws:iam::*:role/Other"


def test_the_administration_roles_trust_is_the_one_printed() -> None:
    assert_same_statements(
        stack_set_administration_trust(ACCOUNT),
        guide("automation--AWSCloudFormationStackSetAdministrationRole.trust"),
    )


def test_against_the_confused_deputy_the_trust_holds_account_and_stack_set_and_is_otherwise_as_printed() -> None:
    (statement,) = stack_set_administration_trust(ACCOUNT, confused_deputy_protection=True)["Statement"]
    assert statement.pop("Condition") == {
        "StringEquals": {"aws:SourceAccount": AUTOMATION},
        "ArnLike": {"aws:SourceArn": f"arn:aws:cloudformation:*:{AUTOMATION}:stackset/*"},
    }
    assert [statement] == guide("automation--AWSCloudFormationStackSetAdministrationRole.trust")["Statement"]


@pytest.mark.parametrize(
    ("partition", "regions", "services"),
    [
        ("aws", [], "cloudformation.amazonaws.com"),
        (
            "aws",
            ["eu-south-1", "ap-east-1"],
            [
                "cloudformation.amazonaws.com",
                "cloudformation.eu-south-1.amazonaws.com",
                "cloudformation.ap-east-1.amazonaws.com",
            ],
        ),
        (
            "aws-cn",
            ["cn-north-1"],
            ["cloudformation.amazonaws.com", "cloudformation.cn-north-1.amazonaws.com.cn"],
        ),
        (
            "aws-us-gov",
            ["us-gov-east-1"],
            ["cloudformation.amazonaws.com", "cloudformation.us-gov-east-1.amazonaws.com"],
        ),
    ],
)
def test_each_opt_in_region_has_a_service_principal_of_its_own(
    partition: str, regions: list[str], services: Any
) -> None:
    trust = stack_set_administration_trust(AwsAccount(AUTOMATION, partition), opt_in_regions=regions)
    assert trust["Statement"][0]["Principal"] == {"Service": services}


def test_the_execution_role_may_what_the_operator_states_and_nothing_else() -> None:
    stated = [
        {"Resource": "*", "Action": "s3:*", "Effect": "Allow"},
        {"Effect": "Deny", "NotAction": ["iam:*"], "NotResource": "arn:aws:s3:::x", "Sid": "No"},
    ]
    assert stack_set_execution_policy(stated)["Statement"] == stated


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_every_arn_is_of_the_accounts_partition(partition: str) -> None:
    def made(name: str) -> str:
        account = AwsAccount(AUTOMATION, name)
        function = FUNCTION.replace("arn:aws:", f"arn:{name}:")
        return json.dumps(
            [
                automation_policy(account, lambda_functions=[function], stack_sets=["one"]),
                stack_set_administration_policy(name, "Role"),
                stack_set_administration_trust(account, confused_deputy_protection=True),
            ]
        )

    assert made(partition) == made("aws").replace("arn:aws:", f"arn:{partition}:")
