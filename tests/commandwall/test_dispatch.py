"""Units are proposed, sent and followed by position; each of it once, whichever station saw it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from builders import NOW, StillClock, an_event, an_opening, finish

from commandwall import behalf, closing, dispatch, events, forces, incidents, proposals
from commandwall.alarms import UNACK, Alarm
from commandwall.answers import Answer, Voice
from commandwall.areas import Area, Road
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.desk import Desk
from commandwall.dispatch import (
    ACKED,
    ARRIVED,
    CANCELLED,
    MOVING,
    RELEASED,
    SENT,
    Assignment,
    AssignmentStep,
    Fix,
    Sending,
    Tracker,
    Trip,
)
from commandwall.incidents import Incident
from commandwall.proposals import AIR, ENGAGED, LACKS, LOST, ROAD, STRAIGHT, Task, Unit
from commandwall.resources import Resource
from commandwall.roads import RoadGraph
from commandwall.store import journal
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused

METRE = 1 / 111_195
"""Degrees of latitude."""


def a_unit(id_: str = "U1", **kw: Any) -> Resource:
    row = Resource(id_, 1, "fire", f"消防 {id_}", "消防救援大队", 6, "fire,rescue", "patrol",
                   120.2, 31.9, "320281001")  # fmt: skip
    return dataclasses.replace(row, **kw)


class Station:
    """A desk on a mirror that holds one event and two units."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.clock, self.store = StillClock(), open_store(folder)
        mirror = Mirror(folder / "mirror-1.db")
        rows = {
            "event": [an_event(), an_event(id="e2")],
            "resource": [a_unit(), a_unit("U2", no=2)],
        }
        mirror.take({k: [dataclasses.astuple(r) for r in some] for k, some in rows.items()}, {})
        mirror.close()
        use(folder, "mirror-1.db")
        self.desk = Desk(self.store, self.clock)
        self.desk.take_post("chief", "陈").result(60)

    def do(self, act: Any, **args: Any) -> Any:
        return self.desk.do(act, **args).result(60)

    def send(self, resource: str = "U1", subject: str = "e1", urgency: int = 3) -> Assignment:
        place = (120.2, 31.9)
        sending = Sending("event", subject, resource, *place, urgency, "320281001", 120.2,
                          31.9 - 900 * METRE, 110, ROAD)  # fmt: skip
        found = self.do(dispatch.send, sending=sending).of(Assignment)
        return next(a for a in found if not a.outcome)

    def trip(self, id_: str) -> Trip:
        rows = self.store.read(lambda r: r.find(Assignment))
        steps = self.store.read(lambda r: r.find(AssignmentStep))
        return dispatch.trips(rows, steps)[id_]

    def lines(self) -> list[journal.Line]:
        from commandwall.store import lines

        return list(lines.held(lambda sql, p: self.store.read(lambda r: r.rows(sql, **p))))

    def close(self) -> None:
        self.desk.close()
        self.store.close()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Station, Station]]:
    stations = Station(tmp_path / "a"), Station(tmp_path / "b")
    yield stations
    for station in stations:
        station.close()


@pytest.fixture
def station(two: tuple[Station, Station]) -> Station:
    return two[0]


def test_a_unit_is_sent_and_its_event_has_it(station: Station) -> None:
    sent = station.send()
    assert station.trip(sent.id).state == SENT
    view = station.store.read(lambda r: events.view(r, "e1"))
    assert (view.state, view.unit) == (events.DISPATCHED, "消防救援大队")
    assert sent.by == "陈" and sent.eta_s == 110


def test_who_is_sent_goes_to_nothing_less_urgent_but_is_called_off_for_worse(
    station: Station,
) -> None:
    first = station.send(urgency=3)
    with pytest.raises(Refused, match="engaged"):
        station.send(subject="e2", urgency=3)
    second = station.send(subject="e2", urgency=1)
    assert station.trip(first.id).state == CANCELLED
    assert station.trip(second.id).open


