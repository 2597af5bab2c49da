"""Every state of an event x every action, through a desk; and what each action leaves."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, an_event
from station import Station

from commandwall import (
    conflicts,
    deadlines,
    event_acts,
    event_lists,
    event_watch,
    events,
    tiers,
)
from commandwall.attachments import AttachedFile
from commandwall.clock import DAY, HOUR, Ms
from commandwall.countersign import Countersign, Second
from commandwall.event_flow import CLOSED_STATES, FLOW, OPEN_STATES, SAME, moments, pauses
from commandwall.events import Event, EventView, EventWork, fold
from commandwall.saved_views import Filter
from commandwall.store import lines
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused, Tx
from commandwall.store.tables import Conflict

STATES = (*OPEN_STATES, *sorted(CLOSED_STATES))
GIVEN: dict[str, dict[str, Any]] = {
    "reject": {"reason": "not_here"}, "reconsider": {"reason": "群众不服"},
    "merge": {"main": "main"}, "dispatch": {"unit": "供水公司"},
    "send_back": {"reason": "非我单位职责", "basis": "三定方案"},
    "refuse_return": {"reason": "属地负责"}, "arrive": {"lon": 120.2, "lat": 31.9},
    "ask_extension": {"reason": "等配件", "hours": 1}, "refuse_extension": {"reason": "可按期"},
    "suspend": {"reason": "等天气", "days": 3}, "put_on_list": {"plan": "列入改造", "days": 30},
    "feed_back": {"result": "已修复", "evidence": "回执 12 号"},
    "verify": {"solved": "solved", "content": "content"},
    "redo": {"reason": "又漏水"}, "reopen": {"reason": "新照片"}, "cancel": {"reason": "录错"},
    "classify": {"cls": "noise"}, "withdraw": {"reason": "派错单位"},
    "redirect": {"unit": "住建局", "reason": "派错单位"}, "share": {"co": "街道办"},
    "review": {"plan": "已招标", "days": 20},
    "choose_way": {"way": "spot"},
    "route": {"tier": "county", "reason": "跨镇"}, "route_back": {"reason": "镇里没有设备"},
    "visit": {"visit": "没有再漏"}, "sum_up": {"lesson": "root", "summary": "列入换管"},
}  # fmt: skip
ALLOWED = {
    "NEW": {"accept", "reject", "merge", "dispatch", "cancel"},
    "ACCEPTED": {"merge", "dispatch", "cancel"},
    "DISPATCHED": {"sign", "send_back", "withdraw", "redirect", "share", "cancel"},
    "RETURNED": {"approve_return", "refuse_return", "cancel"},
    "SIGNED": {"arrive", "ask_extension", "grant_extension", "refuse_extension", "suspend",
               "feed_back", "share", "cancel"},
    "ON_SCENE": {"ask_extension", "grant_extension", "refuse_extension", "suspend", "feed_back",
                 "share", "cancel"},
    "SUSPENDED": {"resume", "put_on_list", "share", "cancel"},
    "LISTED": {"resume", "review", "feed_back", "share", "cancel"},
    "FEEDBACK": {"verify", "redo", "miss_call", "cancel"},
    "CLOSED": {"visit", "sum_up", "archive", "reopen"}, "ARCHIVED": {"reopen"},
    "REJECTED": {"reconsider"}, "MERGED": {"unmerge"}, "CANCELLED": set(),
}  # fmt: skip
"""domain/spec 5.2, written a second time by hand; a class is set right in any open state."""
for _state in OPEN_STATES:
    ALLOWED[_state] |= {"classify", "choose_way"}
for _state in ("ACCEPTED", "DISPATCHED", "RETURNED", "SIGNED", "ON_SCENE"):
    ALLOWED[_state] |= {"route", "route_back"}


def act_of(action: str) -> Any:
    rooms = (event_acts, event_watch, events, tiers)
    return next(act for room in rooms if (act := getattr(room, action, None)) is not None)


class Hall(Station):
    """A station with events of the city in any state; the chief sits there unless another does."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "chief")
        self.city(an_event(id="main"), an_event())

    def city(self, *rows: Event) -> None:
        if self.mirror is not None:
            self.mirror.close()
        self.mirror = Mirror(self.folder / "mirror-1.db")
        self.mirror.take({"event": [astuple(row) for row in rows]}, {}, cursor="1")
        use(self.folder, self.mirror.path.name)

    def act(self, action: str, person: str = "", event: str = "e1", **args: Any) -> EventView:
        """Do it as somebody."""
        self.desk.person = person or "陈"
        self.do(act_of(action), event=event, **(GIVEN.get(action, {}) | args))
        return self.view(event)

    def walk(self, *actions: str) -> EventView:
        """One action after another; what is fed back is verified by somebody else."""
        for action in actions:
            self.act(action, "李" if action == "verify" else "陈")
        return self.view()

    def view(self, event: str = "e1") -> EventView:
        return self.store.read(lambda r: events.view(r, event))

    def refused(self, action: str, person: str = "", **args: Any) -> str:
        with pytest.raises(Refused) as why:
            self.act(action, person, **args)
        return str(why.value.reason.code)

    def photo(self, event: str = "e1") -> None:
        self.desk.run(_photo, {"event": event})


