"""Every restriction that stands in a generated policy is taken out once, by program: the findings do not let it pass."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.proof.test_mutations import FURTHER_CLAIMS, Mutation, mutations
from tests.snapshots import SETTINGS

from rolebridge.proof.findings.acceptance import read_acceptances
from rolebridge.proof.proving import Proof, prove

TODAY = datetime.date(2026, 11, 21)


@pytest.fixture(params=sorted(SETTINGS), scope="module")
def tree(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what is generated, with the settings that say what is accepted beside it."""
    folder = tmp_path_factory.mktemp("mutations") / "generated"
    settings, generated = SETTINGS[request.param]
    shutil.copytree(generated, folder)
    shutil.copy(settings, folder.with_name("rolebridge.yaml"))
    return folder


def proof_of_tree(tree: Path) -> Proof:
    return prove(tree, read_acceptances(tree.with_name("rolebridge.yaml")), TODAY)


def unnoticed(tree: Path, tried: Iterable[Mutation]) -> list[str]:
    """Return the mutations after which the proof still holds."""
    assert proof_of_tree(tree).holds
    found = []
    for mutation in tried:
        original = mutation.file.read_text()
        mutation.file.write_text(mutation.text)
        try:
            if proof_of_tree(tree).holds:
                found.append(mutation.label)
        finally:
            mutation.file.write_text(original)
    return found


def test_a_condition_taken_out_of_a_trust_or_of_a_permission_to_assume_is_noticed(tree: Path) -> None:
    tried = [
        one
        for one in mutations(tree)
        if one.kind == "condition" and (one.trust or one.assume) and not one.label.endswith(FURTHER_CLAIMS)
    ]
    assert tried
    assert unnoticed(tree, tried) == []


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


def test_a_deny_or_a_boundary_taken_away_is_noticed(tree: Path) -> None:
    """What lets somebody widen their own rights is a finding, whichever way it comes about."""
    tried = [
        one
        for one in mutations(tree)
        if one.kind == "deny" or (one.kind == "boundary" and any(name in one.label for name in MAY_MANAGE_IAM))
    ]
    assert [label for label in unnoticed(tree, tried) if not label.startswith(NOT_FOR_FINDINGS)] == []
