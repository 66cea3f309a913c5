"""Terraform's texts: templates are put in where the text says what they are, and stay ``${…}`` where it does not.

Terraform, «Strings and Templates»: ``${`` begins an interpolation, ``%{`` a directive, ``$${`` and ``%%{`` are those
characters themselves. What a resource only gets from AWS is computed where AWS makes it of what stands there (an ARN of
account, path and name).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rolebridge.proof.landscape import Source

LONGEST_TEXT = 2_000_000
"""Characters of a text after its references are put in; more is hostile."""

DEEPEST_REFERENCE = 40
"""References behind references that are followed."""


class UnreadableError(ValueError):
    """Something that cannot be read; one line with what and where."""


@dataclass(frozen=True)
class Expression:
    """A value that Terraform only knows later.

    Attributes:
        text: the one thing it refers to; else what it is called.
        followed: whether it is that thing as a whole, which can be looked up.
    """

    text: str
    followed: bool = True


@dataclass(eq=False)
class Block:
    """One instance of a resource or of a data source.

    Attributes:
        mode: ``managed`` or ``data``.
        type: as ``aws_iam_role``.
        name: its name in Terraform.
        address: in full.
        values: its arguments; in Terraform's JSON still templates.
        source: where it stands.
        scope: where its references are looked up.
        provider: the key of its provider, ``aws`` or ``aws.other``.
    """

    mode: str
    type: str
    name: str
    address: str
    values: Mapping[str, Any]
    source: Source
    scope: Scope
    provider: str = "aws"

    @property
    def account(self) -> str:
        """The account it is made in; ``${…}`` where that is not known."""
        arn = self.values.get("arn")
        if isinstance(arn, str) and arn.startswith("arn:") and arn.count(":") >= 5 and "${" not in arn:
            return arn.split(":", 5)[4]
        return self.scope.account(self.provider)

    @property
    def partition(self) -> str:
        """The partition of that account."""
        arn = self.values.get("arn")
        if isinstance(arn, str) and arn.startswith("arn:") and arn.count(":") >= 5 and "${" not in arn:
            return arn.split(":", 5)[1]
        return self.scope.partition(self.provider)

    def value(self, argument: str) -> Any:
        """Return an argument with its references put in."""
        if argument not in self.values:
            return None
        return self.scope.resolved(self.values[argument], f"{self.address}.{argument}")

    def text(self, argument: str) -> str | None:
        """Return an argument that is a text; ``None`` without one.

        Raises:
            UnreadableError: if it is something else.
        """
        found = self.value(argument)
        if found is None or isinstance(found, str):
            return found
        if isinstance(found, int | float) and not isinstance(found, bool):
            return str(found)
        raise UnreadableError(f"{self.source.at(argument)}: a text belongs here, not {type(found).__name__}")

    def texts(self, argument: str) -> list[str]:
        """Return an argument that is a list of texts; what is no text is left out."""
        found = self.value(argument)
        if isinstance(found, str):
            return [found]
        return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


@dataclass(eq=False)
class Scope:
    """What names mean in one module of one state.

    Attributes:
        stack: the state.
        namespace: what is put before names that only mean something here; empty if only one state is read.
        templated: whether texts are templates still; in plans and states they are what they are.
        accounts: the account of each provider, by key.
        partitions: likewise.
        locals: ``locals``, still templates.
        variables: values of variables that are certain.
        blocks: resources and data sources by ``type.name`` and ``data.type.name``, and with their index.
        open_variables: variables that were met and whose values are not known.
    """

    stack: str
    namespace: str = ""
    templated: bool = True
    accounts: dict[str, str] = field(default_factory=dict)
    partitions: dict[str, str] = field(default_factory=dict)
    locals: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    open_variables: set[str] = field(default_factory=set)
    cycles: list[str] = field(default_factory=list)
    _known: dict[str, Any] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)

    def account(self, provider: str) -> str:
        """Return the account that a provider works in."""
        found = self.accounts.get(provider)
        if found:
            return found
        return f"${{account of {self.stack}{'' if provider == 'aws' else ' by ' + provider}}}"

    def partition(self, provider: str) -> str:
        """Return the partition that a provider works in."""
        return self.partitions.get(provider, "aws")

    def resolved(self, value: Any, where: str) -> Any:
        """Return a value with everything put in that is known, and Terraform's escapes undone.

        Raises:
            UnreadableError: if it becomes too large.
        """
        if isinstance(value, str):
            return self._render(value, where) if self.templated else value
        if isinstance(value, Expression):
            found = self._lookup(value.text, where) if value.followed else None
            return self.placeholder(value.text) if found is None else found
        if isinstance(value, list):
            return [self.resolved(one, where) for one in value]
        if isinstance(value, Mapping):
            return {
                (self._render(key, where) if self.templated and isinstance(key, str) else key): self.resolved(
                    one, where
                )
                for key, one in value.items()
            }
        return value

    def placeholder(self, expression: str) -> str:
        """Return the text for what only Terraform knows; equal for what is certainly equal.

        A variable keeps its name in every state: it is the same *if the same value is given*.
        """
        expression = expression.strip()
        if variable := _VARIABLE.fullmatch(expression):
            self.open_variables.add(variable[1])
            return f"${{{expression}}}"
        if not _PLAIN.fullmatch(expression):
            mark = hashlib.sha256(expression.encode()).hexdigest()[:8]
            plain = "".join(one if one.isalnum() or one in "._-()[]" else " " for one in expression[:60])
            expression = f"{plain} {mark}"
        expression = expression.replace('"', "'")
        return f"${{{self.namespace}{'/' if self.namespace else ''}{expression}}}"

    def _render(self, text: str, where: str) -> Any:
        if "${" not in text and "%{" not in text:
            return text
        parts: list[Any] = []
        position, size = 0, 0
        while found := _OPENING.search(text, position):
            parts.append(text[position : found.start()])
            opening = found.group()
            if opening in ("$${", "%%{"):
                parts.append(opening[1:])
                position = found.end()
                continue
            if opening == "%{":
                return self.placeholder(f"template {text}")
            end = _closing(text, found.end())
            if end < 0:
                raise UnreadableError(f"{where}: «${{» is never closed")
            expression = text[found.end() : end].strip("~ \t\n")
            value = self._lookup(expression, where)
            if value is None:
                value = self.placeholder(expression)
            if found.start() == 0 and end == len(text) - 1:
                return value
            inserted = _inserted(value)
            parts.append(self.placeholder(expression) if inserted is None else inserted)
            position = end + 1
            size += len(parts[-1])
            if size > LONGEST_TEXT:
                raise UnreadableError(f"{where}: grows beyond {LONGEST_TEXT:,} characters once references are put in")
        parts.append(text[position:])
        return "".join(parts)

    def _lookup(self, expression: str, where: str) -> Any:
        """Return what an expression is, or ``None``."""
        if expression in self._known:
            return self._known[expression]
        if expression in self._open or len(self._open) > DEEPEST_REFERENCE:
            self.cycles.append(f"{where}: the references {' -> '.join(self._open[:5])} lead back to {expression[:100]}")
            return None
        self._open.append(expression)
        try:
            found = self._find(expression, where)
        finally:
            self._open.pop()
        self._known[expression] = found
        return found

    def _find(self, expression: str, where: str) -> Any:
        if variable := _VARIABLE.fullmatch(expression):
            return self.variables.get(variable[1])
        if local := _LOCAL.fullmatch(expression):
            return self._local(local[1], local[2], where)
        found = _ATTRIBUTE.fullmatch(expression)
        if found is None:
            return None
        mode, kind, name, index, attribute = found.groups()
        if mode and kind in _ACCOUNT_DATA and attribute in _ACCOUNT_DATA[kind]:
            return self._about_account(kind, attribute, f"data.{kind}.{name}")
        key = f"{mode or ''}{kind}.{name}"
        block = self.blocks.get(f"{key}{index or ''}") or (self.blocks.get(key) if index == "[0]" else None)
        return None if block is None else computed(block, attribute)

    def _local(self, name: str, path: str, where: str) -> Any:
        found = self.locals.get(name)
        for step in _STEP.findall(path):
            key = step[0] or step[1]
            if not isinstance(found, Mapping):
                return None
            found = found.get(key)
        return None if found is None else self.resolved(found, where)

    def _about_account(self, kind: str, attribute: str, key: str) -> str | None:
        block = self.blocks.get(key)
        provider = "aws" if block is None else block.provider
        if kind == "aws_partition":
            return self.partition(provider)
        return self.accounts.get(provider)


_ACCOUNT_DATA = {"aws_caller_identity": ("account_id", "id"), "aws_partition": ("partition", "id")}


def computed(block: Block, attribute: str) -> Any:
    """Return an attribute of a resource: what stands there, or what AWS makes of it; ``None`` if that is not known."""
    given = block.values.get(attribute)
    if given is not None and not isinstance(given, Expression):
        if block.type == "aws_iam_openid_connect_provider" and attribute == "url":
            return None  # the provider of Terraform keeps it sometimes with and sometimes without https://
        return block.value(attribute)
    make = _COMPUTED.get((block.mode, block.type, attribute))
    return None if make is None else make(block)


def name_of(block: Block) -> str:
    """Return a resource's name in IAM; ``${…}`` where AWS or Terraform chooses it."""
    found = block.text("name")
    return found if found else block.scope.placeholder(f"{block.address}.name")


