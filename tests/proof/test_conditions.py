"""Every operator with its qualifiers; missing keys; keys and values by «and», «or» and «nor»."""

from typing import Any

import pytest

from rolebridge.proof.answers import Unknown, all_of
from rolebridge.proof.conditions import OPERATORS, read_conditions
from rolebridge.proof.request import Request
from rolebridge.proof.shape import PolicyShapeError

ARN = "arn:aws:iam::111122223333:role/Admin"


def holds(conditions: dict[str, Any], context: dict[str, Any], *, variables: bool = True) -> object:
    request = Request("a:b", context=context, unknown=frozenset())
    found = all_of(one.holds(request) for one in read_conditions(conditions, "Condition", variables=variables))
    return "unknown" if isinstance(found, Unknown) else found


# operator, the policy's value, the request's value, whether the condition holds
OPERATOR_CASES = [
    ("StringEquals", "a", "a", True),
    ("StringEquals", "a", "A", False),
    ("StringEquals", "a*", "abc", False),
    ("StringEquals", "a*", "a*", True),
    ("StringEquals", "", "", True),
    ("StringEquals", "a", "a ", False),
    ("stringequals", "a", "a", True),
    ("StringEquals", 5, "5", True),
    ("StringEquals", True, "true", True),
    ("StringNotEquals", "a", "b", True),
    ("StringNotEquals", "a", "a", False),
    ("StringEqualsIgnoreCase", "Abc", "aBC", True),
    ("StringEqualsIgnoreCase", "abc", "abd", False),
    ("StringNotEqualsIgnoreCase", "Abc", "aBC", False),
    ("StringNotEqualsIgnoreCase", "abc", "abd", True),
    ("StringLike", "a*", "abc", True),
    ("StringLike", "a*", "Abc", False),
    ("StringLike", "a?c", "abc", True),
    ("StringLike", "a", "ab", False),
    ("StringLike", "*", "", True),
    ("StringNotLike", "a*", "abc", False),
    ("StringNotLike", "a*", "xbc", True),
    ("NumericEquals", "10", "10.0", True),
    ("NumericEquals", 10, "10", True),
    ("NumericEquals", "10", "11", False),
    ("NumericNotEquals", "10", "11", True),
    ("NumericNotEquals", "10", "10", False),
    ("NumericLessThan", "10", "9.99", True),
    ("NumericLessThan", "10", "10", False),
    ("NumericLessThanEquals", "10", "10", True),
    ("NumericLessThanEquals", "10", "10.01", False),
    ("NumericGreaterThan", "-1", "0", True),
    ("NumericGreaterThan", "3600", "900", False),
    ("NumericGreaterThanEquals", "3600", "3600", True),
    ("NumericGreaterThanEquals", "3600", "3599", False),
    ("NumericEquals", "ten", "10", "unknown"),
    ("NumericNotEquals", "10", "ten", "unknown"),
    ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", True),
    ("DateEquals", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z", True),
    ("DateEquals", "2026-01-01", "2026-01-01T00:00:00Z", True),
    ("DateEquals", "1767225600", "2026-01-01T00:00:00Z", True),
    ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", False),
    ("DateNotEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", True),
    ("DateLessThan", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", True),
    ("DateLessThan", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", False),
    ("DateLessThanEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", True),
    ("DateGreaterThan", "2020-01-01T00:00:01Z", "2026-01-01T00:00:00.5Z", True),
    ("DateGreaterThan", "2026", "2025-12-31T00:00:00Z", False),
    ("DateGreaterThanEquals", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", True),
    ("DateGreaterThan", "2026-13-01", "2026-01-01", "unknown"),
    ("DateGreaterThan", "yesterday", "2026-01-01", "unknown"),
    ("Bool", "true", "true", True),
    ("Bool", "true", "false", False),
    ("Bool", "False", "false", True),
    ("Bool", True, "true", True),
    ("Bool", "yes", "true", "unknown"),
    ("Bool", "${aws:x}", "true", "unknown"),
    ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
    ("BinaryEquals", "QmluYXJ5", "YmluYXJ5", False),
    ("BinaryEquals", "not base64!", "YmluYXJ5", "unknown"),
    ("IpAddress", "203.0.113.0/24", "203.0.113.7", True),
    ("IpAddress", "203.0.113.0/24", "203.0.114.7", False),
    ("IpAddress", "203.0.113.7", "203.0.113.7", True),
    ("IpAddress", "203.0.113.7", "203.0.113.8", False),
    ("IpAddress", "203.0.113.9/24", "203.0.113.7", True),
    ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1", True),
    ("IpAddress", "2001:DB8:1234:5678::/64", "203.0.113.7", False),
    ("IpAddress", "0.0.0.0/0", "2001:db8::1", False),
    ("IpAddress", "203.0.113.0/24", "203.0.112.0/23", False),
    ("NotIpAddress", "203.0.113.0/24", "203.0.113.7", False),
    ("NotIpAddress", "203.0.113.0/24", "198.51.100.1", True),
    ("NotIpAddress", "203.0.113.0/99", "198.51.100.1", "unknown"),
    ("ArnEquals", "arn:aws:iam::*:role/*", ARN, True),
    ("ArnLike", "arn:aws:iam::*:role/*", ARN, True),
    ("ArnLike", "arn:aws:iam::*:user/*", ARN, False),
    ("ArnLike", "arn:aws:iam:*:role/*", ARN, "unknown"),
    ("ArnNotEquals", "arn:aws:iam::*:role/*", ARN, False),
    ("ArnNotLike", "arn:aws:iam::*:user/*", ARN, True),
]


@pytest.mark.parametrize(("operator", "wanted", "offered", "answer"), OPERATOR_CASES)
def test_an_operator_compares_as_its_page_says(operator: Any, wanted: Any, offered: Any, answer: Any) -> None:
    assert holds({operator: {"k:k": wanted}}, {"k:k": offered}) == answer


NEGATED = ("StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "NumericNotEquals", "DateNotEquals")
NEGATED += ("NotIpAddress", "ArnNotEquals", "ArnNotLike")
VALUE = {
    "Numeric": "1",
    "Date": "2026-01-01",
    "IpAddre": "1.2.3.4",
    "NotIpAd": "1.2.3.4",
    "ArnLike": ARN,
    "Bool": "true",
}


def value_for(operator: str) -> str:
    return next((value for prefix, value in VALUE.items() if operator.startswith(prefix)), "QQ==")


@pytest.mark.parametrize("operator", sorted(OPERATORS - {"Null"}))
def test_a_missing_key_does_not_match_so_only_a_negated_operator_holds(operator: Any) -> None:
    condition = {"k:k": value_for(operator)}
    negated = operator in NEGATED
    assert holds({operator: condition}, {}) is negated
    assert holds({operator: condition}, {"k:k": None}) is negated
    assert holds({f"{operator}IfExists": condition}, {}) is True
    assert holds({f"ForAllValues:{operator}": condition}, {}) is True
    assert holds({f"ForAnyValue:{operator}": condition}, {}) is False
    assert holds({f"ForAnyValue:{operator}IfExists": condition}, {}) is True
    assert holds({f"ForAllValues:{operator}": condition}, {"k:k": []}) is True
    assert holds({f"ForAnyValue:{operator}": condition}, {"k:k": []}) is False


@pytest.mark.parametrize("operator", sorted(OPERATORS - {"Null"}))
def test_if_exists_changes_nothing_where_the_key_exists(operator: Any) -> None:
    for context in ({"k:k": value_for(operator)}, {"k:k": "2"}, {"k:k": "2020-01-01"}, {"k:k": "::1"}):
        condition = {"k:k": value_for(operator)}
        assert holds({operator: condition}, context) == holds({f"{operator}IfExists": condition}, context)


# policy's values, request's values, ForAllValues, ForAnyValue, negated ForAllValues, negated ForAnyValue
SETS = [
    (["a", "b"], ["a"], True, True, False, False),
    (["a", "b"], ["a", "b"], True, True, False, False),
    (["a", "b"], ["a", "c"], False, True, False, True),
    (["a", "b"], ["c", "d"], False, False, True, True),
    (["a"], "a", True, True, False, False),
    (["a"], "b", False, False, True, True),
    ([], ["a"], False, False, True, True),
]


@pytest.mark.parametrize(("wanted", "offered", "for_all", "for_any", "not_all", "not_any"), SETS)
def test_set_operators_ask_all_or_any_of_the_requests_values(
    wanted: Any, offered: Any, for_all: Any, for_any: Any, not_all: Any, not_any: Any
) -> None:
    context = {"k:k": offered}
    assert holds({"ForAllValues:StringEquals": {"k:k": wanted}}, context) is for_all
    assert holds({"ForAnyValue:StringEquals": {"k:k": wanted}}, context) is for_any
    assert holds({"ForAllValues:StringNotEquals": {"k:k": wanted}}, context) is not_all
    assert holds({"ForAnyValue:StringNotEquals": {"k:k": wanted}}, context) is not_any
    assert holds({"ForAnyValue:StringLike": {"k:k": wanted}}, context) is for_any


@pytest.mark.parametrize("operator", ["StringEquals", "StringLike", "StringNotEquals", "StringEqualsIfExists"])
def test_a_key_with_several_values_matches_nothing_without_a_set_operator(operator: Any) -> None:
    assert holds({operator: {"k:k": ["a", "b"]}}, {"k:k": ["a"]}) is False
    assert holds({operator: {"k:k": ["x"]}}, {"k:k": ["a", "b"]}) is False


def test_an_empty_text_under_for_all_values_is_unknown_because_the_pages_differ() -> None:
    assert holds({"ForAllValues:StringEquals": {"k:k": "a"}}, {"k:k": ""}) == "unknown"
    assert holds({"ForAllValues:StringEquals": {"k:k": ""}}, {"k:k": ""}) is True


NULL = [
    ("true", {}, True),
    ("false", {}, False),
    (True, {}, True),
    ("true", {"k:k": "a"}, False),
    ("false", {"k:k": "a"}, True),
    (False, {"k:k": ["a"]}, True),
    ("true", {"k:k": []}, True),
    (["true", "false"], {}, True),
    ("maybe", {}, "unknown"),
]


@pytest.mark.parametrize(("wanted", "context", "answer"), NULL)
def test_null_asks_whether_the_key_is_missing(wanted: Any, context: Any, answer: Any) -> None:
    assert holds({"Null": {"k:k": wanted}}, context) == answer


COMBINED = [
    ({"StringEquals": {"k:a": ["1", "2"]}}, {"k:a": "2"}, True),
    ({"StringEquals": {"k:a": ["1", "2"]}}, {"k:a": "3"}, False),
    ({"StringNotEquals": {"k:a": ["1", "2"]}}, {"k:a": "2"}, False),
    ({"StringNotEquals": {"k:a": ["1", "2"]}}, {"k:a": "3"}, True),
    ({"StringEquals": {"k:a": "1", "k:b": "2"}}, {"k:a": "1", "k:b": "2"}, True),
    ({"StringEquals": {"k:a": "1", "k:b": "2"}}, {"k:a": "1", "k:b": "3"}, False),
    ({"StringEquals": {"k:a": "1"}, "Bool": {"k:b": "true"}}, {"k:a": "1", "k:b": "true"}, True),
    ({"StringEquals": {"k:a": "1"}, "Bool": {"k:b": "true"}}, {"k:a": "1", "k:b": "false"}, False),
    ({"StringEquals": {"K:A": "1"}}, {"k:a": "1"}, True),
    ({"StringEquals": {"k:a": "1"}}, {"K:A": "1"}, True),
    ({"StringEquals": {"k:a": "1", "K:A": "2"}}, {"k:a": "1"}, False),
    ({"StringEquals": {"k:a": []}}, {"k:a": "1"}, False),
    ({}, {}, True),
]


@pytest.mark.parametrize(("conditions", "context", "answer"), COMBINED)
def test_operators_and_keys_are_joined_by_and_values_by_or_and_negated_ones_by_nor(
    conditions: Any, context: Any, answer: Any
) -> None:
    assert holds(conditions, context) is answer


VARIABLES = [
    ({"StringEquals": {"k:a": "${k:b}"}}, {"k:a": "x", "k:b": "x"}, True),
    ({"StringEquals": {"k:a": "${k:b}"}}, {"k:a": "x", "k:b": "y"}, False),
    ({"StringEquals": {"k:a": "${k:b}"}}, {"k:a": "x"}, False),
    ({"StringEquals": {"k:a": ["${k:b}", "x"]}}, {"k:a": "x"}, True),
    ({"StringNotEquals": {"k:a": "${k:b}"}}, {"k:a": "x"}, True),
    ({"StringNotEquals": {"k:a": ["${k:b}", "x"]}}, {"k:a": "x"}, False),
    ({"StringNotLike": {"k:a": "${k:b}*"}}, {"k:a": "x"}, True),
    ({"ArnNotEquals": {"k:a": "${k:b}"}}, {"k:a": ARN}, True),
    ({"StringLike": {"k:a": "${k:b}/*"}}, {"k:a": "x/y", "k:b": "x"}, True),
    ({"StringLike": {"k:a": "${*}"}}, {"k:a": "x"}, False),
    ({"StringEqualsIgnoreCase": {"k:a": "${k:b}"}}, {"k:a": "X", "k:b": "x"}, True),
    ({"ArnLike": {"k:a": "arn:aws:iam::1:role/${k:b}"}}, {"k:a": "arn:aws:iam::1:role/x", "k:b": "x"}, True),
    ({"ArnLike": {"k:a": "${k:b}"}}, {"k:a": "arn:aws:iam::1:role/x", "k:b": "arn:aws:iam::1:role/x"}, True),
    ({"NumericEquals": {"k:a": "${k:b}"}}, {"k:a": "1", "k:b": "1"}, "unknown"),
]


@pytest.mark.parametrize(("conditions", "context", "answer"), VARIABLES)
def test_variables_are_replaced_under_string_and_arn_operators(conditions: Any, context: Any, answer: Any) -> None:
    assert holds(conditions, context) == answer


def test_in_an_older_document_variables_are_text() -> None:
    condition = {"StringEquals": {"k:a": "${k:b}"}}
    assert holds(condition, {"k:a": "${k:b}", "k:b": "x"}, variables=False) is True
    assert holds(condition, {"k:a": "x", "k:b": "x"}, variables=False) is False


REFERENCES = [
    ({"StringEquals": {"k:a": "${var.x}"}}, {"k:a": "x"}, "unknown"),
    ({"StringEquals": {"k:a": "${var.x}"}}, {}, False),
    ({"StringEquals": {"k:a": ["${var.x}", "x"]}}, {"k:a": "x"}, True),
    ({"StringNotEquals": {"k:a": ["${var.x}", "x"]}}, {"k:a": "x"}, False),
    ({"StringEquals": {"k:a": "pre-${var.x}"}}, {"k:a": "x"}, False),
    ({"StringEquals": {"${aws_iam_openid_connect_provider.x.url}:sub": "x"}}, {"k:a": "x"}, "unknown"),
    ({"StringEquals": {"k:a": "${var.x}", "k:b": "1"}}, {"k:a": "x", "k:b": "2"}, False),
    ({"NumericLessThan": {"k:a": "${var.x}"}}, {"k:a": "1"}, "unknown"),
    ({"Bool": {"k:a": "${var.x}"}}, {"k:a": "true"}, "unknown"),
    ({"Null": {"k:a": "${var.x}"}}, {"k:a": "true"}, "unknown"),
    ({"IpAddress": {"k:a": "10.0.0.0/8"}}, {"k:a": "${var.x}"}, "unknown"),
    ({"Bool": {"k:a": "true"}}, {"k:a": "${var.x}"}, "unknown"),
    ({"StringEquals": {"k:a": "${var.x}"}}, {"k:a": "${var.x}"}, True),
]


@pytest.mark.parametrize(("conditions", "context", "answer"), REFERENCES)
def test_what_only_terraform_knows_is_unknown_where_it_decides(conditions: Any, context: Any, answer: Any) -> None:
    assert holds(conditions, context) == answer


def test_a_key_that_aws_fills_in_is_unknown_unless_it_is_given() -> None:
    condition = read_conditions({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "Condition", variables=True)[0]
    unknown = condition.holds(Request("a:b"))
    assert isinstance(unknown, Unknown)
    assert "aws:principalorgid" in unknown.reason
    assert condition.holds(Request("a:b", context={"aws:PrincipalOrgId": "o-1"})) is True
    assert condition.holds(Request("a:b", context={"aws:PrincipalOrgId": None})) is False


MISSHAPEN = [
    ("text", "Condition"),
    ([], "Condition"),
    ({"StringEquals": "text"}, "Condition.StringEquals"),
    ({"StringEqual": {"k:a": "x"}}, "Condition.StringEqual.k:a"),
    ({"NullIfExists": {"k:a": "true"}}, "Condition.NullIfExists.k:a"),
    ({"ForSomeValues:StringEquals": {"k:a": "x"}}, "Condition.ForSomeValues:StringEquals.k:a"),
    ({"StringEquals": {"k:a": None}}, "Condition.StringEquals.k:a"),
    ({"StringEquals": {"k:a": {"b": 1}}}, "Condition.StringEquals.k:a"),
    ({"StringEquals": {"k:a": ["x", ["y"]]}}, "Condition.StringEquals.k:a[1]"),
]


@pytest.mark.parametrize(("conditions", "where"), MISSHAPEN)
def test_a_condition_without_a_conditions_shape_is_named_with_its_place(conditions: Any, where: Any) -> None:
    with pytest.raises(PolicyShapeError) as caught:
        read_conditions(conditions, "Condition", variables=True)
    assert caught.value.where == where


def test_an_unknown_answer_cannot_be_taken_for_a_yes() -> None:
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(Unknown("x"))
