"""The clock of a drill: each inject once at its scenario time, or skipped by name; whatever people
do to the clock, whatever real time does, and after a restart from any moment."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.drill_slow import SlowDrill
from commandwall import codes
from commandwall.clock import HOUR, MINUTE, SECOND, Ms
from commandwall.drill import drill_acts, drill_clock
from commandwall.drill.drill_acts import (
    ENDED,
    PAUSED,
    REAL,
    SENT,
    SKIPPED,
    DrillAct,
    Moment,
    Planned,
    Script,
    opened,
    saved,
)
from commandwall.drill.drill_clock import DrillClock, fold
from commandwall.drill.play import ClockAct
from commandwall.drill.score import Times

EXAMPLES = 5_000 if os.environ.get("COMMANDWALL_TEST_LONG") else 300
BRANCHES = {"valve": ("shut", "late"), "news": ("calm", "loud", "silent")}
WAYS = [("", ""), ("", ""), *((b, way) for b, ways in BRANCHES.items() for way in ways)]
DUES = st.none() | st.integers(0, 60_000).map(Moment)
NAMES = [f"i{n}" for n in range(6)]
KINDS = [*sorted(drill_clock.DOORS), *("gap", "resume", "resume", "choose", "choose", "unheard of")]


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    count = draw(st.integers(0, len(NAMES)))
    injects = tuple(
        Planned(name, draw(DUES), *draw(st.sampled_from(WAYS))) for name in NAMES[:count]
    )
    begins, latest = Moment(draw(st.sampled_from((0, 0, 9_000)))), Moment(80_000)
    return Script(injects, BRANCHES, begins, latest, slowest=100, fastest=60 * REAL)


@st.composite
def some_acts(draw: st.DrawFn) -> list[DrillAct]:
    """Acts at any times, also such that lie back; most drills are started first."""
    acts, at = [], 0
    for n in range(draw(st.integers(0, 14))):
        kind = "start" if n == 0 and draw(st.integers(0, 9)) else draw(st.sampled_from(KINDS))
        at = max(0, at + draw(st.integers(-3, 12)))
        branch = draw(st.sampled_from(list(BRANCHES)))
        subject = branch if kind == "choose" else draw(st.sampled_from([*NAMES, "free", "f2", ""]))
        acts.append(
            DrillAct(
                kind,
                Ms(at),
                draw(st.sampled_from(("王", "李"))),
                subject,
                draw(DUES),
                draw(st.sampled_from((0, 100, 700, REAL, 10 * REAL, 60 * REAL, 99_000))),
                draw(st.sampled_from((*BRANCHES[branch], "unheard of"))),
                draw(st.sampled_from(("", "来不及", "另有安排"))),
                draw(st.none() | st.integers(0, 100).map(Ms)) if kind == "gap" else None,
            )
        )
    return acts


def told(clock: DrillClock) -> dict[str, tuple[object, ...] | None]:
    """How each inject of the last run was settled."""
    names = {i.id for i in clock.script.injects} | {h.subject for h in clock.history}
    names -= set(clock.script.branches)
    found = {name: clock.outcome(name) for name in names}
    return {n: (h.position, h.what, h.cause, h.by, h.real) if h else None for n, h in found.items()}


@given(scripts(), some_acts(), st.integers(0, 200))
@settings(max_examples=EXAMPLES, deadline=None)
def test_it_comes_to_the_same_as_stepping_through_the_time(
    script: Script, acts: list[DrillAct], until: int
) -> None:
    clock, slow, refused = DrillClock(script), SlowDrill(script), []
    for act in acts:
        done = clock.do(act)
        refused.append(bool(done.refused))
    clock.advance(Ms(until))
    slow.play(acts, until)
    assert refused == slow.refused
    assert (clock.run, clock.status, clock.position, clock.rate, clock.real) == (
        slow.run, slow.status, slow.pos, slow.rate, slow.t,
    )  # fmt: skip
    assert told(clock) == {n: leaf.settled for n, leaf in slow.leaves.items()}
    assert {n: clock.due(n) for n in slow.leaves} == {n: x.due for n, x in slow.leaves.items()}


@given(scripts(), some_acts(), st.integers(0, 200))
@settings(max_examples=EXAMPLES, deadline=None)
def test_each_inject_comes_once_at_its_time_or_is_skipped_by_name(
    script: Script, acts: list[DrillAct], until: int
) -> None:
    """By what the history says, without a second clock beside it; the drill is ended at last."""
    end = DrillAct("end", Ms(until), "赵", why="时间到")
    clock = fold(script, [*acts, end])
    if clock.status != ENDED:
        assert not any(h.what == SENT for h in clock.history)  # it was never started
        return
    names = [i.id for i in script.injects]
    names += [h.subject for h in clock.history if h.what == "ADDED"]
    settled = [h for h in clock.history if h.what in (SENT, SKIPPED)]
    assert sorted(h.subject for h in settled) == sorted(names)
    for h in settled:
        if h.cause == "clock":
            assert h.position == clock.due(h.subject)
        elif h.what == SKIPPED and h.cause != "branch":
            assert h.by
            assert h.cause != "skip" or h.why
    positions = [h.position for h in clock.history if h.position >= script.begins]
    assert positions == sorted(positions)


@given(scripts(), some_acts(), st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_how_often_it_is_looked_at_changes_nothing(
    script: Script, acts: list[DrillAct], data: st.DataObject
) -> None:
    """What is kept of a drill that was played gives the same drill, also from its file."""
    played, kept = DrillClock(script), []
    for act in acts:
        for now in data.draw(st.lists(st.integers(0, 150), max_size=3)):
            played.advance(Ms(now))
        done = played.do(act)
        if not done.refused:
            kept.append(done.act)
    again = fold(script, opened(saved(kept)), played.real)
    assert told(again) == told(played)
    assert again.history == played.history
    assert again.runs == played.runs
    assert (again.run, again.status, again.position) == (
        played.run, played.status, played.position,
    )  # fmt: skip


@given(scripts(), some_acts(), st.lists(st.integers(0, 200), min_size=1, max_size=8))
@settings(max_examples=EXAMPLES, deadline=None)
def test_where_it_stood_at_any_moment_is_what_its_acts_up_to_then_come_to(
    script: Script, acts: list[DrillAct], moments: list[int]
) -> None:
    played, taken, begins = DrillClock(script), [], []
    for act in acts:
        done = played.do(act)
        begin = done.act.at if done.act.since is None else done.act.since
        if done.refused or done.act.at < begin:
            continue  # a clock that was set back gives two moments one name
        taken.append(_kept(len(taken) + 1, done.act))
        begins.append(begin)
    times = Times(script, taken)
    for at in moments:
        begun = [a.act for a, begin in zip(taken, begins, strict=True) if begin <= at]
        assert times.position(Ms(at)) == fold(script, begun, Ms(at)).position


def _kept(no: int, a: DrillAct) -> ClockAct:
    return ClockAct(str(no), no, a.kind, a.subject, a.to, a.rate, a.way, a.why, "", a.at, a.since,
                    a.by, "")  # fmt: skip


@given(scripts(), some_acts(), st.integers(0, 100_000))
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_restart_takes_over_what_was_before_its_moment_and_nothing_else(
    script: Script, acts: list[DrillAct], moment: int
) -> None:
    clock = fold(script, acts)
    before, run = list(clock.history), clock.run
    done = clock.do(DrillAct("restart", clock.real, "赵", to=Moment(moment)))
    if done.refused:
        assert clock.run == run
        return
    assert (clock.run, clock.status, clock.position) == (run + 1, PAUSED, moment)
    assert clock.history == [h for h in before if h.position < moment]
    assert clock.runs[-1] == tuple(before)
    for inject in clock.waiting():
        due = clock.due(inject)
        assert due is None or due >= moment


# The bugs of the field, one by one.


def minutes(n: float) -> Moment:
    return Moment(round(n * MINUTE) * REAL)


def real(n: float) -> Ms:
    return Ms(round(n * MINUTE))


def drill(*dues: float) -> DrillClock:
    """Started at real minute 0, with injects a, b, c ... at these minutes."""
    injects = tuple(Planned("abcdef"[n], minutes(due)) for n, due in enumerate(dues))
    clock = DrillClock(Script(injects))
    clock.do(DrillAct("start", Ms(0), "王"))
    return clock


def do(clock: DrillClock, at: float, kind: str, subject: str = "", **more: object) -> str:
    return clock.do(replace(DrillAct(kind, real(at), "王", subject), **more)).refused  # type: ignore[arg-type]


def sent(clock: DrillClock) -> list[tuple[str, float, float]]:
    """What was sent, at which minute of the scenario and of the real day."""
    return [
        (h.subject, h.position / REAL / MINUTE, h.real / MINUTE)
        for h in clock.history
        if h.what == SENT
    ]


def test_trigger_now_after_a_pause_means_now() -> None:
    """OpenAEV #1395: it came as much later as the pause had lasted; #897: it never came."""
    clock = drill(10, 50)
    do(clock, 5, "pause")
    do(clock, 35, "resume")
    assert do(clock, 36, "trigger", "b") == ""
    assert sent(clock) == [("b", 6, 36)]
    clock.advance(real(100))
    assert sent(clock) == [("b", 6, 36), ("a", 10, 40)]  # and b does not come once more


