"""An incident of a real station, played at random by a seed, and its replay in a drill's world: the
acts of its journal done once more at their moments, each through the act itself."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import astuple
from pathlib import Path
from typing import Any

from builders import NOW, StillClock, a_sensor, an_event, an_opening, an_order
from pools import make_pool
from redone import CHIEF, DESK, FLOW, INTAKE, PLAN, REDO, SCENE, STEPS, WORDS, Ids
from station import Station
from world import an_area

from commandwall import (
    alarms,
    closing,
    directives,
    dispatch,
    events,
    exchange,
    incidents,
    past,
    plans,
)
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.desk import Desk
from commandwall.drill import play
from commandwall.drill.play import SentInject
from commandwall.drill.scenario import parse
from commandwall.exercise import SCENARIO, Exercise, lay
from commandwall.follower import Follower
from commandwall.incidents import Incident, Levels
from commandwall.past import HAPPENED, Question
from commandwall.picture import Picture
from commandwall.playing.conductor import conducting
from commandwall.playing.injecting import TABLE
from commandwall.pool.client import Client
from commandwall.pool.loader import load
from commandwall.pool.server import PoolServer
from commandwall.posts import side_of
from commandwall.resources import Resource
from commandwall.store.journal import Line
from commandwall.store.lines import contents
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, mirror_name, use
from commandwall.store.store import Refused
from commandwall.world import World

CITY, CALLER, PHONE = "320281", "张三", "13800001111"
OTHER = ("周五", "p6")
WORDS_ALONE = ("say",)
"""Acts that leave all that is compared as it was: the drill says them as injects."""
DEVICES = [a_sensor(n, area=CITY, lon=120.2, lat=31.9) for n in range(2)]
GAS = next(rule for rule in alarms.rules() if rule.id == "GAS-2")


class Real:
    """The real station, its city, and what happened to it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.clock = folder, StillClock(NOW + 345)
        name = mirror_name("0" * 8)
        self.mirror = Mirror(folder / name, self.clock)
        unit = Resource("r1", 0, "fire", "1 号车", "消防", 5, "", "idle", 120.1, 31.1, CITY)
        self.city = {"area": [an_area(CITY, 0, "临江市", "")], "resource": [unit],
                     "sensor": DEVICES}  # fmt: skip
        city = {kind: [astuple(row) for row in rows] for kind, rows in self.city.items()}
        self.mirror.take(city, {}, city="临江市", epoch="0" * 8)
        use(folder, name)
        self.store = open_store(folder)
        self.desk = Desk(self.store, self.clock)
        self.desk.take_post("chief", "高远").result()
        self.picture = Picture()
        self.follower = Follower(
            World(self.store, self.clock, self.desk, self.picture), self.picture.apply
        )
        self.incident = ""
        self.calls: list[str] = []
        """Events that the city's own system told of, in their order."""

    def close(self) -> None:
        self.follower._forget()
        self.desk.close()
        self.store.close()
        self.mirror.close()

    def call(self, key: str, words: str) -> None:
        """The city's own system reports an event."""
        now = Ms(self.clock.at)
        self.calls.append(key)
        row = an_event(id=key, source_id=key, title="市民来电", body=words, cls="gas", area=CITY,
                       reported_at=now, received_at=now)  # fmt: skip
        self.mirror.take({"event": [astuple(row)]}, {})

    def alarm(self, no: int, severity: int = 2) -> None:
        """A device shows gas; or none any more (0)."""
        value = 27.0 if severity else 1.0
        crossing = alarms.Crossing(DEVICES[no], GAS, severity, value, Ms(self.clock.at))
        self.desk.run(alarms.observe, {"crossings": [crossing]}, local=True)

    def do(self, who: tuple[str, str], act: Any, **args: Any) -> None:
        """As a person at a post; nothing where the rules say no."""
        try:
            self.desk.run(act, args, *who)
        except Refused:
            return

    def find(self, kind: type[Any]) -> list[Any]:
        return self.store.read(lambda r: r.find(kind))

    def lived(self, seed: int, steps: int = 60) -> None:
        """About a quarter of an hour."""
        draw = random.Random(seed)
        self.call("e1", f"{CALLER}来电{PHONE}，三栋 502 室燃气味很大")
        self.wait(draw)
        self.do(INTAKE, events.accept, event="e1")
        opening = an_opening(title=f"{CALLER}家燃气泄漏", kind="gas", area=CITY, event="e1",
                             radius_m=300.0)  # fmt: skip
        self.do(CHIEF, incidents.open_incident, opening=opening)
        (self.incident,) = (i.id for i in self.find(Incident))
        for n in range(steps):
            self.wait(draw)
            if n == steps // 3:
                self.call("e2", "隔壁楼也闻到燃气味")
            if n == steps // 2:
                self.do(DESK, incidents.join_event, incident=self.incident, event="e2")
            if n in (steps // 4, steps // 2):
                self.alarm(n // (steps // 2))
            if n == steps * 3 // 4:
                self.alarm(0, severity=0)
            if n == steps // 6:
                self.other()
            draw.choice([self.order, self.answer, self.answer, self.answer, self.decide,
                         self.handle, self.send, self.hush])(draw)  # fmt: skip

        self.wait(draw)
        self.do(CHIEF, closing.close_incident, incident=self.incident, reason="已处置")

    def other(self) -> None:
        """Another incident at the same time, which this one has nothing to do with."""
        self.do(OTHER, incidents.open_incident, opening=an_opening(title="别处积水", kind="flood"))
        (key,) = (i.id for i in self.find(Incident) if i.kind == "flood")
        self.do(OTHER, directives.issue, order=an_order(key, verb="rescue"))

    def wait(self, draw: random.Random) -> None:
        self.clock.at += draw.randrange(2_000, 28_000)

    def order(self, draw: random.Random) -> None:
        order = an_order(self.incident, verb=draw.choice(["cordon", "evacuate"]),
                         text=f"封控路口，联系{CALLER}")  # fmt: skip
        held = [d.id for d in self.mine()]
        what = draw.randrange(5)
        if what == 0:
            self.do(CHIEF, plans.start_plan, incident=self.incident, plan=PLAN)
        elif what == 1:
            self.do(CHIEF, directives.draft, order=order)
        elif what == 2 and held:
            self.do(CHIEF, directives.supersede, directive=draw.choice(held), order=order)
        elif what == 3 and held:
            self.do(CHIEF, directives.sign, directive=draw.choice(held))
        else:
            self.do(CHIEF, directives.issue, order=order)

    def mine(self) -> list[directives.Directive]:
        return self.store.read(lambda r: r.find(directives.Directive, incident=self.incident))

    def answer(self, draw: random.Random) -> None:
        held = [d.id for d in self.mine() if d.state != directives.DRAFT]
        if held:
            name = draw.choice(sorted(STEPS))
            act, who = STEPS[name]
            told = {WORDS[name]: "如实说明"} if name in WORDS else {}
            self.do(who, act, directive=draw.choice(held), **told)

    def decide(self, draw: random.Random) -> None:
        what = draw.randrange(4)
        if what == 0:
            levels = Levels(draw.choice([3, 4]), None, draw.choice([2, 3, 4]))
            self.do(CHIEF, incidents.set_levels, incident=self.incident, levels=levels,
                    reason="研判")  # fmt: skip
        elif what == 1:
            phase = draw.choice(["response", "handling", "recovery"])
            self.do(CHIEF, incidents.set_phase, incident=self.incident, phase=phase)
        elif what == 2:
            self.do(SCENE, incidents.report_post, incident=self.incident, lead="孙立", people=4)
        else:
            self.do(SCENE, exchange.say, incident=self.incident, to_post="chief",
                    text=f"{CALLER}已撤出，电话 {PHONE}")  # fmt: skip

    def handle(self, draw: random.Random) -> None:
        name, key = draw.choice(sorted(FLOW)), draw.choice(self.calls)
        words = {"unit": "燃气公司", "result": "已处置", "evidence": "回执"}
        act, wants = FLOW[name]
        self.do(DESK, act, event=key, **{arg: words[arg] for arg in wants})

    def hush(self, draw: random.Random) -> None:
        if held := [a.id for a in self.find(alarms.Alarm)]:
            self.do(INTAKE, alarms.acknowledge, alarm=draw.choice(held))

    def send(self, draw: random.Random) -> None:
        sending = dispatch.Sending("incident", self.incident, "r1", 120.2, 31.9)
        self.do(DESK, dispatch.send, sending=sending)

    def lines(self) -> list[Line]:
        rows = self.store.read(lambda r: r.rows("SELECT * FROM journal ORDER BY hlc"))
        return [Line(*row) for row in rows]

    def past(self, at: int, base: Picture) -> Picture:
        found = base.copy()
        return self.store.read(lambda r: past.at(r, found, Question(Ms(at), HAPPENED)))

    def look(self) -> Picture:
        self.follower.step()
        return self.picture


# The replay.


class Replay:
    """The station that leads the drill: its pool, its conductor, its wall's picture."""

    def __init__(self, folder: Path, text: bytes, server: PoolServer, real: Real) -> None:
        folder.mkdir()
        self.real = real
        found = parse(text).scenario
        assert found is not None
        (folder / SCENARIO).write_bytes(text)
        lay(folder, Exercise("run", found.id, found.version, found.digest, found.zh, found.en))
        name = folder.name.replace("-", "_")
        with make_pool(server, name, "【演练】临江市") as owner:
            for rows in real.city.values():
                load(owner, rows)
            owner.execute(TABLE)
        url = server.station_url.replace("/city?", f"/{name}?")
        self.client = Client(url, server.station_secret)
        self.client.__enter__()
        self.station = Station(folder, "chief")
        self.desk, self.clock = self.station.desk, self.station.clock
        self.link = self.station.meet(self.client)
        made = conducting(self.station.store, self.desk, self.clock, lambda: server.owner(name))
        assert made is not None
        self.conductor = made
        self.picture = Picture()
        world = World(self.station.store, self.clock, self.desk, self.picture)
        self.follower = Follower(world, self.picture.apply)
        self.ids: Ids = {}
        self.begun = self.clock.at
        self.desk.run(play.act_on_clock, {"deed": "start"}, "周强", "s_drill")
        self.conductor.step()

    def close(self) -> None:
        self.follower._forget()
        self.conductor.close()
        self.station.close()
        self.client.__exit__()

    def go(self, until: int) -> None:
        """Milliseconds since T+00:00; never so long that it would count as not played."""
        self.conductor.step()
        while self.clock.at < self.begun + until:
            self.clock.at = min(self.begun + until, self.clock.at + 4 * SECOND)
            self.conductor.step()
        while self.link.pull():
            pass
        self.link.take_packs()
        self._pair()

    def _pair(self) -> None:
        """Which event and which alarm here is which one there: calls in their order, alarms by
        their devices, which a drill has as the city has them."""
        read = self.station.store.read
        sent = sorted(read(lambda r: r.find(SentInject)), key=lambda s: s.inject)
        here = (s.subject for s in sent if s.kind == "event")
        self.ids |= dict(zip(self.real.calls, here, strict=False))
        mine = {a.sensor: a.id for a in read(lambda r: r.find(alarms.Alarm))}
        there = self.real.find(alarms.Alarm)
        self.ids |= {a.id: mine[a.sensor] for a in there if a.sensor in mine}

    def look(self) -> Picture:
        self.follower.step()
        return self.picture

    def again(self, line: Line) -> None:
        """What a line of the real journal says, done once more."""
        records = [record for record, _ in contents(line)]
        if not line.post or line.person == OTHER[0] or line.act in WORDS_ALONE:
            return
        redo = REDO[line.act]
        act, args = redo(records, self.ids)
        done = self.desk.run(act, args, line.person, line.post)
        for kind in {type(record) for record in records}:
            was, now = [r for r in records if isinstance(r, kind)], done.of(kind)
            assert len(was) == len(now), (line.act, kind)
            self.ids |= {w.id: n.id for w, n in zip(was, now, strict=True)}


# What is compared.


def state_of(picture: Picture, incident: str, events: Mapping[str, str]) -> dict[str, Any]:
    """How an incident stands: all that a wall shows of it but for ids, names and words. `events`:
    the name of each in this comparison -> its id here."""
    shown = {n: picture.events.get(key) for n, key in events.items()}
    names = {key: n for n, key in events.items()}
    found: dict[str, Any] = {
        "events": {n: (v.state, v.cls, v.unit) for n, v in shown.items() if v is not None},
        "alarms": sorted((a.sensor, a.cls, a.severity, a.state) for a in picture.alarms.values()),
    }
    if (i := picture.incidents.get(incident)) is None:
        return found
    mine = {
        name: [r for r in getattr(picture, name).values() if r.incident == incident]
        for name in ("directives", "joined", "command_posts", "started_plans")
    }
    return found | {
        "incident": (i.state, i.kind, i.phase, i.grade, i.warning, i.response, i.radius_m),
        "grown from": names.get(i.event),
        "joined": sorted(names[j.event] for j in mine["joined"] if j.joined),
        "posts": sorted((c.side, c.people) for c in mine["command_posts"]),
        "plans": sorted((p.plan, p.version) for p in mine["started_plans"]),
        "directives": sorted(
            (side_of(d.from_post), d.no, d.from_post, d.to_post, d.verb, d.state, d.needs,
             plans.task_of(d) if plans.by_plan(d) else (), bool(d.supersedes))
            for d in mine["directives"]
        ),
        "units": sorted((t.assignment.resource, t.state) for t in picture.trips.values()),
    }  # fmt: skip


def minutes(begun: int, end: int) -> range:
    """The end of the first second of each: a scenario knows no smaller part of time."""
    return range(begun + SECOND - 1, end + MINUTE, MINUTE)
