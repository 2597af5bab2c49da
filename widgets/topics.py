"""反复出现: what comes back at one place, each topic down to its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QRectF

from commandwall import codes, events, recurring
from commandwall.clock import Ms, day
from commandwall.events import Event, EventView
from commandwall.picture import Changes, Picture, Tick
from commandwall.recurring import Topic
from commandwall.store.store import Reader
from widgets import age
from widgets.base import Command, Piece
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.rows import RowList
from widgets.text import plain

Found = tuple[list[Topic], Mapping[str, EventView]]
ROW, EVENT_ROW, INDENT = 60.0, 36.0, 76.0


def read(reader: Reader, now: Ms) -> Found:
    """The topics of the pool, and their events as they stand."""
    topics = recurring.of_pool(reader, now)
    return topics, events.views(reader, [key for topic in topics for key in topic.events])


class Topics(RowList):
    """The chosen topic shows its events under it, the newest first; one of them opens beside. It
    is looked for when the page is opened, and again by a key: that takes seconds."""

    id, title = "topics", "反复出现"
    kind = Event
    shows = frozenset({Tick})
    recalls = False
    row = ROW
    tells_rest = True

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._topics: dict[str, Topic] = {}
        self._views: Mapping[str, EventView] = {}
        self._opened, self._asked = "", Ms(0)

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if self.isVisible() and not self._asked:
            self.seek()
        super().refresh(picture, changes)

    def seek(self) -> None:
        """Look for them anew."""
        now = self._asked = self.picture.now
        self.ask(lambda reader: read(reader, now), self._take)

    def commands(self) -> list[Command]:
        return [
            Command("J", tr("下一条"), lambda: self._step(1)),
            Command("K", tr("上一条"), lambda: self._step(-1)),
            Command("N", tr("重新查找"), self.seek),
        ]

    def order(self) -> Sequence[str]:
        keys: list[str] = []
        for key, topic in self._topics.items():
            keys += [key, *reversed(topic.events)] if key == self._opened else [key]
        return keys

    def tall(self, key: str) -> float:
        return ROW if key in self._topics else EVENT_ROW

    def choose(self, key: str) -> None:
        """A topic shows its events; an event opens beside."""
        if key not in self._topics:
            super().choose(key)
            return
        self.current = self._opened = key
        self.renew()

    def empty_line(self) -> str:
        return tr("没有反复出现的问题") if self.at else tr("正在查找")

    def aside(self) -> list[Piece]:
        if not self.at:
            return []
        days = int(codes.limit("topic_days", day(self.at)))
        told = tr("近 {n} 天　{m} 题　按文字归并，供参考", n=days, m=len(self._topics))
        return [(told, Ink("age", "t2"))]

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        if key in self._topics:
            self._draw_topic(paper, self._topics[key], box)
        elif key in self._views:
            self._draw_event(paper, self._views[key], box)

    def _draw_topic(self, paper: Paper, topic: Topic, box: QRectF) -> None:
        base, count = box.center().y() - 4, age.number(len(topic.events))
        paper.write(INDENT - 20, base + 10, count, Ink("item", "t1"), RIGHT)
        since = tr("{a} 至 {b}", a=age.day(topic.first), b=age.day(topic.last))
        room = paper.width - paper.length(since, Ink("age")) - 24
        paper.write(paper.width - 8, base, since, Ink("age"), RIGHT)
        end = paper.write(INDENT, base, plain(topic.place, 24), Ink("body", "t1", True))
        words = plain(tr("、").join(topic.words), 60)
        paper.write(end + 16, base, words, Ink("label", "t2"), room=room - end - 16)
        typical = self._views.get(topic.typical)
        title = plain(typical.event.headline) if typical else ""
        paper.write(INDENT, base + 22, title, Ink("age"), room=paper.width - INDENT - 8)

    def _draw_event(self, paper: Paper, view: EventView, box: QRectF) -> None:
        base, state = box.center().y() + 5, named("event_state", view.state)
        paper.write(INDENT, base, age.day(view.event.reported_at), Ink("age"))
        start = paper.width - 8 - paper.length(state, Ink("label")) - 16
        paper.write(paper.width - 8, base, state, Ink("label"), RIGHT)
        left = INDENT + 112
        paper.write(left, base, plain(view.event.headline), Ink("label", "t1"), room=start - left)

    def _take(self, found: Found) -> None:
        topics, self._views = found
        self._topics = {f"topic/{t.place}/{t.events[0]}": t for t in topics}
        self.at = self._asked
        self.renew()
