"""Which stacks the meshStack guide gives, in which account each stands, and in which order they are applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rolebridge.meshstack.design import (
    MeshstackDesign,
    automation_identities,
    management_identities,
    meshcloud_identities,
    stack_set_target_identities,
    tenant_identities,
)
from rolebridge.policies.arn import AwsAccount
from rolebridge.policies.identity import Identities
from rolebridge.settings.model import Meshstack, Settings
from rolebridge.settings.report import Path
from rolebridge.stack_blueprint import StackBlueprint, stack_blueprint

SECTIONS: Mapping[str, Path] = {
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


def meshstack_stacks(settings: Settings, mesh: Meshstack) -> Iterator[StackBlueprint]:
    """Yield the stacks, in an order in which they can be applied."""
    accounts = {name: AwsAccount(account.id, settings.partition) for name, account in settings.accounts.items()}
    design = MeshstackDesign(mesh, accounts, settings.iam)

    def stack(
        name: str, account: str, identities: Identities, *section: str, after: tuple[str, ...] = ()
    ) -> StackBlueprint:
        return stack_blueprint(
            settings,
            f"meshstack-{name}",
            account,
            settings.accounts[account],
            identities,
            after=after,
            section=("meshstack", *section),
            sections=SECTIONS,
        )

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
