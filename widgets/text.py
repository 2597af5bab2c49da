"""The only door for text from outside: always plain, cleaned, masked and of bounded length.

Qt reads HTML in labels, tooltips and message boxes by itself, and a title can then stop the
program. Nothing here does, and nothing elsewhere in this room shows foreign text.
"""

from __future__ import annotations

import re

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from commandwall.events import TEXT_LIMIT, TITLE_LIMIT

SCAR = "\ufffd"
"""Stands where something unprintable was taken out."""
_SPACE = re.compile(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e0fff]+"
)
_ABOVE = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
_PILE = re.compile(f"([{_ABOVE}]{{2}})[{_ABOVE}]+")
_PHONE = re.compile(r"(?<!\d)([1１][3-9３-９]\d)[ -]?\d{4}[ -]?(\d{4})(?!\d)")
_IDENTITY = re.compile(
    r"(?<!\d)(\d{6})(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(\d{3}[\dXx])(?!\d)"
)
_ROOM = re.compile(r"^(.*?\d+\s*(?:幢|栋|号楼|号|弄|building)).*$", re.DOTALL | re.IGNORECASE)


def clean(text: object, limit: int = TITLE_LIMIT) -> str:
    """One line without control, bidi, zero-width and broken characters, at most `limit` long.

    What was taken out leaves a mark, so that a trick is seen.
    """
    raw = "" if text is None else str(text)
    cut = _SPACE.sub(" ", raw[: limit + 1])
    cut = _PILE.sub(r"\1" + SCAR, _UNSEEN.sub(SCAR, cut))
    return cut if len(cut) <= limit else cut[: limit - 1] + "…"


def mask(text: str) -> str:
    """Phones as 138****7719, identity numbers as 320281********1234."""
    return _IDENTITY.sub(r"\1********\2", _PHONE.sub(r"\1****\2", text))


def plain(text: object, limit: int = TITLE_LIMIT) -> str:
    """What may be drawn of a text from outside."""
    raw = "" if text is None else str(text)
    return clean(mask(raw[: 2 * limit + 64]), limit)


def person(name: str) -> str:
    """张* for 张三."""
    seen = clean(name, 40).strip()
    return f"{seen[0]}*" if seen else ""


def address(text: str) -> str:
    """An address to the building, without the door."""
    seen = plain(text)
    found = _ROOM.match(seen)
    return found.group(1) if found else seen


def elide(text: str, metrics: QFontMetricsF, width: float) -> str:
    """A text cut with … to a width in pixels."""
    if metrics.horizontalAdvance(text) <= width:
        return text
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0.0, width))


def wrap(text: str, metrics: QFontMetricsF, width: float, lines: int) -> list[str]:
    """A text in at most so many lines, the last one cut with …; breaks between any characters
    but inside a word or number only where it must."""
    rest, found = text, []
    while rest and len(found) < lines - 1 and metrics.horizontalAdvance(rest) > width:
        at = _break(rest, metrics, width)
        found.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*found, elide(rest, metrics, width)] if rest or not found else found


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
    """Several lines of plain text."""

    def __init__(self, text: object = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent, TEXT_LIMIT)
        self.setWordWrap(True)


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
