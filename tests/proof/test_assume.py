"""Both halves of a handshake: the role's trust and the caller's policies, within one account and between two."""

from typing import Any

import pytest

from rolebridge.proof.assume import AssumeRole, Caller, can_assume, can_assume_with_token
from rolebridge.proof.policy import Policy, PolicyKind, compile_policy, opaque_policy
from rolebridge.proof.principals import Principal

HERE, THERE = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{HERE}:role/Admin"
SESSION = {
    HERE: Principal.role(f"arn:aws:iam::{HERE}:role/In", "s"),
    THERE: Principal.role(f"arn:aws:iam::{THERE}:role/In", "s"),
}
USER = {account: Principal.user(f"arn:aws:iam::{account}:user/ann") for account in (HERE, THERE)}


def trust(principal: Any, *more: dict[str, Any], action: Any = "sts:AssumeRole", **elements: Any) -> Policy:
    first = {"Effect": "Allow", "Principal": principal, "Action": action, **elements}
    return compile_policy({"Version": "2012-10-17", "Statement": [first, *more]}, PolicyKind.TRUST)


def identity(effect: str = "Allow", action: Any = "sts:AssumeRole", resource: str = ROLE, **elements: Any) -> Policy:
    statement = {"Effect": effect, "Action": action, "Resource": resource, **elements}
    return compile_policy({"Version": "2012-10-17", "Statement": [statement]})


YES, NO, NEVER = identity(), identity(action="s3:*"), identity("Deny")
MAYBE = identity(resource="${aws_iam_role.admin.arn}")


def names(caller: Principal, how: str) -> Any:
    account = {"AWS": f"arn:aws:iam::{caller.account}:root"}
    return {"itself": {"AWS": caller.name}, "role": {"AWS": caller.identity_arn}, "account": account, "all": "*",
            "nobody": {"AWS": "999999999999"}}[how]  # fmt: skip


ALLOWED, EXPLICIT, IMPLICIT, UNKNOWN = "allowed", "explicitly denied", "implicitly denied", "unknown"

# caller, whom the trust names, identity policies, boundary, session policies: within the account, between accounts
CASES = [
    (SESSION, "itself", [], None, [], ALLOWED, IMPLICIT),
    (SESSION, "itself", [], NO, [NO], ALLOWED, IMPLICIT),
    (SESSION, "itself", [YES], None, [], ALLOWED, ALLOWED),
    (SESSION, "itself", [NEVER], None, [], EXPLICIT, EXPLICIT),
    (SESSION, "itself", [YES], NEVER, [], EXPLICIT, EXPLICIT),
    (SESSION, "itself", [YES], None, [NEVER], EXPLICIT, EXPLICIT),
    (SESSION, "role", [], None, [], ALLOWED, IMPLICIT),
    (SESSION, "role", [YES], None, [], ALLOWED, ALLOWED),
    (SESSION, "role", [], YES, [], ALLOWED, IMPLICIT),
    (SESSION, "role", [], NO, [], IMPLICIT, IMPLICIT),
    (SESSION, "role", [YES], NO, [], IMPLICIT, IMPLICIT),
    (SESSION, "role", [YES], None, [NO], IMPLICIT, IMPLICIT),
    (SESSION, "role", [YES], YES, [YES], ALLOWED, ALLOWED),
    (SESSION, "role", [YES, NEVER], None, [], EXPLICIT, EXPLICIT),
    (SESSION, "account", [], None, [], IMPLICIT, IMPLICIT),
    (SESSION, "account", [NO], None, [], IMPLICIT, IMPLICIT),
    (SESSION, "account", [YES], None, [], ALLOWED, ALLOWED),
    (SESSION, "account", [YES], NO, [], IMPLICIT, IMPLICIT),
    (SESSION, "account", [YES], YES, [NO], IMPLICIT, IMPLICIT),
    (SESSION, "account", [YES, NEVER], None, [], EXPLICIT, EXPLICIT),
    (SESSION, "account", [MAYBE], None, [], UNKNOWN, UNKNOWN),
    (SESSION, "account", [MAYBE], NO, [], IMPLICIT, IMPLICIT),
    (SESSION, "role", [MAYBE], None, [], ALLOWED, UNKNOWN),
    (SESSION, "role", [], MAYBE, [], UNKNOWN, IMPLICIT),
    (SESSION, "all", [], None, [], ALLOWED, IMPLICIT),
    (SESSION, "all", [], NO, [], ALLOWED, IMPLICIT),
    (SESSION, "all", [YES], None, [], ALLOWED, ALLOWED),
    (SESSION, "nobody", [YES], None, [], IMPLICIT, IMPLICIT),
    (SESSION, "nobody", [NEVER], None, [], EXPLICIT, EXPLICIT),
    (USER, "itself", [], None, [], ALLOWED, IMPLICIT),
    (USER, "itself", [], NO, [], ALLOWED, IMPLICIT),
    (USER, "itself", [YES], None, [], ALLOWED, ALLOWED),
    (USER, "itself", [YES], NO, [], ALLOWED, IMPLICIT),
    (USER, "itself", [NEVER], None, [], EXPLICIT, EXPLICIT),
    (USER, "account", [], None, [], IMPLICIT, IMPLICIT),
    (USER, "account", [YES], None, [], ALLOWED, ALLOWED),
    (USER, "account", [YES], NO, [], IMPLICIT, IMPLICIT),
]


