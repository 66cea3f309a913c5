from typing import Any

from tests.proof.landscapes import ISSUER, ONE, TWO, role, stack, web_identity

GITHUB = {"StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": "repo:us/ours:ref:refs/heads/main"}}


def _provider(account: str, *audiences: str) -> dict[str, Any]:
    arn = f"arn:aws:iam::{account}:oidc-provider/{ISSUER}"
    provider = {"url": f"https://{ISSUER}", "client_id_list": [*audiences]}
    roles = {"deploy": role("deploy", web_identity(GITHUB, arn))}
    return {"one": stack(ONE, {"aws_iam_role": roles, "aws_iam_openid_connect_provider": {"github": provider}})}


FAILS = _provider(TWO, "sts.amazonaws.com")
PASSES = _provider(ONE, "sts.amazonaws.com")
