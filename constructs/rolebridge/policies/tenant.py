"""The policy document of tenant accounts (guide, section 9)."""

from __future__ import annotations

from rolebridge.policies.arn import AwsAccount
from rolebridge.policies.document import Document, allow, document


def downgraded_policy(tenant: AwsAccount, access_role: str) -> Document:
    """What meshStack reduces the access role of a provisioned account to.

    Args:
        tenant: the provisioned account (``accountId`` of the guide).
        access_role: the access role's name (``accessRole`` of the guide).
    """
    return document(
        allow(
            [
                "iam:CreateSAMLProvider",
                "iam:GetSAMLProvider",
                "iam:UpdateSAMLProvider",
                "iam:DeleteSAMLProvider",
                "iam:ListSAMLProviders",
            ],
            [
                tenant.iam_arn("saml-provider/*"),
                f"arn:{tenant.partition}:cloudformation:*:{tenant.id}:stack/meshstack-cf-access*",
            ],
        ),
        allow(
            [
                "iam:ListAttachedRolePolicies",
                "iam:CreateAccountAlias",
                "iam:ListAccountAliases",
                "iam:DeleteAccountAlias",
                "iam:GetRole",
                "iam:CreateRole",
                "iam:AttachRolePolicy",
                "iam:UpdateAssumeRolePolicy",
            ],
            "*",
        ),
        allow(["cloudformation:DescribeStacks"], "*"),
        allow(
            ["iam:DetachRolePolicy", "iam:DeleteRolePolicy", "iam:PutRolePolicy", "iam:ListRolePolicies"],
            tenant.role_arn(access_role),
        ),
    )
