"""What stands in which account, by every choice of the guide: plain values, no CDKTF."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest
from tests.guide import (
    AUDIENCE,
    AUTOMATION,
    EXTERNAL_ID,
    ISSUER,
    ISSUER_NAME,
    MANAGEMENT,
    MESHCLOUD,
    METERING_EXTERNAL_ID,
    PROVIDER,
    SSO_INSTANCE,
    SUBJECT,
    TENANT,
    assert_same_statements,
    guide,
)

from rolebridge.meshstack.design import (
    MeshstackDesign,
    automation_identities,
    inherit,
    management_identities,
    meshcloud_identities,
    stack_set_target_identities,
    tenant_identities,
)
from rolebridge.policies.arn import AwsAccount
from rolebridge.policies.document import Document, VariableReference
from rolebridge.policies.identity import Identities, ManagedPolicy, Role
from rolebridge.settings.model import (
    Authentication,
    Automation,
    CloseAccounts,
    ControlTower,
    CostExplorerUser,
    IamDefaults,
    Management,
    Meshcloud,
    Meshstack,
    Metering,
    MeteringAuthentication,
    PolicyOptions,
    RoleOptions,
    ServiceUser,
    StackSetRoles,
    StackSetTargets,
    TagMatch,
    TenantImport,
    TerraformVariable,
    WorkloadIdentity,
)

SANDBOX = "123456789012"
METERING_SUBJECT = "system:serviceaccount:meshcloud-demo:metering"
IDENTITY = WorkloadIdentity(subject=SUBJECT, issuer=ISSUER, audience=AUDIENCE)
A = Authentication(workload_identity=IDENTITY)
B = Authentication(iam_user=ServiceUser())
BOTH = Authentication(workload_identity=IDENTITY, iam_user=ServiceUser())
METERING_A = MeteringAuthentication(workload_identity=WorkloadIdentity(subject=METERING_SUBJECT))
METERING_B = MeteringAuthentication(iam_user=CostExplorerUser())
METERING_BOTH = dataclasses.replace(METERING_A, iam_user=CostExplorerUser())
TARGETS = StackSetTargets(accounts=("sandbox",), statements=({"Effect": "Allow", "Action": "*", "Resource": "*"},))


def metering(authentication: MeteringAuthentication = METERING_A, **options: Any) -> Metering:
    return Metering(external_id=METERING_EXTERNAL_ID, authentication=authentication, **options)


def design(
    authentication: Authentication = A, *, iam: IamDefaults | None = None, partition: str = "aws", **options: Any
) -> MeshstackDesign:
    """The guide's accounts with metering, tenants and a stack set target, unless ``options`` say otherwise."""
    ids = {
        "management": MANAGEMENT,
        "meshcloud": MESHCLOUD,
        "automation": AUTOMATION,
        "sandbox": SANDBOX,
        "tenant": TENANT,
    }
    chosen: dict[str, Any] = {
        "external_id": EXTERNAL_ID,
        "authentication": authentication,
        "management": Management(sso_instance_arn=SSO_INSTANCE),
        "automation": Automation(stack_set_roles=StackSetRoles(targets=TARGETS)),
        "metering": metering(),
        "tenant_import": TenantImport(accounts=("tenant",)),
    } | options
    accounts = {name: AwsAccount(number, partition) for name, number in ids.items()}
    return MeshstackDesign(Meshstack(**chosen), accounts, iam or IamDefaults())


def roles(made: Identities) -> dict[str, Role]:
    return {role.key: role for role in made.roles}


def documents(made: Identities) -> dict[str, Document]:
    return dict(made.written_documents())


def principals(role: Role) -> Any:
    (statement,) = role.trust["Statement"]
    return statement["Principal"]["AWS"]


def external_ids(policy: Document) -> list[Any]:
    return [statement["Condition"]["StringEquals"]["sts:ExternalId"] for statement in policy["Statement"]]


# --- the whole guide --------------------------------------------------------------------------------------------------


