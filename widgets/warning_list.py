"""Public warnings 预警: a list on the desk, and a strip on the great screen while there is any."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import QMouseEvent

from commandwall.alarms import ACKED
from commandwall.areas import Area
from commandwall.picture import Changes, Picture, SyncState, Tick
from commandwall.public_warnings import (
    ACTUAL,
    COMING,
    PublicWarning,
    later,
    middle,
    outline,
    rehearsed,
    standing,
    state,
)
from widgets import age, text, warning_words
from widgets.base import ERROR, NORMAL, Command, Panel, Piece, Subject
from widgets.i18n import tr
from widgets.opening import ask_opening, from_warning
from widgets.paper import RIGHT, Ink, Paper
from widgets.rows import RowList

FEED = "warnings"
ROW, MORE, LINE, LEFT = 56.0, 68.0, 22.0, 52.0
"""Height of a row, how much more the chosen one takes, of one of its lines, where words begin."""
STRIP, MARK, GAP = 44.0, 22.0, 40.0


class WarningList(RowList):
    """Those that hold, the worst first; under them, grey, what is not for real."""

    id, title, quiet = "warnings", "预警", True
    kind = PublicWarning
    shows = frozenset({PublicWarning, Area, SyncState, Tick})
    row = ROW

    def order(self) -> Sequence[str]:
        every, now = list(self.picture.warnings.values()), self.picture.now
        return [w.id for w in (*standing(every, now), *rehearsed(every, now))]

    def refresh(self, picture: Picture, changes: Changes) -> None:
        super().refresh(picture, changes)
        if self.waiting:  # a warning goes to its place at once
            self.renew()
        self._after = later(picture.warnings.values())
        self.at = max((w.received_at for w in picture.warnings.values()), default=None)
        trouble = self._trouble()
        if self.keys or not trouble:
            self.say(NORMAL)
        else:
            self.say(ERROR, trouble)

    def spare(self) -> float:
        """All but its line, while there is no warning and nothing is wrong."""
        return 0.0 if self.keys or self.state != NORMAL else inf

    def commands(self) -> list[Command]:
        return [
            Command("W", tr("下一条预警"), self.next),
            Command("Shift+E", tr("由预警转突发"), self.open_incident),
            Command("Shift+L", tr("定位预警"), self.locate),
        ]

    def tall(self, key: str) -> float:
        return ROW + MORE if key == self.current else ROW

    def next(self) -> None:
        """Choose the next one, after the last the first."""
        if self.keys:
            at = self.keys.index(self.current) + 1 if self.current in self.keys else 0
            self.choose(self.keys[at % len(self.keys)])

    def open_incident(self) -> None:
        """Make an incident of the chosen warning; of the worst one where none is chosen."""
        warning = self._meant()
        if warning is None:
            return
        if warning.status != ACTUAL:
            self.refused(tr("不是实况预警，不能转突发"))
        else:
            ask_opening(self, from_warning(warning, self.picture, self.context.map))

    def locate(self) -> None:
        """Show all of its area on the map."""
        warning, view = self._meant(), self.context.map
        if warning is None or view is None:
            return
        shape, place = outline(warning), middle(warning)
        if shape is not None:
            west, south, east, north = shape.bounds
            view.show_whole([west, east], [south, north], 0)
        elif place is not None:
            view.look_at(*place)

    def empty_line(self) -> str:
        return tr("没有生效的预警")

    def aside(self) -> list[Piece]:
        shown = (self.picture.warnings.get(key) for key in self.keys)
        count = sum(w is not None and w.status == ACTUAL for w in shown)
        pieces: list[Piece] = [(tr("生效 {n}", n=count), Ink("age", "t2" if count else "t3"))]
        trouble = self._trouble()
        return [(trouble, Ink("age", "t1")), *pieces] if trouble else pieces

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        warning = self.picture.warnings.get(key)
        if warning is None:
            return
        real, now = warning.status == ACTUAL, self.picture.now
        y, room = box.top(), paper.width - LEFT - 8
        if real and warning.level:
            paper.mark(24, y + ROW / 2, 26, (warning.level, ACKED))
        old = age.since(now, warning.sent)
        wide = paper.length(old, Ink("age")) + 16
        paper.write(paper.width - 8, y + 24, old, Ink("age"), RIGHT)
        ink = Ink("body", "t1" if real else "drill", real)
        paper.write(LEFT, y + 24, warning_words.title(warning), ink, room=room - wide)
        paper.write(LEFT, y + 46, self._second(warning), Ink("age", "t2"), room=room)
        if chosen:
            self._draw_more(paper, y + ROW, warning, room)

    def _second(self, warning: PublicWarning) -> str:
        coming = state(warning, self._after, self.picture.now) == COMING
        return warning_words.second(self.picture, warning, coming)

    def _draw_more(self, paper: Paper, y: float, warning: PublicWarning, room: float) -> None:
        """Where, and what to do; the words of the issuer."""
        place = text.plain(warning.places) or tr("未说明范围")
        paper.write(LEFT, y + 14, place, Ink("age", "t2"), room=room)
        told = text.plain(warning.advice or warning.text or warning.headline, 400)
        paper.paragraph(LEFT, y + 14 + LINE, told, Ink("age", "t1"), room, 2)

    def _meant(self) -> PublicWarning | None:
        key = self.current or next(iter(self.keys), "")
        return self.picture.warnings.get(key)

    def _trouble(self) -> str:
        """Why no warning can come to this station, or that some were refused."""
        lamp = self.picture.sync.lamps.get(FEED)
        if lamp is None:
            return ""
        if lamp.trouble:
            return tr("预警文件夹不可用")
        return tr("隔离 {n} 份", n=age.number(lamp.refused)) if lamp.refused else ""


class WarningStrip(Panel):
    """One line over the page: the worst ones that hold; without any it takes no room."""

    id, title, headed, piecewise = "warning_strip", "预警", False, True
    shows = frozenset({PublicWarning, Tick})

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._held: list[PublicWarning] = []

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self._held = standing(list(picture.warnings.values()), picture.now)

    def spare(self) -> float:
        return 0.0 if self._held else STRIP

    def commands(self) -> list[Command]:
        return [
            Command("W", tr("看预警"), self.go),
            Command("Shift+E", tr("由预警转突发"), self.open_incident),
        ]

    def go(self) -> None:
        """Open the page of warnings with the worst one chosen."""
        if self._held:
            self.wanted.emit(Subject(PublicWarning, self._held[0].id))

    def open_incident(self) -> None:
        """Make an incident of the worst one."""
        if self._held:
            ask_opening(self, from_warning(self._held[0], self.picture, self.context.map))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.go()

    def draw(self, paper: Paper) -> None:
        x, base, rest = 0.0, STRIP / 2 + 8, len(self._held)
        for warning in self._held:
            told = self._told(warning)
            wide = MARK + 14 + paper.span((warning_words.title(warning), Ink("item")),
                                          (told, Ink("label")), gap=16)  # fmt: skip
            if x and x + wide > paper.width - 140:
                break
            x, rest = self._draw_one(paper, x, base, warning) + GAP, rest - 1
        if rest:
            paper.write(paper.width, base, tr("另有 {n} 条", n=rest), Ink("label", "t1"), RIGHT)

    def _draw_one(self, paper: Paper, x: float, base: float, warning: PublicWarning) -> float:
        if warning.level:
            paper.mark(x + MARK / 2 + 2, STRIP / 2, MARK, (warning.level, ACKED))
            x += MARK + 14
        x = paper.write(x, base, warning_words.title(warning), Ink("item"),
                        room=paper.width - x) + 16  # fmt: skip
        return paper.write(x, base, self._told(warning), Ink("label"), room=paper.width - x)

    def _told(self, warning: PublicWarning) -> str:
        now = self.picture.now
        told = warning_words.second(self.picture, warning, now < warning.since)
        return f"{told}　{age.since(now, warning.sent)}"
