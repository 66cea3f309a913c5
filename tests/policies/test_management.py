"""The management account's policies against the guide, sections 2 and 8."""

import json
from typing import Any

import pytest
from tests.guide import MANAGEMENT, SSO_INSTANCE, assert_same_statements, guide

from rolebridge.policies.arn import AwsAccount
from rolebridge.policies.document import Document, document
from rolebridge.policies.management import (
    close_by_all_tags,
    close_by_any_tag,
    close_by_path,
    control_tower_policy,
    service_policy,
)

UNITS = [f"arn:aws:organizations::{MANAGEMENT}:ou/o-a1b2c3d4e5/ou-ab12-{number * 8}" for number in "12"]
ACCOUNTS = "arn:aws:organizations::*:account/o-*/*"
ROOT = f"arn:aws:organizations::{MANAGEMENT}:root/o-*/r-*"


def policy(**options: Any) -> Document:
    chosen = {"account_access_role": "MeshstackAccountAccessRole", "sso_instance_arn": SSO_INSTANCE} | options
    return service_policy(AwsAccount(MANAGEMENT), **chosen)


def statements(made: Document) -> dict[str, Any]:
    return {statement["Sid"]: statement for statement in made["Statement"]}


def test_the_service_roles_policy_is_the_one_printed() -> None:
    assert_same_statements(policy(), guide("management--MeshfedServiceRole.policy"))


def test_without_being_asked_no_account_can_be_closed() -> None:
    assert "CloseAccount" not in json.dumps(policy())


def test_another_name_of_the_access_role_is_what_can_be_assumed_in_every_account() -> None:
    taken = statements(policy(account_access_role="Other"))["StsAccessMemberAccount"]
    assert taken["Resource"] == "arn:aws:iam::*:role/Other"


# --- organizational units ---------------------------------------------------------------------------------------------


def test_organizational_units_leave_every_other_statement_as_printed() -> None:
    scoped = statements(policy(organizational_units=UNITS))
    printed = {part["Sid"]: part for part in guide("management--MeshfedServiceRole.policy")["Statement"]}
    same = [sid for sid in printed if scoped.get(sid) == printed[sid]]
    assert same == ["StsAccessMemberAccount", "OrgManagementAccess2", "OrgManagementAccessSSO"]


def test_organizational_units_take_no_action_away_and_add_none() -> None:
    def actions(made: Document) -> list[str]:
        found = []
        for statement in made["Statement"]:
            action = statement["Action"]
            found += [action] if isinstance(action, str) else action
        return sorted(found)

    assert actions(policy(organizational_units=UNITS)) == actions(policy())


def test_organizational_units_bound_what_is_written_and_what_is_created_and_not_what_is_read() -> None:
    scoped = statements(policy(organizational_units=UNITS))
    anywhere = "arn:aws:organizations::*:ou/o-*/ou-*"
    assert anywhere in scoped["OrgManagementAccess1"]["Resource"]
    assert scoped["OrgManagementAccess1Write"]["Resource"] == [ROOT, ACCOUNTS, *UNITS]
    assert scoped["OrgManagementAccess1CreateUnit"]["Resource"] == UNITS
    assert not any(
        action.split(":")[1].startswith(("Tag", "Untag", "Move", "Create"))
        for action in scoped["OrgManagementAccess1"]["Action"]
    )


# --- closing accounts -------------------------------------------------------------------------------------------------


def test_closing_by_path_is_the_statement_printed() -> None:
    (statement,) = close_by_path("aws", ["o-orgid/r-rootid/ou-ouid/*"])
    assert document(statement)["Statement"] == [guide("management--MeshfedServiceRole.close-accounts-statement")]


def test_closing_comes_behind_the_statements_printed() -> None:
    printed = guide("management--MeshfedServiceRole.policy")["Statement"]
    closing = close_by_path("aws", ["o-orgid/r-rootid/ou-ouid/*"])
    assert policy(closing=closing)["Statement"] == [
        *printed,
        guide("management--MeshfedServiceRole.close-accounts-statement"),
    ]


def test_several_paths_stand_in_one_statement_of_which_any_matches() -> None:
    (statement,) = close_by_path("aws", ["o-1/r-1/ou-1/*", "o-1/r-1/ou-2/*"])
    assert statement["Condition"] == {
        "ForAnyValue:StringLike": {"aws:ResourceOrgPaths": ["o-1/r-1/ou-1/*", "o-1/r-1/ou-2/*"]}
    }


