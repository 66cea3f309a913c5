"""The stack that everything stands in: one account, its provider, its state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from rolebridge.engine import (
    AwsProvider,
    AwsProviderAssumeRole,
    AwsProviderDefaultTags,
    AzurermBackend,
    CloudBackend,
    Construct,
    GcsBackend,
    HttpBackend,
    LocalBackend,
    NamedCloudWorkspace,
    NamedRemoteWorkspace,
    RemoteBackend,
    S3Backend,
    TerraformStack,
)
from rolebridge.policies.arn import AwsAccount
from rolebridge.policies.document import terraform_text
from rolebridge.settings.model import AssumeRole, Backend, Tags, TerraformVersions

Provider = Literal["aws", "google"]
"""A provider of HashiCorp's that stacks work with."""


class BackedStack(TerraformStack):
    """A stack with a state's place and the ranges of what it runs with.

    Args:
        scope: the app.
        id_: the stack's name, and that of its folder under ``stacks/``.
        backend: the state's place: one backend type with its arguments, ``{stack}`` where the state key is.
        versions: the ranges of Terraform and of the providers.
        providers: the providers that the stack works with.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        backend: Backend,
        versions: TerraformVersions,
        providers: Sequence[Provider],
    ) -> None:
        super().__init__(scope, id_)
        add_backend(self, id_, backend)
        # The bindings pin their own version under a short name; a pipeline needs a range that it can satisfy, and
        # OpenTofu a full source.
        ranges = {"aws": versions.aws_provider, "google": versions.google_provider}
        required = {name: {"source": f"hashicorp/{name}", "version": ranges[name]} for name in providers}
        terraform = {"required_version": versions.required_version, "required_providers": required}
        self.add_override("terraform", terraform)


class AccountStack(BackedStack):
    """A stack with the AWS provider of one account, which refuses to work in any other (``allowed_account_ids``).

    Args:
        scope: the app.
        id_: the stack's name, and that of its folder under ``stacks/``.
        account: the account.
        region: the provider's region.
        backend: the state's place: one backend type with its arguments, ``{stack}`` where the state key is.
        profile: a profile of the AWS configuration files; without one, the ambient credentials.
        role_to_assume: a role that the provider assumes with those credentials.
        tags: tags of everything in the stack that can be tagged.
        versions: the ranges of Terraform and of the providers.
        providers: the providers that the stack works with.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        account: AwsAccount,
        region: str,
        backend: Backend,
        profile: str | None = None,
        role_to_assume: AssumeRole | None = None,
        tags: Tags | None = None,
        versions: TerraformVersions = TerraformVersions(),
        providers: Sequence[Provider] = ("aws",),
    ) -> None:
        super().__init__(scope, id_, backend=backend, versions=versions, providers=providers)
        AwsProvider(
            self,
            "aws",
            region=region,
            allowed_account_ids=[account.id],
            profile=terraform_text(profile),
            assume_role=[_assume_role(role_to_assume)] if role_to_assume else None,
            default_tags=[AwsProviderDefaultTags(tags=terraform_text(tags))] if tags else None,
        )


def _assume_role(chosen: AssumeRole) -> AwsProviderAssumeRole:
    return AwsProviderAssumeRole(
        role_arn=terraform_text(chosen.role_arn),
        external_id=chosen.external_id,
        session_name=chosen.session_name,
        duration=chosen.duration,
    )


def add_backend(stack: TerraformStack, name: str, backend: Backend) -> None:
    """Give a stack its state's place; ``{stack}`` in the arguments becomes the stack's name.

    Terraform reads a backend before it can evaluate anything: here ``${`` is text already, and an escape would stay.
    """
    ((kind, chosen),) = backend.items()
    arguments = {
        argument: value.replace("{stack}", name) if isinstance(value, str) else value
        for argument, value in {**_DEFAULTS[kind](name), **chosen}.items()
    }
    _BACKENDS[kind](stack, arguments)


_DEFAULTS: Mapping[str, Any] = {
    # Beside generated/, not in it: a stack's folder goes when the stack does, and its state must not.
    "local": lambda name: {"path": f"../../../terraform.{name}.tfstate"},
    "s3": lambda name: {"key": f"rolebridge/{name}.tfstate", "encrypt": True, "use_lockfile": True},
    "gcs": lambda name: {"prefix": f"rolebridge/{name}"},
    "azurerm": lambda name: {"key": f"rolebridge/{name}.tfstate"},
    "http": lambda _name: {},
    "remote": lambda name: {"workspace": f"rolebridge-{name}"},
    "cloud": lambda name: {"workspace": f"rolebridge-{name}"},
}


def _s3(stack: TerraformStack, arguments: dict[str, Any]) -> None:
    # What CDKTF 0.21 does not know, or knows only under a name that Terraform has deprecated.
    overrides = {"use_lockfile": arguments.pop("use_lockfile")}
    if role_arn := arguments.pop("role_arn", None):
        overrides["assume_role"] = {"role_arn": role_arn}
    if endpoint := arguments.pop("endpoint", None):
        overrides["endpoints"] = {"s3": endpoint}
    backend = S3Backend(stack, **arguments)
    for argument, value in overrides.items():
        backend.add_override(argument, value)


def _remote(stack: TerraformStack, arguments: dict[str, Any]) -> None:
    RemoteBackend(stack, workspaces=NamedRemoteWorkspace(arguments.pop("workspace")), **arguments)


def _cloud(stack: TerraformStack, arguments: dict[str, Any]) -> None:
    workspace = NamedCloudWorkspace(arguments.pop("workspace"), arguments.pop("project", None))
    CloudBackend(stack, workspaces=workspace, **arguments)


_BACKENDS: Mapping[str, Any] = {
    "local": lambda stack, arguments: LocalBackend(stack, **arguments),
    "s3": _s3,
    "gcs": lambda stack, arguments: GcsBackend(stack, **arguments),
    "azurerm": lambda stack, arguments: AzurermBackend(stack, **arguments),
    "http": lambda stack, arguments: HttpBackend(stack, **arguments),
    "remote": _remote,
    "cloud": _cloud,
}
