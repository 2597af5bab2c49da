"""The tabs of the page 反复出现: what comes back at one place, hot words, what rises. Each is a
list of headings; the opened one shows its events under it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Protocol

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from commandwall import codes, event_lists, events, hotwords, recurring, rising
from commandwall.clock import DAY, Ms, day
from commandwall.desk import Desk
from commandwall.events import EventView
from commandwall.hotwords import HotWord
from commandwall.mentions import Mention
from commandwall.picture import Picture
from commandwall.recurring import Topic
from commandwall.rights import About
from commandwall.rising import Rising
from commandwall.store.store import Reader
from widgets import age, words
from widgets.base import Command, Piece
from widgets.i18n import named, tr
from widgets.look import Look
from widgets.paper import RIGHT, Ink, Paper
from widgets.text import plain

ROW, EVENT_ROW, INDENT = 60.0, 36.0, 76.0
OUTSIDE = "mention/"
"""What the key of a mention's row begins with."""
SHOWN = 200
"""Events that are listed under one heading."""
Views = Mapping[str, EventView]


class Host(Protocol):
    """What a face asks of the list that shows it."""

    @property
    def picture(self) -> Picture: ...
    @property
    def desk(self) -> Desk: ...

    @property
    def look(self) -> Look: ...

    current: str

    def ask(self, query: Callable[..., Any], then: Callable[[Any], object]) -> None: ...
    def follow(self, answer: Any, then: Callable[[Any], object] | None = None) -> None: ...
    def renew(self) -> None: ...
    def do(self, act: Callable[..., None], then: Any = None, **args: Any) -> Any: ...
    def acted(self, done: Any) -> None: ...
    def barred(self, act: Callable[..., None], it: About) -> str: ...
    def refused(self, why: str) -> None: ...
    def over(self, sheet: QWidget) -> None: ...
    def mention(self, views: Sequence[EventView]) -> None: ...
    def window(self) -> QWidget: ...


class Face:
    """One tab. It is looked for when it is first shown, and again by a key."""

    name: ClassVar[str]
    nothing: ClassVar[str]
    """What it says where there is none."""
    acts: ClassVar[bool] = False
    """Whether its rows are worked on by the keys of the bar."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.at: Ms | None = None
        """Of which moment is what is shown."""
        self.items: dict[str, Any] = {}
        self.views: Views = {}
        self.opened = ""
        self._asked = Ms(0)

    # What a face gives.

    def look(self, now: Ms) -> None:
        """Look for it, beside the screen's thread, and hand it to `found`."""
        raise NotImplementedError

    def rows(self, item: Any) -> Sequence[str]:
        """Ids of the events under a heading, the newest first."""
        raise NotImplementedError

    def draw_item(self, paper: Paper, item: Any, box: QRectF) -> None:
        raise NotImplementedError

    def told(self) -> str:
        """What is said of all of it, once it is found."""
        raise NotImplementedError

    def commands(self) -> list[Command]:
        return []

    # What the list asks.

    def begin(self) -> None:
        """It is shown."""
        if not self._asked:
            self.seek()

    def seek(self) -> None:
        """Look for it anew."""
        self._asked = self.host.picture.now
        self.look(self._asked)

    def found(self, items: dict[str, Any]) -> None:
        self.items, self.at = items, self._asked
        if self.opened in items:
            self.unfold(self.opened)
        else:
            self.show_places()
        self.host.renew()

    def order(self) -> Sequence[str]:
        keys: list[str] = []
        for key, item in self.items.items():
            keys += [key, *self._listed(item)] if key == self.opened else [key]
        return keys

    def holds(self, key: str) -> bool:
        """Whether a row is one of its own, and no event."""
        return key in self.items

    def tall(self, key: str) -> float:
        return ROW if key in self.items else EVENT_ROW

    def unfold(self, key: str) -> None:
        """Show the events of a heading; they are read where they are not known yet."""
        self.opened = key
        wanted = self._listed(self.items[key])
        self.show_places()
        if any(event not in self.views for event in wanted):
            self.host.ask(lambda reader: events.views(reader, wanted), self._take)

    def empty_line(self) -> str:
        return tr(self.nothing) if self.at else tr("正在查找")

    def aside(self) -> list[Piece]:
        return [(self.told(), Ink("age", "t2"))] if self.at else []

    def draw(self, paper: Paper, key: str, box: QRectF) -> None:
        if key in self.items:
            self.draw_item(paper, self.items[key], box)
        elif (view := self.view(key)) is not None:
            _draw_event(paper, view, box)

    def view(self, key: str) -> EventView | None:
        """The newest that is known of an event: it may have got a restricted class since."""
        return self.host.picture.events.get(key) or self.views.get(key)

    def _listed(self, item: Any) -> list[str]:
        return list(self.rows(item)[:SHOWN])

    def _take(self, views: Views) -> None:
        self.views = {**self.views, **views}
        self.show_places()
        self.host.renew()

    def show_places(self) -> None:
        """The map shows where the opened heading is told of; where none is opened, nothing."""
        self.host.mention(self.placed())

    def placed(self) -> list[EventView]:
        """The events of the opened heading."""
        item = self.items.get(self.opened)
        keys = self._listed(item) if item is not None else []
        return [view for key in keys if (view := self.view(key)) is not None]


