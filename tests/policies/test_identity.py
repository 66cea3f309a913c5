"""Identities: what falls back to the operator's defaults, what IAM would refuse, what is written for review."""

from __future__ import annotations

from typing import Any

import pytest

from rolebridge.policies.arn import AwsAccount
from rolebridge.policies.document import VariableReference, allow, document, size, trust
from rolebridge.policies.identity import Identities, Maker, ManagedPolicy, Role, User, external_id_text
from rolebridge.settings.model import (
    AccessKey,
    IamDefaults,
    PolicyOptions,
    RoleOptions,
    TerraformVariable,
    UserOptions,
)

ACCOUNT = AwsAccount("012345678901", "aws-cn")
ANYTHING = document(allow("s3:*", "*"))
TRUST = document(trust({"AWS": "arn:a"}, "sts:AssumeRole"))
DEFAULTS = IamDefaults(
    path="/d/",
    permissions_boundary="arn:{partition}:iam::{account_id}:policy/Default",
    max_session_duration=7200,
    tags={"Team": "default", "Cost": "1"},
)


def test_a_role_that_says_nothing_takes_the_defaults() -> None:
    role = Maker(ACCOUNT, DEFAULTS).role("Key", RoleOptions(name="Name"), TRUST, [])
    assert (role.key, role.name, role.path, role.max_session_duration) == ("Key", "Name", "/d/", 7200)
    assert role.permissions_boundary == "arn:aws-cn:iam::012345678901:policy/Default"
    assert role.tags == {"Team": "default", "Cost": "1"}


def test_a_role_that_says_something_keeps_it_and_adds_its_tags_to_the_defaults() -> None:
    own = RoleOptions(
        name="Name",
        path="/",
        description="what",
        max_session_duration=3600,
        permissions_boundary="arn:{partition}:iam::aws:policy/Own",
        tags={"Team": "own"},
    )
    role = Maker(ACCOUNT, DEFAULTS).role("Key", own, TRUST, [])
    assert (role.path, role.description, role.max_session_duration) == ("/", "what", 3600)
    assert role.permissions_boundary == "arn:aws-cn:iam::aws:policy/Own"
    assert role.tags == {"Team": "own", "Cost": "1"}


def test_a_policy_and_a_user_take_the_defaults_that_iam_has_for_them() -> None:
    maker = Maker(ACCOUNT, DEFAULTS)
    policy = maker.policy("Key", PolicyOptions(name="Name"), ANYTHING)
    assert (policy.path, policy.tags) == ("/d/", {"Team": "default", "Cost": "1"})
    user = maker.user("Key", UserOptions(name="Name"), [policy])
    assert (user.path, user.permissions_boundary) == ("/d/", "arn:aws-cn:iam::012345678901:policy/Default")


def test_an_arn_has_the_path_that_the_role_gets() -> None:
    maker = Maker(ACCOUNT, DEFAULTS)
    assert maker.role_arn(RoleOptions(name="N")) == "arn:aws-cn:iam::012345678901:role/d/N"
    assert maker.role_arn(RoleOptions(name="N", path="/")) == "arn:aws-cn:iam::012345678901:role/N"
    assert maker.user_arn(UserOptions(name="N", path="/u/")) == "arn:aws-cn:iam::012345678901:user/u/N"


@pytest.mark.parametrize(
    ("access_key", "expected"),
    [(None, (False, None)), (AccessKey(), (True, None)), (AccessKey(pgp_key="keybase:a"), (True, "keybase:a"))],
)
def test_a_user_has_a_key_only_where_one_is_asked_for(
    access_key: AccessKey | None, expected: tuple[bool, str | None]
) -> None:
    user = Maker(ACCOUNT).user("Key", UserOptions(name="N", access_key=access_key), [])
    assert (user.access_key, user.pgp_key) == expected


def test_an_external_id_is_literal_or_a_reference() -> None:
    assert external_id_text("abc") == "abc"
    assert not isinstance(external_id_text("${var.abc}"), VariableReference)
    assert isinstance(external_id_text(TerraformVariable(variable="abc")), VariableReference)


# --- what IAM would refuse --------------------------------------------------------------------------------------------


def identities(**parts: Any) -> Identities:
    return Identities(account=ACCOUNT, **parts)


def padded(base: dict[str, Any], characters: int) -> dict[str, Any]:
    """Fill a document up to this size; white space in it must not count."""
    statement = dict(base["Statement"][0], Sid="")
    made = document(statement)
    statement["Sid"] = "x" * (characters - size(made)) + "   "
    made = document(statement)
    assert size(made) == characters
    return made


@pytest.mark.parametrize(("characters", "refused"), [(6_144, False), (6_145, True)])
def test_a_managed_policy_has_at_most_6144_characters(characters: int, refused: bool) -> None:
    policy = ManagedPolicy(key="Big", name="TheBig", document=padded(ANYTHING, characters))
    misfits = list(identities(users=(User(key="u", name="u", policies=(policy,)),)).misfits())
    assert [(misfit.key, misfit.found) for misfit in misfits] == (
        [("Big", "the policy TheBig with 6,145 characters")] if refused else []
    )


@pytest.mark.parametrize(("characters", "refused"), [(2_048, False), (2_049, True)])
def test_a_trust_has_at_most_2048_characters(characters: int, refused: bool) -> None:
    role = Role(key="R", name="TheRole", trust=padded(TRUST, characters))
    misfits = list(identities(roles=(role,)).misfits())
    assert [(misfit.key, misfit.found) for misfit in misfits] == (
        [("R", "the trust of TheRole with 2,049 characters")] if refused else []
    )


@pytest.mark.parametrize(("count", "refused"), [(10, False), (11, True)])
def test_a_role_and_a_user_have_at_most_ten_policies(count: int, refused: bool) -> None:
    policies = tuple(ManagedPolicy(key=f"P{n}", name=f"P{n}", document=ANYTHING) for n in range(count))
    role = Role(key="R", name="TheRole", trust=TRUST, policies=policies)
    user = User(key="U", name="TheUser", policies=policies)
    misfits = list(identities(roles=(role,), users=(user,)).misfits())
    assert [misfit.key for misfit in misfits] == (["R", "U"] if refused else [])


def test_a_policy_on_a_role_and_a_user_is_one_policy() -> None:
    policy = ManagedPolicy(key="P", name="P", document=ANYTHING)
    role = Role(key="R", name="R", trust=TRUST, policies=(policy, "arn:aws:iam::aws:policy/ReadOnlyAccess"))
    assert list(identities(roles=(role,), users=(User(key="U", name="U", policies=(policy,)),)).policies()) == [policy]


def test_variables_are_found_in_trusts_and_policies_once_each() -> None:
    condition = {"StringEquals": {"sts:ExternalId": VariableReference("b")}}
    policy = ManagedPolicy(key="P", name="P", document=document(allow("a:b", VariableReference("a"))))
    role = Role(
        key="R", name="R", policies=(policy,), trust=document(trust({"AWS": "x"}, "sts:A", condition=condition))
    )
    other = Role(key="S", name="S", trust=role.trust)
    assert identities(roles=(role, other)).variables() == ("b", "a")


def test_every_document_is_written_under_the_name_that_aws_shows() -> None:
    policy = ManagedPolicy(key="P", name="OurPolicy", document=ANYTHING)
    role = Role(key="R", name="OurRole", trust=TRUST, policies=(policy,))
    made = identities(roles=(role,), documents={"Extra": ANYTHING})
    assert dict(made.written_documents()) == {"OurRole.trust": TRUST, "OurPolicy": ANYTHING, "Extra": ANYTHING}
