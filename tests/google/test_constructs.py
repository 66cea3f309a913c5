"""The Google constructs in an engineer's own CDKTF app, and what loading them costs whom."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.google import DEPLOYER, PRODUCTION, STAGING, addresses, one, written_settings
from tests.test_engine import environment_without_ours

from rolebridge.engine import App, GoogleProvider, TerraformStack
from rolebridge.google.design import google_side
from rolebridge.google.drop_in import WorkspaceTarget
from rolebridge.google.provider import TerraformDeployProvider
from rolebridge.google.service_account import AdminServiceAccountAccess
from rolebridge.google.stacks import design_of


def target(account: str = PRODUCTION) -> WorkspaceTarget:
    return WorkspaceTarget(
        workspace="production",
        account_id=account,
        region="eu-west-1",
        deploy_role_arn=f"arn:aws:iam::{account}:role/TerraformDeploy",
        service_account=DEPLOYER["email"],
    )


def synthesized(folder: Path, build: Callable[[TerraformStack], object]) -> Any:
    app = App(outdir=str(folder))
    stack = TerraformStack(app, "own")
    GoogleProvider(stack, "google", project="p")
    build(stack)
    app.synth()
    return json.loads((folder / "stacks" / "own" / "cdk.tf.json").read_bytes())


TAGS = {"Project": "P", "Environment": "production"}


@pytest.mark.parametrize(("token", "block"), [("ephemeral", "ephemeral"), ("data_source", "data")])
def test_the_provider_wiring_stands_in_a_stack_of_ones_own(tmp_path: Path, token: Any, block: str) -> None:
    made = synthesized(
        tmp_path, lambda stack: TerraformDeployProvider(stack, "deploy", target=target(), tags=TAGS, token=token)
    )
    assert addresses(made) == [f"{block}.google_service_account_id_token.aws_terraform_deploy"]
    assert made[block]["google_service_account_id_token"]["aws_terraform_deploy"] == {
        "target_service_account": DEPLOYER["email"],
        "target_audience": f"arn:aws:iam::{PRODUCTION}:role/TerraformDeploy",
        "include_email": True,
    }
    (provider,) = made["provider"]["aws"]
    assert provider == {
        "region": "eu-west-1",
        "allowed_account_ids": [PRODUCTION],
        "assume_role_with_web_identity": [
            {
                "role_arn": f"arn:aws:iam::{PRODUCTION}:role/TerraformDeploy",
                "session_name": "terraform",
                "web_identity_token": f"${{{block}.google_service_account_id_token.aws_terraform_deploy.id_token}}",
            }
        ],
        "default_tags": [{"tags": TAGS}],
    }


def test_two_accounts_in_one_stack_each_have_a_token_of_their_own(tmp_path: Path) -> None:
    def build(stack: TerraformStack) -> None:
        TerraformDeployProvider(stack, "one", target=target(), tags={})
        TerraformDeployProvider(stack, "two", target=target(STAGING), tags={}, alias="staging")

    made = synthesized(tmp_path, build)
    tokens = made["ephemeral"]["google_service_account_id_token"]
    assert {name: it["target_audience"].split(":")[4] for name, it in tokens.items()} == {
        "aws_terraform_deploy": PRODUCTION,
        "aws_terraform_deploy_staging": STAGING,
    }
    for provider in made["provider"]["aws"]:
        (web_identity,) = provider["assume_role_with_web_identity"]
        name = web_identity["web_identity_token"].split(".")[2]
        assert tokens[name]["target_audience"] == web_identity["role_arn"]


def test_the_token_can_be_minted_by_a_provider_that_impersonates(tmp_path: Path) -> None:
    made = synthesized(
        tmp_path,
        lambda stack: TerraformDeployProvider(
            stack, "deploy", target=target(), tags={}, google_provider="google.impersonation"
        ),
    )
    (token,) = made["ephemeral"]["google_service_account_id_token"].values()
    assert token["provider"] == "google.impersonation"


def test_text_in_tags_is_text(tmp_path: Path) -> None:
    made = synthesized(
        tmp_path, lambda stack: TerraformDeployProvider(stack, "deploy", target=target(), tags={"a": "${b} %{c}"})
    )
    assert made["provider"]["aws"][0]["default_tags"] == [{"tags": {"a": "$${b} %%{c}"}}]


def test_the_service_account_and_its_members_stand_in_a_stack_of_ones_own(tmp_path: Path) -> None:
    settings = one(google_project="hr-prod", admin={"service_account": None})
    assert settings.google is not None
    side = google_side(design_of(settings, settings.google, "hr", "production"))
    made = synthesized(tmp_path, lambda stack: AdminServiceAccountAccess(stack, "access", google=side))
    (member,) = made["resource"]["google_service_account_iam_member"].values()
    assert member["service_account_id"] == "${google_service_account.aws-admin.name}"
    assert list(made["resource"]["google_service_account"]) == ["aws-admin"]


# --- loading ----------------------------------------------------------------------------------------------------------

LOADED = """
import json, sys
from pathlib import Path
from rolebridge.synth import synthesize
synthesize(Path(sys.argv[1]), Path(sys.argv[2]))
loaded = [name for name in sys.modules if name.startswith("cdktf_cdktf_provider_google.")]
print(json.dumps(sorted({name.split(".")[1] for name in loaded})))
"""
WITNESS = """
const fs = require("fs");
if ((process.argv[1] || "").endsWith("program.js")) {
  process.on("exit", () => fs.writeFileSync(process.env.WITNESS, JSON.stringify(
    Object.keys(require.cache).filter((file) => /@cdktf.provider-google/.test(file)).length)));
}
"""


def loaded(folder: Path, settings: dict[str, Any]) -> tuple[list[str], int]:
    """Synthesize in a process of its own; return the Google provider's modules in Python, and its files in Node."""
    (folder / "rolebridge.yaml").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "witness.cjs").write_text(WITNESS)
    process = subprocess.run(
        [sys.executable, "-c", LOADED, str(folder / "rolebridge.yaml"), str(folder / "generated")],
        cwd=folder,
        env={
            **environment_without_ours(),
            "WITNESS": str(folder / "witness.json"),
            "NODE_OPTIONS": f'--require "{folder / "witness.cjs"}"',
        },
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout), json.loads((folder / "witness.json").read_text())


