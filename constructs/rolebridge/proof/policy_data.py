"""The data source ``aws_iam_policy_document``, where everything in it stands in the text.

AWS provider for Terraform, «Data Source: aws_iam_policy_document». ``&{…}`` is its way to write a policy variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rolebridge.proof.terraform import Block

Built = dict[str, Any]


def document_of(block: Block) -> Built | str:
    """Return the document that the data source makes, or a sentence that says why that is not known."""
    for argument in _OTHERS:
        if block.values.get(argument):
            return f"{argument} of a policy document is not followed"
    if "dynamic" in block.values:
        return "dynamic blocks are not followed"
    found = block.value("statement")
    statements = found if isinstance(found, list) else [found] if found is not None else []
    built: list[Built] = []
    for one in statements:
        made = _statement(one) if isinstance(one, Mapping) else "a statement is not written out"
        if isinstance(made, str):
            return made
        built.append(made)
    version = block.value("version")
    return {"Version": version if isinstance(version, str) else "2012-10-17", "Statement": built}


_OTHERS = (
    "source_json",
    "override_json",
    "source_policy_documents",
    "override_policy_documents",
)
_LISTS = {"Action": "actions", "NotAction": "not_actions", "Resource": "resources", "NotResource": "not_resources"}


def _statement(given: Mapping[str, Any]) -> Built | str:
    if "dynamic" in given:
        return "dynamic blocks are not followed"
    built: Built = {"Effect": given.get("effect") or "Allow"}
    if isinstance(given.get("sid"), str) and given["sid"]:
        built["Sid"] = given["sid"]
    for element, argument in _LISTS.items():
        values = _variables(given.get(argument))
        if values:
            built[element] = values
    for element, argument in (("Principal", "principals"), ("NotPrincipal", "not_principals")):
        principals = _principals(given.get(argument))
        if isinstance(principals, str) and principals != "*":
            return principals
        if principals:
            built[element] = principals
    conditions: dict[str, dict[str, list[Any]]] = {}
    for one in _list(given.get("condition")):
        test, variable, values = (one.get(key) for key in ("test", "variable", "values"))
        if not isinstance(test, str) or not isinstance(variable, str) or not isinstance(values, list):
            return "a condition is not written out"
        conditions.setdefault(test, {}).setdefault(variable, []).extend(_variables(values))
    if conditions:
        built["Condition"] = conditions
    return built


def _principals(given: Any) -> dict[str, list[Any]] | str:
    found: dict[str, list[Any]] = {}
    for one in _list(given):
        kind, identifiers = one.get("type"), one.get("identifiers")
        if not isinstance(kind, str) or not isinstance(identifiers, list):
            return "a principal is not written out"
        if kind == "*":
            return "*"
        found.setdefault(kind, []).extend(_variables(identifiers))
    return found


def _variables(given: Any) -> Any:
    if isinstance(given, str):
        return given.replace("&{", "${")
    return [_variables(one) for one in given] if isinstance(given, list) else given


def _list(given: Any) -> list[Mapping[str, Any]]:
    found = given if isinstance(given, list) else [given]
    return [one for one in found if isinstance(one, Mapping)]
