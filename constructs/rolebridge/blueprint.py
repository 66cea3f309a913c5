"""Which stacks there are, in which account each stands, and what it makes there; read from settings, without CDKTF.

This is the whole of what will be synthesized, as plain values, so that everything that can be wrong is found before
Node is started and before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

from rolebridge.google.stacks import google_stacks
from rolebridge.meshstack.stacks import meshstack_stacks
from rolebridge.policies.identity import ManagedPolicy, OidcProvider, Role, User
from rolebridge.settings import Mistake, Settings, load_settings
from rolebridge.settings.model import Tags
from rolebridge.settings.report import Path
from rolebridge.stack_blueprint import StackBlueprint

TAGS_OF_A_RESOURCE = 50
"""IAM user guide, «IAM and AWS STS quotas»."""


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
        yield from meshstack_stacks(settings, settings.meshstack)
    if settings.google:
        yield from google_stacks(settings, settings.google)


def misfits(settings: Settings) -> Iterator[Mistake]:
    """Yield what IAM would refuse of what the settings give: sizes, numbers, names that are taken."""
    stacks = blueprint(settings)
    for stack in stacks:
        for misfit in stack.identities.misfits():
            path = stack.place(misfit.key)
            yield Mistake(path=path, found=misfit.found, allowed=misfit.allowed)
    yield from _names_that_are_taken(settings, stacks)
    yield from _tags_that_do_not_fit(settings, stacks)
    yield from _documents_of_one_name(stacks)


def _names_that_are_taken(settings: Settings, stacks: tuple[StackBlueprint, ...]) -> Iterator[Mistake]:
    """IAM holds names of one kind apart within an account, whatever their path and case.

    Two places in one account by mistake are a mistake of their own: of the names in them nothing is said.
    """
    shared = settings.google is not None and settings.google.shared_accounts
    first: dict[tuple[str, str, str], tuple[StackBlueprint, str]] = {}
    for stack in stacks:
        kinds = {
            "role": [(role.key, role.name) for role in stack.identities.roles],
            "user": [(user.key, user.name) for user in stack.identities.users],
            "policy": [(policy.key, policy.name) for policy in stack.identities.policies()],
        }
        for kind, named in kinds.items():
            for key, name in named:
                other, of = first.setdefault((stack.account.id, kind, name.lower()), (stack, key))
                if (other, of) != (stack, key) and (shared or other.account_name == stack.account_name):
                    yield Mistake(
                        path=(*stack.place(key), "name"),
                        found=f'the {kind} name "{name}", which {of} of {other.name} has in the same account too',
                        allowed=f"a {kind} name of its own within an account, whatever its path and case",
                    )


def _tags_that_do_not_fit(settings: Settings, stacks: tuple[StackBlueprint, ...]) -> Iterator[Mistake]:
    for stack in stacks:
        made = stack.identities
        parts: tuple[OidcProvider | Role | User | ManagedPolicy, ...]
        parts = (*made.providers, *made.roles, *made.users, *made.policies())
        for part in parts:
            path = (*stack.place(part.key), "tags")
            tags = {**stack.tags, **part.tags}
            if len(tags) > TAGS_OF_A_RESOURCE:
                yield Mistake(
                    path=path,
                    found=f"{len(tags)} tags on {part.key} with those of iam, the account and the top",
                    allowed=f"at most {TAGS_OF_A_RESOURCE}",
                )
            # The same slip is on everything that takes the tags: it is reported where they are given.
            for where, given in ((("accounts", stack.account_name, "tags"), {}), (("iam", "tags"), settings.iam.tags)):
                if twice := _twice({**stack.tags, **given}):
                    yield _tag_twice(where, twice)
                    break
            else:
                if twice := _twice(tags):
                    yield _tag_twice(path, twice)


def _twice(tags: Tags) -> tuple[str, str] | None:
    """Return two keys that IAM takes for the same."""
    folded: dict[str, str] = {}
    for key in tags:
        other = folded.setdefault(key.lower(), key)
        if other != key:
            return other, key
    return None


def _tag_twice(path: Path, keys: tuple[str, str]) -> Mistake:
    found = f'the tag keys "{keys[0]}" and "{keys[1]}" on the same resources'
    return Mistake(path=path, found=found, allowed="each key once on a resource, whatever its case")


def _documents_of_one_name(stacks: tuple[StackBlueprint, ...]) -> Iterator[Mistake]:
    """Every document has a file of its own in generated/policies; a policy «Role.trust» would take the trust's."""
    for stack in stacks:
        taken = {name.lower() for name, _ in stack.identities.written_documents() if name.endswith(".downgraded")}
        taken |= {f"{role.name}.trust".lower() for role in stack.identities.roles}
        for policy in stack.identities.policies():
            if policy.name.lower() in taken:
                yield Mistake(
                    path=(*stack.place(policy.key), "name"),
                    found=f'the policy name "{policy.name}", under which another document is written for review',
                    allowed="a policy name that is not a role's with .trust or .downgraded behind it",
                )
