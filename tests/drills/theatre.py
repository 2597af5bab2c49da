"""A drill on three real stations: programs, agents and a pool of its own, beside a real world whose
database runs. Players act through the door of a station (tests/loss/door.py) by what a seed says.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loss import tester
from loss.stations import Station, until
from station import Station as Desks
from world import an_area

from commandwall import cli
from commandwall.alarms import Alarm
from commandwall.areas import CITY
from commandwall.clock import SECOND, Clock, Ms
from commandwall.drill import play, score
from commandwall.drill.drill_acts import REAL, Moment
from commandwall.drill.drill_clock import DrillClock
from commandwall.drill.play import ClockAct, SentInject
from commandwall.drill.scenario import Scenario, read
from commandwall.exercise import DRILLS
from commandwall.pool import schema
from commandwall.pool.client import Client
from commandwall.pool.loader import load
from commandwall.pool.server import PoolServer
from commandwall.registering import Matter, register
from commandwall.sensors import Sensor
from commandwall.store.store import Reader

HALL, EAST, WEST = "hall", "east", "west"
PLAYERS = {EAST: "p1", WEST: "p3"}
LEAD = "s_drill"
LIMIT_S = 120
"""Scenario seconds of each expected act: at ten times real time a slow machine has twelve."""
DELAYS: Mapping[str, float | None] = {"met": 0.0, "late": 1.5 * LIMIT_S, "missed": None}
"""Scenario seconds after which a player does what is expected, by the verdict it comes to."""
RATE = 10 * REAL
US = SECOND * REAL
"""Scenario time of a second."""
LEAST_LEAP = 5 * US
INJECT = """[[inject]]
id = "{id}"
at = "{at}"
channel = "{channel}"
to = "{to}"
zh = "情景{id}"
en = "Case {id}"
objective = "told"
data = {data}
expect = ["{expect} within {limit}s"]
"""
CALL, EVENT, ALARM = "above", "hotline", "alarm"
DATA = {
    CALL: "{{}}", EVENT: '{{ cls = "water" }}',
    ALARM: '{{ cls = "GAS", value = 28.0, device = "{id}" }}',
}  # fmt: skip
"""Channel -> what an inject of it states."""
EXPECT = {
    CALL: "incident(kind={kind}).OPENED", EVENT: "event(cls=water).{state}",
    ALARM: "alarm(cls=GAS).ACKED",
}  # fmt: skip
TABLES = b"SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'cw%' ORDER BY 1"
HEAD = """format = 1
id = "three"
version = 1
zh = "三台演练"
en = "Three stations"
type = "tabletop"
kind = "outage"
clock = 09:00:00
ends = "D+1"
objective = [{ id = "told", zh = "处置", en = "Handle it" }]
player = [{ post = "p1", seat = "station" }, { post = "p3", seat = "station" }]
"""
KINDS = ("outage", "gas", "flood", "storm", "fire", "slope", "hazmat", "traffic", "collapse")


@dataclass(frozen=True, slots=True)
class Case:
    """One inject: what it is, when (scenario seconds), and what its player makes of it."""

    id: str
    at: int
    channel: str
    to: str
    kind: str
    verdict: str

    def text(self) -> str:
        at = f"T+{self.at // 60:02d}:{self.at % 60:02d}"
        state = "ACCEPTED" if self.to == PLAYERS[EAST] else "DISPATCHED"
        facts = {"id": self.id, "kind": self.kind, "state": state}
        data, expect = (form[self.channel].format(**facts) for form in (DATA, EXPECT))
        return INJECT.format(id=self.id, at=at, channel=self.channel, to=self.to, data=data,
                             expect=expect, limit=LIMIT_S)  # fmt: skip


def cases(seed: int, count: int, apart_s: int, alarms: bool) -> list[Case]:
    """What is played: a call from above first, then events, alarms and calls in turn. Each verdict
    is there as often as the others, dealt by the seed."""
    verdicts = [[*DELAYS][n % len(DELAYS)] for n in range(count)]
    random.Random(seed).shuffle(verdicts)
    forms = [(CALL, "p3"), (EVENT, "p1"), (EVENT, "p3"), *([(ALARM, "p1")] if alarms else [])]
    found = []
    for n, verdict in enumerate(verdicts):
        channel, to = forms[n % len(forms)]
        kind = KINDS[n // len(forms) % len(KINDS)]
        found.append(Case(f"c{n}", (n + 1) * apart_s, channel, to, kind, verdict))
    return found


class Theatre:
    """Three machines with what is real of them, and a drill that the first of them leads."""

    def __init__(self, folder: Path, parts: ExitStack, cases: Sequence[Case]) -> None:
        self.folder, self.parts, self.cases = folder, parts, {c.id: c for c in cases}
        self.real = parts.enter_context(PoolServer(folder / HALL / "pool"))
        self._fill()
        file = folder / "three.toml"
        file.write_text(HEAD + "".join(c.text() for c in cases))
        found = read(file)
        assert found.scenario is not None, found.faults
        self.scenario: Scenario = found.scenario
        self.before = self.real_world()
        assert cli.run(["drill", "begin", str(file), "--data-dir", str(folder / HALL)], _none) == 0
        self.run = f"{self.scenario.id}-1"
        self.stations = {HALL: self._open(folder / HALL / DRILLS / self.run)}
        self.lead.ask("post", post=LEAD, person="高")

    def _fill(self) -> None:
        """A city, a real event, and a real station on each machine that knows it."""
        with self.real.owner() as conn:
            schema.create(conn, "临江市")
            load(conn, [an_area("c", CITY, "临江市", "")])
            row = "GAS", "表", "c", "", 120.2, 31.15, "%LEL", 0.0, 100.0, 10
            load(conn, [Sensor(f"s{n}", n, row[0], f"表 {n}", *row[2:]) for n in range(20)])
        with Client(self.real.station_url, self.real.station_secret) as client:
            desks = Desks(self.folder / HALL, "chief")
            link = desks.meet(client)
            desks.do(register, matter=Matter("停水", source="duty", area="c"))
            while link.push():
                pass
            desks.close()
        for name in (EAST, WEST):  # each with files of its own
            pool = shutil.ignore_patterns("pool")
            shutil.copytree(self.folder / HALL, self.folder / name, ignore=pool)

    def _open(self, folder: Path) -> Station:
        station = Station(folder, "back", **{tester.PROGRAM: "door.py"})
        self.parts.callback(station.end)
        station.wait_well()
        return station

    @property
    def lead(self) -> Station:
        return self.stations[HALL]

    def join(self, name: str) -> None:
        """A player comes: invited where the drill is led, joined at his own station."""
        post, card, home = PLAYERS[name], self.folder / f"{name}.invite", self.folder / name
        hall = ["--data-dir", str(self.folder / HALL)]
        assert cli.run(["drill", "invite", self.run, post, str(card), *hall], _none) == 0
        assert cli.run(["drill", "join", str(card), "--data-dir", str(home)], _none) == 0
        self.stations[name] = self._open(home / DRILLS / self.run)

    # What is real.

    def real_world(self) -> dict[str, str]:
        """A hash of the rows of each table of the real database, of its logins, and of each real
        file beside it."""
        found = {}
        with self.real.owner() as conn:
            for (table,) in conn.execute(TABLES).fetchall():
                rows = conn.execute(f"SELECT t::text FROM {table} t ORDER BY 1".encode()).fetchall()
                found[table] = _digest(str(rows).encode())
            roles = conn.execute("SELECT rolname, rolpassword FROM pg_authid ORDER BY 1").fetchall()
            found["logins"] = str(len(roles)) + _digest(str(roles).encode())
        return found | {str(path): _digest(path.read_bytes()) for path in self._files()}

    def _files(self) -> Iterator[Path]:
        """Of the three stations, but the database's own (whose rows are told) and the drill."""
        for name in (HALL, EAST, WEST):
            for path in sorted((self.folder / name).rglob("*")):
                within = path.relative_to(self.folder / name).parts
                other = within[:2] in (("pool", "data"), ("pool", "server.log"))
                if path.is_file() and not (other or within[0] == DRILLS or _is_shared(path)):
                    yield path

    # What is played.

    def clock(self, station: Station | None = None, now: Ms | None = None) -> DrillClock:
        acts = (station or self.lead).read(lambda r: r.find(ClockAct))
        return play.clock_of(self.scenario.script(), acts, now)

    def now(self) -> DrillClock:
        return self.clock(now=Ms(Clock().now()))

    def order(self, deed: str, **told: Any) -> None:
        """The controller's act, once the clock took it; a leap to what is over meanwhile it does
        not take."""
        before = len(play.taken(self.lead.read(lambda r: r.find(ClockAct))))
        self.lead.act("drill.play.act_on_clock", deed=deed, **told)

        def taken() -> bool:
            over = deed == "jump" and self.now().position >= told["moment"]
            return over or len(play.taken(self.lead.read(lambda r: r.find(ClockAct)))) > before

        until(deed, taken)

    def sent(self, run: int) -> list[SentInject]:
        return self.lead.read(lambda r: r.find(SentInject, run=run))

    def play(self, run: int, late: str = "", leap: bool = False) -> None:
        """One run from its start to its end. `late`: who joins after the first inject. `leap`: once
        all is sent, the controller jumps to when the next thing is done."""
        if late:
            until("the first inject", lambda: self.sent(run))
            self.order("pause")
            self.join(late)
            self.order("resume")
        done: set[str] = set()
        while len(done) < len(self.cases):
            sent, position = self.sent(run), self.now().position
            waiting = sorted((self._due(s), s.inject, s) for s in sent if s.inject not in done)
            for due, inject, s in waiting:
                if position >= due:
                    self._act(self.cases[inject], s)
                    done.add(inject)
            ahead = [due for due, *_ in waiting if due > position + LEAST_LEAP]
            if leap and len(sent) == len(self.cases) and len(ahead) == len(waiting) > 0:
                self.order("jump", moment=ahead[0])
            time.sleep(0.05)
        self.order("end")

    def _due(self, s: SentInject) -> Moment:
        """When its player has done what he does about it, and what he does not is missed."""
        delay = DELAYS[self.cases[s.inject].verdict]
        return Moment(s.moment + int((2.0 * LIMIT_S if delay is None else delay) * US))

    def _act(self, case: Case, s: SentInject) -> None:
        if DELAYS[case.verdict] is None:
            return
        station = next(self.stations[name] for name, post in PLAYERS.items() if post == case.to)
        act, facts = self._deed(case, s, station)
        until(f"{act} of {case.id}", lambda: "ack" in station.ask(act, facts=facts))

    def _deed(self, case: Case, s: SentInject, station: Station) -> tuple[str, dict[str, Any]]:
        if case.channel == CALL:
            where = {"area": "", "place": "北门", "lon": 120.2, "lat": 31.15}
            opening = {"title": f"情景{case.id}", "kind": case.kind, **where}
            return "incidents.open_incident", {"opening": opening}
        if case.channel == ALARM:
            found = until(
                "the alarm", lambda: station.read(lambda r: r.find(Alarm, sensor=s.subject))
            )
            return "alarms.acknowledge", {"alarm": found[-1].id}
        if case.to == PLAYERS[EAST]:
            return "events.accept", {"event": s.subject}
        return "events.dispatch", {"event": s.subject, "unit": "供水抢修队"}

    # What came of it.

    def scores(self, run: int) -> dict[str, list[tuple[str, str]]]:
        """By station: each inject of a run with its verdict, once all know the same."""
        until("one state", lambda: self._agree())
        now = Ms(Clock().now())
        told = {}
        for name, station in self.stations.items():
            judged = station.read(lambda r: score.score(r, self.scenario, now))
            told[name] = sorted((j.sent.inject, j.verdict) for j in judged if j.sent.run == run)
        return told

    def _agree(self) -> bool:
        states = [station.read(_state) for station in self.stations.values()]
        return all(state == states[0] for state in states)


def _state(reader: Reader) -> tuple[Any, ...]:
    """What the stations of a drill must know alike."""
    lines = reader.rows("SELECT origin, max(seq) FROM journal GROUP BY 1 ORDER BY 1")
    by_id = [{r.id: r for r in reader.find(kind)} for kind in (ClockAct, SentInject)]
    return [*map(tuple, lines)], *by_id


def _digest(found: bytes) -> str:
    return hashlib.sha256(found).hexdigest()


def _is_shared(path: Path) -> bool:
    """Memory that who reads a database shares with others, and a log in which nothing stands."""
    return path.name.endswith("-shm") or (path.name.endswith("-wal") and not path.stat().st_size)


def _none(*_: Any) -> int:
    return 0
