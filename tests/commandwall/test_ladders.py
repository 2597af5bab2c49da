"""The two ladders: every state x every act, who may, what is due, the plan and its release, what
two stations do unseen, and what is suggested."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, an_area, an_event
from hypothesis import given, settings
from hypothesis import strategies as st
from station import Station

from commandwall import codes, handover, ladder_acts, ladders, triggers
from commandwall.clock import DAY, HOUR, Ms
from commandwall.deadlines import GREEN, RED
from commandwall.events import EventView, EventWork
from commandwall.ladders import (
    ACTIVE,
    DROPPED,
    POINT_STEPS,
    Case,
    Council,
    PlanPoint,
    Rise,
    Supervision,
)
from commandwall.picture import Picture
from commandwall.store import lines
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused
from commandwall.store.tables import Conflict
from widgets import handing
from widgets.reasons import sentence

TOWN = "320281001"
CITY = [
    an_event(state="SIGNED", area=TOWN), an_event(id="far", state="SIGNED", area="nowhere"),
    an_event(id="hot", state="SIGNED", area="nowhere", urgency=1),
    an_event(id="over", state="CLOSED", area=TOWN),
]  # fmt: skip


class Hall(Station):
    """A station with an event of a town, one of an unknown place, a hurried and a closed one."""

    def __init__(self, folder: Path, name: str = "chief") -> None:
        folder.mkdir(exist_ok=True)
        if not (folder / "mirror-1.db").exists():
            mirror = Mirror(folder / "mirror-1.db")
            rows = {"event": list(map(astuple, CITY)), "area": [astuple(an_area(id=TOWN))]}
            mirror.take(rows, {}, cursor="1")
            mirror.close()
            use(folder, "mirror-1.db")
        super().__init__(folder, name)

    def case(self, event: str = "e1") -> Case:
        return self.store.read(lambda r: ladders.read(r, [event]))[event]

    def up(self, to: str = "city", event: str = "e1") -> Rise:
        self.do(ladder_acts.raise_up, event=event, to=to, reason="镇里办不了")
        return self.case(event).rises[to]

    def act(self, act: Any, person: str = "陈", **args: Any) -> Case:
        self.desk.person = person
        self.do(act, **args)
        return self.case()

    def point(self, task: str = "修管网", days: int = 2) -> PlanPoint:
        told = {"lead": "水务局", "co": "城管局,水务局,住建局", "days": days}
        return self.act(ladder_acts.add_point, event="e1", task=task, **told).points[-1]

    def refused(self, act: Any, **args: Any) -> str:
        with pytest.raises(Refused) as caught:
            self.do(act, **args)
        assert "未执行：" not in sentence(caught.value.reason)  # it is said in words
        return caught.value.reason.code


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A station's files, made once."""
    folder = tmp_path_factory.mktemp("made") / "a"
    Hall(folder).close()
    return folder


@pytest.fixture
def hall(made: Path, tmp_path: Path) -> Iterator[Hall]:
    copied = Hall(shutil.copytree(made, tmp_path / "a"))
    yield copied
    copied.close()


# Up and down.


def test_a_matter_from_the_town_to_the_meeting_and_off_the_list(hall: Hall) -> None:
    assert hall.up().state == ladders.RAISED and hall.case().watched
    hall.act(ladder_acts.take_up, rise="e1:city")
    for rung in ("centre", "office", "vice_mayor", "meeting"):
        hall.up(rung)
        assert hall.case().top.rung == rung
    case = hall.case()
    assert case.on("territory").rung == "city"  # a higher rung has it too, none loses it
    assert case.on("supervision").rung == "meeting"
    told = {"held": "2026-01-05", "chair": "张副市长", "decision": "一点一策"}
    hall.clock.at = max(hall.clock.at, NOW)
    hall.act(ladder_acts.hold_council, event="e1", **told)
    point = hall.point()
    assert (point.rung, point.co) == ("meeting", "城管局,住建局")  # who leads does not help too
    assert hall.refused(ladder_acts.release_supervision, event="e1", result="好了") == "points"
    hall.act(ladder_acts.finish_point, "周", point=point.id, result="已换管")
    assert hall.refused(ladder_acts.verify_point, point=point.id) == "own_point"
    hall.act(ladder_acts.verify_point, "吴", point=point.id)
    case = hall.act(ladder_acts.release_supervision, event="e1", result="已解决")
    assert not case.watched and not any(r.state in ACTIVE for r in case.rises.values())
    case = hall.act(ladder_acts.restore_supervision, event="e1", reason="又漏了")
    assert case.watched and case.top.rung == "meeting"  # as it stood


