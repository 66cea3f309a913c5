from tests.proof.landscapes import ONE, allow, stack, together, trust, with_rights

TARGET = with_rights(allow("s3:GetObject"), name="target", trusted=trust({"AWS": f"arn:aws:iam::{ONE}:role/worker"}))
FAILS = {"one": stack(ONE, TARGET)}
PASSES = {"one": stack(ONE, together(TARGET, with_rights(allow("s3:GetObject"))))}
