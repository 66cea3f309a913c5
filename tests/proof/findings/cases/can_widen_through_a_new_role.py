from tests.proof.landscapes import ONE, allow, deny, stack, with_rights

MAKE = allow(["iam:CreateRole", "iam:PutRolePolicy"], f"arn:aws:iam::{ONE}:role/app-*")
BOUNDARY = {"StringNotEquals": {"iam:PermissionsBoundary": f"arn:aws:iam::{ONE}:policy/boundary"}}
FAILS = {"one": stack(ONE, with_rights(MAKE))}
PASSES = {"one": stack(ONE, with_rights(MAKE, deny("iam:CreateRole", "*", BOUNDARY)))}
