"""It can widen another identity that it gets into."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, called
from rolebridge.proof.findings.rights import Rights, boundary_key, limited
from rolebridge.proof.landscape import Identity, SeenRole

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="it can widen another identity that it gets into",
    why="Whoever may give another role any policy, and take it, has every right through that role.",
    mend="Deny these actions on the other role, or give that role a boundary that stays.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
)

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
        if found:
            names = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
            yield Sighting(one.source, called(one), f"it may give any policy to, and become, {names}")


def _way(rights: Rights, other: Identity, *, taken: bool) -> str:
    kind = "Role" if isinstance(other, SeenRole) else "User"
    key = boundary_key(other)
    widens = rights.may_any((f"iam:Attach{kind}Policy", f"iam:Put{kind}Policy"), other.arn, key)
    if not widens or (
        other.boundary is not None and not rights.may(f"iam:Delete{kind}PermissionsBoundary", other.arn, key)
    ):
        return ""
    enters = rights.may_any(
        ("iam:UpdateAssumeRolePolicy",) if kind == "Role" else ("iam:CreateAccessKey",), other.arn, key
    )
    if enters:
        return f"{widens[0]}, {enters[0]}"
    return f"{widens[0]}, its trust" if taken else ""
