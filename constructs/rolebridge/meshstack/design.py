"""What stands in each account of the meshStack guide, from one set of choices; no CDKTF here.

The accounts have to agree on names, external ids and principals: who is made in one is trusted in another. That is
why all five functions read the same :class:`MeshstackDesign`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rolebridge.policies import automation as automation_policies
from rolebridge.policies import management as management_policies
from rolebridge.policies import meshcloud as meshcloud_policies
from rolebridge.policies import metering as metering_policies
from rolebridge.policies import tenant as tenant_policies
from rolebridge.policies.arn import AwsAccount
from rolebridge.policies.document import Statement
from rolebridge.policies.identity import (
    Identities,
    Maker,
    ManagedPolicy,
    OidcProvider,
    PortfolioAccess,
    Role,
    User,
    external_id_text,
)
from rolebridge.policies.trust import account_trust, principals_trust, role_trust, web_identity_trust
from rolebridge.settings.model import (
    Authentication,
    CloseAccounts,
    IamDefaults,
    Management,
    Meshstack,
    Metering,
    MeteringAuthentication,
    RoleOptions,
    StackSetTargets,
    UserOptions,
    WorkloadIdentity,
)


@dataclass(frozen=True)
class MeshstackDesign:
    """The choices of the meshStack guide, and the accounts they are made for.

    Attributes:
        meshstack: what was chosen (``meshstack`` of the settings).
        accounts: short name to AWS account, for every name that ``meshstack`` refers to.
        iam: what roles, users and policies take that say nothing of their own.
    """

    meshstack: Meshstack
    accounts: Mapping[str, AwsAccount]
    iam: IamDefaults = field(default_factory=IamDefaults)

    def maker(self, account: str) -> Maker:
        """Return what makes identities in the account of this short name."""
        return Maker(self.accounts[account], self.iam)

    @cached_property
    def meshcloud(self) -> Maker:
        """The meshcloud account."""
        return self.maker(self.meshstack.meshcloud.account)

    @cached_property
    def management(self) -> Maker:
        """The management account."""
        return self.maker(self.meshstack.management.account)

    @cached_property
    def replicator_identity(self) -> WorkloadIdentity | None:
        """The replicator's workload identity."""
        return self.meshstack.authentication.workload_identity

    @cached_property
    def metering_identity(self) -> WorkloadIdentity | None:
        """Metering's workload identity, what it leaves out taken from the replicator's."""
        metering = self.meshstack.metering
        own = metering.authentication.workload_identity if metering else None
        return own and inherit(own, self.replicator_identity)

    @cached_property
    def replicator_principals(self) -> tuple[str, ...]:
        """ARNs of what the replicator comes as: exactly the role and the user that are made."""
        return self._principals(self.meshstack.authentication, self.meshstack.meshcloud.role)

    @cached_property
    def metering_principals(self) -> tuple[str, ...]:
        """ARNs of what metering comes as."""
        metering = self.meshstack.metering
        return self._principals(metering.authentication, metering.role) if metering else ()

    def _principals(
        self, authentication: Authentication | MeteringAuthentication, role: RoleOptions
    ) -> tuple[str, ...]:
        arns = []
        if authentication.workload_identity:
            arns.append(self.meshcloud.role_arn(role))
        if authentication.iam_user:
            arns.append(self.meshcloud.user_arn(authentication.iam_user))
        return tuple(arns)


def inherit(own: WorkloadIdentity, replicator: WorkloadIdentity | None) -> WorkloadIdentity:
    """Return metering's workload identity with what it leaves out taken from the replicator's.

    Issuer and audience are the replicator's unless given; the provider is, where the issuer is the same: AWS has one
    per issuer and account.
    """
    if replicator is None:
        return own
    issuer = own.issuer or replicator.issuer
    same = issuer == replicator.issuer
    return WorkloadIdentity(
        subject=own.subject,
        issuer=issuer,
        audience=own.audience or replicator.audience,
        provider_arn=own.provider_arn or (replicator.provider_arn if same else None),
        thumbprints=own.thumbprints or (replicator.thumbprints if same else ()),
    )