def test_one_step_at_a_time_but_for_what_is_most_urgent(hall: Hall) -> None:
    raised = {"reason": "急"}
    assert hall.refused(ladder_acts.raise_up, event="e1", to="centre", **raised) == "rung_next"
    assert hall.refused(ladder_acts.raise_up, event="far", to="town", **raised) == "rung_next"
    assert hall.refused(ladder_acts.raise_up, event="e1", to="village", **raised) == "rung_next"
    assert hall.refused(ladder_acts.raise_up, event="over", to="city", **raised) == "state"
    assert hall.refused(ladder_acts.raise_up, event="e1", to="moon", **raised) == "unknown"
    assert hall.refused(ladder_acts.raise_up, event="e1", to="city", reason=" ") == "missing"
    assert hall.up("village", "far").state == ladders.RAISED
    assert not hall.case("far").watched  # below the city nobody supervises it
    assert hall.up("vice_mayor", "hot").state == ladders.RAISED
    assert hall.up("meeting", "hot").times == 1
    with pytest.raises(Refused) as caught:
        hall.do(ladder_acts.raise_up, event="hot", to="meeting", reason="再")
    assert caught.value.reason.code == "rung_top"


def test_who_may_raise_stands_in_the_row_of_the_rung(hall: Hall) -> None:
    hall.desk.take_post("p1", "吴").result()
    hall.up()
    assert hall.refused(ladder_acts.raise_up, event="e1", to="centre", reason="难") == "rung_post"
    hall.desk.take_post("s_department", "赵").result()
    assert hall.refused(ladder_acts.raise_up, event="e1", to="centre", reason="难") == "right"
    hall.do(ladder_acts.ask_up, event="e1", reason="无执法权")
    assert hall.case().asked.rung == "centre"


def test_the_rung_gives_it_back_with_what_is_to_be_done(hall: Hall) -> None:
    hall.up(), hall.up("centre")
    assert hall.refused(ladder_acts.hand_down, rise="e1:city", task="查") == "rung_above"
    case = hall.act(ladder_acts.hand_down, rise="e1:centre", task="先查清产权")
    assert case.top.rung == "city" and case.rises["centre"].task == "先查清产权"
    assert case.watched  # supervision goes on
    again = hall.up("centre")
    assert (again.times, again.task) == (2, "")


def test_what_was_raised_by_mistake_is_taken_back(hall: Hall) -> None:
    hall.up()
    case = hall.act(ladder_acts.withdraw_up, rise="e1:city")
    assert case.top is None and not case.watched
    hall.up()
    hall.act(ladder_acts.take_up, rise="e1:city")
    assert hall.refused(ladder_acts.withdraw_up, rise="e1:city") == "state"


RUNG_ACTS = {
    "ask_up": ladders.ASKED, "raise_up": ladders.RAISED, "decline_up": ladders.DECLINED,
    "withdraw_up": ladders.WITHDRAWN, "take_up": ladders.TAKEN, "hand_down": ladders.BACK,
}  # fmt: skip
LEADS = {
    "": {"ask_up", "raise_up", "decline_up"},
    "ASKED": {"raise_up", "decline_up", "withdraw_up"},
    "RAISED": {"take_up", "hand_down", "withdraw_up"},
    "TAKEN": {"hand_down"},
    "BACK": {"ask_up", "raise_up", "decline_up"},
    "WITHDRAWN": {"ask_up", "raise_up", "decline_up"},
    "DECLINED": {"ask_up", "raise_up", "decline_up"},
    "ENDED": {"ask_up", "raise_up", "decline_up"},
}
"""State of a rung -> the acts that lead on, written a second time by hand."""


def a_rise(state: str = "RAISED", rung: str = "city", **kw: Any) -> Rise:
    at = Ms(NOW)
    row = Rise(f"e1:{rung}", "e1", rung, state, "", "难", "", 1, at, None, None, "陈", "chief", at,
               "陈", "chief")  # fmt: skip
    return replace(row, **kw)


