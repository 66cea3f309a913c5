"""The five constructs in an engineer's own CDKTF app."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.guide import AUTOMATION, MANAGEMENT, MESHCLOUD, SSO_INSTANCE, TENANT

from rolebridge import app as rolebridge_app
from rolebridge.blueprint import blueprint
from rolebridge.engine import App, AwsProvider, Construct, TerraformStack, TerraformVariable, Testing
from rolebridge.iam import AccountIdentities
from rolebridge.meshstack.automation import AutomationAccount
from rolebridge.meshstack.design import MeshstackDesign
from rolebridge.meshstack.management import ManagementAccount
from rolebridge.meshstack.meshcloud import MeshcloudAccount
from rolebridge.meshstack.stack_set_target import StackSetTargetAccount
from rolebridge.meshstack.tenant import TenantAccount
from rolebridge.policies.arn import AwsAccount
from rolebridge.policies.identity import PolicyError
from rolebridge.settings import Settings, parse_settings
from rolebridge.synth import synthesize

Testing.__test__ = False  # type: ignore[attr-defined]  # a class of CDKTF, not one of tests

SETTINGS = f"""
region: eu-central-1
backend: {{local: {{}}}}
accounts:
  management: {{id: "{MANAGEMENT}"}}
  meshcloud: {{id: "{MESHCLOUD}"}}
  automation: {{id: "{AUTOMATION}"}}
  sandbox: {{id: "123456789012"}}
  tenant: {{id: "{TENANT}"}}
