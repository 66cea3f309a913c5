"""What AWS is told about one account: providers, roles, users and their policies, as plain frozen values.

A construct turns these into Terraform resources one to one; nothing here knows CDKTF. ``key`` is what stays the same
when somebody renames a role: the resource's name in Terraform. It is the guide's name for the thing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rolebridge.policies.arn import AwsAccount
from rolebridge.policies.document import (
    MANAGED_POLICY_CHARACTERS,
    TRUST_POLICY_CHARACTERS,
    Document,
    VariableReference,
    size,
    variables,
)
from rolebridge.settings.model import (
    ExternalId,
    IamDefaults,
    PolicyOptions,
    RoleOptions,
    Tags,
    TerraformVariable,
    UserOptions,
)

ATTACHED_POLICIES = 10
"""Managed policies on one role or user by default (IAM user guide, «IAM and AWS STS quotas»)."""


PROVIDER_THUMBPRINTS = 5
PROVIDER_AUDIENCES = 100
"""Of an OIDC provider (IAM API reference, CreateOpenIDConnectProvider)."""


@dataclass(frozen=True, kw_only=True)
class Misfit:
    """Something that IAM would refuse: of what (a key), what was found and what IAM takes."""

    key: str
    found: str
    allowed: str


class PolicyError(ValueError):
    """What was asked for does not fit into IAM; the message names every misfit."""


@dataclass(frozen=True, kw_only=True)
class ManagedPolicy:
    """A customer managed policy; its document has at most 6,144 characters besides white space."""

    key: str
    name: str
    document: Document
    path: str = "/"
    description: str | None = None
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A policy of ours that another stack makes, attached here; ``key`` is the policy's."""

    key: str
    arn: str


@dataclass(frozen=True, kw_only=True)
class Role:
    """An IAM role with its trust and the managed policies attached to it: ours, or ARNs.

    Attributes:
        trust: at most 2,048 characters besides white space.
        policies: at most ten.
        max_session_duration: seconds, 3,600 to 43,200.
        after: keys of OIDC providers and policies of the same stack that must be there first.
    """

    key: str
    name: str
    trust: Document
    policies: tuple[ManagedPolicy | Attachment | str, ...] = ()
    path: str = "/"
    description: str | None = None
    max_session_duration: int = 3600
    permissions_boundary: str | None = None
    tags: Tags = field(default_factory=dict)
    after: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class User:
    """An IAM user; ``access_key`` asks for a long-lived key, ``pgp_key`` encrypts its secret."""

    key: str
    name: str
    policies: tuple[ManagedPolicy, ...] = ()
    path: str = "/"
    permissions_boundary: str | None = None
    tags: Tags = field(default_factory=dict)
    access_key: bool = False
    pgp_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class OidcProvider:
    """An IAM OIDC provider.

    Attributes:
        issuer: begins with ``https://``.
        audiences: client ids, 1 to 100.
        thumbprints: up to five; none where the issuer's authority is publicly trusted.
    """

    key: str
    issuer: str
    audiences: tuple[str, ...]
    thumbprints: tuple[str, ...] = ()
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PortfolioAccess:
    """A role's access to a Service Catalog portfolio."""

    key: str
    portfolio_id: str
    role: Role


@dataclass(frozen=True, kw_only=True)
class Identities:
    """Everything of IAM (and of Service Catalog) that one stack makes in one account.

    Attributes:
        unattached: managed policies that are attached to nothing here, as boundaries are.
        released: addresses of resources that this stack made once and gives up without destroying them.
        adopted: key to ARN of policies that another stack made and this one takes over.
        documents: policy documents that are written out for somebody to use, without a resource of their own.
        outputs: name to value, as what reads the stack's outputs will want it.
    """

    account: AwsAccount
    providers: tuple[OidcProvider, ...] = ()
    roles: tuple[Role, ...] = ()
    users: tuple[User, ...] = ()
    portfolio_access: tuple[PortfolioAccess, ...] = ()
    unattached: tuple[ManagedPolicy, ...] = ()
    released: tuple[str, ...] = ()
    adopted: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, Document] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)

    def policies(self) -> Iterator[ManagedPolicy]:
        """Yield our managed policies, each once, in the order of who they are attached to."""
        yield from self.unattached
        seen = {policy.key for policy in self.unattached}
        holders: tuple[Role | User, ...] = (*self.roles, *self.users)
        for holder in holders:
            for policy in holder.policies:
                if isinstance(policy, ManagedPolicy) and policy.key not in seen:
                    seen.add(policy.key)
                    yield policy

    def variables(self) -> tuple[str, ...]:
        """Return the names of the Terraform variables that the documents refer to."""
        every = [*(role.trust for role in self.roles), *(policy.document for policy in self.policies())]
        return tuple(dict.fromkeys(name for policy in every for name in variables(policy)))

    def written_documents(self) -> Iterator[tuple[str, Document]]:
        """Yield every document with the file name it is reviewed under."""
        for role in self.roles:
            yield f"{role.name}.trust", role.trust
        for policy in self.policies():
            yield policy.name, policy.document
        yield from self.documents.items()

    def misfits(self) -> Iterator[Misfit]:
        """Yield what IAM would refuse because of its size or number."""
        for policy in self.policies():
            yield from _too_many(
                policy.key, f"the policy {policy.name}", size(policy.document), MANAGED_POLICY_CHARACTERS
            )
        for provider in self.providers:
            for what, values, most in (
                ("thumbprints", provider.thumbprints, PROVIDER_THUMBPRINTS),
                ("audiences", provider.audiences, PROVIDER_AUDIENCES),
            ):
                if len(values) > most:
                    found = f"{len(values)} {what} for the issuer {provider.issuer}"
                    yield Misfit(key=provider.key, found=found, allowed=f"at most {most}, of all who come with it")
        for role in self.roles:
            yield from _too_many(role.key, f"the trust of {role.name}", size(role.trust), TRUST_POLICY_CHARACTERS)
        holders: tuple[Role | User, ...] = (*self.roles, *self.users)
        for holder in holders:
            if len(holder.policies) > ATTACHED_POLICIES:
                found = f"{len(holder.policies)} policies attached to {holder.name}"
                yield Misfit(key=holder.key, found=found, allowed=f"at most {ATTACHED_POLICIES}")


