from tests.proof.landscapes import ISSUER, ONE, role, stack, web_identity


def _with(operator: str, subject: str) -> dict[str, object]:
    condition = {"StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"}}
    condition.setdefault(operator, {})[f"{ISSUER}:sub"] = subject
    return {"one": stack(ONE, {"aws_iam_role": {"deploy": role("deploy", web_identity(condition))}})}


FAILS = _with("StringEquals", "repo:us/ours:*")
PASSES = _with("StringLike", "repo:us/ours:*")
ALSO = {"other-side-not-read"}
