"""Resources 力量: white discs with one character; a lost fix is dashed and says since when."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from commandwall import codes
from commandwall.arrays import FixArrays
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.dispatch import Assignment, AssignmentStep, status_of
from commandwall.picture import Changes, Fixes, Picture, Tick
from commandwall.resources import Resource
from layers import words
from layers.base import Layer
from layers.geometry import Floats, Ints
from layers.marks import paint_unit, pen
from layers.scene import BESIDE, Item, Line, Names, Scene, Span, Stamps
from layers.style import CITY, STREET
from layers.trust import late

AT_WORK = frozenset({"assigned", "en_route", "on_scene", "busy"})
"""Rows of the code list resource_status in which a unit is drawn large at any scale."""


@dataclass(frozen=True, slots=True, eq=False)
class _Fleet:
    """Units as columns, those at work last; made anew when a unit changes, not when it moves."""

    units: list[Resource]
    row: Ints  # of its fix; -1 where it has none
    home: Floats  # (n, 2) degrees
    idle: int  # so many are not at work
    ids: list[str]

    @classmethod
    def of(cls, picture: Picture) -> _Fleet:
        engaged = picture.engaged
        units = sorted(
            (
                replace(r, status=status_of(r, engaged.get(r.id)))
                for r in picture.resources.values()
            ),
            key=lambda r: r.status in AT_WORK,
        )
        row = np.array([picture.fixes.row_of.get(r.id, -1) for r in units], np.int64)
        home = np.array([(r.lon, r.lat) for r in units], np.float64).reshape(-1, 2)
        idle = sum(r.status not in AT_WORK for r in units)
        return cls(units, row, home, idle, [r.id for r in units])

    def placed(self, fixes: FixArrays) -> tuple[Floats, Floats, Ints]:
        """Degrees where each is now, and the moment of its fix (0: never)."""
        if not len(fixes.at):
            return self.home[:, 0], self.home[:, 1], np.zeros(len(self.units), np.int64)
        known = (self.row >= 0) & np.isfinite(fixes.lon[self.row])
        lon = np.where(known, fixes.lon[self.row], self.home[:, 0])
        lat = np.where(known, fixes.lat[self.row], self.home[:, 1])
        return lon, lat, np.where(self.row >= 0, fixes.at[self.row], 0)


class ResourcesLayer(Layer):
    """At city level those at work are dots; nearer each is a disc, at work with its name."""

    id, title, order = "resources", "力量", 80
    shows = frozenset({Resource, Assignment, AssignmentStep, Fixes, Tick})
    watched = True

    def __init__(self) -> None:
        super().__init__()
        self._fleet: _Fleet | None = None
        self._of: FixArrays | None = None
        self._key: tuple[object, ...] = ()
        self._signs = _Signs()

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        others = {Resource, Assignment, AssignmentStep} & changes.kinds
        if self._fleet is None or others or picture.fixes is not self._of:
            self._fleet, self._of = _Fleet.of(picture), picture.fixes
        fleet = self._fleet
        self.count, self.at = len(fleet.units), picture.ages.get("fixes")
        lon, lat, at = fleet.placed(picture.fixes)
        lost = _lost(at, picture, scene)
        # Units move each second; what is written beside them changes seldom.
        gone = (picture.now - at[lost]) // MINUTE
        key = fleet, lost.tobytes(), gone.tobytes(), scene.lang, scene.sprites.edition
        if key != self._key:
            self._key, self._signs = key, _Signs.of(fleet.units, lost, at, picture, scene)
        x, y = scene.project(lon, lat)
        nearer: Span = (0.0, scene.style.span(CITY)[0])
        busy = slice(fleet.idle, None)
        scene.draw(
            self,
            *_trails(fleet.row[busy], picture.fixes, scene, nearer),
            *self._marks(fleet, x, y, scene),
            *self._names(fleet, x, y, scene),
        )

    def _marks(self, fleet: _Fleet, x: Floats, y: Floats, scene: Scene) -> list[Stamps]:
        """From afar those at work are dots; nearer discs, where those that wait are dots."""
        n, style, badges = fleet.idle, scene.style, scene.sprites.badges()
        far, middle, near = (style.span(level) for level in range(3))
        ids, cell, discs = fleet.ids, style.map["mark"]["cell_unit"], self._signs.discs
        rank = (np.arange(len(ids)) >= n).astype(np.uint8)
        small, smaller = (np.full(len(ids), _dot(scene, idle), np.int32) for idle in (False, True))
        return [
            Stamps(x[n:], y[n:], small[n:], far, False, "resource", ids[n:]),
            Stamps(x[:n], y[:n], smaller[:n], middle, False, "resource", ids[:n]),
            Stamps(x[n:], y[n:], discs[n:], middle, True, "resource", ids[n:], rank[n:], cell,
                   badges),
            Stamps(x, y, discs, near, True, "resource", ids, rank, cell, badges),
        ]  # fmt: skip

    def _names(self, fleet: _Fleet, x: Floats, y: Floats, scene: Scene) -> list[Names]:
        """Those at work from farther off, those that wait only near by."""
        style, n, (names, subs) = scene.style, fleet.idle, (self._signs.names, self._signs.subs)
        gap = style.map["mark"]["unit"] * 0.8
        parts = (
            (slice(n, None), (0.0, style.span(CITY)[0]), 1),
            (slice(0, n), style.span(STREET), 2),
        )
        return [
            Names(x[some], y[some], names[some], "unit", subs[some], "unitsub", rank, BESIDE, gap,
                  between=span)
            for some, span, rank in parts
        ]  # fmt: skip


def _lost(at: Ints, picture: Picture, scene: Scene) -> NDArray[np.bool_]:
    """Whether where it is now is not known: its fix is old, or came through a silent pool."""
    old = picture.now - at > codes.limit("fix_full_seconds") * SECOND
    cut = late(picture, scene) & (at <= picture.sync.pool_at)
    return np.asarray((at > 0) & (old | cut))


@dataclass(frozen=True, slots=True, eq=False)
class _Signs:
    """The sprite of each unit, and what is written beside it."""

    discs: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    names: list[str] = field(default_factory=list)
    subs: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls, units: list[Resource], lost: NDArray[np.bool_], at: Ints, picture: Picture,
        scene: Scene,
    ) -> _Signs:  # fmt: skip
        statuses = {c.id: c.name(scene.lang) for c in codes.load("resource_status").values()}
        subs = [
            words.unheard(scene.tr, picture.now, Ms(int(moment)))
            if gone
            else statuses.get(unit.status, "")
            for unit, moment, gone in zip(units, at, lost, strict=True)
        ]
        return cls(_discs(units, lost, scene), [u.name for u in units], subs)


def _discs(units: list[Resource], lost: NDArray[np.bool_], scene: Scene) -> NDArray[np.int32]:
    """The sprite of each unit."""
    sorts = list(zip([u.kind for u in units], lost.tolist(), strict=True))
    known = {sort: _disc(*sort, scene) for sort in set(sorts)}
    return np.array([known[sort] for sort in sorts], np.int32)


def _disc(kind: str, lost: bool, scene: Scene) -> int:
    style, known = scene.style, codes.load("resource_kind").get(kind)
    text = str(known.facts.get("sign", known.zh[:1])) if known else "?"

    def draw(painter: QPainter, middle: QPointF) -> None:
        paint_unit(painter, middle, text, lost, style)

    room = style.map["mark"]["unit"] + 2 * style.map["mark"]["halo"]
    return scene.sprites.drawn(("unit", text, lost), room, draw)


def _dot(scene: Scene, idle: bool = False) -> int:
    style = scene.style
    size = style.map["mark"]["unit_idle" if idle else "unit_far"]

    def draw(painter: QPainter, middle: QPointF) -> None:
        painter.setPen(pen(style.colour("halo"), 3))
        painter.setBrush(style.colour("t2" if idle else "t1"))
        painter.drawEllipse(middle, size / 2 + 1, size / 2 + 1)

    return scene.sprites.drawn(("unit far", idle), size + 8, draw)


def _trails(rows: Ints, fixes: FixArrays, scene: Scene, between: Span) -> list[Item]:
    """The last minutes of those at work."""
    rows = rows[rows >= 0]
    if not len(rows):
        return []
    trail = fixes.trail[rows]
    x, y = scene.project(trail[:, :, 0], trail[:, :, 1])
    ends = np.stack([x[:, :-1], y[:, :-1], x[:, 1:], y[:, 1:]], axis=2).reshape(-1, 4)
    known = np.ascontiguousarray(ends[np.isfinite(ends).all(axis=1)])
    return [Line(known, scene.style.paint("t2", 0.5), 1.5, between=between)]
