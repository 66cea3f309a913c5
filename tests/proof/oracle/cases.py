"""Cases for the oracle: small vocabularies, so that about as many fit as do not. A seed gives the same cases again.

What the oracle is known to judge otherwise than AWS documents is left out here and stands in ``test_oracle.py``.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

HERE, THERE = "111122223333", "444455556666"
NAMES = ("Admin", "Deploy", "admin")
ROLES = tuple(
    f"arn:aws:iam::{account}:role/{path}{name}" for account in (HERE, THERE) for path in ("", "ci/") for name in NAMES
)
USERS = tuple(f"arn:aws:iam::{account}:user/{name}" for account in (HERE, THERE) for name in ("ann", "bob"))
SESSIONS = tuple(
    (f"arn:aws:sts::{account}:assumed-role/{name}/{session}", f"arn:aws:iam::{account}:role/{name}")
    for account in (HERE, THERE)
    for name in NAMES[:2]
    for session in ("s1", "s2")
)
SERVICES = ("cloudformation.amazonaws.com", "ec2.amazonaws.com")
TABLES = tuple(
    f"arn:aws:dynamodb:{region}:{HERE}:table/{name}"
    for region in ("eu-west-1", "us-east-1")
    for name in ("red", "red-ann", "a:b")
)


@dataclass(frozen=True)
class Case:
    """One question, in plain values.

    Attributes:
        principal: an ARN or a service.
        role: of a session, its role's ARN.
    """

    family: str
    principal: str
    role: str | None
    action: str
    resource: str
    context: dict[str, Any]
    identity: list[dict[str, Any]] = field(default_factory=list)
    boundary: dict[str, Any] | None = None
    session: dict[str, Any] | None = None
    trust: dict[str, Any] | None = None


def cases(seed: int, number: int) -> Iterator[Case]:
    """Yield as many cases as wanted, of every family in turn."""
    families = (_operators, _elements, _operators, _handshake, _handshake, _service, _session_policy)
    for index in range(number):
        family = families[index % len(families)]
        yield family(random.Random(f"{seed}/{index}"))


# operator, values that a policy has, values that a request has
TEXTS = ("red", "Red", "RED", "blue", "", "red-ann", "r*", "r?d", "*")
NUMBERS = ("1", "2", "10", "-1", "1.5", "10.0", "100")
DATES = ("2026-01-01T00:00:00Z", "2026-06-01T12:00:00Z", "2025-12-31T23:59:59Z", "2026-01-01T00:00:01Z")
NETWORKS = ("10.0.0.0/8", "10.1.0.0/16", "192.0.2.1/32", "2001:db8::/32", "2001:db8:1::/48")
ADDRESSES = ("10.1.2.3", "10.2.0.1", "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:1::5", "2001:db9::1")
ARN_PATTERNS = (
    "arn:aws:iam::*:role/*",
    f"arn:aws:iam::{HERE}:role/Admin",
    "arn:aws:iam::*:role/ci/*",
    "arn:*:iam::*:user/ann",
    f"arn:aws:iam::{HERE}:role/A*n",
    "arn:aws:iam::????????????:role/D?ploy",
    "arn:aws:dynamodb:*:*:table/red",
)
ARNS = (*ROLES, *USERS, *TABLES)
BYTES = ("QQ==", "QUI=", "YQ==")
BOOLEANS = ("true", "false")
STRING_PATTERNS = (
    "red",
    "r*",
    "R*",
    "*",
    "r?d",
    "*-ann",
    "blue",
    "",
    "?*",
    "re*a*n",
    "red-${aws:username}",
    "${aws:username}",
)
ORDER = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
VOCABULARY: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    **{f"String{kind}": (TEXTS, TEXTS) for kind in ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase")},
    "StringLike": (STRING_PATTERNS, TEXTS),
    "StringNotLike": (STRING_PATTERNS[:-1], TEXTS),
    **{f"Numeric{kind}": (NUMBERS, NUMBERS) for kind in ORDER},
    **{f"Date{kind}": (DATES, DATES) for kind in ORDER},
    **{f"Arn{kind}": (ARN_PATTERNS, ARNS) for kind in ("Equals", "Like", "NotEquals", "NotLike")},
    "IpAddress": (NETWORKS, ADDRESSES),
    "NotIpAddress": (NETWORKS, ADDRESSES),
    "Bool": (BOOLEANS, BOOLEANS),
    "BinaryEquals": (BYTES, BYTES),
    "Null": (BOOLEANS, TEXTS),
}
SINGLE = ("k:a", "k:b", "k:C")
SEVERAL = "k:list"


def _some(rng: random.Random, values: Sequence[T], most: int = 3) -> list[T]:
    return [rng.choice(values) for _ in range(rng.randint(1, most))]


def _one_or_list(rng: random.Random, values: Sequence[str]) -> str | list[str]:
    found = _some(rng, values)
    return found[0] if len(found) == 1 and rng.random() < 0.7 else found


def _condition(rng: random.Random, context: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Make a condition, and perhaps give the request the key."""
    operator = rng.choice(list(VOCABULARY))
    wanted, offered = VOCABULARY[operator]
    quantifier = "" if operator == "Null" else rng.choice(("", "", "", "ForAllValues:", "ForAnyValue:"))
    several = rng.random() < (0.8 if quantifier else 0.05)
    key = f"{SEVERAL if several else rng.choice(SINGLE)}{rng.randrange(10**6)}"
    if rng.random() < 0.8:
        full = [text for text in offered if text or not quantifier]
        context[key] = _some(rng, full) if several else rng.choice(full)
    can_be_missing = operator != "Null" and quantifier != "ForAnyValue:"
    suffix = "IfExists" if can_be_missing and rng.random() < 0.2 else ""
    written = key.upper() if rng.random() < 0.1 else key
    return f"{quantifier}{operator}{suffix}", {written: _one_or_list(rng, wanted)}


