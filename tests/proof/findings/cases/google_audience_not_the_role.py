from tests.proof.landscapes import ONE, role, stack, web_identity

GOOGLE, SUBJECT, ROLE = "accounts.google.com", "101234567890123456789", f"arn:aws:iam::{ONE}:role/deploy"
FAILS = {
    "one": stack(
        ONE,
        {
            "aws_iam_role": {
                "deploy": role(
                    "deploy",
                    web_identity(
                        {"StringEquals": {f"{GOOGLE}:sub": SUBJECT, f"{GOOGLE}:oaud": "our-audience"}}, GOOGLE
                    ),
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
                    "deploy", web_identity({"StringEquals": {f"{GOOGLE}:sub": SUBJECT, f"{GOOGLE}:oaud": ROLE}}, GOOGLE)
                )
            }
        },
    )
}
