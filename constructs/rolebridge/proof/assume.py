"""Who can take a role: the role's trust and the caller's own policies together.

IAM user guide, «Policy evaluation logic», «Cross-account policy evaluation logic», «Methods to assume a role»; STS API
reference, ``AssumeRole``: «If the user is in the same account as the role, then you can do either of the following:
attach a policy to the user […], or add the user as a principal directly in the role's trust policy.»
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rolebridge.proof.answers import Answer, Unknown, all_of, any_of
from rolebridge.proof.evaluation import (
    IDENTITY,
    TRUST,
    Decision,
    Side,
    Verdict,
    conclude,
    evaluate_trust,
    identity_sides,
)
from rolebridge.proof.policy import Policy
from rolebridge.proof.principals import Kind, Principal, Reach
from rolebridge.proof.request import FILLED_IN_BY_AWS, ContextValue, Request


@dataclass(frozen=True)
class Caller:
    """Somebody with credentials of an account, and what limits them.

    Attributes:
        principal: who it is.
        policies: its identity policies, its groups' too.
        boundary: its permissions boundary.
        session_policies: those given when its session began.
    """

    principal: Principal
    policies: Sequence[Policy] = ()
    boundary: Policy | None = None
    session_policies: Sequence[Policy] = ()


@dataclass(frozen=True)
class AssumeRole:
    """The parameters of a call of STS, as condition keys see them.

    IAM user guide, «IAM and AWS STS condition context keys», «Available keys for AWS STS».

    Attributes:
        external_id: ``sts:ExternalId``; ``None``: the call has none.
        session_name: ``sts:RoleSessionName``; every call has one: ``None`` is one that is not known.
        tags: session tags; they need ``sts:TagSession`` too.
        transitive_tags: the keys of those that stay on in a chain.
        source_identity: needs ``sts:SetSourceIdentity`` too.
        duration: ``sts:DurationSeconds``, in seconds; ``None``: not known.
        context: further keys, or other values than these parameters would give.
    """

    external_id: str | None = None
    session_name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive_tags: Sequence[str] = ()
    source_identity: str | None = None
    duration: int | None = None
    context: Mapping[str, ContextValue] = field(default_factory=dict)

    def keys(self) -> dict[str, ContextValue]:
        """Return the context of the request."""
        found: dict[str, ContextValue] = {
            "sts:ExternalId": self.external_id,
            "sts:SourceIdentity": self.source_identity,
            "sts:RoleSessionName": _NO_SESSION_NAME if self.session_name is None else self.session_name,
            "sts:DurationSeconds": _NO_DURATION if self.duration is None else self.duration,
        }
        if self.tags:
            found |= {f"aws:RequestTag/{key}": value for key, value in self.tags.items()}
            found["aws:TagKeys"] = tuple(self.tags)
        if self.transitive_tags:
            found["sts:TransitiveTagKeys"] = tuple(self.transitive_tags)
        return found | dict(self.context)


_NO_SESSION_NAME = Unknown("the session name of the call is not given")
_NO_DURATION = Unknown("the duration that the call asks for is not given")
_OF_A_TOKENS_CALL = AssumeRole().keys()
del _OF_A_TOKENS_CALL["sts:SourceIdentity"]


def can_assume(
    role_arn: str,
    trust: Policy,
    caller: Caller,
    call: AssumeRole | None = None,
    *,
    unknown: frozenset[str] = FILLED_IN_BY_AWS,
) -> Verdict:
    """Return whether a caller can take a role with ``sts:AssumeRole``.

    Within one account, a trust that names the caller itself is enough (a role that is named stays within its boundary
    and its session policies), and one that names the account needs the caller's policies. Between accounts both sides
    have to allow it. Session tags and a source identity have to be allowed in the same way («Pass session tags in AWS
    STS», «Monitor and control actions taken with assumed roles»).

    Args:
        role_arn: the role's ARN.
        trust: its trust policy.
        caller: who asks; a service, or somebody with a token, has no policies and is judged by the trust alone.
        call: the parameters of the call.
        unknown: see :class:`rolebridge.proof.request.Request`.
    """
    call = call or AssumeRole()
    context = call.keys()
    actions = ["sts:AssumeRole"]
    if call.tags:
        actions.append("sts:TagSession")
    if call.source_identity is not None:
        actions.append("sts:SetSourceIdentity")
    return _worst([_one(action, role_arn, trust, caller, context, unknown) for action in actions])


def can_assume_with_token(
    role_arn: str,
    trust: Policy,
    federated: Principal,
    context: Mapping[str, ContextValue],
    *,
    action: str = "sts:AssumeRoleWithWebIdentity",
    session_name: str | None = None,
    unknown: frozenset[str] = FILLED_IN_BY_AWS,
) -> Verdict:
    """Return whether somebody with a web identity, or a SAML assertion, can take a role.

    The call is not signed, so there are no policies of the caller: the trust decides («Methods to assume a role»).

    Args:
        role_arn: the role's ARN.
        trust: its trust policy.
        federated: what the token comes as (:func:`rolebridge.proof.tokens.federated_principal`).
        context: the keys of the token (:func:`rolebridge.proof.tokens.context_of`).
        action: or ``sts:AssumeRoleWithSAML``.
        session_name: ``sts:RoleSessionName``; every call has one: ``None`` is one that is not known.
        unknown: see :class:`rolebridge.proof.request.Request`.
    """
    keys = {**_OF_A_TOKENS_CALL, **context}
    if session_name is not None and "sts:RoleSessionName" not in context:
        keys["sts:RoleSessionName"] = session_name
    actions = [action]
    lower = {key.lower() for key, value in keys.items() if value is not None}
    if "aws:tagkeys" in lower:
        actions.append("sts:TagSession")
    if "sts:sourceidentity" in lower:
        actions.append("sts:SetSourceIdentity")
    asked = [
        evaluate_trust(trust, federated, action=one, role_arn=role_arn, context=keys, unknown=unknown)
        for one in actions
    ]
    return _worst(asked)


def _one(
    action: str,
    role_arn: str,
    trust: Policy,
    caller: Caller,
    context: Mapping[str, ContextValue],
    unknown: frozenset[str],
) -> Verdict:
    principal = caller.principal
    request = Request(action, role_arn, principal, context, unknown)
    trusted = Side(TRUST, (trust,), request, bounded=caller.boundary is not None)
    if principal.kind in _REFUSED_BY_STS:
        return Verdict(Decision.IMPLICITLY_DENIED, refused_by=(_REFUSED_BY_STS[principal.kind],), _sides=(trusted,))
    if principal.kind is Kind.SERVICE:
        return conclude((trusted,), trusted.allows())
    own = identity_sides(caller.policies, request, boundary=caller.boundary, session_policies=caller.session_policies)
    sides = (trusted, *own)
    same = _same_account(role_arn, principal)
    grant = _between_accounts(trusted, own) if same is False else _within_account(trusted, own)
    if isinstance(same, Unknown):
        grant = _either_way(grant, _between_accounts(trusted, own), same)
    return conclude(sides, grant, silent=_silent(trusted, own, same) if grant is False else None)


def _within_account(trusted: Side, own: Sequence[Side]) -> Answer:
    """«Resource-based policies» in «How AWS enforcement code logic evaluates requests».

    What is granted to the session or the user itself is not limited by an implicit deny; what is granted to its role is
    limited by the boundary and the session policies; what is granted to its account, by all of its policies.
    """
    limits = all_of(side.allows() for side in own if side.name != IDENTITY)
    return any_of(
        (
            trusted.allows(Reach.PRINCIPAL),
            all_of((trusted.allows(Reach.ROLE), limits)),
            all_of((trusted.allows(Reach.ACCOUNT), *(side.allows() for side in own))),
        )
    )


def _between_accounts(trusted: Side, own: Sequence[Side]) -> Answer:
    """«Cross-account policy evaluation logic»: allowed only if both accounts allow it."""
    return all_of((trusted.allows(), *(side.allows() for side in own)))


def _either_way(one: Answer, other: Answer, why: Unknown) -> Answer:
    return one if one is other else why


def _same_account(role_arn: str, principal: Principal) -> Answer:
    account = role_arn.split(":", 5)[4] if role_arn.count(":") >= 5 else ""
    if len(account) == 12 and account.isdigit() and len(principal.account) == 12 and principal.account.isdigit():
        return account == principal.account
    if account == principal.account != "":
        return True
    return Unknown("whether the caller and the role are of one account is not known")


def _silent(trusted: Side, own: Sequence[Side], same: Answer) -> list[str]:
    """Name the sides that have to allow and do not; within the account none is needed besides a trust in the caller."""
    if trusted.allows() is False and same is not False:
        return [TRUST]
    return [side.name for side in (trusted, *own) if side.allows() is False and not _spared(side, trusted, same)]


def _spared(side: Side, trusted: Side, same: Answer) -> bool:
    return same is not False and side.name == IDENTITY and trusted.allows(Reach.ROLE) is not False


_UNSIGNED = "AWS STS: AssumeRole has to be signed"
_REFUSED_BY_STS = {
    Kind.ROOT: "AWS STS: the root user cannot assume roles",
    Kind.ANONYMOUS: _UNSIGNED,
    Kind.FEDERATED: _UNSIGNED,
    Kind.CANONICAL_USER: _UNSIGNED,
}
"""Whom STS refuses whatever the policies say (API reference, ``AssumeRole``)."""

_ORDER = (Decision.EXPLICITLY_DENIED, Decision.IMPLICITLY_DENIED, Decision.UNKNOWN, Decision.ALLOWED)


def _worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Every action of a call has to be allowed."""
    return min(verdicts, key=lambda verdict: _ORDER.index(verdict.decision))
