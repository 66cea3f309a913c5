"""One stack as plain values: its account, how Terraform works there, and what it makes. No CDKTF here."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from rolebridge.google.design import GoogleSide, Organization
from rolebridge.google.drop_in import WorkspaceTarget
from rolebridge.policies.arn import AwsAccount
from rolebridge.policies.identity import Identities
from rolebridge.settings.model import Access, Account, AssumeRole, Backend, Settings, Tags, TerraformVersions
from rolebridge.settings.report import Path


@dataclass(frozen=True, kw_only=True)
class StackBlueprint:
    """One stack: one account, one purpose, one state.

    Attributes:
        name: the stack's name, and that of its folder.
        account_name: the short name of the account that it stands in.
        account: that account.
        region, access, backend, tags, versions: how Terraform works there.
        identities: the roles, users, policies and providers that it makes.
        organization: the organizational units and accounts that it makes.
        google: what it makes in Google Cloud; the stack then has the Google provider.
        deploy_as: the environment whose ``TerraformDeploy`` it is applied as, with a token from the Google provider.
        works_in_aws: whether it has the AWS provider.
        after: names of the stacks to apply before it, because it trusts what they make.
        section: where in the settings it comes from.
        sections: where in the settings each identity is chosen, by its key.
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
    organization: Organization | None = None
    google: GoogleSide | None = None
    deploy_as: WorkspaceTarget | None = None
    works_in_aws: bool = True
    after: tuple[str, ...] = ()
    section: Path = ()
    sections: Mapping[str, Path] = field(default_factory=dict)

    @property
    def profile(self) -> str | None:
        """The AWS profile, filled in."""
        return self.access.profile and self._fill_in(self.access.profile)

    @property
    def role_to_assume(self) -> AssumeRole | None:
        """The role that the provider assumes, its ARN filled in."""
        chosen = self.access.assume_role
        return chosen and dataclasses.replace(chosen, role_arn=self._fill_in(chosen.role_arn))

    def place(self, key: str) -> Path:
        """Return where in the settings the identity of this key is chosen."""
        return self.sections.get(key, self.section)

    def _fill_in(self, template: str) -> str:
        return self.account.fill_in(template).replace("{account}", self.account_name)


def stack_blueprint(
    settings: Settings, name: str, account_name: str, account: Account, identities: Identities, **others: object
) -> StackBlueprint:
    """Return a stack in an account, with what the account does not say taken from the top of the settings."""
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
        **others,  # type: ignore[arg-type]
    )
