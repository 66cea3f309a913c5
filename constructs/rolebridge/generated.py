"""Puts a fresh synthesis in the place of the last one: whole or not at all.

What is ours in the folder: ``manifest.json``, ``TRUST.md``, ``TRUST.html``, ``policies/``, ``drop-in/``, and in each
stack's folder ``cdk.tf.json``.
What Terraform put there (``.terraform``, lock files, a plan) stays, in every stack that still exists. Files that are
the same are not touched.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STACK_FILE = "cdk.tf.json"
"""What CDKTF calls a stack's Terraform JSON."""

DROP_INS = "drop-in"
DROP_IN_FILE = "rolebridge.tf.json"
"""Where a product's file for its own Terraform configuration is."""

PICTURES = ("TRUST.md", "TRUST.html")
"""Who can assume what, drawn from the stacks."""

Draw = Callable[[Mapping[str, bytes]], Mapping[str, bytes]]
"""Makes the pictures of stacks: from each stack's file by its path, to each picture by its path."""

STAGING = ".rolebridge"
"""The folder inside the output in which a change is prepared, and which is gone when it is done."""


class OutputError(OSError):
    """The output folder cannot be written, or holds something that would be lost; it is as it was."""


@dataclass(frozen=True)
class Synthesis:
    """What CDKTF and we made of the settings, before it is put anywhere.

    Attributes:
        manifest: CDKTF's manifest.
        files: by stack, the content of its files by their paths below the output folder.
        drop_ins: files for configurations of the operator's own, by their paths.
    """

    manifest: dict[str, Any]
    files: dict[str, dict[str, bytes]]
    drop_ins: Mapping[str, bytes] = field(default_factory=dict)

    def resources(self, stack: str) -> int:
        """Count the resources of a stack."""
        resources = json.loads(self.files[stack][f"stacks/{stack}/{STACK_FILE}"]).get("resource", {})
        return sum(len(of_type) for of_type in resources.values())


@dataclass(frozen=True)
class Changes:
    """What a synthesis changed, by path below the output folder."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


def publish(synthesis: Synthesis, output: Path, only: Collection[str] = (), draw: Draw | None = None) -> Changes:
    """Make ``output`` what was synthesized.

    Args:
        synthesis: what was made.
        output: the folder to change; made if it is not there.
        only: names of the only stacks to take over; none: all, and what is no longer there goes.
        draw: makes the pictures of all stacks that are there afterwards; none: there are no pictures.

    Raises:
        OutputError: there is no such stack, the folder is not ours, a stack that goes still has a state in its folder,
            or writing failed. The folder is as it was.
    """
    for name in only:
        if name not in synthesis.files:
            raise OutputError(f"no stack is called {name}; the stacks are {', '.join(synthesis.files)}")
    try:
        with _held(output):
            new = _files(synthesis, output, only)
            if draw is not None:
                new.update(draw(_stacks_then(new, output)))
            old = {path for path in _ours(output) if not only or path in new}
            leaving = _stacks_of(old) - _stacks_of(new)
            _refuse_to_lose_states(output, leaving)
            contents = {path: content for path, content in new.items() if _read(output / path) != content}
            removed = sorted(old - set(new))
            with _signals_wait():
                _replace(output, contents, removed, leaving)
            return Changes(
                added=tuple(sorted(set(contents) - old)),
                changed=tuple(sorted(set(contents) & old)),
                removed=tuple(removed),
            )
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"{error.filename or output}: {error.strerror or error}; nothing was changed") from None


@contextlib.contextmanager
def _held(output: Path) -> Iterator[None]:
    """Hold the folder for ourselves; one that we had to make and did not fill goes again."""
    made = [folder for folder in (output, *output.parents) if not folder.exists()]
    if output.exists() and not output.is_dir():
        raise OutputError(f"{output} is a file; it has to be a folder, or not there; nothing was changed")
    output.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(output, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _put_back(output)
        shutil.rmtree(output / STAGING, ignore_errors=True)
        if not (output / "manifest.json").is_file() and any(output.iterdir()):
            raise OutputError(
                f"{output} is not empty and holds no manifest.json: it is not a folder that CDKTF made. Name another "
                "with --output, or empty it; nothing was changed"
            )
        yield
    finally:
        os.close(descriptor)
        for folder in made:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _put_back(output: Path) -> None:
    """Undo what a run that was killed had begun: what it moved away is still in the staging folder."""
    staging = output / STAGING
    for stack in staging.glob("left/*"):
        stack.rename(output / "stacks" / stack.name)
    for file in (found for found in staging.glob("old/**/*") if found.is_file()):
        target = output / file.relative_to(staging / "old")
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)


def _files(synthesis: Synthesis, output: Path, only: Collection[str]) -> dict[str, bytes]:
    """The files to have, and a manifest of the stacks that are there then."""
    manifest = dict(synthesis.manifest)
    if only:
        there = {name for name in manifest["stacks"] if (output / "stacks" / name / STACK_FILE).is_file()}
        manifest["stacks"] = {name: it for name, it in manifest["stacks"].items() if name in there | set(only)}
    # The manifest comes first: it marks the folder as ours, should a first run be killed half-way.
    files = {"manifest.json": json.dumps(manifest, indent=2).encode()}
    for name in only or synthesis.files:
        files.update(synthesis.files[name])
    if not only:
        files.update(synthesis.drop_ins)
    return files


def _stacks_then(new: Mapping[str, bytes], output: Path) -> dict[str, bytes]:
    """The stacks' files that will be there: the new ones, and those of before that stay."""
    paths = [f"stacks/{name}/{STACK_FILE}" for name in json.loads(new["manifest.json"])["stacks"]]
    return {path: new[path] if path in new else (output / path).read_bytes() for path in paths}


