"""What no schema can say: how settings have to fit each other, and AWS.

Each rule is a function from settings to mistakes. A rule says in its docstring whom it protects from what.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from rolebridge.settings.document import Document
from rolebridge.settings.google_rules import google_rules, google_warnings
from rolebridge.settings.model import (
    Access,
    Meshstack,
    Settings,
    TerraformVariable,
    WorkloadIdentity,
)
from rolebridge.settings.report import Mistake, Path, nearest, show_path, show_value
from rolebridge.settings.shared_rules import backend_mistakes, placeholder_mistakes, region_mistakes
from rolebridge.settings.statements import statement_mistakes

Rule = Callable[[Settings, Document], Iterator[Mistake]]

BUILT_IN_ISSUERS = {
    "https://accounts.google.com": "Google",
    "https://www.amazon.com": "Login with Amazon",
    "https://graph.facebook.com": "Facebook",
    "https://cognito-identity.amazonaws.com": "Amazon Cognito",
}
"""Issuers that AWS knows by itself (IAM user guide, «Principal element», OIDC federated principals)."""


def references_to_accounts(settings: Settings) -> Iterator[tuple[Path, str]]:
    """Yield every place that names an account, and the name."""
    if settings.google and settings.google.accounts:
        yield ("google", "accounts", "account"), settings.google.accounts.account
    mesh = settings.meshstack
    if mesh is None:
        return
    yield ("meshstack", "meshcloud", "account"), mesh.meshcloud.account
    yield ("meshstack", "management", "account"), mesh.management.account
    if mesh.automation:
        yield ("meshstack", "automation", "account"), mesh.automation.account
        targets = mesh.automation.stack_set_roles.targets
        for position, name in enumerate(targets.accounts if targets else ()):
            yield ("meshstack", "automation", "stack_set_roles", "targets", "accounts", position), name
    for position, name in enumerate(mesh.tenant_import.accounts if mesh.tenant_import else ()):
        yield ("meshstack", "tenant_import", "accounts", position), name


def _accounts_exist(settings: Settings, document: Document) -> Iterator[Mistake]:
    """A name that no account has would give a stack without an account."""
    written = _at(document.value, ("accounts",))
    for path, name in references_to_accounts(settings):
        if name not in written:
            slip = nearest(name, written)
            yield Mistake(
                path=path,
                found=show_value(name),
                allowed=f"a name under accounts: {_some(written)}",
                hint=f"did you mean {slip}?" if slip else None,
            )


def _some(names: Iterable[str], limit: int = 12) -> str:
    """Write names one after another; of a thousand, only the first."""
    every = [name if name.isprintable() else show_value(name) for name in names]
    return ", ".join(every[:limit]) + (f", … ({len(every):,} in all)" if len(every) > limit else "")


def _account_ids_are_distinct(settings: Settings, _document: Document) -> Iterator[Mistake]:
    """The same id under two names is a slip of the pen that puts one account's roles into another."""
    first: dict[str, str] = {}
    for name, account in settings.accounts.items():
        if account.id in first:
            yield Mistake(
                path=("accounts", name, "id"),
                found=f"{show_value(account.id)}, which accounts.{first[account.id]} has too",
                allowed="an id of its own for each account",
            )
        first.setdefault(account.id, name)


def _meshstack_accounts_are_distinct(settings: Settings, _document: Document) -> Iterator[Mistake]:
    """The guide separates its three accounts so that one that is broken into does not open the others."""
    mesh = settings.meshstack
    if mesh is None:
        return
    taken: dict[str, str] = {}
    parts = [("meshcloud", mesh.meshcloud.account), ("management", mesh.management.account)]
    if mesh.automation:
        parts.append(("automation", mesh.automation.account))
    for part, name in parts:
        if name in taken:
            yield Mistake(
                path=("meshstack", part, "account"),
                found=f"{show_value(name)}, which is meshstack.{taken[name]}.account too",
                allowed="an account of its own each for meshcloud, management and automation",
            )
        taken.setdefault(name, part)
    for position, name in enumerate(mesh.tenant_import.accounts if mesh.tenant_import else ()):
        if name in taken:
            yield Mistake(
                path=("meshstack", "tenant_import", "accounts", position),
                found=f"{show_value(name)}, which is meshstack.{taken[name]}.account too",
                allowed="accounts that meshStack does not use itself",
            )


