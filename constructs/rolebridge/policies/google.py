"""The policy documents that let Google's identity tokens in (guide «Integrating AWS with our infrastructure»).

Which claim of a token AWS compares with which condition key is in the IAM user guide, «Available keys for AWS OIDC
federation»: ``accounts.google.com:oaud`` is the token's audience, ``:sub`` the service account's unique id, ``:aud``
its authorized party (``azp``), and not the audience that its name suggests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rolebridge.policies.document import Document, Statement, allow, document, one_or_list, trust

ISSUER = "accounts.google.com"
"""Google's issuer. It is built into AWS: the principal is this name, and no OIDC provider is needed."""

_OWN_ROLE = (
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
)
"""What changes a role, its rights or its trust; reading is not among it, or no plan would work."""

_OWN_POLICY = (
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:SetDefaultPolicyVersion",
)
"""What changes a managed policy."""

_READING = ("iam:Generate*", "iam:Get*", "iam:List*", "iam:Simulate*")
"""What may be done to something that is protected. Everything else may not: a list of what changes a user would have to
know every kind of credential, and UpdateUser, after which the user has another ARN."""


def service_account_trust(
    role_arn: str,
    service_accounts: Sequence[Mapping[str, str]],
    *,
    email: bool = False,
    authorized_party: bool = False,
) -> Document:
    """Trust Google service accounts, with tokens made for this very role.

    One statement per service account: lists under both keys would allow every combination.

    Args:
        role_arn: the role that trusts; the audience that its tokens have to be made for.
        service_accounts: ``unique_id`` and ``email`` of each.
        email: want the e-mail to fit too.
        authorized_party: want the authorized party to be the service account, whichever of its two names the token
            was made with.
    """
    return document(
        *(
            trust(
                {"Federated": ISSUER},
                "sts:AssumeRoleWithWebIdentity",
                condition={"StringEquals": _claims(role_arn, account, email, authorized_party)},
            )
            for account in service_accounts
        )
    )


def _claims(role_arn: str, account: Mapping[str, str], email: bool, authorized_party: bool) -> dict[str, Any]:
    claims: dict[str, Any] = {f"{ISSUER}:oaud": role_arn, f"{ISSUER}:sub": account["unique_id"]}
    if authorized_party:
        claims[f"{ISSUER}:aud"] = [account["unique_id"], account["email"]]
    if email:
        claims[f"{ISSUER}:email"] = account["email"]
    return claims


def terraform_deploy_policy(statements: Sequence[Mapping[str, Any]]) -> Document:
    """``TerraformDeploy``'s policy: what it needs, and ``iam:*``. What it may not do is in its guard."""
    return document(*statements, allow("iam:*", "*", sid="ManageIam"))


def accident_guard_policy(
    *,
    role_arn: str,
    policy_arn: str,
    guard_arn: str,
    other_policies: Sequence[str] = (),
    self_managed: bool = False,
) -> Document:
    """The accident guard: what ``TerraformDeploy`` may not do to itself, whatever its other policies allow.

    It is a policy of its own, so that ``TerraformDeploy`` can manage its permissions and never its guard.

    Args:
        role_arn: the ARN of ``TerraformDeploy``.
        policy_arn: the ARN of its policy.
        guard_arn: this policy's own ARN.
        other_policies: ARNs of further policies of the account that it has, its boundary among them.
        self_managed: it manages its policy itself, and so may write new versions of it.
    """
    kept = ("iam:DeletePolicy",) if self_managed else _OWN_POLICY
    return document(
        _deny(_OWN_ROLE, role_arn, sid="GuardOwnRole"),
        _deny(one_or_list(kept), policy_arn, sid="GuardOwnPolicy"),
        _deny(_OWN_POLICY, one_or_list((guard_arn, *other_policies)), sid="GuardOtherPolicies"),
    )


def boundary_policy(
    statements: Sequence[Mapping[str, Any]],
    *,
    boundary_arn: str,
    protected: Sequence[str],
    self_managed_policy: str | None = None,
) -> Document:
    """The permissions boundary of ``TerraformDeploy`` and of everything that it makes.

    It stands in the boundary, not in the policy, so that it holds for every role that is made as well (AWS security
    blog, «When and where to use IAM permissions boundaries»; IAM user guide, «Permissions boundaries for IAM
    entities», «Delegating responsibility to others using permissions boundaries»).

    Args:
        statements: the most that anything made may do besides IAM.
        boundary_arn: this policy's own ARN.
        protected: ARNs of roles, users and policies that were there before and stay as they are.
        self_managed_policy: the ARN of the policy that ``TerraformDeploy`` manages itself: it may write new versions
            of it, and not delete it.
    """
    own = [_deny("iam:DeletePolicy", self_managed_policy, sid="GuardOwnPolicy")] if self_managed_policy else []
    without = {"StringNotEquals": {"iam:PermissionsBoundary": boundary_arn}}
    return document(
        *statements,
        allow("iam:*", "*", sid="ManageIam"),
        _deny(
            [
                "iam:CreateRole",
                "iam:CreateUser",
                "iam:PutRolePermissionsBoundary",
                "iam:PutUserPermissionsBoundary",
            ],
            "*",
            sid="RequireBoundary",
            condition=without,
        ),
        _deny(["iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"], "*", sid="KeepBoundary"),
        _deny(_OWN_POLICY, boundary_arn, sid="KeepBoundaryPolicy"),
        # A role or user that was there before has no boundary: more rights for it would be rights without one.
        _deny(
            ["iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:AttachUserPolicy", "iam:PutUserPolicy"],
            "*",
            sid="KeepUnbounded",
            condition=without,
        ),
        # Nor has a group: whoever is in it would have its rights.
        _deny(["iam:AddUserToGroup", "iam:AttachGroupPolicy", "iam:PutGroupPolicy"], "*", sid="KeepGroups"),
        *own,
        {"Sid": "KeepProtected", "Effect": "Deny", "NotAction": list(_READING), "Resource": one_or_list(protected)},
    )


def _deny(
    action: str | Sequence[str],
    resource: str | Sequence[str],
    *,
    sid: str,
    condition: Mapping[str, Mapping[str, Any]] | None = None,
) -> Statement:
    return allow(action, resource, sid=sid, condition=condition) | {"Effect": "Deny"}