def test_the_defaults_give_the_guides_documents_under_the_guides_names() -> None:
    whole = design(BOTH)
    meshcloud, management = meshcloud_identities(whole), management_identities(whole)
    automation, tenant = automation_identities(whole), tenant_identities(whole, "tenant")
    made = documents(meshcloud) | documents(management) | documents(automation) | documents(tenant)
    printed = {
        "MeshstackAssumeRolePolicy": guide("meshcloud--MeshstackAssumeRolePolicy.policy"),
        "MeshstackAssumeRoleIF.trust": guide("meshcloud--MeshstackAssumeRoleIF.trust"),
        "CostExplorerRole.trust": guide(
            "meshcloud--CostExplorerRole.trust", replicator_subject_from_meshStack=METERING_SUBJECT
        ),
        "MeshfedServiceRolePolicy": guide("management--MeshfedServiceRole.policy"),
        "MeshfedServiceRole.trust": guide("management--MeshfedServiceRole.trust"),
        "MeshCostExplorerServiceRolePolicy": guide("management--MeshCostExplorerServiceRole.policy"),
        "MeshCostExplorerServiceRole.trust": guide("management--MeshCostExplorerServiceRole.trust"),
        "MeshfedAutomationRolePolicy": guide("automation--MeshfedAutomationRole.policy"),
        "MeshfedAutomationRole.trust": guide("automation--MeshfedAutomationRole.trust"),
        "AWSCloudFormationStackSetAdministrationRolePolicy": guide(
            "automation--AWSCloudFormationStackSetAdministrationRole.policy"
        ),
        "AWSCloudFormationStackSetAdministrationRole.trust": guide(
            "automation--AWSCloudFormationStackSetAdministrationRole.trust"
        ),
        "MeshstackAccountAccessRole.trust": guide("tenant--MeshstackAccountAccessRole.trust"),
        "MeshstackAccountAccessRole.downgraded": guide("tenant--downgraded-access-role.policy"),
    }
    for name, expected in printed.items():
        assert_same_statements(made.pop(name), expected)
    repaired = made.pop("CostExplorerPolicy")["Statement"][0]
    assert repaired["Resource"] == f"arn:aws:iam::{MANAGEMENT}:role/MeshCostExplorerServiceRole"
    assert made == {}


def test_every_identity_is_called_as_in_the_guide_and_has_that_name_as_its_key() -> None:
    whole = design(BOTH, metering=metering(METERING_BOTH))
    meshcloud = meshcloud_identities(whole)
    assert [role.name for role in meshcloud.roles] == ["MeshstackAssumeRoleIF", "CostExplorerRole"]
    assert [user.name for user in meshcloud.users] == ["meshfed-service-user", "cost-explorer-user"]
    every = [meshcloud, management_identities(whole), automation_identities(whole), tenant_identities(whole, "tenant")]
    for made in every:
        for part in (*made.roles, *made.users, *made.policies()):
            assert part.key == part.name


# --- authentication ---------------------------------------------------------------------------------------------------

ROLE_ARN = f"arn:aws:iam::{MESHCLOUD}:role/MeshstackAssumeRoleIF"
USER_ARN = f"arn:aws:iam::{MESHCLOUD}:user/meshfed-service-user"


@pytest.mark.parametrize(
    ("authentication", "made_roles", "made_users", "trusted"),
    [
        (A, ["MeshstackAssumeRoleIF"], [], ROLE_ARN),
        (B, [], ["meshfed-service-user"], USER_ARN),
        (BOTH, ["MeshstackAssumeRoleIF"], ["meshfed-service-user"], [ROLE_ARN, USER_ARN]),
    ],
    ids=["A", "B", "both"],
)
def test_the_other_accounts_trust_exactly_the_principals_that_are_made(
    authentication: Authentication, made_roles: list[str], made_users: list[str], trusted: Any
) -> None:
    chosen = design(authentication, metering=None)
    meshcloud = meshcloud_identities(chosen)
    assert [role.name for role in meshcloud.roles] == made_roles
    assert [user.name for user in meshcloud.users] == made_users
    assert principals(roles(management_identities(chosen))["MeshfedServiceRole"]) == trusted
    assert principals(roles(automation_identities(chosen))["MeshfedAutomationRole"]) == trusted


