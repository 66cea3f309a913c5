"""Every rule: a case that fails it, with exactly its finding, and one that is a small step away and passes."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest
from tests.proof.landscapes import write

from rolebridge.proof.findings.finding import Finding, Rule, Severity
from rolebridge.proof.findings.registry import rules
from rolebridge.proof.proving import prove
from rolebridge.settings.model import FindingIdentifier
from rolebridge.settings.schema import schema

CASES = Path(__file__).parent / "cases"
OF_GOOGLE_AND_GITHUB = ("https://docs.aws.amazon.com/", "https://docs.github.com/", "https://cloud.google.com/")

each = pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.identifier)


def case_of(rule: Rule) -> ModuleType:
    return importlib.import_module(f"tests.proof.findings.cases.{rule.identifier.replace('-', '_')}")


def found(folder: Path, case: object) -> tuple[Finding, ...]:
    return prove(write(folder, case)).findings  # type: ignore[arg-type]


@each
def test_the_failing_case_gives_exactly_this_finding(rule: Rule, tmp_path: Path) -> None:
    """Other rules may see it too, where there is no way around it; ``ALSO`` names them."""
    case = case_of(rule)
    findings = found(tmp_path, case.FAILS)
    of_others = {one.rule.identifier for one in findings} - {rule.identifier}
    assert of_others == getattr(case, "ALSO", set())
    mine = [one for one in findings if one.rule.identifier == rule.identifier]
    assert len(mine) == getattr(case, "TIMES", 1)


@each
def test_the_passing_case_does_not_give_this_finding(rule: Rule, tmp_path: Path) -> None:
    assert rule.identifier not in {one.rule.identifier for one in found(tmp_path, case_of(rule).PASSES)}


@each
def test_a_finding_names_its_file_address_and_whose_it_is_in_one_sentence(rule: Rule, tmp_path: Path) -> None:
    for one in found(tmp_path, case_of(rule).FAILS):
        assert one.source.file.endswith("main.tf.json")
        assert one.source.address.startswith("aws_iam_")
        assert one.who.count(":") == 1
        assert one.text
        assert "\n" not in one.text
        assert not one.text.endswith(".")


@each
def test_a_rule_says_why_how_to_mend_it_and_where_it_comes_from(rule: Rule) -> None:
    assert rule.title == rule.title.strip(". ")
    assert rule.why.endswith(".")
    assert rule.mend.endswith(".")
    assert rule.source.startswith(OF_GOOGLE_AND_GITHUB)
    assert isinstance(rule.severity, Severity)


def test_every_case_has_a_rule() -> None:
    assert {file.stem for file in CASES.glob("*.py")} == {rule.identifier.replace("-", "_") for rule in rules()}


def test_the_settings_know_exactly_these_findings() -> None:
    identifiers = [rule.identifier for rule in rules()]
    assert list(get_args(FindingIdentifier)) == identifiers
    assert schema()["$defs"]["acceptance"]["properties"]["finding"]["enum"] == identifiers
