"""What these tests run on: the two generated folders, and the project that `cdktf deploy` is given.

This is the only file here that knows how the project makes its folders.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

STAND_IN = os.environ.get("ROLEBRIDGE_TEST_STAND_IN")
"""SEAM: a folder with `shipped/`, `everything/` and a CDKTF app `main.py`, used instead of the project's own.
For as long as the project has no main.py; remove it then."""

NAMES = ("the shipped example", "everything on")


@dataclass(frozen=True)
class GeneratedFolder:
    """A folder as `rolebridge synth` writes it, and values for its Terraform variables without a default."""

    path: Path
    variables: Mapping[str, str] = field(default_factory=dict)


def generated_folders(work: Path) -> dict[str, GeneratedFolder]:
    """The folders whose whole life is run, by the names in `NAMES`; `work` is an empty folder to write to."""
    if STAND_IN:
        return {
            "the shipped example": GeneratedFolder(Path(STAND_IN) / "shipped"),
            "everything on": GeneratedFolder(Path(STAND_IN) / "everything"),
        }
    return {
        "the shipped example": GeneratedFolder(REPOSITORY / "generated"),
        "everything on": everything_on(work),
    }


def everything_on(work: Path) -> GeneratedFolder:
    """SEAM: synthesize the settings that turn every option on, into `work`."""
    settings = REPOSITORY / "tests" / "settings" / "everything.yaml"
    into = work / "everything"
    subprocess.run(
        [sys.executable, "-m", "rolebridge", "synth", "--config", settings, "--output", into],
        check=True,
        cwd=REPOSITORY,
    )
    return GeneratedFolder(into, variables={})


def project_for_cdktf(into: Path) -> None:
    """SEAM: copy what the cdktf command line needs of the project: its app, its settings, its cdktf.json."""
    into.mkdir()
    shutil.copy(REPOSITORY / "cdktf.json", into)
    for name in ("main.py",) if STAND_IN else ("main.py", "rolebridge.yaml"):
        shutil.copy((Path(STAND_IN) if STAND_IN else REPOSITORY) / name, into)
