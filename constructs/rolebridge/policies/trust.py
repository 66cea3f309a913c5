"""Trust policies: who may take a role."""

from __future__ import annotations

from collections.abc import Sequence

from rolebridge.policies.arn import AwsAccount
from rolebridge.policies.document import Document, document, one_or_list, trust


def web_identity_trust(*, provider_arn: str, issuer: str, subject: str, audience: str) -> Document:
    """Trust one subject of one issuer, for one audience (guide, sections 1 and 10).

    The prefix of the condition keys is the issuer without ``https://``, its path kept (IAM user guide, «Available keys
    for AWS OIDC federation»).
    """
    name = issuer.removeprefix("https://")
    return document(
        trust(
            {"Federated": provider_arn},
            "sts:AssumeRoleWithWebIdentity",
            condition={"StringEquals": {f"{name}:sub": subject, f"{name}:aud": audience}},
        )
    )


def principals_trust(principals: Sequence[str], *, external_id: str) -> Document:
    """Trust roles or users of another account that show the external id (guide, sections 2, 3 and 10)."""
    return document(
        trust(
            {"AWS": one_or_list(principals)},
            "sts:AssumeRole",
            sid="",
            condition={"StringEquals": {"sts:ExternalId": external_id}},
        )
    )


def role_trust(role_arn: str) -> Document:
    """Trust one role, without further condition (guide, section 12)."""
    return document(trust({"AWS": role_arn}, "sts:AssumeRole"))


def account_trust(account: AwsAccount) -> Document:
    """Trust whatever the identities of an account let its principals do (stack sets, AWS's own template)."""
    return role_trust(account.iam_arn("root"))
