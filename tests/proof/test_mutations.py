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

from rolebridge.proof.findings.acceptance import read_acceptances
from rolebridge.proof.proving import Proof, prove

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
    """

    file: Path
    kind: str
    label: str
    trust: bool
    assume: bool
    text: str


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
                for what, label, assume, policy in _without(json.loads(resource[argument])):
                    changed = copy.deepcopy(document)
                    changed["resource"][kind][name][argument] = json.dumps(policy)
                    yield Mutation(file, what, f"{where} {label}", kind == "aws_iam_role", assume, json.dumps(changed))


def _without(policy: dict[str, Any]) -> Iterator[tuple[str, str, bool, dict[str, Any]]]:
    for index, statement in enumerate(policy["Statement"]):
        assume = statement.get("Action") == "sts:AssumeRole"
        if statement["Effect"] == "Deny":
            changed = copy.deepcopy(policy)
            del changed["Statement"][index]
            yield "deny", f"statement {index}", False, changed
        for operator, keys in statement.get("Condition", {}).items():
            for key in keys:
                changed = copy.deepcopy(policy)
                del changed["Statement"][index]["Condition"][operator][key]
                if not changed["Statement"][index]["Condition"][operator]:
                    del changed["Statement"][index]["Condition"][operator]
                yield "condition", f"statement {index} {operator} {key}", assume, changed


FURTHER_CLAIMS = ("accounts.google.com:aud", "accounts.google.com:email")
"""Beside the subject, they say nothing that it does not say: a token of Google's has the azp and the e-mail of its
subject. Without them, the same tokens are let in."""


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


def test_there_are_restrictions_of_every_kind() -> None:
    kinds = {mutation.kind for _, folder in SETTINGS.values() for mutation in mutations(folder)}
    assert kinds == {"condition", "boundary", "deny"}
