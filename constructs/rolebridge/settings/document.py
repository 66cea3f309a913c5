"""Reads ``rolebridge.yaml`` into plain values and remembers on which line each of them stands.

YAML 1.2's core schema: ``true`` and ``false`` are booleans, ``yes``, ``on`` and ``1_000`` are text, ``012`` is twelve.
PyYAML parses; its own resolver is YAML 1.1's, in which ``012345670123`` is an octal number and ``no`` is false, so
the few rules of 1.2 stand here instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.events import CollectionEndEvent, CollectionStartEvent, NodeEvent
from yaml.nodes import MappingNode, Node, ScalarNode
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from rolebridge.settings.report import Mistake, Path, SettingsError, show_value

MAX_VALUES = 200_000
"""More values than any organization writes by hand; a bound on what aliases of aliases can unfold to."""

MAX_DEPTH = 64
"""Settings are nested nine deep; more than this is an accident or an attack."""

MAX_DIGITS = 400
"""No setting is a number of more than five; Python itself reads at most 4,300."""

MAX_CHARACTERS = 10_000_000
"""A settings file of 1,000 accounts is about 100,000 characters."""


class _CoreResolver(BaseResolver):
    """YAML 1.2.2, section 10.3.2: which plain scalars are not text."""


_CORE = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
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

    Of a duplicate key ``value`` has the first; of what is in ``unread``, nothing.
    """

    file: str
    value: Any
    lines: dict[Path, int]
    key_lines: dict[Path, int]
    mistakes: tuple[Mistake, ...] = ()
    unread: frozenset[Path] = frozenset()

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
        SettingsError: it is empty, no YAML, several documents, or larger or deeper than any settings are.
    """
    if len(text) > MAX_CHARACTERS:
        raise SettingsError(
            file, [Mistake(path=(), found=f"{len(text):,} characters", allowed=f"at most {MAX_CHARACTERS:,}")]
        )
    try:
        _hold_to_limits(file, text)
        node = _Loader(text).get_single_node()
    except yaml.YAMLError as error:
        raise SettingsError(file, [_syntax_mistake(error, text)]) from None
    except UnicodeEncodeError as error:
        raise SettingsError(file, [_stray_character(ord(text[error.start]), text)]) from None
    reading = _Reading(file)
    value = None if node is None else reading.value(node, ())
    if value is None and not reading.mistakes:
        raise SettingsError(
            file,
            [Mistake(path=(), found="an empty file", allowed="settings; see the shipped rolebridge.yaml")],
        )
    return Document(file, value, reading.lines, reading.key_lines, tuple(reading.mistakes), frozenset(reading.unread))


def _hold_to_limits(file: str, text: str) -> None:
    """Refuse what is too deep or too much before nodes are made of it.

    Libyaml's composer calls itself for every level, in C: 100,000 brackets would end the process without a word.
    """
    loader = _Loader(text)
    depth = count = 0
    while loader.check_event():
        event = loader.get_event()
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        count += isinstance(event, NodeEvent)
        if depth > MAX_DEPTH or count > MAX_VALUES:
            line = event.start_mark.line + 1  # type: ignore[union-attr]
            raise SettingsError(file, [_too_deep((), line) if depth > MAX_DEPTH else _too_many((), line)])


class _Reading:
    """One walk over the parsed nodes: plain values, their lines, and what is wrong with them."""

    def __init__(self, file: str) -> None:
        self.lines: dict[Path, int] = {}
        self.key_lines: dict[Path, int] = {}
        self.mistakes: list[Mistake] = []
        self.unread: set[Path] = set()
        self._file = file
        self._open: set[int] = set()
        self._count = 0

    def value(self, node: Node, path: Path) -> Any:
        """Return the plain value of a node; nothing for what is in ``unread``.

        Raises:
            SettingsError: aliases unfold to too much, or too deep.
        """
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        self._count += 1
        if id(node) in self._open:
            return self._unreadable(path, line, "an alias of something that holds it", "values that end")
        if self._count > MAX_VALUES:
            raise SettingsError(self._file, [_too_many(path, line)])
        if len(path) > MAX_DEPTH:
            raise SettingsError(self._file, [_too_deep(path, line)])
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if node.tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            return self._unreadable(path, line, f"the tag {_show_tag(node)}", "values without tags")
        self._open.add(id(node))
        try:
            if isinstance(node, MappingNode):
                return self._mapping(node, path)
            return [self.value(item, (*path, position)) for position, item in enumerate(node.value)]
        finally:
            self._open.discard(id(node))

    def _unreadable(self, path: Path, line: int, found: str, allowed: str) -> None:
        self.unread.add(path)
        self.mistakes.append(Mistake(path=path, line=line, found=found, allowed=allowed))

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
            if key == "<<" and not key_node.style:
                self.mistakes.append(
                    Mistake(
                        path=here,
                        at_key=True,
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
                        at_key=True,
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
            case "null" if re.fullmatch(_CORE["null"][0], text):
                return None
            case "bool" if text.lower() in ("true", "false"):
                return text.lower() == "true"
            case "int" if re.fullmatch(_CORE["int"][0], text) and len(text) <= MAX_DIGITS:
                return Digits(text)
            case "int" if re.fullmatch(_CORE["int"][0], text):
                found, allowed = f"a number of {len(text):,} digits", f"at most {MAX_DIGITS} digits, or text in quotes"
            case "float" if re.fullmatch(_CORE["float"][0], text):
                return Decimals(text)
            case _:
                found, allowed = f"the tag {_show_tag(node)} on {show_value(text, 40)}", "values without tags"
        return self._unreadable(path, node.start_mark.line + 1, found, allowed)


class Digits(int):
    """An integer that remembers how it was written, so that a report shows ``012345678901`` as it stands."""

    def __new__(cls, text: str) -> Digits:
        """Read the digits."""
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        number = super().__new__(cls, text, base)
        number.text = text
        return number

    text: str

    def __str__(self) -> str:
        return self.text

    def __getnewargs__(self) -> tuple[str]:  # type: ignore[override]
        return (self.text,)


class Decimals(float):
    """A number with a fraction or an exponent that remembers how it was written: ``12e34567`` is not infinity."""

    def __new__(cls, text: str) -> Decimals:
        """Read the number, ``.inf`` and ``.nan`` included."""
        number = super().__new__(cls, re.sub(r"\.(?=[in])", "", text.lower()))
        number.text = text
        return number

    text: str

    def __str__(self) -> str:
        return self.text

    def __getnewargs__(self) -> tuple[str]:  # type: ignore[override]
        return (self.text,)


def _show_tag(node: Node) -> str:
    tag = node.tag.replace("tag:yaml.org,2002:", "!!")
    return tag if tag.isprintable() else show_value(tag)


def _too_many(path: Path, line: int) -> Mistake:
    found = f"more than {MAX_VALUES:,} values, aliases unfolded"
    return Mistake(path=path, line=line, found=found, allowed=f"at most {MAX_VALUES:,}")


def _too_deep(path: Path, line: int) -> Mistake:
    return Mistake(
        path=path[:8],
        line=line,
        found=f"more than {MAX_DEPTH} levels inside each other",
        allowed=f"at most {MAX_DEPTH}",
    )


def _syntax_mistake(error: yaml.YAMLError, text: str) -> Mistake:
    """Say in an operator's words what the parser could not read."""
    if isinstance(error, ReaderError):
        return _stray_character(int(error.character), text)
    if not isinstance(error, yaml.MarkedYAMLError):
        return Mistake(path=(), found=str(error).partition("\n")[0], allowed=_YAML)
    mark = error.problem_mark or error.context_mark
    rest = _rest_of_line(text, mark)
    word = show_value(re.split(r"[\s,\]}]", rest)[0], 40)
    said = f"{error.problem or ''} {error.context or ''}".strip()
    line = mark.line + 1 if mark else None
    begun = error.context_mark.line + 1 if error.context_mark else line
    for words, found, allowed, hint in _SYNTAX:
        if words in said and not (words == _NO_TOKEN and rest.startswith("\t")):
            where = begun if words == _NOT_CLOSED else line
            return Mistake(path=(), line=where, found=found.format(word), allowed=allowed, hint=hint)
    problem = re.sub(r"^(did not find|could not find) expected ", "something else than the expected ", said)
    problem = problem.removeprefix("found ")
    if begun != line:
        problem += f", which begins on line {begun}"
    if rest.startswith("\t") or " tab " in said:
        return Mistake(path=(), line=line, found="a tab where YAML takes none", allowed="spaces to indent with")
    return Mistake(path=(), line=line, found=problem or "text that is not YAML", allowed=_YAML)


