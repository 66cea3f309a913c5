"""Every row of the table «The guard on TerraformDeploy» in docs/google.md, shown by attempts that are evaluated.

The policies are those that are written; the attempts are judged to AWS's rules by ``rolebridge.proof``. What the table
says of a mode is what has to come out; a row without attempts here, and attempts without a row, fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from tests.google import MAIL, PRODUCTION, one, policies
from tests.snapshots import REPOSITORY

from rolebridge.proof.evaluation import Verdict, evaluate_identity
from rolebridge.proof.policy import Policy, compile_policy
from rolebridge.proof.principals import Principal
from rolebridge.proof.request import Request


def arn(resource: str) -> str:
    return f"arn:aws:iam::{PRODUCTION}:{resource}"


DEPLOY, ADMIN = arn("role/TerraformDeploy"), arn("role/Admin")
DEPLOY_POLICY, BOUNDARY = arn("policy/TerraformDeploy"), arn("policy/TerraformDeployBoundary")
GUARD = arn("policy/TerraformDeployGuard")
ATTACHED, ADMINS_POLICY, ADMINS_BOUNDARY = arn("policy/Attached"), arn("policy/Admins"), arn("policy/AdminsBoundary")
VAULT, SAFE, BREAK_GLASS = arn("role/Vault"), arn("policy/Safe"), arn("user/BreakGlass")
LEGACY, SHARED, ALICE, GROUP = arn("role/Legacy"), arn("policy/Shared"), arn("user/alice"), arn("group/Admins")
NEW_ROLE, NEW_USER, NEW_POLICY = arn("role/New"), arn("user/new"), arn("policy/New")
ORGANIZATIONS, BOOTSTRAPPER = arn("role/OrganizationAccountAccessRole"), arn("role/Bootstrapper")
SAML, OIDC = arn("saml-provider/idp"), arn("oidc-provider/issuer.example.org")
ADMINISTRATOR_ACCESS = compile_policy(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}, name="all"
)

OF_A_ROLE = [
    "AttachRolePolicy",
    "DeleteRole",
    "DeleteRolePermissionsBoundary",
    "DeleteRolePolicy",
    "DetachRolePolicy",
    "PutRolePermissionsBoundary",
    "PutRolePolicy",
    "UpdateAssumeRolePolicy",
    "UpdateRole",
    "UpdateRoleDescription",
]
OF_A_POLICY = ["CreatePolicyVersion", "DeletePolicy", "DeletePolicyVersion", "SetDefaultPolicyVersion"]
KEYS = ["CreateAccessKey", "UpdateAccessKey", "CreateLoginProfile", "UpdateLoginProfile"]
OTHER_CREDENTIALS = ["CreateServiceSpecificCredential", "UploadSSHPublicKey", "UploadSigningCertificate", "UpdateUser"]
READING = {
    "GetRole": DEPLOY,
    "ListRolePolicies": DEPLOY,
    "ListAttachedRolePolicies": ADMIN,
    "GetPolicy": DEPLOY_POLICY,
    "GetPolicyVersion": BOUNDARY,
    "ListPolicyVersions": BOUNDARY,
    "GetUser": BREAK_GLASS,
    "ListRoles": "*",
    "ListAccountAliases": "*",
    "SimulatePrincipalPolicy": VAULT,
}


@dataclass(frozen=True)
class Attempt:
    """Something that somebody tries.

    Attributes:
        action, resource: what, without ``iam:``.
        boundary: the permissions boundary that AWS tells of it: that of the target, or the new one; none without it.
    """

    action: str
    resource: str
    boundary: str | None = None

    def __str__(self) -> str:
        boundary = f" with {self.boundary.rpartition('/')[2]}" if self.boundary else ""
        return f"{self.action} on {self.resource.rpartition(':')[2]}{boundary}"


def tries(actions: list[str], resource: str, *boundaries: str | None) -> list[Attempt]:
    return [Attempt(action, resource, boundary) for boundary in boundaries or (None,) for action in actions]


RIGHTS = [
    *tries(["AttachRolePolicy", "PutRolePolicy"], LEGACY, None, SHARED),
    *tries(["AttachUserPolicy", "PutUserPolicy"], ALICE, None, SHARED),
    *tries(["AddUserToGroup", "AttachGroupPolicy", "PutGroupPolicy"], GROUP),
]

CLAIMS: dict[str, list[Attempt]] = {
    "changing its own role or trust, its policy, its guard, or another policy of the account that it has": [
        *tries(OF_A_ROLE, DEPLOY, None, BOUNDARY),
        *tries(OF_A_POLICY, DEPLOY_POLICY),
        *tries(OF_A_POLICY, ATTACHED),
    ],
    "making a role or user without the boundary": [
        *tries(["CreateRole"], NEW_ROLE, None, SHARED, BOUNDARY + "2"),
        *tries(["CreateUser"], NEW_USER, None, SHARED, BOUNDARY + "2"),
    ],
    "taking a boundary off, or rewriting it": [
        *tries(["DeleteRolePermissionsBoundary"], NEW_ROLE, BOUNDARY),
        *tries(["DeleteUserPermissionsBoundary"], NEW_USER, BOUNDARY),
        *tries(["PutRolePermissionsBoundary"], NEW_ROLE, SHARED),
        *tries(["PutUserPermissionsBoundary"], NEW_USER, SHARED),
        *tries(OF_A_POLICY, BOUNDARY),
    ],
    "more rights for a role or user that has no boundary, or for a group": RIGHTS,
    "changing `Admin`, its trust or its policies, or the role of the account's administrator": [
        *tries(OF_A_ROLE, ADMIN, None, BOUNDARY),
        *tries(OF_A_POLICY, ADMINS_POLICY),
        *tries(OF_A_POLICY, ADMINS_BOUNDARY),
        *tries(OF_A_ROLE, ORGANIZATIONS, None, BOUNDARY),
        *tries(OF_A_ROLE, BOOTSTRAPPER, None, BOUNDARY),
    ],
    "changing the trust of another role that was there before": tries(["UpdateAssumeRolePolicy"], LEGACY),
    "rewriting a policy that was there before, and so the rights of whoever has it": tries(
        ["CreatePolicyVersion", "SetDefaultPolicyVersion"], SHARED
    ),
    "deleting what was there before, or taking rights from it": [
        *tries(["DeleteRole", "DetachRolePolicy", "DeleteRolePolicy"], LEGACY),
        *tries(["DeleteUser", "DetachUserPolicy", "DeleteUserPolicy"], ALICE),
        *tries(["DeletePolicy"], SHARED),
    ],
    "changing a SAML or OpenID Connect provider that was there before": [
        *tries(["UpdateSAMLProvider", "DeleteSAMLProvider"], SAML),
        *tries(["AddClientIDToOpenIDConnectProvider", "UpdateOpenIDConnectProviderThumbprint"], OIDC),
    ],
    "a key for a user that was there before": tries([*KEYS, *OTHER_CREDENTIALS], ALICE),
    "passing a role that was there before to compute": tries(["PassRole"], LEGACY),
}
"""First column of the table to what shows it. Its last row, about other services, has tests of its own."""

SERVICES = "what your own statements allow, in any of the account's services"
INSTEAD = {LEGACY: VAULT, SHARED: SAFE, ALICE: BREAK_GLASS}
"""What is listed in ``protected``, in the place of what is not."""


def deployment(mode: str, *, self_management: bool = False) -> dict[str, Policy]:
    """Return the policies of an environment that uses everything that the guard knows."""
    made = one(
        terraform_deploy={
            "guard": mode,
            "managed_policies": ["arn:{partition}:iam::{account_id}:policy/Attached"],
            "self_management": self_management,
            "containment": {"protected": [VAULT, SAFE, BREAK_GLASS]},
        },
        admin={
            "managed_policies": ["arn:aws:iam::aws:policy/AdministratorAccess", ADMINS_POLICY],
            "role": {"permissions_boundary": ADMINS_BOUNDARY},
        },
        access={"assume_role": {"role_arn": "arn:aws:iam::{account_id}:role/Bootstrapper"}},
    )
    return {name: compile_policy(document, name=name) for name, document in policies(made).items() if "." not in name}


MODES = {mode: deployment(mode) for mode in ("accident", "containment")}
SELF_MANAGED = {mode: deployment(mode, self_management=True) for mode in MODES}


def ask(attempt: Attempt, role: str, granted: list[Policy], boundary: Policy | None) -> Verdict:
    action = attempt.action if ":" in attempt.action else f"iam:{attempt.action}"
    context = {"iam:PermissionsBoundary": attempt.boundary} if attempt.boundary else {}
    request = Request(action, attempt.resource, Principal.role(role, "terraform"), context)
    return evaluate_identity(granted, request, boundary=boundary)


def as_deploy(attempt: Attempt, made: dict[str, Policy]) -> str:
    """Return what ``TerraformDeploy`` is answered."""
    granted = [made[name] for name in ("TerraformDeploy", "TerraformDeployGuard") if name in made]
    return ask(attempt, DEPLOY, granted, made.get("TerraformDeployBoundary")).decision.value


def as_made(attempt: Attempt, made: dict[str, Policy]) -> str:
    """Return what a role is answered that ``TerraformDeploy`` has made, with every right that it could give."""
    return ask(attempt, NEW_ROLE, [ADMINISTRATOR_ACCESS], made.get("TerraformDeployBoundary")).decision.value


# --- the table --------------------------------------------------------------------------------------------------------


def table() -> dict[str, dict[str, str]]:
    """Read the table of docs/google.md: row to mode to what it says."""
    section = (REPOSITORY / "docs" / "google.md").read_text(encoding="utf-8")
    section = section.split("## The guard on TerraformDeploy")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    head, _, *body = [[cell.strip() for cell in row] for row in rows]
    assert head[1:] == ["`accident` (default)", "`containment`"]
    return {row[0]: dict(zip(MODES, row[1:], strict=True)) for row in body}


TABLE = table()


def test_every_row_of_the_table_is_shown_and_nothing_is_shown_that_is_not_a_row() -> None:
    assert sorted(TABLE) == sorted([*CLAIMS, SERVICES])


def test_every_cell_of_the_table_says_whether_it_is_stopped() -> None:
    for row, cells in TABLE.items():
        for mode, cell in cells.items():
            assert cell.replace("*", "").startswith(("stopped", "not stopped", "–")), f"{row}, {mode}: {cell}"


CASES = [
    pytest.param(mode, row, attempt, id=f"{mode}: {attempt}")
    for row, attempts in CLAIMS.items()
    for mode in MODES
    for attempt in attempts
    if row in TABLE and not TABLE[row][mode].startswith("–")
]


@pytest.mark.parametrize(("mode", "row", "attempt"), CASES)
def test_what_the_table_says_is_what_aws_answers_terraform_deploy(mode: str, row: str, attempt: Attempt) -> None:
    stopped = TABLE[row][mode].startswith("stopped")
    assert as_deploy(attempt, MODES[mode]) == ("explicitly denied" if stopped else "allowed")


CONTAINED = [case for case in CASES if case.values[0] == "containment"]


@pytest.mark.parametrize(("mode", "row", "attempt"), CONTAINED)
def test_a_contained_role_that_it_has_made_gets_no_further_with_administrator_access(
    mode: str, row: str, attempt: Attempt
) -> None:
    stopped = TABLE[row][mode].startswith("stopped")
    assert as_made(attempt, MODES[mode]) == ("explicitly denied" if stopped else "allowed")


LISTED = [
    Attempt(attempt.action, INSTEAD[attempt.resource])
    for row, attempts in CLAIMS.items()
    if row in TABLE and "protected" in TABLE[row]["containment"]
    for attempt in attempts
]


@pytest.mark.parametrize("attempt", LISTED, ids=str)
def test_what_is_listed_in_protected_is_kept_from_terraform_deploy_and_from_what_it_makes(attempt: Attempt) -> None:
    contained = MODES["containment"]
    assert (as_deploy(attempt, contained), as_made(attempt, contained)) == ("explicitly denied", "explicitly denied")


def test_protected_is_named_by_every_row_that_it_closes() -> None:
    assert {attempt.resource for attempt in LISTED} == {VAULT, SAFE, BREAK_GLASS}
    assert len(LISTED) > 15


# --- what stays possible ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", READING)
@pytest.mark.parametrize("mode", MODES)
def test_reading_stays_allowed(mode: str, action: str) -> None:
    attempt = Attempt(action, READING[action])
    assert as_deploy(attempt, MODES[mode]) == "allowed"
    assert as_made(attempt, MODES[mode]) == "allowed"


WORK = [
    *tries(["CreateRole", "PutRolePermissionsBoundary"], NEW_ROLE, BOUNDARY),
    *tries(["CreateUser", "PutUserPermissionsBoundary"], NEW_USER, BOUNDARY),
    *tries(["AttachRolePolicy", "PutRolePolicy"], NEW_ROLE, BOUNDARY),
    *tries(["AttachUserPolicy", "PutUserPolicy"], NEW_USER, BOUNDARY),
    *tries(["DetachRolePolicy", "DeleteRolePolicy", "DeleteRole", "UpdateRole", "TagRole"], NEW_ROLE, BOUNDARY),
    *tries(["UpdateAssumeRolePolicy", "PassRole"], NEW_ROLE),
    *tries(["CreatePolicy", *OF_A_POLICY], NEW_POLICY),
    *tries(["CreateAccessKey", "DeleteUser"], NEW_USER),
    *tries(["CreateOpenIDConnectProvider"], OIDC),
    *tries(["CreateInstanceProfile", "AddRoleToInstanceProfile"], arn("instance-profile/New")),
]


@pytest.mark.parametrize("attempt", WORK, ids=str)
@pytest.mark.parametrize("mode", MODES)
def test_roles_users_and_policies_with_the_boundary_are_made_changed_and_taken_away(
    mode: str, attempt: Attempt
) -> None:
    assert as_deploy(attempt, MODES[mode]) == "allowed"


# --- other services ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_terraform_deploy_has_the_services_of_its_statements_and_no_other(mode: str) -> None:
    assert TABLE[SERVICES][mode] == "not stopped"
    assert as_deploy(Attempt("ses:SendEmail", "*"), MODES[mode]) == "allowed"
    assert as_deploy(Attempt("s3:GetObject", "*"), MODES[mode]) == "implicitly denied"
    assert as_deploy(Attempt("sts:AssumeRole", LEGACY), MODES[mode]) == "implicitly denied"


def test_under_the_accident_guard_a_role_that_it_makes_can_do_everything_to_itself_too() -> None:
    for attempt in (Attempt("s3:GetObject", "*"), *tries(OF_A_ROLE, DEPLOY)):
        assert as_made(attempt, MODES["accident"]) == "allowed"


def test_under_containment_a_role_that_it_makes_has_no_service_that_it_has_not_itself() -> None:
    contained = MODES["containment"]
    assert as_made(Attempt("ses:SendEmail", "*"), contained) == "allowed"
    assert as_made(Attempt("s3:GetObject", "*"), contained) == "implicitly denied"
    assert as_made(Attempt("sts:AssumeRole", VAULT), contained) == "explicitly denied"


def test_containments_own_statements_are_the_most_for_everything_and_for_terraform_deploy() -> None:
    chosen = {"guard": "containment", "containment": {"statements": [MAIL | {"Action": "s3:*", "Sid": "Files"}]}}
    made = {name: compile_policy(it) for name, it in policies(one(terraform_deploy=chosen)).items() if "." not in name}
    assert as_made(Attempt("s3:GetObject", "*"), made) == "allowed"
    assert as_made(Attempt("ses:SendEmail", "*"), made) == "implicitly denied"
    assert as_deploy(Attempt("ses:SendEmail", "*"), made) == "implicitly denied"
    assert as_deploy(Attempt("s3:GetObject", "*"), made) == "implicitly denied"


# --- self-management --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_a_self_managed_policy_can_be_rewritten_by_itself_and_not_deleted(mode: str) -> None:
    made = SELF_MANAGED[mode]
    for action in ("CreatePolicyVersion", "DeletePolicyVersion", "SetDefaultPolicyVersion"):
        assert as_deploy(Attempt(action, DEPLOY_POLICY), made) == "allowed"
    assert as_deploy(Attempt("DeletePolicy", DEPLOY_POLICY), made) == "explicitly denied"


@pytest.mark.parametrize("made", [MODES["accident"], SELF_MANAGED["accident"]], ids=["bootstrap", "self-managed"])
def test_the_accident_guard_cannot_be_changed_or_taken_off_by_whom_it_guards(made: dict[str, Policy]) -> None:
    for attempt in (*tries(OF_A_POLICY, GUARD), Attempt("DetachRolePolicy", DEPLOY)):
        assert as_deploy(attempt, made) == "explicitly denied"


def test_a_policy_that_rewrites_itself_to_everything_stays_guarded() -> None:
    rewritten = SELF_MANAGED["accident"] | {"TerraformDeploy": ADMINISTRATOR_ACCESS}
    assert as_deploy(Attempt("s3:GetObject", "*"), rewritten) == "allowed"
    for attempt in (*tries(OF_A_ROLE, DEPLOY), *tries(OF_A_POLICY, GUARD), Attempt("DeletePolicy", DEPLOY_POLICY)):
        assert as_deploy(attempt, rewritten) == "explicitly denied"


@pytest.mark.parametrize("mode", MODES)
def test_self_management_gives_nothing_else_away(mode: str) -> None:
    own = {(action, DEPLOY_POLICY) for action in OF_A_POLICY}
    for row, attempts in CLAIMS.items():
        for attempt in attempts:
            if (attempt.action, attempt.resource) not in own:
                answers = as_deploy(attempt, SELF_MANAGED[mode]), as_deploy(attempt, MODES[mode])
                assert answers[0] == answers[1], f"{row}: {attempt}"


def test_a_contained_policy_that_rewrites_itself_to_everything_stays_within_the_boundary() -> None:
    boundary = SELF_MANAGED["containment"]["TerraformDeployBoundary"]
    rewritten: dict[str, Any] = {"TerraformDeploy": ADMINISTRATOR_ACCESS, "TerraformDeployBoundary": boundary}
    assert as_deploy(Attempt("s3:GetObject", "*"), rewritten) == "implicitly denied"
    assert as_deploy(Attempt("CreateRole", NEW_ROLE), rewritten) == "explicitly denied"
    assert as_deploy(Attempt("UpdateAssumeRolePolicy", ADMIN), rewritten) == "explicitly denied"


# --- who protects the role that no settings name ----------------------------------------------------------------------


def test_a_new_accounts_role_of_its_organization_is_protected_under_the_name_that_it_was_made_with() -> None:
    creation = {"parent_id": "r-ab12", "email": "aws+{product}-{environment}@example.org", "role_name": "OrgAdmin"}
    made = one(
        google={"accounts": creation},
        account={"id": PRODUCTION, "create": True},
        terraform_deploy={"guard": "containment"},
    )
    boundary = {name: compile_policy(it) for name, it in policies(made).items() if "." not in name}
    assert as_deploy(Attempt("UpdateAssumeRolePolicy", arn("role/OrgAdmin")), boundary) == "explicitly denied"
