"""It can widen another identity that it gets into."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, called
from rolebridge.proof.findings.rights import Rights, boundary_key, limited
from rolebridge.proof.landscape import Identity, Landscape, SeenRole
from rolebridge.proof.request import ContextValue

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="it can widen another identity that it gets into",
    why="Whoever may give another role any policy, and take it, has every right through that role.",
    mend="Deny these actions on the other role, or give that role a boundary that stays.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
)

WAYS = (
    ("Role", ("iam:AttachRolePolicy", "iam:PutRolePolicy"), "iam:UpdateAssumeRolePolicy"),
    ("User", ("iam:AttachUserPolicy", "iam:PutUserPolicy"), "iam:CreateAccessKey"),
)
"""Of what kind, what gives it rights (one is enough), and what makes somebody become it."""

NO_BOUNDARY: dict[str, ContextValue] = {"iam:PermissionsBoundary": None}

MOST = 200
"""Others of an account that each one is tried with."""


def check(proof: Proof) -> Iterator[Sighting]:
    """See everybody who may widen somebody else of the account and get their credentials."""
    agreed = {(shake.caller, shake.role) for shake in proof.handshakes.agreed}
    for rights in limited(proof.landscape):
        one = rights.identity
        found = []
        for other in proof.landscape.identities_of_account.get(one.account, ())[:MOST]:
            if other is one or not other.arn_known:
                continue
            way = _way(rights, other, taken=(one, other) in agreed)
            if way:
                found.append(f"{other.name} ({way})")
        found += _there_before(rights, proof.landscape)
        if found:
            names = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
            yield Sighting(one.source, called(one), f"it may give any policy to, and become, {names}")


def _way(rights: Rights, other: Identity, *, taken: bool) -> str:
    kind, giving, entering = WAYS[not isinstance(other, SeenRole)]
    key = boundary_key(other)
    gives = rights.may_any(giving, other.arn, key)
    stays = other.boundary is not None and not rights.may(f"iam:Delete{kind}PermissionsBoundary", other.arn, key)
    if not gives or stays:
        return ""
    if rights.may(entering, other.arn, key):
        return f"{gives[0]}, {entering}"
    return f"{gives[0]}, its trust" if taken else ""


def _there_before(rights: Rights, landscape: Landscape) -> Iterator[str]:
    """Say whether it may do so with a role or user without a boundary that nothing which was read makes."""
    for kind, giving, entering in WAYS:
        for arn in rights.new(kind.lower(), giving[0]):
            if landscape.makes(arn):
                continue
            gives = rights.may_any(giving, arn, NO_BOUNDARY) or (_by_group(rights, arn) if kind == "User" else [])
            if gives and rights.may(entering, arn, NO_BOUNDARY):
                yield f"any {kind.lower()} like {arn} that was there before ({gives[0]}, {entering})"
                break


def _by_group(rights: Rights, arn: str) -> list[str]:
    group = arn.replace(":user/", ":group/")
    joins = rights.may_any(("iam:AddUserToGroup",), group)
    return joins if joins and rights.may_any(("iam:AttachGroupPolicy", "iam:PutGroupPolicy"), group) else []
