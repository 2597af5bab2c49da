"""Courses of devices: what was kept is read back, and what is not known stays a gap."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import NOW, a_sensor

from commandwall import courses
from commandwall.clock import HOUR, MINUTE, Ms
from commandwall.pool.recorder import SERIES
from commandwall.sensors import BAD, GOOD, READING_DTYPE
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.telemetry import READINGS, Telemetry


def readings(no: int, at: Any, value: Any, quality: int = GOOD) -> Any:
    rows = np.zeros(len(at), READING_DTYPE)
    rows["no"], rows["at"], rows["value"], rows["quality"] = no, at, value, quality
    return rows


@pytest.fixture
def kept(tmp_path: Path) -> Any:
    """Three hours of two devices of different bands, one reading a minute; the second was silent
    for ten minutes and said one bad value."""
    store = open_store(tmp_path)
    mirror = Mirror(tmp_path / "m1.db")
    devices = [a_sensor(no, period_s=60) for no in (3, 40_003)]
    mirror.take({"sensor": [dataclasses.astuple(d) for d in devices]}, {})
    mirror.close()
    use(tmp_path, "m1.db")
    history = Telemetry(tmp_path, SERIES)
    for minute in range(180):
        at = np.array([NOW + minute * MINUTE])
        rows = [readings(3, at, minute)]
        if not 60 <= minute < 70:
            rows.append(readings(40_003, at, 100 + minute, BAD if minute == 90 else GOOD))
        history.append(READINGS, Ms(int(at[0])), np.concatenate(rows))
        history.compact(Ms(int(at[0])))
    history.close()
    yield store
    store.close()


def course(store: Any, key: str, hours: float = 3) -> courses.Course:
    until = Ms(NOW + 3 * HOUR)
    found = store.read(lambda r: courses.read(r, key, (Ms(int(until - hours * HOUR)), until)))
    assert found is not None
    return found


def test_what_a_device_said_comes_back_in_its_order(kept: Any) -> None:
    found = course(kept, "s3")
    assert found.device.no == 3 and found.kept == NOW
    assert found.value.tolist() == list(range(1, 180))  # the span begins behind its first moment
    assert course(kept, "s3", 1).value.tolist() == list(range(121, 180))


def test_silence_and_bad_readings_are_gaps(kept: Any) -> None:
    found = course(kept, "s40003")
    unknown = found.at[np.isnan(found.value)]
    assert len(unknown) == 2
    assert NOW + 59 * MINUTE < unknown[0] < NOW + 70 * MINUTE
    assert unknown[1] == NOW + 90 * MINUTE


def test_a_device_that_is_not_there_has_none(kept: Any) -> None:
    assert kept.read(lambda r: courses.read(r, "s9", (Ms(NOW), Ms(NOW + HOUR)))) is None


def test_a_long_course_keeps_its_peaks_and_gaps() -> None:
    at = NOW + np.arange(86_400) * 1_000
    value = np.sin(np.arange(86_400) / 9_000)
    value[[5_001, 70_003]] = (99.0, -99.0)
    rows = readings(1, at, value)
    rows["quality"][40_000:40_010] = BAD
    moments, thin = courses._thinned(*courses.line(rows, 60_000))
    assert len(moments) <= 2 * courses.POINTS + 10
    assert (np.nanmax(thin), np.nanmin(thin)) == (99.0, -99.0)
    assert np.isnan(thin).sum() == 10 and (np.diff(moments) > 0).all()
