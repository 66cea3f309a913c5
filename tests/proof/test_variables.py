"""Policy variables, and Terraform's references that are none."""

import time
from typing import Any

import pytest

from rolebridge.proof.answers import Unknown
from rolebridge.proof.patterns import Glob
from rolebridge.proof.request import Request
from rolebridge.proof.variables import TextPattern, has_reference

CONTEXT = {
    "aws:username": "ann",
    "aws:PrincipalTag/team": "red",
    "aws:PrincipalTag/odd name": "x",
    "issuer.example.com/path:sub": "job",
    "s3:prefix": "a*",
    "aws:TagKeys": ["one"],
    "sts:ExternalId": "${var.external_id}",
    "aws:SourceIp": Unknown("not given"),
}
REQUEST = Request("s3:GetObject", context=CONTEXT, unknown=frozenset())


def matches(pattern: str, offered: str, *, variables: bool = True, wild: bool = True) -> Any:
    answer = TextPattern(pattern, Glob, variables=variables, wild=wild).matches(offered, REQUEST)
    return "unknown" if isinstance(answer, Unknown) else answer


VARIABLES = [
    ("home/${aws:username}/*", "home/ann/file", True),
    ("home/${aws:username}/*", "home/bob/file", False),
    ("home/${AWS:UserName}/*", "home/ann/file", True),
    ("${aws:PrincipalTag/team}", "red", True),
    ("${aws:PrincipalTag/odd name}", "x", True),
    ("${issuer.example.com/path:sub}", "job", True),
    ("${aws:username}-${aws:PrincipalTag/team}", "ann-red", True),
    ("${aws:PrincipalTag/none}", "", False),
    ("${aws:PrincipalTag/none}", "${aws:PrincipalTag/none}", False),
    ("${aws:PrincipalTag/none, 'company'}", "company", True),
    ("${aws:PrincipalTag/none, ''}", "", True),
    ("${aws:username, 'company'}", "company", False),
    ("${aws:username, 'company'}", "ann", True),
    ("${aws:TagKeys}", "one", False),
    ("${aws:TagKeys, 'one'}", "one", "unknown"),
    ("${s3:prefix}", "a*", True),
    ("${s3:prefix}", "abc", False),
    ("a${*}", "a*", True),
    ("a${*}", "abc", False),
    ("a${?}c", "abc", False),
    ("a${?}c", "a?c", True),
    ("${$}{aws:username}", "${aws:username}", True),
    ("a${$}b", "a$b", True),
    ("${aws:username", "${aws:username", True),
]


@pytest.mark.parametrize(("pattern", "offered", "answer"), VARIABLES)
def test_a_variable_stands_for_the_requests_value(pattern: Any, offered: Any, answer: Any) -> None:
    assert matches(pattern, offered) == answer


def test_a_variable_whose_value_is_not_given_is_unknown_only_where_it_decides() -> None:
    assert matches("${aws:SourceIp}/x", "1.2.3.4/x") == "unknown"
    assert matches("${aws:SourceIp}/x", "1.2.3.4/y") is False


@pytest.mark.parametrize("text", ["${aws:username}", "${*}", "${aws:username, 'x'}"])
def test_where_variables_are_not_allowed_they_are_text(text: Any) -> None:
    assert matches(text, text, variables=False, wild=False) is True
    assert matches(text, "ann", variables=False, wild=False) is False


def test_in_an_older_document_the_star_of_an_escape_is_a_wildcard() -> None:
    assert matches("${*}", "${x}", variables=False) is True


REFERENCES = [
    "${var.external_id}",
    "${aws_iam_role.admin.arn}",
    "${data.aws_caller_identity.current.account_id}",
    "arn:aws:iam::${local.account}:role/Admin",
    '${jsonencode({"a" = 1})}',
    "${each.value}",
    '${var.x ? "a:b" : "c"}',
    "%{ if var.x }a%{ endif }",
    "${known after apply}",
]


@pytest.mark.parametrize("text", REFERENCES)
def test_a_reference_of_terraform_is_recognised(text: Any) -> None:
    assert has_reference(text)


@pytest.mark.parametrize(
    "text", ["", "${aws:username}", "${aws:PrincipalTag/a b, 'c'}", "${*}", "100% {", "$${", "{}", "${a.b.c/d:sub}"]
)
def test_text_and_policy_variables_are_no_references(text: Any) -> None:
    assert not has_reference(text)


AGAINST_REFERENCES = [
    ("${var.x}", "anything", "unknown"),
    ("arn:aws:iam::${var.account}:role/Admin", "arn:aws:iam::111122223333:role/Admin", "unknown"),
    ("arn:aws:iam::${var.account}:role/Admin", "arn:aws:iam::111122223333:role/Other", False),
    ("arn:aws:iam::${var.account}:role/Admin", "arn:aws-cn:iam::111122223333:role/Admin", False),
    ("${local.prefix}:role/${aws:username}", "arn:aws:iam::1:role/ann", "unknown"),
    ("${local.prefix}:role/${aws:username}", "arn:aws:iam::1:role/bob", False),
]


@pytest.mark.parametrize(("pattern", "offered", "answer"), AGAINST_REFERENCES)
def test_a_reference_is_unknown_only_where_the_literal_rest_fits(pattern: Any, offered: Any, answer: Any) -> None:
    assert matches(pattern, offered) == answer


OFFERED_REFERENCES = [
    ("${var.external_id}", True),
    ("*", True),
    ("${var.other}", "unknown"),
    ("literal", "unknown"),
    ("x-*", "unknown"),
    ("${aws:username}", "unknown"),
]


@pytest.mark.parametrize(("pattern", "answer"), OFFERED_REFERENCES)
def test_the_same_reference_on_both_sides_is_the_same_text(pattern: Any, answer: Any) -> None:
    offered = REQUEST.value("sts:externalid")
    assert isinstance(offered, str)
    assert matches(pattern, offered) == answer


def test_a_reference_that_is_offered_does_not_fit_where_its_literal_ends_differ() -> None:
    request = Request("sts:AssumeRole", "arn:aws:iam::${var.a}:role/Admin", unknown=frozenset())
    offered = request.resource_text
    assert matches("arn:aws:iam::111122223333:role/*", offered) == "unknown"
    assert matches("arn:aws:iam::111122223333:role/Other", offered) is False
    assert matches("arn:aws-cn:*", offered) is False


@pytest.mark.parametrize("text", ["${" * 50_000, "${a:" + " " * 100_000 + "!}", "${a:b" * 20_000 + "}" * 20_000])
def test_a_hostile_text_does_not_take_long(text: str) -> None:
    started = time.process_time()
    matches(text, "x")
    assert time.process_time() - started < 2
