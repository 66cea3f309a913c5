from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.proof.landscapes import ISSUER, ONE, TWO, landscape, role, stack, trust, web_identity
from tests.snapshots import SETTINGS

from rolebridge.proof.attempts import Attempt, Status, attempts_on
from rolebridge.proof.evaluation import Decision
from rolebridge.proof.reading import read

GOOGLE = "accounts.google.com"
ARN = f"arn:aws:iam::{ONE}:role/A"
RIGHT = {"StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": "repo:a/b:ref:refs/heads/main"}}
GOOGLES = {"StringEquals": {f"{GOOGLE}:oaud": ARN, f"{GOOGLE}:sub": "101234567890123456789"}}


def table(folder: Path, trusted: str) -> tuple[Attempt, ...]:
    found = landscape(folder, {"one": stack(ONE, {"aws_iam_role": {"a": role("A", trusted)}})})
    return attempts_on(found.roles[0], found)


def failed(rows: tuple[Attempt, ...]) -> set[str]:
    return {f"{row.who}: {row.wrong}" for row in rows if row.status is Status.FAILED}


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_attempt_on_what_is_generated_is_as_expected_or_said_to_be_open(name: str) -> None:
    found = read(SETTINGS[name][1])
    rows = [row for one in found.roles for row in attempts_on(one, found)]
    assert rows
    assert {row.status for row in rows} <= {Status.AS_EXPECTED, Status.OPEN}
    assert all(any(row.expected for row in attempts_on(one, found)) for one in found.roles)


def test_a_tight_web_identity_passes_its_whole_table(tmp_path: Path) -> None:
    rows = table(tmp_path, web_identity(RIGHT))
    assert {row.status for row in rows} == {Status.AS_EXPECTED}
    assert {
        "another",
        "cut short by a character",
        "a character longer",
        "in another case",
        "empty",
        "missing",
        "no condition key at all",
        "a service",
    } <= {row.wrong for row in rows}


def test_a_web_identity_without_subject_lets_in_another_subject(tmp_path: Path) -> None:
    rows = table(tmp_path, web_identity({"StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"}}))
    assert any("subject: another" in one for one in failed(rows))


def test_a_web_identity_without_audience_lets_in_another_audience(tmp_path: Path) -> None:
    rows = table(tmp_path, web_identity({"StringEquals": {f"{ISSUER}:sub": "x"}}))
    assert any("audience: another" in one for one in failed(rows))


@pytest.mark.parametrize("operator", ["StringEqualsIfExists", "ForAllValues:StringEquals"])
def test_an_operator_that_lets_a_missing_key_pass_fails(tmp_path: Path, operator: str) -> None:
    rows = table(tmp_path, web_identity({operator: RIGHT["StringEquals"]}))
    assert any("no condition key at all" in one for one in failed(rows))


def test_a_wildcard_subject_that_names_nobody_lets_in_another(tmp_path: Path) -> None:
    condition = {"StringEquals": {f"{ISSUER}:aud": "a"}, "StringLike": {f"{ISSUER}:sub": "*"}}
    assert any("subject: another" in one for one in failed(table(tmp_path, web_identity(condition))))


def test_the_right_google_token_is_let_in_with_either_azp(tmp_path: Path) -> None:
    rows = [row for row in table(tmp_path, web_identity(GOOGLES, GOOGLE)) if row.expected]
    assert len(rows) == 2
    assert {row.decision for row in rows} == {Decision.ALLOWED}


def test_the_audience_under_googles_wrong_key_lets_nobody_in(tmp_path: Path) -> None:
    condition = {"StringEquals": {f"{GOOGLE}:aud": ARN, f"{GOOGLE}:sub": "101234567890123456789"}}
    rows = table(tmp_path, web_identity(condition, GOOGLE))
    assert {row.status for row in rows if row.expected} == {Status.FAILED}


def test_google_without_subject_lets_another_service_account_in(tmp_path: Path) -> None:
    rows = table(tmp_path, web_identity({"StringEquals": {f"{GOOGLE}:oaud": ARN}}, GOOGLE))
    assert any("another account's" in one for one in failed(rows))


def test_what_only_terraform_knows_does_not_hide_whether_another_subject_is_refused(tmp_path: Path) -> None:
    condition = {"StringEquals": {f"{GOOGLE}:oaud": ARN, f"{GOOGLE}:sub": "${google_service_account.a.unique_id}"}}
    rows = table(tmp_path, web_identity(condition, GOOGLE))
    assert {row.status for row in rows} == {Status.AS_EXPECTED}
    assert any("${google_service_account.a.unique_id}" in row.who for row in rows)


def test_a_second_statement_is_tried_with_its_own_values(tmp_path: Path) -> None:
    """A row of one statement must not hide the same row of another."""
    import json

    good = json.loads(web_identity(GOOGLES, GOOGLE))
    bad = json.loads(web_identity({"StringEquals": {f"{GOOGLE}:oaud": "second"}}, GOOGLE))
    good["Statement"] += bad["Statement"]
    assert failed(table(tmp_path, json.dumps(good)))


def test_an_external_id_that_is_missing_empty_other_or_in_another_case_is_refused(tmp_path: Path) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "An-Id"}}
    rows = table(tmp_path, trust({"AWS": f"arn:aws:iam::{TWO}:role/caller"}, condition))
    assert {row.status for row in rows} == {Status.AS_EXPECTED}
    wrong = {row.wrong for row in rows if "external id" in row.who}
    assert {"another", "missing", "empty", "in another case"} <= wrong


def test_other_accounts_and_other_roles_are_refused(tmp_path: Path) -> None:
    rows = table(tmp_path, trust({"AWS": f"arn:aws:iam::{TWO}:role/caller"}))
    assert {row.decision for row in rows if row.wrong in ("of another account", "with all rights of its own")} == {
        Decision.IMPLICITLY_DENIED
    }


def test_a_trust_in_everybody_lets_a_stranger_in(tmp_path: Path) -> None:
    assert any("stranger" in one for one in failed(table(tmp_path, trust("*"))))


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (None, Status.OPEN),
        ({"StringEquals": {"aws:SourceAccount": ONE}}, Status.AS_EXPECTED),
    ],
)
def test_a_service_on_behalf_of_another_account(tmp_path: Path, condition: Any, status: Status) -> None:
    rows = table(tmp_path, trust({"Service": "cloudformation.amazonaws.com"}, condition))
    assert [row.status for row in rows if "confused deputy" in row.wrong] == [status]


def test_an_attempt_says_which_statement_decides(tmp_path: Path) -> None:
    rows = table(tmp_path, web_identity(RIGHT))
    assert rows[0].why() == "allowed by statement 0"
    assert all(row.why() for row in rows)