def _set(tx: Any, record: Any, key: str) -> None:
    """As if it had come so far."""
    tx.run(f"DELETE FROM {'rise' if ':' in key else 'planpoint'} WHERE id = ?", [(key,)])
    tx.put(*([record] if record is not None else []))


GIVEN: dict[str, dict[str, str]] = {
    "raise_up": {"event": "e1", "to": "city", "reason": "难"},
    "decline_up": {"event": "e1", "to": "city", "reason": "镇里能办"},
    "ask_up": {"event": "e1", "reason": "难"}, "withdraw_up": {"rise": "e1:city"},
    "take_up": {"rise": "e1:city"}, "hand_down": {"rise": "e1:city", "task": "查"},
}  # fmt: skip


@pytest.mark.parametrize("state", LEADS)
def test_every_state_of_a_rung_and_every_act(hall: Hall, state: str) -> None:
    """Through a desk: what the table allows is done, all else is refused in words."""
    record = a_rise(state) if state else None
    for name, to in RUNG_ACTS.items():
        case = Case("e1", rises={"city": record} if record is not None else {})
        assert (ladders.step(case, "city", to) is None) == (name in LEADS[state]), name
        hall.desk.run(_set, {"record": record, "key": "e1:city"}, local=True)
        act = getattr(ladder_acts, name)
        if name in LEADS[state]:
            hall.do(act, **GIVEN[name])
            assert hall.case().rises["city"].state == to
        elif name == "ask_up" and state in ACTIVE:  # it asks for the rung above
            hall.do(act, **GIVEN[name])
            assert hall.case().asked.rung == "centre"
            hall.desk.run(_set, {"record": None, "key": "e1:centre"}, local=True)
        else:
            assert hall.refused(act, **GIVEN[name]) in ("state", "unknown", "rung_next")


POINT_ACTS = {
    "finish_point": (ladders.DONE, {"result": "已办"}), "verify_point": (ladders.VERIFIED, {}),
    "redo_point": (ladders.OPEN, {"reason": "又坏了"}), "drop_point": (DROPPED, {"reason": "并入"}),
}  # fmt: skip
POINT_LEADS = {
    "OPEN": {"finish_point", "drop_point"},
    "DONE": {"verify_point", "redo_point", "drop_point"},
    "VERIFIED": {"redo_point"}, "DROPPED": {"redo_point"},
}  # fmt: skip


@pytest.mark.parametrize("state", POINT_LEADS)
def test_every_state_of_a_point_and_every_act(hall: Hall, state: str) -> None:
    hall.up()
    point = replace(hall.point(), state=state, done_by="周", done_at=Ms(NOW))
    assert {to for to, after in POINT_STEPS.items() if state in after} == {
        POINT_ACTS[name][0] for name in POINT_LEADS[state]
    }
    for name, (to, told) in POINT_ACTS.items():
        hall.desk.run(_set, {"record": point, "key": point.id}, local=True)
        if name in POINT_LEADS[state]:
            assert (
                hall.act(getattr(ladder_acts, name), point=point.id, **told).points[0].state == to
            )
        else:
            assert hall.refused(getattr(ladder_acts, name), point=point.id, **told) == "state"


def test_what_is_not_watched_has_no_plan_and_no_meeting(hall: Hall) -> None:
    task = {"event": "e1", "task": "修", "lead": "水务局", "co": "", "days": 1}
    assert hall.refused(ladder_acts.add_point, **task) == "unwatched"
    held = {"event": "e1", "held": "2026-11-20", "chair": "张", "decision": "办"}
    assert hall.refused(ladder_acts.hold_council, **held) == "unwatched"
    assert hall.refused(ladder_acts.release_supervision, event="e1", result="好") == "unwatched"
    hall.up()
    assert hall.refused(ladder_acts.add_point, **task | {"days": 0}) == "days"
    assert hall.refused(ladder_acts.add_point, **task | {"lead": " "}) == "missing"
    for told in ("明天", "2099-01-01"):
        assert hall.refused(ladder_acts.hold_council, **held | {"held": told}) == "held_on"
    assert hall.refused(ladder_acts.release_supervision, event="e1", result="好") == "unsolved"
    hall.act(ladder_acts.hold_council, **held)
    (council,) = hall.case().councils
    wrong = {"council": council.id, "held": "2026-11-19", "chair": "李", "decision": "再议"}
    (council,) = hall.act(ladder_acts.correct_council, "周", **wrong).councils
    assert (council.held, council.chair, council.decision) == ("2026-11-19", "李", "再议")
    assert [line[3] for line in hall.store.read(lambda r: ladders.history(r, "e1"))] == [
        "raise_up", "hold_council", "correct_council",
    ]  # fmt: skip
    assert hall.refused(ladder_acts.correct_council, **wrong | {"council": "none"}) == "unknown"
    point = hall.point()
    hall.act(ladder_acts.drop_point, point=point.id, reason="并入他案")
    assert hall.refused(ladder_acts.release_supervision, event="e1", result="好") == "unsolved"


