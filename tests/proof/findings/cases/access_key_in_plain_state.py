from typing import Any

from tests.proof.landscapes import ONE, stack


def _key(**arguments: str) -> dict[str, Any]:
    key = {"user": "${aws_iam_user.deployer.name}", **arguments}
    return {"one": stack(ONE, {"aws_iam_user": {"deployer": {"name": "deployer"}}, "aws_iam_access_key": {"key": key}})}


FAILS = _key()
PASSES = _key(pgp_key="keybase:us")
