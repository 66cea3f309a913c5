"""What an operator may write in ``rolebridge.yaml``, as frozen typed values.

Each class mirrors one object of ``schema.json`` (``tests/settings/test_schema.py`` holds the two together). What a
setting means, its format and its limits stand in the schema, once, where an editor can show them; the defaults stand
here, and the names among them are the guide's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Partition = Literal["aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"]
Tags = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class TerraformVariable:
    """A value that a Terraform variable of this name supplies when the stack is planned."""

    variable: str


ExternalId = str | TerraformVariable


# --- Terraform and accounts ------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class TerraformVersions:
    """The version ranges written into each stack. Google's is that of its bindings; the others have been tried."""

    required_version: str = "~> 1.11"
    aws_provider: str = "~> 5.100"
    google_provider: str = "~> 6.50"


@dataclass(frozen=True, kw_only=True)
class AssumeRole:
    """A role that the AWS provider assumes in the account before it makes anything."""

    role_arn: str
    external_id: str | None = None
    session_name: str | None = None
    duration: str | None = None


@dataclass(frozen=True, kw_only=True)
class Access:
    """How Terraform gets into an account. Neither: the ambient credentials of whoever runs it."""

    profile: str | None = None
    assume_role: AssumeRole | None = None


Backend = Mapping[str, Mapping[str, Any]]
"""One backend: its type and its arguments, with ``{stack}`` where the state key is."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """An AWS account that something stands in."""

    id: str
    region: str | None = None
    access: Access | None = None
    backend: Backend | None = None
    tags: Tags = field(default_factory=dict)


# --- IAM in general --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class IamDefaults:
    """What every role, user and policy takes that says nothing of its own."""

    path: str = "/"
    permissions_boundary: str | None = None
    max_session_duration: int = 3600
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RoleOptions:
    """What can be chosen for an IAM role; ``None`` falls back to :class:`IamDefaults`."""

    name: str
    path: str | None = None
    description: str | None = None
    max_session_duration: int | None = None
    permissions_boundary: str | None = None
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PolicyOptions:
    """What can be chosen for a customer managed policy; ``None`` falls back to :class:`IamDefaults`."""

    name: str
    path: str | None = None
    description: str | None = None
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AccessKey:
    """A long-lived access key for an IAM user, made only where this object stands."""

    pgp_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class UserOptions:
    """What can be chosen for an IAM user; ``None`` falls back to :class:`IamDefaults`."""

    name: str
    path: str | None = None
    permissions_boundary: str | None = None
    tags: Tags = field(default_factory=dict)
    access_key: AccessKey | None = None


# --- meshStack -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class WorkloadIdentity:
    """Option A of section 1: tokens of an outside issuer open the role."""

    subject: str
    issuer: str | None = None
    audience: str | None = None
    provider_arn: str | None = None
    thumbprints: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ServiceUser(UserOptions):
    """Option B of section 1: an IAM user."""

    name: str = "meshfed-service-user"


@dataclass(frozen=True, kw_only=True)
class Authentication:
    """How meshStack's replicator proves who it is: Option A, Option B, or both while moving from one to the other."""

    workload_identity: WorkloadIdentity | None = None
    iam_user: ServiceUser | None = None


@dataclass(frozen=True, kw_only=True)
class CostExplorerUser(UserOptions):
    """Option B for metering (section 10)."""

    name: str = "cost-explorer-user"


@dataclass(frozen=True, kw_only=True)
class MeteringAuthentication:
    """How meshStack's metering proves who it is; issuer and audience default to the replicator's."""

    workload_identity: WorkloadIdentity | None = None
    iam_user: CostExplorerUser | None = None


@dataclass(frozen=True, kw_only=True)
class Meshcloud:
    """The meshcloud account (section 1)."""

    account: str = "meshcloud"
    role: RoleOptions = RoleOptions(name="MeshstackAssumeRoleIF")
    policy: PolicyOptions = PolicyOptions(name="MeshstackAssumeRolePolicy")


@dataclass(frozen=True, kw_only=True)
class TagMatch:
    """Accounts recognized by their tags: tag key to the values that match."""

    any_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    all_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CloseAccounts:
    """Which accounts meshStack may close (section 2)."""

    organization_paths: tuple[str, ...] = ()
    tags: TagMatch | None = None


@dataclass(frozen=True, kw_only=True)
class ControlTower:
    """Enrollment with AWS Control Tower (section 8). The guide names only the policy's statement."""

    portfolio_id: str
    product_id: str | None = None
    actions: Literal["guide", "minimal"] = "guide"
    policy: PolicyOptions = PolicyOptions(name="AWSControlTowerAccountFactoryAccess")