@pytest.mark.parametrize(
    ("authentication", "made_roles", "made_users", "trusted"),
    [
        (METERING_A, ["CostExplorerRole"], [], "role/CostExplorerRole"),
        (METERING_B, [], ["cost-explorer-user"], "user/cost-explorer-user"),
        (
            METERING_BOTH,
            ["CostExplorerRole"],
            ["cost-explorer-user"],
            ["role/CostExplorerRole", "user/cost-explorer-user"],
        ),
    ],
    ids=["A", "B", "both"],
)
def test_meterings_service_role_trusts_exactly_the_principals_that_metering_makes(
    authentication: MeteringAuthentication, made_roles: list[str], made_users: list[str], trusted: Any
) -> None:
    chosen = design(A, metering=metering(authentication))
    meshcloud = meshcloud_identities(chosen)
    assert [role.name for role in meshcloud.roles][1:] == made_roles
    assert [user.name for user in meshcloud.users] == made_users
    prefix = f"arn:aws:iam::{MESHCLOUD}:"
    expected = prefix + trusted if isinstance(trusted, str) else [prefix + name for name in trusted]
    assert principals(roles(management_identities(chosen))["MeshCostExplorerServiceRole"]) == expected


@pytest.mark.parametrize("authentication", [A, B, BOTH], ids=["A", "B", "both"])
def test_role_and_user_carry_the_same_policy_made_once(authentication: Authentication) -> None:
    made = meshcloud_identities(design(authentication, metering=None))
    holders = [*made.roles, *made.users]
    assert [policy.name for policy in made.policies()] == ["MeshstackAssumeRolePolicy"]
    for holder in holders:
        assert [policy.name for policy in holder.policies if isinstance(policy, ManagedPolicy)] == [
            "MeshstackAssumeRolePolicy"
        ]


def test_a_renamed_principal_is_trusted_under_its_new_name_and_path() -> None:
    chosen = design(
        dataclasses.replace(BOTH, iam_user=ServiceUser(name="joe", path="/u/")),
        meshcloud=Meshcloud(role=RoleOptions(name="Other", path="/r/")),
    )
    trusted = [f"arn:aws:iam::{MESHCLOUD}:role/r/Other", f"arn:aws:iam::{MESHCLOUD}:user/u/joe"]
    assert principals(roles(management_identities(chosen))["MeshfedServiceRole"]) == trusted
    assert principals(roles(automation_identities(chosen))["MeshfedAutomationRole"]) == trusted


def test_what_may_be_assumed_is_what_is_made_whatever_its_name_and_path() -> None:
    chosen = design(
        management=Management(sso_instance_arn=SSO_INSTANCE, role=RoleOptions(name="M", path="/m/")),
        automation=Automation(role=RoleOptions(name="X")),
        metering=metering(service_role=RoleOptions(name="C", path="/c/")),
        iam=IamDefaults(path="/d/"),
    )
    made = documents(meshcloud_identities(chosen))
    assert [part["Resource"] for part in made["MeshstackAssumeRolePolicy"]["Statement"]] == [
        f"arn:aws:iam::{MANAGEMENT}:role/m/M",
        f"arn:aws:iam::{AUTOMATION}:role/d/X",
    ]
    assert made["CostExplorerPolicy"]["Statement"][0]["Resource"] == f"arn:aws:iam::{MANAGEMENT}:role/c/C"
    trust = documents(tenant_identities(chosen, "tenant"))["MeshstackAccountAccessRole.trust"]
    assert trust["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{MANAGEMENT}:role/m/M"}


# --- OIDC providers ---------------------------------------------------------------------------------------------------


