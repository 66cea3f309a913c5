"""What was read: roles, users, policies and providers of any number of accounts, each with the place it stands at.

Every text that only Terraform knows stands as ``${…}``, in names and ARNs too, and the evaluator answers «unknown»
where it matters. Nothing here is guessed; what could not be known is listed in :attr:`Landscape.unknowns`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from rolebridge.proof.assume import Caller
from rolebridge.proof.policy import Policy, PolicyKind, Statement
from rolebridge.proof.principals import Principal
from rolebridge.proof.tokens import federated_principal
from rolebridge.proof.variables import has_reference

FULL_ADMINISTRATION = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
"""AWS managed policy reference, ``AdministratorAccess``."""


@dataclass(frozen=True, order=True)
class Source:
    """Where something stands.

    Attributes:
        file: as it was given on the command line, with what is below it.
        stack: the folder of one state of Terraform; of a plan or a state, the file's name.
        address: Terraform's, ``aws_iam_role.Admin``; in modules ``module.x.aws_iam_role.admin["a"]``.
        element: the argument of the resource, ``assume_role_policy``; empty for the resource itself.
    """

    file: str
    stack: str
    address: str
    element: str = ""

    def at(self, element: str) -> Source:
        """Return the place of one argument of the same resource."""
        return Source(self.file, self.stack, self.address, element)

    def __str__(self) -> str:
        return f"{self.file}: {self.address}{f'.{self.element}' if self.element else ''}"


class Origin(enum.Enum):
    """How a document comes to whom it is for."""

    TRUST = "trust policy"
    INLINE = "inline policy"
    MANAGED = "managed policy"
    """A policy of its own that was read."""
    AWS_MANAGED = "policy of AWS"
    """``arn:aws:iam::aws:policy/…``; only ``AdministratorAccess`` is known."""
    ELSEWHERE = "policy made elsewhere"
    """A policy by its ARN, made by nothing that was read."""


@dataclass(frozen=True, eq=False)
class Document:
    """One policy document; compared by identity, since a managed policy is one document for all who have it.

    Attributes:
        name: as reports call it: of a managed policy its name, of a trust policy «trust of ‹role›».
        source: where its text stands; of a policy that was not read, where it is attached.
        origin: how it comes to whom it is for.
        kind: an identity policy or a trust policy.
        policy: in the evaluator's form; ``policy.opaque`` says why nothing is known of it, if so.
        value: its plain JSON value; ``None`` where nothing is known of it.
        arn: of a managed policy; may contain ``${…}``.
    """

    name: str
    source: Source
    origin: Origin
    kind: PolicyKind
    policy: Policy
    value: Any = None
    arn: str = ""

    @property
    def known(self) -> bool:
        """Whether its content could be read."""
        return self.policy.opaque is None

    def statement(self, index: int) -> Any:
        """Return a statement as it stands in the JSON, by its place from 0."""
        found = self.value["Statement"]
        return found if isinstance(found, Mapping) else found[index]


@dataclass(frozen=True, eq=False)
class SeenPolicy:
    """A customer-managed policy that was read, attached or not.

    Attributes:
        arn: may contain ``${…}``.
        name: its name.
        path: its path.
        account: 12 digits, or ``${…}``.
        document: its content.
        source: where it stands.
    """

    arn: str
    name: str
    path: str
    account: str
    document: Document
    source: Source


@dataclass(frozen=True, eq=False)
class SeenRole:
    """A role.

    Attributes:
        arn: computed from account, path and name where Terraform would only compute it; may contain ``${…}``.
        name: its name.
        path: its path.
        account: 12 digits, or ``${…}``.
        partition: ``aws``, ``aws-cn``, ``aws-us-gov``, …
        stack: where it is made.
        source: where it stands.
        trust: its trust policy.
        policies: all that are attached, inline ones too, in a stable order.
        boundary: its permissions boundary.
        max_session_duration: in seconds; ``None`` where it is not known.
        tags: those that stand at the role.
    """

    arn: str
    name: str
    path: str
    account: str
    partition: str
    stack: str
    source: Source
    trust: Document
    policies: tuple[Document, ...] = ()
    boundary: Document | None = None
    max_session_duration: int | None = 3600
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn_known(self) -> bool:
        """Whether nothing in its ARN is left to Terraform."""
        return not has_reference(self.arn)

    @cached_property
    def principal(self) -> Principal:
        """A session of the role, of no certain name."""
        return Principal.role(self.arn)

    @cached_property
    def caller(self) -> Caller:
        """A session of the role with the role's policies, for :func:`rolebridge.proof.assume.can_assume`."""
        return _caller(self.principal, self.policies, self.boundary)


