"""The hall 席位图: where each post sits before the wall of screens, by rows of `hall_seat`."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from commandwall.codes import Code
from commandwall.posts import known
from widgets.i18n import rows, tr
from widgets.paper import MIDDLE, Ink, Paper

SCREEN, GAP, MOST, EDGE = 56.0, 28.0, 120.0, 8.0
"""Height of the wall of screens, the room between two seats, the greatest height of one, and how
far its desk reaches around it."""


def seats() -> list[tuple[Code, int, int]]:
    """Each seat of a post that is known: its post, its row and its column, from 1."""
    posts, found = known(), list[tuple[Code, int, int]]()
    for seat in rows("hall_seat").values():
        post, at = posts.get(seat.facts.get("post", "")), (seat.facts["row"], seat.facts["column"])
        if post is not None:
            found.append((post, *at))
    return found


def places(width: float, top: float, height: float) -> list[tuple[Code, QRectF]]:
    """The box of each seat, in design pixels."""
    found = seats()
    across = max((column for _, _, column in found), default=1)
    deep = max((row for _, row, _ in found), default=1)
    wide = (width - 2 * EDGE - GAP * (across - 1)) / across
    tall = min(MOST, (height - top - SCREEN - GAP * deep) / deep)
    first, step = top + SCREEN + GAP, (wide + GAP, tall + GAP)
    return [
        (post, QRectF(EDGE + (column - 1) * step[0], first + (row - 1) * step[1], wide, tall))
        for post, row, column in found
    ]


def draw(paper: Paper, top: float) -> None:
    """The wall of screens, and the desk of each seat."""
    box = QRectF(0, top, paper.width, SCREEN - 12)
    paper.fill(box, "r", 4)
    paper.write(box.center().x(), box.center().y() + 7, tr("大屏"), Ink("body", "t3"), MIDDLE)


def desk(paper: Paper, box: QRectF) -> None:
    paper.frame(box.adjusted(-EDGE, 1, EDGE, -1), "ln2", 1)
