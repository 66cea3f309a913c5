"""The construct that makes accounts: an organizational unit per product, an account per environment."""

from __future__ import annotations

from rolebridge.engine import (
    Construct,
    OrganizationsAccount,
    OrganizationsOrganizationalUnit,
    TerraformOutput,
    TerraformResourceLifecycle,
)
from rolebridge.google.design import Organization
from rolebridge.policies.document import terraform_text


class EnvironmentAccounts(Construct):
    """Organizational units and accounts in the organization's management account (guide, «AWS account creation»).

    Both are protected against destruction (``prevent_destroy``), and an account is never closed by Terraform: taking
    it out of the settings makes a plan that fails, and says why.

    Args:
        scope: a stack whose provider works in the management account.
        id_: this construct's id; ``Default`` leaves the resources their plain names.
        organization: what to make.
    """

    def __init__(self, scope: Construct, id_: str, *, organization: Organization) -> None:
        super().__init__(scope, id_)
        protected = TerraformResourceLifecycle(prevent_destroy=True)
        units = {
            unit.key: OrganizationsOrganizationalUnit(
                self,
                unit.key,
                name=terraform_text(unit.name),
                parent_id=organization.parent_id,
                lifecycle=protected,
            )
            for unit in organization.units
        }
        for account in organization.accounts:
            made = OrganizationsAccount(
                self,
                account.key,
                name=terraform_text(account.name),
                email=account.email,
                parent_id=units[account.unit].id,
                role_name=organization.role_name,
                close_on_deletion=False,
                tags=terraform_text(account.tags) or None,
                # AWS takes the role's name only when it makes the account, and never tells it again.
                lifecycle=TerraformResourceLifecycle(prevent_destroy=True, ignore_changes=["role_name"]),
            )
            TerraformOutput(self, f"{account.key}-id", value=made.id)
