"""Foreign text made fit to keep: no control signs, no turned direction, no half characters."""

from __future__ import annotations

from typing import NamedTuple
from unicodedata import category

_KEPT = "\n\t"
_DROPPED = frozenset({"Cc", "Cf", "Cs"})
"""Control, format (bidirectional overrides, zero width) and lone surrogate characters."""


class Clean(NamedTuple):
    """Text to keep and how many characters were taken out of it."""

    text: str
    removed: int


def clean(text: str) -> Clean:
    """The text without characters that no reader sees; every other one stays as it is."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if plain.isprintable():
        return Clean(plain, 0)
    kept = "".join(c for c in plain if c in _KEPT or category(c) not in _DROPPED)
    return Clean(kept, len(plain) - len(kept))


def line(text: str) -> str:
    """One line: runs of white space become one space."""
    return " ".join(text.split())


def paragraphs(text: str) -> str:
    """Lines without white space around them, empty ones left out."""
    lines = (part.strip() for part in text.split("\n"))
    return "\n".join(part for part in lines if part)


def core(text: str) -> str:
    """What two copies of one text have in common: no white space, no case."""
    return "".join(text.split()).casefold()


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters, the cut shown."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
