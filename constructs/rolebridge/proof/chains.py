"""Who gets into which role through which others: the way from outside, one handshake after the other.

Every step is a role session of its own; a session that was got by a role lasts one hour at most («Role chaining» in the
IAM user guide, «Roles terms and concepts»).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rolebridge.proof.handshakes import Handshake, Handshakes, Outside, OutsideKind
from rolebridge.proof.landscape import Landscape, SeenRole, SeenUser
from rolebridge.proof.satisfying import about, is_negated, values_for
from rolebridge.proof.tokens import BUILT_IN_PROVIDERS

LONGEST = 8
"""Roles of a chain."""

MOST_CHAINS = 200_000
"""Chains that are kept."""

Start = Outside | SeenUser
"""Who begins: somebody from outside, or a user."""


@dataclass(frozen=True, eq=False)
class Chain:
    """One way into a role.

    Attributes:
        start: who begins.
        roles: the roles in the order in which they are taken; the last one is where it leads.
        steps: the handshakes between them; for a user one more than between roles.
    """

    start: Start
    roles: tuple[SeenRole, ...]
    steps: tuple[Handshake, ...]

    @property
    def role(self) -> SeenRole:
        """Where it leads."""
        return self.roles[-1]

    @property
    def unless(self) -> tuple[str, ...]:
        """What is not known and could still break it."""
        return tuple(dict.fromkeys(reason for step in self.steps for reason in step.unless))

    def __str__(self) -> str:
        return " -> ".join((described(self.start), *(role.name for role in self.roles)))


@dataclass(frozen=True, eq=False)
class Chains:
    """All chains.

    Attributes:
        all: in the order of the roles where they begin; between one start and one role the shortest.
        left_out: whether there are more than are kept.
    """

    all: tuple[Chain, ...]
    left_out: bool
    _into: Mapping[SeenRole, tuple[Chain, ...]]

    def into(self, role: SeenRole) -> tuple[Chain, ...]:
        """Return the chains that lead into a role."""
        return self._into.get(role, ())


def find_chains(landscape: Landscape, handshakes: Handshakes) -> Chains:
    """Follow everybody from outside, and every user, as far as handshakes carry."""
    onward: dict[SeenRole | SeenUser, list[Handshake]] = {}
    for handshake in handshakes.agreed:
        onward.setdefault(handshake.caller, []).append(handshake)
    found: list[Chain] = []
    left_out = False
    for chain in _all(landscape, handshakes, onward):
        if len(found) >= MOST_CHAINS:
            left_out = True
            break
        found.append(chain)
    into: dict[SeenRole, list[Chain]] = {}
    for chain in found:
        into.setdefault(chain.role, []).append(chain)
    return Chains(tuple(found), left_out, {role: tuple(chains) for role, chains in into.items()})


def _all(
    landscape: Landscape, handshakes: Handshakes, onward: Mapping[SeenRole | SeenUser, list[Handshake]]
) -> Iterator[Chain]:
    for outside in handshakes.outside:
        yield from _from(Chain(outside, (outside.role,), ()), onward)
    for user in landscape.users:
        for step in onward.get(user, ()):
            yield from _from(Chain(user, (step.role,), (step,)), onward)


def _from(first: Chain, onward: Mapping[SeenRole | SeenUser, list[Handshake]]) -> Iterator[Chain]:
    seen = {first.role}
    waiting = [first]
    while waiting:
        following: list[Chain] = []
        for chain in waiting:
            yield chain
            if len(chain.roles) >= LONGEST:
                continue
            for step in onward.get(chain.role, ()):
                if step.role not in seen:
                    seen.add(step.role)
                    following.append(Chain(chain.start, (*chain.roles, step.role), (*chain.steps, step)))
        waiting = following


def described(start: Start) -> str:
    """Return who begins, in a few words."""
    if isinstance(start, SeenUser):
        keys = sum(key.active for key in start.access_keys)
        return f"user {start.name} of {start.account}{' with a long-lived key' if keys else ''}"
    if start.kind is OutsideKind.TOKEN:
        issuer = start.name if start.name in BUILT_IN_PROVIDERS else start.name.partition(":oidc-provider/")[2]
        issuer = issuer or start.name
        conditions = about(start.statement.conditions, f"{issuer}:sub")
        subjects = [str(value) for value in values_for(conditions)] if conditions else []
        if not conditions or all(is_negated(one) for one in conditions):
            return f"token of {issuer}, any subject"
        patterns = [text for one in conditions for text in one.wanted]
        shown = ", ".join(patterns[:3] or subjects[:3]) + (
            f" and {len(patterns) - 3} more" if len(patterns) > 3 else ""
        )
        return f"token of {issuer}, subject {shown}"
    return f"{start.kind.value}{'' if start.kind is OutsideKind.ANYBODY else ' ' + start.name}"
