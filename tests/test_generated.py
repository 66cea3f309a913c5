"""What is committed is what a fresh synthesis gives, byte for byte, wherever and by whomever it is made."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.snapshots import REPOSITORY, SETTINGS, files_below

from rolebridge.settings.schema import schema
from rolebridge.synth import synthesize

NAMES = list(SETTINGS)
SYNTH = "import sys; from rolebridge.cli import main; sys.exit(main())"


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture(scope="module")
def fresh(name: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    output = tmp_path_factory.mktemp("fresh") / "generated"
    synthesize(SETTINGS[name][0], output)
    return files_below(output)


def assert_same_files(found: dict[str, bytes], expected: dict[str, bytes]) -> None:
    missing, besides = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    assert (missing, besides) == ([], []), "not the same files"
    for path, content in expected.items():
        assert found[path].decode() == content.decode(), f"{path} differs"


# --- the snapshots ----------------------------------------------------------------------------------------------------


def test_what_is_committed_is_what_the_settings_give_with_no_file_missing_and_none_besides(
    name: str, fresh: dict[str, bytes]
) -> None:
    """If the difference is meant: ``python -m tests.snapshots``, and review it."""
    assert_same_files(files_below(SETTINGS[name][1]), fresh)


def test_the_manifest_names_exactly_the_stacks_that_are_there(fresh: dict[str, bytes]) -> None:
    manifest = json.loads(fresh["manifest.json"])
    folders = {path.split("/")[1] for path in fresh if path.startswith("stacks/")}
    assert set(manifest["stacks"]) == folders
    for entry in manifest["stacks"].values():
        assert set(entry["dependencies"]) <= folders


def test_every_policy_in_a_stack_stands_again_readable_and_is_the_same_document(
    name: str, fresh: dict[str, bytes]
) -> None:
    stacks = [json.loads(content) for path, content in fresh.items() if path.endswith("cdk.tf.json")]
    readable = [json.loads(content) for path, content in fresh.items() if path.startswith("policies/")]
    embedded = [
        json.loads(body[argument].replace("$${", "${").replace("%%{", "%{"))
        for stack in stacks
        for kind, argument in (("aws_iam_policy", "policy"), ("aws_iam_role", "assume_role_policy"))
        for body in stack["resource"].get(kind, {}).values()
    ]
    assert len(embedded) > 4
    for document in embedded:
        assert document in readable


def test_no_file_holds_a_path_of_this_machine_or_a_time(fresh: dict[str, bytes]) -> None:
    text = b"\n".join(content for path, content in fresh.items()).decode()
    for place in (str(REPOSITORY), str(Path.home()), "/tmp", os.environ.get("TMPDIR", "/tmp"), str(Path.cwd())):
        if place != "/":
            assert place not in text
    assert not re.search(r"\b20\d\d-(?!10-17)\d\d-\d\d", text), "a date that is not a policy version's"


ADDRESSES = """
meshstack-automation:
  aws_iam_policy.AWSCloudFormationStackSetAdministrationRolePolicy
  aws_iam_policy.MeshfedAutomationRolePolicy
  aws_iam_role.AWSCloudFormationStackSetAdministrationRole
  aws_iam_role.MeshfedAutomationRole
  aws_iam_role_policy_attachment.
    AWSCloudFormationStackSetAdministrationRole-AWSCloudFormationStackSetAdministrationRolePolicy
  aws_iam_role_policy_attachment.MeshfedAutomationRole-MeshfedAutomationRolePolicy
meshstack-management:
  aws_iam_policy.AWSControlTowerAccountFactoryAccess
  aws_iam_policy.MeshCostExplorerServiceRolePolicy
  aws_iam_policy.MeshfedServiceRolePolicy
  aws_iam_role.MeshCostExplorerServiceRole
  aws_iam_role.MeshfedServiceRole
  aws_iam_role_policy_attachment.MeshCostExplorerServiceRole-MeshCostExplorerServiceRolePolicy
  aws_iam_role_policy_attachment.MeshfedServiceRole-AWSControlTowerAccountFactoryAccess
  aws_iam_role_policy_attachment.MeshfedServiceRole-AWSServiceCatalogAdminReadOnlyAccess
  aws_iam_role_policy_attachment.MeshfedServiceRole-AWSServiceCatalogEndUserFullAccess
  aws_iam_role_policy_attachment.MeshfedServiceRole-MeshfedServiceRolePolicy
  aws_servicecatalog_principal_portfolio_association.AccountFactoryPortfolio
