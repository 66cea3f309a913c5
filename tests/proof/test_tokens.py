"""Decoding a token without verifying it, and what AWS makes of its claims."""

import base64
import json
from typing import Any

import pytest

from rolebridge.proof.answers import Unknown
from rolebridge.proof.tokens import claims_of, context_of, federated_principal, issuer_of

ISSUER = "https://issuer.example.com/path"


def encode(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def token(claims: Any, header: Any = None) -> str:
    return f"{encode(header or {'alg': 'RS256'})}.{encode(claims)}.c2lnbmF0dXJl"


def test_the_claims_of_a_token_are_read_whatever_its_signature() -> None:
    claims = {"iss": ISSUER, "sub": "ü§😀", "aud": ["a", "b"]}
    assert claims_of(token(claims)) == claims
    assert claims_of(f"\n{token(claims)}\n") == claims


BROKEN = {
    "nothing": "",
    "one part": "secret",
    "two parts": "secret.secret",
    "four parts": token({"secret": 1}) + ".secret",
    "no base64": "secr et.§§§.x",
    "no JSON": f"{encode({})}.{encode(b'secret{')}.x",
    "no text": f"{encode({})}.{encode(bytes([255, 254]))}.x",
    "a list": f"{encode({})}.{encode(['secret'])}.x",
    "a header that is no object": f"{encode('secret')}.{encode({})}.x",
    "nested without end": f"{encode({})}.{encode(b'[' * 10_000)}.x",
    "too long": token({"secret": "x" * 30_000}),
    "a number of thousands of digits": f"{encode({})}.{encode(b'{%ca%c:' % (34, 34) + b'1' * 9_000 + b'}')}.x",
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_token_is_refused_without_being_quoted(name: Any) -> None:
    with pytest.raises(ValueError, match="token") as caught:
        claims_of(BROKEN[name])
    shown = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert "secret" not in shown
    assert encode({"secret": 1}) not in shown


ISSUERS = [
    ({"iss": ISSUER}, "issuer.example.com/path"),
    ({"iss": "https://issuer.example.com/"}, "issuer.example.com/"),
    ({"iss": "https://accounts.google.com"}, "accounts.google.com"),
    ({"iss": "accounts.google.com"}, "accounts.google.com"),
]


@pytest.mark.parametrize(("claims", "name"), ISSUERS)
def test_an_issuer_is_named_without_its_scheme_and_with_its_path(claims: Any, name: Any) -> None:
    assert issuer_of(claims) == name


@pytest.mark.parametrize(
    "claims", [{}, {"iss": None}, {"iss": 5}, {"iss": "http://x"}, {"iss": "https://"}, {"iss": "x"}]
)
def test_a_token_without_an_issuer_that_aws_takes_is_refused(claims: Any) -> None:
    with pytest.raises(ValueError, match="iss"):
        context_of(claims)


def test_a_token_comes_as_the_provider_of_the_roles_account() -> None:
    found = federated_principal(ISSUER, account="111122223333", partition="aws-cn")
    assert found.name == "arn:aws-cn:iam::111122223333:oidc-provider/issuer.example.com/path"


@pytest.mark.parametrize("issuer", ["https://accounts.google.com", "accounts.google.com", "www.amazon.com"])
def test_a_built_in_provider_comes_under_its_name(issuer: Any) -> None:
    assert federated_principal(issuer, account="111122223333").name == issuer.removeprefix("https://")


KEYS = [
    ({"sub": "job", "aud": "aws"}, {"sub": "job", "aud": "aws"}),
    ({"sub": "job", "aud": ["aws"]}, {"sub": "job", "aud": "aws"}),
    ({"sub": "job", "aud": ["aws", "gcp"]}, {"sub": "job", "aud": "unknown"}),
    ({"sub": "job", "azp": "x"}, {"sub": "job", "azp": "unknown"}),
    ({"sub": "job", "repository": "org/app"}, {"sub": "job", "repository": "unknown"}),
    ({"sub": "job", "amr": ["authenticated"]}, {"sub": "job", "amr": ("authenticated",)}),
    ({"sub": "job", "exp": 1, "iat": 1, "nbf": 1}, {"sub": "job"}),
    ({}, {}),
]


@pytest.mark.parametrize(("claims", "keys"), KEYS)
def test_any_issuers_claims_become_keys_behind_its_name(claims: Any, keys: Any) -> None:
    found = context_of({"iss": ISSUER, **claims})
    shown = {key: "unknown" if isinstance(value, Unknown) else value for key, value in found.items()}
    assert shown == {f"issuer.example.com/path:{key}": value for key, value in keys.items()}


GOOGLE_KEYS = [
    ({"aud": "x", "azp": "1", "sub": "1"}, {"aud": "1", "oaud": "x", "sub": "1"}),
    ({"aud": "x", "sub": "1"}, {"aud": "x", "oaud": "x", "sub": "1"}),
    ({"aud": "x", "azp": "a@b", "sub": "1", "email": "a@b"}, {"aud": "a@b", "oaud": "x", "sub": "1", "email": "a@b"}),
    ({"azp": "1", "sub": "1"}, {"aud": "1", "sub": "1"}),
    ({"aud": "x", "sub": "1", "hd": "example.com", "email_verified": True}, {"aud": "x", "oaud": "x", "sub": "1"}),
]


@pytest.mark.parametrize(("claims", "keys"), GOOGLE_KEYS)
def test_googles_authorized_party_takes_the_place_of_the_audience(claims: Any, keys: Any) -> None:
    found = context_of({"iss": "https://accounts.google.com", **claims})
    assert found == {f"accounts.google.com:{key}": value for key, value in keys.items()}


def test_session_tags_and_a_source_identity_come_from_awss_own_claims() -> None:
    tags = {"principal_tags": {"team": ["red"]}, "transitive_tag_keys": ["team"]}
    claims = {"iss": ISSUER, "https://aws.amazon.com/tags": tags, "https://aws.amazon.com/source_identity": "ann"}
    assert context_of(claims) == {
        "aws:RequestTag/team": "red",
        "aws:TagKeys": ("team",),
        "sts:TransitiveTagKeys": ("team",),
        "sts:SourceIdentity": "ann",
    }