def meshcloud_identities(design: MeshstackDesign) -> Identities:
    """The meshcloud account (sections 1 and 10): who meshStack comes as, and what that may assume."""
    chosen = design.meshstack
    providers = {provider.issuer: provider for provider in _oidc_providers(design)}
    external_id = external_id_text(chosen.external_id)
    targets = [design.management.role_arn(chosen.management.role)]
    if chosen.automation:
        targets.append(design.maker(chosen.automation.account).role_arn(chosen.automation.role))
    parts = [
        _entry(
            design,
            providers,
            identity=design.replicator_identity,
            user=chosen.authentication.iam_user,
            role_key="MeshstackAssumeRoleIF",
            role=chosen.meshcloud.role,
            user_key="meshfed-service-user",
            policy=design.meshcloud.policy(
                "MeshstackAssumeRolePolicy",
                chosen.meshcloud.policy,
                meshcloud_policies.assume_role_policy(targets, external_id=external_id),
            ),
        )
    ]
    if metering := chosen.metering:
        service_role = design.management.role_arn(metering.service_role)
        parts.append(
            _entry(
                design,
                providers,
                identity=design.metering_identity,
                user=metering.authentication.iam_user,
                role_key="CostExplorerRole",
                role=metering.role,
                user_key="cost-explorer-user",
                policy=design.meshcloud.policy(
                    "CostExplorerPolicy",
                    metering.policy,
                    metering_policies.cost_explorer_policy(
                        service_role, external_id=external_id_text(metering.external_id)
                    ),
                ),
            )
        )
    outputs = {}
    if chosen.authentication.workload_identity:
        outputs["replication_workload_identity_role_arn"] = design.meshcloud.role_arn(chosen.meshcloud.role)
    if metering and metering.authentication.workload_identity:
        outputs["metering_workload_identity_role_arn"] = design.meshcloud.role_arn(metering.role)
    return Identities(
        account=design.meshcloud.account,
        providers=tuple(providers.values()),
        roles=tuple(role for roles, _ in parts for role in roles),
        users=tuple(user for _, users in parts for user in users),
        outputs=outputs,
    )


def _entry(
    design: MeshstackDesign,
    providers: Mapping[str, OidcProvider],
    *,
    identity: WorkloadIdentity | None,
    user: UserOptions | None,
    role_key: str,
    role: RoleOptions,
    user_key: str,
    policy: ManagedPolicy,
) -> tuple[list[Role], list[User]]:
    """The role of Option A and the user of Option B, as chosen, both with the same policy."""
    roles = []
    if identity:
        issuer, audience = _complete(identity)
        made = providers.get(issuer)
        trust = web_identity_trust(
            provider_arn=identity.provider_arn or design.meshcloud.account.oidc_provider_arn(issuer),
            issuer=issuer,
            subject=identity.subject,
            audience=audience,
        )
        roles.append(design.meshcloud.role(role_key, role, trust, [policy], after=[made.key] if made else ()))
    users = [design.meshcloud.user(user_key, user, [policy])] if user else []
    return roles, users


def _complete(identity: WorkloadIdentity) -> tuple[str, str]:
    if identity.issuer is None or identity.audience is None:
        raise ValueError("a workload identity needs an issuer and an audience, its own or the replicator's")
    return identity.issuer, identity.audience


def _oidc_providers(design: MeshstackDesign) -> Iterator[OidcProvider]:
    """One provider per distinct issuer that has none yet, for the audiences of all who come with it."""
    coming = [identity for identity in (design.replicator_identity, design.metering_identity) if identity]
    for issuer in dict.fromkeys(identity.issuer for identity in coming if identity.issuer):
        same = [identity for identity in coming if identity.issuer == issuer]
        if not any(identity.provider_arn for identity in same):
            audiences = dict.fromkeys(identity.audience for identity in same if identity.audience)
            thumbprints = dict.fromkeys(thumbprint for identity in same for thumbprint in identity.thumbprints)
            yield design.meshcloud.provider(_provider_key(issuer), issuer, list(audiences), list(thumbprints))


