"""Policy documents: their order, their text in Terraform, their size as IAM counts it."""

import json

import pytest

from rolebridge.policies.document import (
    EXTERNAL_ID_CHARACTERS,
    VariableReference,
    allow,
    document,
    one_or_list,
    pretty_json,
    size,
    terraform_json,
    terraform_text,
    trust,
    variables,
)


def test_the_elements_of_a_statement_come_in_the_order_of_awss_reference() -> None:
    reverse = {
        "Condition": {"Bool": {"aws:SecureTransport": "true"}},
        "NotResource": "arn:aws:s3:::a",
        "Resource": "*",
        "NotAction": "s3:*",
        "Action": "s3:*",
        "Principal": "*",
        "Effect": "Deny",
        "Sid": "All",
    }
    made = document(reverse)
    assert list(made) == ["Version", "Statement"]
    assert list(made["Statement"][0]) == list(reversed(reverse))
    assert made["Statement"][0] == reverse


def test_the_order_of_statements_actions_and_condition_keys_is_the_authors() -> None:
    condition = {"StringEquals": {"b": "1", "a": "2"}, "Bool": {"z": "true"}}
    made = document(allow(["s3:Z", "s3:A"], ["*", "arn:b"], condition=condition), allow("a:b", "*"))
    assert json.dumps(made["Statement"][0]) == json.dumps(
        {
            "Effect": "Allow",
            "Action": ["s3:Z", "s3:A"],
            "Resource": ["*", "arn:b"],
            "Condition": {"StringEquals": {"b": "1", "a": "2"}, "Bool": {"z": "true"}},
        }
    )
    assert made["Statement"][1]["Action"] == "a:b"


@pytest.mark.parametrize(("sid", "expected"), [(None, False), ("", True), ("Mine", True)])
def test_an_empty_sid_is_written_and_a_missing_one_is_not(sid: str | None, expected: bool) -> None:
    assert ("Sid" in allow("a:b", "*", sid=sid)) is expected
    assert ("Sid" in trust({"AWS": "a"}, "sts:AssumeRole", sid=sid)) is expected


def test_one_value_stands_alone_and_several_in_a_list() -> None:
    assert one_or_list(["a"]) == "a"
    assert one_or_list(("a", "b")) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "in_terraform"),
    [
        ("${aws:username}", "$${aws:username}"),
        ("%{if}", "%%{if}"),
        ("$${kept}", "$$${kept}"),
        ("%%{kept}", "%%%{kept}"),
        ("$ { % $$ %%", "$ { % $$ %%"),
        ('"é\n\\', '"é\n\\'),
        ("${a}${b}%{c}", "$${a}$${b}%%{c}"),
    ],
)
def test_text_starts_no_template_in_terraform(text: str, in_terraform: str) -> None:
    assert terraform_text(text) == in_terraform


def test_keys_and_lists_are_text_too() -> None:
    assert terraform_text({"${k}": ["%{v}", ("${w}",)]}) == {"$${k}": ["%%{v}", ["$${w}"]]}


@pytest.mark.parametrize("value", [None, True, 7])
def test_what_is_not_text_stays_as_it_is(value: object) -> None:
    assert terraform_text(value) is value


def test_a_variable_reference_stays_a_reference_and_its_look_alike_does_not() -> None:
    policy = document(allow("a:b", "*", condition={"StringEquals": {"x": VariableReference("n"), "y": "${var.n}"}}))
    assert '"x":"${var.n}","y":"$${var.n}"' in terraform_json(policy)


def test_terraform_json_is_compact_and_keeps_letters_of_every_language() -> None:
    assert terraform_json(document(allow("a:b", "é/東京"))) == (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:b","Resource":"é/東京"}]}'
    )


def test_pretty_json_is_what_somebody_pastes_indented_literal_and_with_a_last_line_break() -> None:
    policy = document(allow("a:b", "é/${aws:username}"))
    text = pretty_json(policy)
    assert json.loads(text) == policy
    assert text.endswith("}\n")
    assert '\n      "Resource": "é/${aws:username}"\n' in text


def test_a_size_counts_no_white_space_not_even_inside_texts() -> None:
    spacious = document(allow("a:b", "*", condition={"StringEquals": {"a key": " four words and more "}}))
    counted = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:b","Resource":"*",'
    counted += '"Condition":{"StringEquals":{"akey":"fourwordsandmore"}}}]}'
    assert size(spacious) == len(counted)


def test_a_size_is_that_of_the_literal_document_not_of_its_text_in_terraform() -> None:
    assert size(document(allow("a:b", "${x}"))) == size(document(allow("a:b", "1234")))


def test_a_variable_counts_as_the_longest_external_id_that_it_can_stand_for() -> None:
    longest = document(allow("a:b", "x" * EXTERNAL_ID_CHARACTERS))
    assert size(document(allow("a:b", VariableReference("any")))) == size(longest)


def test_variables_are_named_once_and_in_order() -> None:
    b, a = VariableReference("b"), VariableReference("a")
    assert variables(document(allow("a:b", [b, a, b, "${var.text}"]))) == ["b", "a"]
