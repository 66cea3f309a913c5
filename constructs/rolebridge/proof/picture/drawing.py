"""Nodes and arrows: who stands in which account, and who is let in by whom.

Every principal that a trust lets in is an arrow, also one that leads nowhere; whether both sides agree is what the
handshakes say.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rolebridge.proof.conditions import Condition
from rolebridge.proof.handshakes import Fault, Half, Handshake, Handshakes, account_of
from rolebridge.proof.landscape import Gap, Identity, Landscape, SeenRole, SeenUser
from rolebridge.proof.policy import Statement
from rolebridge.proof.tokens import BUILT_IN_PROVIDERS
from rolebridge.proof.variables import has_reference


class NodeKind(enum.Enum):
    """What a node is."""

    ROLE = "role"
    USER = "user"
    PROVIDER = "identity provider"
    SERVICE = "AWS service"
    ACCOUNT = "whole account"
    ELSEWHERE = "role or user of an account that is not written here"
    NOWHERE = "made nowhere"
    ANYBODY = "anybody"
    OTHER = "known to Terraform only"


@dataclass(frozen=True, eq=False)
class Node:
    """Somebody.

    Attributes:
        key: letters, digits and ``_``; the same as long as its name and account are.
        kind: what it is.
        name: as it stands in the policy; of a provider the issuer, of a role its name.
        account: whose box it stands in; empty: outside.
        identity: the role or user, if it was read.
        full_administration: whether a policy lets it do anything on everything.
        note: a further thing to say of it, ours.
    """

    key: str
    kind: NodeKind
    name: str
    account: str = ""
    identity: Identity | None = None
    full_administration: bool = False
    note: str = ""


class Standing(enum.Enum):
    """Whether an arrow carries."""

    AGREED = "both sides agree"
    UNSURE = "not known for certain"
    BROKEN = "does not work"


@dataclass(frozen=True, eq=False)
class Arrow:
    """A principal that a statement of a trust lets in.

    Attributes:
        source: who.
        target: the role.
        statement: of the trust.
        standing: whether it carries.
        remarks: why not for certain or not at all; texts of others.
        denied: whether the trust also denies something, to anybody.
    """

    source: Node
    target: Node
    statement: Statement
    standing: Standing
    remarks: tuple[str, ...] = ()
    denied: bool = False

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What has to hold."""
        return tuple(self.statement.conditions)