@pytest.mark.parametrize(("callers", "how", "policies", "boundary", "session", "within", "between"), CASES)
def test_what_the_callers_policies_have_to_say_depends_on_how_the_trust_names_it(
    callers: Any, how: Any, policies: Any, boundary: Any, session: Any, within: Any, between: Any
) -> None:
    for account, decision in ((HERE, within), (THERE, between)):
        caller = Caller(callers[account], policies, boundary, session)
        verdict = can_assume(ROLE, trust(names(callers[account], how)), caller)
        assert verdict.decision.value == decision, account


def test_a_deny_in_the_trust_decides() -> None:
    document = trust("*", {"Effect": "Deny", "Principal": {"AWS": THERE}, "Action": "sts:AssumeRole"})
    assert can_assume(ROLE, document, Caller(USER[THERE], [YES])).decision.value == EXPLICIT
    assert can_assume(ROLE, document, Caller(USER[HERE])).allowed


EXTERNAL_ID = {"StringEquals": {"sts:ExternalId": "abc"}}
HANDSHAKES = [
    (EXTERNAL_ID, EXTERNAL_ID, "abc", ALLOWED, ()),
    (EXTERNAL_ID, EXTERNAL_ID, None, IMPLICIT, ("trust policy", "identity policies")),
    (EXTERNAL_ID, EXTERNAL_ID, "ABC", IMPLICIT, ("trust policy", "identity policies")),
    (EXTERNAL_ID, None, "abc", ALLOWED, ()),
    (EXTERNAL_ID, None, "xyz", IMPLICIT, ("trust policy",)),
    (None, EXTERNAL_ID, "xyz", IMPLICIT, ("identity policies",)),
    (None, EXTERNAL_ID, "abc", ALLOWED, ()),
]


@pytest.mark.parametrize(("wanted", "permitted", "given", "decision", "refused_by"), HANDSHAKES)
def test_both_halves_of_an_external_id_have_to_fit(
    wanted: Any, permitted: Any, given: Any, decision: Any, refused_by: Any
) -> None:
    document = trust({"AWS": USER[THERE].name}, **({"Condition": wanted} if wanted else {}))
    caller = Caller(USER[THERE], [identity(**({"Condition": permitted} if permitted else {}))])
    verdict = can_assume(ROLE, document, caller, AssumeRole(external_id=given))
    assert verdict.decision.value == decision
    assert verdict.refused_by == refused_by


