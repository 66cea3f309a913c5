"""What stands in each account of the Google guide, from one set of choices; no CDKTF here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from rolebridge.policies import google as google_policies
from rolebridge.policies.arn import AwsAccount
from rolebridge.policies.document import Document, TerraformReference
from rolebridge.policies.identity import Attachment, Identities, Maker, ManagedPolicy, Role
from rolebridge.settings.model import (
    AccountCreation,
    AdminServiceAccount,
    Environment,
    EnvironmentAccount,
    Google,
    IamDefaults,
    Product,
    RoleOptions,
    Tags,
)

DEPLOY_ROLE = "TerraformDeploy"
DEPLOY_POLICY = "TerraformDeployPolicy"
GUARD = "TerraformDeployGuard"
BOUNDARY = "TerraformDeployBoundary"
ADMIN_ROLE = "Admin"
ADMIN_SERVICE_ACCOUNT = "aws-admin"
"""Keys: the names of the resources in Terraform."""

TOKEN_ROLES = {
    "identity_tokens": "roles/iam.serviceAccountOpenIdTokenCreator",
    "impersonation": "roles/iam.serviceAccountTokenCreator",
}
"""The right to mint identity tokens, and the wider one that gcloud's impersonation needs."""


@dataclass(frozen=True)
class GoogleDesign:
    """One environment of a product, and the account that it has.

    Attributes:
        product: the product's settings.
        name: the environment's name, which is its Terraform workspace unless it names another.
        environment: its settings.
        account: its AWS account.
        administrators: ARNs of the roles in that account that its administrator comes as, as far as they are known:
            containment protects them.
        iam: what roles and policies take that say nothing of their own.
    """

    product: Product
    name: str
    environment: Environment
    account: AwsAccount
    administrators: tuple[str, ...] = ()
    iam: IamDefaults = field(default_factory=IamDefaults)

    @cached_property
    def maker(self) -> Maker:
        """What makes identities in the account."""
        return Maker(self.account, self.iam)

    @property
    def contained(self) -> bool:
        """Whether ``TerraformDeploy`` is guarded by a boundary that it has to pass on."""
        return self.environment.terraform_deploy.guard == "containment"

    @cached_property
    def deploy_role_arn(self) -> str:
        """The ARN of ``TerraformDeploy``."""
        return self.maker.role_arn(self.environment.terraform_deploy.role)

    @cached_property
    def admin_role_arn(self) -> str:
        """The ARN of ``Admin``."""
        return self.maker.role_arn(self.environment.admin.role)

    @cached_property
    def deploy_policy_arn(self) -> str:
        """The ARN of ``TerraformDeploy``'s policy."""
        return self.maker.policy_arn(self.environment.terraform_deploy.policy)

    @cached_property
    def guard_arn(self) -> str:
        """The ARN of the accident guard's policy."""
        return self.maker.policy_arn(self.environment.terraform_deploy.accident_guard.policy)

    @cached_property
    def boundary_arn(self) -> str:
        """The ARN of the boundary that containment makes."""
        return self.maker.policy_arn(self.environment.terraform_deploy.containment.policy)

    @cached_property
    def members(self) -> tuple[str, ...]:
        """Who may come as ``Admin``: the environment's own, or the product's editors."""
        return self.environment.admin.members or self.product.editors

    @cached_property
    def makes_service_account(self) -> bool:
        """Whether the «AWS admin» service account is to be made."""
        return self.environment.admin.enabled and self.environment.admin.service_account.email is None

    def own_policies(self, role: RoleOptions, managed_policies: Sequence[str]) -> list[str]:
        """Return the ARNs of a role's policies, its boundary among them, that can be edited in its account."""
        boundary = role.permissions_boundary or self.iam.permissions_boundary
        arns = [self.account.fill_in(arn) for arn in (*managed_policies, *([boundary] if boundary else ()))]
        return [arn for arn in dict.fromkeys(arns) if arn.split(":")[4] == self.account.id]

    def deploy_policy(self) -> ManagedPolicy:
        """``TerraformDeploy``'s policy: the operator's statements, and IAM."""
        chosen = self.environment.terraform_deploy
        document = google_policies.terraform_deploy_policy(chosen.statements)
        return self.maker.policy(DEPLOY_POLICY, chosen.policy, document)