def _too_many(key: str, what: str, characters: int, allowed: int) -> Iterator[Misfit]:
    if characters > allowed:
        found = f"{what} with {characters:,} characters"
        yield Misfit(key=key, found=found, allowed=f"at most {allowed:,} characters, white space not counted")


@dataclass(frozen=True)
class Maker:
    """Makes identities of one account from what an operator chose, falling back to the operator's defaults."""

    account: AwsAccount
    defaults: IamDefaults = field(default_factory=IamDefaults)

    def policy(self, key: str, options: PolicyOptions, document: Document) -> ManagedPolicy:
        """Make a customer managed policy."""
        return ManagedPolicy(
            key=key,
            name=options.name,
            document=document,
            path=options.path or self.defaults.path,
            description=options.description,
            tags={**self.defaults.tags, **options.tags},
        )

    def role(
        self,
        key: str,
        options: RoleOptions,
        trust: Document,
        policies: Sequence[ManagedPolicy | Attachment | str],
        *,
        boundary: str | None = None,
        after: Sequence[str] = (),
    ) -> Role:
        """Make a role; ``boundary`` takes the place of the permissions boundary that was chosen."""
        return Role(
            key=key,
            name=options.name,
            trust=trust,
            policies=tuple(policies),
            path=options.path or self.defaults.path,
            description=options.description,
            max_session_duration=options.max_session_duration or self.defaults.max_session_duration,
            permissions_boundary=boundary or self._boundary(options.permissions_boundary),
            tags={**self.defaults.tags, **options.tags},
            after=tuple(after),
        )

    def user(self, key: str, options: UserOptions, policies: Sequence[ManagedPolicy]) -> User:
        """Make a user."""
        return User(
            key=key,
            name=options.name,
            policies=tuple(policies),
            path=options.path or self.defaults.path,
            permissions_boundary=self._boundary(options.permissions_boundary),
            tags={**self.defaults.tags, **options.tags},
            access_key=options.access_key is not None,
            pgp_key=options.access_key.pgp_key if options.access_key else None,
        )

    def provider(self, key: str, issuer: str, audiences: Sequence[str], thumbprints: Sequence[str]) -> OidcProvider:
        """Make an OIDC provider."""
        return OidcProvider(
            key=key,
            issuer=issuer,
            audiences=tuple(audiences),
            thumbprints=tuple(thumbprints),
            tags=dict(self.defaults.tags),
        )

    def role_arn(self, options: RoleOptions) -> str:
        """Return the ARN that a role with these options has in this account."""
        return self.account.role_arn(options.name, options.path or self.defaults.path)

    def policy_arn(self, options: PolicyOptions) -> str:
        """Return the ARN that a policy with these options has in this account."""
        return self.account.policy_arn(options.name, options.path or self.defaults.path)

    def user_arn(self, options: UserOptions) -> str:
        """Return the ARN that a user with these options has in this account."""
        return self.account.user_arn(options.name, options.path or self.defaults.path)

    def _boundary(self, own: str | None) -> str | None:
        chosen = own or self.defaults.permissions_boundary
        return self.account.fill_in(chosen) if chosen else None


def external_id_text(external_id: ExternalId) -> str:
    """Return the external id as it stands in a policy: literal, or a reference to a Terraform variable."""
    if isinstance(external_id, TerraformVariable):
        return VariableReference(external_id.variable)
    return external_id
