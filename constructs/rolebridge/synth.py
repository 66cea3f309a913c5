"""From a settings file to ``generated/``: the way that ``main.py``, ``rolebridge synth`` and ``cdktf synth`` take."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rolebridge.blueprint import load_blueprint
from rolebridge.generated import Changes, Synthesis, publish
from rolebridge.google.stacks import drop_ins
from rolebridge.settings import Settings, SettingsError
from rolebridge.stack_blueprint import StackBlueprint

OK = 0
SETTINGS_ARE_WRONG = 1
NOT_WRITTEN = 3
INTERRUPTED = 130
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
    # Importing the app starts Node, and waits for it most of the time: settings are read meanwhile.
    with ThreadPoolExecutor(max_workers=1) as meanwhile:
        starting = meanwhile.submit(importlib.import_module, "rolebridge.app")
        settings, stacks = load_blueprint(file)
        from rolebridge.proof.picture import pictures

        app = starting.result()
    synthesis = app.synthesize(stacks, drop_ins(settings))
    return Outcome(settings, stacks, synthesis, publish(synthesis, output, only, pictures))


def main(file: Path, output: Path) -> int:
    """Synthesize; write nothing but what is wrong, and return the exit code."""
    try:
        synthesize(file, output)
    except SettingsError as error:
        print(error.report(), file=sys.stderr)
        return SETTINGS_ARE_WRONG
    except KeyboardInterrupt:
        return INTERRUPTED
    except (OSError, RuntimeError, ValueError) as error:
        print(f"rolebridge: {error}", file=sys.stderr)
        return NOT_WRITTEN
    return OK
