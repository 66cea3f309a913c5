"""Trust policies against the guide."""

import pytest
from tests.guide import (
    AUDIENCE,
    EXTERNAL_ID,
    ISSUER,
    MANAGEMENT,
    MESHCLOUD,
    METERING_EXTERNAL_ID,
    PROVIDER,
    SUBJECT,
    assert_same_statements,
    guide,
)

from rolebridge.policies.arn import AwsAccount
from rolebridge.policies.document import VariableReference, terraform_json
from rolebridge.policies.trust import account_trust, principals_trust, role_trust, web_identity_trust

ROLE = f"arn:aws:iam::{MESHCLOUD}:role/MeshstackAssumeRoleIF"
USER = f"arn:aws:iam::{MESHCLOUD}:user/meshfed-service-user"


def test_the_role_of_option_a_trusts_what_section_1_prints() -> None:
    trust = web_identity_trust(provider_arn=PROVIDER, issuer=ISSUER, subject=SUBJECT, audience=AUDIENCE)
    assert_same_statements(trust, guide("meshcloud--MeshstackAssumeRoleIF.trust"))


def test_meterings_role_trusts_what_section_10_prints_with_meterings_own_subject() -> None:
    own = "system:serviceaccount:meshcloud-demo:metering"
    trust = web_identity_trust(provider_arn=PROVIDER, issuer=ISSUER, subject=own, audience=AUDIENCE)
    expected = guide("meshcloud--CostExplorerRole.trust", replicator_subject_from_meshStack=own)
    assert_same_statements(trust, expected)


def test_a_web_identity_is_held_to_its_subject_and_its_audience_by_exact_comparison() -> None:
    trust = web_identity_trust(provider_arn="arn:p", issuer="https://a.b/c", subject="s", audience="a")
    (statement,) = trust["Statement"]
    assert statement["Condition"] == {"StringEquals": {"a.b/c:sub": "s", "a.b/c:aud": "a"}}


@pytest.mark.parametrize(
    ("name", "external_id"),
    [
        ("management--MeshfedServiceRole.trust", EXTERNAL_ID),
        ("automation--MeshfedAutomationRole.trust", EXTERNAL_ID),
    ],
)
def test_with_both_authentications_the_trust_is_the_one_printed(name: str, external_id: str) -> None:
    assert_same_statements(principals_trust([ROLE, USER], external_id=external_id), guide(name))


def test_meterings_service_role_trusts_what_section_10_prints() -> None:
    role = f"arn:aws:iam::{MESHCLOUD}:role/CostExplorerRole"
    trust = principals_trust([role], external_id=METERING_EXTERNAL_ID)
    assert_same_statements(trust, guide("management--MeshCostExplorerServiceRole.trust"))


@pytest.mark.parametrize("principal", [ROLE, USER])
def test_one_principal_stands_alone_as_iam_stores_it(principal: str) -> None:
    (statement,) = principals_trust([principal], external_id="x1")["Statement"]
    assert statement["Principal"] == {"AWS": principal}


def test_no_trust_in_a_principal_comes_without_the_external_id() -> None:
    (statement,) = principals_trust([ROLE, USER], external_id="x1")["Statement"]
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": "x1"}}


def test_an_external_id_can_be_left_to_a_terraform_variable() -> None:
    trust = principals_trust([ROLE], external_id=VariableReference("external_id"))
    assert '"sts:ExternalId":"${var.external_id}"' in terraform_json(trust)


def test_a_tenants_role_trusts_what_section_12_prints() -> None:
    trust = role_trust(f"arn:aws:iam::{MANAGEMENT}:role/MeshfedServiceRole")
    assert_same_statements(trust, guide("tenant--MeshstackAccountAccessRole.trust"))


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_trusting_an_account_is_trusting_its_root(partition: str) -> None:
    (statement,) = account_trust(AwsAccount("777788889999", partition))["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::777788889999:root"},
        "Action": "sts:AssumeRole",
    }
