"""What is written for Google's provider is what its documentation lists, and what its bindings know."""

from __future__ import annotations

import ast
import copy
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.google import addresses
from tests.snapshots import REPOSITORY, SETTINGS

SCHEMA = json.loads(Path(__file__).with_name("google_arguments.schema.json").read_text(encoding="utf-8"))
ARGUMENTS = Draft202012Validator(SCHEMA)
WRITTEN = {
    f"{name}/{file.parent.name}": json.loads(file.read_bytes())
    for name, (_, generated) in SETTINGS.items()
    for file in sorted(
        [*generated.glob("stacks/google-*/cdk.tf.json"), *generated.glob("drop-in/*/rolebridge.tf.json")]
    )
}
ADMIN = REPOSITORY / "generated" / "stacks" / "google-hr-production-admin" / "cdk.tf.json"


@pytest.mark.parametrize("name", WRITTEN)
def test_every_argument_is_one_that_googles_documentation_lists(name: str) -> None:
    assert [f"{error.json_path}: {error.message}" for error in ARGUMENTS.iter_errors(WRITTEN[name])] == []


def test_each_kind_is_written_somewhere() -> None:
    kinds = {address.rpartition(".")[0] for it in WRITTEN.values() for address in addresses(it) if "google" in address}
    assert kinds == {
        "google_service_account",
        "google_service_account_iam_member",
        "ephemeral.google_service_account_id_token",
        "data.google_service_account_id_token",
    }


def _only(named: dict[str, Any]) -> Any:
    (found,) = named.values()
    return found


Change = Callable[[Any], Any]
WRONG: dict[str, Change] = {
    "an account id with a dot": lambda d: _only(d["resource"]["google_service_account"]).update(account_id="aws.admin"),
    "no account id": lambda d: _only(d["resource"]["google_service_account"]).pop("account_id"),
    "an unknown argument": lambda d: _only(d["resource"]["google_service_account"]).update(name="x"),
    "another resource of Google's": lambda d: d["resource"].update(google_project_iam_member={}),
    "a member without its kind": lambda d: _only(d["resource"]["google_service_account_iam_member"]).update(member="a"),
    "members": lambda d: _only(d["resource"]["google_service_account_iam_member"]).update(members=["user:a"]),
    "a bare e-mail as the service account": lambda d: _only(d["resource"]["google_service_account_iam_member"]).update(
        service_account_id="a@p.iam.gserviceaccount.com"
    ),
    "a token without an audience": lambda d: _only(d["ephemeral"]["google_service_account_id_token"]).pop(
        "target_audience"
    ),
    "an argument of the access token": lambda d: _only(d["ephemeral"]["google_service_account_id_token"]).update(
        lifetime="3600s"
    ),
    "include_email as text": lambda d: _only(d["ephemeral"]["google_service_account_id_token"]).update(
        include_email="true"
    ),
    "an unknown argument of the provider": lambda d: d["provider"]["google"][0].update(project_id="x"),
}


@pytest.mark.parametrize("what", WRONG)
def test_the_schema_refuses(what: str) -> None:
    document = json.loads(ADMIN.read_bytes())
    assert ARGUMENTS.is_valid(document)
    broken = copy.deepcopy(document)
    WRONG[what](broken)
    assert broken != document
    assert not ARGUMENTS.is_valid(broken)


BINDINGS = {
    "serviceAccount": ("service_account", "ServiceAccountConfig"),
    "serviceAccountIamMember": ("service_account_iam_member", "ServiceAccountIamMemberConfig"),
    "idToken": ("data_google_service_account_id_token", "DataGoogleServiceAccountIdTokenConfig"),
    "provider": ("provider", "GoogleProviderConfig"),
}


def bound(module: str, name: str) -> tuple[set[str], set[str]]:
    """Read all and the required arguments from the bindings' source; importing them would start Node."""
    package = importlib.util.find_spec("cdktf_cdktf_provider_google")
    assert package is not None
    assert package.submodule_search_locations
    source = Path(package.submodule_search_locations[0], module, "__init__.py").read_text(encoding="utf-8")
    body = source[source.index(f"\nclass {name}") :]
    start = body.index("    def __init__(")
    signature = ast.parse("class _:\n" + body[start : body.index("    ) -> None:", start)] + "    ) -> None: ...\n")
    (function,) = (node for node in ast.walk(signature) if isinstance(node, ast.FunctionDef))
    both = list(zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True))
    return {it.arg for it, _ in both}, {it.arg for it, default in both if default is None}


@pytest.mark.parametrize("part", BINDINGS)
def test_the_schema_lists_what_the_bindings_know(part: str) -> None:
    every, required = bound(*BINDINGS[part])
    of_every_block = {"connection", "count", "depends_on", "for_each", "id", "lifecycle", "provider", "provisioners"}
    known = {name for name in every - of_every_block if not name.endswith("_custom_endpoint")}
    assert set(SCHEMA["$defs"][part]["properties"]) == known
    assert set(SCHEMA["$defs"][part].get("required", [])) == required