def _conditions(rng: random.Random, context: dict[str, Any], most: int = 3) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(rng.randint(0, most)):
        operator, keys = _condition(rng, context)
        found.setdefault(operator, {}).update(keys)
    return found


def _document(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def _operators(rng: random.Random) -> Case:
    """One or two statements on the same queue whose conditions decide."""
    principal = rng.choice(USERS[:2])
    context: dict[str, Any] = {"aws:username": principal.rsplit("/", 1)[-1]}
    statements = []
    for _ in range(rng.randint(1, 2)):
        statement = {"Effect": rng.choice(("Allow", "Allow", "Deny")), "Action": "dynamodb:*", "Resource": "*"}
        if condition := _conditions(rng, context):
            statement["Condition"] = condition
        statements.append(statement)
    return Case("operators", principal, None, "dynamodb:GetItem", TABLES[0], context, [_document(statements)])


ACTIONS = (
    "dynamodb:GetItem",
    "DynamoDB:getitem",
    "dynamodb:*",
    "*",
    "dynamodb:Get*",
    "dynamodb:?etItem",
    "dynamodb:Put*",
    "ec2:*",
    "dynamodb:GetItems",
)
RESOURCES = (
    "*",
    f"arn:aws:dynamodb:*:{HERE}:table/red",
    f"arn:aws:dynamodb:eu-west-1:{HERE}:*",
    "arn:aws:dynamodb:*:*:table/red-${aws:username}",
    "arn:aws:dynamodb:*:*:table/${aws:username}",
    "arn:aws:dynamodb:*:*:table/r?d",
    f"arn:aws:dynamodb:us-east-1:{HERE}:table/red*",
    f"arn:aws:dynamodb:eu-*-1:{HERE}:table/a:b",
    f"arn:aws:dynamodb:eu-west-?:{HERE}:table/a*b",
    f"arn:aws:dynamodb:eu-west-1:{HERE}:table/RED",
    "arn:aws:sns:*:*:*",
    "arn:aws:dynamodb:*:*:table/red-${aws:PrincipalTag/team, 'ann'}",
    "arn:aws:dynamodb:*:*:table/red-${aws:PrincipalTag/team}",
)
"""The last one's variable has no value."""


def _elements(rng: random.Random) -> Case:
    """Actions, resources and their opposites; several policies; a boundary."""
    principal = rng.choice(USERS[:2])
    context = {"aws:username": principal.rsplit("/", 1)[-1]}

    def statement() -> dict[str, Any]:
        action = "NotAction" if rng.random() < 0.2 else "Action"
        resource = "NotResource" if rng.random() < 0.2 else "Resource"
        effect = rng.choice(("Allow", "Allow", "Allow", "Deny"))
        resources = RESOURCES[:-1] if resource == "NotResource" else RESOURCES
        return {"Effect": effect, action: _one_or_list(rng, ACTIONS), resource: _one_or_list(rng, resources)}

    identity = [_document([statement() for _ in range(rng.randint(1, 3))]) for _ in range(rng.randint(0, 2))]
    boundary = _document([statement() for _ in range(rng.randint(1, 2))]) if rng.random() < 0.4 else None
    return Case("elements", principal, None, "dynamodb:GetItem", rng.choice(TABLES), context, identity, boundary)


EXTERNAL_IDS = ("abc", "ABC", "xyz")


def _strangers(rng: random.Random) -> list[str]:
    return [rng.choice(USERS), rng.choice(SESSIONS)[1], rng.choice(SESSIONS)[0], "999999999999"]


def _named(rng: random.Random, principal: str, role: str | None, *, itself: bool = True) -> Any:
    account = (role or principal).split(":")[4]
    fitting = [f"arn:aws:iam::{account}:root", account, *([principal] if itself else []), *([role] if role else [])]
    if itself and rng.random() < 0.1:
        return rng.choice(("*", {"AWS": "*"}))
    found = _some(rng, [*fitting, *fitting, *fitting, *_strangers(rng)])
    kept = [name for name in found if itself or name != principal] or [account]
    return {"AWS": kept[0] if len(kept) == 1 else kept}


def _not_named(rng: random.Random, principal: str, role: str | None) -> Any:
    """The caller with all its parents, or somebody of quite another account."""
    account = (role or principal).split(":")[4]
    if rng.random() < 0.5:
        return {"AWS": [principal, f"arn:aws:iam::{account}:root", *([role] if role else [])]}
    return {"AWS": _one_or_list(rng, ("999999999999", "arn:aws:iam::999999999999:role/Admin"))}


def _caller(rng: random.Random) -> tuple[str, str | None]:
    return rng.choice(SESSIONS) if rng.random() < 0.6 else (rng.choice(USERS), None)


def _call(rng: random.Random, principal: str, role: str | None) -> dict[str, Any]:
    """The keys that AWS itself would fill in, and an external id."""
    account = (role or principal).split(":")[4]
    context: dict[str, Any] = {"aws:PrincipalArn": role or principal, "aws:PrincipalAccount": account}
    if role is None:
        context["aws:username"] = principal.rsplit("/", 1)[-1]
    if rng.random() < 0.8:
        context["sts:ExternalId"] = rng.choice(EXTERNAL_IDS[:2])
    context["sts:RoleSessionName"] = rng.choice(("ann", "bob", "ci-1"))
    return context


CALL_CONDITIONS: tuple[dict[str, Any], ...] = (
    {"StringEquals": {"sts:ExternalId": "abc"}},
    {"StringEquals": {"sts:ExternalId": ["abc", "xyz"]}},
    {"StringEqualsIfExists": {"sts:ExternalId": "abc"}},
    {"StringNotEquals": {"sts:ExternalId": "abc"}},
    {"StringEqualsIgnoreCase": {"sts:ExternalId": "abc"}},
    {"StringLike": {"sts:ExternalId": "a*"}},
    {"Null": {"sts:ExternalId": "false"}},
    {"Null": {"sts:ExternalId": "true"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/A*"}},
    {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/A*"}},
    {"StringEquals": {"aws:PrincipalAccount": HERE}},
    {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}},
    {"StringLike": {"sts:RoleSessionName": "ci-*"}},
)


TRUST_ACTIONS = ("sts:AssumeRole", "sts:AssumeRole", "sts:*", ["sts:AssumeRole", "sts:TagSession"], "sts:TagSession")


def _trust_statement(rng: random.Random, principal: str, role: str | None, *, itself: bool = True) -> dict[str, Any]:
    effect = rng.choice(("Allow", "Allow", "Allow", "Allow", "Deny"))
    statement: dict[str, Any] = {"Effect": effect, "Action": rng.choice(TRUST_ACTIONS)}
    if effect == "Deny" and rng.random() < 0.4:
        statement["NotPrincipal"] = _not_named(rng, principal, role)
    else:
        statement["Principal"] = _named(rng, principal, role, itself=itself)
    if rng.random() < 0.5:
        statement["Condition"] = rng.choice(CALL_CONDITIONS)
    return statement


def _own_statement(rng: random.Random, target: str) -> dict[str, Any]:
    effect = rng.choice(("Allow",) * 6 + ("Deny",))
    resource = rng.choice((target, target, "*", "arn:aws:iam::*:role/Admin", f"arn:aws:iam::{HERE}:role/*", ROLES[1]))
    action = rng.choice(("sts:AssumeRole", "sts:*", "*", "s3:*"))
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    if rng.random() < 0.3:
        statement["Condition"] = rng.choice(CALL_CONDITIONS)
    return statement


def _own(rng: random.Random, target: str, most: int = 2) -> dict[str, Any]:
    return _document([_own_statement(rng, target) for _ in range(rng.randint(1, most))])


def _handshake(rng: random.Random) -> Case:
    """A trust and the caller's policies, within one account and between two."""
    principal, role = _caller(rng)
    target = rng.choice(ROLES[:6])
    trust = _document([_trust_statement(rng, principal, role) for _ in range(rng.randint(1, 3))])
    identity = [_own(rng, target) for _ in range(rng.randint(0, 2))]
    boundary = _own(rng, target) if rng.random() < 0.3 else None
    context = _call(rng, principal, role)
    return Case("handshake", principal, role, "sts:AssumeRole", target, context, identity, boundary, None, trust)


def _service(rng: random.Random) -> Case:
    """A service that takes a role."""
    principal = rng.choice(SERVICES)
    context = {} if rng.random() < 0.3 else {"aws:SourceAccount": rng.choice((HERE, THERE))}
    statements = []
    for _ in range(rng.randint(1, 2)):
        named: Any = {"Service": _one_or_list(rng, SERVICES)}
        if rng.random() < 0.2:
            named["AWS"] = HERE
        statement = {"Effect": rng.choice(("Allow", "Allow", "Deny")), "Principal": named, "Action": "sts:AssumeRole"}
        if rng.random() < 0.5:
            operator = rng.choice(("StringEquals", "StringNotEquals", "StringEqualsIfExists"))
            statement["Condition"] = {operator: {"aws:SourceAccount": HERE}}
        statements.append(statement)
    return Case("service", principal, None, "sts:AssumeRole", ROLES[0], context, trust=_document(statements))


def _session_policy(rng: random.Random) -> Case:
    """A session with a policy of its own, whose role or account is trusted."""
    principal, role = rng.choice(SESSIONS)
    target = rng.choice(ROLES[:6])
    statements = [_trust_statement(rng, principal, role, itself=False) for _ in range(rng.randint(1, 2))]
    boundary = _own(rng, target) if rng.random() < 0.3 else None
    context = _call(rng, principal, role)
    own, session = [_own(rng, target)], _own(rng, target)
    document = _document(statements)
    return Case("session policy", principal, role, "sts:AssumeRole", target, context, own, boundary, session, document)
