"""YAML 1.2 and line numbers: what stands in the file is what the settings say, and reports find it again."""

from __future__ import annotations

import copy
import math
import pickle

import pytest

from rolebridge.settings import SettingsError
from rolebridge.settings.document import Digits, read_document
from rolebridge.settings.report import show_path, show_value

from .samples import FILE, as_reported


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"),
        ("No", "No"),
        ("on", "on"),
        ("OFF", "OFF"),
        ("y", "y"),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("tRUE", "tRUE"),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("NULL", None),
        ("nUll", "nUll"),
        ("", None),
        ("12", 12),
        ("012", 12),
        ("+12", 12),
        ("-0", 0),
        ("0o17", 15),
        ("0x1F", 31),
        ("-0x1F", "-0x1F"),
        ("0b11", "0b11"),
        ("017_7", "017_7"),
        ("1_000", "1_000"),
        ("1,000", "1,000"),
        ("12:30:45", "12:30:45"),
        ("2026-01-31", "2026-01-31"),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("inf", "inf"),
        ("nan", "nan"),
        ("=", "="),
        ("'12'", "12"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("|\n  two\n  lines\n", "two\nlines\n"),
        (">-\n  one\n  line\n", "one line"),
    ],
)
def test_a_plain_scalar_is_what_the_core_schema_of_yaml_1_2_says(written: str, value: object) -> None:
    read = read_document(FILE, f"a: {written}\n").value["a"]
    assert read == value
    assert isinstance(read, bool) == isinstance(value, bool)


def test_not_a_number_is_read_as_such() -> None:
    assert math.isnan(read_document(FILE, "a: .NaN\n").value["a"])


