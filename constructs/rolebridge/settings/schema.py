r"""Holds settings against ``schema.json`` and says in the operator's words what does not fit.

jsonschema finds what is wrong; this module only translates. Two keywords are tightened to what editors do: a pattern
is ECMA 262's (``$`` is the end of the text, not of the line; ``\w`` is ASCII), and an integer is never ``1.0``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from rolebridge.settings.document import Document
from rolebridge.settings.report import Mistake, Path, nearest, show_value


@cache
def schema() -> dict[str, Any]:
    """Return ``schema.json`` (JSON Schema, draft 2020-12)."""
    loaded: dict[str, Any] = json.loads((files("rolebridge.settings") / "schema.json").read_text(encoding="utf-8"))
    return loaded


def check_schema(document: Document) -> list[Mistake]:
    """Return every place where the settings do not fit the schema, in the order of the file."""
    mistakes: list[Mistake] = []
    for error in _validator().iter_errors(document.value):
        mistakes.extend(_translate(error, document))
    unique = {(mistake.path, mistake.found, mistake.allowed): mistake for mistake in mistakes}
    return sorted(unique.values(), key=lambda mistake: (mistake.line or 0, [str(step) for step in mistake.path]))


@cache
def _ecma_pattern(pattern: str) -> re.Pattern[str]:
    outside_sets = re.sub(r"(\\.|\[(?:\\.|[^\]\\])*\])|\$", lambda part: part[1] or r"\Z", pattern)
    return re.compile(outside_sets, re.ASCII)


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _ecma_pattern(pattern).search(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


@cache
def _validator() -> Any:
    types = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _checker, value: isinstance(value, int) and not isinstance(value, bool)
    )
    strict: Any = extend(Draft202012Validator, {"pattern": _pattern}, type_checker=types)  # type: ignore[no-untyped-call]
    return strict(schema())


_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
    "number": "a number",
}


_BOOLEANS = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}


def _translate(error: ValidationError, document: Document) -> Iterator[Mistake]:
    path: Path = tuple(error.absolute_path)
    found: Any = error.instance
    rule: Any = error.validator_value
    part: Any = error.schema
    if error.parent is not None or (error.schema_path and "propertyNames" in error.schema_path):
        yield Mistake(
            path=(*path, found),
            at_key=True,
            line=document.line((*path, found), at_key=True),
            found=f"the key {show_value(found)}",
            allowed=allowed_text(part),
        )
        return
    line = document.line(path)
    match error.validator:
        case "additionalProperties":
            known = sorted(part.get("properties", {}))
            for key in (key for key in found if key not in known):
                slip = nearest(key, known)
                yield Mistake(
                    path=(*path, key),
                    at_key=True,
                    line=document.line((*path, key), at_key=True),
                    found="an unknown key",
                    allowed=", ".join(known),
                    hint=f"did you mean {slip}?" if slip else None,
                )
        case "required":
            for key in (key for key in rule if key not in found):
                yield Mistake(
                    path=(*path, key),
                    line=document.line((*path, key)),
                    found="nothing",
                    allowed=allowed_text(_property(resolved(part), key)),
                    hint="this key is required",
                )
        case "minProperties" | "minItems":
            what = "a mapping" if error.validator == "minProperties" else "a list"
            known = sorted(part.get("properties", {}))
            allowed = f"{what} of at least {rule}" + (f": {', '.join(known)}" if known else "")
            yield Mistake(
                path=path,
                line=line,
                found=f"an empty {what[2:]}",
                allowed=allowed,
                hint=None if _is_required(path) else "leave the key out where there is none",
            )
        case "maxProperties" if rule == 1:
            yield Mistake(
                path=path,
                line=line,
                found=" and ".join(key if key in part["properties"] else show_value(key) for key in sorted(found)),
                allowed=f"exactly one of {', '.join(sorted(part['properties']))}",
            )
        case "maxProperties" | "maxItems":
            yield Mistake(path=path, line=line, found=f"{len(found)} of them", allowed=f"at most {rule}")
        case "uniqueItems":
            for position, item in enumerate(found):
                if item in found[:position]:
                    yield Mistake(
                        path=(*path, position),
                        line=document.line((*path, position)),
                        found=f"{show_value(item)} a second time",
                        allowed="each once",
                    )
        case "enum":
            words = [word for word in rule if isinstance(word, str)]
            slip = nearest(found, words) if isinstance(found, str) else None
            yield Mistake(
                path=path,
                line=line,
                found=show_value(found),
                allowed=", ".join(words),
                hint=f"did you mean {slip}?" if slip else None,
            )
        case "type":
            allowed = allowed_text(part)
            hint = None
            if isinstance(found, int | float) and "string" in rule:
                hint = "put it in quotes, so that YAML takes it as text"
            elif found is None and isinstance((path or (0,))[-1], str):
                hint = "give it a value" if _is_required(path) else "leave the key out, or give it a value"
            elif isinstance(found, str) and rule == "array":
                hint = "a list is written [one, two], or one item per line after a hyphen"
            elif isinstance(found, str) and rule == "boolean" and found.lower() in _BOOLEANS:
                hint = f"write {_BOOLEANS[found.lower()]}"
            elif isinstance(found, str) and rule == "integer" and found.isdigit():
                hint = "take the quotes away"
            yield Mistake(
                path=path,
                line=line,
                found=show_value(found),
                allowed=allowed,
                hint=hint,
            )
        case _:
            yield Mistake(path=path, line=line, found=show_value(found), allowed=allowed_text(part))


def _is_required(path: Path) -> bool:
    """Say whether the key at the end of ``path`` has to be there."""
    part, required = schema(), False
    for step in path:
        part = resolved(part)
        required = step in part.get("required", ())
        if isinstance(step, int):
            part = part.get("items", {})
        else:
            part = part.get("properties", {}).get(step) or part.get("additionalProperties") or {}
    return required


def _property(holder: dict[str, Any], key: str) -> dict[str, Any]:
    found: dict[str, Any] = holder.get("properties", {}).get(key, {})
    return found


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Return a part of the schema with its references followed; what stands beside a reference comes first."""
    while "$ref" in part:
        definition = schema()["$defs"][part["$ref"].rsplit("/", 1)[-1]]
        part = definition | {key: value for key, value in part.items() if key != "$ref"}
    return part


def allowed_text(part: dict[str, Any]) -> str:
    """Say what a part of the schema allows, in its own words where it has them."""
    part = resolved(part)
    if message := part.get("patternErrorMessage"):
        return str(message)
    if "enum" in part:
        return ", ".join(part["enum"])
    if "minimum" in part or "maximum" in part:
        return f"a whole number, {part.get('minimum', 0):,} to {part.get('maximum', 0):,}"
    kinds = part.get("type", "object")
    if part.get("minLength") and "maxLength" not in part:
        return "text that is not empty" + (", or a list" if "array" in kinds else "")
    text = " or ".join(_TYPES[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds))
    if "properties" in part:
        text += f" with {', '.join(part['properties'])}"
    return text