def _regions_fit_the_partition(settings: Settings, _document: Document) -> Iterator[Mistake]:
    """A region of another partition fails only at the first plan, with credentials that look wrong."""
    places: list[tuple[Path, str | None]] = [(("region",), settings.region)]
    places += [(("accounts", name, "region"), account.region) for name, account in settings.accounts.items()]
    if settings.meshstack and settings.meshstack.automation:
        opt_in = settings.meshstack.automation.stack_set_roles.opt_in_regions
        base: Path = ("meshstack", "automation", "stack_set_roles", "opt_in_regions")
        places += [((*base, position), region) for position, region in enumerate(opt_in)]
    for path, region in places:
        yield from region_mistakes(settings.partition, path, region)


def _arns_fit_the_partition(settings: Settings, document: Document) -> Iterator[Mistake]:
    """An ARN of another partition matches nothing, silently."""
    for path, text in _texts(document.value, ()):
        match = re.match(r"arn:([a-z-]+):", text)
        of_backend = path[:1] == ("backend",) or (path[:1] == ("accounts",) and path[2:3] == ("backend",))
        says_nothing = path[-2:-1] == ("tags",) or path[-1:] == ("description",)
        if match and match[1] != settings.partition and not of_backend and not says_nothing:
            yield Mistake(
                path=path,
                found=show_value(text),
                allowed=f"an ARN of the partition {settings.partition}, arn:{settings.partition}:…",
            )


def _texts(value: Any, path: Path, *, keys: bool = False) -> Iterator[tuple[Path, str]]:
    """Yield every text below ``value`` and where it stands; with ``keys``, every key too."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            if keys:
                yield (*path, key), key
            yield from _texts(item, (*path, key), keys=keys)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _texts(item, (*path, position), keys=keys)


def _arns_fit_their_account(settings: Settings, _document: Document) -> Iterator[Mistake]:
    """A role, provider or function of another account is not the one that is meant."""
    strangers: dict[tuple[Path, str], list[str]] = {}
    for path, arn, account in _arns_of_accounts(settings):
        if arn.split(":")[4] not in (settings.accounts[account].id, "aws", "{account_id}"):
            strangers.setdefault((path, arn), []).append(f"{account} ({settings.accounts[account].id})")
    for (path, arn), accounts in strangers.items():
        which = "the account" if len(accounts) == 1 else "the accounts"
        filled_in = path[-1] in ("role_arn", "permissions_boundary") or "managed_policies" in path
        yield Mistake(
            path=path,
            found=show_value(arn),
            allowed=f"an ARN of {which} {_some(dict.fromkeys(accounts))}",
            hint="write {account_id}, which is filled in for each account" if filled_in else None,
        )


def _arns_of_accounts(settings: Settings) -> Iterator[tuple[Path, str, str]]:
    """Yield the ARNs that belong to a certain account: where, the ARN, the account's short name."""
    for name, account in settings.accounts.items():
        access = account.access or settings.access
        if access.assume_role and name in _used(settings):
            path: Path = ("accounts", name, "access") if account.access else ("access",)
            yield (*path, "assume_role", "role_arn"), access.assume_role.role_arn, name
    for path, boundary, account_names in _boundaries(settings):
        for name in account_names:
            yield path, boundary, name
    mesh = settings.meshstack
    if mesh is None:
        return
    for path, identity in _workload_identities(mesh):
        if identity.provider_arn:
            yield (*path, "provider_arn"), identity.provider_arn, mesh.meshcloud.account
    for position, unit in enumerate(mesh.management.organizational_units):
        yield ("meshstack", "management", "organizational_units", position), unit, mesh.management.account
    if mesh.automation is None:
        return
    for position, function in enumerate(mesh.automation.lambda_functions):
        yield ("meshstack", "automation", "lambda_functions", position), function, mesh.automation.account
    if targets := mesh.automation.stack_set_roles.targets:
        base: Path = ("meshstack", "automation", "stack_set_roles", "targets")
        for position, policy in enumerate(targets.managed_policies):
            for name in targets.accounts:
                yield (*base, "managed_policies", position), policy, name


