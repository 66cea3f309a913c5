"""The policy of provisioned accounts against the guide, section 9."""

import json

import pytest
from tests.guide import TENANT, assert_same_statements, guide

from rolebridge.policies.arn import AwsAccount
from rolebridge.policies.tenant import downgraded_policy


def test_the_downgraded_policy_is_the_one_printed() -> None:
    policy = downgraded_policy(AwsAccount(TENANT), "MeshstackAccountAccessRole")
    assert_same_statements(policy, guide("tenant--downgraded-access-role.policy"))


def test_account_and_access_role_are_filled_in_wherever_the_guide_has_them() -> None:
    policy = downgraded_policy(AwsAccount("000000000001"), "Other")
    assert_same_statements(
        policy, guide("tenant--downgraded-access-role.policy", accountId="000000000001", accessRole="Other")
    )


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_every_arn_is_of_the_accounts_partition(partition: str) -> None:
    text = json.dumps(downgraded_policy(AwsAccount(TENANT, partition), "Role"))
    printed = json.dumps(downgraded_policy(AwsAccount(TENANT), "Role"))
    assert text == printed.replace("arn:aws:", f"arn:{partition}:")


def test_only_the_access_role_itself_can_be_changed() -> None:
    policy = downgraded_policy(AwsAccount(TENANT), "Role")
    assert policy["Statement"][3]["Resource"] == f"arn:aws:iam::{TENANT}:role/Role"
