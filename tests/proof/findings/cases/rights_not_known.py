from tests.proof.landscapes import ONE, allow, stack, with_rights

ELSEWHERE = f"arn:aws:iam::{ONE}:policy/made-elsewhere"
FAILS = {"one": stack(ONE, with_rights(allow("iam:*"), boundary=ELSEWHERE))}
PASSES = {"one": stack(ONE, with_rights(allow("s3:*"), boundary=ELSEWHERE))}
