"""What the clocks say of a machine that slept."""

from __future__ import annotations

import pytest

from commandwall import clock
from commandwall.clock import Clock


def test_time_during_which_only_the_calendar_went_on_is_sleep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, at = Clock(), clock.time.time()
    assert abs(here.slept()) < 1
    monkeypatch.setattr(clock.time, "time", lambda: at + 3_600)
    assert 3_590 < here.slept() < 3_610
    assert abs(here.slept()) < 1  # told once
