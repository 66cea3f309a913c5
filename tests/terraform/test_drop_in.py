"""The drop-in, merged into a configuration that somebody wrote by hand, in real workspaces.

The Google provider is not to be had everywhere these tests run, and Google itself nowhere. So the token, and only the
token, is replaced: the block `google_service_account_id_token` goes, its arguments become an output with the very same
expressions, and the AWS provider takes `var.stand_in_for_the_token`, a JWT in form alone, instead of the block's
`id_token`. moto's STS answers AssumeRoleWithWebIdentity to any such token, as the account of the role; which token AWS
lets in is shown in `tests/proof`.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.terraform.harness import LEDGER, FakeAws, Installation, Lifecycle, Terraform, share_initialisation

from rolebridge.synth import synthesize

FIXTURES = Path(__file__).with_name("fixtures")
DROP_IN = "rolebridge.tf.json"
STAND_IN = "stand_in_for_the_token"
PRODUCTION, STAGING = "345678901234", "456789012345"
UNKNOWN = {
    ("shipped", "default"): "production, staging",
    ("shipped", "nowhere"): "production, staging",
    ("alias", "default"): "production",
    ("data source", "production"): "staging",
}
"""Configurations and workspaces that their drop-in does not have, with those that it has."""


def jwt() -> str:
    """Make a token that nobody signed."""

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return ".".join([part({"alg": "RS256", "typ": "JWT"}), part({"sub": "101234567890123456789"}), "c2lnbmVk"])


def with_a_stand_in(drop_in: dict[str, Any]) -> dict[str, Any]:
    """Replace the token of a drop-in, and nothing else."""
    replaced = json.loads(json.dumps(drop_in))
    block = "ephemeral" if "ephemeral" in replaced else "data"
    token = replaced.pop(block)["google_service_account_id_token"]["aws_terraform_deploy"]
    (provider,) = replaced["provider"]["aws"]
    (identity,) = provider["assume_role_with_web_identity"]
    assert identity["web_identity_token"] == (
        f"${{{block}.google_service_account_id_token.aws_terraform_deploy.id_token}}"
    )
    identity["web_identity_token"] = f"${{var.{STAND_IN}}}"
    replaced["variable"][STAND_IN] = {"type": "string", "ephemeral": True, "nullable": False}
    token.pop("provider", None)
    replaced["output"] = {"arguments_of_the_token": {"value": token}}
    return replaced


class Configuration:
    """A hand-written configuration with a drop-in beside it; each command in a workspace of its choice."""

    def __init__(
        self, installation: Installation, aws: FakeAws, folder: Path, hand_written: str, drop_in: Path
    ) -> None:
        self.folder = shutil.copytree(FIXTURES / hand_written, folder)
        self.written = json.loads(drop_in.read_text(encoding="utf-8"))
        (folder / DROP_IN).write_text(json.dumps(with_a_stand_in(self.written), indent=2), encoding="utf-8")
        self._installation = installation
        self._environment = {**aws.environment, f"TF_VAR_{STAND_IN}": jwt()}
        LEDGER.note(f"drop-in of {drop_in.parent.name}: the token was replaced by a variable (test_drop_in.py)")

    def at(self, workspace: str) -> Terraform:
        environment = self._environment | {"TF_WORKSPACE": workspace}
        return Terraform(self._installation, self.folder, environment, f"drop-in in {workspace}")

    def plan(self, workspace: str) -> str:
        """Plan in a workspace: what the plan says, on one line."""
        return " ".join(self.at(workspace).plan(f"{workspace}.tfplan")[1].split())

    def refusal(self, workspace: str) -> str:
        """Plan in a workspace in which that must fail: all that a user sees of it, on one line."""
        done = self.at(workspace).run("plan", "-input=false", "-no-color", accept=(1,))
        return " ".join(re.sub("[│╷╵├─]", " ", done.stdout + done.stderr).split())


@dataclass(frozen=True)
class Runs:
    """All commands, two at a time: each test waits for its own."""

    aws: FakeAws
    production: Terraform
    validated: Future[None]
    plans: Mapping[tuple[str, str], Future[str]]
    refusals: Mapping[tuple[str, str], Future[str]]


@pytest.fixture(scope="module")
def runs(terraform: Installation, shipped: Lifecycle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Merge three drop-ins into hand-written configurations: the shipped one, one with an alias, one that stores."""
    work = tmp_path_factory.mktemp("drop-in")
    text = (FIXTURES / "rolebridge.yaml").read_text(encoding="utf-8").replace("SELF_MANAGEMENT", "false")
    (work / "rolebridge.yaml").write_text(text, encoding="utf-8")
    synthesize(work / "rolebridge.yaml", work / "generated")
    small = work / "generated" / "drop-in"
    aws = shipped.aws  # nothing but IAM is looked at there

    def merge(name: str, hand_written: str, drop_in: Path) -> Configuration:
        return Configuration(terraform, aws, work / name, hand_written, drop_in / DROP_IN)

    configurations = {
        "shipped": merge("shipped", "hand_written", shipped.generated / "drop-in" / "hr"),
        "alias": merge("alias", "hand_written_with_alias", small / "shop"),
        "data source": merge("data-source", "hand_written", small / "stored"),
    }
    first, *others = configurations.values()
    first.at("default").init()
    for other in others:  # they need the same provider
        share_initialisation(first.folder, other.folder, {})
    with ThreadPoolExecutor(Lifecycle.workers) as pool:
        yield Runs(
            aws=aws,
            production=first.at("production"),
            validated=pool.submit(first.at("default").validate),
            plans={
                (name, workspace): pool.submit(configurations[name].plan, workspace)
                for name, workspace in (
                    ("shipped", "production"),
                    ("shipped", "staging"),
                    ("alias", "production"),
                    ("data source", "staging"),
                )
            },
            refusals={
                (name, workspace): pool.submit(configurations[name].refusal, workspace) for name, workspace in UNKNOWN
            },
        )


