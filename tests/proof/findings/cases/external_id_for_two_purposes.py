from typing import Any

from tests.proof.landscapes import ONE, TWO, role, stack, trust


def _trusts(first: str, second: str) -> dict[str, Any]:
    one = trust({"AWS": f"arn:aws:iam::{TWO}:role/replicator"}, {"StringEquals": {"sts:ExternalId": first}})
    two = trust({"AWS": f"arn:aws:iam::{TWO}:role/metering"}, {"StringEquals": {"sts:ExternalId": second}})
    return {"one": stack(ONE, {"aws_iam_role": {"a": role("a", one), "b": role("b", two)}})}


FAILS = _trusts("an-id", "an-id")
PASSES = _trusts("an-id", "an-id-of-its-own")