def test_steps_are_told_and_the_way_there_is_timed(station: Station) -> None:
    sent = station.send()
    station.clock.at += 61 * SECOND
    assert station.trip(sent.id).unanswered(Ms(station.clock.at))
    station.do(dispatch.acknowledge_sending, assignment=sent.id)
    assert not station.trip(sent.id).unanswered(Ms(station.clock.at))
    station.clock.at += 5 * MINUTE
    assert station.trip(sent.id).late(Ms(station.clock.at))
    station.do(dispatch.explain_delay, assignment=sent.id, reason="铁路道口关闭")
    station.do(dispatch.report_arrival, assignment=sent.id)
    trip = station.trip(sent.id)
    assert trip.state == ARRIVED and trip.after(ACKED) == 61 * SECOND
    assert trip.steps[dispatch.LATE].text == "铁路道口关闭"
    station.do(dispatch.release, assignment=sent.id)
    assert station.trip(sent.id).state == RELEASED
    with pytest.raises(Refused, match="state"):
        station.do(dispatch.recall, assignment=sent.id, reason="迟了")


def test_closing_an_event_or_an_incident_frees_its_units(station: Station) -> None:
    to_event = station.send()
    finish(station.desk, "e1", "处置完毕")
    assert station.trip(to_event.id).state == RELEASED
    with pytest.raises(Refused, match="closed"):
        station.send()
    done = station.do(incidents.open_incident, opening=an_opening())
    (incident,) = done.of(Incident)
    sending = Sending("incident", incident.id, "U2", 120.2, 31.9, 1)
    (sent,) = station.do(dispatch.send, sending=sending).of(Assignment)
    checks = station.store.read(lambda r: closing.checklist(r, incident))
    assert [(c.open, c.blocks) for c in checks if c.id == "units"] == [(1, False)]
    station.do(closing.close_incident, incident=incident.id, reason="处置完毕")
    assert station.trip(sent.id).state == RELEASED


def test_only_what_is_there_gets_a_unit(station: Station) -> None:
    with pytest.raises(Refused, match="unknown"):
        station.send(resource="nobody")
    with pytest.raises(Refused, match="unknown"):
        station.do(dispatch.send, sending=Sending("alarm", "no", "U1", 120.2, 31.9))


def drive(sent: Assignment, *way: tuple[int, float]) -> list[tuple[int, Fix]]:
    """Fixes of a unit so many seconds after the sending, so many metres south of its place."""
    return [(s, Fix(Ms(sent.sent_at + s * SECOND), sent.lon, sent.lat - m * METRE)) for s, m in way]


WAY = ((5, 899.0), (10, 880.0), (15, 860.0), (60, 45.0), (65, 70.0), (70, 40.0), (80, 30.0),
       (90, 30.0), (95, 31.0))  # fmt: skip


def test_positions_show_that_it_moves_and_is_there(station: Station) -> None:
    sent, tracker = station.send(), Tracker()
    for _, fix in drive(sent, *WAY):
        steps = tracker.look([station.trip(sent.id)], lambda _, fix=fix: fix)
        station.desk.run(dispatch.observe_steps, {"steps": steps})
    trip = station.trip(sent.id)
    assert {s: trip.after(s) for s in trip.steps} == {MOVING: 15 * SECOND, ARRIVED: 70 * SECOND}


def test_two_stations_that_see_one_arrival_make_one(two: tuple[Station, Station]) -> None:
    one, other = two
    sent = one.send()
    other.desk.receive(one.lines())
    for station in two:
        tracker = Tracker()
        for _, fix in drive(sent, *WAY):
            steps = tracker.look([station.trip(sent.id)], lambda _, fix=fix: fix)
            station.desk.run(dispatch.observe_steps, {"steps": steps})
    finish(one.desk, "e1", "处置完毕")
    for station, peer in (two, two[::-1]):
        station.desk.receive(peer.lines())
    for station in two:
        assert len(station.store.read(lambda r: r.find(AssignmentStep))) == 2
        assert station.trip(sent.id).state == RELEASED
        assert not station.store.read(lambda r: r.value("SELECT count(*) FROM conflict"))


def a_trip(after_s: int | None, sent_ago_s: int, outcome: str = "") -> Trip:
    at = Ms(NOW - sent_ago_s * SECOND)
    row = Assignment(f"a{after_s}{sent_ago_s}", "event", "e1", "U1", 3, "", 0.0, 0.0, None, None,
                     None, "", at, "", "", outcome)  # fmt: skip
    if after_s is None:
        return Trip(row)
    step = AssignmentStep("s", row.id, "", ARRIVED, Ms(at + after_s * SECOND), "", "", "", "")
    return Trip(row, {ARRIVED: step})


