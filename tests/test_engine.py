"""Loading CDKTF leanly: the same bytes, fewer files, and nothing in the environment but for a moment.

What is loaded depends on who came first, so a run is a process of its own. A preload of ours, given as any
user's would be, in NODE_OPTIONS, tells what happened in Node.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from rolebridge import engine
from rolebridge.jsii_cache import archives

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "constructs" / "rolebridge"

APP = """
import json, os, sys
{before}
from rolebridge.engine import (
    App, AwsProvider, AwsProviderAssumeRole, AwsProviderDefaultTags, IamAccessKey, IamOpenidConnectProvider,
    IamPolicy, IamRole, IamRolePolicyAttachment, IamUser, LocalBackend, OrganizationsAccount,
    ServicecatalogPrincipalPortfolioAssociation, TerraformOutput, TerraformResourceLifecycle, TerraformStack,
    TerraformVariable,
)

app = App(outdir=sys.argv[1])
for name in ("one", "two"):
    stack = TerraformStack(app, name)
    LocalBackend(stack, path="state")
    external_id = TerraformVariable(stack, "external_id", type="string", sensitive=True)
    AwsProvider(
        stack, "aws", region="eu-central-1", allowed_account_ids=["123456789012"],
        assume_role=[AwsProviderAssumeRole(role_arn="arn:aws:iam::123456789012:role/a")],
        default_tags=[AwsProviderDefaultTags(tags={{"made-by": "rolebridge"}})],
    )
    role = IamRole(
        stack, "role", name="r", assume_role_policy=external_id.string_value,
        lifecycle=TerraformResourceLifecycle(prevent_destroy=True),
    )
    policy = IamPolicy(stack, "policy", name="p", policy='{{"Version":"2012-10-17"}}')
    IamRolePolicyAttachment(stack, "attached", role=role.name, policy_arn=policy.arn, depends_on=[policy])
    IamAccessKey(stack, "key", user=IamUser(stack, "user", name="u").name)
    IamOpenidConnectProvider(stack, "oidc", url="https://accounts.google.com", client_id_list=["a"])
    OrganizationsAccount(stack, "account", name="a", email="a@example.org")
    ServicecatalogPrincipalPortfolioAssociation(stack, "share", portfolio_id="port", principal_arn=role.arn)
    TerraformOutput(stack, "arn", value=role.arn)
{after}
app.synth()
print(json.dumps({{"modules": sorted(sys.modules), "environment": dict(os.environ)}}))
"""

WITNESS = """
const fs = require("fs");
if ((process.argv[1] || "").endsWith("program.js")) {
  const opened = new Set();
  const open = fs.openSync;
  fs.openSync = (file, ...rest) => {
    opened.add(String(file));
    return open(file, ...rest);
  };
  process.on("exit", () => fs.writeFileSync(process.env.WITNESS, JSON.stringify({
    files: Object.keys(require.cache).filter((file) => /@cdktf.provider-aws/.test(file)).length,
    archiver: Object.keys(require.cache).filter((file) => /archiver/.test(file)).length,
    archives: [...opened].filter((file) => file.endsWith(".jsii.tgz")),
    environment: process.env,
  })));
}
"""


@dataclass(frozen=True)
class Run:
    """What one process did: its output folder, its words, and what was loaded in Python and in Node."""

    outdir: Path
    stderr: str
    modules: list[str]
    environment: dict[str, str]
    node_files: int
    archiver_files: int
    archives: list[str]
    node_environment: dict[str, str]

    @property
    def provider_submodules(self) -> set[str]:
        parts = [name.split(".") for name in self.modules]
        return {name[1] for name in parts if name[0] == "cdktf_cdktf_provider_aws" and len(name) > 1}

    @property
    def generated(self) -> dict[str, bytes]:
        files = (file for file in self.outdir.rglob("*") if file.is_file())
        return {str(file.relative_to(self.outdir)): file.read_bytes() for file in files}


def run(folder: Path, before: str = "", after: str = "", **environment: str) -> Run:
    """Run the app in a process of its own; the witness lies in a folder whose name has a space."""
    witness = folder / "a witness.cjs"
    witness.parent.mkdir(parents=True, exist_ok=True)
    witness.write_text(WITNESS)
    (folder / "app.py").write_text(APP.format(before=before, after=after))
    process = subprocess.run(
        [sys.executable, "app.py", str(folder / "out")],
        cwd=folder,
        env={
            **environment_without_ours(),
            "WITNESS": str(folder / "witness.json"),
            "NODE_OPTIONS": f'--require "{witness}" --stack-trace-limit=20',
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    node = json.loads((folder / "witness.json").read_text())
    return Run(
        outdir=folder / "out",
        stderr=process.stderr,
        node_files=node["files"],
        archiver_files=node["archiver"],
        archives=node["archives"],
        node_environment=node["environment"],
        **json.loads(process.stdout),
    )


def environment_without_ours() -> dict[str, str]:
    ours = ("ROLEBRIDGE_", "JSII_SILENCE", "NODE_OPTIONS", "JSII_NODE", "CDKTF_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Run]]]:
    """Start the long runs side by side, and before they are asked for."""
    with ThreadPoolExecutor(2) as pool:
        folder = tmp_path_factory.mktemp("runs")
        yield {
            "lean": pool.submit(run, folder / "lean", JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION="18"),
            "cdktf first": pool.submit(run, folder / "first", before="import cdktf"),
        }


@pytest.fixture(scope="module")
def lean(running: dict[str, Future[Run]]) -> Run:
    return running["lean"].result()


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Load everything, which takes longer than all else here: its tests are slow ones."""
    return run(tmp_path_factory.mktemp("runs") / "ordinary", ROLEBRIDGE_LEAN="0")