def _provider_key(issuer: str) -> str:
    """The issuer's host, and a digest of the whole: another path or order of issuers renames no provider."""
    name = issuer.removeprefix("https://")
    host = re.sub(r"[^A-Za-z0-9]+", "-", name.partition("/")[0])
    return f"OidcProvider-{host}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def management_identities(design: MeshstackDesign) -> Identities:
    """The management account (sections 2, 8 and 10): the roles for replication and for metering."""
    chosen = design.meshstack.management
    policies: list[ManagedPolicy | str] = [
        design.management.policy(
            "MeshfedServiceRolePolicy",
            chosen.policy,
            management_policies.service_policy(
                design.management.account,
                account_access_role=design.meshstack.account_access_role.name,
                sso_instance_arn=chosen.sso_instance_arn,
                organizational_units=chosen.organizational_units,
                closing=_closing(design.management.account.partition, chosen.close_accounts),
                identity_store=chosen.identity_store,
            ),
        )
    ]
    policies.extend(_control_tower_policies(design.management, chosen))
    service_role = design.management.role(
        "MeshfedServiceRole",
        chosen.role,
        principals_trust(design.replicator_principals, external_id=external_id_text(design.meshstack.external_id)),
        policies,
    )
    roles = [service_role]
    outputs = {
        "replication_organization_root_account_role": design.management.role_arn(chosen.role),
        "replication_account_access_role": design.meshstack.account_access_role.name,
    }
    access = []
    if tower := chosen.control_tower:
        access.append(
            PortfolioAccess(key="AccountFactoryPortfolio", portfolio_id=tower.portfolio_id, role=service_role)
        )
        outputs["enrollment_management_account_id"] = design.management.account.id
        if tower.product_id:
            outputs["enrollment_account_factory_product_id"] = tower.product_id
    if metering := design.meshstack.metering:
        roles.append(_metering_role(design, metering))
        outputs["metering_organization_root_account_role"] = design.management.role_arn(metering.service_role)
    return Identities(
        account=design.management.account, roles=tuple(roles), portfolio_access=tuple(access), outputs=outputs
    )


def _closing(partition: str, chosen: CloseAccounts | None) -> list[Statement]:
    if chosen is None:
        return []
    if chosen.organization_paths:
        return management_policies.close_by_path(partition, chosen.organization_paths)
    if chosen.tags and chosen.tags.all_of:
        return management_policies.close_by_all_tags(partition, chosen.tags.all_of)
    return management_policies.close_by_any_tag(partition, chosen.tags.any_of) if chosen.tags else []


def _control_tower_policies(management: Maker, chosen: Management) -> list[ManagedPolicy | str]:
    if chosen.control_tower is None:
        return []
    return [
        management.policy(
            "AWSControlTowerAccountFactoryAccess",
            chosen.control_tower.policy,
            management_policies.control_tower_policy(chosen.control_tower.actions),
        ),
        management.account.aws_managed_policy_arn("AWSServiceCatalogEndUserFullAccess"),
        management.account.aws_managed_policy_arn("AWSServiceCatalogAdminReadOnlyAccess"),
    ]


def _metering_role(design: MeshstackDesign, metering: Metering) -> Role:
    policy = design.management.policy(
        "MeshCostExplorerServiceRolePolicy",
        metering.service_policy,
        metering_policies.cost_explorer_service_policy(
            reserved_instances=metering.reserved_instances, savings_plans=metering.savings_plans
        ),
    )
    trust = principals_trust(design.metering_principals, external_id=external_id_text(metering.external_id))
    return design.management.role("MeshCostExplorerServiceRole", metering.service_role, trust, [policy])


