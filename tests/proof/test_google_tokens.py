"""A role for one Google service account, and the tokens that Google really makes.

The trust is the one of ``facts/google-to-aws.md``: the role's own ARN as ``oaud``, the service account's unique id as
``sub``. Only the one right token may be let in.
"""

from typing import Any

import pytest

from rolebridge.proof.assume import can_assume_with_token
from rolebridge.proof.evaluation import Verdict
from rolebridge.proof.policy import Policy, PolicyKind, compile_policy
from rolebridge.proof.tokens import context_of, federated_principal, issuer_of

ACCOUNT = "111122223333"
DEPLOY = f"arn:aws:iam::{ACCOUNT}:role/TerraformDeploy"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/Admin"
DEPLOYER, ADMINISTRATOR = "100000000000000000001", "100000000000000000002"
DEPLOYER_EMAIL = "terraform-deploy@project.iam.gserviceaccount.com"
OAUTH_CLIENT = "1234567890-abc.apps.googleusercontent.com"


def trust(conditions: dict[str, Any], principal: str = "accounts.google.com") -> Policy:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": principal},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": conditions,
    }
    return compile_policy({"Version": "2012-10-17", "Statement": [statement]}, PolicyKind.TRUST)


def equals(**keys: Any) -> dict[str, Any]:
    return {"StringEquals": {f"accounts.google.com:{key}": value for key, value in keys.items()}}


RIGHT = trust(equals(oaud=DEPLOY, sub=DEPLOYER))
TOKEN = {"iss": "https://accounts.google.com", "aud": DEPLOY, "azp": DEPLOYER, "sub": DEPLOYER, "exp": 1, "iat": 0}


def person(**claims: Any) -> dict[str, Any]:
    found = {"iss": "https://accounts.google.com", "sub": "200000000000000000009", "email": "ann@example.com"}
    return found | {"email_verified": True, "hd": "example.com"} | claims


def take(role: str, document: Policy, claims: dict[str, Any]) -> Verdict:
    federated = federated_principal(issuer_of(claims), account=ACCOUNT)
    return can_assume_with_token(role, document, federated, context_of(claims))


LET_IN = {
    "azp is the unique id (REST, metadata server)": TOKEN,
    "azp is the e-mail (key file, useEmailAzp)": TOKEN | {"azp": DEPLOYER_EMAIL},
    "with the e-mail (includeEmail)": TOKEN | {"email": DEPLOYER_EMAIL, "email_verified": True},
    "the issuer without its scheme": TOKEN | {"iss": "accounts.google.com"},
}
REFUSED = {
    "another audience": TOKEN | {"aud": "https://example.com"},
    "the audience of the other role": TOKEN | {"aud": ADMIN},
    "the audience in another case": TOKEN | {"aud": DEPLOY.lower()},
    "the audience with something behind it": TOKEN | {"aud": DEPLOY + "/x"},
    "the role of another account": TOKEN | {"aud": DEPLOY.replace(ACCOUNT, "444455556666")},
    "another service account": TOKEN | {"azp": ADMINISTRATOR, "sub": ADMINISTRATOR},
    "another service account whose azp claims to be ours": TOKEN | {"sub": ADMINISTRATOR},
    "a subject that begins like ours": TOKEN | {"sub": DEPLOYER + "0"},
    "a subject that ours begins with": TOKEN | {"sub": DEPLOYER[:-1]},
    "the token of the other role": TOKEN | {"aud": ADMIN, "azp": ADMINISTRATOR, "sub": ADMINISTRATOR},
    "the e-mail as the subject": TOKEN | {"sub": DEPLOYER_EMAIL},
    "no subject": {key: value for key, value in TOKEN.items() if key != "sub"},
    "no audience": {key: value for key, value in TOKEN.items() if key != "aud"},
    "an empty subject": TOKEN | {"sub": ""},
    "a person, without azp": person(aud=OAUTH_CLIENT),
    "a person, azp is the OAuth client": person(aud=OAUTH_CLIENT, azp=OAUTH_CLIENT),
    "a person, whose client asked for our audience": person(aud=DEPLOY, azp=OAUTH_CLIENT),
    "a person, whose client has our unique id": person(aud=DEPLOY, azp=DEPLOYER),
    "the same claims of another issuer": TOKEN | {"iss": "https://issuer.example.com"},
    "an issuer that looks like Google": TOKEN | {"iss": "https://accounts.google.com.example.com"},
    "Google's issuer with a path": TOKEN | {"iss": "https://accounts.google.com/"},
}


