"""What stands in an environment's account, as plain values: who is trusted, who may mint tokens, what is made."""

from __future__ import annotations

from typing import Any

import pytest
from tests.google import (
    ADMINISTRATOR,
    DEPLOYER,
    MANAGEMENT,
    PRODUCTION,
    STAGING,
    environment,
    one,
    product,
    settings_of,
    written_settings,
)

from rolebridge.blueprint import blueprint
from rolebridge.google.design import GoogleDesign, GoogleSide, google_side
from rolebridge.google.stacks import design_of, target_of
from rolebridge.settings import Settings
from rolebridge.settings.defaults import complete

OPEN_ID, TOKEN_CREATOR = "roles/iam.serviceAccountOpenIdTokenCreator", "roles/iam.serviceAccountTokenCreator"
EDITORS = "group:hr-editors@example.org"


def design(settings: Settings, name: str = "production") -> GoogleDesign:
    assert settings.google is not None
    return design_of(settings, settings.google, "hr", name)


def side(settings: Settings) -> GoogleSide:
    return google_side(design(settings))


def grants(settings: Settings) -> list[tuple[str, str, str]]:
    return [(grant.service_account, grant.role, grant.member) for grant in side(settings).grants]


# --- who may mint tokens ----------------------------------------------------------------------------------------------


def test_the_products_editors_may_mint_identity_tokens_of_the_admin_service_account_and_nothing_else() -> None:
    assert grants(one()) == [(f"projects/-/serviceAccounts/{ADMINISTRATOR['email']}", OPEN_ID, EDITORS)]


def test_an_environments_own_members_take_the_place_of_the_editors() -> None:
    made = grants(one(admin={"members": ["user:ann@example.org", "domain:example.org"]}))
    assert [member for _, _, member in made] == ["user:ann@example.org", "domain:example.org"]


def test_the_wider_role_that_impersonation_needs_is_given_only_on_request() -> None:
    assert [role for _, role, _ in grants(one(admin={"token_role": "impersonation"}))] == [TOKEN_CREATOR]


def deploying(deployers: list[str], **chosen: Any) -> Settings:
    return settings_of({"hr": product({"production": environment(**chosen)}, deployers=deployers)})


def test_deployers_may_mint_identity_tokens_of_every_terraform_deploy_service_account() -> None:
    second = {"email": "second@hr-prod.iam.gserviceaccount.com", "unique_id": "103333333333333333333"}
    made = deploying(
        ["group:deployers@example.org", "user:bob@example.org"],
        terraform_deploy={"service_accounts": [DEPLOYER, second]},
        admin={"enabled": False},
    )
    assert grants(made) == [
        (f"projects/-/serviceAccounts/{account['email']}", OPEN_ID, member)
        for account in (DEPLOYER, second)
        for member in ("group:deployers@example.org", "user:bob@example.org")
    ]


def test_deployers_never_get_the_wider_role_and_never_come_as_admin() -> None:
    made = grants(deploying(["group:deployers@example.org"], admin={"token_role": "impersonation"}))
    of_deployers = [(account, role) for account, role, member in made if member == "group:deployers@example.org"]
    assert of_deployers == [(f"projects/-/serviceAccounts/{DEPLOYER['email']}", OPEN_ID)]


def test_grants_have_names_of_their_own_that_say_for_what_and_for_whom() -> None:
    made = deploying(["user:a.b@example.org", "user:a-b@example.org"], admin={"members": ["user:a.b@example.org"]})
    keys = [grant.key for grant in side(made).grants]
    assert keys == [
        "aws-admin-user-a-b-example-org-415d4a23",
        "terraform-deploy-user-a-b-example-org-fc071cb0",
        "terraform-deploy-user-a-b-example-org-bb5323ae",
    ]


def test_a_further_member_renames_no_grant() -> None:
    before = {grant.member: grant.key for grant in side(one(admin={"members": ["user:b@x.org"]})).grants}
    after = {grant.member: grant.key for grant in side(one(admin={"members": ["user:a@x.org", "user:b@x.org"]})).grants}
    assert before.items() <= after.items()


def test_without_admin_nobody_may_mint_tokens_of_its_service_account() -> None:
    assert grants(one(admin={"enabled": False})) == []


# --- where Terraform works --------------------------------------------------------------------------------------------


def test_the_target_is_the_environments_own_workspace_and_region_and_its_first_service_account() -> None:
    second = {"email": "second@hr-prod.iam.gserviceaccount.com", "unique_id": "103333333333333333333"}
    made = one(workspace="prod", region="eu-west-2", terraform_deploy={"service_accounts": [second, DEPLOYER]})
    target = target_of(made, design(made))
    assert (target.workspace, target.account_id, target.region) == ("prod", PRODUCTION, "eu-west-2")
    assert target.service_account == second["email"]
    assert target.deploy_role_arn == f"arn:aws:iam::{PRODUCTION}:role/TerraformDeploy"