meshstack:
  external_id: {{variable: replicator_external_id}}
  authentication:
    workload_identity: {{issuer: https://oidc.example.com/one, audience: aws, subject: replicator}}
    iam_user: {{access_key: {{}}}}
  management:
    sso_instance_arn: {SSO_INSTANCE}
    control_tower: {{portfolio_id: port-abcdefghijklm}}
  automation:
    stack_set_roles:
      targets:
        accounts: [sandbox]
        statements: [{{Effect: Allow, Action: "s3:*", Resource: "*"}}]
        managed_policies:
          - "arn:{{partition}}:iam::aws:policy/ReadOnlyAccess"
          - "arn:{{partition}}:iam::{{account_id}}:policy/ReadOnlyAccess"
          - "arn:{{partition}}:iam::{{account_id}}:policy/AWSCloudFormationStackSetExecutionRolePolicy"
  metering:
    external_id: {{variable: metering_external_id}}
    authentication:
      workload_identity: {{subject: metering}}
      iam_user: {{access_key: {{pgp_key: "keybase:rolebridge"}}}}
  tenant_import: {{accounts: [tenant]}}
"""

MakeAccount = Callable[[Construct, str, MeshstackDesign], AccountIdentities]

ACCOUNTS: dict[str, MakeAccount] = {
    "meshstack-meshcloud": lambda scope, id_, design: MeshcloudAccount(scope, id_, design=design),
    "meshstack-management": lambda scope, id_, design: ManagementAccount(scope, id_, design=design),
    "meshstack-automation": lambda scope, id_, design: AutomationAccount(scope, id_, design=design),
    "meshstack-stackset-target-sandbox": lambda scope, id_, design: StackSetTargetAccount(
        scope, id_, design=design, account="sandbox"
    ),
    "meshstack-tenant-tenant": lambda scope, id_, design: TenantAccount(scope, id_, design=design, account="tenant"),
}


@pytest.fixture(scope="module")
def settings() -> Settings:
    return parse_settings(SETTINGS, "settings.yaml")


@pytest.fixture(scope="module")
def design(settings: Settings) -> MeshstackDesign:
    assert settings.meshstack is not None
    accounts = {name: AwsAccount(account.id, settings.partition) for name, account in settings.accounts.items()}
    return MeshstackDesign(settings.meshstack, accounts, settings.iam)


def stacks_of_the_app(text: str, folder: Path) -> dict[str, Any]:
    """Synthesize settings as an operator does, and read back what was written."""
    (folder / "rolebridge.yaml").write_text(text, encoding="utf-8")
    synthesize(folder / "rolebridge.yaml", folder / "generated")
    return {
        file.parent.name: json.loads(file.read_bytes()) for file in (folder / "generated").glob("stacks/*/cdk.tf.json")
    }


@pytest.fixture(scope="module")
def app_stacks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return stacks_of_the_app(SETTINGS, tmp_path_factory.mktemp("app"))


def own_stack(name: str = "own") -> TerraformStack:
    stack = TerraformStack(Testing.app(), name)
    AwsProvider(stack, "aws", region="eu-central-1")
    return stack


def synthesized(stack: TerraformStack) -> Any:
    return json.loads(Testing.synth(stack))


def resources(document: Any) -> dict[str, Any]:
    """By type and name, each resource's arguments without CDKTF's own note."""
    return {
        f"{kind}.{name}": {argument: value for argument, value in body.items() if argument != "//"}
        for kind, of_kind in document["resource"].items()
        for name, body in of_kind.items()
    }


# --- the same as the app ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_construct_called_default_gives_the_apps_own_resources_variables_and_outputs(
    account: str, design: MeshstackDesign, app_stacks: dict[str, Any]
) -> None:
    # GIVEN an engineer's own stack
    stack = own_stack()
    # WHEN the construct stands in it
    ACCOUNTS[account](stack, "Default", design)
    # THEN it holds what rolebridge's own stack holds
    found, expected = synthesized(stack), app_stacks[account]
    assert resources(found) == resources(expected)
    assert found.get("variable") == expected.get("variable")
    assert found.get("output") == expected.get("output")


def test_every_stack_of_the_app_has_its_construct(app_stacks: dict[str, Any]) -> None:
    assert set(ACCOUNTS) == set(app_stacks)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_under_another_id_the_same_arguments_stand_under_prefixed_names(
    account: str, design: MeshstackDesign, app_stacks: dict[str, Any]
) -> None:
    # GIVEN an engineer's own stack
    stack = own_stack()
    # WHEN the construct has an id of the engineer's
    ACCOUNTS[account](stack, "Mesh", design)
    # THEN every resource has that prefix, and refers to its own kind under the new name
    found, expected = resources(synthesized(stack)), resources(app_stacks[account])
    plain = {address: re.sub(r"\.Mesh_([\w-]+?)_[0-9A-F]{8}$", r".\1", address) for address in found}
    assert sorted(plain.values()) == sorted(expected)
    for address, body in found.items():
        assert json.loads(re.sub(r"\.Mesh_([\w-]+?)_[0-9A-F]{8}", r".\1", json.dumps(body))) == expected[plain[address]]


def test_two_designs_stand_side_by_side_in_one_stack(design: MeshstackDesign) -> None:
    # GIVEN one stack
    stack = own_stack()
    # WHEN the same account stands in it twice, under two ids
    TenantAccount(stack, "One", design=design, account="tenant")
    TenantAccount(stack, "Two", design=design, account="tenant")
    # THEN nothing of one overwrites the other
    assert len(resources(synthesized(stack))) == 4


def test_the_constructs_attributes_give_the_engineer_its_roles_and_users(design: MeshstackDesign) -> None:
    # GIVEN the meshcloud account's construct
    made = MeshcloudAccount(own_stack(), "Default", design=design)
    # THEN its parts can be reached by the guide's names
    assert sorted(made.roles) == ["CostExplorerRole", "MeshstackAssumeRoleIF"]
    assert sorted(made.users) == ["cost-explorer-user", "meshfed-service-user"]
    assert made.roles["CostExplorerRole"].friendly_unique_id == "CostExplorerRole"


# --- order within a stack ---------------------------------------------------------------------------------------------


def test_a_role_that_trusts_a_provider_waits_for_it(app_stacks: dict[str, Any]) -> None:
    made = resources(app_stacks["meshstack-meshcloud"])
    (provider,) = (address for address in made if address.startswith("aws_iam_openid_connect_provider."))
    assert made["aws_iam_role.MeshstackAssumeRoleIF"]["depends_on"] == [provider]
    assert made["aws_iam_role.CostExplorerRole"]["depends_on"] == [provider]


def test_access_to_the_portfolio_waits_for_the_role_that_it_is_given_to(app_stacks: dict[str, Any]) -> None:
    made = resources(app_stacks["meshstack-management"])
    access = made["aws_servicecatalog_principal_portfolio_association.AccountFactoryPortfolio"]
    assert access == {
        "depends_on": ["aws_iam_role.MeshfedServiceRole"],
        "portfolio_id": "port-abcdefghijklm",
        "principal_arn": f"arn:aws:iam::{MANAGEMENT}:role/MeshfedServiceRole",
    }


def test_policies_of_one_name_from_aws_the_account_and_us_are_three_attachments(app_stacks: dict[str, Any]) -> None:
    made = resources(app_stacks["meshstack-stackset-target-sandbox"])
    attached = {address: body["policy_arn"] for address, body in made.items() if "attachment" in address}
    prefix = "aws_iam_role_policy_attachment.AWSCloudFormationStackSetExecutionRole-"
    own = "AWSCloudFormationStackSetExecutionRolePolicy"
    assert attached == {
        f"{prefix}{own}": f"${{aws_iam_policy.{own}.arn}}",
        f"{prefix}ReadOnlyAccess": "arn:aws:iam::aws:policy/ReadOnlyAccess",
        f"{prefix}own-ReadOnlyAccess": "arn:aws:iam::123456789012:policy/ReadOnlyAccess",
        f"{prefix}own-{own}": f"arn:aws:iam::123456789012:policy/{own}",
    }


# --- Terraform variables ----------------------------------------------------------------------------------------------


def test_a_variable_is_declared_once_in_a_stack_however_many_constructs_need_it(design: MeshstackDesign) -> None:
    # GIVEN one stack
    stack = own_stack()
    # WHEN two constructs that show the same external id stand in it
    ManagementAccount(stack, "Management", design=design)
    AutomationAccount(stack, "Automation", design=design)
    # THEN there is one variable for each external id
    assert sorted(synthesized(stack)["variable"]) == ["metering_external_id", "replicator_external_id"]


def test_a_variable_has_no_default_is_never_null_and_is_held_to_what_sts_takes(app_stacks: dict[str, Any]) -> None:
    variable = app_stacks["meshstack-automation"]["variable"]["replicator_external_id"]
    assert (variable["type"], variable["nullable"]) == ("string", False)
    assert "default" not in variable
    (validation,) = variable["validation"]
    # Terraform's regex (RE2) repeats at most 1,000 times; {2,1224} would refuse every external id.
    assert validation["condition"] == (
        '${can(regex("^[A-Za-z0-9_+=,.@:/-]+$", var.replicator_external_id)) '
        "&& length(var.replicator_external_id) >= 2 && length(var.replicator_external_id) <= 1224}"
    )


@pytest.mark.parametrize("name", ["aws", "backend"])
def test_a_variable_may_be_called_as_something_else_in_the_stack_is(name: str, tmp_path: Path) -> None:
    # GIVEN an external id in a variable that is called as the provider's or the backend's construct
    settings = SETTINGS.replace("variable: replicator_external_id", f"variable: {name}")
    # WHEN the app is synthesized
    stacks = stacks_of_the_app(settings, tmp_path)
    # THEN it is declared all the same
    assert list(stacks["meshstack-automation"]["variable"]) == [name]


def test_stacks_without_an_external_id_declare_no_variable(app_stacks: dict[str, Any]) -> None:
    assert "variable" not in app_stacks["meshstack-tenant-tenant"]
    assert "variable" not in app_stacks["meshstack-stackset-target-sandbox"]


# --- access keys ------------------------------------------------------------------------------------------------------


def test_a_keys_secret_comes_out_of_sensitive_outputs_only(app_stacks: dict[str, Any]) -> None:
    outputs = app_stacks["meshstack-meshcloud"]["output"]
    keys = {name: output for name, output in outputs.items() if "aws_iam_access_key" in output["value"]}
    assert keys == {
        "meshfed_service_user_access_key_id": {
            "sensitive": True,
            "value": "${aws_iam_access_key.meshfed-service-user-key.id}",
        },
        "meshfed_service_user_secret_access_key": {
            "sensitive": True,
            "value": "${aws_iam_access_key.meshfed-service-user-key.secret}",
        },
        "cost_explorer_user_access_key_id": {
            "sensitive": True,
            "value": "${aws_iam_access_key.cost-explorer-user-key.id}",
        },
        "cost_explorer_user_encrypted_secret_access_key": {
            "sensitive": True,
            "value": "${aws_iam_access_key.cost-explorer-user-key.encrypted_secret}",
        },
    }


def test_with_a_pgp_key_the_secret_is_encrypted_before_it_is_stored(app_stacks: dict[str, Any]) -> None:
    made = resources(app_stacks["meshstack-meshcloud"])
    assert made["aws_iam_access_key.cost-explorer-user-key"]["pgp_key"] == "keybase:rolebridge"
    assert "pgp_key" not in made["aws_iam_access_key.meshfed-service-user-key"]


def test_without_being_asked_for_there_is_no_access_key(design: MeshstackDesign) -> None:
    # GIVEN Option B without an access key
    mesh = design.meshstack
    user = dataclasses.replace(mesh.authentication.iam_user, access_key=None)  # type: ignore[type-var]
    without = dataclasses.replace(mesh, authentication=dataclasses.replace(mesh.authentication, iam_user=user))
    stack = own_stack()
    # WHEN the account is made
    MeshcloudAccount(
        stack, "Default", design=dataclasses.replace(design, meshstack=dataclasses.replace(without, metering=None))
    )
    # THEN no key and no output of one is
    document = synthesized(stack)
    assert "aws_iam_access_key" not in document["resource"]
    assert "access_key" not in json.dumps(document["output"])


# --- early errors -----------------------------------------------------------------------------------------------------


def test_what_iam_would_refuse_is_said_before_anything_is_made_and_all_of_it_at_once(design: MeshstackDesign) -> None:
    # GIVEN targets with a policy that is too large and more policies than IAM attaches
    mesh = design.meshstack
    assert mesh.automation is not None
    assert mesh.automation.stack_set_roles.targets is not None
    targets = dataclasses.replace(
        mesh.automation.stack_set_roles.targets,
        statements=({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::" + "x" * 6_144},),
        managed_policies=tuple(f"arn:aws:iam::aws:policy/P{number}" for number in range(10)),
    )
    roles = dataclasses.replace(mesh.automation.stack_set_roles, targets=targets)
    automation = dataclasses.replace(mesh.automation, stack_set_roles=roles)
    broken = dataclasses.replace(design, meshstack=dataclasses.replace(mesh, automation=automation))
    stack = own_stack()
    # WHEN the construct is made
    with pytest.raises(PolicyError) as raised:
        StackSetTargetAccount(stack, "Default", design=broken, account="sandbox")
    # THEN the error says what was found and what IAM takes
    assert "AWSCloudFormationStackSetExecutionRolePolicy with 6,2" in str(raised.value)
    assert "IAM takes at most 6,144 characters" in str(raised.value)
    assert "11 policies attached to AWSCloudFormationStackSetExecutionRole; IAM takes at most 10" in str(raised.value)
    assert "resource" not in synthesized(stack)


@pytest.mark.parametrize("account", ["meshstack-automation", "meshstack-stackset-target-sandbox"])
def test_a_construct_of_an_account_that_the_design_does_not_have_is_refused(
    account: str, design: MeshstackDesign
) -> None:
    without = dataclasses.replace(design, meshstack=dataclasses.replace(design.meshstack, automation=None))
    with pytest.raises(ValueError, match="the design has no"):
        ACCOUNTS[account](own_stack(), "Default", without)


def test_the_engineers_own_variable_beside_ours_stays(design: MeshstackDesign) -> None:
    # GIVEN a stack with a variable of the engineer's
    stack = own_stack()
    TerraformVariable(stack, "mine", type="number")
    # WHEN ours come in
    AutomationAccount(stack, "Default", design=design)
    # THEN both are declared
    assert sorted(synthesized(stack)["variable"]) == ["mine", "replicator_external_id"]


def test_an_apps_stacks_depend_on_those_that_make_what_they_trust(settings: Settings, tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    rolebridge_app.add_stacks(app, blueprint(settings))
    stacks = [child for child in app.node.children if isinstance(child, TerraformStack)]
    after = {stack.node.id: [other.node.id for other in stack.dependencies] for stack in stacks}
    assert after == {
        "meshstack-meshcloud": [],
        "meshstack-management": ["meshstack-meshcloud"],
        "meshstack-automation": ["meshstack-meshcloud"],
        "meshstack-stackset-target-sandbox": ["meshstack-automation"],
        "meshstack-tenant-tenant": ["meshstack-management"],
    }
