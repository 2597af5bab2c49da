"""Chaos: stations with wrong clocks and one pool, whose programs are killed and whose lines are cut
at moments drawn from a seed, while a tester works at each.

Then all is healed, and `verdict` and `causes` say what must hold.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path
from typing import Any

from loss import door, officer, tester
from loss.causes import assert_conflicts_counted, assert_in_causal_order
from loss.kills import family, send
from loss.stations import Pool, Station, pair, until
from loss.verdict import Told, assert_nothing_lost, assert_same_fold
from loss.wire import CUT, HOLE, OPEN, SLOW, Wire
from ports import free_port
from world import an_area

from commandwall.areas import CITY, Building, Person
from commandwall.pool import schema
from commandwall.pool.loader import load
from commandwall.pool.own import address
from commandwall.pool.server import PoolServer
from commandwall.resources import Resource
from commandwall.store import pulse

Side = tuple[str, str, str, float]
"""Folder, side, post, and the seconds by which its computer's clock is wrong."""
PAIR: tuple[Side, ...] = ("hall", "back", "chief", 0.0), ("scene", "front", "front", 45.0)
SIDES: tuple[Side, ...] = (*PAIR, ("town", "back", "p1", -90.0))
PERSONS = {"chief": "陈", "front": "周", "p1": "李"}
EVENTS = 3000
MADE = (
    "INSERT INTO cw_event(id, source, source_id, title, body, cls, urgency, area, address, placed,"
    " datum, reported_at, received_at, state, unit) SELECT 'e' || i, 'grid', i::text, '停水' || i,"
    " '第' || i % 7 || '幢', 'water', 3, 'c', '', 'nowhere', 'wgs84',"
    " now() - i * interval '1 second', now(), 'NEW', ''"
    f" FROM generate_series(1, {EVENTS}) i"
)
PAUSE_S = "0.05"
"""Between two acts of one tester."""
DOOR, AGENT, POOL, LINE, RESTART = "door", "agent", "pool", "line", "restart"
SHARES = {DOOR: 2, AGENT: 3, POOL: 2, LINE: 9, RESTART: 1}
GAP_S, DOWN_S = 0.7, 2.0
"""Mean time between two blows, and how long the pool stays down at most."""


def city() -> list[list[Any]]:
    """What the officers work with, beside events: an area, houses, units, people to be called."""
    at = 120.2, 31.15
    return [
        [an_area("c", CITY, "临江市", "")],
        [Building(f"b{i}", "c", f"{i} 幢", "home", 6, *at, b"", "green") for i in range(4)],
        [Resource(f"r{i}", i, "fire", f"{i} 号车", "消防", 5, "", "idle", *at, "c")
         for i in range(6)],
        [Person(f"p{i}", "c", "grid_worker", f"网格员 {i}", "") for i in range(6)],
    ]  # fmt: skip


@dataclass(slots=True)
class Storm:
    """What happened: how often each blow, what the testers did, how long it took until all was at
    rest, and how wrong each agent thinks its computer (seconds)."""

    seed: int
    blows: dict[str, int] = field(default_factory=dict)
    acts: int = 0
    refused: int = 0
    broken: int = 0
    lines: int = 0
    conflicts: int = 0
    rest_s: float = 0.0
    skews: list[float] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """How many blows ended a program."""
        return sum(n for what, n in self.blows.items() if what.startswith("kill "))


