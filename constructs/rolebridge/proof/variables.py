"""Policy variables, and references of Terraform that look like them.

IAM user guide, «IAM policy elements: Variables and tags»: ``${aws:username}`` stands for a single-valued key of the
request, ``${aws:username, 'nobody'}`` has a default, and ``${*}``, ``${?}``, ``${$}`` are those characters themselves.
Variables work in documents of version 2012-10-17, in the resource part of ``Resource`` and in the values of string and
ARN operators; elsewhere, and in older documents, they are ordinary text. A variable that has no value is «effectively
null»: what contains it matches nothing, so that a negated operator holds.

Every key of AWS has a colon in its name, and no expression of Terraform that refers to something begins with a name and
a colon. So ``${var.external_id}`` and ``${aws_iam_role.admin.arn}`` are told apart from variables by their form: they
are text that only Terraform knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from rolebridge.proof.answers import Answer, Unknown
from rolebridge.proof.patterns import Glob, Matcher, Token, Wildcard, tokens_of

Value = str | tuple[str, ...] | Unknown | None
"""What a request has under a key: a text, several, something that cannot be known, or nothing."""


class Context(Protocol):
    """The request, as far as variables look at it."""

    def value(self, key: str) -> Value:
        """Return what stands under a key, given in lower case."""
        ...


class Uncertain(str):
    """A text of the request that contains a reference of Terraform."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Variable:
    """A policy variable; its key in lower case, because names of keys are not case-sensitive."""

    key: str
    default: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference of Terraform, as it stands in the text."""

    text: str


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that is not to be read as wildcards: what ``${*}`` stands for."""

    text: str


Part = str | Literal | Variable | Reference

_VARIABLE = re.compile(r"\s*(?P<key>[\w.\-/]+:[\w\s.:/=+@\-]*)(?:,\s*'(?P<default>[^']*)'\s*)?")
_SPECIAL = {"*", "?", "$"}
_DIRECTIVE = re.compile(r"%\{~?\s*(?:if|else|endif|for|endfor)\b")


def parts_of(text: str, *, variables: bool) -> tuple[Part, ...]:
    """Split a text into what is literal, what is a variable (where they are allowed) and what only Terraform knows."""
    if "%{" in text and _DIRECTIVE.search(text):
        return (Reference(text),)
    return tuple(_scan(text, variables)) if "${" in text else (text,)


def has_reference(text: str) -> bool:
    """Return whether the text contains something that only Terraform knows."""
    if "${" not in text and "%{" not in text:
        return False
    return any(isinstance(part, Reference) for part in parts_of(text, variables=True))


def may_be(one: str, other: str) -> bool:
    """Return whether two texts could be the same, once Terraform has put its values in."""
    if one == other:
        return True
    if not has_reference(one):
        one, other = other, one
    if not has_reference(one):
        return False
    if has_reference(other):
        (before, after), (head, tail) = _known_ends(one), _known_ends(other)
        return not (_disagree(before, head) or _disagree(after[::-1], tail[::-1]))
    parts = parts_of(one, variables=False)
    return Glob(Wildcard.ANY if isinstance(part, Reference) else str(part) for part in parts).matches(other)


def _scan(text: str, variables: bool) -> Iterator[Part]:
    position = 0
    while (start := text.find("${", position)) >= 0:
        end = _closing(text, start + 2)
        if end < 0:
            break
        if start > position:
            yield text[position:start]
        yield _placeholder(text[start : end + 1], variables)
        position = end + 1
    if position < len(text):
        yield text[position:]


_BRACE = re.compile(r"[{}]")


def _closing(text: str, start: int) -> int:
    """Return where the brace opened before ``start`` is closed, or -1."""
    depth = 1
    for brace in _BRACE.finditer(text, start):
        depth += 1 if brace.group() == "{" else -1
        if depth == 0:
            return brace.start()
    return -1


def _placeholder(text: str, variables: bool) -> Part:
    inner = text[2:-1]
    if inner in _SPECIAL:
        return Literal(inner) if variables else text
    found = _VARIABLE.fullmatch(inner)
    if found is None:
        return Reference(text)
    return Variable(found["key"].strip().lower(), found["default"], text) if variables else text


