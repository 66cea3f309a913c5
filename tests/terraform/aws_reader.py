"""What AWS's API says an account holds, as plain values that can be compared with documents.

Policies come back parsed (the API sends them URL-encoded). AWS's own managed policies are not listed among
the account's, but their documents are there where one is attached.
"""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.client import BaseClient

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Role:
    """An IAM role. `attached` and `inline` hold the documents, by policy ARN and by policy name."""

    name: str
    arn: str
    path: str
    description: str
    trust: Document
    attached: Mapping[str, Document]
    inline: Mapping[str, Document]
    max_session_duration: int
    permissions_boundary: str | None
    tags: Mapping[str, str]


@dataclass(frozen=True)
class ManagedPolicy:
    """A customer managed policy with the document of its default version."""

    name: str
    arn: str
    path: str
    description: str
    document: Document
    versions: tuple[str, ...]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class User:
    """An IAM user. `access_keys` are the ids of its keys."""

    name: str
    arn: str
    path: str
    attached: Mapping[str, Document]
    inline: Mapping[str, Document]
    access_keys: tuple[str, ...]
    permissions_boundary: str | None
    tags: Mapping[str, str]


@dataclass(frozen=True)
class OidcProvider:
    """An OpenID Connect provider. `url` is as IAM keeps it, without `https://`."""

    arn: str
    url: str
    client_ids: frozenset[str]
    thumbprints: tuple[str, ...]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class OrganizationalUnit:
    """An organizational unit. `parent` is the id of the root, or the name of the unit that it is in."""

    name: str
    parent: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class MemberAccount:
    """An account of an organization. `parent` is the id of the root, or the name of the unit that it is in."""

    name: str
    email: str
    parent: str
    status: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Account:
    """Everything of ours in one account: roles, users, units and members by name, the others by ARN.

    Units and members are those of the organization that the account manages, without the account itself.
    """

    id: str
    roles: Mapping[str, Role] = field(default_factory=dict)
    policies: Mapping[str, ManagedPolicy] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
    oidc_providers: Mapping[str, OidcProvider] = field(default_factory=dict)
    units: Mapping[str, OrganizationalUnit] = field(default_factory=dict)
    members: Mapping[str, MemberAccount] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at all."""
        return not (self.roles or self.policies or self.users or self.oidc_providers or self.units or self.members)


def read_account(iam: BaseClient, account: str, organizations: BaseClient | None = None) -> Account:
    """Read everything through clients that act in `account`; the organization only if its client is given."""
    units, members = organization(organizations, account) if organizations else ({}, {})
    return Account(
        id=account,
        roles=roles(iam),
        policies=managed_policies(iam),
        users=users(iam),
        oidc_providers=oidc_providers(iam),
        units=units,
        members=members,
    )


def roles(iam: BaseClient) -> dict[str, Role]:
    """Every role, by name."""
    found = {}
    for name in _names(iam, "list_roles", "Roles", "RoleName"):
        role = iam.get_role(RoleName=name)["Role"]
        inline = _names(iam, "list_role_policies", "PolicyNames", RoleName=name)
        attached = _names(iam, "list_attached_role_policies", "AttachedPolicies", "PolicyArn", RoleName=name)
        found[name] = Role(
            name=name,
            arn=role["Arn"],
            path=role["Path"],
            description=role.get("Description", ""),
            trust=_parsed(role["AssumeRolePolicyDocument"]),
            attached={arn: _default_document(iam, arn) for arn in attached},
            inline={
                policy: _parsed(iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
                for policy in inline
            },
            max_session_duration=role["MaxSessionDuration"],
            permissions_boundary=_boundary(role),
            tags=_tags(iam.list_role_tags(RoleName=name)["Tags"]),
        )
    return found


def managed_policies(iam: BaseClient) -> dict[str, ManagedPolicy]:
    """Every customer managed policy, by ARN."""
    found = {}
    for arn in _names(iam, "list_policies", "Policies", "Arn", Scope="Local"):
        policy = iam.get_policy(PolicyArn=arn)["Policy"]
        found[arn] = ManagedPolicy(
            name=policy["PolicyName"],
            arn=arn,
            path=policy["Path"],
            description=policy.get("Description", ""),
            document=_default_document(iam, arn),
            versions=tuple(_names(iam, "list_policy_versions", "Versions", "VersionId", PolicyArn=arn)),
            tags=_tags(iam.list_policy_tags(PolicyArn=arn)["Tags"]),
        )
    return found


def users(iam: BaseClient) -> dict[str, User]:
    """Every user, by name."""
    found = {}
    for name in _names(iam, "list_users", "Users", "UserName"):
        user = iam.get_user(UserName=name)["User"]
        inline = _names(iam, "list_user_policies", "PolicyNames", UserName=name)
        keys = _names(iam, "list_access_keys", "AccessKeyMetadata", "AccessKeyId", UserName=name)
        attached = _names(iam, "list_attached_user_policies", "AttachedPolicies", "PolicyArn", UserName=name)
        found[name] = User(
            name=name,
            arn=user["Arn"],
            path=user["Path"],
            attached={arn: _default_document(iam, arn) for arn in attached},
            inline={
                policy: _parsed(iam.get_user_policy(UserName=name, PolicyName=policy)["PolicyDocument"])
                for policy in inline
            },
            access_keys=tuple(keys),
            permissions_boundary=_boundary(user),
            tags=_tags(iam.list_user_tags(UserName=name)["Tags"]),
        )
    return found


def oidc_providers(iam: BaseClient) -> dict[str, OidcProvider]:
    """Every OpenID Connect provider, by ARN."""
    found = {}
    for entry in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        arn = entry["Arn"]
        provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        found[arn] = OidcProvider(
            arn=arn,
            url=provider["Url"].removeprefix("https://"),
            client_ids=frozenset(provider["ClientIDList"]),
            thumbprints=tuple(provider["ThumbprintList"]),
            tags=_tags(provider.get("Tags", [])),
        )
    return found


def organization(
    organizations: BaseClient, account: str
) -> tuple[dict[str, OrganizationalUnit], dict[str, MemberAccount]]:
    """Every unit and every member account by name, from the root down, without the managing `account`."""
    units: dict[str, OrganizationalUnit] = {}
    members: dict[str, MemberAccount] = {}
    below = [(root["Id"], root["Id"]) for root in organizations.list_roots()["Roots"]]
    while below:
        id_, parent = below.pop()
        for member in organizations.list_accounts_for_parent(ParentId=id_)["Accounts"]:
            if member["Id"] != account:
                members[member["Name"]] = MemberAccount(
                    name=member["Name"],
                    email=member["Email"],
                    parent=parent,
                    status=member["Status"],
                    tags=_tags(organizations.list_tags_for_resource(ResourceId=member["Id"])["Tags"]),
                )
        for unit in organizations.list_organizational_units_for_parent(ParentId=id_)["OrganizationalUnits"]:
            below.append((unit["Id"], unit["Name"]))
            units[unit["Name"]] = OrganizationalUnit(
                name=unit["Name"],
                parent=parent,
                tags=_tags(organizations.list_tags_for_resource(ResourceId=unit["Id"])["Tags"]),
            )
    return units, members


def _names(iam: BaseClient, operation: str, key: str, name: str | None = None, **arguments: str) -> list[str]:
    pages = iam.get_paginator(operation).paginate(**arguments)
    return sorted(item if name is None else item[name] for page in pages for item in page[key])


def _default_document(iam: BaseClient, arn: str) -> Document:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return _parsed(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def _parsed(document: str | Document) -> Document:
    if isinstance(document, str):
        parsed: Document = json.loads(urllib.parse.unquote(document))
        return parsed
    return document


def _boundary(entity: Mapping[str, Any]) -> str | None:
    return entity.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")


def _tags(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}
