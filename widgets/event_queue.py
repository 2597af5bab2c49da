"""The event queue: what waits for a person, by the time left; search over the whole pool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QLineEdit

from commandwall import deadlines
from commandwall.deadlines import GREY, ORANGE, RED, Deadline
from commandwall.events import ACCEPTED, NEW, Event, EventView, search
from commandwall.picture import Changes, Picture, Tick
from widgets import age, tabs, words
from widgets.base import Command
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.rows import RowList
from widgets.tabs import TAB

TABS = ("待我处理", "在办", "逾期", "全部")
FOUND, LATE = 200, 2
FAR = 1 << 62
SORTS: dict[str, Callable[[EventView], tuple[Any, ...]]] = {
    "剩余": lambda v: (),
    "急": lambda v: (v.event.urgency,),
    "编号": lambda v: (-v.event.received_at,),
    "地点": lambda v: (v.event.area,),
    "来源": lambda v: (v.event.source,),
    "事项": lambda v: (v.cls, v.event.headline),
}
"""Column -> what it orders by, before the time that is left; 编号 is newest first."""


class EventQueue(RowList):
    """Sorted by the time left. Tabs by F1..F4, `/` searches every event the pool ever had."""

    id = "event_queue"
    title = "事件"
    kind = Event
    shows = frozenset({Event, Tick})
    head = 76.0

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.tab, self._found = 0, dict[str, EventView]()
        self.sorted_by, self.source = "剩余", ""
        self._field = QLineEdit(self)
        self._field.setMaxLength(80)
        self._field.returnPressed.connect(self.search)
        self._field.textChanged.connect(lambda text: text or self._clear())
        self._words = ""
        self._name_field()

    def order(self) -> Sequence[str]:
        if self._words:
            return list(self._found)
        needs, views = self.context.needs, self.picture.events.values()
        late = set(needs.overdue(self.picture.now)) if self.tab == LATE else set[str]()
        keep: Callable[[EventView], bool] = (
            lambda v: v.state in (NEW, ACCEPTED),
            lambda v: v.state not in (NEW,),
            lambda v: v.event.id in late,
            lambda v: True,
        )[self.tab]
        wanted = (v for v in views if keep(v) and self.source in ("", v.event.source))
        return [v.event.id for v in sorted(wanted, key=self._order)]

    def refresh(self, picture: Picture, changes: Changes) -> None:
        news = {v.event.id: v for v in changes.of(Event) if v.event.id in self._found}
        self._found.update(news)
        if Event in changes.kinds or not self.keys:
            super().refresh(picture, changes)
        self.at = picture.ages.get("events")

    def select_tab(self, tab: int) -> None:
        """Show another share of the open events."""
        self.tab = tab
        self._field.clear()
        self._anew()

    def search(self) -> None:
        """Ask the whole pool for what stands in the field."""
        asked = self._field.text().strip()
        if asked and self.context.past is not None:
            self.refused(tr("全池只按此刻搜索，回看时不能搜"))
        elif asked:
            self.ask(
                lambda reader: search(reader, asked, FOUND), lambda rows: self._show(asked, rows)
            )

    def view(self, key: str) -> EventView | None:
        """The newest view of a row."""
        return self.picture.events.get(key) or self._found.get(key)

    def empty_line(self) -> str:
        if self._words:
            return tr("没有含「{words}」的事件", words=self._words)
        return tr("没有待处理的事件")

    def aside(self) -> list[tuple[object, Ink]]:
        if self._words:
            many = "≥ " if len(self._found) >= FOUND else ""
            n = many + age.number(len(self._found))
            if self.picture.sync.past is not None:
                past = words.past(self.picture.sync)
                return [(tr("查到 {n} 条；{past}", n=n, past=past), Ink("age", "t1"))]
            return [(tr("全池查到 {n} 条", n=n), Ink("age", "t2"))]
        needs, now, minutes = self.context.needs, self.picture.now, deadlines.soon_minutes()
        line = tr("在办 {n}　逾期 {late}　{m} 分内将逾期 {soon}　今日 {today}",
                  n=len(self.picture.events), late=len(needs.overdue(now)), m=minutes,
                  soon=len(needs.soon(now, minutes)), today=len(needs.today(now)))  # fmt: skip
        only = tr("只看 {source}", source=named("event_source", self.source)) if self.source else ""
        return [(only, Ink("age", "t1", True)), (line, Ink("age", "t2"))]

    def place(self) -> None:
        wide = self.look.px(280)
        self._field.setGeometry(
            self.width() - wide, self.look.px(self.top), wide, self.look.px(TAB - 6)
        )
        self._name_field()

    def draw_head(self, paper: Paper, base: float) -> None:
        tabs.draw(paper, self.top, self._tabs(), None if self._words else self.tab)
        for word, at, side in self._columns(paper.width):
            here = word == self.sorted_by
            paper.write(at, base, tr(word), Ink("head", "t1" if here else "", here), side)

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        view = self.view(key)
        if view is None:
            return
        clock, now = self._clock(view), self.picture.now
        lamp = clock.lamp(now) if clock else GREY
        urgent = lamp in (RED, ORANGE)
        base, ink = box.center().y() + 6, Ink("body", "t1" if urgent else "t2", urgent)
        columns = {word: at for word, at, _ in self._columns(paper.width)}
        if view.open:
            paper.lamp(16, box.center().y(), 18, lamp)
        paper.write(columns["编号"], base, words.event_number(view), Ink("age"), room=110)
        room = columns["地点"] - columns["事项"] - 16
        paper.write(columns["事项"], base, view.event.headline, ink, room=room)
        place = columns["来源"] - columns["地点"] - 16
        where = words.event_place(view, self.picture)
        paper.write(columns["地点"], base, where, Ink("label"), room=place)
        source = named("event_source", view.event.source, "short")
        paper.write(columns["来源"], base, source, Ink("label", "t3"), room=64)
        paper.write(columns["急"], base, view.event.urgency, Ink("label", "t1" if urgent else "t3"))
        paper.write(columns["现钟"], base, self.step_of(view), Ink("label", "t3"), room=84)
        if clock is not None:
            paper.write(paper.width - 8, base, words.left(clock, now), ink, RIGHT)
        if f"eventwork:{key}" in self.picture.unsent:
            paper.write(columns["编号"], base + 14, tr("未送达中心池"), Ink("age", "t2"))

    def step_of(self, view: EventView) -> str:
        clock = self._clock(view)
        if clock is None:
            return named("event_state", view.state)
        return f"{named('event_limit', f'{view.event.urgency}-{clock.step}')} {clock.step}"

    def commands(self) -> list[Command]:
        return [
            *super().commands(), Command("/", tr("搜索全池"), self._begin_search),
            *tabs.commands(self._tabs(), self.select_tab),
            Command("F5", tr("来源"), self.next_source), Command("F6", tr("排序"), self.next_sort),
        ]  # fmt: skip

    def next_source(self) -> None:
        """Show the events of one source after the other, then of all."""
        here = sorted({v.event.source for v in self.picture.events.values()})
        ring = ["", *here]
        at = ring.index(self.source) if self.source in ring else 0
        self.source = ring[(at + 1) % len(ring)]
        self._anew()

    def next_sort(self) -> None:
        at = list(SORTS).index(self.sorted_by)
        self.sort_by(list(SORTS)[(at + 1) % len(SORTS)])

    def sort_by(self, column: str) -> None:
        """Order the rows by a column; one that cannot order leaves them as they are."""
        if column in SORTS:
            self.sorted_by = column
            self._anew()

    def _anew(self) -> None:
        self.current, self._first = "", 0
        self.renew()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        x, y = (event.position() / self.look.unit).toTuple()
        if self.top <= y < self.top + TAB:
            self._press_tab(x)
        elif self.top + TAB <= y < self.top + self.head:
            self._press_head(x)
        else:
            super().mousePressEvent(event)

    def wear(self) -> None:
        super().wear()
        self._name_field()

    def _begin_search(self) -> None:
        self._field.setFocus()
        self._field.selectAll()

    def _press_tab(self, x: float) -> None:
        tab = tabs.at(self.look, self._tabs(), x)
        if tab is not None:
            self.select_tab(tab)

    def _tabs(self) -> list[str]:
        return [tr(word) for word in TABS]

    def _press_head(self, x: float) -> None:
        here = [w for w, at, _ in self._columns(self.width() / self.look.unit) if at - 60 <= x]
        named_ = {"灯": "剩余", "现钟": "剩余"}
        if here:
            self.sort_by(named_.get(here[-1], here[-1]))

    def _columns(self, width: float) -> list[tuple[str, float, float]]:
        right = [("来源", 300.0), ("急", 218.0), ("现钟", 180.0)]
        title = 160.0
        place = title + (width - 300 - title) * 0.56
        return [
            ("灯", 6, 0.0), ("编号", 40, 0.0), ("事项", title, 0.0), ("地点", place, 0.0),
            *((word, width - back, 0.0) for word, back in right), ("剩余", width - 8, RIGHT),
        ]  # fmt: skip

    def _order(self, view: EventView) -> tuple[Any, ...]:
        clock = self._clock(view)
        runs = clock is not None and clock.paused_at is None
        left = (clock.due if clock is not None and runs else FAR, view.event.urgency)
        return (*SORTS[self.sorted_by](view), *left)

    def _clock(self, view: EventView) -> Deadline | None:
        """The clock that the wall keeps; of a row that only the search found there is none."""
        kept = self.context.needs.running.get(view.event.id)
        return kept or deadlines.running(view, self.picture.areas)

    def _show(self, words: str, rows: Sequence[EventView]) -> None:
        self._words = words
        self._found = {view.event.id: view for view in rows}
        self._anew()

    def _clear(self) -> None:
        self._words, self._found = "", {}
        self.renew()

    def _name_field(self) -> None:
        self._field.setPlaceholderText(tr("搜索全池，如 停水 沙浦　/"))
        self._field.setAccessibleName(tr("搜索全池"))
