"""The page docs/benchmarks/map-limit.md: what a whole run of map_limit showed, beside its promises.

`python -m benchmarks.map_page FIGURES` writes it from the last lines of runs, one in a line; what
stands there under "What bounds it" is written by people, and kept.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.report import markdown

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks" / "map-limit.md"
KEPT = "## What bounds it"
CITY = 132_000
"""Its devices, but for a few."""
FULL_HD, FOUR_K, WIDE, WALL = "1920x1080", "3840x2160", "6656x1792", "15360x4320"
MOVED = ("static", "pan", "city pan", "zoom")
PREFACE = (
    "Written by `python -m benchmarks.map_limit --city DIR --copies 1 2 4 8 --write`. The city of "
    "full size; every value is new each second, every unit moves, an alarm comes every 0.7 s. "
    "Milliseconds. `tick`: between two beats of a clock of 60 Hz. `blit`: one opaque picture of "
    "the map's size. `sharp`: from new data, or another view, until the window shows it whole. "
    "`alarm`: from the disk to its painted mark. `whole`: with agent, pool and player at 132,000 "
    "values a second. The offscreen screen of Qt; no graphics card."
)
HEAD = (
    "window", "map", "mode", "tick p50", "p99", "max", "paint p50", "blit", "paint / blit",
    "sharp p50", "p95", "alarm p50", "max", "frames/s", "values/s",
)  # fmt: skip
COLUMNS = (
    "window", "map", "mode", "tick_p50", "tick_p99", "tick_max", "paint_p50", "blit", "paint_ratio",
    "sharp_p50", "sharp_p95", "alarm_p50", "alarm_max", "frames_s", "readings_s",
)  # fmt: skip
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Promise:
    """The worst of a figure in some rows, and what it may be."""

    text: str
    key: str
    most: float
    copies: int = 1
    sizes: tuple[str, ...] = (FULL_HD,)
    modes: tuple[str, ...] = MOVED

    def cells(self, rows: Iterable[Row]) -> tuple[str, ...] | None:
        some = [row for row in rows if self.counts(row)]
        if not some:
            return None
        worst = max(some, key=lambda row: float(row[self.key]))
        kept = "kept" if worst[self.key] <= self.most else "missed"
        where = f"{worst['mode']}, {worst['window'].rsplit(' ', 1)[1]}"
        return self.text, f"{self.most:g}", f"{worst[self.key]:.1f}", where, kept

    def counts(self, row: Row) -> bool:
        label, size = row["window"].rsplit(" ", 1)
        many, _, what = label.partition(" ")
        if what != "devices" or round(int(many.replace(",", "")) / CITY) != self.copies:
            return False
        return size in self.sizes and row["mode"] in self.modes and self.key in row


PROMISES = (
    Promise("tick p99, 1080p, still and panned", "tick_p99", 18, modes=MOVED[:3]),
    Promise("tick p99, 1080p, zoomed", "tick_p99", 21, modes=("zoom",)),
    Promise("tick p99, 4K, still and panned", "tick_p99", 21, sizes=(FOUR_K,), modes=MOVED[:3]),
    Promise("tick p99, 4K, zoomed", "tick_p99", 28, sizes=(FOUR_K,), modes=("zoom",)),
    Promise("paint, in blits of that size", "paint_ratio", 2.5, sizes=(FULL_HD, FOUR_K, WIDE)),
    Promise("sharp p50, 1080p", "sharp_p50", 40),
    Promise("sharp p95, 1080p", "sharp_p95", 40),
    Promise("sharp p50, 4K", "sharp_p50", 90, sizes=(FOUR_K,)),
    Promise("sharp p95, 4K", "sharp_p95", 90, sizes=(FOUR_K,)),
    Promise("alarm p50, up to 4K", "alarm_p50", 60, sizes=(FULL_HD, FOUR_K)),
    Promise("alarm max, up to 4K", "alarm_max", 60, sizes=(FULL_HD, FOUR_K)),
    Promise("alarm p50, any size", "alarm_p50", 100, sizes=(WIDE, WALL)),
    Promise("alarm max, any size", "alarm_max", 100, sizes=(WIDE, WALL)),
    Promise(
        "a pan frame of the largest wall, in blits", "paint_ratio", 1.5, sizes=(WALL,),
        modes=("pan", "city pan"),
    ),
    Promise(
        "tick p99 with 1,056,000 devices, 1080p, panned", "tick_p99", 18, 8,
        modes=("pan", "city pan"),
    ),
)  # fmt: skip


def write(about: str, told: Sequence[Row], cooked: Sequence[Row]) -> None:
    """The page, with what people wrote on it."""
    before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    said = before[before.index(KEPT) :].strip() if KEPT in before else KEPT
    judged = [cells for promise in PROMISES if (cells := promise.cells(told)) is not None]
    kernel = [[row[key] for key in ("map", "row", "anew", "live", "blit")] for row in cooked]
    parts = [
        "# The map at the limit of the machine", about, PREFACE, "## Promises",
        markdown(("", "at most", "measured", "worst at", ""), judged), "## All rows",
        markdown(HEAD, [[_cell(row.get(key)) for key in COLUMNS] for row in told]),
        "## The cook alone", markdown(("map", "", "anew", "live", "blit"), _rounded(kernel)), said,
    ]  # fmt: skip
    PAGE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _rounded(rows: Sequence[Sequence[Any]]) -> list[list[str]]:
    return [[_cell(value) for value in row] for row in rows]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    wide: Callable[[float], str] = lambda v: f"{v:,.0f}" if v >= 1000 else f"{v:.1f}"  # noqa: E731
    return wide(value) if isinstance(value, float) else str(value)


def main() -> None:
    """Runs of parts of it (a size, a number of devices) as one page; a later row counts."""
    told: dict[tuple[str, str], Row] = {}
    cooked: list[Row] = []
    about = ""
    for line in Path(sys.argv[1]).read_text().splitlines():
        run = json.loads(line)
        told |= {(row["window"], row["mode"]): row for row in run["rows"]}
        cooked, about = run["kernels"] or cooked, run["about"]
    write(about, list(told.values()), cooked)


if __name__ == "__main__":
    main()