def test_the_share_within_five_minutes_says_of_how_many() -> None:
    rows = [a_trip(120, 900), a_trip(299, 900), a_trip(400, 900), a_trip(None, 900),
            a_trip(None, 100), a_trip(None, 900, CANCELLED)]  # fmt: skip
    found = dispatch.score(rows, NOW)
    assert (found.within, found.judged) == (2, 4)
    arrived = found.figures[2]
    assert (arrived.count, arrived.p50) == (3, 299) and arrived.p90 == pytest.approx(379.8)


# Proposals.


def flat(lon: Any, lat: Any) -> tuple[Any, Any]:
    """A plane at the equator of the tests: metres."""
    return np.asarray(lon) / METRE, np.asarray(lat) / METRE


def a_road(a: int, b: int, *points: tuple[float, float], **kw: Any) -> Road:
    line = shapely.LineString([(x * METRE, y * METRE) for x, y in points])
    length = float(line.length / METRE)
    return Road(f"{a}-{b}", "street", "", a, b, length, 36.0, shapely.to_wkb(line), **kw)


def at(id_: str, x: float, y: float = 0.0, age_s: int = 5, **kw: Any) -> Unit:
    trip = kw.pop("trip", None)
    return Unit(a_unit(id_, **kw), Fix(Ms(NOW - age_s * SECOND), x * METRE, y * METRE), trip)


TASK = Task("event", "e1", 0.0, 0.0, 3, "", frozenset({"fire"}))


def names(found: list[proposals.Proposal]) -> list[str]:
    return [p.unit.resource.id for p in found]


def test_the_first_is_who_is_there_first_by_road_with_what_is_needed() -> None:
    roads = [a_road(1, 2, (0, 0), (2000, 0)), a_road(3, 1, (0, 900), (-3000, 900), (0, 0))]
    graph = RoadGraph(roads, flat)
    units = [at("near", 0, 880), at("east", 1000), at("no", 100, capabilities="police"),
             at("old", 50, age_s=400), at("dim", 800, age_s=120), at("far", 1500)]  # fmt: skip
    fit, others = proposals.propose(TASK, units, graph, NOW)
    assert names(fit) == ["east", "far", "dim"]
    assert fit[0].seconds == pytest.approx(100) and {p.basis for p in fit} == {ROAD}
    assert {p.unit.resource.id: p.reason for p in others} == {"no": LACKS, "old": LOST}


def test_who_has_a_task_is_proposed_for_worse_alone() -> None:
    busy = dataclasses.replace(a_trip(None, 60).assignment, urgency=3)
    units = [at("busy", 100, trip=Trip(busy)), at("free", 500), at("rest", 50, status="rest")]
    fit, others = proposals.propose(TASK, units, None, NOW)
    assert names(fit) == ["free"]
    assert [p.reason for p in others] == ["away", ENGAGED]
    fit, _ = proposals.propose(dataclasses.replace(TASK, urgency=1), units, None, NOW)
    assert names(fit) == ["busy", "free"]


def test_a_straight_line_says_that_it_is_one_and_goes_by_town_land_and_siren() -> None:
    unit = [at("u", 6000)]
    slow, land, loud = (
        proposals.propose(dataclasses.replace(TASK, **kw), unit, None, NOW)[0][0]
        for kw in ({}, {"urban": False}, {"urgency": 1})
    )
    assert [round(p.seconds) for p in (slow, land, loud)] == [1008, 672, 504]
    assert {p.basis for p in (slow, land, loud)} == {STRAIGHT}
    (drone,) = proposals.propose(
        TASK, [at("d", 600, kind="drone", capabilities="fire")], None, NOW
    )[0]
    assert (drone.basis, round(drone.seconds)) == (AIR, 48)


def test_where_no_road_leads_the_straight_line_counts_and_says_so() -> None:
    island = RoadGraph([a_road(1, 2, (0, 0), (100, 0)), a_road(3, 4, (500, 0), (900, 0))], flat)
    fit, _ = proposals.propose(TASK, [at("cut off", 700)], island, NOW)
    assert fit[0].basis == STRAIGHT
    away = dataclasses.replace(TASK, lat=5000 * METRE)
    assert proposals.propose(away, [at("u", 50)], island, NOW)[0][0].basis == STRAIGHT


