"""One run through the command an operator types: `cdktf deploy <stacks>`, and `cdktf destroy` after it.

Of the shipped example two stacks, in two accounts: what each stack makes is shown in `test_lifecycle`; here it is
that cdktf finds, orders, deploys and destroys what it is given. (`cdktf deploy '*'` would need Google.)
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.terraform import subjects
from tests.terraform.aws_reader import Account
from tests.terraform.conftest import GeneratedFolders, StartAws, unavailable
from tests.terraform.harness import (
    LEDGER,
    FakeAws,
    Installation,
    contents,
    leave_out_of_folder,
    stacks_in_order,
    variables_of,
)

CDKTF = subjects.REPOSITORY / "node_modules" / ".bin" / "cdktf"

STACKS = ("meshstack-management", "meshstack-meshcloud")
"""The first depends on the second. More depend on both: see `leave_only_the_chosen_stacks`."""

LIMIT = 300.0
"""Seconds for one cdktf command over the stacks."""

BINARY = """#!{python}
import pathlib, subprocess, sys
sys.path.insert(0, {repository!r})
from tests.terraform.harness import forget_checksums
code = subprocess.run([{terraform!r}, *sys.argv[1:]]).returncode
if sys.argv[1:2] == ["init"] and code == 0:
    forget_checksums(pathlib.Path.cwd())
sys.exit(code)
"""


@dataclass(frozen=True)
class Run:
    """What AWS held after `cdktf deploy` and after `cdktf destroy`, and the folder that cdktf synthesized."""

    synthesized: dict[str, bytes]
    expected: dict[str, set[str]]
    deployed: dict[str, Account]
    destroyed: dict[str, Account]


def cdktf(project: Path, environment: dict[str, str], *arguments: str) -> None:
    """Run one cdktf command in a copy of the project."""
    start = time.monotonic()
    process = subprocess.Popen(
        [str(CDKTF), *arguments],
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        stdout, stderr = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # with every terraform that it has started
        stdout, stderr = process.communicate()
        stderr += f"\n(given up after {LIMIT:.0f} seconds)"
    LEDGER.add(f"cdktf {arguments[0]}", time.monotonic() - start)
    if process.returncode:
        printed = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", f"{stdout}\n{stderr}")
        pytest.fail(f"cdktf {' '.join(arguments)} ended with {process.returncode}\n{printed}", pytrace=False)


def terraform_that_trusts_its_provider(terraform: Installation, into: Path) -> str:
    """Write the `terraform` that cdktf is to call: the real one, which forgets checksums as our own runs do."""
    binary = into / "terraform"
    binary.write_text(
        BINARY.format(python=sys.executable, repository=str(subjects.REPOSITORY), terraform=terraform.executable)
    )
    binary.chmod(0o755)
    return str(binary)


def accounts(aws: FakeAws, generated: Path) -> dict[str, Account]:
    regions = {
        account: region
        for wave in stacks_in_order(generated)
        for stack in wave
        if stack.name in STACKS
        for account, region in stack.accounts.items()
    }
    return {account: aws.account(account, region) for account, region in regions.items()}


def roles_by_account(generated: Path) -> dict[str, set[str]]:
    """Read the names of all roles of the deployed stacks from their JSON."""
    found: dict[str, set[str]] = {}
    for wave in stacks_in_order(generated):
        for stack in (stack for stack in wave if stack.name in STACKS):
            (account,) = stack.accounts
            roles = stack.read().get("resource", {}).get("aws_iam_role", {}).values()
            found.setdefault(account, set()).update(role["name"] for role in roles)
    return found


def leave_only_the_chosen_stacks(generated: Path) -> None:
    """Take the other stacks out of the manifest, as if nobody had them.

    cdktf refuses to destroy a stack without those that depend on it; told to ignore them
    (`--ignore-missing-stack-dependencies`), cdktf 0.21 starts `terraform destroy` again and again, without end.
    """
    manifest = generated / "manifest.json"
    found = json.loads(manifest.read_text(encoding="utf-8"))
    found["stacks"] = {name: stack for name, stack in found["stacks"].items() if name in STACKS}
    manifest.write_text(json.dumps(found), encoding="utf-8")


@pytest.fixture(scope="module")
def run(
    terraform: Installation,
    start_aws: StartAws,
    generated_folders: GeneratedFolders,
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    """Deploy stacks of the shipped example with cdktf, two stacks at a time, look at AWS, and destroy it again."""
    if not CDKTF.exists():
        unavailable("the cdktf command line is not installed (npm ci)")
    shipped = generated_folders[subjects.SHIPPED]
    aws = start_aws(shipped.path)
    work = tmp_path_factory.mktemp("cdktf")
    project = work / "project"
    subjects.project_for_cdktf(project)

    variables = variables_of(shipped.path) | dict(shipped.variables)
    environment = {
        **terraform.environment,
        **aws.environment,
        **{f"TF_VAR_{name}": value for name, value in variables.items()},
        "TERRAFORM_BINARY_NAME": terraform_that_trusts_its_provider(terraform, work),
    }
    app = ("--app", f"{shlex.quote(sys.executable)} main.py", "--output", "generated")
    how: tuple[str, ...] = (
        *STACKS,
        "--auto-approve",
        "--skip-provider-lock",
        "--parallelism",
        "2",
        "--skip-synth",
        *app,
    )

    cdktf(project, environment, "synth", *app)
    generated = project / "generated"
    synthesized = contents(generated)
    expected = roles_by_account(generated)
    notes = leave_out_of_folder(generated)
    for note in notes:
        LEDGER.note(f"cdktf deploy: {note}")
    leave_only_the_chosen_stacks(generated)

    cdktf(project, environment, "deploy", *how)
    deployed = accounts(aws, generated)
    cdktf(project, environment, "destroy", *how)
    return Run(synthesized, expected, deployed, accounts(aws, generated))


def test_cdktf_synthesizes_the_stacks_that_are_committed(run: Run, generated_folders: GeneratedFolders) -> None:
    committed = contents(generated_folders[subjects.SHIPPED].path)
    stacks = {name for name in committed if name.endswith("cdk.tf.json")}
    assert stacks
    assert {name: run.synthesized.get(name) for name in stacks} == {name: committed[name] for name in stacks}


def test_cdktf_deploy_makes_the_roles_of_the_stacks_that_it_is_given_in_their_accounts(run: Run) -> None:
    assert any(run.expected.values())
    assert {id_: set(account.roles) for id_, account in run.deployed.items()} == run.expected


def test_cdktf_destroy_leaves_nothing_behind(run: Run) -> None:
    assert [account.id for account in run.destroyed.values() if not account.is_empty] == []
