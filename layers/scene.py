"""The scene: what the layers want drawn, as plain arrays for the cook.

A layer hands `scene.draw(layer, *items)` the items of its part; each item says at which scale it
shows (`between`, metres per design pixel). Items of layers ordered below LIVE are cooked once per
place and zoom; the others each time something changes. An item is never changed once handed over,
only replaced.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from commandwall.geo import Plane
from layers import clusters, crowd
from layers.geometry import WORLD, Floats, Ints, Shapes
from layers.sprites import Pages, SpriteBook
from layers.style import Style
from layers.viewport import Viewport

Span = tuple[float, float]
T = TypeVar("T")
EVER: Span = (0.0, math.inf)
LIVE = 50
"""Layers of a lower order are ground: cooked once for a place and zoom."""
CENTRED, BESIDE = "centred", "beside"
"""Where a name stands: on its point, moving a little; beside its mark, with a leader line."""
BADGE_LAP = 4.0
"""Design pixels by which a count lies over the empty edge of its mark's sprite."""


@dataclass(frozen=True, slots=True, eq=False)
class Territory:
    """The areas, coarsest first; `upto[level]` of them count at the map level."""

    shapes: Shapes
    upto: tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Tint:
    """Colour of each area: lut[0] outside, lut[i + 1] area i; `hatched` alike (0 or 1)."""

    lut: NDArray[np.uint32]
    hatched: NDArray[np.uint8]
    between: Span = EVER


@dataclass(frozen=True, slots=True, eq=False)
class Fill:
    """Smooth polygons; colours premultiplied, one per shape (0: not drawn)."""

    shapes: Shapes
    colours: NDArray[np.uint32]
    between: Span = EVER


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Segments (n, 4) in sheet metres; `width` design pixels, or `metres` where that is wider.

    `dash` is (on, off) in design pixels and needs `along`, metres on its line at each start.
    """

    segments: Floats
    colour: int
    width: float
    metres: float = 0.0
    dash: tuple[float, float] | None = None
    along: Floats | None = None
    between: Span = EVER


@dataclass(frozen=True, slots=True, eq=False)
class Dots:
    """Many small squares, ordered by y; `sizes` design pixels and `colours` by kind (0: none).

    With `of` and `ids` they can be picked: row i is the record ids[i] of kind `of`.
    """

    x: Floats
    y: Floats
    kind: NDArray[np.uint8]
    colours: NDArray[np.uint32]
    sizes: NDArray[np.float64]
    between: Span = EVER
    of: str = ""
    ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Stamps:
    """Sprites with their middle at (x, y). `solid` ones keep names away.

    With `rank` (larger is worse) the worst lie uppermost. With `cell` (design pixels) as
    well, those of one cell are shown by their worst, beside it `badges[n]` for how many they are
    (the last badge for all greater numbers).
    """

    x: Floats
    y: Floats
    sprite: NDArray[np.int32]
    between: Span = EVER
    solid: bool = True
    of: str = ""
    ids: Sequence[str] = ()
    rank: NDArray[np.unsignedinteger[Any]] | None = None
    cell: float = 0.0
    badges: NDArray[np.int32] | None = None

    def shown(self, view: Viewport) -> tuple[Ints, Ints]:
        """Rows that are drawn in a frame, uppermost last, and how many each one stands for."""
        left, top, right, bottom = view.bounds
        spare = max(64.0, self.cell) * view.unit * view.mpp
        bounds = (left - spare, top - spare, right + spare, bottom + spare)
        rows = crowd.in_sight(self.x, self.y, self.sprite, bounds)
        counts = np.ones(len(rows), np.int64)
        if self.rank is None:
            return rows, counts
        rank = self.rank[rows]
        if self.cell:
            cell = max(1, round(self.cell * view.unit))
            kept, counts = clusters.worst(self.x[rows], self.y[rows], rank, cell, view)
            rows, rank = rows[kept], rank[kept]
        order = np.argsort(rank, kind="stable")
        return rows[order], counts[order]

    def corners(
        self, view: Viewport, pages: Pages
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
        """Left and top pixel and sprite of all that is stamped in the frame."""
        rows, counts = self.shown(view)
        sprite = self.sprite[rows]
        px, py = crowd.corners(self.x[rows], self.y[rows], sprite, pages.where, view.transform)
        many = counts > 1
        if self.badges is None or not many.any():
            return px, py, sprite
        badge = self.badges[np.minimum(counts[many], len(self.badges) - 1)]
        size = pages.where[sprite[many], 1:3]
        beside = px[many] + size[:, 0] - round(BADGE_LAP * view.unit)
        level = py[many] + (size[:, 1] - pages.where[badge, 2]) // 2
        return (
            np.concatenate([px, beside]).astype(np.int32),
            np.concatenate([py, level]).astype(np.int32),
            np.concatenate([sprite, badge]),
        )


@dataclass(slots=True, eq=False)
class Names:
    """Labels, best first. Their sprites are made when they first come into the frame.

    `subs` is a second line; `gap` design pixels keeps a label off its point when it is BESIDE.
    """

    x: Floats
    y: Floats
    texts: Sequence[str]
    role: str
    subs: Sequence[str] = ()
    subrole: str = "sub"
    rank: int = 0  # lower is placed first
    where: str = CENTRED
    gap: float = 0.0
    leader: bool = False
    between: Span = EVER
    sprites: NDArray[np.int32] = field(init=False)

    def __post_init__(self) -> None:
        self.sprites = np.full((len(self.x), 2), -1, np.int32)


@dataclass(frozen=True, eq=False)
class Rings:
    """Outer rings of unacknowledged marks; the screen draws them itself, since they may blink.

    Row i belongs to row i of `marks`; `sprite` is -1 where a mark has no ring.
    """

    marks: Stamps
    severity: NDArray[np.uint8]
    sprite: NDArray[np.int32]

    @cached_property
    def ids(self) -> frozenset[str]:
        """Of the marks that have one."""
        return frozenset(compress(self.marks.ids, (self.sprite >= 0).tolist()))

    def shown(self, view: Viewport) -> Ints:
        """Rows whose ring is drawn in a window."""
        if not shows(self.marks.between, view.design_mpp) or not (self.sprite >= 0).any():
            return np.empty(0, np.int64)
        rows, _ = self.marks.shown(view)
        return rows[self.sprite[rows] >= 0]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A picture (h, w), or a part of it, that lies somewhat bent on the sheet.

    `into` (2, 4): where a point of the sheet is found in the picture, as shares of its width and
    height: (a + b x + c y + d x y), x and y counted from `origin`. `part`: which of the picture
    is shown, in such shares; `box`: where, on the sheet (both left, top, right, bottom).
    """

    pixels: NDArray[np.uint32]
    origin: tuple[float, float]
    into: Floats
    part: tuple[float, float, float, float]
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """Pictures side by side, each replacing what lies below it; the later above the earlier."""

    pieces: tuple[Piece, ...]
    between: Span = EVER


