"""Why a statement does or does not apply: per element what the policy wants and what the request offers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rolebridge.proof.answers import Answer, all_of
from rolebridge.proof.conditions import Condition
from rolebridge.proof.policy import Policy, Statement
from rolebridge.proof.principals import Reach
from rolebridge.proof.request import Request
from rolebridge.proof.variables import Value


@dataclass(frozen=True)
class ElementReport:
    """One element of a statement, or one condition, held against a request.

    Attributes:
        element: ``Principal``, ``NotAction``, …, ``Condition``.
        wanted: what the policy has there.
        offered: what the request has there; several values as a tuple, ``None`` if it has none.
        answer: whether it fits.
        operator: of a condition, as it stands in the policy.
        key: of a condition, as it stands in the policy.
    """

    element: str
    wanted: tuple[str, ...]
    offered: Value
    answer: Answer
    operator: str = ""
    key: str = ""


@dataclass(frozen=True)
class StatementReport:
    """One statement held against a request.

    Attributes:
        policy: the name of its policy.
        index: its place in the document, from 0.
        sid: its ``Sid``, if it has one.
        deny: whether its effect is ``Deny``.
        elements: every element in the order of the grammar, also those that fit.
    """

    policy: str
    index: int
    sid: str | None
    deny: bool
    elements: tuple[ElementReport, ...]

    @property
    def answer(self) -> Answer:
        """Whether the statement applies."""
        return all_of(element.answer for element in self.elements)

    @property
    def mismatches(self) -> tuple[ElementReport, ...]:
        """The elements that certainly do not fit."""
        return tuple(element for element in self.elements if element.answer is False)


def report(policy: Policy, request: Request, *, bounded: bool = False) -> tuple[StatementReport, ...]:
    """Hold every statement of a policy against a request, element by element."""
    return tuple(
        StatementReport(policy.name, one.index, one.sid, one.deny, tuple(_elements(one, request, bounded)))
        for one in policy.statements
    )


def mismatched(statement: Statement, request: Request) -> Iterator[str]:
    """Return the elements that certainly do not fit, and the keys of conditions; as a report would, but quicker."""
    if statement.principals is not None:
        named = statement.named(request, bounded=False)
        if named.reach is Reach.NONE and named.unknown is None:
            yield "notprincipal" if statement.principals.negated else "principal"
    if statement.actions.covers(request) is False:
        yield "notaction" if statement.actions.negated else "action"
    if statement.resources is not None and statement.resources.covers(request) is False:
        yield "notresource" if statement.resources.negated else "resource"
    for condition in statement.conditions:
        if condition.holds(request) is False:
            yield condition.key


def _elements(statement: Statement, request: Request, bounded: bool) -> list[ElementReport]:
    found = []
    if statement.principals is not None:
        found.append(_principal(statement, request, bounded))
    actions, resources = statement.actions, statement.resources
    name = "NotAction" if actions.negated else "Action"
    found.append(ElementReport(name, actions.wanted, request.action, actions.covers(request)))
    if resources is not None:
        name = "NotResource" if resources.negated else "Resource"
        found.append(ElementReport(name, resources.wanted, request.resource, resources.covers(request)))
    return found + [_condition(condition, request) for condition in statement.conditions]


def _principal(statement: Statement, request: Request, bounded: bool) -> ElementReport:
    assert statement.principals is not None
    named = statement.named(request, bounded=bounded)
    answer: Answer = True
    if named.reach is Reach.NONE:
        answer = False if named.unknown is None else named.unknown
    name = "NotPrincipal" if statement.principals.negated else "Principal"
    offered = None if request.principal is None else request.principal.name
    return ElementReport(name, statement.principals.wanted, offered, answer)


def _condition(condition: Condition, request: Request) -> ElementReport:
    offered = request.value(condition.key.lower())
    answer = condition.holds(request)
    return ElementReport("Condition", condition.wanted, offered, answer, condition.operator, condition.key)