def test_trigger_now_comes_in_a_pause_too() -> None:
    clock = drill(10)
    do(clock, 5, "pause")
    do(clock, 9, "trigger", "a")
    assert sent(clock) == [("a", 5, 9)]


def test_the_first_inject_after_a_pause_comes() -> None:
    """OpenAEV #2282: it was lost as an error; #1637: after a long pause all came in one shot."""
    clock = drill(10, 20, 30)
    do(clock, 9, "pause")
    do(clock, 9 + 26 * 60, "resume")
    clock.advance(real(9 + 26 * 60 + 11.5))
    assert sent(clock) == [("a", 10, 1570), ("b", 20, 1580)]


def test_what_is_added_in_a_pause_is_not_too_old() -> None:
    """OpenAEV #2798: a copy of an inject, made in a pause, was refused as too old."""
    clock = drill(10)
    do(clock, 5, "pause")
    assert do(clock, 30, "insert", "copy of a", to=minutes(10)) == ""
    do(clock, 60, "resume")
    clock.advance(real(80))
    assert sent(clock) == [("a", 10, 65), ("copy of a", 10, 65)]


def test_a_restart_finds_the_scenario_as_it_was() -> None:
    """OpenAEV #265: trigger now changed the scenario; #5608: a reset changed nothing."""
    clock = drill(10, 20)
    do(clock, 1, "trigger", "b")
    do(clock, 2, "skip", "a", why="来不及")
    do(clock, 30, "restart", to=Moment(0))
    assert (clock.run, clock.waiting()) == (2, ["a", "b"])
    do(clock, 40, "resume")
    clock.advance(real(70))
    assert sent(clock) == [("a", 10, 50), ("b", 20, 60)]


