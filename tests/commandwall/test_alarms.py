"""Alarms over their life: what grows worse, what comes twice, what is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from builders import NOW, StillClock, a_sensor

from commandwall import alarm_figures, alarm_lists, alarms
from commandwall.alarms import Alarm, acknowledge, observe, reset
from commandwall.clock import MINUTE, Ms
from commandwall.desk import Desk
from commandwall.events import FiledEvent
from commandwall.judge import Crossing
from commandwall.store.migrate import open_store
from commandwall.store.store import Tx

RULES = {rule.id: rule for rule in alarms.rules()}


class Station:
    def __init__(self, folder: Path) -> None:
        self.store, self.clock = open_store(folder), StillClock()
        self.desk = Desk(self.store, self.clock)
        self.desk.take_post("chief").result()

    def see(self, *crossings: Crossing) -> None:
        self.desk.run(observe, {"crossings": list(crossings)}, local=True)

    def alarms(self) -> list[Alarm]:
        return sorted(self.store.read(lambda r: r.find(Alarm)), key=lambda a: a.raised_at)

    def filed(self) -> list[FiledEvent]:
        return self.store.read(lambda r: r.find(FiledEvent))

    def acknowledge(self) -> None:
        self.desk.do(acknowledge, alarm=self.alarms()[-1].id).result()

    def reset_after(self, *crossings: Crossing) -> None:
        self.see(*crossings)
        self.desk.do(reset, alarm=self.alarms()[-1].id, reason="已查看").result()


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    station = Station(tmp_path)
    yield station
    station.desk.close()
    station.store.close()


def crossing(rule: str, minute: int, calm: bool = False, no: int = 0) -> Crossing:
    severity = 0 if calm else RULES[rule].severity
    at = Ms(NOW + minute * MINUTE)
    return Crossing(a_sensor(no), RULES[rule], severity, 30.0, at)


def test_an_alarm_that_grows_worse_files_its_event(station: Station) -> None:
    station.see(crossing("GAS-3", 0))
    assert station.filed() == []
    station.see(crossing("GAS-2", 5))
    (alarm,), (event,) = station.alarms(), station.filed()
    assert alarm.event == event.id and event.urgency == 1
    assert event.reported_at == NOW + 5 * MINUTE  # its clocks run from here, not from the first Ⅲ


def test_growing_worse_again_files_no_second_event(station: Station) -> None:
    for minute, rule in enumerate(("GAS-3", "GAS-2", "GAS-1", "GAS-2", "GAS-1")):
        station.see(crossing(rule, minute))
    assert len(station.alarms()) == len(station.filed()) == 1


def test_an_acknowledged_alarm_that_grows_worse_wants_a_person_and_files(station: Station) -> None:
    station.see(crossing("GAS-3", 0))
    station.acknowledge()
    station.see(crossing("GAS-2", 5))
    (alarm,) = station.alarms()
    assert alarm.state == "UNACK" and [e.id for e in station.filed()] == [alarm.event]


def test_an_acknowledged_alarm_that_eases_stays_acknowledged(station: Station) -> None:
    station.see(crossing("GAS-2", 0))
    station.acknowledge()
    station.see(crossing("GAS-3", 5))
    assert [(a.state, a.severity) for a in station.alarms()] == [("ACKED", 3)]


def test_what_rose_and_fell_within_one_pack_is_filed_and_waits_for_a_person(
    station: Station,
) -> None:
    station.see(crossing("GAS-2", 0), crossing("GAS-2", 1, calm=True))
    assert [a.state for a in station.alarms()] == ["RTNUN"] and len(station.filed()) == 1


def test_what_comes_again_within_one_pack_is_counted(station: Station) -> None:
    station.see(
        crossing("GAS-2", 0), crossing("GAS-2", 1, calm=True), crossing("GAS-2", 2)
    )  # fmt: skip
    assert [(a.state, a.count) for a in station.alarms()] == [("UNACK", 2)]
    assert len(station.filed()) == 1


def test_two_alarms_of_one_device_within_one_pack_are_both_kept(station: Station) -> None:
    station.see(crossing("GAS-2", 0))
    station.acknowledge()
    station.reset_after(crossing("GAS-2", 1, calm=True))
    station.see(crossing("GAS-2", 2), crossing("GAS-2", 3, calm=True), crossing("GAS-2", 4))
    assert [(a.state, a.count) for a in station.alarms()] == [("NORM", 1), ("UNACK", 2)]


def test_the_same_readings_once_more_wake_nothing_that_is_over(station: Station) -> None:
    told = (crossing("GAS-2", 0), crossing("GAS-2", 1, calm=True))
    station.see(*told)
    station.acknowledge()
    station.reset_after()
    before = station.alarms()
    station.see(*told)
    assert station.alarms() == before and [a.state for a in before] == ["NORM"]


def test_a_storm_is_two_questions_however_many_devices_it_has(station: Station) -> None:
    asked: list[str] = []
    many = [crossing("GAS-2", 0, no=no) for no in range(800)]

    def counted(tx: object, crossings: list[Crossing]) -> None:
        find = tx.find  # type: ignore[attr-defined]
        tx.find = lambda kind, **more: asked.append(kind.__name__) or find(kind, **more)  # type: ignore[attr-defined]
        observe(tx, crossings)  # type: ignore[arg-type]
        tx.find = find  # type: ignore[attr-defined]

    station.desk.run(counted, {"crossings": many}, local=True)
    assert len(station.alarms()) == 800 and len(asked) == 2


def test_a_fault_of_a_device_stands_beside_what_it_measures(station: Station) -> None:
    station.see(crossing("GAS-2", 0), crossing("BAD-4", 0), crossing("STALE-4", 1))
    assert {(a.cls, a.state) for a in station.alarms()} == {
        ("GAS", alarms.UNACK), ("BAD", alarms.UNACK), ("STALE", "STALE"),
    }  # fmt: skip
    station.see(crossing("STALE-4", 2, calm=True), crossing("BAD-4", 3, calm=True))
    assert {(a.cls, a.state) for a in station.alarms()} == {
        ("GAS", alarms.UNACK), ("BAD", alarms.RTNUN), ("STALE", alarms.NORM),
    }  # fmt: skip
    assert len(station.filed()) == 1


@pytest.mark.parametrize(("rule", "state"), [("WLV-2", "NORM"), ("GAS-2", "LATCH")])
def test_one_that_never_was_is_over_where_somebody_acknowledged_it_before_he_could_know(
    station: Station, rule: str, state: str
) -> None:
    """A late reading took it back here; elsewhere it was acknowledged as one that lasts."""
    station.see(crossing(rule, 0))
    (raised,) = station.alarms()
    gone = alarms.withdraw(raised)
    said = replace(raised, state="ACKED", acked_at=Ms(NOW + 1), acked_by="陈")
    after = alarms.MEETING.catches_up(gone, said)
    assert (after.state, after.acked_by, after.cleared_at) == (state, "陈", raised.raised_at)
    assert alarms.withdrawn(after)
    seen = replace(gone, state="NORM", acked_at=Ms(NOW + 1), acked_by="陈")
    assert alarms.MEETING.catches_up(gone, seen) == seen


def test_what_never_was_counts_in_no_figure_and_makes_no_bad_actor(station: Station) -> None:
    for minute in (0, 10, 20):
        station.see(crossing("GAS-2", minute), crossing("GAS-2", minute, no=1))
        station.see(crossing("GAS-2", minute + 5, calm=True))
        station.see(crossing("GAS-2", minute + 5, calm=True, no=1))
        station.desk.run(_end_all, {}, local=True)
    station.desk.run(_withdraw_all, {"sensor": "s1"}, local=True)
    now = Ms(NOW + 30 * MINUTE)
    day = station.store.read(lambda r: alarm_figures.began(r, now))
    assert [sensor for sensor, _ in day] == ["s0"] * 3
    (actor,) = station.store.read(lambda r: alarm_lists.bad_actors(r, now))
    assert (actor.sensor, actor.raised, actor.again) == ("s0", 3, 0)


def _end_all(tx: Tx) -> None:
    tx.put(*(replace(alarm, state="NORM") for alarm in tx.find(Alarm)))


def _withdraw_all(tx: Tx, sensor: str) -> None:
    tx.put(*(alarms.withdraw(alarm) for alarm in tx.find(Alarm, sensor=sensor)))
