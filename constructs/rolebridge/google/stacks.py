"""Which stacks the Google guide gives: accounts, and per environment a bootstrap and what is applied after it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

from rolebridge.generated import DROP_IN_FILE, DROP_INS
from rolebridge.google.design import (
    ADMIN_ROLE,
    BOUNDARY,
    DEPLOY_POLICY,
    DEPLOY_ROLE,
    GUARD,
    GoogleDesign,
    admin_identities,
    bootstrap_identities,
    google_side,
    organization,
)
from rolebridge.google.drop_in import WorkspaceTarget, drop_in
from rolebridge.policies.arn import AwsAccount
from rolebridge.policies.identity import Identities
from rolebridge.settings.model import Access, Account, AccountCreation, Google, Settings
from rolebridge.settings.report import Path
from rolebridge.stack_blueprint import StackBlueprint, stack_blueprint

ORGANIZATION_ROLE = AccountCreation.role_name
"""The role with which an organization makes an account, if it chooses no other name; it is an administrator there."""


def google_stacks(settings: Settings, google: Google) -> Iterator[StackBlueprint]:
    """Yield the stacks, in an order in which they can be applied.

    An environment whose account has no id yet has no stacks: its policies are literal, and hold the id.
    """
    if google.accounts:
        made = organization(google, google.accounts)
        if made.accounts:
            account = AwsAccount(settings.accounts[google.accounts.account].id, settings.partition)
            yield stack_blueprint(
                settings,
                "google-accounts",
                google.accounts.account,
                settings.accounts[google.accounts.account],
                Identities(account=account),
                section=("google", "accounts"),
                organization=made,
            )
    for product_name, product in google.products.items():
        for name, environment in product.environments.items():
            if environment.account.id is not None:
                design = design_of(settings, google, product_name, name)
                section = ("google", "products", product_name, "environments", name)
                yield from _environment_stacks(settings, f"{product_name}-{name}", design, section)


def design_of(settings: Settings, google: Google, product_name: str, name: str) -> GoogleDesign:
    """Return the design of one environment.

    Raises:
        ValueError: its account has no id yet.
    """
    environment = google.products[product_name].environments[name]
    if environment.account.id is None:
        raise ValueError(f"the account of {product_name}-{name} has no id yet")
    account = AwsAccount(environment.account.id, settings.partition)
    access = environment.access or settings.access
    administrators = []
    if access.assume_role:
        template = access.assume_role.role_arn
        administrators.append(account.fill_in(template).replace("{account}", f"{product_name}-{name}"))
    made_with = google.accounts.role_name if google.accounts and environment.account.create else ORGANIZATION_ROLE
    administrators.append(account.role_arn(made_with))
    return GoogleDesign(
        google.products[product_name],
        name,
        environment,
        account,
        administrators=tuple(dict.fromkeys(administrators)),
        iam=settings.iam,
    )


def target_of(settings: Settings, design: GoogleDesign) -> WorkspaceTarget:
    """Return where Terraform works in an environment's workspace, and as whom."""
    return WorkspaceTarget(
        workspace=design.environment.workspace or design.name,
        account_id=design.account.id,
        region=design.environment.region or settings.region,
        deploy_role_arn=design.deploy_role_arn,
        service_account=design.environment.terraform_deploy.service_accounts[0].email,
    )


def drop_ins(settings: Settings) -> dict[str, bytes]:
    """Return each product's file for its own Terraform configuration, by its path below the output folder."""
    if settings.google is None:
        return {}
    files = {}
    for name, product in settings.google.products.items():
        known = [key for key, environment in product.environments.items() if environment.account.id]
        if known:
            targets = [target_of(settings, design_of(settings, settings.google, name, key)) for key in known]
            content = drop_in(product.display_name, targets, product.drop_in)
            text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
            files[f"{DROP_INS}/{name}/{DROP_IN_FILE}"] = text.encode()
    return files


def _environment_stacks(
    settings: Settings, joined: str, design: GoogleDesign, section: Path
) -> Iterator[StackBlueprint]:
    environment = design.environment
    access = environment.admin.access
    account = _account(design)

    def stack(purpose: str, identities: Identities, **others: object) -> StackBlueprint:
        name = f"google-{joined}-{purpose}"
        place = {"section": section, "sections": _sections(section)}
        return stack_blueprint(settings, name, joined, account, identities, **place, **others)

    bootstrap = stack("bootstrap", bootstrap_identities(design))
    yield bootstrap
    identities, side = admin_identities(design), google_side(design)
    something = bool(identities.roles or identities.unattached)
    after = (bootstrap.name,)
    if design.makes_service_account:
        deploy_as = None if access else target_of(settings, design)
        admin = stack("admin", identities, after=after, google=side, deploy_as=deploy_as)
        yield dataclasses.replace(admin, access=access or Access())
        return
    if something:
        # Without Google in it, so that it can be planned and tested alone. The credentials of TerraformDeploy come
        # from where it is run (AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE), unless admin.access says otherwise.
        yield dataclasses.replace(stack("admin", identities, after=after), access=access or Access())
    if side.grants:
        nothing = Identities(account=design.account)
        yield stack("members", nothing, google=side, works_in_aws=False)


def _sections(section: Path) -> dict[str, Path]:
    deploy, admin = (*section, "terraform_deploy"), (*section, "admin")
    return {
        DEPLOY_ROLE: (*deploy, "role"),
        DEPLOY_POLICY: (*deploy, "policy"),
        GUARD: (*deploy, "accident_guard", "policy"),
        BOUNDARY: (*deploy, "containment", "policy"),
        ADMIN_ROLE: (*admin, "role"),
    }


def _account(design: GoogleDesign) -> Account:
    environment = design.environment
    return Account(
        id=design.account.id,
        region=environment.region,
        access=environment.access,
        backend=environment.backend,
        tags={"Project": design.product.display_name, "Environment": environment.workspace or design.name},
    )
