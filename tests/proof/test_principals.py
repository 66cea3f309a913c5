"""Whom an element names, and how far that carries."""

from typing import Any

import pytest

from rolebridge.proof.principals import Principal, PrincipalElement, Reach
from rolebridge.proof.shape import PolicyShapeError

ACCOUNT = "111122223333"
OTHER = "444455556666"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/path/Deploy"
SESSION_ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/Deploy/ann"
USER_ARN = f"arn:aws:iam::{ACCOUNT}:user/ann"
OIDC = f"arn:aws:iam::{ACCOUNT}:oidc-provider/issuer.example.com"

ROLE = Principal.role(ROLE_ARN, "ann", unique_id="AROAAAAAAAAAAAAAAAAAA")
USER = Principal.user(USER_ARN, unique_id="AIDAAAAAAAAAAAAAAAAAA")
SERVICE = Principal.service("cloudformation.amazonaws.com")
TOKEN = Principal.federated(OIDC)
GOOGLE = Principal.federated("accounts.google.com")

NONE, BY_ACCOUNT, BY_ROLE, ITSELF = Reach.NONE, Reach.ACCOUNT, Reach.ROLE, Reach.PRINCIPAL


def named(
    element: Any, principal: Principal, *, deny: bool = False, negated: bool = False, bounded: bool = False
) -> Any:
    """The reach; «unknown» where the principal could be named further than that."""
    found = PrincipalElement(element, "Principal", negated=negated).names(principal, deny=deny, bounded=bounded)
    return found.reach if found.unknown is None else "unknown"


