"""Alarms 告警: the marks that call for a person. They never move; names make way for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from commandwall import codes
from commandwall.alarm_life import LATCH, OOSRV, RTNUN, SHLVD, UNACK
from commandwall.alarms import Alarm, of_device, of_value
from commandwall.arrays import SensorArrays
from commandwall.clock import Ms
from commandwall.picture import Changes, Picture, Tick
from commandwall.sensors import STALE
from layers import words
from layers.base import Layer
from layers.geometry import Floats, Ints
from layers.marks import (
    FILLED,
    HOLLOW,
    LATCHED,
    SHELVED,
    UNKNOWN,
    UNUSED,
    paint_mark,
    paint_ring,
)
from layers.scene import BESIDE, Names, Rings, Scene, Stamps
from layers.trust import stopped

LOOKS = (FILLED, HOLLOW, LATCHED, SHELVED, UNUSED, UNKNOWN)
LOOK_OF = {RTNUN: HOLLOW, LATCH: LATCHED, SHLVD: SHELVED, OOSRV: UNUSED}
"""State -> look, of those that are not simply there."""
FACTS = np.dtype([
    ("x", "f8"), ("y", "f8"), ("severity", "i8"), ("state", "i8"), ("waits", "?"), ("rows", "i8"),
    ("raised", "i8"), ("changed", "i8"), ("there", "?"),
])  # fmt: skip
SHOWN = ("x", "y", "severity", "state", "waits", "rows")
MORE = 256
"""Rows at first; twice as many whenever they are too few."""
MANY, PAUSE_MS = 5_000, 500
"""Of more than so many marks new ones, but for the worst, wait so long at most."""


class AlarmsLayer(Layer):
    id, title, order = "alarms", "告警", 85
    shows = frozenset({Alarm, Tick})

    def __init__(self) -> None:
        super().__init__()
        self._columns: Columns | None = None
        self._held: Held | None = None
        self._followed, self._behind = Ms(0), False
        """When what changed was last taken, and whether something of it waits."""
        self._waiting: set[str] | None = None
        """Ids of what changed since then; None where it may be any."""

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        columns, held = self._columns, self._held
        if columns is None or not columns.are_of(picture.sensors, scene):
            columns, held, self._waiting = Columns(picture.sensors, scene), None, None
        self._note(changes)
        news = Alarm in changes.kinds or self._behind
        self._behind = news and self._may_wait(changes)
        if held is None or (news and not self._behind):
            columns.follow(picture.alarms, self._waiting)
            held = columns.held()
            self._columns, self._held, self._followed = columns, held, changes.now
            self._waiting = set()
            self.count = len(held.alarms)
            self.at = Ms(held.newest) if held.alarms else None
        elif self._behind and Tick not in changes.kinds:
            return
        looks = held.looks(picture, scene)
        marks = _marks(held, looks, scene)
        scene.draw(
            self, marks, _rings(marks, held, scene), self._names(held, looks, picture, scene)
        )

    def _note(self, changes: Changes) -> None:
        """Which of them change."""
        named = changes.named(Alarm)
        if named is None:
            self._waiting = None
        elif self._waiting is not None:
            self._waiting |= named

    def _may_wait(self, changes: Changes) -> bool:
        """Thousands are put in order twice a second at most, and at once for one of the worst."""
        soon = 0 <= changes.now - self._followed < PAUSE_MS and Alarm not in changes.markers
        worst = any(alarm.severity == 1 for alarm in changes.of(Alarm))
        return soon and self.count > MANY and not worst

    def _names(self, held: Held, looks: Ints, picture: Picture, scene: Scene) -> Names:
        """Of the worst and newest, the best first."""
        best = slice(None, -1 - scene.style.map["mark"]["names"], -1)
        x, y, alarms, some = held.x[best], held.y[best], held.alarms[best], looks[best].tolist()
        titles = [title_of(a, picture, scene) for a in alarms]
        subs = [age_of(a, LOOKS[k], picture, scene) for a, k in zip(alarms, some, strict=True)]
        gap = scene.style.map["mark"]["size"] * 0.95
        return Names(x, y, titles, "title", subs, "sub", 0, BESIDE, gap, leader=True)


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Alarms as columns, worst and newest last: they are drawn over the others."""

    alarms: list[Alarm]
    ids: list[str]
    x: Floats
    y: Floats
    severity: Ints
    state: Ints  # its look, into LOOKS, while its device speaks
    waits: NDArray[np.bool_]  # nobody has acknowledged it
    rows: Ints  # its device in `sensors`, -1 for one that is not there
    sensors: SensorArrays
    newest: int  # when one of them last changed

    def looks(self, picture: Picture, scene: Scene) -> Ints:
        """Each one's look, into LOOKS: filled, hollow when returned, unknown when its feed is gone
        (never shown as normal)."""
        known, heard = self.rows >= 0, np.zeros(len(self.rows), np.int64)
        silent = np.zeros(len(self.rows), bool)
        silent[known] = self.sensors.quality[self.rows[known]] == STALE
        heard[known] = self.sensors.at[self.rows[known]]
        gone = silent | stopped(picture, heard, scene)
        return np.where(gone, LOOKS.index(UNKNOWN), self.state)

    def small(self, scene: Scene) -> Ints:
        """1 for each that is drawn smaller: the milder ones, where there are many."""
        dense = len(self.alarms) > scene.style.map["mark"]["dense_after"]
        return np.where(dense & (self.severity > 2), 1, 0)


