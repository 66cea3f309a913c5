"""How the settings under ``google`` have to fit each other, AWS and Google Cloud."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from rolebridge.settings.document import Document
from rolebridge.settings.model import Environment, EnvironmentAccount, Google, Product, ServiceAccount, Settings
from rolebridge.settings.report import Mistake, Path, show_path, show_value
from rolebridge.settings.shared_rules import backend_mistakes, region_mistakes
from rolebridge.settings.statements import statement_mistakes

EMAIL_CHARACTERS = 64
"""Of an AWS account's e-mail address (AWS Organizations API reference, CreateAccount; the guides say the same)."""

ACCOUNT_NAME_CHARACTERS = 50
"""Of an AWS account's name (same page)."""

UNIT_NAME_CHARACTERS = 128
"""Of an organizational unit's name (AWS Organizations API reference, CreateOrganizationalUnit)."""

GUARDED_ACTIONS = (
    "iam:AttachRolePolicy",
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DeleteUserPermissionsBoundary",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPermissionsBoundary",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
)
"""What the guards deny on ``TerraformDeploy`` itself, its policy and its boundary."""

GUARD_SIDS = (
    "GuardOtherPolicies",
    "GuardOwnPolicy",
    "GuardOwnRole",
    "KeepBoundary",
    "KeepBoundaryPolicy",
    "KeepGroups",
    "KeepProtected",
    "KeepUnbounded",
    "ManageIam",
    "RequireBoundary",
)
"""Sids of the guards' own statements."""


def environments(google: Google) -> Iterator[tuple[Path, str, str, Product, Environment]]:
    """Yield every environment: where it stands, its product's and its own name, and both."""
    for product_name, product in google.products.items():
        for name, environment in product.environments.items():
            yield ("google", "products", product_name, "environments", name), product_name, name, product, environment


def _names_stay_apart(settings: Settings, google: Google) -> Iterator[Mistake]:
    """A stack, or a folder of policies, under one name for two environments would hold only one of them."""
    first: dict[str, Path] = {name: ("accounts", name) for name in settings.accounts}
    for path, product, name, _, _ in environments(google):
        joined = f"{product}-{name}"
        if joined in first:
            yield Mistake(
                path=path,
                at_key=True,
                found=f"the name {joined}, which {show_path(first[joined])} has too",
                allowed="a name <product>-<environment> of its own",
            )
        first.setdefault(joined, path)


def _accounts_are_known(_settings: Settings, google: Google) -> Iterator[Mistake]:
    """An environment without an account has nowhere to stand."""
    creation = google.accounts
    for path, _, _, _, environment in environments(google):
        account = environment.account
        if account.id is None and not account.create:
            yield Mistake(
                path=(*path, "account"), found="neither id nor create", allowed="the account's id, or create: true"
            )
        if account.create and creation is None:
            yield Mistake(
                path=(*path, "account", "create"),
                found="true, without google.accounts",
                allowed="google.accounts with parent_id and email, which say where and how accounts are made",
            )
        for key in ("name", "email", "tags"):
            if getattr(account, key) and not account.create:
                yield Mistake(
                    path=(*path, "account", key),
                    found=f"{key} of an account that exists",
                    allowed="create: true beside it, or neither",
                )


def _accounts_are_distinct(settings: Settings, google: Google) -> Iterator[Mistake]:
    """Two environments in one account can destroy each other's resources."""
    first: dict[str, Path] = {account.id: ("accounts", name) for name, account in settings.accounts.items()}
    for path, _, _, _, environment in environments(google):
        id_ = environment.account.id
        if id_ is None:
            continue
        if id_ in first and not google.shared_accounts:
            yield Mistake(
                path=(*path, "account", "id"),
                found=f"{show_value(id_)}, which {show_path(first[id_])} has too",
                allowed="an account of its own for each environment",
                hint="google.shared_accounts: true, if this is on purpose",
            )
        first.setdefault(id_, path)


