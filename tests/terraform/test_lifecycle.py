"""Every stack, from `terraform init` to `terraform destroy`, with the real provider against a fake AWS.

What is compared here is AWS with the plan: that what was planned is there, in its account, and nothing else.
That what was planned is what the guide asks for is shown elsewhere. What moto would let pass and AWS would
refuse (a trust in a principal that does not exist yet, the deletion of a policy that is still attached) is held
by the order of the plan's resources and of the stacks.
"""

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.terraform.aws_reader import Account
from tests.terraform.harness import (
    LEDGER,
    MISSING_IN_MOTO,
    Change,
    Installation,
    Lifecycle,
    Plan,
    contents,
    stacks_in_order,
)


def names(life: Lifecycle) -> set[str]:
    """Every stack of the folder as it was generated, but for those that need the Google provider."""
    return {stack.name for wave in stacks_in_order(life.generated) for stack in wave if not stack.needs_google}


def all_names(life: Lifecycle) -> set[str]:
    return {stack.name for wave in stacks_in_order(life.generated) for stack in wave}


def planned(life: Lifecycle, kind: str) -> Iterator[Change]:
    """Every resource of one type that was applied."""
    for plan in life.applied_plans.values():
        yield from (change for change in plan.changes if change.type == kind)


def by_account(life: Lifecycle, found: list[tuple[str, str, Any]]) -> dict[str, dict[str, Any]]:
    """(account, key, value) as a dictionary of dictionaries that has every account of the folder."""
    table: dict[str, dict[str, Any]] = {account: {} for account in life.applied}
    for account, key, value in found:
        assert key not in table[account], f"{key} is planned twice in account {account}"
        table[account][key] = value
    return table


def tags(change: Change) -> dict[str, str]:
    return dict(change.after.get("tags_all") or {})


# --- init, validate, plan --------------------------------------------------------------------------


def test_every_stack_is_run_or_listed_at_the_end_of_the_session_with_the_reason(life: Lifecycle) -> None:
    needing_google = {stack.name for stack in life.set_aside}
    assert needing_google | {stack.name for stack in life.stacks} == all_names(life)
    assert needing_google == all_names(life) - names(life)
    for name in needing_google:
        assert any(f": {name} needs hashicorp/google: " in line for line in LEDGER.not_run), name


def test_every_stack_that_needs_google_is_valid_where_its_provider_can_be_had(
    life: Lifecycle, terraform: Installation
) -> None:
    expected = set() if terraform.no_google else {stack.name for stack in life.set_aside}
    assert set(life.checked_aside) == expected


def test_terraform_initialises_every_stack(life: Lifecycle) -> None:
    assert set(life.initialised) == names(life)


def test_terraform_finds_every_stack_valid_without_a_warning(life: Lifecycle) -> None:
    assert set(life.validated) == names(life)


def test_every_stack_can_be_planned_whole_before_any_is_applied(life: Lifecycle) -> None:
    assert {name for name, plan in life.first_plans.items() if plan.changes} == names(life)


# --- order: what AWS would refuse and moto would not ------------------------------------------------


def made_by(change: Change) -> Iterator[str]:
    """What other resources may need this one for: its ARN, or its name in its account."""
    if change.arn:
        yield change.arn
    if change.type in ("aws_iam_role", "aws_iam_user"):
        yield f"{change.type} {change.after['name']} in {change.account}"


def needed_by(plan: Plan, change: Change) -> Iterator[str]:
    """What must be there before this resource, in the form of `made_by`."""
    for attribute in ("role", "user"):
        name = plan.value(change, attribute)
        if name:
            yield f"aws_iam_{attribute} {name} in {change.account}"
    for attribute in ("policy_arn", "permissions_boundary", "principal_arn"):
        arn = plan.value(change, attribute)
        if arn:
            yield arn
    for statement in json.loads(change.after.get("assume_role_policy") or "{}").get("Statement", []):
        principals = statement["Principal"]
        for kind in ("AWS", "Federated"):
            named = principals.get(kind, []) if isinstance(principals, Mapping) else []
            yield from [named] if isinstance(named, str) else named


