"""The painter: turns a plan of arrays into one opaque picture larger than the window.

Nothing but numpy and kernels that let go of the GIL. What stays while only data change, the
ground, is kept; when the window moves, only the strips that come into view are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandwall import platform
from layers import frames, kernels, names, pictures
from layers.bundles import Bundle, Bundles, width_of
from layers.crowd import Crowd
from layers.frames import Box, Rows
from layers.rooms import Ground, Room, laid
from layers.scene import (
    EVER,
    Dots,
    Fill,
    Item,
    Line,
    Plan,
    Raster,
    Span,
    Stamps,
    Territory,
    Tint,
    shows,
)  # fmt: skip
from layers.sprites import Pages
from layers.viewport import Viewport

STEP = 5
"""How much nicer than the screen the threads of the cook are."""
PARTS = 2
"""Bands of one thread: where one part of the picture has little to draw, its thread goes on."""
LEAST = 400_000
"""Pixels of a band, where there are so many: each costs its own walk through all that is drawn."""
Pixels = NDArray[np.uint32]
Scratch = tuple[NDArray[np.float32], NDArray[np.uint64]]
NOTHING: Scratch = (np.empty((0, 0), np.float32), np.empty((0, 0), np.uint64))


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture: (height, width) opaque pixels of `view`.

    A large one grows by rows: those of `done` (first and last of each run) are finished. One that
    is `close` holds what its window shows and nothing around it yet.
    """

    view: Viewport
    pixels: Pixels
    ticket: int = 0  # of the order it answers
    done: tuple[Rows, ...] = ()
    close: bool = False

    @property
    def whole(self) -> bool:
        return sum(b - a for a, b in self.done) == len(self.pixels)

    def fills(self, view: Viewport) -> bool:
        """Whether all that a window shows is finished."""
        if not self.view.covers(view):
            return False
        top, bottom = frames.seen(self.view, view)
        return sum(max(0, min(b, bottom) - max(a, top)) for a, b in self.done) == bottom - top


Tell = Callable[[Frame], None]


