"""The picture of any past moment is the one that was recorded then."""

from __future__ import annotations

import dataclasses
import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import NOW, StillClock, a_sensor, an_event, an_opening, an_order

from commandwall import alarms, closing, directives, event_acts, events, incidents, past
from commandwall.clock import HOUR, MINUTE, SECOND, Ms
from commandwall.desk import Desk
from commandwall.events import Event
from commandwall.follower import Follower
from commandwall.past import HAPPENED, KNEW, Question
from commandwall.picture import Picture
from commandwall.pool.recorder import SERIES
from commandwall.resources import FIX_DTYPE, Resource
from commandwall.sensors import READING_DTYPE, STALE
from commandwall.store import lines, telemetry
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused
from commandwall.store.telemetry import Telemetry
from commandwall.world import World

SEEDS = 40 if os.environ.get("COMMANDWALL_TEST_LONG") else 2
STEPS = 40
SHELVES = (
    "events", "incidents", "command_posts", "directives", "alarms", "conflicts", "resources",
)  # fmt: skip
SHARED = ("events", "incidents", "command_posts", "directives")
COUNTED = ("total", "open", "open_by_area", "closed_today", "by_hour", "past_hour")
UNIT = Resource("r1", 0, "fire", "1 号车", "消防", 5, "", "idle", 120.1, 31.1, "a1")


def values(record: Any) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in record.__slots__)


class Station:
    """A real store with mirror, desk and follower, on a clock that all share."""

    def __init__(self, folder: Path, clock: StillClock, post: str) -> None:
        folder.mkdir()
        self.folder, self.clock = folder, clock
        self.mirror = Mirror(folder / "m1.db", clock)
        use(folder, "m1.db")
        self.store = open_store(folder)
        self.desk = Desk(self.store, clock)
        self.desk.take_post(post, post).result()
        self.picture = Picture()
        world = World(self.store, clock, self.desk, self.picture)
        self.follower = Follower(world, self.picture.apply)

    def do(self, act: Any, **args: Any) -> None:
        try:
            self.desk.do(act, **args).result()
        except Refused:
            return  # the rules say no: nothing was written

    def hear(self, other: Station) -> None:
        """Take over what another station did and knows."""
        own = self.desk.origin
        after = self.store.read(lambda r: dict(r.rows("SELECT origin, seq FROM head")))
        told = other.store.read(
            lambda r: [
                line for line in lines.held(lambda sql, p: r.rows(sql, **p), after)
                if line.origin != own
            ]
        )  # fmt: skip
        self.desk.receive(told)

    def look(self) -> None:
        self.follower.step()

    def past(self, at: int, by: str, base: Picture | None = None) -> Picture:
        found = (base or self.picture).copy()
        return self.store.read(lambda r: past.at(r, found, Question(Ms(at), by)))

    def close(self) -> None:
        self.follower._forget()
        self.desk.close()
        self.store.close()
        self.mirror.close()


class Cities:
    """Three stations of one city: here, one that is heard of late, and one that hears all."""

    def __init__(self, folder: Path) -> None:
        self.clock = StillClock(NOW - NOW % 1000)
        self.folder, self.stations = folder, list[Station]()
        self.here = self.open("here", "chief")
        self.rows: dict[str, Event] = {}
        self.take({"resource": [values(UNIT)]})

    @cached_property
    def far(self) -> Station:
        return self.open("far", "front")

    @cached_property
    def all(self) -> Station:
        return self.open("all", "")

    def open(self, name: str, post: str) -> Station:
        self.stations.append(Station(self.folder / name, self.clock, post))
        return self.stations[-1]

    def take(self, rows: dict[str, Any], gone: dict[str, Any] | None = None) -> None:
        for station in self.stations:
            station.mirror.take(rows, gone or {})

    def close(self) -> None:
        for station in self.stations:
            station.close()


@pytest.fixture
def cities(tmp_path: Path) -> Iterator[Cities]:
    made = Cities(tmp_path)
    yield made
    made.close()