def all_before(life: Lifecycle) -> dict[str, set[str]]:
    """For each stack, every stack that is applied before it because it says so."""
    before: dict[str, set[str]] = {}
    for stack in itertools.chain.from_iterable(stacks_in_order(life.generated)):
        before[stack.name] = set(stack.dependencies).union(*(before[name] for name in stack.dependencies))
    return before


def test_whatever_a_resource_names_is_made_before_it(life: Lifecycle) -> None:
    plans: Mapping[str, Plan] = life.first_plans
    maker = {
        key: (plan.stack, change.address)
        for plan in plans.values()
        for change in plan.changes
        for key in made_by(change)
    }
    stacks_before = all_before(life)
    pairs = [
        (plan, change, *maker[key])
        for plan in plans.values()
        for change in plan.changes
        for key in needed_by(plan, change)
        if key in maker
    ]
    unordered = [
        f"{plan.stack}: {change.address} does not wait for {address} of {stack}"
        for plan, change, stack, address in pairs
        if (
            address not in plan.dependencies[change.address]
            if stack == plan.stack
            else stack not in stacks_before[plan.stack]
        )
    ]
    assert pairs, "no resource names another one: nothing was compared"
    assert unordered == []


# --- apply ------------------------------------------------------------------------------------------


def test_nothing_is_in_the_accounts_before_the_stacks_are_applied(life: Lifecycle) -> None:
    assert [account.id for account in life.before.values() if not account.is_empty] == []


def test_only_what_moto_lacks_is_left_out_of_what_is_applied(life: Lifecycle) -> None:
    left_out = {
        f"{name}: {address}"
        for name, plan in life.first_plans.items()
        for address in plan.addresses - life.applied_plans[name].addresses
    }
    of_missing_types = {
        f"{plan.stack}: {change.address}"
        for plan in life.first_plans.values()
        for change in plan.changes
        if change.type in MISSING_IN_MOTO
    }
    assert left_out == of_missing_types
    assert all(any(note.startswith(f"{one} ") for note in life.left_out) for one in left_out)


def test_the_roles_in_aws_are_the_planned_ones(life: Lifecycle) -> None:
    expected = by_account(
        life,
        [
            (
                change.account,
                change.after["name"],
                {
                    "trust": json.loads(change.after["assume_role_policy"]),
                    "path": change.after["path"],
                    "description": change.after["description"] or "",
                    "max_session_duration": change.after["max_session_duration"],
                    "permissions_boundary": change.after["permissions_boundary"],
                    "tags": tags(change),
                },
            )
            for change in planned(life, "aws_iam_role")
        ],
    )
    assert any(expected.values()), "no role was planned"
    assert expected == {
        id_: {
            role.name: {
                "trust": role.trust,
                "path": role.path,
                "description": role.description,
                "max_session_duration": role.max_session_duration,
                "permissions_boundary": role.permissions_boundary,
                "tags": role.tags,
            }
            for role in account.roles.values()
        }
        for id_, account in life.applied.items()
    }


def test_the_managed_policies_in_aws_are_the_planned_ones(life: Lifecycle) -> None:
    expected = by_account(
        life,
        [
            (
                change.account,
                change.after["name"],
                {
                    "document": json.loads(change.after["policy"]),
                    "path": change.after["path"],
                    "description": change.after["description"] or "",
                    "tags": tags(change),
                },
            )
            for change in planned(life, "aws_iam_policy")
        ],
    )
    assert any(expected.values()), "no managed policy was planned"
    assert expected == {
        id_: {
            policy.name: {
                "document": policy.document,
                "path": policy.path,
                "description": policy.description,
                "tags": policy.tags,
            }
            for policy in account.policies.values()
        }
        for id_, account in life.applied.items()
    }


