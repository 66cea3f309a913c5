from tests.proof.landscapes import ONE, TWO, role, stack, trust

CALLER = {"AWS": f"arn:aws:iam::{TWO}:role/caller"}
FAILS = {"one": stack(ONE, {"aws_iam_role": {"target": role("target", trust(CALLER))}})}
PASSES = {
    "one": stack(
        ONE, {"aws_iam_role": {"target": role("target", trust(CALLER, {"StringEquals": {"sts:ExternalId": "an-id"}}))}}
    )
}
