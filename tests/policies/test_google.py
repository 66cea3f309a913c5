"""The policies of the Google guide, each as a document."""

from __future__ import annotations

from typing import Any

import pytest

from rolebridge.policies.google import (
    accident_guard_policy,
    boundary_policy,
    service_account_trust,
    terraform_deploy_policy,
)
from rolebridge.settings.google_rules import GUARD_SIDS, GUARDED_ACTIONS

ROLE = "arn:aws:iam::111122223333:role/TerraformDeploy"
POLICY = "arn:aws:iam::111122223333:policy/TerraformDeploy"
BOUNDARY = "arn:aws:iam::111122223333:policy/TerraformDeployBoundary"
GUARD = "arn:aws:iam::111122223333:policy/TerraformDeployGuard"
OTHER = "arn:aws:iam::111122223333:policy/Other"
ONE = {"unique_id": "101111111111111111111", "email": "one@p.iam.gserviceaccount.com"}
TWO = {"unique_id": "102222222222222222222", "email": "two@p.iam.gserviceaccount.com"}
MAIL = {"Sid": "Mail", "Effect": "Allow", "Action": "ses:*", "Resource": "*"}
MANAGE_IAM = {"Sid": "ManageIam", "Effect": "Allow", "Action": "iam:*", "Resource": "*"}

OWN_ROLE = [
    "iam:AttachRolePolicy",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
]
OWN_POLICY = ["iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:SetDefaultPolicyVersion"]


def statements(document: Any) -> dict[str, Any]:
    assert document["Version"] == "2012-10-17"
    return {statement["Sid"]: statement for statement in document["Statement"]}


def deny(sid: str, action: Any, resource: Any, **condition: Any) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Deny", "Action": action, "Resource": resource} | condition


# --- trust ------------------------------------------------------------------------------------------------------------


def trusting(account: dict[str, str], **more: Any) -> dict[str, Any]:
    claims = {"accounts.google.com:oaud": ROLE, "accounts.google.com:sub": account["unique_id"]}
    return {
        "Effect": "Allow",
        "Principal": {"Federated": "accounts.google.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": claims | {f"accounts.google.com:{key}": value for key, value in more.items()}},
    }


def test_a_service_account_is_trusted_by_its_unique_id_with_the_role_itself_as_audience() -> None:
    assert service_account_trust(ROLE, [ONE]) == {"Version": "2012-10-17", "Statement": [trusting(ONE)]}


def test_each_service_account_has_a_statement_of_its_own() -> None:
    assert service_account_trust(ROLE, [ONE, TWO])["Statement"] == [trusting(ONE), trusting(TWO)]


def test_the_email_is_a_condition_only_on_request() -> None:
    assert service_account_trust(ROLE, [ONE], email=True)["Statement"] == [trusting(ONE, email=ONE["email"])]


def test_the_authorized_party_is_a_condition_only_on_request_and_then_under_either_of_its_names() -> None:
    made = service_account_trust(ROLE, [ONE], authorized_party=True)
    assert made["Statement"] == [trusting(ONE, aud=[ONE["unique_id"], ONE["email"]])]


def test_both_further_conditions_are_those_of_their_own_service_account() -> None:
    made = service_account_trust(ROLE, [ONE, TWO], email=True, authorized_party=True)
    assert made["Statement"] == [
        trusting(account, aud=[account["unique_id"], account["email"]], email=account["email"])
        for account in (ONE, TWO)
    ]


# --- accident guard ---------------------------------------------------------------------------------------------------


def test_the_accident_guard_keeps_every_action_that_changes_the_role_or_the_policy_from_both() -> None:
    assert accident_guard_policy(role_arn=ROLE, policy_arn=POLICY, guard_arn=GUARD)["Statement"] == [
        deny("GuardOwnRole", OWN_ROLE, ROLE),
        deny("GuardOwnPolicy", OWN_POLICY, POLICY),
        deny("GuardOtherPolicies", OWN_POLICY, GUARD),
    ]