def test_the_policies_attached_to_roles_and_users_are_the_planned_ones(life: Lifecycle) -> None:
    expected = {
        (change.account, kind, plan.value(change, kind), plan.value(change, "policy_arn"))
        for plan in life.applied_plans.values()
        for change in plan.changes
        for kind in ("role", "user")
        if change.type == f"aws_iam_{kind}_policy_attachment"
    }
    assert expected, "no attachment was planned"
    assert expected == {
        (id_, kind, entity.name, arn)
        for id_, account in life.applied.items()
        for kind, entities in (("role", account.roles), ("user", account.users))
        for entity in entities.values()
        for arn in entity.attached
    }


def test_the_inline_policies_of_roles_and_users_are_the_planned_ones(life: Lifecycle) -> None:
    expected = [
        (change.account, kind, change.after[kind], change.after["name"], json.loads(change.after["policy"]))
        for kind in ("role", "user")
        for change in planned(life, f"aws_iam_{kind}_policy")
    ]
    found = [
        (id_, kind, entity.name, name, document)
        for id_, account in life.applied.items()
        for kind, entities in (("role", account.roles), ("user", account.users))
        for entity in entities.values()
        for name, document in entity.inline.items()
    ]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_the_identity_providers_in_aws_are_the_planned_ones(life: Lifecycle) -> None:
    expected = by_account(
        life,
        [
            (
                change.account,
                change.after["url"].removeprefix("https://"),
                {"client_ids": set(change.after["client_id_list"]), "tags": tags(change)},
            )
            for change in planned(life, "aws_iam_openid_connect_provider")
        ],
    )
    assert expected == {
        id_: {
            provider.url: {"client_ids": set(provider.client_ids), "tags": provider.tags}
            for provider in account.oidc_providers.values()
        }
        for id_, account in life.applied.items()
    }


def test_the_users_in_aws_are_the_planned_ones_each_with_the_planned_number_of_keys(life: Lifecycle) -> None:
    keys = [(change.account, change.after["user"]) for change in planned(life, "aws_iam_access_key")]
    expected = by_account(
        life,
        [
            (
                change.account,
                change.after["name"],
                {
                    "path": change.after["path"],
                    "keys": keys.count((change.account, change.after["name"])),
                    "tags": tags(change),
                },
            )
            for change in planned(life, "aws_iam_user")
        ],
    )
    assert expected == {
        id_: {
            user.name: {"path": user.path, "keys": len(user.access_keys), "tags": user.tags}
            for user in account.users.values()
        }
        for id_, account in life.applied.items()
    }


# --- again, and gone --------------------------------------------------------------------------------


def test_a_second_plan_changes_nothing(life: Lifecycle) -> None:
    changing = [f"{name}:\n{text}" for name, (changes, text) in life.second_plans.items() if changes]
    assert not changing, "\n\n".join(changing)


def test_terraform_destroy_is_refused_for_every_protected_resource(life: Lifecycle) -> None:
    protected = {
        (stack.name, f"{kind}.{name}")
        for stack in life.stacks
        for kind, bodies in stack.protected.items()
        for name in bodies
    }
    refused = {(name, address) for name, addresses in life.refusals.items() for address in addresses}
    assert refused == protected


def test_a_refused_destroy_leaves_everything_in_aws_as_it_was(life: Lifecycle) -> None:
    assert life.after_refusals == life.applied


@pytest.mark.destroys
def test_after_destroy_the_accounts_are_as_they_were_before(life: Lifecycle) -> None:
    applied: dict[str, Account] = life.applied
    assert any(not account.is_empty for account in applied.values()), "nothing was ever there"
    assert life.destroyed == life.before


@pytest.mark.destroys
def test_the_generated_folder_is_as_it_was_before_terraform_ran(life: Lifecycle) -> None:
    assert life.destroyed.keys() == life.before.keys()
    assert contents(life.generated) == life.contents
