"""A first plan, before anything exists, is what a reviewer approves: it must show every policy in full."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

from tests.terraform.harness import Lifecycle, stacks_in_order

POLICIES = ("policy", "assume_role_policy")
ATTACHMENTS = {
    "aws_iam_role_policy_attachment": ("role", "policy_arn"),
    "aws_iam_user_policy_attachment": ("user", "policy_arn"),
    "aws_servicecatalog_principal_portfolio_association": ("portfolio_id", "principal_arn"),
}


def resources(life: Lifecycle) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Stack, address and body of every resource in the folder as it was generated, but for what needs Google."""
    for stack in itertools.chain.from_iterable(stacks_in_order(life.generated)):
        if stack.needs_google:
            continue
        for kind, bodies in stack.read().get("resource", {}).items():
            for name, body in bodies.items():
                yield stack.name, f"{kind}.{name}", body


def is_policy(text: object) -> bool:
    """Whether a planned value is a whole policy document."""
    return isinstance(text, str) and bool(json.loads(text).get("Statement"))


def test_a_first_plan_shows_every_policy_in_full(life: Lifecycle) -> None:
    written = {
        (stack, address, attribute)
        for stack, address, body in resources(life)
        for attribute in POLICIES
        if attribute in body
    }
    shown = {
        (plan.stack, change.address, attribute)
        for plan in life.first_plans.values()
        for change in plan.changes
        for attribute in POLICIES
        if not change.unknown.get(attribute) and is_policy(change.after.get(attribute))
    }
    assert written, "the folder holds no policy at all"
    assert shown == written


def test_a_first_plan_shows_what_is_attached_to_whom(life: Lifecycle) -> None:
    attachments = [
        (plan, change, attribute)
        for plan in life.first_plans.values()
        for change in plan.changes
        for attribute in ATTACHMENTS.get(change.type, ())
    ]
    hidden = [
        f"{plan.stack}: {attribute} of {change.address}"
        for plan, change, attribute in attachments
        if plan.value(change, attribute) is None
    ]
    assert attachments, "the folder attaches nothing"
    assert hidden == []


def test_a_first_plan_creates_every_resource_and_does_nothing_else(life: Lifecycle) -> None:
    written = {(stack, address, ("create",)) for stack, address, _ in resources(life)}
    planned = {
        (plan.stack, change.address, change.actions) for plan in life.first_plans.values() for change in plan.changes
    }
    assert planned == written


def test_every_resource_is_planned_in_an_account_that_its_stack_allows(life: Lifecycle) -> None:
    allowed = {stack.name: set(stack.accounts) for stack in life.stacks}
    astray = [
        f"{plan.stack}: {change.address} in account {change.account or 'of no known number'}"
        for plan in life.first_plans.values()
        for change in plan.changes
        if change.account not in allowed[plan.stack]
    ]
    assert astray == []
