"""What IAM refuses of an operator's policy statements, and no schema can say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rolebridge.settings.report import Mistake, Path, show_value


def statement_mistakes(base: Path, statements: tuple[Mapping[str, Any], ...]) -> Iterator[Mistake]:
    """Yield what IAM refuses only when the policy is made (IAM user guide, «IAM JSON policy element reference»)."""
    sids: dict[str, int] = {}
    for position, statement in enumerate(statements):
        path = (*base, position)
        for one, other in (("Action", "NotAction"), ("Resource", "NotResource")):
            given = [name for name in (one, other) if name in statement]
            if len(given) != 1:
                yield Mistake(
                    path=path,
                    found=" and ".join(given) or "neither",
                    allowed=f"exactly one of {one} and {other}",
                )
        for name in ("Action", "NotAction"):
            for where, action in _each(statement.get(name), (*path, name)):
                if action != "*" and not re.fullmatch(r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+", action):
                    yield Mistake(path=where, found=show_value(action), allowed="*, or service:Action, as s3:GetObject")
        for name in ("Resource", "NotResource"):
            for where, resource in _each(statement.get(name), (*path, name)):
                if resource != "*" and not re.match(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+", resource):
                    yield Mistake(path=where, found=show_value(resource), allowed="*, or an ARN")
        sid = statement.get("Sid")
        if sid and sid in sids:
            yield Mistake(
                path=(*path, "Sid"),
                found=f"{show_value(sid)}, which statements[{sids[sid]}] has too",
                allowed="each once",
            )
        elif sid:
            sids[sid] = position


def _each(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    else:
        for position, item in enumerate(value or ()):
            yield (*path, position), item
