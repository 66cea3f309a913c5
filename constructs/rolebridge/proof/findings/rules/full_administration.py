"""Full administration without a boundary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, called
from rolebridge.proof.findings.rights import rights_in

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="full administration without a boundary",
    why="Whoever takes the role can do everything in the account, and no policy of the account can stop it.",
    mend="Allow what is needed; or set a permissions boundary.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See everybody who may do everything and has no boundary."""
    for rights in rights_in(proof.landscape):
        one = rights.identity
        if one.boundary is None and rights.everything:
            by = next(
                (d.name for d in one.policies if d.known and any("*" in s.actions.wanted for s in d.policy.statements)),
                "",
            )
            text = f"it may do everything on everything{f', by {by}' if by else ''}, and has no permissions boundary"
            yield Sighting(one.source, called(one), text)
