"""A word across the whole of a window that shows another world or another time: how it is drawn,
and where it stands."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPixmap

from widgets.look import Look

WORD, TURN, FAINT, APART = 104, -24.0, 0.12, (620, 380)
"""The word: its size in design pixels, degrees, how strong it is, and how far one is from the
next."""


def drawn(look: Look, told: str, tall: int, side: int, colour: str) -> QPixmap:
    """The word as a picture: it is laid over whatever is painted anew beneath.

    `tall`: pixels of its letters; `side`: pixels of the picture's width; `colour`: of the theme.
    """
    font = look.font("figure")
    font.setPixelSize(tall)
    image = QPixmap(side, round(side * 0.8))
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(QPointF(image.rect().center()))
    painter.rotate(TURN)
    painter.setFont(font)
    painter.setPen(look.colour(colour, FAINT))
    box = QRectF(-side, -side, 2 * side, 2 * side)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, told)
    painter.end()
    return image


def places(look: Look, size: QSize, inner: QRect) -> list[QRect]:
    """Where the word stands, row after row, the rows set off against each other."""
    across, down = (look.px(step) for step in APART)
    found = []
    for row, y in enumerate(range(inner.top() + down // 2, inner.bottom(), down)):
        for x in range(inner.left() + across // (2 + 2 * (row % 2)), inner.right(), across):
            box = QRect(QPoint(0, 0), size)
            box.moveCenter(QPoint(x, y))
            if inner.contains(box):
                found.append(box)
    return found