def _used(settings: Settings) -> set[str]:
    return {name for _, name in references_to_accounts(settings) if name in settings.accounts}


def _boundaries(settings: Settings) -> Iterator[tuple[Path, str, list[str]]]:
    """Yield every permissions boundary and the accounts of the roles and users that it bounds."""
    if settings.iam.permissions_boundary:
        yield ("iam", "permissions_boundary"), settings.iam.permissions_boundary, sorted(_used(settings))
    mesh = settings.meshstack
    if mesh is None:
        return
    holders: list[tuple[Path, Any, list[str]]] = [
        (("meshcloud", "role"), mesh.meshcloud.role, [mesh.meshcloud.account]),
        (("authentication", "iam_user"), mesh.authentication.iam_user, [mesh.meshcloud.account]),
        (("management", "role"), mesh.management.role, [mesh.management.account]),
        (
            ("account_access_role",),
            mesh.account_access_role,
            list(mesh.tenant_import.accounts) if mesh.tenant_import else [],
        ),
    ]
    if mesh.automation:
        roles = mesh.automation.stack_set_roles
        holders.append((("automation", "role"), mesh.automation.role, [mesh.automation.account]))
        holders.append((("automation", "stack_set_roles", "role"), roles.role, [mesh.automation.account]))
        if roles.targets:
            path: Path = ("automation", "stack_set_roles", "targets", "role")
            holders.append((path, roles.targets.role, list(roles.targets.accounts)))
    if mesh.metering:
        holders.append((("metering", "role"), mesh.metering.role, [mesh.meshcloud.account]))
        holders.append((("metering", "service_role"), mesh.metering.service_role, [mesh.management.account]))
        user = mesh.metering.authentication.iam_user
        holders.append((("metering", "authentication", "iam_user"), user, [mesh.meshcloud.account]))
    for path, holder, accounts in holders:
        if holder and holder.permissions_boundary:
            yield ("meshstack", *path, "permissions_boundary"), holder.permissions_boundary, accounts


def _organization_is_one(settings: Settings, _document: Document) -> Iterator[Mistake]:
    """Two organization ids cannot both be this organization's."""
    if settings.meshstack is None:
        return
    management = settings.meshstack.management
    base: Path = ("meshstack", "management")
    places: list[tuple[Path, str]] = [
        ((*base, "organizational_units", position), unit.split("/")[1])
        for position, unit in enumerate(management.organizational_units)
    ]
    paths = management.close_accounts.organization_paths if management.close_accounts else ()
    places += [
        ((*base, "close_accounts", "organization_paths", position), path.split("/")[0])
        for position, path in enumerate(paths)
    ]
    for path, organization in places[1:]:
        if organization != places[0][1]:
            yield Mistake(
                path=path,
                found=show_value(organization),
                allowed=f"the organization of {show_path(places[0][0])}, {places[0][1]}",
            )


def _workload_identities(mesh: Meshstack) -> Iterator[tuple[Path, WorkloadIdentity]]:
    if mesh.authentication.workload_identity:
        yield ("meshstack", "authentication", "workload_identity"), mesh.authentication.workload_identity
    if mesh.metering and mesh.metering.authentication.workload_identity:
        path: Path = ("meshstack", "metering", "authentication", "workload_identity")
        yield path, mesh.metering.authentication.workload_identity


