from tests.proof.landscapes import ONE, stack, with_rights

LEAVE = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:s3:::ours/*"}
FAILS = {"one": stack(ONE, with_rights(LEAVE))}
PASSES = {"one": stack(ONE, with_rights({**LEAVE, "Effect": "Deny"}))}