meshstack-meshcloud:
  aws_iam_openid_connect_provider.OidcProvider-container-googleapis-com-510736aa
  aws_iam_policy.CostExplorerPolicy
  aws_iam_policy.MeshstackAssumeRolePolicy
  aws_iam_role.CostExplorerRole
  aws_iam_role.MeshstackAssumeRoleIF
  aws_iam_role_policy_attachment.CostExplorerRole-CostExplorerPolicy
  aws_iam_role_policy_attachment.MeshstackAssumeRoleIF-MeshstackAssumeRolePolicy
  aws_iam_user.cost-explorer-user
  aws_iam_user.meshfed-service-user
  aws_iam_user_policy_attachment.cost-explorer-user-CostExplorerPolicy
  aws_iam_user_policy_attachment.meshfed-service-user-MeshstackAssumeRolePolicy
meshstack-stackset-target-sandbox:
  aws_iam_policy.AWSCloudFormationStackSetExecutionRolePolicy
  aws_iam_role.AWSCloudFormationStackSetExecutionRole
  aws_iam_role_policy_attachment.AWSCloudFormationStackSetExecutionRole-AWSCloudFormationStackSetExecutionRolePolicy
meshstack-tenant-legacy-shop:
  aws_iam_role.MeshstackAccountAccessRole
  aws_iam_role_policy_attachment.MeshstackAccountAccessRole-AdministratorAccess
"""
"""A contract: Terraform destroys and makes anew whatever is found under another address."""


def test_every_resource_of_the_shipped_example_keeps_its_address() -> None:
    lines = []
    for file in sorted((REPOSITORY / "generated" / "stacks").glob("meshstack-*/cdk.tf.json")):
        lines.append(f"{file.parent.name}:")
        for kind, of_kind in json.loads(file.read_bytes())["resource"].items():
            lines += [f"{kind}.{name}" for name in of_kind]
    assert lines == ADDRESSES.replace(".\n    ", ".").split()


# --- every option -----------------------------------------------------------------------------------------------------


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        rest = {key: value for key, value in part.items() if key != "$ref"}
        part = schema()["$defs"][part["$ref"].rsplit("/", 1)[-1]] | rest
    return part


Property = tuple[str, ...]


SHARED = ("backend", "access")


def below(path: Property, key: str) -> Property:
    """The path of a property; backend and access of an account are read as those at the top are."""
    if path[:1] == ("google",) and key == "defaults":  # said for all environments, it is said for each
        return ("google", "products", "*", "environments", "*")
    return (key,) if path and key in SHARED else (*path, key)


def to_be_set() -> list[tuple[Property, dict[str, Any]]]:
    return list(every_property(schema()))


def every_property(part: dict[str, Any], path: Property = ()) -> Iterator[tuple[Property, dict[str, Any]]]:
    """Walk the schema: each property's path (``*`` for a key of the operator's, ``[]`` for an item), and its rules."""
    part = resolved(part)
    for key, inner in part.get("properties", {}).items():
        yield (*path, key), resolved(inner)
        yield from every_property(inner, below(path, key))
    if isinstance(part.get("additionalProperties"), dict):
        yield from every_property(part["additionalProperties"], (*path, "*"))
    if "items" in part:
        yield from every_property(part["items"], (*path, "[]"))


def used(part: dict[str, Any], value: Any, path: Property = ()) -> Iterator[tuple[Property, Any]]:
    """Walk settings beside the schema: the path and value of each property that they set."""
    part = resolved(part)
    if isinstance(value, list):
        for item in value:
            yield from used(part.get("items", {}), item, (*path, "[]"))
    elif isinstance(value, dict):
        for key, inner in value.items():
            known = part.get("properties", {}).get(key)
            if known is not None:
                yield (*path, key), inner
                yield from used(known, inner, below(path, key))
            else:
                yield from used(part.get("additionalProperties", {}), inner, (*path, "*"))


@pytest.fixture(scope="module")
def set_by_snapshots() -> dict[Property, list[Any]]:
    found: dict[Property, list[Any]] = {}
    for snapshot, (file, _) in SETTINGS.items():
        if snapshot != "rolebridge.yaml":
            for path, value in used(schema(), yaml.safe_load(file.read_text(encoding="utf-8"))):
                found.setdefault(path, []).append(value)
    return found


def test_the_snapshots_together_set_every_property_of_the_schema(
    set_by_snapshots: dict[Property, list[Any]],
) -> None:
    """A new option has to be turned on in a snapshot, or nobody sees what it does."""
    forgotten = [".".join(path) for path, _ in to_be_set() if path not in set_by_snapshots]
    assert not forgotten, "\n".join(forgotten)


def test_the_snapshots_together_set_every_switch_and_choice_to_something_other_than_its_default(
    set_by_snapshots: dict[Property, list[Any]],
) -> None:
    switches = [
        (path, part["default"])
        for path, part in to_be_set()
        if "default" in part and (part.get("type") == "boolean" or "enum" in part)
    ]
    assert len(switches) > 8
    left = [".".join(path) for path, default in switches if all(it == default for it in set_by_snapshots[path])]
    assert left == []


def synthesized_apart(settings: Path, cwd: Path, **environment: str) -> dict[str, bytes]:
    subprocess.run(
        [sys.executable, "-c", SYNTH, "synth", "--config", settings, "--output", "out"],
        cwd=cwd,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
    )
    return files_below(cwd / "out")


def turned_round(value: Any, path: Property = ()) -> Any:
    """Put the keys in another order, where their order carries no meaning.

    It does for accounts and tags of stacks nowhere; in a policy statement it does: it is the operator's own text, and
    the order of a condition's keys is kept.
    """
    if isinstance(value, dict) and "Condition" not in path and "any_of" not in path and "all_of" not in path:
        return {key: turned_round(value[key], (*path, key)) for key in reversed(list(value))}
    if isinstance(value, list):
        return [turned_round(item, path) for item in value]
    return value


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "locale"), [("0", "C"), ("4242", "tr_TR.UTF-8")], ids=["seed 0 in C", "seed 4242 in Turkish"]
)
def test_another_folder_home_hash_seed_and_locale_give_the_same_bytes(seed: str, locale: str, tmp_path: Path) -> None:
    settings, expected = SETTINGS["everything"]
    folder, home = tmp_path / "another folder é", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    # jsii's cache is where the old home has it; without it the run would take three times as long.
    cache = os.environ.get("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(Path.home() / ".cache/aws/jsii/package-cache"))
    found = synthesized_apart(
        settings,
        folder,
        HOME=str(home),
        PYTHONHASHSEED=seed,
        LC_ALL=locale,
        LANG=locale,
        TZ="Pacific/Kiritimati",
        JSII_RUNTIME_PACKAGE_CACHE_ROOT=cache,
    )
    assert_same_files(found, files_below(expected))


@pytest.mark.parametrize("snapshot", ["everything", "alternatives"])
def test_the_order_of_keys_in_the_settings_carries_no_meaning(snapshot: str, tmp_path: Path) -> None:
    settings, expected = SETTINGS[snapshot]
    other = tmp_path / "rolebridge.yaml"
    value = turned_round(yaml.safe_load(settings.read_text(encoding="utf-8")))
    other.write_text(json.dumps(value), encoding="utf-8")  # JSON is YAML
    synthesize(other, tmp_path / "out")
    assert_same_files(files_below(tmp_path / "out"), files_below(expected))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what an operator has: the app, its settings, cdktf.json."""
    for file in ("main.py", "rolebridge.yaml", "cdktf.json"):
        shutil.copy(REPOSITORY / file, tmp_path)
    return tmp_path


