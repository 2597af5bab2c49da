"""镇街体征: the indicators of each town rolled up, the worst first."""

from __future__ import annotations

from PySide6.QtCore import QPointF

from commandwall.areas import TOWN, Area, chain
from commandwall.indicators import Indicator, IndicatorValue
from commandwall.picture import Changes, Picture, Tick
from commandwall.rollups import Rollup, Signs, by_key
from widgets import age, marks
from widgets.base import EMPTY, NORMAL, Panel
from widgets.heat import SEVERITY
from widgets.i18n import tr
from widgets.paper import Ink, Paper
from widgets.sign_board import counted, state_of
from widgets.text import plain

STEP = 58.0


class SignAreas(Panel):
    """What tells of no town alone is in none of them."""

    id, title = "sign_areas", "镇街体征"
    recalls = False
    shows = frozenset({Area, Indicator, IndicatorValue, Tick})

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self.at = picture.ages.get("values")
        signs = Signs(picture.values, picture.stands, picture.now)
        placed = ((_town(picture, d.area), d) for d in picture.indicators.values() if d.area)
        found = by_key(((town, d) for town, d in placed if town), signs)
        self._rows = sorted(found.items(), key=lambda row: (*row[1].order, row[0]))
        if self._rows:
            self.say(NORMAL)
        else:
            self.say(EMPTY, tr("没有按辖区划分的体征"))

    def draw(self, paper: Paper) -> None:
        room = int((paper.height - self.top) // STEP)
        shown = self._rows if len(self._rows) <= room else self._rows[: max(0, room - 1)]
        for i, (town, found) in enumerate(shown):
            self._draw_row(paper, self.top + 24 + i * STEP, town, found)
        if len(shown) < len(self._rows):
            told = tr("另有 {n} 个镇街较好", n=len(self._rows) - len(shown))
            paper.write(0, self.top + 24 + len(shown) * STEP, told, Ink("age"))

    def _draw_row(self, paper: Paper, base: float, town: str, found: Rollup) -> None:
        loud = found.state in SEVERITY and self.stopped is None
        if loud:
            marks.square(
                paper.painter, QPointF(8, base - 7), 14, f"s{SEVERITY[found.state]}", self.look
            )
        ink = Ink("label", "t1" if loud else "t3", loud)
        start = paper.row_back(paper.width, base, (counted(found), ink))
        name = plain(self.picture.areas[town].name, 24)
        paper.write(28, base, name, Ink("body", "t1" if loud else "", loud), room=start - 44)
        oldest = tr("最旧 {age}", age=age.since(self.picture.now, found.oldest))
        start = paper.row_back(paper.width, base + 22, (oldest, Ink("age")))
        paper.write(28, base + 22, state_of(found), Ink("age"), room=start - 44)


def _town(picture: Picture, code: str) -> str:
    """The town that an area is or lies in; "" for none."""
    area = next((a for a in chain(picture.areas, code) if a.level == TOWN), None)
    return area.id if area is not None else ""