class History:
    """A random one, and what each moment of it looked like."""

    def __init__(self, cities: Cities, seed: int) -> None:
        self.cities, self.draw = cities, random.Random(seed)
        self.here, self.far, self.all = cities.here, cities.far, cities.all
        self.known: list[tuple[int, dict[str, Any]]] = []
        self.happened: list[tuple[int, dict[str, Any]]] = []

    def live(self) -> None:
        steps: tuple[Callable[[], None], ...] = (
            self.city, self.city, self.act, self.act, self.act, self.far_away, self.far_away,
            self.alarm, self.alarm, self.hear,
        )  # fmt: skip
        for _ in range(STEPS):
            self.cities.clock.at += self.draw.randrange(2, 40) * 60 * SECOND
            self.draw.choice(steps)()
            self.all.hear(self.here)
            self.all.hear(self.far)
            self.record()
        self.cities.clock.at += MINUTE
        self.hear()
        self.record()

    def record(self) -> None:
        now = self.cities.clock.at
        self.here.look()
        self.all.look()
        self.known.append((now, shown(self.here.picture, SHELVES) | counted(self.here.picture)))
        self.happened.append((now, shown(self.all.picture, SHARED)))

    def city(self) -> None:
        """The pool writes: a new event, another state, one that goes, a unit that is busy."""
        held, now = self.cities.rows, Ms(self.cities.clock.at)
        what = self.draw.randrange(6)
        if what < 3 or not held:
            row = an_event(
                id=f"e{len(held)}-{now}", reported_at=now, received_at=now,
                area=self.draw.choice(["a1", "a2"]), urgency=self.draw.randrange(1, 6),
                source=self.draw.choice(["12345", "grid"]),
            )  # fmt: skip
        elif what == 3:
            self.cities.take({}, {"event": [self.draw.choice(sorted(held))]})
            return
        elif what == 4:
            status = self.draw.choice(["idle", "en_route", "on_scene"])
            self.cities.take({"resource": [values(dataclasses.replace(UNIT, status=status))]})
            return
        else:
            state = self.draw.choice(["ACCEPTED", "DISPATCHED", "CLOSED"])
            closed = now if state == "CLOSED" else None
            old = held[self.draw.choice(sorted(held))]
            row = dataclasses.replace(old, state=state, closed_at=closed)
        held[row.id] = row
        self.cities.take({"event": [values(row)]})

    def act(self) -> None:
        self.someone(self.here)

    def far_away(self) -> None:
        self.someone(self.far)

    def someone(self, station: Station) -> None:
        held = station.store.read(lambda r: r.find(directives.Directive))
        open_ = station.store.read(lambda r: r.find(incidents.Incident))
        what = self.draw.randrange(9)
        if what == 0 or not open_:
            station.do(incidents.open_incident, opening=an_opening())
        elif what == 1:
            one = self.draw.choice(open_)
            station.do(closing.close_incident, incident=one.id, reason="已处置")
        elif what < 4:
            order = an_order(self.draw.choice(open_).id)
            station.do(directives.issue, order=order)
        elif what < 7 and held:
            step = self.draw.choice([directives.acknowledge, directives.see, directives.execute])
            station.do(step, directive=self.draw.choice(held).id)
        elif self.cities.rows:
            key = self.draw.choice(sorted(self.cities.rows))
            if self.draw.random() < 0.5:
                station.do(events.dispatch, event=key, unit="供水公司")
            else:
                station.do(
                    self.draw.choice([events.accept, event_acts.sign, _feed_back]), event=key
                )

    def alarm(self) -> None:
        here, now = self.here, Ms(self.cities.clock.at)
        rule = next(r for r in alarms.rules() if r.cls == "GAS")
        one = alarms.Crossing(a_sensor(self.draw.randrange(3)), rule, 0, 9.0, now)
        one = dataclasses.replace(one, severity=self.draw.choice([0, 1, 2]))
        here.desk.run(alarms.observe, {"crossings": [one]}, local=True)
        waiting = sorted(here.picture.alarms)
        if waiting and self.draw.random() < 0.5:
            here.do(alarms.acknowledge, alarm=self.draw.choice(waiting))

    def hear(self) -> None:
        self.here.hear(self.far)
        self.far.hear(self.here)


def _feed_back(tx: Any, event: str) -> None:
    event_acts.feed_back(tx, event, "已办", "回执")


def shown(picture: Picture, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: dict(getattr(picture, name)) for name in names}


