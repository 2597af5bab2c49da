"""Words in a row over a list, one of them chosen by F1.. or a click: the share that is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QRectF

from widgets.base import Command
from widgets.look import Look
from widgets.paper import Ink, Paper

TAB, PAD, GAP = 40.0, 12.0, 8.0
"""Height of the row, room beside each word, and between two."""
OWN = 6
"""Keys F1.. that a page has for its own: those behind are the wall's."""


def draw(paper: Paper, top: float, words: Sequence[str], chosen: int | None) -> None:
    """Words in the language of the screen, each with its key."""
    x = 0.0
    for i, word in enumerate(words):
        ink = Ink("body", "t1" if i == chosen else "t3", i == chosen)
        wide = paper.length(_label(word, i), ink)
        if i == chosen:
            paper.fill(QRectF(x, top - 2, wide + 2 * PAD, TAB - 6), "r2", 4)
        paper.write(x + PAD, top + 24, _label(word, i), ink)
        x += wide + 2 * PAD + GAP


def commands(words: Sequence[str], select: Callable[[int], None]) -> list[Command]:
    """F1 to F6 choose them, then Shift+F1.."""
    return [Command(_key(i), word, partial(select, i)) for i, word in enumerate(words)]


def wide(look: Look, words: Sequence[str]) -> float:
    """How far they reach, in design pixels."""
    letters = look.letters("body", None)
    return sum(letters.horizontalAdvance(_label(w, i)) + 2 * PAD + GAP for i, w in enumerate(words))


def at(look: Look, words: Sequence[str], x: float) -> int | None:
    """Which one stands at a place, in design pixels from the left."""
    letters, right = look.letters("body", None), 0.0
    for i, word in enumerate(words):
        right += letters.horizontalAdvance(_label(word, i)) + 2 * PAD + GAP
        if x < right:
            return i
    return None


def _label(word: str, i: int) -> str:
    return f"{word}  {_key(i).replace('+', ' ')}"


def _key(i: int) -> str:
    return f"F{i + 1}" if i < OWN else f"Shift+F{i + 1 - OWN}"
