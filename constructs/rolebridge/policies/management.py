"""The management account's policy documents (guide, sections 2 and 8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from rolebridge.policies.arn import AwsAccount
from rolebridge.policies.document import Document, Statement, allow, document

_WRITE = ("organizations:UntagResource", "organizations:TagResource", "organizations:MoveAccount")
_READ = (
    "organizations:ListTagsForResource",
    "organizations:ListParents",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:DescribeOrganizationalUnit",
    "organizations:DescribeAccount",
)
_CREATE_UNIT = "organizations:CreateOrganizationalUnit"


def service_policy(
    management: AwsAccount,
    *,
    account_access_role: str,
    sso_instance_arn: str,
    organizational_units: Sequence[str] = (),
    closing: Sequence[Statement] = (),
    identity_store: bool = False,
) -> Document:
    """``MeshfedServiceRole``'s policy: manage accounts and organizational units (section 2).

    Args:
        management: the management account.
        account_access_role: the name of the role that meshStack takes in tenant accounts.
        sso_instance_arn: the IAM Identity Center instance.
        organizational_units: ARNs of the only organizational units to write to; empty: any, as the guide has it.
        closing: statements that allow closing accounts (:func:`close_by_path`, :func:`close_by_any_tag`,
            :func:`close_by_all_tags`).
        identity_store: allow meshStack's identity store mode.
    """
    partition = management.partition
    statements = [
        allow(
            "sts:AssumeRole",
            f"arn:{partition}:iam::*:role/{account_access_role}",
            sid="StsAccessMemberAccount",
        ),
        *_organization(management, organizational_units),
        allow(
            [
                "organizations:ListRoots",
                "organizations:ListAccounts",
                "organizations:DescribeCreateAccountStatus",
                "organizations:CreateAccount",
            ],
            "*",
            sid="OrgManagementAccess2",
        ),
        allow(
            [
                "sso:ListAccountAssignments",
                "sso:CreateAccountAssignment",
                "sso:DescribeAccountAssignmentCreationStatus",
            ],
            [
                sso_instance_arn,
                f"arn:{partition}:sso:::permissionSet/*/*",
                f"arn:{partition}:sso:::account/*",
            ],
            sid="OrgManagementAccessSSO",
        ),
        *closing,
    ]
    if identity_store:
        statements.append(_identity_store())
    return document(*statements)


def _organization(management: AwsAccount, organizational_units: Sequence[str]) -> list[Statement]:
    root = f"arn:{management.partition}:organizations::{management.id}:root/o-*/r-*"
    units = f"arn:{management.partition}:organizations::*:ou/o-*/ou-*"
    accounts = _accounts(management.partition)
    if not organizational_units:
        return [allow([*_WRITE, *_READ, _CREATE_UNIT], [root, units, accounts], sid="OrgManagementAccess1")]
    # A new account is moved from the root, and tags are of accounts, which IAM cannot confine to a unit: both stay
    # beside the units in what may be written to (as in meshcloud's own module).
    return [
        allow(_READ, [root, units, accounts], sid="OrgManagementAccess1"),
        allow(_WRITE, [root, accounts, *organizational_units], sid="OrgManagementAccess1Write"),
        allow(_CREATE_UNIT, organizational_units, sid="OrgManagementAccess1CreateUnit"),
    ]


def _accounts(partition: str) -> str:
    return f"arn:{partition}:organizations::*:account/o-*/*"


def close_by_path(partition: str, paths: Sequence[str]) -> list[Statement]:
    """Allow closing accounts below these organization paths (section 2, the guide's form)."""
    condition = {"ForAnyValue:StringLike": {"aws:ResourceOrgPaths": list(paths)}}
    return [_close(partition, condition)]


def close_by_any_tag(partition: str, tags: Mapping[str, Sequence[str]]) -> list[Statement]:
    """Allow closing accounts that carry at least one of these tags.

    One statement per key: IAM wants every key under one condition operator to match.
    """
    single = len(tags) == 1
    return [
        _close(partition, _tagged({key: values}), suffix="" if single else f"Tag{number}")
        for number, (key, values) in enumerate(tags.items(), start=1)
    ]


def close_by_all_tags(partition: str, tags: Mapping[str, Sequence[str]]) -> list[Statement]:
    """Allow closing accounts that carry every one of these tags."""
    return [_close(partition, _tagged(tags))]


def _tagged(tags: Mapping[str, Sequence[str]]) -> dict[str, dict[str, list[str]]]:
    return {"StringEquals": {f"aws:ResourceTag/{key}": list(values) for key, values in tags.items()}}


def _close(partition: str, condition: Mapping[str, Mapping[str, Sequence[str]]], *, suffix: str = "") -> Statement:
    return allow(
        "organizations:CloseAccount",
        _accounts(partition),
        sid=f"OrgManagementAccessCloseAccount{suffix}",
        condition=condition,
    )


def _identity_store() -> Statement:
    """What meshStack's identity store mode needs (meshcloud's module since 0.7.0)."""
    return allow(
        [
            "identitystore:GetGroupId",
            "identitystore:CreateGroup",
            "identitystore:DeleteGroup",
            "identitystore:ListGroupMemberships",
            "identitystore:CreateGroupMembership",
            "identitystore:DeleteGroupMembership",
            "identitystore:GetUserId",
        ],
        "*",
        sid="OrgManagementIdentityStoreGroupManagement",
    )


_CONTROL_TOWER_GUIDE = (
    "sso:GetProfile",
    "sso:CreateProfile",
    "sso:UpdateProfile",
    "sso:AssociateProfile",
    "sso:CreateApplicationInstance",
    "sso:GetSSOStatus",
    "sso:GetTrust",
    "sso:CreateTrust",
    "sso:UpdateTrust",
    "sso:GetPeregrineStatus",
    "sso:GetApplicationInstance",
    "sso:ListDirectoryAssociations",
    "sso:ListPermissionSets",
    "sso:GetPermissionSet",
    "sso:ProvisionApplicationInstanceForAWSAccount",
    "sso:ProvisionApplicationProfileForAWSAccountInstance",
    "sso:ProvisionSAMLProvider",
    "sso:ListProfileAssociations",
    "sso-directory:ListMembersInGroup",
    "sso-directory:AddMemberToGroup",
    "sso-directory:SearchGroups",
    "sso-directory:SearchGroupsWithGroupName",
    "sso-directory:SearchUsers",
    "sso-directory:CreateUser",
    "sso-directory:DescribeGroups",
    "sso-directory:DescribeDirectory",
    "sso-directory:GetUserPoolInfo",
    "controltower:CreateManagedAccount",
    "controltower:DescribeManagedAccount",
    "controltower:DeregisterManagedAccount",
    "controltower:ListLandingZones",
    "controltower:GetLandingZone",
    "s3:GetObject",
    "organizations:describeOrganization",
    "sso:DescribeRegisteredRegions",
)
_CONTROL_TOWER_MINIMAL = (
    "controltower:CreateManagedAccount",
    "controltower:DescribeManagedAccount",
    "controltower:DeregisterManagedAccount",
    "controltower:ListLandingZones",
    "controltower:GetLandingZone",
    "organizations:describeOrganization",
)


def control_tower_policy(actions: Literal["guide", "minimal"] = "guide") -> Document:
    """``AWSControlTowerAccountFactoryAccess``: use Control Tower's Account Factory (section 8).

    ``guide`` is the guide's list of 35 actions; ``minimal`` the six that meshcloud's module has kept since 0.7.0.
    """
    chosen = _CONTROL_TOWER_GUIDE if actions == "guide" else _CONTROL_TOWER_MINIMAL
    return document(allow(chosen, "*", sid="AWSControlTowerAccountFactoryAccess"))