def test_without_its_own_the_environments_name_and_the_region_at_the_top_are_taken() -> None:
    made = one()
    target = target_of(made, design(made))
    assert (target.workspace, target.region) == ("production", "eu-west-1")


def test_an_account_without_an_id_has_no_design() -> None:
    creation = {"accounts": {"parent_id": "r-ab12", "email": "aws+{product}-{environment}@example.org"}}
    made = one({"create": True}, google=creation)
    with pytest.raises(ValueError, match="hr-production has no id yet"):
        design(made)


@pytest.mark.parametrize("partition", ["aws-us-gov", "aws-cn"])
def test_another_partition_is_everywhere(partition: str) -> None:
    region = {"aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}[partition]
    made = one(terraform_deploy={"guard": "containment"}, top={"partition": partition, "region": region})
    text = repr(blueprint(made))
    assert "arn:aws:" not in text
    assert f"arn:{partition}:iam::{PRODUCTION}:role/TerraformDeploy" in text


# --- defaults ---------------------------------------------------------------------------------------------------------


def completed(google: Any) -> Any:
    return complete({"google": google})["google"]["products"]


def laid(everybody: Any, products: Any, own: Any) -> Any:
    """Return an environment that has defaults of three levels."""
    found = completed({"defaults": everybody, "products": {"p": {"defaults": products, "environments": {"e": own}}}})
    return found["p"]["environments"]["e"]


def test_an_environment_takes_its_own_over_its_products_over_everybodys() -> None:
    made = laid(
        {"region": "r1", "workspace": "w1", "google_project": "g1"},
        {"region": "r2", "workspace": "w2"},
        {"region": "r3"},
    )
    assert made == {"region": "r3", "workspace": "w2", "google_project": "g1"}


def test_mappings_are_laid_over_each_other_key_by_key_at_any_depth() -> None:
    made = laid(
        {"terraform_deploy": {"guard": "containment", "role": {"name": "R", "tags": {"a": "1", "b": "1"}}}},
        {"terraform_deploy": {"role": {"path": "/p/", "tags": {"b": "2"}}}},
        {"terraform_deploy": {"role": {"tags": {"c": "3"}}}},
    )
    role = {"name": "R", "path": "/p/", "tags": {"a": "1", "b": "2", "c": "3"}}
    assert made == {"terraform_deploy": {"guard": "containment", "role": role}}


def test_lists_are_taken_as_a_whole() -> None:
    made = laid({"admin": {"members": ["user:a", "user:b"]}}, {}, {"admin": {"members": ["user:c"]}})
    assert made == {"admin": {"members": ["user:c"]}}


def test_an_environments_backend_and_access_take_the_place_of_the_defaults_as_a_whole() -> None:
    everybody = {"backend": {"local": {}}, "access": {"profile": "p"}, "admin": {"access": {"profile": "p"}}}
    own = {"backend": {"s3": {"bucket": "b"}}, "access": {}, "admin": {"access": {}}}
    assert laid(everybody, {}, own) == own


def test_what_one_product_has_as_defaults_reaches_no_other() -> None:
    products = {"a": {"defaults": {"region": "r"}, "environments": {"e": {}}}, "b": {"environments": {"e": {}}}}
    assert completed({"products": products})["b"] == {"environments": {"e": {}}}


def test_laying_defaults_under_leaves_what_was_read_as_it_was() -> None:
    text = written_settings(google={"defaults": {"terraform_deploy": {"role": {"tags": {"a": "1"}}}}})
    before = repr(text)
    complete(text)
    assert repr(text) == before


def test_settings_without_defaults_and_settings_with_everything_in_defaults_give_the_same() -> None:
    statements = [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]
    other = {"email": "t@hr-stag.iam.gserviceaccount.com", "unique_id": "104444444444444444444"}
    admin = {"email": "a@hr-stag.iam.gserviceaccount.com", "unique_id": "105555555555555555555"}
    staging = {"terraform_deploy": {"service_accounts": [other]}, "admin": {"service_account": admin}}

    def both(chosen: Any, google: Any = None, **of_product: Any) -> Settings:
        environments = {
            "production": environment(terraform_deploy={"statements": None, **chosen}),
            "staging": environment(
                STAGING, **staging | {"terraform_deploy": {**staging["terraform_deploy"], "statements": None, **chosen}}
            ),
        }
        return settings_of({"hr": product(environments, **of_product)}, google)

    chosen = {"statements": statements, "guard": "containment"}
    spelled_out = blueprint(both(chosen))
    assert blueprint(both({}, {"defaults": {"terraform_deploy": chosen}})) == spelled_out
    assert blueprint(both({}, defaults={"terraform_deploy": chosen})) == spelled_out


# --- accounts ---------------------------------------------------------------------------------------------------------


def test_the_same_settings_give_the_same_blueprint() -> None:
    assert repr(blueprint(one())) == repr(blueprint(one()))
    assert MANAGEMENT not in repr([it.account for it in blueprint(one())])
