"""Saved views: whose they are, what is refused; what a filter finds in the pool is what fits it."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, StillClock, an_event

from commandwall import codes, event_lists, saved_views
from commandwall.areas import Area
from commandwall.clock import DAY, HOUR, MINUTE, Ms, day_start
from commandwall.desk import Desk
from commandwall.events import Event, EventView, EventWork, FiledEvent
from commandwall.saved_views import ALL, LATE, MINE, POOL, SWIFT, Filter, SavedView, visible
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused
from widgets.reasons import sentence

POOLED = Filter(POOL)


def row(record: Any) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in record.__slots__)


def holds(filter: Filter, view: EventView, late: Container[str] = ()) -> bool:
    """Whether an open event belongs to a filter."""
    return list(filter.held([view], late, NOW)) == [view]


def rows() -> list[Event]:
    """Three days and, thinly, the year before; two towns; every seventh of a rare class."""
    return [
        an_event(
            id=f"e{n:04d}", title=f"第 {n} 次停水" if n % 3 else "路灯不亮", body="", address="",
            cls="gas" if n % 7 == 0 else "water", source="grid" if n % 2 else "12345",
            area=f"32028100{n % 2}", received_at=NOW,
            reported_at=Ms(NOW - n * 5 * MINUTE - max(0, n - 800) * 5 * DAY),
        )
        for n in range(864)
    ]  # fmt: skip


class Hall:
    """Two stations of one city, of which the second hears what the first wrote."""

    def __init__(self, folder: Path) -> None:
        self.folders = [folder / "a", folder / "b"]
        self.events = rows()
        areas = [Area(f"32028100{n}", 2, f"{n} 镇", "320281", 0, 0, b"", 0) for n in (0, 1)]
        held = {"event": list(map(row, self.events)), "area": list(map(row, areas))}
        for one in self.folders:
            one.mkdir()
            mirror = Mirror(one / "m1.db")
            mirror.take(held, {})
            mirror.close()
            use(one, "m1.db")
        self.stores = [open_store(one) for one in self.folders]
        self.desks = [Desk(store, StillClock()) for store in self.stores]
        self.sit("p1", "陈")

    def sit(self, post: str, person: str = "") -> None:
        for desk in self.desks:
            desk.person, desk.post = person, post

    def do(self, act: Any, at: int = 0, **args: Any) -> Any:
        done = self.desks[at].do(act, **args).result()
        for other in self.desks:
            if other is not self.desks[at] and done.line is not None:
                other.receive([done.line])
        return done

    def save(self, name: str, whose: str = "all", filter: Filter = POOLED) -> SavedView:
        (view,) = self.do(saved_views.save_view, name=name, whose=whose, filter=filter).of(
            SavedView
        )
        return view

    def seen(self, at: int = 0, person: str = "陈", post: str = "p1") -> list[str]:
        held = self.stores[at].read(lambda r: r.find(SavedView))
        return [view.name for view in visible(held, person, post)]

    def find(self, filter: Filter, limit: int = 10_000) -> list[str]:
        found = self.stores[0].read(lambda r: event_lists.find(r, filter, NOW, limit))
        return [view.event.id for view in found]

    def count(self, filter: Filter, limit: int = 10_000) -> int:
        return self.stores[0].read(lambda r: event_lists.count(r, filter, NOW, limit))

    def refused(self, act: Any, **args: Any) -> str:
        with pytest.raises(Refused) as refused:
            self.do(act, **args)
        assert "未执行" not in sentence(refused.value.reason)
        return refused.value.reason.code


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    made = Hall(tmp_path_factory.mktemp("views"))
    yield made
    for desk, store in zip(made.desks, made.stores, strict=True):
        desk.close()
        store.close()


def test_a_view_is_the_same_at_every_station_and_only_there_for_whom_it_is(hall: Hall) -> None:
    filter = Filter(POOL, "停水", "grid", "water", "320281001", 30, "急", "SIGNED", "供水公司",
                    first_day="2026-11-01", last_day="2026-11-20")  # fmt: skip
    view = hall.save("全台 停水", "all", filter)
    hall.save("本岗 看", "post")
    hall.save("自己 看", "own")
    kept = hall.stores[1].read(lambda r: r.get(SavedView, view.id))
    assert kept == view and kept.filter == filter
    for at in (0, 1):
        assert hall.seen(at) == ["自己 看", "本岗 看", "全台 停水"]
        assert hall.seen(at, "周", "p1") == ["本岗 看", "全台 停水"]
        assert hall.seen(at, "周", "chief") == ["全台 停水"]
    hall.do(saved_views.rename_view, at=1, view=view.id, name=" 停水 ")
    assert "停水" in hall.seen() and "全台 停水" not in hall.seen()
    hall.do(saved_views.remove_view, view=view.id)
    assert hall.seen(1) == ["自己 看", "本岗 看"]


def test_a_view_that_was_deleted_comes_back_at_every_station(hall: Hall) -> None:
    view, own = hall.save("误删", "all"), hall.save("别人的", "own")
    for one in (view, own):
        hall.do(saved_views.remove_view, view=one.id)
    assert hall.refused(saved_views.rename_view, view=view.id, name="改") == "unknown"
    hall.do(saved_views.restore_view, at=1, view=view.id)
    assert "误删" in hall.seen() and "误删" in hall.seen(1)
    assert hall.refused(saved_views.restore_view, view=view.id) == "unknown"
    hall.do(saved_views.remove_view, view=view.id)
    other = hall.save("误删")
    assert hall.refused(saved_views.restore_view, view=view.id) == "view_named"
    hall.sit("p1", "周")
    assert hall.refused(saved_views.restore_view, view=own.id) == "unknown"
    hall.sit("p1", "陈")
    hall.do(saved_views.remove_view, view=other.id)


def test_bad_names_and_what_is_not_ones_own_are_refused_in_plain_words(hall: Hall) -> None:
    act, given = saved_views.save_view, {"whose": "all", "filter": POOLED}
    hall.save("Gas 燃气")
    assert hall.refused(act, name=" gas 燃气 ", **given) == "view_named"
    assert hall.refused(act, name="\u200b \u200b", **given) == "missing"
    assert hall.refused(act, name="长" * 31, **given) == "too_long"
    number = Filter(POOL, "138 0000 1111")
    assert hall.refused(act, name="号码", whose="all", filter=number) == "view_personal"
    for first, last in (("2026-11-21", "2026-11-20"), ("2026-13-01", ""), ("", "昨天")):
        wrong = Filter(POOL, first_day=first, last_day=last)
        assert hall.refused(act, name="日期", whose="all", filter=wrong) == "view_days"
    own = hall.save("燃气自己", "own")
    hall.sit("p1", "")
    assert hall.refused(act, name="自己", whose="own", filter=POOLED) == "view_own"
    assert hall.refused(saved_views.remove_view, view=own.id) == "unknown"
    assert hall.refused(saved_views.rename_view, view=own.id, name="我的") == "unknown"
    hall.sit("display")
    assert hall.refused(act, name="屏", **given) == "right"
    hall.sit("p1", "陈")


def test_there_are_only_so_many(hall: Hall) -> None:
    most = int(codes.limit("saved_views"))
    for n in range(most - len(hall.seen())):
        hall.save(f"多 {n}")
    refused = hall.refused(saved_views.save_view, name="再多", whose="all", filter=POOLED)
    assert refused == "view_many"
    for view in hall.stores[0].read(lambda r: r.find(SavedView, removed=0)):
        hall.do(saved_views.remove_view, view=view.id)
    assert hall.seen() == []


FILTERS = [
    POOLED,
    Filter(POOL, cls="gas"),
    Filter(POOL, source="grid", area="320281001"),
    Filter(POOL, area="3202810"),
    Filter(POOL, area="999"),
    Filter(POOL, cls="none"),
    Filter(POOL, days=1),
    Filter(POOL, cls="gas", days=29),
    Filter(POOL, days=200),
    Filter(POOL, cls="gas", source="12345", days=2),
    Filter(POOL, "停水"),
    Filter(POOL, "停水", cls="gas", days=1),
    Filter(POOL, "第 停水", source="grid"),
    Filter(POOL, first_day="2026-11-20", last_day="2026-11-23"),
    Filter(POOL, last_day="2026-11-22", days=200),
    Filter(POOL, "停水", first_day="2026-11-24"),
]


@pytest.mark.parametrize("filter", FILTERS)
def test_what_a_filter_finds_is_what_fits_it_and_is_counted(hall: Hall, filter: Filter) -> None:
    """Rows by an index or by hours, counts by columns: against a plain look at each event."""
    wanted = [e.id for e in hall.events if filter.fits(e, NOW)]
    assert hall.find(filter) == wanted, "the newest first"
    assert hall.count(filter) == len(wanted)
    assert hall.find(filter, 5) == wanted[:5]


def test_what_stations_did_is_folded_into_what_is_found(hall: Hall) -> None:
    done = EventWork("e0007", "CLOSED", "燃气", "好了", NOW, "陈", "p3", closed_at=NOW)
    hall.desks[0].run(lambda tx: tx.put(done), {}, local=True)
    filter = Filter(POOL, cls="gas")
    found = hall.stores[0].read(lambda r: list(event_lists.each(r, filter, NOW)))
    assert {v.event.id: v.state for v in found}["e0007"] == "CLOSED"
    some = hall.stores[0].read(lambda r: list(event_lists.some_of(r, ["e0009", "no", "e0007"])))
    assert [v.event.id for v in some] == ["e0009", "e0007"]


def test_what_was_filed_here_is_found_and_counted_before_the_pool_has_it(hall: Hall) -> None:
    mine = FiledEvent("mine", "duty", "西门停水", "", "water", 3, "320281001", "", None, None, None,
                      Ms(NOW - 7 * MINUTE))  # fmt: skip
    taken = replace(mine, id="e0007")
    hall.desks[0].run(lambda tx: tx.put(mine, taken), {}, local=True)
    for filter in (Filter(POOL, cls="water", days=1), Filter(POOL, "停水"), Filter(POOL)):
        found = hall.find(filter)
        assert found.count("mine") == 1 and found.index("mine") == found.index("e0001") + 1
        assert hall.count(filter) == len(found) == len(set(found))
    assert "mine" not in hall.find(Filter(POOL, cls="gas"))


def test_a_filter_asks_for_the_state_that_is_shown(hall: Hall) -> None:
    """Not for that of the city's row, where a station brought the event on."""
    done = EventWork("e0014", "CLOSED", "燃气", "好了", NOW, "陈", "p3", closed_at=NOW)
    hall.desks[0].run(lambda tx: tx.put(done, replace(done, id="e0021", state="SIGNED")), {},
                      local=True)  # fmt: skip
    for more in ({"days": 2}, {"words": "停水"}, {"cls": "gas"}):
        every = Filter(POOL, **more)
        found = hall.stores[0].read(lambda r, f=every: list(event_lists.each(r, f, NOW)))
        for state in ("CLOSED", "SIGNED", "NEW"):
            filter = replace(every, state=state)
            wanted = [v.event.id for v in found if v.state == state]
            assert hall.find(filter) == wanted and hall.count(filter) == len(wanted)
    view = EventView(an_event(id="n"), None)
    assert holds(Filter(ALL, state="NEW"), view)
    assert not holds(Filter(ALL, state="SIGNED"), view)
    assert holds(Filter(SWIFT), EventView(an_event(source="12345", cls="water"), None))


