"""However readings are cut into packs, repeated and shuffled within ten minutes, and whoever is
killed meanwhile, the alarms are the same in the end."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from builders import NOW, StillClock, a_mode, a_sensor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commandwall import alarms
from commandwall.alarms import ACKED, RTNUN, UNACK, Alarm
from commandwall.clock import HOUR, SECOND, Ms
from commandwall.desk import Desk
from commandwall.events import FiledEvent
from commandwall.modes import OVER
from commandwall.pool.packs import REACH, Packs
from commandwall.sensors import READING_DTYPE
from commandwall.store.live import HEAD
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Store

EXAMPLES = 3000 if os.environ.get("COMMANDWALL_TEST_LONG") == "1" else 30
GAS, SMOKE, WATER = (0.0, 12.0, 12.5, 30.0, 60.0, 200.0), (0.0, 1.0, 2.0), (-0.5, 0.1, 0.3, 0.6)
DOOR = (0.0, 0.3, 7.0, 12.0, 25.0)
"""Hours since the door was opened: just now, in the morning, in the night, and too long ago."""
DEVICES = (
    (a_sensor(0), GAS), (a_sensor(1), GAS),
    *((a_sensor(n, cls="FIR", building="b1", unit="", high=3.0), SMOKE) for n in (2, 3, 4)),
    (a_sensor(5, cls="WLV", unit="m", low=-8.0, high=5.0), WATER),
    (a_sensor(6, cls="DOR", unit="h", high=200.0), DOOR),
)  # fmt: skip
LATE_S = REACH // SECOND
BEFORE_ROWS = HEAD + 8
"""Bytes of a live file of one block that tell it and its counter."""


@dataclass(frozen=True)
class Reading:
    no: int
    s: int  # after the beginning
    value: float
    late_s: int = 0  # so much later it comes

    @property
    def comes(self) -> int:
        return self.s + self.late_s


Packed = list[list[Reading]]


class Station:
    def __init__(self, folder: Path) -> None:
        mirror = Mirror(folder / "m1.db")
        rows = [sensor for sensor, _ in DEVICES]
        mirror.take({"sensor": [tuple(getattr(r, n) for n in r.__slots__) for r in rows]}, {})
        mirror.close()
        use(folder, "m1.db")
        self.store: Store = open_store(folder)
        self.clock = StillClock(NOW)
        self.desk = Desk(self.store, self.clock)
        self.packs = Packs(self.store, self.desk, self.clock)

    def forget(self) -> None:
        """Be a station that knows nothing."""
        for kind in ("alarm", "filedevent", "wall_log"):
            sql = f"DELETE FROM {kind} WHERE 1 = ?"
            self.desk.run(lambda tx, sql=sql: tx.run(sql, [(1,)]), {}, local=True)
        for path in self.store.folder.glob("*.live"):
            path.unlink()
        self.packs = Packs(self.store, self.desk, self.clock)

    def hear(self, *pack: Reading) -> None:
        self.clock.at = max(self.clock.at, Ms(NOW + max(r.comes for r in pack) * SECOND))
        told = [(r.no, NOW + r.s * SECOND, r.value, 0) for r in pack]
        self.packs.take_readings(np.array(told, READING_DTYPE), Ms(self.clock.at))

    def restart(self, packs: Packed) -> None:
        """A new agent over the same files, to whom the pool gives the packs of ten minutes."""
        self.packs = Packs(self.store, self.desk, self.clock)
        for pack in packs:
            if NOW + max(r.comes for r in pack) * SECOND >= self.clock.at - REACH:
                self.hear(*pack)

    def ends(self, packs: Packed, restarts: frozenset[int] = frozenset()) -> list[Alarm]:
        """The alarms after these packs, at a station that knew nothing."""
        self.clock.at = NOW
        self.forget()
        for i, pack in enumerate(packs):
            self.hear(*pack)
            if i in restarts:
                self.restart(packs[: i + 1])
        return self.stands()

    def stands(self) -> list[Alarm]:
        """All that ever was by what is known now."""
        found = self.store.read(lambda r: r.find(Alarm))
        return sorted((a for a in found if not alarms.withdrawn(a)), key=lambda a: a.id)

    def close(self) -> None:
        self.desk.close()
        self.store.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    made = Station(tmp_path_factory.mktemp("station"))
    yield made
    made.close()


@pytest.fixture
def station(shared: Station) -> Station:
    shared.clock.at = NOW
    shared.forget()
    return shared


def cut(told: list[Reading], at: list[int]) -> Packed:
    """Readings as packs that end at these places."""
    ends = sorted({0, len(told), *(i % (len(told) + 1) for i in at)})
    return [told[a:b] for a, b in itertools.pairwise(ends)]


def a_reading(no: int) -> st.SearchStrategy[Reading]:
    late = st.one_of(st.just(0), st.integers(0, 90), st.integers(0, LATE_S))
    seconds = st.one_of(st.integers(0, 200), st.integers(0, 2400))
    return st.builds(Reading, st.just(no), seconds, st.sampled_from(DEVICES[no][1]), late)


READINGS = st.lists(
    st.one_of(*(a_reading(no) for no in range(len(DEVICES)))),
    min_size=1, max_size=40, unique_by=lambda r: (r.no, r.s),
)  # fmt: skip
PLACES = st.lists(st.integers(0, 80), max_size=12)


@pytest.mark.timeout(1800)
@settings(
    max_examples=EXAMPLES, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(told=READINGS, at=PLACES, again=PLACES, restarts=st.frozensets(st.integers(0, 20)))
def test_split_repeated_and_shuffled_within_ten_minutes_is_the_same(
    shared: Station, told: list[Reading], at: list[int], again: list[int],
    restarts: frozenset[int],
) -> None:  # fmt: skip
    true = shared.ends([[r] for r in sorted(told, key=lambda r: (r.s, r.no))])
    comes = sorted(told, key=lambda r: r.comes)
    packs = cut(comes, at)
    for i in again:
        packs.insert(min(i, len(packs)), packs[i // 4 % max(1, min(i, len(packs)))])
    assert shared.ends(packs, restarts) == true


def test_a_device_falls_silent_at_the_same_moment_where_the_agent_began_anew(
    station: Station,
) -> None:
    """It was told up to a few periods later there: two walls showed different alarms meanwhile."""
    packs = [[Reading(0, 0, 1.0)], *([Reading(1, s, 1.0 + s / 1000)] for s in range(0, 301, 30))]
    for pack in packs:
        station.hear(*pack)
        station.packs.sweep()
    station.restart(packs)
    station.hear(Reading(1, 310, 1.5))
    station.packs.sweep()
    (alarm,) = station.stands()
    assert (alarm.sensor, alarm.state, alarm.raised_at) == ("s0", "STALE", NOW + 300 * SECOND)


def spoilt(folder: Path, what: str, seed: int) -> None:
    """Every row of a live file is rubbish from now on."""
    (file,) = folder.glob(f"{what}-*.live")
    kept = file.read_bytes()[:BEFORE_ROWS]
    file.write_bytes(kept + random.Random(seed).randbytes(file.stat().st_size - len(kept)))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("what", ["base", "window", "sensors", "heard", "fixes"])
def test_what_a_disk_spoilt_is_not_gone_by(station: Station, what: str, seed: int) -> None:
    """It ended each agent that began on it, again and again; or would hold an alarm back."""
    calm = [Reading(no, s, 0.0) for s in range(0, 1500, 30) for no in range(4)]
    peak = [Reading(no, s, 60.0) for s in range(1500, 1800, 30) for no in range(4)]
    ends = []
    for spoil in (False, True):
        station.clock.at = NOW
        station.forget()
        station.hear(*calm)
        if spoil:
            spoilt(station.store.folder, what, seed)
        station.restart([])
        station.hear(*peak)
        ends.append(station.stands())
    assert ends[0] == ends[1] and len(ends[0]) > 1


def test_a_city_without_devices_begins_on_a_spoilt_file_too(tmp_path: Path) -> None:
    Mirror(tmp_path / "m1.db").close()
    use(tmp_path, "m1.db")
    store, clock = open_store(tmp_path), StillClock(NOW)
    desk = Desk(store, clock)
    for what in ("base", "window"):
        Packs(store, desk, clock)
        spoilt(tmp_path, what, 0)
    assert not Packs(store, desk, clock).newest
    desk.close()
    store.close()


# What a late reading does, one by one.


def gas(s: int, value: float, late_s: int = 0) -> Reading:
    return Reading(0, s, value, late_s)


def test_a_peak_that_comes_three_minutes_late_raises_its_alarm(station: Station) -> None:
    for s in range(0, 300, 30):
        station.hear(gas(s, 1.0 + s / 1000))
    station.hear(gas(95, 60.0, 200), gas(101, 61.0, 200))
    (alarm,) = station.stands()
    assert (alarm.state, alarm.severity) == (RTNUN, 1)
    assert (alarm.raised_at, alarm.cleared_at) == (NOW + 95 * SECOND, NOW + 120 * SECOND)
    assert [e.id for e in station.store.read(lambda r: r.find(FiledEvent))] == [alarm.event]


def test_what_comes_later_than_that_is_kept_and_raises_nothing(station: Station) -> None:
    station.hear(gas(0, 1.0))
    station.hear(gas(700, 1.1))
    station.hear(gas(99, 60.0, 601), gas(100, 60.0, 600))
    assert station.stands() == []
    assert station.packs.late == 1
    station.hear(gas(106, 60.5, 594))
    assert [a.raised_at for a in station.stands()] == [NOW + 100 * SECOND]


def test_an_alarm_that_never_was_has_ended_and_waits_for_a_person(station: Station) -> None:
    """Its event is in the city: who goes there sees why."""
    station.hear(gas(0, 30.0))
    station.hear(gas(40, 30.5))
    (alarm,) = station.stands()
    assert alarm.state == UNACK
    station.hear(gas(20, 1.0, 30))
    assert station.stands() == []
    (gone,) = station.store.read(lambda r: r.find(Alarm))
    assert (gone.id, gone.state, gone.cleared_at) == (alarm.id, RTNUN, alarm.raised_at)
    assert station.store.read(lambda r: r.get(FiledEvent, alarm.event)) is not None


def test_what_a_person_acknowledged_stays_so(station: Station) -> None:
    station.hear(gas(0, 30.0))
    station.hear(gas(40, 30.5))
    (alarm,) = station.stands()
    station.desk.run(alarms.acknowledge, {"alarm": alarm.id}, "陈", "chief")
    station.hear(gas(25, 31.0, 30))
    (alarm,) = station.stands()
    assert (alarm.state, alarm.acked_by, alarm.changed_at) == (ACKED, "陈", alarm.acked_at)
    station.hear(gas(20, 1.0, 30))
    assert alarm.id not in [a.id for a in station.stands()]
    gone = station.store.read(lambda r: r.get(Alarm, alarm.id))
    assert gone is not None
    assert (gone.state, gone.acked_by) == ("LATCH", "陈")


def test_one_that_was_silent_and_comes_late_is_silent_no_more(station: Station) -> None:
    station.hear(gas(0, 1.0))
    for s in range(30, 400, 30):
        station.hear(Reading(1, s, 1.0 + s / 1000))
        station.packs.sweep()
    assert [a.state for a in station.stands()] == ["STALE"]
    station.hear(gas(10, 1.1, 380))
    (alarm,) = station.store.read(lambda r: r.find(Alarm))
    assert (alarm.state, alarm.cleared_at) == ("NORM", NOW + 300 * SECOND)


def test_a_second_detector_that_comes_late_lifts_the_alarm_of_the_first(station: Station) -> None:
    station.hear(Reading(2, 100, 1.0))
    station.hear(Reading(2, 115, 1.1))
    assert [a.severity for a in station.stands()] == [3]
    station.hear(Reading(3, 60, 1.0, 120), Reading(3, 75, 1.1, 120))
    assert sorted((a.sensor, a.severity) for a in station.stands()) == [("s2", 2), ("s3", 3)]


def test_a_late_reading_that_makes_another_one_believed_does_so_after_a_restart(
    station: Station,
) -> None:
    """What was found of a reading is found anew: alone it was a jump that no water makes."""
    level = [(0, -0.5), (30, 0.604), *((60 + 30 * n, 0.6 + n / 1000) for n in range(20))]
    station.hear(*(Reading(5, s, value) for s, value in level[:3]))
    station.restart([])
    station.hear(Reading(5, 20, 0.6, 60))
    for s, value in level[3:]:
        station.hear(Reading(5, s, value))
    found = station.stands()
    station.clock.at = NOW
    station.forget()
    for s, value in sorted([*level, (20, 0.6)]):
        station.hear(Reading(5, s, value))
    assert station.stands() == found


def test_a_late_reading_meets_the_limits_of_the_mode_that_held_at_its_moment(
    station: Station,
) -> None:
    """Also once the mode was left, and after a restart; a proposal that was declined held never."""
    held = a_mode(until=Ms(NOW + HOUR))
    declined = replace(held, id="m0", since=Ms(NOW - HOUR), second="")
    left = replace(held, state=OVER, ended_at=Ms(NOW + 200 * SECOND), ended_by="陈")
    station.desk.run(lambda tx: tx.put(held, replace(declined, state=OVER)), {}, local=True)
    water = [Reading(5, s, -0.15 + s / 10_000) for s in (0, 60, 120, 180)]
    station.hear(*water[:2])
    station.hear(*water[2:])
    (alarm,) = station.stands()
    assert (alarm.rule, alarm.severity) == ("WLV-4-watch", 4)
    station.desk.run(lambda tx: tx.put(left), {}, local=True)
    station.restart([])
    station.hear(Reading(5, 90, -0.14, 300))
    assert station.stands()[0].cleared_at is None
    station.hear(Reading(5, 400, -0.14))
    assert [(a.id, a.state) for a in station.stands()] == [(alarm.id, RTNUN)]
    station.desk.run(lambda tx: tx.run("DELETE FROM mode WHERE 1 = ?", [(1,)]), {}, local=True)


def test_amends_are_made_again_where_another_late_reading_follows(station: Station) -> None:
    """The log then holds every step of what was amended before."""
    told = [
        (10, 12.0, 0),
        (20, 12.1, 0),
        (30, 30.0, 0),
        (45, 30.1, 0),
        (60, 60.0, 0),
        (70, 60.1, 0),
    ]
    for s, value, _ in told:
        station.hear(gas(s, value))
    late = [gas(2, 12.2, 70), gas(31, 60.3, 45), gas(40, 1.0, 40), gas(43, 30.2, 40)]
    for one in late:
        station.hear(one)
    found = station.stands()
    every = [*(gas(*row) for row in told), *(replace(one, late_s=0) for one in late)]
    station.clock.at = NOW
    station.forget()
    for one in sorted(every, key=lambda r: r.s):
        station.hear(one)
    assert station.stands() == found
