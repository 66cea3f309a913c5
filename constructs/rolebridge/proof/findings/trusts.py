"""Trust policies as rules ask about them: who is trusted by which statement, and what keeps others out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rolebridge.proof.attempts import SAML, WEB_IDENTITY
from rolebridge.proof.landscape import Landscape, SeenRole
from rolebridge.proof.policy import Statement
from rolebridge.proof.request import ContextValue, Request
from rolebridge.proof.satisfying import about, satisfying
from rolebridge.proof.tokens import BUILT_IN_PROVIDERS

COGNITO = "cognito-identity.amazonaws.com"


@dataclass(frozen=True)
class Trusted:
    """One principal of a statement that allows.

    Attributes:
        role: who trusts.
        statement: the statement.
        element: ``AWS``, ``Service``, ``Federated`` or ``CanonicalUser``.
        name: the principal.
    """

    role: SeenRole
    statement: Statement
    element: str
    name: str


def allowing(landscape: Landscape) -> Iterator[tuple[SeenRole, Statement]]:
    """Return every statement of a trust policy that allows."""
    for role in landscape.roles:
        for statement in role.trust.policy.statements:
            if not statement.deny and statement.principals is not None:
                yield role, statement


def trusted(landscape: Landscape, element: str) -> Iterator[Trusted]:
    """Return every principal of a kind that a statement names and allows."""
    for role, statement in allowing(landscape):
        assert statement.principals is not None
        if statement.principals.negated:
            continue
        for wanted in statement.principals.wanted:
            kind, _, name = wanted.partition(" ")
            if kind == element:
                yield Trusted(role, statement, kind, name)


def token_issuers(landscape: Landscape) -> Iterator[tuple[Trusted, str]]:
    """Return every trust in an OpenID Connect provider for web identity, with the issuer that its keys begin with."""
    for one in trusted(landscape, "Federated"):
        issuer = one.name if one.name in BUILT_IN_PROVIDERS else one.name.partition(":oidc-provider/")[2]
        if issuer and one.statement.actions.covers(_WEB_IDENTITY) is True:
            yield one, issuer


_WEB_IDENTITY = Request(WEB_IDENTITY)
_SIGNED = Request("sts:AssumeRole")


def is_for_tokens(statement: Statement) -> bool:
    """Return whether a statement is about tokens or assertions only."""
    covers = statement.actions.covers
    return covers(_SIGNED) is False and (covers(_WEB_IDENTITY) is True or covers(Request(SAML)) is True)


def keeps_out(one: Trusted, context: Mapping[str, ContextValue]) -> bool:
    """Return whether a condition on one of these keys keeps a request with such values out, or may do so.

    A condition that only Terraform knows may keep it out, and a statement that denies: nothing is said then.
    """
    request = Request("sts:AssumeRole", context=context)
    return any(
        condition.holds(request) is not True for key in context for condition in about(one.statement.conditions, key)
    ) or _denied(one, context)


def lets_in(one: Trusted, context: Mapping[str, ContextValue]) -> bool:
    """Return whether the conditions certainly let a request in that has these values, and else what they want."""
    request = Request("sts:AssumeRole", context=_brings(one.statement, context))
    return all(condition.holds(request) is True for condition in one.statement.conditions) and not _denied(one, context)


def _brings(statement: Statement, context: Mapping[str, ContextValue]) -> dict[str, ContextValue]:
    """Return what the statement wants, with these values instead."""
    keys = {key.lower() for key in context}
    wanted = satisfying(statement.conditions).items()
    return {key: value for key, value in wanted if key.lower() not in keys} | dict(context)


def _denied(one: Trusted, context: Mapping[str, ContextValue]) -> bool:
    """Return whether a statement that is about the same principal, or about everybody, denies it or may do so."""
    request = Request(_action(one.statement), context=_brings(one.statement, context))
    return any(
        statement.deny
        and statement.principals is not None
        and not {"AWS *", f"{one.element} {one.name}"}.isdisjoint(statement.principals.wanted)
        and statement.applies(request) is not False
        for statement in one.role.trust.policy.statements
    )


def _action(statement: Statement) -> str:
    """Return the call that the statement is about."""
    calls = ("sts:AssumeRole", WEB_IDENTITY, SAML)
    return next((call for call in calls if statement.actions.covers(Request(call)) is True), calls[0])


def account_in(arn: str) -> str:
    """Return the account of an ARN or a bare account id; empty if it has none."""
    if arn.isdigit():
        return arn
    return arn.split(":", 5)[4] if arn.count(":") >= 5 else ""
