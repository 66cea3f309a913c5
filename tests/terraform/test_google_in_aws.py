"""What the Google design really comes to in AWS, compared with the settings and with `generated/policies`.

`test_lifecycle` compares AWS with the plan; here it is compared with what an operator wrote and a reviewer read. The
settings are read as plain YAML, the policies as plain JSON.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.terraform.aws_reader import Account, MemberAccount, OrganizationalUnit, Role
from tests.terraform.harness import Lifecycle
from tests.terraform.subjects import REPOSITORY

SETTINGS = yaml.safe_load((REPOSITORY / "rolebridge.yaml").read_text(encoding="utf-8"))
PRODUCTS = SETTINGS["google"]["products"]
ENVIRONMENTS = [(product, environment) for product, body in PRODUCTS.items() for environment in body["environments"]]
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def account_id(product: str, environment: str) -> str:
    return str(PRODUCTS[product]["environments"][environment]["account"]["id"])


def written(life: Lifecycle, product: str, environment: str, name: str) -> dict[str, Any]:
    """One of the documents that a reviewer reads."""
    path = Path(life.generated, "policies", f"{product}-{environment}", f"{name}.json")
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def is_contained(product: str, environment: str) -> bool:
    deploy = PRODUCTS[product]["environments"][environment]["terraform_deploy"]
    return bool(deploy.get("guard") == "containment")


def has_admin(product: str, environment: str) -> bool:
    """Whether Admin is applied here: where its service account is to be made, that takes Google."""
    return "admin" in PRODUCTS[product]["environments"][environment]


def in_aws(life: Lifecycle, product: str, environment: str) -> Account:
    account: Account = life.applied[account_id(product, environment)]
    return account


def role(life: Lifecycle, product: str, environment: str, name: str) -> Role:
    return in_aws(life, product, environment).roles[name]


each_environment = pytest.mark.parametrize(("product", "environment"), ENVIRONMENTS)
each_with_admin = pytest.mark.parametrize(("product", "environment"), [one for one in ENVIRONMENTS if has_admin(*one)])


@each_environment
def test_each_environments_account_holds_its_own_roles_and_nobody_elses(
    shipped: Lifecycle, product: str, environment: str
) -> None:
    account = in_aws(shipped, product, environment)
    admin = {"Admin"} if has_admin(product, environment) else set()
    assert set(account.roles) == {"TerraformDeploy"} | admin
    assert not account.users
    assert not account.oidc_providers, "Google is built into AWS"


@each_environment
def test_terraform_deploy_has_the_trust_and_the_policy_that_were_written(
    shipped: Lifecycle, product: str, environment: str
) -> None:
    found = role(shipped, product, environment, "TerraformDeploy")
    own = f"arn:aws:iam::{account_id(product, environment)}:policy/TerraformDeploy"
    assert found.trust == written(shipped, product, environment, "TerraformDeploy.trust")
    policies = {own: written(shipped, product, environment, "TerraformDeploy")}
    if not is_contained(product, environment):
        policies[f"{own}Guard"] = written(shipped, product, environment, "TerraformDeployGuard")
    assert found.attached == policies
    assert found.inline == {}


@each_environment
def test_terraform_deploy_is_trusted_for_its_own_arn_and_the_service_account_of_the_settings(
    shipped: Lifecycle, product: str, environment: str
) -> None:
    found = role(shipped, product, environment, "TerraformDeploy")
    accounts = PRODUCTS[product]["environments"][environment]["terraform_deploy"]["service_accounts"]
    assert [statement["Condition"] for statement in found.trust["Statement"]] == [
        {"StringEquals": {"accounts.google.com:oaud": found.arn, "accounts.google.com:sub": account["unique_id"]}}
        for account in accounts
    ]


@each_environment
def test_terraform_deploy_has_a_boundary_where_it_is_contained_and_only_there(
    shipped: Lifecycle, product: str, environment: str
) -> None:
    account = in_aws(shipped, product, environment)
    arn = f"arn:aws:iam::{account.id}:policy/TerraformDeployBoundary"
    if is_contained(product, environment):
        assert account.roles["TerraformDeploy"].permissions_boundary == arn
        assert account.policies[arn].document == written(shipped, product, environment, "TerraformDeployBoundary")
    else:
        assert account.roles["TerraformDeploy"].permissions_boundary is None
        assert arn not in account.policies


@each_with_admin
def test_admin_has_the_trust_that_was_written_full_permissions_and_no_boundary(
    shipped: Lifecycle, product: str, environment: str
) -> None:
    found = role(shipped, product, environment, "Admin")
    service_account = PRODUCTS[product]["environments"][environment]["admin"]["service_account"]
    assert found.trust == written(shipped, product, environment, "Admin.trust")
    (statement,) = found.trust["Statement"]
    assert statement["Condition"] == {
        "StringEquals": {
            "accounts.google.com:oaud": found.arn,
            "accounts.google.com:sub": service_account["unique_id"],
        }
    }
    assert list(found.attached) == [ADMINISTRATOR]
    assert found.inline == {}
    assert found.permissions_boundary is None


@each_environment
def test_every_role_is_tagged_with_its_product_and_environment(
    shipped: Lifecycle, product: str, environment: str
) -> None:
    expected = {"Project": PRODUCTS[product]["display_name"], "Environment": environment} | SETTINGS["tags"]
    account = in_aws(shipped, product, environment)
    assert {name: found.tags for name, found in account.roles.items()} == dict.fromkeys(account.roles, expected)


def test_the_organization_holds_a_unit_per_product_and_an_account_per_environment_to_make(
    shipped: Lifecycle,
) -> None:
    creation = SETTINGS["google"]["accounts"]
    management = str(SETTINGS["accounts"][creation["account"]]["id"])
    root = shipped.aws.organization_root(management)
    wanted = [one for one in ENVIRONMENTS if PRODUCTS[one[0]]["environments"][one[1]]["account"].get("create")]
    assert wanted, "the example makes no account"
    found: Account = shipped.applied[management]
    names = {product: PRODUCTS[product]["display_name"] for product, _ in wanted}
    assert found.units == {
        name: OrganizationalUnit(name, parent=root, tags=SETTINGS["tags"]) for name in names.values()
    }
    assert found.members == {
        f"{product}-{environment}": MemberAccount(
            name=f"{product}-{environment}",
            email=creation["email"].format(product=product, environment=environment),
            parent=names[product],
            status="ACTIVE",
            tags=SETTINGS["tags"],
        )
        for product, environment in wanted
    }


def test_the_units_that_are_written_stand_under_the_parent_of_the_settings(shipped: Lifecycle) -> None:
    stack = json.loads(shipped.contents["stacks/google-accounts/cdk.tf.json"])
    units = stack["resource"]["aws_organizations_organizational_unit"].values()
    assert {unit["parent_id"] for unit in units} == {SETTINGS["google"]["accounts"]["parent_id"]}
