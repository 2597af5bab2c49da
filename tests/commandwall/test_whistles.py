"""Whistle and report: each department's clock and steps, what is refused and by whom, who owes
what, the ratings, and what two stations do while they do not see each other."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from builders import an_area, an_event
from station import Station

from commandwall import codes, handover, whistles
from commandwall.clock import DAY, HOUR, MINUTE, Ms
from commandwall.deadlines import GREEN, ORANGE, RED
from commandwall.events import EventView
from commandwall.picture import Picture
from commandwall.store import lines
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused
from commandwall.store.tables import Conflict
from commandwall.whistle_acts import (
    answer_whistle,
    blow,
    check_in,
    check_whistle,
    end_whistle,
    rate_department,
    rate_whistle,
    refuse_whistle,
    release_department,
    reroute,
    return_whistle,
    summon,
)
from commandwall.whistles import DEPARTMENT, TOWN, Muster, Summons, Whistling
from widgets import age, handing
from widgets.reasons import sentence

CITY = [
    an_event(state="SIGNED"), an_event(id="new"), an_event(id="e2", state="ON_SCENE"),
]  # fmt: skip


class Hall(Station):
    """A station with two events in hand and one that is new."""

    def __init__(self, folder: Path, name: str = "chief") -> None:
        folder.mkdir(exist_ok=True)
        if not (folder / "mirror-1.db").exists():
            mirror = Mirror(folder / "mirror-1.db")
            rows = {"event": list(map(astuple, CITY)), "area": [astuple(an_area())]}
            mirror.take(rows, {}, cursor="1")
            mirror.close()
            use(folder, "mirror-1.db")
        super().__init__(folder, name)

    def blow(self, *departments: str, kind: str = "emergency", **kw: Any) -> Muster:
        told = {"event": "e1"} | kw
        called = departments or ("燃气公司", "住建局")
        self.do(blow, whistling=Whistling("320281001", kind, called, **told))
        return self.muster()

    def muster(self) -> Muster:
        """The newest whistle."""
        return self.store.read(whistles.read)[0]

    def of(self, department: str) -> Summons:
        return next(s for s in self.muster().summons if s.department == department)

    def act(self, act: Any, department: str, person: str = "陈", **args: Any) -> Summons:
        self.desk.person = person
        self.do(act, summons=self.of(department).id, **args)
        return self.of(department)

    def refused(self, act: Any, **args: Any) -> str:
        with pytest.raises(Refused) as caught:
            self.do(act, **args)
        assert "未执行：" not in sentence(caught.value.reason)  # it is said in words
        return caught.value.reason.code

    def tally(self) -> whistles.Tally:
        return whistles.tally(self.store.read(whistles.read), Ms(self.clock.at))


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


def test_a_whistle_from_the_call_to_the_ratings(hall: Hall) -> None:
    muster = hall.blow()
    assert muster.blown and muster.whistle.matter == "小区停水"  # that of the event
    assert muster.whistle.place == "花园路 1 号"
    assert hall.act(answer_whistle, "燃气公司").state == whistles.ACKED
    there = hall.act(check_in, "燃气公司", lon=120.2, lat=31.9)
    assert (there.state, there.basis) == (whistles.REPORTED, whistles.POSITION)
    assert (
        hall.act(check_in, "住建局").basis == whistles.TOLD
    )  # nobody has to say first that he comes
    assert hall.muster().there == 2
    assert hall.act(release_department, "住建局").state == whistles.RELEASED
    hall.do(end_whistle, whistle=muster.whistle.id, solved="solved", result="阀门已换")
    ended = hall.muster()
    assert ended.whistle.state == whistles.ENDED and ended.whistle.result == "阀门已换"
    assert [s.state for s in ended.summons] == [whistles.RELEASED] * 2
    assert ended.open and {(o.side, o.step) for o in ended.owing} == {
        (TOWN, "rate"), (DEPARTMENT, "rate"),
    }  # fmt: skip
    for name in ("燃气公司", "住建局"):
        hall.act(rate_department, name, "周", arrival=5, effort=4, outcome=3)
        hall.act(rate_whistle, name, "吴", valid=True)
    assert not hall.muster().open


def test_each_department_has_its_own_clock_and_lamp(hall: Hall) -> None:
    start = Ms(hall.clock.at + 10)
    hall.blow()
    hall.act(answer_whistle, "住建局")
    steps = {o.summons.department: (o.step, o.clock.due) for o in reversed(hall.muster().owing)}
    assert steps == {
        "燃气公司": ("ack", start + 5 * MINUTE), "住建局": ("report", start + 30 * MINUTE),
    }  # fmt: skip
    lamps = lambda at: [o.clock.lamp(Ms(start + at)) for o in hall.muster().owing]  # noqa: E731
    assert lamps(0) == [GREEN, GREEN, GREEN]
    assert lamps(6 * MINUTE) == [RED, GREEN, GREEN]
    assert lamps(25 * MINUTE) == [RED, ORANGE, ORANGE]
    assert lamps(31 * MINUTE) == [RED, RED, RED]


@pytest.mark.parametrize("kind", sorted(codes.load("whistle_kind")))
def test_every_kind_of_whistle_has_all_its_limits(hall: Hall, kind: str) -> None:
    summons = hall.blow("城管局", kind=kind).summons[0]
    assert [clock.step for clock in whistles.clocks(summons)] == ["ack", "report"]
    assert {f"{kind}-rate", f"{kind}-check"} <= codes.load("whistle_limit").keys()


def test_a_hard_problem_counts_working_time(hall: Hall) -> None:
    summons = hall.blow("城管局", kind="problem").summons[0]
    ack, report = whistles.clocks(summons)
    assert ack.work and report.work
    assert report.due > summons.summoned_at + 2 * DAY  # three workdays are no three times 24 hours


def test_what_is_refused_says_why(hall: Hall) -> None:
    whistling = Whistling("320281001", "emergency", ("城管局",), event="new")
    assert hall.refused(blow, whistling=whistling) == "state"
    whistling = Whistling("320281001", "emergency", tuple("甲乙丙丁戊己"), event="e1")
    assert hall.refused(blow, whistling=whistling) == "departments"
    whistling = Whistling("320281001", "emergency", (), event="e1")
    assert hall.refused(blow, whistling=whistling) == "missing"
    whistling = Whistling("nowhere", "emergency", ("城管局",), event="e1")
    assert hall.refused(blow, whistling=whistling) == "unknown"
    whistling = Whistling("320281001", "emergency", ("城管局",), matter="占道")
    assert hall.refused(blow, whistling=whistling) == "missing"  # where, without an event
    muster = hall.blow()
    again = Whistling("320281001", "emergency", ("城管局",), event="e1")
    assert hall.refused(blow, whistling=again) == "whistled"
    assert hall.refused(summon, whistle=muster.whistle.id, departments=["住建局"]) == "missing"
    assert hall.refused(release_department, summons=muster.summons[0].id) == "state"
    told = {"summons": muster.summons[0].id, "arrival": 6, "effort": 1, "outcome": 1}
    assert hall.refused(rate_department, **told) == "score"
    assert hall.refused(rate_whistle, summons=muster.summons[0].id, valid=True) == "state"


def test_one_without_an_event_stands_at_its_place(hall: Hall) -> None:
    place = {"event": "", "matter": "夜市占道", "place": "人民路口", "lon": 120.3, "lat": 31.8}
    muster = hall.blow("城管局", kind="enforcement", **place)
    assert (muster.whistle.event, muster.whistle.place) == ("", "人民路口")
    again = Whistling("320281001", "emergency", ("公安局",), **place)
    assert hall.refused(blow, whistling=again) == "whistled"
    assert hall.act(check_in, "城管局", lon=120.3, lat=31.8).basis == whistles.POSITION


def test_who_refuses_says_why_and_may_be_called_again(hall: Hall) -> None:
    hall.blow()
    no = hall.act(refuse_whistle, "住建局", reason="非我局职责")
    assert (no.state, no.reason) == (whistles.REFUSED, "非我局职责")
    assert all(o.summons.department != "住建局" for o in hall.muster().owing)
    hall.do(summon, whistle=no.whistle, departments=["水务局", "住建局"])
    names = {s.department: s.state for s in hall.muster().summons}
    assert names == dict.fromkeys(("燃气公司", "住建局", "水务局"), whistles.SUMMONED)


def test_the_end_lets_go_who_is_there_and_names_who_never_came(hall: Hall) -> None:
    muster = hall.blow("燃气公司", "住建局", "水务局")
    hall.act(check_in, "燃气公司")
    hall.act(refuse_whistle, "水务局", reason="人手不足")
    hall.do(end_whistle, whistle=muster.whistle.id, solved="unsolved", result="待查")
    states = {s.department: s.state for s in hall.muster().summons}
    assert states == {
        "燃气公司": whistles.RELEASED, "住建局": whistles.MISSED, "水务局": whistles.REFUSED,
    }  # fmt: skip
    assert hall.refused(check_in, summons=hall.of("住建局").id) == "state"
    assert hall.refused(end_whistle, whistle=muster.whistle.id, solved="solved", result="是") == (
        "state"
    )


def test_nobody_rates_for_both_sides_or_twice(hall: Hall) -> None:
    muster = hall.blow("燃气公司")
    hall.act(check_in, "燃气公司")
    hall.do(end_whistle, whistle=muster.whistle.id, solved="solved", result="好")
    hall.act(rate_department, "燃气公司", "周", arrival=5, effort=5, outcome=5)
    summons = hall.of("燃气公司").id
    assert hall.refused(rate_whistle, summons=summons, valid=True) == "own_rating"
    again = {"summons": summons, "arrival": 1, "effort": 1, "outcome": 1}
    assert hall.refused(rate_department, **again) == "rated"
    hall.act(rate_whistle, "燃气公司", "吴", valid=False)
    assert (hall.tally().invalid, hall.tally().rated) == (1, 1)


def test_the_rate_is_of_all_that_were_summoned(hall: Hall) -> None:
    hall.blow("甲", "乙", "丙", "丁")
    hall.act(check_in, "甲")
    hall.act(refuse_whistle, "乙", reason="无人")
    told = hall.tally()
    assert (told.in_time, told.summoned, told.running, told.refused) == (1, 4, 2, 1)
    hall.clock.at += 31 * MINUTE
    hall.act(check_in, "丙")  # late
    told = hall.tally()
    assert (told.in_time, told.summoned, told.running) == (1, 4, 0)


def test_the_past_days_alone_are_counted(hall: Hall) -> None:
    found = [hall.blow()]
    days = int(codes.limit("whistle_days"))
    assert whistles.of_late(found, Ms(hall.clock.at)) == found
    assert whistles.of_late(found, Ms(hall.clock.at + (days + 1) * DAY)) == []


def test_the_history_names_act_and_department(hall: Hall) -> None:
    muster = hall.blow()
    hall.act(answer_whistle, "住建局", "周")
    hall.act(refuse_whistle, "住建局", "周", reason="非我局职责")
    hall.do(end_whistle, whistle=muster.whistle.id, solved="solved", result="已修")
    told = hall.store.read(lambda r: whistles.history(r, "e1"))
    assert [(post, person, act, words) for _, post, person, act, words in told] == [
        ("chief", "陈", "blow", "燃气公司、住建局"),
        ("chief", "周", "answer_whistle", "住建局"),
        ("chief", "周", "refuse_whistle", "住建局　非我局职责"),
        ("chief", "周", "end_whistle", "燃气公司　已修"),
    ]
    assert hall.store.read(lambda r: whistles.history(r, "e2")) == []


def test_a_department_answers_but_does_not_blow(hall: Hall) -> None:
    hall.blow()
    hall.desk.take_post("s_department", "吴").result()
    whistling = Whistling("320281001", "emergency", ("城管局",), event="e2")
    assert hall.refused(blow, whistling=whistling) == "right"
    assert hall.refused(release_department, summons=hall.of("住建局").id) == "right"
    assert hall.act(check_in, "住建局", "吴").state == whistles.REPORTED


def test_it_is_handed_over_with_what_is_owed(hall: Hall) -> None:
    muster = hall.blow()
    read = lambda: hall.store.read(lambda r: handover.open_items(r, "chief"))  # noqa: E731
    (item,) = read()
    assert item.kind == handover.WHISTLED
    city, (event,) = Picture(), (e for e in CITY if e.id == "e1")
    city.now, city.events["e1"] = Ms(hall.clock.at), EventView(event, None)
    due = age.moment(city.now, muster.owing[0].clock.due)
    line = f"吹哨　{city.events['e1'].number}　小区停水　住建局、燃气公司 欠应哨，{due} 到期"
    assert handing.told(item, city) == line
    assert handing.told(item, Picture()).startswith("吹哨　小区停水　"), "an event that is over"
    hall.act(check_in, "燃气公司")
    (later,) = read()
    assert later.key != item.key  # it has to be read back as it stands
    assert hall.store.read(lambda r: handover.open_items(r, "p1")) == []
    hall.do(end_whistle, whistle=muster.whistle.id, solved="solved", result="已修")
    assert read() == []


def test_two_stations_that_do_not_see_each_other(tmp_path: Path) -> None:
    """Both call the same department and both see it come: nothing is lost and nobody is asked."""
    one, other = Hall(tmp_path / "a"), Hall(tmp_path / "b", "p1")
    whistle = one.blow("燃气公司", "住建局").whistle.id
    meet(one, other)
    other.act(check_in, "燃气公司")
    one.clock.at += HOUR
    one.act(answer_whistle, "燃气公司")
    one.do(summon, whistle=whistle, departments=["水务局"])
    other.do(summon, whistle=whistle, departments=["水务局"])
    meet(one, other)
    meet(other, one)
    assert one.muster() == other.muster()
    assert one.of("燃气公司").state == whistles.REPORTED
    assert len(one.muster().summons) == 3
    assert one.store.read(lambda r: r.find(Conflict)) == []
    one.close(), other.close()


def meet(giver: Hall, taker: Hall) -> None:
    """What one wrote reaches the other."""
    taker.desk.receive(giver.store.read(lambda r: lines.unsent(r, giver.desk.origin, 0)))


def test_the_centre_checks_it_and_calls_another_where_one_is_wrong(hall: Hall) -> None:
    start, whistle = Ms(hall.clock.at + 10), hall.blow().whistle
    clock = whistles.check_clock(whistle)
    assert clock is not None and clock.due == start + 2 * MINUTE
    hall.clock.at += HOUR
    wrong = hall.of("住建局").id
    hall.do(reroute, summons=wrong, department="城管局", reason="占道归城管")
    states = {s.department: s.state for s in hall.muster().summons}
    assert states == {"燃气公司": whistles.SUMMONED, "住建局": whistles.REROUTED,
                      "城管局": whistles.SUMMONED}  # fmt: skip
    _, report = whistles.clocks(hall.of("城管局"))
    assert report.due == hall.clock.at + 30 * MINUTE, "its time begins when it is called"
    told = hall.tally()
    assert (told.summoned, told.refused) == (2, 0), "the wrong one is neither late nor refused"
    again = {"summons": hall.of("燃气公司").id, "department": "城管局", "reason": "再改"}
    assert hall.refused(reroute, **again) == "missing"
    assert hall.refused(reroute, **{**again, "department": "燃气公司"}) == "missing"
    hall.do(check_whistle, whistle=whistle.id)
    now = hall.muster()
    assert (now.whistle.state, now.blown, now.whistle.checked_by) == (whistles.CHECKED, True, "陈")
    assert whistles.check_clock(now.whistle) is None
    assert hall.refused(check_whistle, whistle=whistle.id) == "state"
    twice = Whistling("320281001", "emergency", ("公安局",), event="e1")
    assert hall.refused(blow, whistling=twice) == "whistled", "a checked one stands"
    assert hall.act(check_in, "城管局").state == whistles.REPORTED
    hall.do(summon, whistle=whistle.id, departments=["住建局"])
    assert hall.of("住建局").state == whistles.SUMMONED, "the wrong one may be right later"


def test_what_was_no_matter_to_whistle_for_is_returned_and_nobody_comes(hall: Hall) -> None:
    whistle = hall.blow("燃气公司", "住建局").whistle.id
    hall.act(check_in, "燃气公司")
    hall.do(return_whistle, whistle=whistle, reason="镇里自己能办")
    now = hall.muster()
    assert (now.whistle.state, now.whistle.result, now.blown) == (
        whistles.RETURNED, "镇里自己能办", False,
    )  # fmt: skip
    assert {s.department: s.state for s in now.summons} == {
        "燃气公司": whistles.RELEASED, "住建局": whistles.REROUTED,
    }  # fmt: skip
    assert hall.refused(check_in, summons=hall.of("住建局").id) == "state"
    assert hall.tally().summoned == 1
    hall.blow("公安局")


def test_a_check_does_not_bring_back_what_ended_elsewhere(tmp_path: Path) -> None:
    one, other = Hall(tmp_path / "a"), Hall(tmp_path / "b", "p1")
    whistle = one.blow().whistle.id
    meet(one, other)
    one.do(end_whistle, whistle=whistle, solved="solved", result="好了")
    other.clock.at += HOUR
    other.do(check_whistle, whistle=whistle)
    meet(one, other)
    meet(other, one)
    assert one.muster() == other.muster() and one.muster().whistle.state == whistles.ENDED
    one.close(), other.close()
