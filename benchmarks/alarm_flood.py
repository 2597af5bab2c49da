"""A flood of alarms on the real wall: is each of the worst seen, and does the list stay usable?

`python -m benchmarks.alarm_flood [--quick] [--storm]` lets 10,000 devices beside those of the demo
city raise an alarm each within ten minutes (quick: 2,000 in one; storm: 132,000 in one, which is
every device of a city), through the pool as any reading, with 12 of severity I hidden among them by
a seed. Meanwhile the alarm page is worked by keys, which another thread posts. A critical counts as
seen once the list that is painted has it alone on top. At the end the row on top is acknowledged.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest

from benchmarks.flood import put
from benchmarks.living import drive, living_wall, until
from benchmarks.report import figures, table
from commandwall import alarms, codes
from commandwall.alarm_cells import Cells, Terms
from commandwall.alarm_groups import presented
from commandwall.alarms import ACKED, UNACK, Alarm
from commandwall.areas import Area
from commandwall.clock import MINUTE, SECOND, Clock, Ms
from commandwall.pool.demo.player import insert
from commandwall.pool.server import PoolServer
from commandwall.sensors import GOOD, READING_DTYPE, Sensor
from widgets.wall import Wall

FORMS = {"quick": (2_000, 60.0), "whole": (10_000, 600.0), "storm": (132_000, 60.0)}
"""How many devices raise an alarm, within how many seconds."""
THERE_S, AFTER_S, ACKED_S = 300.0, 5.0, 60.0
"""How long the devices may take to be known, how long it is looked on afterwards, and how long an
acknowledgement may take at most."""
CRITICAL, SEED, ROWS, SEEN_S = 12, 17, 20, 1.0
PICTURES = {"alarms-flood-1920.png": (1920, 1080), "alarms-flood-6656x1792.png": (6656, 1792)}
CLASSES = ("GAS", "FIR", "RWL", "PWR", "STR", "DOR", "MET")
"""Those whose rules are the same by day and night, and are met by two readings."""
BEAT_S, KEY_S = 0.25, 0.4
KEYS = (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left,
        Qt.Key.Key_Up)  # fmt: skip
CLOCK = Clock()


def devices(places: Sequence[Sensor], count: int, first: int) -> list[Sensor]:
    """As many more devices, of all classes whose alarms wait a minute at most, where others are."""
    rng, facts = np.random.default_rng(SEED), codes.load("sensor_class")
    found = []
    for i in range(count):
        at, cls = places[rng.integers(len(places))], CLASSES[rng.integers(len(CLASSES))]
        of = facts[cls].facts
        found.append(
            Sensor(f"flood-{i:05d}", first + i, cls, f"洪峰 {i}", at.area, "", at.lon, at.lat,
                   of["unit"], of["low"], of["high"], 3600)
        )  # fmt: skip
    return found


class Storm(threading.Thread):
    """Puts two readings of each device, as far apart as its rule waits, evenly over the time;
    `told[id]` is the moment at which a critical was committed in the pool."""

    def __init__(self, conn: Any, rows: Sequence[Sensor], seconds: float) -> None:
        super().__init__()
        self._conn, self._rows, self._seconds = conn, rows, seconds
        rng = np.random.default_rng(SEED + 1)
        hidden = rng.choice(np.arange(len(rows) // 20, len(rows)), CRITICAL, replace=False)
        self.critical = frozenset(rows[i].id for i in hidden)
        rules = {(r.cls, r.severity): r for r in alarms.rules()}
        met = [rules[r.cls, 1 if r.id in self.critical else 3 - (i % 9 == 0)]
               for i, r in enumerate(rows)]  # fmt: skip
        self._no = np.array([r.no for r in rows])
        self._value = np.array([rule.threshold for rule in met])
        self._wait = np.array([int((rule.on_s + 1) * SECOND) for rule in met])
        self.told: dict[str, float] = {}
        self.began = 0.0
        self.halt = threading.Event()

    def run(self) -> None:
        begun, done = CLOCK.monotonic(), 0
        while done < len(self._rows) and not self.halt.wait(BEAT_S):
            share = min(1.0, (CLOCK.monotonic() - begun) / self._seconds)
            upto = int(share * len(self._rows))
            if upto > done:
                put(self._conn, self._pairs(slice(done, upto)))
                self.began = self.began or CLOCK.monotonic()
            now = CLOCK.monotonic()
            critical = (r.id for r in self._rows[done:upto] if r.id in self.critical)
            self.told.update((key, now) for key in critical)
            done = upto

    def _pairs(self, some: slice) -> np.ndarray:
        """Two readings of each of these; it is the wall's own program that makes them."""
        now, found = CLOCK.now(), np.zeros((len(self._no[some]), 2), READING_DTYPE)
        found["no"], found["quality"] = self._no[some, None], GOOD
        found["value"], found["at"] = self._value[some, None], now
        found["at"][:, 0] -= self._wait[some]
        return found.ravel()


