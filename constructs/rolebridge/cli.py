"""The command ``rolebridge``."""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rolebridge.garbage import without_collecting_garbage
from rolebridge.settings import Settings, SettingsError
from rolebridge.settings.rules import warnings

if TYPE_CHECKING:
    from rich.table import Table

    from rolebridge.synth import Outcome

_CONFIG = click.option(
    "--config",
    "-c",
    type=click.Path(path_type=Path),
    default=Path("rolebridge.yaml"),
    show_default=True,
    help="The settings file.",
)


class _Commands(click.Group):
    """Loads the commands of the proof when one of them is asked for, so that the others do not wait for them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_PROOF])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _PROOF:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(importlib.import_module("rolebridge.proof.commands"), cmd_name)
        return command


_PROOF = ("explain", "prove", "why")


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="""\b
Examples:
  rolebridge check                         read rolebridge.yaml and report every mistake
  rolebridge synth                         write generated/ from rolebridge.yaml
  rolebridge synth --stack meshstack-management
  rolebridge synth --config prod.yaml --output generated-prod
  rolebridge prove                         read generated/ back: who gets into which role, who is turned away
  rolebridge explain TerraformDeploy       one role of it
  rolebridge why --role Admin --token -    why a token is let in or not

\b
Exit codes:
  0  done
  1  the settings are wrong: the report says where; nothing was written
  2  the command line is wrong
  3  nothing could be written: Node is missing, the output is not ours, the disk is full, …; or nothing could be read
  4  of prove and why: something is not as it should be, or the caller is not let in
  130  interrupted (Ctrl-C): the output is as it was, or new, as a whole
""",
)
@click.version_option(version("rolebridge"), prog_name="rolebridge")
def cli() -> None:
    """Terraform JSON for every role, policy and identity provider that lets meshStack and Google Cloud into AWS."""


@cli.command()
@_CONFIG
def check(config: Path) -> None:
    """Read the settings and report every mistake; needs no Node and writes nothing."""
    from rolebridge.blueprint import load_blueprint  # the commands of the proof do not wait for it

    settings, stacks = load_blueprint(config)
    _warn(settings)
    click.echo(f"{config}: fine, {len(stacks)} {'stack' if len(stacks) == 1 else 'stacks'}")


@cli.command()
@_CONFIG
@click.option("--stack", "-s", "stacks", multiple=True, metavar="NAME", help="Write only this stack; can be repeated.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    default=Path("generated"),
    show_default=True,
    help="The folder to write.",
)
def synth(config: Path, stacks: tuple[str, ...], output: Path) -> None:
    """Write the Terraform JSON, whole or not at all: the same bytes as `python main.py` and `cdktf synth`."""
    from rolebridge.synth import synthesize

    outcome = synthesize(config, output, stacks)
    _warn(outcome.settings)
    from rich.console import Console

    console, summary = Console(), _summary(outcome, output, stacks)
    if not console.is_terminal:
        # A pipeline's log has no width; rich would take 80 columns and cut what does not fit.
        unbounded = console.options.update(max_width=10_000)
        console.width = max(console.width, console.measure(summary, options=unbounded).maximum)
    console.print(summary)
    from rolebridge import engine

    if not engine.index_is_built():
        click.echo("hint: run `python -m rolebridge.engine` once, and every synth is three times faster", err=True)


def _summary(outcome: Outcome, output: Path, only: tuple[str, ...]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, caption=_caption(outcome, output), caption_justify="left")
    table.add_column("stack", no_wrap=True)
    table.add_column("account", no_wrap=True)
    table.add_column("resources", justify="right")
    table.add_column("changed")
    for stack in outcome.stacks:
        if not only or stack.name in only:
            account = f"{stack.account_name} ({stack.account.id})"
            resources = str(outcome.synthesis.resources(stack.name))
            table.add_row(stack.name, account, resources, _change(outcome, stack.name))
    for path in outcome.changes.removed:
        if path.startswith("stacks/"):
            table.add_row(path.split("/")[1], "", "", "removed")
    return table


def _change(outcome: Outcome, stack: str) -> str:
    changes = {*outcome.changes.added, *outcome.changes.changed}
    stack_file, *policies = outcome.synthesis.files[stack]
    if stack_file in outcome.changes.added:
        return "new"
    parts = ["changed"] if stack_file in changes else []
    if count := len(changes & set(policies)):
        parts.append("1 policy" if count == 1 else f"{count} policies")
    return ", ".join(parts)


def _caption(outcome: Outcome, output: Path) -> str:
    changes = outcome.changes
    counts = {"new": changes.added, "changed": changes.changed, "removed": changes.removed}
    parts = [f"{len(paths)} {what}" for what, paths in counts.items() if paths]
    return f"{output}: {', '.join(parts)}" if parts else f"{output}: nothing changed"


def _warn(settings: Settings) -> None:
    for warning in warnings(settings):
        click.echo(f"warning: {warning}", err=True)


def main() -> None:
    """Run the command; every expected failure is one report on standard error and an exit code."""
    try:
        with without_collecting_garbage():
            sys.exit(cli(prog_name="rolebridge", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, SettingsError, OSError, RuntimeError, ValueError) as error:
        sys.exit(_reported(error))


def _reported(error: Exception) -> int:
    """Say what went wrong, and return the exit code."""
    from rolebridge.synth import INTERRUPTED, NOT_WRITTEN, SETTINGS_ARE_WRONG

    if isinstance(error, click.Abort):
        click.echo("rolebridge: interrupted", err=True)
        return INTERRUPTED
    if isinstance(error, SettingsError):
        click.echo(error.report(), err=True)
        return SETTINGS_ARE_WRONG
    click.echo(f"rolebridge: {error}", err=True)
    return NOT_WRITTEN