class Columns:
    """The same in no order, a row written when its alarm changes: of thousands few do at once, and
    a second that only goes by costs nothing for each."""

    def __init__(self, sensors: SensorArrays, scene: Scene) -> None:
        self._sensors, self._plane, self._project = sensors, scene.plane, scene.project
        self._known: dict[str, Alarm] = {}
        self._row: dict[str, int] = {}
        self._alarms = np.empty(0, object)  # by row, None where there is none
        self._free: list[int] = []
        self._facts = np.zeros(0, FACTS)

    def are_of(self, sensors: SensorArrays, scene: Scene) -> bool:
        """Whether they are of these devices, on this sheet."""
        return self._sensors is sensors and self._plane is scene.plane

    def follow(self, alarms: Mapping[str, Alarm], changed: Set[str] | None = None) -> None:
        """These are there now, each as it is; `changed`: no others than these are otherwise."""
        known = self._known
        keys = known.keys() | alarms.keys() if changed is None else changed
        for key in keys - alarms.keys():
            known.pop(key, None)
            if (row := self._row.pop(key, None)) is not None:
                self._facts["there"][row] = False
                self._alarms[row] = None
                self._free.append(row)
        here = keys & alarms.keys()
        news = {key: alarms[key] for key in here if known.get(key) is not alarms[key]}
        known.update(news)
        # One about a device stands in the list; here the device itself shows what it is.
        self.write([alarm for alarm in news.values() if not of_device(alarm)])

    def held(self) -> Held:
        """All of them in their order."""
        there = np.flatnonzero(self._facts["there"])
        some = self._facts[there]
        order = np.lexsort((some["raised"], -some["severity"]))
        alarms, some = self._alarms[there[order]].tolist(), some[order]
        ids = [alarm.id for alarm in alarms]
        columns: dict[str, NDArray[Any]] = {name: some[name].copy() for name in SHOWN}
        newest = int(some["changed"].max(initial=0))
        return Held(alarms, ids, sensors=self._sensors, newest=newest, **columns)

    def write(self, some: Sequence[Alarm]) -> None:
        """These as they are."""
        for alarm in some:
            row = self._row.get(alarm.id)
            if row is None:
                row = self._row[alarm.id] = self._room()
            self._alarms[row] = alarm
        facts = np.zeros(len(some), FACTS)
        facts["x"], facts["y"] = self._project([a.lon for a in some], [a.lat for a in some])
        for name, of in _FACTS.items():
            facts[name] = [of(alarm) for alarm in some]
        facts["rows"] = [self._sensors.row_of.get(alarm.sensor, -1) for alarm in some]
        facts["there"] = True
        self._facts[[self._row[alarm.id] for alarm in some]] = facts

    def _room(self) -> int:
        """A row that no alarm has."""
        if not self._free:
            begin = len(self._facts)
            more = max(MORE, begin)
            self._alarms = np.concatenate([self._alarms, np.empty(more, object)])
            self._facts = np.concatenate([self._facts, np.zeros(more, FACTS)])
            self._free = list(range(begin + more - 1, begin - 1, -1))
        return self._free.pop()