_YAML = "YAML"
_ESCAPE = r"in double quotes write \\ for a backslash; in single quotes it stands for itself"
_NO_TOKEN = "cannot start any token"
_NOT_CLOSED = "end of stream while scanning a quoted scalar"
_SYNTAX = (
    (_NOT_CLOSED, "a text whose quote is not closed", "a quote at either end", None),
    ("found another document", "a second document", "one document; --- separates two", None),
    ("duplicate anchor", "an anchor a second time", "each anchor once", None),
    ("undefined alias", "the alias {}, for which there is no anchor before it", "an alias of an anchor", None),
    ("unknown escape", "an escape that YAML does not know", _YAML, _ESCAPE),
    ("hexdecimal", "an escape that YAML does not know", _YAML, _ESCAPE),
    (
        "mapping values are not allowed",
        "a colon where no key can be",
        _YAML,
        'put a text that holds ": " in quotes; or the line is indented too far',
    ),
    (_NO_TOKEN, "{}", "a text that begins so, in quotes", None),
)
"""What libyaml says, and what it means to somebody who writes settings; ``{}`` is the text at that place."""


def _rest_of_line(text: str, mark: Any) -> str:
    lines = text.split("\n")
    return lines[mark.line][mark.column :] if mark and mark.line < len(lines) else ""


def _stray_character(code: int, text: str) -> Mistake:
    position = text.find(chr(code))
    line = text.count("\n", 0, position) + 1 if position >= 0 else None
    return Mistake(
        path=(), line=line, found=f"the character U+{code:04X}", allowed="YAML: text without control characters"
    )
