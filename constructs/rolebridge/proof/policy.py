"""A policy document, read once and asked often.

IAM user guide, «IAM JSON policy elements reference» and «Grammar of the IAM JSON policy language».
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rolebridge.proof.answers import Answer, Unknown, negate
from rolebridge.proof.conditions import Condition, read_conditions
from rolebridge.proof.patterns import Glob, ResourceGlob
from rolebridge.proof.principals import Named, PrincipalElement, Reach
from rolebridge.proof.request import Request
from rolebridge.proof.shape import PolicyShapeError, described, mapping, misfit, texts
from rolebridge.proof.variables import Context, TextPattern, Uncertain, Variable, parts_of


class PolicyKind(enum.Enum):
    """What a document is attached to, and so which elements it has."""

    IDENTITY = "an identity policy"
    """A user, group or role; also a permissions boundary and a session policy. No principal."""
    TRUST = "a trust policy"
    """A role, saying who may take it. No resource: it is the role."""
    RESOURCE = "a resource policy"
    """Another resource."""


@dataclass(frozen=True)
class Policy:
    """A policy document in a form that answers quickly; made by :func:`compile_policy`.

    Attributes:
        name: how reports call it.
        statements: in the document's order.
        opaque: why nothing is known of it, if it is not known at all.
    """

    name: str
    statements: tuple[Statement, ...]
    opaque: Unknown | None = None


def compile_policy(document: Any, kind: PolicyKind = PolicyKind.IDENTITY, *, name: str = "") -> Policy:
    """Read a policy document.

    Where a whole element is a reference of Terraform (``"Effect": "${var.effect}"``), nothing is known of the policy.

    Args:
        document: the plain value that its JSON stands for.
        kind: what it is attached to.
        name: how errors and reports call it.

    Raises:
        PolicyShapeError: if it is no document that IAM would take; with the path of what is wrong.
    """
    try:
        return Policy(name, tuple(_statements(document, kind)))
    except PolicyShapeError as error:
        if error.reference is not None:
            return opaque_policy(
                f"{error.where or 'the policy'} is {error.reference}, which only Terraform knows", name=name
            )
        raise PolicyShapeError(error.where, error.found, error.allowed, name=name) from None


def opaque_policy(reason: str, *, name: str = "") -> Policy:
    """Return a policy of which nothing is known, as where Terraform only computes it: it could allow, and deny."""
    return Policy(name, (), Unknown(reason))


class Statement:
    """One statement.

    Attributes:
        index: its place in the document, from 0.
        sid: its ``Sid``, if it has one.
        deny: whether its effect is ``Deny``.
        principals: whom it is about; ``None`` in an identity policy.
        actions: its ``Action`` or ``NotAction``.
        resources: its ``Resource`` or ``NotResource``; ``None`` in a trust policy.
        conditions: all of them have to hold.
    """

    __slots__ = ("actions", "conditions", "deny", "index", "principals", "resources", "sid")

    def __init__(self, value: Any, index: int, where: str, kind: PolicyKind, *, variables: bool) -> None:
        """Read the statement.

        Raises:
            PolicyShapeError: if an element is missing, is too much or has not its shape.
        """
        elements = mapping(value, where, 'an object, as {"Effect": …, "Action": …}')
        _refuse_others(elements, where, _ELEMENTS[kind], kind)
        self.index = index
        self.sid = _sid(elements, where)
        self.deny = _effect(elements, where)
        self.actions = ActionElement(*_either(elements, "Action", where))
        self.principals: PrincipalElement | None = None
        self.resources: ResourceElement | None = None
        self.conditions: Sequence[Condition] = ()
        if kind is not PolicyKind.IDENTITY:
            found, place, negated = _either(elements, "Principal", where)
            self.principals = PrincipalElement(found, place, negated=negated)
        if kind is not PolicyKind.TRUST:
            self.resources = ResourceElement(*_either(elements, "Resource", where), variables=variables)
        if "Condition" in elements:
            self.conditions = read_conditions(elements["Condition"], f"{where}.Condition", variables=variables)

    def applies(self, request: Request) -> Answer:
        """Return whether everything but the principal fits; asks no further after the first that certainly does not."""
        unknown: Unknown | None = None
        answer: Answer = self.actions.covers(request)
        if answer is False:
            return False
        if answer is not True:
            unknown = answer
        if self.resources is not None:
            answer = self.resources.covers(request)
            if answer is False:
                return False
            if answer is not True and unknown is None:
                unknown = answer
        for condition in self.conditions:
            answer = condition.holds(request)
            if answer is False:
                return False
            if answer is not True and unknown is None:
                unknown = answer
        return True if unknown is None else unknown

    def named(self, request: Request, *, bounded: bool) -> Named:
        """Return how far the statement names the request's principal."""
        if self.principals is None:
            return _IDENTITY
        if request.principal is None:
            return Named(Reach.NONE, Unknown("who asks is not given"))
        return self.principals.names(request.principal, deny=self.deny, bounded=bounded)


class ActionElement:
    """``Action`` or ``NotAction``: patterns of ``service:Action``, whose case does not matter.

    IAM user guide, «IAM JSON policy elements: Action» and «NotAction».
    """

    __slots__ = ("_exact", "_patterns", "negated", "wanted")

    def __init__(self, value: Any, where: str, negated: bool) -> None:
        """Compile the patterns."""
        self.wanted = tuple(texts(value, where))
        self.negated = negated
        lower = [text.lower() for text in self.wanted]
        self._exact = frozenset(text for text in lower if _PLAIN(text))
        self._patterns = [
            TextPattern(text, Glob, variables=False, wild=True) for text in lower if text not in self._exact
        ]

    def covers(self, request: Request) -> Answer:
        """Return whether the statement is about the request's action."""
        answer = _among(request.lower_action, request, self._exact, self._patterns)
        return negate(answer) if self.negated else answer


