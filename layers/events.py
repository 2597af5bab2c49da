"""Events 事件: small signs without hue; what is only known to an area is shown as such."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from commandwall.areas import Area
from commandwall.arrays import ordered
from commandwall.clock import Ms
from commandwall.events import AREA, NEW, POINT, Event, EventView
from commandwall.picture import Changes, Picture, SyncState, Tick
from layers import words
from layers.alarms import mark
from layers.areas import SHOWN
from layers.base import Layer
from layers.geometry import Ints
from layers.marks import FILLED, HOLLOW, NUMERALS, UNKNOWN, paint_event
from layers.points import Point, Points
from layers.scene import BESIDE, Dots, Names, Scene, Stamps, by_y
from layers.style import CITY
from layers.tint import AreaTree
from layers.trust import late

STEPS, GRADED = len(NUMERALS) + 1, 2
"""Steps of the rank, of which each is twice: taken, and not; and the first rank with a grade."""


class EventsLayer(Layer):
    """Open events. A graded one carries its severity; the rest stays grey.

    From afar each one is a speck, and what is graded has its mark over them; nearer, those that
    would lie on each other are shown by the worst of them, with a count.
    """

    id, title, order = "events", "事件", 60
    shows = frozenset({Event, Area, SyncState, Tick})
    watched = True

    def __init__(self) -> None:
        super().__init__()
        self.calls: frozenset[str] = frozenset()
        """Events that wait for a person because their clock ran out: never lost among the rest."""
        self._late = False
        self._tree: AreaTree | None = None
        self._plane: object = None
        self._points = Points()
        self._on_area: dict[str, str] = {}  # event -> the area that is all we know of its place
        self._counted: list[Names] | None = None  # how many those are, by area

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        self.at = picture.ages.get("events")  # an hour without a new event is no old news
        gone = late(picture, scene)
        if not changes.kinds & {Event, Area} and gone == self._late:
            return
        self._late = gone
        if self._tree is None or Area in changes.kinds:
            self._tree, self._counted = AreaTree(picture), None
        self._follow(picture, changes, scene)
        if self._counted is None:
            self._counted = counted(self._tree, Counter(self._on_area.values()), scene)
        self.count = len(picture.events)
        found = (picture.events.get(id_) for id_ in sorted(self.calls))
        calls = [v for v in found if v is not None and has_point(v)]
        calling = self._calling(calls, picture.now, scene)
        scene.draw(self, *self._marks(scene), *self._counted, *calling)

    def _follow(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        """Keep up with the events that changed, or with all where it is not said which."""
        news = changes.records.get(Event)
        if news is None or Event in changes.whole or scene.plane is not self._plane:
            self._plane, self._points, self._on_area = scene.plane, Points(), {}
            news, self._counted = picture.events, None
        views = [v for v in map(picture.events.get, news) if v is not None]
        vague = {v.event.id: v.event.area for v in views if v.event.placed == AREA}
        self._place_on_areas(news, vague)
        points = [_point(v) for v in views if has_point(v)]
        self._points.drop(set(news) - {p.id for p in points})
        self._points.put(points, *scene.project([p.lon for p in points], [p.lat for p in points]))

    def _place_on_areas(self, news: Iterable[str], placed: Mapping[str, str]) -> None:
        """Of these, `placed` have no better place than an area; most news changes no count."""
        before = {id_: self._on_area.pop(id_) for id_ in news if id_ in self._on_area}
        self._on_area.update(placed)
        if before != placed:
            self._counted = None

    def _marks(self, scene: Scene) -> list[Dots | Stamps | Names]:
        points, mark_of = self._points, scene.style.map["mark"]
        x, y, rank, ids = points.x, points.y, points.rank, tuple(points.ids)
        signs = np.array([self._sign(r, scene) for r in range(2 * STEPS)], np.int32)
        graded = np.where(rank >= GRADED, signs[rank], -1).astype(np.int32)
        badges, titles = scene.sprites.badges(), tuple(points.titles)
        marks = [
            Stamps(x, y, graded if level == CITY else signs[rank], scene.style.span(level), False,
                   "event", ids, rank, mark_of["cell"][level], badges)
            for level in range(3)
        ]  # fmt: skip
        near, gap = (0.0, scene.style.map["name"]["near_mpp"]), mark_of["event"]
        names = Names(x, y, titles, "note", rank=4, where=BESIDE, gap=gap, between=near)
        return [_specks(points, scene), *marks, names]

    def _calling(self, views: list[EventView], now: Ms, scene: Scene) -> list[Stamps | Names]:
        """The lamp of a clock that ran out, with what and since when."""
        x, y = scene.project([v.event.lon for v in views], [v.event.lat for v in views])
        size = scene.style.map["mark"]["lamp"]
        lamp = mark(scene, 1, UNKNOWN if self._late else FILLED, size)
        reported = [words.stamp(now, view.event.reported_at) for view in views]
        told = [scene.tr("{time} 上报", time=time) for time in reported]
        return [
            Stamps(x, y, np.full(len(views), lamp, np.int32), of="event",
                   ids=[v.event.id for v in views]),
            Names(x, y, [v.event.headline for v in views], "title", told, "sub", 1, BESIDE,
                  size * 0.95, leader=True),
        ]  # fmt: skip

    def _sign(self, rank: int, scene: Scene) -> int:
        """What it is now is not known while the pool is silent."""
        grade, new = STEPS - rank // 2, rank % 2
        if rank >= GRADED:
            worth = UNKNOWN if self._late else FILLED
            return mark(scene, grade, worth, scene.style.map["mark"]["dense"])
        return _dot(UNKNOWN if self._late else FILLED if new else HOLLOW, scene)


def counted(tree: AreaTree, held: Mapping[str, int], scene: Scene) -> list[Names]:
    """Under the names of areas: how many events have no better place than that; `held`: by code."""
    rows = tree.rows_for(list(held))
    number = np.array(list(held.values()), np.int64)[rows >= 0]
    rows = rows[rows >= 0]
    return [_counts(tree, rows, number, level, scene) for level in range(3) if len(rows)]


def _counts(tree: AreaTree, rows: Ints, number: Ints, map_level: int, scene: Scene) -> Names:
    at = tree.up(rows, SHOWN[map_level])
    at = np.where(at < 0, rows, at)  # known to a coarser area only: counted there
    here, which = np.unique(at, return_inverse=True)
    total = np.bincount(which, number).astype(np.int64).tolist()
    areas = [tree.rows[i] for i in here]
    x, y = scene.project([a.lon for a in areas], [a.lat for a in areas])
    texts = [
        scene.tr("◌ {n} 件按辖区", n=f"{n:,}")
        if area.level == SHOWN[map_level]
        else scene.tr("{area}另有 ◌ {n} 件按辖区", area=area.name, n=f"{n:,}")
        for area, n in zip(areas, total, strict=True)
    ]
    below, between = scene.style.map["name"]["below"], scene.style.span(map_level)
    return Names(x, y, texts, "area", rank=6, gap=below, between=between)


def has_point(view: EventView) -> bool:
    event = view.event
    return event.placed == POINT and event.lon is not None and event.lat is not None


def _point(view: EventView) -> Point:
    """Its rank: 0 and 1 without a grade, 2 and 3 of grade Ⅳ, up to 8 and 9 of grade Ⅰ; the odd
    one where nobody has taken it."""
    event = view.event
    grade = event.grade if event.grade in NUMERALS else STEPS
    rank = 2 * (STEPS - grade) + (view.state == NEW)
    return Point(event.id, event.lon or 0.0, event.lat or 0.0, rank, event.headline)


def _specks(points: Points, scene: Scene) -> Dots:
    """From afar: a speck, brighter where nobody has taken the event."""
    x, y, style = points.x, points.y, scene.style
    order = by_y(x, y)
    kind = (points.rank % 2)[order]
    colours = np.array([style.paint("t3", 0.6), style.paint("t2", 0.9)], np.uint32)
    sizes = np.full(2, style.map["mark"]["event_far"], np.float64)
    ids = ordered(points.ids, order)
    return Dots(x[order], y[order], kind, colours, sizes, style.span(CITY), "event", ids)


def _dot(look: str, scene: Scene) -> int:
    style = scene.style

    def draw(painter: QPainter, middle: QPointF) -> None:
        paint_event(painter, middle, look, style)

    return scene.sprites.drawn(("event", look), style.map["mark"]["event"] + 8, draw)
