"""Reads what stands on disk: a folder of Terraform's JSON, or the output of ``terraform show -json``.

What is read is data of other people: it is bounded in size, in depth and in number, links to folders are not followed,
and everything that cannot be read is told in one line with what and where, all of it at once.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rolebridge.proof.assembling import MOST_PROBLEMS, assemble
from rolebridge.proof.landscape import Gap, Landscape
from rolebridge.proof.terraform import Scope, UnreadableError
from rolebridge.proof.terraform_json import is_configuration, read_folder
from rolebridge.proof.terraform_show import is_plan, is_state, read_show
from rolebridge.proof.words import clean

LARGEST_FILE = 64 * 2**20
"""Bytes of a file that is read."""

MOST_FILES = 20_000
"""Files below a folder that are read."""

SKIPPED = frozenset({".terraform", ".git", "node_modules", ".venv"})
"""Folders that are not looked into."""


class ReadingError(ValueError):
    """Something could not be read.

    Attributes:
        problems: one line each, with what and where.
    """

    def __init__(self, problems: list[str]) -> None:
        """Say at most a screenful."""
        self.problems = problems
        more = len(problems) - MOST_PROBLEMS
        shown = problems[:MOST_PROBLEMS] + ([f"… and {more:,} more"] if more > 0 else [])
        super().__init__("\n".join(clean(line, longest=1000) for line in shown))


def read(path: Path) -> Landscape:
    """Read a folder or a file.

    Args:
        path: a folder with ``*.tf.json`` in it or below (each folder is one state), or a file: Terraform's JSON, or
            what ``terraform show -json`` prints for a plan or a state.

    Raises:
        ReadingError: if something cannot be read.
    """
    problems: list[str] = []
    gaps: list[Gap] = []
    warnings: list[str] = []
    scopes, files = (
        _read_below(path, problems, gaps, warnings) if path.is_dir() else _read_one(path, problems, gaps, warnings)
    )
    return _assembled(str(path), scopes, files, problems, gaps, warnings)


def read_texts(texts: Mapping[str, bytes]) -> Landscape:
    """Read Terraform's JSON that is not on disk yet, as it would be read from there.

    Args:
        texts: each file's content by its path below the folder, with ``/``.

    Raises:
        ReadingError: if something cannot be read.
    """
    problems: list[str] = []
    gaps: list[Gap] = []
    scopes: list[Scope] = []
    for file, text in sorted(texts.items()):
        try:
            document = _parsed(file, text)
            scopes.append(read_folder(_stack(Path(), Path(file).parent), {file: document}, gaps))
        except UnreadableError as error:
            problems.append(str(error))
        except RecursionError:
            problems.append(f"{file}: is nested too deeply")
    return _assembled("", [scope for scope in scopes if scope.blocks], len(texts), problems, gaps, [])


def _assembled(
    root: str, scopes: list[Scope], files: int, problems: list[str], gaps: list[Gap], warnings: list[str]
) -> Landscape:
    if problems:
        raise ReadingError(problems)
    states = {scope.stack for scope in scopes}
    if len(states) > 1:
        for scope in scopes:
            scope.namespace = re.sub(r"[^\w.\-/]", "-", scope.stack)
    landscape = assemble(root, scopes, gaps, problems, files=files, warnings=warnings)
    if problems:
        raise ReadingError(problems)
    return landscape


def _read_below(root: Path, problems: list[str], gaps: list[Gap], warnings: list[str]) -> tuple[list[Scope], int]:
    scopes: list[Scope] = []
    count = 0
    for folder, files, hcl in _folders(root, problems):
        documents: dict[str, Any] = {}
        for file in files:
            count += 1
            if count > MOST_FILES:
                raise ReadingError([f"{root}: more than {MOST_FILES:,} files"])
            try:
                documents[str(file)] = load(file)
            except UnreadableError as error:
                problems.append(str(error))
        if hcl and documents:
            warnings.append(
                f"{folder}: {hcl} files in HCL are not read; give the output of `terraform show -json` instead"
            )
        try:
            scope = read_folder(_stack(root, folder), documents, gaps)
        except UnreadableError as error:
            problems.append(str(error))
            continue
        except RecursionError:
            problems.append(f"{folder}: is nested too deeply")
            continue
        if scope.blocks:
            scopes.append(scope)
    if count == 0 and not problems:
        problems.append(f"{root}: no *.tf.json here or below")
    return scopes, count


def _stack(root: Path, folder: Path) -> str:
    """Return what a folder's state is called: the folder below ``stacks/``, if there is such, else its path."""
    parts = folder.relative_to(root).parts
    parts = parts[1:] if parts[:1] == ("stacks",) else parts
    return "/".join(parts) or folder.resolve().name or "root"


def _folders(root: Path, problems: list[str]) -> Iterator[tuple[Path, list[Path], int]]:
    """Return each folder with its files of Terraform's JSON, and how many there are in HCL."""

    def complain(error: OSError) -> None:
        problems.append(f"{error.filename}: {error.strerror or error}")

    for name, folders, files in os.walk(root, onerror=complain, followlinks=False):
        folders[:] = sorted(folder for folder in folders if folder not in SKIPPED)
        wanted = sorted(file for file in files if file.endswith(".tf.json"))
        if wanted:
            hcl = sum(file.endswith(".tf") for file in files)
            yield Path(name), [Path(name) / file for file in wanted], hcl


def _read_one(path: Path, problems: list[str], gaps: list[Gap], warnings: list[str]) -> tuple[list[Scope], int]:
    try:
        document = load(path)
        if is_plan(document) or is_state(document):
            return read_show(path.stem, str(path), document, gaps), 1
        if is_configuration(document):
            return [read_folder(path.stem, {str(path): document}, gaps)], 1
        if isinstance(document, dict) and "serial" in document and "lineage" in document:
            raise UnreadableError(f"{path}: a state file as it is; give the output of `terraform show -json` instead")
        raise UnreadableError(f"{path}: neither Terraform's JSON nor the output of `terraform show -json`")
    except UnreadableError as error:
        problems.append(str(error))
    except RecursionError:
        problems.append(f"{path}: is nested too deeply")
    return [], 1


def load(file: Path) -> Any:
    """Read a JSON file.

    Raises:
        UnreadableError: if it cannot be read; says where.
    """
    try:
        if not file.is_file():
            raise UnreadableError(f"{file}: {'no such file or folder' if not file.exists() else 'is no file'}")
        size = file.stat().st_size
        if size > LARGEST_FILE:
            raise UnreadableError(f"{file}: {size:,} bytes; at most {LARGEST_FILE:,} are read")
        text = file.read_bytes()
    except OSError as error:
        raise UnreadableError(f"{file}: {error.strerror or error}") from None
    return _parsed(str(file), text)


def _parsed(file: str, text: bytes) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UnreadableError(f"{file}: no JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except UnicodeDecodeError:
        raise UnreadableError(f"{file}: is not UTF-8") from None
    except RecursionError:
        raise UnreadableError(f"{file}: is nested too deeply") from None
    except ValueError as error:
        raise UnreadableError(f"{file}: no JSON: {' '.join(str(error).split())[:200]}") from None
