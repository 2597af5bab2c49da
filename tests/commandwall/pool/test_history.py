"""The history of readings and tracks: written beside the live arrays, read at a start."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import psutil
import pytest
from builders import NOW, StillClock, a_sensor

from commandwall import codes
from commandwall.alarms import Alarm
from commandwall.clock import DAY, HOUR, MINUTE, SECOND, Ms
from commandwall.desk import Desk
from commandwall.events import FiledEvent
from commandwall.pool.packs import Packs
from commandwall.pool.recorder import HOURS, KEPT, MINUTES, SERIES, Recorder
from commandwall.resources import FIX_DTYPE, Resource
from commandwall.resources import pack as pack_fixes
from commandwall.sensors import BAD, READING_DTYPE, pack
from commandwall.store import live
from commandwall.store.columns import spread, squeeze
from commandwall.store.database import StoreTrouble
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.quarantine import harms
from commandwall.store.telemetry import FIXES, NAME, READINGS, Telemetry, within


def values(record: object) -> tuple[object, ...]:
    return tuple(getattr(record, name) for name in record.__slots__)  # type: ignore[attr-defined]


def a_resource(no: int) -> Resource:
    return Resource(f"r{no}", no, "police", "", "", 2, "", "patrol", 120.0, 31.0, "a1")


class Station:
    """A store with packs and a recorder; `begin` is what an agent does at its start."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, StillClock()
        self.store = open_store(folder)
        mirror = Mirror(folder / "m1.db")
        sensors = [values(a_sensor(no)) for no in range(3)]
        mirror.take({"sensor": sensors, "resource": [values(a_resource(1))]}, {})
        mirror.close()
        use(folder, "m1.db")
        self.desk = Desk(self.store, self.clock)
        self.recorder: Recorder | None = None
        self.begin()

    def begin(self, pool: str = "") -> None:
        if self.recorder is not None:
            self.recorder.stop()
        self.recorder = Recorder(self.folder, self.clock, pool)
        self.packs = Packs(self.store, self.desk, self.clock, self.recorder)

    def read(self, *readings: tuple[int, int, float]) -> None:
        """Readings: (number, seconds after NOW, value)."""
        rows = [(no, NOW + s * SECOND, value, 0) for no, s, value in readings]
        self.packs.take(READINGS, Ms(self.clock.at), pack(np.array(rows, READING_DTYPE)))

    def move(self, *fixes: tuple[int, int, float]) -> None:
        rows = [(no, NOW + s * SECOND, lon, 31.0) for no, s, lon in fixes]
        self.packs.take(FIXES, Ms(self.clock.at), pack_fixes(np.array(rows, FIX_DTYPE)))

    def history(self, no: int, series: str = READINGS) -> list[float]:
        telemetry = Telemetry(self.folder, SERIES)
        found = telemetry.history(series, no, Ms(NOW - DAY))
        telemetry.close()
        return found["value" if series == READINGS else "lon"].tolist()  # type: ignore[no-any-return]

    def lose_live(self) -> None:
        for path in self.folder.glob("*.live"):
            path.unlink()

    def shown(self) -> dict[str, np.ndarray]:
        path = next(self.folder.glob("sensors-*.live"))
        return live.LiveArrays(path, live.READING, live.BLOCK).read()

    def close(self) -> None:
        assert self.recorder is not None
        self.recorder.stop()
        self.desk.close()
        self.store.close()


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    station = Station(tmp_path)
    yield station
    station.close()


def test_readings_stay_before_and_after_they_are_chunks(station: Station) -> None:
    for minute in range(25):
        station.clock.at = NOW + minute * MINUTE
        station.read((1, 60 * minute, float(minute)), (2, 60 * minute, 0.5))
        station.recorder.step()  # type: ignore[union-attr]
    assert station.history(1) == [float(m) for m in range(25)]
    assert station.history(0) == []


def test_an_agent_that_connects_again_lets_go_of_its_files_at_once(station: Station) -> None:
    """Each new connection has packs and a recorder of its own."""
    process = psutil.Process()
    station.begin()
    gc.collect()
    gc.disable()
    try:
        before = process.num_fds()
        for _ in range(3):
            station.begin()
        assert process.num_fds() == before
    finally:
        gc.enable()


