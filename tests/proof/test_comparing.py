"""What a change newly allows, refuses and worries: each case is two small landscapes."""

from __future__ import annotations

import datetime
import json
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.proof.landscapes import ISSUER, ONE, TWO, policy, role, stack, trust, two_accounts, web_identity, write

from rolebridge.proof import probing
from rolebridge.proof.comparing import Comparison, Kind, compare
from rolebridge.proof.evaluation import evaluate_identity
from rolebridge.proof.findings.acceptance import Acceptance
from rolebridge.proof.policy import compile_policy
from rolebridge.proof.proving import prove
from rolebridge.proof.request import Request

SERVICE = trust({"Service": "ec2.amazonaws.com"})
ALLOW: dict[str, Any] = {"Sid": "Work", "Effect": "Allow", "Action": "iam:*", "Resource": "*"}
DENY: dict[str, Any] = {
    "Sid": "Guard",
    "Effect": "Deny",
    "Action": ["iam:DeleteRole", "iam:PutRolePolicy"],
    "Resource": f"arn:aws:iam::{ONE}:role/A",
}


def holder(
    *statements: Mapping[str, Any], boundary: str | None = None, trusted: str = SERVICE, **arguments: Any
) -> dict[str, Any]:
    """A role A with one policy, and perhaps a boundary."""
    resources: dict[str, Any] = {
        "aws_iam_role": {"a": {**role("A", trusted), **arguments}},
        "aws_iam_role_policy": {"p": {"name": "P", "role": "A", "policy": policy(*statements)}},
    }
    if boundary is not None:
        resources["aws_iam_role"]["a"]["permissions_boundary"] = "${aws_iam_policy.b.arn}"
        resources["aws_iam_policy"] = {"b": {"name": "B", "policy": boundary}}
    return {"one": stack(ONE, resources)}


