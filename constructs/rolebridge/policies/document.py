"""Policy documents: how they are put together, written down, and measured.

A document is the plain value that its JSON stands for, with the elements of each statement in the order in which
AWS's documentation lists them. One kind of text in it is not literal: a :class:`TerraformReference`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Document = dict[str, Any]
Statement = dict[str, Any]

MANAGED_POLICY_CHARACTERS = 6_144
"""Of a managed policy, white space not counted (IAM user guide, «IAM and AWS STS quotas»)."""

TRUST_POLICY_CHARACTERS = 2_048
"""Of a role trust policy by default; AWS raises it to 4,096 on request (same page)."""

EXTERNAL_ID_CHARACTERS = 1_224
"""Of an external id (STS API reference, AssumeRole)."""

_ELEMENTS = ("Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition")


class TerraformReference(str):
    """Text that Terraform is to replace, as ``${google_service_account.admin.unique_id}``; all other text is literal.

    Attributes:
        characters: how long what it becomes can be.
    """

    characters: int

    def __new__(cls, text: str, characters: int) -> TerraformReference:
        """Take the text as it stands."""
        reference = super().__new__(cls, text)
        reference.characters = characters
        return reference


class VariableReference(TerraformReference):
    """The value of a Terraform variable that holds an external id."""

    def __new__(cls, name: str) -> VariableReference:
        """Refer to the variable of this name."""
        return super().__new__(cls, f"${{var.{name}}}", EXTERNAL_ID_CHARACTERS)  # type: ignore[return-value]


def document(*statements: Mapping[str, Any]) -> Document:
    """Return a policy document of these statements, each with its elements in canonical order."""
    ordered = [{element: part[element] for element in _ELEMENTS if element in part} for part in statements]
    return {"Version": "2012-10-17", "Statement": ordered}


def allow(
    action: str | Sequence[str],
    resource: str | Sequence[str],
    *,
    sid: str | None = None,
    condition: Mapping[str, Mapping[str, Any]] | None = None,
) -> Statement:
    """Return a statement that allows ``action`` on ``resource``."""
    return _statement(sid=sid, Action=action, Resource=resource, Condition=condition)


def trust(
    principal: Mapping[str, str | Sequence[str]],
    action: str,
    *,
    sid: str | None = None,
    condition: Mapping[str, Mapping[str, Any]] | None = None,
) -> Statement:
    """Return a trust statement: ``principal`` may take the role by ``action``."""
    return _statement(sid=sid, Principal=principal, Action=action, Condition=condition)


def _statement(*, sid: str | None, **elements: Any) -> Statement:
    head = {} if sid is None else {"Sid": sid}
    return head | {"Effect": "Allow"} | {name: _plain(value) for name, value in elements.items() if value is not None}


def _plain(value: Any) -> Any:
    """Turn mappings and sequences of any kind into what JSON has."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value]


def one_or_list(values: Sequence[str]) -> str | list[str]:
    """Return the only value as text, several as a list: IAM stores them so, and a plan then shows no difference."""
    return values[0] if len(values) == 1 else list(values)


def terraform_text(value: Any) -> Any:
    """Escape text so that Terraform reads it as it stands: ``${`` and ``%{`` start no template.

    Goes through mappings and lists; a :class:`TerraformReference` stays one.
    """
    if isinstance(value, TerraformReference):
        return str(value)
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, Mapping):
        return {terraform_text(key): terraform_text(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [terraform_text(item) for item in value]
    return value


def terraform_json(policy: Document) -> str:
    """Return the document as the text of a Terraform argument."""
    return json.dumps(terraform_text(policy), ensure_ascii=False, separators=(",", ":"))


def pretty_json(policy: Document) -> str:
    """Return the document as somebody reviews it or pastes it into the console."""
    return json.dumps(policy, ensure_ascii=False, indent=2) + "\n"


def size(policy: Document) -> int:
    """Count the characters as IAM does, without white space; a reference counts as the longest it can become."""
    return _compact_size(policy) - sum(1 for text in _texts(policy) for character in text if character.isspace())


def _compact_size(policy: Document) -> int:
    references = [text for text in _texts(policy) if isinstance(text, TerraformReference)]
    compact = len(json.dumps(policy, ensure_ascii=False, separators=(",", ":")))
    return compact + sum(text.characters - len(text) for text in references)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for key, item in value.items() for text in (*_texts(key), *_texts(item))]
    if isinstance(value, list | tuple):
        return [text for item in value for text in _texts(item)]
    return []


def variables(policy: Document) -> list[str]:
    """Return the names of the Terraform variables in the document, each once, in order."""
    found = [text[len("${var.") : -1] for text in _texts(policy) if isinstance(text, VariableReference)]
    return list(dict.fromkeys(found))
