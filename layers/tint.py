"""The colour of the ground: a choropleth by a chosen figure, drill-down, and what is too old."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from commandwall import codes, rollups
from commandwall.alarms import of_device
from commandwall.areas import Area
from commandwall.arrays import SensorArrays
from commandwall.clock import Ms
from commandwall.picture import Changes, Picture, Tick
from commandwall.rollups import Signs
from commandwall.sensors import STALE
from layers.areas import SHOWN, rows_of
from layers.base import Layer
from layers.kernels import premultiply
from layers.scene import Scene, Tint
from layers.style import Style
from layers.trust import late

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class AreaTree:
    """Rows of areas and the row of each one's ancestor at any level."""

    def __init__(self, picture: Picture) -> None:
        self.rows = rows_of(picture)
        self.row_of = {area.id: i for i, area in enumerate(self.rows)}
        self.level = np.array([area.level for area in self.rows], np.int64)
        self.parent = np.array([self.row_of.get(a.parent, -1) for a in self.rows], np.int64)
        self._sensors: list[str] | None = None
        self._devices: dict[int, Ints] = {}

    def rows_for(self, areas: list[str]) -> Ints:
        """The row of each area code; -1 where it is not drawn."""
        return np.array([self.row_of.get(code, -1) for code in areas], np.int64)

    def devices(self, sensors: SensorArrays, level: int) -> Ints:
        """The row of the area of a level that each device stands in; found once for a set of
        devices. One row more than there are areas takes those that stand in none."""
        if self._sensors is not sensors.ids:
            self._sensors, self._devices = sensors.ids, {}
        if level not in self._devices:
            rows = self.rows_for(sensors.areas)[sensors.area_index]
            self._devices[level] = self.up(rows, level) % (len(self.rows) + 1)
        return self._devices[level]

    def silent(self, sensors: SensorArrays, level: int) -> tuple[Ints, Ints]:
        """How many devices each area of a level has, and how many of them are silent."""
        at, n = self.devices(sensors, level), len(self.rows)
        total = np.bincount(at, minlength=n + 1)[:n]
        return total, np.bincount(at[sensors.quality == STALE], minlength=n + 1)[:n]

    def up(self, rows: Ints, level: int) -> Ints:
        """Ancestors of that level; a row that is coarser gives -1."""
        rows = rows.copy()
        for _ in range(4):
            finer = (rows >= 0) & (self.level[rows] > level)
            rows[finer] = self.parent[rows[finer]]
        rows[(rows >= 0) & (self.level[rows] != level)] = -1
        return rows

    def total(self, rows: Ints, weight: Floats, level: int) -> Floats:
        """Sum of weights by area of a level, for all rows."""
        at = self.up(rows, level)
        sums = np.bincount(at[at >= 0], weight[at >= 0], len(self.rows))
        return sums.astype(np.float64)


def open_events(picture: Picture, tree: AreaTree, level: int) -> Floats:
    counts = picture.counters.open_by_area
    rows, weight = tree.rows_for(list(counts)), np.array(list(counts.values()), np.float64)
    return tree.total(rows, weight, level)


def alarms(picture: Picture, tree: AreaTree, level: int) -> Floats:
    rows = tree.rows_for([a.area for a in picture.alarms.values() if not of_device(a)])
    return tree.total(rows, np.ones(len(rows)), level)


def silent(picture: Picture, tree: AreaTree, level: int) -> Floats:
    """Percent of the devices of an area that are silent."""
    total, gone = tree.silent(picture.sensors, level)
    return 100 * gone / np.maximum(total, 1)


def signs(picture: Picture, tree: AreaTree, level: int) -> Floats:
    """How the indicators of an area stand: 0 normal or unknown, 1 yellow, 2 red."""
    placed = [d for d in picture.indicators.values() if d.area]
    rows = tree.up(tree.rows_for([d.area for d in placed]), level).tolist()
    pairs = ((str(row), d) for row, d in zip(rows, placed, strict=True) if row >= 0)
    result = np.zeros(len(tree.rows))
    for row, found in rollups.by_key(
        pairs, Signs(picture.values, picture.stands, picture.now)
    ).items():
        result[int(row)] = max(0, -found.order[0])
    return result


AGES = {"open_events": "events", "signs": "values"}
"""Figure -> what its age is that of, where not of readings."""
SHADES = 63
"""Steps of the neutral ramp; more than an eye tells apart."""
FIGURES: Mapping[str, Callable[[Picture, AreaTree, int], Floats]] = {
    "open_events": open_events, "alarms": alarms, "silent": silent, "signs": signs,
}  # fmt: skip
"""What an area may be coloured by; names, units and limits stand in codelists/map_figure.toml."""


