"""The painter: turns a plan of arrays into one opaque picture larger than the window.

Nothing but numpy and kernels that let go of the GIL. What stays while only data change, the
ground, is kept; when the window moves, only the strips that come into view are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandwall import platform
from layers import kernels, names, pictures
from layers.crowd import Crowd
from layers.scene import EVER, Dots, Fill, Item, Line, Plan, Raster, Stamps, Territory, Tint, shows
from layers.sprites import Pages
from layers.style import Style
from layers.viewport import Viewport

STEP = 5
"""How much nicer than the screen the threads of the cook are."""
PARTS = 4
"""Bands of one thread: where one part of the picture has little to draw, its thread goes on."""
AT_ONCE = 6_000_000
"""Pixels that are cooked before they are shown, when a picture is larger."""
Pixels = NDArray[np.uint32]
Rows = tuple[int, int]
Scratch = tuple[NDArray[np.float32], NDArray[np.uint8]]
Box = tuple[int, int, int, int]
"""Left, top, right, bottom pixels."""

NOTHING: Scratch = (np.empty((0, 0), np.float32), np.empty((0, 0), np.uint8))


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture: (height, width) opaque pixels of `view`.

    A large one grows by rows: those of `done` (first and last of each run) are finished.
    """

    view: Viewport
    pixels: Pixels
    ticket: int = 0  # of the order it answers
    done: tuple[Rows, ...] = ()

    @property
    def whole(self) -> bool:
        return sum(b - a for a, b in self.done) == len(self.pixels)


Tell = Callable[[Frame], None]


class Overtaken(Exception):
    """Another picture is wanted before this one is finished."""


@dataclass(slots=True, eq=False)
class Ground:
    """What is kept while only data change: who owns a pixel, and what covers the land."""

    view: Viewport
    key: int
    cover: Pixels
    ids: NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """The rows y0..y1 of a picture, which one thread draws at a time."""

    plan: Plan
    ground: Ground
    out: Pixels
    y0: int
    y1: int
    scratch: Scratch = NOTHING  # zeroed coverage and parity


@dataclass(frozen=True, slots=True, eq=False)
class Live:
    """What changes over the ground of a frame, laid out: items, crowds of stamps, names."""

    steps: Sequence[Item | Crowd]
    labels: names.Labels

    @classmethod
    def of(cls, plan: Plan, frame: Viewport, view: Viewport) -> Live:
        items = [i for i in plan.live if shows(getattr(i, "between", EVER), frame.design_mpp)]
        return cls(list(_steps(items, frame, plan.pages)), names.laid_out(plan, frame, view))

    def draw(self, band: Band) -> None:
        """Draw all of it in a band."""
        for step in self.steps:
            if isinstance(step, Crowd):
                step.draw(band.out, band.y0, band.y1)
            else:
                _draw(step, band)
        self.labels.draw(band.out, band.plan.pages, band.y0, band.y1)


def give_way() -> None:
    """Let the screen's thread go first where all processors are busy."""
    platform.be_nice(STEP, thread=True)