def test_what_a_jump_passes_is_skipped_by_the_name_of_who_jumped() -> None:
    clock = drill(10, 20, 30)
    do(clock, 5, "jump", to=minutes(20), why="赶时间")
    passed = clock.outcome("a")
    assert passed is not None
    assert (passed.what, passed.by, passed.why) == (SKIPPED, "王", "赶时间")
    assert sent(clock) == [("b", 20, 5)]


def test_a_restart_between_two_that_were_jumped_over_brings_the_later_one() -> None:
    clock = drill(10, 20)
    do(clock, 5, "jump", to=minutes(40))
    do(clock, 6, "restart", to=minutes(15))
    assert clock.waiting() == ["b"]


def test_a_step_goes_on_to_the_next_inject_and_stands_there() -> None:
    clock = drill(10, 10, 20)
    do(clock, 1, "pause")
    do(clock, 2, "step")
    assert sent(clock) == [("a", 10, 2), ("b", 10, 2)]
    clock.advance(real(600))
    assert len(sent(clock)) == 2
    assert do(clock, 601, "step") == ""
    assert do(clock, 602, "step") == "nothing_left"


def test_a_branch_goes_its_way_and_says_who_chose() -> None:
    ways = ("shut", "late")
    injects = tuple(Planned(way, minutes(5), "valve", way) for way in ways)
    clock = DrillClock(Script(injects, {"valve": ways}))
    do(clock, 0, "start")
    do(clock, 1, "choose", "valve", way="late", why="没关上")
    clock.advance(real(9))
    assert [name for name, *_ in sent(clock)] == ["late"]
    other = clock.outcome("shut")
    assert other is not None
    assert (other.what, other.cause, other.by, other.why) == (SKIPPED, "branch", "王", "没关上")


