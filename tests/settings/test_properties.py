"""Settings of any kind: they give a blueprint, or a report; text in them stays text.

Settings are drawn from ``schema.json`` itself, so that what it grows is tried too; texts with a pattern are drawn from
the examples of ``test_schema``.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rolebridge.blueprint import StackBlueprint, blueprint, load_blueprint
from rolebridge.policies.document import pretty_json, terraform_json, terraform_text
from rolebridge.settings import Settings, SettingsError
from rolebridge.settings.document import read_document
from rolebridge.settings.schema import _ecma_pattern

from .samples import FILE, SOUND, parse, refusal
from .test_schema import PARTS, PATTERNS

PLAIN = read_document(FILE, SOUND).value
OFTEN = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
SELDOM = settings(OFTEN, max_examples=60)

SPECIAL = [
    "${",
    "%{",
    "$${",
    "$",
    "%",
    "{",
    "}",
    '"',
    "'",
    "\\",
    "\n",
    "\t",
    " ",
    "é",
    "ÿ",
    "日",
    "😀",
    "a",
    "aws:x",
    "{stack}",
]
TEXT = st.lists(st.sampled_from(SPECIAL) | st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).map(
    "".join
)


def as_yaml(value: Any) -> str:
    """Write a value as YAML, on one line, with what YAML does not take raw escaped."""
    return re.sub(
        "[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]",
        lambda odd: f"\\u{ord(odd[0]):04x}",
        json.dumps(value, ensure_ascii=False),
    )


# --- settings drawn from the schema -----------------------------------------------------------------------------------

NAMES = st.sampled_from(list(PLAIN["accounts"]))
CHOSEN: dict[str, st.SearchStrategy[Any]] = {
    "#/$defs/shortName": NAMES,
    "#/$defs/accountId": st.integers(0, 10**12 - 1).map(lambda number: f"{number:012}"),
    "#/$defs/region": st.sampled_from(["eu-central-1", "us-east-1", "ap-southeast-2", "cn-north-1"]),
    "#/$defs/policyArn": st.sampled_from(
        ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:{partition}:iam::{account_id}:policy/Boundary"]
    ),
    "#/$defs/roleArn": st.just("arn:{partition}:iam::{account_id}:role/Deployer"),
    "#/$defs/oneOrMore": TEXT | st.sampled_from(["*", "s3:*", "arn:aws:s3:::a/${aws:username}/*"]),
}


@cache
def values(where: str) -> st.SearchStrategy[Any]:
    """Draw what the part of the schema that stands at ``where`` takes."""
    part = PARTS[where]
    if "$ref" in part:
        return values(part["$ref"])
    if where in CHOSEN:
        return CHOSEN[where]
    if "enum" in part:
        return st.sampled_from(part["enum"])
    kinds = [part["type"]] if isinstance(part["type"], str) else part["type"]
    return st.one_of([_of_kind(kind, part, where) for kind in kinds])


def _of_kind(kind: str, part: dict[str, Any], where: str) -> st.SearchStrategy[Any]:
    match kind:
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(part["minimum"], part["maximum"])
        case "array":
            most = min(part.get("maxItems", 3), 3)
            return st.lists(values(f"{where}/items"), min_size=part.get("minItems", 0), max_size=most, unique_by=repr)
        case "object":
            return _mapping(part, where)
    return st.sampled_from(PATTERNS[where][0]) if where in PATTERNS else TEXT


def _mapping(part: dict[str, Any], where: str) -> st.SearchStrategy[Any]:
    least = part.get("minProperties", 0)
    if "properties" not in part:
        keys = values(f"{where}/propertyNames") if "propertyNames" in part else TEXT
        return st.dictionaries(keys, values(f"{where}/additionalProperties"), min_size=least, max_size=3)
    every = {name: values(f"{where}/properties/{name}") for name in part["properties"]}
    if part.get("maxProperties") == 1:
        return st.one_of([st.fixed_dictionaries({name: inner}) for name, inner in every.items()])
    required = {name: every.pop(name) for name in part.get("required", ())}
    return st.fixed_dictionaries(required, optional=every).filter(lambda drawn: len(drawn) >= least)


@st.composite
def drawn_settings(draw: st.DrawFn) -> dict[str, Any]:
    """Draw settings that fit the schema: the sound ones, with some of their parts replaced by drawn ones."""
    settings: dict[str, Any] = json.loads(json.dumps(PLAIN))
    for where in draw(st.lists(st.sampled_from(list(PLACES)), max_size=5, unique=True)):
        _put(settings, where, draw(values(PLACES[where])))
    return settings


def _put(settings: dict[str, Any], where: tuple[str, ...], value: Any) -> None:
    holder = settings
    for step in where[:-1]:
        holder = holder.setdefault(step, {})
        if not isinstance(holder, dict):
            return
    holder[where[-1]] = value


def _places(pointer: str, where: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    """Return where in the settings which part of the schema stands, down to the fourth key."""
    while "$ref" in PARTS[pointer]:
        pointer = PARTS[pointer]["$ref"]
    found: dict[tuple[str, ...], str] = {}
    for name in PARTS[pointer].get("properties", {}):
        here, there = (*where, name), f"{pointer}/properties/{name}"
        if here not in WHOLE:
            found[here] = there
        if len(here) < 4:
            found |= _places(there, here)
    return found


WHOLE = {("accounts",), ("meshstack",), ("meshstack", "management"), ("meshstack", "automation")}
"""What is drawn part by part, because as a whole it hardly ever fits the rest."""

PLACES = _places("#")


def test_settings_that_fit_the_schema_give_a_blueprint_or_a_report() -> None:
    outcomes: Counter[str] = Counter()

    @OFTEN
    @given(drawn_settings())
    def try_them(drawn: dict[str, Any]) -> None:
        text = as_yaml(drawn)
        refused = refusal(text)
        outcomes["refused" if refused else "taken"] += 1
        if refused:
            assert_complete(refused)
        else:
            assert_usable(parse(text))

    try_them()
    assert outcomes["taken"] > 20, outcomes
    assert outcomes["refused"] > 20, outcomes


def assert_complete(error: SettingsError) -> None:
    """Every mistake says where it stands, what was found and what is allowed, in printable text."""
    assert error.mistakes
    for mistake in error.mistakes:
        assert mistake.line is not None
        assert mistake.path
        assert mistake.found
        assert mistake.allowed
    lines = [mistake.line for mistake in error.mistakes if mistake.line is not None]
    assert lines == sorted(lines)
    assert all(character.isprintable() or character == "\n" for character in error.report())


def assert_usable(made: Settings) -> tuple[StackBlueprint, ...]:
    """Every document can be written, and Terraform reads back what was meant."""
    stacks = blueprint(made)
    for stack in stacks:
        for name, document in stack.identities.written_documents():
            assert name
            assert json.loads(pretty_json(document)) == document
            if not stack.identities.variables():
                assert json.loads(as_terraform_reads(terraform_json(document))) == document
    return stacks


def as_terraform_reads(text: str) -> str:
    """Undo what protects text from Terraform, after making sure that nothing is left unprotected."""
    assert not re.search(r"(?<!\$)(\$\$)*\$\{(?<!\$\$\{)", text), text
    return text.replace("$${", "${").replace("%%{", "%{")


# --- settings of any kind ---------------------------------------------------------------------------------------------

JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT | NAMES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXT | st.sampled_from(["name", "id", "tags"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inner for found in _paths(item, (*path, key)))]


@st.composite
def mutated_settings(draw: st.DrawFn) -> Any:
    """Draw settings with some values, keys or items replaced by anything, or taken out."""
    value = draw(drawn_settings())
    for _ in range(draw(st.integers(1, 4))):
        *way, last = draw(st.sampled_from(_paths(value)[1:] or [("region",)]))
        holder = value
        for step in way:
            holder = holder[step]
        if draw(st.booleans()):
            holder[last] = draw(JUNK)
        elif isinstance(holder, dict):
            holder[draw(TEXT)] = holder.pop(last)
        else:
            del holder[last]
    return value


@OFTEN
@given(mutated_settings())
def test_settings_with_anything_anywhere_give_a_blueprint_or_a_report(value: Any) -> None:
    refused = refusal(as_yaml(value))
    if refused:
        assert_complete(refused)
    else:
        assert_usable(parse(as_yaml(value)))


@OFTEN
@given(st.text())
@example("\ud800")
@example("\0")
@example("- - - - : ? | >")
@example("a: &a [*a]\n")
@example("!!x\n")
def test_any_text_gives_settings_or_a_report(text: str) -> None:
    refused = refusal(text)
    assert refused is None or (refused.mistakes and refused.report())


@OFTEN
@given(st.data())
def test_sound_settings_with_any_slip_of_the_keyboard_give_settings_or_a_report(data: st.DataObject) -> None:
    text = SOUND
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 12)))
        typed = data.draw(st.text(alphabet=":-[]{}&*!|>'\"%@`#,? \n\t\\ay01~<=.", max_size=4))
        text = text[:start] + typed + text[end:]
    refused = refusal(text)
    if refused is None:
        assert_usable(parse(text))
    else:
        assert refused.mistakes
        assert all(mistake.found and mistake.allowed for mistake in refused.mistakes)


@SELDOM
@given(
    st.binary()
    | st.builds(lambda head, tail: head + SOUND.encode() + tail, st.binary(max_size=4), st.binary(max_size=8))
)
def test_any_bytes_give_settings_or_a_report(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file: Path = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(content)
    with contextlib.suppress(SettingsError):
        load_blueprint(file)


# --- text stays text --------------------------------------------------------------------------------------------------

FREE: dict[str, tuple[str, tuple[str | int, ...]]] = {
    "a description": ("#/$defs/iamDescription", ("meshstack", "meshcloud", "role", "description")),
    "a policy's description": ("#/$defs/iamDescription", ("meshstack", "meshcloud", "policy", "description")),
    "a path": ("#/$defs/path", ("iam", "path")),
    "a tag's value": ("#/$defs/tagValue", ("iam", "tags", "team")),
    "an account's tag": ("#/$defs/tagValue", ("accounts", "meshcloud", "tags", "team")),
    "an audience": ("#/$defs/audience", ("meshstack", "authentication", "workload_identity", "audience")),
    "a subject": ("#/$defs/subject", ("meshstack", "authentication", "workload_identity", "subject")),
    "an issuer": ("#/$defs/issuer", ("meshstack", "authentication", "workload_identity", "issuer")),
    "a profile": ("#/$defs/line", ("access", "profile")),
    "a resource": ("", ("meshstack", "automation", "stack_set_roles", "targets", "statements", 0, "Resource")),
    "a condition": (
        "",
        (
            "meshstack",
            "automation",
            "stack_set_roles",
            "targets",
            "statements",
            0,
            "Condition",
            "StringEquals",
            "aws:x",
        ),
    ),
    "a list in a condition": (
        "",
        (
            "meshstack",
            "automation",
            "stack_set_roles",
            "targets",
            "statements",
            0,
            "Condition",
            "StringLike",
            "aws:x",
            0,
        ),
    ),
}
BEFORE = {"a path": "/", "an issuer": "https://a.example/", "a resource": "arn:aws:s3:::"}
AFTER = {"a path": "/"}


@pytest.mark.slow
@pytest.mark.parametrize("place", FREE)
def test_free_text_reaches_the_documents_and_comes_out_of_terraform_as_it_was(place: str) -> None:
    pointer, path = FREE[place]
    pattern = _ecma_pattern(PARTS[pointer]["pattern"]) if pointer else re.compile("")
    taken: set[str] = set()

    @settings(SELDOM, max_examples=40)
    @given(TEXT)
    @example("${a}")
    @example("$${a}")
    @example("%{if}")
    @example("a$")
    @example("a'\"\\n")
    @example('a\n"b\\\t${')
    @example("é")
    @example("${aws:username}")
    def try_it(middle: str) -> None:
        text = BEFORE.get(place, "") + middle + AFTER.get(place, "")
        if not pattern.search(text):
            return
        drawn = json.loads(json.dumps(PLAIN))
        _put_deep(drawn, path, text)
        refused = refusal(as_yaml(drawn))
        if refused:
            assert_complete(refused)
            return
        taken.add(text)
        stacks = assert_usable(parse(as_yaml(drawn)))
        assert text in _texts([_everything(stack) for stack in stacks], within=place in BEFORE or place == "a profile")
        assert as_terraform_reads(terraform_text(text)) == text

    try_it()
    special = {mark for mark in ("${", "%{", '"', "\\", "\n", "é") if any(mark in text for text in taken)}
    assert special >= TAKES[place], f"{place} took only {sorted(taken)}"


TAKES: dict[str, set[str]] = {
    "a description": {"${", "%{", '"', "\\", "\n", "é"},
    "a policy's description": {"${", "%{", '"', "\\", "\n", "é"},
    "a path": {"${", "%{", '"', "\\"},
    "a tag's value": {"é"},
    "an account's tag": {"é"},
    "an audience": {"%{", '"', "\\"},
    "a subject": {"%{", '"', "\\", "é"},
    "an issuer": {"${", "%{", '"', "\\"},
    "a profile": {"é"},
    "a resource": {"${", "%{", '"', "\\", "\n", "é"},
    "a condition": {"${", "%{", '"', "\\", "\n", "é"},
    "a list in a condition": {"${", "%{", '"', "\\", "\n", "é"},
}


def _put_deep(value: Any, path: tuple[str | int, ...], text: str) -> None:
    for step, following in itertools.pairwise(path):
        if isinstance(value, dict) and step not in value:
            value[step] = [] if isinstance(following, int) else {}
        value = value[step]
    if isinstance(value, list):
        value.append(text)
    else:
        value[path[-1]] = text


def _everything(stack: StackBlueprint) -> Any:
    made = stack.identities
    holders = (*made.providers, *made.roles, *made.users, *made.policies())
    return [vars(holder) for holder in holders], stack.profile, dict(stack.tags), dict(made.written_documents())


def _texts(value: Any, *, within: bool) -> Any:
    """Return every text below a value; ``within``: as one, to look for what stands in a longer text."""
    found: list[str] = []
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, dict):
            todo += [*item, *item.values()]
        elif isinstance(item, list | tuple):
            todo += item
        elif hasattr(item, "__dataclass_fields__"):
            todo.append(vars(item))
    return "\n\0".join(found) if within else found