class Recurring(Face):
    """What comes back at one place."""

    name, nothing = "反复问题", "没有反复出现的问题"

    def look(self, now: Ms) -> None:
        self.host.ask(lambda reader: _topics(reader, now), self._found)

    def rows(self, item: Topic) -> Sequence[str]:
        return item.events[::-1]

    def told(self) -> str:
        days = int(codes.limit("topic_days", day(self._asked)))
        return tr("近 {n} 天　{m} 题　按文字归并，供参考", n=days, m=len(self.items))

    def draw_item(self, paper: Paper, item: Topic, box: QRectF) -> None:
        since = tr("{a} 至 {b}", a=age.day(item.first), b=age.day(item.last))
        typical = self.view(item.typical)
        title = typical.event.headline if typical else ""
        beside = tr("、").join(item.words)
        draw_head(paper, box, len(item.events), item.place, beside, since, title)

    def _found(self, found: tuple[list[Topic], Views]) -> None:
        topics, self.views = found
        self.found({f"topic/{t.place}/{t.events[0]}": t for t in topics})


class HotWords(Face):
    """Words that are told of far oftener than before, of the city or of one town."""

    name, nothing = "热词", "没有比此前明显多的词"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.town = ""
        self._all = hotwords.Found((), Ms(0), Ms(0), 0, 0, 0)

    def look(self, now: Ms) -> None:
        self.host.follow(hotwords.Search(self.host.desk.folder, now).answer, self._found)

    def rows(self, item: HotWord) -> Sequence[str]:
        return item.events

    def order(self) -> Sequence[str]:
        """Under the opened word its events, then what was said of it elsewhere."""
        keys = list(super().order())
        if (word := self.items.get(self.opened)) is not None:
            at = keys.index(self.opened) + 1 + len(self._listed(word))
            keys[at:at] = [OUTSIDE + one.id for one in word.mentions]
        return keys

    def holds(self, key: str) -> bool:
        return key in self.items or key.startswith(OUTSIDE)

    def unfold(self, key: str) -> None:
        if key in self.items:
            super().unfold(key)

    def draw(self, paper: Paper, key: str, box: QRectF) -> None:
        word = self.items.get(self.opened)
        if not key.startswith(OUTSIDE) or word is None:
            super().draw(paper, key, box)
            return
        found = (one for one in word.mentions if OUTSIDE + one.id == key)
        if (mention := next(found, None)) is not None:
            _draw_mention(paper, mention, box)

    def commands(self) -> list[Command]:
        return [
            Command("F5", tr("换镇街"), partial(self.turn, 1)),
            Command("Shift+F5", tr("前一镇街"), partial(self.turn, -1)),
        ]

    def turn(self, by: int) -> None:
        """Show the words of another town, or of the city again."""
        towns = list(dict.fromkeys(["", *(word.town for word in self._all.words)]))
        at = towns.index(self.town) if self.town in towns else 0
        self.town, self.opened = towns[(at + by) % len(towns)], ""
        self._show()

    def empty_line(self) -> str:
        if self.at and self._all.before < codes.limit("hot_past", day(self.at)):
            return tr("此前只有 {n} 件，不足以比较", n=self._all.before)
        return super().empty_line()

    def told(self) -> str:
        found = self._all
        days = max(0.0, (found.since - found.first) / DAY)
        drawn = tr("（每 {n} 件取一）", n=found.every) if found.every > 1 else ""
        return tr(
            "{place}　近 {n} 天 {m} 件，与此前 {d} 天 {k} 件比",
            place=words.place(self.host.picture, self.town) if self.town else tr("全市"),
            n=round((self._asked - found.since) / DAY), m=age.number(found.now),
            d=round(days), k=age.number(found.before),
        ) + drawn  # fmt: skip

    def draw_item(self, paper: Paper, item: HotWord, box: QRectF) -> None:
        picture = self.host.picture
        places = [f"{plain(name, 24)} {n}" for name, n in item.places]
        if not self.town:
            places = [f"{words.place(picture, code)} {n}" for code, n in item.towns] + places
        if item.outside:
            places.insert(0, tr("网上提及 {n}", n=age.number(item.outside)))
        right, beside = against(item.n, item.usual), tr("、").join(item.beside)
        draw_head(paper, box, item.n, item.word, beside, right, "　".join(places))

    def _found(self, found: hotwords.Found) -> None:
        self._all = found
        if self.town and all(word.town != self.town for word in found.words):
            self.town = ""
        self._show()

    def _show(self) -> None:
        here = (word for word in self._all.words if word.town == self.town)
        self.found({f"word/{word.town}/{word.word}": word for word in here})