# What is due.


def test_the_limits_of_a_rung_and_of_a_point_are_on_the_work_calendar(hall: Hall) -> None:
    hall.up()
    accept, answer = hall.case().dues
    assert (accept.step, answer.step) == (ladders.ACCEPT, ladders.ANSWER)
    assert accept.clock.work and accept.clock.lamp(Ms(hall.clock.at)) == GREEN
    assert accept.clock.lamp(Ms(hall.clock.at + 5 * DAY)) == RED
    hall.act(ladder_acts.take_up, rise="e1:city")
    assert [due.step for due in hall.case().dues] == [ladders.ANSWER]
    point = hall.point()  # the plan is the answer
    assert [due.step for due in hall.case().dues] == [ladders.DO]
    hall.act(ladder_acts.finish_point, "周", point=point.id, result="已办")
    (due,) = hall.case().dues
    assert due.step == ladders.VERIFY and due.clock.due > hall.clock.at + DAY
    assert hall.act(ladder_acts.verify_point, "吴", point=point.id).dues == []


def test_every_rung_has_its_limits_and_every_trigger_its_rung() -> None:
    limits, rungs = codes.load("rung_limit"), list(ladders.rungs())
    assert [key for key in rungs[1:] for step in (ladders.ACCEPT, ladders.ANSWER)
            if f"{key}-{step}" not in limits] == []  # fmt: skip
    for row in codes.load("rung_trigger").values():
        assert row.facts.get("to", "city") in rungs and row.facts["by"] in triggers.TESTS
    assert [ladders.base(level) for level in (None, 0, 1, 2, 3, 4, 5)] == [
        "grid", "city", "town", "village", "grid", "grid", "grid",
    ]  # fmt: skip


# What comes together from several stations.

records = st.permutations([
    Supervision("e1", "停水", TOWN, "WATCHED", Ms(1), "", None, "chief", Ms(1), "陈", "chief"),
    a_rise("TAKEN"), a_rise("RAISED", "centre"), a_rise("BACK", "office", task="查"),
    Council("c1", "e1", "city", "2026-11-20", "张", "办", Ms(5), "陈", "chief"),
    Council("c2", "e1", "city", "2026-11-21", "张", "再办", Ms(6), "陈", "chief"),
    *(PlanPoint(f"p{n}", "e1", "city", "修", "水务局", "", Ms(n), Ms(NOW), state, "", None, "", "",
                None, "", Ms(n), "陈", "chief")
      for n, state in enumerate(("OPEN", "DONE", "VERIFIED", "DROPPED"))),
])  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(records, st.data())
def test_the_case_is_the_same_in_whatever_order_and_however_often(
    told: list[Any], data: Any
) -> None:
    more = data.draw(st.lists(st.sampled_from(told), max_size=5))
    of = lambda kind: [r for r in [*told, *more] if isinstance(r, kind)]  # noqa: E731
    unique = lambda kind: list({r.id: r for r in of(kind)}.values())  # noqa: E731
    found = ladders.cases(of(Supervision), of(Rise), unique(PlanPoint), unique(Council))["e1"]
    assert (found.top.rung, found.settled, len(found.plan)) == ("centre", 1, 3)
    assert [p.id for p in found.points] == ["p0", "p1", "p2", "p3"]
    assert [c.id for c in found.councils] == ["c2", "c1"]


def meet(giver: Hall, taker: Hall, times: int = 1) -> None:
    """What one wrote reaches the other, also twice."""
    found = giver.store.read(lambda r: lines.unsent(r, giver.desk.origin, 0))
    for _ in range(times):
        taker.desk.receive(found)


