"""The file for a Terraform configuration that exists."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pytest
from tests.google import DEPLOYER, PRODUCTION, STAGING, drop_in_of, environment, one, product, settings_of

from rolebridge.google.stacks import drop_ins
from rolebridge.settings import Settings

OTHER = {"email": "terraform-deploy@hr-stag.iam.gserviceaccount.com", "unique_id": "104444444444444444444"}


def two(google: Any = None, **chosen: Any) -> Settings:
    staging = environment(
        STAGING,
        workspace="stage",
        region="eu-west-2",
        terraform_deploy={"service_accounts": [OTHER], "role": {"name": "Deploy", "path": "/gcp/"}},
        admin={"enabled": False},
    )
    return settings_of({"hr": product({"production": environment(), "staging": staging}, **chosen)}, google)


def provider(made: Any) -> Any:
    (found,) = made["provider"]["aws"]
    return found


def test_each_workspace_knows_its_account_its_region_its_role_and_its_service_account() -> None:
    assert drop_in_of(two())["locals"]["rolebridge_environments"] == {
        "production": {
            "account_id": PRODUCTION,
            "region": "eu-west-1",
            "deploy_role_arn": f"arn:aws:iam::{PRODUCTION}:role/TerraformDeploy",
            "service_account": DEPLOYER["email"],
        },
        "stage": {
            "account_id": STAGING,
            "region": "eu-west-2",
            "deploy_role_arn": f"arn:aws:iam::{STAGING}:role/gcp/Deploy",
            "service_account": OTHER["email"],
        },
    }


def test_the_token_is_of_the_workspaces_service_account_for_the_workspaces_role_and_is_never_stored() -> None:
    made = drop_in_of(two())
    assert made["ephemeral"]["google_service_account_id_token"] == {
        "aws_terraform_deploy": {
            "target_service_account": "${local.rolebridge.service_account}",
            "target_audience": "${local.rolebridge.deploy_role_arn}",
            "include_email": True,
        }
    }
    assert "data" not in made
    assert made["terraform"]["required_version"] == ">= 1.10"


def test_the_provider_takes_the_workspaces_role_with_that_token_in_that_account_alone() -> None:
    assert provider(drop_in_of(two())) == {
        "region": "${local.rolebridge.region}",
        "allowed_account_ids": ["${local.rolebridge.account_id}"],
        "assume_role_with_web_identity": [
            {
                "role_arn": "${local.rolebridge.deploy_role_arn}",
                "session_name": "terraform",
                "web_identity_token": "${ephemeral.google_service_account_id_token.aws_terraform_deploy.id_token}",
            }
        ],
        "default_tags": [{"tags": {"Project": "Human Resources", "Environment": "${terraform.workspace}"}}],
    }


def test_the_guides_data_source_stands_in_its_place_on_request() -> None:
    ephemeral, stored = drop_in_of(two()), drop_in_of(two(drop_in={"token": "data_source"}))
    assert stored["data"] == ephemeral["ephemeral"]
    assert "ephemeral" not in json.dumps(stored)
    (web_identity,) = provider(stored)["assume_role_with_web_identity"]
    reference = "${data.google_service_account_id_token.aws_terraform_deploy.id_token}"
    assert web_identity["web_identity_token"] == reference
    assert stored["terraform"]["required_version"] == ">= 1.9"


def test_an_alias_and_the_google_provider_that_impersonates_are_named_only_on_request() -> None:
    plain = drop_in_of(two())
    chosen = drop_in_of(two(drop_in={"alias": "product", "google_provider": "google.impersonation"}))
    token = chosen["ephemeral"]["google_service_account_id_token"]["aws_terraform_deploy"]
    assert token.pop("provider") == "google.impersonation"
    assert provider(chosen).pop("alias") == "product"
    assert chosen == plain


def refusal(made: Any) -> Any:
    (variable,) = made["variable"].values()
    assert variable["default"] is True
    (found,) = variable["validation"]
    return found


def test_a_workspace_that_it_does_not_know_is_refused_with_those_that_it_knows() -> None:
    found = refusal(drop_in_of(two()))
    assert "terraform.workspace" in found["condition"]
    assert "local.rolebridge_environments" in found["condition"]
    assert re.match(r"The workspace \$\{terraform\.workspace\} has no AWS account", found["error_message"])
    assert "production, stage." in found["error_message"]


def test_nothing_leads_anywhere_until_the_refusal_is_read() -> None:
    local = drop_in_of(two())["locals"]["rolebridge"]
    assert 'account_id = "000000000000"' in local
    assert 'deploy_role_arn = ""' in local
    assert 'service_account = ""' in local


def test_an_environment_whose_account_is_not_made_yet_is_not_among_the_workspaces() -> None:
    google = {"accounts": {"parent_id": "r-ab12", "email": "aws+{product}-{environment}@example.org"}}
    new = environment({"create": True}, terraform_deploy={"service_accounts": [OTHER]}, admin={"enabled": False})
    made = drop_in_of(settings_of({"hr": product({"production": environment(), "new": new})}, google))
    assert list(made["locals"]["rolebridge_environments"]) == ["production"]
    assert "new" not in refusal(made)["error_message"].split("Those that have one:")[1].split(".")[0]


def test_each_product_has_a_file_of_its_own_and_knows_no_other_product() -> None:
    mail = environment(STAGING, terraform_deploy={"service_accounts": [OTHER]}, admin={"enabled": False})
    both = {"hr": product({"production": environment()}), "mail": product({"production": mail}, display_name="Mail")}
    made = settings_of(both)
    assert sorted(drop_ins(made)) == ["drop-in/hr/rolebridge.tf.json", "drop-in/mail/rolebridge.tf.json"]
    assert STAGING not in json.dumps(drop_in_of(made, "hr"))
    assert provider(drop_in_of(made, "mail"))["default_tags"][0]["tags"]["Project"] == "Mail"


@pytest.mark.parametrize("name", ["R + D", "Été 東京", "a=b@c:d/e+f-g_h.i"])
def test_a_display_name_is_text(name: str) -> None:
    made = drop_in_of(settings_of({"hr": product({"production": environment()}, display_name=name)}))
    assert provider(made)["default_tags"][0]["tags"]["Project"] == name


def test_without_google_in_the_settings_there_is_no_file() -> None:
    settings = one()
    assert len(drop_ins(settings)) == 1
    assert drop_ins(dataclasses.replace(settings, google=None)) == {}