def test_the_same_pack_twice_is_kept_once(station: Station) -> None:
    for _ in range(2):
        station.read((1, 0, 3.0))
        station.move((1, 0, 120.1), (1, 5, 120.2))
        station.recorder.step()  # type: ignore[union-attr]
    assert station.history(1) == [3.0]
    assert station.history(1, FIXES) == [120.1, 120.2]


def test_a_pack_of_many_moments_says_the_same_as_one_for_each(station: Station) -> None:
    """Raised with an event, milder, over, and again: what a gateway kept while it was cut off."""
    station.clock.at = NOW + 200 * SECOND
    told = [
        (0, 60.0),
        (6, 60.0),
        (8, 15.0),
        (75, 15.0),
        (80, 0.0),
        (150, 0.0),
        (160, 30.0),
        (170, 30.0),
    ]
    for second, value in told:
        station.read((0, second, value))
    station.read(*((1, second, value) for second, value in told))
    station.read(*((2, second, value) for second, value in told for _ in range(2)))
    found = station.store.read(lambda r: r.find(Alarm))
    filed = {e.id: e for e in station.store.read(lambda r: r.find(FiledEvent))}
    by_sensor = [
        sorted(
            (
                (replace(a, id="", sensor="", event=""), e and replace(e, id=""))
                for a in found if a.sensor == f"s{no}" for e in [filed.get(a.event)]
            ),
            key=lambda pair: pair[0].raised_at,
        )
        for no in range(3)
    ]  # fmt: skip
    ((alarm, event),) = by_sensor[0]
    assert (alarm.state, alarm.count) == ("UNACK", 2) and event is not None
    assert by_sensor[1] == by_sensor[0] and by_sensor[2] == by_sensor[0]


def test_positions_come_in_any_order_and_from_wrong_clocks(station: Station) -> None:
    """The newest of a pack stands; a unit whose clock is a year ahead is where it was heard, and is
    followed on from there; what is no place on earth moves nobody."""
    fixes = live.LiveArrays(next(station.folder.glob("fixes-*.live")), live.FIX, live.BLOCK)
    shown = lambda: (int(fixes.read()["at"][1]) - NOW, float(fixes.read()["lon"][1]))  # noqa: E731
    station.move((1, 5, 120.2), (1, 9, 120.4), (1, 7, 120.3), (1, 9, 120.4))
    assert shown() == (9 * SECOND, 120.4)
    station.clock.at = NOW + 20 * SECOND
    station.move((1, 365 * 24 * 3600, 120.5))
    assert shown() == (20 * SECOND, 120.5)
    station.clock.at = NOW + 30 * SECOND
    station.move((1, 30, 120.6), (1, 31, float("nan")), (1, 32, 1e9))
    assert shown() == (30 * SECOND, 120.6)
    station.clock.at = NOW + 40 * SECOND
    station.read((1, 365 * 24 * 3600, 1.0))
    station.clock.at = NOW + 50 * SECOND
    station.read((1, 50, 2.0))
    assert station.shown()["value"][1] == 2.0
    station.recorder.step()  # type: ignore[union-attr]
    assert station.history(1, FIXES) == [120.2, 120.3, 120.4, 120.4, 120.5, 120.6]


def test_live_arrays_that_were_lost_begin_with_the_last_known_state(station: Station) -> None:
    station.read((0, 0, 1.5), (2, 1, 27.0))
    station.move((1, 2, 120.5))
    station.recorder.step()  # type: ignore[union-attr]
    station.lose_live()
    station.begin()
    shown = station.shown()
    assert shown["value"][[0, 2]].tolist() == [1.5, 27.0]
    assert shown["at"][:3].tolist() == [NOW, 0, NOW + SECOND]
    fixes = live.LiveArrays(next(station.folder.glob("fixes-*.live")), live.FIX, live.BLOCK)
    assert fixes.read()["lon"][1] == 120.5


def test_live_arrays_that_know_more_are_left_alone(station: Station) -> None:
    station.read((0, 0, 1.5))
    station.recorder.step()  # type: ignore[union-attr]
    station.read((0, 9, 2.5))
    station.packs.rearrange()
    assert station.shown()["value"][0] == 2.5


def test_a_lasting_alarm_keeps_its_severity_where_the_live_arrays_were_lost(
    station: Station,
) -> None:
    for s in (0, 10):
        station.read((1, s, 60.0))
    before = station.shown()["severity"][1]
    station.recorder.step()  # type: ignore[union-attr]
    station.lose_live()
    station.begin()
    assert before == 1 and station.shown()["severity"][1] == 1