class TextPattern:
    """A text of a policy that a text of the request is held against.

    Attributes:
        text: as it stands in the document.
    """

    __slots__ = ("_exact", "_fold", "_make", "_matcher", "_parts", "_reference", "_variables", "_wild", "text")

    def __init__(
        self,
        text: str,
        make: Callable[[Iterable[Token]], Matcher],
        *,
        variables: bool,
        wild: bool,
        fold: bool = False,
    ) -> None:
        """Compile it.

        Args:
            text: the policy's text.
            make: turns tokens into what matches.
            variables: whether policy variables are replaced here.
            wild: whether ``*`` and ``?`` are wildcards here.
            fold: whether the case of letters does not matter.
        """
        self.text = text
        self._wild, self._fold = wild, fold
        self._parts = parts_of(text, variables=variables)
        self._variables = any(type(part) is Variable for part in self._parts)
        self._reference = next((part for part in self._parts if type(part) is Reference), None)
        self._make = make if self._reference is None else Glob
        self._matcher: Matcher | None = None
        self._exact = self.literal
        if self._exact is not None and fold:
            self._exact = self._exact.lower()

    @property
    def literal(self) -> str | None:
        """The text, if it stands for itself and nothing else."""
        if self._parts != (self.text,) or (self._wild and ("*" in self.text or "?" in self.text)):
            return None
        return self.text

    def matches(self, offered: str, context: Context) -> Answer:
        """Return whether the offered text fits."""
        if type(offered) is Uncertain:
            return self._against(offered)
        if self._fold:
            offered = offered.lower()
        if self._exact is not None and self._make is Glob:
            return offered == self._exact
        if self._variables:
            return self._with_variables(offered, context)
        if self._matcher is None:
            self._matcher = self._make(self._known_tokens())
        answer = self._matcher.matches(offered)
        return answer if answer is False or self._reference is None else self._unknown(self._reference)

    def _with_variables(self, offered: str, context: Context) -> Answer:
        unknown: list[Unknown] = []
        tokens = self._tokens(context, unknown)
        if tokens is None:
            return False
        answer = (Glob if unknown else self._make)(tokens).matches(offered)
        if answer is False:
            return False
        if self._reference is not None:
            return self._unknown(self._reference)
        return unknown[0] if unknown else answer

    def _tokens(self, context: Context, unknown: list[Unknown]) -> list[Token] | None:
        """Put values in; ``None`` if a variable has none. What is not known could be any text."""
        tokens: list[Token] = []
        for part in self._parts:
            if isinstance(part, Variable):
                value = _value(part, context)
                if value is None:
                    return None
                if isinstance(value, Unknown):
                    unknown.append(value)
                    tokens.append(Wildcard.ANY)
                else:
                    tokens.append(value.lower() if self._fold else value)
            else:
                tokens.extend(self._fixed_tokens(part))
        return tokens

    def _fixed_tokens(self, part: str | Literal | Reference) -> Iterable[Token]:
        if isinstance(part, Reference):
            return (Wildcard.ANY,)
        if isinstance(part, Literal):
            return (part.text,)
        shown = part.lower() if self._fold else part
        return tokens_of(shown) if self._wild else (shown,)

    def _known_tokens(self) -> list[Token]:
        """What is fixed; a variable could be any text."""
        found: list[Token] = []
        for part in self._parts:
            found.extend((Wildcard.ANY,) if isinstance(part, Variable) else self._fixed_tokens(part))
        return found

    def _unknown(self, reference: Reference) -> Unknown:
        return Unknown(f"«{self.text}» contains {reference.text}, which only Terraform knows")

    def _against(self, offered: Uncertain) -> Answer:
        """Hold a text that is not known against the pattern: the same reference is the same text."""
        if offered == self.text and not self._variables:
            return True
        tokens = self._known_tokens()
        if tokens == [Wildcard.ANY] and self._reference is None and not self._variables:
            return True
        before, after = _known_ends(offered.lower() if self._fold else str(offered))
        if _disagree(_head(tokens), before) or _disagree(_tail(tokens)[::-1], after[::-1]):
            return False
        return Unknown(f"the request's «{offered}» is only known to Terraform")


def _value(variable: Variable, context: Context) -> str | Unknown | None:
    """Return the variable's value; a key with several values cannot be one («Single-valued vs. multivalued …»)."""
    value = context.value(variable.key)
    if isinstance(value, Uncertain):
        return Unknown(f"{variable.text} is «{value}», which only Terraform knows")
    if isinstance(value, str | Unknown):
        return value
    if value is not None and variable.default is not None:
        return Unknown(f"AWS does not say what {variable.text} is where the key has several values")
    return variable.default


def _known_ends(text: str) -> tuple[str, str]:
    """Return what stands before the first and after the last reference."""
    return (text[: text.find("${")], text[text.rfind("}") + 1 :]) if "${" in text else ("", "")


def _head(tokens: list[Token]) -> str:
    return tokens[0] if tokens and isinstance(tokens[0], str) else ""


def _tail(tokens: list[Token]) -> str:
    return tokens[-1] if tokens and isinstance(tokens[-1], str) else ""


def _disagree(one: str, other: str) -> bool:
    length = min(len(one), len(other))
    return one[:length] != other[:length]
