"""An audience that the identity provider does not take."""

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
    title="an audience that the identity provider does not take",
    why="AWS refuses the token before it looks at the trust.",
    mend="Add the audience to the provider's client_id_list, or correct the trust.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every such half of a handshake that is certainly wrong."""
    return broken(proof, Fault.AUDIENCE)