class Painter:
    """Draws plans into arrays; holds the arrays it needs again. Used by one thread."""

    def __init__(self, threads: int = 2) -> None:
        self.threads = threads
        self._helpers = ThreadPoolExecutor(max(1, threads - 1), "map-cook", give_way)
        self._ground: Ground | None = None
        self._scratch: list[Scratch] = []  # one for each thread
        self._tall = 1  # rows of each: no band may have more
        self._pictures: list[Pixels] = []

    def close(self) -> None:
        self._helpers.shutdown(wait=True)

    def paint(self, plan: Plan, view: Viewport, tell: Tell | None = None) -> Frame:
        """The picture of a plan, larger than `view` by the overscan of the style.

        Of a large one `tell` hears as it grows, the middle first; it may raise Overtaken.
        """
        ground, around = self._ground, overscan(plan.style, view)
        if ground is None or not ground.view.covers(view, spare(plan.style, view)):
            wanted = view.overscanned(around)
            ground = self._moved(plan, wanted) or self._begin(plan, wanted)
        self._ground = ground
        anew = ground.key != plan.ground_key
        self._pictures.reverse()
        out, compose = self._pictures[0], _composing(plan, ground)
        live = cache(partial(Live.of, plan, ground.view, view))
        frame = Frame(ground.view, out)
        try:
            for rows in runs(*out.shape):
                if anew:
                    self._cook_ground(plan, ground, rows)
                band = Band(plan, ground, out, *rows)
                self._bands(band, compose, meanwhile=live)
                self._bands(band, live().draw)
                frame = replace(frame, done=(*frame.done, rows))
                if tell is not None and not frame.whole:
                    tell(frame)
        finally:
            if not frame.whole:
                self._pictures.reverse()  # the other one is on the screen
        ground.key = plan.ground_key
        return frame

    def _begin(self, plan: Plan, view: Viewport) -> Ground:
        size, kind = (view.height, view.width), _numbers(plan)
        old = self._ground
        if old is not None and old.cover.shape == size and old.ids.dtype == kind:
            return Ground(view, -1, old.cover, old.ids)
        self._tall = max(b - a for a, b in runs(*size)) // (PARTS * self.threads) + 1
        self._scratch = [_scratch(self._tall, view.width) for _ in range(self.threads)]
        self._pictures = [np.zeros(size, np.uint32) for _ in range(2)]
        return Ground(view, -1, np.zeros(size, np.uint32), np.zeros(size, kind))

    def _moved(self, plan: Plan, view: Viewport) -> Ground | None:
        """The ground around another middle, of which only what comes into it is cooked; None
        where too little of it is known."""
        old = self._ground
        if old is None or old.key != plan.ground_key or not old.view.is_like(view):
            return None
        dx, dy = old.view.steps_to(view)
        strips = exposed(view.width, view.height, dx, dy)
        if sum((c - a) * (d - b) for a, b, c, d in strips) > view.width * view.height / 2:
            return None
        pictures.shift(old.cover, dx, dy)
        pictures.shift(old.ids, dx, dy)
        ground = Ground(view, old.key, old.cover, old.ids)
        for box in strips:
            self._cook_part(plan, ground, box)
        return ground

    def _cook_part(self, plan: Plan, ground: Ground, box: Box) -> None:
        left, top, right, bottom = box
        size = (bottom - top, right - left)
        part = Ground(
            ground.view.part(*box), -1, np.empty(size, np.uint32), np.empty(size, ground.ids.dtype)
        )
        for rows in runs(*size):
            self._cook_ground(plan, part, rows)
        ground.cover[top:bottom, left:right] = part.cover
        ground.ids[top:bottom, left:right] = part.ids

    def _cook_ground(self, plan: Plan, ground: Ground, rows: Rows) -> None:
        items = [
            i for i in plan.ground if shows(getattr(i, "between", EVER), ground.view.design_mpp)
        ]

        def work(band: Band) -> None:
            ground.cover[band.y0 : band.y1] = 0
            ground.ids[band.y0 : band.y1] = 0
            for item in items:
                _draw(item, band)

        self._bands(Band(plan, ground, ground.cover, *rows), work)

    def _bands(
        self, whole: Band, work: Callable[[Band], None], meanwhile: Callable[[], Any] = bool
    ) -> None:
        """Do `work(band)` for all parts of a band, as many at once as there are threads.

        This thread does `meanwhile()` first, while the others begin.
        """

        def one(y0: int) -> None:
            scratch = self._scratch.pop()
            try:
                work(replace(whole, y0=y0, y1=min(y0 + rows, whole.y1), scratch=scratch))
            finally:
                self._scratch.append(scratch)

        # A strip that came into view at the side is higher than the runs of a large picture.
        rows = min(self._tall, -(-(whole.y1 - whole.y0) // (PARTS * self.threads)))
        starts = iter(range(whole.y0, whole.y1, rows))
        others = self._helpers.map(lambda _: _all(one, starts), range(self.threads - 1))
        meanwhile()
        _all(one, starts)
        for _ in others:
            pass  # a band that failed raises here


def overscan(style: Style, view: Viewport) -> float:
    """How much larger than its window a frame is: on large walls that much would be too much."""
    look = style.map["frame"]
    share = min(1.0, float(look["overscan_mpx"]) * 1e6 / (view.width * view.height))
    return 1 + (float(look["overscan"]) - 1) * share


def spare(style: Style, view: Viewport) -> float:
    """The share of the window that must be known beyond its edges, or the frame is cooked anew."""
    look = style.map["frame"]
    return float(look["spare"]) * (overscan(style, view) - 1) / (float(look["overscan"]) - 1)


def runs(height: int, width: int) -> list[Rows]:
    """The rows of a picture in parts that are shown one by one, the middle first."""
    count = max(1, round(height * width / AT_ONCE))
    edges = [round(i * height / count) for i in range(count + 1)]
    parts = [(a, b) for a, b in pairwise(edges) if b > a]
    return sorted(parts, key=lambda part: abs(part[0] + part[1] - height))


def exposed(width: int, height: int, dx: int, dy: int) -> list[Box]:
    """What a picture does not know yet when its window has moved by (dx, dy) pixels."""
    dx, dy = max(-width, min(dx, width)), max(-height, min(dy, height))
    boxes = []
    if dy:
        boxes.append((0, height - dy, width, height) if dy > 0 else (0, 0, width, -dy))
    if dx:
        top, bottom = (0, height - dy) if dy > 0 else (-dy, height)
        boxes.append((width - dx, top, width, bottom) if dx > 0 else (0, top, -dx, bottom))
    return [(a, b, c, d) for a, b, c, d in boxes if c > a and d > b]


def _all(one: Callable[[int], None], starts: Iterator[int]) -> None:
    """Take bands until none is left; the threads share one iterator."""
    for y0 in starts:
        one(y0)


def _numbers(plan: Plan) -> type[np.uint16] | type[np.int32]:
    """What holds the number of an area in as few bytes as it takes."""
    shapes = [len(i.shapes) for i in plan.ground if isinstance(i, Territory)]
    return np.uint16 if max(shapes, default=0) < np.iinfo(np.uint16).max else np.int32


def _draw(item: Item, band: Band) -> None:
    out, y0, y1, view = band.out, band.y0, band.y1, band.ground.view
    if isinstance(item, Territory):
        s, upto = item.shapes, item.upto[band.plan.style.level(view.design_mpp)]
        ids, flips = band.ground.ids, band.scratch[1]
        kernels.own_pixels(
            ids, flips, s.xy, s.rings, s.shapes, s.box, 0, upto, view.transform, y0, y1
        )
    elif isinstance(item, Fill):
        s, cover, colours = item.shapes, band.scratch[0], item.colours
        kernels.fill(out, cover, s.xy, s.rings, s.shapes, s.box, colours, view.transform, y0, y1)
    elif isinstance(item, Line):
        _line(out, item, view, y0, y1)
    elif isinstance(item, Raster):
        for p in item.pieces:
            pictures.raster(out, p.pixels, p.origin, p.into, p.part, p.box, view.transform, y0, y1)
    elif isinstance(item, Dots):
        _dots(out, item, view, y0, y1)
    elif isinstance(item, Stamps):
        crowd = Crowd.of([item.corners(view, band.plan.pages)], band.plan.pages, out.shape)
        crowd.draw(out, y0, y1)


def _steps(items: Sequence[Item], view: Viewport, pages: Pages) -> Iterator[Item | Crowd]:
    """Items in their order; stamps that follow each other as one crowd, since they hide each
    other."""
    for crowded, some in groupby(items, lambda item: isinstance(item, Stamps)):
        if crowded:
            corners = [i.corners(view, pages) for i in some if isinstance(i, Stamps)]
            yield Crowd.of(corners, pages, (view.height, view.width))
        else:
            yield from some


def _scratch(rows: int, width: int) -> Scratch:
    """Zeroed coverage and parity for one band."""
    return np.zeros((rows, width + 2), np.float32), np.zeros((rows, width + 1), np.uint8)


def _composing(plan: Plan, ground: Ground) -> Callable[[Band], None]:
    """What lays the colours of the areas under what covers the land."""
    tint, pattern, phase = _tint(plan, ground.view.design_mpp), hatch(plan), _phase(ground.view)

    def work(band: Band) -> None:
        kernels.compose(
            band.out, ground.cover, ground.ids, tint.lut, tint.hatched, pattern, phase,
            band.y0, band.y1,
        )  # fmt: skip

    return work


def _tint(plan: Plan, mpp: float) -> Tint:
    """The last tint that shows at this scale; without one there is no land yet."""
    tints = [i for i in plan.ground if isinstance(i, Tint) and shows(i.between, mpp)]
    if tints:
        return tints[-1]
    shapes = [len(i.shapes) for i in plan.ground if isinstance(i, Territory)]
    lut = np.full(max(shapes, default=0) + 1, plan.style.paint("land"), np.uint32)
    lut[0] = plan.style.paint("outside")
    return Tint(lut, np.zeros(len(lut), np.uint8))


def hatch(plan: Plan) -> NDArray[np.uint32]:
    """One period of the stripes for "too old", as premultiplied pixels along x + y."""
    look, unit = plan.style.map["stale"], plan.style.unit
    period = max(2, round(look["hatch_period"] * unit))
    # Measured across: a stripe at 45 degrees meets x + y in root two of its width.
    width = look["hatch_width"] * unit * 2**0.5
    part = np.clip(width - np.arange(period), 0, 1) * look["hatch_alpha"]
    return np.array([plan.style.paint("t2", float(a)) for a in part], np.uint32)


def _phase(view: Viewport) -> int:
    """Keeps the stripes where they are on the ground when the frame moves."""
    left, top, _, _ = view.bounds
    return (round(left / view.mpp) + round(top / view.mpp)) % (1 << 20)


def _line(out: Pixels, item: Line, view: Viewport, y0: int, y1: int) -> None:
    width = max(item.width * view.unit, item.metres / view.mpp)
    segments = item.segments
    if item.dash is not None and item.along is not None:
        on, off = (part * view.unit * view.mpp for part in item.dash)
        segments = kernels.dashes(segments, item.along, on, off)
    kernels.strokes(out, segments, view.transform, width, np.uint32(item.colour), y0, y1)


def _dots(out: Pixels, item: Dots, view: Viewport, y0: int, y1: int) -> None:
    reach = float(item.sizes.max(initial=1)) * view.unit
    top, bottom = view.sheet(0, y0 - reach)[1], view.sheet(0, y1 + reach)[1]
    a, b = np.searchsorted(item.y, [top, bottom])
    sizes = np.maximum(1, np.round(item.sizes * view.unit)).astype(np.int32)
    kernels.dots(
        out, item.x[a:b], item.y[a:b], item.kind[a:b], item.colours, sizes, view.transform, y0, y1
    )