class Overtaken(Exception):
    """Another picture is wanted before this one is finished."""


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
        items = [i for i in plan.live if shows(_span(i), frame.design_mpp)]
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
        self._room = Room.of((0, 0), np.uint16)
        self._bundles = Bundles()

    def close(self) -> None:
        self._helpers.shutdown(wait=True)

    def paint(
        self, plan: Plan, view: Viewport, tell: Tell | None = None, first: bool = False
    ) -> Frame:
        """The picture of a plan, larger than `view` by the overscan of the style.

        Where nothing of it is known, `first` makes one of what the window shows alone; another
        call makes what lies around it. Of a large one `tell` hears as it grows, what the window
        shows first and of that the middle; it may raise Overtaken.
        """
        ground = self._ground = self._standing(plan, view, first)
        anew = ground.key != plan.ground_key
        self._room.pictures.reverse()
        out, compose = laid(self._room.pictures[0], ground.view), _composing(plan, ground)
        live = cache(partial(Live.of, plan, ground.view, view))
        frame = Frame(ground.view, out, close=ground.close)
        try:
            for rows in frames.runs(len(out), out.shape[1], frames.seen(ground.view, view)):
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
                self._room.pictures.reverse()  # the other one is on the screen
        ground.key = plan.ground_key
        return frame

    def _standing(self, plan: Plan, view: Viewport, first: bool) -> Ground:
        """The ground of the next frame, as far as it is known: its key is that of the plan where
        nothing is left to cook."""
        whole = view.overscanned(frames.overscan(plan.style, view))
        self._furnish(whole, _numbers(plan))
        old = self._ground
        if old is not None and old.key == plan.ground_key:
            spare = frames.spare(plan.style, view)
            if old.view.covers(view, 0.0 if first and old.close else spare):
                return old  # what lies around a close one can wait once more
        moved = self._moved(plan, whole)
        if moved is not None:
            return moved
        alone = frames.close(plan.style, view) if first else None
        return self._room.ground(alone or whole, -1, close=alone is not None)

    def _furnish(self, view: Viewport, kind: type[Any]) -> None:
        """Have room for frames up to that size."""
        size = (view.height, view.width)
        if self._room.size != size or self._room.ids.dtype != kind:
            self._ground, self._room = None, Room.of(size, kind)
            most = max(b - a for a, b in frames.runs(*size))
            self._tall = max(most // (PARTS * self.threads), LEAST // view.width) + 1
            self._scratch = [_scratch(self._tall, view.width) for _ in range(self.threads)]

    def _moved(self, plan: Plan, view: Viewport) -> Ground | None:
        """The ground around another middle, of which only what comes into it is cooked; None
        where too little of it is known."""
        old, self._ground = self._ground, None  # its arrays are written to
        if old is None or old.key != plan.ground_key:
            return None
        strips = self._shifted(old, view) if old.view.is_like(view) else self._grown(old, view)
        if strips is None:
            return None
        ground = self._room.ground(view, old.key)
        for box in strips:
            self._cook_part(plan, ground, box)
        return ground

    def _shifted(self, old: Ground, view: Viewport) -> list[Box] | None:
        """What comes into view of a ground that is moved; None where that is most of it."""
        dx, dy = old.view.steps_to(view)
        strips = frames.exposed(view.width, view.height, dx, dy)
        if sum((c - a) * (d - b) for a, b, c, d in strips) > view.width * view.height / 2:
            return None
        pictures.shift(old.cover, dx, dy)
        pictures.shift(old.ids, dx, dy)
        return strips

    def _grown(self, old: Ground, view: Viewport) -> list[Box] | None:
        """What comes around a ground that was close; None where it is no part of this one."""
        box = frames.place(view, old.view)
        if box is None:
            return None
        self._room.grown(old.view, view, box)
        return frames.around(view.width, view.height, box)

    def _cook_part(self, plan: Plan, ground: Ground, box: Box) -> None:
        left, top, right, bottom = box
        part = self._room.part(ground.view.part(*box))
        for rows in frames.runs(*part.cover.shape):
            self._cook_ground(plan, part, rows)
        ground.cover[top:bottom, left:right] = part.cover
        ground.ids[top:bottom, left:right] = part.ids

    def _cook_ground(self, plan: Plan, ground: Ground, rows: Rows) -> None:
        mpp = ground.view.design_mpp
        items = self._bundles.tied(i for i in plan.ground if shows(_span(i), mpp))

        def work(band: Band) -> None:
            ground.cover[band.y0 : band.y1] = 0
            ground.ids[band.y0 : band.y1] = 0
            for item in items:
                if isinstance(item, Bundle):
                    item.draw(band.out, band.ground.view, band.y0, band.y1)
                else:
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
        height, width = whole.y1 - whole.y0, whole.out.shape[1]
        least = min(LEAST // width + 1, -(-height // self.threads))
        rows = min(self._tall, max(least, -(-height // (PARTS * self.threads))))
        starts = iter(range(whole.y0, whole.y1, rows))
        others = self._helpers.map(lambda _: _all(one, starts), range(self.threads - 1))
        meanwhile()
        _all(one, starts)
        for _ in others:
            pass  # a band that failed raises here


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
    return np.zeros((rows, width + 2), np.float32), np.zeros((rows, width // 64 + 1), np.uint64)


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


def _span(item: Item) -> Span:
    return getattr(item, "between", EVER)


def _line(out: Pixels, item: Line, view: Viewport, y0: int, y1: int) -> None:
    segments = item.segments
    if item.dash is not None and item.along is not None:
        on, off = (part * view.unit * view.mpp for part in item.dash)
        segments = kernels.dashes(segments, item.along, on, off)
    kernels.strokes(
        out, segments, view.transform, width_of(item, view), np.uint32(item.colour), y0, y1
    )


def _dots(out: Pixels, item: Dots, view: Viewport, y0: int, y1: int) -> None:
    reach = float(item.sizes.max(initial=1)) * view.unit
    top, bottom = view.sheet(0, y0 - reach)[1], view.sheet(0, y1 + reach)[1]
    a, b = np.searchsorted(item.y, [top, bottom])
    sizes = np.maximum(1, np.round(item.sizes * view.unit)).astype(np.int32)
    kernels.dots(
        out, item.x[a:b], item.y[a:b], item.kind[a:b], item.colours, sizes, view.transform, y0, y1
    )
