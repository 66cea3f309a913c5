"""Who gets in: the trusts that are written, and the tokens that Google really makes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
import yaml
from tests.google import ADMINISTRATOR, DEPLOYER, PRODUCTION, at, one, policies, stacks
from tests.snapshots import REPOSITORY

from rolebridge.proof.assume import can_assume_with_token
from rolebridge.proof.policy import PolicyKind, compile_policy
from rolebridge.proof.tokens import context_of, federated_principal, issuer_of

GENERATED = REPOSITORY / "generated"
MADE = {"email": "aws-admin@hr-prod-1a2b.iam.gserviceaccount.com", "unique_id": "199999999999999999999"}
"""What Terraform learns of a service account when it has made it."""
PERSON, OAUTH_CLIENT = "200000000000000000009", "32555940559.apps.googleusercontent.com"


@dataclass(frozen=True)
class Door:
    """A role of the example, and the one service account that it is for."""

    name: str
    account: str
    environment: str
    email: str
    unique_id: str

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account}:role/{self.name}"

    def __str__(self) -> str:
        return f"{self.name} of {self.environment}"


def example() -> list[Door]:
    """Read from the shipped rolebridge.yaml whom each role is for, as its reader would."""
    google = yaml.safe_load((REPOSITORY / "rolebridge.yaml").read_text(encoding="utf-8"))["google"]
    found = []
    for product, chosen in google["products"].items():
        for name, it in chosen["environments"].items():
            (deployer,) = it["terraform_deploy"]["service_accounts"]
            admin = it.get("admin", {}).get("service_account", MADE)
            for role, who in (("TerraformDeploy", deployer), ("Admin", admin)):
                found.append(Door(role, it["account"]["id"], f"{product}-{name}", who["email"], who["unique_id"]))
    return found


DOORS = example()


@cache
def trust(door: Door) -> Any:
    """Return the trust as it is written for review, with what Terraform fills in."""
    text = (GENERATED / "policies" / door.environment / f"{door.name}.trust.json").read_text(encoding="utf-8")
    for argument, value in MADE.items():
        text = text.replace(f"${{google_service_account.aws-admin.{argument}}}", value)
    assert "${" not in text
    return json.loads(text)


def token(door: Door, **claims: Any) -> dict[str, Any]:
    """Return the claims of the token that opens a door: from the REST call or the metadata server."""
    made = {"iss": "https://accounts.google.com", "aud": door.arn, "azp": door.unique_id, "sub": door.unique_id}
    return made | {"iat": 1, "exp": 3601} | claims


def decide(role_arn: str, document: Any, claims: dict[str, Any]) -> str:
    federated = federated_principal(issuer_of(claims), account=role_arn.split(":")[4])
    compiled = compile_policy(document, PolicyKind.TRUST)
    return can_assume_with_token(role_arn, compiled, federated, context_of(claims)).decision.value


@pytest.fixture(params=DOORS, ids=str)
def door(request: pytest.FixtureRequest) -> Door:
    chosen: Door = request.param
    return chosen


def test_there_are_the_six_roles_of_the_example() -> None:
    assert len(DOORS) == 6
    written = sorted(file.stem for file in GENERATED.glob("stacks/google-*"))
    assert {it.environment for it in DOORS} == {"hr-production", "hr-staging", "mail-production"}
    assert all(f"google-{it.environment}-bootstrap" in written for it in DOORS)


def test_every_role_of_the_google_stacks_is_one_of_these_with_the_trust_that_was_written_for_review() -> None:
    found = {}
    for file in GENERATED.glob("stacks/google-*/cdk.tf.json"):
        for role in json.loads(file.read_bytes()).get("resource", {}).get("aws_iam_role", {}).values():
            text = role["assume_role_policy"]
            for argument, value in MADE.items():
                text = text.replace(f"${{google_service_account.aws-admin.{argument}}}", value)
            found[file.parent.name.removeprefix("google-").rpartition("-")[0], role["name"]] = json.loads(text)
    assert found == {(it.environment, it.name): trust(it) for it in DOORS}


# --- the one right token ----------------------------------------------------------------------------------------------


RIGHT = {
    "azp is the unique id": lambda door: token(door),
    "azp is the e-mail": lambda door: token(door, azp=door.email),
    "with the e-mail": lambda door: token(door, email=door.email, email_verified=True),
    "azp is the e-mail, with the e-mail": lambda door: token(door, azp=door.email, email=door.email),
}


@pytest.mark.parametrize("kind", RIGHT)
def test_the_right_service_account_is_let_in_however_its_token_was_made(door: Door, kind: str) -> None:
    assert decide(door.arn, trust(door), RIGHT[kind](door)) == "allowed"


@pytest.mark.parametrize("kind", RIGHT)
def test_the_right_token_of_every_other_role_is_refused(door: Door, kind: str) -> None:
    for other in DOORS:
        if other is not door:
            assert decide(door.arn, trust(door), RIGHT[kind](other)) == "implicitly denied", other


def test_every_other_service_account_with_the_right_audience_is_refused(door: Door) -> None:
    for other in DOORS:
        if other is not door:
            wrong = token(other, aud=door.arn)
            assert decide(door.arn, trust(door), wrong) == "implicitly denied", other
            assert decide(door.arn, trust(door), wrong | {"azp": door.unique_id}) == "implicitly denied", other
            assert decide(door.arn, trust(door), wrong | {"email": door.email}) == "implicitly denied", other


def test_the_right_service_account_with_any_other_audience_is_refused(door: Door) -> None:
    audiences = [other.arn for other in DOORS if other is not door]
    audiences += ["https://example.org", "sts.amazonaws.com", "", door.arn.lower(), door.arn + "*", door.unique_id]
    for audience in audiences:
        assert decide(door.arn, trust(door), token(door, aud=audience)) == "implicitly denied", audience
    without = {key: value for key, value in token(door).items() if key != "aud"}
    assert decide(door.arn, trust(door), without) == "implicitly denied"


STRANGERS = {
    "a person, gcloud": {"aud": OAUTH_CLIENT, "azp": OAUTH_CLIENT, "sub": PERSON},
    "a person, with the right audience": {"azp": OAUTH_CLIENT, "sub": PERSON},
    "a person, with the right audience and the service account's e-mail": {"azp": OAUTH_CLIENT, "sub": PERSON},
    "another issuer": {"iss": "https://issuer.example.org"},
    "an issuer like Google's": {"iss": "https://accounts.google.com.example.org"},
    "a longer subject": {"sub": "1" * 22},
    "no subject": {"sub": None},
    "the e-mail as subject": {"sub": DEPLOYER["email"]},
}


@pytest.mark.parametrize("kind", STRANGERS)
def test_strangers_are_refused(door: Door, kind: str) -> None:
    claims = {key: value for key, value in token(door, **STRANGERS[kind]).items() if value is not None}
    if "e-mail" in kind and "subject" not in kind:
        claims["email"] = door.email
    assert decide(door.arn, trust(door), claims) == "implicitly denied"


# --- further conditions -----------------------------------------------------------------------------------------------

DEPLOY = Door("TerraformDeploy", PRODUCTION, "hr-production", **DEPLOYER)
ADMIN = Door("Admin", PRODUCTION, "hr-production", **ADMINISTRATOR)

# claims beside those of the plain token -> whether email, authorized_party, and both let it in
CONDITIONS: list[tuple[dict[str, Any], tuple[bool, bool, bool]]] = [
    ({}, (False, True, False)),
    ({"email": "right"}, (True, True, True)),
    ({"email": "wrong"}, (False, True, False)),
    ({"azp": "right e-mail"}, (False, True, False)),
    ({"azp": "right e-mail", "email": "right"}, (True, True, True)),
    ({"azp": "wrong"}, (False, False, False)),
    ({"azp": "wrong", "email": "right"}, (True, False, False)),
    ({"azp": None, "email": "right"}, (True, False, False)),
    ({"aud": "wrong", "email": "right"}, (False, False, False)),
    ({"sub": "wrong", "email": "right"}, (False, False, False)),
]
CHOICES = [{"email": True}, {"authorized_party": True}, {"email": True, "authorized_party": True}]


@pytest.mark.parametrize("right", [DEPLOY, ADMIN], ids=str)
@pytest.mark.parametrize("choice", range(3), ids=["email", "authorized party", "both"])
@pytest.mark.parametrize(("claims", "expected"), CONDITIONS, ids=lambda value: str(value))
def test_further_conditions_want_just_what_they_name(
    claims: dict[str, Any], expected: tuple[bool, ...], choice: int, right: Door
) -> None:
    chosen = {"conditions": CHOICES[choice]}
    made = policies(one(terraform_deploy=chosen, admin=chosen))[f"{right.name}.trust"]
    words = {"right": right.email, "right e-mail": right.email, "wrong": "109999999999999999999"}
    given = {key: words.get(value, value) for key, value in claims.items()}
    offered = {key: value for key, value in token(right, **given).items() if value is not None}
    assert (decide(right.arn, made, offered) == "allowed") is expected[choice]


def test_several_service_accounts_each_come_with_their_own_token_and_not_with_each_others() -> None:
    other = {"email": "second@hr-prod.iam.gserviceaccount.com", "unique_id": "103333333333333333333"}
    chosen = {
        "service_accounts": [DEPLOYER, other],
        "conditions": {"email": True, "authorized_party": True},
    }
    made = policies(one(terraform_deploy=chosen))["TerraformDeploy.trust"]
    second = Door("TerraformDeploy", PRODUCTION, "hr-production", **other)
    for door in (DEPLOY, second):
        assert decide(door.arn, made, token(door, email=door.email)) == "allowed"
    assert decide(DEPLOY.arn, made, token(DEPLOY, email=second.email)) == "implicitly denied"
    assert decide(DEPLOY.arn, made, token(DEPLOY, email=DEPLOY.email, azp=second.unique_id)) == "implicitly denied"


def test_a_role_with_another_name_and_path_is_its_own_audience() -> None:
    made = one(terraform_deploy={"role": {"name": "Deploy", "path": "/gcp/"}})
    door = Door("Deploy", PRODUCTION, "hr-production", **DEPLOYER)
    arn = f"arn:aws:iam::{PRODUCTION}:role/gcp/Deploy"
    document = policies(made)["Deploy.trust"]
    assert decide(arn, document, token(door, aud=arn)) == "allowed"
    assert decide(arn, document, token(door)) == "implicitly denied"
    bootstrap = at(stacks(made)["google-hr-production-bootstrap"], "aws_iam_role.TerraformDeploy")
    assert (bootstrap["path"], bootstrap["name"]) == ("/gcp/", "Deploy")
