"""An access key whose secret stands in the state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, called

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="an access key whose secret stands in the state",
    why="Everybody who can read Terraform's state has the key, for as long as it lives.",
    mend="Use a web identity; or give pgp_key, so that the secret is encrypted in the state.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every active access key that is not encrypted."""
    for user in proof.landscape.users:
        for key in user.access_keys:
            if key.active and not key.encrypted:
                yield Sighting(
                    key.source, called(user), f"the secret key of {user.arn} stands in the state in plain text"
                )
