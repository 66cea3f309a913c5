"""A picture of who can assume what: ``TRUST.md`` with a diagram for code hosts, ``TRUST.html`` to zoom and search.

In the order in which one builds on the other: ``drawing`` (nodes and arrows), ``phrases`` (text that is ours, and text
of others), ``pages`` (one role in plain words), ``mermaid`` and ``markdown``, ``layout`` and ``html``.
"""

from __future__ import annotations

from collections.abc import Mapping

from rolebridge.proof.chains import find_chains
from rolebridge.proof.handshakes import shake_hands
from rolebridge.proof.landscape import Landscape
from rolebridge.proof.picture.drawing import Drawing, draw
from rolebridge.proof.picture.html import html_page, unreadable_html
from rolebridge.proof.picture.markdown import markdown_page, unreadable_markdown
from rolebridge.proof.picture.pages import Page, pages_of
from rolebridge.proof.reading import ReadingError, read_texts

MARKDOWN = "TRUST.md"
HTML = "TRUST.html"


def pictures(stacks: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return both files.

    What cannot be read stands in them as such: that the picture is missing does not keep anybody from his stacks.

    Args:
        stacks: each stack's Terraform JSON as it is written, by its path below the output folder.
    """
    try:
        landscape = read_texts(stacks)
    except ReadingError as error:
        texts = {MARKDOWN: unreadable_markdown(error.problems), HTML: unreadable_html(error.problems)}
    else:
        drawing, pages = picture_of(landscape)
        texts = {MARKDOWN: markdown_page(drawing, pages), HTML: html_page(drawing, pages)}
    return {name: text.encode() for name, text in texts.items()}


def picture_of(landscape: Landscape) -> tuple[Drawing, tuple[Page, ...]]:
    """Return the nodes and arrows of what was read, and a page for each role and user."""
    handshakes = shake_hands(landscape)
    drawing = draw(landscape, handshakes)
    return drawing, pages_of(drawing, find_chains(landscape, handshakes))