_LOOK_AT = {state: LOOKS.index(look) for state, look in LOOK_OF.items()}
_FACTS: Mapping[str, Callable[[Alarm], Any]] = {
    "severity": lambda alarm: alarm.severity,
    "state": lambda alarm: _LOOK_AT.get(alarm.state, 0),
    "waits": lambda alarm: alarm.state == UNACK,
    "raised": lambda alarm: alarm.raised_at,
    "changed": lambda alarm: alarm.changed_at,
}


def _marks(held: Held, looks: Ints, scene: Scene) -> Stamps:
    def sprite(kind: int) -> int:
        severity, look, small = kind // 2 // len(LOOKS), kind // 2 % len(LOOKS), kind % 2
        return mark(scene, severity, LOOKS[look], _size(small, scene))

    kinds = (held.severity * len(LOOKS) + looks) * 2 + held.small(scene)
    return Stamps(
        held.x, held.y, _each(sprite, kinds), of="alarm", ids=held.ids,
        rank=np.arange(len(held.alarms)).astype(np.uint32),
        cell=scene.style.map["mark"]["cell_alarm"], badges=scene.sprites.badges(),
    )  # fmt: skip


def _rings(marks: Stamps, held: Held, scene: Scene) -> Rings:
    """Around those that nobody has acknowledged."""
    sprites = _each(
        lambda kind: ring(scene, kind // 2, _size(kind % 2, scene)),
        held.severity * 2 + held.small(scene),
    )
    severity = held.severity.astype(np.uint8)
    return Rings(marks, severity, np.where(held.waits, sprites, -1).astype(np.int32))


def _size(small: int, scene: Scene) -> float:
    return float(scene.style.map["mark"]["dense" if small else "size"])


def _each(sprite: Callable[[int], int], kinds: Ints) -> NDArray[np.int32]:
    """The sprite of each row, asked for once for all rows of a kind."""
    some, which = np.unique(kinds, return_inverse=True)
    return np.array([sprite(kind) for kind in some.tolist()], np.int32)[which]


def look_of(alarm: Alarm, picture: Picture, scene: Scene) -> str:
    """How one of them is drawn."""
    columns = Columns(picture.sensors, scene)
    columns.write([alarm])
    return LOOKS[int(columns.held().looks(picture, scene)[0])]


def title_of(alarm: Alarm, picture: Picture, scene: Scene) -> str:
    """燃气 27 %LEL: the newest value, as old as the line below says; of an opening what its rule
    says: 夜间开门."""
    if not of_value(alarm):
        rule = codes.once("alarm_rules", alarm.rule)
        return rule.name(scene.lang) if rule else alarm.rule
    cls = codes.load("sensor_class").get(alarm.cls)
    name = cls.name(scene.lang) if cls else alarm.cls
    newest = picture.sensors.newest(alarm.sensor, alarm.value)
    return f"{name} {words.value(newest, alarm.unit)}"


def age_of(alarm: Alarm, look: str, picture: Picture, scene: Scene) -> str:
    """Age of the value; where the feed is gone, the moment it stopped."""
    row = picture.sensors.row_of.get(alarm.sensor)
    at = int(picture.sensors.at[row]) if row is not None else int(alarm.changed_at)
    if look == UNKNOWN:
        return words.stopped(scene.tr, picture.now, at or alarm.changed_at)  # type: ignore[arg-type]
    return words.age(scene.tr, picture.now, at or alarm.changed_at)  # type: ignore[arg-type]


def mark(scene: Scene, severity: int, look: str, size: float) -> int:
    """The sprite of a severity mark."""
    style = scene.style

    def draw(painter: QPainter, middle: QPointF) -> None:
        paint_mark(painter, middle, size, severity, look, style)

    room = size * 1.3 + 2 * style.map["mark"]["halo"]
    return scene.sprites.drawn(("mark", severity, look, size), room, draw)


def ring(scene: Scene, severity: int, size: float) -> int:
    style = scene.style

    def draw(painter: QPainter, middle: QPointF) -> None:
        paint_ring(painter, middle, size, severity, style)

    return scene.sprites.drawn(("ring", severity, size), size * 2.1, draw)