CASES = [
    ("*", ROLE, ITSELF),
    ("*", USER, ITSELF),
    ("*", Principal.anonymous(), ITSELF),
    ({"AWS": "*"}, ROLE, ITSELF),
    ({"AWS": ["*"]}, Principal.anonymous(), ITSELF),
    ({"AWS": ACCOUNT}, ROLE, BY_ACCOUNT),
    ({"AWS": ROOT}, ROLE, BY_ACCOUNT),
    ({"AWS": ROOT}, USER, BY_ACCOUNT),
    ({"AWS": ROOT}, Principal.root(ACCOUNT), ITSELF),
    ({"AWS": OTHER}, ROLE, NONE),
    ({"AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"}, ROLE, NONE),
    ({"AWS": ROLE_ARN}, ROLE, BY_ROLE),
    ({"AWS": SESSION_ARN}, ROLE, ITSELF),
    ({"AWS": [OTHER, ROLE_ARN, ROOT]}, ROLE, BY_ROLE),
    ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/Deploy"}, ROLE, NONE),
    ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/path/deploy"}, ROLE, NONE),
    ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"}, ROLE, NONE),
    ({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/Deploy/*"}, ROLE, NONE),
    ({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/Deploy/bob"}, ROLE, NONE),
    ({"AWS": USER_ARN}, USER, ITSELF),
    ({"AWS": f"arn:aws:iam::{ACCOUNT}:user/Ann"}, USER, NONE),
    ({"AWS": f"arn:aws:iam::{OTHER}:user/ann"}, USER, NONE),
    ({"AWS": "AIDAAAAAAAAAAAAAAAAAA"}, USER, ITSELF),
    ({"AWS": "AIDABBBBBBBBBBBBBBBBB"}, USER, NONE),
    ({"AWS": "AROAAAAAAAAAAAAAAAAAA"}, ROLE, BY_ROLE),
    ({"AWS": "AIDAAAAAAAAAAAAAAAAAA"}, Principal.user(USER_ARN), "unknown"),
    ({"AWS": SESSION_ARN}, Principal.role(ROLE_ARN), "unknown"),
    ({"AWS": ROLE_ARN}, Principal.role(ROLE_ARN), BY_ROLE),
    ({"AWS": ROLE_ARN}, Principal.from_arn(SESSION_ARN), "unknown"),
    ({"AWS": SESSION_ARN}, Principal.from_arn(SESSION_ARN), ITSELF),
    ({"AWS": "${aws_iam_role.deploy.arn}"}, ROLE, "unknown"),
    ({"AWS": ["${aws_iam_role.deploy.arn}", SESSION_ARN]}, ROLE, ITSELF),
    ({"AWS": "arn:aws:iam::${var.account}:role/path/Deploy"}, ROLE, "unknown"),
    ({"AWS": "arn:aws:iam::${var.account}:role/Other"}, ROLE, NONE),
    ({"AWS": "arn:aws:iam::${var.account}:root"}, ROLE, "unknown"),
    ({"AWS": "${var.account}"}, ROLE, "unknown"),
    ({"AWS": "${var.maybe_nothing}*"}, ROLE, "unknown"),
    ({"AWS": ROLE_ARN}, Principal.role("arn:aws:iam::${var.account}:role/path/Deploy"), "unknown"),
    ({"AWS": ROLE_ARN}, Principal.role("arn:aws:iam::${var.account}:role/Other"), NONE),
    ({"AWS": ACCOUNT}, Principal.role("arn:aws:iam::${var.account}:role/Other"), "unknown"),
    ({"AWS": "arn:aws:iam::${var.account}:root"}, Principal.role("arn:aws:iam::${var.account}:role/Other"), BY_ACCOUNT),
    ({"AWS": "arn:aws:iam::${var.other}:root"}, Principal.role("arn:aws:iam::${var.account}:role/Other"), "unknown"),
    ({"AWS": "arn:aws:iam::${var.other}:user/x"}, Principal.role("arn:aws:iam::${var.account}:role/Other"), NONE),
    ({"Federated": OIDC}, Principal.federated("${aws_iam_openid_connect_provider.x.arn}"), "unknown"),
    ({"CanonicalUser": "79a5"}, Principal.canonical_user("79a5"), ITSELF),
    ({"CanonicalUser": "79a5"}, Principal.canonical_user("0000"), NONE),
    ({"CanonicalUser": "79a5"}, ROLE, "unknown"),
    ({"Service": "cloudformation.amazonaws.com"}, SERVICE, ITSELF),
    ({"Service": ["ec2.amazonaws.com", "cloudformation.amazonaws.com"]}, SERVICE, ITSELF),
    ({"Service": "ec2.amazonaws.com"}, SERVICE, NONE),
    ({"Service": "*"}, SERVICE, "unknown"),
    ({"AWS": ROOT}, SERVICE, NONE),
    ({"Service": "cloudformation.amazonaws.com"}, ROLE, NONE),
    ("*", SERVICE, "unknown"),
    ({"Federated": OIDC}, TOKEN, ITSELF),
    ({"Federated": f"arn:aws:iam::{OTHER}:oidc-provider/issuer.example.com"}, TOKEN, NONE),
    ({"Federated": f"{OIDC}/path"}, TOKEN, NONE),
    ({"Federated": "accounts.google.com"}, GOOGLE, ITSELF),
    ({"Federated": "accounts.google.com"}, TOKEN, NONE),
    ({"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/accounts.google.com"}, GOOGLE, "unknown"),
    ({"Federated": "${aws_iam_openid_connect_provider.x.arn}"}, TOKEN, "unknown"),
    ({"Federated": "*"}, TOKEN, "unknown"),
    ({"Federated": OIDC}, ROLE, NONE),
    ({"AWS": "*"}, TOKEN, "unknown"),
    ({"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/Corp"},
     Principal.federated(f"arn:aws:iam::{ACCOUNT}:saml-provider/Corp"), ITSELF),
    ({}, ROLE, NONE),
    ({"AWS": []}, ROLE, NONE),
]  # fmt: skip


@pytest.mark.parametrize(("element", "principal", "reach"), CASES)
def test_a_principal_is_named_itself_or_by_its_role_or_by_its_account(element: Any, principal: Any, reach: Any) -> None:
    assert named(element, principal) == reach


@pytest.mark.parametrize("principal", [ROLE, USER, SERVICE, TOKEN, GOOGLE, Principal.anonymous()])
@pytest.mark.parametrize("element", ["*", {"AWS": "*"}])
def test_a_deny_for_everybody_is_for_everybody(principal: Any, element: Any) -> None:
    assert named(element, principal, deny=True) is ITSELF


NOT_PRINCIPAL_ALLOWS = [
    ({"AWS": USER_ARN}, USER, NONE),
    ({"AWS": USER_ARN}, ROLE, ITSELF),
    ({"AWS": USER_ARN}, Principal.anonymous(), ITSELF),
    ({"AWS": ROOT}, USER, NONE),
    ({"AWS": OTHER}, USER, ITSELF),
    ({"AWS": ROLE_ARN}, ROLE, NONE),
    ("*", USER, NONE),
    ({"AWS": "${var.x}"}, USER, "unknown"),
]


@pytest.mark.parametrize(("element", "principal", "reach"), NOT_PRINCIPAL_ALLOWS)
def test_not_principal_with_allow_is_everybody_but_whom_it_names(element: Any, principal: Any, reach: Any) -> None:
    assert named(element, principal, negated=True) == reach


NOT_PRINCIPAL_DENIES = [
    ({"AWS": [USER_ARN, ROOT]}, USER, NONE),
    ({"AWS": [USER_ARN, ACCOUNT]}, USER, NONE),
    ({"AWS": [USER_ARN, ROOT]}, Principal.user(f"arn:aws:iam::{ACCOUNT}:user/bob"), ITSELF),
    ({"AWS": [USER_ARN, ROOT]}, Principal.user(f"arn:aws:iam::{OTHER}:user/bob"), ITSELF),
    ({"AWS": [USER_ARN]}, USER, "unknown"),
    ({"AWS": [SESSION_ARN, ROLE_ARN, ROOT]}, ROLE, NONE),
    ({"AWS": [SESSION_ARN, ROOT]}, ROLE, "unknown"),
    ({"AWS": [SESSION_ARN, ROLE_ARN]}, ROLE, "unknown"),
    ({"AWS": [SESSION_ARN, ROLE_ARN, ROOT]}, Principal.role(ROLE_ARN, "bob"), ITSELF),
    ({"AWS": [ROLE_ARN, ROOT]}, Principal.role(ROLE_ARN), "unknown"),
    ({"AWS": OTHER}, ROLE, ITSELF),
    ({"AWS": "${var.x}"}, ROLE, "unknown"),
    ("*", ROLE, NONE),
    ({"Service": "ec2.amazonaws.com"}, SERVICE, ITSELF),
    ({"Service": "cloudformation.amazonaws.com"}, SERVICE, NONE),
    ({"AWS": ROOT}, Principal.anonymous(), ITSELF),
]


@pytest.mark.parametrize(("element", "principal", "reach"), NOT_PRINCIPAL_DENIES)
def test_not_principal_with_deny_spares_only_whom_it_names_with_role_and_account(
    element: Any, principal: Any, reach: Any
) -> None:
    assert named(element, principal, deny=True, negated=True) == reach


@pytest.mark.parametrize("principal", [USER, ROLE])
def test_not_principal_with_deny_always_denies_who_has_a_boundary(principal: Any) -> None:
    element = {"AWS": [USER_ARN, SESSION_ARN, ROLE_ARN, ROOT]}
    assert named(element, principal, deny=True, negated=True, bounded=True) is ITSELF
    assert named(element, principal, deny=True, negated=True) is NONE


MISSHAPEN = [
    ("arn:aws:iam::111122223333:root", "Principal"),
    (None, "Principal"),
    (["*"], "Principal"),
    ({"aws": "*"}, "Principal"),
    ({"AWS": 111122223333}, "Principal.AWS"),
    ({"AWS": ["*", None]}, "Principal.AWS[1]"),
]


@pytest.mark.parametrize(("element", "where"), MISSHAPEN)
def test_an_element_without_a_principals_shape_is_named_with_its_place(element: Any, where: Any) -> None:
    with pytest.raises(PolicyShapeError) as caught:
        PrincipalElement(element, "Principal", negated=False)
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("arn", "kind", "identity"),
    [
        (ROLE_ARN, "role session", ROLE_ARN),
        (USER_ARN, "IAM user", USER_ARN),
        (ROOT, "account root user", ROOT),
        (SESSION_ARN, "role session", f"arn:aws:iam::{ACCOUNT}:role/Deploy"),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/ann", "federated user session", None),
    ],
)
def test_an_arn_says_what_kind_of_principal_it_is(arn: Any, kind: Any, identity: Any) -> None:
    principal = Principal.from_arn(arn)
    assert principal.kind.value == kind
    assert principal.account == ACCOUNT
    assert identity is None or principal.identity_arn == identity


@pytest.mark.parametrize("arn", ["", "*", "arn:aws:iam::1:group/x", "arn:aws:s3:::bucket", "arn:aws:s3:::role/x"])
def test_an_arn_of_nobody_is_refused(arn: Any) -> None:
    with pytest.raises(ValueError, match="is no ARN"):
        Principal.from_arn(arn)