def path_of(block: Block) -> str:
    """Return a resource's path in IAM."""
    return block.text("path") or "/"


def arn_of(block: Block, resource: str) -> str:
    """Return an ARN of IAM in the account of a resource."""
    given = block.values.get("arn")
    if isinstance(given, str) and not block.scope.templated:
        return given
    return f"arn:{block.partition}:iam::{block.account}:{resource}"


def _named_arn(kind: str) -> Callable[[Block], str]:
    return lambda block: arn_of(block, f"{kind}{path_of(block)}{name_of(block)}")


def oidc_arn(block: Block) -> str:
    """Return the ARN of an OIDC provider: its URL without ``https://`` is its name."""
    url = block.text("url") or block.scope.placeholder(f"{block.address}.url")
    return arn_of(block, f"oidc-provider/{url.removeprefix('https://')}")


def _given_arn(block: Block) -> str | None:
    return block.text("arn")


role_arn = _named_arn("role")
user_arn = _named_arn("user")
policy_arn = _named_arn("policy")
group_arn = _named_arn("group")


def saml_arn(block: Block) -> str:
    """Return the ARN of a SAML provider."""
    return arn_of(block, f"saml-provider/{name_of(block)}")


_COMPUTED: dict[tuple[str, str, str], Callable[[Block], Any]] = {
    ("managed", "aws_iam_role", "arn"): role_arn,
    ("managed", "aws_iam_role", "id"): name_of,
    ("managed", "aws_iam_role", "name"): name_of,
    ("managed", "aws_iam_user", "arn"): user_arn,
    ("managed", "aws_iam_user", "id"): name_of,
    ("managed", "aws_iam_user", "name"): name_of,
    ("managed", "aws_iam_group", "arn"): group_arn,
    ("managed", "aws_iam_group", "id"): name_of,
    ("managed", "aws_iam_group", "name"): name_of,
    ("managed", "aws_iam_policy", "arn"): policy_arn,
    ("managed", "aws_iam_policy", "id"): policy_arn,
    ("managed", "aws_iam_openid_connect_provider", "arn"): oidc_arn,
    ("managed", "aws_iam_openid_connect_provider", "id"): oidc_arn,
    ("managed", "aws_iam_saml_provider", "arn"): saml_arn,
    ("managed", "aws_iam_saml_provider", "id"): saml_arn,
    ("data", "aws_iam_policy", "arn"): _given_arn,
}

_OPENING = re.compile(r"\$\$\{|%%\{|\$\{|%\{")
_VARIABLE = re.compile(r"var\.([\w\-]+)")
_LOCAL = re.compile(r'local\.([\w\-]+)((?:\.[\w\-]+|\["[^"\]]*"\])*)')
_STEP = re.compile(r'\.([\w\-]+)|\["([^"\]]*)"\]')
_ATTRIBUTE = re.compile(r'(data\.)?([a-z][a-z0-9_]*)\.([\w\-]+)(\[(?:\d+|"[^"\]]*")\])?\.([a-z_]+)')
_PLAIN = re.compile(r'[\w.\-\[\]"*/ ()]{1,160}')
_TOKEN = re.compile(r'[{}"]|\\.')


def _closing(text: str, start: int) -> int:
    """Return where an interpolation ends, or -1; braces within quotes do not count."""
    depth, quoted = 1, False
    for token in _TOKEN.finditer(text, start):
        sign = token.group()
        if sign == '"':
            quoted = not quoted
        elif not quoted and sign in "{}":
            depth += 1 if sign == "{" else -1
            if depth == 0:
                return token.start()
    return -1


def _inserted(value: Any) -> str | None:
    """Return a value as it stands within a longer text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None