def providers(replicator: WorkloadIdentity | None, own: WorkloadIdentity | None) -> list[tuple[str, tuple[str, ...]]]:
    authentication = Authentication(workload_identity=replicator, iam_user=None if replicator else ServiceUser())
    chosen = design(
        authentication,
        metering=metering(MeteringAuthentication(workload_identity=own, iam_user=None if own else CostExplorerUser())),
    )
    return [(provider.issuer, provider.audiences) for provider in meshcloud_identities(chosen).providers]


OTHER = WorkloadIdentity(subject="m", issuer="https://other.example.com", audience="other")


@pytest.mark.parametrize(
    ("replicator", "own", "expected"),
    [
        (IDENTITY, WorkloadIdentity(subject="m"), [(ISSUER, (AUDIENCE,))]),
        (IDENTITY, WorkloadIdentity(subject="m", audience="own"), [(ISSUER, (AUDIENCE, "own"))]),
        (IDENTITY, WorkloadIdentity(subject="m", audience=AUDIENCE, issuer=ISSUER), [(ISSUER, (AUDIENCE,))]),
        (IDENTITY, OTHER, [(ISSUER, (AUDIENCE,)), ("https://other.example.com", ("other",))]),
        (IDENTITY, None, [(ISSUER, (AUDIENCE,))]),
        (None, OTHER, [("https://other.example.com", ("other",))]),
        (None, None, []),
        (dataclasses.replace(IDENTITY, provider_arn=PROVIDER), WorkloadIdentity(subject="m", audience="own"), []),
        (
            dataclasses.replace(IDENTITY, provider_arn=PROVIDER),
            OTHER,
            [("https://other.example.com", ("other",))],
        ),
    ],
    ids=[
        "same issuer and audience",
        "same issuer, two audiences",
        "same again, said out loud",
        "two issuers",
        "metering without",
        "metering alone",
        "neither",
        "existing provider",
        "existing and another",
    ],
)
def test_there_is_one_provider_for_each_issuer_with_the_audiences_of_all_who_come_with_it(
    replicator: WorkloadIdentity | None,
    own: WorkloadIdentity | None,
    expected: list[tuple[str, tuple[str, ...]]],
) -> None:
    assert providers(replicator, own) == expected


def test_an_existing_provider_is_trusted_and_waited_for_by_nobody() -> None:
    existing = dataclasses.replace(IDENTITY, provider_arn=PROVIDER)
    made = meshcloud_identities(design(Authentication(workload_identity=existing)))
    for role in made.roles:
        assert role.trust["Statement"][0]["Principal"] == {"Federated": PROVIDER}
        assert role.after == ()


def test_a_role_waits_for_the_provider_of_its_own_issuer() -> None:
    chosen = design(A, metering=metering(MeteringAuthentication(workload_identity=OTHER)))
    made = meshcloud_identities(chosen)
    keys = {provider.issuer: provider.key for provider in made.providers}
    assert roles(made)["MeshstackAssumeRoleIF"].after == (keys[ISSUER],)
    assert roles(made)["CostExplorerRole"].after == (keys["https://other.example.com"],)
    federated = roles(made)["CostExplorerRole"].trust["Statement"][0]["Principal"]
    assert federated == {"Federated": f"arn:aws:iam::{MESHCLOUD}:oidc-provider/other.example.com"}


def test_metering_takes_over_what_it_leaves_out_and_never_the_subject() -> None:
    replicator = dataclasses.replace(IDENTITY, provider_arn=PROVIDER)
    assert inherit(WorkloadIdentity(subject="own"), replicator) == dataclasses.replace(replicator, subject="own")


def test_metering_with_another_issuer_takes_over_neither_provider_nor_thumbprints() -> None:
    replicator = dataclasses.replace(IDENTITY, provider_arn=PROVIDER, thumbprints=("0" * 40,))
    own = inherit(WorkloadIdentity(subject="own", issuer="https://other.example.com"), replicator)
    assert (own.provider_arn, own.thumbprints, own.audience) == (None, (), AUDIENCE)


