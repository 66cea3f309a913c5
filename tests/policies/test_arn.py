"""ARNs, computed."""

import pytest

from rolebridge.policies.arn import AwsAccount

ACCOUNT = AwsAccount("012345678901")
CHINA = AwsAccount("012345678901", "aws-cn")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (ACCOUNT.role_arn("Admin"), "arn:aws:iam::012345678901:role/Admin"),
        (ACCOUNT.role_arn("Admin", "/a/b/"), "arn:aws:iam::012345678901:role/a/b/Admin"),
        (ACCOUNT.user_arn("joe", "/users/"), "arn:aws:iam::012345678901:user/users/joe"),
        (ACCOUNT.policy_arn("Read"), "arn:aws:iam::012345678901:policy/Read"),
        (ACCOUNT.iam_arn("root"), "arn:aws:iam::012345678901:root"),
        (CHINA.role_arn("Admin"), "arn:aws-cn:iam::012345678901:role/Admin"),
        (CHINA.aws_managed_policy_arn("ReadOnlyAccess"), "arn:aws-cn:iam::aws:policy/ReadOnlyAccess"),
    ],
)
def test_an_arn_has_partition_account_path_and_name(found: str, expected: str) -> None:
    assert found == expected


@pytest.mark.parametrize("issuer", ["https://a.example.com/b/c", "a.example.com/b/c"])
def test_a_providers_arn_is_its_issuer_without_the_scheme_and_with_its_path(issuer: str) -> None:
    assert ACCOUNT.oidc_provider_arn(issuer) == "arn:aws:iam::012345678901:oidc-provider/a.example.com/b/c"


def test_partition_and_account_id_are_filled_in_and_other_braces_stay() -> None:
    template = "arn:{partition}:iam::{account_id}:policy/{other}"
    assert CHINA.fill_in(template) == "arn:aws-cn:iam::012345678901:policy/{other}"
