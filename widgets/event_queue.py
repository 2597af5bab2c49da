"""The event queue: what waits for a person, by the time left; search over the whole pool."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QLineEdit

from commandwall import catalogue, deadlines, event_lists
from commandwall.clock import Ms
from commandwall.deadlines import GREY, ORANGE, RED, Deadline
from commandwall.events import NEW, Event, EventView
from commandwall.picture import Changes, Picture, Tick
from commandwall.saved_views import AFTER, POOL, ROWS, SHARES, SWIFT, Filter, SavedView, findable
from commandwall.store.store import Reader
from commandwall.tagging import EventTag
from commandwall.urging import Urge
from widgets import age, event_filter, event_tier, event_urge, tabs, words
from widgets.base import Command
from widgets.event_views import EventViews
from widgets.exporter import Exporter
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.rows import RowList
from widgets.studies import Studies
from widgets.swift_figures import TALL, SwiftFigures
from widgets.tabs import TAB

FOUND = 200
"""Rows of the whole pool that are listed."""
FAR = 1 << 62
RIGHT_SIDE = (("来源", 410.0), ("分办", 328.0), ("急", 218.0), ("现钟", 180.0))
WIDE = 820.0
"""Columns at the right and how far from there; a narrower list leaves all but the last and the
place to the card, else no title could be read."""
Found = tuple[dict[str, EventView], int]
"""Rows of the whole pool, and how many there are."""
TABS = (*SHARES, AFTER)
READ = (POOL, ROWS, AFTER)
"""Shares that are read from disk, and not of what is open."""
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
    """Sorted by the time left. Tabs by F1..F6 and Shift F1, `/` searches every event the pool ever
    had, Ctrl F sets a filter of either; a filter that is kept has a place in a row of its own."""

    id = "event_queue"
    title = "事件"
    kind = Event
    shows = frozenset({Event, EventTag, SavedView, Urge, Tick})
    head = 76.0
    most = FOUND

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.filter, self._asked = Filter(sort="剩余"), Filter()
        self._found, self._count = dict[str, EventView](), 0
        self.applied, self._asked_at = "", Ms(0)  # the saved view that was applied
        self._given, self._what = tuple[str, ...](), ""  # rows of a number, and what it counts
        self._views, self._exporter = EventViews(self, self), Exporter(self, self)
        self._held = event_filter.Held()
        self._studies = Studies(self, self.list_rows)
        self._swift = SwiftFigures(self, self.list_rows)
        self._field = QLineEdit(self)
        self._field.setMaxLength(80)
        self._field.returnPressed.connect(self.search)
        self._field.textChanged.connect(lambda text: None if text else self._clear())
        self._name_field()

    @property
    def lead(self) -> float:
        return self.head + self._views.tall + (TALL if self.filter.share == SWIFT else 0.0)

    def order(self) -> Sequence[str]:
        if self.filter.share in READ:
            return list(self._found)
        found = self._held.begin(self.filter, self.picture, self.context.needs)
        return [v.event.id for v in sorted(found, key=self._order)]

    def members(self) -> Iterable[str]:
        return self._found if self.filter.share in READ else self._held.keys

    def all_keys(self) -> Sequence[str]:
        """The ids of all rows, also of those that the list has no room for."""
        return self._given if self.filter.share == ROWS else self.order()

    def holding(self, filter: Filter) -> int:
        """How many of the open events a filter holds."""
        some = self.picture.events.values()
        return sum(1 for _ in event_filter.held(filter, some, self.picture, self.context.needs))

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if changes.kinds & {Tick, SavedView}:  # it counts anew: that need not be with each event
            self._views.look()
        if self.filter.share == SWIFT:
            self._swift.look()
        if self.filter.share in (POOL, ROWS):
            views: Sequence[Any] = changes.of(Event)  # of an event a picture holds its view
            news = {v.event.id: v for v in views if self._in_pool(v, picture.now)}
            self._count += len(news.keys() - self._found.keys())
            self._found = {k: v for k, v in news.items() if k not in self._found} | self._found
            self._found.update(news)
        if self.filter.share == AFTER and Event in changes.kinds and self.context.past is None:
            self._ask(self.filter, self._renewed)
        moved = bool(changes.kinds & {Event, EventTag})
        if self.filter.share not in READ:  # which open ones a read list would hold nobody asks
            moved = self._held.look(self.filter, picture, self.context.needs, changes)
        if moved or not self.keys:
            super().refresh(picture, changes)
        self.at = picture.ages.get("events")

    def select_tab(self, tab: int) -> None:
        """Show another share of the open events."""
        self.apply(replace(self.filter, share=TABS[tab], words=""))

    def search(self) -> None:
        """List the events of this number, else what the pool has of these words."""
        if self._field.hasFocus():
            self.window().setFocus()
        if asked := self._field.text().strip():
            words = self._asked = Filter(POOL, words=asked, sort=self.filter.sort)
            self.ask(partial(event_lists.numbered, typed=asked), partial(self._go_on, words))

    def _go_on(self, words: Filter, keys: list[str]) -> None:
        if words != self._asked:  # something else was asked for meanwhile
            return
        if keys:
            self.list_rows(tr("编号 {number}", number=words.words), keys)
        else:
            self.apply(words)

    def apply(self, filter: Filter, view: str = "") -> None:
        """List what a filter holds; what the pool has of it comes when it is found."""
        self._asked = filter = findable(filter)
        if filter.share not in (POOL, AFTER):
            self._list(filter, view, {}, 0)
        elif self.context.past is not None:
            self.refused(tr("全池只按此刻搜索，回看时不能搜"))
        else:
            self._ask(filter, lambda found: self._take(filter, view, found))

    def _ask(self, filter: Filter, take: Callable[[Found], None]) -> None:
        self._asked_at = now = self.picture.now
        read = _owing if filter.share == AFTER else _in_pool
        self.ask(partial(read, filter=filter, now=now), take)

    def _renewed(self, found: Found) -> None:
        """What is due after the end changed: the chosen row stays."""
        if self.filter.share == AFTER:
            self._found, self._count = found
            self.renew()

    def list_rows(self, what: str, keys: Sequence[str]) -> None:
        """List exactly the events that a number counts, the first of them where they are many."""
        if self.context.past is not None:
            self.refused(tr("全池只按此刻搜索，回看时不能搜"))
            return
        filter = self._asked = Filter(ROWS, sort=self.filter.sort)
        self._given, self._what = tuple(keys), what
        self.ask(
            lambda reader: {v.event.id: v for v in event_lists.some_of(reader, keys[:FOUND])},
            lambda found: self._take(filter, "", (found, len(keys))),
        )

    def view(self, key: str) -> EventView | None:
        """The newest view of a row."""
        return self.picture.events.get(key) or self._found.get(key)

    def empty_line(self) -> str:
        asked = event_filter.told(self.filter, self.picture)
        if self.filter.share == AFTER and not asked:
            return tr("没有待回访、待复盘的事件")
        return tr("没有这样的事件：{asked}", asked=asked) if asked else tr("没有待处理的事件")

    def aside(self) -> list[tuple[object, Ink]]:
        asked = self._what if self.filter.share == ROWS else self._asked_for()
        lost = event_filter.gone(self.filter, self.picture)
        line = self._in_all() if self.filter.share in (POOL, ROWS) else self._at_work()
        line = self._swift.aside() if self.filter.share == SWIFT else line
        only = tr("只看 {what}", what=asked) if asked else ""
        loud = (self._studies.sign(), lost, only)
        told = [*((one, Ink("age", "t1", True)) for one in loud), line]
        return [piece for piece in told if piece[0]]

    @property
    def many(self) -> str:
        """How many rows the filter has, of which the list shows the first."""
        if self.filter.share not in READ:
            return age.number(len(self._held.keys))
        more = self.filter.words and self._count >= FOUND
        return f"{'≥ ' if more else ''}{age.number(self._count)}"

    @property
    def told(self) -> str:
        """What the list holds, in words."""
        return self._what if self.filter.share == ROWS else self._asked_for(True)

    def draw(self, paper: Paper) -> None:
        super().draw(paper)
        told = self._exporter.said
        paper.write(0, paper.height - 10, told, Ink("age", "t1"), room=paper.width * 0.6)

    def _in_all(self) -> tuple[object, Ink]:
        if self.picture.sync.past is not None:
            n, past = age.number(len(self._found)), words.past(self.picture.sync)
            return tr("查到 {n} 条；{past}", n=n, past=past), Ink("age", "t1")
        n = self.many
        if self.filter.share == ROWS:
            told = tr("共 {n} 行") if self._count <= FOUND else tr("共 {n} 行，列前 {m} 行")
            return told.format(n=n, m=FOUND), Ink("age", "t2")
        if self._count > FOUND:
            return tr("全池 {n} 条，列最新 {m} 条", n=n, m=FOUND), Ink("age", "t2")
        return tr("全池查到 {n} 条", n=n), Ink("age", "t2")

    def _at_work(self) -> tuple[object, Ink]:
        needs, now, minutes = self.context.needs, self.picture.now, deadlines.soon_minutes()
        line = tr("在办 {n}　逾期 {late}　{m} 分内将逾期 {soon}　今日内 {today}",
                  n=len(self.picture.events), late=len(needs.overdue), m=minutes,
                  soon=needs.soon(now, minutes), today=needs.today(now))  # fmt: skip
        if urged := event_urge.unanswered(self.picture):
            line += "　" + tr("催办未答 {n}", n=urged)
        return line, Ink("age", "t2")

    def place(self) -> None:
        free = self.width() - self.look.px(tabs.wide(self.look, self._tabs()) + 8)
        wide = max(self.look.px(120), min(self.look.px(280), free))
        self._field.setGeometry(
            self.width() - wide, self.look.px(self.top), wide, self.look.px(TAB - 6)
        )
        self._name_field()

    def draw_head(self, paper: Paper, base: float) -> None:
        share = self.filter.share
        tabs.draw(paper, self.top, self._tabs(), TABS.index(share) if share in TABS else None)
        self._views.draw(paper, self.top + TAB, self.applied)
        if share == SWIFT:
            self._swift.draw(paper, self.top + TAB + self._views.tall + 4)
        for word, at, side in self._columns(paper.width):
            here = word == self.filter.sort and self.filter.share not in (POOL, ROWS)
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
        if view.open or clock is not None:
            paper.lamp(16, box.center().y(), 18, lamp)
        paper.write(columns["编号"], base, view.number, Ink("age"), room=110)
        start, end = columns["事项"], columns.get("地点", columns["现钟"]) - 16
        if catalogue.outside(view):
            start = paper.write(start, base, tr("清单外"), Ink("age", "t1", True)) + 8
        if urged := event_urge.mark(view, self.picture):
            start = paper.write(start, base, urged, Ink("age", "t1", True)) + 8
        paper.write(start, base, view.event.headline, ink, room=end - start)
        if "来源" in columns:
            place = columns["来源"] - columns["地点"] - 16
            where = words.event_place(view, self.picture)
            paper.write(columns["地点"], base, where, Ink("label"), room=place)
            source = named("event_source", view.event.source, "short")
            paper.write(columns["来源"], base, source, Ink("label", "t3"), room=64)
            event_tier.draw_cell(paper, columns["分办"], base, view, self.picture)
            level = Ink("label", "t1" if urgent else "t3")
            paper.write(columns["急"], base, view.event.urgency, level)
        left = words.left(clock, now) if clock is not None else ""
        room = paper.width - 16 - paper.length(left, ink) - columns["现钟"]
        step, told = Ink("label", "t3"), self.step_of(view)
        if clock is not None and paper.length(told, step) > room:
            told = told.rpartition(" ")[2]  # its number says which clock it is, a cut name does not
        paper.write(columns["现钟"], base, told, step, room=max(0, room))
        paper.write(paper.width - 8, base, left, ink, RIGHT)
        if f"eventwork:{key}" in self.picture.unsent:
            paper.write(columns["编号"], base + 14, tr("未送达中心池"), Ink("age", "t2"))

    def step_of(self, view: EventView) -> str:
        if (clock := self._clock(view)) is None:
            return named("event_state", view.state)
        return words.clock(view.event.urgency, clock.step)

    def commands(self) -> list[Command]:
        return [
            *super().commands(), Command("/", tr("搜索全池"), self._begin_search),
            *tabs.commands(self._tabs(), self.select_tab),
            Command("Shift+F5", tr("来源"), self.next_source),
            Command("Shift+F6", tr("排序"), self.next_sort),
            Command("Ctrl+F", tr("筛选事件"), self.ask_filter),
            Command("Ctrl+0", tr("不筛选"), self.unfilter), self._exporter.command(),
            *self._views.commands(), *self._studies.commands(),
            self._swift.command(),
        ]  # fmt: skip

    def ask_filter(self) -> None:
        """Set all of the filter in a sheet."""
        self.context.over(event_filter.sheet(self, findable(self.filter), self.apply))

    def unfilter(self) -> None:
        """Show all of the share again, of the whole pool that which waits here."""
        share = self.filter.share if self.filter.share in SHARES else SHARES[0]
        self.apply(Filter(share, sort=self.filter.sort))

    def next_source(self) -> None:
        """Show the events of one source after the other, then of all."""
        here = sorted({v.event.source for v in self.picture.events.values()})
        ring = ["", *here]
        at = ring.index(self.filter.source) if self.filter.source in ring else 0
        self.apply(replace(self.filter, source=ring[(at + 1) % len(ring)]))

    def next_sort(self) -> None:
        at = list(SORTS).index(self.filter.sort) if self.filter.sort in SORTS else 0
        self.sort_by(list(SORTS)[(at + 1) % len(SORTS)])

    def sort_by(self, column: str) -> None:
        """Order the rows by a column; one that cannot order leaves them as they are."""
        if column in SORTS:
            self.filter = replace(self.filter, sort=column)
            self._anew()

    def _asked_for(self, share: bool = False) -> str:
        return event_filter.told(self.filter, self.picture, share)

    def _anew(self) -> None:
        self.current, self._first = "", 0
        self.renew()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        x, y = (event.position() / self.look.unit).toTuple()
        if self.top <= y < self.top + TAB:
            self._press_tab(x)
        elif self.top + TAB <= y < self.top + TAB + self._views.tall:
            self._press_view(x)
        elif self.filter.share == SWIFT and self._swift.press(x, y):
            return
        elif self.top + TAB <= y < self.top + self.lead:
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

    def _press_view(self, x: float) -> None:
        if (view := self._views.at(x, self.width() / self.look.unit)) is not None:
            self._views.apply(view.id)

    def _tabs(self) -> list[str]:
        return [tr(event_filter.NAMES[share]) for share in TABS]

    def _press_head(self, x: float) -> None:
        here = [w for w, at, _ in self._columns(self.width() / self.look.unit) if at - 60 <= x]
        named_ = {"灯": "剩余", "现钟": "剩余"}
        if here:
            self.sort_by(named_.get(here[-1], here[-1]))

    def _columns(self, width: float) -> list[tuple[str, float, float]]:
        title, wide = 160.0, width >= WIDE
        place = title + (width - RIGHT_SIDE[0][1] - title) * 0.56
        return [
            ("灯", 6, 0.0), ("编号", 40, 0.0), ("事项", title, 0.0),
            *([("地点", place, 0.0)] if wide else []),
            *((word, width - back, 0.0) for word, back in RIGHT_SIDE[0 if wide else -1:]),
            ("剩余", width - 8, RIGHT),
        ]  # fmt: skip

    def _order(self, view: EventView) -> tuple[Any, ...]:
        clock = self._clock(view)
        runs = clock is not None and clock.paused_at is None
        left = (clock.due if clock is not None and runs else FAR, view.event.urgency)
        if self.filter.share == SWIFT:  # what nobody has answered yet is what the lane is for
            return (view.state != NEW, *left)
        return (*SORTS.get(self.filter.sort, SORTS["剩余"])(view), *left)

    def _clock(self, view: EventView) -> Deadline | None:
        """The clock that the wall keeps; of a row that only the search found there is none."""
        kept = self.context.needs.running.get(view.event.id)
        return kept or deadlines.running(view, self.picture.areas)

    def _take(self, filter: Filter, view: str, found: Found) -> None:
        if filter == self._asked:  # nothing else was asked for meanwhile
            self._list(filter, view, *found)

    def _list(self, filter: Filter, view: str, found: dict[str, EventView], count: int) -> None:
        self.filter, self.applied, self._found, self._count = filter, view, found, count
        if filter.share == SWIFT:
            self._swift.look()
        searched = filter.words if filter.share == POOL else ""
        if self._field.text().strip() != searched:
            self._field.blockSignals(True)  # nobody typed it
            self._field.setText(searched)
            self._field.blockSignals(False)
        self._anew()

    def _clear(self) -> None:
        if self.filter.share == POOL and self.filter.words:
            self.unfilter()

    def _in_pool(self, view: EventView, now: Ms) -> bool:
        """Whether a change is of a row of the list, or of a new one that belongs to it."""
        if view.event.id in self._found:
            return True
        asks = self.filter.share == POOL and not self.filter.tag  # nothing new has one
        new = asks and view.event.received_at >= self._asked_at
        return new and self.filter.stands(view) and self.filter.fits(view.event, now)

    def _name_field(self) -> None:
        self._field.setPlaceholderText(tr("编号，或全池搜字：停水 沙浦　/"))
        self._field.setAccessibleName(tr("搜索全池"))


def _owing(reader: Reader, filter: Filter, now: Ms) -> Found:
    """What is due after the end, and how much of it is listed."""
    found = event_lists.owing(reader, filter, now, FOUND)
    return {view.event.id: view for view in found}, len(found)


def _in_pool(reader: Reader, filter: Filter, now: Ms) -> Found:
    """The newest that a filter finds in the whole pool, and how many there are."""
    found = event_lists.find(reader, filter, now, FOUND)
    many = event_lists.count(reader, filter, now, FOUND) if not filter.words else len(found)
    return {view.event.id: view for view in found}, many
