from tests.proof.landscapes import ISSUER, ONE, role, stack, web_identity

AUDIENCE, SUBJECT = {f"{ISSUER}:aud": "sts.amazonaws.com"}, {f"{ISSUER}:sub": "repo:us/ours:ref:refs/heads/main"}
FAILS = {"one": stack(ONE, {"aws_iam_role": {"deploy": role("deploy", web_identity({"StringEquals": SUBJECT}))}})}
PASSES = {
    "one": stack(
        ONE, {"aws_iam_role": {"deploy": role("deploy", web_identity({"StringEquals": {**AUDIENCE, **SUBJECT}}))}}
    )
}
ALSO = {"attempt-not-as-expected", "other-side-not-read"}