def _photo(tx: Tx, event: str) -> None:
    tx.put(
        AttachedFile("f1", "event", event, "00", "a.jpg", "image/jpeg", 9, tx.now, tx.by, tx.post)
    )


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    found = Hall(tmp_path)
    yield found
    found.close()


def prepared(state: str, action: str) -> EventWork:
    """An event in a state with all that the action's guard asks for."""
    ended = Ms(NOW - (8 * DAY if action == "archive" else HOUR))
    work = EventWork("e1", state, "供水公司", "", NOW, "陈", "p3", NOW, NOW, ended, given_at=NOW)
    asked = HOUR if action in ("grant_extension", "refuse_extension") else 0
    lesson = "none" if action == "archive" else ""
    return replace(
        work, asked_ms=asked, was="ACCEPTED", handler="孙", handler_post="p3", lesson=lesson,
        tier="town" if action == "route_back" else "",
    )  # fmt: skip


def put(tx: Tx, work: EventWork) -> None:
    tx.put(work)


def test_every_state_and_every_action_allowed_and_refused(hall: Hall) -> None:
    hall.photo()
    assert ALLOWED.keys() == set(STATES)
    assert set().union(*ALLOWED.values()) == FLOW.keys()
    for state in STATES:
        for action in FLOW:
            hall.desk.run(put, {"work": prepared(state, action)})
            before = hall.view().work
            if action in ALLOWED[state]:
                to = hall.act(action).state
                wanted = {SAME: state, "<": "ACCEPTED"}.get(FLOW[action].to, FLOW[action].to)
                assert to == wanted, (state, action)
            else:
                with pytest.raises(Refused) as why:
                    hall.act(action)
                found = why.value.reason
                assert (found.code, found.facts["state"]) == ("state", state), (state, action)
                assert found.facts.keys() == {"kind", "id", "state", "wanted"}
                assert hall.view().work == before


def test_the_screen_is_told_what_the_desk_decides(hall: Hall) -> None:
    """`hindrance` is what the card offers by."""
    for state in STATES:
        view = fold(an_event(), prepared(state, ""))
        offered = {
            a for a in FLOW if event_acts.hindrance(view, a, "李", "chief", Ms(NOW)) is None
        }  # fmt: skip
        assert offered <= ALLOWED[state]


def test_the_whole_way_of_an_event(hall: Hall) -> None:
    view = hall.walk("accept", "dispatch", "sign", "feed_back", "verify")
    work = view.work
    assert work is not None and (view.state, view.open) == ("CLOSED", False)
    assert (work.unit, work.result, work.solved, work.content) == (
        "供水公司", "已修复", "solved", "content",
    )  # fmt: skip
    told = [act for _, _, _, act, _ in hall.store.read(lambda r: events.history(r, "e1"))]
    assert told == ["accept", "dispatch", "sign", "feed_back", "verify"]


def test_who_handles_may_not_verify(hall: Hall) -> None:
    hall.walk("dispatch", "sign", "feed_back")
    assert hall.refused("verify", "陈") == "own_work"
    assert hall.act("verify", "李").state == "CLOSED"


def test_a_return_keeps_the_time_and_the_third_is_the_chiefs(hall: Hall) -> None:
    first = hall.walk("dispatch").work
    again = hall.walk("send_back", "approve_return").work
    assert first and again and again.given_at == first.given_at
    assert (again.state, again.unit, again.return_no) == ("ACCEPTED", "", 1)
    assert (again.reason, again.basis) == ("非我单位职责", "三定方案")
    hall.walk("dispatch", "send_back", "approve_return", "dispatch", "send_back")
    hall.desk.take_post("p3", "陈").result()
    assert hall.refused("approve_return") == hall.refused("refuse_return") == "above"
    hall.desk.take_post("chief", "陈").result()
    assert hall.act("refuse_return").state == "DISPATCHED"


