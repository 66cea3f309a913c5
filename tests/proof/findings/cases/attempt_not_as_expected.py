from tests.proof.landscapes import ISSUER, ONE, role, stack, web_identity

BOTH = {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": "repo:us/ours:ref:refs/heads/main"}
FAILS = {"one": stack(ONE, {"aws_iam_role": {"deploy": role("deploy", web_identity({"StringEqualsIfExists": BOTH}))}})}
PASSES = {"one": stack(ONE, {"aws_iam_role": {"deploy": role("deploy", web_identity({"StringEquals": BOTH}))}})}
ALSO = {"other-side-not-read"}
TIMES = 3  # subject missing, audience missing, and no condition key at all
