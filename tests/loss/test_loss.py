"""Tests of loss: programs are killed from outside while testers work, and nothing is lost.

A tester is a process of its own: what it read from the wall and fsynced to its log counts. `make
long` kills each program fifty times; the seed is printed and can be given again.
"""

from __future__ import annotations

import os
import random
import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from loss.chaos import PERSONS
from loss.kills import Hit, Killer, family, send, works, writes_sqlite
from loss.stations import Pool, Station, until
from loss.verdict import Told, assert_nothing_lost, assert_same_view, lines_at

LONG = os.environ.get("COMMANDWALL_TEST_LONG") == "1"
KILLS = {"wall": 50, "agent": 50, "pool": 50} if LONG else {"wall": 7, "agent": 7, "pool": 6}
SEED = int(os.environ.get("COMMANDWALL_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
pytestmark = pytest.mark.timeout(7200 if LONG else 900)


@dataclass(frozen=True, slots=True)
class Strike:
    """One kill and what came of it. Moments are monotonic."""

    hit: Hit
    victim: str
    back_at: float
    said_at: float | None  # when a wall said that pool or agent is gone


class City:
    """The hall with the pool, and the scene: two data directories, one pool."""

    def __init__(self, folder: Path) -> None:
        self.hall = Station(folder / "hall", "back", "--demo", "--scale", "small")
        self.pool = Pool(folder / "hall")
        self.scene: Station | None = None
        try:
            self.hall.wait_well()
            joined = ("--join", str(folder / "hall"))
            self.scene = Station(folder / "scene", "front", *joined)
            self.scene.wait_well()
            for station, post in ((self.hall, "chief"), (self.scene, "front")):
                station.ask("post", post=post, person=PERSONS[post])
        except BaseException:
            self.end()
            raise

    @property
    def stations(self) -> list[Station]:
        return [self.hall, self.scene]

    def processes(self, what: str, station: Station) -> list[int]:
        """What to kill: a wall, an agent, the server alone or with its sessions."""
        if what == "wall":
            return [station.wall]
        if what == "agent":
            return [until("an agent", station.agent)]
        return family(until("a server", self.pool.server))

    def is_back(self, since: float) -> bool:
        """Whether everything works again: acts of both, done after a moment, are in the pool."""
        newest = [station.acked_after(since) for station in self.stations]
        return all(line is not None and self.pool.holds(line) for line in newest)

    def end(self) -> None:
        for station in (self.scene, self.hall):
            if station is not None:
                station.end()


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    made = City(tmp_path_factory.mktemp("loss"))
    yield made
    made.end()


def issued(city: City, text: str) -> str:
    """A directive from the hall, in an incident of its own, that has reached the scene."""
    title = f"港区泄漏 {text}"
    place = {"area": "", "place": "", "lon": 120.2, "lat": 31.9}
    city.hall.act("incidents.open_incident", opening={"title": title, "kind": "accident", **place})

    def known() -> str:
        shown = city.hall.view()["incidents"].items()
        return next((id_ for id_, (_, words) in shown if words == title), "")

    order = {"incident": until("the incident", known), "to_post": "front", "text": text}
    city.hall.act("directives.issue", order=order)
    return seen(city.scene, text, "DELIVERED")


def seen(station: Station, text: str, state: str) -> str:
    """The directive with these words, once the wall shows it in a state."""

    def find() -> str:
        shown = station.view()["directives"].items()
        return next((id_ for id_, (now, words, _) in shown if (now, words) == (state, text)), "")

    return until(f"{text} {state} at {station.side}", find)


def test_a_directive_goes_there_and_back_through_all_its_states(city: City) -> None:
    directive = issued(city, "封控港五路")
    for do, state, more in (
        ("directives.acknowledge", "ACKED", {}),
        ("directives.execute", "EXECUTING", {}),
        ("directives.complete", "DONE", {"evidence": "已封控"}),
    ):
        city.scene.act(do, directive=directive, **more)
        assert seen(city.hall, "封控港五路", state) == directive
    city.hall.act("directives.verify", directive=directive)
    assert seen(city.scene, "封控港五路", "VERIFIED") == directive
    assert_nothing_lost(city.stations, city.pool)


def test_a_wall_killed_between_commit_and_push_loses_and_doubles_nothing(city: City) -> None:
    directive = issued(city, "疏散下风向居民")
    agent = until("an agent", city.scene.agent)
    freeze(agent)  # what is committed now is not pushed
    line = city.scene.act("directives.acknowledge", directive=directive)
    assert not city.pool.holds(line)
    os.kill(city.scene.wall, signal.SIGKILL)
    os.kill(agent, signal.SIGKILL)
    city.scene.wait("the end of the wall", lambda heard: "killed" in heard[-1])
    city.scene.order("start")
    city.scene.wait_well()
    assert seen(city.hall, "疏散下风向居民", "ACKED") == directive
    assert_nothing_lost(city.stations, city.pool)
    assert_same_view(city.stations, city.pool)
    assert len([held for held in lines_at(city.pool) if held.hash == line["hash"]]) == 1


def freeze(agent: int) -> None:
    """Stop a program for a while, and not while it holds the file that its wall writes to."""
    send([agent], signal.SIGSTOP)
    while writes_sqlite(agent):
        send([agent], signal.SIGCONT)
        time.sleep(0.02)
        send([agent], signal.SIGSTOP)


@contextmanager
def held_down(find: Callable[[], int]) -> Iterator[float]:
    """Kill a program whenever it is there; yields the moment of the first kill."""
    over = threading.Event()

    def hold() -> None:
        while not over.wait(0.05):
            if process := find():
                send(family(process), signal.SIGKILL)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        yield time.monotonic()
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("what", ["agent", "pool"])
def test_while_agent_or_pool_is_gone_the_walls_say_so_and_go_on(city: City, what: str) -> None:
    find = city.hall.agent if what == "agent" else city.pool.server
    event = next(iter(city.hall.view()["events"]))
    with held_down(find) as since:
        for station in city.stations:
            gone = what if station is city.hall else "pool"
            heard = station.wait("a banner", lambda heard, g=gone: _says_gone(heard, since, g))
            print(f"{what} killed: {station.side} says {heard['says']['banner']} "
                  f"after {heard['at'] - since:.1f} s")  # fmt: skip
            station.act("events.note", event=event, text=f"{what} 已断，{station.side} 照常")
    for station in city.stations:
        station.wait_well()
    assert_nothing_lost(city.stations, city.pool)
    assert_same_view(city.stations, city.pool)


def _says_gone(heard: list[Any], since: float, gone: str) -> Any:
    return next(
        (f for f in reversed(heard)
         if f["at"] > since and "says" in f and not f["says"][gone] and f["says"]["banner"]),
        None,
    )  # fmt: skip


def test_no_acknowledged_act_is_lost_when_programs_are_killed_at_random_moments(
    city: City,
) -> None:
    print(f"\nCOMMANDWALL_TEST_SEED={SEED}")
    killer = Killer(SEED)
    plan = [what for what, times in KILLS.items() for _ in range(times)]
    killer.random.shuffle(plan)
    for station in city.stations:
        station.busy(True)
    strikes = [strike(city, killer, what) for what in plan]
    for station in city.stations:
        station.busy(False)
    report(city, strikes)
    assert_nothing_lost(city.stations, city.pool)
    assert_same_view(city.stations, city.pool)
    assert sum(s.hit.in_write for s in strikes) * 3 >= len(strikes)
    assert all(city_goes_on(city, s) for s in strikes)


def strike(city: City, killer: Killer, what: str) -> Strike:
    """Kill one program once everything works, and wait until everything works again."""
    now = time.monotonic()
    until("all to work", lambda: city.is_back(now))
    station = city.hall if what == "pool" else killer.random.choice(city.stations)
    processes = city.processes(what, station)
    if what == "pool" and killer.random.random() < 0.5:
        processes = processes[:1]
    hit = killer.kill(what, processes, lambda: writes(city, what, processes))
    until("all to come back", lambda: city.is_back(hit.at))
    return Strike(hit, station.side, time.monotonic(), said(city, hit.at))


def writes(city: City, what: str, processes: list[int]) -> bool:
    if what == "pool":
        return works(processes) and any(s.backlog() for s in city.stations)
    return writes_sqlite(processes[0])


def said(city: City, since: float) -> float | None:
    """When the first wall said that its pool or agent is gone."""
    told = [
        fact["at"] for station in city.stations for fact in station.after(since)
        if "says" in fact and not (fact["says"]["pool"] and fact["says"]["agent"])
    ]  # fmt: skip
    return min(told, default=None)


def city_goes_on(city: City, strike: Strike) -> bool:
    """Whether every wall that was not killed went on acknowledging."""
    others = [s for s in city.stations if strike.hit.what != "wall" or s.side != strike.victim]
    return all(acks_within(s, strike) for s in others)


def acks_within(station: Station, strike: Strike) -> list[float]:
    """Seconds that acts took which were acknowledged while something was gone."""
    told = Told(station.log)
    return [
        ack["at"] - told.sent_at[no]
        for no, ack in told.acked.items()
        if strike.hit.at < ack["at"] < strike.back_at
    ]


def report(city: City, strikes: list[Strike]) -> None:
    for what in KILLS:
        mine = [s for s in strikes if s.hit.what == what]
        back = sorted(s.back_at - s.hit.at for s in mine)
        spoke = [s.said_at - s.hit.at for s in mine if s.said_at is not None]
        print(
            f"{what}: {len(mine)} kills, {sum(s.hit.in_write for s in mine)} in a write; "
            f"all back after {statistics.median(back):.1f} s (longest {back[-1]:.1f}); "
            f"said {len(spoke)} times, after {max(spoke, default=0):.1f} s at most"
        )
    for station in city.stations:
        told = Told(station.log)
        took = told.latencies()
        p50, p99, longest = (1000 * took[i] for i in (len(took) // 2, len(took) * 99 // 100, -1))
        lost = len(told.sent) - len(took) - len(told.refused)
        print(
            f"{station.side}: {len(took)} acts acknowledged, {len(told.refused)} refused, {lost} "
            f"broken off; p50 {p50:.0f} ms, p99 {p99:.0f} ms, longest {longest:.0f} ms"
        )