def _account_names_fit_aws(_settings: Settings, google: Google) -> Iterator[Mistake]:
    """AWS refuses a long name only when the account is made."""
    for path, product, name, _, environment in environments(google):
        chosen = environment.account.name or f"{product}-{name}"
        if environment.account.create and len(chosen) > ACCOUNT_NAME_CHARACTERS:
            yield Mistake(
                path=(*path, "account", "name"),
                found=f"{show_value(chosen)}, {len(chosen)} characters",
                allowed=f"a name of at most {ACCOUNT_NAME_CHARACTERS} characters for the new account",
            )


def _units_are_distinct(_settings: Settings, google: Google) -> Iterator[Mistake]:
    """Products whose accounts are made have an organizational unit each, side by side, named after them."""
    first: dict[str, str] = {}
    for name, product in google.products.items():
        if not any(environment.account.create for environment in product.environments.values()):
            continue
        path = ("google", "products", name, "display_name")
        if len(product.display_name) > UNIT_NAME_CHARACTERS:
            yield Mistake(
                path=path,
                found=f"{len(product.display_name)} characters, of an organizational unit that is to be made",
                allowed=f"at most {UNIT_NAME_CHARACTERS}",
            )
        other = first.setdefault(product.display_name, name)
        if other != name:
            yield Mistake(
                path=path,
                found=f"{show_value(product.display_name)}, which {other} has too",
                allowed="a display name of its own for each product, for its organizational unit",
            )


def _emails_fit_aws(_settings: Settings, google: Google) -> Iterator[Mistake]:
    """AWS refuses a long e-mail address, or one that an account has had before, only when the account is made."""
    if google.accounts is None:
        return
    first: dict[str, Path] = {}
    for path, product, name, _, environment in environments(google):
        if not environment.account.create:
            continue
        where = (*path, "account", "email") if environment.account.email else ("google", "accounts", "email")
        email = fill_in_email(google.accounts.email, environment.account, product, name)
        if len(email) > EMAIL_CHARACTERS:
            yield Mistake(
                path=where,
                found=f"{show_value(email)} for {product}-{name}, {len(email)} characters",
                allowed=f"at most {EMAIL_CHARACTERS} characters once filled in",
            )
        if "{" in email or "}" in email:
            yield Mistake(
                path=where, found=show_value(email), allowed="{product} and {environment}, nothing else in braces"
            )
        if email.lower() in first:
            yield Mistake(
                path=where,
                found=f"{show_value(email)} for {product}-{name} and for {show_path(first[email.lower()])}",
                allowed="an address of its own for each account: put {product} and {environment} into the pattern",
            )
        first.setdefault(email.lower(), path)


def fill_in_email(pattern: str, account: EnvironmentAccount, product: str, environment: str) -> str:
    """Return the e-mail address of a new account: its own, or the pattern, filled in."""
    chosen = account.email or pattern
    return chosen.replace("{product}", product).replace("{environment}", environment)


def _service_accounts(google: Google) -> Iterator[tuple[Path, str, ServiceAccount]]:
    """Yield every service account that exists: where, the role it opens, and its e-mail and unique id."""
    for path, product, name, _, environment in environments(google):
        for position, account in enumerate(environment.terraform_deploy.service_accounts):
            where = (*path, "terraform_deploy", "service_accounts", position)
            yield where, f"TerraformDeploy of {product}-{name}", account
        admin = environment.admin.service_account
        if environment.admin.enabled and admin.email and admin.unique_id:
            where = (*path, "admin", "service_account")
            yield where, f"Admin of {product}-{name}", ServiceAccount(email=admin.email, unique_id=admin.unique_id)


def _service_accounts_open_one_role(_settings: Settings, google: Google) -> Iterator[Mistake]:
    """Who may mint tokens of a service account that opens two roles gets into both."""
    if google.shared_service_accounts:
        return
    first: dict[str, str] = {}
    for path, role, account in _service_accounts(google):
        other = first.setdefault(account.unique_id, role)
        if other != role:
            yield Mistake(
                path=(*path, "unique_id"),
                found=f"{show_value(account.unique_id)}, which opens {other} too",
                allowed="a service account of its own for each role",
                hint="google.shared_service_accounts: true, if this is on purpose",
            )


