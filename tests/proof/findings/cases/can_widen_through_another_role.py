from tests.proof.landscapes import ONE, allow, deny, stack, together, with_rights

OTHER = f"arn:aws:iam::{ONE}:role/other"
LEAVE = allow(["iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"], OTHER)
ROLES = with_rights(allow("s3:GetObject"), name="other")
FAILS = {"one": stack(ONE, together(ROLES, with_rights(LEAVE)))}
PASSES = {"one": stack(ONE, together(ROLES, with_rights(LEAVE, deny("iam:UpdateAssumeRolePolicy", OTHER))))}
