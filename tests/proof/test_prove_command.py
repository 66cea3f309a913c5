from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.proof.landscapes import HERE, ISSUER, ONE, role, stack, web_identity, write
from tests.snapshots import SETTINGS

from rolebridge.cli import cli

EXAMPLE = str(SETTINGS["rolebridge.yaml"][1])
SUB, AUD = "101234567890123456789", "arn:aws:iam::345678901234:role/TerraformDeploy"
ROLE = "345678901234:TerraformDeploy"
SIGNATURE = "U0lHTkFUVVJF"


def run(*arguments: str, given: str | None = None) -> Result:
    """Run the command; what is accepted in the example's settings is held to one day."""
    day = ["--today", "2026-11-21"] if arguments[0] in ("prove", "explain") else []
    return CliRunner(env={"COLUMNS": "200"}).invoke(cli, [*arguments, *day], input=given)


def token(**claims: Any) -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'RS256'})}.{part(claims)}.{SIGNATURE}"


GOOGLE = {"iss": "https://accounts.google.com", "sub": SUB, "azp": SUB, "aud": AUD, "exp": 9_999_999_999}


def test_our_own_example_holds() -> None:
    result = run("prove", EXAMPLE)
    assert result.exit_code == 0, result.output
    assert "holds" in result.output


def test_a_trust_that_is_too_wide_is_exit_code_four(tmp_path: Path) -> None:
    trusted = web_identity({"StringEquals": {f"{ISSUER}:aud": "a"}})
    write(tmp_path, {"one": stack(ONE, {"aws_iam_role": {"a": role("A", trusted)}})})
    result = run("prove", str(tmp_path))
    assert result.exit_code == 4
    assert "does not hold" in result.output
    assert "another" in result.output


def test_json_has_every_attempt_with_its_statement() -> None:
    found = json.loads(run("prove", EXAMPLE, "--format", "json").output)
    assert found["holds"] is True
    assert {row["status"] for one in found["roles"] for row in one["attempts"]} == {"as_expected", "open"}
    assert all(row["why"] for one in found["roles"] for row in one["attempts"])


def test_the_same_input_gives_the_same_report() -> None:
    assert run("prove", EXAMPLE, "--format", "json").output == run("prove", EXAMPLE, "--format", "json").output


def test_what_cannot_be_read_is_exit_code_three_and_one_line(tmp_path: Path) -> None:
    (tmp_path / "main.tf.json").write_text("{")
    command = [sys.executable, "-c", "from rolebridge.cli import main; main()", "prove", str(tmp_path)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 3
    assert found.stderr.count("\n") == 1
    assert "main.tf.json: no JSON" in found.stderr


def test_other_commands_do_not_load_the_proof() -> None:
    code = "import sys, rolebridge.cli; sys.exit(any(name.startswith('rolebridge.proof.') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_proof_loads_neither_cdktf_nor_our_own_constructs() -> None:
    code = (
        "import sys, rolebridge.proof.commands;"
        "bad = ('cdktf', 'jsii', 'rolebridge.settings', 'rolebridge.blueprint', 'rolebridge.policies');"
        "sys.exit(any(name.startswith(bad) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# explain


def test_explain_says_who_gets_in_through_whom_and_what_for() -> None:
    result = run("explain", "MeshfedServiceRole", EXAMPLE)
    assert result.exit_code == 0, result.output
    for part in ("sts:ExternalId is", "MeshstackAssumeRoleIF ->", "may sts:AssumeRole on", "AWSServiceCatalog"):
        assert part in result.output


def test_explain_of_a_role_that_is_not_there_names_those_that_are() -> None:
    result = run("explain", "Nobody", EXAMPLE)
    assert result.exit_code == 2
    assert "MeshfedServiceRole" in result.output


# why


def why(given: str, wanted: str = ROLE) -> Result:
    return run("why", "--role", wanted, "--token", "-", EXAMPLE, given=given)


def test_the_right_token_is_let_in() -> None:
    result = why(token(**GOOGLE))
    assert result.exit_code == 0, result.output
    assert "let in" in result.output


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"aud": "other"}, "Ask for a token with the audience"),
        ({"sub": "1"}, "service account's unique id"),
        ({"aud": AUD.swapcase()}, "upper and lower case only"),
        ({"iss": "https://other.example.com"}, "of another issuer"),
        ({"exp": 1}, "ExpiredTokenException"),
    ],
)
def test_what_is_wrong_with_a_token_is_said_with_what_to_change(change: dict[str, Any], says: str) -> None:
    assert says in " ".join(why(token(**{**GOOGLE, **change})).output.split())


def test_the_audience_under_googles_wrong_key_is_explained(tmp_path: Path) -> None:
    trusted = web_identity({"StringEquals": {"accounts.google.com:aud": AUD}}, "accounts.google.com")
    write(tmp_path, {"one": stack("345678901234", {"aws_iam_role": {"a": role("TerraformDeploy", trusted)}})})
    result = run("why", "--role", "TerraformDeploy", "--token", "-", str(tmp_path), given=token(**GOOGLE))
    assert "under accounts.google.com:oaud" in " ".join(result.output.split())


def test_a_token_is_never_shown(tmp_path: Path) -> None:
    given = token(**GOOGLE, secret="THE-SECRET-CLAIM")
    file = tmp_path / "token"
    file.write_text(given)
    outputs = [why(given).output, run("why", "--role", ROLE, "--token", str(file), EXAMPLE).output]
    broken = why(given.replace(".", "!", 1))
    outputs += [broken.output, str(broken.exception)]
    for output in outputs:
        assert not any(part in output for part in (*given.split("."), "THE-SECRET-CLAIM"))


@pytest.mark.parametrize(
    ("external_id", "code", "says"),
    [
        ("8c4f0b52-7a3e-4d0a-9f61-2c5d7e9b1a34", 0, "let in"),
        (None, 4, "the call has nothing"),
        ("other", 4, "the call has «other»"),
    ],
)
def test_a_call_with_an_external_id_is_answered(external_id: str | None, code: int, says: str) -> None:
    arguments = ["why", "--role", "MeshfedServiceRole", EXAMPLE]
    arguments += ["--principal", "arn:aws:iam::444455556666:role/MeshstackAssumeRoleIF"]
    result = run(*arguments, *([] if external_id is None else ["--external-id", external_id]))
    assert result.exit_code == code, result.output
    assert says in " ".join(result.output.split())


def test_a_caller_that_was_not_read_is_said_to_be_assumed() -> None:
    result = run("why", "--role", "MeshfedServiceRole", "--principal", f"arn:aws:iam::{ONE}:role/x", EXAMPLE)
    assert "was not read" in result.output


def test_neither_token_nor_principal_is_a_wrong_command_line() -> None:
    assert run("why", "--role", "MeshfedServiceRole", EXAMPLE).exit_code == 2


def test_the_secret_of_an_access_key_in_a_state_is_never_shown() -> None:
    state = str(HERE / "fixtures" / "state.json")
    for arguments in (["prove", state], ["prove", state, "--format", "json"], ["explain", "admin", state]):
        assert "THE-SECRET" not in run(*arguments).output


def test_nothing_in_what_is_read_can_write_to_the_terminal(tmp_path: Path) -> None:
    name = "a\u001b[31m[red]"
    write(tmp_path, {"one": stack(ONE, {"aws_iam_role": {"a": role(name, web_identity(None))}})})
    assert "\u001b" not in run("prove", str(tmp_path)).output
