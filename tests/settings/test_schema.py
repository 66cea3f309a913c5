"""``schema.json``: a schema that editors can use, that refuses what is unknown, and that says what the model says."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from rolebridge.settings import Settings
from rolebridge.settings.schema import _ecma_pattern, schema

SCHEMA = schema()
REFERENCE = re.compile(r"#/\$defs/(\w+)")


def parts(part: Any = SCHEMA, where: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema inside the schema, and where it stands."""
    yield where, part
    for word in ("properties", "$defs"):
        for name, inner in part.get(word, {}).items():
            yield from parts(inner, f"{where}/{word}/{name}")
    for word in ("additionalProperties", "propertyNames", "items"):
        if isinstance(part.get(word), dict):
            yield from parts(part[word], f"{where}/{word}")


def target(part: dict[str, Any]) -> dict[str, Any]:
    """Return a part with its references followed, as its own words have it."""
    while "$ref" in part:
        match = REFERENCE.fullmatch(part["$ref"])
        assert match is not None
        part = SCHEMA["$defs"][match[1]] | {key: value for key, value in part.items() if key != "$ref"}
    return part


PARTS = dict(parts())


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_reference_leads_to_a_definition_and_every_definition_is_referred_to() -> None:
    references = {part["$ref"] for part in PARTS.values() if "$ref" in part}
    assert references == {f"#/$defs/{name}" for name in SCHEMA["$defs"]}


@pytest.mark.parametrize("where", [where for where, part in PARTS.items() if "object" in part.get("type", ())])
def test_a_mapping_refuses_keys_that_it_does_not_know(where: str) -> None:
    inner = PARTS[where].get("additionalProperties")
    assert inner is False or isinstance(inner, dict)


@pytest.mark.parametrize("where", [where for where, part in PARTS.items() if "$ref" not in part and "enum" not in part])
def test_what_is_no_choice_of_words_has_a_kind(where: str) -> None:
    assert PARTS[where].get("type")


@pytest.mark.parametrize("where", [where for where, part in PARTS.items() if "array" in part.get("type", ())])
def test_a_list_is_never_empty_and_names_nothing_twice(where: str) -> None:
    part = PARTS[where]
    assert part.get("minItems") == 1
    may_repeat = where == "#/$defs/oneOrMore" or target(part["items"]).get("type") == "object"
    assert may_repeat or part.get("uniqueItems") is True


@pytest.mark.parametrize("where", [where for where, part in PARTS.items() if part.get("type") == "integer"])
def test_a_number_has_a_least_and_a_most(where: str) -> None:
    assert PARTS[where]["minimum"] < PARTS[where]["maximum"]


@pytest.mark.parametrize(
    "where", [where for where, part in PARTS.items() if isinstance(part.get("additionalProperties"), dict)]
)
def test_a_mapping_with_keys_of_the_operator_s_own_is_never_empty(where: str) -> None:
    part = PARTS[where]
    assert part.get("minProperties") == 1
    assert "propertyNames" in part or "/Condition" in where


@pytest.mark.parametrize("where", [where for where in PARTS if re.search(r"/properties/\w+$", where)])
def test_a_property_has_a_description_of_its_own_or_of_what_it_refers_to(where: str) -> None:
    assert target(PARTS[where]).get("description")


@pytest.mark.parametrize("where", [where for where, part in PARTS.items() if "pattern" in part])
def test_a_pattern_comes_with_a_message_and_covers_the_whole_text(where: str) -> None:
    part = PARTS[where]
    assert part.get("patternErrorMessage")
    assert all(branch.startswith("^") and branch.endswith("$") for branch in _branches(part["pattern"]))


def _branches(pattern: str) -> list[str]:
    """Split a pattern at the bars outside its brackets."""
    branches, depth = [""], 0
    for token in re.findall(r"\\.|\[(?:\\.|[^\]\\])*\]|.", pattern):
        depth += {"(": 1, ")": -1}.get(token, 0)
        if token == "|" and depth == 0:
            branches.append("")
        else:
            branches[-1] += token
    return branches


