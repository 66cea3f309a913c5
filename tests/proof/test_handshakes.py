from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.proof.landscapes import ISSUER, ONE, TWO, landscape, leave, role, stack, trust, two_accounts, web_identity
from tests.snapshots import SETTINGS

from rolebridge.proof.handshakes import Fault, Handshakes, OutsideKind, shake_hands
from rolebridge.proof.reading import read

ID = {"StringEquals": {"sts:ExternalId": "an-id"}}
OTHER = {"StringEquals": {"sts:ExternalId": "another"}}


def held(folder: Path, stacks: dict[str, Any]) -> Handshakes:
    return shake_hands(landscape(folder, stacks))


def broken(found: Handshakes) -> list[Fault]:
    return [half.fault for half in found.halves if half.broken]


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_handshake_of_what_is_generated_comes_about(name: str) -> None:
    assert shake_hands(read(SETTINGS[name][1])).broken == ()


@pytest.mark.parametrize(
    ("by_trust", "by_leave", "agreed", "faults"),
    [
        (None, None, 1, []),
        (ID, ID, 1, []),
        (ID, OTHER, 0, [Fault.NO_PERMISSION]),
        (None, ID, 1, [Fault.EXTERNAL_ID]),
        (ID, None, 1, [Fault.EXTERNAL_ID]),
        ({"StringEquals": {"sts:ExternalId": ["an-id", "another"]}}, OTHER, 1, []),
        ({"StringEquals": {"sts:ExternalId": "${var.id}"}}, {"StringEquals": {"sts:ExternalId": "${var.id}"}}, 1, []),
    ],
)
def test_both_sides_have_to_want_the_same_external_id(
    tmp_path: Path, by_trust: Any, by_leave: Any, agreed: int, faults: list[Fault]
) -> None:
    found = held(tmp_path, two_accounts(by_trust, by_leave))
    assert len(found.agreed) == agreed
    assert broken(found) == faults


def test_a_trust_without_permission_is_a_half(tmp_path: Path) -> None:
    stacks = two_accounts(None, None)
    del stacks["one"]["resource"]["aws_iam_role_policy"]
    assert broken(held(tmp_path, stacks)) == [Fault.NO_PERMISSION]


def test_within_one_account_a_trust_that_names_the_caller_needs_no_permission(tmp_path: Path) -> None:
    roles = {
        "a": role("A", trust({"Service": "ec2.amazonaws.com"})),
        "b": role("B", trust({"AWS": f"arn:aws:iam::{ONE}:role/A"})),
    }
    found = held(tmp_path, {"one": stack(ONE, {"aws_iam_role": roles})})
    assert [(one.caller.name, one.role.name) for one in found.agreed] == [("A", "B")]
    assert not found.halves


def test_a_permission_without_trust_is_a_half(tmp_path: Path) -> None:
    stacks = two_accounts(None, None)
    stacks["two"]["resource"]["aws_iam_role"]["target"]["assume_role_policy"] = trust({"Service": "ec2.amazonaws.com"})
    assert broken(held(tmp_path, stacks)) == [Fault.NO_TRUST]


def test_a_role_that_is_made_nowhere_is_a_half_in_an_account_that_was_read_only(tmp_path: Path) -> None:
    stacks = two_accounts(None, None)
    stacks["two"]["resource"]["aws_iam_role"]["target"]["name"] = "renamed"
    found = held(tmp_path, stacks)
    assert broken(found) == [Fault.NO_PERMISSION, Fault.NO_SUCH_ROLE]
    del stacks["two"]
    assert [half.broken for half in held(tmp_path / "again", stacks).halves] == [False]


def test_a_principal_that_is_made_nowhere_is_a_half_in_an_account_that_was_read_only(tmp_path: Path) -> None:
    stacks = two_accounts(None, None)
    stacks["one"]["resource"]["aws_iam_role"]["caller"]["name"] = "renamed"
    assert Fault.NOT_MADE in broken(held(tmp_path, stacks))
    del stacks["one"]
    found = held(tmp_path / "again", stacks)
    assert broken(found) == []
    assert [one.kind for one in found.outside] == [OutsideKind.IDENTITY]


@pytest.mark.parametrize(
    ("principal", "kind"),
    [
        ({"Service": "ec2.amazonaws.com"}, OutsideKind.SERVICE),
        ({"Federated": "accounts.google.com"}, OutsideKind.TOKEN),
        ({"AWS": "999988887777"}, OutsideKind.ACCOUNT),
        ({"AWS": "arn:aws:iam::999988887777:root"}, OutsideKind.ACCOUNT),
        ({"AWS": "arn:aws:iam::999988887777:user/x"}, OutsideKind.IDENTITY),
        ("*", OutsideKind.ANYBODY),
    ],
)
def test_who_comes_from_outside_is_told_apart(tmp_path: Path, principal: Any, kind: OutsideKind) -> None:
    found = held(tmp_path, {"one": stack(ONE, {"aws_iam_role": {"a": role("A", trust(principal))}})})
    assert [one.kind for one in found.outside] == [kind]
    assert broken(found) == []


def test_a_provider_of_another_account_is_a_half(tmp_path: Path) -> None:
    document = stack(TWO, {"aws_iam_role": {"a": role("A", web_identity(None))}})
    assert broken(held(tmp_path, {"two": document})) == [Fault.OTHER_ACCOUNT]


def test_an_audience_that_the_provider_does_not_take_is_a_half(tmp_path: Path) -> None:
    condition = {"StringEquals": {f"{ISSUER}:aud": "other", f"{ISSUER}:sub": "x"}}
    resources = {
        "aws_iam_openid_connect_provider": {"p": {"url": f"https://{ISSUER}", "client_id_list": ["sts.amazonaws.com"]}},
        "aws_iam_role": {"a": role("A", web_identity(condition))},
    }
    assert broken(held(tmp_path, {"one": stack(ONE, resources)})) == [Fault.AUDIENCE]


def test_a_boundary_that_does_not_allow_it_breaks_a_handshake(tmp_path: Path) -> None:
    stacks = two_accounts(None, None)
    limit = leave("arn:aws:iam::999988887777:role/x")
    stacks["one"]["resource"]["aws_iam_policy"] = {"limit": {"name": "limit", "policy": limit}}
    stacks["one"]["resource"]["aws_iam_role"]["caller"]["permissions_boundary"] = "${aws_iam_policy.limit.arn}"
    assert broken(held(tmp_path, stacks)) == [Fault.NO_PERMISSION]


def test_a_handshake_that_an_unknown_policy_could_refuse_says_so(tmp_path: Path) -> None:
    stacks = two_accounts(None, None)
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    stacks["one"]["resource"]["aws_iam_role"]["caller"]["managed_policy_arns"] = [arn]
    assert any("ReadOnlyAccess" in reason for reason in held(tmp_path, stacks).agreed[0].unless)


def test_who_may_do_everything_can_take_a_role_that_trusts_its_account(tmp_path: Path) -> None:
    stacks = two_accounts(None, None)
    caller = stacks["one"]["resource"]
    caller["aws_iam_role"]["caller"]["managed_policy_arns"] = ["arn:aws:iam::aws:policy/AdministratorAccess"]
    del caller["aws_iam_role_policy"]
    stacks["two"]["resource"]["aws_iam_role"]["target"]["assume_role_policy"] = trust({"AWS": ONE})
    found = held(tmp_path, stacks)
    assert [(one.caller.name, one.role.name) for one in found.agreed] == [("caller", "target")]
