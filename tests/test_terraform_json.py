"""Every stack is Terraform's JSON, refers to what is in it, works in one account, and holds no secret."""

from __future__ import annotations

import copy
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.snapshots import SETTINGS

from rolebridge.blueprint import blueprint
from rolebridge.policies.document import terraform_text
from rolebridge.settings import parse_settings
from rolebridge.synth import synthesize

SYNTAX = Draft202012Validator(
    json.loads(Path(__file__).with_name("terraform_json.schema.json").read_text(encoding="utf-8"))
)

STACKS = {
    f"{name}/{file.parent.name}": file
    for name, (_, generated) in SETTINGS.items()
    for file in sorted(generated.glob("stacks/*/cdk.tf.json"))
}

ROOT = SETTINGS["everything"][1]


def read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> Any:
    return read(STACKS[request.param])


# --- the syntax -------------------------------------------------------------------------------------------------------


def test_every_stack_is_terraforms_json_syntax(stack: Any) -> None:
    assert [f"{error.json_path}: {error.message}" for error in SYNTAX.iter_errors(stack)] == []


def test_there_are_stacks_to_look_at() -> None:
    assert len(STACKS) > 15


ROLE = ("resource", "aws_iam_role", "MeshstackAssumeRoleIF")


def _at(document: Any, *path: str) -> Any:
    for step in path:
        document = document[step]
    return document


Change = Callable[[Any], Any]

WRONG: dict[str, Change] = {
    "no terraform block": lambda d: d.pop("terraform"),
    "no provider": lambda d: d.pop("provider"),
    "no resource": lambda d: d.pop("resource"),
    "an unknown block": lambda d: d.update(resources={}),
    "a list for the whole of resource": lambda d: d.update(resource=[d["resource"]]),
    "no required_version": lambda d: d["terraform"].pop("required_version"),
    "a version that is none": lambda d: d["terraform"].update(required_version="newest"),
    "a provider without a version": lambda d: d["terraform"]["required_providers"]["aws"].pop("version"),
    "a provider with a short source": lambda d: d["terraform"]["required_providers"]["aws"].update(source="aws"),
    "a provider requirement that is a text": lambda d: d["terraform"]["required_providers"].update(aws="5.100"),
    "no backend": lambda d: d["terraform"].pop("backend"),
    "two backends": lambda d: d["terraform"]["backend"].update(local={"path": "x"}),
    "an unknown backend": lambda d: d["terraform"].update(backend={"consul": {}}),
    "an unknown argument of a backend": lambda d: d["terraform"]["backend"]["azurerm"].update(access_key="x"),
    "a backend beside cloud": lambda d: d["terraform"].update(cloud={"organization": "x", "workspaces": {"name": "x"}}),
    "an escaped text in a backend": lambda d: d["terraform"]["backend"]["azurerm"].update(key="$${x}"),
    "a lock address without its counterpart": lambda d: d["terraform"].update(
        backend={"http": {"address": "https://a", "lock_address": "https://a"}}
    ),
    "a resource type that is none": lambda d: d["resource"].update({"role": {"a": {}}}),
    "a resource's name with a dot": lambda d: d["resource"]["aws_iam_role"].update({"a.b": {}}),
    "a resource's name that begins with a digit": lambda d: d["resource"]["aws_iam_role"].update({"1a": {}}),
    "a resource that is a text": lambda d: d["resource"]["aws_iam_role"].update({"a": "b"}),
    "no resource of a type": lambda d: d["resource"].update(aws_iam_role={}),
    "depends_on that is a text": lambda d: _at(d, *ROLE).update(depends_on="aws_iam_role.a"),
    "depends_on with a template": lambda d: _at(d, *ROLE).update(depends_on=["${aws_iam_role.a}"]),
    "depends_on with an attribute": lambda d: _at(d, *ROLE).update(depends_on=["aws_iam_role.a.arn"]),
    "an empty depends_on": lambda d: _at(d, *ROLE).update(depends_on=[]),
    "an unknown lifecycle rule": lambda d: _at(d, *ROLE).update(lifecycle={"keep": True}),
    "a lifecycle rule that is a text": lambda d: _at(d, *ROLE).update(lifecycle={"prevent_destroy": "true"}),
    "count and for_each": lambda d: _at(d, *ROLE).update(count=1, for_each={}),
    "a provisioner": lambda d: _at(d, *ROLE).update(provisioner={"local-exec": {"command": "id"}}),
    "an argument that is no identifier": lambda d: _at(d, *ROLE).update({"a b": 1}),
    "an output without a value": lambda d: d["output"].update(a={"sensitive": True}),
    "an output with an unknown argument": lambda d: d["output"].update(a={"value": "1", "secret": True}),
    "an output's name with a slash": lambda d: d["output"].update({"a/b": {"value": "1"}}),
    "sensitive that is a text": lambda d: d["output"].update(a={"value": "1", "sensitive": "true"}),
    "a variable that Terraform keeps for itself": lambda d: d.update(variable={"count": {}}),
    "a variable with an unknown argument": lambda d: d.update(variable={"a": {"optional": True}}),
    "a condition that is a literal": lambda d: d.update(
        variable={"a": {"validation": [{"condition": "true", "error_message": "no"}]}}
    ),
    "a provider alias that is no identifier": lambda d: d["provider"]["aws"][0].update(alias="a b"),
    "an import to a template": lambda d: d.update({"import": [{"to": "${aws_iam_role.a}", "id": "a"}]}),
    "removed without its origin": lambda d: d.update(removed=[{"lifecycle": {"destroy": False}}]),
}