def test_two_stations_that_do_not_see_each_other(tmp_path: Path) -> None:
    """Both raise it, both finish the point: it is one step; a point that one adds while the other
    releases keeps it on the list."""
    one, other = Hall(tmp_path / "a"), Hall(tmp_path / "b")
    one.up(), other.up()
    meet(one, other, 2), meet(other, one, 2)
    assert one.case() == other.case() and one.case().rises["city"].times == 1
    point = one.point()
    meet(one, other)
    one.act(ladder_acts.finish_point, "周", point=point.id, result="已办")
    other.act(ladder_acts.finish_point, "周", point=point.id, result="已办")
    meet(other, one), meet(one, other)
    one.act(ladder_acts.verify_point, "吴", point=point.id)
    meet(one, other)
    one.act(ladder_acts.release_supervision, event="e1", result="已解决")
    late = other.point("回访")
    meet(other, one), meet(one, other)
    assert one.case() == other.case()
    assert one.case().supervision.state == ladders.RELEASED and one.case().watched
    assert [p.id for p in one.case().unsettled] == [late.id]
    assert one.store.read(lambda r: r.find(Conflict)) == []
    one.close(), other.close()


def test_what_was_handed_back_is_raised_again_at_every_station(tmp_path: Path) -> None:
    """Being handed back goes further than being raised, but not than being raised after it: others
    kept it handed back for good. A point that is redone and released again likewise."""
    one, other = Hall(tmp_path / "a"), Hall(tmp_path / "b")
    one.up()
    one.act(ladder_acts.take_up, rise="e1:city")
    one.act(ladder_acts.hand_down, "周", rise="e1:city", task="先查清")
    one.up()
    point = one.point()
    one.act(ladder_acts.finish_point, "周", point=point.id, result="已办")
    one.act(ladder_acts.redo_point, "吴", point=point.id, reason="仍在漏")
    one.act(ladder_acts.finish_point, "周", point=point.id, result="已换管")
    meet(one, other)
    assert one.case() == other.case() and other.case().rises["city"].times == 2
    assert other.case().rises["city"].state == ladders.RAISED
    assert other.store.read(lambda r: r.find(Conflict)) == []
    one.close(), other.close()


def test_lines_of_two_stations_in_any_order_give_one_case(made: Path, tmp_path: Path) -> None:
    """Whoever hears of both, however they are shuffled and repeated, sees the same."""
    one, other = Hall(tmp_path / "a"), Hall(tmp_path / "b")
    one.up(), meet(one, other)
    one.act(ladder_acts.take_up, rise="e1:city")
    other.act(ladder_acts.hand_down, "周", rise="e1:city", task="先查清")
    one.point(), other.up("city"), other.point("回访")
    told = [h.store.read(lambda r, h=h: lines.unsent(r, h.desk.origin, 0)) for h in (one, other)]
    found = []
    for seed in range(3):
        rng, parts = random.Random(seed), [list(part) for part in told]
        taker = Hall(shutil.copytree(made, tmp_path / f"t{seed}"))
        while any(parts):
            part = rng.choice([p for p in parts if p])
            some = part[: rng.randint(1, 2)]
            taker.desk.receive(some), taker.desk.receive(some)
            del part[: len(some)]
        found.append(taker.case())
        taker.close()
    assert found[0] == found[1] == found[2] and len(found[0].points) == 2
    one.close(), other.close()


# What is handed over, and what history tells.


def test_it_is_handed_over_as_it_stands(hall: Hall) -> None:
    hall.up()
    read = lambda: hall.store.read(lambda r: handover.open_items(r, "chief"))  # noqa: E731
    (item,) = read()
    assert handing.told(item, Picture()) == "督办　小区停水　市级　欠接办"
    hall.act(ladder_acts.take_up, rise="e1:city")
    (later,) = read()
    assert later.key != item.key
    hall.point()
    city, case = Picture(), read()[0]
    city.events["e1"] = EventView(an_event(id="e1"), None)
    line = f"督办　{city.events['e1'].number}　小区停水　市级　任务 0 / 1　任务"
    assert handing.told(case, city) == line
    assert hall.store.read(lambda r: handover.open_items(r, "p1")) == []


