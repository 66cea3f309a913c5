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
from rolebridge.proof.comparing import Comparison, Kind, compare
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
        noticed: whether an attempt or a handshake fails, or one more door is open; of conditions about assuming a role.
        comparison: with what stood there before.
    """

    mutation: Mutation
    noticed: bool
    comparison: Comparison


@pytest.fixture(params=sorted(SETTINGS), scope="module")
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    folder = tmp_path_factory.mktemp("mutations") / "generated"
    shutil.copytree(SETTINGS[request.param][1], folder)
    before = prove(folder)
    assert before.holds
    assert compare(before, prove(folder)).changes == (), "nothing was taken out, so nothing is to be noticed"
    found = []
    for mutation in mutations(folder):
        original = mutation.file.read_text()
        mutation.file.write_text(mutation.text)
        after = prove(folder)
        mutation.file.write_text(original)
        about_assuming = mutation.kind == "condition" and (mutation.trust or mutation.assume)
        noticed = about_assuming and (not after.holds or open_doors(after) > open_doors(before))
        found.append(Outcome(mutation, noticed, compare(before, after)))
    assert found
    return found


def open_doors(proof: Proof) -> int:
    return sum(1 for _ in proof.with_status(Status.OPEN))


def test_a_condition_taken_out_of_a_trust_or_of_a_permission_to_assume_is_noticed(outcomes: list[Outcome]) -> None:
    """The proof fails; only where nothing but the trust knows of it, there is one more door that nothing guards."""
    tried = [
        one
        for one in outcomes
        if one.mutation.kind == "condition"
        and (one.mutation.trust or one.mutation.assume)
        and not one.mutation.label.endswith(FURTHER_CLAIMS)
    ]
    assert tried
    assert [one.mutation.label for one in tried if not one.noticed] == []


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
