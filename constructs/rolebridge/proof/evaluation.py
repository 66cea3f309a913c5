"""What AWS answers: allowed, explicitly denied, implicitly denied; or, where it cannot be known, that.

IAM user guide, «Policy evaluation logic»: everything is denied that nothing allows, and an explicit deny in any policy
decides. Policies of the organization (SCPs, RCPs) are not looked at: nothing of them stands in Terraform's text here.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from rolebridge.proof.answers import Answer, Unknown, all_of, any_of
from rolebridge.proof.policy import Policy, Statement
from rolebridge.proof.principals import Kind, Principal, Reach
from rolebridge.proof.reports import StatementReport, report
from rolebridge.proof.request import FILLED_IN_BY_AWS, ContextValue, Request


class Decision(enum.Enum):
    """What comes out."""

    ALLOWED = "allowed"
    EXPLICITLY_DENIED = "explicitly denied"
    IMPLICITLY_DENIED = "implicitly denied"
    """Nothing allows it; whether something also denies it may be unknown, and changes nothing."""
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Decider:
    """A statement that decided.

    Attributes:
        side: which policies it belongs to, as ``trust policy``.
        policy: its policy's name.
        index: its place in the document, from 0.
        sid: its ``Sid``, if it has one.
    """

    side: str
    policy: str
    index: int
    sid: str | None


@dataclass(frozen=True)
class Verdict:
    """The answer to one request.

    Attributes:
        decision: what AWS answers.
        decided_by: the statements that allow, or those that deny; none where nothing allows.
        refused_by: where nothing allows it: the sides that would have to, as ``trust policy``.
        unknown: why it cannot be known; sentences.
        reach: how far a trust policy names the caller (:class:`rolebridge.proof.principals.Reach`).
    """

    decision: Decision
    decided_by: tuple[Decider, ...] = ()
    refused_by: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    reach: Reach = Reach.NONE
    _sides: tuple[Side, ...] = field(default=(), repr=False, compare=False)

    @property
    def allowed(self) -> bool:
        """Whether it is certainly allowed."""
        return self.decision is Decision.ALLOWED

    @cached_property
    def statements(self) -> Mapping[str, tuple[StatementReport, ...]]:
        """Per side, every statement of its policies, element by element; made when it is first asked for."""
        return {
            side.name: tuple(
                one for policy in side.policies for one in report(policy, side.request, bounded=side.bounded)
            )
            for side in self._sides
        }


def evaluate_identity(
    policies: Sequence[Policy],
    request: Request,
    *,
    boundary: Policy | None = None,
    session_policies: Sequence[Policy] = (),
) -> Verdict:
    """Return what identity policies alone answer, within a boundary and session policies.

    Each of these has to allow it, and none may deny it («Evaluating identity-based policies with permissions
    boundaries»; «Session policies»). The root user of the account has full access.

    Args:
        policies: those of the user or role, its groups' too.
        request: what is asked.
        boundary: the permissions boundary, if there is one.
        session_policies: those given when the session began, if any.
    """
    sides = identity_sides(policies, request, boundary=boundary, session_policies=session_policies)
    root = request.principal is not None and request.principal.kind is Kind.ROOT
    return conclude(sides, True if root else all_of(side.allows() for side in sides))


def evaluate_trust(
    trust: Policy,
    caller: Principal,
    *,
    action: str = "sts:AssumeRole",
    role_arn: str = "*",
    context: Mapping[str, ContextValue] | None = None,
    bounded: bool = False,
    unknown: frozenset[str] = FILLED_IN_BY_AWS,
) -> Verdict:
    """Return what a trust policy alone answers; ``reach`` then says what else the caller needs.

    It is the whole answer for a service and for somebody with a web identity or a SAML assertion. For callers with
    policies of their own, see :func:`rolebridge.proof.assume.can_assume`.

    Args:
        trust: the role's trust policy.
        caller: who asks.
        action: ``sts:AssumeRole``, ``sts:AssumeRoleWithWebIdentity``, ``sts:TagSession``, …
        role_arn: the role's ARN.
        context: keys of the request.
        bounded: whether the caller has a permissions boundary (it matters to ``NotPrincipal`` with a deny).
        unknown: see :class:`rolebridge.proof.request.Request`.
    """
    request = Request(action, role_arn, caller, context or {}, unknown)
    side = Side(TRUST, (trust,), request, bounded=bounded)
    return conclude((side,), side.allows())


TRUST = "trust policy"
IDENTITY = "identity policies"
BOUNDARY = "permissions boundary"
SESSION = "session policies"


@dataclass
class Side:
    """The policies that are asked together, because one of them that allows is enough.

    Attributes:
        name: as ``identity policies``.
        policies: all of them.
        request: what they are asked.
        bounded: whether the caller has a permissions boundary.
    """

    name: str
    policies: Sequence[Policy]
    request: Request
    bounded: bool = False
    denies: Answer = field(init=False, default=False)
    deniers: list[Decider] = field(init=False, default_factory=list)
    allowers: list[tuple[Decider, Reach]] = field(init=False, default_factory=list)
    _maybe: list[tuple[Reach, Unknown]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        """Ask every statement once."""
        for policy in self.policies:
            if policy.opaque is not None:
                self.denies = any_of((self.denies, policy.opaque))
                self._maybe.append((Reach.PRINCIPAL, policy.opaque))
            for statement in policy.statements:
                answer = statement.applies(self.request)
                if answer is not False:  # most do not apply: this is where the time of a proof goes
                    self._note(policy, statement, answer)

    def allows(self, reach: Reach = Reach.ACCOUNT) -> Answer:
        """Return whether a statement allows it that names the caller at least as far as ``reach``."""
        for _, found in self.allowers:
            if found >= reach:
                return True
        for found, unknown in self._maybe:
            if found >= reach:
                return unknown
        return False

    @property
    def reach(self) -> Reach:
        """How far the caller is certainly named by statements that allow."""
        return max((found for _, found in self.allowers), default=Reach.NONE)

    def _note(self, policy: Policy, statement: Statement, answer: Literal[True] | Unknown) -> None:
        named = statement.named(self.request, bounded=self.bounded)
        if named.reach is Reach.NONE and named.unknown is None:
            return
        if statement.deny:
            certain: Answer = True if named.reach or named.unknown is None else named.unknown
            self._note_deny(policy, statement, all_of((answer, certain)))
            return
        if answer is True and named.reach:
            self.allowers.append((Decider(self.name, policy.name, statement.index, statement.sid), named.reach))
        elif answer is not True:
            self._maybe.append((named.reach if named.unknown is None else Reach.PRINCIPAL, answer))
        if named.unknown is not None:
            self._maybe.append((Reach.PRINCIPAL, named.unknown))

    def _note_deny(self, policy: Policy, statement: Statement, answer: Answer) -> None:
        if answer is True:
            self.deniers.append(Decider(self.name, policy.name, statement.index, statement.sid))
        self.denies = any_of((self.denies, answer))


def identity_sides(
    policies: Sequence[Policy],
    request: Request,
    *,
    boundary: Policy | None = None,
    session_policies: Sequence[Policy] = (),
) -> tuple[Side, ...]:
    """Return the sides of a caller that all have to allow: identity policies, boundary, session policies."""
    sides = [Side(IDENTITY, policies, request)]
    if boundary is not None:
        sides.append(Side(BOUNDARY, (boundary,), request))
    if session_policies:
        sides.append(Side(SESSION, session_policies, request))
    return tuple(sides)


def conclude(sides: Sequence[Side], grant: Answer, *, silent: Sequence[str] | None = None) -> Verdict:
    """Put the sides together.

    Args:
        sides: everything that was asked; an explicit deny of any of them decides.
        grant: whether enough of them allow.
        silent: the sides that would have to allow and do not; by default all that do not.
    """
    denied = sides[0].denies if len(sides) == 1 else any_of(side.denies for side in sides)
    reach = next((side.reach for side in sides if side.name == TRUST), Reach.NONE)
    if denied is True:
        deciders = tuple(decider for side in sides for decider in side.deniers)
        return Verdict(Decision.EXPLICITLY_DENIED, deciders, reach=reach, _sides=tuple(sides))
    if grant is False:
        refusing = tuple(side.name for side in sides if side.allows() is False) if silent is None else tuple(silent)
        return Verdict(Decision.IMPLICITLY_DENIED, refused_by=refusing, reach=reach, _sides=tuple(sides))
    if grant is not True or denied is not False:
        reasons = [answer.reason for answer in (grant, denied) if isinstance(answer, Unknown)]
        return Verdict(Decision.UNKNOWN, unknown=tuple(dict.fromkeys(reasons)), reach=reach, _sides=tuple(sides))
    allowers = tuple(decider for side in sides for decider, _ in side.allowers)
    return Verdict(Decision.ALLOWED, allowers, reach=reach, _sides=tuple(sides))
