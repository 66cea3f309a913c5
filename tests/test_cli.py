"""The command: what it says, where it says it, and how it ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest
from tests.snapshots import REPOSITORY, SETTINGS, files_below

from rolebridge import cli

RUN = "import sys; from rolebridge.cli import main; sys.exit(main())"

SMALL = """
region: eu-central-1
backend: {local: {}}
accounts:
  management: {id: "111122223333"}
  meshcloud: {id: "444455556666"}
  a-tenant-with-a-name-that-is-rather-long: {id: "210987654321"}
  b-tenant: {id: "321098765432"}
meshstack:
  external_id: x1
  authentication: {iam_user: {}}
  management: {sso_instance_arn: "arn:aws:sso:::instance/ssoins-1234567890abcdef"}
  tenant_import: {accounts: [a-tenant-with-a-name-that-is-rather-long, b-tenant]}
"""


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


class Command:
    """Runs the command in this process, in a folder of its own."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._patch, self._capture = patch, capture
        patch.chdir(folder)

    def __call__(self, *arguments: str | Path) -> Ended:
        self._patch.setattr(sys, "argv", ["rolebridge", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = self._capture.readouterr()
        code = ended.value.code
        return Ended(code if isinstance(code, int) else 0 if code is None else 1, said.out, said.err)

    def write(self, text: str, name: str = "rolebridge.yaml") -> Path:
        (self.folder / name).write_text(text, encoding="utf-8")
        return self.folder / name


@pytest.fixture
def rolebridge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, monkeypatch, capsys)


# --- help, version, the command line ----------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_shows_examples_and_every_exit_code(rolebridge: Command, flag: str) -> None:
    ended = rolebridge(flag)
    assert ended.code == 0
    assert "rolebridge synth --config prod.yaml --output generated-prod" in ended.out
    codes = re.findall(r"^\s+(\d+)  ", ended.out.split("Exit codes:")[1], re.MULTILINE)
    assert codes == ["0", "1", "2", "3", "4", "130"]


@pytest.mark.parametrize("command", ["synth", "check"])
def test_each_command_has_help_with_its_defaults(rolebridge: Command, command: str) -> None:
    ended = rolebridge(command, "--help")
    assert ended.code == 0
    assert "rolebridge.yaml" in ended.out


def test_the_version_is_the_packages(rolebridge: Command) -> None:
    assert rolebridge("--version") == Ended(0, f"rolebridge, version {version('rolebridge')}\n", "")


@pytest.mark.parametrize("arguments", [["nope"], ["synth", "--nope"], ["check", "superfluous"], ["synth", "--stack"]])
def test_a_wrong_command_line_ends_with_2_and_says_how_it_goes(rolebridge: Command, arguments: list[str]) -> None:
    ended = rolebridge(*arguments)
    assert ended.code == 2
    assert re.search(r"^Error: .+", ended.err, re.MULTILINE)
    assert ended.out == ""


# --- check ------------------------------------------------------------------------------------------------------------


def test_check_says_that_the_settings_are_fine_and_writes_nothing(rolebridge: Command) -> None:
    rolebridge.write(SMALL)
    assert rolebridge("check") == Ended(0, "rolebridge.yaml: fine, 4 stacks\n", "")
    assert [file.name for file in rolebridge.folder.iterdir()] == ["rolebridge.yaml"]


def test_check_takes_another_file(rolebridge: Command) -> None:
    ended = rolebridge("check", "--config", rolebridge.write(SMALL, "other.yaml"))
    assert (ended.code, ended.out) == (0, f"{rolebridge.folder}/other.yaml: fine, 4 stacks\n")


@pytest.mark.parametrize("command", ["check", "synth"])
def test_wrong_settings_end_with_1_and_a_report_of_every_mistake_and_nothing_is_written(
    rolebridge: Command, command: str
) -> None:
    rolebridge.write(SMALL.replace("eu-central-1", "Frankfurt").replace("external_id: x1", "external_id: x"))
    ended = rolebridge(command)
    assert ended.code == 1
    assert ended.out == ""
    assert ended.err.startswith("rolebridge.yaml: 2 mistakes, nothing was written\n")
    assert "rolebridge.yaml:2  region" in ended.err
    assert "rolebridge.yaml:10  meshstack.external_id" in ended.err
    assert not (rolebridge.folder / "generated").exists()


@pytest.mark.parametrize("command", ["check", "synth"])
def test_settings_that_are_not_there_end_with_1_and_say_so(rolebridge: Command, command: str) -> None:
    ended = rolebridge(command)
    assert ended.code == 1
    assert "no such file" in ended.err


def test_a_text_in_a_backend_that_terraform_and_opentofu_would_read_differently_is_refused(
    rolebridge: Command,
) -> None:
    rolebridge.write(SMALL.replace("{local: {}}", "{local: {path: '../${x/{stack}'}}"))
    ended = rolebridge("check")
    assert ended.code == 1
    assert "backend.local.path" in ended.err
    assert "text without ${ and %{" in ended.err


@pytest.mark.parametrize("name", ["MeshfedServiceRole.trust", "meshfedservicerole.TRUST"])
def test_a_policy_whose_readable_copy_would_overwrite_a_trusts_is_refused(rolebridge: Command, name: str) -> None:
    rolebridge.write(SMALL.replace("management: {sso", f"management: {{policy: {{name: {name}}}, sso"))
    ended = rolebridge("check")
    assert ended.code == 1
    assert "meshstack.management.policy.name" in ended.err


def test_check_needs_no_node_and_loads_none_of_cdktf(tmp_path: Path) -> None:
    (tmp_path / "rolebridge.yaml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "bin").mkdir()
    program = (
        "import sys, atexit; atexit.register(lambda: print(sorted(m for m in sys.modules if 'jsii' in m)))\n" + RUN
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "check"],
        cwd=tmp_path,
        env={**os.environ, "PATH": str(tmp_path / "bin"), "JSII_NODE": str(tmp_path / "bin" / "node")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "rolebridge.yaml: fine, 4 stacks\n[]\n"


# --- synth ------------------------------------------------------------------------------------------------------------


def rows(table: str) -> list[list[str]]:
    return [re.split(r"\s{2,}", line.strip()) for line in table.splitlines() if " meshstack-" in line]


def test_synth_shows_each_stack_with_its_account_its_resources_and_what_changed(rolebridge: Command) -> None:
    rolebridge.write(SMALL)
    ended = rolebridge("synth")
    assert ended.code == 0
    long = "a-tenant-with-a-name-that-is-rather-long"
    assert rows(ended.out) == [
        ["meshstack-meshcloud", "meshcloud (444455556666)", "3", "new"],
        ["meshstack-management", "management (111122223333)", "3", "new"],
        [f"meshstack-tenant-{long}", f"{long} (210987654321)", "2", "new"],
        ["meshstack-tenant-b-tenant", "b-tenant (321098765432)", "2", "new"],
    ]
    assert "generated: 14 new" in ended.out
    assert len(files_below(rolebridge.folder / "generated")) == 14


def test_synth_again_says_that_nothing_changed_and_then_what_did(rolebridge: Command) -> None:
    rolebridge.write(SMALL)
    rolebridge("synth")
    again = rolebridge("synth")
    assert "generated: nothing changed" in again.out
    assert {len(row) for row in rows(again.out)} == {3}
    rolebridge.write(SMALL.replace("external_id: x1", "external_id: x2").replace(", b-tenant]}", "]}"))
    changed = rolebridge("synth")
    assert rows(changed.out)[0][-1] == "changed, 1 policy"
    assert rows(changed.out)[1][-1] == "changed, 1 policy"
    assert rows(changed.out)[-1] == ["meshstack-tenant-b-tenant", "removed"]
    assert "generated: 7 changed, 3 removed" in changed.out
    assert "warning: accounts.b-tenant is not used: nothing is made in it" in changed.err


def test_synth_of_one_stack_writes_and_shows_that_stack_only(rolebridge: Command) -> None:
    rolebridge.write(SMALL)
    ended = rolebridge("synth", "--stack", "meshstack-management", "-s", "meshstack-tenant-b-tenant")
    assert [row[0] for row in rows(ended.out)] == ["meshstack-management", "meshstack-tenant-b-tenant"]
    manifest = json.loads((rolebridge.folder / "generated" / "manifest.json").read_bytes())
    assert sorted(manifest["stacks"]) == ["meshstack-management", "meshstack-tenant-b-tenant"]


def test_synth_of_an_unknown_stack_ends_with_3_and_names_those_there_are(rolebridge: Command) -> None:
    rolebridge.write(SMALL)
    ended = rolebridge("synth", "--stack", "meshstack-mangement")
    assert ended.code == 3
    assert "no stack is called meshstack-mangement; the stacks are meshstack-meshcloud, meshstack-manage" in ended.err
    assert not (rolebridge.folder / "generated").exists()


def test_synth_into_a_folder_that_is_not_ours_ends_with_3_and_leaves_it_alone(rolebridge: Command) -> None:
    rolebridge.write(SMALL)
    ended = rolebridge("synth", "--output", ".")
    assert ended.code == 3
    assert ended.err.startswith("rolebridge: . is not empty and holds no manifest.json")
    assert [file.name for file in rolebridge.folder.iterdir()] == ["rolebridge.yaml"]


def test_synth_gives_the_committed_bytes(rolebridge: Command) -> None:
    settings, committed = SETTINGS["rolebridge.yaml"]
    rolebridge("synth", "--config", settings, "--output", "out")
    assert files_below(rolebridge.folder / "out") == files_below(committed)


def test_synth_without_node_ends_with_3_says_what_works_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "rolebridge.yaml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "bin").mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "JSII_NODE"}
    done = subprocess.run(
        [sys.executable, "-c", RUN, "synth"],
        cwd=tmp_path,
        env={**environment, "PATH": str(tmp_path / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert re.fullmatch(r"rolebridge: CDKTF needs Node, .* Node 20 or 22 works, .*\n", done.stderr)
    assert not (tmp_path / "generated").exists()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("jsii is ill")])
def test_whatever_goes_wrong_on_the_way_ends_with_3_and_no_traceback(
    rolebridge: Command, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    from rolebridge import app

    def fail(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(app, "synthesize", fail)
    rolebridge.write(SMALL)
    ended = rolebridge("synth")
    assert ended.code == 3
    assert ended.err == f"rolebridge: {error}\n"


def test_an_interruption_ends_with_130_which_is_not_the_code_of_wrong_settings(
    rolebridge: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rolebridge import app

    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "synthesize", interrupt)
    rolebridge.write(SMALL)
    ended = rolebridge("synth")
    assert (ended.code, ended.err.strip()) == (130, "rolebridge: interrupted")


# --- warnings ---------------------------------------------------------------------------------------------------------

IDENTITY = "workload_identity: {issuer: https://a.example.com, audience: a, subject: s}"

WARNINGS = {
    "accounts.b-tenant is not used": SMALL.replace(", b-tenant]}", "]}"),
    "has both workload_identity and iam_user": SMALL.replace("{iam_user: {}}", f"{{iam_user: {{}}, {IDENTITY}}}"),
    "makes an access key that lives until it is removed; its secret is in plain text in the state": SMALL.replace(
        "{iam_user: {}}", "{iam_user: {access_key: {}}}"
    ),
    "makes an access key that lives until it is removed; its secret is encrypted with your PGP key": SMALL.replace(
        "{iam_user: {}}", "{iam_user: {access_key: {pgp_key: 'keybase:me'}}}"
    ),
    "meshstack.metering has the replicator's subject": SMALL.replace("{iam_user: {}}", f"{{{IDENTITY}}}")
    + "  metering: {external_id: y1, authentication: {workload_identity: {subject: s}}}\n",
}


@pytest.mark.parametrize("warning", WARNINGS)
@pytest.mark.parametrize("command", ["check", "synth"])
def test_what_is_allowed_and_worth_a_look_is_a_warning_on_standard_error(
    rolebridge: Command, command: str, warning: str
) -> None:
    rolebridge.write(WARNINGS[warning])
    ended = rolebridge(command)
    assert ended.code == 0
    # A machine whose index of CDKTF's packages is not built yet gets a hint besides.
    (line,) = [line for line in ended.err.splitlines() if not line.startswith("hint: ")]
    assert line.startswith("warning: ")
    assert warning in line
    assert "warning" not in ended.out


def test_there_is_nothing_to_warn_of_where_there_is_no_reason(rolebridge: Command) -> None:
    rolebridge.write(SMALL)
    assert rolebridge("check").err == ""


def test_main_py_is_the_app_that_cdktf_json_names() -> None:
    configuration = json.loads((REPOSITORY / "cdktf.json").read_text(encoding="utf-8"))
    assert configuration["app"].endswith("main.py")
    assert configuration["output"] == "generated"
    assert re.fullmatch(r"[0-9a-f-]{36}", configuration["projectId"])
    assert configuration["sendCrashReports"] == "false"
