from typing import Any

from tests.proof.landscapes import ONE, policy, role, stack


def _all_but(effect: str) -> dict[str, Any]:
    statement = {"Effect": effect, "NotPrincipal": {"AWS": f"arn:aws:iam::{ONE}:user/one"}, "Action": "sts:AssumeRole"}
    return {"one": stack(ONE, {"aws_iam_role": {"target": role("target", policy(statement))}})}


FAILS = _all_but("Allow")
PASSES = _all_but("Deny")
ALSO = {"attempt-not-as-expected"}
