"""Two-level routing: whose an event is by the rows, its three timers, and its way back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, an_area, an_event
from station import Station

from commandwall import codes, event_acts, events, tiers
from commandwall.areas import TOWN
from commandwall.clock import HOUR, MINUTE, Ms
from commandwall.deadlines import BLUE, GREEN, RED
from commandwall.events import EventView, EventWork, fold
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused
from commandwall.tiers import HANDLE, ROUTE, WARN, Standing

AREAS = {"320281001": an_area(level=TOWN)}


def of(view: EventView) -> Standing:
    return tiers.standing(view, AREAS)


def whose(work: EventWork | None = None, **event: Any) -> tuple[str, str]:
    it = of(fold(an_event(**{"cls": "noise", **event}), work))
    return it.tier, it.rule


def worked(state: str = "ACCEPTED", **more: Any) -> EventWork:
    return EventWork("e1", state, "", "", NOW, "陈", "p3", **more)


class Hall(Station):
    """A station whose city has one town and one noise in it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "chief")
        rows = {"event": [astuple(an_event(cls="noise"))], "area": [astuple(AREAS["320281001"])]}
        self.mirror = Mirror(folder / "mirror-1.db")
        self.mirror.take(rows, {}, cursor="1")
        use(folder, self.mirror.path.name)

    def after(self, minutes: int, act: Any, **args: Any) -> Standing:
        self.clock.at += minutes * MINUTE
        self.do(act, event="e1", **args)
        return of(self.store.read(lambda r: events.view(r, "e1")))

    def refused(self, act: Any, **args: Any) -> str:
        with pytest.raises(Refused) as why:
            self.do(act, event="e1", **args)
        return str(why.value.reason.code)


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    found = Hall(tmp_path)
    yield found
    found.close()


def test_daily_matters_are_the_towns_and_hard_ones_the_countys() -> None:
    assert whose() == ("town", "daily")
    assert whose(urgency=1) == ("county", "life")
    assert whose(urgency=5) == ("county", "hard")
    assert whose(cls="water") == ("county", "supply")
    assert whose(area="") == whose(area="nowhere") == ("county", "no_town")
    assert whose(worked(return_no=1)) == ("town", "daily")
    assert whose(worked(return_no=2)) == ("county", "returned")
    assert whose(worked(cls="water")) == ("county", "supply"), "by the class that was set right"


def test_a_city_has_rules_of_its_own(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "tier_rule.toml").write_text(
        "[[row]]\nid = 'daily'\nzh = '全由县管'\nen = 'all'\nvalid_from = 2026-02-01\n"
        "tier = 'county'\n", encoding="utf-8",
    )  # fmt: skip
    monkeypatch.setenv(codes.OWN, str(tmp_path))
    codes.forget()
    try:
        assert whose() == ("county", "daily")
        assert whose(reported_at=Ms(1767600000000)) == ("town", "daily"), "of January"
    finally:
        monkeypatch.undo()
        codes.forget()


def test_each_timer_begins_where_the_one_before_ends(hall: Hall) -> None:
    it = of(fold(an_event(cls="noise"), None))
    assert it.running is not None and it.running.name == WARN
    it = hall.after(4, events.accept)
    warn, route, handle = it.timers
    assert warn.took is not None and 4 * MINUTE <= warn.took < 5 * MINUTE and not warn.late
    assert it.running is route and handle.took is None
    it = hall.after(3, tiers.route, tier="town")
    assert (it.tier, it.chosen) == ("town", True)
    assert it.running is not None and it.running.name == HANDLE
    assert it.timers[1].took is not None and it.timers[1].took // MINUTE == 3


def test_who_gives_it_to_a_unit_has_routed_it_by_the_rows(hall: Hall) -> None:
    it = hall.after(4, events.dispatch, unit="城管局")
    assert (it.tier, it.chosen) == ("town", False)
    assert it.running is not None and it.running.name == HANDLE
    it = hall.after(1, event_acts.sign)
    it = hall.after(1, event_acts.suspend, reason="等天气", days=2)
    assert it.running is not None and it.running.clock is not None
    assert it.running.clock.lamp(Ms(hall.clock.at)) == BLUE


def test_it_comes_back_with_a_reason_and_its_way_is_timed_anew(hall: Hall) -> None:
    hall.after(4, events.accept)
    assert hall.refused(tiers.route_back, reason="没有设备") == "no_tier"
    hall.after(1, tiers.route, tier="town")
    assert hall.refused(tiers.route, tier="county", reason="跨镇") == "tier"
    assert hall.refused(tiers.route_back, reason=" ") == "missing"
    it = hall.after(60, tiers.route_back, reason="镇里没有设备")
    assert (it.tier, it.rule, it.chosen, it.backs) == ("county", "handed_back", False, 1)
    assert it.running is not None and it.running.name == ROUTE
    assert it.running.clock is not None and it.running.clock.start == hall.clock.at
    it = hall.after(5, tiers.route, tier="county")
    assert it.running is not None and it.running.name == HANDLE
    told = [act for *_, act, _ in hall.store.read(lambda r: events.history(r, "e1"))]
    assert told == ["accept", "route", "route_back", "route"]


def test_other_than_the_rows_say_wants_a_reason(hall: Hall) -> None:
    hall.after(4, events.accept)
    assert hall.refused(tiers.route, tier="county") == "missing"
    assert hall.refused(tiers.route, tier="moon", reason="远") == "unknown"
    assert hall.after(1, tiers.route, tier="county", reason="跨两镇").tier == "county"


def test_a_timer_that_is_over_says_whether_it_was_late() -> None:
    late = Ms(NOW + 3 * HOUR)
    it = of(fold(an_event(cls="noise"), worked(accepted_at=late, given_at=Ms(late + MINUTE))))
    assert it.timers[0].late and not it.timers[1].late
    it = of(fold(an_event(cls="noise", received_at=Ms(NOW - 9 * HOUR)), None))
    assert it.running is not None and it.running.clock is not None
    assert it.running.clock.lamp(NOW) == RED
    assert of(fold(an_event(), None)).running.clock.lamp(NOW) == GREEN  # type: ignore[union-attr]


def test_what_the_pool_tells_no_time_of_has_no_timer() -> None:
    it = of(fold(an_event(state="SIGNED"), None))
    assert it.running is None and all(timer.took is None for timer in it.timers)