def test_within_the_account_a_refusal_does_not_blame_what_is_not_needed() -> None:
    refused = can_assume(ROLE, trust({"AWS": THERE}), Caller(USER[HERE]))
    assert refused.refused_by == ("trust policy",)
    refused = can_assume(ROLE, trust({"AWS": HERE}), Caller(USER[HERE]))
    assert refused.refused_by == ("identity policies",)
    refused = can_assume(ROLE, trust({"AWS": SESSION[HERE].identity_arn}), Caller(SESSION[HERE], boundary=NO))
    assert refused.refused_by == ("permissions boundary",)


BOTH = ["sts:AssumeRole", "sts:TagSession"]
TAGS = [
    ("sts:AssumeRole", "sts:AssumeRole", IMPLICIT),
    (BOTH, "sts:AssumeRole", IMPLICIT),
    ("sts:AssumeRole", BOTH, IMPLICIT),
    (BOTH, BOTH, ALLOWED),
    ("sts:*", "*", ALLOWED),
]


@pytest.mark.parametrize(("trusted", "permitted", "decision"), TAGS)
def test_session_tags_have_to_be_allowed_on_both_sides(trusted: Any, permitted: Any, decision: Any) -> None:
    caller = Caller(USER[THERE], [identity(action=permitted)])
    document = trust({"AWS": USER[THERE].name}, action=trusted)
    call = AssumeRole(tags={"team": "red"}, transitive_tags=["team"])
    assert can_assume(ROLE, document, caller, call).decision.value == decision
    assert can_assume(ROLE, document, caller).allowed


def test_a_source_identity_has_to_be_allowed() -> None:
    both = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    caller = Caller(USER[THERE], [identity(action=both)])
    call = AssumeRole(source_identity="ann")
    assert can_assume(ROLE, trust({"AWS": THERE}, action=both), caller, call).allowed
    assert not can_assume(ROLE, trust({"AWS": THERE}), caller, call).allowed