def counted(picture: Picture) -> dict[str, Any]:
    return {name: getattr(picture.counters, name) for name in COUNTED}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_each_moment_looks_as_it_was_recorded(cities: Cities, seed: int) -> None:
    """What this station knew then; and what had happened by then, whenever it heard of it."""
    history = History(cities, seed)
    history.live()
    base = cities.here.picture.copy()
    for at, recorded in history.known:
        found = cities.here.past(at, KNEW, base)
        assert shown(found, SHELVES) | counted(found) == recorded
    for at, recorded in history.happened:
        assert shown(cities.here.past(at, HAPPENED, base), SHARED) == recorded


def test_what_is_heard_late_had_happened_and_was_not_known(cities: Cities) -> None:
    here, far, clock = cities.here, cities.far, cities.clock
    cities.take({"event": [values(an_event(reported_at=NOW, received_at=NOW))]})
    clock.at += MINUTE
    far.do(events.accept, event="e1")
    accepted = clock.at
    clock.at += HOUR
    here.hear(far)
    here.look()
    assert here.picture.events["e1"].state == "ACCEPTED"
    assert here.past(accepted, HAPPENED).events["e1"].state == "ACCEPTED"
    assert here.past(accepted, KNEW).events["e1"].state == "NEW"
    assert here.past(accepted - 1, HAPPENED).events["e1"].state == "NEW"


def test_what_got_a_restricted_class_tells_no_more_of_any_moment(cities: Cities) -> None:
    here, clock = cities.here, cities.clock
    row = an_event(title="锦绣园有人轻生", reported_at=NOW, received_at=NOW)
    cities.take({"event": [values(row)]})
    clock.at += MINUTE
    here.do(events.accept, event="e1")
    before = clock.at
    clock.at += MINUTE
    here.do(event_acts.classify, event="e1", cls="crisis")
    here.look()
    for by in (HAPPENED, KNEW):
        view = here.past(before, by).events["e1"]
        assert view.restricted and "锦绣园" not in repr(view) and view.state == "ACCEPTED"


def test_a_row_that_comes_late_happened_when_it_was_reported(cities: Cities) -> None:
    here, clock = cities.here, cities.clock
    began = clock.at
    clock.at += HOUR
    row = an_event(reported_at=Ms(began + MINUTE), received_at=Ms(began + MINUTE))
    cities.take({"event": [values(row)]})
    here.look()
    assert list(here.past(began + 2 * MINUTE, HAPPENED).events) == ["e1"]
    assert here.past(began + 2 * MINUTE, KNEW).events == {}
    assert here.past(began + MINUTE - 1, HAPPENED).events == {}


def test_a_row_that_was_withdrawn_and_came_again_was_not_there_meanwhile(cities: Cities) -> None:
    """It happened when it was reported, the first time; that it came again, when it came."""
    here, clock = cities.here, cities.clock
    row = an_event(reported_at=Ms(clock.at + MINUTE), received_at=Ms(clock.at + MINUTE))
    clock.at += HOUR
    cities.take({"event": [values(row)]})  # late
    clock.at += HOUR
    gone = clock.at
    cities.take({}, {"event": ["e1"]})
    clock.at += 5 * HOUR
    again = clock.at
    cities.take({"event": [values(dataclasses.replace(row, state="ACCEPTED"))]})
    clock.at += HOUR
    here.look()

    def states(at: int) -> list[str]:
        return [view.state for view in here.past(at, HAPPENED).events.values()]

    assert states(row.reported_at - 1) == []
    assert states(row.reported_at) == states(gone - 1) == ["NEW"]
    assert states(gone) == states(gone + 4 * HOUR) == states(again - 1) == []
    assert states(again) == ["ACCEPTED"]


