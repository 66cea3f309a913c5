from collections.abc import Mapping
from typing import Any

from tests.proof.landscapes import ONE, allow, deny, policy, stack, trust

ARN = f"arn:aws:iam::{ONE}:policy/own"
LEAVE = allow("iam:*PolicyVersion", ARN)


def _with(*statements: Mapping[str, Any]) -> dict[str, Any]:
    roles = {"worker": {"name": "worker", "assume_role_policy": trust({"Service": "lambda.amazonaws.com"})}}
    attached = {"a": {"role": "${aws_iam_role.worker.name}", "policy_arn": "${aws_iam_policy.own.arn}"}}
    policies = {"own": {"name": "own", "policy": policy(*statements)}}
    resources = {"aws_iam_role": roles, "aws_iam_policy": policies, "aws_iam_role_policy_attachment": attached}
    return {"one": stack(ONE, resources)}


FAILS = _with(LEAVE)
PASSES = _with(LEAVE, deny(["iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"], ARN))