class Hall:
    """The pool, its stations, and the line of each; `beside`: also lines in a ring among them,
    which nobody cuts. `program`: what the testers drive, with its screen or without."""

    def __init__(
        self, folder: Path, parts: ExitStack, sides: Sequence[Side] = SIDES, beside: bool = False,
        program: str = "door.py", seed: int = 0,
    ) -> None:  # fmt: skip
        doors = [f"127.0.0.1:{free_port()}" for _ in sides]
        self.server = parts.enter_context(PoolServer(folder / "pool"))
        with self.server.owner() as conn:
            schema.create(conn, "临江市")
            for some in city():
                load(conn, some)
            conn.execute(MADE)
        self.pool = Pool(folder)
        self.wires: list[Wire] = []
        self.stations: list[Station] = []
        for i, (name, side, post, clock_s) in enumerate(sides):
            ring = {"COMMANDWALL_PEER_LISTEN": doors[i], "COMMANDWALL_PEERS": doors[i - 1]}
            how = {door.CLOCK: str(clock_s), tester.PROGRAM: program, officer.SEED: str(seed),
                   **(ring if beside else {})}  # fmt: skip
            self._add(folder, parts, (name, side, post), how)
        for one, other in permutations(self.stations if beside else (), 2):
            pair(one, other, folder / f"{one.folder.name}-{other.folder.name}.card")

    def _add(
        self, folder: Path, parts: ExitStack, who: tuple[str, str, str], how: dict[str, str]
    ) -> None:
        name, side, post = who
        wire = parts.enter_context(Wire(folder / f"{name}.line", self.server))
        env = {tester.PAUSE: PAUSE_S, **how}
        login = address(wire.url, self.server.station_secret)
        station = Station(folder / name, side, **env, **login)
        parts.callback(station.end)
        station.wait_well()
        station.ask("post", post=post, person=PERSONS[post])
        self.wires.append(wire)
        self.stations.append(station)

    def open(self) -> None:
        """An incident that all know before anything breaks: there is something to work on."""
        where = {"area": "", "place": "", "lon": 120.2, "lat": 31.15}
        opening = {"title": "泄漏", "kind": "accident", **where}
        self.stations[0].act("incidents.open_incident", opening=opening)
        until("it everywhere", lambda: all(s.view()["incidents"] for s in self.stations))

    def strike(self, what: str, drawn: random.Random) -> str:
        """One blow; what it was."""
        if what == LINE:
            return self._turn(drawn.choice(self.wires), drawn)
        if what == POOL:
            send(family(self.server.pid)[: drawn.choice((1, None))], signal.SIGKILL)
            time.sleep(drawn.uniform(0, DOWN_S))
            self.server.start()
            return "kill pool"
        station = drawn.choice(self.stations)
        process = station.agent() if what == AGENT else station.wall
        if process:
            send([process], signal.SIGTERM if what == RESTART else signal.SIGKILL)
        return (what if what == RESTART else f"kill {what}") if process else "nobody there"

    def _turn(self, wire: Wire, drawn: random.Random) -> str:
        state = drawn.choice((CUT, HOLE, SLOW)) if wire.state == OPEN else OPEN
        wire.turn(state)
        return f"line {state}"

    def heal(self) -> None:
        """Everything works again, and nobody works any more."""
        for wire in self.wires:
            wire.turn(OPEN)
        for station in self.stations:
            station.busy(False)
            station.wait("its program", lambda heard: "says" in heard[-1] or "no" in heard[-1])


def storm(
    folder: Path, seed: int, seconds: float, blows: int = 0, sides: Sequence[Side] = SIDES,
    beside: bool = False, kills: int = 0,
) -> Storm:  # fmt: skip
    """So many seconds of blows, and so many blows and kills at least; then the verdict."""
    found, drawn = Storm(seed), random.Random(seed)
    with ExitStack() as parts:
        here = Hall(folder, parts, sides, beside, seed=seed)
        here.open()
        for station in here.stations:
            station.busy(True)
        end = time.monotonic() + seconds
        while time.monotonic() < end or sum(found.blows.values()) < blows or found.kills < kills:
            time.sleep(drawn.expovariate(1 / GAP_S))
            (what,) = drawn.choices(list(SHARES), list(SHARES.values()))
            blow = here.strike(what, drawn)
            found.blows[blow] = found.blows.get(blow, 0) + 1
        began = time.monotonic()
        here.heal()
        _judge(here, found, began, beside)
    return found


def _judge(here: Hall, found: Storm, began: float, beside: bool) -> None:
    """Where stations meet beside the pool, who answered may be in the pool before who asked."""
    until("nothing unsent", lambda: not any(s.backlog() for s in here.stations))
    assert_nothing_lost(here.stations, here.pool)
    found.rest_s = time.monotonic() - began
    assert_same_fold(here.stations, here.pool)
    found.lines = assert_in_causal_order(here.stations, here.pool, by_arrival=not beside)
    found.conflicts = assert_conflicts_counted(here.stations, here.pool)
    found.skews = [pulse.read(station.folder).skew_s for station in here.stations]
    for told in (Told(station.log) for station in here.stations):
        found.acts += len(told.acked)
        found.refused += len(told.refused)
        found.broken += len(told.broken())