def test_a_wrong_dispatch_is_taken_back_and_costs_the_time_it_took(hall: Hall) -> None:
    hall.walk("dispatch")
    first = {c.step: c for c in deadlines.clocks(hall.view())}
    hall.clock.at += HOUR
    assert hall.refused("redirect", unit="供水公司") == "same_unit"
    assert hall.refused("withdraw", reason=" ") == "missing"
    work = hall.act("redirect").work
    again = {c.step: c for c in deadlines.clocks(hall.view())}
    assert work and (work.unit, work.taken_back_no, work.return_no) == ("住建局", 1, 0)
    assert again["C3"].start == hall.clock.at and again["C5"] == first["C5"]
    hall.clock.at += HOUR
    view = hall.act("withdraw")
    assert view.work and (view.state, view.unit, view.work.co) == ("ACCEPTED", "", "")
    assert (view.work.taken_back_no, view.work.reason) == (2, "派错单位")
    left = {c.step: c for c in deadlines.clocks(view)}
    assert left["C5"] == first["C5"] and left["C2"].start == hall.clock.at
    hall.walk("dispatch", "sign")
    assert hall.refused("withdraw") == hall.refused("redirect") == "state", "it was signed"


@pytest.mark.parametrize("back", [
    ("redirect",), ("withdraw", "dispatch"), ("send_back", "approve_return", "dispatch"),
    ("send_back", "refuse_return"),
])  # fmt: skip
def test_the_time_goes_on_that_the_citys_own_dispatch_began(
    hall: Hall, back: tuple[str, ...]
) -> None:
    hall.city(an_event(id="main"), an_event(state="DISPATCHED", unit="水务局"))
    first = {c.step: c for c in deadlines.clocks(hall.view())}
    for action in back:
        hall.clock.at += HOUR
        view = hall.act(action)
        assert {c.step: c for c in deadlines.clocks(view)}["C5"] == first["C5"], action


def test_an_urgent_one_is_rejected_by_two(hall: Hall) -> None:
    hall.city(an_event(id="main"), an_event(urgency=2))
    hall.desk.take_post("p1", "陈").result()
    assert hall.refused("reject") == "reject_second"
    assert hall.refused("reject", second=Second("陈", "phone")) == "reject_second"
    assert hall.refused("reject", reason="weil") == "unknown"
    assert hall.act("reject", second=Second("吴", "phone")).state == "REJECTED"
    (word,) = hall.store.read(lambda r: r.find(Countersign))
    assert (word.second, word.record) == ("吴", "e1")
    assert hall.act("reconsider").state == "NEW"


def test_a_class_set_right_is_shown_told_and_moves_the_clocks(hall: Hall) -> None:
    """政策咨询 has one workday for what others have more for."""
    hall.city(an_event(urgency=4))
    hall.walk("dispatch")
    before = {c.step: c.due for c in deadlines.clocks(hall.view())}
    view = hall.act("classify", cls="consult")
    assert (view.cls, view.event.cls, view.state) == ("consult", "water", "DISPATCHED")
    assert {c.step: c.due for c in deadlines.clocks(view)}["C5"] < before["C5"]
    assert hall.store.read(lambda r: events.history(r, "e1"))[-1][3] == "classify"
    assert hall.refused("classify", cls="weather") == "unknown"
    assert hall.walk("sign").cls == "consult"


def test_a_merge_can_be_undone_for_a_day(hall: Hall) -> None:
    assert hall.refused("merge", main="e1") == "main_over"
    hall.walk("accept", "merge")
    assert hall.store.read(lambda r: event_acts.merged_into(r, "main")) == ["e1"]
    view = hall.act("unmerge")
    assert view.state == "ACCEPTED" and view.work and view.work.main == ""
    hall.act("merge")
    hall.clock.at += DAY + HOUR
    assert hall.refused("unmerge") == "too_late"


