from tests.proof.landscapes import ONE, role, stack, trust

SERVICE = {"Service": "cloudformation.amazonaws.com"}
ACCOUNT = {"StringEquals": {"aws:SourceAccount": ONE}}
ARN = {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudformation:*:{ONE}:stackset/*"}}
FAILS = {"one": stack(ONE, {"aws_iam_role": {"target": role("target", trust(SERVICE, ACCOUNT))}})}
PASSES = {"one": stack(ONE, {"aws_iam_role": {"target": role("target", trust(SERVICE, {**ACCOUNT, **ARN}))}})}
