"""What a request's context has: what was given, what follows from the principal, and what only AWS knows."""

from typing import Any

import pytest

from rolebridge.proof.answers import Unknown
from rolebridge.proof.principals import Principal
from rolebridge.proof.request import Request

ROLE = "arn:aws:iam::111122223333:role/path/Deploy"

KEYS = [
    (Principal.role(ROLE, "ann"), "aws:principalarn", ROLE),
    (Principal.role(ROLE, "ann"), "aws:principalaccount", "111122223333"),
    (Principal.role(ROLE, "ann"), "aws:principaltype", "AssumedRole"),
    (Principal.role(ROLE, "ann"), "aws:username", None),
    (Principal.role(ROLE, "ann"), "aws:principalorgid", "unknown"),
    (Principal.role(ROLE, "ann"), "aws:principaltag/team", "unknown"),
    (Principal.role(ROLE, "ann"), "sts:externalid", None),
    (Principal.from_arn("arn:aws:sts::111122223333:assumed-role/Deploy/ann"), "aws:principalarn", "unknown"),
    (Principal.user("arn:aws:iam::111122223333:user/path/ann"), "aws:username", "ann"),
    (Principal.user("arn:aws:iam::111122223333:user/ann", unique_id="AIDA"), "aws:userid", "AIDA"),
    (Principal.root("111122223333"), "aws:principaltype", "Account"),
    (Principal.root("111122223333"), "aws:userid", "111122223333"),
    (Principal.service("ec2.amazonaws.com"), "aws:principalisawsservice", "true"),
    (Principal.service("ec2.amazonaws.com"), "aws:principalarn", "unknown"),
    (Principal.federated("accounts.google.com"), "aws:principalarn", None),
    (Principal.federated("accounts.google.com"), "aws:principalorgid", None),
    (Principal.federated("accounts.google.com"), "aws:sourceip", "unknown"),
    (None, "aws:principalarn", "unknown"),
]


@pytest.mark.parametrize(("principal", "key", "value"), KEYS)
def test_keys_follow_from_the_principal_or_are_unknown_or_missing(principal: Any, key: Any, value: Any) -> None:
    found = Request("sts:AssumeRole", principal=principal).value(key)
    assert ("unknown" if isinstance(found, Unknown) else found) == value


def test_what_is_given_goes_before_what_follows_from_the_principal() -> None:
    request = Request(
        "a:b", principal=Principal.role(ROLE), context={"AWS:PrincipalArn": "other", "a:N": 3, "a:B": True}
    )
    assert request.value("aws:principalarn") == "other"
    assert request.value("a:n") == "3"
    assert request.value("a:b") == "true"


def test_a_list_is_several_values_and_none_is_certainly_missing() -> None:
    request = Request("a:b", context={"aws:TagKeys": ["x", "y"], "aws:SourceIp": None})
    assert request.value("aws:tagkeys") == ("x", "y")
    assert request.value("aws:sourceip") is None


def test_a_value_that_no_key_has_is_refused() -> None:
    with pytest.raises(TypeError, match="not dict"):
        Request("a:b", context={"k:a": {}})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="not list"):
        Request("a:b", context={"k:a": [["x"]]})  # type: ignore[list-item]
