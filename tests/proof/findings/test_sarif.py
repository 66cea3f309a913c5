"""``--format sarif``: what code hosts read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from tests.snapshots import REPOSITORY, SETTINGS

from rolebridge.cli import cli
from rolebridge.proof.findings.registry import rules
from rolebridge.proof.findings.sarif import as_sarif
from rolebridge.proof.proving import prove

SCHEMA = json.loads(Path(__file__).with_name("sarif.schema.json").read_text())


def log(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(cli, ["prove", *arguments, "--format", "sarif", "--today", "2026-11-21"])
    found: dict[str, Any] = json.loads(result.output)
    return found


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(REPOSITORY)
    return log()


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_the_log_has_the_shape_of_sarif(name: str) -> None:
    """The real schema of SARIF 2.1.0 takes it too; it comes with no package, so its part stands here."""
    Draft202012Validator(SCHEMA).validate(log(str(SETTINGS[name][1])))


def test_every_rule_is_described_and_every_result_is_of_the_rule_at_its_index(example: dict[str, Any]) -> None:
    (run,) = example["runs"]
    described = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert described == [rule.identifier for rule in rules()]
    assert run["results"]
    for result in run["results"]:
        assert described[result["ruleIndex"]] == result["ruleId"]


def test_a_result_points_to_the_line_where_the_resource_begins(example: dict[str, Any]) -> None:
    for result in example["runs"][0]["results"]:
        (location,) = result["locations"]
        place = location["physicalLocation"]
        line = (REPOSITORY / place["artifactLocation"]["uri"]).read_text().split("\n")[place["region"]["startLine"] - 1]
        assert line.strip() == f'"{location["logicalLocations"][0]["name"].split(".")[1]}": {{'


def test_what_is_accepted_is_suppressed_with_its_reason_and_nothing_else_is(example: dict[str, Any]) -> None:
    for result in example["runs"][0]["results"]:
        (suppression,) = result["suppressions"]
        assert "(until 2027-11-30)" in suppression["justification"]
    nothing_accepted = as_sarif(prove(SETTINGS["rolebridge.yaml"][1]).judgement)["runs"][0]["results"]
    assert len(nothing_accepted) == len(example["runs"][0]["results"])
    assert not any("suppressions" in result for result in nothing_accepted)


def test_no_two_results_have_one_fingerprint(example: dict[str, Any]) -> None:
    prints = [result["partialFingerprints"]["finding/v1"] for result in example["runs"][0]["results"]]
    assert len(set(prints)) == len(prints)
