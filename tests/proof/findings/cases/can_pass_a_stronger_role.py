from tests.proof.landscapes import ONE, allow, stack, together, with_rights

STRONG = with_rights(allow("*"), name="other")
START = allow("lambda:CreateFunction")
TO_LAMBDA, TO_EC2 = ({"StringEquals": {"iam:PassedToService": f"{name}.amazonaws.com"}} for name in ("lambda", "ec2"))
FAILS = {"one": stack(ONE, together(STRONG, with_rights(START, allow("iam:PassRole", "*", TO_LAMBDA))))}
PASSES = {"one": stack(ONE, together(STRONG, with_rights(START, allow("iam:PassRole", "*", TO_EC2))))}
ALSO = {"full-administration"}
