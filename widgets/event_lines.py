"""The grid of an event's card: what a line is called stands at the left, in one column with the
names of its facts, and what it says behind that, with its lamp before it."""

from __future__ import annotations

from collections.abc import Sequence

from widgets.i18n import tr
from widgets.paper import Ink, Paper

LABEL, ROW = 96.0, 26.0
"""Where what a line says begins, and its height."""
LAMP, AFTER = 16.0, 24.0
"""Size of a lamp, and how far behind its left side the words begin."""
APART = 18.0
"""Between what is told of two units."""


def begin(paper: Paper, y: float, label: object, lamp: str = "") -> tuple[float, float]:
    """Begin a line below `y`: its baseline, and where what it says begins."""
    base = y + ROW
    paper.write(0, base, label, Ink("label", "t3"), room=LABEL - 8)
    return base, mark(paper, LABEL, base, lamp) if lamp else LABEL


def mark(paper: Paper, x: float, base: float, lamp: str) -> float:
    """A lamp before some words of a line; where these begin."""
    paper.lamp(x + LAMP / 2, base - 6, LAMP, lamp)
    return x + AFTER


def units(paper: Paper, x: float, base: float, told: Sequence[tuple[str, str]]) -> None:
    """What is told of units, (words, lamp or "") each, as many as there is room for, and how many
    more there are."""
    ink, small = Ink("label", "t1"), Ink("age")
    for n, (said, lamp) in enumerate(told):
        more = tr("还有 {n} 家", n=len(told) - n)
        wide = paper.length(said, ink) + (AFTER if lamp else 0.0)
        kept = paper.length(more, small) + APART if n < len(told) - 1 else 0.0
        if n and x + wide + kept > paper.width:
            paper.write(x, base, more, small)
            return
        x = mark(paper, x, base, lamp) if lamp else x
        x = paper.write(x, base, said, ink, room=paper.width - x) + APART
