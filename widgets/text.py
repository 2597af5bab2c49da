"""The only door for text from outside: always plain, cleaned, masked and of bounded length.

Qt reads HTML in labels, tooltips and message boxes by itself, and a title can then stop the
program. Nothing here does, and nothing elsewhere in this room shows foreign text.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from commandwall.plain import address, clean, mask, person, phone, plain
from commandwall.store.written import TEXT_LIMIT, TITLE_LIMIT

__all__ = [
    "ElidedLabel", "ParagraphLabel", "PlainLabel", "Whole", "address", "clean", "elide", "mask",
    "person", "phone", "plain", "shown", "tooltip", "wrap",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Whole:
    """A line with a number or a name that a person may read for now. `widgets/numbers.py` alone
    makes one; all else that is drawn is masked."""

    line: str


def shown(words: object) -> str:
    """What is drawn of words."""
    return clean(words.line) if isinstance(words, Whole) else plain(words)


def elide(text: str, metrics: QFontMetricsF, width: float) -> str:
    """A text cut with … to a width in pixels."""
    if metrics.horizontalAdvance(text) <= width:
        return text
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0.0, width))


def wrap(
    text: str, metrics: QFontMetricsF, width: float, lines: int, indent: float = 0.0
) -> list[str]:
    """A text in at most so many lines, the last one cut with …; breaks between any characters
    but inside a word or number only where it must. The first line is shorter by `indent`."""
    rest, found, room = text, list[str](), width - indent
    while rest and len(found) < lines - 1 and metrics.horizontalAdvance(rest) > room:
        at = _break(rest, metrics, room)
        found.append(rest[:at].rstrip())
        rest, room = rest[at:].lstrip(), width
    return [*found, elide(rest, metrics, room)] if rest or not found else found


def _break(text: str, metrics: QFontMetricsF, width: float) -> int:
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if metrics.horizontalAdvance(text[:middle]) <= width else (
            low, middle - 1,
        )  # fmt: skip
    at = low
    while at > low // 2 and _inside_word(text, at):
        at -= 1
    return at if at > low // 2 else low


def _inside_word(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at] if at < len(text) else " "
    return (before.isascii() and before.isalnum() and after.isascii() and after.isalnum()) or (
        after in "，。、；：）》！？,.;:)%"
    )


class PlainLabel(QLabel):
    """A label that shows every character as it stands."""

    def __init__(self, text: object = "", parent: QWidget | None = None, limit: int = TITLE_LIMIT):
        super().__init__(parent)
        self._limit = limit
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, text: object) -> None:
        shown = plain(text, self._limit)
        super().setText(shown)
        self.setAccessibleName(shown)


class ParagraphLabel(PlainLabel):
    """Several lines of plain text: what has line ends keeps them."""

    def __init__(self, text: object = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent, TEXT_LIMIT)
        self.setWordWrap(True)

    def setText(self, text: object) -> None:
        masked = mask(str(text)[: 2 * TEXT_LIMIT])  # as a whole: a number may go over line ends
        lines = [plain(line, TEXT_LIMIT) for line in masked.split("\n")]
        shown = "\n".join(lines)[:TEXT_LIMIT]
        QLabel.setText(self, shown)
        self.setAccessibleName(shown)


class ElidedLabel(PlainLabel):
    """One line, cut with … to the room there is; the whole stands in the tooltip."""

    def __init__(self, text: object = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        return QSize(24, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        room = QRectF(self.contentsRect())
        shown = elide(self.text(), QFontMetricsF(self.font()), room.width())
        painter.drawText(room, int(self.alignment()) | Qt.TextFlag.TextSingleLine, shown)
        painter.end()
        tooltip(self, self.text() if shown != self.text() else "")


def tooltip(widget: QWidget, text: object) -> None:
    """A tooltip that never reads its text as markup."""
    shown = plain(text, TEXT_LIMIT)
    # Qt takes a tooltip for rich text by its looks; inside one element all of it is escaped.
    escaped = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    widget.setToolTip(f"<p style='white-space:pre-wrap'>{escaped}</p>" if shown else "")