def _workload_identities_are_complete(settings: Settings, document: Document) -> Iterator[Mistake]:
    """Without issuer or audience the trust would let in more than meshStack."""
    mesh = settings.meshstack
    if mesh is None:
        return
    own: Path = ("meshstack", "authentication", "workload_identity")
    for path, identity in _workload_identities(mesh):
        for name in ("issuer", "audience"):
            if getattr(identity, name) is None and (path == own or _at(document.value, (*own, name)) is None):
                hint = "the replicator has none that metering could take over" if "metering" in path else None
                yield Mistake(
                    path=(*path, name), found="nothing", allowed=f"the {name} that meshStack shows", hint=hint
                )


def _issuers_are_not_built_in(settings: Settings, _document: Document) -> Iterator[Mistake]:
    """An OIDC provider for an issuer that AWS has built in is refused, or shadows the built-in one and breaks it."""
    if settings.meshstack is None:
        return
    for path, identity in _workload_identities(settings.meshstack):
        name = BUILT_IN_ISSUERS.get((identity.issuer or "").rstrip("/").lower())
        if name:
            yield Mistake(
                path=(*path, "issuer"),
                found=show_value(identity.issuer),
                allowed="meshStack's own issuer, as its platform configuration shows it",
                hint=f"{name} is built into AWS and needs no OIDC provider; one can break federation",
            )


def _existing_providers_fit(settings: Settings, _document: Document) -> Iterator[Mistake]:
    """A provider of another issuer lets its tokens in and meshStack's not."""
    mesh = settings.meshstack
    if mesh is None:
        return
    replicator = mesh.authentication.workload_identity
    for path, identity in _workload_identities(mesh):
        if identity.provider_arn is None:
            continue
        issuer = identity.issuer or (replicator.issuer if replicator else None)
        expected = (issuer or "").removeprefix("https://")
        if issuer and identity.provider_arn.partition(":oidc-provider/")[2] != expected:
            yield Mistake(
                path=(*path, "provider_arn"),
                found=show_value(identity.provider_arn),
                allowed=f"the provider of the issuer {issuer}, …:oidc-provider/{expected}",
            )
        if identity.thumbprints:
            yield Mistake(
                path=(*path, "thumbprints"),
                found="thumbprints beside provider_arn",
                allowed="one of the two",
                hint="an existing provider has its thumbprints already",
            )
        if replicator and identity is not replicator and replicator.issuer == issuer and not replicator.provider_arn:
            yield Mistake(
                path=(*path, "provider_arn"),
                found=show_value(identity.provider_arn),
                allowed="the replicator's provider: AWS has one per issuer and account",
                hint="give provider_arn under meshstack.authentication.workload_identity; metering takes it over",
            )


def _external_ids_are_distinct(settings: Settings, _document: Document) -> Iterator[Mistake]:
    """One external id for two purposes lets either reach what is the other's (confused deputy)."""
    mesh = settings.meshstack
    if mesh and mesh.metering and mesh.metering.external_id == mesh.external_id:
        shared = mesh.external_id
        same = f"the variable {shared.variable}" if isinstance(shared, TerraformVariable) else show_value(shared)
        yield Mistake(
            path=("meshstack", "metering", "external_id"),
            found=f"{same}, which meshstack.external_id has too",
            allowed="an external id of metering's own",
        )


def _stack_set_targets_state_their_policy(settings: Settings, _document: Document) -> Iterator[Mistake]:
    """A role without permissions helps nobody, and one with all of them is for the operator to write down."""
    mesh = settings.meshstack
    if mesh is None or mesh.automation is None or mesh.automation.stack_set_roles.targets is None:
        return
    targets = mesh.automation.stack_set_roles.targets
    path: Path = ("meshstack", "automation", "stack_set_roles", "targets")
    if not targets.statements and not targets.managed_policies:
        yield Mistake(
            path=(*path, "statements"),
            found="neither statements nor managed_policies",
            allowed="at least one of them: what your stack sets may make",
        )
    yield from statement_mistakes((*path, "statements"), targets.statements)


