"""``terraform show -json`` of a plan or of a state: values that are final, and such that are known after apply.

Terraform, «JSON Output Format»: ``planned_values`` and ``values`` have one entry per instance of a resource;
``resource_changes[].change.after_unknown`` marks what is not known yet; ``configuration`` has the expressions it comes
from. Where such an expression refers to exactly one attribute of one resource (as ``policy_arn`` usually does), that
attribute is looked up; what a function or a template makes of it cannot be seen in this format, so this is done for
arguments alone that are a name or an ARN as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rolebridge.proof.landscape import Gap, Source
from rolebridge.proof.terraform import Block, Expression, Scope, UnreadableError
from rolebridge.proof.terraform_json import set_account

WHOLE = frozenset(
    {"role", "roles", "user", "users", "group", "groups", "policy_arn", "permissions_boundary", "policy"}
) | {
    "assume_role_policy",
    "managed_policy_arns",
}
"""Arguments that are one reference as a whole, if they have just one: a name, an ARN, or a document."""


def is_plan(document: Any) -> bool:
    """Return whether a JSON document is the output for a plan."""
    return isinstance(document, Mapping) and "planned_values" in document


def is_state(document: Any) -> bool:
    """Return whether a JSON document is the output for a state."""
    return isinstance(document, Mapping) and "format_version" in document and "planned_values" not in document


def read_show(stack: str, file: str, document: Mapping[str, Any], gaps: list[Gap]) -> list[Scope]:
    """Read a plan or a state; one scope for each module.

    Raises:
        UnreadableError: if something has not the shape that the format has.
    """
    planned = is_plan(document)
    values = _object(document, "planned_values" if planned else "values", file)
    root = _object(values, "root_module", file)
    configuration = _object(_object(document, "configuration", file), "root_module", file)
    scopes: dict[str, Scope] = {}
    expressions = dict(_expressions(configuration, ""))
    unknown = _unknown_arguments(document, file) if planned else {}
    sources = [(root, True)]
    if planned:
        prior = _object(_object(_object(document, "prior_state", file), "values", file), "root_module", file)
        sources.append((prior, False))
    for module, everything in sources:
        for resource, path in _resources(module, file):
            if everything or resource.get("mode") == "data":
                _add(scopes, stack, file, resource, path, expressions, unknown)
    variables = {
        name: one["value"]
        for name, one in _object(document, "variables", file).items()
        if isinstance(one, Mapping) and "value" in one
    }
    _providers(scopes, document, variables, file)
    gaps.extend(
        Gap(Source(file, stack, address), "it is taken away or replaced by the plan, and what stands now is not read")
        for address in _removed(document)
    )
    return list(scopes.values())


def _add(
    scopes: dict[str, Scope],
    stack: str,
    file: str,
    resource: Mapping[str, Any],
    path: str,
    expressions: Mapping[str, Mapping[str, Any]],
    unknown: Mapping[str, Mapping[str, Any]],
) -> None:
    kind, name, address = (resource.get(key) for key in ("type", "name", "address"))
    if not isinstance(kind, str) or not isinstance(name, str) or not isinstance(address, str):
        raise UnreadableError(f"{file}: a resource without type, name and address")
    if not kind.startswith(("aws_iam_", "aws_caller_identity", "aws_partition")):
        return
    scope = scopes.get(path)
    if scope is None:
        scope = scopes[path] = Scope(stack, templated=False)
    mode = "data" if resource.get("mode") == "data" else "managed"
    values = dict(_object(resource, "values", f"{file}: {address}"))
    plain = address.removeprefix(f"{path}." if path else "")
    key = f"{'data.' if mode == 'data' else ''}{kind}.{name}"
    configured = expressions.get(f"{_without_indexes(path)}.{key}".lstrip("."), {})
    for argument, is_unknown in unknown.get(address, {}).items():
        if is_unknown is True and (argument in configured or argument not in _READ_BACK):
            values[argument] = _expression(argument, configured, address)
    if kind == "aws_iam_policy_document" and not isinstance(values.get("json"), str):
        values["statement"] = _deferred(values.get("statement"), configured.get("statement"), f"{address}.statement")
    index = plain.removeprefix(key)
    provider = configured.get("//provider", "aws")
    block = Block(mode, kind, name, address, values, Source(file, stack, address), scope, provider)
    scope.blocks.setdefault(f"{key}{index}", block)
    if not index:
        scope.blocks.setdefault(key, block)


def _expression(argument: str, configured: Mapping[str, Any], address: str) -> Any:
    """Return what an unknown argument refers to, if it refers to one thing."""
    found = configured.get(argument)
    references = found.get("references") if isinstance(found, Mapping) else None
    unknown = Expression(f"{address}.{argument}", followed=False)
    if argument in WHOLE and isinstance(references, list) and references and isinstance(references[0], str):
        first = references[0]
        one_thing = all(isinstance(one, str) and first.startswith(one) for one in references)
        document = first.startswith("data.aws_iam_policy_document.") and first.endswith(".json")
        if one_thing and (document or argument not in ("policy", "assume_role_policy")):
            unknown = Expression(first)
    return [unknown] if argument in _LISTS else unknown


def _deferred(value: Any, configured: Any, where: str) -> Any:
    """Return the statements of a document that is only read during apply: what is null there is not known yet.

    A list with one text, made of one reference, is that reference.
    """
    if isinstance(value, Mapping):
        inner = configured if isinstance(configured, Mapping) else {}
        return {key: _deferred(one, inner.get(key), f"{where}.{key}") for key, one in value.items()}
    if not isinstance(value, list):
        return value
    if not any(one is None for one in value):
        same = isinstance(configured, list) and len(configured) == len(value)
        pairs = zip(value, configured if same else [None] * len(value), strict=True)
        return [_deferred(one, of, f"{where}[{index}]") for index, (one, of) in enumerate(pairs)]
    references = configured.get("references") if isinstance(configured, Mapping) else None
    if value == [None] and isinstance(references, list) and references and isinstance(references[0], str):
        first = references[0]
        if all(isinstance(one, str) and first.startswith(one) for one in references):
            return [Expression(first)]
    unknown = (Expression(f"{where}[{index}]", followed=False) for index in range(len(value)))
    return [next(unknown) if one is None else one for one in value]


_READ_BACK = frozenset({"managed_policy_arns", "inline_policy"})
"""Arguments that the provider of Terraform fills in from AWS where nobody sets them; other resources set them."""

_LISTS = frozenset({"roles", "users", "groups", "managed_policy_arns"})


def _expressions(module: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Return what each resource of the configuration is made from, by address without indexes."""
    for resource in _list(module.get("resources")):
        address = resource.get("address")
        if isinstance(address, str):
            found = resource.get("expressions")
            expressions = dict(found) if isinstance(found, Mapping) else {}
            provider = resource.get("provider_config_key")
            if isinstance(provider, str):
                expressions["//provider"] = provider
            yield f"{path}.{address}".lstrip("."), expressions
    calls = module.get("module_calls")
    for name, call in calls.items() if isinstance(calls, Mapping) else ():
        inner = call.get("module") if isinstance(call, Mapping) else None
        if isinstance(inner, Mapping):
            yield from _expressions(inner, f"{path}.module.{name}".lstrip("."))