@dataclass(frozen=True, eq=False)
class Box:
    """An account.

    Attributes:
        account: 12 digits, or ``${…}``.
        name: the stacks that make something in it, shortened; empty: nothing of it was read.
        nodes: who stands in it: roles and users in the order in which they were read, then who is only named.
    """

    account: str
    name: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Drawing:
    """Everything.

    Attributes:
        boxes: accounts, in the order in which they were read, then those that are only named.
        outside: nodes that stand in no account.
        arrows: by role, in the order of its trust.
        gaps: what could not be known.
        halves: permissions to assume a role that nothing agrees to.
        warnings: what was not looked at.
    """

    boxes: tuple[Box, ...]
    outside: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    gaps: tuple[Gap, ...] = ()
    halves: tuple[Half, ...] = ()
    warnings: tuple[str, ...] = ()

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Everybody: outside first, then box by box."""
        return (*self.outside, *(node for box in self.boxes for node in box.nodes))

    @cached_property
    def into(self) -> Mapping[Node, tuple[Arrow, ...]]:
        """Arrows by the role that they lead to."""
        return _by((arrow.target, arrow) for arrow in self.arrows)

    @cached_property
    def out_of(self) -> Mapping[Node, tuple[Arrow, ...]]:
        """Arrows by who they come from."""
        return _by((arrow.source, arrow) for arrow in self.arrows)

    @cached_property
    def box_of(self) -> Mapping[str, Box]:
        """Boxes by account."""
        return {box.account: box for box in self.boxes}

    @cached_property
    def node_of(self) -> Mapping[Identity, Node]:
        """Nodes of the roles and users that were read."""
        return {node.identity: node for node in self.nodes if node.identity is not None}


def _by(pairs: Iterable[tuple[Node, Arrow]]) -> dict[Node, tuple[Arrow, ...]]:
    found: dict[Node, list[Arrow]] = {}
    for node, arrow in pairs:
        found.setdefault(node, []).append(arrow)
    return {node: tuple(of_node) for node, of_node in found.items()}


def draw(landscape: Landscape, handshakes: Handshakes) -> Drawing:
    """Return the drawing of what was read."""
    return _Sheet(landscape, handshakes).drawing()


_FROM_TRUST = frozenset(
    {Fault.NO_PERMISSION, Fault.NOT_MADE, Fault.OTHER_ACCOUNT, Fault.AUDIENCE, Fault.EXTERNAL_ID, Fault.UNDECIDED}
)


@dataclass
class _Sheet:
    landscape: Landscape
    handshakes: Handshakes
    nodes: dict[tuple[NodeKind, str, str], Node] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    arrows: list[Arrow] = field(default_factory=list)
    of: dict[Identity, Node] = field(default_factory=dict)

    def drawing(self) -> Drawing:
        for one in self.landscape.identities:
            self.of[one] = self._identity(one)
        for role in self.landscape.roles:
            self._trust(role)
        boxes: dict[str, list[Node]] = {account: [] for account in self.landscape.stacks.values() if account}
        outside = []
        for node in (*self.of.values(), *self.nodes.values()):
            if node.account:
                boxes.setdefault(node.account, []).append(node)
            else:
                outside.append(node)
        named = _names(self.landscape.stacks)
        warnings = list(self.landscape.warnings)
        if self.handshakes.left_out:
            warnings.append(f"{self.handshakes.left_out:,} pairs of a caller and a role were not asked")
        return Drawing(
            tuple(Box(account, named.get(account, ""), tuple(nodes)) for account, nodes in boxes.items() if nodes),
            tuple(outside),
            tuple(self.arrows),
            self.landscape.unknowns,
            tuple(half for half in self.handshakes.halves if half.fault not in _FROM_TRUST),
            tuple(warnings),
        )

    def _identity(self, one: Identity) -> Node:
        kind = NodeKind.ROLE if isinstance(one, SeenRole) else NodeKind.USER
        note = ""
        if isinstance(one, SeenUser) and any(key.active for key in one.access_keys):
            note = "has a long-lived key"
        if isinstance(one, SeenRole) and not one.trust.known:
            note = "who gets in is not known"
        return Node(self._key(kind, one.account, one.name), kind, one.name, one.account, one, _administers(one), note)

    def _key(self, kind: NodeKind, account: str, name: str) -> str:
        words = (kind.name.lower(), account, name)
        key = wanted = re.sub(r"[^A-Za-z0-9]+", "_", "_".join(word for word in words if word))[:80].rstrip("_")
        number = 1
        while key in self.keys:
            number += 1
            key = f"{wanted}_{number}"
        self.keys.add(key)
        return key

    def _node(self, kind: NodeKind, name: str, account: str = "", note: str = "") -> Node:
        found = self.nodes.get((kind, name, account))
        if found is None:
            found = Node(self._key(kind, account, name), kind, name, account, None, note=note)
            self.nodes[kind, name, account] = found
        return found

    def _trust(self, role: SeenRole) -> None:
        denied = any(statement.deny for statement in role.trust.policy.statements)
        for statement in role.trust.policy.statements:
            if not statement.deny:
                for source, standing, remarks in self._let_in(role, statement):
                    self.arrows.append(Arrow(source, self.of[role], statement, standing, remarks, denied))

    def _let_in(self, role: SeenRole, statement: Statement) -> Iterator[tuple[Node, Standing, tuple[str, ...]]]:
        assert statement.principals is not None
        if statement.principals.negated:
            yield self._node(NodeKind.ANYBODY, "everybody but some"), Standing.AGREED, ()
            return
        names = {wanted.partition(" ")[2] for wanted in statement.principals.wanted}
        for wanted in statement.principals.wanted:
            element, _, name = wanted.partition(" ")
            caller = self._caller(name) if element == "AWS" else None
            account = account_of(name) if element == "AWS" else None
            if caller is not None:
                yield self.of[caller], *self._standing(role, statement, name, caller)
            elif account is not None:
                yield self._node(NodeKind.ACCOUNT, account, account), *self._standing(role, statement, name)
                yield from self._of_account(role, statement, account, names)
            else:
                yield self._stranger(element, name, wanted), *self._standing(role, statement, name)

    def _caller(self, name: str) -> Identity | None:
        caller = self.landscape.identity(name)
        if caller is None and ":assumed-role/" in name:
            parts = name.split(":", 5)
            role = parts[5].split("/")[1]
            found = [one for one in self.landscape.roles_by_name.get(role, ()) if one.account == parts[4]]
            return found[0] if len(found) == 1 else None
        return caller

    def _stranger(self, element: str, name: str, wanted: str) -> Node:
        if element == "Federated":
            issuer = name if name in BUILT_IN_PROVIDERS else name.partition(":oidc-provider/")[2] or name
            return self._node(NodeKind.PROVIDER, issuer)
        if element == "Service":
            return self._node(NodeKind.SERVICE, name)
        if element != "AWS":
            return self._node(NodeKind.OTHER, wanted)
        if name == "*":
            return self._node(NodeKind.ANYBODY, "anybody")
        if has_reference(name):
            return self._node(NodeKind.OTHER, name)
        parts = name.split(":", 5)
        if len(parts) != 6:
            return self._node(NodeKind.OTHER, name)
        kind = NodeKind.NOWHERE if parts[4] in self.landscape.accounts else NodeKind.ELSEWHERE
        return self._node(kind, parts[5], parts[4])

    def _of_account(
        self, role: SeenRole, statement: Statement, account: str, names: set[str]
    ) -> Iterator[tuple[Node, Standing, tuple[str, ...]]]:
        """Whoever of a whole account that is trusted has the permission, and is not named besides."""
        for handshake in self.handshakes.into.get(role, ()):
            caller = handshake.caller
            if caller.account == account and caller.arn not in names and handshake.trust_statement == statement.index:
                standing = Standing.UNSURE if handshake.unless else Standing.AGREED
                yield self.of[caller], standing, handshake.unless

    def _standing(
        self, role: SeenRole, statement: Statement, name: str, caller: Identity | None = None
    ) -> tuple[Standing, tuple[str, ...]]:
        names = {name, caller.arn} if caller else {name}
        halves = [half for half in self._halves.get((role.arn, statement.index), ()) if half.who in names]
        remarks = tuple(half.text for half in halves)
        agreed = self._agreed.get((caller, role)) if caller else None
        if any(half.broken for half in halves) and agreed is None:
            return Standing.BROKEN, remarks
        if caller is not None and (agreed is None or agreed.unless):
            return Standing.UNSURE, (*remarks, *(agreed.unless if agreed else ()))
        if any(half.fault is Fault.UNDECIDED for half in halves):
            return Standing.UNSURE, remarks
        return Standing.AGREED, remarks

    @cached_property
    def _agreed(self) -> Mapping[tuple[Identity, SeenRole], Handshake]:
        return {(one.caller, one.role): one for one in self.handshakes.agreed}

    @cached_property
    def _halves(self) -> Mapping[tuple[str, int], list[Half]]:
        found: dict[tuple[str, int], list[Half]] = {}
        for half in self.handshakes.halves:
            if half.fault in _FROM_TRUST:
                found.setdefault((half.role, half.statement), []).append(half)
        return found


def _administers(one: Identity) -> bool:
    return any(administers(statement) for document in one.policies for statement in document.policy.statements)


def administers(statement: Statement) -> bool:
    """Return whether a statement lets somebody do anything on everything, under whatever conditions."""
    actions, resources = statement.actions, statement.resources
    return (
        not statement.deny
        and resources is not None
        and not actions.negated
        and not resources.negated
        and bool({"*", "*:*"} & set(actions.wanted))
        and "*" in resources.wanted
    )


def _names(stacks: Mapping[str, str]) -> dict[str, str]:
    """What an account is called: the stacks that work in it; what they begin with in common, if that is a name."""
    of_account: dict[str, list[str]] = {}
    for stack, account in stacks.items():
        of_account.setdefault(account, []).append(stack)
    return {account: _common(names) for account, names in of_account.items()}


def _common(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    words = [name.split("-") for name in names]
    shared: list[str] = []
    for at, word in enumerate(words[0]):
        if any(len(other) <= at or other[at] != word for other in words):
            break
        shared.append(word)
    return "-".join(shared) if len(shared) > 1 else ", ".join(names)