def test_lean_loading_imports_only_the_provider_submodules_that_are_named(lean: Run) -> None:
    named = {
        node.module.split(".")[1]
        for node in ast.walk(ast.parse((PACKAGE / "engine.py").read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cdktf_cdktf_provider_aws.")
    }
    assert lean.provider_submodules == named | {"_jsii"}


def test_lean_loading_has_node_load_few_files_of_the_provider(lean: Run) -> None:
    assert 1 < lean.node_files < 100


def test_lean_loading_leaves_the_archiver_until_something_is_zipped(lean: Run, tmp_path: Path) -> None:
    assert lean.archiver_files == 0
    asset = "from cdktf import AssetType, TerraformAsset"
    zipped = run(tmp_path, after=f"{asset}\nTerraformAsset(stack, 'asset', path=sys.path[0], type=AssetType.ARCHIVE)")
    (archive,) = zipped.outdir.rglob("archive.zip")
    assert "app.py" in zipfile.ZipFile(archive).namelist()


def test_lean_loading_reads_no_archive_of_a_package(lean: Run) -> None:
    assert lean.archives == []


def test_lean_loading_prints_nothing(lean: Run) -> None:
    assert lean.stderr == ""


def test_node_options_reach_node_and_are_given_back(lean: Run) -> None:
    given = lean.environment["NODE_OPTIONS"]
    assert given.startswith("--require ")
    assert given.endswith("--stack-trace-limit=20")
    assert lean.node_environment["NODE_OPTIONS"].startswith(f"{given} --require=")


def test_only_the_banner_of_the_node_majors_that_work_is_silenced_and_only_for_node(lean: Run) -> None:
    silenced = {k: v for k, v in lean.node_environment.items() if "SILENCE" in k}
    assert silenced == {"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20,22"}
    assert lean.environment["JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"] == "18"


def test_variables_that_were_not_set_are_not_set_afterwards(tmp_path: Path) -> None:
    code = "import os; before = dict(os.environ); import rolebridge.engine; assert dict(os.environ) == before"
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment_without_ours(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (process.returncode, process.stderr) == (0, "")


def test_the_preload_is_found_under_a_path_with_a_space_a_quote_and_a_backslash(tmp_path: Path) -> None:
    odd = tmp_path / 'a "b\\c'
    shutil.copytree(PACKAGE, odd / "rolebridge", ignore=shutil.ignore_patterns("__pycache__"))
    moved = run(tmp_path / "run", PYTHONPATH=str(odd))
    assert "b\\\\c" in moved.node_environment["NODE_OPTIONS"]
    assert moved.node_files < 100


def test_a_provider_that_was_imported_before_is_left_alone(provider: Path, capsys: pytest.CaptureFixture[str]) -> None:
    __import__(provider.name)
    before = sys.modules[provider.name]
    engine._defer(provider.name)
    assert sys.modules[provider.name] is before
    assert capsys.readouterr().out == f"{provider.name} was run\n"


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Lay a package out like a prebuilt provider, whose ``__init__`` prints that it was run."""
    package = tmp_path / "cdktf_cdktf_provider_fake"
    for name in ("", "_jsii", "provider", "fake_role"):
        (package / name).mkdir(exist_ok=True)
        (package / name / "__init__.py").write_text(
            "class FakeRole: ...\n" if name else f"print('{package.name} was run')\n"
        )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield package
    for name in [name for name in sys.modules if name.partition(".")[0] == package.name]:
        del sys.modules[name]


def test_a_deferred_provider_imports_a_submodule_when_it_is_asked_for(
    provider: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine._defer(provider.name)
    package = __import__(provider.name)
    assert package.fake_role.FakeRole
    assert f"{provider.name}.provider" not in sys.modules
    assert capsys.readouterr().out == ""
    with pytest.raises(AttributeError, match="no_such_role"):
        _ = package.no_such_role


@pytest.mark.parametrize("missing", ["_jsii", "provider"])
def test_a_provider_without_an_expected_submodule_is_imported_whole_with_one_warning(
    provider: Path, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(provider / missing)
    with pytest.warns(RuntimeWarning, match=f"has no submodule {missing}.*imported whole.*10 s") as warned:
        engine._defer(provider.name)
    assert len(warned) == 1
    assert __import__(provider.name)
    assert capsys.readouterr().out == f"{provider.name} was run\n"


def test_a_provider_with_classes_in_its_init_is_imported_whole_with_a_warning(provider: Path) -> None:
    (provider / "__init__.py").write_text("import abc\n\nclass Provider: ...\n")
    with pytest.warns(RuntimeWarning, match="defines classes"):
        engine._defer(provider.name)
    assert __import__(provider.name).Provider


def test_a_provider_that_is_one_file_is_imported_whole_with_a_warning(provider: Path) -> None:
    shutil.rmtree(provider)
    provider.with_suffix(".py").write_text("")
    with pytest.warns(RuntimeWarning, match="not one folder"):
        engine._defer(provider.name)
    assert __import__(provider.name)


def test_a_provider_that_is_not_installed_is_passed_over() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        engine._defer("cdktf_cdktf_provider_absent")
    assert "cdktf_cdktf_provider_absent" not in sys.modules


def test_every_installed_provider_is_deferred_and_what_is_on_demand_loads_when_asked_for(
    tmp_path: Path,
) -> None:
    google = tmp_path / "cdktf_cdktf_provider_google"
    for name in ("", "_jsii", "provider", "service_account"):
        (google / name).mkdir(exist_ok=True)
        (google / name / "__init__.py").write_text("class ServiceAccount: ...\n" if name else "raise SystemError\n")
    code = (
        "import sys\n"
        "from rolebridge import engine\n"
        f"engine.ON_DEMAND['ServiceAccount'] = '{google.name}.service_account'\n"
        f"assert not [name for name in sys.modules if name.startswith('{google.name}.')]\n"
        "from rolebridge.engine import ServiceAccount\n"
        f"assert ServiceAccount.__module__ == '{google.name}.service_account'\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment_without_ours(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (process.returncode, process.stderr) == (0, "")


def test_a_name_that_the_engine_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'IamRolle'"):
        _ = engine.IamRolle  # type: ignore[attr-defined]


@pytest.mark.parametrize("lazy", [True, False])
def test_node_takes_the_lazy_index_where_there_is_one_and_says_so_where_there_is_none(
    tmp_path: Path, *, lazy: bool
) -> None:
    for name in ("@cdktf/provider-fake", "@cdktf/other"):
        library = tmp_path / "node_modules" / name / "lib"
        library.mkdir(parents=True)
        (library.parent / "package.json").write_text('{"main": "lib/index.js"}')
        (library / "index.js").write_text("")
        if lazy:
            (library / "lazy-index.js").write_text("")
    resolve = '["@cdktf/provider-fake", "@cdktf/other"].map((n) => path.basename(require.resolve(n))).join()'
    process = subprocess.run(
        ["node", "--require", str(PACKAGE / "lazy_providers.cjs"), "-p", resolve],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    if lazy:
        assert (process.stdout, process.stderr) == ("lazy-index.js,index.js\n", "")
    else:
        assert process.stdout == "index.js,index.js\n"
        assert len(process.stderr.splitlines()) == 1
        assert "rolebridge: @cdktf/provider-fake has no lib/lazy-index.js" in process.stderr
        assert "600 MB" in process.stderr


NODES = {
    "absent": (None, "there is no '{node}' that can be run"),
    "not a program": ("no program", "{node} cannot be run"),
    "too old": (
        '#!/bin/sh\n[ "$1" = --version ] && echo v12.1.0 && exit\nexit 1\n',
        "{node} (v12.1.0) did not run",
    ),
}


@pytest.mark.parametrize("kind", NODES)
def test_a_node_that_cannot_be_used_is_told_in_one_line(tmp_path: Path, kind: str) -> None:
    program, said = NODES[kind]
    node = tmp_path / "node"
    if program is not None:
        node.write_text(program)
        node.chmod(0o755)
    process = subprocess.run(
        [sys.executable, "-m", "rolebridge.engine"],
        env={**environment_without_ours(), "JSII_NODE": str(node)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == 1
    assert len(process.stderr.splitlines()) == 1, process.stderr
    assert said.format(node=node) in process.stderr
    assert "Node 20 or 22 works, on PATH or named by JSII_NODE" in process.stderr


def test_an_engine_error_can_be_caught_and_leaves_nothing_behind(tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.write_text("no program")
    node.chmod(0o755)
    code = (
        "import os\n"
        "before = dict(os.environ)\n"
        "try:\n    import rolebridge.engine\n"
        "except RuntimeError as error:\n    print(type(error).__name__)\n"
        "assert dict(os.environ) == before\n"
        "del os.environ['JSII_NODE']\n"
        "from rolebridge.engine import App\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment_without_ours(), "JSII_NODE": str(node)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (process.stdout, process.stderr, process.returncode) == ("EngineError\n", "", 0)


def test_an_error_that_is_not_of_nodes_making_passes_unchanged() -> None:
    with pytest.raises(ValueError, match="something else"), engine._starting_node(lean=True):
        raise ValueError("something else")


def test_a_package_cache_that_cannot_be_used_is_told_in_jsiis_own_words(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    process = subprocess.run(
        [sys.executable, "-m", "rolebridge.engine"],
        env={**environment_without_ours(), "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == 1
    assert len(process.stderr.splitlines()) == 1, process.stderr
    assert "Cannot use the jsii package cache" in process.stderr


def test_an_index_that_does_not_come_in_time_is_an_error_that_names_the_packages_and_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(tmp_path))
    assert not engine.index_is_built()
    with pytest.raises(engine.EngineError, match="@cdktf/provider-aws@") as raised:
        engine.build_index(timeout=0)
    assert str(tmp_path) in str(raised.value)


def test_without_a_package_cache_there_is_no_index_to_build(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JSII_RUNTIME_PACKAGE_CACHE", "disabled")
    assert engine.index_is_built()
    engine.build_index()
    assert "no index to build" in capsys.readouterr().out


@pytest.mark.slow
def test_the_index_of_every_assembly_is_built_on_a_machine_that_never_ran_jsii(tmp_path: Path) -> None:
    environment = {**environment_without_ours(), "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(tmp_path / "new")}
    said = []
    for _ in range(2):
        process = subprocess.run(
            [sys.executable, "-m", "rolebridge.engine"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert (process.returncode, process.stderr) == (0, "")
        said.append(process.stdout)
    assert said[0].startswith("jsii's index is built, in ")
    assert said[1] == "jsii's index is built\n"
    assert len(list((tmp_path / "new").rglob("rolebridge-*"))) == len(archives(engine.PACKAGES))
    manifests = list((tmp_path / "new").rglob(".jsii.runtime.v*.json"))
    assert {file.relative_to(tmp_path / "new").parts[-4] for file in manifests} >= {"provider-aws", "cdktf"}
    for manifest in manifests:
        layout = json.loads(manifest.read_text())
        assert manifest.with_name(layout["index"]).is_file()
        assert manifest.with_name(layout["defs"]).is_file()


def test_no_other_module_imports_cdktf_or_constructs_or_a_provider() -> None:
    strangers = ("cdktf", "constructs", "jsii")
    found = []
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            else:
                continue
            roots = {name.partition(".")[0] for name in names}
            if any(root in strangers or root.startswith("cdktf_") for root in roots):
                found.append(file.relative_to(PACKAGE).as_posix())
    assert set(found) == {"engine.py"}


def test_the_folder_constructs_does_not_hide_the_package_constructs() -> None:
    assert not (ROOT / "constructs" / "__init__.py").exists()
    code = "import importlib.util; print(importlib.util.find_spec('constructs').origin)"
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "site-packages" in process.stdout


def test_what_the_engine_offers_is_there() -> None:
    for name in engine.__all__:
        assert getattr(engine, name)


@pytest.mark.slow
def test_lean_and_ordinary_loading_synthesize_the_same_bytes(lean: Run, ordinary: Run) -> None:
    assert set(lean.generated) == {"manifest.json", "stacks/one/cdk.tf.json", "stacks/two/cdk.tf.json"}
    assert lean.generated == ordinary.generated


@pytest.mark.slow
def test_the_off_switch_loads_both_halves_the_ordinary_way(ordinary: Run) -> None:
    assert {Path(file).name.partition("@")[0] for file in ordinary.archives} >= {"cdktf", "provider-aws"}
    assert len(ordinary.provider_submodules) > 2000
    assert ordinary.node_files > 2000
    assert "lazy_providers" not in ordinary.node_environment["NODE_OPTIONS"]


def test_an_app_that_imported_cdktf_first_works_without_a_warning(running: dict[str, Future[Run]], lean: Run) -> None:
    first = running["cdktf first"].result()
    assert first.generated == lean.generated
    assert "Warning" not in first.stderr
