"""Actions, resources and the shape of a document."""

import time
from typing import Any

import pytest

from rolebridge.proof.answers import Unknown
from rolebridge.proof.policy import PolicyKind, compile_policy
from rolebridge.proof.request import Request
from rolebridge.proof.shape import PolicyShapeError

ARN = "arn:aws:iam::111122223333:role/Admin"
STATEMENT: dict[str, Any] = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
TRUST: dict[str, Any] = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}


def applies(
    elements: dict[str, Any], action: str = "sts:AssumeRole", resource: str = ARN, context: Any = None
) -> object:
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", **elements}}
    request = Request(action, resource, context=context or {}, unknown=frozenset())
    answer = compile_policy(document).statements[0].applies(request)
    return "unknown" if isinstance(answer, Unknown) else answer


ACTIONS = [
    ("sts:AssumeRole", "sts:AssumeRole", True),
    ("STS:assumerole", "sts:AssumeRole", True),
    ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", False),
    ("sts:AssumeRole*", "sts:AssumeRoleWithWebIdentity", True),
    ("sts:*", "sts:TagSession", True),
    ("*", "sts:TagSession", True),
    ("iam:*Role", "iam:DeleteRole", True),
    ("iam:*Role", "iam:DeleteRolePolicy", False),
    ("iam:Get????", "iam:GetRole", True),
    ("s3:*", "sts:AssumeRole", False),
    (["s3:*", "sts:AssumeRole"], "sts:AssumeRole", True),
    ([], "sts:AssumeRole", False),
    ("${var.action}", "sts:AssumeRole", "unknown"),
    (["${var.action}", "sts:*"], "sts:AssumeRole", True),
]


@pytest.mark.parametrize(("pattern", "action", "answer"), ACTIONS)
def test_an_action_is_matched_without_regard_to_case(pattern: Any, action: Any, answer: Any) -> None:
    assert applies({"Action": pattern, "Resource": "*"}, action) == answer
    opposite = answer if answer == "unknown" else not answer
    assert applies({"NotAction": pattern, "Resource": "*"}, action) == opposite


RESOURCES = [
    ("*", ARN, True),
    (ARN, ARN, True),
    (ARN, ARN.lower(), False),
    ("arn:aws:iam::*:role/Admin", ARN, True),
    ("arn:aws:iam::111122223333:role/*", ARN, True),
    ("arn:aws:iam::111122223333:user/*", ARN, False),
    (["arn:aws:s3:::x", ARN], ARN, True),
    ("${aws_iam_role.admin.arn}", ARN, "unknown"),
    ("arn:aws:iam::${var.account}:role/Admin", ARN, "unknown"),
    ("arn:aws:iam::${var.account}:role/Other", ARN, False),
    (["${aws_iam_role.admin.arn}", "*"], ARN, True),
    (ARN, "${aws_iam_role.admin.arn}", "unknown"),
    ("${aws_iam_role.admin.arn}", "${aws_iam_role.admin.arn}", True),
    ("*", "${aws_iam_role.admin.arn}", True),
]


@pytest.mark.parametrize(("pattern", "resource", "answer"), RESOURCES)
def test_a_resource_is_matched_by_its_case(pattern: Any, resource: Any, answer: Any) -> None:
    assert applies({"Action": "*", "Resource": pattern}, resource=resource) == answer
    opposite = answer if answer == "unknown" else not answer
    assert applies({"Action": "*", "NotResource": pattern}, resource=resource) == opposite


VARIABLES = [
    ("arn:aws:s3:::bucket/${aws:username}/*", {"aws:username": "ann"}, True, False),
    ("arn:aws:s3:::bucket/${aws:username}/*", {"aws:username": "bob"}, False, True),
    ("arn:aws:s3:::bucket/${aws:username}/*", {}, False, True),
    ("arn:aws:s3:::bucket/${aws:username, 'ann'}/*", {}, True, False),
    ("arn:aws:${k:service}:::bucket/*", {"k:service": "sqs"}, False, True),
]


@pytest.mark.parametrize(("pattern", "context", "answer", "opposite"), VARIABLES)
def test_a_variable_stands_in_the_resource_part_of_an_arn(
    pattern: Any, context: Any, answer: Any, opposite: Any
) -> None:
    resource = "arn:aws:s3:::bucket/ann/file"
    assert applies({"Action": "*", "Resource": pattern}, resource=resource, context=context) == answer
    assert applies({"Action": "*", "NotResource": pattern}, resource=resource, context=context) == opposite


def test_a_variable_before_the_fifth_colon_makes_a_match_unknown() -> None:
    elements = {"Action": "*", "Resource": "arn:aws:${k:service}:::bucket/*"}
    assert applies(elements, resource="arn:aws:s3:::bucket/a", context={"k:service": "s3"}) == "unknown"


def test_a_document_without_a_version_has_no_variables() -> None:
    statement = {**STATEMENT, "Resource": "arn:aws:s3:::bucket/${aws:username}"}
    policy = compile_policy({"Statement": [statement]})
    request = Request("sts:AssumeRole", "arn:aws:s3:::bucket/ann", context={"aws:username": "ann"})
    assert policy.statements[0].applies(request) is False


def test_a_statement_certainly_does_not_apply_where_one_element_certainly_does_not_fit() -> None:
    elements = {"Action": "${var.a}", "Resource": "*", "Condition": {"StringEquals": {"k:a": "1"}}}
    assert applies(elements, context={"k:a": "2"}) is False
    assert applies(elements, context={"k:a": "1"}) == "unknown"