def test_any_of_several_tags_is_a_statement_for_each_because_iam_wants_all_keys_of_one_operator() -> None:
    made = close_by_any_tag("aws", {"Environment": ["test", "dev"], "ManagedBy": ["meshStack"]})
    assert [(statement["Sid"], statement["Condition"]) for statement in made] == [
        ("OrgManagementAccessCloseAccountTag1", {"StringEquals": {"aws:ResourceTag/Environment": ["test", "dev"]}}),
        ("OrgManagementAccessCloseAccountTag2", {"StringEquals": {"aws:ResourceTag/ManagedBy": ["meshStack"]}}),
    ]


def test_any_of_one_tag_keeps_the_guides_sid() -> None:
    (statement,) = close_by_any_tag("aws", {"Environment": ["test"]})
    assert statement["Sid"] == "OrgManagementAccessCloseAccount"
    assert statement["Condition"] == {"StringEquals": {"aws:ResourceTag/Environment": ["test"]}}


def test_all_of_several_tags_is_one_statement_with_every_key_under_one_operator() -> None:
    (statement,) = close_by_all_tags("aws", {"Environment": ["test"], "ManagedBy": ["meshStack", "us"]})
    assert statement["Sid"] == "OrgManagementAccessCloseAccount"
    assert statement["Condition"] == {
        "StringEquals": {
            "aws:ResourceTag/Environment": ["test"],
            "aws:ResourceTag/ManagedBy": ["meshStack", "us"],
        }
    }


CLOSING = [
    close_by_path("aws", ["o-1/r-1/ou-1/*"]),
    close_by_any_tag("aws", {"a": ["1"]}),
    close_by_any_tag("aws", {"a": ["1"], "b": ["2"]}),
    close_by_all_tags("aws", {"a": ["1"], "b": ["2"]}),
]


@pytest.mark.parametrize("closing", CLOSING)
def test_closing_never_comes_without_a_condition(closing: list[dict[str, Any]]) -> None:
    for statement in closing:
        assert statement["Action"] == "organizations:CloseAccount"
        assert statement["Resource"] == ACCOUNTS
        assert statement["Condition"]


@pytest.mark.parametrize("closing", CLOSING)
def test_every_sid_of_the_policy_stands_once(closing: list[dict[str, Any]]) -> None:
    made = policy(closing=closing, organizational_units=UNITS, identity_store=True)
    sids = [statement["Sid"] for statement in made["Statement"]]
    assert len(sids) == len(set(sids))


# --- identity store, Control Tower ------------------------------------------------------------------------------------


def test_the_identity_store_is_one_more_statement_of_seven_actions() -> None:
    assert policy(identity_store=True)["Statement"][:-1] == policy()["Statement"]
    statement = policy(identity_store=True)["Statement"][-1]
    assert sorted(statement["Action"]) == [
        "identitystore:CreateGroup",
        "identitystore:CreateGroupMembership",
        "identitystore:DeleteGroup",
        "identitystore:DeleteGroupMembership",
        "identitystore:GetGroupId",
        "identitystore:GetUserId",
        "identitystore:ListGroupMemberships",
    ]
    assert statement["Resource"] == "*"


def test_control_towers_policy_is_the_one_printed() -> None:
    assert_same_statements(control_tower_policy(), guide("management--MeshfedServiceRole.control-tower-policy"))


def test_the_minimal_control_tower_policy_is_six_of_the_guides_actions() -> None:
    (minimal,) = control_tower_policy("minimal")["Statement"]
    (printed,) = guide("management--MeshfedServiceRole.control-tower-policy")["Statement"]
    assert sorted(minimal["Action"]) == [
        "controltower:CreateManagedAccount",
        "controltower:DeregisterManagedAccount",
        "controltower:DescribeManagedAccount",
        "controltower:GetLandingZone",
        "controltower:ListLandingZones",
        "organizations:describeOrganization",
    ]
    assert set(minimal["Action"]) < set(printed["Action"])
    assert minimal | {"Action": printed["Action"]} == printed


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_every_arn_is_of_the_accounts_partition(partition: str) -> None:
    def made(name: str) -> str:
        arn = f"arn:{name}:sso:::instance/ssoins-1234567890abcdef"
        units = [unit.replace("arn:aws:", f"arn:{name}:") for unit in UNITS]
        parts = [
            service_policy(
                AwsAccount(MANAGEMENT, name),
                account_access_role="Role",
                sso_instance_arn=arn,
                organizational_units=chosen,
                closing=[
                    *close_by_path(name, ["o-1/r-1/ou-1/*"]),
                    *close_by_any_tag(name, {"a": ["1"]}),
                    *close_by_all_tags(name, {"a": ["1"]}),
                ],
                identity_store=True,
            )
            for chosen in ([], units)
        ]
        return json.dumps(parts)

    assert made(partition) == made("aws").replace("arn:aws:", f"arn:{partition}:")