def test_the_history_names_rung_and_words(hall: Hall) -> None:
    hall.up()
    hall.act(ladder_acts.hand_down, "周", rise="e1:city", task="先查清")
    told = hall.store.read(lambda r: ladders.history(r, "e1"))
    assert [line[2:] for line in told] == [
        ("陈", "raise_up", "city", "镇里办不了"), ("周", "hand_down", "city", "先查清"),
    ]  # fmt: skip


# What is suggested.


def look(
    views: list[EventView], cases: dict[str, Case], at: int, until: int
) -> list[triggers.Proposal]:
    lookout, areas = triggers.Lookout(), {TOWN: an_area(id=TOWN)}
    found = [
        lookout.look(views, cases, areas, lookout.begin(views), Ms(at), Ms(until)) for _ in range(2)
    ]
    assert found[0] == found[1]  # what it remembers is what it found
    return triggers.arranged(found[1], Ms(at))


def suggested(view: EventView, at: int, *cases: Case, n: int = 1) -> list[tuple[str, str]]:
    views = [view, *(replace(view, event=replace(view.event, id=f"x{i}")) for i in range(1, n))]
    found = look(views, {c.event: c for c in cases}, at, at)
    return [(p.to, p.trigger) for p in found if p.event == "e1"]


def in_hand(**kw: Any) -> EventView:
    event = an_event(state="SIGNED", area=TOWN, urgency=kw.pop("urgency", 4))
    work = EventWork("e1", "SIGNED", "水务局", "", Ms(NOW), "", "", given_at=Ms(NOW), **kw)
    return EventView(event, work)


def test_a_time_that_is_over_suggests_the_next_rung_and_does_nothing() -> None:
    assert suggested(in_hand(), NOW + DAY) == []
    assert suggested(in_hand(), NOW + 9 * DAY) == [("city", "city-3")]
    assert suggested(in_hand(urgency=2), NOW + 5 * HOUR) == [("city", "city-2")]
    later = look([in_hand()], {}, NOW, NOW + 9 * DAY)
    assert [p.met(NOW) for p in later] == [False]  # it is foretold
    closed = replace(in_hand(), work=replace(in_hand().work, state="FEEDBACK"))
    assert suggested(closed, NOW + 9 * DAY) == []


def test_a_rung_that_has_it_has_its_time_first() -> None:
    late, raised = NOW + 9 * DAY, Ms(NOW + 9 * DAY)
    fresh = a_rise(rung="town", raised_at=raised)
    assert suggested(in_hand(), late, Case("e1", rises={"town": fresh})) == []
    assert suggested(in_hand(), late + 4 * DAY, Case("e1", rises={"town": fresh})) == [
        ("city", "city-3")
    ]


def test_what_is_counted_suggests_from_its_row_on() -> None:
    assert suggested(in_hand(return_no=1), NOW) == []
    assert suggested(in_hand(return_no=2), NOW) == [("city", "city-returns")]
    at_city = Case("e1", rises={"city": a_rise("TAKEN")})
    assert suggested(in_hand(rework_no=2), NOW, at_city) == [("centre", "centre-reworks")]
    at_centre = Case("e1", rises={"centre": a_rise("TAKEN", "centre")})
    assert suggested(in_hand(co="a,b"), NOW, at_centre) == [("office", "office-units")]
    at_mayor = Case("e1", rises={"vice_mayor": a_rise("TAKEN", "vice_mayor")})
    assert suggested(in_hand(), NOW, at_mayor, n=9) == []
    assert suggested(in_hand(), NOW, at_mayor, n=10) == [("meeting", "meeting-alike")]
    assert suggested(in_hand(), NOW + 30 * DAY, at_mayor) == [("meeting", "meeting-rung")]


def test_what_is_asked_for_is_suggested_and_what_was_declined_rests(hall: Hall) -> None:
    hall.do(ladder_acts.ask_up, event="e1", reason="无执法权")
    assert suggested(in_hand(), hall.clock.at, hall.case()) == [("city", "asked")]
    hall.act(ladder_acts.decline_up, event="e1", to="city", reason="镇里能办")
    late = in_hand(return_no=5)
    assert suggested(late, hall.clock.at, hall.case()) == []
    quiet = int(codes.limit("rung_quiet_hours")) * HOUR
    assert suggested(late, hall.clock.at + quiet, hall.case()) == [("city", "city-returns")]