def test_days_are_taken_as_people_type_them() -> None:
    told = {"2026-11-01": "2026-11-01", "11-3": "2026-11-03", "12/30": "2025-12-30", " ": "",
            "2026.1.9": "2026-01-09", "02-30": None, "昨天": None, "2026-11": None}  # fmt: skip
    assert {typed: saved_views.day_of(typed, NOW) for typed in told} == told
    on = Filter(ALL, first_day="2026-11-24", last_day="2026-11-24")
    midnight = day_start(NOW)
    at = {n: an_event(reported_at=Ms(midnight + n)) for n in (-1, 0, DAY - 1, DAY)}
    assert [n for n, event in at.items() if on.fits(event, NOW)] == [0, DAY - 1]


def test_a_lamp_is_asked_of_what_is_open_alone(hall: Hall) -> None:
    view = hall.save("红灯", filter=Filter(POOL, cls="gas", lamp="red"))
    assert (view.share, view.lamp, view.cls) == (ALL, "red", "gas")
    helps = EventWork("e1", "SIGNED", "供水公司", "", NOW, "陈", "p3", co="住建局,街道")
    given = EventView(an_event(state="SIGNED", unit="供水公司"), helps)
    assert [holds(Filter(ALL, unit=unit), given)
            for unit in ("供水公司", "街道", "住建", "")] == [True, True, False, True]  # fmt: skip
    hall.do(saved_views.remove_view, view=view.id)


def test_of_the_open_ones_a_filter_takes_a_share(hall: Hall) -> None:
    view = EventView(an_event(state="DISPATCHED", reported_at=Ms(NOW - 3 * HOUR)), None)
    new = EventView(an_event(id="n"), None)
    assert not holds(Filter(MINE), view) and holds(Filter(MINE), new)
    work = EventWork("e1", "SIGNED", "供水公司", "", NOW, "陈", "p3", furthest="SIGNED")
    signed = EventView(view.event, work)
    assert not holds(Filter(MINE), signed), "it is the unit's"
    for more in ({"asked_ms": HOUR}, {"state": "RETURNED"}, {"state": "FEEDBACK"}):
        waits = EventView(view.event, replace(work, furthest="FEEDBACK", **more))
        assert holds(Filter(MINE), waits), f"the centre answers {more}"
    assert holds(Filter(LATE), view, {"e1"}) and not holds(Filter(LATE), view)
    assert holds(Filter(ALL, "停水 花园路"), view)
    assert not holds(Filter(ALL, "停水 沙浦"), view)
    old = replace(view.event, reported_at=Ms(NOW - 2 * DAY))
    assert Filter(ALL, days=1).fits(view.event, NOW) and not Filter(ALL, days=1).fits(old, NOW)
