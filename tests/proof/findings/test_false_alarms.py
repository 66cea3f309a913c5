"""What looks like a finding and is none, and what hides behind something that looks harmless."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.proof.landscapes import ISSUER, ONE, allow, deny, policy, role, stack, with_rights, write

from rolebridge.proof.proving import prove

PROVIDER = {"Federated": f"arn:aws:iam::{ONE}:oidc-provider/{ISSUER}"}
AUDIENCE, SUBJECT = {f"{ISSUER}:aud": "sts.amazonaws.com"}, {f"{ISSUER}:sub": "repo:us/ours:ref:refs/heads/main"}
TOKEN = {"Effect": "Allow", "Principal": PROVIDER, "Action": "sts:AssumeRoleWithWebIdentity"}
ANYBODY = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
OUTSIDERS = {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}


def trusting(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"one": stack(ONE, {"aws_iam_role": {"target": role("target", policy(*statements))}})}


def identifiers(folder: Path, stacks: Mapping[str, Any]) -> set[str]:
    return {one.rule.identifier for one in prove(write(folder, stacks)).findings}


@pytest.mark.parametrize(
    ("statements", "finding"),
    [
        ([ANYBODY, {**ANYBODY, "Effect": "Deny", "Condition": OUTSIDERS}], "principal-anybody"),
        ([{**ANYBODY, "Condition": {"StringEquals": {"aws:PrincipalAccount": ONE}}}], "principal-anybody"),
        ([{**ANYBODY, "Condition": {"ArnLike": {"aws:PrincipalArn": "${var.callers}"}}}], "principal-anybody"),
        (
            [
                {**TOKEN, "Condition": {"StringEquals": AUDIENCE}},
                {**TOKEN, "Effect": "Deny", "Condition": {"StringNotEquals": SUBJECT}},
            ],
            "web-identity-without-subject",
        ),
        (
            [{**TOKEN, "Condition": {"StringEquals": {**AUDIENCE, f"{ISSUER}:sub": "${var.subject}"}}}],
            "subject-of-strangers",
        ),
    ],
)
def test_what_keeps_strangers_out_or_may_do_so_is_no_finding(
    statements: list[dict[str, Any]], finding: str, tmp_path: Path
) -> None:
    assert finding not in identifiers(tmp_path, trusting(*statements))


@pytest.mark.parametrize(
    ("statements", "finding"),
    [
        (
            [ANYBODY, {**ANYBODY, "Effect": "Deny", "Principal": {"AWS": f"arn:aws:iam::{ONE}:user/bob"}}],
            "principal-anybody",
        ),
        ([{**ANYBODY, "Condition": {"StringLike": {"aws:PrincipalOrgID": "o-*"}}}], "principal-anybody"),
        ([{**ANYBODY, "Condition": {"StringLike": {"sts:RoleSessionName": "ours-*"}}}], "principal-anybody"),
        (
            [{**TOKEN, "Condition": {"StringEquals": AUDIENCE, "StringNotEquals": SUBJECT}}],
            "web-identity-without-subject",
        ),
        (
            [{**TOKEN, "Condition": {"StringEquals": AUDIENCE, "StringLike": {f"{ISSUER}:sub": "*"}}}],
            "subject-of-strangers",
        ),
    ],
)
def test_what_only_looks_as_if_it_kept_strangers_out_is_a_finding(
    statements: list[dict[str, Any]], finding: str, tmp_path: Path
) -> None:
    assert finding in identifiers(tmp_path, trusting(*statements))


@pytest.mark.parametrize(
    ("statements", "finding"),
    [
        ([allow("iam:PutRolePolicy", f"arn:aws:iam::{ONE}:role/another")], "can-widen-itself"),
        ([allow("iam:*", "*"), deny("iam:*", "*")], "can-widen-through-a-new-role"),
        (
            [allow("iam:PutRolePolicy", "*", {"StringEquals": {"aws:PrincipalTag/admin": "yes"}})],
            "can-widen-itself",
        ),
        ([allow("iam:CreateRole"), allow("iam:TagRole")], "can-widen-through-a-new-role"),
    ],
)
def test_what_the_evaluator_refuses_or_cannot_know_is_no_finding(
    statements: list[dict[str, Any]], finding: str, tmp_path: Path
) -> None:
    assert finding not in identifiers(tmp_path, {"one": stack(ONE, with_rights(*statements))})


def test_a_note_says_that_a_boundary_is_not_known_and_nothing_else_is_said_of_its_rights(tmp_path: Path) -> None:
    elsewhere = f"arn:aws:iam::{ONE}:policy/made-elsewhere"
    found = identifiers(tmp_path, {"one": stack(ONE, with_rights(allow("iam:*"), boundary=elsewhere))})
    assert found == {"rights-not-known"}


def test_a_policy_of_thousands_of_statements_and_actions_is_judged_in_seconds(tmp_path: Path) -> None:
    actions = [f"s3:Get{number:04d}*" for number in range(2000)]
    statements = [allow(f"s3:Get{number}") for number in range(400)]
    stacks = {
        "a": stack(ONE, with_rights(allow(actions), allow(actions[1:]), deny(actions[2:]), name="a")),
        "b": stack(ONE, with_rights(*statements, *(deny(f"s3:Put{number}") for number in range(400)), name="b")),
        "c": stack(ONE, with_rights(*(allow("iam:*", f"arn:aws:iam::{ONE}:role/{n}-*") for n in range(800)), name="c")),
    }
    begun = time.process_time()
    prove(write(tmp_path, stacks)).findings  # noqa: B018
    assert time.process_time() - begun < 10
