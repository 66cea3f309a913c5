"""The list of AWS's actions: whole, dated, renewable, and read fast."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.snapshots import REPOSITORY

from rolebridge.proof.findings import renew_actions
from rolebridge.proof.findings.actions import ACTIONS, Actions

LIST = Path(renew_actions.__file__).with_name("actions.txt")
PACKAGE = REPOSITORY / "node_modules" / "@cloud-copilot" / "iam-data"


@pytest.mark.parametrize(
    "action",
    [
        "iam:PassRole",
        "IAM:passrole",
        "sts:AssumeRoleWithWebIdentity",
        "s3:Get*",
        "s3:?etObject",
        "*",
        "*:*",
        "s3:*",
        "organizations:describeOrganization",
        "${var.service}:Get",
        "ec2:${var.action}",
    ],
)
def test_what_aws_has_or_may_have_is_known(action: str) -> None:
    assert ACTIONS.has(action)


@pytest.mark.parametrize("action", ["iam:PassRoles", "iams:PassRole", "s3:Fetch*", "s3", "", "s3:", "iam:Pass Role"])
def test_what_aws_does_not_have_is_not(action: str) -> None:
    assert not ACTIONS.has(action)


def test_the_resources_of_a_service_are_those_of_its_actions() -> None:
    assert ACTIONS.services_of_resources("iam") == {"iam"}
    assert ACTIONS.services_of_resources("no-service") is None


def test_the_list_says_its_day_source_licence_and_how_it_is_renewed() -> None:
    head = [line for line in LIST.read_text().split("\n") if line.startswith("#")]
    assert ACTIONS.date in "\n".join(head)
    for part in ("source:", "licence: MIT", "date:", "renew:"):
        assert any(part in line for line in head)


def test_the_list_is_small_and_read_in_a_few_milliseconds() -> None:
    assert LIST.stat().st_size < 400_000
    begun = time.process_time()
    assert Actions().has("iam:PassRole")
    assert time.process_time() - begun < 0.1


@pytest.mark.skipif(not PACKAGE.is_dir(), reason="the development dependencies of npm are not there")
def test_the_list_is_what_its_source_gives() -> None:
    assert renew_actions.written(PACKAGE) == LIST.read_text(encoding="utf-8")


def test_a_package_without_a_day_is_refused(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"version": "1.0.0", "license": "MIT"}')
    with pytest.raises(ValueError, match="has no date"):
        renew_actions.written(tmp_path)
