from tests.proof.landscapes import ONE, allow, stack, with_rights

FAILS = {"one": stack(ONE, with_rights(allow("s3:GetObject"), name="w" * 58))}
PASSES = {"one": stack(ONE, with_rights(allow("s3:GetObject"), name="w" * 57))}
