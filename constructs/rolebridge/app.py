"""The CDKTF app: which construct stands in which stack, and what is written of it."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rolebridge.engine import (
    App,
    TerraformDataSource,
    TerraformElement,
    TerraformOutput,
    TerraformProvider,
    TerraformResource,
    TerraformStack,
    TerraformVariable,
)
from rolebridge.generated import STACK_FILE, Synthesis
from rolebridge.google.accounts import EnvironmentAccounts
from rolebridge.google.design import GoogleSide
from rolebridge.iam import AccountIdentities
from rolebridge.policies.document import pretty_json
from rolebridge.stack import AccountStack, BackedStack, Provider
from rolebridge.stack_blueprint import StackBlueprint


class CollisionError(ValueError):
    """Two constructs of a stack have the same name in Terraform; CDKTF would write only one of them."""


def synthesize(blueprints: Iterable[StackBlueprint], drop_ins: Mapping[str, bytes] | None = None) -> Synthesis:
    """Make the stacks' Terraform JSON and the readable copies of their policies; writes nothing that stays.

    Raises:
        CollisionError: two constructs have the same name in Terraform.
    """
    blueprints = list(blueprints)
    with tempfile.TemporaryDirectory(prefix="rolebridge-") as folder:
        app = App(outdir=folder)
        add_stacks(app, blueprints)
        app.synth()
        manifest = json.loads(Path(folder, "manifest.json").read_bytes())
        stacks = {it.name: Path(folder, "stacks", it.name, STACK_FILE).read_bytes() for it in blueprints}
    refuse_collisions(app, stacks.values())
    files = {it.name: {f"stacks/{it.name}/{STACK_FILE}": stacks[it.name], **policy_files(it)} for it in blueprints}
    return Synthesis(manifest, files, drop_ins or {})


def add_stacks(app: App, blueprints: Iterable[StackBlueprint]) -> None:
    """Add the stacks to an app, each after those it depends on."""
    made: dict[str, TerraformStack] = {}
    for blueprint in blueprints:
        stack = _stack(app, blueprint)
        # Under the id Default the resources have their plain names.
        first: list[TerraformResource] = []
        if blueprint.organization:
            EnvironmentAccounts(stack, "Default", organization=blueprint.organization)
        elif blueprint.works_in_aws:
            first = AccountIdentities(stack, "Default", blueprint.identities).adopted
        if blueprint.google:
            _add_google(stack, blueprint, blueprint.google, first)
        for name in blueprint.after:
            stack.add_dependency(made[name])
        made[blueprint.name] = stack


def _stack(app: App, blueprint: StackBlueprint) -> BackedStack:
    works_in: dict[Provider, bool] = {"google": blueprint.google is not None, "aws": blueprint.works_in_aws}
    providers = [provider for provider, needed in works_in.items() if needed]
    versions = blueprint.versions
    if blueprint.deploy_as or not blueprint.works_in_aws:
        return BackedStack(app, blueprint.name, backend=blueprint.backend, versions=versions, providers=providers)
    return AccountStack(
        app,
        blueprint.name,
        account=blueprint.account,
        region=blueprint.region,
        backend=blueprint.backend,
        profile=blueprint.profile,
        role_to_assume=blueprint.role_to_assume,
        tags=blueprint.tags,
        versions=versions,
        providers=providers,
    )


def _add_google(
    stack: BackedStack, blueprint: StackBlueprint, google: GoogleSide, after: Sequence[TerraformResource]
) -> None:
    # Only now: the Google provider loads on demand.
    from rolebridge.engine import GoogleProvider
    from rolebridge.google.provider import TerraformDeployProvider
    from rolebridge.google.service_account import AdminServiceAccountAccess

    GoogleProvider(stack, "google", project=google.project)
    if blueprint.deploy_as:
        TerraformDeployProvider(stack, "terraform-deploy", target=blueprint.deploy_as, tags=blueprint.tags)
    AdminServiceAccountAccess(stack, "members", google=google, after=after)


def refuse_collisions(app: App, written: Iterable[bytes]) -> None:
    """Refuse constructs that have overwritten each other in the stacks' Terraform JSON.

    CDKTF takes characters outside ``[A-Za-z0-9_-]`` out of ids, so that ``a.b`` and ``ab`` become one resource without
    a word. Where as many were written as were made, none is missing, and nobody has to be asked for their name.

    Raises:
        CollisionError: with both of each pair.
    """
    elements = [element for element in app.node.find_all() if isinstance(element, TerraformElement)]
    made = Counter(block for it in elements for kind, block in _BLOCKS.items() if isinstance(it, kind))
    if made == _count(json.loads(stack) for stack in written):
        return
    first: dict[tuple[str, type, str], TerraformElement] = {}
    found = []
    for element in elements:
        name = element.friendly_unique_id
        other = first.setdefault((TerraformStack.of(element).node.path, type(element), name), element)
        if other is not element:
            found.append(
                f"{other.node.path} and {element.node.path} are both {type(element).__name__} {name} in Terraform: "
                "give one of them another id"
            )
    if found:
        raise CollisionError("\n".join(found))


_BLOCKS: Mapping[type[TerraformElement], str] = {
    TerraformResource: "resource",
    TerraformDataSource: "data",
    TerraformOutput: "output",
    TerraformVariable: "variable",
    TerraformProvider: "provider",
}
"""What can be overwritten, and where it is written."""


def _count(stacks: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """Count what stands in stacks, by block."""
    found: Counter[str] = Counter()
    for stack in stacks:
        for block in _BLOCKS.values():
            inner = stack.get(block, {})
            found[block] += len(inner) if block in ("output", "variable") else sum(map(len, inner.values()))
    return +found


def policy_files(blueprint: StackBlueprint) -> dict[str, bytes]:
    """Return each policy document pretty-printed, as ``policies/<account>/<name>.json``."""
    return {
        f"policies/{blueprint.account_name}/{name}.json": pretty_json(document).encode()
        for name, document in blueprint.identities.written_documents()
    }