@pytest.mark.parametrize("name", LET_IN)
def test_the_service_accounts_token_for_the_role_is_let_in(name: Any) -> None:
    assert take(DEPLOY, RIGHT, LET_IN[name]).decision.value == "allowed"


@pytest.mark.parametrize("name", REFUSED)
def test_every_other_token_is_refused(name: Any) -> None:
    assert take(DEPLOY, RIGHT, REFUSED[name]).decision.value == "implicitly denied"


# document, what it does to the right token, to a person's token for the same audience, to another service account's
OTHER_TRUSTS = {
    "the audience under the wrong key": (trust(equals(aud=DEPLOY, sub=DEPLOYER)), False, False, False),
    "a key that does not exist": (trust(equals(azp=DEPLOYER, sub=DEPLOYER)), False, False, False),
    "aud as the unique id too": (trust(equals(aud=DEPLOYER, oaud=DEPLOY, sub=DEPLOYER)), True, False, False),
    "aud as id or e-mail": (
        trust(equals(aud=[DEPLOYER, DEPLOYER_EMAIL], oaud=DEPLOY, sub=DEPLOYER)),
        True,
        False,
        False,
    ),
    "without a subject, everybody": (trust(equals(oaud=DEPLOY)), True, True, True),
    "without an audience, any of its tokens": (trust(equals(sub=DEPLOYER)), True, False, False),
    "a key in another case": (
        trust({"StringEquals": {"Accounts.Google.com:OAUD": DEPLOY, "accounts.google.com:SUB": DEPLOYER}}),
        True,
        False,
        False,
    ),
    "IfExists of a key that never exists": (
        trust(
            {"StringEqualsIfExists": {"accounts.google.com:azp": DEPLOYER}, **equals(oaud=DEPLOY)},
        ),
        True,
        True,
        True,
    ),
    "ForAllValues of a key that never exists": (
        trust({"ForAllValues:StringEquals": {"accounts.google.com:azp": DEPLOYER}, **equals(oaud=DEPLOY)}),
        True,
        True,
        True,
    ),
    "a wildcard subject": (
        trust({"StringLike": {"accounts.google.com:sub": "1*"}, **equals(oaud=DEPLOY)}),
        True,
        False,
        True,
    ),
}


@pytest.mark.parametrize("name", OTHER_TRUSTS)
def test_a_trust_under_other_keys_does_what_its_name_says(name: Any) -> None:
    document, right, anybody, another = OTHER_TRUSTS[name]
    assert take(DEPLOY, document, TOKEN).allowed is right
    assert take(DEPLOY, document, person(aud=DEPLOY, azp=OAUTH_CLIENT)).allowed is anybody
    assert take(DEPLOY, document, TOKEN | {"azp": ADMINISTRATOR, "sub": ADMINISTRATOR}).allowed is another


def test_the_audience_under_the_wrong_key_says_what_the_token_offers() -> None:
    verdict = take(DEPLOY, OTHER_TRUSTS["the audience under the wrong key"][0], TOKEN)
    (found,) = verdict.statements["trust policy"][0].mismatches
    assert (found.key, found.wanted, found.offered) == ("accounts.google.com:aud", (DEPLOY,), DEPLOYER)


def test_lists_under_both_keys_let_every_combination_in() -> None:
    document = trust(equals(oaud=[DEPLOY, ADMIN], sub=[DEPLOYER, ADMINISTRATOR]))
    assert take(DEPLOY, document, TOKEN | {"sub": ADMINISTRATOR, "azp": ADMINISTRATOR}).allowed


def test_an_oidc_provider_for_google_is_not_what_its_tokens_are_known_to_come_as() -> None:
    document = trust(equals(oaud=DEPLOY, sub=DEPLOYER), f"arn:aws:iam::{ACCOUNT}:oidc-provider/accounts.google.com")
    assert take(DEPLOY, document, TOKEN).decision.value == "unknown"
