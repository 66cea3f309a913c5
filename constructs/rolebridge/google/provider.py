"""The provider wiring as a construct, for CDKTF apps: the drop-in's token and AWS provider in a stack of yours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from rolebridge.engine import (
    AwsProvider,
    AwsProviderAssumeRoleWithWebIdentity,
    AwsProviderDefaultTags,
    Construct,
    TerraformStack,
)
from rolebridge.google.drop_in import TOKEN, WorkspaceTarget, token_reference
from rolebridge.policies.document import terraform_text


class TerraformDeployProvider(Construct):
    """An AWS provider that works as ``TerraformDeploy``, with an identity token that Google signs.

    Guide, «Terraform configuration».

    The token is an ephemeral resource by default: Terraform 1.10 and later keep it out of state and plan. With
    ``token="data_source"`` it is the guide's data source, stored in the state and good for an hour.

    Args:
        scope: a stack with a Google provider.
        id_: this construct's id.
        target: where to work, and as whom.
        tags: tags of everything that the provider makes, as ``Project`` and ``Environment``.
        token: ``ephemeral`` or ``data_source``.
        google_provider: the Google provider to mint the token with, as ``google.impersonation``; the default one
            without it.
        alias: the AWS provider's alias; the token's name ends in it, so that a stack can work in several accounts.
    """

    provider: AwsProvider

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        target: WorkspaceTarget,
        tags: Mapping[str, str],
        token: Literal["ephemeral", "data_source"] = "ephemeral",
        google_provider: str | None = None,
        alias: str | None = None,
    ) -> None:
        super().__init__(scope, id_)
        arguments: dict[str, Any] = {
            "target_service_account": terraform_text(target.service_account),
            "target_audience": terraform_text(target.deploy_role_arn),
            "include_email": True,
        }
        if google_provider:
            arguments["provider"] = google_provider
        block = "ephemeral" if token == "ephemeral" else "data"
        # CDKTF 0.21 has no ephemeral resources; the data source is written the same way, so that both look alike.
        name = f"{TOKEN}_{alias}" if alias else TOKEN
        TerraformStack.of(self).add_override(f"{block}.google_service_account_id_token.{name}", arguments)
        self.provider = AwsProvider(
            self,
            "aws",
            alias=alias,
            region=target.region,
            allowed_account_ids=[target.account_id],
            assume_role_with_web_identity=[
                AwsProviderAssumeRoleWithWebIdentity(
                    role_arn=target.deploy_role_arn,
                    session_name="terraform",
                    web_identity_token=token_reference(token, name),
                )
            ],
            default_tags=[AwsProviderDefaultTags(tags=terraform_text(tags))],
        )
