"""Identity policies, boundaries and session policies together; a trust alone; what a verdict says."""

from typing import Any

import pytest

from rolebridge.proof.evaluation import Decision, Verdict, evaluate_identity, evaluate_trust
from rolebridge.proof.policy import Policy, PolicyKind, compile_policy, opaque_policy
from rolebridge.proof.principals import Principal, Reach
from rolebridge.proof.request import Request

BUCKET = "arn:aws:s3:::bucket/key"
REQUEST = Request("s3:GetObject", BUCKET, Principal.user("arn:aws:iam::111122223333:user/ann"))


def policy(*statements: dict[str, Any]) -> Policy:
    return compile_policy({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str = "s3:*", resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str = "s3:*", resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


YES, NO = policy(allow()), policy(allow("ec2:*"))
NEVER = policy(deny())
NOTHING = policy()
MAYBE = policy(allow(resource="${var.bucket}"))
MAYBE_NOT = policy(deny(resource="${var.bucket}"))
OPAQUE = opaque_policy("only Terraform computes it")

ALLOWED, EXPLICIT, IMPLICIT, UNKNOWN = "allowed", "explicitly denied", "implicitly denied", "unknown"

# identity policies, boundary, session policies, decision
IDENTITY_CASES = [
    ([], None, [], IMPLICIT),
    ([NOTHING], None, [], IMPLICIT),
    ([NO], None, [], IMPLICIT),
    ([YES], None, [], ALLOWED),
    ([NO, YES], None, [], ALLOWED),
    ([YES, NEVER], None, [], EXPLICIT),
    ([NEVER], None, [], EXPLICIT),
    ([YES], YES, [], ALLOWED),
    ([YES], NO, [], IMPLICIT),
    ([NO], YES, [], IMPLICIT),
    ([YES], NEVER, [], EXPLICIT),
    ([YES], None, [YES], ALLOWED),
    ([YES], None, [NO], IMPLICIT),
    ([YES], None, [NO, YES], ALLOWED),
    ([YES], None, [NEVER, YES], EXPLICIT),
    ([NO], None, [YES], IMPLICIT),
    ([YES], YES, [YES], ALLOWED),
    ([YES], NO, [YES], IMPLICIT),
    ([MAYBE], None, [], UNKNOWN),
    ([MAYBE, YES], None, [], ALLOWED),
    ([MAYBE, NEVER], None, [], EXPLICIT),
    ([YES, MAYBE_NOT], None, [], UNKNOWN),
    ([NO, MAYBE_NOT], None, [], IMPLICIT),
    ([YES], MAYBE, [], UNKNOWN),
    ([NO], MAYBE, [], IMPLICIT),
    ([YES, MAYBE_NOT], NEVER, [], EXPLICIT),
    ([OPAQUE], None, [], UNKNOWN),
    ([OPAQUE, YES], None, [], UNKNOWN),
    ([OPAQUE, NEVER], None, [], EXPLICIT),
    ([YES], OPAQUE, [], UNKNOWN),
    ([OPAQUE], NO, [], IMPLICIT),
]


@pytest.mark.parametrize(("policies", "boundary", "session", "decision"), IDENTITY_CASES)
def test_each_side_has_to_allow_and_none_may_deny(policies: Any, boundary: Any, session: Any, decision: Any) -> None:
    verdict = evaluate_identity(policies, REQUEST, boundary=boundary, session_policies=session)
    assert verdict.decision.value == decision
    assert verdict.allowed is (decision == ALLOWED)
    assert bool(verdict.unknown) is (decision == UNKNOWN)


def test_the_root_user_needs_no_policy() -> None:
    request = Request("s3:GetObject", BUCKET, Principal.root("111122223333"))
    assert evaluate_identity([], request).allowed


def test_a_verdict_names_the_statements_that_decided() -> None:
    first = compile_policy({"Version": "2012-10-17", "Statement": [allow("ec2:*"), allow(Sid="Read")]}, name="Reader")
    second = compile_policy({"Version": "2012-10-17", "Statement": [deny(Sid="Never")]}, name="Guard")
    allowed = evaluate_identity([first], REQUEST)
    assert [(one.side, one.policy, one.index, one.sid) for one in allowed.decided_by] == [
        ("identity policies", "Reader", 1, "Read")
    ]
    denied = evaluate_identity([first], REQUEST, boundary=second)
    assert [(one.side, one.policy, one.index, one.sid) for one in denied.decided_by] == [
        ("permissions boundary", "Guard", 0, "Never")
    ]


def test_a_refusal_names_the_sides_that_do_not_allow() -> None:
    verdict = evaluate_identity([YES], REQUEST, boundary=NO, session_policies=[NO])
    assert verdict.refused_by == ("permissions boundary", "session policies")
    assert verdict.decided_by == ()


def test_an_unknown_verdict_says_why() -> None:
    assert evaluate_identity([MAYBE], REQUEST).unknown == (
        "«${var.bucket}» contains ${var.bucket}, which only Terraform knows",
    )


ROLE = "arn:aws:iam::111122223333:role/Admin"
CALLER = Principal.role("arn:aws:iam::444455556666:role/If", "session")


def trust(*statements: dict[str, Any]) -> Policy:
    return compile_policy(
        {"Version": "2012-10-17", "Statement": list(statements)}, PolicyKind.TRUST, name="Admin.trust"
    )


def let(principal: Any, action: Any = "sts:AssumeRole", effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action, **more}


def judge(document: Policy, caller: Principal = CALLER, **more: Any) -> Verdict:
    return evaluate_trust(document, caller, role_arn=ROLE, **more)


WITH_ID = {"StringEquals": {"sts:ExternalId": "abc"}}
AWS = {"AWS": "arn:aws:iam::444455556666:role/If"}
TRUST_CASES = [
    ([let(AWS)], {}, ALLOWED),
    ([let({"AWS": "444455556666"})], {}, ALLOWED),
    ([let({"AWS": "arn:aws:iam::444455556666:role/Other"})], {}, IMPLICIT),
    ([let(AWS, "sts:TagSession")], {}, IMPLICIT),
    ([let(AWS, ["sts:TagSession", "sts:AssumeRole"])], {}, ALLOWED),
    ([let(AWS, "sts:*")], {}, ALLOWED),
    ([let(AWS, Condition=WITH_ID)], {"sts:ExternalId": "abc"}, ALLOWED),
    ([let(AWS, Condition=WITH_ID)], {"sts:ExternalId": "ABC"}, IMPLICIT),
    ([let(AWS, Condition=WITH_ID)], {}, IMPLICIT),
    ([let(AWS), let("*", effect="Deny")], {}, EXPLICIT),
    ([let(AWS), let({"AWS": "444455556666"}, effect="Deny")], {}, EXPLICIT),
    ([let(AWS), let({"AWS": "111122223333"}, effect="Deny")], {}, ALLOWED),
    ([let("*", Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::444455556666:role/*"}})], {}, ALLOWED),
    ([let("*", Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::444455556666:user/*"}})], {}, IMPLICIT),
    ([let("*", Condition={"StringEquals": {"aws:PrincipalAccount": "444455556666"}})], {}, ALLOWED),
    ([let("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})], {}, UNKNOWN),
    ([let("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})], {"aws:PrincipalOrgID": "o-1"}, ALLOWED),
    ([let({"AWS": "${aws_iam_role.if.arn}"})], {}, UNKNOWN),
    ([let({"AWS": "${aws_iam_role.if.arn}"}), let(AWS)], {}, ALLOWED),
    ([let({"AWS": "${aws_iam_role.if.arn}"}, effect="Deny"), let(AWS)], {}, UNKNOWN),
    ([let(AWS, Condition={"StringEquals": {"sts:ExternalId": "${var.id}"}})], {"sts:ExternalId": "abc"}, UNKNOWN),
    ([let(AWS, Condition={"StringEquals": {"sts:ExternalId": "${var.id}"}})], {"sts:ExternalId": "${var.id}"}, ALLOWED),
    ([let(AWS, Condition={"StringEquals": {"sts:ExternalId": "${var.id}"}})], {}, IMPLICIT),
]


@pytest.mark.parametrize(("statements", "context", "decision"), TRUST_CASES)
def test_a_trust_lets_in_whom_it_names_under_its_conditions(statements: Any, context: Any, decision: Any) -> None:
    assert judge(trust(*statements), context=context).decision.value == decision


REACHES = [
    (AWS, Reach.ROLE),
    ({"AWS": "444455556666"}, Reach.ACCOUNT),
    ({"AWS": "arn:aws:sts::444455556666:assumed-role/If/session"}, Reach.PRINCIPAL),
    ("*", Reach.PRINCIPAL),
    ({"AWS": "111122223333"}, Reach.NONE),
]


@pytest.mark.parametrize(("principal", "reach"), REACHES)
def test_a_verdict_says_how_far_the_trust_names_the_caller(principal: Any, reach: Any) -> None:
    assert judge(trust(let(principal))).reach is reach


def test_not_principal_with_deny_denies_a_caller_with_a_boundary() -> None:
    spared = {"AWS": ["arn:aws:sts::444455556666:assumed-role/If/session", AWS["AWS"], "444455556666"]}
    document = trust(let("*"), {"Effect": "Deny", "NotPrincipal": spared, "Action": "*"})
    assert judge(document).decision is Decision.ALLOWED
    assert judge(document, bounded=True).decision is Decision.EXPLICITLY_DENIED


SERVICE = Principal.service("cloudformation.amazonaws.com")
CONFUSED_DEPUTY = {"StringEquals": {"aws:SourceAccount": "111122223333"}}
SERVICE_CASES = [
    ({"Service": "cloudformation.amazonaws.com"}, None, {}, ALLOWED),
    ({"Service": "ec2.amazonaws.com"}, None, {}, IMPLICIT),
    ({"Service": "cloudformation.amazonaws.com"}, CONFUSED_DEPUTY, {"aws:SourceAccount": "111122223333"}, ALLOWED),
    ({"Service": "cloudformation.amazonaws.com"}, CONFUSED_DEPUTY, {"aws:SourceAccount": "999999999999"}, IMPLICIT),
    ({"Service": "cloudformation.amazonaws.com"}, CONFUSED_DEPUTY, {}, IMPLICIT),
]


@pytest.mark.parametrize(("principal", "condition", "context", "decision"), SERVICE_CASES)
def test_a_service_is_let_in_by_the_trust_alone(principal: Any, condition: Any, context: Any, decision: Any) -> None:
    more = {} if condition is None else {"Condition": condition}
    assert judge(trust(let(principal, **more)), SERVICE, context=context).decision.value == decision


def test_a_refused_verdict_shows_per_condition_what_is_wanted_and_what_is_offered() -> None:
    document = trust(let(AWS, Sid="In", Condition={**WITH_ID, "StringLike": {"sts:RoleSessionName": "ci-*"}}))
    verdict = judge(document, context={"sts:ExternalId": "other", "sts:RoleSessionName": "ci-1"})
    (found,) = verdict.statements["trust policy"]
    assert (found.policy, found.index, found.sid, found.deny, found.answer) == ("Admin.trust", 0, "In", False, False)
    assert [(one.element, one.operator, one.key, one.answer) for one in found.elements] == [
        ("Principal", "", "", True),
        ("Action", "", "", True),
        ("Condition", "StringEquals", "sts:ExternalId", False),
        ("Condition", "StringLike", "sts:RoleSessionName", True),
    ]
    (mismatch,) = found.mismatches
    assert (mismatch.wanted, mismatch.offered) == (("abc",), "other")
    assert found.elements[0].wanted == ("AWS arn:aws:iam::444455556666:role/If",)
    assert found.elements[0].offered == "arn:aws:sts::444455556666:assumed-role/If/session"


def test_a_report_agrees_with_the_decision_of_its_statement() -> None:
    for statements, context, _ in TRUST_CASES:
        verdict = judge(trust(*statements), context=context)
        applying = [one.index for one in verdict.statements["trust policy"] if one.answer is True]
        if verdict.decision in (Decision.ALLOWED, Decision.EXPLICITLY_DENIED):
            assert {one.index for one in verdict.decided_by} <= set(applying)
        else:
            assert not [one for one in verdict.statements["trust policy"] if one.answer is True and one.deny]