def _backends_fit(settings: Settings, _document: Document) -> Iterator[Mistake]:
    """A state that two stacks share, or that nobody can lock, costs roles."""
    yield from backend_mistakes(("backend",), settings.backend)
    for name, account in settings.accounts.items():
        yield from backend_mistakes(("accounts", name, "backend"), account.backend)


def _placeholders_are_known(settings: Settings, _document: Document) -> Iterator[Mistake]:
    """A placeholder that nobody fills in would reach AWS with its braces."""
    places: list[tuple[Path, str | None, tuple[str, ...]]] = []
    accesses: list[tuple[Path, Access | None]] = [(("access",), settings.access)]
    accesses += [(("accounts", name, "access"), account.access) for name, account in settings.accounts.items()]
    for path, access in accesses:
        if access:
            places.append(((*path, "profile"), access.profile, ("account", "account_id")))
        if access and access.assume_role:
            arn = access.assume_role.role_arn
            places.append(((*path, "assume_role", "role_arn"), arn, ("partition", "account", "account_id")))
    for path, boundary, _ in _boundaries(settings):
        places.append((path, boundary, ("partition", "account_id")))
    for path, text, known in places:
        yield from placeholder_mistakes(path, text, known)


def _tags_fit_iam(settings: Settings, _document: Document) -> Iterator[Mistake]:
    """IAM takes letters, separators and digits of any language, and sees Team and team as the same key."""
    for path, tags in _all_tags(settings):
        folded: dict[str, str] = {}
        for key, value in tags.items():
            for text in (key, value):
                odd = [c for c in text if c not in "_.:/=+-@" and unicodedata.category(c)[0] not in "LZN"]
                if odd:
                    yield Mistake(
                        path=(*path, key),
                        at_key=text is key,
                        found=f"{show_value(odd[0])} in {show_value(text)}",
                        allowed="letters, digits, spaces and _ . : / = + - @",
                    )
            if key.lower() in folded:
                yield Mistake(
                    path=(*path, key),
                    at_key=True,
                    found=f"{show_value(key)} besides {show_value(folded[key.lower()])}",
                    allowed="each key once, whatever its case",
                )
            folded.setdefault(key.lower(), key)


def _all_tags(settings: Settings) -> Iterator[tuple[Path, Mapping[str, str]]]:
    yield ("tags",), settings.tags
    yield ("iam", "tags"), settings.iam.tags
    for name, account in settings.accounts.items():
        yield ("accounts", name, "tags"), account.tags
    yield from _tags_within(settings.meshstack, ("meshstack",))


def _tags_within(value: Any, path: Path) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Yield the tags of every role, user and policy below ``value``."""
    for name, part in vars(value).items() if hasattr(value, "__dataclass_fields__") else ():
        if name == "tags" and isinstance(part, Mapping):
            yield (*path, name), part
        else:
            yield from _tags_within(part, (*path, name))


def _text_is_not_a_token(_settings: Settings, document: Document) -> Iterator[Mistake]:
    """CDKTF replaces its own token marks wherever they stand, in an operator's text too."""
    for path, text in _texts(document.value, (), keys=True):
        if "TfToken[" in text:
            yield Mistake(path=path, found=show_value(text), allowed="text without TfToken[, CDKTF's own mark")


_POLICY_TEXTS: tuple[Path, ...] = (
    ("meshstack", "authentication", "workload_identity", "subject"),
    ("meshstack", "metering", "authentication", "workload_identity", "subject"),
    ("meshstack", "management", "close_accounts", "tags"),
    ("meshstack", "automation", "stack_set_roles", "targets", "statements"),
)
"""Free text that comes to stand in a policy document."""