def test_thumbprints_of_all_who_come_with_an_issuer_are_the_providers_each_once() -> None:
    replicator = dataclasses.replace(IDENTITY, thumbprints=("1" * 40, "2" * 40))
    own = WorkloadIdentity(subject="m", thumbprints=("2" * 40, "3" * 40))
    chosen = design(
        Authentication(workload_identity=replicator),
        metering=metering(MeteringAuthentication(workload_identity=own)),
    )
    (provider,) = meshcloud_identities(chosen).providers
    assert provider.thumbprints == ("1" * 40, "2" * 40, "3" * 40)


@pytest.mark.parametrize("missing", ["issuer", "audience"])
def test_a_workload_identity_without_issuer_or_audience_is_refused(missing: str) -> None:
    incomplete = dataclasses.replace(IDENTITY, **{missing: None})
    with pytest.raises(ValueError, match="needs an issuer and an audience"):
        meshcloud_identities(design(Authentication(workload_identity=incomplete)))


# --- what is left out -------------------------------------------------------------------------------------------------


def test_without_automation_nobody_may_take_its_role() -> None:
    chosen = design(automation=None)
    policy = documents(meshcloud_identities(chosen))["MeshstackAssumeRolePolicy"]
    assert [part["Resource"] for part in policy["Statement"]] == [f"arn:aws:iam::{MANAGEMENT}:role/MeshfedServiceRole"]
    with pytest.raises(ValueError, match="no automation account"):
        automation_identities(chosen)
    with pytest.raises(ValueError, match="no target accounts"):
        stack_set_target_identities(chosen, "sandbox")


def test_without_metering_nothing_of_it_is_anywhere() -> None:
    chosen = design(BOTH, metering=None)
    everything = [meshcloud_identities(chosen), management_identities(chosen), automation_identities(chosen)]
    names = [name for made in everything for name in (*documents(made), *made.outputs)]
    assert not [name for name in names if "CostExplorer" in name or "metering" in name]


def test_without_stack_set_roles_the_automation_role_stands_alone() -> None:
    chosen = design(automation=Automation(stack_set_roles=StackSetRoles(enabled=False)))
    assert list(roles(automation_identities(chosen))) == ["MeshfedAutomationRole"]


# --- options ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("close", "conditions"),
    [
        (None, []),
        (CloseAccounts(organization_paths=("o-1/r-1/ou-1/*",)), ["ForAnyValue:StringLike"]),
        (CloseAccounts(tags=TagMatch(any_of={"a": ("1",), "b": ("2",)})), ["StringEquals", "StringEquals"]),
        (CloseAccounts(tags=TagMatch(all_of={"a": ("1",), "b": ("2",)})), ["StringEquals"]),
    ],
    ids=["not at all", "by path", "any tag", "all tags"],
)
def test_accounts_are_closed_as_chosen(close: CloseAccounts | None, conditions: list[str]) -> None:
    chosen = design(management=Management(sso_instance_arn=SSO_INSTANCE, close_accounts=close))
    policy = documents(management_identities(chosen))["MeshfedServiceRolePolicy"]
    closing = [part for part in policy["Statement"] if part["Action"] == "organizations:CloseAccount"]
    assert [next(iter(part["Condition"])) for part in closing] == conditions


def test_control_tower_brings_its_policy_awss_two_and_the_portfolio_to_the_service_role() -> None:
    tower = ControlTower(portfolio_id="port-abcdefghijklm", product_id="prod-abcdefghijklm")
    chosen = design(management=Management(sso_instance_arn=SSO_INSTANCE, control_tower=tower))
    made = management_identities(chosen)
    role = roles(made)["MeshfedServiceRole"]
    assert [policy if isinstance(policy, str) else policy.name for policy in role.policies] == [
        "MeshfedServiceRolePolicy",
        "AWSControlTowerAccountFactoryAccess",
        "arn:aws:iam::aws:policy/AWSServiceCatalogEndUserFullAccess",
        "arn:aws:iam::aws:policy/AWSServiceCatalogAdminReadOnlyAccess",
    ]
    assert_same_statements(
        documents(made)["AWSControlTowerAccountFactoryAccess"],
        guide("management--MeshfedServiceRole.control-tower-policy"),
    )
    (access,) = made.portfolio_access
    assert (access.portfolio_id, access.role) == ("port-abcdefghijklm", role)
    assert made.outputs["enrollment_account_factory_product_id"] == "prod-abcdefghijklm"