@pytest.mark.parametrize(("rate", "ends_s"), [(100, 36_000), (REAL, 3_600), (60 * REAL, 60)])
def test_an_hour_takes_as_long_as_its_rate_says_to_the_millisecond(rate: int, ends_s: int) -> None:
    clock = DrillClock(Script((Planned("a", minutes(60)),), rate=rate))
    do(clock, 0, "start")
    assert clock.next_at() == ends_s * SECOND
    clock.advance(Ms(ends_s * SECOND - 1))
    assert sent(clock) == []
    clock.advance(Ms(ends_s * SECOND))
    assert [name for name, *_ in sent(clock)] == ["a"]


def test_a_thousand_changes_of_the_rate_lose_nothing() -> None:
    """A rate that does not divide evenly, changed at odd milliseconds."""
    clock = DrillClock(Script((Planned("a", Moment(10**9)),)))
    do(clock, 0, "start")
    whole = 0
    for n in range(1, 1000):
        whole += 7 * clock.rate
        clock.do(DrillAct("rate", Ms(7 * n), "王", rate=100 + n))
    assert clock.position == whole


def test_a_computer_that_slept_or_was_set_back_moves_no_inject() -> None:
    clock = drill(10, 20, 30)
    clock.advance(real(5))
    clock.do(DrillAct("gap", real(5 + 8 * 60), ""))  # it slept for eight hours
    clock.advance(real(5 + 8 * 60 + 5))
    assert sent(clock) == [("a", 10, 490)]
    clock.do(DrillAct("gap", real(100), "", since=real(495)))  # and was set back at minute 495
    clock.advance(real(105))
    assert sent(clock) == [("a", 10, 490), ("b", 20, 105)]
    clock.advance(real(50))  # a look that lies back brings nothing
    assert clock.next_at() == real(115)


def test_who_comes_late_is_shown_what_was_sent() -> None:
    clock = drill(10, 20)
    do(clock, 12, "join", "p4")
    assert [(j.post, j.missed, j.position) for j in clock.joined] == [("p4", ("a",), minutes(12))]
    clock.advance(real(60))
    assert len(sent(clock)) == 2


def test_saved_it_goes_on_tomorrow_from_its_file() -> None:
    clock, kept = DrillClock(Script((Planned("a", minutes(10)),))), []
    for act in (DrillAct("start", Ms(0), "王"), DrillAct("save", real(9), "王")):
        kept.append(clock.do(act).act)
    tomorrow = real(9 + 24 * 60)
    again = fold(clock.script, opened(saved(kept)), tomorrow)
    assert again.position == minutes(9)
    again.do(DrillAct("resume", tomorrow, "李"))
    again.advance(Ms(tomorrow + HOUR))
    assert sent(again) == [("a", 10, 10 + 24 * 60)]


@pytest.mark.parametrize("kept", [b"", b"{}", b'[{"kind": 1}]', b"\xff", b'[{"kind":"x","at":1}]'])
def test_a_file_that_is_something_else_is_refused(kept: bytes) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        opened(kept)


def test_every_refusal_and_every_act_has_its_words() -> None:
    said = set(refusals())
    assert said <= set(codes.load("drill_refusal"))
    assert {*drill_clock.DOORS, drill_acts.GAP} == set(codes.load("drill_act"))
    assert len(said) > 12


def refusals() -> Sequence[str]:
    """One of each that a person can meet."""
    clock = DrillClock(Script((Planned("a", minutes(10)), Planned("b")), latest=minutes(90)))
    found = [do(clock, 0, "pause"), do(clock, 0, "wink"), do(clock, 0, "start")]
    found += [do(clock, 1, "start"), do(clock, 1, "step"), do(clock, 1, "rate", rate=-1)]
    found += [do(clock, 1, "skip", "a"), do(clock, 1, "skip", "x"), do(clock, 1, "jump")]
    found += [do(clock, 1, "jump", to=minutes(1)), do(clock, 1, "jump", to=minutes(91))]
    found += [do(clock, 1, "restart", to=minutes(2)), do(clock, 1, "restart", to=minutes(-1))]
    found += [do(clock, 1, "insert", "a"), do(clock, 1, "insert", "x", to=minutes(0.5))]
    found += [do(clock, 1, "choose", "x"), do(clock, 1, "postpone", "a", to=minutes(9))]
    assert do(clock, 2, "trigger", "a") == ""
    found += [do(clock, 2, "trigger", "a"), do(clock, 2, "pause"), do(clock, 2, "pause")]
    found += [do(clock, 2, "step"), do(clock, 2, "end"), do(clock, 2, "resume")]
    return [reason for reason in found if reason]