def automation_identities(design: MeshstackDesign) -> Identities:
    """The automation account (section 3): the role for replication, and the stack sets' administration role.

    Raises:
        ValueError: the design has no automation account.
    """
    chosen = design.meshstack.automation
    if chosen is None:
        raise ValueError("the design has no automation account")
    automation = design.maker(chosen.account)
    roles = [
        automation.role(
            "MeshfedAutomationRole",
            chosen.role,
            principals_trust(design.replicator_principals, external_id=external_id_text(design.meshstack.external_id)),
            [
                automation.policy(
                    "MeshfedAutomationRolePolicy",
                    chosen.policy,
                    automation_policies.automation_policy(
                        automation.account,
                        lambda_functions=chosen.lambda_functions,
                        stack_sets=chosen.stack_sets,
                    ),
                )
            ],
        )
    ]
    stack_sets = chosen.stack_set_roles
    if stack_sets.enabled:
        execution_role = (stack_sets.targets or StackSetTargets(accounts=())).role.name
        policy = automation.policy(
            "AWSCloudFormationStackSetAdministrationRolePolicy",
            stack_sets.policy,
            automation_policies.stack_set_administration_policy(automation.account.partition, execution_role),
        )
        trust = automation_policies.stack_set_administration_trust(
            automation.account,
            confused_deputy_protection=stack_sets.confused_deputy_protection,
            opt_in_regions=stack_sets.opt_in_regions,
        )
        roles.append(automation.role("AWSCloudFormationStackSetAdministrationRole", stack_sets.role, trust, [policy]))
    return Identities(
        account=automation.account,
        roles=tuple(roles),
        outputs={"replication_automation_account_role": automation.role_arn(chosen.role)},
    )


def stack_set_target_identities(design: MeshstackDesign, account: str) -> Identities:
    """A stack sets' target account (section 3): the execution role, with the policy that the operator states.

    Raises:
        ValueError: the design has no target accounts.
    """
    automation = design.meshstack.automation
    if automation is None or automation.stack_set_roles.targets is None:
        raise ValueError("the design has no target accounts of stack sets")
    targets = automation.stack_set_roles.targets
    administrator = design.maker(automation.account)
    target = design.maker(account)
    policies: list[ManagedPolicy | str] = [target.account.fill_in(arn) for arn in targets.managed_policies]
    if targets.statements:
        document = automation_policies.stack_set_execution_policy(targets.statements)
        policies.insert(0, target.policy("AWSCloudFormationStackSetExecutionRolePolicy", targets.policy, document))
    trust = (
        account_trust(administrator.account)
        if targets.trust == "automation_account"
        else role_trust(administrator.role_arn(automation.stack_set_roles.role))
    )
    role = target.role("AWSCloudFormationStackSetExecutionRole", targets.role, trust, policies)
    return Identities(account=target.account, roles=(role,))


def tenant_identities(design: MeshstackDesign, account: str) -> Identities:
    """An unmanaged account that meshStack is to take over (sections 9 and 12)."""
    chosen = design.meshstack.tenant_import
    tenant = design.maker(account)
    access_role = design.meshstack.account_access_role
    downgraded = tenant_policies.downgraded_policy(tenant.account, access_role.name)
    trust = role_trust(design.management.role_arn(design.meshstack.management.role))
    if chosen and chosen.permissions == "downgraded":
        policy = tenant.policy("MeshstackAccountAccessRolePolicy", chosen.policy, downgraded)
        return Identities(
            account=tenant.account,
            roles=(tenant.role("MeshstackAccountAccessRole", access_role, trust, [policy]),),
        )
    administrator = tenant.account.aws_managed_policy_arn("AdministratorAccess")
    return Identities(
        account=tenant.account,
        roles=(tenant.role("MeshstackAccountAccessRole", access_role, trust, [administrator]),),
        documents={f"{access_role.name}.downgraded": downgraded},
    )