def test_a_suspension_stops_the_clock_and_ends_by_itself(hall: Hall) -> None:
    hall.walk("dispatch", "sign", "suspend")
    begun = hall.clock.at
    assert hall.refused("suspend") == "state"
    hall.desk.run(event_acts.move_lapsed, {})
    assert hall.view().state == "SUSPENDED"
    hall.clock.at += 4 * DAY
    hall.desk.run(event_acts.move_lapsed, {})
    work = hall.view().work
    assert work and (work.state, work.by, work.at) == ("SIGNED", "", begun + 3 * DAY)
    assert work.suspended_ms == 3 * DAY and pauses(work.pauses) == [(begun, begun + 3 * DAY)]
    assert hall.refused("suspend", days=16) == "days"


def test_what_is_listed_has_ways_out(hall: Hall) -> None:
    view = hall.walk("dispatch", "sign", "suspend", "put_on_list")
    assert view.work and (view.work.plan, view.open) == ("列入改造", True)
    hall.walk("resume", "suspend", "put_on_list")
    view = hall.act("feed_back")
    assert view.state == "FEEDBACK" and view.work
    assert all(ended is not None for _, ended in pauses(view.work.pauses))


def test_what_is_listed_is_looked_at_again_and_has_a_clock_until_then(hall: Hall) -> None:
    view = hall.walk("dispatch", "sign", "suspend", "put_on_list")
    clock = deadlines.running(view)
    assert clock and (clock.step, clock.due) == (deadlines.REVIEW, hall.clock.at + 30 * DAY)
    assert clock.lamp(Ms(hall.clock.at)) == deadlines.GREEN
    hall.clock.at += 30 * DAY + HOUR
    assert clock.lamp(hall.clock.now()) == deadlines.RED
    assert hall.refused("review", days=31) == "days"
    hall.desk.take_post("p1", "陈").result()
    assert hall.refused("review") == "right", "who listed it looks again"
    hall.desk.take_post("chief", "陈").result()
    view = hall.act("review")
    clock = deadlines.review(view)
    assert clock and (view.state, clock.due) == ("LISTED", hall.clock.at + 20 * DAY)
    assert view.work and view.work.plan == "已招标"
    assert deadlines.review(hall.act("resume")) is None


def test_extensions_are_asked_in_time_and_the_second_is_the_chiefs(hall: Hall) -> None:
    hall.walk("dispatch", "sign")
    assert hall.refused("grant_extension") == "extension"
    assert hall.refused("ask_extension", hours=10_000) == "hours"
    view = hall.walk("ask_extension")
    assert view.work and view.work.asked_ms == HOUR
    assert hall.refused("ask_extension") == "extension"
    work = hall.walk("grant_extension", "ask_extension").work
    assert work and (work.ext_no, work.extended_ms) == (1, HOUR)
    hall.desk.take_post("p3", "陈").result()
    assert hall.refused("grant_extension") == "above"
    hall.desk.take_post("chief", "陈").result()
    hall.act("grant_extension")
    assert hall.refused("ask_extension") == "extension"


def test_arriving_and_feeding_back_from_the_place_want_proof(hall: Hall) -> None:
    hall.walk("dispatch", "sign")
    assert hall.refused("arrive", lon=120.3, lat=31.9) == "not_there"
    assert hall.refused("arrive", lon=None, lat=None) == "not_there"
    assert hall.act("arrive", lon=120.2005, lat=31.9005).state == "ON_SCENE"
    assert hall.refused("feed_back") == "evidence"
    hall.photo()
    assert hall.act("feed_back").state == "FEEDBACK"


def test_what_was_done_is_shown_by_a_photo_or_by_words(hall: Hall) -> None:
    """Also from the desk, and of what was listed; a question is only answered."""
    hall.walk("dispatch", "sign")
    assert hall.refused("feed_back", evidence="") == "evidence"
    hall.walk("suspend", "put_on_list")
    assert hall.refused("feed_back", evidence=" ") == "evidence"
    view = hall.act("feed_back")
    assert view.work and view.work.evidence == "回执 12 号"
    hall.city(an_event(id="main"), an_event(id="e2"), an_event(id="e3", cls="consult"))
    for key in ("e2", "e3"):
        hall.act("dispatch", event=key)
        hall.act("sign", event=key)
    hall.photo("e2")
    for key in ("e2", "e3"):
        assert hall.act("feed_back", event=key, evidence="").state == "FEEDBACK"