@dataclass(frozen=True, kw_only=True)
class Management:
    """The management account (section 2). The guide gives its policy no name."""

    sso_instance_arn: str
    account: str = "management"
    role: RoleOptions = RoleOptions(name="MeshfedServiceRole")
    policy: PolicyOptions = PolicyOptions(name="MeshfedServiceRolePolicy")
    organizational_units: tuple[str, ...] = ()
    close_accounts: CloseAccounts | None = None
    identity_store: bool = False
    control_tower: ControlTower | None = None


@dataclass(frozen=True, kw_only=True)
class StackSetTargets:
    """The accounts that stack sets are rolled out to, and what they may make there (section 3)."""

    accounts: tuple[str, ...]
    trust: Literal["administration_role", "automation_account"] = "administration_role"
    role: RoleOptions = RoleOptions(name="AWSCloudFormationStackSetExecutionRole", path="/")
    statements: tuple[Mapping[str, Any], ...] = ()
    managed_policies: tuple[str, ...] = ()
    policy: PolicyOptions = PolicyOptions(name="AWSCloudFormationStackSetExecutionRolePolicy")


@dataclass(frozen=True, kw_only=True)
class StackSetRoles:
    """The roles of CloudFormation stack sets with self-managed permissions (section 3)."""

    enabled: bool = True
    role: RoleOptions = RoleOptions(name="AWSCloudFormationStackSetAdministrationRole")
    policy: PolicyOptions = PolicyOptions(name="AWSCloudFormationStackSetAdministrationRolePolicy")
    confused_deputy_protection: bool = False
    opt_in_regions: tuple[str, ...] = ()
    targets: StackSetTargets | None = None


@dataclass(frozen=True, kw_only=True)
class Automation:
    """The automation account (section 3). The guide gives its policy no name."""

    account: str = "automation"
    role: RoleOptions = RoleOptions(name="MeshfedAutomationRole")
    policy: PolicyOptions = PolicyOptions(name="MeshfedAutomationRolePolicy")
    lambda_functions: tuple[str, ...] = ()
    stack_sets: tuple[str, ...] = ()
    stack_set_roles: StackSetRoles = StackSetRoles()


@dataclass(frozen=True, kw_only=True)
class Metering:
    """Metering (sections 10 and 11): a role in the meshcloud account and one in the management account."""

    external_id: ExternalId
    authentication: MeteringAuthentication
    role: RoleOptions = RoleOptions(name="CostExplorerRole")
    policy: PolicyOptions = PolicyOptions(name="CostExplorerPolicy")
    service_role: RoleOptions = RoleOptions(name="MeshCostExplorerServiceRole")
    service_policy: PolicyOptions = PolicyOptions(name="MeshCostExplorerServiceRolePolicy")
    reserved_instances: bool = True
    savings_plans: bool = True


@dataclass(frozen=True, kw_only=True)
class TenantImport:
    """Unmanaged accounts that meshStack is to take over (section 12)."""

    accounts: tuple[str, ...]
    permissions: Literal["administrator", "downgraded"] = "administrator"
    policy: PolicyOptions = PolicyOptions(name="MeshstackAccountAccessRolePolicy")


@dataclass(frozen=True, kw_only=True)
class Meshstack:
    """Everything of the meshStack guide."""

    external_id: ExternalId
    authentication: Authentication
    management: Management
    meshcloud: Meshcloud = Meshcloud()
    account_access_role: RoleOptions = RoleOptions(name="MeshstackAccountAccessRole", path="/")
    automation: Automation | None = None
    metering: Metering | None = None
    tenant_import: TenantImport | None = None


# --- Google ---------------------------------------------------------------------------------------------------------


Statements = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class ServiceAccount:
    """A Google service account that exists: its e-mail, and the numeric unique id that its tokens carry."""

    email: str
    unique_id: str


@dataclass(frozen=True, kw_only=True)
class TokenConditions:
    """Conditions besides audience and subject, on request."""

    email: bool = False
    authorized_party: bool = False


@dataclass(frozen=True, kw_only=True)
class AccidentGuard:
    """What guards ``TerraformDeploy`` from changing itself by accident."""

    policy: PolicyOptions = PolicyOptions(name="TerraformDeployGuard")


@dataclass(frozen=True, kw_only=True)
class Containment:
    """What guards ``TerraformDeploy`` by a permissions boundary that it has to pass on."""

    policy: PolicyOptions = PolicyOptions(name="TerraformDeployBoundary")
    statements: Statements = ()
    protected: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TerraformDeploy:
    """The role that Terraform works as (guide, «The TerraformDeploy IAM Role»)."""

    service_accounts: tuple[ServiceAccount, ...]
    role: RoleOptions = RoleOptions(name="TerraformDeploy")
    policy: PolicyOptions = PolicyOptions(name="TerraformDeploy")
    statements: Statements = ()
    managed_policies: tuple[str, ...] = ()
    guard: Literal["accident", "containment"] = "accident"
    accident_guard: AccidentGuard = AccidentGuard()
    containment: Containment = Containment()
    self_management: bool = False
    conditions: TokenConditions = TokenConditions()


