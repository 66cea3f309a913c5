"""Which stacks there are, in which account each stands, and what it makes there; read from settings, without CDKTF.

This is the whole of what will be synthesized, as plain values, so that everything that can be wrong is found before
Node is started and before anything is written.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath

from rolebridge.meshstack.design import (
    MeshstackDesign,
    automation_identities,
    management_identities,
    meshcloud_identities,
    stack_set_target_identities,
    tenant_identities,
)
from rolebridge.policies.arn import AwsAccount
from rolebridge.policies.identity import Identities, ManagedPolicy, OidcProvider, Role, User
from rolebridge.settings import Mistake, Settings, load_settings
from rolebridge.settings.model import Access, AssumeRole, Backend, Meshstack, Tags, TerraformVersions
from rolebridge.settings.report import Path

TAGS_OF_A_RESOURCE = 50
"""IAM user guide, «IAM and AWS STS quotas»."""


@dataclass(frozen=True, kw_only=True)
class StackBlueprint:
    """One stack: one account, one purpose, one state.

    Attributes:
        name: the stack's name, and that of its folder.
        account_name: the short name of the account that it stands in.
        account: that account.
        region, access, backend, tags, versions: how Terraform works there.
        identities: what it makes.
        after: names of the stacks to apply before it, because it trusts what they make.
        section: where in the settings it comes from.
    """

    name: str
    account_name: str
    account: AwsAccount
    region: str
    access: Access
    backend: Backend
    tags: Tags
    versions: TerraformVersions
    identities: Identities
    after: tuple[str, ...] = ()
    section: Path = ()

    @property
    def profile(self) -> str | None:
        """The AWS profile, filled in."""
        return self.access.profile and self._fill_in(self.access.profile)

    @property
    def role_to_assume(self) -> AssumeRole | None:
        """The role that the provider assumes, its ARN filled in."""
        chosen = self.access.assume_role
        return chosen and dataclasses.replace(chosen, role_arn=self._fill_in(chosen.role_arn))

    def _fill_in(self, template: str) -> str:
        return self.account.fill_in(template).replace("{account}", self.account_name)


def load_blueprint(file: FilePath) -> tuple[Settings, tuple[StackBlueprint, ...]]:
    """Read a settings file and return it with the stacks that it gives.

    Raises:
        SettingsError: with every mistake that was found.
    """
    settings = load_settings(file, misfits)
    return settings, blueprint(settings)


def blueprint(settings: Settings) -> tuple[StackBlueprint, ...]:
    """Return the stacks, in an order in which they can be applied."""
    return tuple(_stacks(settings))


def _stacks(settings: Settings) -> Iterator[StackBlueprint]:
    if settings.meshstack:
        yield from _meshstack(settings, settings.meshstack)


def _meshstack(settings: Settings, mesh: Meshstack) -> Iterator[StackBlueprint]:
    accounts = {name: AwsAccount(account.id, settings.partition) for name, account in settings.accounts.items()}
    design = MeshstackDesign(mesh, accounts, settings.iam)

    def stack(
        name: str, account: str, identities: Identities, *section: str | int, after: tuple[str, ...] = ()
    ) -> StackBlueprint:
        return _stack(settings, f"meshstack-{name}", account, identities, after, ("meshstack", *section))

    meshcloud = stack("meshcloud", mesh.meshcloud.account, meshcloud_identities(design), "meshcloud")
    yield meshcloud
    # What trusts a principal is applied after what creates it: IAM refuses a trust in somebody who is not there.
    management = stack(
        "management",
        mesh.management.account,
        management_identities(design),
        "management",
        after=(meshcloud.name,),
    )
    yield management
    if mesh.automation:
        automation = stack(
            "automation",
            mesh.automation.account,
            automation_identities(design),
            "automation",
            after=(meshcloud.name,),
        )
        yield automation
        targets = mesh.automation.stack_set_roles.targets
        for name in targets.accounts if targets else ():
            identities = stack_set_target_identities(design, name)
            section = ("automation", "stack_set_roles", "targets")
            yield stack(f"stackset-target-{name}", name, identities, *section, after=(automation.name,))
    for name in mesh.tenant_import.accounts if mesh.tenant_import else ():
        identities = tenant_identities(design, name)
        yield stack(f"tenant-{name}", name, identities, "tenant_import", after=(management.name,))


def _stack(
    settings: Settings,
    name: str,
    account_name: str,
    identities: Identities,
    after: tuple[str, ...],
    section: Path,
) -> StackBlueprint:
    account = settings.accounts[account_name]
    return StackBlueprint(
        name=name,
        account_name=account_name,
        account=identities.account,
        region=account.region or settings.region,
        access=account.access or settings.access,
        backend=account.backend or settings.backend,
        tags={**settings.tags, **account.tags},
        versions=settings.terraform,
        identities=identities,
        after=after,
        section=section,
    )


# --- what only the whole can show ------------------------------------------------------------------------------------


_SECTIONS: Mapping[str, Path] = {
    "MeshstackAssumeRoleIF": ("meshstack", "meshcloud", "role"),
    "MeshstackAssumeRolePolicy": ("meshstack", "meshcloud", "policy"),
    "meshfed-service-user": ("meshstack", "authentication", "iam_user"),
    "MeshfedServiceRole": ("meshstack", "management", "role"),
    "MeshfedServiceRolePolicy": ("meshstack", "management", "policy"),
    "AWSControlTowerAccountFactoryAccess": ("meshstack", "management", "control_tower", "policy"),
    "MeshfedAutomationRole": ("meshstack", "automation", "role"),
    "MeshfedAutomationRolePolicy": ("meshstack", "automation", "policy"),
    "AWSCloudFormationStackSetAdministrationRole": ("meshstack", "automation", "stack_set_roles", "role"),
    "AWSCloudFormationStackSetAdministrationRolePolicy": (
        "meshstack",
        "automation",
        "stack_set_roles",
        "policy",
    ),
    "AWSCloudFormationStackSetExecutionRole": (
        "meshstack",
        "automation",
        "stack_set_roles",
        "targets",
        "role",
    ),
    "AWSCloudFormationStackSetExecutionRolePolicy": (
        "meshstack",
        "automation",
        "stack_set_roles",
        "targets",
        "policy",
    ),
    "CostExplorerRole": ("meshstack", "metering", "role"),
    "CostExplorerPolicy": ("meshstack", "metering", "policy"),
    "cost-explorer-user": ("meshstack", "metering", "authentication", "iam_user"),
    "MeshCostExplorerServiceRole": ("meshstack", "metering", "service_role"),
    "MeshCostExplorerServiceRolePolicy": ("meshstack", "metering", "service_policy"),
    "MeshstackAccountAccessRole": ("meshstack", "account_access_role"),
    "MeshstackAccountAccessRolePolicy": ("meshstack", "tenant_import", "policy"),
}
"""Where in the settings an identity (by its key) is chosen."""


def misfits(settings: Settings) -> Iterator[Mistake]:
    """Yield what IAM would refuse of what the settings give: sizes, numbers, names that are taken."""
    stacks = blueprint(settings)
    for stack in stacks:
        for misfit in stack.identities.misfits():
            path = _SECTIONS.get(misfit.key, stack.section)
            yield Mistake(path=path, found=misfit.found, allowed=misfit.allowed)
    yield from _names_that_are_taken(stacks)
    yield from _tags_that_do_not_fit(stacks)


def _names_that_are_taken(stacks: tuple[StackBlueprint, ...]) -> Iterator[Mistake]:
    """IAM holds names of one kind apart within an account, whatever their path and case."""
    first: dict[tuple[str, str, str], str] = {}
    for stack in stacks:
        kinds = {
            "role": [(role.key, role.name) for role in stack.identities.roles],
            "user": [(user.key, user.name) for user in stack.identities.users],
            "policy": [(policy.key, policy.name) for policy in stack.identities.policies()],
        }
        for kind, named in kinds.items():
            for key, name in named:
                other = first.setdefault((stack.account.id, kind, name.lower()), key)
                if other != key:
                    yield Mistake(
                        path=(*_SECTIONS.get(key, stack.section), "name"),
                        found=f'the {kind} name "{name}", which {other} has in the account {stack.account_name} too',
                        allowed=f"a {kind} name of its own within an account, whatever its path and case",
                    )


def _tags_that_do_not_fit(stacks: tuple[StackBlueprint, ...]) -> Iterator[Mistake]:
    for stack in stacks:
        made = stack.identities
        parts: tuple[OidcProvider | Role | User | ManagedPolicy, ...]
        parts = (*made.providers, *made.roles, *made.users, *made.policies())
        for part in parts:
            tags = {**stack.tags, **part.tags}
            path = (*_SECTIONS.get(part.key, ("iam",)), "tags")
            if len(tags) > TAGS_OF_A_RESOURCE:
                yield Mistake(
                    path=path,
                    found=f"{len(tags)} tags on {part.key} with those of iam, the account and the top",
                    allowed=f"at most {TAGS_OF_A_RESOURCE}",
                )
            folded: dict[str, str] = {}
            for key in tags:
                other = folded.setdefault(key.lower(), key)
                if other != key:
                    yield Mistake(
                        path=path,
                        found=f'the tag keys "{other}" and "{key}" on {part.key}',
                        allowed="each key once on a resource, whatever its case",
                    )