def test_nobody_is_unreached_before_three_calls_in_three_parts_of_a_day(hall: Hall) -> None:
    hall.walk("dispatch", "sign", "feed_back")
    for hours in (0, 1, 1):
        hall.clock.at += hours * HOUR
        hall.act("miss_call")
    assert hall.refused("verify", "李", content="unreached") == "calls"
    for _ in range(2):
        hall.clock.at += 6 * HOUR
        hall.act("miss_call")
    assert hall.act("verify", "李", content="unreached").state == "CLOSED"


def test_redo_and_reopen_begin_the_clocks_anew(hall: Hall) -> None:
    work = hall.walk("dispatch", "sign", "feed_back", "redo").work
    assert work and (work.state, work.rework_no, work.given_at) == ("DISPATCHED", 1, hall.clock.at)
    hall.walk("sign", "feed_back", "verify")
    work = hall.act("reopen").work
    assert work and (work.rework_no, work.closed_at, work.solved) == (2, None, "")
    hall.walk("sign", "feed_back")
    hall.desk.take_post("p3", "陈").result()
    assert hall.refused("redo") == "above"
    hall.act("verify", "李")
    hall.clock.at += 31 * DAY
    assert hall.refused("reopen") == "too_late"


def test_the_clocks_follow_what_was_done(hall: Hall) -> None:
    def clock() -> deadlines.Deadline:
        return next(c for c in deadlines.clocks(hall.view()) if c.step == "C5")

    hall.walk("dispatch", "sign")
    first = clock()
    hall.walk("ask_extension", "grant_extension")
    assert clock().whole == first.whole + HOUR
    hall.walk("suspend")
    assert clock().lamp(hall.clock.now()) == deadlines.BLUE
    hall.walk("resume", "feed_back", "redo")
    assert clock().whole == first.whole // 2 and clock().start == hall.clock.at


def test_closed_for_a_week_is_archived_by_itself(hall: Hall) -> None:
    hall.walk("dispatch", "sign", "feed_back", "verify")
    assert hall.refused("archive") == "too_early"
    hall.act("sum_up")
    hall.clock.at += 8 * DAY
    hall.desk.run(event_acts.move_lapsed, {})
    assert hall.view().state == "ARCHIVED"


def test_nothing_is_put_away_that_nobody_learned_from_or_visited(hall: Hall) -> None:
    hall.city(an_event(id="main"), an_event(cls="wages"))  # a matter of rights is visited
    view = hall.walk("dispatch", "sign", "feed_back", "verify")
    clock = deadlines.visit(view)
    assert clock and clock.due == hall.clock.at + 30 * DAY
    hall.clock.at += 8 * DAY
    hall.desk.run(event_acts.move_lapsed, {})
    assert hall.view().state == "CLOSED" and hall.refused("archive") == "owed_after"
    listed = hall.store.read(lambda r: event_lists.owing(r, Filter(), hall.clock.now(), 9))
    assert [v.event.id for v in listed] == ["e1"]
    assert hall.refused("sum_up", lesson="root", summary="") == "missing", "what is to be changed"
    work = hall.walk("sum_up", "visit").work
    assert work and (work.visit, work.lesson, work.summary) == ("没有再漏", "root", "列入换管")
    assert deadlines.visit(hall.view()) is None
    hall.desk.run(event_acts.move_lapsed, {})
    assert hall.view().state == "ARCHIVED"
    assert not hall.store.read(lambda r: event_lists.owing(r, Filter(), hall.clock.now(), 9))
    again = hall.act("reopen").work
    assert again and (again.lesson, again.visit_at) == ("", None), "it is learned from anew"


def test_only_the_chief_cancels_and_lists(hall: Hall) -> None:
    hall.desk.take_post("p1", "陈").result()
    assert hall.refused("cancel") == "right"
    hall.desk.take_post("chief", "陈").result()
    assert hall.act("cancel").state == "CANCELLED"


# The city's row beside what stations did.


def shown(city: str, work: EventWork, closed_at: int | None = None) -> str:
    row = an_event(state=city, closed_at=None if closed_at is None else Ms(closed_at))
    return fold(row, work).state


def work_at(state: str, furthest: str = "") -> EventWork:
    return EventWork("e1", state, "供水", "", NOW, "陈", "p3", furthest=furthest)


