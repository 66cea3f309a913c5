from tests.proof.landscapes import ISSUER, ONE, role, stack, web_identity

GITHUB = {"StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": "repo:us/ours:ref:refs/heads/main"}}

PROVIDER = {"github": {"url": f"https://{ISSUER}", "client_id_list": ["sts.amazonaws.com"]}}
ROLES = {"deploy": role("deploy", web_identity(GITHUB))}
FAILS = {"one": stack(ONE, {"aws_iam_role": ROLES})}
PASSES = {"one": stack(ONE, {"aws_iam_role": ROLES, "aws_iam_openid_connect_provider": PROVIDER})}
