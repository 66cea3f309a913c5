"""Permission and trust: what one side allows is worth nothing unless the other agrees.

Every role and user that a trust names is looked up and asked with what the trust wants; every permission to assume a
role is followed to the role. What agrees is a step of a chain; what does not is a half, with where it stands.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from rolebridge.proof.assume import AssumeRole, Caller, can_assume
from rolebridge.proof.evaluation import Decision, Verdict
from rolebridge.proof.landscape import Document, Identity, Landscape, SeenRole, Source
from rolebridge.proof.patterns import ResourceGlob, tokens_of
from rolebridge.proof.policy import Statement
from rolebridge.proof.request import ContextValue, Request
from rolebridge.proof.satisfying import about, satisfying, values_for
from rolebridge.proof.tokens import BUILT_IN_PROVIDERS
from rolebridge.proof.variables import has_reference

EXTERNAL_ID = "sts:ExternalId"

MOST_PAIRS = 50_000
"""Pairs of a caller and a role that are asked; where whole accounts are trusted, they could be as many as a product."""


class Fault(enum.Enum):
    """What is wrong with a half."""

    NO_PERMISSION = "trusted, but has no permission"
    NO_TRUST = "has permission, but is not trusted"
    NOT_MADE = "trusted, but made nowhere"
    NO_SUCH_ROLE = "may be assumed, but is made nowhere"
    EXTERNAL_ID = "external id on one side only"
    AUDIENCE = "audience that the provider does not take"
    OTHER_ACCOUNT = "identity provider of another account"
    UNDECIDED = "cannot be known"


@dataclass(frozen=True, eq=False)
class Half:
    """One side without the other.

    Attributes:
        fault: what is wrong.
        who: the caller, as the text has it.
        role: the role, as the text has it.
        source: where the half stands.
        statement: the place of its statement, from 0.
        text: a sentence.
        broken: whether it is certainly wrong; else it is only worth knowing (the other side was not read).
    """

    fault: Fault
    who: str
    role: str
    source: Source
    statement: int
    text: str
    broken: bool = True


@dataclass(frozen=True, eq=False)
class Handshake:
    """Both sides agree: this caller can take this role.

    Attributes:
        caller: the role or user.
        role: whom it becomes.
        external_id: what it has to bring; ``None`` if nothing.
        call: the whole call that was asked.
        verdict: what the evaluator says of it.
        unless: what is not known and could still refuse it, sentences; empty if it is certain.
        trust_statement: the place of the statement of the trust that names the caller.
    """

    caller: Identity
    role: SeenRole
    external_id: str | None
    call: AssumeRole
    verdict: Verdict
    unless: tuple[str, ...]
    trust_statement: int


class OutsideKind(enum.Enum):
    """Who comes from outside of what was read."""

    TOKEN = "token of an identity provider"
    SERVICE = "AWS service"
    ACCOUNT = "account"
    IDENTITY = "role or user of an account that was not read"
    ANYBODY = "anybody"
    OTHER = "somebody"


@dataclass(frozen=True, eq=False)
class Outside:
    """A trust in somebody whom nothing that was read makes.

    Attributes:
        kind: what it is.
        name: as the trust has it.
        role: who trusts.
        statement: the statement of the trust.
        made_here: whether its identity provider was read, or is built in.
    """

    kind: OutsideKind
    name: str
    role: SeenRole
    statement: Statement
    made_here: bool = False


@dataclass(frozen=True, eq=False)
class Handshakes:
    """What came out.

    Attributes:
        agreed: pairs of which both sides agree.
        halves: each half without its other.
        outside: who is trusted and comes from outside.
        left_out: how many pairs were not asked, because there are too many.
    """

    agreed: tuple[Handshake, ...] = ()
    halves: tuple[Half, ...] = ()
    outside: tuple[Outside, ...] = ()
    left_out: int = 0

    @cached_property
    def into(self) -> Mapping[SeenRole, tuple[Handshake, ...]]:
        """Handshakes by the role that is taken."""
        found: dict[SeenRole, list[Handshake]] = {}
        for one in self.agreed:
            found.setdefault(one.role, []).append(one)
        return {role: tuple(ones) for role, ones in found.items()}

    @cached_property
    def outside_of(self) -> Mapping[SeenRole, tuple[Outside, ...]]:
        """Who comes from outside, by the role that trusts."""
        found: dict[SeenRole, list[Outside]] = {}
        for one in self.outside:
            found.setdefault(one.role, []).append(one)
        return {role: tuple(ones) for role, ones in found.items()}

    @property
    def broken(self) -> tuple[Half, ...]:
        """The halves that are certainly wrong."""
        return tuple(half for half in self.halves if half.broken)


def shake_hands(landscape: Landscape) -> Handshakes:
    """Hold every trust against every permission."""
    return _Meeting(landscape).held()


@dataclass
class _Meeting:
    landscape: Landscape
    agreed: dict[tuple[Identity, SeenRole], Handshake] = field(default_factory=dict)
    halves: list[Half] = field(default_factory=list)
    outside: list[Outside] = field(default_factory=list)
    asked: set[tuple[Identity, SeenRole]] = field(default_factory=set)
    left_out: int = 0
    _leaves: dict[Document, tuple[Statement, ...]] = field(default_factory=dict)
    _matching: dict[str, tuple[SeenRole, ...]] = field(default_factory=dict)

    def held(self) -> Handshakes:
        for role in self.landscape.roles:
            for statement in role.trust.policy.statements:
                if not statement.deny:
                    self._follow_trust(role, statement)
        for document in self.landscape.documents:
            for statement in self._leave(document):
                self._follow_permission(document, statement)
        return Handshakes(tuple(self.agreed.values()), tuple(self.halves), tuple(self.outside), self.left_out)

    # From the trust

    def _follow_trust(self, role: SeenRole, statement: Statement) -> None:
        assert statement.principals is not None
        if statement.principals.negated:
            self.outside.append(Outside(OutsideKind.ANYBODY, "everybody but some", role, statement))
            return
        for wanted in statement.principals.wanted:
            element, _, name = wanted.partition(" ")
            if element == "Federated":
                self._follow_provider(role, statement, name)
            elif element == "Service":
                self.outside.append(Outside(OutsideKind.SERVICE, name, role, statement))
            elif element == "AWS":
                self._follow_arn(role, statement, name)
            else:
                self.outside.append(Outside(OutsideKind.OTHER, wanted, role, statement))

    def _follow_arn(self, role: SeenRole, statement: Statement, name: str) -> None:
        if name == "*":
            self.outside.append(Outside(OutsideKind.ANYBODY, "*", role, statement))
            return
        account = account_of(name)
        if account is not None:
            self._follow_account(role, statement, name, account)
            return
        caller = self.landscape.identity(name) or self._of_session(name)
        if caller is not None:
            self._ask(caller, role, statement)
            return
        parts = name.split(":", 5)
        place = parts[4] if len(parts) == 6 else ""
        if has_reference(name):
            self._half(
                Fault.UNDECIDED, name, role, statement, f"who {name} is, is only known to Terraform", broken=False
            )
        elif place in self.landscape.accounts:
            text = f"{role.arn} trusts {name}, which nothing that was read of account {place} makes"
            self._half(Fault.NOT_MADE, name, role, statement, text)
        else:
            self.outside.append(Outside(OutsideKind.IDENTITY, name, role, statement))

    def _of_session(self, name: str) -> Identity | None:
        if ":assumed-role/" not in name:
            return None
        parts = name.split(":", 5)
        wanted = parts[5].split("/")[1]
        found = [one for one in self.landscape.roles_by_name.get(wanted, ()) if one.account == parts[4]]
        return found[0] if len(found) == 1 else None

    def _follow_account(self, role: SeenRole, statement: Statement, name: str, account: str) -> None:
        self.outside.append(Outside(OutsideKind.ACCOUNT, name, role, statement, account in self.landscape.accounts))
        for caller in self._with_leave.get(account, ()):
            if len(self.asked) >= MOST_PAIRS:
                self.left_out += 1
                continue
            self._ask(caller, role, statement, named=False)

    @cached_property
    def _with_leave(self) -> dict[str, list[Identity]]:
        found: dict[str, list[Identity]] = {}
        for one in self.landscape.identities:
            if any(self._leave(document) for document in one.policies):
                found.setdefault(one.account, []).append(one)
        return found

    def _follow_provider(self, role: SeenRole, statement: Statement, name: str) -> None:
        provider = self.landscape.provider_by_arn.get(name)
        built_in = name in BUILT_IN_PROVIDERS
        self.outside.append(Outside(OutsideKind.TOKEN, name, role, statement, built_in or provider is not None))
        if built_in:
            return
        parts = name.split(":", 5)
        if len(parts) == 6 and not has_reference(name) and not has_reference(role.account) and parts[4] != role.account:
            text = f"{role.arn} trusts {name}, but AWS takes tokens only through a provider of the role's own account"
            self._half(Fault.OTHER_ACCOUNT, name, role, statement, text)
        elif provider is None:
            text = f"{role.arn} trusts {name}, which nothing that was read makes; it has to be there already"
            self._half(Fault.NOT_MADE, name, role, statement, text, broken=False)
        elif provider.client_ids:
            audiences = about(statement.conditions, f"{provider.issuer}:aud")
            wanted = [value for value in values_for(audiences) if isinstance(value, str)] if audiences else []
            for audience in wanted:
                if audience not in provider.client_ids and not any(has_reference(one) for one in provider.client_ids):
                    text = f"{role.arn} wants the audience «{audience}», and {provider.source} takes only "
                    text += ", ".join(f"«{one}»" for one in provider.client_ids[:5])
                    self._half(Fault.AUDIENCE, name, role, statement, text)

    # Both

    def _ask(self, caller: Identity, role: SeenRole, statement: Statement, *, named: bool = True) -> None:
        if (caller, role) in self.agreed:
            return
        self.asked.add((caller, role))
        leave = [one for document in caller.policies for one in self._leave(document) if _may_cover(one, role.arn)]
        verdict, call = _best(role, caller.caller, statement, leave)
        unless: tuple[str, ...] = ()
        if verdict.decision is Decision.UNKNOWN:
            opaque = [one.policy.opaque for one in (*caller.policies, caller.boundary) if one is not None]
            unless = tuple(dict.fromkeys((*verdict.unknown, *(one.reason for one in opaque if one is not None))))
            known = _without_unknown(caller)
            sure, call_of_known = _best(role, known, statement, leave)
            if not sure.allowed:
                if named:
                    text = f"whether {caller.arn} can take {role.arn} is not known: {'; '.join(unless)}"
                    self._half(Fault.UNDECIDED, caller.arn, role, statement, text, broken=False)
                return
            verdict, call = sure, call_of_known
        if verdict.allowed:
            handshake = Handshake(caller, role, call.external_id, call, verdict, unless, statement.index)
            self.agreed[caller, role] = handshake
            self._compare_external_ids(handshake, statement, leave)
        elif named:
            self._half(Fault.NO_PERMISSION, caller.arn, role, statement, _why_not(caller, role, verdict))

    def _compare_external_ids(self, found: Handshake, statement: Statement, leave: Sequence[Statement]) -> None:
        role, caller = found.role, found.caller
        by_trust = bool(about(statement.conditions, EXTERNAL_ID))
        asking = [one for one in leave if about(one.conditions, EXTERNAL_ID)]
        if not by_trust and asking:
            text = f"{caller.arn} may take {role.arn} with an external id only, but the trust lets it in without one"
            self._half(Fault.EXTERNAL_ID, caller.arn, role, statement, text)
        if by_trust and not asking and role.account != caller.account:
            if any("*" in one.actions.wanted or one.actions.negated for one in leave):
                return  # who may do everything is not held to anything here either
            text = f"{role.arn} wants an external id, but the permission of {caller.arn} does not say which"
            self._half(Fault.EXTERNAL_ID, caller.arn, role, statement, text)

    # From the permission

    def _leave(self, document: Document) -> tuple[Statement, ...]:
        """Return the statements of a document that allow to assume roles."""
        found = self._leaves.get(document)
        if found is None:
            found = tuple(
                one
                for one in document.policy.statements
                if not one.deny and one.resources is not None and one.actions.covers(_ASSUME) is not False
            )
            self._leaves[document] = found
        return found

    def _follow_permission(self, document: Document, statement: Statement) -> None:
        holders = self.landscape.attached_to(document)
        resources = statement.resources
        if not holders or resources is None or resources.negated or "*" in statement.actions.wanted:
            return
        for wanted in resources.wanted:
            if wanted == "*" or _of_another_service(wanted):
                continue
            roles = self._roles_of(wanted)
            for caller in holders:
                self._follow_resource(document, statement, caller, wanted, roles)

    def _follow_resource(
        self, document: Document, statement: Statement, caller: Identity, wanted: str, roles: tuple[SeenRole, ...]
    ) -> None:
        agreed = [role for role in roles if (caller, role) in self.agreed]
        if agreed:
            return
        source = document.source
        wild = "*" in wanted or "?" in wanted or has_reference(wanted)
        if not roles:
            parts = wanted.split(":", 5)
            place = parts[4] if len(parts) == 6 else ""
            inside = place in self.landscape.accounts and not wild
            text = f"{caller.arn} may assume {wanted}, which nothing that was read makes"
            if not inside:
                text += "; its account was not read" if not wild else "; it may be in accounts that were not read"
            self.halves.append(
                Half(Fault.NO_SUCH_ROLE, caller.arn, wanted, source, statement.index, text, broken=inside)
            )
            return
        if any((caller, role) in self.asked for role in roles):
            return  # said from the side of the trust
        shown = roles[0].arn if len(roles) == 1 else f"any of the {len(roles)} roles that {wanted} matches"
        text = f"{caller.arn} may assume {wanted}, but the trust of {shown} does not name it"
        undecided = any(not role.trust.known or has_reference(role.arn) for role in roles)
        self.halves.append(
            Half(Fault.NO_TRUST, caller.arn, wanted, source, statement.index, text, broken=not undecided)
        )

    def _roles_of(self, wanted: str) -> tuple[SeenRole, ...]:
        found = self._matching.get(wanted)
        if found is None:
            found = tuple(self._matches(wanted))
            self._matching[wanted] = found
        return found

    def _matches(self, wanted: str) -> Iterator[SeenRole]:
        role = self.landscape.role_by_arn.get(wanted)
        if role is not None:
            yield role
            return
        if "*" not in wanted and "?" not in wanted:
            return
        name = wanted.rsplit("/", 1)[-1]
        candidates: Iterable[SeenRole] = self.landscape.roles
        if "*" not in name and "?" not in name and not has_reference(wanted):
            candidates = self.landscape.roles_by_name.get(name, ())
        elif (account := wanted.split(":", 5)[4] if wanted.count(":") >= 5 else "").isdigit():
            candidates = self.landscape.roles_of_account.get(account, ())
        pattern = ResourceGlob(tokens_of(wanted))
        for one in candidates:
            if pattern.matches(one.arn) is True:
                yield one

    def _half(
        self, fault: Fault, who: str, role: SeenRole, statement: Statement, text: str, *, broken: bool = True
    ) -> None:
        self.halves.append(Half(fault, who, role.arn, role.trust.source, statement.index, text, broken))


_ASSUME = Request("sts:AssumeRole")


def account_of(name: str) -> str | None:
    """Return the account, if a principal names one as a whole."""
    if len(name) == 12 and name.isdigit():
        return name
    parts = name.split(":", 5)
    return parts[4] if len(parts) == 6 and parts[5] == "root" and parts[2] == "iam" else None


def _of_another_service(resource: str) -> bool:
    """Where roles are among everything that an action pattern covers, its other resources are no roles."""
    parts = resource.split(":", 3)
    return len(parts) == 4 and parts[2] != "iam" and not any(character in parts[2] for character in "*?{")


def _may_cover(statement: Statement, arn: str) -> bool:
    assert statement.resources is not None
    return statement.resources.covers(Request("sts:AssumeRole", arn)) is not False


def _best(
    role: SeenRole, caller: Caller, statement: Statement, leave: Sequence[Statement]
) -> tuple[Verdict, AssumeRole]:
    """Return the answer to the calls that both sides' conditions suggest: the first that is let in, else the best."""
    found: tuple[Verdict, AssumeRole] | None = None
    for call in _calls(statement, leave):
        verdict = can_assume(role.arn, role.trust.policy, caller, call)
        if verdict.allowed:
            return verdict, call
        if found is None or (verdict.decision is Decision.UNKNOWN and found[0].decision is not Decision.UNKNOWN):
            found = verdict, call
    assert found is not None
    return found


