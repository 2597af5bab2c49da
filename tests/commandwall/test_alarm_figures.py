"""The figures of ISA-18.2: counted by hand beside."""

from __future__ import annotations

from builders import NOW
from world import an_alarm

from commandwall.alarm_figures import figures
from commandwall.clock import DAY, HOUR, MINUTE, Ms


def test_a_quiet_day_is_all_zeros() -> None:
    found = figures([], [], NOW)
    assert (found.per_ten_minutes, found.peak, found.in_flood, found.top_share) == (0, 0, 0, 0)


def test_a_day_with_one_flood_of_one_device() -> None:
    flood = [("bad", NOW - 5 * HOUR - MINUTE - i) for i in range(12)]
    others = [(f"s{i}", NOW - 30 * MINUTE - i) for i in range(24)]
    found = figures(flood + others, [], NOW)
    assert found.per_ten_minutes == 36 / 144
    assert found.peak == 24 and found.last_hour == 24
    assert found.in_flood == 2 / 144
    assert found.top[0] == ("bad", 12) and found.top_share == (12 + 9) / 36


def test_what_stands_is_silent_or_shelved_is_counted_now() -> None:
    old = Ms(NOW - DAY)
    held = [
        an_alarm("A", raised_at=old), an_alarm("B", raised_at=Ms(old + 1)),
        an_alarm("C", state="SHLVD"), an_alarm("D", state="STALE", raised_at=old),
    ]  # fmt: skip
    found = figures([], held, NOW)
    assert (found.standing, found.stale, found.shelved) == (1, 1, 1)
