"""The CDKTF app: which construct stands in which stack, and what is written of it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path

from rolebridge.blueprint import StackBlueprint
from rolebridge.engine import App, TerraformElement, TerraformStack
from rolebridge.generated import STACK_FILE, Synthesis
from rolebridge.iam import AccountIdentities
from rolebridge.policies.document import pretty_json
from rolebridge.stack import AccountStack


class CollisionError(ValueError):
    """Two constructs of a stack have the same name in Terraform; CDKTF would write only one of them."""


def synthesize(blueprints: Iterable[StackBlueprint]) -> Synthesis:
    """Make the stacks' Terraform JSON and the readable copies of their policies; writes nothing that stays.

    Raises:
        CollisionError: two constructs have the same name in Terraform.
    """
    blueprints = list(blueprints)
    with tempfile.TemporaryDirectory(prefix="rolebridge-") as folder:
        app = App(outdir=folder)
        add_stacks(app, blueprints)
        refuse_collisions(app)
        app.synth()
        manifest = json.loads(Path(folder, "manifest.json").read_bytes())
        files = {
            blueprint.name: {
                f"stacks/{blueprint.name}/{STACK_FILE}": Path(
                    folder, "stacks", blueprint.name, STACK_FILE
                ).read_bytes(),
                **policy_files(blueprint),
            }
            for blueprint in blueprints
        }
    return Synthesis(manifest, files)


def add_stacks(app: App, blueprints: Iterable[StackBlueprint]) -> None:
    """Add the stacks to an app, each after those it depends on."""
    made: dict[str, AccountStack] = {}
    for blueprint in blueprints:
        stack = AccountStack(
            app,
            blueprint.name,
            account=blueprint.account,
            region=blueprint.region,
            backend=blueprint.backend,
            profile=blueprint.profile,
            role_to_assume=blueprint.role_to_assume,
            tags=blueprint.tags,
            versions=blueprint.versions,
        )
        AccountIdentities(stack, "Default", blueprint.identities)
        for name in blueprint.after:
            stack.add_dependency(made[name])
        made[blueprint.name] = stack


def refuse_collisions(app: App) -> None:
    """Refuse constructs that would overwrite each other.

    CDKTF takes characters outside ``[A-Za-z0-9_-]`` out of ids, so that ``a.b`` and ``ab`` become one resource without
    a word.

    Raises:
        CollisionError: with both of each pair.
    """
    found = []
    for stack in (child for child in app.node.children if isinstance(child, TerraformStack)):
        first: dict[tuple[str, str], str] = {}
        for element in stack.node.find_all():
            if isinstance(element, TerraformElement) and not isinstance(element, TerraformStack):
                kind = getattr(element, "terraform_resource_type", type(element).__name__)
                name, path = element.friendly_unique_id, element.node.path
                other = first.setdefault((kind, name), path)
                if other != path:
                    found.append(f"{other} and {path} are both {kind}.{name} in Terraform: give one another id")
    if found:
        raise CollisionError("\n".join(found))


def policy_files(blueprint: StackBlueprint) -> dict[str, bytes]:
    """Return each policy document pretty-printed, as ``policies/<account>/<name>.json``."""
    return {
        f"policies/{blueprint.account_name}/{name}.json": pretty_json(document).encode()
        for name, document in blueprint.identities.written_documents()
    }