def _unknown_arguments(document: Mapping[str, Any], file: str) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for change in _list(document.get("resource_changes")):
        address = change.get("address")
        unknown = _object(change, "change", file).get("after_unknown")
        if isinstance(address, str) and isinstance(unknown, Mapping):
            found[address] = unknown
    return found


def _removed(document: Mapping[str, Any]) -> Iterator[str]:
    for change in _list(document.get("resource_changes")):
        actions = _object(change, "change", "").get("actions")
        kind = change.get("type")
        if (
            isinstance(actions, list)
            and actions == ["delete"]
            and isinstance(kind, str)
            and kind.startswith("aws_iam_")
        ):
            yield str(change.get("address"))


def _resources(module: Mapping[str, Any], file: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Return the resources of a module and of all within, each with its module's address."""
    waiting: list[Mapping[str, Any]] = [module]
    while waiting:
        one = waiting.pop()
        path = one.get("address")
        for resource in _list(one.get("resources")):
            yield resource, path if isinstance(path, str) else ""
        waiting.extend(reversed(_list(one.get("child_modules"))))


def _providers(
    scopes: Mapping[str, Scope], document: Mapping[str, Any], variables: Mapping[str, Any], file: str
) -> None:
    """Note the accounts: from the providers' arguments, and from the identity that data sources have read.

    A resource names the provider that it really uses, also where a module was given it.
    """
    configured = _object(_object(document, "configuration", file), "provider_config", file)
    for scope in scopes.values():
        for key, provider in configured.items():
            if isinstance(provider, Mapping) and provider.get("name", "aws") == "aws":
                arguments = _constants(_object(provider, "expressions", file), variables)
                set_account(scope, key, arguments if isinstance(arguments, Mapping) else {})
        for block in scope.blocks.values():
            account = block.values.get("account_id") or block.values.get("id")
            if block.type == "aws_caller_identity" and isinstance(account, str) and account.isdigit():
                scope.accounts.setdefault(block.provider, account)
            partition = block.values.get("partition")
            if block.type == "aws_partition" and isinstance(partition, str):
                scope.partitions.setdefault(block.provider, partition)
    known = {key: account for scope in scopes.values() for key, account in scope.accounts.items()}
    for scope in scopes.values():
        for key, account in known.items():
            scope.accounts.setdefault(key, account)


def _constants(value: Any, variables: Mapping[str, Any]) -> Any:
    """Return a provider's arguments as far as they are constants or variables with a given value."""
    if isinstance(value, list):
        return [_constants(one, variables) for one in value]
    if not isinstance(value, Mapping):
        return value
    if "constant_value" in value:
        return value["constant_value"]
    references = value.get("references")
    if isinstance(references, list):
        name = references[0].removeprefix("var.") if len(references) == 1 and isinstance(references[0], str) else ""
        return variables.get(name)
    return {key: _constants(one, variables) for key, one in value.items()}


def _object(holder: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    found = holder.get(key)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise UnreadableError(f"{where}: {key} has to be an object")
    return found


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _without_indexes(path: str) -> str:
    shown, depth = [], 0
    for character in path:
        if character == "[":
            depth += 1
        if depth == 0:
            shown.append(character)
        if character == "]":
            depth -= 1
    return "".join(shown)
