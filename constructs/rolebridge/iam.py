"""Constructs that make identities: OIDC providers, roles, users and policies of one account as Terraform resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rolebridge.engine import (
    Construct,
    IamAccessKey,
    IamOpenidConnectProvider,
    IamPolicy,
    IamRole,
    IamRolePolicyAttachment,
    IamUser,
    IamUserPolicyAttachment,
    ServicecatalogPrincipalPortfolioAssociation,
    TerraformOutput,
    TerraformResource,
    TerraformStack,
    TerraformVariable,
    TerraformVariableValidationConfig,
)
from rolebridge.policies.document import terraform_json, terraform_text
from rolebridge.policies.identity import Attachment, Identities, ManagedPolicy, OidcProvider, PolicyError, Role, User


class AccountIdentities(Construct):
    """Everything that :class:`Identities` name, one resource each.

    Resources are called after their keys. Give the construct the id ``Default`` and they are called exactly so
    (``aws_iam_role.MeshfedServiceRole``); any other id becomes a prefix, with CDKTF's hash behind.

    Policies are literal JSON, so that a first plan shows them in full. Attachments refer to their role and policy,
    so that Terraform takes them off before it replaces either, and puts them back after.

    Args:
        scope: the stack of the account, or a construct in it.
        id_: this construct's id in that scope.
        identities: what to make.

    Raises:
        PolicyError: a policy is too large for IAM, or too many are attached; with all of them.
    """

    roles: dict[str, IamRole]
    """The roles by their keys."""

    users: dict[str, IamUser]
    """The users by their keys."""

    adopted: list[TerraformResource]
    """Policies taken over from another stack, which everything else comes after."""

    def __init__(self, scope: Construct, id_: str, identities: Identities) -> None:
        super().__init__(scope, id_)
        misfits = [f"{misfit.found}; IAM takes {misfit.allowed}" for misfit in identities.misfits()]
        if misfits:
            raise PolicyError("\n".join(misfits))
        if variables := identities.variables():
            _declare_variables(TerraformStack.of(self), variables)
        self._providers = {provider.key: self._provider(provider) for provider in identities.providers}
        self._policies = {policy.key: self._policy(policy, identities.adopted) for policy in identities.policies()}
        self.adopted = [self._policies[key] for key in identities.adopted]
        self._first: dict[str, TerraformResource] = {**self._providers, **self._policies}
        self.roles = {role.key: self._role(role) for role in identities.roles}
        self.users = {user.key: self._user(user) for user in identities.users}
        for access in identities.portfolio_access:
            ServicecatalogPrincipalPortfolioAssociation(
                self,
                access.key,
                portfolio_id=access.portfolio_id,
                principal_arn=terraform_text(identities.account.role_arn(access.role.name, access.role.path)),
                depends_on=[self.roles[access.role.key]],
            )
        if identities.released:
            _release(TerraformStack.of(self), identities.released)
        for name, value in identities.outputs.items():
            TerraformOutput(self, name, value=terraform_text(value))

    def _provider(self, provider: OidcProvider) -> IamOpenidConnectProvider:
        return IamOpenidConnectProvider(
            self,
            provider.key,
            url=terraform_text(provider.issuer),
            client_id_list=terraform_text(provider.audiences),
            thumbprint_list=list(provider.thumbprints) or None,
            tags=terraform_text(provider.tags) or None,
        )

    def _policy(self, policy: ManagedPolicy, adopted: Mapping[str, str]) -> IamPolicy:
        made = IamPolicy(
            self,
            policy.key,
            name=policy.name,
            path=terraform_text(policy.path),
            description=terraform_text(policy.description),
            policy=terraform_json(policy.document),
            tags=terraform_text(policy.tags) or None,
        )
        if policy.key in adopted:
            made.import_from(adopted[policy.key])
        return made

    def _role(self, role: Role) -> IamRole:
        made = IamRole(
            self,
            role.key,
            name=role.name,
            path=terraform_text(role.path),
            description=terraform_text(role.description),
            assume_role_policy=terraform_json(role.trust),
            max_session_duration=role.max_session_duration,
            permissions_boundary=terraform_text(role.permissions_boundary),
            tags=terraform_text(role.tags) or None,
            depends_on=[self._first[key] for key in role.after] or None,
        )
        for policy in role.policies:
            IamRolePolicyAttachment(
                self, f"{role.key}-{_attachment_key(policy)}", role=made.name, policy_arn=self._arn(policy)
            )
        return made

    def _user(self, user: User) -> IamUser:
        made = IamUser(
            self,
            user.key,
            name=user.name,
            path=terraform_text(user.path),
            permissions_boundary=terraform_text(user.permissions_boundary),
            tags=terraform_text(user.tags) or None,
        )
        for policy in user.policies:
            IamUserPolicyAttachment(self, f"{user.key}-{policy.key}", user=made.name, policy_arn=self._arn(policy))
        if user.access_key:
            self._access_key(user, made)
        return made

    def _access_key(self, user: User, made: IamUser) -> None:
        """Option B's key: it comes out of sensitive outputs, encrypted where a PGP key was given."""
        key = IamAccessKey(self, f"{user.key}-key", user=made.name, pgp_key=user.pgp_key)
        name = user.key.replace("-", "_")
        TerraformOutput(self, f"{name}_access_key_id", value=key.id, sensitive=True)
        if user.pgp_key:
            TerraformOutput(self, f"{name}_encrypted_secret_access_key", value=key.encrypted_secret, sensitive=True)
        else:
            TerraformOutput(self, f"{name}_secret_access_key", value=key.secret, sensitive=True)

    def _arn(self, policy: ManagedPolicy | Attachment | str) -> str:
        if isinstance(policy, ManagedPolicy):
            return self._policies[policy.key].arn
        return str(terraform_text(policy.arn if isinstance(policy, Attachment) else policy))


def _attachment_key(policy: ManagedPolicy | Attachment | str) -> str:
    """Name an attachment after its policy; one of the account's own may have the name of one of AWS's, or of ours."""
    if isinstance(policy, ManagedPolicy | Attachment):
        return policy.key
    name = policy.rpartition("/")[2]
    return name if ":iam::aws:policy/" in policy else f"own-{name}"


def _release(stack: TerraformStack, addresses: Iterable[str]) -> None:
    """Give up resources without destroying them."""
    stack.add_override("removed", [{"from": address, "lifecycle": {"destroy": False}} for address in addresses])


def _declare_variables(stack: TerraformStack, names: Iterable[str]) -> None:
    """Declare the Terraform variables that stand in policies, once in a stack, held to what STS takes."""
    for name in names:
        # A prefix, because a variable may be called as a provider or backend is: «aws».
        if stack.node.try_find_child(f"variable-{name}") is None:
            variable = TerraformVariable(
                stack,
                f"variable-{name}",
                type="string",
                nullable=False,
                description="An external id: 2 to 1,224 characters of A-Z a-z 0-9 _ + = , . @ : / -",
                validation=[
                    TerraformVariableValidationConfig(
                        # Not {2,1224}: Terraform's regex repeats at most 1,000 times, and can() hides its error.
                        condition=f'${{can(regex("^[A-Za-z0-9_+=,.@:/-]+$", var.{name})) '
                        f"&& length(var.{name}) >= 2 && length(var.{name}) <= 1224}}",
                        error_message="An external id has 2 to 1,224 characters of A-Z a-z 0-9 _ + = , . @ : / -",
                    )
                ],
            )
            variable.override_logical_id(name)