IDENTITY, OF_TRUST = PolicyKind.IDENTITY, PolicyKind.TRUST
MISSHAPEN = [
    (None, IDENTITY, ""),
    ("{}", IDENTITY, ""),
    ([STATEMENT], IDENTITY, ""),
    (7, IDENTITY, ""),
    ({}, IDENTITY, "Statement"),
    ({"Version": "2012-10-17"}, IDENTITY, "Statement"),
    ({"Statement": "x"}, IDENTITY, "Statement"),
    ({"Statement": None}, IDENTITY, "Statement"),
    ({"Statement": [STATEMENT, "x"]}, IDENTITY, "Statement[1]"),
    ({"Version": "2020-01-01", "Statement": []}, IDENTITY, "Version"),
    ({"Version": 2012, "Statement": []}, IDENTITY, "Version"),
    ({"Version": ["2012-10-17"], "Statement": []}, IDENTITY, "Version"),
    ({"Statements": []}, IDENTITY, ""),
    ({1: 2, "Statement": []}, IDENTITY, ""),
    ({"Statement": {"Action": "*", "Resource": "*"}}, IDENTITY, "Statement.Effect"),
    ({"Statement": [{**STATEMENT, "Effect": "allow"}]}, IDENTITY, "Statement[0].Effect"),
    ({"Statement": [{**STATEMENT, "Effect": ["Allow"]}]}, IDENTITY, "Statement[0].Effect"),
    ({"Statement": [{"Effect": "Allow", "Resource": "*"}]}, IDENTITY, "Statement[0].Action"),
    ({"Statement": [{**STATEMENT, "NotAction": "*"}]}, IDENTITY, "Statement[0].Action"),
    ({"Statement": [{**STATEMENT, "Action": 5}]}, IDENTITY, "Statement[0].Action"),
    ({"Statement": [{**STATEMENT, "Action": ["a:b", None]}]}, IDENTITY, "Statement[0].Action[1]"),
    ({"Statement": [{"Effect": "Allow", "Action": "*"}]}, IDENTITY, "Statement[0].Resource"),
    ({"Statement": [{**STATEMENT, "Resource": {}}]}, IDENTITY, "Statement[0].Resource"),
    ({"Statement": [{**STATEMENT, "Sid": 1}]}, IDENTITY, "Statement[0].Sid"),
    ({"Statement": [{**STATEMENT, "Resources": "*"}]}, IDENTITY, "Statement[0]"),
    ({"Statement": [{**STATEMENT, "Principal": "*"}]}, IDENTITY, "Statement[0]"),
    ({"Statement": [{**STATEMENT, "Condition": []}]}, IDENTITY, "Statement[0].Condition"),
    ({"Statement": [{**TRUST, "Resource": "*"}]}, OF_TRUST, "Statement[0]"),
    ({"Statement": [STATEMENT]}, OF_TRUST, "Statement[0]"),
    ({"Statement": [{"Effect": "Allow", "Action": "*"}]}, OF_TRUST, "Statement[0].Principal"),
    ({"Statement": [{**TRUST, "Principal": "x"}]}, OF_TRUST, "Statement[0].Principal"),
    ({"Statement": [{**STATEMENT}]}, PolicyKind.RESOURCE, "Statement[0].Principal"),
]


@pytest.mark.parametrize(("document", "kind", "where"), MISSHAPEN)
def test_what_is_no_policy_is_refused_in_one_line_with_its_place(document: Any, kind: Any, where: Any) -> None:
    with pytest.raises(PolicyShapeError) as caught:
        compile_policy(document, kind, name="Deploy")
    assert caught.value.where == where
    assert str(caught.value).startswith("Deploy: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


OPAQUE = [
    ("${jsonencode(local.policy)}", "the policy is ${jsonencode(local.policy)}"),
    ({"Statement": "${local.x}"}, "Statement is ${local.x}"),
    ({"Statement": ["${local.x}"]}, "Statement[0] is ${local.x}"),
    (
        {"Statement": [{**STATEMENT, "Effect": "${var.x}"}]},
        "Statement[0].Effect is ${var.x}",
    ),
]


@pytest.mark.parametrize(("document", "reason"), OPAQUE)
def test_of_a_policy_whose_shape_only_terraform_knows_nothing_is_known(document: Any, reason: str) -> None:
    policy = compile_policy(document)
    assert policy.opaque == Unknown(f"{reason}, which only Terraform knows")


def test_an_error_does_not_repeat_a_large_or_unprintable_value() -> None:
    for found in ("x" * 10**6, "\n\x1b[31m", 10**5000, {"a": {}}, ["x"] * 10**5):
        with pytest.raises(PolicyShapeError) as caught:
            compile_policy({"Statement": [{**STATEMENT, "Effect": found}]})
        assert len(str(caught.value)) < 200
        assert str(caught.value).isprintable()


@pytest.mark.slow
def test_a_hundred_thousand_statements_take_seconds_and_nothing_is_lost() -> None:
    many = [{**STATEMENT, "Sid": str(index), "Resource": f"arn:aws:s3:::b{index}"} for index in range(100_000)]
    started = time.process_time()
    policy = compile_policy({"Statement": many})
    request = Request("sts:AssumeRole", "arn:aws:s3:::b99999")
    assert [one.index for one in policy.statements if one.applies(request) is True] == [99_999]
    assert time.process_time() - started < 20


def test_a_deeply_nested_value_is_refused_without_going_down() -> None:
    nested: Any = "x"
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(PolicyShapeError):
        compile_policy({"Statement": [{**STATEMENT, "Action": nested}]})
