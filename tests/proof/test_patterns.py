"""Wildcards of actions, texts and ARNs, and the time that hostile ones take."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebridge.proof.answers import Unknown
from rolebridge.proof.patterns import ArnGlob, Glob, ResourceGlob, Wildcard, glob, tokens_of

GLOBS = [
    ("", "", True),
    ("", "a", False),
    ("*", "", True),
    ("*", "anything: at/all", True),
    ("?", "", False),
    ("?", "a", True),
    ("?", "ab", False),
    ("abc", "abc", True),
    ("abc", "ABC", False),
    ("abc", "abcd", False),
    ("a*", "abc", True),
    ("*c", "abc", True),
    ("a*c", "ac", True),
    ("a*c", "abcabc", True),
    ("a*c", "abcab", False),
    ("a*b*c", "a-c-b", False),
    ("ab*ba", "aba", False),
    ("*ab*ab*", "aab", False),
    ("*ab*ab*", "xabxabx", True),
    ("a?c", "abc", True),
    ("a?c", "ac", False),
    ("*a?c*", "xxabxabcxx", True),
    ("*a??d*", "aabcdd", True),
    ("??*", "a", False),
    ("*?", "a", True),
    ("*?*?*", "a", False),
    ("**", "", True),
    ("a[bc]", "ab", False),
    ("a[bc]", "a[bc]", True),
    ("a.c", "abc", False),
    ("a\\*c", "a\\xc", True),
    ("s3:get*", "s3:getobject", True),
    ("repo:org/app:*", "repo:org/app:ref:refs/heads/main", True),
    ("repo:org/*", "repo:organization/app", False),
]


@pytest.mark.parametrize(("pattern", "text", "fits"), GLOBS)
def test_a_star_is_any_run_and_a_question_mark_one_character_and_nothing_else_is_special(
    pattern: Any, text: Any, fits: Any
) -> None:
    assert glob(pattern).matches(text) is fits


def test_text_that_is_given_as_literal_is_no_wildcard() -> None:
    assert Glob(["a*"]).matches("a*")
    assert not Glob(["a*"]).matches("abc")
    assert Glob(["a", Wildcard.ANY]).matches("abc")


ARNS = [
    ("arn:aws:iam::111122223333:role/Admin", "arn:aws:iam::111122223333:role/Admin", True),
    ("arn:aws:iam::111122223333:role/Admin", "arn:aws:iam::111122223333:role/admin", False),
    ("arn:aws:iam::*:role/Admin", "arn:aws:iam::111122223333:role/Admin", True),
    ("arn:aws:iam::*:role/*", "arn:aws:iam::111122223333:role/path/Admin", True),
    ("arn:*:iam::1111????3333:role/*", "arn:aws-cn:iam::111122223333:role/a", True),
    ("arn:aws:sns:*:111122223333:topic", "arn:aws:sns::111122223333:topic", True),
    # AWS's own example of what StringLike matches and ArnLike does not
    (
        "arn:aws:someservice:*:111122223333:finance/*",
        "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",
        False,
    ),
    ("arn:aws:logs:*:*:log-group:*", "arn:aws:logs:eu-west-1:111122223333:log-group:a:b:c", True),
    ("arn:aws:iam::*:role/Admin", "no ARN", False),
    ("arn:aws:iam::*", "arn:aws:iam::111122223333:role/Admin", None),
    ("*", "arn:aws:iam::111122223333:role/Admin", None),
    ("arn:aws:s3*", "arn:aws:iam::111122223333:role/Admin", False),
]


@pytest.mark.parametrize(("pattern", "text", "fits"), ARNS)
def test_an_arn_operator_matches_each_of_the_six_components_for_itself(pattern: Any, text: Any, fits: Any) -> None:
    answer = ArnGlob(tokens_of(pattern)).matches(text)
    assert (None if isinstance(answer, Unknown) else answer) is fits


RESOURCES = [
    ("*", "*", True),
    ("*", "arn:aws:iam::111122223333:role/Admin", True),
    ("arn:aws:iam::111122223333:role/*", "arn:aws:iam::111122223333:role/a/b", True),
    ("arn:aws:iam::111122223333:role/*", "arn:aws:iam::111122223333:user/a", False),
    ("arn:aws:iam::*:role/R", "arn:aws:iam::111122223333:role/R", True),
    ("arn:aws:iam::*:role/R", "arn:aws:iam::111122223333:role/r", False),
    ("arn:aws:s3:*", "arn:aws:s3:::bucket/key", True),
    ("arn:aws:dynamodb:*:table/prod-*", "arn:aws:dynamodb:us-east-1:111122223333:table/prod-x", True),
    ("arn:aws:dynamodb:*:table/prod-*", "arn:aws:dynamodb:us-east-1:111122223333:table/dev-x", False),
    ("arn:aws:s3:::bucket/*/test/*", "arn:aws:s3:::bucket/1/2/test/3", True),
    ("arn:aws:s3:::bucket/*/test/*", "arn:aws:s3:::bucket/test/3", False),
    ("arn:aws:logs:eu-?est-1:1:log-group:*", "arn:aws:logs:eu-west-1:1:log-group:a:b", True),
    ("arn:aws:logs:eu-*-1:1:log-group:a", "arn:aws:logs:eu-west-1:1:log-group:a", True),
    ("arn:aws:logs:eu-*-1:1:log-group:a", "arn:aws:logs:eu-west:x-1:1:log-group:a", None),
    ("arn:aws:iam::1?2:role/R", "arn:aws:iam::1:2:role/R", None),
]


@pytest.mark.parametrize(("pattern", "text", "fits"), RESOURCES)
def test_a_resource_pattern_reaches_over_colons_only_where_a_star_ends_its_segment(
    pattern: Any, text: Any, fits: Any
) -> None:
    answer = ResourceGlob(tokens_of(pattern)).matches(text)
    assert (None if isinstance(answer, Unknown) else answer) is fits


def _fits(pattern: str, text: str) -> bool:
    """Say it the textbook's way: a table of prefixes."""
    row = [True] + [False] * len(text)
    for sign in pattern:
        if sign == "*":
            for index in range(1, len(row)):
                row[index] = row[index] or row[index - 1]
        else:
            row = [False] + [row[index] and sign in ("?", text[index]) for index in range(len(text))]
    return row[-1]


@given(st.text("ab*?", max_size=12), st.text("ab*", max_size=14))
def test_matching_agrees_with_the_textbook(pattern: Any, text: Any) -> None:
    assert glob(pattern).matches(text) is _fits(pattern, text)


HOSTILE = {
    "many stars": ("*a" * 20_000 + "b", "a" * 100_000),
    "a long piece that nearly fits everywhere": ("*" + "a" * 50_000 + "b*", "a" * 100_000),
    "question marks": ("*" + "a?" * 10_000 + "b*", "a" * 50_000),
    "stars and question marks": ("*?a" * 10_000 + "b", "a" * 100_000),
    "only question marks": ("?" * 100_000, "a" * 100_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_pattern_does_not_take_long(name: Any) -> None:
    pattern, text = HOSTILE[name]
    started = time.process_time()
    Glob(tokens_of(pattern)).matches(text)
    assert time.process_time() - started < 2
