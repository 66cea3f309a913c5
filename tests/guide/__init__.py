"""The sixteen policy documents of meshStack's guide «How to Integrate AWS», byte for byte, as test data.

They are what the defaults have to give, once their placeholders are filled in.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent

MANAGEMENT = "111122223333"
MESHCLOUD = "444455556666"
AUTOMATION = "777788889999"
TENANT = "210987654321"
EXTERNAL_ID = "8c4f0b52-7a3e-4d0a-9f61-2c5d7e9b1a34"
METERING_EXTERNAL_ID = "f0d9a7c6-51b2-4e83-8a4d-6b3c9e2f7d15"
SSO_INSTANCE = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
ISSUER = "https://container.googleapis.com/v1/projects/demo/locations/europe-west1/clusters/meshstack"
ISSUER_NAME = ISSUER.removeprefix("https://")
PROVIDER = f"arn:aws:iam::{MESHCLOUD}:oidc-provider/{ISSUER_NAME}"
SUBJECT = "system:serviceaccount:meshcloud-demo:replicator"
AUDIENCE = "aws-workload-identity-provider:meshcloud-demo"

FILLED_IN = {
    "<<MANAGEMENT_ACCOUNT_ID>>": MANAGEMENT,
    "<MANAGEMENT_ACCOUNT_ID>": MANAGEMENT,
    "<<MESHCLOUD_ACCOUNT_ID>>": MESHCLOUD,
    "<<AUTOMATION_ACCOUNT_ID>>": AUTOMATION,
    "<<EXTERNAL_ID>>": EXTERNAL_ID,
    "<<EXTERNAL_ID_METERING>>": METERING_EXTERNAL_ID,
    "<<AWS_SSO_INSTANCE_ARN>>": SSO_INSTANCE,
    "<meshStack identity provider ARN>": PROVIDER,
    "<meshStack identity provider name>": ISSUER_NAME,
    "<replicator subject from meshStack>": SUBJECT,
    "<audience from meshStack>": AUDIENCE,
    "{accountId}": TENANT,
    "{accessRole}": "MeshstackAccountAccessRole",
}


def guide(name: str, **instead: str) -> Any:
    """Read a document with its placeholders filled in; ``instead`` has other values, by words of the placeholder."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    for placeholder, value in FILLED_IN.items():
        words = re.sub(r"\W+", "_", placeholder).strip("_")
        text = text.replace(placeholder, instead.get(words, value))
    assert not re.search(r"<\w|\{\w", text), f"{name} has a placeholder that nobody filled in"
    return json.loads(text)


def assert_same_statements(found: Any, expected: Any) -> None:
    """Hold two documents against each other, statement by statement."""
    assert found["Version"] == expected["Version"] == "2012-10-17"
    for position, (ours, printed) in enumerate(zip(found["Statement"], expected["Statement"], strict=False)):
        assert ours == printed, f"statement {position} is not the guide's"
    assert len(found["Statement"]) == len(expected["Statement"])
    assert set(found) == set(expected)