def bootstrap_identities(design: GoogleDesign) -> Identities:
    """What the account's administrator applies once: ``TerraformDeploy`` and its guard; with containment ``Admin`` too.

    Under self-management ``TerraformDeploy``'s own policy is not here: it stays attached, and its resource is released
    without being destroyed. The guard stays, so that it is never ``TerraformDeploy`` who changes it.
    """
    chosen = design.environment.terraform_deploy
    own: Attachment | ManagedPolicy = design.deploy_policy()
    released: tuple[str, ...] = ()
    if chosen.self_management:
        own = Attachment(key=DEPLOY_POLICY, arn=design.deploy_policy_arn)
        released = (f"aws_iam_policy.{DEPLOY_POLICY}",)
    boundary = _boundary(design) if design.contained else None
    guard = [] if boundary else [_accident_guard(design)]
    trust = google_policies.service_account_trust(
        design.deploy_role_arn,
        [{"unique_id": account.unique_id, "email": account.email} for account in chosen.service_accounts],
        email=chosen.conditions.email,
        authorized_party=chosen.conditions.authorized_party,
    )
    role = design.maker.role(
        DEPLOY_ROLE,
        chosen.role,
        trust,
        [own, *guard, *(design.account.fill_in(arn) for arn in chosen.managed_policies)],
        boundary=design.boundary_arn if boundary else None,
        after=(BOUNDARY,) if boundary else (),
    )
    roles = [role]
    if boundary and design.environment.admin.enabled:
        roles.append(_admin_role(design))
    return Identities(
        account=design.account,
        roles=tuple(roles),
        unattached=(boundary,) if boundary else (),
        released=released,
        outputs={"terraform_deploy_role_arn": design.deploy_role_arn},
    )


def _accident_guard(design: GoogleDesign) -> ManagedPolicy:
    chosen = design.environment.terraform_deploy
    document = google_policies.accident_guard_policy(
        role_arn=design.deploy_role_arn,
        policy_arn=design.deploy_policy_arn,
        guard_arn=design.guard_arn,
        other_policies=design.own_policies(chosen.role, chosen.managed_policies),
        self_managed=chosen.self_management,
    )
    return design.maker.policy(GUARD, chosen.accident_guard.policy, document)


def _boundary(design: GoogleDesign) -> ManagedPolicy:
    chosen = design.environment.terraform_deploy
    admin = design.environment.admin
    protected = [design.deploy_role_arn]
    if not chosen.self_management:
        protected.append(design.deploy_policy_arn)
    protected += design.own_policies(chosen.role, chosen.managed_policies)
    if admin.enabled:
        protected += [design.admin_role_arn, *design.own_policies(admin.role, admin.managed_policies)]
    protected += design.administrators
    protected += [design.account.fill_in(arn) for arn in chosen.containment.protected]
    document = google_policies.boundary_policy(
        chosen.containment.statements or chosen.statements,
        boundary_arn=design.boundary_arn,
        protected=list(dict.fromkeys(protected)),
        self_managed_policy=design.deploy_policy_arn if chosen.self_management else None,
    )
    return design.maker.policy(BOUNDARY, chosen.containment.policy, document)


def admin_identities(design: GoogleDesign) -> Identities:
    """What is applied as ``TerraformDeploy``: ``Admin`` and, under self-management, the policy it works with.

    With containment ``Admin`` is in the bootstrap, because what ``TerraformDeploy`` makes is bounded.
    """
    chosen = design.environment
    unattached: tuple[ManagedPolicy, ...] = ()
    adopted: dict[str, str] = {}
    after: tuple[str, ...] = ()
    if chosen.terraform_deploy.self_management:
        unattached = (design.deploy_policy(),)
        adopted[DEPLOY_POLICY] = design.deploy_policy_arn
        after = (DEPLOY_POLICY,)
    has_role = chosen.admin.enabled and not design.contained
    return Identities(
        account=design.account,
        roles=(_admin_role(design, after),) if has_role else (),
        unattached=unattached,
        adopted=adopted,
        outputs={"admin_role_arn": design.admin_role_arn} if chosen.admin.enabled else {},
    )


def _admin_role(design: GoogleDesign, after: Sequence[str] = ()) -> Role:
    chosen = design.environment.admin
    trust = admin_trust(design)
    policies = [design.account.fill_in(arn) for arn in chosen.managed_policies]
    return design.maker.role(ADMIN_ROLE, chosen.role, trust, policies, after=tuple(after))


def admin_trust(design: GoogleDesign) -> Document:
    """The trust of ``Admin``: the «AWS admin» service account, by its unique id; Terraform's to know if it makes it."""
    chosen = design.environment.admin
    return google_policies.service_account_trust(
        design.admin_role_arn,
        [service_account_claims(chosen.service_account)],
        email=chosen.conditions.email,
        authorized_party=chosen.conditions.authorized_party,
    )