def test_what_is_older_than_the_limits_is_forgotten(station: Station) -> None:
    def kept(series: str) -> int:
        return len(station.history(1, series))

    for minute in (0, 11):
        station.clock.at = NOW + minute * MINUTE
        station.read((1, 60 * minute, 1.0))
        station.move((1, 60 * minute, 120.0))
        station.recorder.step()  # type: ignore[union-attr]
    assert (kept(READINGS), kept(FIXES)) == (2, 2)
    for days, left in (
        (codes.limit("readings_days"), (0, 2)),
        (codes.limit("tracks_days"), (0, 0)),
    ):
        station.clock.at = NOW + int(days + 1) * DAY
        station.recorder.step()  # type: ignore[union-attr]
        assert (kept(READINGS), kept(FIXES)) == left


def kept_rows(station: Station, series: str, no: int = 1) -> list[tuple[int, float]]:
    """Minutes after NOW, and values, of what is kept of a device."""
    telemetry = Telemetry(station.folder, SERIES)
    found = telemetry.history(series, no, Ms(NOW - DAY))
    telemetry.close()
    return [((int(r["at"]) - NOW) // MINUTE, round(float(r["value"]), 3)) for r in found]


def three_hours(station: Station) -> None:
    """A reading each half minute for three hours and a bit, from a full hour on; one is no good."""
    start = -(-NOW // HOUR) * HOUR - NOW
    for minute in range(0, 200, 5):
        at = (start + minute * MINUTE) // SECOND
        rows = [(1, at + 30 * i, float((minute + i) % 100)) for i in range(10)]
        station.clock.at = NOW + (at + 300) * SECOND
        station.read(*rows)
        station.packs._recorder.take(  # type: ignore[union-attr]
            READINGS, np.array([(1, NOW + at * SECOND + 7, 1e6, 2)], READING_DTYPE)
        )
        station.recorder.step()  # type: ignore[union-attr]


def test_means_of_minutes_and_hours_are_made_before_the_readings_go(station: Station) -> None:
    three_hours(station)
    station.clock.at += HOUR
    station.recorder.step()  # type: ignore[union-attr]
    minutes, hours = kept_rows(station, MINUTES), kept_rows(station, HOURS)
    first = -(-NOW // HOUR) * HOUR - NOW
    assert minutes[0] == (first // MINUTE, 0.5) and minutes[1][1] == 2.5
    assert [m for m, _ in minutes] == sorted({m for m, _ in minutes}) and len(minutes) >= 180
    assert [h for h, _ in hours][:3] == [first // MINUTE + 60 * i for i in range(3)]
    assert hours[0][1] == pytest.approx(np.mean([v for _, v in minutes[:60]]), abs=0.01)
    for name, gone in (
        ("readings_days", READINGS),
        ("minutes_days", MINUTES),
        ("hours_days", HOURS),
    ):
        assert kept_rows(station, gone)
        station.clock.at = NOW + int(codes.limit(name) + 1) * DAY
        station.recorder.step()  # type: ignore[union-attr]
        assert kept_rows(station, gone) == []


def test_a_disk_that_may_hold_no_more_loses_the_oldest_readings_first(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    three_hours(station)
    monkeypatch.setattr("commandwall.store.telemetry.DROPPED", 1)
    before, means = kept_rows(station, READINGS), kept_rows(station, MINUTES)
    telemetry = Telemetry(station.folder, SERIES)
    with telemetry._engine.begin() as conn:
        used = conn.exec_driver_sql("SELECT sum(length(body)) FROM chunk").scalar()
    assert used and before
    telemetry.trim(1 << 40, list(KEPT))
    assert kept_rows(station, READINGS) == before
    telemetry.trim(0, [READINGS])
    assert len(kept_rows(station, READINGS)) < len(before)
    telemetry.close()
    assert kept_rows(station, MINUTES) == means


@pytest.mark.parametrize("spoil", ["garbage", "other layout"])
def test_a_file_that_is_of_no_use_is_begun_anew(station: Station, spoil: str) -> None:
    station.recorder.stop()  # type: ignore[union-attr]
    station.recorder = None
    path = station.folder / NAME
    if spoil == "garbage":
        path.write_bytes(b"not a database" * 1000)
    else:
        path.write_bytes(path.read_bytes()[:60] + b"\0\0\0\7" + path.read_bytes()[64:])
    station.begin()
    station.read((1, 0, 3.0))
    station.recorder.step()  # type: ignore[attr-defined]
    assert station.history(1) == [3.0]


def test_what_could_not_be_read_once_is_not_thrown_away(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite calls a file damaged of which the disk did not give a page just then."""
    recorder: Any = station.recorder
    station.read((1, 0, 3.0))
    recorder.step()
    damage = StoreTrouble("damaged", "database disk image is malformed")
    with monkeypatch.context() as broken:
        broken.setattr(recorder._telemetry, "append", Mock(side_effect=damage))
        station.read((1, 10, 4.0))
        recorder.step()
    recorder.step()
    assert station.history(1) == [3.0, 4.0] and not harms(station.folder)
    with monkeypatch.context() as broken:
        broken.setattr(recorder._telemetry, "append", Mock(side_effect=damage))
        station.read((1, 20, 5.0))
        recorder.step()
        recorder.step()
    recorder.step()
    assert station.history(1) == [5.0] and len(harms(station.folder)) == 1


def test_the_history_of_another_pool_is_not_mixed_in(station: Station) -> None:
    station.read((1, 0, 3.0))
    station.recorder.step()  # type: ignore[union-attr]
    station.lose_live()
    station.begin(pool="another")
    assert station.shown()["at"][1] == 0


def test_a_recorder_that_lives_writes_its_last_when_it_ends(station: Station) -> None:
    station.recorder.start()  # type: ignore[union-attr]
    station.read((1, 0, 3.0))
    station.recorder.stop()  # type: ignore[union-attr]
    station.recorder = None
    assert station.history(1) == [3.0]
    station.begin()


def test_new_thresholds_count_from_their_first_day(station: Station) -> None:
    day = station.packs._day
    station.clock.at = NOW + 2 * DAY
    station.desk.sweep(station.packs.watch)
    assert (station.packs._day - day).days == 2


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_squeezed_rows_come_back_as_they_were(count: int) -> None:
    chance = np.random.default_rng(1)
    rows = np.zeros(count, READING_DTYPE)
    rows["no"], rows["at"] = chance.integers(0, 132_000, count), NOW + np.arange(count)
    rows["value"], rows["quality"] = chance.normal(20, 2, count), chance.integers(0, 3, count)
    rows["value"][:1] = np.nan
    assert spread(squeeze(rows), READING_DTYPE).tobytes() == rows.tobytes()


@pytest.mark.parametrize("body", [b"", b"nonsense", squeeze(np.zeros(3, FIX_DTYPE))])
def test_a_body_that_is_none_is_named(body: bytes) -> None:
    with pytest.raises(ValueError, match="rows"):
        spread(body, READING_DTYPE)


def test_a_reading_that_cannot_be_is_bad_in_the_picture_and_in_the_history(
    station: Station,
) -> None:
    station.read((1, 0, 250.0), (2, 0, 30.0))
    station.recorder.step()  # type: ignore[union-attr]
    assert station.shown()["quality"][1:3].tolist() == [BAD, 0]
    rows = within(station.folder, READINGS, READING_DTYPE, (Ms(NOW + 1), DAY))
    assert dict(zip(rows["no"].tolist(), rows["quality"].tolist(), strict=True)) == {1: BAD, 2: 0}
    raised = station.store.read(lambda r: r.find(Alarm))
    assert [(a.sensor, a.cls, a.severity) for a in raised] == [("s1", "BAD", 4)]


def test_a_device_that_falls_silent_has_an_alarm_until_it_speaks(station: Station) -> None:
    """Also over a start of the agent meanwhile, and once."""
    station.read((1, 0, 1.0), (2, 0, 30.0))
    station.packs.sweep()
    for s in range(30, 400, 30):
        station.clock.at = NOW + s * SECOND
        station.read((2, s, 1.0 + s / 100))
        station.packs.sweep()
    (alarm,) = station.store.read(lambda r: r.find(Alarm))
    assert (alarm.sensor, alarm.state, alarm.raised_at) == ("s1", "STALE", NOW + 300 * SECOND)
    station.begin()
    station.packs.sweep()
    station.clock.at = NOW + 400 * SECOND
    station.read((1, 400, 1.0))
    (alarm,) = station.store.read(lambda r: r.find(Alarm))
    assert (alarm.state, alarm.cleared_at) == ("NORM", NOW + 400 * SECOND)
