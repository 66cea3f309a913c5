from tests.proof.landscapes import ONE, allow, deny, stack, with_rights

READ = allow("s3:GetObject", "arn:aws:s3:::ours/*")
FAILS = {"one": stack(ONE, with_rights(READ, deny("s3:Get*", "arn:aws:s3:::ours/*")))}
PASSES = {"one": stack(ONE, with_rights(READ, deny("s3:Get*", "arn:aws:s3:::ours/secret/*")))}