def _policies_are_latin_1(_settings: Settings, document: Document) -> Iterator[Mistake]:
    """IAM refuses any other character in a policy document (IAM user guide, «IAM and AWS STS quotas»)."""
    places = [(base, _at(document.value, base)) for base in _POLICY_TEXTS]
    places += [(path, value) for path, value in _all_under("statements", document.value.get("google"), ("google",))]
    for base, value in places:
        for path, text in _texts(value, base, keys=True):
            odd = next((c for c in text if not (" " <= c <= "\u00ff" or c in "\t\n\r")), None)
            if odd is not None:
                yield Mistake(
                    path=path,
                    found=f"the character {show_value(odd)} in {show_value(text)}",
                    allowed="what IAM takes in a policy: characters of Latin-1 (up to U+00FF), no control characters",
                )


def _all_under(key: str, value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Yield every value that stands under ``key``, however deep."""
    for name, item in value.items() if isinstance(value, dict) else ():
        if name == key:
            yield (*path, name), item
        else:
            yield from _all_under(key, item, (*path, name))


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _acceptances_end_on_a_day(settings: Settings, _document: Document) -> Iterator[Mistake]:
    """A day that no calendar has would never come, or fail where nobody looks for it."""
    for position, acceptance in enumerate(settings.proof.accepted):
        path: Path = ("proof", "accepted", position)
        try:
            datetime.date.fromisoformat(acceptance.expires)
        except ValueError:
            yield Mistake(
                path=(*path, "expires"), found=show_value(acceptance.expires), allowed="a day that the calendar has"
            )
        if not acceptance.reason.strip():
            yield Mistake(path=(*path, "reason"), found="white space", allowed="why it is wanted so")


RULES: tuple[Rule, ...] = (
    _accounts_exist,
    _account_ids_are_distinct,
    _meshstack_accounts_are_distinct,
    _regions_fit_the_partition,
    _arns_fit_the_partition,
    _arns_fit_their_account,
    _organization_is_one,
    _workload_identities_are_complete,
    _issuers_are_not_built_in,
    _existing_providers_fit,
    _external_ids_are_distinct,
    _stack_set_targets_state_their_policy,
    _backends_fit,
    _placeholders_are_known,
    _tags_fit_iam,
    _text_is_not_a_token,
    google_rules,
    _acceptances_end_on_a_day,
    _policies_are_latin_1,
)


def check_rules(settings: Settings, document: Document) -> list[Mistake]:
    """Return every mistake that the rules find, one report per place and finding."""
    found = [mistake for rule in RULES for mistake in rule(settings, document)]
    return list({(mistake.path, mistake.found, mistake.allowed): mistake for mistake in found}.values())


def _unused_accounts(settings: Settings) -> Iterator[str]:
    used = _used(settings)
    for name in settings.accounts:
        if name not in used:
            yield f"accounts.{name} is not used: nothing is made in it"


def _keys_that_live_long(settings: Settings) -> Iterator[str]:
    mesh = settings.meshstack
    if mesh is None:
        return
    for name, both in (
        ("authentication", mesh.authentication),
        ("metering.authentication", getattr(mesh.metering, "authentication", None)),
    ):
        if both and both.workload_identity and both.iam_user:
            yield f"meshstack.{name} has both workload_identity and iam_user: once the first works, take iam_user out"
        if both and both.iam_user and both.iam_user.access_key:
            key = both.iam_user.access_key
            kept = "encrypted with your PGP key" if key.pgp_key else "in plain text in the state"
            yield f"meshstack.{name}.iam_user makes an access key that lives until it is removed; its secret is {kept}"


def _subject_twice(settings: Settings) -> Iterator[str]:
    mesh = settings.meshstack
    if mesh is None or mesh.metering is None:
        return
    replicator, metering = (
        mesh.authentication.workload_identity,
        mesh.metering.authentication.workload_identity,
    )
    if replicator and metering and replicator.subject == metering.subject:
        yield "meshstack.metering has the replicator's subject; meshStack shows a subject of its own for metering"


def warnings(settings: Settings) -> list[str]:
    """Return what is allowed and yet worth a look."""
    return [
        *_unused_accounts(settings),
        *_keys_that_live_long(settings),
        *_subject_twice(settings),
        *google_warnings(settings),
    ]