def without_google() -> dict[str, Any]:
    settings = written_settings()
    del settings["google"]
    settings["accounts"]["meshcloud"] = {"id": STAGING}
    settings["meshstack"] = {
        "external_id": "x1",
        "authentication": {"iam_user": {}},
        "management": {"sso_instance_arn": "arn:aws:sso:::instance/ssoins-1234567890abcdef"},
    }
    return settings


def without_members() -> dict[str, Any]:
    settings = written_settings()
    settings["google"]["products"]["hr"]["environments"]["production"]["admin"] = {"enabled": False}
    return settings


@pytest.fixture(scope="module")
def loading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[tuple[list[str], int]]]]:
    """Start the runs side by side."""
    every = {"none": without_google(), "google": written_settings(), "nobody": without_members()}
    with ThreadPoolExecutor(3) as pool:
        yield {name: pool.submit(loaded, tmp_path_factory.mktemp(name), it) for name, it in every.items()}


Loading = dict[str, Future[tuple[list[str], int]]]


def test_without_google_in_the_settings_nothing_of_its_provider_is_loaded(loading: Loading) -> None:
    assert loading["none"].result() == ([], 0)


def test_with_google_only_what_is_used_of_its_provider_is_loaded(loading: Loading) -> None:
    modules, files = loading["google"].result()
    assert modules == ["_jsii", "provider", "service_account", "service_account_iam_member"]
    assert 1 < files < 100


def test_where_google_has_nothing_to_make_its_provider_is_not_loaded(loading: Loading) -> None:
    assert loading["nobody"].result() == ([], 0)
