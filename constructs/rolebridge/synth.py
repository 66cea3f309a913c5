"""From a settings file to ``generated/``: the way that ``main.py``, ``rolebridge synth`` and ``cdktf synth`` take."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from rolebridge.blueprint import StackBlueprint, load_blueprint
from rolebridge.generated import Changes, OutputError, Synthesis, publish
from rolebridge.settings import Settings, SettingsError

OK = 0
SETTINGS_ARE_WRONG = 1
NOT_WRITTEN = 3
"""Exit codes; 2 is a wrong command line, as everywhere."""


@dataclass(frozen=True)
class Outcome:
    """What a synthesis was made from, what it is, and what it changed."""

    settings: Settings
    stacks: tuple[StackBlueprint, ...]
    synthesis: Synthesis
    changes: Changes


def synthesize(file: Path, output: Path, only: Collection[str] = ()) -> Outcome:
    """Make ``output`` from a settings file, whole or not at all.

    Args:
        file: the settings file.
        output: the folder to write, as ``generated``.
        only: names of the only stacks to write; none: all of them.

    Raises:
        SettingsError: the settings cannot be used; nothing was written.
        OutputError: the folder cannot be written or is not ours; it is as it was.
        EngineError: Node is missing or cannot be used; nothing was written.
        CollisionError: two constructs have the same name in Terraform; nothing was written.
    """
    settings, stacks = load_blueprint(file)
    # Only now: importing the app starts Node.
    from rolebridge import app

    synthesis = app.synthesize(stacks)
    return Outcome(settings, stacks, synthesis, publish(synthesis, output, only))


def main(file: Path, output: Path) -> int:
    """Synthesize; write nothing but what is wrong, and return the exit code."""
    try:
        synthesize(file, output)
    except SettingsError as error:
        print(error.report(), file=sys.stderr)
        return SETTINGS_ARE_WRONG
    except (OutputError, RuntimeError, ValueError) as error:
        print(f"rolebridge: {error}", file=sys.stderr)
        return NOT_WRITTEN
    return OK
