"""From Terraform's blocks to the landscape: who is there, and which documents are whose.

AWS provider for Terraform: ``aws_iam_role``, ``_policy``, ``_role_policy``, ``_role_policy_attachment``,
``_policy_attachment``, ``_user``, ``_user_policy``, ``_user_policy_attachment``, ``_access_key``, ``_group`` and what
belongs to it, ``_openid_connect_provider``, ``_saml_provider``, and the data source ``aws_iam_policy_document``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rolebridge.proof.landscape import (
    FULL_ADMINISTRATION,
    AccessKey,
    Document,
    Gap,
    Landscape,
    Origin,
    ProviderKind,
    SeenPolicy,
    SeenProvider,
    SeenRole,
    SeenUser,
    Source,
)
from rolebridge.proof.policy import Policy, PolicyKind, compile_policy, opaque_policy
from rolebridge.proof.policy_data import document_of
from rolebridge.proof.shape import PolicyShapeError
from rolebridge.proof.terraform import (
    Block,
    Scope,
    UnreadableError,
    name_of,
    oidc_arn,
    path_of,
    policy_arn,
    role_arn,
    saml_arn,
    user_arn,
)
from rolebridge.proof.variables import has_reference

LONGEST_DOCUMENT = 131_072
"""Characters of a policy that are read; IAM takes none above 10,240 (IAM user guide, «IAM and AWS STS quotas»)."""

MOST_PROBLEMS = 20
"""Problems that are told one by one."""


@dataclass
class _Building:
    """What is put together, in the order of :func:`assemble`."""

    problems: list[str]
    gaps: list[Gap]
    documents: dict[str, Document] = field(default_factory=dict)
    attached: dict[tuple[str, str, str], list[Document]] = field(default_factory=dict)
    """Kind, account and name of whom; ``role``, ``user`` or ``group``."""
    keys: dict[tuple[str, str], list[AccessKey]] = field(default_factory=dict)
    groups: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    homes: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)
    """Stack, kind and name of a role, user or group to the accounts in which the stack makes one of that name."""


def assemble(
    root: str, scopes: Sequence[Scope], gaps: Iterable[Gap], problems: list[str], *, files: int, warnings: Iterable[str]
) -> Landscape:
    """Put everything together.

    Args:
        root: what was read, as it was given.
        scopes: every module of every state.
        gaps: what is known not to be known.
        problems: receives one line for each thing that cannot be read.
        files: how many were read.
        warnings: what was not looked at.
    """
    building = _Building(problems, list(gaps))
    blocks = [block for scope in scopes for block in scope.blocks.values()]
    blocks = list(dict.fromkeys(blocks))
    for kind in _HOMES:
        _each(building, blocks, kind, _note_home)
    policies = _each(building, blocks, "aws_iam_policy", _policy)
    for kind, attach in _ATTACHING.items():
        _each(building, blocks, kind, attach)
    providers = [
        *_each(building, blocks, "aws_iam_openid_connect_provider", _oidc_provider),
        *_each(building, blocks, "aws_iam_saml_provider", _saml_provider),
    ]
    roles = _each(building, blocks, "aws_iam_role", _role)
    users = _each(building, blocks, "aws_iam_user", _user)
    _notice_twice(building, [*roles, *users])
    _notice_strangers(building)
    for scope in scopes:
        building.gaps.extend(Gap(Source(scope.stack, scope.stack, ""), text) for text in dict.fromkeys(scope.cycles))
    building.gaps.extend(_variables(scopes))
    return Landscape(
        root,
        _stacks(scopes),
        tuple(roles),
        tuple(users),
        tuple(policies),
        tuple(providers),
        files,
        tuple(dict.fromkeys(building.gaps)),
        tuple(warnings),
    )


def _each(
    building: _Building, blocks: Sequence[Block], kind: str, make: Callable[[_Building, Block], Any]
) -> list[Any]:
    found = []
    for block in blocks:
        if block.type == kind and block.mode == "managed":
            try:
                made = make(building, block)
            except UnreadableError as error:
                text = str(error)
                text = text if text.startswith(block.source.file) else f"{block.source.file}: {text}"
                if text not in building.problems:
                    building.problems.append(text)
                continue
            except RecursionError:
                building.problems.append(f"{block.source}: is nested too deeply")
                continue
            if made is not None:
                found.append(made)
    return found


def _stacks(scopes: Sequence[Scope]) -> dict[str, str]:
    found: dict[str, str] = {}
    for scope in scopes:
        used = {block.account for block in scope.blocks.values() if block.mode == "managed"}
        used = {account for account in used if not has_reference(account)} or used
        account = min(used) if len(used) == 1 else scope.accounts.get("aws", "")
        found[scope.stack] = found.get(scope.stack) or account
    return found


def _variables(scopes: Sequence[Scope]) -> list[Gap]:
    """Say once of each variable in how many states it is taken for one value."""
    where: dict[str, list[str]] = {}
    for scope in scopes:
        for name in sorted(scope.open_variables):
            stacks = where.setdefault(name, [])
            if scope.stack not in stacks:
                stacks.append(scope.stack)
    found = []
    for name, stacks in where.items():
        reason = "its value is given when Terraform runs"
        if len(stacks) > 1:
            shown = ", ".join(stacks[:5]) + (f" and {len(stacks) - 5} more" if len(stacks) > 5 else "")
            reason += f"; taken for the same value in {shown}, which holds only if the same value is given to each"
        found.append(Gap(Source(stacks[0], stacks[0], f"var.{name}"), reason))
    return found


# Documents


def _document(
    building: _Building,
    source: Source,
    value: Any,
    *,
    name: str,
    origin: Origin,
    kind: PolicyKind = PolicyKind.IDENTITY,
    arn: str = "",
) -> Document | None:
    """Compile a document that stands as text in an argument; nothing but a problem if it is none."""
    try:
        policy, plain = _compiled(building, source, value, name, kind)
    except UnreadableError as error:
        building.problems.append(str(error))
        return None
    return Document(name, source, origin, kind, policy, plain, arn)


def _compiled(building: _Building, source: Source, value: Any, name: str, kind: PolicyKind) -> tuple[Policy, Any]:
    if value is None:
        return _unknown(building, source, "the document is only known after Terraform has run", name), None
    if not isinstance(value, str):
        raise UnreadableError(f"{source}: a policy is a text with JSON in it, not {_described(value)}")
    if len(value) > LONGEST_DOCUMENT:
        raise UnreadableError(f"{source}: {len(value):,} characters; IAM takes no policy above 10,240")
    if value.startswith("${") and has_reference(value) and value.endswith("}") and value.count("${") == 1:
        return _unknown(building, source, f"the document is {value}, which only Terraform knows", name), None
    try:
        plain = json.loads(value, object_pairs_hook=_once)
    except _TwiceError as error:
        raise UnreadableError(f"{source}: the policy has «{error}» twice in one object") from None
    except (ValueError, RecursionError) as error:
        if has_reference(value):
            return _unknown(building, source, "the document contains what only Terraform knows", name), None
        raise UnreadableError(f"{source}: the policy is no JSON: {_json_error(error)}") from None
    try:
        policy = compile_policy(plain, kind, name=name)
    except PolicyShapeError as error:
        raise UnreadableError(f"{source}: {_one_line(str(error))}") from None
    except RecursionError:
        raise UnreadableError(f"{source}: the policy is nested too deeply") from None
    if policy.opaque is not None:
        building.gaps.append(Gap(source, policy.opaque.reason))
        return policy, None
    return policy, plain


class _TwiceError(ValueError):
    """A key that stands twice in one object."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """IAM refuses a key that stands twice; JSON readers would silently take the last."""
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        raise _TwiceError(_one_line(next(key for key, _ in pairs if key in seen or seen.add(key))))  # type: ignore[func-returns-value]
    return found


def _unknown(building: _Building, source: Source, reason: str, name: str) -> Policy:
    building.gaps.append(Gap(source, reason))
    return opaque_policy(reason, name=name)


def _by_arn(building: _Building, arn: str, source: Source) -> Document:
    """Return the document that an ARN means, one for all."""
    found = building.documents.get(arn)
    if found is not None:
        return found
    name = arn.rsplit("/", 1)[-1]
    kind = PolicyKind.IDENTITY
    if arn.count(":") >= 5 and arn.split(":")[2] == "iam" and arn.split(":")[4] == "aws":
        if arn.endswith(":policy/AdministratorAccess"):
            policy = compile_policy(FULL_ADMINISTRATION, name=name)
            found = Document(name, source, Origin.AWS_MANAGED, kind, policy, FULL_ADMINISTRATION, arn)
        else:
            reason = f"the content of {name}, a policy of AWS, is not known here"
            policy = _unknown(building, source, reason, name)
            found = Document(name, source, Origin.AWS_MANAGED, kind, policy, None, arn)
    else:
        reason = f"the policy {arn} is made by nothing that was read"
        found = Document(name, source, Origin.ELSEWHERE, kind, _unknown(building, source, reason, name), None, arn)
    building.documents[arn] = found
    return found


def _policy(building: _Building, block: Block) -> SeenPolicy | None:
    arn, name = policy_arn(block), name_of(block)
    source = block.source.at("policy")
    document = _document(
        building, source, _json_of(building, block, "policy"), name=name, origin=Origin.MANAGED, arn=arn
    )
    if document is None:
        return None
    if arn in building.documents:
        building.problems.append(f"{block.source}: {arn} is made twice")
        return None
    building.documents[arn] = document
    return SeenPolicy(arn, name, path_of(block), block.account, document, block.source)


def _json_of(building: _Building, block: Block, argument: str) -> Any:
    """Return the text of a document, following a policy document written as a data source."""
    given = block.values.get(argument)
    expression = getattr(given, "text", given)
    if isinstance(expression, str):
        plain = expression.strip().removeprefix("${").removesuffix("}").strip()
        if plain.startswith("data.aws_iam_policy_document.") and plain.endswith(".json"):
            data = block.scope.blocks.get(plain.removesuffix(".json"))
            if data is not None and not isinstance(data.values.get("json"), str):
                made = document_of(data)
                if isinstance(made, str):
                    building.gaps.append(Gap(data.source, made))
                    return None
                return json.dumps(made)
    return block.value(argument)


# Whose they are


_HOMES = {"aws_iam_role": "role", "aws_iam_user": "user", "aws_iam_group": "group"}


def _note_home(building: _Building, block: Block) -> None:
    home = (block.scope.stack, _HOMES[block.type], name_of(block))
    building.homes.setdefault(home, set()).add(block.account)


def _home(building: _Building, block: Block, kind: str, name: str) -> str:
    """Return the account of whom a resource belongs to; a state does not say which provider has made it."""
    account = block.account
    if has_reference(account):
        found = building.homes.get((block.scope.stack, kind, name), set())
        if len(found) == 1:
            return min(found)
    return account


def _attach(building: _Building, block: Block, kind: str, name: str, document: Document) -> None:
    documents = building.attached.setdefault((kind, _home(building, block, kind, name), name), [])
    if document not in documents:
        documents.append(document)


def _attachment(kind: str) -> Callable[[_Building, Block], None]:
    def attach(building: _Building, block: Block) -> None:
        whom, arn = block.text(kind), block.text("policy_arn")
        if whom is None or arn is None:
            raise UnreadableError(f"{block.source}: needs {kind} and policy_arn")
        _attach(building, block, kind, whom, _by_arn(building, arn, block.source.at("policy_arn")))

    return attach


def _inline(kind: str) -> Callable[[_Building, Block], None]:
    def attach(building: _Building, block: Block) -> None:
        whom = block.text(kind)
        if whom is None:
            raise UnreadableError(f"{block.source}: needs {kind}")
        document = _document(
            building,
            block.source.at("policy"),
            _json_of(building, block, "policy"),
            name=name_of(block),
            origin=Origin.INLINE,
        )
        if document is not None:
            _attach(building, block, kind, whom, document)

    return attach


def _attachment_to_all(building: _Building, block: Block) -> None:
    arn = block.text("policy_arn")
    if arn is None:
        raise UnreadableError(f"{block.source}: needs policy_arn")
    document = _by_arn(building, arn, block.source.at("policy_arn"))
    for kind in ("role", "user", "group"):
        for whom in block.texts(f"{kind}s"):
            _attach(building, block, kind, whom, document)


def _membership(building: _Building, block: Block) -> None:
    """``aws_iam_user_group_membership``: a user in groups; ``aws_iam_group_membership``: users in a group."""
    if block.type == "aws_iam_user_group_membership":
        pairs = [(block.text("user"), group) for group in block.texts("groups")]
    else:
        pairs = [(user, block.text("group") or "") for user in block.texts("users")]
    for user, group in pairs:
        building.groups.setdefault((_home(building, block, "user", user or ""), user or ""), []).append(group)


def _access_key(building: _Building, block: Block) -> None:
    key = AccessKey(block.source, block.text("status") != "Inactive", bool(block.values.get("pgp_key")))
    user = block.text("user") or ""
    building.keys.setdefault((_home(building, block, "user", user), user), []).append(key)


_ATTACHING: dict[str, Callable[[_Building, Block], None]] = {
    "aws_iam_role_policy_attachment": _attachment("role"),
    "aws_iam_user_policy_attachment": _attachment("user"),
    "aws_iam_group_policy_attachment": _attachment("group"),
    "aws_iam_role_policy": _inline("role"),
    "aws_iam_user_policy": _inline("user"),
    "aws_iam_group_policy": _inline("group"),
    "aws_iam_policy_attachment": _attachment_to_all,
    "aws_iam_user_group_membership": _membership,
    "aws_iam_group_membership": _membership,
    "aws_iam_access_key": _access_key,
}


# Who is there


def _role(building: _Building, block: Block) -> SeenRole | None:
    name = name_of(block)
    trust = _document(
        building,
        block.source.at("assume_role_policy"),
        _json_of(building, block, "assume_role_policy"),
        name=f"trust of {name}",
        origin=Origin.TRUST,
        kind=PolicyKind.TRUST,
    )
    if trust is None:
        return None
    documents = list(building.attached.pop(("role", block.account, name), []))
    documents += [_by_arn(building, arn, block.source.at("managed_policy_arns")) for arn in _arns(building, block)]
    for index, inline in enumerate(_objects(block.value("inline_policy"))):
        source = block.source.at(f"inline_policy[{index}]")
        if inline.get("policy") is None and inline.get("name") is None:
            continue
        inline_name = inline.get("name")
        shown = inline_name if isinstance(inline_name, str) else f"inline policy {index} of {name}"
        document = _document(building, source, inline.get("policy"), name=shown, origin=Origin.INLINE)
        if document is not None:
            documents.append(document)
    duration = block.value("max_session_duration")
    seconds = _seconds(3600 if duration is None else duration)
    return SeenRole(
        role_arn(block),
        name,
        path_of(block),
        block.account,
        block.partition,
        block.scope.stack,
        block.source,
        trust,
        tuple(dict.fromkeys(documents)),
        _boundary(building, block),
        seconds,
        _tags(block),
    )


def _seconds(value: Any) -> int | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value)
    return int(value) if isinstance(value, str) and value.isdigit() and len(value) < 10 else None


def _arns(building: _Building, block: Block) -> list[str]:
    return block.texts("managed_policy_arns")


def _user(building: _Building, block: Block) -> SeenUser:
    name, account = name_of(block), block.account
    documents = list(building.attached.pop(("user", account, name), []))
    groups = tuple(dict.fromkeys(building.groups.get((account, name), ())))
    for group in groups:
        documents += building.attached.get(("group", account, group), [])
    return SeenUser(
        user_arn(block),
        name,
        path_of(block),
        account,
        block.partition,
        block.scope.stack,
        block.source,
        tuple(dict.fromkeys(documents)),
        _boundary(building, block),
        tuple(building.keys.get((account, name), ())),
        groups,
        _tags(block),
    )


def _boundary(building: _Building, block: Block) -> Document | None:
    arn = block.text("permissions_boundary")
    return _by_arn(building, arn, block.source.at("permissions_boundary")) if arn else None


def _tags(block: Block) -> Mapping[str, str]:
    found = block.value("tags")
    if not isinstance(found, Mapping):
        return {}
    return {key: value for key, value in found.items() if isinstance(key, str) and isinstance(value, str)}


def _oidc_provider(building: _Building, block: Block) -> SeenProvider:
    arn = oidc_arn(block)
    issuer = arn.partition(":oidc-provider/")[2] or (block.text("url") or "").removeprefix("https://")
    clients = tuple(block.texts("client_id_list"))
    thumbprints = tuple(block.texts("thumbprint_list"))
    return SeenProvider(
        ProviderKind.OIDC, arn, issuer, block.account, clients, block.scope.stack, block.source, thumbprints
    )


def _saml_provider(building: _Building, block: Block) -> SeenProvider:
    arn = saml_arn(block)
    return SeenProvider(ProviderKind.SAML, arn, name_of(block), block.account, (), block.scope.stack, block.source)


def _notice_twice(building: _Building, identities: Sequence[SeenRole | SeenUser]) -> None:
    """Say who is there twice: only one of the two can be in AWS, and which one is not known."""
    seen: dict[str, Source] = {}
    for one in identities:
        other = seen.setdefault(one.arn, one.source)
        if other is not one.source:
            building.problems.append(f"{one.source}: {one.arn} is made twice, also at {other}")


def _notice_strangers(building: _Building) -> None:
    """Say what is attached to somebody who is not there."""
    for (kind, account, name), documents in building.attached.items():
        if kind != "group":
            source = replace(documents[0].source, element="")
            reason = f"something is attached to the {kind} {name} of {account}, which was not read"
            building.gaps.append(Gap(source, reason))


def _objects(value: Any) -> list[Mapping[str, Any]]:
    found = value if isinstance(value, list) else [value]
    return [one for one in found if isinstance(one, Mapping)]


def _described(value: Any) -> str:
    return {list: "a list", dict: "an object", bool: "true or false"}.get(type(value), "a number")


def _json_error(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return "it is nested too deeply" if isinstance(error, RecursionError) else _one_line(str(error))


def _one_line(text: str) -> str:
    return " ".join(text.split())[:400]