def test_readings_and_tracks_are_those_of_the_moment(cities: Cities) -> None:
    here, clock = cities.here, cities.clock
    sensors = [dataclasses.replace(a_sensor(n), period_s=60) for n in range(3)]
    cities.take({"sensor": [values(s) for s in sensors]})
    history = Telemetry(here.folder, SERIES)
    for minute in range(30):
        clock.at += MINUTE
        rows = [(0, clock.at, minute, 0)] + ([(1, clock.at, minute, 0)] if minute < 5 else [])
        history.append(telemetry.READINGS, Ms(clock.at), np.array(rows, READING_DTYPE))
        fix = np.array([(0, clock.at, 120.0 + minute / 100, 31.0)], FIX_DTYPE)
        history.append(telemetry.FIXES, Ms(clock.at), fix)
        history.compact(Ms(clock.at))
    history.close()
    here.look()
    then = here.past(clock.at - 10 * MINUTE, KNEW)
    assert then.sensors.value.tolist()[0] == 19.0
    assert then.sensors.quality.tolist() == [0, STALE, STALE]
    assert int(then.sensors.at[0]) == clock.at - 10 * MINUTE
    assert then.fixes.lon.tolist() == pytest.approx([120.19])
    assert np.isfinite(then.fixes.trail[0]).sum() == 2 * 20
    assert here.store.read(lambda r: past.reach(r, Ms(clock.at))).readings > NOW
    clock.at += 40 * MINUTE
    here.look()
    gone = here.past(clock.at - MINUTE, KNEW)  # it stands where it was heard last, and says so
    assert gone.fixes.lon.tolist() == pytest.approx([120.29])
    assert int(gone.fixes.at[0]) == clock.at - 40 * MINUTE


def test_the_picture_of_now_stays_as_it_is(cities: Cities) -> None:
    here, clock = cities.here, cities.clock
    cities.take({"event": [values(an_event())], "sensor": [values(a_sensor())]})
    here.look()
    before = here.picture.copy()
    clock.at += MINUTE
    here.do(events.accept, event="e1")
    here.past(clock.at - 1, KNEW, before)
    assert before.events["e1"].state == "NEW" and here.picture.events["e1"].state == "NEW"
    assert before.sensors.at.tolist() == here.picture.sensors.at.tolist()


def test_a_question_that_nobody_asks_any_more_is_not_answered(cities: Cities) -> None:
    cities.here.look()
    question = Question(Ms(NOW), KNEW, cancelled=True)
    base = cities.here.picture.copy()
    with pytest.raises(CancelledError):
        cities.here.store.read(lambda r: past.at(r, base, question))


def test_it_is_said_from_when_on_the_past_is_known(cities: Cities) -> None:
    now = Ms(NOW + HOUR)
    known = cities.here.store.read(lambda r: past.reach(r, now))
    began = NOW - NOW % 1000
    assert (known.city, known.acts, known.since) == (began, began, began)
    assert known.readings == now  # no device was heard yet


def test_the_bar_marks_alarms_directives_and_decisions(cities: Cities) -> None:
    here, clock = cities.here, cities.clock
    here.do(incidents.open_incident, opening=an_opening())
    (incident,) = here.store.read(lambda r: r.find(incidents.Incident))
    clock.at += MINUTE
    here.do(directives.issue, order=an_order(incident.id))
    found = here.store.read(lambda r: past.marks(r, Ms(NOW - HOUR), Ms(clock.at)))
    kinds = [mark.kind for mark in found]
    assert kinds == [incidents.Incident, directives.Directive]


def test_a_unit_was_where_its_work_was(cities: Cities) -> None:
    here, clock = cities.here, cities.clock
    idle = clock.at
    clock.at += MINUTE
    cities.take({"resource": [values(dataclasses.replace(UNIT, status="on_scene"))]})
    here.look()
    assert here.picture.resources["r1"].status == "on_scene"
    assert here.past(idle, KNEW).resources["r1"].status == "idle"


@pytest.mark.parametrize("wrong", [8 * HOUR, -HOUR])
def test_a_clock_that_was_wrong_for_a_while_mixes_no_two_moments(
    cities: Cities, wrong: int
) -> None:
    """Ahead and put right, or set back: what was written last was known last."""
    here, event = cities.here, an_event(id="e1")

    def write(state: str) -> None:
        cities.take({"event": [values(dataclasses.replace(event, state=state))]})
        here.do(incidents.open_incident, opening=an_opening(title=state))
        here.look()

    write("NEW")
    cities.clock.at += wrong
    write("ACCEPTED")
    cities.clock.at += MINUTE - (wrong if wrong > 0 else 0)
    write("DISPATCHED")
    cities.clock.at += MINUTE
    found = here.past(cities.clock.at, KNEW)
    assert shown(found, SHELVES) == shown(here.picture, SHELVES)
    assert found.events["e1"].state == "DISPATCHED" and len(found.incidents) == 3