class Risen(Face):
    """Classes that a town, or the city, has far oftener than before."""

    name, nothing = "升温", "没有比此前明显多的事项"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._events: dict[str, list[str]] = {}

    def look(self, now: Ms) -> None:
        self.host.ask(lambda reader: rising.of_pool(reader, now), self._found)

    def rows(self, item: Rising) -> Sequence[str]:
        return self._events.get(_key(item), [])

    def unfold(self, key: str) -> None:
        """Its events are found by class, town and days."""
        self.opened, now = key, self._asked
        filter = self.items[key].filter(now)
        self.host.ask(
            lambda reader: event_lists.find(reader, filter, now, SHOWN), partial(self._read, key)
        )

    def told(self) -> str:
        on = day(self._asked)
        days, whole = (int(codes.limit(name, on)) for name in ("hot_days", "hot_from"))
        told = tr("近 {n} 天，与此前 {d} 天比", n=days, d=whole - days)
        return f"{told}　{tr('{n} 项', n=len(self.items))}"

    def draw_item(self, paper: Paper, item: Rising, box: QRectF) -> None:
        place = words.place(self.host.picture, item.town) if item.town else tr("全市")
        cls, more = named("event_class", item.cls), ""
        if item.n > SHOWN:
            more = tr("列最新 {n} 条", n=SHOWN)
        draw_head(paper, box, item.n, cls, place, against(item.n, item.usual), more)

    def _found(self, found: list[Rising]) -> None:
        self._events = {}
        self.found({_key(one): one for one in found})

    def _read(self, key: str, found: list[EventView]) -> None:
        self._events[key] = [view.event.id for view in found]
        self._take({view.event.id: view for view in found})


def _key(item: Rising) -> str:
    return f"rising/{item.town}/{item.cls}"


def _topics(reader: Reader, now: Ms) -> tuple[list[Topic], Views]:
    """The topics of the pool, and their events as they stand."""
    topics = recurring.of_pool(reader, now)
    return topics, events.views(reader, [key for topic in topics for key in topic.events])


def against(n: int, usual: float) -> str:
    """此前 3.2　× 4.4: how many there would be as before, and how many times that there are."""
    if usual < 0.05:
        return tr("此前没有")
    told = tr("此前 {n}", n=age.number(usual, 1))
    return f"{told}　× {age.number(n / usual, 1)}"


def draw_head(
    paper: Paper, box: QRectF, n: int, name: str, beside: str, right: str, below: str
) -> None:
    """How many, of what; at the right what it is compared with, and a line under it."""
    base = box.center().y() - 4
    paper.write(INDENT - 20, base + 10, age.number(n), Ink("item", "t1"), RIGHT)
    room = paper.width - paper.length(right, Ink("age")) - 24
    paper.write(paper.width - 8, base, right, Ink("age"), RIGHT)
    end = paper.write(INDENT, base, plain(name, 24), Ink("body", "t1", True))
    paper.write(end + 16, base, plain(beside, 60), Ink("label", "t2"), room=room - end - 16)
    paper.write(INDENT, base + 22, plain(below), Ink("age"), room=paper.width - INDENT - 8)


def _draw_event(paper: Paper, view: EventView, box: QRectF) -> None:
    base, state = box.center().y() + 5, named("event_state", view.state)
    paper.write(INDENT, base, age.day(view.event.reported_at), Ink("age"))
    start = paper.width - 8 - paper.length(state, Ink("label")) - 16
    paper.write(paper.width - 8, base, state, Ink("label"), RIGHT)
    left = INDENT + 112
    paper.write(left, base, plain(view.event.headline), Ink("label", "t1"), room=start - left)


def _draw_mention(paper: Paper, mention: Mention, box: QRectF) -> None:
    """When and where it was said, and what."""
    base, where = box.center().y() + 5, plain(mention.source, 24) or tr("网上")
    paper.write(INDENT, base, age.day(mention.at), Ink("age"))
    start = paper.width - 8 - paper.length(where, Ink("label")) - 16
    paper.write(paper.width - 8, base, where, Ink("label"), RIGHT)
    left = INDENT + 112
    said = " ".join(filter(None, (plain(mention.place, 24), plain(mention.text, 120))))
    paper.write(left, base, said, Ink("label", "t2"), room=start - left)