class Typist(threading.Thread):
    """Posts a key now and then to a widget, as a keyboard does, and notes when."""

    def __init__(self, to: Any) -> None:
        super().__init__()
        self._to, self.at = to, dict[int, float]()
        self.halt = threading.Event()

    def run(self) -> None:
        n = 0
        while not self.halt.wait(KEY_S):
            self.at[n] = CLOCK.monotonic()
            none = Qt.KeyboardModifier.NoModifier
            key = QKeyEvent(QEvent.Type.KeyPress, KEYS[n % len(KEYS)], none)
            QCoreApplication.postEvent(self._to, key)
            n += 1


class Eye(QObject):
    """Notes when each key was painted, and when a critical stood alone on top of what is."""

    def __init__(self, panel: Any, typist: Typist) -> None:
        super().__init__()
        self._panel, self._typist = panel, typist
        self.keys: list[float] = []
        self.seen: dict[str, float] = {}
        self.rows: list[int] = []
        self.alarms = self._typed = self._waits = 0
        self.flooded = 0.0
        panel.installEventFilter(self)

    def eventFilter(self, panel: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress:
            self._waits += 1
        elif event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self._painted)
        return False

    def _painted(self) -> None:
        now, shown = CLOCK.monotonic(), self._panel.shown
        for _ in range(self._waits):
            self.keys.append(1000 * (now - self._typist.at[self._typed]))
            self._typed += 1
        self._waits = 0
        self.alarms = max(self.alarms, len(self._panel.picture.alarms))
        top = self._panel.keys[: len(shown.alone)]
        by_id = {alarm.id: alarm for alarm in shown.alone}
        for key in top:
            if key in by_id and by_id[key].severity == 1:
                self.seen.setdefault(by_id[key].sensor, now)
        if self._panel.flood:
            self.flooded = self.flooded or now
            self.rows.append(shown.rows)


def weather(wall: Wall, form: str) -> tuple[Storm, Eye, list[float], dict[str, float]]:
    """The storm over a wall whose alarm page is worked; frames of the screen's thread, and what was
    timed once, in ms."""
    folder, (count, seconds) = Path(wall.settings.data_dir), FORMS[form]
    places = wall.desk.ask(lambda r: r.find(Sensor)).result()
    rows = devices(places, count, max(s.no for s in places) + 1)
    wall.desk.take_post("chief", "陈").result()
    with PoolServer(folder / "pool").owner() as conn, conn.cursor():
        insert(conn, rows)
        conn.commit()
        given = CLOCK.monotonic()
        until(lambda: rows[-1].id in wall.picture.sensors.row_of, THERE_S)
        known = CLOCK.monotonic() - given
        wall.open_page("alarms")
        panel: Any = wall.page.panels["alarm_list"]
        panel.setFocus()
        QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_unknown, Qt.KeyboardModifier.NoModifier)
        storm, typist = Storm(conn, rows, seconds), Typist(panel)  # Qt knows a keyboard now
        eye = Eye(panel, typist)
        storm.start()
        typist.start()
        beats = drive(lambda elapsed: None, seconds + AFTER_S)
        for thread in (typist, storm):
            thread.halt.set()
            thread.join()
        once = {"new devices known": known, "acknowledged, after its key": acknowledged(panel)}
    once["flood told, after the first alarm's commit"] = eye.flooded - storm.began
    return storm, eye, beats, {what: 1000 * took for what, took in once.items()}


