"""The demo city goes on living: its rhythm, its work, its devices and its stories."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from commandwall import codes, deadlines
from commandwall.clock import DAY, HOUR, MINUTE, SECOND, Ms
from commandwall.events import CLOSED, NEW, EventView
from commandwall.pool.demo import rhythm
from commandwall.pool.demo.city import City, generate
from commandwall.pool.demo.land import asset
from commandwall.pool.demo.play import Open, Play
from commandwall.pool.demo.rhythm import STATES
from commandwall.resources import Resource
from commandwall.sensors import Sensor

MORNING = Ms(rhythm.midnight(date(2026, 11, 24)) + 10 * HOUR)
PER_DAY = asset("scales")["small"]["events_per_day"]


@pytest.fixture(scope="module")
def city() -> City:
    return generate(7, "small", now=MORNING)


def live(play: Play, start: Ms, minutes: float, step: int = 10 * SECOND) -> list:
    return [play.step(Ms(t)) for t in range(start + step, start + int(minutes * MINUTE) + 1, step)]


@pytest.mark.parametrize("seed", [1, 7, 2026])
def test_mornings_are_busy_and_nights_are_quiet(seed: int) -> None:
    for n in range(28):
        at = rhythm.arrivals(seed, date(2026, 11, 1) + timedelta(n), PER_DAY)
        hours = np.bincount(rhythm.hour_in(at), minlength=24)
        assert 40 <= hours[10] <= 90
        assert hours[3] < 15
        assert (np.diff(at) >= 0).all()


def test_weekends_are_quieter() -> None:
    def total(weekday: int) -> int:
        days = (date(2026, 11, 2) + timedelta(weekday + 7 * n) for n in range(8))
        return sum(len(rhythm.arrivals(7, day, PER_DAY)) for day in days)

    assert total(6) < 0.93 * total(0)


def test_each_event_is_worked_to_an_end_in_order(city: City) -> None:
    day = rhythm.day_of(MORNING)
    events = city.book.day(day, Ms(rhythm.midnight(day) + DAY))
    urgency = np.array([e.urgency for e in events])
    received = np.array([e.received_at for e in events], np.int64)
    steps = city.book.work([e.id for e in events], [e.cls for e in events], urgency, received)
    assert (np.diff(steps.at, axis=1) > 0).all()
    assert (steps.at[:, 0] > received).all()
    assert (steps.state(Ms(MORNING + 40 * DAY)) == STATES.index(CLOSED)).all()
    waiting = [deadlines.running(EventView(replace(e, state=NEW), None)) for e in events]
    accepted_late = [
        clock
        for clock, at in zip(waiting, steps.at, strict=True)
        if clock is None or clock.step != "C1" or at[0] > clock.due
    ]
    assert not accepted_late


def test_new_events_come_at_the_rhythm_and_are_worked_on(city: City) -> None:
    play = Play(city, MORNING)
    play.resume(MORNING, MORNING, [])
    happenings = live(play, MORNING, 60, MINUTE)
    events = [e for h in happenings for e in h.events]
    assert 40 <= len(events) <= 95
    assert all(e.state == NEW and e.closed_at is None for e in events)
    moves = [m for h in happenings for m in h.moves]
    order = {id_: [m.state for m in moves if m.id == id_] for id_ in {m.id for m in moves}}
    assert len(order) > 20
    assert all(states == sorted(states, key=STATES.index) for states in order.values())


def test_a_player_that_was_away_continues_where_the_city_would_be(city: City) -> None:
    whole = Play(city, MORNING)
    whole.resume(MORNING, MORNING, [])
    told = [e for h in live(whole, MORNING, 60, MINUTE) for e in h.events if "-S" not in e.id]
    later = Ms(MORNING + HOUR)
    back = Play(city, later)
    back.resume(later, MORNING, [])
    made_up = [e for e in back.step(later).events if "-S" not in e.id]
    assert [e.id for e in told] == [e.id for e in made_up]


def test_events_that_stations_took_are_left_to_them(city: City) -> None:
    play = Play(city, MORNING)
    waiting = [Open(f"E20261124-{n:05d}", "noise", 4, MORNING, NEW) for n in range(1, 40)]
    play.resume(MORNING, Ms(MORNING + 30 * DAY), waiting)
    play.release(event.id for event in waiting[:20])
    moved = {m.id for m in play.step(Ms(MORNING + DAY)).moves}
    assert moved
    assert not moved & {event.id for event in waiting[:20]}


def test_the_opening_picture_is_whole(city: City) -> None:
    opening = Play(city, MORNING).opening()
    assert sorted(opening.readings["no"]) == sorted(s.no for s in city.of(Sensor))
    assert sorted(opening.fixes["no"]) == sorted(r.no for r in city.of(Resource))
    assert len(opening.values) == 927
    periods = {s.no: s.period_s * SECOND for s in city.of(Sensor)}
    silent = [r for r in opening.readings if MORNING - r["at"] > 3 * periods[int(r["no"])]]
    assert 0.002 < len(silent) / len(opening.readings) < 0.012


def test_a_demo_begins_with_one_gas_alarm_and_one_or_two_lesser_ones(city: City) -> None:
    play = Play(city, MORNING)
    play.resume(MORNING, MORNING, [])
    over = crossings(city, live(play, MORNING, 5, 2 * SECOND))
    first = [(cls, severity) for _, cls, severity in over]
    assert ("GAS", 2) in first
    assert ("RWL", 3) in first
    assert 3 <= len({sensor for sensor, _, _ in over}) <= 4
    assert all(severity > 1 for _, severity in first)


def test_a_calm_city_crosses_few_limits(city: City) -> None:
    play = Play(city, MORNING)
    play.resume(MORNING, MORNING, [])
    play.stories.running.clear()
    play.stories._next = Ms(MORNING + 30 * DAY)
    over = crossings(city, live(play, MORNING, 3 * 60, 20 * SECOND))
    assert len({sensor for sensor, _, _ in over}) <= 6


def crossings(city: City, happenings: list) -> set[tuple[str, str, int]]:
    """(sensor, class, severity) of every limit that was reached."""
    readings = np.concatenate([h.readings for h in happenings])
    sensors = {s.no: s for s in city.of(Sensor)}
    cls = np.array([sensors[n].cls if n in sensors else "" for n in range(max(sensors) + 1)])
    found = set()
    for rule in (code.facts for code in codes.load("alarm_rules").values()):
        own = readings[cls[readings["no"]] == rule["cls"]]
        beyond = (own["value"] - rule["threshold"]) * (-1 if rule["low_bad"] else 1)
        numbers = np.unique(own["no"][beyond >= 0]).tolist()
        found |= {(sensors[n].id, rule["cls"], rule["severity"]) for n in numbers}
    return found


def test_readings_follow_their_periods_and_stay_in_range(city: City) -> None:
    play = Play(city, MORNING)
    play.resume(MORNING, MORNING, [])
    sensors = {s.no: s for s in city.of(Sensor)}
    seen: Counter[int] = Counter()
    for happening in live(play, MORNING, 3.9, 2 * SECOND):
        for reading in happening.readings:
            sensor = sensors[int(reading["no"])]
            assert sensor.low <= reading["value"] <= sensor.high
            assert reading["at"] <= MORNING + 4 * MINUTE
            seen[sensor.no] += 1
    gas = [seen[s.no] for s in sensors.values() if s.cls == "GAS"]
    assert np.median(gas) in (7, 8)


def test_doors_open_by_day_and_rest_by_night(city: City) -> None:
    play = Play(city, MORNING)
    rows = np.flatnonzero(play.signals.cls == "DOR")
    noon = play.signals.value(rows, np.full(len(rows), MORNING + 3 * HOUR))
    dawn = play.signals.value(rows, np.full(len(rows), MORNING + 19 * HOUR))
    assert noon.max() < 4
    assert 7 < np.median(dawn) < 11


def test_units_stay_near_roads_and_move_at_their_speed(city: City) -> None:
    play = Play(city, MORNING)
    play.resume(MORNING, MORNING, [])
    tracks: dict[int, list[tuple[int, float, float]]] = {}
    for happening in live(play, MORNING, 5, 5 * SECOND):
        for fix in happening.fixes:
            place = (int(fix["at"]), float(fix["lon"]), float(fix["lat"]))
            tracks.setdefault(int(fix["no"]), []).append(place)
    speeds = []
    for track in tracks.values():
        at, lon, lat = np.array(track).T
        metres = np.hypot(np.diff(lon) * 94_600, np.diff(lat) * 110_900)
        speeds.append(metres.sum() / max(1.0, (at[-1] - at[0]) / SECOND))
    assert max(speeds) < 30
    assert np.mean(np.array(speeds) > 1) > 0.5


def test_a_unit_that_is_sent_arrives_and_later_returns(city: City) -> None:
    play = Play(city, MORNING)
    play.resume(MORNING, MORNING, [])
    unit = next(r for r in city.of(Resource) if r.kind == "police")
    goal = next(r for r in city.of(Resource) if r.kind == "fire")
    assert play.send(unit.name, "E1", goal.lon, goal.lat) == [(unit.id, "en_route")]
    assert play.send(unit.name, "E2", goal.lon, goal.lat) == []
    told = [s for h in live(play, MORNING, 90, 20 * SECOND) for s in h.statuses if s[0] == unit.id]
    assert [status for _, status in told] == ["on_scene", "patrol"]


def test_the_same_city_lives_the_same_life(city: City) -> None:
    def life() -> list:
        play = Play(city, MORNING)
        play.resume(MORNING, MORNING, [])
        return live(play, MORNING, 4)

    for one, other in zip(life(), life(), strict=True):
        assert (one.readings == other.readings).all()
        assert (one.fixes == other.fixes).all()
        assert one.events == other.events
        assert one.moves == other.moves


def test_reports_of_a_story_name_its_place_and_come_once(city: City) -> None:
    play = Play(city, MORNING)
    play.resume(MORNING, MORNING, [])
    told = [e for h in live(play, MORNING, 12) for e in h.events if "-S" in e.id]
    assert {e.cls for e in told} == {"gas", "flood"}
    assert len({e.id for e in told}) == len(told) == 4
    assert all("{" not in e.body for e in told)
    assert replace(told[0], id="").area
