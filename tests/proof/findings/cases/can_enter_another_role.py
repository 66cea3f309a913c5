from tests.proof.landscapes import ONE, allow, deny, stack, together, with_rights

OTHER = f"arn:aws:iam::{ONE}:role/other"
STRONG = with_rights(allow("*"), name="other")
LEAVE = allow("iam:Update*", "*")
FAILS = {"one": stack(ONE, together(STRONG, with_rights(LEAVE)))}
PASSES = {"one": stack(ONE, together(STRONG, with_rights(LEAVE, deny("iam:UpdateAssumeRolePolicy", OTHER))))}
ALSO = {"full-administration"}