def service_account_claims(account: AdminServiceAccount) -> dict[str, str]:
    """What tokens of the «AWS admin» service account say of it."""
    if account.email and account.unique_id:
        return {"email": account.email, "unique_id": account.unique_id}
    made = f"google_service_account.{ADMIN_SERVICE_ACCOUNT}"
    return {
        "email": TerraformReference(f"${{{made}.email}}", characters=100),
        "unique_id": TerraformReference(f"${{{made}.unique_id}}", characters=21),
    }


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A Google IAM binding of one member to a role on a service account."""

    key: str
    service_account: str
    role: str
    member: str


@dataclass(frozen=True, kw_only=True)
class GoogleSide:
    """What is made in Google Cloud for one environment.

    Attributes:
        project: the Google project.
        service_account: the «AWS admin» service account to make, or None where it exists.
        grants: who may mint identity tokens of which service account.
    """

    project: str | None
    service_account: AdminServiceAccount | None = None
    grants: tuple[Grant, ...] = ()


def google_side(design: GoogleDesign) -> GoogleSide:
    """Return what is made in Google Cloud: the service account, and who may mint identity tokens of which."""
    admin = design.environment.admin
    return GoogleSide(
        project=design.environment.google_project,
        service_account=admin.service_account if design.makes_service_account else None,
        grants=(*_editors(design), *_deployers(design)),
    )


def _editors(design: GoogleDesign) -> Iterator[Grant]:
    """Yield the right of each editor to come as ``Admin``."""
    admin = design.environment.admin
    if not admin.enabled:
        return
    made = f"${{google_service_account.{ADMIN_SERVICE_ACCOUNT}.name}}"
    existing = f"projects/-/serviceAccounts/{admin.service_account.email}"
    account = TerraformReference(made, characters=0) if design.makes_service_account else existing
    for member in design.members:
        yield Grant(
            key=f"{ADMIN_SERVICE_ACCOUNT}-{_key(member)}",
            service_account=account,
            role=TOKEN_ROLES[admin.token_role],
            member=member,
        )


def _deployers(design: GoogleDesign) -> Iterator[Grant]:
    """Yield the right of each deployer to identity tokens of the «terraform deploy» service accounts."""
    emails = dict.fromkeys(account.email for account in design.environment.terraform_deploy.service_accounts)
    for email in emails:
        for member in design.product.deployers:
            yield Grant(
                key=f"terraform-deploy-{_key(member, of=email)}",
                service_account=f"projects/-/serviceAccounts/{email}",
                role=TOKEN_ROLES["identity_tokens"],
                member=member,
            )


def _key(member: str, of: str = "") -> str:
    """Return a text for a resource's name in Terraform; the digest tells ``a.b`` and ``a-b`` apart, and accounts."""
    readable = "".join(c if c.isalnum() else "-" for c in member)
    digest = hashlib.sha256((of + member).encode()).hexdigest()
    return f"{readable}-{digest[:8]}"


@dataclass(frozen=True, kw_only=True)
class OrganizationalUnit:
    """A product's organizational unit."""

    key: str
    name: str


@dataclass(frozen=True, kw_only=True)
class NewAccount:
    """An environment's account, to be made in the unit of this key."""

    key: str
    name: str
    email: str
    unit: str
    tags: Tags


@dataclass(frozen=True, kw_only=True)
class Organization:
    """What is made in the organization: a unit per product, an account per environment that asks for one."""

    parent_id: str
    role_name: str
    units: tuple[OrganizationalUnit, ...]
    accounts: tuple[NewAccount, ...]


def organization(google: Google, creation: AccountCreation) -> Organization:
    """Return the units and accounts to make; accounts that are named by their id alone are left alone."""
    units, accounts = [], []
    for product_name, product in google.products.items():
        wanted = {name: it.account for name, it in product.environments.items() if it.account.create}
        if wanted:
            units.append(OrganizationalUnit(key=f"unit-{product_name}", name=product.display_name))
        for name, account in wanted.items():
            accounts.append(
                NewAccount(
                    key=f"account-{product_name}-{name}",
                    name=account.name or f"{product_name}-{name}",
                    email=account_email(creation, account, product_name, name),
                    unit=f"unit-{product_name}",
                    tags=account.tags,
                )
            )
    return Organization(
        parent_id=creation.parent_id, role_name=creation.role_name, units=tuple(units), accounts=tuple(accounts)
    )


def account_email(creation: AccountCreation, account: EnvironmentAccount, product: str, environment: str) -> str:
    """Return the e-mail address of a new account: its own, or the pattern filled in."""
    pattern = account.email or creation.email
    return pattern.replace("{product}", product).replace("{environment}", environment)
