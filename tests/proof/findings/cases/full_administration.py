from tests.proof.landscapes import ONE, allow, stack, with_rights

FAILS = {"one": stack(ONE, with_rights(allow("*")))}
PASSES = {"one": stack(ONE, with_rights(allow("s3:*")))}
