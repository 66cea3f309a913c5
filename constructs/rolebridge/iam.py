"""Constructs that make identities: OIDC providers, roles, users and policies of one account as Terraform resources."""

from __future__ import annotations

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
    TerraformStack,
    TerraformVariable,
    TerraformVariableValidationConfig,
)
from rolebridge.policies.document import terraform_json, terraform_text
from rolebridge.policies.identity import Identities, ManagedPolicy, OidcProvider, PolicyError, Role, User


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

    def __init__(self, scope: Construct, id_: str, identities: Identities) -> None:
        super().__init__(scope, id_)
        misfits = [f"{misfit.found}; IAM takes {misfit.allowed}" for misfit in identities.misfits()]
        if misfits:
            raise PolicyError("\n".join(misfits))
        _declare_variables(self, identities.variables())
        self._providers = {provider.key: self._provider(provider) for provider in identities.providers}
        self._policies = {policy.key: self._policy(policy) for policy in identities.policies()}
        self.roles = {role.key: self._role(role) for role in identities.roles}
        self.users = {user.key: self._user(user) for user in identities.users}
        for access in identities.portfolio_access:
            ServicecatalogPrincipalPortfolioAssociation(
                self,
                access.key,
                portfolio_id=access.portfolio_id,
                principal_arn=identities.account.role_arn(access.role.name, access.role.path),
                depends_on=[self.roles[access.role.key]],
            )
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

    def _policy(self, policy: ManagedPolicy) -> IamPolicy:
        return IamPolicy(
            self,
            policy.key,
            name=policy.name,
            path=terraform_text(policy.path),
            description=terraform_text(policy.description),
            policy=terraform_json(policy.document),
            tags=terraform_text(policy.tags) or None,
        )

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
            depends_on=[self._providers[role.trusted_provider]] if role.trusted_provider else None,
        )
        for policy in role.policies:
            key = policy.key if isinstance(policy, ManagedPolicy) else policy.rpartition("/")[2]
            IamRolePolicyAttachment(self, f"{role.key}-{key}", role=made.name, policy_arn=self._arn(policy))
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

    def _arn(self, policy: ManagedPolicy | str) -> str:
        return self._policies[policy.key].arn if isinstance(policy, ManagedPolicy) else str(terraform_text(policy))


def _declare_variables(scope: Construct, names: tuple[str, ...]) -> None:
    """Declare the Terraform variables that stand in policies, once in a stack, held to what STS takes."""
    stack = TerraformStack.of(scope)
    for name in names:
        if stack.node.try_find_child(name) is None:
            TerraformVariable(
                stack,
                name,
                type="string",
                nullable=False,
                description="An external id: 2 to 1,224 characters of A-Z a-z 0-9 _ + = , . @ : / -",
                validation=[
                    TerraformVariableValidationConfig(
                        condition=f'${{can(regex("^[A-Za-z0-9_+=,.@:/-]{{2,1224}}$", var.{name}))}}',
                        error_message="An external id has 2 to 1,224 characters of A-Z a-z 0-9 _ + = , . @ : / -",
                    )
                ],
            )
