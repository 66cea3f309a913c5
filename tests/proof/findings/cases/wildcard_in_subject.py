from tests.proof.landscapes import ISSUER, ONE, role, stack, web_identity

AUDIENCE = {f"{ISSUER}:aud": "sts.amazonaws.com"}
FAILS = {
    "one": stack(
        ONE,
        {
            "aws_iam_role": {
                "deploy": role(
                    "deploy",
                    web_identity({"StringEquals": AUDIENCE, "StringLike": {f"{ISSUER}:sub": "repo:us/ours:*"}}),
                )
            }
        },
    )
}
PASSES = {
    "one": stack(
        ONE,
        {
            "aws_iam_role": {
                "deploy": role(
                    "deploy", web_identity({"StringEquals": {**AUDIENCE, f"{ISSUER}:sub": "repo:us/ours:*"}})
                )
            }
        },
    )
}
ALSO = {"other-side-not-read"}