def _service_accounts_are_consistent(_settings: Settings, google: Google) -> Iterator[Mistake]:
    """One e-mail with two unique ids: one of them is of a service account that was deleted, or of somebody else."""
    by_email: dict[str, str] = {}
    by_id: dict[str, str] = {}
    for path, _, account in _service_accounts(google):
        if by_email.setdefault(account.email, account.unique_id) != account.unique_id:
            yield Mistake(
                path=(*path, "unique_id"),
                found=f"{show_value(account.unique_id)} for {account.email}, elsewhere {by_email[account.email]}",
                allowed="one unique id per e-mail",
            )
        elif by_id.setdefault(account.unique_id, account.email) != account.email:
            yield Mistake(
                path=(*path, "email"),
                found=f"{show_value(account.email)} for {account.unique_id}, elsewhere {by_id[account.unique_id]}",
                allowed="one e-mail per unique id",
            )


def _made_service_accounts_are_distinct(_settings: Settings, google: Google) -> Iterator[Mistake]:
    """A service account can be made once; one project for two environments is most often a project in the defaults."""
    first = {account.email: role for _, role, account in _service_accounts(google)}
    for path, product, name, _, environment in environments(google):
        admin, project = environment.admin, environment.google_project
        if not admin.enabled or admin.service_account.email or project is None:
            continue
        domain, _, bare = project.rpartition(":")
        host = f"{bare}.{domain}" if domain else bare
        email = f"{admin.service_account.account_id}@{host}.iam.gserviceaccount.com"
        role = f"Admin of {product}-{name}"
        other = first.setdefault(email, role)
        if other != role:
            yield Mistake(
                path=(*path, "admin", "service_account", "account_id"),
                found=f"{email}, to be made, which is that of {other}",
                allowed="a service account of its own for each role",
                hint="is google_project this environment's own?",
            )


def _admin_is_complete(_settings: Settings, google: Google) -> Iterator[Mistake]:
    """An Admin that nobody can come as, or a service account that is neither named nor can be made."""
    for path, _, _, _, environment in environments(google):
        admin = environment.admin
        if not admin.enabled:
            continue
        account = admin.service_account
        where = (*path, "admin", "service_account")
        if (account.email is None) != (account.unique_id is None):
            missing = "unique_id" if account.unique_id is None else "email"
            yield Mistake(
                path=(*where, missing),
                found="nothing",
                allowed="email and unique_id of a service account that exists, or neither, and it is made",
            )
        elif account.email is None and environment.terraform_deploy.guard == "containment":
            yield Mistake(
                path=(*where, "email"),
                found="nothing",
                allowed="email and unique_id of a service account that exists",
                hint="with containment Admin stands in the bootstrap, which has no Google provider to make one with",
            )
        elif account.email is None and environment.google_project is None:
            yield Mistake(
                path=(*path, "google_project"),
                found="nothing",
                allowed="the Google project to make the «AWS admin» service account in",
                hint="or give admin.service_account the email and unique_id of one that exists",
            )


def _somebody_may_come_as_admin(_settings: Settings, google: Google) -> Iterator[Mistake]:
    """An Admin that nobody can come as is a role too many."""
    for name, product in google.products.items():
        alone = [it for it, chosen in product.environments.items() if chosen.admin.enabled and not chosen.admin.members]
        if alone and not product.editors:
            yield Mistake(
                path=("google", "products", name, "editors"),
                found=f"nobody who may come as Admin of {', '.join(alone)}",
                allowed="members of Google Cloud IAM, or admin.members in each of these environments",
                hint="admin.enabled: false where there shall be no Admin",
            )


def _arns_fit_their_account(settings: Settings, google: Google) -> Iterator[Mistake]:
    """A role or policy of another account is not the one that is meant."""
    for path, product, name, _, environment in environments(google):
        id_ = environment.account.id
        if id_ is None:
            continue
        for where, arn in _arns(settings, path, environment):
            if arn.split(":")[4] not in (id_, "aws", "{account_id}"):
                yield Mistake(
                    path=where,
                    found=show_value(arn),
                    allowed=f"an ARN of the account of {product}-{name} ({id_})",
                    hint="{account_id} is filled in for each account",
                )