def test_a_self_managed_policy_can_be_rewritten_and_not_deleted() -> None:
    made = accident_guard_policy(role_arn=ROLE, policy_arn=POLICY, guard_arn=GUARD, self_managed=True)
    assert statements(made)["GuardOwnPolicy"] == deny("GuardOwnPolicy", "iam:DeletePolicy", POLICY)
    assert statements(made)["GuardOwnRole"] == deny("GuardOwnRole", OWN_ROLE, ROLE)


@pytest.mark.parametrize("self_managed", [False, True])
def test_further_policies_of_its_own_are_guarded_in_full(*, self_managed: bool) -> None:
    made = accident_guard_policy(
        role_arn=ROLE, policy_arn=POLICY, guard_arn=GUARD, other_policies=[OTHER], self_managed=self_managed
    )
    assert statements(made)["GuardOtherPolicies"] == deny("GuardOtherPolicies", OWN_POLICY, [GUARD, OTHER])


# --- containment ------------------------------------------------------------------------------------------------------


def test_the_policy_itself_has_no_guard_in_it() -> None:
    assert terraform_deploy_policy([MAIL])["Statement"] == [MAIL, MANAGE_IAM]


def test_the_boundary_is_this_document() -> None:
    without = {"Condition": {"StringNotEquals": {"iam:PermissionsBoundary": BOUNDARY}}}
    assert boundary_policy([MAIL], boundary_arn=BOUNDARY, protected=[ROLE, OTHER])["Statement"] == [
        MAIL,
        MANAGE_IAM,
        deny(
            "RequireBoundary",
            [
                "iam:CreateRole",
                "iam:CreateUser",
                "iam:PutRolePermissionsBoundary",
                "iam:PutUserPermissionsBoundary",
            ],
            "*",
            **without,
        ),
        deny("KeepBoundary", ["iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"], "*"),
        deny("KeepBoundaryPolicy", OWN_POLICY, BOUNDARY),
        deny(
            "KeepUnbounded",
            ["iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:AttachUserPolicy", "iam:PutUserPolicy"],
            "*",
            **without,
        ),
        deny("KeepGroups", ["iam:AddUserToGroup", "iam:AttachGroupPolicy", "iam:PutGroupPolicy"], "*"),
        {
            "Sid": "KeepProtected",
            "Effect": "Deny",
            "NotAction": ["iam:Generate*", "iam:Get*", "iam:List*", "iam:Simulate*"],
            "Resource": [ROLE, OTHER],
        },
    ]


def test_a_self_managed_policy_cannot_be_deleted_from_within_the_boundary() -> None:
    made = boundary_policy([], boundary_arn=BOUNDARY, protected=[ROLE], self_managed_policy=POLICY)
    assert statements(made)["GuardOwnPolicy"] == deny("GuardOwnPolicy", "iam:DeletePolicy", POLICY)


# --- what the settings know of it -------------------------------------------------------------------------------------


def every_document() -> list[Any]:
    return [
        accident_guard_policy(role_arn=ROLE, policy_arn=POLICY, guard_arn=GUARD, other_policies=[OTHER]),
        terraform_deploy_policy([]),
        boundary_policy([], boundary_arn=BOUNDARY, protected=[ROLE], self_managed_policy=POLICY),
    ]


def test_the_settings_refuse_exactly_the_sids_that_the_guards_have() -> None:
    assert sorted({sid for made in every_document() for sid in statements(made)}) == sorted(GUARD_SIDS)


def test_the_settings_know_exactly_the_actions_that_the_guards_keep_from_the_role_its_policy_and_its_boundary() -> None:
    kept: set[str] = set()
    for made in every_document():
        for sid, statement in statements(made).items():
            if sid.startswith(("GuardOwn", "KeepBoundary")):
                action = statement["Action"]
                kept |= {action} if isinstance(action, str) else set(action)
    assert sorted(kept | {"iam:PutUserPermissionsBoundary"}) == sorted(GUARDED_ACTIONS)