@pytest.mark.parametrize("what", WRONG)
def test_the_schema_refuses(what: str) -> None:
    document = read(ROOT / "stacks" / "meshstack-meshcloud" / "cdk.tf.json")
    assert SYNTAX.is_valid(document)
    broken = copy.deepcopy(document)
    WRONG[what](broken)
    assert broken != document
    assert not SYNTAX.is_valid(broken)


# --- references -------------------------------------------------------------------------------------------------------

TEMPLATE = re.compile(r"(?<!\$)\$\{(.*?)\}(?=[^}]|$)", re.DOTALL)
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
TRAVERSAL = re.compile(r"(?<![\w.-])([A-Za-z_]\w*)\.([A-Za-z_][\w-]*)")


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key != "//":
                yield key
                yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def references(document: Any) -> Iterator[str]:
    """Every address that the document's templates and ``depends_on`` name."""
    for text in texts({key: block for key, block in document.items() if key != "terraform"}):
        for expression in TEMPLATE.findall(text):
            found = TRAVERSAL.findall(QUOTED.sub('""', expression))
            assert found, f"a template that refers to nothing: {expression}"
            yield from (f"{kind}.{name}" for kind, name in found)
    for of_kind in document["resource"].values():
        for body in of_kind.values():
            yield from body.get("depends_on", [])


def declared(document: Any) -> set[str]:
    found = {f"{kind}.{name}" for kind, of_kind in document["resource"].items() for name in of_kind}
    found |= {f"ephemeral.{kind}" for kind in document.get("ephemeral", {})}
    return found | {f"var.{name}" for name in document.get("variable", {})}


def test_every_reference_points_to_something_in_the_same_file(stack: Any) -> None:
    assert [reference for reference in references(stack) if reference not in declared(stack)] == []


def test_every_variable_that_is_declared_is_used(stack: Any) -> None:
    assert {f"var.{name}" for name in stack.get("variable", {})} <= set(references(stack))


def test_no_text_starts_a_directive(stack: Any) -> None:
    assert [text for text in texts(stack) if re.search(r"(?<!%)%\{", text)] == []


def test_the_reader_of_references_sees_a_dangling_one() -> None:
    document = read(ROOT / "stacks" / "meshstack-meshcloud" / "cdk.tf.json")
    del document["resource"]["aws_iam_policy"]["CostExplorerPolicy"]
    assert "aws_iam_policy.CostExplorerPolicy" in set(references(document)) - declared(document)


# --- one account, no secret -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SETTINGS)
def test_every_provider_works_in_exactly_its_stacks_account(name: str) -> None:
    file, generated = SETTINGS[name]
    for planned in blueprint(parse_settings(file.read_text(encoding="utf-8"), str(file))):
        written = read(generated / "stacks" / planned.name / "cdk.tf.json")
        accounts = [provider["allowed_account_ids"] for provider in written["provider"].get("aws", [])]
        assert accounts == ([[planned.account.id]] if planned.works_in_aws else [])


def test_every_role_policy_and_boundary_of_ours_is_in_the_account_that_the_stack_works_in(stack: Any) -> None:
    if "aws" not in stack["provider"]:
        return
    (account,) = stack["provider"]["aws"][0]["allowed_account_ids"]
    for of_kind in stack["resource"].values():
        for body in of_kind.values():
            for argument in ("permissions_boundary", "policy_arn", "principal_arn"):
                arn = body.get(argument, "")
                if arn.startswith("arn:"):
                    assert arn.split(":")[4] in (account, "aws")


SECRETS = {
    "an access key id": r"\b(AKIA|ASIA)[A-Z0-9]{16}\b",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "an argument for a secret": r'"(secret_key|secret_access_key|access_key|password|token|sas_token|client_secret)":',
    "a token": r"\beyJ[A-Za-z0-9_-]{10,}\.",
    "a password in an address": r"https?://[^/\s\"]*:[^/\s\"]*@",
}


