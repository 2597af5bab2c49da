"""Readings of brokers at full rate: a real broker, the real agent, the real wall, on this machine.

`python -m benchmarks.feed_burst [--quick] [--broker nats-server]`; mosquitto otherwise. 132,000
devices speak within one second, in packs of 100; then 2,200 single readings a second; then the
broker is killed, and comes back, while a gateway goes on. A reading is decided when it stands in
the live array, which the agent writes once the judge had it and its alarm is on disk; it is drawn
with the first paint of a frame that was ordered with it in the scene. `due` counts from the moment
at which the gateway should have sent, `sent` from that at which it handed the message to the
system: the one has the publisher's own time in it, the other not. It ends with an error where a
reading was lost.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import numpy as np
from broker import MOSQUITTO, NATS, Broker, Publisher
from PySide6.QtCore import QEvent, QObject, QTimer

from benchmarks.city import shown
from benchmarks.feed_source import CALM, name_of
from benchmarks.living import drive, until
from benchmarks.report import figures, table
from commandwall import errand, platform
from commandwall.config import Settings
from commandwall.pool import schema
from commandwall.pool.loader import load
from commandwall.pool.own import address
from commandwall.pool.server import PoolServer
from commandwall.sensors import Sensor
from layers.sensors import SensorsLayer
from widgets import startup
from widgets.wall import Wall

SIZE = 1920, 1080
DEVICES, PACK, BURST_S = 132_000, 100, 1.0
RATE, STEADY_S = 2200, {True: 10.0, False: 600.0}
CUT_S, GATEWAY_S = 6.0, 0.05
"""How long the broker is away; between two readings of the gateway that goes on meanwhile."""
LOST_S = 30.0
"""What is not there so long after the last was sent is lost."""
GRID = "SELECT id, lon, lat FROM cw_area WHERE level = 3 ORDER BY id"
HEAD = ("what", "readings", "p50 ms", "p99 ms", "max ms", "promised p99")


@dataclass
class Screen(QObject):
    """When the readings of each tick were on the screen."""

    wall: Wall
    drawn: list[tuple[float, np.ndarray]] = field(default_factory=list)
    """Moments of paints, and what the newest moment of each device was then."""

    def __post_init__(self) -> None:
        super().__init__()
        self._refreshed: deque[np.ndarray] = deque()
        self._scene: np.ndarray | None = None
        self._ordered: dict[int, np.ndarray] = {}
        self._frame: np.ndarray | None = None
        self.ticks: list[float] = []
        self.recording = False
        board, pane = self.wall.map.board, self.wall.map.pane
        layer = board.layer(SensorsLayer)
        self._wrap(layer, "refresh", before=self._refresh)
        self._wrap(board.scene, "draw", after=lambda of, *_: self._built(of is layer))
        self._wrap(board.cook, "request", result=self._order)
        self._wrap(pane, "adopt", after=self._adopt)
        self._wrap(self.wall.crossing, "_show", timed=self.ticks)
        self.wall.map.installEventFilter(self)

    def _wrap(self, of: Any, name: str, before: Any = None, after: Any = None, result: Any = None,
              timed: list[float] | None = None) -> None:  # fmt: skip
        inner = getattr(of, name)

        def call(*asked: Any, **more: Any) -> Any:
            if before is not None:
                before(*asked, **more)
            began = time.perf_counter()
            found = inner(*asked, **more)
            if timed is not None:
                timed.append(1000 * (time.perf_counter() - began))
            if after is not None:
                after(*asked, **more)
            if result is not None:
                result(found)
            return found

        setattr(of, name, call)

    def _refresh(self, picture: Any, *_: Any) -> None:
        self._refreshed.append(picture.sensors.at)

    def _built(self, ours: bool) -> None:
        if ours and self._refreshed:
            self._scene = self._refreshed.popleft()

    def _order(self, ticket: int) -> None:
        if self._scene is not None:
            self._ordered[ticket] = self._scene

    def _adopt(self) -> None:
        pane = self.wall.map.pane
        for part, _ in filter(None, (pane.frame, pane.growing)):
            if part.ticket in self._ordered and part.fills(pane.view):
                self._frame = self._ordered[part.ticket]
                self._ordered = {t: at for t, at in self._ordered.items() if t > part.ticket}

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self.recording and self._frame is not None:
            QTimer.singleShot(0, self._painted)  # an event filter runs before the paint
        return False

    def _painted(self) -> None:
        if not self.drawn or self.drawn[-1][1] is not self._frame:
            self.drawn.append((time.monotonic(), self._frame))

    def moments(self, rows: np.ndarray, at: np.ndarray) -> np.ndarray:
        """When each of these readings, of the rows of the picture, was first on the screen."""
        found = np.full(len(at), np.inf)
        for moment, known in self.drawn:
            new = np.isinf(found) & (known[rows] >= at)
            found[new] = moment
        return found


class Child:
    """A program of feed_source."""

    def __init__(self, parts: ExitStack, *asked: object) -> None:
        command = [sys.executable, "-m", "benchmarks.feed_source", *map(str, asked)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        parts.callback(platform.end, self.process)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def over(self) -> bool:
        return self.process.poll() is not None


@contextmanager
def city(folder: Path) -> Iterator[tuple[dict[str, str], int]]:
    """The pool of a small city with 132,000 devices; its login, and the first number of ours."""
    with PoolServer(folder / "pool") as server:
        with server.owner() as conn:
            schema.create(conn)
        env = address(server.owner_url, server.owner_secret) | {"COMMANDWALL_SCALE": "small"}
        assert errand.run("commandwall.pool.demo.seed", env, lambda *_: None, lambda: False)
        with server.owner() as conn:
            first = conn.execute("SELECT max(no) + 1 FROM cw_sensor").fetchone()[0]
            places = conn.execute(GRID).fetchall()
            rng = np.random.default_rng(1)
            load(conn, [_device(first + i, places[i % len(places)], rng) for i in range(DEVICES)])
        yield address(server.station_url, server.station_secret), first


def _device(no: int, place: tuple[str, float, float], rng: Any) -> Sensor:
    area, lon, lat = place
    east, north = rng.normal(0, 0.002, 2)
    return Sensor(
        name_of(no),
        no,
        "GAS",
        f"点 {no}",
        area,
        "",
        lon + east,
        lat + north,
        "%LEL",
        0.0,
        100.0,
        60,
    )


@dataclass
class Hall:
    """What runs: the broker, and the wall with its agent."""

    folder: Path
    broker: Broker
    wall: Wall
    screen: Screen
    first: int

    @property
    def live(self) -> tuple[Path, int]:
        path = max(self.folder.glob("wall/sensors-*.live"), key=lambda one: one.stat().st_mtime)
        return path, int(path.stem.rpartition("-")[2])

    def feed(self) -> Any:
        return self.wall.picture.sync.feeds[0]

    def rows(self, no: np.ndarray) -> np.ndarray:
        """Where devices stand in the picture."""
        known = self.wall.picture.sensors.no
        order = np.argsort(known)
        return order[np.searchsorted(known, no, sorter=order)]


def measured(hall: Hall, rate: float, seconds: float, pack: int) -> dict[str, Any]:
    """Send, and follow each reading until it is drawn. Milliseconds."""
    out = hall.folder / "sent.npz", hall.folder / "seen.npz"
    hall.screen.drawn.clear()
    hall.screen.ticks.clear()
    with ExitStack() as parts:
        eye = Child(parts, "eye", *hall.live, out[1])
        port = hall.broker.port
        gateway = Child(parts, "send", port, out[0], hall.first, DEVICES, rate, seconds, pack)
        hall.screen.recording = True
        eye.go()
        gateway.go()
        beats: list[float] = []
        while not gateway.over():
            beats += drive(lambda _: None, 1.0)
        sent = dict(np.load(out[0]))
        rows = hall.rows(sent["no"])
        last = dict(zip(rows.tolist(), sent["at"].tolist(), strict=True))
        keys, ats = np.array([*last]), np.array([*last.values()])
        end = time.monotonic() + LOST_S
        until(lambda: bool((hall.wall.picture.sensors.at[keys] >= ats).all())
              or time.monotonic() > end, LOST_S + 5)  # fmt: skip
        drive(lambda _: None, 1.0)
        hall.screen.recording = False
        eye.go()
        until(eye.over)
    return _lags(hall, sent, dict(np.load(out[1])), rows, beats)


def _lags(hall: Hall, sent: Any, seen: Any, rows: np.ndarray, beats: list[float]) -> dict[str, Any]:
    there = {(int(n), int(a)): t for n, a, t in
             zip(seen["no"], seen["at"], seen["seen"], strict=True)}  # fmt: skip
    decided = np.array([there.get((int(n), int(a)), np.inf) for n, a in
                        zip(sent["no"], sent["at"], strict=True)])  # fmt: skip
    drawn = hall.screen.moments(rows, sent["at"])
    lost = int(np.isinf(decided).sum())
    return {
        "lost": lost, "undrawn": int(np.isinf(drawn).sum()),
        "late": 1000 * (sent["sent"] - sent["due"]),
        "decided": 1000 * (decided - sent["sent"]), "decided_due": 1000 * (decided - sent["due"]),
        "drawn": 1000 * (drawn - sent["sent"]), "drawn_due": 1000 * (drawn - sent["due"]),
        "beats": np.array(beats), "ticks": np.array(hall.screen.ticks),
    }  # fmt: skip


def cut(hall: Hall) -> dict[str, float]:
    """The broker killed while a gateway goes on, and back. Seconds."""
    sent, told = Publisher(hall.broker.port, "cut-gateway"), {}
    numbers = iter(range(hall.first, hall.first + DEVICES))

    def tell(_: float = 0.0) -> None:
        no, now = next(numbers), time.time_ns() // 1_000_000
        told[no] = now
        sent.send(f"sensors/{name_of(no)}", {"t": now / 1000, "v": CALM})

    gateway = QTimer()
    gateway.timeout.connect(tell)
    gateway.start(round(1000 * GATEWAY_S))
    drive(lambda _: None, 2.0)
    killed = time.monotonic()
    hall.broker.kill()
    until(lambda: not hall.feed().joined)
    lamp = time.monotonic() - killed
    drive(lambda _: None, CUT_S)
    hall.broker.start()
    back = time.monotonic()
    until(lambda: hall.feed().joined)
    joined = time.monotonic() - back
    gateway.stop()
    no, at = np.array([*told]), np.array([*told.values()])
    rows = hall.rows(no)
    until(lambda: bool((hall.wall.picture.sensors.at[rows] >= at).all()), 90.0)
    caught = time.monotonic() - back
    wrong = int((hall.wall.picture.sensors.at[rows] != at).sum())
    sent.stop()
    return {"lamp_s": lamp, "joined_s": joined, "caught_up_s": caught, "wrong_ages": wrong,
            "readings": len(told)}  # fmt: skip


def line(what: str, some: np.ndarray, promise: float | str = "") -> tuple[object, ...]:
    return what, len(some), *np.percentile(some, (50, 99, 100)).round(1).tolist(), promise


def told(title: str, found: dict[str, Any], promises: Sequence[float]) -> None:
    decided, drawn = promises
    table(title, HEAD, [
        line("the publisher's own time", found["late"]),
        line("sent until decided", found["decided"]),
        line("due until decided", found["decided_due"], decided),
        line("sent until drawn", found["drawn"]),
        line("due until drawn", found["drawn_due"], drawn),
        line("a tick of the wall", found["ticks"], 25),
        line("frame clock of the wall", found["beats"]),
    ])  # fmt: skip
    print(f"lost {found['lost']}, not drawn {found['undrawn']}")


def p99(found: dict[str, Any]) -> dict[str, float]:
    return {name: round(float(np.percentile(some, 99)), 1) for name, some in found.items()
            if isinstance(some, np.ndarray)}  # fmt: skip


@contextmanager
def opened(folder: Path, kind: str) -> Iterator[Hall]:
    startup.application(offscreen=True)
    with ExitStack() as parts:
        login, first = parts.enter_context(city(folder))
        broker = Broker(folder / "broker", kind)
        parts.callback(broker.kill)
        broker.start()
        settings = Settings(
            data_dir=folder / "wall", pool=login["COMMANDWALL_POOL"], mqtt=broker.address,
            secret_file=login["COMMANDWALL_SECRET_FILE"], log_level="WARNING",
        )  # fmt: skip
        wall = shown(parts, settings, SIZE)
        hall = Hall(folder, broker, wall, Screen(wall), first)
        until(lambda: len(wall.picture.sensors.no) >= DEVICES and hall.feed().joined)
        drive(lambda _: None, 3.0)
        yield hall


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--broker", choices=(MOSQUITTO, NATS), default=MOSQUITTO)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, opened(Path(name), asked.broker) as hall:
        burst = measured(hall, DEVICES / BURST_S, BURST_S, PACK)
        told("132,000 readings in a second, packs of 100", burst, (50, 250))
        steady = measured(hall, RATE, STEADY_S[asked.quick], 1)
        told(f"{RATE} single readings a second", steady, (50, 250))
        broken = cut(hall)
        lamp = hall.feed()
    table("the broker killed and back", ("what", "found"), [*broken.items()])
    print(f"refused {lamp.refused}, unknown {lamp.unknown}, over the limit {lamp.limited}")
    figures(
        "feed_burst", broker=asked.broker, lost=burst["lost"] + steady["lost"],
        burst_p99_ms=p99(burst), steady_p99_ms=p99(steady),
        cut={k: round(v, 2) for k, v in broken.items()},
    )  # fmt: skip
    return int(burst["lost"] + steady["lost"] + broken["wrong_ages"] > 0)


if __name__ == "__main__":
    raise SystemExit(main())
