"""It can make a role or user with more rights than its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, called
from rolebridge.proof.findings.rights import Rights, limited
from rolebridge.proof.request import ContextValue

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="it can make a role or user with more rights than its own",
    why=(
        "Whoever may make an identity, give it any policy and say who takes it has all rights of the account, "
        "by a detour."
    ),
    mend=(
        "Allow iam:CreateRole and iam:CreateUser only with a permissions boundary (condition "
        "iam:PermissionsBoundary), and keep the boundary from being taken off."
    ),
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
)

WAYS = (
    ("role", ("iam:CreateRole",), ("iam:AttachRolePolicy", "iam:PutRolePolicy")),
    ("user", ("iam:CreateUser", "iam:CreateAccessKey"), ("iam:AttachUserPolicy", "iam:PutUserPolicy")),
)
"""What is made, what making it takes, and what gives it rights (one is enough)."""

WIDER: dict[str, ContextValue] = {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}


def check(proof: Proof) -> Iterator[Sighting]:
    """See everybody who may make a role or user, give it any policy, and leave it without a boundary."""
    for rights in limited(proof.landscape):
        for kind, making, giving in WAYS:
            text = next(
                (text for arn in rights.new(kind, making[0]) if (text := _how(rights, kind, arn, making, giving))), ""
            )
            if text:
                yield Sighting(rights.identity.source, called(rights.identity), text)


def _how(rights: Rights, kind: str, arn: str, making: tuple[str, ...], giving: tuple[str, ...]) -> str:
    own = rights.identity.boundary
    off, exchange = (f"iam:{verb}{kind.title()}PermissionsBoundary" for verb in ("Delete", "Put"))
    for boundary in (None,) if own is None else (None, own.arn):
        key: dict[str, ContextValue] = {"iam:PermissionsBoundary": boundary}
        given = rights.may_any(giving, arn, key)
        if not given or len(rights.may_any(making, arn, key)) < len(making):
            continue
        if boundary is None:
            return f"it may make {arn} without a boundary ({', '.join(making)}), with any policy ({', '.join(given)})"
        changes = rights.may_any((off,), arn, key) + rights.may_any((exchange,), arn, WIDER)
        if changes:
            return (
                f"it may make {arn}, give it any policy ({', '.join(given)}) and then lift its boundary ({changes[0]})"
            )
    return ""