def _arns(settings: Settings, path: Path, environment: Environment) -> Iterator[tuple[Path, str]]:
    deploy, admin = environment.terraform_deploy, environment.admin
    accesses = [((*path, "access"), environment.access), ((*path, "admin", "access"), admin.access)]
    if environment.access is None:
        accesses.append((("access",), settings.access))
    for where, access in accesses:
        if access and access.assume_role:
            yield (*where, "assume_role", "role_arn"), access.assume_role.role_arn
    for position, arn in enumerate(deploy.managed_policies):
        yield (*path, "terraform_deploy", "managed_policies", position), arn
    for position, arn in enumerate(deploy.containment.protected):
        yield (*path, "terraform_deploy", "containment", "protected", position), arn
    for position, arn in enumerate(admin.managed_policies):
        yield (*path, "admin", "managed_policies", position), arn
    for part, role in (("terraform_deploy", deploy.role), ("admin", admin.role)):
        if role.permissions_boundary:
            yield (*path, part, "role", "permissions_boundary"), role.permissions_boundary


def _placeholders_are_known(settings: Settings, google: Google) -> Iterator[Mistake]:
    """A placeholder that nobody fills in would reach AWS with its braces: a role so named is protected from nothing."""
    for path, _, _, _, environment in environments(google):
        for where, arn in _arns(settings, path, environment):
            known = ["{partition}", "{account_id}", *(["{account}"] if "access" in where else ())]
            for placeholder in re.findall(r"\{[^}]*\}", arn):
                if placeholder not in known:
                    yield Mistake(path=where, found=f"{placeholder} in {show_value(arn)}", allowed=", ".join(known))


def _guards_do_not_conflict(_settings: Settings, google: Google) -> Iterator[Mistake]:
    """Containment is a permissions boundary; a role has one."""
    for path, _, _, _, environment in environments(google):
        chosen = environment.terraform_deploy
        if chosen.guard == "containment" and chosen.role.permissions_boundary:
            yield Mistake(
                path=(*path, "terraform_deploy", "role", "permissions_boundary"),
                found=show_value(chosen.role.permissions_boundary),
                allowed="no boundary beside guard: containment, which makes its own",
            )


def _places_fit(settings: Settings, google: Google) -> Iterator[Mistake]:
    """An environment's region and state: an environment has up to three stacks, and each needs a state of its own."""
    for path, _, _, _, environment in environments(google):
        yield from region_mistakes(settings.partition, (*path, "region"), environment.region)
        yield from backend_mistakes((*path, "backend"), environment.backend)


def _workspaces_are_distinct(_settings: Settings, google: Google) -> Iterator[Mistake]:
    """Two environments in one workspace: Terraform would work in one of their accounts, whichever comes last."""
    for product_name, product in google.products.items():
        first: dict[str, str] = {}
        for name, environment in product.environments.items():
            workspace = environment.workspace or name
            other = first.setdefault(workspace, name)
            if other != name:
                yield Mistake(
                    path=("google", "products", product_name, "environments", name, "workspace"),
                    found=f"{show_value(workspace)}, which {other} has too",
                    allowed="a Terraform workspace of its own for each environment",
                )


def _statements_leave_the_guard(settings: Settings, google: Google) -> Iterator[Mistake]:
    """A statement that seems to allow what the guard denies misleads its reader: a deny always wins."""
    for path, _, _, _, environment in environments(google):
        chosen = environment.terraform_deploy
        where = (*path, "terraform_deploy", "statements")
        yield from statement_mistakes(where, chosen.statements)
        contained = (*path, "terraform_deploy", "containment", "statements")
        yield from statement_mistakes(contained, chosen.containment.statements)
        guarded = _guarded_arns(settings, environment)
        for base, statements in ((where, chosen.statements), (contained, chosen.containment.statements)):
            for position, statement in enumerate(statements):
                if statement.get("Sid") in GUARD_SIDS:
                    yield Mistake(
                        path=(*base, position, "Sid"),
                        found=show_value(statement["Sid"]),
                        allowed=f"any but the guard's own: {', '.join(GUARD_SIDS)}",
                    )
                if taken_back := _takes_back(statement, guarded):
                    yield Mistake(
                        path=(*base, position),
                        found=f"Allow {taken_back}",
                        allowed="statements about other things",
                        hint="the guard denies it, and a deny wins; choose another guard if this is what you want",
                    )


