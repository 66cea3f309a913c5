from typing import Any

from tests.proof.landscapes import ONE, TWO, leave, role, stack, trust


def _trusted(principal: Any) -> dict[str, Any]:
    caller = role("caller", trust({"Service": "lambda.amazonaws.com"}))
    go = {"name": "go", "role": "${aws_iam_role.caller.name}", "policy": leave(f"arn:aws:iam::{TWO}:role/target")}
    return {
        "one": stack(ONE, {"aws_iam_role": {"caller": caller}, "aws_iam_role_policy": {"go": go}}),
        "two": stack(TWO, {"aws_iam_role": {"target": role("target", trust(principal))}}),
    }


FAILS = _trusted({"Service": "lambda.amazonaws.com"})
PASSES = _trusted({"AWS": f"arn:aws:iam::{ONE}:role/caller"})
