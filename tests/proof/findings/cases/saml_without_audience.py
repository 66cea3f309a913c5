from tests.proof.landscapes import ONE, role, stack, trust

PROVIDER = {"Federated": f"arn:aws:iam::{ONE}:saml-provider/ours"}


def _with(audience: str) -> dict[str, object]:
    trusted = trust(
        PROVIDER, {"StringEquals": {audience: "https://signin.aws.amazon.com/saml"}}, "sts:AssumeRoleWithSAML"
    )
    providers = {"ours": {"name": "ours", "saml_metadata_document": "<xml/>"}}
    return {"one": stack(ONE, {"aws_iam_role": {"sso": role("sso", trusted)}, "aws_iam_saml_provider": providers})}


FAILS = _with("SAML:iss")
PASSES = _with("SAML:aud")