@pytest.mark.parametrize("what", SECRETS)
def test_no_generated_file_holds(what: str) -> None:
    found = [
        str(file)
        for _, generated in SETTINGS.values()
        for file in generated.rglob("*.json")
        if re.search(SECRETS[what], file.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_every_output_of_an_access_key_is_sensitive_and_no_other_is(stack: Any) -> None:
    for name, output in stack.get("output", {}).items():
        assert output.get("sensitive", False) is ("aws_iam_access_key" in output["value"]), name


# --- text is text -----------------------------------------------------------------------------------------------------


def literal(text: str) -> str:
    """Read a text as Terraform does that evaluates it, if it starts no template (HCL: ``$${`` is ``${``)."""
    found = re.sub(r"\$\$\{|%%\{", lambda escaped: escaped[0][1:], text)
    assert not re.search(r"[$%]\{", re.sub(r"\$\$\{|%%\{", "\0", text)), f"Terraform would evaluate {text!r}"
    return found


PIECES = ["${", "%{", "$${", "%%{", "}", "$", "%", "{", '"', "\\", "'", "~", "aws:username", "é", "ß", "a", "\\n", "<"]
DESCRIPTIONS = st.lists(st.sampled_from([*PIECES, "\n", "\t", " ", "&"]), min_size=1, max_size=8).map("".join)
VALUES = st.lists(st.sampled_from([*PIECES, " ", "&", "ÿ"]), min_size=1, max_size=8).map("".join)
SUBJECTS = (
    # IAM would fill in a ${…}; the settings refuse it.
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=8)
    .map("".join)
    .map(lambda text: re.sub(r"\$+\{+", "$", text))
)
TAGS = st.lists(st.sampled_from(["é", "東京", " ", "+", "=", "@", "a", "/", "-"]), min_size=1, max_size=8).map("".join)


def nasty(description: str, value: str, subject: str, tag: str) -> dict[str, Any]:
    return {
        "region": "eu-central-1",
        "backend": {"local": {}},
        "tags": {"Tag": tag},
        "accounts": {
            "management": {"id": "111122223333"},
            "meshcloud": {"id": "444455556666"},
            "automation": {"id": "777788889999"},
            "target": {"id": "123456789012"},
        },
        "meshstack": {
            "external_id": "x1",
            "authentication": {
                "workload_identity": {"issuer": "https://a.example.com", "audience": "a", "subject": subject}
            },
            "meshcloud": {"role": {"description": description, "tags": {"Own": tag}}},
            "management": {"sso_instance_arn": "arn:aws:sso:::instance/ssoins-1234567890abcdef"},
            "automation": {
                "stack_set_roles": {
                    "targets": {
                        "accounts": ["target"],
                        "statements": [
                            {
                                "Effect": "Allow",
                                "Action": "s3:*",
                                "Resource": f"arn:aws:s3:::{value}",
                                "Condition": {"StringLike": {f"aws:PrincipalTag/{value}": [value, f"{value}!"]}},
                            }
                        ],
                    }
                }
            },
        },
    }


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),  # shrinking would synthesize hundreds of times
    suppress_health_check=list(HealthCheck),
)
@given(description=DESCRIPTIONS, value=VALUES, subject=SUBJECTS, tag=TAGS)
def test_whatever_text_the_schema_takes_terraform_reads_as_that_text(
    description: str, value: str, subject: str, tag: str
) -> None:
    chosen = nasty(description, value, subject, tag)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "rolebridge.yaml")
        file.write_text(json.dumps(chosen), encoding="utf-8")
        written = synthesize(file, Path(folder, "generated")).synthesis.files

    def document(name: str) -> Any:
        found = json.loads(written[name][f"stacks/{name}/cdk.tf.json"])
        assert SYNTAX.is_valid(found)
        assert set(references(found)) <= declared(found)
        return found

    meshcloud, target = document("meshstack-meshcloud"), document("meshstack-stackset-target-target")
    role = meshcloud["resource"]["aws_iam_role"]["MeshstackAssumeRoleIF"]
    assert literal(role["description"]) == description
    assert literal(role["tags"]["Own"]) == tag
    assert literal(meshcloud["provider"]["aws"][0]["default_tags"][0]["tags"]["Tag"]) == tag
    (trust,) = json.loads(literal(role["assume_role_policy"]))["Statement"]
    assert trust["Condition"]["StringEquals"]["a.example.com:sub"] == subject
    policy = target["resource"]["aws_iam_policy"]["AWSCloudFormationStackSetExecutionRolePolicy"]
    stated = chosen["meshstack"]["automation"]["stack_set_roles"]["targets"]["statements"]
    assert json.loads(literal(policy["policy"]))["Statement"] == stated
    readable = written["meshstack-stackset-target-target"][
        "policies/target/AWSCloudFormationStackSetExecutionRolePolicy.json"
    ]
    assert json.loads(readable)["Statement"] == stated


@given(st.text(alphabet=st.sampled_from('$%{}~"a\\ é'), max_size=12))
def test_escaping_and_reading_as_terraform_does_gives_the_same_text(text: str) -> None:
    assert literal(terraform_text(text)) == text
