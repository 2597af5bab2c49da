"""Two-way counts: what the city was told of in the last weeks, by class and source, hour, state."""

from __future__ import annotations

from functools import partial

from commandwall import codes, cube
from commandwall.clock import DAY, SECOND, Ms
from commandwall.picture import Changes, Picture, Tallies
from widgets import age
from widgets.base import EMPTY, NORMAL, Command, Panel
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper

WAYS = (("cls", "source"), ("cls", "hour"), ("source", "state"))
"""What is counted, one after the other: rows by columns."""
LISTS = {"cls": "event_class", "source": "event_source", "state": "event_state"}
EVERY = 30 * SECOND
STEP, MOST, GAP = 30.0, 6, 10.0
NAMES = 0.4
"""The most of the width that names of rows have."""


class Cross(Panel):
    """The fullest rows and columns of a two-way count; `X` counts by other ways."""

    id, title = "cross", "交叉统计"
    recalls = False
    shows = frozenset({Tallies})

    way = 0
    _asked, _found = Ms(0), cube.Cube([], [], cube.NOTHING)

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if abs(picture.now - self._asked) >= EVERY:
            self._count()

    def heading(self) -> str:
        first, second = (self._name_of(way) for way in WAYS[self.way])
        return tr("近 {n} 天事件：{rows} × {cols}", n=self._days(), rows=first, cols=second)

    def commands(self) -> list[Command]:
        return [Command("X", tr("换交叉统计"), self.step)]

    def step(self) -> None:
        """Count by the next two ways."""
        self.way = (self.way + 1) % len(WAYS)
        self._found = cube.Cube([], [], cube.NOTHING)  # what was counted by other ways is gone
        self._count()

    def draw(self, paper: Paper) -> None:
        found, (down, across) = self._found, WAYS[self.way]
        room = int((paper.height - self.top) // STEP) - 1
        fullest = _fullest(found.counts.sum(axis=1), room)
        rows = {row: self._told(down, found.rows[row]) for row in fullest}
        longest = max((paper.length(name, Ink("label")) for name in rows.values()), default=0.0)
        left = min(longest, paper.width * NAMES) + GAP
        cols, wide = self._columns(paper, across, paper.width - left)
        for k, col in enumerate(cols):
            told = self._told(across, found.cols[col])
            paper.write(left + (k + 1) * wide, self.top + 16, told, Ink("age"), RIGHT)
        for i, (row, name) in enumerate(rows.items()):
            base = self.top + 16 + (i + 1) * STEP
            paper.write(0, base, name, Ink("label"), room=left - GAP)
            for k, col in enumerate(cols):
                n = int(found.counts[row, col])
                ink = Ink("label", "t2" if n else "t4")
                paper.write(left + (k + 1) * wide, base, age.number(n), ink, RIGHT)

    def _columns(self, paper: Paper, across: str, room: float) -> tuple[list[int], float]:
        """As many of the fullest as can be named whole, and how wide each is."""
        found = self._found
        for most in range(min(MOST, len(found.cols)), 0, -1):
            cols = _fullest(found.counts.sum(axis=0), most, in_order=across == cube.HOUR_OF_DAY)
            names = (paper.length(self._told(across, found.cols[c]), Ink("age")) for c in cols)
            if most == 1 or max(names) + GAP <= room / most:
                return cols, room / most
        return [], room

    def _count(self) -> None:
        now = self._asked = self.picture.now
        ways, since = WAYS[self.way], Ms(now - self._days() * DAY)
        query = partial(cube.count, ways=ways, since=since)
        self.ask(query, partial(self._show, ways))

    def _show(self, ways: tuple[str, str], found: cube.Cube) -> None:
        if ways != WAYS[self.way]:  # a person went on before this answer came
            return
        self._found, self.at = found, self.picture.ages.get("events")
        if found.rows:
            self.say(NORMAL)
        else:
            self.say(EMPTY, tr("近 {n} 天没有事件", n=self._days()))
        self.update()

    def _days(self) -> int:
        return int(codes.limit("usual_days"))

    def _name_of(self, way: str) -> str:
        names = {"cls": tr("事项"), "source": tr("来源"), "state": tr("状态"), "hour": tr("时段")}
        return names[way]

    def _told(self, way: str, key: str) -> str:
        return named(LISTS[way], key, "short") if way in LISTS else key


def _fullest(sums: cube.Counts, most: int, in_order: bool = False) -> list[int]:
    """Places of the largest sums, the largest first or in their own order."""
    places = [int(place) for place in (-sums).argsort(kind="stable")[: max(0, most)]]
    return sorted(places) if in_order else places
