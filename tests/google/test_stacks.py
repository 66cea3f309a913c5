"""Which stacks there are and what stands in each, read from what is written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.google import (
    ADMINISTRATOR,
    DEPLOYER,
    MAIL,
    MANAGEMENT,
    PRODUCTION,
    STAGING,
    addresses,
    at,
    environment,
    one,
    policies,
    product,
    settings_of,
    stacks,
)
from tests.snapshots import REPOSITORY

from rolebridge.blueprint import blueprint, misfits
from rolebridge.google.stacks import drop_ins
from rolebridge.settings import Settings, parse_settings

BOOTSTRAP, ADMIN, MEMBERS = (f"google-hr-production-{it}" for it in ("bootstrap", "admin", "members"))
CREATION = {"accounts": {"parent_id": "r-ab12", "email": "aws+{product}-{environment}@example.org"}}
MADE = {"google_project": "hr-prod", "admin": {"service_account": None}}
"""An environment whose «AWS admin» service account is made."""


# --- the example: ids are a contract ----------------------------------------------------------------------------------

EXAMPLE = {
    "google-accounts": [
        "aws_organizations_account.account-hr-production",
        "aws_organizations_organizational_unit.unit-hr",
    ],
    "google-hr-production-admin": [
        "aws_iam_role.Admin",
        "aws_iam_role_policy_attachment.Admin-AdministratorAccess",
        "ephemeral.google_service_account_id_token.aws_terraform_deploy",
        "google_service_account.aws-admin",
        "google_service_account_iam_member.members_aws-admin-group-hr-editors-example-org-b551bbcb_FC6D120B",
    ],
    "google-hr-production-bootstrap": [
        "aws_iam_policy.TerraformDeployGuard",
        "aws_iam_policy.TerraformDeployPolicy",
        "aws_iam_role.TerraformDeploy",
        "aws_iam_role_policy_attachment.TerraformDeploy-TerraformDeployGuard",
        "aws_iam_role_policy_attachment.TerraformDeploy-TerraformDeployPolicy",
    ],
    "google-hr-staging-admin": [
        "aws_iam_role.Admin",
        "aws_iam_role_policy_attachment.Admin-AdministratorAccess",
    ],
    "google-hr-staging-bootstrap": [
        "aws_iam_policy.TerraformDeployGuard",
        "aws_iam_policy.TerraformDeployPolicy",
        "aws_iam_role.TerraformDeploy",
        "aws_iam_role_policy_attachment.TerraformDeploy-TerraformDeployGuard",
        "aws_iam_role_policy_attachment.TerraformDeploy-TerraformDeployPolicy",
    ],
    "google-hr-staging-members": [
        "google_service_account_iam_member.members_aws-admin-group-hr-editors-example-org-b551bbcb_FC6D120B",
    ],
    "google-mail-production-bootstrap": [
        "aws_iam_policy.TerraformDeployBoundary",
        "aws_iam_policy.TerraformDeployPolicy",
        "aws_iam_role.Admin",
        "aws_iam_role.TerraformDeploy",
        "aws_iam_role_policy_attachment.Admin-AdministratorAccess",
        "aws_iam_role_policy_attachment.TerraformDeploy-TerraformDeployPolicy",
    ],
    "google-mail-production-members": [
        "google_service_account_iam_member.members_aws-admin-group-mail-editors-example-org-6020dadd_16EEABE5",
    ],
}


def test_the_addresses_of_the_example_are_a_contract() -> None:
    written = REPOSITORY.glob("generated/stacks/google-*/cdk.tf.json")
    assert {file.parent.name: addresses(json.loads(file.read_bytes())) for file in written} == EXAMPLE


def test_the_settings_of_the_guide_for_newcomers_are_whole_and_give_the_stacks_that_it_names() -> None:
    guide = (REPOSITORY / "docs" / "google.md").read_text(encoding="utf-8")
    text = guide.split("```yaml\n", 1)[1].split("```", 1)[0]
    names = [stack.name for stack in blueprint(parse_settings(text, "docs/google.md", misfits))]
    assert names == ["google-hr-production-bootstrap", "google-hr-production-admin"]


# --- what stands where ------------------------------------------------------------------------------------------------

POLICY, BOUNDARY = "aws_iam_policy.TerraformDeployPolicy", "aws_iam_policy.TerraformDeployBoundary"
ROLE, ADMIN_ROLE = "aws_iam_role.TerraformDeploy", "aws_iam_role.Admin"
ATTACHED = "aws_iam_role_policy_attachment.TerraformDeploy-TerraformDeployPolicy"
GUARDED = ["aws_iam_policy.TerraformDeployGuard", "aws_iam_role_policy_attachment.TerraformDeploy-TerraformDeployGuard"]
FULL_POWER = "aws_iam_role_policy_attachment.Admin-AdministratorAccess"
ACCOUNT, TOKEN = "google_service_account.aws-admin", "ephemeral.google_service_account_id_token.aws_terraform_deploy"
GRANT = "google_service_account_iam_member"
CONTAINED, SELF_MANAGED = {"guard": "containment"}, {"self_management": True}

WHERE: dict[str, tuple[Settings, dict[str, list[str]]]] = {
    "service accounts that exist": (
        one(),
        {BOOTSTRAP: [POLICY, ROLE, ATTACHED, *GUARDED], ADMIN: [ADMIN_ROLE, FULL_POWER], MEMBERS: [GRANT]},
    ),
    "a service account to make": (
        one(**MADE),
        {BOOTSTRAP: [POLICY, ROLE, ATTACHED, *GUARDED], ADMIN: [ADMIN_ROLE, FULL_POWER, TOKEN, ACCOUNT, GRANT]},
    ),
    "a service account to make, with access of its own": (
        one(google_project="hr-prod", admin={"service_account": None, "access": {"profile": "p"}}),
        {BOOTSTRAP: [POLICY, ROLE, ATTACHED, *GUARDED], ADMIN: [ADMIN_ROLE, FULL_POWER, ACCOUNT, GRANT]},
    ),
    "containment": (
        one(terraform_deploy=CONTAINED),
        {BOOTSTRAP: [BOUNDARY, POLICY, ADMIN_ROLE, ROLE, FULL_POWER, ATTACHED], MEMBERS: [GRANT]},
    ),
    "containment without Admin": (
        one(terraform_deploy=CONTAINED, admin={"enabled": False}),
        {BOOTSTRAP: [BOUNDARY, POLICY, ROLE, ATTACHED]},
    ),
    "no Admin": (
        one(admin={"enabled": False}),
        {BOOTSTRAP: [POLICY, ROLE, ATTACHED, *GUARDED]},
    ),
    "self-management": (
        one(terraform_deploy=SELF_MANAGED),
        {BOOTSTRAP: [ROLE, ATTACHED, *GUARDED], ADMIN: [POLICY, ADMIN_ROLE, FULL_POWER], MEMBERS: [GRANT]},
    ),
    "self-management without Admin": (
        one(terraform_deploy=SELF_MANAGED, admin={"enabled": False}),
        {BOOTSTRAP: [ROLE, ATTACHED, *GUARDED], ADMIN: [POLICY]},
    ),
    "self-management and containment": (
        one(terraform_deploy=SELF_MANAGED | CONTAINED),
        {BOOTSTRAP: [BOUNDARY, ADMIN_ROLE, ROLE, FULL_POWER, ATTACHED], ADMIN: [POLICY], MEMBERS: [GRANT]},
    ),
    "an account to be made": (one({"create": True}, google=CREATION), {"google-accounts": []}),
    "only deployers": (
        settings_of(
            {
                "hr": {
                    "display_name": "HR",
                    "deployers": ["group:d@example.org"],
                    "environments": {"production": environment(admin={"enabled": False})},
                }
            }
        ),
        {BOOTSTRAP: [POLICY, ROLE, ATTACHED, *GUARDED], MEMBERS: [GRANT]},
    ),
}


def without_members_names(found: list[str]) -> list[str]:
    return sorted({GRANT if it.startswith(GRANT) else it for it in found if not it.startswith("aws_organizations")})


@pytest.mark.parametrize("what", WHERE)
def test_these_stacks_stand_with_these_resources(what: str) -> None:
    settings, expected = WHERE[what]
    found = {name: without_members_names(addresses(stack)) for name, stack in stacks(settings).items()}
    assert found == {name: sorted(there) for name, there in expected.items()}


@pytest.mark.parametrize("what", WHERE)
def test_a_role_keeps_its_name_in_terraform_wherever_it_stands(what: str) -> None:
    for stack in stacks(WHERE[what][0]).values():
        for address in (it for it in addresses(stack) if it.startswith("aws_iam_role.")):
            assert at(stack, address)["name"] == address.partition(".")[2]


def test_deployers_stand_with_the_service_account_that_is_made() -> None:
    made = stacks(settings_of({"hr": product({"production": environment(**MADE)}, deployers=["group:d@example.org"])}))
    members = [at(made[ADMIN], it) for it in addresses(made[ADMIN]) if it.startswith(GRANT)]
    assert MEMBERS not in made
    assert [(it["member"], it["service_account_id"]) for it in members] == [
        ("group:hr-editors@example.org", "${google_service_account.aws-admin.name}"),
        ("group:d@example.org", f"projects/-/serviceAccounts/{DEPLOYER['email']}"),
    ]


# --- providers --------------------------------------------------------------------------------------------------------


def test_where_the_service_accounts_exist_no_stack_has_both_clouds() -> None:
    made = stacks(one())
    assert {name: sorted(stack["provider"]) for name, stack in made.items()} == {
        BOOTSTRAP: ["aws"],
        ADMIN: ["aws"],
        MEMBERS: ["google"],
    }
    assert {name: sorted(stack["terraform"]["required_providers"]) for name, stack in made.items()} == {
        BOOTSTRAP: ["aws"],
        ADMIN: ["aws"],
        MEMBERS: ["google"],
    }


def test_the_admin_stack_works_as_terraform_deploy_with_a_token_for_it_and_in_its_account_alone() -> None:
    admin = stacks(one(region="eu-west-2", **MADE))[ADMIN]
    role = f"arn:aws:iam::{PRODUCTION}:role/TerraformDeploy"
    assert admin["ephemeral"]["google_service_account_id_token"] == {
        "aws_terraform_deploy": {
            "target_service_account": DEPLOYER["email"],
            "target_audience": role,
            "include_email": True,
        }
    }
    assert admin["provider"]["google"] == [{"project": "hr-prod"}]
    assert admin["provider"]["aws"] == [
        {
            "region": "eu-west-2",
            "allowed_account_ids": [PRODUCTION],
            "assume_role_with_web_identity": [
                {
                    "role_arn": role,
                    "session_name": "terraform",
                    "web_identity_token": "${ephemeral.google_service_account_id_token.aws_terraform_deploy.id_token}",
                }
            ],
            "default_tags": [{"tags": {"Project": "Human Resources", "Environment": "production"}}],
        }
    ]


def test_admin_trusts_the_account_that_the_same_stack_makes_and_so_comes_after_it() -> None:
    admin = stacks(one(**MADE))[ADMIN]
    assert "${google_service_account.aws-admin.unique_id}" in at(admin, ADMIN_ROLE)["assume_role_policy"]
    assert at(admin, ACCOUNT) == {"account_id": "aws-admin", "display_name": "AWS admin", "project": "hr-prod"}


def test_admin_has_full_permissions_and_the_longest_session_unless_told_otherwise() -> None:
    plain = stacks(one())[ADMIN]
    assert at(plain, ADMIN_ROLE)["max_session_duration"] == 43200
    assert at(plain, FULL_POWER)["policy_arn"] == "arn:aws:iam::aws:policy/AdministratorAccess"
    own = {
        "managed_policies": ["arn:{partition}:iam::{account_id}:policy/Mine"],
        "role": {"max_session_duration": 3600},
    }
    chosen = stacks(one(admin=own))[ADMIN]
    assert at(chosen, ADMIN_ROLE)["max_session_duration"] == 3600
    mine = at(chosen, "aws_iam_role_policy_attachment.Admin-own-Mine")
    assert mine["policy_arn"] == f"arn:aws:iam::{PRODUCTION}:policy/Mine"
    assert FULL_POWER not in addresses(chosen)


def test_the_bootstrap_is_applied_as_the_administrator_and_the_admin_stack_is_not() -> None:
    access = {"assume_role": {"role_arn": "arn:aws:iam::{account_id}:role/Org"}}
    made = stacks(one(access=access))
    assert made[BOOTSTRAP]["provider"]["aws"][0]["assume_role"] == [{"role_arn": f"arn:aws:iam::{PRODUCTION}:role/Org"}]
    assert "assume_role" not in made[ADMIN]["provider"]["aws"][0]


def test_stacks_depend_on_those_that_have_to_be_applied_before() -> None:
    after = {it.name: it.after for it in blueprint(one(**MADE))}
    assert after == {BOOTSTRAP: (), ADMIN: (BOOTSTRAP,)}


def test_each_stack_has_a_state_of_its_own() -> None:
    made = stacks(one(backend={"s3": {"bucket": "states", "key": "hr/{stack}", "region": "eu-west-1"}}))
    keys = [stack["terraform"]["backend"]["s3"]["key"] for stack in made.values()]
    assert keys == [f"hr/{name}" for name in made]


# --- containment ------------------------------------------------------------------------------------------------------


def test_with_containment_terraform_deploy_has_the_boundary_after_it_is_made_and_admin_has_none() -> None:
    bootstrap = stacks(one(terraform_deploy=CONTAINED))[BOOTSTRAP]
    role = at(bootstrap, ROLE)
    assert role["permissions_boundary"] == f"arn:aws:iam::{PRODUCTION}:policy/TerraformDeployBoundary"
    assert role["depends_on"] == [BOUNDARY]
    assert "permissions_boundary" not in at(bootstrap, ADMIN_ROLE)


def test_the_copy_of_each_policy_is_what_the_stack_makes() -> None:
    chosen = one(terraform_deploy=CONTAINED)
    bootstrap = stacks(chosen)[BOOTSTRAP]
    written = {at(bootstrap, it)["name"]: json.loads(at(bootstrap, it)["policy"]) for it in (POLICY, BOUNDARY)}
    copies = policies(chosen)
    assert {name: copies[name] for name in written} == written
    assert sorted(copies) == [
        "Admin.trust",
        "TerraformDeploy",
        "TerraformDeploy.trust",
        "TerraformDeployBoundary",
    ]


# --- self-management --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("guard", ["accident", "containment"])
def test_the_policy_moves_into_the_admin_stack_without_being_destroyed(guard: str) -> None:
    before = stacks(one(terraform_deploy={"guard": guard}))
    after = stacks(one(terraform_deploy={"guard": guard, **SELF_MANAGED}))
    arn = f"arn:aws:iam::{PRODUCTION}:policy/TerraformDeploy"
    assert "removed" not in before[BOOTSTRAP]
    assert after[BOOTSTRAP]["removed"] == [{"from": POLICY, "lifecycle": {"destroy": False}}]
    assert after[ADMIN]["import"] == [{"to": POLICY, "id": arn}]
    gone = set(addresses(before[BOOTSTRAP])) - set(addresses(after[BOOTSTRAP]))
    assert gone == {POLICY}
    assert at(after[BOOTSTRAP], ATTACHED)["policy_arn"] == arn
    old, new = at(before[BOOTSTRAP], POLICY), at(after[ADMIN], POLICY)
    assert (old["name"], old["path"], old["policy"]) == (new["name"], new["path"], new["policy"])


def test_everything_else_of_aws_in_the_admin_stack_comes_after_the_policy() -> None:
    admin = stacks(one(terraform_deploy=SELF_MANAGED, **MADE))[ADMIN]
    assert at(admin, ADMIN_ROLE)["depends_on"] == [POLICY]
    assert at(admin, FULL_POWER)["role"] == "${aws_iam_role.Admin.name}"
    assert [it for it in addresses(admin) if it.startswith("aws_")] == sorted([POLICY, ADMIN_ROLE, FULL_POWER])


def test_the_self_managed_policy_is_still_copied_for_review_once() -> None:
    assert policies(one(terraform_deploy=SELF_MANAGED))["TerraformDeploy"]["Statement"][0] == MAIL


# --- accounts ---------------------------------------------------------------------------------------------------------


def organization(products: dict[str, Any], **creation: Any) -> Any:
    google = {"accounts": CREATION["accounts"] | creation, "shared_service_accounts": True}
    return stacks(settings_of(products, google))["google-accounts"]


def test_each_product_has_a_unit_and_each_account_stands_in_its_products() -> None:
    def new(**more: Any) -> dict[str, Any]:
        return environment({"create": True, **more})

    made = organization(
        {
            "hr": product({"production": new(), "staging": new(name="HR staging", email="hr@example.org")}),
            "mail": product({"production": new(tags={"Team": "mail"})}, display_name="Mail"),
            "old": product({"production": environment()}, display_name="Old"),
        }
    )
    units = made["resource"]["aws_organizations_organizational_unit"]
    assert {name: (it["name"], it["parent_id"]) for name, it in units.items()} == {
        "unit-hr": ("Human Resources", "r-ab12"),
        "unit-mail": ("Mail", "r-ab12"),
    }
    accounts = made["resource"]["aws_organizations_account"]
    assert {name: (it["name"], it["email"], it["parent_id"], it.get("tags")) for name, it in accounts.items()} == {
        "account-hr-production": (
            "hr-production",
            "aws+hr-production@example.org",
            "${aws_organizations_organizational_unit.unit-hr.id}",
            None,
        ),
        "account-hr-staging": (
            "HR staging",
            "hr@example.org",
            "${aws_organizations_organizational_unit.unit-hr.id}",
            None,
        ),
        "account-mail-production": (
            "mail-production",
            "aws+mail-production@example.org",
            "${aws_organizations_organizational_unit.unit-mail.id}",
            {"Team": "mail"},
        ),
    }
    assert made["provider"]["aws"][0]["allowed_account_ids"] == [MANAGEMENT]


def test_accounts_and_units_are_protected_against_destruction_and_never_closed() -> None:
    made = organization({"hr": product({"production": environment({"create": True})})}, role_name="OrgAdmin")
    account = at(made, "aws_organizations_account.account-hr-production")
    unit = at(made, "aws_organizations_organizational_unit.unit-hr")
    assert account["lifecycle"] == {"prevent_destroy": True, "ignore_changes": ["role_name"]}
    assert unit["lifecycle"] == {"prevent_destroy": True}
    assert account["close_on_deletion"] is False
    assert account["role_name"] == "OrgAdmin"


def test_an_account_without_its_id_has_only_its_account_until_the_id_is_known() -> None:
    unknown, known = one({"create": True}, google=CREATION), one({"create": True, "id": PRODUCTION}, google=CREATION)
    assert list(stacks(unknown)) == ["google-accounts"]
    assert drop_ins(unknown) == {}
    assert list(stacks(known)) == ["google-accounts", BOOTSTRAP, ADMIN, MEMBERS]
    assert stacks(known)["google-accounts"] == stacks(unknown)["google-accounts"]
    assert list(stacks(unknown)["google-accounts"]["output"].values()) == [
        {"value": "${aws_organizations_account.account-hr-production.id}"}
    ]


def test_an_account_that_exists_is_left_alone_beside_one_that_is_made() -> None:
    made = organization(
        {"hr": product({"production": environment(), "staging": environment({"create": True, "id": STAGING})})}
    )
    assert list(made["resource"]["aws_organizations_account"]) == ["account-hr-staging"]
    assert PRODUCTION not in json.dumps(made)


def test_without_an_account_to_make_there_is_no_stack_for_accounts() -> None:
    assert "google-accounts" not in stacks(one(google=CREATION))


# --- many -------------------------------------------------------------------------------------------------------------


def test_a_product_with_twenty_environments_stays_readable_and_gives_forty_stacks_and_more() -> None:
    lines = [
        "region: eu-west-1",
        "backend: {local: {}}",
        f'accounts: {{management: {{id: "{MANAGEMENT}"}}}}',
        "google:",
        "  defaults: {terraform_deploy: {statements: [{Effect: Allow, Action: 'ses:*', Resource: '*'}]}}",
        "  products:",
        "    hr:",
        "      display_name: Human Resources",
        "      editors: [group:hr-editors@example.org]",
        "      environments:",
    ]
    head = len(lines)
    for number in range(20):
        lines += [
            f"        e{number}:",
            f'          account: {{id: "{500000000000 + number}"}}',
            f"          google_project: hr-e{number}-1a2b",
            "          terraform_deploy:",
            "            service_accounts:",
            f"              - email: terraform-deploy@hr-e{number}-1a2b.iam.gserviceaccount.com",
            f'                unique_id: "{10**20 + number}"',
        ]
    assert (len(lines) - head) / 20 <= 8
    made = stacks(parse_settings("\n".join(lines), "settings.yaml", misfits))
    assert sorted(made) == sorted(f"google-hr-e{number}-{it}" for number in range(20) for it in ("admin", "bootstrap"))


def test_the_order_of_environments_changes_no_stack() -> None:
    other = {"email": "t@hr-stag.iam.gserviceaccount.com", "unique_id": "104444444444444444444"}
    staging = environment(STAGING, terraform_deploy={"service_accounts": [other]}, admin={"enabled": False})
    both = {"production": environment(), "staging": staging}
    one_way = stacks(settings_of({"hr": product(both)}))
    other_way = stacks(settings_of({"hr": product(dict(reversed(both.items())))}))
    assert one_way == other_way
    assert ADMINISTRATOR["unique_id"] in json.dumps(one_way[ADMIN])