def test_an_echo_of_what_was_taken_back_does_not_bring_it_back() -> None:
    returned = work_at("ACCEPTED", furthest="RETURNED")
    assert shown("DISPATCHED", returned) == shown("NEW", returned) == "ACCEPTED"
    assert shown("SIGNED", returned) == "SIGNED"  # further than stations knew: news
    redone = work_at("DISPATCHED", furthest="FEEDBACK")
    assert shown("FEEDBACK", redone) == "DISPATCHED"
    assert shown("CLOSED", redone, NOW + 1) == "CLOSED"


def test_what_was_reopened_stays_open_until_the_city_closes_it_anew() -> None:
    again = work_at("DISPATCHED", furthest="CLOSED")
    assert shown("CLOSED", again, NOW - 1) == "DISPATCHED"
    assert shown("CLOSED", again, NOW + 1) == "CLOSED"
    apart = work_at("ACCEPTED", furthest="MERGED")
    assert shown("MERGED", apart, NOW - 1) == "ACCEPTED"
    assert shown("CANCELLED", apart, NOW + 1) == "CANCELLED"


def test_lines_of_an_older_program_fold_as_before() -> None:
    """They know no furthest state: their own is it."""
    assert shown("NEW", work_at("CLOSED")) == "CLOSED"
    assert shown("SIGNED", work_at("DISPATCHED")) == "SIGNED"
    assert shown("ACCEPTED", work_at("DISPATCHED")) == "DISPATCHED"


def test_what_the_city_calls_closed_and_stations_reopened_is_worked_on(hall: Hall) -> None:
    hall.city(an_event(id="main"), an_event(state="CLOSED", closed_at=Ms(NOW - DAY)))
    view = hall.act("reopen")
    assert (view.state, view.open) == ("DISPATCHED", True)


def test_two_stations_change_one_event_while_cut_off(tmp_path: Path) -> None:
    one, two = Hall(tmp_path / "one"), Hall(tmp_path / "two")
    for station in (one, two):
        station.desk.run(put, {"work": prepared("FEEDBACK", "")}, local=True)
    one.act("verify", "李")
    two.act("redo", "王")
    told = one.store.read(lambda r: lines.unsent(r, one.desk.origin, 0))
    back = two.store.read(lambda r: lines.unsent(r, two.desk.origin, 0))
    two.desk.receive(told)
    one.desk.receive(back)
    for station in (one, two):
        (conflict,) = station.store.read(lambda r: r.find(Conflict))
        assert {"CLOSED" in conflict.kept, "CLOSED" in conflict.other} == {True, False}
    assert one.view().state == two.view().state
    one.close()
    two.close()


def test_what_another_station_wrote_and_is_no_stretch_is_left_out() -> None:
    assert pauses(f"平 12-x 5-9 -3 {'9' * 20}- 12-") == [(5, 9), (12, None)]
    assert moments(f"平 12 -3 ٣ {'9' * 20} 13") == [12, 13]


def test_the_number_of_what_a_station_filed_is_the_beginning_of_its_id() -> None:
    drawn = random.Random(4)
    for _ in range(2000):  # some have digits in a row as telephone numbers have
        key = str(uuid.UUID(int=drawn.getrandbits(128)))
        view = EventView(an_event(id=key, source_id=key), None)
        assert view.number == key[:8].upper()


@pytest.mark.parametrize("hides_first", [True, False])
def test_what_one_station_made_restricted_stays_so_whoever_wrote_last(
    tmp_path: Path, hides_first: bool
) -> None:
    one, two = Hall(tmp_path / "one"), Hall(tmp_path / "two")
    for station in (one, two):
        station.desk.run(put, {"work": prepared("NEW", "")}, local=True)
    hides, takes = (one, two) if hides_first else (two, one)
    one.clock.at += 1000
    two.clock.at += 2000
    hides.desk.run(event_acts.classify, {"event": "e1", "cls": "crisis"}, "李", "p3")
    takes.desk.run(event_acts.choose_way, {"event": "e1", "way": "spot"}, "王", "p1")
    told = one.store.read(lambda r: lines.unsent(r, one.desk.origin, 0))
    back = two.store.read(lambda r: lines.unsent(r, two.desk.origin, 0))
    two.desk.receive(told)
    one.desk.receive(back)
    assert one.view().work == two.view().work
    for station in (one, two):
        assert station.view().restricted, "nobody sees the words while two stations disagree"
        (conflict,) = station.store.read(lambda r: r.find(Conflict))
        station.desk.run(conflicts.settle, {"conflict": conflict.id, "keep": conflicts.KEPT}, "陈")
        assert station.view().restricted
    one.close()
    two.close()
