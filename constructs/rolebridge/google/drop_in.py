"""The file to drop into a Terraform configuration that exists: one apply then manages both clouds, with no key.

``rolebridge.tf.json`` holds, per workspace, where to work and as whom; the identity token of the «terraform deploy»
service account; and the AWS provider that takes ``TerraformDeploy`` with it (guide, «Terraform configuration»).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rolebridge.policies.document import terraform_text
from rolebridge.settings.model import DropIn

TOKEN = "aws_terraform_deploy"
"""The name of the token, as in the guide."""

REFUSAL = "rolebridge_refuses_unknown_workspaces"
"""The variable whose validation refuses a workspace."""


@dataclass(frozen=True, kw_only=True)
class WorkspaceTarget:
    """Where Terraform works in one workspace, and as whom."""

    workspace: str
    account_id: str
    region: str
    deploy_role_arn: str
    service_account: str


def token_reference(kind: str, name: str = TOKEN) -> str:
    """Return the reference to the identity token, ephemeral or from the data source."""
    block = "ephemeral" if kind == "ephemeral" else "data"
    return f"${{{block}.google_service_account_id_token.{name}.id_token}}"


def drop_in(display_name: str, targets: Sequence[WorkspaceTarget], chosen: DropIn) -> dict[str, Any]:
    """Return the Terraform JSON of a product's drop-in.

    The token is *ephemeral* by default: Terraform 1.10 and later keep it out of state and plan, and mint it anew for
    the apply. The guide's data source stores it in the state, and a plan older than the token's hour cannot be applied.

    A workspace that is not among the targets is refused with the workspaces that are, and with nothing else: token and
    provider wait for that check, and are not looked at where it fails. ``validate``, which checks no values, gets some
    that lead nowhere.
    """
    environments = {target.workspace: _target(target) for target in targets}
    nowhere = dict.fromkeys(_target(targets[0]), "") | {"account_id": "000000000000", "region": targets[0].region}
    token_block = "ephemeral" if chosen.token == "ephemeral" else "data"
    return {
        "//": "Made by Rolebridge from rolebridge.yaml: change that, not this.",
        "terraform": {"required_version": ">= 1.10" if chosen.token == "ephemeral" else ">= 1.9"},
        "locals": {
            "rolebridge_environments": terraform_text(environments),
            "rolebridge": f'${{lookup(local.rolebridge_environments, var.{REFUSAL} ? terraform.workspace : "", '
            f"{_hcl(nowhere)})}}",
        },
        "variable": {REFUSAL: _refusal(list(environments))},
        token_block: {"google_service_account_id_token": {TOKEN: _token(chosen)}},
        "provider": {"aws": [_provider(display_name, chosen)]},
    }


def _target(target: WorkspaceTarget) -> dict[str, str]:
    return {
        "account_id": target.account_id,
        "region": target.region,
        "deploy_role_arn": target.deploy_role_arn,
        "service_account": target.service_account,
    }


def _hcl(values: Mapping[str, str]) -> str:
    return "{" + ", ".join(f'{key} = "{value}"' for key, value in values.items()) + "}"


def _refusal(workspaces: Sequence[str]) -> dict[str, Any]:
    """A variable that nobody sets: its validation is the only check that stops a plan before a provider starts.

    What refers to the variable waits for it: without the reference in ``local.rolebridge``, Terraform would go on to
    the provider and add errors of its own.
    """
    return {
        "type": "bool",
        "default": True,
        "description": "Leave it as it is. It stops Terraform in a workspace that rolebridge.yaml does not have.",
        "validation": [
            {
                "condition": f"${{var.{REFUSAL} && can(local.rolebridge_environments[terraform.workspace])}}",
                "error_message": "The workspace ${terraform.workspace} has no AWS account in rolebridge.yaml. "
                f"Those that have one: {', '.join(workspaces)}. "
                "Choose one with: terraform workspace select -or-create NAME",
            }
        ],
    }


def _token(chosen: DropIn) -> dict[str, Any]:
    token = {
        "target_service_account": "${local.rolebridge.service_account}",
        "target_audience": "${local.rolebridge.deploy_role_arn}",
        "include_email": True,
    }
    return {"provider": chosen.google_provider, **token} if chosen.google_provider else token


def _provider(display_name: str, chosen: DropIn) -> dict[str, Any]:
    provider = {
        "region": "${local.rolebridge.region}",
        "allowed_account_ids": ["${local.rolebridge.account_id}"],
        "assume_role_with_web_identity": [
            {
                "role_arn": "${local.rolebridge.deploy_role_arn}",
                "session_name": "terraform",
                "web_identity_token": token_reference(chosen.token),
            }
        ],
        "default_tags": [{"tags": {"Project": terraform_text(display_name), "Environment": "${terraform.workspace}"}}],
    }
    return {"alias": chosen.alias, **provider} if chosen.alias else provider
