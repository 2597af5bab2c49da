"""The map on the real wall: frame clock, paint and sharp-after, beside one blit of that size.

`python -m benchmarks.map_limit [--quick] [--write]` starts the wall with its agent, pool server
and player on a new data directory, waits for the city, and moves the map by a clock of 60 Hz while
values change. With `--city DIR` the city is the one of full size that `--demo --scale city` left
in that directory: the wall alone with all its values new each second, then the whole program with
an agent that takes all of them; `--copies 1 2 4 8` sets so many times its devices on the map, and
`--sizes`, `--modes` and `--alone` take a part of it.
`blit` is one opaque drawImage of the map's size, measured around each row; `bare` is a window that
does nothing else. `alarm` is the time from an alarm on disk to its painted mark. A row marked
`kernel` is the cook alone, without a window.
"""

from __future__ import annotations

import argparse
import math
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPoint, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from benchmarks import city as walls
from benchmarks import map_page
from benchmarks.living import Arrivals, drive, forget, living_wall, until
from benchmarks.report import figures, machine, milliseconds, table
from benchmarks.values import MARK
from commandwall.alarms import Alarm
from commandwall.clock import Clock, to_datetime
from layers.map import MapView
from layers.painter import Painter
from widgets.wall import Wall

Size = tuple[int, int]
SIZES = FULL_HD, FOUR_K, ULTRA_WIDE = (1920, 1080), (3840, 2160), (6656, 1792)
WALL = (15360, 4320)
SETTLE_S = 20.0
MODES = ("static", "pan", "city pan", "zoom", "levels")
HEAD = (
    "window", "map", "mode", "tick p50", "p99", "max", "paint p50", "p99", "blit", "paint / blit",
    "sharp p50", "p95", "alarm p50", "max", "frames/s", "readings/s",
)  # fmt: skip