class TintLayer(Layer):
    """Colours the ground. `figure` is one of FIGURES or "" for plain land."""

    id, title, order = "tint", "专题着色", 12
    shows = frozenset({Area, Tick})

    def __init__(self) -> None:
        super().__init__()
        self.figure = ""
        self._tree: AreaTree | None = None
        self._last: tuple[bytes, ...] = ()
        self._numbers: dict[int, Floats] = {}  # the figure of each row, by level of areas

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        if self._tree is None or Area in changes.kinds:
            self._tree = AreaTree(picture)
        tree = self._tree
        self.count = len(tree.rows) if self.figure else 0
        self.at = self._age(picture)
        gone = late(picture, scene)
        self._numbers = {
            level: FIGURES[self.figure](picture, tree, level)
            for level in (SHOWN.values() if self.figure else ())
        }
        tints = [self._tint(picture, tree, level, gone, scene) for level in range(3)]
        state = tuple(t.lut.tobytes() + t.hatched.tobytes() for t in tints)
        if state != self._last:  # most seconds change nothing
            self._last = state
            scene.draw(self, *tints)

    def _age(self, picture: Picture) -> Ms | None:
        """The newest moment of the chosen figure."""
        if not self.figure:
            return None
        return picture.ages.get(AGES.get(self.figure, "readings"))

    def values(self, level: int) -> dict[str, float]:
        """The chosen figure of each area of a level, for a legend or a table."""
        numbers = self._numbers.get(level)
        if self._tree is None or numbers is None:
            return {}
        here = np.flatnonzero(self._tree.level == level)
        return {self._tree.rows[i].id: float(numbers[i]) for i in here}

    def _tint(
        self, picture: Picture, tree: AreaTree, map_level: int, gone: bool, scene: Scene
    ) -> Tint:
        style, level = scene.style, SHOWN[map_level]
        lut = np.full(len(tree.rows) + 1, style.paint("land"), np.uint32)
        lut[0] = style.paint("outside")
        here = np.flatnonzero(tree.level == level)
        if self.figure:
            lut[1 + here] = ramp(self._numbers[level][here], limits(self.figure), style)
        if scene.focus:
            lut[1:][~self._inside(tree, scene.focus)] = mix(style, "land", "outside", 0.75)
        hatched = np.zeros(len(lut), np.uint8)
        hatched[1:] = gone
        if not gone and len(picture.sensors.ids):
            hatched[1 + here] = self._too_silent(picture, tree, level, style)[here]
        return Tint(lut, hatched, style.span(map_level))

    def _inside(self, tree: AreaTree, focus: str) -> NDArray[np.bool_]:
        return np.array([a.id == focus or a.id.startswith(focus) for a in tree.rows], bool)

    def _too_silent(
        self, picture: Picture, tree: AreaTree, level: int, style: Style
    ) -> NDArray[np.bool_]:
        """Areas of which too large a share of the devices is silent."""
        look, (total, gone) = style.map["stale"], tree.silent(picture.sensors, level)
        return np.asarray((total >= look["silent_least"]) & (gone >= total * look["silent_share"]))


def limits(figure: str) -> list[tuple[float, int]]:
    """(from, severity) of a figure, mildest first."""
    facts = codes.load("map_figure")[figure].facts
    named = ((facts.get(f"from_s{severity}"), severity) for severity in (4, 3, 2, 1))
    return [(float(start), severity) for start, severity in named if start is not None]


def ramp(numbers: Floats, over: list[tuple[float, int]], style: Style) -> NDArray[np.uint32]:
    """Neutral from land to high; hue only from a limit on."""
    top = max(float(numbers.max(initial=0)), 1e-9)
    steps = range(SHADES + 1)
    shades = np.array([mix(style, "land", "high", i / SHADES) for i in steps], np.uint32)
    lut: NDArray[np.uint32] = shades[np.rint(numbers / top * SHADES).astype(np.int64)]
    for start, severity in over:
        lut[numbers >= start] = mix(style, "land", f"s{severity}", 0.35)
    return lut


def mix(style: Style, low: str, high: str, part: float) -> int:
    """A colour between two."""
    a, b = style.rgb(low), style.rgb(high)
    parts = ((a >> s & 255) + ((b >> s & 255) - (a >> s & 255)) * part for s in (16, 8, 0))
    red, green, blue = (round(p) for p in parts)
    return premultiply(red << 16 | green << 8 | blue)
