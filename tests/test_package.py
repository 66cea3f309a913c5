"""The layout of the source and of the wheel, and who may import whom."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from tests.snapshots import REPOSITORY

SOURCE = REPOSITORY / "constructs"
PACKAGE = SOURCE / "rolebridge"


# --- the source root --------------------------------------------------------------------------------------------------


def test_constructs_is_a_folder_and_no_package_because_cdktf_needs_the_package_of_that_name() -> None:
    assert not (SOURCE / "__init__.py").exists()
    assert [folder.name for folder in SOURCE.iterdir() if (folder / "__init__.py").exists()] == ["rolebridge"]


def test_constructs_is_cdktfs_package_even_where_our_folder_is_in_the_way() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import constructs; print(constructs.__file__)"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "site-packages" in done.stdout


# --- rooms ------------------------------------------------------------------------------------------------------------

ROOMS: list[tuple[str, ...]] = [
    ("__init__", "garbage"),
    ("settings",),
    ("policies",),
    ("*.design", "*.drop_in", "generated"),
    ("stack_blueprint",),
    ("*.stacks",),
    ("blueprint",),
    ("jsii_cache",),
    ("engine",),
    ("iam", "stack"),
    ("meshstack", "google"),
    ("app",),
    ("proof",),
    ("synth",),
    ("console",),
    ("cli",),
]
"""From above to below: a room imports from itself and from rooms above it."""


@cache
def modules() -> dict[str, Path]:
    return {
        ".".join(file.relative_to(PACKAGE).with_suffix("").parts): file
        for file in sorted(PACKAGE.rglob("*.py"))
        if file.name != "__init__.py" or file.parent == PACKAGE
    }


def room(module: str) -> int:
    for number, names in enumerate(ROOMS):
        if any(name.startswith("*.") and module.endswith(name[1:]) for name in names):
            return number
    for number, names in enumerate(ROOMS):
        if module in names or module.split(".")[0] in names:
            return number
    raise AssertionError(f"{module} has no room: say in ROOMS who may import it")


def imports(file: Path) -> Iterator[str]:
    """What of ours a file imports, wherever the import stands, under TYPE_CHECKING too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} has a relative import"
            name = node.module or ""
            submodules = [alias.name for alias in node.names if f"{name}.{alias.name}" in known_names()]
            yield from ([f"{name}.{submodule}" for submodule in submodules] or [name])


@cache
def known_names() -> set[str]:
    files = {f"rolebridge.{name}" for name in modules()}
    return files | {f"rolebridge.{folder.name}" for folder in PACKAGE.iterdir() if folder.is_dir()}


def ours(file: Path) -> list[str]:
    return [name.removeprefix("rolebridge.") for name in imports(file) if name.startswith("rolebridge.")]


@pytest.mark.parametrize("module", modules())
def test_a_module_imports_only_from_its_own_room_and_from_rooms_above(module: str) -> None:
    below = [name for name in ours(modules()[module]) if room(name) > room(module)]
    assert below == []


@pytest.mark.parametrize("module", [name for name in modules() if name.startswith(("settings", "policies"))])
def test_settings_and_policies_know_neither_the_engine_nor_cdktf(module: str) -> None:
    known = set(imports(modules()[module]))
    assert not [name for name in known if name.split(".")[0] in ("cdktf", "constructs", "jsii") or ".engine" in name]
    assert not [name for name in known if name.startswith("cdktf_")]


@pytest.mark.parametrize("module", [name for name in modules() if name != "engine"])
def test_the_engine_is_the_only_door_to_cdktf(module: str) -> None:
    outside = [name for name in imports(modules()[module]) if name.split(".")[0].startswith(("cdktf", "constructs"))]
    assert outside == []


def test_reading_settings_and_planning_stacks_loads_no_cdktf() -> None:
    program = "import sys, rolebridge.cli; print([m for m in sys.modules if m.split('.')[0] in ('jsii', 'cdktf')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# --- the wheel --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it from a copy: setuptools leaves a build folder and an egg-info behind."""
    copy, made = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        if (REPOSITORY / name).exists():
            (copy / name).write_bytes((REPOSITORY / name).read_bytes())
    for file in SOURCE.rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts and ".egg-info" not in str(file):
            target = copy / "constructs" / file.relative_to(SOURCE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", made, copy], check=True, capture_output=True
    )
    (built,) = made.glob("*.whl")
    return built


@pytest.mark.slow
def test_the_wheel_holds_every_module_and_what_they_read(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    assert {"rolebridge/settings/schema.json", "rolebridge/lazy_providers.cjs", "rolebridge/py.typed"} <= held
    assert "rolebridge/proof/findings/actions.txt" in held
    assert "rolebridge/proof/findings/rules/principal_anybody.py" in held
    sources = {file.relative_to(SOURCE).as_posix() for file in PACKAGE.rglob("*.py")}
    assert sources <= held
    assert {f"rolebridge/proof/picture/{name}" for name in ("page.css", "page.js")} <= held


def test_the_wheel_holds_no_package_called_constructs_and_nothing_of_the_tests(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"rolebridge"}


SOMEBODY_ELSES_APP = """
import sys
import rolebridge
from cdktf import App, LocalBackend, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider
from rolebridge.meshstack.design import MeshstackDesign
from rolebridge.meshstack.tenant import TenantAccount
from rolebridge.policies.arn import AwsAccount
from rolebridge.settings.model import Authentication, Management, Meshstack, ServiceUser, TenantImport

app = App(outdir="cdktf.out")
stack = TerraformStack(app, "mine")
LocalBackend(stack, path="state")
AwsProvider(stack, "aws", region="eu-central-1")
design = MeshstackDesign(
    Meshstack(
        external_id="x1",
        authentication=Authentication(iam_user=ServiceUser()),
        management=Management(sso_instance_arn="arn:aws:sso:::instance/ssoins-1234567890abcdef"),
        tenant_import=TenantImport(accounts=("tenant",)),
    ),
    {
        "management": AwsAccount("111122223333"),
        "meshcloud": AwsAccount("444455556666"),
        "tenant": AwsAccount("210987654321"),
    },
)
TenantAccount(stack, "Tenant", design=design, account="tenant")
app.synth()
print(rolebridge.__file__)
"""


@pytest.mark.slow
def test_the_installed_wheels_constructs_work_in_somebody_elses_app(wheel: Path, tmp_path: Path) -> None:
    installed, app = tmp_path / "installed", tmp_path / "app"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "--no-deps", "--target", installed, wheel], check=True, capture_output=True)
    app.mkdir()
    (app / "main.py").write_text(
        # CDKTF comes in before us: everything works all the same, only less lean. So ours first, to save seconds.
        SOMEBODY_ELSES_APP.replace("import rolebridge\n", "import rolebridge\nimport rolebridge.engine\n"),
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "main.py"],
        cwd=app,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(installed / "rolebridge" / "__init__.py")
    written = (app / "cdktf.out" / "stacks" / "mine" / "cdk.tf.json").read_text(encoding="utf-8")
    assert '"name": "MeshstackAccountAccessRole"' in written
    assert "arn:aws:iam::111122223333:role/MeshfedServiceRole" in written
