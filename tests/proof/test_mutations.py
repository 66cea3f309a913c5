"""Every restriction that stands in a generated policy is taken out once, by program; the proof has to notice."""

from __future__ import annotations

import copy
import datetime
import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.snapshots import SETTINGS

from rolebridge.proof.comparing import Comparison, Kind, compare
from rolebridge.proof.findings.acceptance import read_acceptances
from rolebridge.proof.proving import prove

pytestmark = pytest.mark.slow

TODAY = datetime.date(2026, 11, 21)
ARGUMENTS = {"aws_iam_role": "assume_role_policy", "aws_iam_policy": "policy", "aws_iam_role_policy": "policy"}


@dataclass(frozen=True)
class Mutation:
    """One restriction that is taken out.

    Attributes:
        file: in which file.
        kind: ``condition``, ``deny`` or ``boundary``.
        label: what is taken out.
        trust: whether of a trust policy.
        assume: whether of a permission to assume a role.
        text: the file's new content.
        denies: whether it is a condition of a statement that denies; without it, more is denied.
    """

    file: Path
    kind: str
    label: str
    trust: bool
    assume: bool
    text: str
    denies: bool = False


def mutations(folder: Path) -> Iterator[Mutation]:
    """Return every way to take one restriction out of what is generated."""
    for file in sorted(folder.rglob("cdk.tf.json")):
        document = json.loads(file.read_text())
        for kind, argument in ARGUMENTS.items():
            for name, resource in document.get("resource", {}).get(kind, {}).items():
                where = f"{file.parent.name}: {kind}.{name}"
                if "permissions_boundary" in resource:
                    changed = copy.deepcopy(document)
                    del changed["resource"][kind][name]["permissions_boundary"]
                    yield Mutation(file, "boundary", where, False, False, json.dumps(changed))
                for what, label, statement, policy in _without(json.loads(resource[argument])):
                    changed = copy.deepcopy(document)
                    changed["resource"][kind][name][argument] = json.dumps(policy)
                    assume = what == "condition" and statement.get("Action") == "sts:AssumeRole"
                    denies = what == "condition" and statement["Effect"] == "Deny"
                    trust, text = kind == "aws_iam_role", json.dumps(changed)
                    yield Mutation(file, what, f"{where} {label}", trust, assume, text, denies)


