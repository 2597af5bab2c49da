"""The quiet panels at the sides: place names, duty posts, links, towns."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QAbstractButton, QWidget

from commandwall import codes
from commandwall.areas import CITY, GRID, TOWN, VILLAGE, Area, chain
from commandwall.clock import Ms
from commandwall.directives import Directive
from commandwall.events import Event, EventView
from commandwall.indicators import Indicator, IndicatorValue
from commandwall.owed import listed
from commandwall.picture import Changes, Fixes, Picture, Readings, SyncState, Tallies, Tick
from commandwall.posts import BACK, roster
from commandwall.requests import Request
from commandwall.sensors import STALE
from widgets import age, feed_words, fields, lamp_words, words
from widgets.base import EMPTY, NORMAL, Panel, Piece
from widgets.figures import is_old, title_of
from widgets.i18n import language, named, tr
from widgets.open_events import Counted
from widgets.paper import MIDDLE, RIGHT, Ink, Paper
from widgets.seat import Tile, briefly, tiles, under
from widgets.text import plain

TWO_LINES = 50.0
"""A tile that is lower has room for its name alone."""


class PlaceStep(QAbstractButton):
    """One step of the way down; pressed, the map goes there."""

    def __init__(self, code: str, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.code = code
        self.setText(name)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.text()), self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        lit = self.underMouse() or self.hasFocus()
        role = QPalette.ColorRole.WindowText if lit else QPalette.ColorRole.LinkVisited
        painter.setPen(self.palette().color(role))
        base = self.height() * 0.75
        painter.drawText(QPointF(0, base), self.text())
        if lit:
            painter.drawLine(QPointF(0, base + 4), QPointF(self.width(), base + 4))
        painter.end()


class PlaceLine(Panel):
    """Where the map is: the city and how it is divided, or the way down to what was entered."""

    id, title, headed, pooled = "place", "所在", False, False
    shows = frozenset({Area})
    _gap = 24.0

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._steps: list[PlaceStep] = []
        self._counts: list[str] = []
        if self.context.map is not None:
            self.context.map.entered.connect(lambda path: self._follow())

    def refresh(self, picture: Picture, changes: Changes) -> None:
        levels = Counter(area.level for area in picture.areas.values())
        self._counts = [
            tr("{n} 镇街", n=age.number(levels[TOWN])),
            tr("{n} 村社", n=age.number(levels[VILLAGE])),
            tr("{n} 网格", n=age.number(levels[GRID])),
        ]
        self._follow()

    def draw(self, paper: Paper) -> None:
        if len(self._steps) > 1:
            for step in self._steps[:-1]:
                end = step.geometry().right() / self.look.unit
                paper.write(end + self._gap / 2, 18, "›", Ink("label"), MIDDLE)
            return
        pieces = [words.city_name(self.picture), *self._counts]
        paper.row(0, 18, *((p, Ink("label")) for p in pieces), gap=20)

    def place(self) -> None:
        """The steps one after the other; where there is no room, the upper ones go."""
        letters, room, widths = self.look.letters("label"), self.width() / self.look.unit, []
        for step in self._steps:
            widths.append(min(letters.horizontalAdvance(step.text()), room))
        while sum(widths) + self._gap * len(widths) > room and len([w for w in widths if w]) > 1:
            widths[next(i for i, w in enumerate(widths) if w)] = 0.0
        x, px = 0.0, self.look.px
        for step, wide in zip(self._steps, widths, strict=True):
            step.setGeometry(px(x), 0, px(wide + 2) if wide else 0, px(24))
            x += wide + self._gap if wide else 0.0

    def _follow(self) -> None:
        """A step for each area on the way down; none where the whole city is shown."""
        path = [] if self.context.map is None else self.context.map.path
        path = [code for code in path if code in self.picture.areas]
        path = path if len(path) > 1 else []
        names = [plain(self.picture.areas[code].name, 24) for code in path]
        if [(s.code, s.text()) for s in self._steps] != list(zip(path, names, strict=True)):
            for step in self._steps:
                step.deleteLater()
            self._steps = [self._step(code, name) for code, name in zip(path, names, strict=True)]
            fields.dress(self, self.look, self._own_keys)
            self.place()
            self.update()

    def _step(self, code: str, name: str) -> PlaceStep:
        step = PlaceStep(code, name, self)
        step.clicked.connect(lambda: self._go(code))
        step.show()
        return step

    def _go(self, code: str) -> None:
        if self.context.map is not None:
            self.context.map.enter(code)


class Duty(Panel):
    """The posts of the hall, or its sections; this station's own one is outlined."""

    id, title, pooled, piecewise = "duty", "值班", False, True
    shows = frozenset({Directive, Request, Tick})
    across, most = 4, 8

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self._owed = Counter(
            debt.post for debt in listed(picture.directives.values(), picture.requests.values())
        )

    def aside(self) -> list[Piece]:
        if self.context.past is not None:
            return []
        told, calls = briefly(self.desk, self.picture)
        return [(told, Ink("label", "t1" if calls else "", calls))]

    def heading(self) -> str:
        return tr("值班　{roster}", roster=named("roster", roster().code.id))

    def draw(self, paper: Paper) -> None:
        shown, gap = tiles(BACK, self.most), 8.0
        rows = max(2, -(-len(shown) // self.across))
        wide = (paper.width - (self.across - 1) * gap) / self.across
        tall = min(64.0, (paper.height - self.top - (rows - 1) * gap) / rows)
        for i, tile in enumerate(shown):
            x, y = i % self.across * (wide + gap), self.top + i // self.across * (tall + gap)
            self._draw_tile(paper, QRectF(x, y, wide, tall), tile)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.context.go("roster")

    def _draw_tile(self, paper: Paper, box: QRectF, tile: Tile) -> None:
        owed = sum(self._owed[post] for post in tile.posts)
        paper.fill(box, "r", 4)
        now = self.context.past is None  # what this station is now, it need not have been then
        if now and self.desk.post in tile.posts:
            paper.frame(box.adjusted(1, 1, -1, -1), "t1", 2, 4)
        told = tr("欠 {n}", n=owed) if owed else under(self.desk, self.picture, tile)
        told = told if box.height() >= TWO_LINES else ""
        middle = box.center()
        base = middle.y() + (-3 if told else 7)
        name = tile.code.name(language())
        paper.write(middle.x(), base, name, Ink("body"), MIDDLE, box.width() - 8)
        if told:
            ink = Ink("age", "t1" if owed else "t3", bool(owed))
            paper.write(middle.x(), base + 22, told, ink, MIDDLE, box.width() - 8)


class Links(Panel):
    """What the wall hangs on: the pool, the agent, and how old each kind of data is."""

    id, title, headed, pooled, piecewise = "links", "链路", False, False, True
    recalls = False
    shows = frozenset({SyncState, Tick, Readings, Fixes, IndicatorValue})

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self._lines = [*self._sync_lines(picture), *self._data_lines(picture)]

    def draw(self, paper: Paper) -> None:
        step = 34.0
        for i, (name, told, loud) in enumerate(self._lines[: int((paper.height + 8) // step)]):
            base = 20 + i * step
            ink = Ink("body", "t1", True) if loud else Ink("body")
            paper.write(0, base, name, ink)
            room = paper.width - paper.length(name, ink) - 24
            paper.write(
                paper.width, base, told, Ink("label", "t1" if loud else "t3", loud), RIGHT, room
            )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.context.go("sync")

    def _sync_lines(self, picture: Picture) -> list[tuple[str, str, bool]]:
        sync, trust, now = picture.sync, self.context.trust, picture.now
        if trust.pool is not None and trust.known:
            pool = tr("断开 {span}，待上传 {n}", span=age.span(now - trust.pool), n=sync.backlog)
        elif trust.slow:
            told = age.age(now, sync.pool_at)
            pool = tr("线路慢，{age}，积压 {n}", age=told, n=age.number(sync.backlog))
        else:
            told = age.age(now, sync.pool_at)
            pool = tr("{age}，积压 {n}", age=told, n=age.number(sync.backlog))
        gone = trust.agent is not None
        lines = [
            (tr("中心池"), pool, trust.pool is not None or trust.slow),
            (tr("采集程序"), age.age(now, sync.agent_at), gone),
        ]
        if sync.past is not None:
            lines.append((tr("历史事件"), words.past(sync), False))
        if sync.skewed:
            lines.append((tr("时钟偏差"), age.measure(sync.skew_s, tr("秒"), 1), True))
        return lines

    def _data_lines(self, picture: Picture) -> list[tuple[str, str, bool]]:
        quality = picture.sensors.quality
        silent = int((quality == STALE).sum())
        now, ages = picture.now, picture.ages
        devices = tr(
            "{age}，失联 {n}", age=age.age(now, ages.get("readings")), n=age.number(silent)
        )
        return [
            (tr("物联"), devices, False),
            (tr("事件"), age.since(now, ages.get("events")), False),
            (tr("体征"), age.age(now, ages.get("values")), False),
            (tr("力量定位"), age.age(now, ages.get("fixes")), False),
        ]


class Towns(Panel):
    """Towns with what they have open and what is overdue."""

    id, title, quiet, piecewise = "towns", "镇街", True, True
    shows = frozenset({Area, Event, Tallies})

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._open = Counted(_area)
        self._late = Counted(self._late_in)
        self._turned, self._edition = Ms(0), 0

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self.at = picture.ages.get("events")
        self._open.look(picture, changes)
        self._count_late(picture, changes)
        towns = {a.id: plain(a.name, 24) for a in picture.areas.values() if a.level == TOWN}
        if Area in changes.kinds or not hasattr(self, "_town_of"):
            self._town_of = {code: _town(picture, code) for code in picture.areas}
        open_ = self._by_town(self._open.counts)
        over = self._by_town(self._late.counts)
        self._rows = [(towns[t], t, open_[t], over[t]) for t in sorted(towns)]
        self._most = max(open_.values(), default=1)
        if self._rows:
            self.say(NORMAL)
        else:
            self.say(EMPTY, tr("尚无镇街"))

    def _count_late(self, picture: Picture, changes: Changes) -> None:
        """Also what the time alone made late, or other clocks."""
        needs = self.context.needs
        same = needs.edition == self._edition
        self._late.look(picture, changes, needs.ran_out(self._turned) if same else picture.events)
        self._turned, self._edition = needs.turned, needs.edition

    def _late_in(self, view: EventView) -> str:
        return _area(view) if view.event.id in self.context.needs.overdue else ""

    def _by_town(self, areas: Counter[str]) -> Counter[str]:
        """How many events each town has, by how many each area has."""
        towns = Counter[str]()
        for code, count in areas.items():
            towns[self._town_of.get(code, "")] += count
        return towns

    def draw(self, paper: Paper) -> None:
        right, middle = paper.width, paper.width - 76
        head = self.top + 8
        paper.write(right, head, tr("逾期"), Ink("age"), RIGHT)
        paper.write(middle, head, tr("在办"), Ink("age"), RIGHT)
        step = 47.0
        for i, row in enumerate(self._rows[: int((paper.height - self.top - 14) // step)]):
            self._draw_row(paper, self.top + 46 + i * step, row)

    def _draw_row(self, paper: Paper, base: float, row: tuple[str, str, int, int]) -> None:
        name, _, open_, over = row
        loud = over > 0
        paper.write(0, base, name, Ink("body", "t1" if loud else "", loud), room=150)
        bar = QRectF(168, base - 10, max(0.0, 100 * open_ / self._most), 5)
        paper.fill(bar, "t1" if loud else "t4")
        ink = Ink("body", "t3" if self.stopped else "")
        paper.write(paper.width - 76, base, age.number(open_), ink, RIGHT)
        paper.write(
            paper.width, base, age.number(over), Ink("body", "t1" if loud else "t4", loud), RIGHT
        )
        paper.line(0, base + 15.5, paper.width, base + 15.5)


def _area(view: EventView) -> str:
    return view.event.area


def _town(picture: Picture, code: str) -> str:
    area = next((a for a in chain(picture.areas, code) if a.level <= TOWN), None)
    return area.id if area is not None and area.level != CITY else ""


class Stale(Panel):
    """What is too old, oldest first: feeds, indicators, devices by class."""

    id, title, piecewise = "stale", "陈旧", True
    shows = frozenset({IndicatorValue, Readings, SyncState, Tick})

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self._lines = [*self._feeds(picture), *self._devices(picture)]
        # Which values came later than the moment that is looked at is not known.
        self._late = self._indicators(picture) if self.context.past is None else []
        if self._lines or self._late:
            self.say(NORMAL)
        else:
            self.say(EMPTY, tr("没有陈旧的数据"))

    def aside(self) -> list[Piece]:
        count = len(self._lines) + len(self._late)
        return [(age.number(count), Ink("heading", "t1" if count else "t4", bool(count)))]

    def draw(self, paper: Paper) -> None:
        step = 38.0
        room = int((paper.height - self.top) // step)
        now, late = self.picture.now, self._late[: max(0, room - len(self._lines))]
        lines = [*self._lines, *((title_of(d), age.stopped(now, at)) for at, d in late)]
        for i, (name, told) in enumerate(lines[:room]):
            base = self.top + 18 + i * step
            paper.hatch(QRectF(0, base - 22, paper.width, 30))
            start = paper.row_back(paper.width - 8, base, (told, Ink("age", "t2")))
            paper.write(8, base, name, Ink("body"), room=start - 24)

    def _feeds(self, picture: Picture) -> list[tuple[str, str]]:
        limit, now = self.context.limits.feed_s, picture.now
        late = [la for la in picture.sync.lamps.values() if lamp_words.is_loud(la, now, limit)]
        away = [feed for feed in picture.sync.feeds if not feed.joined]
        return [
            *((named("feed", la.name), age.age(now, la.at)) for la in late),
            *((f"MQTT {feed_words.why(f.trouble)}", age.age(now, f.at or None)) for f in away),
        ]

    def _devices(self, picture: Picture) -> list[tuple[str, str]]:
        sensors = picture.sensors
        counts = np.bincount(sensors.cls_index[sensors.quality == STALE])
        silent = Counter({cls: int(n) for cls, n in enumerate(counts) if n})
        return [
            (
                tr("{cls} 设备", cls=named("sensor_class", sensors.classes[cls])),
                tr("失联 {n}", n=age.number(n)),
            )
            for cls, n in silent.most_common()
        ]

    def _indicators(self, picture: Picture) -> list[tuple[Ms, Indicator]]:
        periods = codes.limit("old_periods")
        late = [
            (value.at if value else Ms(0), definition)
            for key, definition in picture.indicators.items()
            if is_old(definition, value := picture.values.get(key), picture.now, periods)
        ]
        return sorted(late, key=lambda pair: pair[0])
