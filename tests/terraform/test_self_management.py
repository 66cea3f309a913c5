"""The policy of TerraformDeploy moves from the bootstrap into the stack that TerraformDeploy applies, and back.

Two syntheses of one settings file into the same folder, with Terraform's state staying where it is: what an operator
does who switches `self_management` on. moto lets everybody do everything; what AWS would let TerraformDeploy do is
asked of `rolebridge.proof`, with the policy as it then is in AWS.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.terraform.aws_reader import Account
from tests.terraform.harness import FakeAws, Installation, Lifecycle, Terraform

from rolebridge.proof.evaluation import evaluate_identity
from rolebridge.proof.policy import compile_policy
from rolebridge.proof.request import Request
from rolebridge.synth import synthesize

T = TypeVar("T")

SETTINGS = Path(__file__).with_name("fixtures") / "rolebridge.yaml"
ACCOUNT = "616161616161"
POLICY = "aws_iam_policy.TerraformDeployPolicy"
GUARD_POLICY = "aws_iam_policy.TerraformDeployGuard"
ARN, GUARD = (f"arn:aws:iam::{ACCOUNT}:policy/{name}" for name in ("TerraformDeploy", "TerraformDeployGuard"))


Planned = Mapping[str, Mapping[str, Any]]
"""What a plan does, by address: see `Terraform.planned_actions`."""


@dataclass(frozen=True)
class Move:
    """What each plan was going to do, and what AWS held after each apply.

    Attributes:
        forgets: the bootstrap's plan after the switch.
        takes_over: the admin stack's plan after that.
        settled: the plans of bootstrap and admin after both were applied.
        goes_back_alone: the admin stack's plan with the switch off again and nothing else done.
        goes_back: the plans of bootstrap and admin after the resource was moved between the states by hand.
        bootstrapped, loosened, moved, back: what AWS held.
        ids: the policy's id in AWS at these three times.
        written: the documents of generated/policies by their ARNs, with self-management off and on.
    """

    forgets: Planned
    takes_over: Planned
    settled: tuple[Planned, Planned]
    goes_back_alone: Planned
    goes_back: tuple[Planned, Planned]
    bootstrapped: Account
    loosened: Account
    moved: Account
    back: Account
    ids: tuple[str, str, str]
    written: Mapping[bool, Any]


def actions(plan: Planned) -> dict[str, str]:
    return {address: change["action"] for address, change in plan.items()}


def imported(plan: Planned) -> dict[str, str]:
    """What a plan takes over, by address."""
    return {address: change["importing"]["id"] for address, change in plan.items() if "importing" in change}


def destroyed(plan: Planned) -> list[str]:
    return [address for address, action in actions(plan).items() if action in ("delete", "replace")]


def policy_id(aws: FakeAws) -> str:
    return str(aws.client("iam", ACCOUNT).get_policy(PolicyArn=ARN)["Policy"]["PolicyId"])


@pytest.fixture(scope="module")
def move(terraform: Installation, shipped: Lifecycle, tmp_path_factory: pytest.TempPathFactory) -> Move:
    work = tmp_path_factory.mktemp("self-management")
    generated = work / "generated"
    text = SETTINGS.read_text(encoding="utf-8")
    documents = {}

    def switch(on: bool) -> None:
        settings = work / "rolebridge.yaml"
        settings.write_text(text.replace("SELF_MANAGEMENT", "true" if on else "false"), encoding="utf-8")
        synthesize(settings, generated)
        written = generated / "policies" / "shop-production"
        documents[on] = {
            arn: json.loads((written / f"{arn.rpartition('/')[2]}.json").read_text(encoding="utf-8"))
            for arn in (ARN, GUARD)
        }

    switch(False)
    aws = shipped.aws  # the account is none of the shipped example's
    bootstrap, admin = (
        Terraform(terraform, generated / "stacks" / f"google-shop-production-{purpose}", aws.environment)
        for purpose in ("bootstrap", "admin")
    )

    def both(step: Callable[[Terraform], T]) -> tuple[T, T]:
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(step, (bootstrap, admin))
        return first, second

    both(lambda stack: stack.init())
    bootstrap.apply_at_once()
    admin.apply_at_once()
    bootstrapped, ids = aws.account(ACCOUNT), [policy_id(aws)]

    switch(True)
    forgets = bootstrap.planned_actions()
    bootstrap.apply()
    loosened = aws.account(ACCOUNT)
    takes_over = admin.planned_actions()
    admin.apply()
    settled = both(lambda stack: stack.planned_actions())
    moved = aws.account(ACCOUNT)
    ids.append(policy_id(aws))

    switch(False)
    goes_back_alone = admin.planned_actions()
    admin.run("state", "rm", POLICY)
    bootstrap.run("import", "-input=false", "-no-color", POLICY, ARN)
    goes_back = both(lambda stack: stack.planned_actions())
    bootstrap.apply()
    ids.append(policy_id(aws))
    return Move(
        forgets=forgets,
        takes_over=takes_over,
        settled=settled,
        goes_back_alone=goes_back_alone,
        goes_back=goes_back,
        bootstrapped=bootstrapped,
        loosened=loosened,
        moved=moved,
        back=aws.account(ACCOUNT),
        ids=(ids[0], ids[1], ids[2]),
        written=documents,
    )


def test_neither_plan_of_the_move_destroys_or_replaces_anything(move: Move) -> None:
    assert [destroyed(plan) for plan in (move.forgets, move.takes_over)] == [[], []]


def test_the_bootstrap_forgets_the_policy_loosens_the_guard_and_touches_nothing_else(move: Move) -> None:
    assert actions(move.forgets) == {POLICY: "remove", GUARD_POLICY: "update"}


def test_the_admin_stack_takes_the_policy_over_as_it_is_and_touches_nothing_else(move: Move) -> None:
    assert imported(move.takes_over) == {POLICY: ARN}
    assert actions(move.takes_over) == {POLICY: "import"}


@pytest.mark.parametrize("time", ["bootstrapped", "loosened", "moved", "back"])
def test_terraform_deploy_may_write_its_policy_from_the_bootstraps_apply_on_and_its_guard_never(
    move: Move, time: str
) -> None:
    account: Account = getattr(move, time)
    in_aws = [compile_policy(document) for document in account.roles["TerraformDeploy"].attached.values()]
    assert len(in_aws) == 2
    for action in ("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicyVersion"):
        own, guard = (evaluate_identity(in_aws, Request(action, arn)).allowed for arn in (ARN, GUARD))
        assert (own, guard) == (time in ("loosened", "moved"), False), action
    assert not evaluate_identity(in_aws, Request("iam:DeletePolicy", ARN)).allowed


def test_after_the_move_there_is_nothing_left_to_do_in_either_stack(move: Move) -> None:
    assert move.settled == ({}, {})


def test_the_policy_in_aws_is_the_same_one_all_the_way(move: Move) -> None:
    assert len(set(move.ids)) == 1


def test_terraform_deploy_has_the_written_policy_before_the_move_after_it_and_back_again(move: Move) -> None:
    assert move.written[False][ARN] == move.written[True][ARN]
    assert move.written[False][GUARD] != move.written[True][GUARD]
    times = [(move.bootstrapped, False), (move.moved, True), (move.back, False)]
    for account, on in times:
        assert account.roles["TerraformDeploy"].attached == move.written[on]
        assert set(account.roles) == {"TerraformDeploy", "Admin"}


def test_going_back_without_moving_the_state_would_destroy_the_policy(move: Move) -> None:
    assert destroyed(move.goes_back_alone) == [POLICY]


def test_going_back_with_the_state_moved_destroys_nothing(move: Move) -> None:
    bootstrap, admin = move.goes_back
    assert actions(bootstrap) == {GUARD_POLICY: "update"}
    assert actions(admin) == {}