@pytest.mark.parametrize("outdir", [None, "elsewhere"])
def test_main_py_gives_the_same_bytes_where_cdktf_wants_them_or_in_generated(outdir: str | None, project: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "CDKTF_OUTDIR"}
    if outdir:
        environment["CDKTF_OUTDIR"] = outdir
    done = subprocess.run(
        [sys.executable, project / "main.py"], cwd="/", env=environment, check=False, capture_output=True, text=True
    )
    # cdktf-cli logs every line of an app's standard error as an error.
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert_same_files(files_below(project / (outdir or "generated")), files_below(REPOSITORY / "generated"))


@pytest.mark.slow
def test_cdktf_synth_gives_the_same_bytes_and_leaves_cdktf_json_alone(project: Path) -> None:
    cdktf = REPOSITORY / "node_modules" / ".bin" / "cdktf"
    if not cdktf.exists():
        pytest.skip("needs node_modules/.bin/cdktf: npm ci, or make test")
    configuration = json.loads((project / "cdktf.json").read_text(encoding="utf-8"))
    configuration["app"] = f"{sys.executable} main.py"
    (project / "cdktf.json").write_text(json.dumps(configuration, indent=2), encoding="utf-8")
    before = (project / "cdktf.json").read_bytes()
    subprocess.run(
        [cdktf, "synth"],
        cwd=project,
        env={**os.environ, "CHECKPOINT_DISABLE": "1", "CI": "1"},
        check=True,
        capture_output=True,
    )
    assert (project / "cdktf.json").read_bytes() == before
    assert_same_files(files_below(project / "generated"), files_below(REPOSITORY / "generated"))


def test_git_ignores_what_terraform_leaves_behind_and_nothing_that_is_written() -> None:
    written = [str(file.relative_to(REPOSITORY)) for file in (REPOSITORY / "generated").rglob("cdk.tf.json")]
    left = ["terraform.meshstack-meshcloud.tfstate", "terraform.meshstack-meshcloud.tfstate.backup"]
    left += [f"generated/stacks/meshstack-meshcloud/{name}" for name in (".terraform.lock.hcl", "terraform.tfstate")]
    asked = subprocess.run(
        ["git", "check-ignore", "--no-index", *left, *written],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.stdout.split() == left
