"""From the text of ``rolebridge.yaml`` to checked settings, or to one report of everything that is wrong."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable
from copy import deepcopy
from pathlib import Path as FilePath
from typing import Any

from rolebridge.settings.defaults import complete
from rolebridge.settings.document import Document, read_document
from rolebridge.settings.model import Settings
from rolebridge.settings.report import Mistake, Path, SettingsError
from rolebridge.settings.rules import RULES, check_rules
from rolebridge.settings.schema import check_schema
from rolebridge.settings.structure import structure

Check = Callable[[Settings], Iterable[Mistake]]
"""A check of what the settings give, which rooms below bring along: sizes of policies, names that collide."""


def read_settings(file: FilePath) -> str:
    """Return the text of a settings file.

    Raises:
        SettingsError: it is not there, cannot be read, or is not UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        found, allowed = f"a byte that is not UTF-8 at position {error.start:,}", "UTF-8 text"
    except IsADirectoryError:
        found, allowed = "a folder", "a YAML file"
    except FileNotFoundError:
        found, allowed = "no such file", "a YAML file; the repository's rolebridge.yaml is a complete example"
    except OSError as error:
        found, allowed = error.strerror or str(error), "a file that can be read"
    raise SettingsError(str(file), [Mistake(path=(), found=found, allowed=allowed)])


def load_settings(file: FilePath, *checks: Check) -> Settings:
    """Read and check a settings file.

    Raises:
        SettingsError: with every mistake that was found.
    """
    return parse_settings(read_settings(file), str(file), *checks)


def parse_settings(text: str, file: str, *checks: Check) -> Settings:
    """Check the text of a settings file; ``file`` is what reports call it.

    Raises:
        SettingsError: with every mistake that was found.
    """
    document = read_document(file, text)
    mistakes = [*document.mistakes]
    mistakes += [mistake for mistake in check_schema(document) if mistake.path not in document.unread]
    if mistakes:
        mistakes += _mistakes_in_the_rest(document, mistakes)
    else:
        settings = structure(Settings, complete(document.value))
        mistakes = check_rules(settings, document)
        mistakes += _mistakes_in_the_whole(settings, checks, mistakes)
        if not mistakes:
            return settings
    placed = [
        mistake
        if mistake.line
        else dataclasses.replace(mistake, line=document.line(mistake.path, at_key=mistake.at_key))
        for mistake in mistakes
    ]
    raise SettingsError(file, sorted(placed, key=lambda mistake: mistake.line or 0))


def _mistakes_in_the_whole(settings: Settings, checks: Iterable[Check], known: list[Mistake]) -> list[Mistake]:
    """Hold the checks against the settings; where rules are broken, as far as a check gets."""
    found: list[Mistake] = []
    for check in checks:
        with contextlib.suppress(*(_CANNOT_KNOW if known else ())):
            for mistake in check(settings):
                found.append(mistake)
    tags_are_wrong = any("tags" in other.path for other in known)
    return [
        mistake
        for mistake in found
        if not (tags_are_wrong and "tags" in mistake.path)
        and not any(_related(mistake.path, other.path) for other in known)
    ]


_CANNOT_KNOW = (AttributeError, KeyError, TypeError, IndexError, ValueError)
"""What a rule or a check runs into where it needs what is missing or wrong."""


def _mistakes_in_the_rest(document: Document, known: list[Mistake]) -> list[Mistake]:
    """Hold the rules against what is left when everything is taken out that does not fit the schema.

    A rule that needs what was taken out says nothing: it cannot know. What it says of a place that is known to be
    wrong is left out. Of a duplicate key the first value stays.
    """
    if not isinstance(document.value, dict):
        return []
    broken = {it.path for it in known if not it.at_key or it not in document.mistakes}
    rest = deepcopy(document.value)
    for path in broken:
        _take_out(rest, path)
    found: list[Mistake] = []
    for rule in RULES:
        with contextlib.suppress(*_CANNOT_KNOW):
            for mistake in rule(structure(Settings, complete(rest), partial=True), document):
                found.append(mistake)
    return [mistake for mistake in found if not any(_related(mistake.path, path) for path in broken)]


def _take_out(value: Any, path: Path) -> None:
    """Take what ``path`` names out of a mapping; an item of a list stays, since the others would change places."""
    if not path:
        return
    *way, last = path
    try:
        for step in way:
            value = value[step]
    except (KeyError, IndexError, TypeError):
        return
    if isinstance(value, dict):
        value.pop(last, None)


def _related(one: Path, other: Path) -> bool:
    length = min(len(one), len(other))
    return one[:length] == other[:length]
