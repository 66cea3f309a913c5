"""Sentences of our own words and of texts of others, and the way they go into Markdown and HTML."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from rolebridge.proof.words import clean

LONGEST = 400
"""Characters of a text of others."""


@dataclass(frozen=True)
class Quoted:
    """A text of others: a name, an ARN, a value. It is never markup."""

    text: str


@dataclass(frozen=True)
class Loud:
    """Words of ours that are not to be overlooked."""

    text: str


Phrase = tuple[str | Quoted | Loud, ...]


@dataclass(frozen=True)
class Line:
    """One fact.

    Attributes:
        depth: 0, or 1 where it belongs to the line above.
        phrase: what it says.
    """

    depth: int
    phrase: Phrase


def code(text: str) -> str:
    """Return a text as a code span of Markdown, in which nothing is markup (CommonMark, «Code spans»)."""
    shown = clean(text, LONGEST) or " "
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def plain(text: str) -> str:
    """Return a sentence of others as Markdown in which nothing is markup, not even a mention or an address."""
    shown = re.sub(r"([\\`*_\[\]<>#|~@!$&{}])", r"\\\1", clean(text, LONGEST))
    return shown.replace("://", "\\://").replace("www.", "www\\.")


def markdown(phrase: Phrase) -> str:
    """Return a phrase as Markdown."""
    return "".join(
        code(part.text) if isinstance(part, Quoted) else f"**{part.text}**" if isinstance(part, Loud) else part
        for part in phrase
    )


def escaped(text: str, longest: int = LONGEST) -> str:
    """Return a text of others for HTML, between tags and in attributes."""
    return html.escape(clean(text, longest))


def hypertext(phrase: Phrase) -> str:
    """Return a phrase as HTML."""
    return "".join(
        f"<code>{escaped(part.text)}</code>"
        if isinstance(part, Quoted)
        else f"<strong>{html.escape(part.text)}</strong>"
        if isinstance(part, Loud)
        else html.escape(part)
        for part in phrase
    )
