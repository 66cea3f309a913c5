"""What these tests run on: the two generated folders, and the project that `cdktf` is given.

This is the only file here that knows where the project keeps its folders.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

SHIPPED = "the shipped example"
EVERYTHING = "everything on"


@dataclass(frozen=True)
class GeneratedFolder:
    """A folder as `rolebridge synth` writes it, and values for its Terraform variables where they matter."""

    path: Path
    variables: Mapping[str, str] = field(default_factory=dict)


FOLDERS = {
    SHIPPED: GeneratedFolder(REPOSITORY / "generated"),
    EVERYTHING: GeneratedFolder(REPOSITORY / "tests" / "snapshots" / "everything" / "generated"),
}
"""Both are committed; that they are what a fresh synth gives is shown elsewhere."""


def project_for_cdktf(into: Path) -> None:
    """Copy what the cdktf command line needs of the project: its app, its settings, its cdktf.json."""
    into.mkdir()
    for name in ("main.py", "cdktf.json", "rolebridge.yaml"):
        shutil.copy(REPOSITORY / name, into)
