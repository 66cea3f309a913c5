"""An identity provider of another account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting
from rolebridge.proof.findings.halves import broken
from rolebridge.proof.handshakes import Fault

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.ERROR,
    title="an identity provider of another account",
    why="AWS takes tokens only through a provider of the role's own account.",
    mend="Make the provider in the role's account and trust that.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every such half of a handshake that is certainly wrong."""
    return broken(proof, Fault.OTHER_ACCOUNT)
