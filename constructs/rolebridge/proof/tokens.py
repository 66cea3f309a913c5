"""What an outside token is to AWS: the principal it comes as, and the condition keys of its claims.

IAM user guide, «IAM and AWS STS condition context keys», «Available keys for AWS OIDC federation»; «Pass session tags
in AWS STS». A token is decoded and never verified here, and neither it nor its signature is ever part of a message.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from rolebridge.proof.answers import Unknown
from rolebridge.proof.principals import Principal
from rolebridge.proof.request import ContextValue

GOOGLE = "accounts.google.com"
"""Google's issuer without ``https://``, its provider's name and the prefix of its keys."""

BUILT_IN_PROVIDERS = frozenset({GOOGLE, "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"})
"""Providers that need no OIDC provider in the account («AWS JSON policy elements: Principal»)."""

TAGS_CLAIM = "https://aws.amazon.com/tags"
SOURCE_IDENTITY_CLAIM = "https://aws.amazon.com/source_identity"
LONGEST_TOKEN = 20_000
"""Characters that STS takes (API reference, ``AssumeRoleWithWebIdentity``)."""


def claims_of(token: str) -> dict[str, Any]:
    """Decode the claims of a JSON Web Token, without verifying anything.

    Raises:
        ValueError: if it is none; says what is wrong and never quotes it.
    """
    token = token.strip()
    if len(token) > LONGEST_TOKEN:
        raise ValueError(f"the token has {len(token):,} characters; AWS takes at most {LONGEST_TOKEN:,}")
    parts = token.split(".")
    if len(parts) != 3:
        raise ValueError(f"a token has three parts with dots between them; this has {len(parts)}")
    header, claims = (_json(part, name) for part, name in zip(parts, ("first", "second"), strict=False))
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise ValueError("the parts of a token are JSON objects; these are not")
    return claims


def issuer_of(claims: Mapping[str, Any]) -> str:
    """Return the issuer as AWS names it, without ``https://``.

    Raises:
        ValueError: if the token has none that AWS takes.
    """
    issuer = claims.get("iss")
    if not isinstance(issuer, str):
        raise ValueError("the token names no issuer (claim iss)")
    if issuer == GOOGLE:
        return GOOGLE
    if not issuer.startswith("https://") or len(issuer) <= len("https://"):
        raise ValueError("the token's issuer (claim iss) does not begin with https://")
    return issuer.removeprefix("https://")


def federated_principal(issuer: str, *, account: str, partition: str = "aws") -> Principal:
    """Return what a token of an issuer comes as to a role of an account.

    A built-in provider by its name, every other as the OIDC provider that this account has for it.

    Args:
        issuer: with or without ``https://``.
        account: the account of the role.
        partition: that of the role.
    """
    name = issuer.removeprefix("https://")
    if name in BUILT_IN_PROVIDERS:
        return Principal.federated(name)
    return Principal.federated(f"arn:{partition}:iam::{account}:oidc-provider/{name}")


def context_of(claims: Mapping[str, Any]) -> dict[str, ContextValue]:
    """Return the condition keys that AWS makes of a token's claims.

    For Google: ``aud`` is the claim ``azp`` where there is one, else ``aud``; ``oaud`` is the claim ``aud``; then
    ``sub`` and ``email``. For any other issuer ``aud``, ``sub`` and ``amr``, which is a list; of its further claims AWS
    makes keys for some issuers only, so what depends on one is unknown. Then the session tags and the source identity
    that AWS's own claims carry.

    Raises:
        ValueError: if the token has no issuer that AWS takes.
    """
    issuer = issuer_of(claims)
    keys = _google(claims) if issuer == GOOGLE else _any_issuer(claims)
    return {f"{issuer}:{key}": value for key, value in keys.items()} | _session(claims)


def _google(claims: Mapping[str, Any]) -> dict[str, ContextValue]:
    audience, authorized = _claim(claims.get("aud")), _claim(claims.get("azp"))
    found: dict[str, ContextValue] = {
        "aud": audience if authorized is None else authorized,
        "oaud": audience,
        "sub": _claim(claims.get("sub")),
        "email": _claim(claims.get("email")),
    }
    return {key: value for key, value in found.items() if value is not None}


_NOT_KEYS = frozenset({"iss", "exp", "iat", "nbf", TAGS_CLAIM, SOURCE_IDENTITY_CLAIM})


def _any_issuer(claims: Mapping[str, Any]) -> dict[str, ContextValue]:
    found: dict[str, ContextValue] = {
        key: Unknown(f"AWS makes a key of the claim {key[:60]} for some issuers only")
        for key in claims
        if key not in _NOT_KEYS
    }
    found |= {key: _claim(claims[key]) for key in ("aud", "sub") if key in claims}
    methods = claims.get("amr")
    if isinstance(methods, list) and all(isinstance(method, str) for method in methods):
        found["amr"] = tuple(methods)
    return found


def _claim(value: Any) -> ContextValue:
    """Return a single-valued claim; a list of one audience is that audience (RFC 7519, 4.1.3)."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return value[0]
    return Unknown("AWS does not say what it makes of a claim that is not one text")


def _session(claims: Mapping[str, Any]) -> dict[str, ContextValue]:
    """«Passing session tags using AssumeRoleWithWebIdentity»."""
    found: dict[str, ContextValue] = {}
    source = claims.get(SOURCE_IDENTITY_CLAIM)
    if isinstance(source, str):
        found["sts:SourceIdentity"] = source
    given = claims.get(TAGS_CLAIM)
    tags = given.get("principal_tags") if isinstance(given, Mapping) else None
    if isinstance(tags, Mapping) and tags:
        found |= {f"aws:RequestTag/{key}": _tag(value) for key, value in tags.items()}
        found["aws:TagKeys"] = tuple(str(key) for key in tags)
    transitive = given.get("transitive_tag_keys") if isinstance(given, Mapping) else None
    if isinstance(transitive, list) and all(isinstance(key, str) for key in transitive):
        found["sts:TransitiveTagKeys"] = tuple(transitive)
    return found


def _tag(value: Any) -> ContextValue:
    first = value[0] if isinstance(value, list) and len(value) == 1 else value
    return first if isinstance(first, str) else None


def _json(part: str, name: str) -> Any:
    try:
        padded = part + "=" * (-len(part) % 4)
        return json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        pass  # the error quotes what it could not read
    raise ValueError(f"the {name} part of the token is not base64url of JSON")