def test_terraform_finds_the_drop_in_beside_a_hand_written_configuration_valid_in_a_new_workspace(runs: Runs) -> None:
    runs.validated.result()


@pytest.mark.parametrize(
    ("name", "workspace", "account", "service_account"),
    [
        ("shipped", "production", PRODUCTION, "terraform-deploy@hr-prod-1a2b.iam.gserviceaccount.com"),
        ("shipped", "staging", STAGING, "terraform-deploy@hr-stag-3c4d.iam.gserviceaccount.com"),
        ("alias", "production", "616161616161", "terraform-deploy@shop-prod.iam.gserviceaccount.com"),
        ("data source", "staging", "626262626262", "terraform-deploy@stored-stag.iam.gserviceaccount.com"),
    ],
)
def test_a_plan_works_in_the_workspaces_account_with_a_token_for_its_role(
    runs: Runs, name: str, workspace: str, account: str, service_account: str
) -> None:
    plan = runs.plans[name, workspace].result()
    assert f'+ account = "{account}"' in plan
    assert f'+ target_service_account = "{service_account}"' in plan
    assert f'+ target_audience = "arn:aws:iam::{account}:role/TerraformDeploy"' in plan
    assert "+ include_email = true" in plan


def test_with_an_alias_the_plain_provider_stays_somebody_elses(runs: Runs) -> None:
    assert '+ ours = "000000000000"' in runs.plans["alias", "production"].result()


def test_what_is_applied_lands_in_the_workspaces_account_alone_and_has_its_tags(runs: Runs) -> None:
    runs.plans["shipped", "production"].result()
    runs.production.apply("production.tfplan")
    ses = runs.aws.client("sesv2", PRODUCTION, "eu-west-2")
    assert [one["IdentityName"] for one in ses.list_email_identities()["EmailIdentities"]] == ["production.example.org"]
    tags = ses.get_email_identity(EmailIdentity="production.example.org")["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"Environment": "production", "Project": "Human Resources"}
    for account, region in ((STAGING, "eu-west-2"), ("000000000000", "eu-west-2"), (PRODUCTION, "eu-central-1")):
        assert runs.aws.client("sesv2", account, region).list_email_identities()["EmailIdentities"] == []


@pytest.mark.parametrize(("name", "workspace"), list(UNKNOWN))
def test_an_unknown_workspace_is_refused_with_those_that_are_known_and_with_no_other_error(
    runs: Runs, name: str, workspace: str
) -> None:
    seen = runs.refusals[name, workspace].result()
    message = (
        f"The workspace {workspace} has no AWS account in rolebridge.yaml. "
        f"Those that have one: {UNKNOWN[name, workspace]}. "
        "Choose one with: terraform workspace select -or-create NAME"
    )
    assert message in seen
    assert seen.count("Error:") == 1, seen
    assert "Warning:" not in seen
