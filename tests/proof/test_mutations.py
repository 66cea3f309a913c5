"""Every restriction that stands in a generated policy is taken out once, by program; the proof has to notice."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.snapshots import SETTINGS

from rolebridge.proof.attempts import Status
from rolebridge.proof.proving import Proof, prove

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


def comes_about(proof: Proof) -> bool:
    """Whether every attempt and every handshake is as expected, whatever the findings say."""
    return not proof.failed and not proof.broken


def open_doors(proof: Proof) -> int:
    return sum(1 for _ in proof.with_status(Status.OPEN))


@pytest.fixture(params=sorted(SETTINGS), scope="module")
def tree(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mutations") / "generated"
    shutil.copytree(SETTINGS[request.param][1], folder)
    return folder


def test_a_condition_taken_out_of_a_trust_or_of_a_permission_to_assume_is_noticed(tree: Path) -> None:
    """The proof fails; only where nothing but the trust knows of it, there is one more door that nothing guards."""
    before = prove(tree)
    assert comes_about(before)
    unnoticed, tried = [], 0
    for mutation in mutations(tree):
        if mutation.kind != "condition" or not (mutation.trust or mutation.assume):
            continue
        if mutation.label.endswith(FURTHER_CLAIMS):
            continue
        tried += 1
        original = mutation.file.read_text()
        mutation.file.write_text(mutation.text)
        try:
            after = prove(tree)
        finally:
            mutation.file.write_text(original)
        if comes_about(after) and open_doors(after) <= open_doors(before):
            unnoticed.append(mutation.label)
    assert tried
    assert unnoticed == []


LEFT_TO_FINDINGS = ("boundary", "deny")
"""What attempts and handshakes cannot see, as long as it is not about assuming a role; see findings/test_restrictions."""


def test_the_denies_and_boundaries_that_are_left_to_findings_are_there() -> None:
    kinds = {mutation.kind for _, folder in SETTINGS.values() for mutation in mutations(folder)}
    assert kinds == {"condition", *LEFT_TO_FINDINGS}
