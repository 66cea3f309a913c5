"""``rolebridge prove --compare``: with a folder, with a revision of git, and where neither is there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.proof.test_comparing import ALLOW, DENY, holder
from tests.snapshots import SETTINGS

from rolebridge.cli import cli
from rolebridge.proof.reading import ReadingError

EXAMPLE = SETTINGS["rolebridge.yaml"][1]
IDENTITY = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, env={**os.environ, **IDENTITY})


def put(folder: Path, *statements: object) -> None:
    place = folder / "generated" / "stacks" / "one"
    place.mkdir(parents=True, exist_ok=True)
    (place / "cdk.tf.json").write_text(json.dumps(holder(*statements)["one"]))  # type: ignore[arg-type]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a guard in its first commit, and without it in the working tree."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    put(folder, ALLOW, DENY)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    put(folder, ALLOW)
    monkeypatch.chdir(folder)
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["prove", *arguments])


def refused(*arguments: str) -> str:
    """Return the one line of what could not be read."""
    result = run(*arguments)
    assert isinstance(result.exception, ReadingError)
    assert "\n" not in str(result.exception)
    return str(result.exception)


@pytest.mark.usefixtures("repository")
def test_a_revision_is_read_as_it_stood_there() -> None:
    result = run("--compare", "main")
    assert result.exit_code == 4
    assert "generated against `main:generated`: 1 newly allowed" in result.output
    assert "Deny «Guard» of P is gone" in result.output


def test_the_same_in_a_revision_is_exit_code_zero(repository: Path) -> None:
    put(repository, ALLOW, DENY)
    result = run("--compare", "HEAD")
    assert result.exit_code == 0, result.output
    assert result.output == "generated against `HEAD:generated`: every question is answered as before\n"


def test_only_refusals_are_exit_code_zero(repository: Path) -> None:
    git(repository, "commit", "--quiet", "-am", "two")
    put(repository, ALLOW, DENY)
    result = run("--compare", "HEAD")
    assert result.exit_code == 0, result.output
    assert "**Newly refused** (1)" in result.output


def test_a_path_outside_of_the_working_folder_and_one_file_are_found(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "is gone" in run(str(repository / "generated"), "--compare", "HEAD").output
    assert "is gone" in run(str(repository), "--compare", "HEAD").output
    file = repository / "generated" / "stacks" / "one" / "cdk.tf.json"
    assert "is gone" in run(str(file), "--compare", "HEAD").output


def test_a_folder_wins_over_a_revision_of_the_same_name(repository: Path) -> None:
    shutil.copytree(repository / "generated", repository / "main")
    assert run("--compare", "main").exit_code == 0


@pytest.mark.usefixtures("repository")
def test_json_says_the_same_for_a_program() -> None:
    found = json.loads(run("--compare", "main", "--format", "json").output)
    assert found["worse"] is True
    assert [one["accounts"] for one in found["allowed"]] == [["111122223333"]]
    assert found["refused"] == []


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("wrong", ["nowhere", "--output=x", "", "main:generated"])
def test_what_is_no_revision_is_one_line(wrong: str) -> None:
    assert "revision" in refused(f"--compare={wrong}")


def test_a_path_that_is_not_in_the_revision_is_one_line(repository: Path) -> None:
    shutil.copytree(repository / "generated", repository / "other")
    line = refused("other", "--compare", "main")
    assert line.startswith("other: is not in main (")


def test_no_repository_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    put(tmp_path, ALLOW)
    assert "not a git repository" in refused(str(tmp_path / "generated"), "--compare", "main")


@pytest.mark.usefixtures("repository")
def test_no_git_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git, which is not installed" in refused("--compare", "main")


def test_what_cannot_be_read_in_the_revision_says_so_with_the_revision(repository: Path) -> None:
    file = repository / "generated" / "stacks" / "one" / "cdk.tf.json"
    text = file.read_text()
    file.write_text("{")
    git(repository, "commit", "--quiet", "-am", "broken")
    file.write_text(text)
    assert refused("--compare", "HEAD").startswith("HEAD:generated/stacks/one/cdk.tf.json: no JSON: ")


def test_a_link_in_the_revision_is_not_followed(repository: Path) -> None:
    secret = repository.parent / "secret.tf.json"
    secret.write_text("{")
    (repository / "generated" / "link.tf.json").symlink_to(secret)
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "link")
    (repository / "generated" / "link.tf.json").unlink()
    assert run("--compare", "HEAD").exit_code == 0


def test_nothing_of_the_repository_is_run_or_changed(repository: Path) -> None:
    """No filter and no attribute: what is compared is what was committed."""
    (repository / ".gitattributes").write_text("*.json export-ignore filter=evil\n")
    git(repository, "config", "filter.evil.smudge", f"touch {repository}/ran")
    git(repository, "add", ".gitattributes")
    git(repository, "commit", "--quiet", "-m", "attributes")
    assert "is gone" in run("--compare", "HEAD").output
    assert not (repository / "ran").exists()


def test_the_command_ends_with_three_and_one_line(repository: Path) -> None:
    code = "from rolebridge.cli import main; main()"
    command = [sys.executable, "-c", code, "prove", "--compare", "nowhere"]
    found = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert found.returncode == 3
    assert found.stderr.count("\n") == 1


def test_our_own_example_is_as_it_is() -> None:
    assert run(str(EXAMPLE), "--compare", str(EXAMPLE)).exit_code == 0


def test_texts_of_others_are_neither_markup_nor_commands_to_the_terminal(repository: Path) -> None:
    put(repository, {**ALLOW, "Sid": "a", "Action": "s3:\x1b[31m`x*"}, DENY)
    output = run("--compare", "HEAD").output
    assert "\x1b" not in output
    assert "'x*`" in output
