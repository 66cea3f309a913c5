"""From a settings file to ``generated/``: the way that ``main.py``, ``rolebridge synth`` and ``cdktf synth`` take."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rolebridge.garbage import without_collecting_garbage

# What reads settings is imported where it is used: while Node starts.
if TYPE_CHECKING:
    from rolebridge.generated import Changes, Synthesis
    from rolebridge.settings import Settings
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


@without_collecting_garbage()
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
    # Importing the engine starts Node, and waits for it most of the time: settings are read meanwhile. jsii comes
    # first, so that the two threads do not take turns before Node has started.
    importlib.import_module("jsii")
    with ThreadPoolExecutor(max_workers=1) as meanwhile:
        engine = meanwhile.submit(importlib.import_module, "rolebridge.engine")

        from rolebridge.blueprint import load_blueprint
        from rolebridge.generated import publish
        from rolebridge.google.stacks import drop_ins
        from rolebridge.proof.picture import pictures

        settings, stacks = load_blueprint(file)
        engine.result()

    from rolebridge import app

    synthesis = app.synthesize(stacks, drop_ins(settings))
    return Outcome(settings, stacks, synthesis, publish(synthesis, output, only, pictures))


def main(file: Path, output: Path) -> int:
    """Synthesize; write nothing but what is wrong, and return the exit code."""
    try:
        synthesize(file, output)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (OSError, RuntimeError, ValueError) as error:
        from rolebridge.settings import SettingsError

        if isinstance(error, SettingsError):
            print(error.report(), file=sys.stderr)
            return SETTINGS_ARE_WRONG
        print(f"rolebridge: {error}", file=sys.stderr)
        return NOT_WRITTEN
    return OK
