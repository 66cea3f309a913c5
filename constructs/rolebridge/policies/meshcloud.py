"""The meshcloud account's policy documents (guide, section 1)."""

from __future__ import annotations

from collections.abc import Sequence

from rolebridge.policies.document import Document, allow, document


def assume_role_policy(role_arns: Sequence[str], *, external_id: str) -> Document:
    """``MeshstackAssumeRolePolicy``: take the roles of the management and automation accounts, with the external id."""
    return document(
        *(
            allow("sts:AssumeRole", arn, sid="", condition={"StringEquals": {"sts:ExternalId": external_id}})
            for arn in role_arns
        )
    )