def _guarded_arns(settings: Settings, environment: Environment) -> list[str]:
    account = environment.account.id or "{account_id}"
    prefix = f"arn:{settings.partition}:iam::{account}"
    chosen = environment.terraform_deploy
    path = settings.iam.path
    return [
        f"{prefix}:role{chosen.role.path or path}{chosen.role.name}",
        f"{prefix}:policy{chosen.policy.path or path}{chosen.policy.name}",
        f"{prefix}:policy{chosen.accident_guard.policy.path or path}{chosen.accident_guard.policy.name}",
        f"{prefix}:policy{chosen.containment.policy.path or path}{chosen.containment.policy.name}",
    ]


def _takes_back(statement: Mapping[str, Any], guarded: Sequence[str]) -> str | None:
    """Say what of the guard a statement would take back: an action on what is guarded, which its ARN singles out.

    ``Resource: "*"`` is about everything, as ``ManageIam`` is, and does not mean to.
    """
    if statement.get("Effect") != "Allow":
        return None
    actions = [action for action in _list(statement.get("Action")) if _is_guarded(action)]
    if spared := _list(statement.get("NotAction")):
        left = [guard for guard in GUARDED_ACTIONS if not any(_covers(action, guard) for action in spared)]
        actions = left[:1]
    for action in actions:
        for resource in _list(statement.get("Resource")):
            if ":iam:" in resource and any(fnmatchcase(arn, resource) for arn in guarded):
                return f"{action} on {resource}"
    return None


def _is_guarded(action: str) -> bool:
    return any(_covers(action, guard) for guard in GUARDED_ACTIONS)


def _covers(pattern: str, action: str) -> bool:
    return fnmatchcase(action.lower(), pattern.lower())


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


_RULES = (
    _names_stay_apart,
    _accounts_are_known,
    _accounts_are_distinct,
    _account_names_fit_aws,
    _units_are_distinct,
    _emails_fit_aws,
    _service_accounts_open_one_role,
    _service_accounts_are_consistent,
    _made_service_accounts_are_distinct,
    _admin_is_complete,
    _somebody_may_come_as_admin,
    _arns_fit_their_account,
    _placeholders_are_known,
    _guards_do_not_conflict,
    _places_fit,
    _workspaces_are_distinct,
    _statements_leave_the_guard,
)


def google_rules(settings: Settings, document: Document) -> Iterator[Mistake]:
    """Yield every mistake under ``google``; one that stands in the defaults, where it stands."""
    if settings.google:
        for rule in _RULES:
            for mistake in rule(settings, settings.google):
                yield dataclasses.replace(mistake, path=_where_it_stands(document, mistake.path))


def _where_it_stands(document: Document, path: Path) -> Path:
    """Return where something of an environment is written: there, or in its product's defaults, or in everybody's."""
    if path[:2] != ("google", "products") or path[3:4] != ("environments",) or len(path) < 6:
        return path
    own, rest = path[:5], path[5:]
    places = (own, (*path[:3], "defaults"), ("google", "defaults"))
    return (*max(places, key=lambda place: _reach(document, (*place, *rest)) - len(place)), *rest)


def _reach(document: Document, path: Path) -> int:
    """Return how many steps of a path are written."""
    value: Any = document.value
    for steps, step in enumerate(path):
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return steps
    return len(path)


def google_warnings(settings: Settings) -> Iterator[str]:
    """Yield what is allowed under ``google`` and yet worth a look."""
    if settings.google is None:
        return
    for _, product, name, _, environment in environments(settings.google):
        if environment.account.id is None:
            yield (
                f"{product}-{name} has only its account yet: apply google-accounts, and write the id that it puts out "
                "beside create: true"
            )
        if environment.terraform_deploy.guard == "containment" and settings.iam.permissions_boundary:
            yield (
                f"{product}-{name} has containment: TerraformDeploy, and all that it makes, has containment's boundary "
                "and not iam.permissions_boundary"
            )
        if environment.terraform_deploy.self_management:
            yield (
                f"{product}-{name} manages its own policy: apply the bootstrap, then the admin stack, right after each "
                "other; in a new account apply the bootstrap once without self_management first"
            )
