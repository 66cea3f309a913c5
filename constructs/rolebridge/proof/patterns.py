"""Wildcards, as IAM reads them: ``*`` is any run of characters, ``?`` exactly one.

Nothing else is special: no ranges, no escapes. Matching never backtracks: each piece between two ``*`` is looked for
once, from left to right, so that a hostile pattern costs no more than a long one.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol

from rolebridge.proof.answers import Answer, Unknown


class Wildcard(enum.Enum):
    """What stands for text that is not given."""

    ANY = "*"
    ONE = "?"


Token = str | Wildcard
"""A part of a pattern: literal text, or a wildcard."""


class Matcher(Protocol):
    """Anything that says whether a text fits."""

    def matches(self, text: str) -> Answer:
        """Return whether the text fits."""
        ...


class Glob:
    """A pattern over a whole text (IAM user guide, «Condition operators», ``StringLike``; «Action»).

    A ``*`` runs over colons and slashes alike.
    """

    __slots__ = ("_first", "_last", "_least", "_middle")

    def __init__(self, tokens: Iterable[Token]) -> None:
        """Compile the tokens."""
        pieces = [_Piece(run) for run in _runs(tokens)]
        self._first = pieces[0]
        self._last = pieces[-1] if len(pieces) > 1 else None
        self._middle = [piece for piece in pieces[1:-1] if piece.length]
        self._least = sum(piece.length for piece in pieces)

    def matches(self, text: str) -> bool:
        """Return whether the whole text fits, in time that grows with the text and the pattern, not their powers."""
        if self._last is None:
            return len(text) == self._least and self._first.stands_at(text, 0)
        end = len(text) - self._last.length
        if len(text) < self._least or not (self._first.stands_at(text, 0) and self._last.stands_at(text, end)):
            return False
        position = self._first.length
        for piece in self._middle:
            position = piece.find(text, position, end)
            if position < 0:
                return False
            position += piece.length
        return True


class ArnGlob:
    """A pattern of the ARN operators: each of the six components is matched for itself.

    IAM user guide, «Condition operators», «Amazon Resource Name (ARN) condition operators»: ``ArnLike`` and
    ``ArnEquals`` are the same, and a ``*`` stays within its component. The sixth component is everything after the
    fifth colon. AWS does not say what a pattern does that is no ARN; ``*`` is written often.
    """

    __slots__ = ("_components", "_whole")

    def __init__(self, tokens: Iterable[Token]) -> None:
        """Compile the tokens."""
        tokens = tuple(tokens)
        components = _components(tokens)
        self._components = [Glob(component) for component in components] if len(components) == 6 else None
        self._whole = Glob(tokens)

    def matches(self, text: str) -> Answer:
        """Return whether the text is an ARN that fits."""
        parts = text.split(":", 5)
        if self._components is None:
            return _SHORT_ARN if self._whole.matches(text) else False
        return len(parts) == 6 and all(glob.matches(part) for glob, part in zip(self._components, parts, strict=True))


class ResourceGlob:
    """A pattern of the element ``Resource``.

    IAM user guide, «Resource»: wildcards stand within the segments, and a ``*`` that is the last character of a segment
    «can expand to match beyond the colon boundaries». After the fifth colon everything is one segment. Whether a
    wildcard elsewhere can reach over a colon is not said; where that decides, the answer is unknown.
    """

    __slots__ = ("_components", "_whole")

    def __init__(self, tokens: Iterable[Token]) -> None:
        """Compile the tokens."""
        tokens = tuple(tokens)
        self._whole = Glob(tokens)
        components = _components(tokens)
        bounded = any(_has_inner_wildcard(component) for component in components[:5])
        self._components = [Glob(component) for component in components] if bounded else None

    def matches(self, text: str) -> Answer:
        """Return whether the resource fits."""
        if not self._whole.matches(text):
            return False
        if self._components is None:
            return True
        parts = text.split(":", 5)
        if len(parts) == len(self._components) and all(
            glob.matches(part) for glob, part in zip(self._components, parts, strict=True)
        ):
            return True
        return _OVER_A_COLON


_SHORT_ARN = Unknown("AWS does not say what an ARN operator does with a pattern that has not the six parts of an ARN")
_OVER_A_COLON = Unknown("AWS does not say whether a wildcard inside a segment of an ARN can reach over a colon")


def tokens_of(text: str) -> tuple[Token, ...]:
    """Split a text into literal runs and wildcards."""
    return tuple(_WILDCARDS.get(part, part) for part in _WILDCARD.split(text) if part)


@lru_cache(maxsize=4096)
def glob(text: str) -> Glob:
    """Compile a text in which every ``*`` and ``?`` is a wildcard."""
    return Glob(tokens_of(text))


_WILDCARD = re.compile(r"([*?])")
_WILDCARDS: dict[str, Token] = {"*": Wildcard.ANY, "?": Wildcard.ONE}


def _runs(tokens: Iterable[Token]) -> list[list[Token]]:
    """Split at every ``*``."""
    runs: list[list[Token]] = [[]]
    for token in tokens:
        if token is Wildcard.ANY:
            runs.append([])
        else:
            runs[-1].append(token)
    return runs


def _components(tokens: Iterable[Token]) -> list[list[Token]]:
    """Split at the first five colons of the literal text."""
    components: list[list[Token]] = [[]]
    for token in tokens:
        if isinstance(token, Wildcard):
            components[-1].append(token)
            continue
        first, *others = token.split(":", 6 - len(components))
        components[-1].append(first)
        components.extend([part] for part in others)
    return [[token for token in component if token != ""] for component in components]


def _has_inner_wildcard(component: list[Token]) -> bool:
    return Wildcard.ONE in component or Wildcard.ANY in component[:-1]


class _Piece:
    """A run of literal text and ``?``, of fixed length."""

    __slots__ = ("_literals", "_masks", "_text", "length")

    def __init__(self, tokens: list[Token]) -> None:
        self._text: str | None = None
        self._masks: dict[str, int] | None = None
        self._literals: list[tuple[int, str]] = []
        self.length = 0
        for token in tokens:
            if isinstance(token, str):
                self._literals.append((self.length, token))
            self.length += len(token) if isinstance(token, str) else 1
        if all(isinstance(token, str) for token in tokens):
            self._text = "".join(token for token in tokens if isinstance(token, str))

    def stands_at(self, text: str, position: int) -> bool:
        if self._text is not None:
            return text.startswith(self._text, position)
        return all(text.startswith(literal, position + offset) for offset, literal in self._literals)

    def find(self, text: str, start: int, end: int) -> int:
        """Return where the piece first stands between ``start`` and ``end``, or -1."""
        if self._text is not None:
            return text.find(self._text, start, end)
        if not self._literals:
            return start if start + self.length <= end else -1
        return self._shift_and(text, start, end)

    def _shift_and(self, text: str, start: int, end: int) -> int:
        """Look for all positions of the piece at once, a bit for each (Baeza-Yates and Gonnet, 1992)."""
        if self._masks is None:
            self._masks = self._make_masks()
        anything = self._masks[""]
        found, state = 1 << (self.length - 1), 0
        for index in range(start, end):
            state = ((state << 1) | 1) & self._masks.get(text[index], anything)
            if state & found:
                return index - self.length + 1
        return -1

    def _make_masks(self) -> dict[str, int]:
        """Per character the positions where it may stand, as bits; under the empty text those of ``?``."""
        places: dict[str, list[int]] = {}
        for offset, literal in self._literals:
            for index, character in enumerate(literal, offset):
                places.setdefault(character, []).append(index)
        taken = {index for indexes in places.values() for index in indexes}
        free = _bits([index for index in range(self.length) if index not in taken], self.length)
        return {"": free} | {character: free | _bits(indexes, self.length) for character, indexes in places.items()}


def _bits(indexes: Iterable[int], length: int) -> int:
    row = bytearray(b"0" * length)
    for index in indexes:
        row[length - 1 - index] = ord("1")
    return int(row, 2)