def test_what_is_needed_and_what_is_town_are_rows() -> None:
    assert proposals.need_of("gas") == {"gas"} and proposals.need_of("consult") == frozenset()

    def area(code: str, parent: str, kind: str) -> Area:
        return Area(code, 1, code, parent, 0.0, 0.0, b"", 1, kind)

    known = {a.id: a for a in (area("c", "", "city"), area("t", "c", "town"),
                               area("s", "c", "street"), area("g", "t", "grid"))}  # fmt: skip
    assert proposals.is_urban(known, "s") and not proposals.is_urban(known, "g")
    assert proposals.is_urban(known, "unknown")


def test_an_alarm_gets_a_unit_too(station: Station) -> None:
    alarm = Alarm("A1", "s0", "GAS-2", "GAS", 2, UNACK, 27.0, "%LEL", "320281001", 120.2, 31.9,
                  NOW, NOW)  # fmt: skip
    station.desk.run(lambda tx: tx.put(alarm), {}, local=True)
    station.do(dispatch.send, sending=Sending("alarm", "A1", "U1", 120.2, 31.9, 1))
    assert [t.state for t in station.store.read(dispatch.under_way).values()] == [SENT]


def test_what_a_unit_says_by_radio_keeps_both_names_and_merges_with_what_positions_show(
    two: tuple[Station, Station],
) -> None:
    """The hall hears the arrival by radio; another station sees it in the positions, earlier."""
    hall, other = two
    sent, tracker = hall.send(), Tracker()
    other.desk.receive(hall.lines())
    for _, fix in drive(sent, *WAY):
        steps = tracker.look([other.trip(sent.id)], lambda _, fix=fix: fix)
        other.desk.run(dispatch.observe_steps, {"steps": steps})
    hall.clock.at += 3 * MINUTE
    voice = Voice("王建国", "", "radio")
    for step in ("report_moving", "report_arrival"):
        hall.do(behalf.record_for, voice=voice, step=step, record=sent.id)
    trip = hall.trip(sent.id)
    assert (trip.state, trip.steps[ARRIVED].by) == (ARRIVED, "王建国")
    assert trip.after(ARRIVED) == 3 * MINUTE
    told = hall.store.read(lambda r: r.find(Answer, record=sent.id, step=ARRIVED))
    assert [(a.person, a.channel, a.by) for a in told] == [("王建国", "radio", "陈")]
    for station, peer in (two, two[::-1]):
        station.desk.receive(peer.lines())
    for station in two:
        assert station.trip(sent.id).after(ARRIVED) == 70 * SECOND
        assert len(station.store.read(lambda r: r.find(AssignmentStep, step=ARRIVED))) == 2
        assert not station.store.read(lambda r: r.value("SELECT count(*) FROM conflict"))


def test_who_is_out_for_an_incident_is_counted_and_the_worst_clock_found(station: Station) -> None:
    done = station.do(
        incidents.open_incident, opening=dataclasses.replace(an_opening(), event="e1")
    )
    (incident,) = done.of(Incident)
    by_event = station.send()
    sending = Sending("incident", incident.id, "U2", 120.2, 31.9, 1)
    (sent,) = station.do(dispatch.send, sending=sending).of(Assignment)
    station.do(dispatch.acknowledge_sending, assignment=by_event.id)
    trips = [station.trip(by_event.id), station.trip(sent.id)]
    mine = forces.sent_to(trips, incident, [])
    assert forces.counted(mine) == {ACKED: 1, SENT: 1}
    clocks = forces.clocks(mine)
    assert [(w.trip.assignment.id, w.step) for w in clocks] == [(sent.id, ACKED),
                                                               (by_event.id, ARRIVED)]  # fmt: skip
    late = Ms(station.clock.at + 61 * SECOND)
    assert [w.lamp(late) for w in clocks] == ["red", "green"]
    station.do(dispatch.report_arrival, assignment=sent.id)
    assert forces.waiting(station.trip(sent.id)) is None
