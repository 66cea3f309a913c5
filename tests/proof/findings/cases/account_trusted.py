from tests.proof.landscapes import ONE, role, stack, trust

FAILS = {"one": stack(ONE, {"aws_iam_role": {"target": role("target", trust({"AWS": ONE}))}})}
PASSES = {
    "one": stack(
        ONE,
        {
            "aws_iam_role": {
                "target": role(
                    "target", trust({"AWS": ONE}, {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ONE}:role/caller"}})
                )
            }
        },
    )
}
