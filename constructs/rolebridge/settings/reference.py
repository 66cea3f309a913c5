"""Writes ``docs/settings.md`` from the schema: ``python -m rolebridge.settings.reference > docs/settings.md``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rolebridge.settings.schema import allowed_text, resolved, schema

HEAD = """# Settings

What `rolebridge.yaml` may say. This page is made from
[`schema.json`](../constructs/rolebridge/settings/schema.json) (`make docs`), which an editor with the YAML language
server shows while you type, when the file begins as the shipped one does:
`# yaml-language-server: $schema=constructs/rolebridge/settings/schema.json`.

YAML is read as version 1.2: `yes` and `on` are text, only `true` and `false` are not. Ids of digits alone need quotes.
A key that is not listed here is a mistake, and so are an empty list, a key twice, and a key without a value. `check`
reports all mistakes at once, with file, line, what was found and what is allowed.

**Bold** keys are required where their section stands. `{account_id}`, `{partition}`, `{account}` (the short name) and
`{stack}` are filled in where a description says so, nowhere else. All other text is text: Terraform evaluates none of
it.
"""


def reference() -> str:
    """Return the page."""
    lines = [HEAD]
    for title, path, part in _sections(schema(), "", "At the top"):
        lines.append(f"## {title}\n")
        if path and part.get("description"):
            lines.append(f"{part['description']}\n")
        lines.append("| key | what it is | allowed | default |\n|---|---|---|---|")
        lines.extend(_rows(part, path))
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _sections(part: dict[str, Any], path: str, title: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every mapping with keys of its own, the outer before the inner; common ones once."""
    yield title, path, part
    for key, inner in part.get("properties", {}).items():
        where = f"{path}.{key}" if path else key
        for name, found in _below(inner, where):
            yield from _sections(found, name, f"`{name}`")
    if not path:
        for name in COMMON:
            yield f"{name[0].upper()}{name[1:]}: `{COMMON[name]}`", name, schema()["$defs"][name]


COMMON = {
    "role": "name, path, …",
    "roleAtRoot": "a role whose path is always /",
    "policy": "name, path, …",
    "iamUser": "iam_user",
    "workloadIdentity": "workload_identity",
    "access": "access",
    "backend": "backend",
    "statement": "statements",
    "acceptance": "proof.accepted",
}
"""Definitions that stand in several places and are described once, at the end."""


def _below(part: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the mapping with keys that ``part`` is, or that its values are, unless it is described once for all."""
    if part.get("$ref", "").rsplit("/", 1)[-1] in COMMON:
        return
    full = resolved(part)
    if "properties" in full and full.get("type") == "object":
        yield path, full
    elif isinstance(full.get("additionalProperties"), dict):
        yield from _below(full["additionalProperties"], f"{path}.<name>")


def _rows(part: dict[str, Any], path: str) -> Iterator[str]:
    for key, inner in part.get("properties", {}).items():
        yield _row(key, inner, key in part.get("required", ()))
        if path == "backend":
            full = resolved(inner)
            for argument, argument_part in full["properties"].items():
                yield _row(f"{key}.{argument}", argument_part, argument in full.get("required", ()))


def _row(key: str, part: dict[str, Any], required: bool) -> str:
    full = resolved(part)
    name = f"**`{key}`**" if required else f"`{key}`"
    return f"| {name} | {_cell(full.get('description', ''))} | {_cell(_allowed(part, full))} | {_default(full)} |"


def _allowed(part: dict[str, Any], full: dict[str, Any]) -> str:
    kind = part.get("$ref", "").rsplit("/", 1)[-1]
    if kind in COMMON:
        return f"see [{kind}](#{_anchor(kind)})"
    if "properties" in full:
        return "see below"
    if full.get("type") == "array" and "items" in full:
        return f"a list of {allowed_text(full['items'])}"
    return allowed_text(full)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def _anchor(kind: str) -> str:
    title = f"{kind[0].upper()}{kind[1:]}: {COMMON[kind]}".lower()
    return "".join("-" if c == " " else c for c in title if c.isalnum() or c in " -_")


def _default(full: dict[str, Any]) -> str:
    default = full.get("default")
    if default is None:
        return ""
    if isinstance(default, dict):
        return ", ".join(f"{key} `{value}`" for key, value in default.items())
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


if __name__ == "__main__":
    print(reference(), end="")