def test_without_control_tower_the_service_role_has_one_policy_and_no_portfolio() -> None:
    made = management_identities(design())
    assert len(roles(made)["MeshfedServiceRole"].policies) == 1
    assert made.portfolio_access == ()


@pytest.mark.parametrize(
    ("trust", "principal"),
    [
        ("administration_role", f"arn:aws:iam::{AUTOMATION}:role/s/Admin"),
        ("automation_account", f"arn:aws:iam::{AUTOMATION}:root"),
    ],
)
def test_a_target_trusts_the_administration_role_or_its_account(trust: Any, principal: str) -> None:
    chosen = design(
        automation=Automation(
            stack_set_roles=StackSetRoles(
                role=RoleOptions(name="Admin", path="/s/"), targets=dataclasses.replace(TARGETS, trust=trust)
            )
        )
    )
    (role,) = stack_set_target_identities(chosen, "sandbox").roles
    assert role.trust["Statement"] == [{"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}]


def test_the_execution_role_stands_at_the_root_because_cloudformation_looks_for_its_bare_name() -> None:
    chosen = design(iam=IamDefaults(path="/elsewhere/"))
    (role,) = stack_set_target_identities(chosen, "sandbox").roles
    assert role.path == "/"
    administration = documents(automation_identities(chosen))["AWSCloudFormationStackSetAdministrationRolePolicy"]
    assert administration["Statement"][0]["Resource"] == f"arn:aws:iam::*:role/{role.name}"


def test_the_administration_role_may_take_the_execution_role_under_its_own_name() -> None:
    targets = dataclasses.replace(TARGETS, role=RoleOptions(name="Exec", path="/"))
    chosen = design(automation=Automation(stack_set_roles=StackSetRoles(targets=targets)))
    administration = documents(automation_identities(chosen))["AWSCloudFormationStackSetAdministrationRolePolicy"]
    assert administration["Statement"][0]["Resource"] == "arn:aws:iam::*:role/Exec"


def test_a_target_has_what_the_operator_states_and_the_managed_policies_of_its_own_account() -> None:
    targets = dataclasses.replace(
        TARGETS,
        managed_policies=(
            "arn:{partition}:iam::aws:policy/ReadOnlyAccess",
            "arn:{partition}:iam::{account_id}:policy/Own",
        ),
    )
    chosen = design(automation=Automation(stack_set_roles=StackSetRoles(targets=targets)), partition="aws-us-gov")
    (role,) = stack_set_target_identities(chosen, "sandbox").roles
    own, *managed = role.policies
    assert isinstance(own, ManagedPolicy)
    assert own.document["Statement"] == [dict(statement) for statement in TARGETS.statements]
    assert managed == [
        "arn:aws-us-gov:iam::aws:policy/ReadOnlyAccess",
        f"arn:aws-us-gov:iam::{SANDBOX}:policy/Own",
    ]


def test_a_tenant_is_administered_and_the_downgraded_policy_is_written_for_later() -> None:
    made = tenant_identities(design(), "tenant")
    (role,) = made.roles
    assert role.policies == ("arn:aws:iam::aws:policy/AdministratorAccess",)
    assert list(made.documents) == ["MeshstackAccountAccessRole.downgraded"]


def test_a_downgraded_tenant_never_has_administrator_access() -> None:
    chosen = design(
        tenant_import=TenantImport(
            accounts=("tenant",), permissions="downgraded", policy=PolicyOptions(name="Section9")
        )
    )
    made = tenant_identities(chosen, "tenant")
    (policy,) = made.roles[0].policies
    assert isinstance(policy, ManagedPolicy)
    assert policy.name == "Section9"
    assert_same_statements(policy.document, guide("tenant--downgraded-access-role.policy"))
    assert made.documents == {}


def test_the_access_role_stands_at_the_root_under_the_name_that_the_service_role_may_take() -> None:
    chosen = design(account_access_role=RoleOptions(name="Access", path="/"), iam=IamDefaults(path="/elsewhere/"))
    (role,) = tenant_identities(chosen, "tenant").roles
    assert (role.name, role.path) == ("Access", "/")
    policy = documents(management_identities(chosen))["MeshfedServiceRolePolicy"]
    assert policy["Statement"][0]["Resource"] == "arn:aws:iam::*:role/Access"
    downgraded = tenant_identities(chosen, "tenant").documents["Access.downgraded"]
    assert downgraded["Statement"][3]["Resource"] == f"arn:aws:iam::{TENANT}:role/Access"


# --- external ids -----------------------------------------------------------------------------------------------------


def every_external_id(chosen: MeshstackDesign) -> dict[str, list[Any]]:
    made = (
        documents(meshcloud_identities(chosen))
        | documents(management_identities(chosen))
        | documents(automation_identities(chosen))
    )
    names = [
        "MeshstackAssumeRolePolicy",
        "MeshfedServiceRole.trust",
        "MeshfedAutomationRole.trust",
        "CostExplorerPolicy",
        "MeshCostExplorerServiceRole.trust",
    ]
    return {name: external_ids(made[name]) for name in names}


def test_the_replicator_and_metering_each_show_their_own_external_id_on_both_sides() -> None:
    assert every_external_id(design(BOTH)) == {
        "MeshstackAssumeRolePolicy": [EXTERNAL_ID, EXTERNAL_ID],
        "MeshfedServiceRole.trust": [EXTERNAL_ID],
        "MeshfedAutomationRole.trust": [EXTERNAL_ID],
        "CostExplorerPolicy": [METERING_EXTERNAL_ID],
        "MeshCostExplorerServiceRole.trust": [METERING_EXTERNAL_ID],
    }


def test_an_external_id_left_to_a_variable_is_a_reference_everywhere_and_its_account_declares_it() -> None:
    chosen = design(
        external_id=TerraformVariable(variable="replicator"),
        metering=Metering(external_id=TerraformVariable(variable="metering"), authentication=METERING_A),
    )
    found = every_external_id(chosen)
    assert {str(value) for values in found.values() for value in values} == {"${var.replicator}", "${var.metering}"}
    assert all(isinstance(value, VariableReference) for values in found.values() for value in values)
    assert meshcloud_identities(chosen).variables() == ("replicator", "metering")
    assert management_identities(chosen).variables() == ("replicator", "metering")
    assert automation_identities(chosen).variables() == ("replicator",)
    assert tenant_identities(chosen, "tenant").variables() == ()


# --- keys are a contract ----------------------------------------------------------------------------------------------


def keys(made: Identities) -> list[str]:
    parts = (*made.providers, *made.roles, *made.users, *made.policies(), *made.portfolio_access)
    return sorted(part.key for part in parts)


def every_key(chosen: MeshstackDesign) -> Mapping[str, list[str]]:
    return {
        "meshcloud": keys(meshcloud_identities(chosen)),
        "management": keys(management_identities(chosen)),
        "automation": keys(automation_identities(chosen)),
        "target": keys(stack_set_target_identities(chosen, "sandbox")),
        "tenant": keys(tenant_identities(chosen, "tenant")),
    }


RENAMED = design(
    Authentication(workload_identity=IDENTITY, iam_user=ServiceUser(name="U1", path="/u/")),
    iam=IamDefaults(path="/p/", tags={"a": "b"}, max_session_duration=7200),
    meshcloud=Meshcloud(role=RoleOptions(name="R1"), policy=PolicyOptions(name="P1")),
    account_access_role=RoleOptions(name="R2", path="/"),
    management=Management(
        sso_instance_arn=SSO_INSTANCE, role=RoleOptions(name="R3"), policy=PolicyOptions(name="P3"), identity_store=True
    ),
    automation=Automation(
        role=RoleOptions(name="R4"),
        policy=PolicyOptions(name="P4"),
        stack_sets=("one",),
        stack_set_roles=StackSetRoles(
            role=RoleOptions(name="R5"),
            policy=PolicyOptions(name="P5"),
            confused_deputy_protection=True,
            targets=dataclasses.replace(
                TARGETS,
                role=RoleOptions(name="R6", path="/"),
                policy=PolicyOptions(name="P6"),
                trust="automation_account",
            ),
        ),
    ),
    metering=metering(
        MeteringAuthentication(
            workload_identity=WorkloadIdentity(subject="m", audience="a"), iam_user=CostExplorerUser(name="U2")
        ),
        role=RoleOptions(name="R7"),
        policy=PolicyOptions(name="P7"),
        service_role=RoleOptions(name="R8"),
        service_policy=PolicyOptions(name="P8"),
        savings_plans=False,
    ),
)


def test_names_paths_tags_and_options_rename_nothing_in_terraform() -> None:
    assert every_key(RENAMED) == every_key(design(BOTH, metering=metering(METERING_BOTH)))


def test_another_partition_or_an_external_id_as_a_variable_renames_nothing_in_terraform() -> None:
    chosen = design(partition="aws-cn", external_id=TerraformVariable(variable="x"))
    assert every_key(chosen) == every_key(design())


def provider_keys(replicator: WorkloadIdentity, own: WorkloadIdentity) -> dict[str, str]:
    chosen = design(
        Authentication(workload_identity=replicator),
        metering=metering(MeteringAuthentication(workload_identity=own)),
    )
    return {provider.issuer: provider.key for provider in meshcloud_identities(chosen).providers}


def test_the_order_of_issuers_their_audiences_and_a_second_one_rename_no_provider() -> None:
    one = provider_keys(IDENTITY, OTHER)
    other_way_round = provider_keys(
        dataclasses.replace(OTHER, subject=SUBJECT, audience="x"), dataclasses.replace(IDENTITY, subject="m")
    )
    alone = provider_keys(IDENTITY, WorkloadIdentity(subject="m"))
    assert one == other_way_round
    assert alone[ISSUER] == one[ISSUER]


def test_two_issuers_on_one_host_are_two_providers() -> None:
    first = dataclasses.replace(IDENTITY, issuer="https://a.example.com/one")
    second = dataclasses.replace(OTHER, issuer="https://a.example.com/two")
    assert len(set(provider_keys(first, second).values())) == 2


def test_the_name_of_a_provider_is_a_contract() -> None:
    assert provider_keys(IDENTITY, OTHER) == {
        ISSUER: "OidcProvider-container-googleapis-com-b12af27f",
        "https://other.example.com": "OidcProvider-other-example-com-72752fb0",
    }


# --- partitions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_no_arn_of_another_partition_is_anywhere(partition: str) -> None:
    sso = f"arn:{partition}:sso:::instance/ssoins-1234567890abcdef"
    tower = ControlTower(portfolio_id="port-abcdefghijklm")
    chosen = design(
        BOTH,
        partition=partition,
        metering=metering(METERING_BOTH),
        management=Management(sso_instance_arn=sso, control_tower=tower),
    )
    every = [
        meshcloud_identities(chosen),
        management_identities(chosen),
        automation_identities(chosen),
        stack_set_target_identities(chosen, "sandbox"),
        tenant_identities(chosen, "tenant"),
    ]
    assert "arn:aws:" not in repr(every)
    assert f"arn:{partition}:" in repr(every)


def test_the_issuers_path_stays_in_condition_keys_and_provider_arn() -> None:
    (role, _) = meshcloud_identities(design()).roles
    (statement,) = role.trust["Statement"]
    assert list(statement["Condition"]["StringEquals"]) == [f"{ISSUER_NAME}:sub", f"{ISSUER_NAME}:aud"]
