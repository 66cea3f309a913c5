"""What is accepted is listed and does not fail, until a day; what is accepted for nothing is said."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.proof.landscapes import ONE, allow, stack, with_rights, write
from tests.snapshots import SETTINGS

from rolebridge.cli import cli
from rolebridge.proof.findings.acceptance import Acceptance, read_acceptances
from rolebridge.proof.findings.finding import Severity
from rolebridge.proof.proving import Proof, prove

TODAY = datetime.date(2026, 11, 21)
DAY = datetime.timedelta(days=1)
ADMINISTRATOR = {"one": stack(ONE, with_rights(allow("*")))}


def accepting(
    where: str = "worker", finding: str = "full-administration", expires: datetime.date = TODAY
) -> Acceptance:
    return Acceptance(finding, where, "we want it so", expires)


def proved(folder: Path, *acceptances: Acceptance) -> Proof:
    return prove(write(folder / "generated", ADMINISTRATOR), acceptances, TODAY)


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(cli, [str(one) for one in arguments])


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_what_is_generated_has_no_finding_that_is_not_accepted_and_no_acceptance_too_many(name: str) -> None:
    settings, generated = SETTINGS[name]
    proof = prove(generated, read_acceptances(settings), TODAY)
    assert [str(one) for one in proof.judgement.failing] == []
    assert proof.judgement.unused == ()
    assert proof.holds


def test_of_the_shipped_example_every_finding_is_accepted_notes_too_and_no_attempt_fails() -> None:
    settings, generated = SETTINGS["rolebridge.yaml"]
    proof = prove(generated, read_acceptances(settings), TODAY)
    assert [str(one) for one in proof.judgement.open] == []
    assert proof.failed == ()
    assert len(proof.judgement.accepted) > 10


@pytest.mark.parametrize(
    "where", ["worker", f"{ONE}:worker", "*:worker", "aws_iam_role.worker", "*/aws_iam_role.worker", "wor?er"]
)
def test_a_place_is_a_name_an_account_with_it_or_an_address(where: str, tmp_path: Path) -> None:
    proof = proved(tmp_path, accepting(where))
    assert proof.holds
    assert [one.rule.identifier for one, _ in proof.judgement.accepted] == ["full-administration"]


@pytest.mark.parametrize("other", [accepting("work"), accepting("Worker"), accepting(finding="can-widen-itself")])
def test_an_acceptance_of_another_place_or_finding_accepts_nothing_and_is_a_warning(
    other: Acceptance, tmp_path: Path
) -> None:
    proof = proved(tmp_path, other)
    assert not proof.holds
    assert any("nothing of the kind was found" in warning for warning in proof.warnings())


def test_an_acceptance_counts_on_its_last_day_and_not_on_the_next(tmp_path: Path) -> None:
    assert proved(tmp_path / "a", accepting(expires=TODAY)).holds
    proof = proved(tmp_path / "b", accepting(expires=TODAY - DAY))
    assert not proof.holds
    assert [one.rule.identifier for one, _ in proof.judgement.expired] == ["full-administration"]


def test_of_two_acceptances_the_one_that_lasts_longer_counts(tmp_path: Path) -> None:
    assert proved(tmp_path, accepting(expires=TODAY - DAY), accepting("*", expires=TODAY + DAY)).holds


def test_a_note_never_fails(tmp_path: Path) -> None:
    reads = allow("s3:GetObject", "arn:aws:s3:::ours/*")
    proof = prove(write(tmp_path, {"one": stack(ONE, with_rights(reads, allow("s3:Get*")))}), (), TODAY)
    assert [one.rule.severity for one in proof.findings] == [Severity.NOTE]
    assert proof.holds


# --- the command ------------------------------------------------------------------------------------------------------

ENTRY = {"finding": "full-administration", "where": "worker", "reason": "we want it so", "expires": "2026-12-31"}


def settings(file: Path, entry: dict[str, str]) -> Path:
    backend = {"local": {"path": "{stack}"}}
    value: dict[str, Any] = {"region": "eu-central-1", "backend": backend, "accounts": {"one": {"id": ONE}}}
    file.write_text(json.dumps(value | {"proof": {"accepted": [entry]}}))
    return file


def test_the_settings_beside_generated_say_what_is_accepted(tmp_path: Path) -> None:
    folder = write(tmp_path / "generated", ADMINISTRATOR)
    assert run("prove", folder, "--today", "2026-11-21").exit_code == 4
    settings(tmp_path / "rolebridge.yaml", ENTRY)
    result = run("prove", folder, "--today", "2026-11-21")
    assert result.exit_code == 0, result.output
    assert "until 2026-12-31: we want it so" in result.output
    expired = run("prove", folder, "--today", "2027-01-01")
    assert expired.exit_code == 4
    assert "expired" in expired.output


def test_settings_beside_another_folder_accept_nothing_unless_they_are_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "terraform", ADMINISTRATOR)
    file = settings(tmp_path / "rolebridge.yaml", ENTRY)
    assert run("prove", folder, "--today", "2026-11-21").exit_code == 4
    assert run("prove", folder, "--today", "2026-11-21", "--config", file).exit_code == 0


def test_the_report_shows_a_finding_with_its_place_and_how_to_mend_it_and_of_many_only_some(tmp_path: Path) -> None:
    roles = {f"s{number}": stack(ONE, with_rights(allow("*"), name=f"worker{number}")) for number in range(40)}
    output = run("prove", write(tmp_path, roles)).output
    assert "full-administration" in output
    assert "aws_iam_role.worker0" in output
    assert "and 35 more" in output
    assert output.count("set a permissions boundary") == 1


def test_json_has_every_finding_with_its_state(tmp_path: Path) -> None:
    folder = write(tmp_path / "generated", ADMINISTRATOR)
    settings(tmp_path / "rolebridge.yaml", ENTRY)
    (found,) = json.loads(run("prove", folder, "--format", "json", "--today", "2026-11-21").output)["findings"]
    assert (found["finding"], found["severity"], found["state"]) == ("full-administration", "warning", "accepted")
    assert (found["address"], found["reason"], found["expires"]) == (
        "aws_iam_role.worker",
        "we want it so",
        "2026-12-31",
    )


def test_explain_lists_the_findings_of_the_role(tmp_path: Path) -> None:
    folder = write(tmp_path, ADMINISTRATOR)
    result = run("explain", "worker", folder)
    assert result.exit_code == 0, result.output
    assert "warning full-administration" in result.output