def _ours(output: Path) -> set[str]:
    """The files in the output that a synthesis made."""
    ours = [*(output / "policies").rglob("*.json"), *(output / DROP_INS).glob(f"*/{DROP_IN_FILE}")]
    found = {file.relative_to(output).as_posix() for file in ours}
    found |= {name for name in PICTURES if (output / name).is_file()}
    manifest = output / "manifest.json"
    if manifest.is_file():
        found.add("manifest.json")
        for name in _manifest(manifest):
            if (output / "stacks" / name / STACK_FILE).is_file():
                found.add(f"stacks/{name}/{STACK_FILE}")
    return found


def _manifest(file: Path) -> dict[str, Any]:
    try:
        stacks = json.loads(file.read_text(encoding="utf-8"))["stacks"]
        return {name: entry for name, entry in stacks.items() if "/" not in name and name not in ("", ".", "..")}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise OutputError(f"{file} is not CDKTF's manifest; nothing was changed") from None


def _stacks_of(paths: Iterable[str]) -> set[str]:
    return {path.split("/")[1] for path in paths if path.startswith("stacks/")}


def _refuse_to_lose_states(output: Path, leaving: set[str]) -> None:
    for name in sorted(leaving):
        folder = output / "stacks" / name
        states = sorted({*folder.glob("*.tfstate*"), *_local_state(folder)})
        if states:
            raise OutputError(
                f"the stack {name} is no longer in the settings, but {states[0]} holds its state: run terraform "
                "destroy there first, or move the state away; nothing was changed"
            )


def _local_state(folder: Path) -> Iterator[Path]:
    """The state of a stack that keeps it in its own folder, under whatever name."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        written = json.loads((folder / STACK_FILE).read_bytes())["terraform"]["backend"]["local"]["path"]
        state = Path(os.path.normpath(folder / written))
        if state.exists() and state.is_relative_to(os.path.normpath(folder)):
            yield state


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _replace(output: Path, contents: dict[str, bytes], removed: Collection[str], leaving: set[str]) -> None:
    """Write everything beside what is there; then put it in place, and back again if anything goes wrong."""
    staging = output / STAGING
    try:
        for path, content in contents.items():
            file = staging / "new" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        moves = [(output / path, staging / "old" / path) for path in (*contents, *removed) if (output / path).exists()]
        moves += [(output / "stacks" / name, staging / "left" / name) for name in sorted(leaving)]
        moves += [(staging / "new" / path, output / path) for path in contents]
        _move_all(moves)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        for folder in ("policies", DROP_INS):
            _remove_empty(output / folder)
        _remove_empty(output / "stacks")


def _move_all(moves: list[tuple[Path, Path]]) -> None:
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
            done.append((source, target))
    except BaseException:
        for source, target in reversed(done):
            target.rename(source)
        raise


@contextlib.contextmanager
def _signals_wait() -> Iterator[None]:
    """Let an interruption wait for the few milliseconds in which files are written and moved.

    A signal mask would hold for one thread, and jsii has a second one, which would take the signal.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda came_in, _frame: came.append(came_in))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        for one in came:
            signal.raise_signal(one)


def _remove_empty(folder: Path) -> None:
    for inner in sorted(folder.glob("*/"), reverse=True):
        with contextlib.suppress(OSError):
            inner.rmdir()
    with contextlib.suppress(OSError):
        folder.rmdir()