MFA = "aws:MultiFactorAuthPresent"
PARAMETERS = [
    ({"StringEquals": {"aws:RequestTag/team": "red"}}, AssumeRole(tags={"team": "red"}), ALLOWED),
    ({"StringEquals": {"aws:RequestTag/team": "red"}}, AssumeRole(tags={"team": "blue"}), IMPLICIT),
    ({"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}, AssumeRole(tags={"team": "x", "y": "z"}), IMPLICIT),
    ({"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}, AssumeRole(), ALLOWED),
    ({"StringLike": {"sts:RoleSessionName": "ci-*"}}, AssumeRole(session_name="ci-7"), ALLOWED),
    ({"StringLike": {"sts:RoleSessionName": "ci-*"}}, AssumeRole(session_name="x"), IMPLICIT),
    ({"StringLike": {"sts:RoleSessionName": "ci-*"}}, AssumeRole(), UNKNOWN),
    ({"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}, AssumeRole(session_name="ann"), ALLOWED),
    ({"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}, AssumeRole(session_name="bob"), IMPLICIT),
    ({"StringEquals": {"sts:SourceIdentity": "ann"}}, AssumeRole(source_identity="ann"), ALLOWED),
    ({"Null": {"sts:SourceIdentity": "false"}}, AssumeRole(), IMPLICIT),
    ({"NumericLessThanEquals": {"sts:DurationSeconds": "3600"}}, AssumeRole(duration=900), ALLOWED),
    ({"NumericLessThanEquals": {"sts:DurationSeconds": "3600"}}, AssumeRole(duration=7200), IMPLICIT),
    ({"NumericLessThanEquals": {"sts:DurationSeconds": "3600"}}, AssumeRole(), UNKNOWN),
    ({"Bool": {MFA: "true"}}, AssumeRole(), UNKNOWN),
    ({"Bool": {MFA: "true"}}, AssumeRole(context={MFA: True}), ALLOWED),
    ({"Bool": {MFA: "true"}}, AssumeRole(context={MFA: None}), IMPLICIT),
    ({"BoolIfExists": {MFA: "true"}}, AssumeRole(context={MFA: None}),
     ALLOWED),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "call", "decision"), PARAMETERS)
def test_the_parameters_of_the_call_are_condition_keys(condition: Any, call: Any, decision: Any) -> None:
    document = trust({"AWS": USER[HERE].name}, action="sts:*", Condition=condition)
    assert can_assume(ROLE, document, Caller(USER[HERE]), call).decision.value == decision


@pytest.mark.parametrize(
    "principal", [Principal.root(HERE), Principal.anonymous(), Principal.federated("accounts.google.com")]
)
def test_sts_refuses_the_root_user_and_unsigned_calls_whatever_the_trust_says(principal: Any) -> None:
    verdict = can_assume(ROLE, trust("*"), Caller(principal, [YES]))
    assert verdict.decision.value == IMPLICIT
    assert verdict.refused_by[0].startswith("AWS STS: ")


def test_a_role_whose_account_is_not_known_is_unknown_only_where_that_decides() -> None:
    role = "arn:aws:iam::${var.account}:role/Admin"
    document = trust({"AWS": USER[HERE].name})
    assert can_assume(role, document, Caller(USER[HERE])).decision.value == UNKNOWN
    assert can_assume(role, document, Caller(USER[HERE], [identity(resource="*")])).allowed
    assert can_assume(role, trust({"AWS": THERE}), Caller(USER[HERE])).decision.value == IMPLICIT


def test_a_trust_of_which_nothing_is_known_answers_unknown() -> None:
    verdict = can_assume(ROLE, opaque_policy("Terraform computes it"), Caller(USER[HERE], [YES]))
    assert verdict.unknown == ("Terraform computes it",)
    assert can_assume(ROLE, opaque_policy("x"), Caller(USER[HERE], [NEVER])).decision.value == EXPLICIT


ISSUER = f"arn:aws:iam::{HERE}:oidc-provider/issuer.example.com"


@pytest.mark.parametrize(
    ("action", "keys", "decision"),
    [
        ("sts:AssumeRoleWithWebIdentity", {}, ALLOWED),
        ("sts:AssumeRole", {}, IMPLICIT),
        ("sts:AssumeRoleWithWebIdentity", {"aws:TagKeys": ["team"]}, IMPLICIT),
        (["sts:AssumeRoleWithWebIdentity", "sts:TagSession"], {"aws:TagKeys": ["team"]}, ALLOWED),
        ("sts:AssumeRoleWithWebIdentity", {"sts:SourceIdentity": "ann"}, IMPLICIT),
        ("sts:*", {"sts:SourceIdentity": "ann"}, ALLOWED),
    ],
)
def test_a_token_needs_the_trust_for_everything_it_brings(action: Any, keys: Any, decision: Any) -> None:
    document = trust({"Federated": ISSUER}, action=action)
    assert can_assume_with_token(ROLE, document, Principal.federated(ISSUER), keys).decision.value == decision


def test_an_assertion_of_saml_is_judged_by_its_own_action() -> None:
    provider = f"arn:aws:iam::{HERE}:saml-provider/Corp"
    condition = {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}
    document = trust({"Federated": provider}, action="sts:AssumeRoleWithSAML", Condition=condition)
    caller = Principal.federated(provider)
    right = {"saml:aud": "https://signin.aws.amazon.com/saml"}
    assert can_assume_with_token(ROLE, document, caller, right, action="sts:AssumeRoleWithSAML").allowed
    assert not can_assume_with_token(ROLE, document, caller, {}, action="sts:AssumeRoleWithSAML").allowed
    assert not can_assume_with_token(ROLE, document, caller, right).allowed
