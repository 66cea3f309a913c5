from tests.proof.landscapes import ONE, role, stack, trust

FAILS = {
    "one": stack(
        ONE,
        {
            "aws_iam_role": {
                "target": role("target", trust({"AWS": "*"}, {"StringEquals": {"sts:ExternalId": "an-id"}}))
            }
        },
    )
}
PASSES = {
    "one": stack(
        ONE,
        {
            "aws_iam_role": {
                "target": role("target", trust({"AWS": "*"}, {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}))
            }
        },
    )
}