class Hand:
    """Moves one map as a person would; each mode is called with the seconds since it began."""

    def __init__(self, view: MapView) -> None:
        self._view, self._navigator = view, view.navigator
        self._x = self._y = self._notches = 0.0
        self._turn = 0
        towns = [a.id for a in view.board.drill.areas.values() if a.level == 1]
        self._towns = sorted(towns)

    def begin(self, mode: str) -> Callable[[float], None]:
        """Take the first view of a mode, wait until it is sharp (the largest wall never quite is),
        and give the mode."""
        self._view.enter("")
        if mode == "pan":
            view = self._navigator.view
            self._navigator.look_at(view.cx, view.cy, view.mpp / 2)
        settle(self._view)
        self._x = self._y = self._notches = 0.0
        modes: dict[str, Callable[[float], None]] = {
            "static": lambda t: None, "pan": self.pan, "city pan": self.pan_city,
            "zoom": self.zoom, "levels": self.levels,
        }  # fmt: skip
        return modes[mode]

    def pan(self, t: float) -> None:
        """Wide curves at twice the scale of the city: 600 pixels of a 1080p map a second."""
        view = self._navigator.view
        self._to(0.38 * view.width * math.sin(1.5 * t), 0.2 * view.height * math.sin(t))

    def pan_city(self, t: float) -> None:
        """Small curves, with the whole city in view."""
        view = self._navigator.view
        self._to(0.1 * view.width * math.sin(1.5 * t), 0.1 * view.height * math.sin(t))

    def zoom(self, t: float) -> None:
        """Down to the streets and back, without a pause."""
        view, notches = self._navigator.view, 8 * (1 - math.cos(1.2 * t))
        self._navigator.zoom(notches - self._notches, view.width / 2, view.height / 2)
        self._notches = notches

    def levels(self, t: float) -> None:
        """Twice a second into a town or out again, or a layer off or on."""
        if int(t * 2) == self._turn:
            return
        self._turn = int(t * 2)
        if self._turn % 4 < 2:
            self._view.enter(self._towns[self._turn // 4 % len(self._towns)])
        else:
            self._view.enter("")
        self._view.set_visible("sensors", self._turn % 2 == 0)

    def _to(self, x: float, y: float) -> None:
        self._navigator.pan(x - self._x, y - self._y)
        self._x, self._y = x, y


@dataclass(slots=True)
class Row:
    """What one mode showed; milliseconds."""

    window: str
    size: Size
    mode: str
    beats: Sequence[float] = ()
    paint: Sequence[float] = ()
    sharp: Sequence[float] = ()
    alarm: Sequence[float] = ()
    blit: float = math.nan
    seconds: float = 0.0
    readings: int = 0

    def cells(self) -> tuple[Any, ...]:
        return (
            self.window, "x".join(map(str, self.size)), self.mode,
            share(self.beats, 50), share(self.beats, 99), max(self.beats, default=math.nan),
            share(self.paint, 50), share(self.paint, 99), self.blit,
            share(self.paint, 50) / self.blit, share(self.sharp, 50), share(self.sharp, 95),
            share(self.alarm, 50), max(self.alarm, default=math.nan),
            len(self.paint) / self.seconds, self.readings / self.seconds,
        )  # fmt: skip

    def figures(self) -> dict[str, Any]:
        return {
            key.replace(" ", "_"): round(value, 2) if isinstance(value, float) else value
            for key, value in zip(KEYS, self.cells(), strict=True)
            if value == value
        }


KEYS = (
    "window", "map", "mode", "tick_p50", "tick_p99", "tick_max", "paint_p50", "paint_p99", "blit",
    "paint_ratio", "sharp_p50", "sharp_p95", "alarm_p50", "alarm_max", "frames_s", "readings_s",
)  # fmt: skip
KERNEL = ("map", "row", "anew", "live", "blit")


def share(values: Sequence[float], percent: float) -> float:
    return float(np.percentile(values, percent)) if values else math.nan


class Bare(QWidget):
    """The floor: a window that shows one opaque picture of its size, and does nothing else."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.resize(*size)
        self.image = opaque((size[0] * 3 // 2, size[1] * 3 // 2))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawImage(-self.width() // 4, -self.height() // 4, self.image)
        painter.end()


def opaque(size: Size) -> QImage:
    image = QImage(*size, QImage.Format.Format_RGB32)
    image.fill(0xFF203040)
    return image


def blit(size: Size, times: int = 31) -> float:
    """Median milliseconds of one opaque drawImage of that size, out of a larger picture as the
    map does it (pictures of one size may lie so in memory that copying takes eight times as long).
    """
    width, height = size
    source, target = opaque((width * 3 // 2, height * 3 // 2)), opaque(size)

    def draw() -> None:
        painter = QPainter(target)
        painter.drawImage(-width // 4, -height // 4, source)
        painter.end()

    return milliseconds(draw, times)


class Painted(QObject):
    """Notes when the mark of an alarm that another program wrote is on the screen.

    The screen is looked at after each paint: the pixel at the alarm's place, as the map lay then.
    """

    def __init__(self, wall: Wall, told: Path) -> None:
        super().__init__()
        self._wall, self._told = wall, told
        self._seen: dict[str, int] = {}
        self._done: set[str] = set()
        self._begun, self._view = 0, wall.map.navigator.view
        wall.map.installEventFilter(self)

    def begin(self) -> None:
        """From now on: what was on disk before waited for whatever else was measured."""
        self._seen.clear()
        self._done, self._begun = set(self._wall.picture.alarms), time.monotonic_ns()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self._wall.map.pane.frame is not None:
            self._view = self._wall.map.navigator.view  # a hand may move on before the look
            QTimer.singleShot(0, self._look)  # an event filter runs before the paint
        return False

    def _look(self) -> None:
        view, now = self._wall.map, time.monotonic_ns()
        for id_, alarm in self._wall.picture.alarms.items():
            if id_.startswith(MARK) and id_ not in self._done:
                at = self._place(alarm)
                outside = not view.rect().contains(at)
                if outside or self._colour(at) == view.scene.style.colour("s1"):
                    self._done.add(id_)
                    self._seen |= {} if outside else {id_: now}

    def _place(self, alarm: Alarm) -> QPoint:
        """Beside the numeral: the mark is a diamond of the worst severity's colour."""
        view = self._wall.map
        x, y = view.scene.project([alarm.lon], [alarm.lat])
        px, py = self._view.pixel(float(x[0]), float(y[0]))
        return QPoint(round(px + 9 * self._view.unit), round(py))

    def _colour(self, at: QPoint) -> QColor:
        on = self._wall.map.mapTo(self._wall, at)
        screen = self._wall.screen()
        return (
            screen.grabWindow(self._wall.winId(), on.x(), on.y(), 1, 1).toImage().pixelColor(0, 0)
        )

    def took(self) -> list[float]:
        """Milliseconds from the disk to the screen, of those that were in the window."""
        lines = (line.split() for line in self._told.read_text().splitlines())
        told = {line[0]: int(line[1]) for line in lines if len(line) == 2}
        return [
            (at - told[id_]) / 1e6 for id_, at in self._seen.items()
            if told.get(id_, 0) > self._begun
        ]  # fmt: skip


def watch(
    view: MapView, arrivals: Arrivals, window: str, mode: str, seconds: float,
    painted: Painted | None = None,
) -> Row:  # fmt: skip
    """Move the map in one mode and take its figures, with the floor before and after.

    While the floor is measured the screen does nothing else, on the largest wall for seconds: no
    alarm of that time counts.
    """
    size = (view.width(), view.height())
    floors = [blit(size)]
    step = Hand(view).begin(mode)
    view.paint_ms.clear()
    view.pane.sharp_ms.clear()
    before = arrivals.readings
    if painted is not None:
        painted.begin()
    beats = drive(step, seconds)
    row = Row(window, size, mode, beats, list(view.paint_ms), list(view.pane.sharp_ms))
    row.alarm = painted.took() if painted is not None else ()
    row.readings, row.seconds = arrivals.readings - before, sum(beats) / 1000
    row.blit = statistics.mean([*floors, blit(size)])
    view.set_visible("sensors", True)
    return row


def settle(view: MapView) -> None:
    """Wait until nothing is left to cook, or as long as a person would."""
    with suppress(TimeoutError):
        until(lambda: view.board.idle, SETTLE_S)


def name(size: Size) -> str:
    return f"{size[0]}x{size[1]}"


def resize(wall: Wall, size: Size) -> None:
    wall.resize(*size)
    settle(wall.map)


def on_the_wall(
    wall: Wall, plan: dict[Size, Sequence[str]], seconds: float, label: str = "wall",
    painted: Painted | None = None,
) -> list[Row]:  # fmt: skip
    """All modes at all sizes, on the wall as it stands."""
    arrivals, rows = Arrivals(wall), []
    for size, modes in plan.items():
        resize(wall, size)
        for mode in modes:
            span = seconds * (2 if mode == "pan" else 1)  # the promise stands on this one
            rows.append(watch(wall.map, arrivals, f"{label} {name(size)}", mode, span, painted))
    return rows


def bare(size: Size, seconds: float) -> Row:
    """The frame clock of a window that only blits."""
    window = Bare(size)
    window.show()
    beats = drive(lambda t: window.update(), seconds)
    forget(window)
    return Row(f"bare {name(size)}", size, "blit", beats, seconds=seconds, blit=blit(size))


def kernels(wall: Wall, times: int) -> list[tuple[str, str, float, float, float]]:
    """The cook alone on what the wall shows: all of it anew, and only what lives."""
    plan, view = wall.map.scene.plan(), wall.map.navigator.view
    size, keys, rows = (view.width, view.height), count(plan.ground_key + 1), []
    for threads in (1, 2):
        painter = Painter(threads)

        def anew(painter: Painter = painter) -> None:
            painter.paint(replace(plan, ground_key=next(keys)), view)

        whole = milliseconds(anew, times)
        kept = replace(plan, ground_key=next(keys))
        live = milliseconds(partial(painter.paint, kept, view), times)
        rows.append((name(size), f"kernel, {threads} threads", whole, live, blit(size)))
        painter.close()
    return rows


def small(quick: bool) -> tuple[list[Row], list[Any]]:
    """The small city in a directory of its own."""
    plan = {FULL_HD: MODES, FOUR_K: ("pan", "zoom")} if quick else dict.fromkeys(SIZES, MODES)
    with living_wall(*FULL_HD) as wall:
        rows = on_the_wall(wall, plan, 2.0 if quick else 6.0)
        resize(wall, FULL_HD)
        cooked = kernels(wall, 5 if quick else 15)
    return rows, cooked


def city(given: argparse.Namespace) -> tuple[list[Row], list[Any]]:
    """The city of full size: the wall alone, then the whole program, then with more devices."""
    folder, sizes, modes = given.city, given.sizes, given.modes
    seconds, cooked = (2.0 if given.quick else 6.0), list[Any]()
    rows: list[Row] = []
    for times in given.copies:
        with walls.alone(folder, FULL_HD, times) as (wall, told):
            plan = dict.fromkeys(sizes if times == 1 else (FULL_HD,), modes)
            label = f"{len(wall.picture.sensors.ids):,} devices"
            rows += on_the_wall(wall, plan, seconds, label, Painted(wall, told))
            if times == 1 and FULL_HD in sizes:
                resize(wall, FULL_HD)
                cooked = kernels(wall, 5 if given.quick else 15)
    both = [size for size in sizes if size in SIZES[:2] and not given.alone]
    if 1 in given.copies and both:
        with walls.whole(folder, FULL_HD) as wall:
            rows += on_the_wall(wall, dict.fromkeys(both, modes), seconds, "whole")
    return rows, cooked


def size_of(text: str) -> Size:
    width, _, height = text.partition("x")
    return int(width), int(height)


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true", help="docs/benchmarks/map-limit.md, too")
    parser.add_argument("--city", type=Path, metavar="DIR")
    parser.add_argument("--copies", type=int, nargs="+", default=[1], metavar="N")
    parser.add_argument("--sizes", type=size_of, nargs="+", default=(*SIZES, WALL), metavar="WxH")
    parser.add_argument("--modes", nargs="+", default=MODES[:4], choices=MODES)
    parser.add_argument("--alone", action="store_true", help="not the whole program, too")
    return parser.parse_args()


def about() -> str:
    """When, on which state of the program, on what machine."""
    git = ["git", "log", "-1", "--format=%h"]
    told = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    return f"{to_datetime(Clock().now()):%Y-%m-%d}, {told or 'no commit'}, {machine()}."


def main() -> None:
    given, since = asked(), about()
    rows, alone = small(given.quick) if given.city is None else city(given)
    if not given.alone:
        rows += [bare(size, 0.5 if given.quick else 4.0) for size in SIZES[:2]]
    table("The wall while values change, milliseconds", HEAD, [row.cells() for row in rows])
    table("The cook alone, milliseconds", ("map", "", "anew", "live", "blit"), alone)
    told = [row.figures() for row in rows]
    cooked = [dict(zip(KERNEL, k, strict=True)) for k in alone]
    if given.write:
        map_page.write(since, told, cooked)
    figures("map_limit", about=since, rows=told, kernels=cooked)


if __name__ == "__main__":
    main()
