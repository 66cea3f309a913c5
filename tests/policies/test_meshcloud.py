"""The meshcloud account's policy against the guide, section 1."""

from tests.guide import AUTOMATION, EXTERNAL_ID, MANAGEMENT, assert_same_statements, guide

from rolebridge.policies.meshcloud import assume_role_policy

MANAGEMENT_ROLE = f"arn:aws:iam::{MANAGEMENT}:role/MeshfedServiceRole"
AUTOMATION_ROLE = f"arn:aws:iam::{AUTOMATION}:role/MeshfedAutomationRole"


def test_meshstack_assume_role_policy_is_the_one_printed() -> None:
    policy = assume_role_policy([MANAGEMENT_ROLE, AUTOMATION_ROLE], external_id=EXTERNAL_ID)
    assert_same_statements(policy, guide("meshcloud--MeshstackAssumeRolePolicy.policy"))


def test_without_an_automation_account_only_its_statement_is_missing() -> None:
    printed = guide("meshcloud--MeshstackAssumeRolePolicy.policy")
    policy = assume_role_policy([MANAGEMENT_ROLE], external_id=EXTERNAL_ID)
    assert policy["Statement"] == printed["Statement"][:1]


def test_no_role_can_be_taken_without_the_external_id() -> None:
    policy = assume_role_policy([MANAGEMENT_ROLE, AUTOMATION_ROLE], external_id="own")
    assert [statement["Condition"] for statement in policy["Statement"]] == [
        {"StringEquals": {"sts:ExternalId": "own"}}
    ] * 2