@pytest.mark.parametrize("written", ["012345678901", "+007", "0x0f", "1e400", "1.10"])
def test_a_number_is_shown_as_it_was_written_and_stays_so_when_copied(written: str) -> None:
    value = read_document(FILE, f"a: {written}\n").value["a"]
    for number in (value, copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert show_value(number) == f"the number {written}"
        assert number == value


def test_a_key_is_text_whatever_it_looks_like() -> None:
    assert read_document(FILE, "1: a\ntrue: b\nnull: c\n012: d\n").value == {
        "1": "a",
        "true": "b",
        "null": "c",
        "012": "d",
    }


LINES = """\
a: 1
b:
  c: [x,
    y, {d: z}]
  # a comment

  e: >-
    several
    lines
"f g": {h: 1, i:
  2}
j:
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("a",), 1),
        (("b",), 3),
        (("b", "c"), 3),
        (("b", "c", 0), 3),
        (("b", "c", 1), 4),
        (("b", "c", 2, "d"), 4),
        (("b", "e"), 7),
        (("f g", "h"), 10),
        (("f g", "i"), 11),
        (("j",), 12),
    ],
    ids=lambda value: show_path(value) if isinstance(value, tuple) else "",
)
def test_a_value_stands_on_the_line_where_it_begins(path: tuple[str | int, ...], line: int) -> None:
    assert read_document(FILE, LINES).line(path) == line


def test_a_key_stands_on_a_line_of_its_own() -> None:
    document = read_document(FILE, LINES)
    assert document.line(("b",), at_key=True) == 2
    assert document.line(("f g", "i"), at_key=True) == 10


def test_what_is_missing_is_looked_for_at_the_key_that_should_hold_it() -> None:
    document = read_document(FILE, LINES)
    assert document.line(("b", "missing", "deeper")) == 2
    assert document.line(("missing",)) == 1


def test_line_ends_of_windows_count_once() -> None:
    assert read_document(FILE, "a: 1\r\nb: 2\r\n").line(("b",)) == 2


def test_an_alias_gives_the_value_of_its_anchor_and_the_line_where_it_is_written() -> None:
    document = read_document(FILE, "a: &x\n  b: [1, 2]\nc: *x\nd: [*x]\n")
    assert document.value == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}, "d": [{"b": [1, 2]}]}
    assert document.mistakes == ()
    assert document.line(("c", "b", 1)) == 2
    assert document.line(("d", 0, "b")) == 2
    assert document.line(("c",), at_key=True) == 3


def test_the_values_of_aliases_are_apart() -> None:
    value = read_document(FILE, "a: &x [1]\nb: *x\n").value
    value["a"].append(2)
    assert value["b"] == [1]


def test_an_anchor_is_found_wherever_a_scalar_or_a_key_is() -> None:
    assert read_document(FILE, "&k a: &v 1\nb: *v\nc: {*k : 2}\n").value == {"a": 1, "b": 1, "c": {"a": 2}}


def test_every_duplicate_is_reported_and_the_first_counts() -> None:
    document = read_document(FILE, "a: 1\nb: {c: 1, c: 2, 'c': 3}\na: 2\n\"a\": 3\n")
    assert document.value == {"a": 1, "b": {"c": 1}}
    assert [as_reported(mistake) for mistake in document.mistakes] == [
        {"line": 2, "path": "b.c", "found": "the key a second time (first on line 2)", "allowed": "each key once"},
        {"line": 2, "path": "b.c", "found": "the key a second time (first on line 2)", "allowed": "each key once"},
        {"line": 3, "path": "a", "found": "the key a second time (first on line 1)", "allowed": "each key once"},
        {"line": 4, "path": "a", "found": "the key a second time (first on line 1)", "allowed": "each key once"},
    ]


@pytest.mark.parametrize("text", ["a: !!int '1'\n", "a: !!map {b: 1}\n", "a: !!seq [1]\n", "!!map {a: !!str b}\n"])
def test_a_tag_of_the_core_schema_that_fits_is_taken(text: str) -> None:
    assert read_document(FILE, text).mistakes == ()


@pytest.mark.parametrize(
    "tag", ["!!set", "!!omap", "!!python/name:os.system", "!mine", "!<x>", "!!binary", "!!timestamp"]
)
@pytest.mark.parametrize("value", ["{b: c}", "[b]", "b"])
def test_any_other_tag_is_a_mistake_on_whatever_it_stands(tag: str, value: str) -> None:
    document = read_document(FILE, f"a: {tag} {value}\n")
    (mistake,) = document.mistakes
    assert mistake.allowed == "values without tags"
    assert document.value == {"a": None}
    assert document.unread == {("a",)}


def test_an_integer_of_a_million_digits_is_refused_without_being_read() -> None:
    document = read_document(FILE, f"a: {'9' * 1_000_000}\n")
    assert [mistake.found for mistake in document.mistakes] == ["a number of 1,000,000 digits"]


def test_sixty_four_levels_are_taken_and_sixty_five_are_not() -> None:
    assert read_document(FILE, "[" * 64 + "]" * 64).mistakes == ()
    with pytest.raises(SettingsError, match="more than 64 levels"):
        read_document(FILE, "[" * 65 + "]" * 65)


def test_levels_that_aliases_pile_up_are_counted() -> None:
    levels = ["a0: &a0 [x]"] + [f"a{level}: &a{level} [*a{level - 1}]" for level in range(1, 100)]
    with pytest.raises(SettingsError, match="more than 64 levels"):
        read_document(FILE, "\n".join(levels))


def test_digits_are_an_integer() -> None:
    assert Digits("03600") + 0 == 3600
    assert f"{Digits('03600'):,}" == "3,600"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ((), "(the whole file)"),
        (("a", 0, "b-c", "d_e"), "a[0].b-c.d_e"),
        (("tags", "cost:center"), 'tags["cost:center"]'),
        (("tags", ""), 'tags[""]'),
        (("tags", 'a"b\x1b\n'), r'tags["a\"b\x1b\n"]'),
        (("tags", "Größe"), "tags.Größe"),
    ],
)
def test_a_path_is_shown_as_an_operator_would_write_it(path: tuple[str | int, ...], shown: str) -> None:
    assert show_path(path) == shown
