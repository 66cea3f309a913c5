"""Reads ``rolebridge.yaml`` into plain values and remembers on which line each of them stands.

YAML 1.2's core schema: ``true`` and ``false`` are booleans, ``yes``, ``on`` and ``0o17`` are text or plain numbers.
PyYAML parses; its own resolver is YAML 1.1's, in which ``012345670123`` is an octal number and ``no`` is false, so
the few rules of 1.2 stand here instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from rolebridge.settings.report import Mistake, Path, SettingsError

MAX_VALUES = 200_000
"""More values than any organization writes by hand; a bound on what aliases of aliases can unfold to."""

MAX_DEPTH = 64
"""Settings are nested nine deep; more than this is an accident or an attack."""

MAX_CHARACTERS = 10_000_000
"""A settings file of 1,000 accounts is about 100,000 characters."""


class _CoreResolver(BaseResolver):
    """YAML 1.2.2, section 10.3.2: which plain scalars are not text."""


_CORE = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?[0-9]+", list("-+0123456789")),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+0123456789."),
    ),
}
for _name, (_pattern, _first) in _CORE.items():
    _CoreResolver.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(rf"^(?:{_pattern})$"), _first)


try:
    from yaml.cyaml import CParser  # type: ignore[attr-defined]

    class _Loader(CParser, _CoreResolver):
        """Libyaml's parser, where PyYAML was built with it."""

        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
            _CoreResolver.__init__(self)

except ImportError:

    class _Loader(Reader, Scanner, Parser, Composer, _CoreResolver):  # type: ignore[no-redef]
        """PyYAML's own parser, ten times slower and otherwise the same."""

        def __init__(self, text: str) -> None:
            Reader.__init__(self, text)
            Scanner.__init__(self)
            Parser.__init__(self)
            Composer.__init__(self)
            _CoreResolver.__init__(self)


@dataclass(frozen=True)
class Document:
    """The values of a settings file, the lines they stand on, and what is wrong with the file as YAML.

    Of a duplicate key ``value`` has the first, of anything that cannot be read nothing.
    """

    file: str
    value: Any
    lines: dict[Path, int]
    key_lines: dict[Path, int]
    mistakes: tuple[Mistake, ...] = ()

    def line(self, path: Path, *, at_key: bool = False) -> int | None:
        """Return the line of what ``path`` names or, where that is missing, of what should hold it."""
        lines = self.key_lines if at_key and path in self.key_lines else self.lines
        while path and path not in lines:
            path = path[:-1]
            lines = self.key_lines if path in self.key_lines else self.lines
        return lines.get(path)


def read_document(file: str, text: str) -> Document:
    """Read the text of a settings file.

    Duplicate keys, keys that are not text, unknown tags and endless aliases are noted in the document.

    Raises:
        SettingsError: it is empty, no YAML, or several documents.
    """
    if len(text) > MAX_CHARACTERS:
        raise SettingsError(
            file, [Mistake(path=(), found=f"{len(text):,} characters", allowed=f"at most {MAX_CHARACTERS:,}")]
        )
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.YAMLError as error:
        raise SettingsError(file, [_syntax_mistake(error)]) from None
    except RecursionError:
        raise SettingsError(file, [_too_deep((), None)]) from None
    reading = _Reading()
    if node is None:
        raise SettingsError(
            file,
            [Mistake(path=(), found="an empty file", allowed="settings; see the shipped rolebridge.yaml")],
        )
    value = reading.value(node, ())
    return Document(file, value, reading.lines, reading.key_lines, tuple(reading.mistakes))


class _Reading:
    """One walk over the parsed nodes: plain values, their lines, and what is wrong with them."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.key_lines: dict[Path, int] = {}
        self.mistakes: list[Mistake] = []
        self._open: set[int] = set()
        self._count = 0

    def value(self, node: Node, path: Path) -> Any:
        """Return the plain value of a node."""
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        self._count += 1
        if id(node) in self._open:
            self.mistakes.append(
                Mistake(
                    path=path,
                    line=line,
                    found="an alias of something that holds it",
                    allowed="values that end",
                )
            )
            return None
        if self._count > MAX_VALUES:
            if self._count == MAX_VALUES + 1:
                found = f"more than {MAX_VALUES:,} values once aliases are unfolded"
                self.mistakes.append(Mistake(path=path, line=line, found=found, allowed=f"at most {MAX_VALUES:,}"))
            return None
        if len(path) > MAX_DEPTH:
            if not any(mistake.found.startswith("more than 64 levels") for mistake in self.mistakes):
                self.mistakes.append(_too_deep(path, line))
            return None
        self._open.add(id(node))
        try:
            match node:
                case MappingNode():
                    return self._mapping(node, path)
                case SequenceNode():
                    return [self.value(item, (*path, position)) for position, item in enumerate(node.value)]
                case ScalarNode():
                    return self._scalar(node, path)
        finally:
            self._open.discard(id(node))
        return None

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                self.mistakes.append(
                    Mistake(path=path, line=line, found="a key that is not text", allowed="keys that are text")
                )
                continue
            key = key_node.value
            here = (*path, key)
            if key == "<<" and key_node.style is None:
                self.mistakes.append(
                    Mistake(
                        path=here,
                        line=line,
                        found="a merge key, which YAML 1.2 does not have",
                        allowed="the keys themselves; a whole value can be repeated with an anchor and an alias",
                    )
                )
                continue
            if key in result:
                first = self.key_lines[here]
                self.mistakes.append(
                    Mistake(
                        path=here,
                        line=line,
                        found=f"the key a second time (first on line {first})",
                        allowed="each key once",
                    )
                )
                continue
            self.key_lines.setdefault(here, line)
            result[key] = self.value(value_node, here)
        return result

    def _scalar(self, node: ScalarNode, path: Path) -> Any:
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        text = node.value
        match kind:
            case "str":
                return text
            case "null":
                return None
            case "bool" if text.lower() in ("true", "false"):
                return text.lower() == "true"
            case "int" if re.fullmatch(_CORE["int"][0], text) and len(text) <= 4000:
                return Digits(text)
            case "float" if re.fullmatch(_CORE["float"][0], text):
                return float(text.replace(".inf", "inf").replace(".nan", "nan")) if text[-1:].isalpha() else float(text)
        found = f"the tag {node.tag}" if node.tag else "a value of unknown kind"
        self.mistakes.append(
            Mistake(
                path=path,
                line=node.start_mark.line + 1,
                found=f"{found} on {text[:40]!r}",
                allowed="values without tags",
            )
        )
        return None


class Digits(int):
    """An integer that remembers how it was written, so that a report shows ``012345678901`` as it stands."""

    def __new__(cls, text: str) -> Digits:
        """Read the digits."""
        number = super().__new__(cls, text)
        number.text = text
        return number

    text: str

    def __str__(self) -> str:
        return self.text


def _too_deep(path: Path, line: int | None) -> Mistake:
    return Mistake(
        path=path[:8],
        line=line,
        found=f"more than {MAX_DEPTH} levels inside each other",
        allowed=f"at most {MAX_DEPTH}",
    )


def _syntax_mistake(error: yaml.YAMLError) -> Mistake:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        found = " ".join(part for part in (error.problem, error.context) if part) or "text that is not YAML"
        return Mistake(path=(), line=mark.line + 1 if mark else None, found=found, allowed="YAML")
    return Mistake(path=(), line=None, found=str(error).splitlines()[0], allowed="YAML")