# --- the schema and the model -----------------------------------------------------------------------------------------


def _options(kind: Any) -> list[Any]:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return [option for inner in typing.get_args(kind) for option in _options(inner)]
    return [kind]


def pairs(cls: type = Settings, part: dict[str, Any] = SCHEMA, where: str = "") -> Iterator[tuple[str, type, Any]]:
    """Yield each dataclass of the model with the mapping of the schema that it mirrors."""
    part = target(part)
    yield where, cls, part
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        for kind in _options(hints[field.name]):
            inner = part["properties"].get(field.name, {})
            if typing.get_origin(kind) is Mapping:
                kind, inner = typing.get_args(kind)[1], target(inner).get("additionalProperties", {})
            elif typing.get_origin(kind) is tuple:
                kind, inner = typing.get_args(kind)[0], target(inner).get("items", {})
            if dataclasses.is_dataclass(kind):
                yield from pairs(kind, inner, f"{where}.{field.name}")


LAID_UNDER = {"defaults"}
"""What is laid under the rest before the model is made (``settings/defaults.py``)."""

PAIRS = {where or "(the top)": (cls, part) for where, cls, part in pairs()}


@pytest.mark.parametrize("where", PAIRS)
def test_the_model_has_a_field_for_every_property_and_no_other(where: str) -> None:
    cls, part = PAIRS[where]
    fields = {field.name for field in dataclasses.fields(cls)}
    fixed = {"path"} if "always /" in part.get("description", "") else set()
    assert fields - fixed == set(part["properties"]) - LAID_UNDER


