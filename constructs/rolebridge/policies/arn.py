"""ARNs of IAM, computed from partition, account, path and name (IAM user guide, «IAM identifiers»)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AwsAccount:
    """An AWS account as ARNs know it.

    Attributes:
        id: the account's id, 12 digits, as text.
        partition: ``aws``, ``aws-cn``, ``aws-us-gov``, …
    """

    id: str
    partition: str = "aws"

    def iam_arn(self, resource: str) -> str:
        """Return the ARN of an IAM resource of this account, as ``role/Admin``."""
        return f"arn:{self.partition}:iam::{self.id}:{resource}"

    def role_arn(self, name: str, path: str = "/") -> str:
        """Return a role's ARN."""
        return self.iam_arn(f"role{path}{name}")

    def user_arn(self, name: str, path: str = "/") -> str:
        """Return a user's ARN."""
        return self.iam_arn(f"user{path}{name}")

    def policy_arn(self, name: str, path: str = "/") -> str:
        """Return a customer managed policy's ARN."""
        return self.iam_arn(f"policy{path}{name}")

    def oidc_provider_arn(self, issuer: str) -> str:
        """Return the ARN of the OIDC provider of an issuer, given with or without ``https://``."""
        return self.iam_arn(f"oidc-provider/{issuer.removeprefix('https://')}")

    def aws_managed_policy_arn(self, name: str) -> str:
        """Return the ARN of a policy that AWS manages, in this account's partition."""
        return f"arn:{self.partition}:iam::aws:policy/{name}"

    def fill_in(self, template: str) -> str:
        """Fill ``{partition}`` and ``{account_id}`` into a template of the settings."""
        return template.replace("{partition}", self.partition).replace("{account_id}", self.id)