@dataclass(frozen=True, kw_only=True)
class AdminServiceAccount:
    """The Google «AWS admin» service account: one that exists (e-mail and unique id), or one to make."""

    email: str | None = None
    unique_id: str | None = None
    account_id: str = "aws-admin"
    display_name: str = "AWS admin"


@dataclass(frozen=True, kw_only=True)
class Admin:
    """The role for people (guide, «The Admin IAM Role and AWS console access»)."""

    enabled: bool = True
    service_account: AdminServiceAccount = AdminServiceAccount()
    role: RoleOptions = RoleOptions(name="Admin", max_session_duration=43200)
    managed_policies: tuple[str, ...] = ("arn:{partition}:iam::aws:policy/AdministratorAccess",)
    members: tuple[str, ...] = ()
    access: Access | None = None
    token_role: Literal["identity_tokens", "impersonation"] = "identity_tokens"
    conditions: TokenConditions = TokenConditions()


@dataclass(frozen=True, kw_only=True)
class EnvironmentAccount:
    """The environment's AWS account: its id, or that it is to be made, or both once it has been made."""

    id: str | None = None
    create: bool = False
    name: str | None = None
    email: str | None = None
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One Google project and one AWS account."""

    account: EnvironmentAccount
    terraform_deploy: TerraformDeploy
    admin: Admin = Admin()
    google_project: str | None = None
    workspace: str | None = None
    region: str | None = None
    access: Access | None = None
    backend: Backend | None = None


@dataclass(frozen=True, kw_only=True)
class DropIn:
    """The file for a Terraform configuration that exists (guide, «Terraform configuration»)."""

    token: Literal["ephemeral", "data_source"] = "ephemeral"
    alias: str | None = None
    google_provider: str | None = None


@dataclass(frozen=True, kw_only=True)
class Product:
    """A product: a Google folder, an AWS organizational unit."""

    display_name: str
    environments: Mapping[str, Environment]
    editors: tuple[str, ...] = ()
    deployers: tuple[str, ...] = ()
    drop_in: DropIn = DropIn()


@dataclass(frozen=True, kw_only=True)
class AccountCreation:
    """Where and how accounts are made (guide, «AWS account creation»)."""

    parent_id: str
    email: str
    account: str = "management"
    role_name: str = "OrganizationAccountAccessRole"


@dataclass(frozen=True, kw_only=True)
class Google:
    """Everything of the guide «Integrating AWS with our infrastructure»."""

    products: Mapping[str, Product]
    accounts: AccountCreation | None = None
    shared_accounts: bool = False
    shared_service_accounts: bool = False


# --- the whole -------------------------------------------------------------------------------------------------------


# --- the proof -------------------------------------------------------------------------------------------------------

FindingIdentifier = Literal[
    "access-key-in-plain-state",
    "account-trusted",
    "allow-not-action",
    "allow-not-principal",
    "attempt-not-as-expected",
    "audience-not-taken",
    "can-enter-another-role",
    "can-pass-a-stronger-role",
    "can-rewrite-its-policy",
    "can-widen-itself",
    "can-widen-through-a-new-role",
    "can-widen-through-another-role",
    "external-id-for-two-purposes",
    "external-id-on-one-side",
    "full-administration",
    "google-audience-not-the-role",
    "google-audience-under-aud",
    "near-a-limit",
    "other-side-not-read",
    "own-account-without-external-id",
    "permission-without-trust",
    "principal-anybody",
    "provider-of-another-account",
    "resource-no-action-takes",
    "rights-not-known",
    "role-not-made",
    "saml-without-audience",
    "service-without-source",
    "statement-covered-by-another",
    "statement-without-effect",
    "subject-of-strangers",
    "third-party-without-external-id",
    "trusted-but-not-made",
    "trusted-without-permission",
    "unknown-action",
    "user-beside-web-identity",
    "web-identity-without-audience",
    "web-identity-without-subject",
    "wildcard-in-subject",
    "wildcard-taken-literally",
]
"""The rules of ``proof/findings/rules`` by name; ``tests/proof/findings`` holds the two together."""


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """A finding of the proof that is known of and wanted so, until a day (``YYYY-MM-DD``)."""

    finding: FindingIdentifier
    where: str
    reason: str
    expires: str


@dataclass(frozen=True, kw_only=True)
class ProofSettings:
    """What the proof is told."""

    accepted: tuple[Acceptance, ...] = ()


# --- the whole -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The whole of ``rolebridge.yaml``."""

    region: str
    accounts: Mapping[str, Account] = field(default_factory=dict)
    backend: Backend
    partition: Partition = "aws"
    terraform: TerraformVersions = TerraformVersions()
    access: Access = Access()
    tags: Tags = field(default_factory=dict)
    iam: IamDefaults = IamDefaults()
    meshstack: Meshstack | None = None
    google: Google | None = None
    proof: ProofSettings = ProofSettings()