def _calls(statement: Statement, leave: Sequence[Statement]) -> Iterator[AssumeRole]:
    asked = [statement, *leave]
    ids: dict[str | None, None] = {}
    for one in asked:
        conditions = about(one.conditions, EXTERNAL_ID)
        if conditions:
            ids.update((value, None) for value in values_for(conditions) if value is None or isinstance(value, str))
    if not any(about(one.conditions, EXTERNAL_ID) for one in [statement]):
        ids.setdefault(None)
    for external_id in ids or {None: None}:
        seen: list[dict[str, ContextValue]] = []
        for one in leave or [statement]:
            context = satisfying((*statement.conditions, *(() if one is statement else one.conditions)))
            context = {key: value for key, value in context.items() if key.lower() not in _PARAMETERS}
            if context not in seen:
                seen.append(context)
                yield AssumeRole(external_id, context=context)


_PARAMETERS = frozenset({"sts:externalid"})


def _without_unknown(caller: Identity) -> Caller:
    """Return the caller as far as its policies are known."""
    known = tuple(document.policy for document in caller.policies if document.known)
    boundary = caller.boundary.policy if caller.boundary is not None and caller.boundary.known else None
    return replace(caller.caller, policies=known, boundary=boundary)


def _why_not(caller: Identity, role: SeenRole, verdict: Verdict) -> str:
    if verdict.decision is Decision.EXPLICITLY_DENIED:
        decider = verdict.decided_by[0]
        where = f"statement {decider.index} of {decider.policy}"
        return f"{role.arn} trusts {caller.arn}, and {where} denies it"
    refused = " and ".join(verdict.refused_by) or "nothing"
    text = f"{role.arn} trusts {caller.arn}, which may not take it: nothing in its {refused} allows it"
    mismatch = _nearest(verdict)
    return f"{text} ({mismatch})" if mismatch else text


def _nearest(verdict: Verdict) -> str:
    """Name the condition that alone stands against it, if there is one."""
    for statements in verdict.statements.values():
        for one in statements:
            missed = one.mismatches
            if not one.deny and missed and all(element.element == "Condition" for element in missed):
                element = missed[0]
                offered = "nothing" if element.offered is None else f"«{element.offered}»"
                wanted = ", ".join(f"«{value}»" for value in element.wanted[:3])
                return f"{one.policy} wants {element.key} {wanted}, the call has {offered}"
    return ""
