"""Layout: where each panel of a page stands, computed from data and the size of the window.

Columns have fixed widths and are added outward from the map; nothing is stretched or squeezed.
Where there is too little height, whole panels are dropped in the order that the wall file gives.
All lengths are design pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

MARGIN, GUTTER, GAP = 32.0, 24.0, 24.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One panel in a column: fixed `height`, or between `least` and `most` by its share `grow`.
    What a panel does without of a fixed height leaves it `least`."""

    of: str
    height: float = 0.0
    grow: float = 0.0
    least: float = 0.0
    most: float = 1e9
    drop: int = 0
    """Dropped where there is no room, the highest first; 0 never."""
    rule: bool = False
    """A hairline above it."""

    @property
    def need(self) -> float:
        return self.least if self.grow else self.height


@dataclass(frozen=True, slots=True)
class Column:
    panels: tuple[Entry, ...]
    width: float = 0.0
    """0: takes what the others leave."""


@dataclass(frozen=True, slots=True)
class Band:
    """A row of columns."""

    columns: tuple[Column, ...]
    height: float = 0.0
    """0: takes what the others leave."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One arrangement of a page, and the windows it is for."""

    bands: tuple[Band, ...]
    min_width: float = 0.0
    max_aspect: float = 1e9
    margin: float = MARGIN
    gutter: float = GUTTER
    gap: float = GAP
    header: Mapping[str, Any] | None = None

    def names(self) -> list[str]:
        """Its panels, band by band and column by column."""
        return [e.of for band in self.bands for column in band.columns for e in column.panels]

    def fits(self, width: float, height: float) -> bool:
        return width >= self.min_width and width / max(1.0, height) <= self.max_aspect


@dataclass(frozen=True, slots=True)
class Box:
    """Where one panel stands."""

    of: str
    x: float
    y: float
    width: float
    height: float
    rule: bool = False


def read(data: Mapping[str, Any]) -> Layout:
    """A layout from its table in a wall file; TypeError names a key that no layout has."""
    rest = {key: value for key, value in data.items() if key != "band"}
    return Layout(tuple(_band(band) for band in data["band"]), **rest)


def without(layout: Layout, out: Callable[[str], bool]) -> Layout:
    """The same without some panels; the others take their room."""

    def of(column: Column) -> Column:
        return replace(column, panels=tuple(e for e in column.panels if not out(e.of)))

    bands = (replace(band, columns=tuple(map(of, band.columns))) for band in layout.bands)
    return replace(layout, bands=tuple(bands))


def choose(layouts: Sequence[Layout], width: float, height: float) -> Layout:
    """The first that is for such a window; the last where none is."""
    return next((one for one in layouts if one.fits(width, height)), layouts[-1])


def arrange(
    layout: Layout,
    width: float,
    height: float,
    top: float,
    spare: Mapping[str, float] | None = None,
) -> list[Box]:
    """The place of every panel that there is room for, below `top`. `spare`: how much of its
    height a panel does without; its column takes it, and its band where all in it do."""
    boxes: list[Box] = []
    layout = _spared(layout, spare or {})
    parts = [(_tall(b, spare or {}), 0.0 if b.height else 1.0, 0.0, 1e9) for b in layout.bands]
    # A band that does without all its height leaves no gap either.
    gaps = [layout.gap if tall or grows else 0.0 for tall, grows, *_ in parts]
    spared = layout.gap * gaps.count(0.0)
    heights = _share(parts, height - top - layout.margin + spared, layout.gap)
    y = top
    for band, tall, gap in zip(layout.bands, heights, gaps, strict=True):
        boxes += _across(layout, band, width, (y, tall))
        y += tall + gap
    return boxes


def _spared(layout: Layout, spare: Mapping[str, float]) -> Layout:
    """With the heights that its panels need today."""

    def needed(entry: Entry) -> Entry:
        without = entry.height - spare.get(entry.of, 0.0)
        return replace(entry, height=max(min(entry.least, entry.height), without))

    def of(column: Column) -> Column:
        return replace(column, panels=tuple(map(needed, column.panels)))

    bands = (replace(band, columns=tuple(map(of, band.columns))) for band in layout.bands)
    return replace(layout, bands=tuple(bands))


def _tall(band: Band, spare: Mapping[str, float]) -> float:
    """The height of a band, less what all its panels do without; 0 where it takes the rest."""
    entries = [entry for column in band.columns for entry in column.panels]
    without = band.height - min(spare.get(entry.of, 0.0) for entry in entries)
    return max(min(band.height, max(entry.least for entry in entries)), without)


def _across(layout: Layout, band: Band, width: float, zone: tuple[float, float]) -> list[Box]:
    widths = _share(
        [(c.width, 0.0 if c.width else 1.0, 0.0, 1e9) for c in band.columns],
        width - 2 * layout.margin, layout.gutter,
    )  # fmt: skip
    boxes: list[Box] = []
    x = layout.margin
    for column, wide in zip(band.columns, widths, strict=True):
        boxes += _down(column, (x, wide), zone, layout.gap)
        x += wide + layout.gutter
    return boxes


def _down(
    column: Column, across: tuple[float, float], zone: tuple[float, float], gap: float
) -> list[Box]:
    (x, wide), (y, tall) = across, zone
    kept = _kept(column.panels, tall, gap)
    heights = _share([(e.height, e.grow, e.least, e.most) for e in kept], tall, gap)
    boxes = []
    for entry, high in zip(kept, heights, strict=True):
        boxes.append(Box(entry.of, x, y, wide, high, entry.rule))
        y += high + gap
    return boxes


def _kept(entries: Sequence[Entry], room: float, gap: float) -> list[Entry]:
    kept = list(entries)
    while sum(e.need for e in kept) + gap * (len(kept) - 1) > room:
        worst = max(kept, key=lambda e: e.drop)
        if worst.drop == 0:
            break
        kept.remove(worst)
    return kept


def _share(
    parts: Sequence[tuple[float, float, float, float]], room: float, gap: float
) -> list[float]:
    """Lengths of parts given as (fixed, share, least, most) that fill a room."""
    free = room - gap * max(0, len(parts) - 1) - sum(p[0] for p in parts if not p[1])
    lengths = [fixed if not share else 0.0 for fixed, share, _, _ in parts]
    open_ = {i for i, p in enumerate(parts) if p[1]}
    while open_:
        total = sum(parts[i][1] for i in open_)
        wished = {i: free * parts[i][1] / total for i in open_}
        bound = {i: min(max(wished[i], parts[i][2]), parts[i][3]) for i in open_}
        stuck = {i for i in open_ if bound[i] != wished[i]} or open_
        for i in stuck:
            lengths[i] = max(0.0, bound[i])
            free -= lengths[i]
        open_ -= stuck
    return lengths


def _band(data: Mapping[str, Any]) -> Band:
    return Band(tuple(_column(c) for c in data["column"]), data.get("height", 0.0))


def _column(data: Mapping[str, Any]) -> Column:
    return Column(tuple(Entry(**entry) for entry in data["panels"]), data.get("width", 0.0))