def acknowledged(panel: Any) -> float:
    """Seconds from the key on the row on top until the picture has it as acknowledged."""
    top = panel.shown.alone[0].id
    panel.choose(top)
    began = CLOCK.monotonic()
    QTest.keyClick(panel, Qt.Key.Key_Space)
    until(lambda: panel.picture.alarms[top].state == ACKED, ACKED_S)
    return CLOCK.monotonic() - began


def paint(wall: Wall, folder: Path) -> None:
    """Pictures of the flood as the docs have them."""
    for name, size in PICTURES.items():
        wall.resize(*size)
        until(wall.is_drawn)
        drive(lambda elapsed: None, AFTER_S)
        wall.snapshot(*size).save(str(folder / name))


def grouping(areas: Mapping[str, Area]) -> list[float]:
    """ms to put as many alarms as the whole storm has in order after a hundredth of them changed,
    without a window: a kernel."""
    rng, codes_ = np.random.default_rng(SEED), list(areas)
    some = [
        Alarm(f"a{i}", f"s{i}", "", CLASSES[rng.integers(len(CLASSES))], 1 + (i >= CRITICAL), UNACK,
              1.0, "", codes_[rng.integers(len(codes_))], 120.0 + rng.random(), 31.0 + rng.random(),
              Ms(CLOCK.now() - int(rng.integers(10 * MINUTE))), CLOCK.now())
        for i in range(FORMS["whole"][0])
    ]  # fmt: skip
    cells, terms, held = Cells(), Terms(areas, flood=True), {alarm.id: alarm for alarm in some}
    cells.bring(held, None, terms)
    took = []
    for _ in range(9):
        changed = [some[i].id for i in rng.integers(len(some), size=len(some) // 100)]
        begun = CLOCK.monotonic()
        cells.bring(held, changed, terms)
        presented(cells, CLOCK.now())
        took.append(1000 * (CLOCK.monotonic() - begun))
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", dest="form", action="store_const", const="quick")
    parser.add_argument("--storm", dest="form", action="store_const", const="storm")
    parser.add_argument("--pictures", type=Path, help="folder that gets pictures of the flood")
    asked = parser.parse_args()
    form = asked.form or "whole"
    with living_wall(1920, 1080) as wall:
        storm, eye, beats, once = weather(wall, form)
        if asked.pictures is not None:
            paint(wall, asked.pictures)
        kernel = grouping(wall.picture.areas)
    lags = [eye.seen[key] - at for key, at in storm.told.items() if key in eye.seen]  # in turn
    once["the first of these"] = 1000 * next(iter(lags), np.nan)
    spread = {
        "critical alone on top, ms after its commit in the pool": [1000 * lag for lag in lags],
        "key until painted": eye.keys,
        "frame clock": beats,
        "kernel: 100 of 10,000 alarms changed": kernel,
        **{what: [took] for what, took in once.items()},
    }
    rows = [
        (name, len(some), *np.percentile(some or [np.nan], (50, 99, 100)).round(1).tolist())
        for name, some in spread.items()
    ]
    table("A flood of alarms", ("what", "times", "p50 ms", "p99 ms", "max ms"), rows)
    in_time = sum(lag <= SEEN_S for lag in lags)
    most = max(eye.rows, default=0)
    unseen = sorted(storm.told.keys() - eye.seen.keys())
    print(f"{eye.alarms:,} alarms at once; at most {most} rows of {ROWS}")
    print(f"{in_time} of {CRITICAL} alone on top within {SEEN_S:.0f} s, {len(unseen)} never")
    figures(
        "alarm_flood", form=form, alarms=eye.alarms, seconds=FORMS[form][1], rows_most=most,
        critical=CRITICAL, critical_in_time=in_time, keys=len(eye.keys),
        kept=most <= ROWS and in_time == CRITICAL,
        ms={name: {"p50": p50, "p99": p99, "max": worst} for name, _, p50, p99, worst in rows},
    )  # fmt: skip


if __name__ == "__main__":
    main()
