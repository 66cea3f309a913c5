from tests.proof.landscapes import ONE, allow, stack, with_rights

READ = allow("s3:GetObject", "arn:aws:s3:::ours/*")
FAILS = {"one": stack(ONE, with_rights(READ, allow("s3:Get*", "*")))}
PASSES = {"one": stack(ONE, with_rights(READ, allow("s3:Put*", "*")))}