def changed(tmp_path: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> Comparison:
    return compare(prove(write(tmp_path / "old", old)), prove(write(tmp_path / "new", new)))


def lines(comparison: Comparison, kind: Kind) -> list[str]:
    return [str(one) for one in comparison.by_kind[kind]]


def only(comparison: Comparison, kind: Kind) -> str:
    """Return the one change of a kind, besides findings."""
    found = [line for line in lines(comparison, kind) if not line.startswith("finding ")]
    assert len(found) == 1, found
    return found[0]


# Rights


def test_the_same_in_other_words_is_no_change(tmp_path: Path) -> None:
    turned = {**DENY, "Action": DENY["Action"][::-1], "Resource": [DENY["Resource"]]}
    assert changed(tmp_path, holder(ALLOW, DENY), holder(turned, ALLOW)).changes == ()


def test_a_deny_that_is_gone_newly_allows_what_it_denied_and_is_named(tmp_path: Path) -> None:
    found = changed(tmp_path, holder(ALLOW, DENY), holder(ALLOW))
    line = only(found, Kind.ALLOWED)
    for part in ("role A", ONE, "iam:DeleteRole", "iam:PutRolePolicy", "role/A`: Deny «Guard» of P is gone"):
        assert part in line
    assert found.worse


def test_a_deny_that_is_new_newly_refuses_and_is_not_for_the_worse(tmp_path: Path) -> None:
    found = changed(tmp_path, holder(ALLOW), holder(ALLOW, DENY))
    assert "Deny «Guard» of P is new" in only(found, Kind.REFUSED)
    assert not found.worse


def test_a_guard_that_guarded_nothing_today_is_a_worry_when_it_goes(tmp_path: Path) -> None:
    reading = {**ALLOW, "Action": "s3:Get*"}
    found = changed(tmp_path, holder(reading, DENY), holder(reading))
    assert lines(found, Kind.ALLOWED) == []
    assert "Deny «Guard» of P is gone; today nothing is answered otherwise" in only(found, Kind.WORRY)


def test_a_boundary_taken_off_is_noticed_with_what_it_limited(tmp_path: Path) -> None:
    limit = policy({**ALLOW, "Action": "iam:Get*"})
    found = changed(tmp_path, holder(ALLOW, boundary=limit), holder(ALLOW))
    assert "iam:*` on `*`: the permissions boundary is gone" in only(found, Kind.ALLOWED)
    assert "its permissions boundary is gone" in only(found, Kind.WORRY)


def test_a_boundary_that_allows_more_is_noticed(tmp_path: Path) -> None:
    narrow, wide = (policy({**ALLOW, "Action": action}) for action in (["iam:Get*"], ["iam:Get*", "iam:PassRole"]))
    found = changed(tmp_path, holder(ALLOW, boundary=narrow), holder(ALLOW, boundary=wide))
    assert "iam:PassRole` on `*`: the permissions boundary allows more" in only(found, Kind.ALLOWED)


CONDITION = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
NEVER_BUT = {"StringNotEquals": {"iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/B"}}


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        pytest.param(
            [{**ALLOW, "Condition": CONDITION}],
            [ALLOW],
            ("`iam:*` on `*`", "without the condition StringEquals iam:PassedToService"),
            id="a condition out of an allow",
        ),
        pytest.param(
            [{**ALLOW, "Condition": CONDITION}],
            [{**ALLOW, "Condition": {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", "ec2.x"]}}}],
            ("with iam:PassedToService «ec2.x»", "with other values"),
            id="one more value of a condition",
        ),
        pytest.param(
            [ALLOW, DENY],
            [ALLOW, {**DENY, "Condition": NEVER_BUT}],
            ("iam:DeleteRole", "with iam:PermissionsBoundary «arn:aws:iam::111122223333:policy/B»"),
            id="a condition put into a deny",
        ),
        pytest.param(
            [ALLOW, {**DENY, "Condition": NEVER_BUT}],
            [ALLOW, {**DENY, "Condition": {**NEVER_BUT, "Bool": {"aws:SecureTransport": "true"}}}],
            ("iam:DeleteRole", "without aws:SecureTransport"),
            id="a further condition of a deny",
        ),
        pytest.param(
            [{**ALLOW, "Action": "iam:GetRole"}],
            [{**ALLOW, "Action": "iam:Get*"}],
            ("`iam:Get*` on `*`", "Allow «Work» of P has changed"),
            id="a wider action",
        ),
        pytest.param(
            [{**ALLOW, "Resource": "arn:aws:iam::111122223333:role/x*"}],
            [{**ALLOW, "Resource": "arn:aws:iam::111122223333:role/*"}],
            ("`iam:*` on `arn:aws:iam::111122223333:role/*`",),
            id="a wider resource",
        ),
        pytest.param(
            [ALLOW, DENY],
            [ALLOW, {**DENY, "Action": "iam:DeleteRole"}],
            ("`iam:PutRolePolicy` on", "Deny «Guard» of P has changed"),
            id="an action less in a deny",
        ),
        pytest.param(
            [{**ALLOW, "Action": "s3:*"}, {"Effect": "Deny", "NotAction": ["s3:Get*"], "Resource": "*"}],
            [{**ALLOW, "Action": "s3:*"}, {"Effect": "Deny", "NotAction": ["s3:Get*", "s3:Put*"], "Resource": "*"}],
            ("`s3:Put*` on `*`",),
            id="one more exception of a deny",
        ),
        pytest.param(
            [{**ALLOW, "Resource": "arn:aws:s3:::home/${aws:PrincipalTag/team}/*"}],
            [{**ALLOW, "Resource": "arn:aws:s3:::home/*"}],
            ("`arn:aws:s3:::home/*`",),
            id="a policy variable less",
        ),
        pytest.param(
            [{**ALLOW, "Action": "iam:CreateRole"}, {**DENY, "Action": "iam:*", "Resource": "*"}],
            [{**ALLOW, "Action": "iam:CreateRole"}],
            ("`iam:CreateRole` on `*`",),
            id="a deny wider than what is allowed",
        ),
        pytest.param(
            [{**DENY, "Resource": "*", "Condition": NEVER_BUT}],
            [{**DENY, "Resource": "*", "Condition": NEVER_BUT}, {**ALLOW, "Action": "iam:DeleteRole"}],
            ("iam:DeleteRole",),
            id="a new allow within a deny that has a condition",
        ),
    ],
)
def test_what_is_widened_is_newly_allowed(
    tmp_path: Path, old: list[dict[str, Any]], new: list[dict[str, Any]], parts: tuple[str, ...]
) -> None:
    found = changed(tmp_path, holder(*old), holder(*new))
    text = "\n".join(lines(found, Kind.ALLOWED))
    for part in parts:
        assert part in text
    back = changed(tmp_path / "back", holder(*new), holder(*old))
    assert lines(back, Kind.REFUSED)
    assert lines(back, Kind.ALLOWED) == []


def test_a_statement_that_moves_to_another_policy_changes_nothing(tmp_path: Path) -> None:
    moved = holder(ALLOW)
    inline = {"name": "Q", "role": "A", "policy": policy(DENY)}
    moved["one"]["resource"]["aws_iam_role_policy"]["q"] = inline
    assert changed(tmp_path, holder(ALLOW, DENY), moved).changes == ()


def test_a_policy_of_aws_that_is_new_cannot_be_known(tmp_path: Path) -> None:
    arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
    found = changed(tmp_path, holder(ALLOW), holder(ALLOW, managed_policy_arns=arns))
    assert "ReadOnlyAccess" in only(found, Kind.UNKNOWN)
    assert found.worse


def test_what_is_not_known_on_both_sides_does_not_hide_what_is(tmp_path: Path) -> None:
    arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
    old, new = (holder(*found, managed_policy_arns=arns) for found in ((ALLOW, DENY), (ALLOW,)))
    assert "does not decide it" in only(changed(tmp_path, old, new), Kind.ALLOWED)


def test_what_terraform_alone_knows_is_shown_as_it_stands_in_the_text(tmp_path: Path) -> None:
    bucket = {**ALLOW, "Action": "s3:*", "Resource": "${aws_s3_bucket.x.arn}/*"}
    found = changed(tmp_path, holder({**bucket, "Action": "s3:GetObject"}), holder(bucket))
    assert "`s3:*` on `${aws_s3_bucket.x.arn}/*`" in only(found, Kind.ALLOWED)


def test_a_policy_that_nobody_has_is_compared_too(tmp_path: Path) -> None:
    old, new = (
        {"one": stack(ONE, {"aws_iam_policy": {"p": {"name": "P", "policy": policy(*found)}}})}
        for found in ((ALLOW, DENY), (ALLOW,))
    )
    assert "nobody that was read" in only(changed(tmp_path, old, new), Kind.ALLOWED)


def test_the_same_change_in_many_accounts_is_one_line(tmp_path: Path) -> None:
    def many(*statements: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for account in ("100000000001", "100000000002", "100000000003"):
            text = json.dumps(holder(*statements)["one"]).replace(ONE, account)
            found[account] = json.loads(text)
        return found

    found = changed(tmp_path, many(ALLOW, DENY), many(ALLOW))
    assert "role A of 3 accounts (100000000001, 100000000002, …)" in only(found, Kind.ALLOWED)
    assert "arn:aws:iam::‹account›:role/A" in only(found, Kind.ALLOWED)


def test_more_than_can_be_asked_is_said_and_is_for_the_worse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing.Budget, "take", lambda self, cost: setattr(self, "skipped", 1))
    found = changed(tmp_path, holder(ALLOW, DENY), holder(ALLOW))
    assert "too much has changed" in "\n".join(lines(found, Kind.UNKNOWN))
    assert found.worse


@pytest.mark.slow
@pytest.mark.parametrize(
    "statements",
    [
        pytest.param(
            [
                {**DENY, "Action": "*", "Resource": "*", "Condition": {"StringNotEquals": {f"k:{number}": "a"}}}
                for number in range(900)
            ],
            id="hundreds of denies that all apply",
        ),
        pytest.param([{**ALLOW, "Action": f"s{number}:*"} for number in range(1300)], id="a thousand statements"),
        pytest.param(
            [
                {
                    **ALLOW,
                    "Action": [f"s{number}:a*b*" for number in range(3000)],
                    "Resource": [f"arn:aws:s3:::{number}*x*" for number in range(2500)],
                }
            ],
            id="thousands of patterns",
        ),
    ],
)
def test_hostile_policies_are_asked_within_bounds(tmp_path: Path, statements: list[dict[str, Any]]) -> None:
    """The longest document that is read; in processor time, since the tests share the machine."""
    old, new = (
        prove(write(tmp_path / name, made)) for name, made in (("o", holder(ALLOW)), ("n", holder(*statements)))
    )
    start = time.process_time()
    found = compare(old, new)
    assert time.process_time() - start < 10
    assert found.worse


@pytest.mark.slow
def test_a_trust_of_hundreds_of_statements_is_said_to_be_too_much(tmp_path: Path) -> None:
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": f"{100000000000 + number}"}, "Action": "sts:AssumeRole"}
        for number in range(700)
    ]
    found = changed(tmp_path, holder(ALLOW), holder(ALLOW, trusted=policy(*statements)))
    assert "too much has changed" in only(found, Kind.UNKNOWN)
    assert any("the first 150 statements" in warning for warning in prove(tmp_path / "new").warnings())


# Trust

SUBJECT = {f"{ISSUER}:sub": "repo:us/app", f"{ISSUER}:aud": "sts"}


def test_a_subject_taken_out_newly_lets_in_others(tmp_path: Path) -> None:
    new = holder(ALLOW, trusted=web_identity({"StringEquals": {f"{ISSUER}:aud": "sts"}}))
    found = changed(tmp_path, holder(ALLOW, trusted=web_identity({"StringEquals": SUBJECT})), new)
    assert "lets in token of token.actions.githubusercontent.com, subject: missing, another" in "\n".join(
        lines(found, Kind.ALLOWED)
    )
    assert "not as expected" in only(found, Kind.WORRY)


def findings(comparison: Comparison, kind: Kind) -> list[str]:
    return [one.whom.name for one in comparison.by_kind[kind] if one.whom.what == "finding"]


def test_a_finding_that_is_new_worries_and_one_that_is_gone_is_said(tmp_path: Path) -> None:
    open_to_all = holder(ALLOW, DENY, trusted=web_identity({"StringEquals": {f"{ISSUER}:aud": "sts"}}))
    closed = holder(ALLOW, DENY, trusted=web_identity({"StringEquals": SUBJECT}))
    assert findings(changed(tmp_path / "1", closed, open_to_all), Kind.WORRY) == ["web-identity-without-subject"]
    back = changed(tmp_path / "2", open_to_all, closed)
    assert findings(back, Kind.WORRY) == []
    assert findings(back, Kind.NOTE) == ["web-identity-without-subject"]


def test_a_finding_that_is_accepted_does_not_worry_and_is_said(tmp_path: Path) -> None:
    closed, open_to_all = (
        write(tmp_path / name, holder(ALLOW, trusted=web_identity({"StringEquals": condition})))
        for name, condition in (("old", SUBJECT), ("new", {f"{ISSUER}:aud": "sts"}))
    )
    day = datetime.date(2026, 11, 21)
    known = (Acceptance("web-identity-without-subject", "*", "a test", day),)
    for today, kind in ((day, Kind.NOTE), (day + datetime.timedelta(1), Kind.WORRY)):
        found = compare(prove(closed, known, today), prove(open_to_all, known, today))
        assert findings(found, kind) == ["web-identity-without-subject"]


def test_another_subject_newly_lets_in_one_and_turns_away_the_other(tmp_path: Path) -> None:
    old, new = (
        holder(ALLOW, trusted=web_identity({"StringEquals": {**SUBJECT, f"{ISSUER}:sub": f"repo:us/{name}"}}))
        for name in ("app", "web")
    )
    found = changed(tmp_path, old, new)
    assert "subject repo:us/web" in "\n".join(lines(found, Kind.ALLOWED))
    assert "subject repo:us/app" in "\n".join(lines(found, Kind.REFUSED))


def test_an_external_id_taken_out_of_a_trust_newly_lets_in_without_it(tmp_path: Path) -> None:
    wanted = {"StringEquals": {"sts:ExternalId": "x1"}}
    found = changed(tmp_path, two_accounts(wanted, wanted), two_accounts(None, wanted))
    assert "missing" in "\n".join(lines(found, Kind.ALLOWED))
    assert "the trust lets it in without one" in "\n".join(lines(found, Kind.WORRY))


def test_a_deny_taken_out_of_a_trust_newly_lets_in(tmp_path: Path) -> None:
    allow = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{TWO}:role/x"}, "Action": "sts:AssumeRole"}
    deny = {**allow, "Sid": "Never", "Effect": "Deny", "Principal": "*"}
    deny["Condition"] = {"StringLike": {"sts:RoleSessionName": "admin*"}}
    found = changed(tmp_path, holder(ALLOW, trusted=policy(allow, deny)), holder(ALLOW, trusted=policy(allow)))
    assert "Deny «Never» of trust of A is gone" in only(found, Kind.ALLOWED)


def test_a_further_action_of_a_trust_is_noticed(tmp_path: Path) -> None:
    one, two = (
        trust({"AWS": f"arn:aws:iam::{TWO}:role/x"}).replace('"sts:AssumeRole"', action)
        for action in ('"sts:AssumeRole"', '["sts:AssumeRole", "sts:TagSession"]')
    )
    found = changed(tmp_path, holder(ALLOW, trusted=one), holder(ALLOW, trusted=two))
    assert "by `sts:TagSession`" in only(found, Kind.ALLOWED)


def test_a_trust_that_only_terraform_knows_cannot_be_known_any_more(tmp_path: Path) -> None:
    found = changed(tmp_path, holder(ALLOW), holder(ALLOW, trusted="${var.trust}"))
    assert "who gets in" in only(found, Kind.UNKNOWN)
    assert found.worse


def test_a_handshake_that_breaks_is_a_worry_and_refuses(tmp_path: Path) -> None:
    wanted, other = ({"StringEquals": {"sts:ExternalId": value}} for value in ("x1", "x2"))
    found = changed(tmp_path, two_accounts(wanted, wanted), two_accounts(wanted, other))
    assert "may not take it" in "\n".join(lines(found, Kind.WORRY))
    assert "can no longer be taken by" in "\n".join(lines(found, Kind.REFUSED))


def test_what_was_broken_and_is_mended_is_said_and_is_not_for_the_worse(tmp_path: Path) -> None:
    wanted, other = ({"StringEquals": {"sts:ExternalId": value}} for value in ("x1", "x2"))
    found = changed(tmp_path, two_accounts(wanted, other), two_accounts(wanted, wanted))
    assert "no more: " in "\n".join(lines(found, Kind.NOTE))
    assert "can be taken by" in "\n".join(lines(found, Kind.ALLOWED))


# Who and what is there


def test_a_new_role_says_who_gets_in_and_what_it_may(tmp_path: Path) -> None:
    found = changed(tmp_path, {"one": stack(ONE, {"aws_iam_policy": {}})}, holder(ALLOW))
    text = "\n".join(lines(found, Kind.ALLOWED))
    assert "is new and lets in service ec2.amazonaws.com" in text
    assert "may iam:* on everything" in text
    assert found.worse


def test_a_role_that_is_gone_is_refused(tmp_path: Path) -> None:
    found = changed(tmp_path, holder(ALLOW), {"one": stack(ONE, {"aws_iam_policy": {}})})
    assert "is gone" in only(found, Kind.REFUSED)
    assert not found.worse


@pytest.mark.parametrize(("seconds", "kind"), [(43200, Kind.ALLOWED), (900, Kind.REFUSED)])
def test_the_length_of_sessions(tmp_path: Path, seconds: int, kind: Kind) -> None:
    found = changed(tmp_path, holder(ALLOW), holder(ALLOW, max_session_duration=seconds))
    assert f"sessions of up to {seconds // 60} minutes instead of 60" in only(found, kind)


def user(**resources: Any) -> dict[str, Any]:
    return {"one": stack(ONE, {"aws_iam_user": {"u": {"name": "U"}}, **resources})}


def test_a_new_access_key_is_newly_allowed(tmp_path: Path) -> None:
    found = changed(tmp_path, user(), user(aws_iam_access_key={"k": {"user": "U"}}))
    assert "has a new long-lived key" in only(found, Kind.ALLOWED)
    back = changed(tmp_path / "back", user(aws_iam_access_key={"k": {"user": "U"}}), user())
    assert "has lost a long-lived key" in only(back, Kind.REFUSED)


def provider(audiences: list[str], thumbprints: list[str]) -> dict[str, Any]:
    made = {"url": f"https://{ISSUER}", "client_id_list": audiences, "thumbprint_list": thumbprints}
    return {"one": stack(ONE, {"aws_iam_openid_connect_provider": {"p": made}})}


def test_audiences_and_thumbprints_of_a_provider(tmp_path: Path) -> None:
    found = changed(tmp_path, provider(["a", "b"], ["0" * 40]), provider(["a", "c"], ["1" * 40]))
    assert "takes the audience c" in only(found, Kind.ALLOWED)
    assert "no longer takes b" in only(found, Kind.REFUSED)
    assert "1" * 40 in only(found, Kind.WORRY)


# Against every request of a small world

ACTIONS, RESOURCES = ("iam:GetRole", "iam:PutRole", "s3:GetObject"), ("arn:aws:s3:::one/x", "arn:aws:s3:::two/x")
CONTEXTS = [{"t:one": one, "t:two": two} for one in ("a", "b", None) for two in ("a", "something-else", None)]


def _statement(chance: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Effect": chance.choice(("Allow", "Allow", "Deny")),
        chance.choice(("Action", "Action", "Action", "NotAction")): chance.sample(
            ("iam:GetRole", "iam:PutRole", "s3:GetObject", "iam:*", "*", "s3:*"), chance.choice((1, 1, 2))
        ),
        "Resource": chance.sample(
            ("*", "arn:aws:s3:::one/*", "arn:aws:s3:::two/x", "arn:aws:s3:::*/x"), chance.choice((1, 1, 2))
        ),
    }
    if chance.random() < 0.6:
        operator = chance.choice(("StringEquals", "StringNotEquals", "StringEqualsIfExists"))
        keys = chance.sample(("t:one", "t:two"), chance.choice((1, 1, 2)))
        found["Condition"] = {operator: {key: chance.sample(("a", "b"), chance.choice((1, 1, 2))) for key in keys}}
    return found


def _mutated(statements: list[dict[str, Any]], chance: random.Random) -> list[dict[str, Any]]:
    found = [dict(one) for one in statements]
    for _ in range(chance.choice((1, 1, 2))):
        place = chance.randrange(len(found))
        what = chance.choice(("drop", "add", "other", "condition", "effect"))
        if what == "drop" and len(found) > 1:
            del found[place]
        elif what == "add":
            found.append(_statement(chance))
        elif what == "other":
            found[place] = _statement(chance)
        elif what == "condition":
            found[place].pop("Condition", None)
        else:
            found[place]["Effect"] = "Deny" if found[place]["Effect"] == "Allow" else "Allow"
    return found


@pytest.mark.parametrize("seed", [*range(10), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(10, 60))])
def test_nothing_that_a_change_allows_or_refuses_is_missed(tmp_path: Path, seed: int) -> None:
    """Every request of a small world is asked of both versions; where one answers otherwise, the comparison says so."""
    chance = random.Random(seed)
    for number in range(8):
        old = [_statement(chance) for _ in range(chance.choice((1, 2, 3)))]
        new = _mutated(old, chance)
        boundary = policy(_statement(chance)) if chance.random() < 0.3 else None
        landscapes = [holder(*old, boundary=boundary), holder(*new, boundary=boundary)]
        found = changed(tmp_path / str(number), *landscapes)
        allowed, refused = False, False
        limit = None if boundary is None else compile_policy(json.loads(boundary))
        policies = [compile_policy({"Version": "2012-10-17", "Statement": one}) for one in (old, new)]
        for action in ACTIONS:
            for resource in RESOURCES:
                for context in CONTEXTS:
                    request = Request(action, resource, context=context)
                    was, now = (evaluate_identity([one], request, boundary=limit).allowed for one in policies)
                    allowed, refused = allowed or now > was, refused or was > now
        case = f"{old}\n{new}\n{boundary}\n{[str(one) for one in found.changes]}"
        assert not allowed or found.by_kind[Kind.ALLOWED], case
        assert not refused or found.by_kind[Kind.REFUSED], case