@dataclass(frozen=True, eq=False)
class AccessKey:
    """A long-lived key of a user.

    Attributes:
        source: where it stands.
        active: whether it can be used.
        encrypted: whether its secret is encrypted in the state (``pgp_key``).
    """

    source: Source
    active: bool = True
    encrypted: bool = False


@dataclass(frozen=True, eq=False)
class SeenUser:
    """A user; see :class:`SeenRole` for what they share.

    Attributes:
        arn: may contain ``${…}``.
        name: its name.
        path: its path.
        account: 12 digits, or ``${…}``.
        partition: ``aws``, ``aws-cn``, …
        stack: where it is made.
        source: where it stands.
        policies: all that are attached, inline ones and those of its groups too.
        boundary: its permissions boundary.
        access_keys: its long-lived keys.
        groups: the names of its groups that are known.
        tags: those that stand at the user.
    """

    arn: str
    name: str
    path: str
    account: str
    partition: str
    stack: str
    source: Source
    policies: tuple[Document, ...] = ()
    boundary: Document | None = None
    access_keys: tuple[AccessKey, ...] = ()
    groups: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn_known(self) -> bool:
        """Whether nothing in its ARN is left to Terraform."""
        return not has_reference(self.arn)

    @cached_property
    def principal(self) -> Principal:
        """The user."""
        return Principal.user(self.arn)

    @cached_property
    def caller(self) -> Caller:
        """The user with its policies, for :func:`rolebridge.proof.assume.can_assume`."""
        return _caller(self.principal, self.policies, self.boundary)


Identity = SeenRole | SeenUser
"""Whoever policies are attached to."""


class ProviderKind(enum.Enum):
    """What a provider vouches with."""

    OIDC = "OpenID Connect"
    SAML = "SAML"


@dataclass(frozen=True, eq=False)
class SeenProvider:
    """An identity provider of an account.

    Attributes:
        kind: OpenID Connect or SAML.
        arn: may contain ``${…}``.
        issuer: without ``https://``; of SAML, the provider's name.
        account: 12 digits, or ``${…}``.
        client_ids: the audiences that AWS takes; of SAML none.
        stack: where it is made.
        source: where it stands.
        thumbprints: those that are pinned; mostly none.
    """

    kind: ProviderKind
    arn: str
    issuer: str
    account: str
    client_ids: tuple[str, ...]
    stack: str
    source: Source
    thumbprints: tuple[str, ...] = ()

    @property
    def principal(self) -> Principal:
        """Somebody with a token of it."""
        return Principal.federated(self.arn)


@dataclass(frozen=True)
class Gap:
    """Something that could not be known.

    Attributes:
        source: where.
        reason: a sentence.
    """

    source: Source
    reason: str