Item = Territory | Tint | Fill | Line | Dots | Stamps | Names | Rings | Raster


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What the cook gets: all visible items in drawing order, never changed again."""

    ground: tuple[Item, ...]
    live: tuple[Item, ...]
    pages: Pages
    style: Style
    ground_key: int
    """Grows whenever what is cooked once per place has changed."""


class Scene:
    """All items by layer; made and changed on the screen's thread only."""

    def __init__(self, style: Style, tr: Callable[..., str] | None = None) -> None:
        self.style, self.lang = style, "zh"
        self.pool_s = float(style.map["stale"]["pool_s"])  # the wall says its own
        self.tr: Callable[..., str] = tr or plain
        self.plane: Plane | None = None
        self.sprites = SpriteBook(style)
        self.later: Callable[[Callable[[], Any], Callable[[Any], None]], None] = at_once
        self.focus = ""  # code of the area that was entered; the rest is dimmed
        self.changed = False
        self._items: dict[str, tuple[int, tuple[Item, ...]]] = {}
        self._hidden: set[str] = set()
        self._ground_key = 0
        self._shared: dict[str, tuple[Any, Any]] = {}

    def project(self, lon: Any, lat: Any) -> tuple[Floats, Floats]:
        """Degrees WGS-84 to the sheet; needs the plane, which stands once the city is known."""
        assert self.plane is not None
        # What lies outside the world stands at its edge: the kernels reckon in whole pixels.
        given = zip((lon, lat), WORLD, strict=True)
        x, y = self.plane.forward(*(np.clip(np.asarray(v, np.float64), -w, w) for v, w in given))
        return x, -y

    def degrees(self, x: float, y: float) -> tuple[float, float]:
        """(lon, lat) of a point of the sheet."""
        assert self.plane is not None
        lon, lat = self.plane.inverse(np.array([x]), np.array([-y]))
        return float(lon[0]), float(lat[0])

    def draw(self, layer: Any, *items: Item) -> None:
        """Replace everything a layer shows."""
        before = self._items.get(layer.id, (0, ()))[1]
        self._items[layer.id] = (layer.order, items)
        self._touch(layer.order, (*before, *items))

    def share(self, name: str, of: Sequence[Any], make: Callable[[], T]) -> T:
        """What several layers draw of the same records on the same sheet: made by the first that
        asks. Like all that takes long it may be asked for within `later`."""
        asked = (self.plane, of)
        known = self._shared.get(name)
        if known is None or known[0] != asked:
            known = self._shared[name] = (asked, make())
        found: T = known[1]
        return found

    def show(self, layer: Any, visible: bool) -> None:
        (self._hidden.discard if visible else self._hidden.add)(layer.id)
        self._touch(layer.order, self._items.get(layer.id, (0, ()))[1])

    def visible(self, layer: Any) -> bool:
        return layer.id not in self._hidden

    def clear(self) -> None:
        self._items.clear()
        self.sprites.renew()
        self.changed = True
        self._ground_key += 1

    def items(self) -> Iterable[Item]:
        """All visible items in drawing order."""
        for name, (_, items) in sorted(self._items.items(), key=lambda entry: entry[1][0]):
            if name not in self._hidden:
                yield from items

    def rings(self) -> list[Rings]:
        return [item for item in self.items() if isinstance(item, Rings)]

    def ringed(self) -> frozenset[str]:
        """Ids of the marks that have a ring: those that call for a person."""
        first, *more = [one.ids for one in self.rings()] or [frozenset[str]()]
        return first.union(*more) if more else first

    def plan(self) -> Plan:
        """A snapshot for the cook."""
        self.changed = False
        rows = [(order, items) for name, (order, items) in self._items.items()
                if name not in self._hidden]  # fmt: skip
        rows.sort(key=lambda row: row[0])
        ground = tuple(i for order, items in rows if order < LIVE for i in items)
        live = tuple(i for order, items in rows if order >= LIVE for i in items)
        return Plan(ground, live, self.sprites.pages, self.style, self._ground_key)

    def write_names(self, view: Viewport, most: int) -> bool:
        """Make sprites for up to `most` names in view; True when some are left to make."""
        left, top, right, bottom = view.bounds
        for item in sorted(self._names(view.design_mpp), key=lambda i: i.rank):
            seen = (item.x >= left) & (item.x < right) & (item.y >= top) & (item.y < bottom)
            for i in np.flatnonzero(seen & (item.sprites[:, 0] < 0)):
                if most <= 0:
                    return True
                most -= self._write(item, int(i))
        return False

    def recall_names(self, view: Viewport) -> None:
        """Give the names in view the sprites that were written before: a name that is handed over
        again must not vanish until its turn to be written comes."""
        left, top, right, bottom = view.bounds
        for item in self._names(view.design_mpp):
            seen = (item.x >= left) & (item.x < right) & (item.y >= top) & (item.y < bottom)
            for i in np.flatnonzero(seen & (item.sprites[:, 0] < 0)).tolist():
                self._recall(item, i)

    def _recall(self, item: Names, i: int) -> None:
        sub = item.subs[i] if len(item.subs) else ""
        second = self.sprites.written(sub, item.subrole) if sub else -1
        if not sub or second >= 0:
            item.sprites[i] = self.sprites.written(item.texts[i], item.role), second

    def _names(self, mpp: float) -> list[Names]:
        return [i for i in self.items() if isinstance(i, Names) and shows(i.between, mpp)]

    def _write(self, item: Names, i: int) -> int:
        sub = item.subs[i] if len(item.subs) else ""
        if sub:
            item.sprites[i, 1] = self.sprites.text(sub, item.subrole)
        item.sprites[i, 0] = self.sprites.text(item.texts[i], item.role)
        self.changed = True
        return 2 if sub else 1

    def _touch(self, order: int, items: Iterable[Item]) -> None:
        self.changed = True
        # Colours and names change without drawing the ground anew.
        if order < LIVE and not all(isinstance(i, Tint | Names) for i in items):
            self._ground_key += 1


def shows(between: Span, mpp: float) -> bool:
    """Whether something is drawn at so many metres per design pixel."""
    return between[0] <= mpp < between[1]


def plain(text: str, **fields: Any) -> str:
    """The Chinese sentence as it stands, for a map without translations."""
    return text.format(**fields) if fields else text


def at_once(make: Callable[[], Any], take: Callable[[Any], None]) -> None:
    """Do slow work here and now; the window replaces this by a thread."""
    take(make())


def by_y(x: Floats, y: Floats) -> Ints:
    """An order in which points lie from north to south, as Dots want them."""
    return np.argsort(y, kind="stable")
