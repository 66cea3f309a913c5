from tests.proof.landscapes import ONE, allow, deny, stack, with_rights

SELF = f"arn:aws:iam::{ONE}:role/worker"
LEAVE = allow(["iam:AttachRolePolicy", "iam:GetRole"], f"arn:aws:iam::{ONE}:role/*")
FAILS = {"one": stack(ONE, with_rights(LEAVE))}
PASSES = {"one": stack(ONE, with_rights(LEAVE, deny("iam:AttachRolePolicy", SELF)))}
