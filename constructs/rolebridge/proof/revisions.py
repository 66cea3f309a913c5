"""What stood at a path in another revision of git: read through git itself, into a folder of its own."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rolebridge.proof.reading import LARGEST_FILE, MOST_FILES, ReadingError
from rolebridge.proof.words import clean

LONGEST_WAIT = 60
"""Seconds that git may take for one answer."""


@dataclass(frozen=True)
class Revision:
    """A path as it stood in a commit.

    Attributes:
        path: where it was written.
        name: how reports call it, ``origin/main:generated``.
    """

    path: Path
    name: str


@contextmanager
def at_revision(revision: str, path: Path) -> Iterator[Revision]:
    """Write what stood at a path in a revision into a folder of its own, as long as it is needed.

    Nothing is checked out, and no filter, hook or attribute of the repository is applied. Of a folder only
    ``*.tf.json`` is written; links are not followed.

    Raises:
        ReadingError: if git is missing, there is no repository, or the revision or the path is not in it.
    """
    home = path.resolve()
    top = Path(_git(home if home.is_dir() else home.parent, "rev-parse", "--show-toplevel").decode().rstrip("\n"))
    place = home.relative_to(top.resolve()).as_posix()
    commit = _commit(top, revision)
    found = list(_files(top, commit, place))
    if not found:
        short = commit[:10]
        raise ReadingError([f"{path}: is not in {clean(revision)} ({short}): no *.tf.json and no such file there"])
    if len(found) > MOST_FILES:
        raise ReadingError([f"{revision}:{path}: more than {MOST_FILES:,} files"])
    with tempfile.TemporaryDirectory(prefix="rolebridge-") as folder:
        target = Path(folder, home.name)
        for name, content in zip((name for name, _ in found), _contents(top, [blob for _, blob in found]), strict=True):
            file = target / PurePosixPath(name).relative_to(place) if name != place else target
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        try:
            yield Revision(target, f"{revision}:{path}")
        except ReadingError as error:
            shown = [problem.replace(str(target), f"{revision}:{path}") for problem in error.problems]
            raise ReadingError(shown) from None


def _commit(top: Path, revision: str) -> str:
    if revision.startswith("-") or not revision.strip():
        raise ReadingError([f"«{clean(revision)}» is no revision of git"])
    try:
        return _git(top, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    except ReadingError:
        text = f"«{clean(revision)}» is neither a folder or file here nor a revision that git knows"
        raise ReadingError([f"{text}; in a pipeline, fetch it first (git fetch origin)"]) from None


def _files(top: Path, commit: str, place: str) -> Iterator[tuple[str, str]]:
    """Return name and blob of what stands at a place: the file itself, or the Terraform JSON below it."""
    below = () if place == "." else (f":(literal){place}",)
    listed = _git(top, "ls-tree", "-r", "-z", "--full-tree", commit, "--", *below)
    for line in listed.decode(errors="surrogateescape").split("\0"):
        about, _, name = line.partition("\t")
        mode, _, rest = about.partition(" ")
        if mode.startswith("100") and (name == place or name.endswith(".tf.json")):
            yield name, rest.split(" ")[1]


def _contents(top: Path, blobs: Sequence[str]) -> Iterator[bytes]:
    said = _git(top, "cat-file", "--batch", given="".join(f"{blob}\n" for blob in blobs).encode())
    position = 0
    for blob in blobs:
        end = said.index(b"\n", position)
        header = said[position:end].split(b" ")
        size = int(header[2]) if len(header) == 3 else -1
        if not 0 <= size <= LARGEST_FILE:
            raise ReadingError([f"git has no content of at most {LARGEST_FILE:,} bytes for {blob}"])
        yield said[end + 1 : end + 1 + size]
        position = end + size + 2


def _git(folder: Path, *arguments: str, given: bytes | None = None) -> bytes:
    command = ["git", "--no-replace-objects", *arguments]
    try:
        found = subprocess.run(command, cwd=folder, input=given, capture_output=True, check=False, timeout=LONGEST_WAIT)
    except FileNotFoundError:
        raise ReadingError(["--compare with a revision needs git, which is not installed here"]) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReadingError([f"git {arguments[0]}: {error}"]) from None
    if found.returncode:
        said = found.stderr.decode(errors="replace").strip().splitlines()
        raise ReadingError([f"git {arguments[0]} in {folder}: {said[0] if said else 'failed'}"])
    return found.stdout
