import json
from typing import Any

from tests.proof.landscapes import ISSUER, ONE, role, stack, trust, web_identity

GITHUB = {"StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": "repo:us/ours:ref:refs/heads/main"}}


def _opened_to(*others: str) -> dict[str, Any]:
    opened = json.loads(web_identity(GITHUB))
    names = [f"arn:aws:iam::{ONE}:{other}" for other in others]
    opened["Statement"] += json.loads(trust({"AWS": names}))["Statement"] if names else []
    users = {"deployer": {"name": "deployer"}}
    return {"one": stack(ONE, {"aws_iam_role": {"deploy": role("deploy", json.dumps(opened))}, "aws_iam_user": users})}


FAILS = _opened_to("user/deployer")
PASSES = _opened_to()
ALSO = {"other-side-not-read"}
