from tests.proof.landscapes import ONE, allow, stack, with_rights

FAILS = {"one": stack(ONE, with_rights(allow("s3:GetObject", ["arn:aws:s3:::ours/*", "arn:aws:sqs:eu-west-1:*:ours"])))}
PASSES = {
    "one": stack(ONE, with_rights(allow(["s3:GetObject", "sqs:*"], ["arn:aws:s3:::ours/*", "arn:aws:sqs:*:*:ours"])))
}