def _without(policy: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    for index, statement in enumerate(policy["Statement"]):
        if statement["Effect"] == "Deny":
            changed = copy.deepcopy(policy)
            del changed["Statement"][index]
            yield "deny", f"statement {index}", statement, changed
        for operator, keys in statement.get("Condition", {}).items():
            for key in keys:
                changed = copy.deepcopy(policy)
                del changed["Statement"][index]["Condition"][operator][key]
                if not changed["Statement"][index]["Condition"][operator]:
                    del changed["Statement"][index]["Condition"][operator]
                yield "condition", f"statement {index} {operator} {key}", statement, changed


FURTHER_CLAIMS = ("accounts.google.com:aud", "accounts.google.com:email")
"""Beside the subject, they say nothing that it does not say: a token of Google's has the azp and the e-mail of its
subject. Without them, the same tokens are let in."""


@dataclass(frozen=True)
class Outcome:
    """What the proof says of a mutation.

    Attributes:
        mutation: what was taken out.
        holds: whether the proof holds all the same.
        comparison: with what stood there before.
    """

    mutation: Mutation
    holds: bool
    comparison: Comparison


@pytest.fixture(params=sorted(SETTINGS), scope="module")
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    """Prove each mutation of what is generated, with what its settings accept."""
    folder = tmp_path_factory.mktemp("mutations") / "generated"
    settings, generated = SETTINGS[request.param]
    shutil.copytree(generated, folder)
    accepted = read_acceptances(settings)
    before = prove(folder, accepted, TODAY)
    assert before.holds
    assert compare(before, prove(folder, accepted, TODAY)).changes == (), "nothing was taken out"
    found = []
    for mutation in mutations(folder):
        original = mutation.file.read_text()
        mutation.file.write_text(mutation.text)
        after = prove(folder, accepted, TODAY)
        mutation.file.write_text(original)
        found.append(Outcome(mutation, after.holds, compare(before, after)))
    assert found
    return found


def unnoticed(outcomes: Iterable[Outcome]) -> list[str]:
    """Return the mutations after which the proof still holds."""
    tried = list(outcomes)
    assert tried
    return [one.mutation.label for one in tried if one.holds]


def test_a_condition_taken_out_of_a_trust_or_of_a_permission_to_assume_is_noticed(outcomes: list[Outcome]) -> None:
    tried = (
        one
        for one in outcomes
        if one.mutation.kind == "condition"
        and (one.mutation.trust or one.mutation.assume)
        and not one.mutation.label.endswith(FURTHER_CLAIMS)
    )
    assert unnoticed(tried) == []


NOT_FOR_FINDINGS = (
    # Its TerraformDeploy has a boundary that was not read, so nothing certain can be said of its rights.
    "google-shop-production-",
    # An operator's own statements, about files and regions.
    "meshstack-stackset-target-target-one: aws_iam_policy.AWSCloudFormationStackSetExecutionRolePolicy ",
    "meshstack-stackset-target-target-two: aws_iam_policy.AWSCloudFormationStackSetExecutionRolePolicy ",
    "google-shop-staging-bootstrap: aws_iam_policy.TerraformDeployBoundary statement 1",
    # The deletion of its own policy, which gives no right.
    "google-shop-staging-bootstrap: aws_iam_policy.TerraformDeployBoundary statement 8",
)
"""Denies whose absence is no finding, since it widens nobody's rights for certain; ``prove --compare`` shows it."""

MAY_MANAGE_IAM = ("google-", "MeshstackAccountAccessRole")
"""Whom a boundary keeps from widening their rights; others cannot do so without one either."""


def test_a_deny_or_a_boundary_taken_away_is_noticed(outcomes: list[Outcome]) -> None:
    """What lets somebody widen their own rights is a finding, whichever way it comes about."""
    tried = [
        one
        for one in outcomes
        if one.mutation.kind == "deny"
        or (one.mutation.kind == "boundary" and any(name in one.mutation.label for name in MAY_MANAGE_IAM))
    ]
    left = [one.mutation.label for one in tried if one.holds]
    assert [label for label in left if not label.startswith(NOT_FOR_FINDINGS)] == []


def test_whatever_restriction_is_taken_out_the_comparison_is_for_the_worse(outcomes: list[Outcome]) -> None:
    tried = [one for one in outcomes if not one.mutation.denies]
    assert tried
    assert [one.mutation.label for one in tried if not one.comparison.worse] == []


def test_a_condition_taken_out_of_a_deny_refuses_more_and_allows_nothing(outcomes: list[Outcome]) -> None:
    for one in outcomes:
        if one.mutation.denies:
            assert one.comparison.by_kind[Kind.REFUSED], one.mutation.label
            assert not one.comparison.by_kind[Kind.ALLOWED], one.mutation.label


def test_the_change_names_what_was_taken_out(outcomes: list[Outcome]) -> None:
    for one in outcomes:
        lines = " ".join(str(change) for change in one.comparison.changes)
        if one.mutation.kind == "boundary":
            assert "permissions boundary" in lines, one.mutation.label
        elif one.mutation.kind == "deny":
            assert "is gone" in lines, one.mutation.label
        elif not one.mutation.trust:
            assert "without the condition" in lines, one.mutation.label


def test_every_kind_of_restriction_is_taken_out_somewhere() -> None:
    found = [mutation for _, folder in SETTINGS.values() for mutation in mutations(folder)]
    assert {mutation.kind for mutation in found} == {"condition", "deny", "boundary"}
    assert any(mutation.denies for mutation in found)
    assert len(found) > 100
