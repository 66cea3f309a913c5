"""The settings whose whole output is committed, to be compared byte by byte.

``generated/`` at the top is made from the shipped ``rolebridge.yaml``. Each folder here holds settings and what they
give: ``everything`` (every option that goes together with the others), ``alternatives`` (their rivals) and ``users``
(Option B). After a change that is meant to change them, write them anew and review the difference:

    python -m tests.snapshots
"""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent

SETTINGS = {
    "rolebridge.yaml": (REPOSITORY / "rolebridge.yaml", REPOSITORY / "generated"),
    **{file.parent.name: (file, file.parent / "generated") for file in sorted(HERE.glob("*/rolebridge.yaml"))},
}
"""Name to settings file and committed output."""


def files_below(folder: Path) -> dict[str, bytes]:
    """Read a generated folder; what Terraform put there is not ours."""
    found = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    terraforms = (".terraform", ".terraform.lock.hcl")
    return {
        path: file.read_bytes()
        for path, file in sorted(found.items())
        if not any(part in terraforms or ".tfstate" in part for part in Path(path).parts)
    }
