"""Why a token, or a call of STS, is let into a role or not, and what to change.

A token is decoded and never verified, shown or kept. What it offers is what AWS's mapping of claims makes of it
(:mod:`rolebridge.proof.tokens`), and only the keys that a policy asks for are shown.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rolebridge.proof.answers import Answer, Unknown
from rolebridge.proof.assume import AssumeRole, Caller, can_assume, can_assume_with_token
from rolebridge.proof.evaluation import TRUST, Decision, Verdict
from rolebridge.proof.landscape import FULL_ADMINISTRATION, Landscape, SeenRole
from rolebridge.proof.policy import compile_policy
from rolebridge.proof.principals import Kind, Principal
from rolebridge.proof.reports import ElementReport, StatementReport
from rolebridge.proof.request import ContextValue
from rolebridge.proof.tokens import GOOGLE, claims_of, context_of, issuer_of
from rolebridge.proof.words import clean


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        token: a JSON Web Token; never part of an answer.
        principal: else, who calls ``AssumeRole``: an ARN, or the name of a service.
        external_id: of that call.
        session_name: of the call.
        context: further condition keys.
    """

    token: str | None = field(default=None, repr=False)
    principal: str | None = None
    external_id: str | None = None
    session_name: str | None = None
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One element of a statement.

    Attributes:
        fits: ``None`` if that is not known.
        what: the element, or the condition's key and operator.
        wanted: what the policy has.
        offered: what the call has, and which claim it comes from.
    """

    fits: bool | None
    what: str
    wanted: str
    offered: str


@dataclass(frozen=True)
class StatementAnswer:
    """One statement held against the call."""

    title: str
    offers: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class WhyAnswer:
    """The answer for one role.

    Attributes:
        let_in: whether it is certainly let in.
        summary: the answer, in a few words.
        statements: of the trust policy and of the caller's own, element by element.
        advice: what to change.
        remarks: what this rests on.
    """

    let_in: bool
    summary: str
    statements: tuple[StatementAnswer, ...]
    advice: tuple[str, ...]
    remarks: tuple[str, ...]


def ask(question: Question, role: SeenRole, landscape: Landscape) -> WhyAnswer:
    """Answer for one role.

    Raises:
        ValueError: if the token is none, or the principal is no ARN; quotes no token.
    """
    if question.token is not None:
        return _of_token(question, claims_of(question.token), role, landscape)
    return _of_call(question, role, landscape)


# A token


def _of_token(question: Question, claims: dict[str, Any], role: SeenRole, landscape: Landscape) -> WhyAnswer:
    issuer = issuer_of(claims)
    federated = landscape.provider(issuer, role)
    context: dict[str, ContextValue] = {**context_of(claims), **question.context}
    verdict = can_assume_with_token(role.arn, role.trust.policy, federated, context, session_name=question.session_name)
    remarks = ["The token was decoded and not verified: whether AWS takes its signature is not said here."]
    advice = list(_advice_on_token(verdict, claims, issuer, role, landscape))
    expires = claims.get("exp")
    if isinstance(expires, int | float) and not isinstance(expires, bool) and expires < time.time():
        advice.append("The token has expired: AWS answers ExpiredTokenException. Get a new one.")
    provider = landscape.provider_by_arn.get(federated.name)
    audience = claims.get("aud")
    if provider is not None and isinstance(audience, str) and audience not in provider.client_ids:
        known = ", ".join(f"«{clean(one)}»" for one in provider.client_ids)
        advice.append(
            f"The identity provider takes the audiences {known or 'none'} only: AWS answers InvalidIdentityToken."
        )
    statements = _statements(verdict, "the token offers", _sources(issuer, claims))
    return WhyAnswer(verdict.allowed, _summary(verdict), statements, tuple(advice), tuple(remarks))


def _sources(issuer: str, claims: Mapping[str, Any]) -> dict[str, str]:
    """Return which claim each key comes from."""
    if issuer != GOOGLE:
        return {f"{issuer}:{name}".lower(): name for name in claims}
    authorized = "azp" if claims.get("azp") is not None else "aud"
    names = {"aud": authorized, "oaud": "aud", "sub": "sub", "email": "email"}
    return {f"{GOOGLE}:{key}": claim for key, claim in names.items()}


def _advice_on_token(
    verdict: Verdict, claims: Mapping[str, Any], issuer: str, role: SeenRole, landscape: Landscape
) -> Iterator[str]:
    if verdict.allowed:
        return
    reports = [one for one in verdict.statements.get(TRUST, ()) if not one.deny]
    if not reports:
        yield "The trust policy has no statement that lets anybody in."
        return
    nearest = min(reports, key=lambda one: (_is_stranger(one), len(one.mismatches)))
    if _is_stranger(nearest):
        wanted = ", ".join(nearest.elements[0].wanted)
        yield f"The token is of another issuer: {clean(issuer)}, and the trust names {clean(wanted)}."
        return
    for element in nearest.mismatches:
        if element.element == "Condition":
            yield _on_condition(element, claims, issuer, role)
        else:
            wanted = ", ".join(element.wanted)
            yield f"The trust's statement {nearest.index} is for {clean(wanted)}, not for AssumeRoleWithWebIdentity."


def _is_stranger(report: StatementReport) -> bool:
    return bool(report.elements) and report.elements[0].answer is False and "rincipal" in report.elements[0].element


def _on_condition(element: ElementReport, claims: Mapping[str, Any], issuer: str, role: SeenRole) -> str:
    key = element.key.lower()
    wanted = " or ".join(f"«{clean(value)}»" for value in element.wanted[:5])
    name = key.removeprefix(f"{issuer.lower()}:")
    if not key.startswith(f"{issuer.lower()}:"):
        return f"{element.key}: the trust wants {wanted}; a token of {clean(issuer)} does not bring this key."
    if issuer == GOOGLE and name == "aud" and claims.get("aud") in element.wanted:
        return (
            f"{element.key} is not the token's audience: AWS puts Google's claim azp there. The token's audience is "
            f"under {GOOGLE}:oaud: change the key in the trust."
        )
    if issuer == GOOGLE and name == "azp":
        return f"AWS has no key {element.key}: Google's claim azp is under {GOOGLE}:aud. Change the key in the trust."
    offered = element.offered
    if offered is None:
        return f"{element.key}: the trust wants {wanted}, and the token brings nothing. {_mend(name, wanted, issuer)}"
    texts = offered if isinstance(offered, tuple) else (str(offered),)
    if any(text.lower() == value.lower() for text in texts for value in element.wanted):
        return f"{element.key}: the trust wants {wanted}, and the token differs in upper and lower case only."
    shown = ", ".join(f"«{clean(text)}»" for text in texts[:5])
    return f"{element.key}: the trust wants {wanted}, and the token has {shown}. {_mend(name, wanted, issuer)}"


def _mend(name: str, wanted: str, issuer: str) -> str:
    if name == "oaud" or (name == "aud" and issuer != GOOGLE):
        return f"Ask for a token with the audience {wanted}."
    if name == "sub":
        if issuer == GOOGLE:
            return "The subject is the service account's unique id: use that account, or let the trust name this one."
        return "Use the identity that the trust names, or let the trust name this one."
    if name == "email":
        return "Ask for a token with the e-mail in it (includeEmail)."
    if name == "aud":
        return "AWS takes Google's claim azp here: the unique id or the e-mail, by how the token was made."
    return ""


# A call


def _of_call(question: Question, role: SeenRole, landscape: Landscape) -> WhyAnswer:
    principal, caller, remarks = _caller(question.principal or "", landscape)
    call = AssumeRole(question.external_id, question.session_name, context=question.context)
    verdict = can_assume(role.arn, role.trust.policy, caller, call)
    statements = _statements(verdict, "the call has", {"sts:externalid": "--external-id"})
    advice = tuple(_advice_on_call(verdict, question, role, principal))
    return WhyAnswer(verdict.allowed, _summary(verdict), statements, advice, tuple(remarks))


def _caller(name: str, landscape: Landscape) -> tuple[Principal, Caller, list[str]]:
    seen = landscape.identity(name)
    if seen is not None:
        return seen.principal, seen.caller, []
    if not name.startswith("arn:"):
        return (service := Principal.service(name)), Caller(service), []
    principal = Principal.from_arn(name)
    if principal.kind is Kind.ROLE:
        found = [
            one
            for one in landscape.roles_by_name.get(principal.identity_arn.rpartition("/")[2], ())
            if one.account == principal.account
        ]
        if len(found) == 1:
            role = found[0]
            session = Principal.role(role.arn, principal.session)
            return session, Caller(session, role.caller.policies, role.caller.boundary), []
    everything = compile_policy(FULL_ADMINISTRATION, name="all rights (assumed)")
    remark = f"{clean(name)} was not read: it is taken to have all rights of its own, so that the trust alone decides."
    return principal, Caller(principal, (everything,)), [remark]


def _advice_on_call(verdict: Verdict, question: Question, role: SeenRole, principal: Principal) -> Iterator[str]:
    if verdict.allowed:
        return
    if verdict.decision is Decision.EXPLICITLY_DENIED:
        for one in verdict.decided_by:
            yield f"Statement {one.index} of {one.policy} denies it."
        return
    for side in verdict.refused_by:
        if side not in verdict.statements:
            yield side
            continue
        reports = [one for one in verdict.statements[side] if not one.deny]
        relevant = [one for one in reports if not any(element.element in _WHO for element in one.mismatches)]
        if side == TRUST and not relevant:
            yield f"The trust policy does not name {clean(principal.name)}."
        elif not relevant:
            yield f"Nothing in the {side} of {clean(principal.name)} allows sts:AssumeRole on {clean(role.arn)}."
        else:
            nearest = min(relevant, key=lambda one: len(one.mismatches))
            for element in nearest.mismatches:
                wanted = " or ".join(f"«{clean(value)}»" for value in element.wanted[:5])
                has = "nothing" if element.offered is None else f"«{clean(str(element.offered))}»"
                yield f"{element.key}: {nearest.policy} wants {wanted}, and the call has {has}."


_WHO = frozenset({"Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource"})


# Both


def _summary(verdict: Verdict) -> str:
    if verdict.decision is Decision.UNKNOWN:
        return f"cannot be known: {'; '.join(verdict.unknown)}"
    return "let in" if verdict.allowed else f"refused ({verdict.decision.value})"


def _statements(verdict: Verdict, offers: str, sources: Mapping[str, str]) -> tuple[StatementAnswer, ...]:
    found = []
    for side, reports in verdict.statements.items():
        ordered = sorted(reports, key=lambda one: len(one.mismatches))[:5]
        for report in ordered:
            if side != TRUST and (report.answer is False and len(report.mismatches) > 1):
                continue
            sid = f" ({report.sid})" if report.sid else ""
            effect = "denies" if report.deny else "allows"
            title = f"{side}: statement {report.index}{sid} of {report.policy} {effect}, if all of this fits"
            rows = tuple(_row(element, sources) for element in report.elements)
            found.append(StatementAnswer(title, offers, rows))
    return tuple(found)


def _row(element: ElementReport, sources: Mapping[str, str]) -> Row:
    what = f"{element.key} {element.operator}" if element.element == "Condition" else element.element
    wanted = ", ".join(element.wanted[:5]) + (f" and {len(element.wanted) - 5} more" if len(element.wanted) > 5 else "")
    offered = element.offered
    shown = "nothing" if offered is None else ", ".join(offered) if isinstance(offered, tuple) else str(offered)
    if isinstance(offered, Unknown):
        shown = offered.reason
    claim = sources.get(element.key.lower())
    if claim and offered is not None:
        shown += f"  ({'' if claim.startswith('--') else 'claim '}{claim})"
    return Row(_known(element.answer), what, wanted, shown)


def _known(answer: Answer) -> bool | None:
    return None if isinstance(answer, Unknown) else answer
