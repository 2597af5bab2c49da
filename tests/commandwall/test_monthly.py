"""每月一题: who may be chosen, what a topic goes through, and how it goes before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, an_event
from halls import Hall as Station

from commandwall import candidates, monthly
from commandwall.candidates import Candidate
from commandwall.clock import DAY, HOUR, MINUTE, Ms
from commandwall.events import Event
from commandwall.monthly import Choosing, Measure, MonthlyTopic
from commandwall.store import lines
from commandwall.store.tables import Conflict
from widgets import conflict as shown

MONTH = candidates.month_of(NOW)
CHOOSING = Choosing("noise", "夜间施工噪音", "城管局")


def event(key: str, at: int, **more: Any) -> Event:
    facts = {"area": "t1", "cls": "noise", "phone": key}
    return an_event(id=key, reported_at=Ms(at), **{**facts, **more})


def pool() -> list[Event]:
    """In the month before noise and light the same; in this one noise twice as much, of three
    people who call again, in two towns."""
    rows = [
        event(f"b{n}", MONTH - n * DAY - HOUR, cls=("noise", "light")[n % 2]) for n in range(28)
    ]
    rows += [event(f"l{n}", MONTH + n * DAY + HOUR, cls="light") for n in range(8)]
    rows += [
        event(f"n{n}", MONTH + n * 12 * HOUR + MINUTE, area=f"t{1 + n % 2}", phone=f"p{n % 13}")
        for n in range(16)
    ]
    return rows


class Hall(Station):
    """One that chooses topics."""

    def topic(self) -> MonthlyTopic:
        (found,) = self.store.read(lambda r: r.find(MonthlyTopic))
        return found

    def measure(self) -> Measure:
        (found,) = self.store.read(lambda r: r.find(Measure))
        return found


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path / "a", pool())
    yield made
    made.close()


def test_candidates_are_told_with_all_that_speaks_for_them(hall: Hall) -> None:
    noise, light = hall.store.read(lambda r: candidates.of_month(r, NOW))
    days = (NOW - MONTH) / DAY
    assert (noise.cls, noise.n, noise.towns, noise.again) == ("noise", 16, 2, 3)
    assert noise.usual == pytest.approx(14 * days / 31, abs=0.1)
    assert (light.cls, light.n, light.towns, light.again) == ("light", 8, 1, 0)


def test_the_ranks_of_all_four_count_and_not_the_number_alone() -> None:
    many = Candidate("consult", 900, 900, 0, 3, 1)
    risen = Candidate("noise", 200, 60, 150, 12, 40)
    assert [c.cls for c in candidates.ranked([many, risen])] == ["noise", "consult"]
    assert candidates.ranked([]) == []


def test_a_topic_from_its_choice_to_its_result(hall: Hall) -> None:
    hall.do(monthly.choose_topic, choosing=CHOOSING)
    topic = hall.topic()
    assert (topic.month, topic.state, topic.lead) == ("2026-11", "CHOSEN", "城管局")
    assert hall.refused(monthly.choose_topic, choosing=CHOOSING) == "topic_chosen"
    assert hall.refused(monthly.choose_topic, choosing=replace(CHOOSING, cls="x")) == "unknown"
    assert hall.refused(
        monthly.choose_topic, choosing=replace(CHOOSING, cls="light", lead=" ")
    ) == ("missing")
    planned = {"topic": topic.id, "task": "夜间联合巡查", "lead": "城管局"}
    assert hall.refused(monthly.add_measure, **planned, days=0) == "days"
    hall.do(monthly.add_measure, **planned, days=10)
    measure = hall.measure()
    assert 10 * DAY < measure.due - NOW < 11 * DAY
    assert hall.refused(monthly.close_topic, topic=topic.id, result="下降") == "topic_open"
    hall.do(monthly.finish_measure, measure=measure.id, result="查处 12 起")
    assert hall.refused(monthly.drop_measure, measure=measure.id, reason="不做") == "state"
    hall.do(monthly.redo_measure, measure=measure.id, reason="又有投诉")
    hall.do(monthly.drop_measure, measure=measure.id, reason="并入日常")
    hall.do(monthly.close_topic, topic=topic.id, result="下降三成")
    assert (hall.topic().state, hall.topic().result) == ("CLOSED", "下降三成")
    assert hall.refused(monthly.add_measure, **planned, days=3) == "state"
    hall.do(monthly.reopen_topic, topic=topic.id, reason="反弹")
    assert hall.topic().ended_at is None
    hall.do(monthly.drop_topic, topic=topic.id, reason="选错")
    assert hall.topic().state == "DROPPED"
    assert hall.refused(monthly.close_topic, topic="?", result="无") == "unknown"


def test_before_and_after_are_counted_from_the_choice(hall: Hall) -> None:
    hall.clock.at = MONTH + 4 * DAY
    hall.do(monthly.choose_topic, choosing=CHOOSING)
    topic = hall.topic()
    course = hall.store.read(lambda r: candidates.course(r, topic, NOW))
    at = [e.reported_at for e in pool() if e.cls == "noise"]
    assert course.n_before == sum(-30 * DAY <= t - topic.chosen_at < 0 for t in at)
    assert course.n_after == sum(t >= topic.chosen_at for t in at) == 8
    assert sum(course.weeks[course.before :]) == course.n_after
    assert course.as_before == pytest.approx(8 * 30 / ((NOW - topic.chosen_at) / DAY))
    ended = replace(topic, state="CLOSED", ended_at=Ms(topic.chosen_at + 2 * DAY))
    short = hall.store.read(lambda r: candidates.course(r, ended, NOW))
    assert (short.n_after, short.days_after) == (4, 2)
    new = hall.store.read(lambda r: candidates.course(r, replace(topic, chosen_at=NOW), NOW))
    assert new.as_before is None


def test_what_ended_long_ago_leaves_the_board() -> None:
    topic = MonthlyTopic("2026-05:noise", "2026-05", "noise", "噪音", "城管局", "CLOSED", "好转",
                         Ms(NOW - 150 * DAY), Ms(NOW - 100 * DAY), NOW, "", "")  # fmt: skip
    late = replace(topic, id="2026-10:noise", ended_at=Ms(NOW - DAY))
    open_ = replace(topic, id="2026-11:noise", state="CHOSEN", ended_at=None)
    assert monthly.board([topic, late, open_], NOW) == [open_, late]


def test_two_stations_that_choose_the_same_have_chosen_once(tmp_path: Path) -> None:
    """What one finished and the other dropped unseen a person decides."""
    one, other = Hall(tmp_path / "a", []), Hall(tmp_path / "b", [])
    for hall in (one, other):
        hall.do(monthly.choose_topic, choosing=CHOOSING)
    meet(one, other), meet(other, one)
    topic = one.topic()
    assert other.topic() == topic
    one.do(monthly.add_measure, topic=topic.id, task="巡查", lead="城管局", days=3)
    meet(one, other)
    one.do(monthly.finish_measure, measure=one.measure().id, result="已查")
    other.do(monthly.drop_measure, measure=one.measure().id, reason="不做")
    meet(one, other), meet(other, one)
    for hall in (one, other):
        (conflict,) = hall.store.read(lambda r: r.find(Conflict))
        assert shown.version("measure", conflict.kept).startswith("已")
        hall.close()


def meet(giver: Hall, taker: Hall) -> None:
    taker.desk.receive(giver.store.read(lambda r: lines.unsent(r, giver.desk.origin, 0)))