@pytest.mark.parametrize("where", PAIRS)
def test_what_the_schema_requires_has_no_default_in_the_model(where: str) -> None:
    cls, part = PAIRS[where]
    without_default = {
        field.name
        for field in dataclasses.fields(cls)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    named_by_what_holds_it = {"name"} if "name" in part["properties"] else set()
    assert without_default - named_by_what_holds_it == set(part.get("required", ()))


@pytest.mark.parametrize("where", PAIRS)
def test_the_schema_s_choices_are_the_model_s(where: str) -> None:
    cls, part = PAIRS[where]
    hints = typing.get_type_hints(cls)
    for name, inner in part["properties"].items():
        if name in LAID_UNDER:
            continue
        literals = [option for option in _options(hints[name]) if typing.get_origin(option) is typing.Literal]
        words = [word for option in literals for word in typing.get_args(option)]
        assert target(inner).get("enum", []) == words, f"{where}.{name}"


def _given(value: Any) -> Any:
    """Return what of a default the schema writes down: a mapping of what is not empty, the root path left out."""
    if dataclasses.is_dataclass(value):
        fields = {field.name: _given(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {
            name: inner
            for name, inner in fields.items()
            if inner not in (None, [], {}) and (name, inner) != ("path", "/")
        }
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("where", PAIRS)
def test_the_schema_states_the_model_s_defaults(where: str) -> None:
    cls, part = PAIRS[where]
    for field in dataclasses.fields(cls):
        named_by_what_holds_it = field.name == "name"
        if named_by_what_holds_it or field.name not in part["properties"]:
            continue
        if field.default in (dataclasses.MISSING, None, ()):
            continue
        stated = target(part["properties"][field.name])
        if "name" in target(stated).get("properties", {}) or not dataclasses.is_dataclass(field.default):
            assert stated.get("default") == _given(field.default), f"{where}.{field.name}"


@pytest.mark.parametrize("where", PAIRS)
def test_a_name_that_the_schema_gives_by_default_is_the_model_s(where: str) -> None:
    cls, part = PAIRS[where]
    fields = {field.name: field for field in dataclasses.fields(cls)}
    hints = typing.get_type_hints(cls)
    for name, inner in part["properties"].items():
        default = target(inner).get("default")
        if default is None or name in LAID_UNDER:
            continue
        field = fields[name]
        if field.default is None:
            (kind,) = [option for option in _options(hints[name]) if dataclasses.is_dataclass(option)]
            assert default == _given(kind()), f"{where}.{name}"
        else:
            assert default == _given(field.default), f"{where}.{name}"


# --- patterns, in Python and in an editor -----------------------------------------------------------------------------

A40 = "a" * 40
PATTERNS: dict[str, tuple[list[str], list[str]]] = {
    "#/$defs/acceptance/properties/expires": (
        ["2027-11-30", "2028-02-29"],
        ["", "2027-11-3", "2027-11-30\n", "30.11.2027", "2027/11/30", "２０２７-11-30", "2027-11-30T00:00:00Z"],
    ),
    "#/$defs/accountId": (
        ["123456789012", "000000000000"],
        ["12345678901", "1234567890123", "123456789012\n", "１" * 12],
    ),
    "#/$defs/shortName": (["a", "a-1", "a" * 40], ["", "A", "1a", "-a", "a" * 41, "a_b", "a\n", "ä"]),
    "#/$defs/region": (
        ["eu-central-1", "us-gov-west-1", "us-isob-east-1", "eusc-de-east-1", "ap-southeast-12"],
        ["eu-central-1a", "eu-central", "EU-CENTRAL-1", "eu--1", "eu-central-123", "eu-central-1\n"],
    ),
    "#/$defs/versionRange": (
        ["~> 5.100", ">= 1.11, < 2.0", "5", "=1.2.3", ">=1.10,<2"],
        ["", "latest", "~> 5.x", "1.2.3.4", ">= 1.11,", "~>  5", "~> 5.100\n", "1٢"],
    ),
    "#/$defs/line": (["a", "${x}", "a b", "日本", "\u00a0", "\u2028"], ["a\nb", "\t", "a\x00", "\x7f", "a\n"]),
    "#/$defs/httpUrl": (
        ["https://a.example/{stack}", "http://a:8080/?b=c"],
        ["ftp://a", "https://", "https://me@a", "https://a b", "https://a\u00a0b", "https://a/ü", "https://a\n"],
    ),
    "#/$defs/roleName": (["R", "r" * 64, "a_+=,.@-Z"], ["", "r" * 65, "a/b", "a b", "ä", "r\n"]),
    "#/$defs/userName": (["U", "u" * 64], ["", "u" * 65, "a/b", "u\n"]),
    "#/$defs/policyName": (["P", "p" * 128], ["", "p" * 129, "a/b", "p\n"]),
    "#/$defs/path": (
        ["/", "/a/", "/a/b/", "/${x}/", "/!~/"],
        ["", "a/", "/a", "//", "/a//b/", "/a b/", "/ä/", "/*/", "/a?/", "/\x7f/", "/\n", "/a/\n"],
    ),
    "#/$defs/iamDescription": (["a\tb\r\nc", "Größe", "¡ÿ"], ["\x00", "\x7f", "\u00a0", "Ā", "日", "😀"]),
    "#/$defs/policyArn": (
        [
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
            "arn:{partition}:iam::{account_id}:policy/a/b/C",
            "arn:aws-us-gov:iam::123456789012:policy/P",
        ],
        [
            "arn:aws:iam::aws:role/R",
            "arn:aws:iam:::policy/P",
            "arn:aws:iam::1:policy/P",
            "arn:aws:iam::{account}:policy/P",
            "arn:aws:iam::aws:policy/",
            "arn:aws:iam::aws:policy/a b",
            "arn:aws:iam::aws:policy/P\n",
        ],
    ),
    "#/$defs/roleArn": (
        ["arn:aws:iam::123456789012:role/R", "arn:{partition}:iam::{account_id}:role/a/{account}"],
        ["arn:aws:iam::aws:role/R", "arn:aws:iam::123456789012:user/U", "arn:aws:iam::123456789012:role/", "R"],
    ),
    "#/$defs/tagKey": (
        ["a", "k" * 128, "cost:center", "a b", "Größe", "日本", "laws:x", "aw:s"],
        [
            "",
            "k" * 129,
            "aws:x",
            "AWS:x",
            "a,b",
            "a\nb",
            "${a}",
            "a[0]",
            "a]",
            "a\\b",
            "a^b",
            "a|b",
            "\x85",
            "(",
            "'",
            '"',
        ],
    ),
    "#/$defs/tagValue": (["", "v" * 256, "aws:x", "a@b=c"], ["v" * 257, "a,b", "%{x}", "a\\", "a\nb", "a*", "\x9f"]),
    "#/$defs/externalIdText": (["ab", "x" * 1224, "a=:/-@"], ["a", "x" * 1225, "a b", "${a}", "ä" * 2, "ab\n"]),
    "#/$defs/externalId": (["ab", "x" * 1224], ["a", "x" * 1225, "a b"]),
    "#/$defs/externalId/properties/variable": (
        ["a", "mesh_1", "counts", "a" * 64, "sources"],
        ["", "count", "for_each", "locals", "A", "a-b", "_a", "a" * 65, "a\n", "count\n"],
    ),
    "#/$defs/issuer": (
        ["https://a", "https://a.example/", "https://a.example/b/@c:d"],
        [
            "http://a",
            "https://",
            "https://a:443",
            "https://u@a",
            "https://a?b",
            "https://a/b?c",
            "https://a/#b",
            "https://a/b c",
            "https://a/\u00a0",
            "https://a/\u2003",
            "https://ä",
            "https://a\n",
        ],
    ),
    "#/$defs/audience": (["a", "a" * 255, "!~"], ["", "a" * 256, "a b", "ä", "a\n"]),
    "#/$defs/subject": (["a", "s" * 255, "a:b/c", "ä", "😀" * 255], ["", "s" * 256, "a*", "a?", "a b", "a\n", "\x7f"]),
    "#/$defs/workloadIdentity/properties/provider_arn": (
        ["arn:aws:iam::123456789012:oidc-provider/a.example/b"],
        ["arn:aws:iam::123456789012:saml-provider/a", "arn:aws:iam::1:oidc-provider/a", "a.example"],
    ),
    "#/$defs/workloadIdentity/properties/thumbprints/items": (
        [A40, "0" * 40, "F" * 40],
        ["a" * 39, "a" * 41, "g" * 40],
    ),
    "#/$defs/iamUser/properties/access_key/properties/pgp_key": (
        ["keybase:me", "A" * 40, "A" * 41 + "=", "+/" * 20 + "=="],
        ["keybase:", "keybase:" + "a" * 26, "A" * 39, "-----BEGIN", "A" * 40 + "\n"],
    ),
    "#/$defs/access/properties/assume_role/properties/session_name": (["ab", "a" * 64], ["a", "a" * 65, "a b", "a/b"]),
    "#/$defs/access/properties/assume_role/properties/duration": (
        ["15m", "99m", "100m", "699m", "700m", "719m", "720m", "1h", "9h", "12h"],
        ["14m", "721m", "730m", "0h", "13h", "1.5h", "3600", "15m\n", "015m", "1h30m"],
    ),
    "#/$defs/management/properties/sso_instance_arn": (
        ["arn:aws:sso:::instance/ssoins-1234567890abcdef", "arn:aws-cn:sso:::instance/ins-12345678-0.bcdef"],
        ["arn:aws:sso:::instance/ssoins-1234567890abcde", "arn:aws:sso:eu-central-1::instance/ssoins-1234567890abcdef"],
    ),
    "#/$defs/management/properties/organizational_units/items": (
        ["arn:aws:organizations::123456789012:ou/o-a1b2c3d4e5/ou-ab12-11111111"],
        [
            "ou-ab12-11111111",
            "arn:aws:organizations::123456789012:ou/o-a1b2c3d4e/ou-ab12-11111111",
            "arn:aws:organizations::123456789012:ou/o-a1b2c3d4e5/ou-ab1-11111111",
            "arn:aws:organizations::123456789012:ou/o-a1b2c3d4e5/ou-ab12-1111111",
            "arn:aws:organizations::123456789012:ou/o-a1b2c3d4e5/*",
        ],
    ),
    "#/$defs/management/properties/close_accounts/properties/organization_paths/items": (
        ["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*", "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/"],
        ["o-a1b2c3d4e5/r-ab12/*", "o-a1b2c3d4e5/*", "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111", "*"],
    ),
    "#/$defs/management/properties/control_tower/properties/portfolio_id": (
        ["port-abcdefghijklm", "port-12345678"],
        ["port-", "port-1234567", "prod-abcdefghijklm", "port-ABCDEFGHIJKLM", "port-abcdefghijklm\n"],
    ),
    "#/$defs/management/properties/control_tower/properties/product_id": (
        ["prod-abcdefghijklm"],
        ["port-abcdefghijklm", "prod-1234567", "prod-" + "a" * 33],
    ),
    "#/$defs/automation/properties/lambda_functions/items": (
        [
            "arn:aws:lambda:eu-central-1:123456789012:function:f",
            "arn:aws:lambda:eu-central-1:123456789012:function:f:live",
            "arn:aws:lambda:eu-central-1:123456789012:function:f:$LATEST",
            "arn:aws:lambda:eu-central-1:123456789012:function:f:*",
        ],
        [
            "f",
            "arn:aws:lambda::123456789012:function:f",
            "arn:aws:lambda:eu-central-1:123456789012:layer:f",
            "arn:aws:lambda:eu-central-1:123456789012:function:*",
            "arn:aws:lambda:eu-central-1:123456789012:function:" + "f" * 65,
        ],
    ),
    "#/$defs/automation/properties/stack_sets/items": (
        ["a", "A-1", "s" * 128],
        ["", "1a", "a_b", "s" * 129, "a*", "a\n"],
    ),
    "#/$defs/statement/properties/Sid": (["", "Sid1"], ["a b", "a-b", "ä", "a\n"]),
    "#/$defs/google/properties/accounts/properties/parent_id": (
        ["r-ab12", "ou-ab12-11111111"],
        ["r-ab1", "ou-ab12", "o-a1b2c3d4e5", "R-AB12", "r-ab12\n"],
    ),
    "#/$defs/googleProduct/properties/drop_in/properties/alias": (["aws", "_a-1"], ["", "1a", "a.b", "a" * 65, "a\n"]),
    "#/$defs/googleProduct/properties/drop_in/properties/google_provider": (
        ["google", "google-beta", "google.a"],
        ["google.", "googlebeta", "aws", "google.a.b", "google\n"],
    ),
    **dict.fromkeys(
        [f"#/$defs/{name}/properties/google_project" for name in ("googleEnvironment", "googleEnvironmentDefaults")],
        (["abcdef", "example.com:abcdef"], ["abcde", "ABCDEF", "abcdef-", "a" * 31, "1bcdef", "abcdef\n"]),
    ),
    **dict.fromkeys(
        [f"#/$defs/{name}/properties/workspace" for name in ("googleEnvironment", "googleEnvironmentDefaults")],
        (["prod", "a" * 90, "a.b_c~d-e"], ["", "a" * 91, "a b", "a/b", "a\n"]),
    ),
    "#/$defs/googleName": (["a", "a-1", "a" * 30], ["", "A", "1a", "a" * 31, "a_b", "a\n"]),
    "#/$defs/googleMembers/items": (
        ["user:a@b.example", "principalSet://iam.googleapis.com/x/*", "group:" + "a" * 250],
        ["a@b.example", "user:", "user:a b", "user:a\u00a0b", "user:${a}", "group:" + "a" * 251, "user:a\n"],
    ),
    "#/$defs/serviceAccountEmail": (
        ["deploy@abcdef.iam.gserviceaccount.com", "1-compute@developer.gserviceaccount.com"],
        ["deploy@abcdef.example", "Deploy@abcdef.iam.gserviceaccount.com", "a@b.iam.gserviceaccount.com\n"],
    ),
    "#/$defs/uniqueId": (["1" * 15, "1" * 21, "1" * 25], ["1" * 14, "1" * 26, "a" * 21, "１" * 21, "1" * 21 + "\n"]),
    "#/$defs/accountEmail": (
        ["a+b@c.example", "{x}@c"],
        ["a", "@b", "a b@c", "a@b@c", "ä@b", "a" * 65 + "@b", "a@b\n"],
    ),
    "#/$defs/accountName": (["a", "A b", "~" * 50], ["", "a" * 51, "ä", "a\tb", "a\n"]),
    "#/$defs/identityArn": (
        ["arn:aws:iam::123456789012:role/R", "arn:{partition}:iam::{account_id}:user/a/U"],
        ["arn:aws:iam::123456789012:group/G", "arn:aws:iam::123456789012:role/", "arn:aws:iam::{account}:role/R"],
    ),
    "#/$defs/googleAdmin/properties/service_account/properties/account_id": (
        ["abcdef", "a-1234"],
        ["abcde", "abcdef-", "a" * 31, "Abcdef", "abcdef\n"],
    ),
}
"""Where a pattern stands, and what it takes and what not."""


@pytest.mark.parametrize("where", PATTERNS)
def test_a_pattern_takes_and_refuses_what_the_table_says(where: str) -> None:
    pattern = _ecma_pattern(PARTS[where]["pattern"])
    takes, refuses = PATTERNS[where]
    assert [text for text in takes if not pattern.search(text)] == []
    assert [text for text in refuses if pattern.search(text)] == []


def test_no_pattern_is_without_examples() -> None:
    assert [where for where, part in PARTS.items() if "pattern" in part and where not in PATTERNS] == []


NODE = """
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
const wrong = [];
for (const [where, pattern, takes, refuses] of cases) {
  const expression = new RegExp(pattern, "u");
  for (const text of takes) if (!expression.test(text)) wrong.push([where, "should take", text]);
  for (const text of refuses) if (expression.test(text)) wrong.push([where, "should refuse", text]);
}
console.log(JSON.stringify(wrong));
"""


def _in_node(cases: list[Any]) -> list[Any]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not on PATH; patterns were tried in Python only")
    run = subprocess.run([node, "-e", NODE], input=json.dumps(cases), capture_output=True, text=True, check=True)
    wrong: list[Any] = json.loads(run.stdout)
    return wrong


def test_the_patterns_take_and_refuse_the_same_in_an_editor() -> None:
    assert _in_node([[where, PARTS[where]["pattern"], *PATTERNS[where]] for where in PATTERNS]) == []


def test_every_pattern_judges_every_example_alike_in_python_and_in_an_editor() -> None:
    texts = sorted({text for takes, refuses in PATTERNS.values() for text in (*takes, *refuses)})
    texts += [f"a{space}b" for space in "\t\v\f\u0085\u00a0\u1680\u2003\u2028\u3000\ufeff"] + ["é", "ſ", "K", "٣", "𝟙"]
    cases = []
    for where, part in PARTS.items():
        if "pattern" in part:
            pattern = _ecma_pattern(part["pattern"])
            takes = [text for text in texts if pattern.search(text)]
            cases.append([where, part["pattern"], takes, [text for text in texts if text not in takes]])
    assert _in_node(cases) == []
