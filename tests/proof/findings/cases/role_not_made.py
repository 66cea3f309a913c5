from tests.proof.landscapes import ONE, allow, stack, trust, with_rights

CALLER = with_rights(allow("sts:AssumeRole", f"arn:aws:iam::{ONE}:role/target"))
TARGET = {"target": {"name": "target", "assume_role_policy": trust({"AWS": f"arn:aws:iam::{ONE}:role/worker"})}}
FAILS = {"one": stack(ONE, CALLER)}
PASSES = {"one": stack(ONE, {**CALLER, "aws_iam_role": {**CALLER["aws_iam_role"], **TARGET}})}
