"""A user for what a web identity does too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolebridge.proof.findings.finding import Rule, Severity, Sighting, called
from rolebridge.proof.findings.trusts import token_issuers
from rolebridge.proof.landscape import SeenRole, SeenUser

if TYPE_CHECKING:
    from rolebridge.proof.proving import Proof

RULE = Rule(
    Severity.WARNING,
    title="a user for what a web identity does too",
    why=(
        "The role can be taken without a long-lived key, and is open to a user all the same, whose keys live "
        "until somebody removes them."
    ),
    mend="Once the web identity works, take the user out (in the settings: iam_user).",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
)


def check(proof: Proof) -> Iterator[Sighting]:
    """See every user who may take a role that somebody with a web identity may take too."""
    opened = {one.role for one, _ in token_issuers(proof.landscape)}
    by_web: dict[SeenRole, str] = {role: role.name for role in opened}
    for shake in proof.handshakes.agreed:
        if shake.caller in opened:
            by_web.setdefault(shake.role, shake.caller.name)
    seen: set[SeenUser] = set()
    for shake in proof.handshakes.agreed:
        user = shake.caller
        if isinstance(user, SeenUser) and shake.role in by_web and user not in seen:
            seen.add(user)
            keys = sum(key.active for key in user.access_keys)
            what = f"has {keys} long-lived access key{'s' * (keys != 1)}" if keys else "can be given a long-lived key"
            text = f"it {what} and takes {shake.role.name}, which a web identity takes through {by_web[shake.role]}"
            yield Sighting(user.source, called(user), text)
