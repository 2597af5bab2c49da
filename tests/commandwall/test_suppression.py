"""Parents suppress children: in whatever order they fall silent, across a restart, and back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import NOW, StillClock, a_sensor

from commandwall import codes, shelving, suppression
from commandwall.alarms import Alarm, Crossing, rules
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.desk import Desk
from commandwall.events import FiledEvent
from commandwall.pool.packs import Packs
from commandwall.sensors import READING_DTYPE, Sensor
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.suppression import Family

RULES = {rule.id: rule for rule in rules()}
FEED, SILENT, BAD, GAS, NOPOWER = "s0", "STALE-4", "BAD-4", "GAS-1", "PWR-2"
CITY = [
    a_sensor(0, cls="PWR", unit="%"),
    *(a_sensor(no, parent=FEED) for no in (1, 2)),
    a_sensor(3, parent="s1"), a_sensor(4),
]  # fmt: skip


def tell(folder: Path, sensors: Sequence[Sensor]) -> None:
    """The city has these devices."""
    mirror = Mirror(folder / "m1.db")
    mirror.take({"sensor": [tuple(getattr(s, n) for n in s.__slots__) for s in sensors]}, {})
    mirror.close()


class Station:
    def __init__(self, folder: Path, sensors: Sequence[Sensor] = CITY) -> None:
        tell(folder, sensors)
        use(folder, "m1.db")
        self.store, self.clock = open_store(folder), StillClock()
        self.desk = Desk(self.store, self.clock)
        self.desk.take_post("chief", "陈").result()
        self.sensors, self.family = sensors, Family(sensors)

    def see(self, no: int, rule: str, minute: float = 0, calm: bool = False) -> None:
        severity = 0 if calm else RULES[rule].severity
        at = Ms(int(NOW + minute * MINUTE))
        crossing = Crossing(self.sensors[no], RULES[rule], severity, 30.0, at)
        told = {"crossings": [crossing], "family": self.family}
        self.desk.run(suppression.observe, told, local=True)

    def alarms(self) -> list[Alarm]:
        return sorted(self.store.read(lambda r: r.find(Alarm)), key=lambda a: (a.sensor, a.cls))

    def states(self) -> dict[tuple[str, str], str]:
        return {(a.sensor, a.cls): a.state for a in self.alarms()}

    def of(self, sensor: str, cls: str = "STALE") -> Alarm:
        return next(a for a in self.alarms() if (a.sensor, a.cls) == (sensor, cls))

    def sweep(self, minute: float) -> None:
        """What the agent does each second, after a restart."""
        self.clock.at = int(NOW + minute * MINUTE)
        Packs(self.store, self.desk, self.clock).sweep()

    def close(self) -> None:
        self.desk.close()
        self.store.close()


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    made = Station(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("order", list(itertools.permutations((0, 1, 2))))
def test_in_whatever_order_they_fall_silent_only_the_parent_calls(
    station: Station, order: tuple[int, ...]
) -> None:
    for no in order:
        station.see(no, SILENT, minute=no)
    assert station.states() == {
        (FEED, "STALE"): "STALE", ("s1", "STALE"): "DSUPR", ("s2", "STALE"): "DSUPR",
    }  # fmt: skip
    assert {a.put_by for a in station.alarms()} == {"", FEED}
    once = station.alarms()
    for no in order:  # the same once more, as after a restart
        station.see(no, SILENT, minute=no)
    assert station.alarms() == once


def test_a_device_without_power_suppresses_silence_and_bad_readings_alone(
    station: Station,
) -> None:
    station.see(1, BAD)
    station.see(1, GAS)
    station.see(4, SILENT)
    station.see(0, NOPOWER, minute=1)
    assert station.states() == {
        (FEED, "PWR"): "UNACK", ("s1", "BAD"): "DSUPR", ("s1", "GAS"): "UNACK",
        ("s4", "STALE"): "STALE",
    }  # fmt: skip
    assert len(station.store.read(lambda r: r.find(FiledEvent))) == 2, "gas, and the power"


def test_a_voltage_that_is_only_low_suppresses_nothing(station: Station) -> None:
    station.see(0, "PWR-3")
    station.see(1, SILENT)
    assert station.of("s1").state == "STALE"


def test_what_was_suppressed_called_nobody_in_between(station: Station, monkeypatch: Any) -> None:
    station.see(0, SILENT)
    seen: list[str] = []
    react = station.desk._react
    monkeypatch.setattr(
        station.desk, "_react",
        lambda tx, records: (seen.extend(a.state for a in records[Alarm].values()),
                             react(tx, records)),
    )  # fmt: skip
    station.see(1, BAD, minute=1)
    assert seen == ["DSUPR"]


def test_what_is_still_silent_when_the_parent_is_back_is_told_after_a_while(
    station: Station,
) -> None:
    for no in (1, 2, 0):
        station.see(no, SILENT)
    station.see(0, SILENT, minute=10, calm=True)
    assert station.of("s1").state == "DSUPR", "its devices are given time to speak"
    station.see(2, SILENT, minute=11, calm=True)
    assert station.of("s2").state == "NORM"
    station.sweep(14.9)
    assert station.of("s1").state == "DSUPR"
    station.sweep(15.1)
    back = station.of("s1")
    assert (back.state, back.changed_at, back.put_by) == ("STALE", NOW + 15 * MINUTE, "")


def test_a_parent_that_goes_again_meanwhile_keeps_them_suppressed(station: Station) -> None:
    for no in (1, 0):
        station.see(no, SILENT)
    station.see(0, SILENT, minute=10, calm=True)
    station.see(0, SILENT, minute=12)
    station.sweep(30)
    assert station.of("s1").state == "DSUPR"


def test_bad_readings_that_last_come_back_as_unacknowledged(station: Station) -> None:
    station.see(1, BAD)
    station.see(0, SILENT, minute=1)
    station.see(0, SILENT, minute=2, calm=True)
    station.sweep(8)
    assert station.of("s1", "BAD").state == "UNACK"


def test_one_whose_cause_ends_while_the_parent_is_down_is_over(station: Station) -> None:
    station.see(0, SILENT)
    station.see(1, SILENT)
    station.see(1, SILENT, minute=3, calm=True)
    assert station.of("s1").state == "NORM"


def test_what_a_person_brings_back_is_suppressed_again_while_the_parent_is_down(
    station: Station,
) -> None:
    for no in (0, 1):
        station.see(no, SILENT)
    shelved = {"reason": "检修", "minutes": 30}
    station.desk.do(shelving.shelve, alarm=station.of("s1").id, **shelved).result()
    station.see(2, SILENT, minute=1)
    assert station.of("s1").state == "SHLVD", "a person's word stands before the rule"
    station.sweep(2)
    packs = Packs(station.store, station.desk, station.clock)
    packs.sweep()
    station.desk.do(shelving.unshelve, alarm=station.of("s1").id).result()
    assert station.of("s1").state == "STALE"
    packs.sweep()
    assert station.of("s1").state == "DSUPR"


def test_a_parent_that_is_suppressed_itself_still_suppresses(station: Station) -> None:
    for no in (3, 1, 0):
        station.see(no, SILENT)
    assert [station.of(s).state for s in (FEED, "s1", "s3")] == ["STALE", "DSUPR", "DSUPR"]
    assert station.of("s3").put_by == "s1"


def test_devices_that_name_each_other_hide_nobody(tmp_path: Path) -> None:
    ring = [a_sensor(0, parent="s1"), a_sensor(1, parent="s0"), a_sensor(2, parent="s1"),
            a_sensor(3, parent="s3")]  # fmt: skip
    station = Station(tmp_path, ring)
    for no in range(4):
        station.see(no, SILENT)
    states = [station.of(f"s{no}").state for no in range(4)]
    station.close()
    assert states == ["STALE", "STALE", "DSUPR", "STALE"]


def test_after_a_restart_alarms_of_before_are_suppressed_and_released(tmp_path: Path) -> None:
    """An edition that knew no parents, a parent that is named later, or not any more."""
    station = Station(tmp_path, [replace(s, parent="") for s in CITY])
    for no in (0, 1, 2):
        station.see(no, SILENT)
    assert station.of("s1").state == "STALE"
    tell(tmp_path, CITY)
    station.sweep(1)
    assert [station.of(s).state for s in ("s1", "s2")] == ["DSUPR", "DSUPR"]
    tell(tmp_path, [replace(s, parent="") for s in CITY])
    station.sweep(2)
    assert [station.of(s).state for s in ("s1", "s2")] == ["STALE", "STALE"]
    station.close()


def test_readings_alone_bring_it_all_about_across_a_restart(tmp_path: Path) -> None:
    """The feed goes silent with its devices, a restart in between, then all speak again."""
    city = [replace(s, period_s=10) for s in CITY] + [a_sensor(no) for no in range(5, 40)]
    station = Station(tmp_path, city)
    packs = Packs(station.store, station.desk, station.clock)

    def hear(second: int, *numbers: int) -> None:
        station.clock.at = NOW + second * SECOND
        rows = [(no, station.clock.at, 0.5 + second % 7 / 10, 0) for no in numbers]
        packs.take_readings(np.array(rows, READING_DTYPE), Ms(station.clock.at))
        packs.sweep()

    others = range(3, 40)
    for second in range(0, 60, 10):
        hear(second, *range(40))
    for second in range(60, 1_200, 10):
        hear(second, *others)
    told = {a.sensor: a.state for a in station.alarms()}
    assert told == {FEED: "STALE", "s1": "DSUPR", "s2": "DSUPR"}
    packs = Packs(station.store, station.desk, station.clock)
    hear(1_200, *others)
    assert {a.sensor: a.state for a in station.alarms()} == told
    hear(1_210, 0, *others)
    hear(1_220, 0, 1, *others)
    assert {a.sensor: a.state for a in station.alarms()} == {
        FEED: "NORM", "s1": "NORM", "s2": "DSUPR",
    }  # fmt: skip
    for second in range(1_230, 1_600, 10):
        hear(second, 0, 1, *others)
    assert station.of("s2").state == "STALE"
    station.close()


def test_of_hundreds_at_once_the_worst_are_on_disk_first(tmp_path: Path) -> None:
    """Each reading of 300 devices is of the third priority, but for some of the first."""
    worst = {7, 150, 299}
    station = Station(
        tmp_path, [a_sensor(no, parent="s1" if no == 150 else "") for no in range(300)]
    )
    packs, on_disk, run = Packs(station.store, station.desk, station.clock), [], station.desk.run

    def noting(*asked: Any, **how: Any) -> Any:
        done = run(*asked, **how)
        on_disk.append({a.sensor: a.severity for a in station.alarms()})
        return done

    station.desk.run = noting
    for second in (0, 10):
        station.clock.at = NOW + second * SECOND
        rows = [(no, station.clock.at, 60.0 if no in worst else 15.0, 0) for no in range(300)]
        packs.take_readings(np.array(rows, READING_DTYPE), Ms(station.clock.at))
    station.close()
    first, *_, last = on_disk
    assert first == {f"s{no}": 1 for no in worst}
    assert len(last) == 300 and [last[f"s{no}"] for no in sorted(worst)] == [1, 1, 1]


def test_that_hundreds_are_silent_behind_one_is_told_with_that_one(station: Station) -> None:
    """A child's silence of the first priority calls nobody while its parent's is not on disk."""
    worst = replace(RULES[SILENT], severity=1)
    many = [a_sensor(no, parent=FEED) for no in range(1, 150)]
    family = Family([CITY[0], *many])
    said = [Crossing(s, worst, 1, 0.0, NOW) for s in (*many, CITY[0])]
    first, rest = suppression.in_turn(said, family)
    assert [c.sensor.id for c in first] == [FEED] and len(rest) == len(many)
    measured = [Crossing(s, RULES[GAS], 1, 60.0, NOW) for s in many]
    assert suppression.in_turn(measured, family) == [measured]
    assert suppression.in_turn(said[:50], family) == [said[:50]]


def test_a_wrong_row_is_named_with_its_field(monkeypatch: Any) -> None:
    facts = {"cls": "STALE", "severity": 9, "children": ["NOPE"], "hold_s": 1}
    with pytest.raises(ValueError, match="alarm_parent: x: severity, children"):
        suppression._rule(codes.Code("x", "", "", facts))


def test_late_readings_of_a_parent_leave_its_devices_as_in_their_order(tmp_path: Path) -> None:
    """The bad reading of a child comes late, while its feed is known to be silent."""
    station = Station(tmp_path)
    station.see(0, SILENT)
    crossing = Crossing(CITY[1], RULES[BAD], RULES[BAD].severity, 30.0, Ms(NOW - MINUTE))
    told = {"said": [crossing], "was": [], "since": Ms(NOW - MINUTE), "family": station.family}
    station.desk.run(suppression.amend, told, local=True)
    assert station.of("s1", "BAD").state == "DSUPR"
    told = {"said": [], "was": [crossing], "since": Ms(NOW - MINUTE), "family": station.family}
    station.desk.run(suppression.amend, told, local=True)
    assert station.of("s1", "BAD").state == "NORM", "it never was: nobody was called by it"
    station.close()
