"""One report for everything that is wrong: where it stands, what was found, what is allowed, and a hint."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Where something stands in the settings: keys and list positions from the top."""


def show_path(path: Path) -> str:
    """Write a path as an operator would: ``meshstack.tenant_import.accounts[0]``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("_", "").replace("-", "").isalnum() and len(step) <= 80:
            text += f".{step}" if text else step
        else:
            text += f"[{show_value(step)}]"
    return text or "(the whole file)"


def show_value(value: object, limit: int = 80) -> str:
    """Write what was found, on one line, as YAML shows it, and no longer than somebody can read."""
    match value:
        case None:
            text = "nothing"
        case bool():
            text = "true" if value else "false"
        case int() | float():
            text = f"the number {value}"
        case str():
            text = '"' + value.encode("unicode_escape").decode("ascii").replace('"', '\\"') + '"'
            if value.isprintable():
                text = f'"{value}"'
        case dict():
            text = f"a mapping of {len(value)} keys" if len(value) != 1 else "a mapping of 1 key"
        case list() | tuple():
            text = f"a list of {len(value)}"
        case _:
            text = str(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}… ({len(str(value)):,} characters)"


def nearest(found: str, allowed: Iterable[str]) -> str | None:
    """Return the allowed word that ``found`` is most likely a slip of, if any is near."""
    close = difflib.get_close_matches(found.lower(), list(allowed), n=1, cutoff=0.6)
    return close[0] if close else None


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One thing that is wrong in the settings."""

    path: Path
    found: str
    allowed: str
    hint: str | None = None
    line: int | None = None
    at_key: bool = False
    """The mistake is the key itself (unknown, duplicate), not its value."""


class SettingsError(ValueError):
    """The settings cannot be used; ``mistakes`` holds every reason."""

    def __init__(self, file: str, mistakes: Sequence[Mistake]) -> None:
        self.file = file
        self.mistakes = tuple(mistakes)
        super().__init__(self.report())

    def report(self) -> str:
        """Write the report: a heading, then per mistake where, what was found, what is allowed and a hint."""
        count = "1 mistake" if len(self.mistakes) == 1 else f"{len(self.mistakes)} mistakes"
        lines = [f"{self.file}: {count}, nothing was written"]
        for mistake in self.mistakes:
            where = f"{self.file}:{mistake.line}" if mistake.line else self.file
            lines.append(f"\n{where}  {show_path(mistake.path)}")
            lines.append(f"  found    {mistake.found}")
            lines.append(f"  allowed  {mistake.allowed}")
            if mistake.hint:
                lines.append(f"  hint     {mistake.hint}")
        return "\n".join(lines)
