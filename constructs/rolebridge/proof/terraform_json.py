"""Terraform's JSON syntax: the blocks of one folder, as Terraform would read them.

Terraform, «JSON Configuration Syntax»: a block is an object or a list of objects; all files of a folder are one module.
Not followed: calls of modules, ``count`` and ``for_each``. Where they matter, a plan says more than the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rolebridge.proof.landscape import Gap, Source
from rolebridge.proof.terraform import Block, Scope, UnreadableError

KNOWN = frozenset({"//", "terraform", "provider", "resource", "data", "variable", "output", "locals", "module"}) | {
    "ephemeral",
    "import",
    "moved",
    "removed",
    "check",
    "action",
}
"""The blocks that Terraform has at the top level."""


def is_configuration(document: Any) -> bool:
    """Return whether a JSON document is Terraform's configuration."""
    return isinstance(document, Mapping) and bool(document) and set(document) <= KNOWN


def read_folder(stack: str, documents: Mapping[str, Any], gaps: list[Gap]) -> Scope:
    """Read the files of one folder.

    Args:
        stack: its name.
        documents: file to parsed JSON.
        gaps: receives what is not followed.

    Raises:
        UnreadableError: if a block has not its shape.
    """
    scope = Scope(stack)
    for file, document in documents.items():
        if not isinstance(document, Mapping):
            raise UnreadableError(f"{file}: Terraform's JSON is an object, not {_described(document)}")
        for one in _objects(document.get("locals"), f"{file}: locals"):
            scope.locals.update(one)
    for file, document in documents.items():
        _blocks(scope, file, document, gaps)
        for one in _objects(document.get("module"), f"{file}: module"):
            gaps.extend(Gap(Source(file, stack, f"module.{name}"), _MODULE) for name in one if name != "//")
    for file, document in documents.items():
        _accounts(scope, file, document)
    return scope


_MODULE = "the module is not followed: give the output of `terraform show -json` of a plan instead"
_REPEATED = "count and for_each are not followed: give the output of `terraform show -json` of a plan instead"


def _blocks(scope: Scope, file: str, document: Mapping[str, Any], gaps: list[Gap]) -> None:
    for element, mode in (("resource", "managed"), ("data", "data")):
        for kinds in _objects(document.get(element), f"{file}: {element}"):
            for kind, named in kinds.items():
                if kind == "//" or not kind.startswith(("aws_iam_", "aws_caller_identity", "aws_partition")):
                    continue
                prefix = "" if mode == "managed" else "data."
                for names in _objects(named, f"{file}: {prefix}{kind}"):
                    for name, body in names.items():
                        address = f"{prefix}{kind}.{name}"
                        for values in _objects(body, f"{file}: {address}"):
                            _add(
                                scope,
                                Block(mode, kind, name, address, values, Source(file, scope.stack, address), scope),
                            )
                            if "count" in values or "for_each" in values:
                                gaps.append(Gap(Source(file, scope.stack, address), _REPEATED))


def _add(scope: Scope, block: Block) -> None:
    given = block.values.get("provider")
    if isinstance(given, str) and given:
        block.provider = given.removeprefix("${").removesuffix("}")
    if block.address in scope.blocks:
        raise UnreadableError(f"{block.source}: stands there twice")
    scope.blocks[block.address] = block


def _accounts(scope: Scope, file: str, document: Mapping[str, Any]) -> None:
    for providers in _objects(document.get("provider"), f"{file}: provider"):
        for values in _objects(providers.get("aws"), f"{file}: provider.aws"):
            alias = values.get("alias")
            key = f"aws.{alias}" if isinstance(alias, str) else "aws"
            set_account(scope, key, scope.resolved(dict(values), f"{file}: provider.{key}"))


def set_account(scope: Scope, key: str, values: Mapping[str, Any]) -> None:
    """Note the account and the partition that a provider works in, as far as its arguments say."""
    account, partition = "", ""
    allowed = values.get("allowed_account_ids")
    allowed = [allowed] if isinstance(allowed, str) else allowed
    if isinstance(allowed, list) and len(allowed) == 1 and _is_account(allowed[0]):
        account = allowed[0]
    for argument in ("assume_role", "assume_role_with_web_identity", "assume_role_with_saml"):
        for one in _objects(values.get(argument), argument):
            parts = one["role_arn"].split(":", 5) if isinstance(one.get("role_arn"), str) else []
            if len(parts) == 6 and _is_account(parts[4]):
                # Of several, the last one is the one that works there.
                account, partition = account or parts[4], parts[1]
    region = values.get("region")
    if isinstance(region, str) and not partition:
        partition = next((of for start, of in _PARTITIONS.items() if region.startswith(start)), "aws")
    if account:
        scope.accounts[key] = account
    if partition:
        scope.partitions[key] = partition


_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "eusc-": "aws-eusc",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
}


def _is_account(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 12 and value.isdigit()


def _objects(value: Any, where: str) -> Iterator[Mapping[str, Any]]:
    """A block: an object or a list of objects."""
    if value is None:
        return
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, Mapping):
            raise UnreadableError(f"{where}: an object belongs here, not {_described(one)}")
        yield one


def _described(value: Any) -> str:
    if value is None:
        return "null"
    return {list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}.get(
        type(value), "an object"
    )