@dataclass(frozen=True, eq=False)
class Landscape:
    """Everything that was read.

    Attributes:
        root: what was read, as it was given.
        stacks: names, with the account of each; ``${…}`` where that is not known, empty where it has none.
        roles: in the order of their stacks and addresses.
        users: as roles.
        policies: customer-managed ones, as roles.
        providers: as roles.
        files: how many were read.
        unknowns: what could not be known.
        warnings: what was not looked at, sentences with where.
    """

    root: str
    stacks: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[SeenRole, ...] = ()
    users: tuple[SeenUser, ...] = ()
    policies: tuple[SeenPolicy, ...] = ()
    providers: tuple[SeenProvider, ...] = ()
    files: int = 0
    unknowns: tuple[Gap, ...] = ()
    warnings: tuple[str, ...] = ()

    @cached_property
    def accounts(self) -> frozenset[str]:
        """Accounts of which at least one stack was read."""
        made: tuple[Identity | SeenPolicy | SeenProvider, ...] = (
            *self.roles,
            *self.users,
            *self.policies,
            *self.providers,
        )
        return frozenset(account for account in self.stacks.values() if account) | {one.account for one in made}

    @cached_property
    def role_by_arn(self) -> Mapping[str, SeenRole]:
        """Roles by ARN, also such that contain ``${…}``; of two with one ARN, the first."""
        return _first_by(self.roles, lambda role: role.arn)

    @cached_property
    def user_by_arn(self) -> Mapping[str, SeenUser]:
        """Users by ARN."""
        return _first_by(self.users, lambda user: user.arn)

    @cached_property
    def policy_by_arn(self) -> Mapping[str, SeenPolicy]:
        """Customer-managed policies by ARN."""
        return _first_by(self.policies, lambda policy: policy.arn)

    @cached_property
    def provider_by_arn(self) -> Mapping[str, SeenProvider]:
        """Identity providers by ARN."""
        return _first_by(self.providers, lambda provider: provider.arn)

    @cached_property
    def roles_by_name(self) -> Mapping[str, tuple[SeenRole, ...]]:
        """Roles of all accounts by name, without the path."""
        return _all_by((role.name, role) for role in self.roles)

    @cached_property
    def roles_of_account(self) -> Mapping[str, tuple[SeenRole, ...]]:
        """Roles by account."""
        return _all_by((role.account, role) for role in self.roles)

    @cached_property
    def identities_of_account(self) -> Mapping[str, tuple[Identity, ...]]:
        """Roles and users by account."""
        found: Mapping[str, tuple[Identity, ...]] = _all_by((one.account, one) for one in self.identities)
        return found

    @property
    def identities(self) -> tuple[Identity, ...]:
        """All roles, then all users."""
        return (*self.roles, *self.users)

    @cached_property
    def _attached(self) -> Mapping[Document, tuple[Identity, ...]]:
        found: Mapping[Document, tuple[Identity, ...]] = _all_by(
            (document, one) for one in self.identities for document in one.policies
        )
        return found

    @cached_property
    def _bounded(self) -> Mapping[Document, tuple[Identity, ...]]:
        found: Mapping[Document, tuple[Identity, ...]] = _all_by(
            (one.boundary, one) for one in self.identities if one.boundary is not None
        )
        return found

    def attached_to(self, document: Document) -> tuple[Identity, ...]:
        """Return whose rights a document gives."""
        return self._attached.get(document, ())

    def bounded_by(self, document: Document) -> tuple[Identity, ...]:
        """Return whose permissions boundary a document is."""
        return self._bounded.get(document, ())

    def identity(self, arn: str) -> Identity | None:
        """Return the role or user of an ARN, if it was read."""
        return self.role_by_arn.get(arn) or self.user_by_arn.get(arn)

    def find_roles(self, wanted: str) -> tuple[SeenRole, ...]:
        """Return the roles that a person means: by ARN, by name, by ``account:name`` or by ``stack:name``."""
        if wanted in self.role_by_arn:
            return (self.role_by_arn[wanted],)
        place, _, name = wanted.rpartition(":")
        return tuple(role for role in self.roles_by_name.get(name, ()) if place in ("", role.account, role.stack))

    def makes(self, arn: str) -> bool:
        """Return whether what was read makes the role, user or provider of this ARN."""
        return arn in self.role_by_arn or arn in self.user_by_arn or arn in self.provider_by_arn

    def provider(self, issuer: str, role: SeenRole) -> Principal:
        """Return what a token of an issuer comes as to a role."""
        return federated_principal(issuer, account=role.account, partition=role.partition)

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """Every document once: trusts, attached ones, boundaries and policies that nobody has."""
        found: dict[Document, None] = {}
        for role in self.roles:
            found[role.trust] = None
        for one in self.identities:
            found.update(dict.fromkeys(one.policies))
            if one.boundary is not None:
                found[one.boundary] = None
        found.update((policy.document, None) for policy in self.policies)
        return tuple(found)

    def statements(self, identity: Identity) -> Iterator[tuple[Document, Statement]]:
        """Return every statement of the identity policies of a role or user, with its document."""
        for document in identity.policies:
            for statement in document.policy.statements:
                yield document, statement


def _caller(principal: Principal, policies: tuple[Document, ...], boundary: Document | None) -> Caller:
    return Caller(
        principal, tuple(one.policy for one in policies), boundary=None if boundary is None else boundary.policy
    )


def _first_by(found: Iterable[Any], key: Any) -> dict[str, Any]:
    by: dict[str, Any] = {}
    for one in found:
        by.setdefault(key(one), one)
    return by


def _all_by(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, tuple[Any, ...]]:
    by: dict[Any, list[Any]] = {}
    for key, one in pairs:
        by.setdefault(key, []).append(one)
    return {key: tuple(found) for key, found in by.items()}