class ResourceElement:
    """``Resource`` or ``NotResource``: patterns of ARNs, whose case matters.

    IAM user guide, «IAM JSON policy elements: Resource» and «NotResource». A pattern whose policy variable has no value
    «will not match any resource» («Variables and tags»).
    """

    __slots__ = ("_exact", "_patterns", "negated", "wanted")

    def __init__(self, value: Any, where: str, negated: bool, *, variables: bool) -> None:
        """Compile the patterns."""
        self.wanted = tuple(texts(value, where))
        self.negated = negated
        self._exact = frozenset(text for text in self.wanted if _PLAIN(text))
        self._patterns = [
            _ResourcePattern(text, variables=variables) for text in self.wanted if text not in self._exact
        ]

    def covers(self, request: Request) -> Answer:
        """Return whether the statement is about the request's resource."""
        answer = _among(request.resource_text, request, self._exact, self._patterns)
        return negate(answer) if self.negated else answer


class _ResourcePattern(TextPattern):
    """«You can't use a variable to replace parts of the ARN before the fifth colon» («Variables and tags»)."""

    __slots__ = ("_misplaced",)

    def __init__(self, text: str, *, variables: bool) -> None:
        super().__init__(text, ResourceGlob, variables=variables, wild=True)
        self._misplaced = self._variables and _has_early_variable(text)

    def matches(self, offered: str, context: Context) -> Answer:
        answer = super().matches(offered, context)
        if answer is True and self._misplaced:
            return Unknown(f"«{self.text}» has a policy variable where AWS does not allow one, before the fifth colon")
        return answer


def _has_early_variable(text: str) -> bool:
    colons = 0
    for part in parts_of(text, variables=True):
        if isinstance(part, Variable) and colons < 5:
            return True
        colons += part.count(":") if isinstance(part, str) else 0
    return False


def _among(offered: str, request: Request, exact: frozenset[str], patterns: Sequence[TextPattern]) -> Answer:
    """Return whether one of the patterns covers a text."""
    if offered in exact:
        return True
    if type(offered) is Uncertain:
        patterns = [*patterns, *(TextPattern(text, Glob, variables=False, wild=False) for text in exact)]
    unknown: Unknown | None = None
    for pattern in patterns:
        answer = pattern.matches(offered, request)
        if answer is True:
            return True
        if answer is not False and unknown is None:
            unknown = answer
    return False if unknown is None else unknown


_PLAIN = re.compile(r"[^*?{]*").fullmatch
_IDENTITY = Named(Reach.PRINCIPAL)
_VERSIONS = ("2012-10-17", "2008-10-17")
_ELEMENTS = {
    PolicyKind.IDENTITY: ("Action", "Resource"),
    PolicyKind.TRUST: ("Action", "Principal"),
    PolicyKind.RESOURCE: ("Action", "Principal", "Resource"),
}


def _statements(document: Any, kind: PolicyKind) -> Iterator[Statement]:
    elements = mapping(document, "", 'an object, as {"Version": …, "Statement": …}')
    for element in elements:
        if element not in ("Version", "Id", "Statement"):
            raise PolicyShapeError("", f"the element {described(element)}", "Version, Id and Statement")
    variables = _version(elements) == "2012-10-17"
    if "Statement" not in elements:
        raise PolicyShapeError("Statement", "nothing", "a statement or a list of statements")
    found = elements["Statement"]
    if isinstance(found, Mapping):
        yield Statement(found, 0, "Statement", kind, variables=variables)
        return
    if not isinstance(found, list | tuple):
        raise misfit(found, "Statement", "a statement or a list of statements")
    for index, statement in enumerate(found):
        yield Statement(statement, index, f"Statement[{index}]", kind, variables=variables)


def _version(elements: Mapping[str, Any]) -> str:
    """«Version»: without the element, it is the older one."""
    version = elements.get("Version", "2008-10-17")
    if not isinstance(version, str) or version not in _VERSIONS:
        raise misfit(version, "Version", " or ".join(_VERSIONS))
    return version


def _refuse_others(elements: Mapping[str, Any], where: str, own: Sequence[str], kind: PolicyKind) -> None:
    for element in elements:
        if element not in ("Sid", "Effect", "Condition") and element.removeprefix("Not") not in own:
            allowed = ", ".join(("Sid", "Effect", *own, *(f"Not{name}" for name in own), "Condition"))
            raise PolicyShapeError(where, f"the element {described(element)}", f"those of {kind.value}: {allowed}")


def _sid(elements: Mapping[str, Any], where: str) -> str | None:
    sid = elements.get("Sid")
    if sid is not None and not isinstance(sid, str):
        raise misfit(sid, f"{where}.Sid", "a text")
    return sid


def _effect(elements: Mapping[str, Any], where: str) -> bool:
    effect = elements.get("Effect")
    if not isinstance(effect, str) or effect not in ("Allow", "Deny"):
        raise misfit(effect, f"{where}.Effect", "«Allow» or «Deny»")
    return effect == "Deny"


def _either(elements: Mapping[str, Any], element: str, where: str) -> tuple[Any, str, bool]:
    """Return the value of an element or of its opposite, where it stands, and whether it is the opposite."""
    found = [name for name in (element, f"Not{element}") if name in elements]
    if len(found) != 1:
        what = "both" if found else "nothing"
        raise PolicyShapeError(f"{where}.{element}", what, f"either {element} or Not{element}")
    return elements[found[0]], f"{where}.{found[0]}", found[0] != element
