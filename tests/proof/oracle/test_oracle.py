"""Our judgment against an independent one: @cloud-copilot/iam-simulate, a development dependency only (AGPL).

Generated cases must all agree. Where the oracle is known to judge otherwise than AWS documents, the generator makes no
cases; those places are listed here with AWS's words, and a test notices when the oracle changes its mind.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.proof.oracle.cases import HERE, ROLES, SESSIONS, TABLES, USERS, Case, cases
from tests.proof.oracle.judges import oracle, oracle_directory, ours, simulation

DIRECTORY = oracle_directory()
pytestmark = pytest.mark.skipif(
    DIRECTORY is None, reason="needs @cloud-copilot/iam-simulate: npm ci, or ROLEBRIDGE_ORACLE"
)
NUMBER = int(os.environ.get("ROLEBRIDGE_ORACLE_CASES", "12000"))
SEED = int(os.environ.get("ROLEBRIDGE_ORACLE_SEED", "1"))


@pytest.mark.slow
def test_no_generated_case_is_judged_otherwise_by_the_oracle() -> None:
    asked = list(cases(SEED, NUMBER))
    theirs = oracle(asked, DIRECTORY or Path())
    differing = []
    decisions: Counter[tuple[str, str]] = Counter()
    for case, answer in zip(asked, theirs, strict=True):
        decision = ours(case).decision.value
        decisions[case.family, decision] += 1
        if decision != answer:
            differing.append((decision, answer, simulation(case)))
    assert differing == []
    assert min(decisions.values()) > NUMBER / 150, f"a kind of case is rare: {decisions}"


ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
NOTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
SESSION, ROLE = SESSIONS[0]


@dataclass(frozen=True)
class Limit:
    """A case that the oracle judges otherwise than AWS's documentation says.

    Attributes:
        page: the page of the IAM user guide.
        words: what it says there.
    """

    case: Case
    ours: str
    oracle: str
    page: str
    words: str


def reading(condition: dict[str, Any], context: dict[str, Any], effect: str = "Allow") -> Case:
    statement = {"Effect": effect, "Action": "*", "Resource": "*", "Condition": condition}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return Case("limit", USERS[0], None, "dynamodb:GetItem", TABLES[0], context, [document])


def resource(element: str, pattern: str, table: str = TABLES[0]) -> Case:
    statement = {"Effect": "Allow", "Action": "*", element: pattern}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return Case("limit", USERS[0], None, "dynamodb:GetItem", table, {"aws:username": "ann"}, [document])


@dataclass(frozen=True)
class Trusting:
    """A trust of one statement, and what the session has."""

    principal: Any = None
    deny: dict[str, Any] | None = None
    caller: tuple[str, str | None] = (SESSION, ROLE)
    session: dict[str, Any] | None = None
    identity: list[dict[str, Any]] = field(default_factory=lambda: [ALL])

    def case(self) -> Case:
        statements = [{"Effect": "Allow", "Principal": self.principal, "Action": "sts:AssumeRole"}]
        statements += [{"Effect": "Deny", "Action": "sts:AssumeRole", **self.deny}] if self.deny else []
        document = {"Version": "2012-10-17", "Statement": statements}
        principal, role = self.caller
        context = {"sts:RoleSessionName": "x"}
        return Case(
            "limit", principal, role, "sts:AssumeRole", ROLES[0], context, self.identity, None, self.session, document
        )


ALLOWED, EXPLICIT, IMPLICIT, UNKNOWN = "allowed", "explicitly denied", "implicitly denied", "unknown"
LOGIC = "How AWS enforcement code logic evaluates requests to allow or deny access"
NOT_PRINCIPAL = "AWS JSON policy elements: NotPrincipal"
OPERATORS = "IAM JSON policy elements: Condition operators"
VARIABLES = "IAM policy elements: Variables and tags"
SEVERAL = "Multivalued context key examples"
PRINCIPAL = "AWS JSON policy elements: Principal"

LIMITS = {
    "a session policy limits what is granted to the session": Limit(
        Trusting({"AWS": SESSION}, session=NOTHING).case(), ALLOWED, IMPLICIT, LOGIC,
        "Permissions granted directly to a session are not limited by an implicit deny in an identity-based policy, a "
        "permissions boundary, or session policy.",
    ),
    "a session policy limits what is granted to everybody": Limit(
        Trusting("*", session=NOTHING).case(), ALLOWED, IMPLICIT, LOGIC,
        "Permissions boundaries and session policies do not limit permissions granted using the aws:PrincipalArn "
        "condition key with a wildcard(*) in the Principal element, unless the identity-based policies contain an "
        "explicit deny.",
    ),
    "NotPrincipal that names the account spares everybody in it": Limit(
        Trusting("*", {"NotPrincipal": {"AWS": HERE}}).case(), EXPLICIT, ALLOWED, NOT_PRINCIPAL,
        "In the following example, all principals except the user named Bob in AWS account 444455556666 are explicitly "
        "denied access to a resource. […] the NotPrincipal element contains the ARN of both the user Bob and the AWS "
        "account that Bob belongs to",
    ),
    "NotPrincipal that names the role spares its sessions": Limit(
        Trusting("*", {"NotPrincipal": {"AWS": [ROLE, HERE]}}).case(), EXPLICIT, ALLOWED, NOT_PRINCIPAL,
        "In the following example, all principals except the assumed-role user named cross-account-audit-app in AWS "
        "account 444455556666 are explicitly denied access […] the NotPrincipal element contains the ARN of the "
        "assumed-role user, the role, and the AWS account",
    ),
    "NotPrincipal that names the session without its role and account spares it": Limit(
        Trusting("*", {"NotPrincipal": {"AWS": SESSION}}).case(), UNKNOWN, ALLOWED, NOT_PRINCIPAL,
        "AWS might validate the account first, then the role, and then the assumed-role user.",
    ),
    "a role is named without regard to case": Limit(
        Trusting({"AWS": ROLE.replace("Admin", "admin")}).case(), IMPLICIT, ALLOWED, PRINCIPAL,
        "the user name part of the Amazon Resource Name (ARN) is case sensitive (said of users; of roles nothing else)",
    ),
    "everybody includes the services": Limit(
        replace(Trusting("*", caller=("ec2.amazonaws.com", None)).case(), identity=[]), UNKNOWN, ALLOWED, PRINCIPAL,
        "using a wildcard (*) with an Allow effect grants access to all users, including anonymous users",
    ),
    "a variable without a value makes NotResource cover nothing": Limit(
        resource("NotResource", "arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/team}"), ALLOWED, IMPLICIT, VARIABLES,
        "If a variable that has no value in the authorization context is used as part of the Resource or NotResource "
        "element of a policy, the resource that includes a policy variable with no value will not match any resource.",
    ),
    "a variable without a value makes a negated operator false": Limit(
        reading({"StringNotEquals": {"k:a": "${k:none}"}}, {"k:a": "red"}), ALLOWED, IMPLICIT, VARIABLES,
        "Inverted condition operators like StringNotEquals or StringNotLike do match against a null value",
    ),
    "an escaped star is text under StringEquals": Limit(
        reading({"StringEquals": {"k:a": "a${*}b"}}, {"k:a": "a*b"}), ALLOWED, IMPLICIT, VARIABLES,
        "These predefined policy variables can be used in any string where you can use regular policy variables.",
    ),
    "IfExists does nothing behind ForAnyValue": Limit(
        reading({"ForAnyValue:StringEqualsIfExists": {"k:a": "red"}}, {}), ALLOWED, IMPLICIT, OPERATORS,
        "You can add IfExists to the end of any condition operator name except the Null condition. […] If the key is "
        "not present, evaluate the condition element as true.",
    ),
    "an empty list is no missing key": Limit(
        reading({"Null": {"k:a": "true"}}, {"k:a": []}), ALLOWED, IMPLICIT, SEVERAL,
        "if the context key value resolves to a null dataset […] include the Null condition operator in your policy "
        "with a value of false to check if the context key in the request exists and its value is not null",
    ),
    "an empty text is a value under ForAllValues": Limit(
        reading({"ForAllValues:StringEquals": {"k:a": "red"}}, {"k:a": ""}), UNKNOWN, IMPLICIT, SEVERAL,
        "The ForAllValues set operator also returns true if there are no context keys in the request, or if the "
        "context key value resolves to a null dataset, such as an empty string. (An edition; the present one leaves it "
        "out.)",
    ),
    "an address without a prefix is of no other family": Limit(
        reading({"NotIpAddress": {"k:a": "192.0.2.1"}}, {"k:a": "2001:db8::1"}), ALLOWED, IMPLICIT, OPERATORS,
        "If you specify an IP address without the associated routing prefix, IAM uses the default prefix value of /32.",
    ),
    "an ARN operator's pattern that is no ARN matches nothing": Limit(
        reading({"ArnLike": {"k:a": "*"}}, {"k:a": ROLE}), UNKNOWN, IMPLICIT, OPERATORS,
        "Each of the six colon-delimited components of the ARN is checked separately (of fewer, nothing)",
    ),
    "a star does not reach over the colons of a resource": Limit(
        resource("Resource", "arn:aws:dynamodb:*:table/red"), ALLOWED, IMPLICIT, "IAM JSON policy elements: Resource",
        "If the * wildcard is the last character of a resource ARN segment, it can expand to match beyond the colon "
        "boundaries.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LIMITS)
def test_where_the_oracle_judges_otherwise_awss_documentation_speaks(name: str) -> None:
    limit = LIMITS[name]
    assert limit.page
    assert limit.words
    assert ours(limit.case).decision.value == limit.ours
    assert oracle([limit.case], DIRECTORY or Path()) == [limit.oracle]


def test_the_oracle_says_what_it_could_not_judge() -> None:
    broken = replace(reading({}, {}), identity=[{"Version": "2012-10-17", "Statement": [None]}])
    (answer,) = oracle([broken], DIRECTORY or Path())
    assert answer.startswith("error: ")
