"""Studies by date: when one is due, that it is drafted once in the city, and that it waits."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, StillClock, an_event
from halls import Hall

from commandwall import codes, studies
from commandwall.clock import DAY, HOUR, MINUTE, Ms, day, day_start, from_datetime, to_datetime
from commandwall.codes import Code
from commandwall.reports import schedule, study
from commandwall.reports.schedule import Job, Scheduling
from commandwall.reports.speech import Speech
from commandwall.store import lines, sight
from commandwall.store.sight import Sight
from commandwall.store.store import Refused
from commandwall.store.tables import Conflict
from commandwall.studies import GIVEN, LEFT, MISSED, WAITING, Drafted, ScheduledStudy, Study

EVENTS = [
    an_event(id=f"e{n}", source_id=f"s{n}", area="t1", reported_at=Ms(NOW - n * HOUR),
             received_at=Ms(NOW - n * HOUR))
    for n in range(60)
]  # fmt: skip
DAILY = codes.load("study_schedule")["daily"]


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path / "a", EVENTS)
    yield made
    made.desk.close()
    made.store.close()


def told(at: Ms | None) -> str:
    return f"{to_datetime(at):%Y-%m-%d %H:%M}" if at is not None else ""


def at(on: str, hour: int) -> Ms:
    zone = to_datetime(Ms(0)).tzinfo
    return from_datetime(datetime.combine(date.fromisoformat(on), time(hour), zone))


def row(**facts: Any) -> Code:
    return dataclasses.replace(DAILY, facts={**DAILY.facts, **facts})


def test_it_is_due_at_its_time_of_its_days() -> None:
    for now, found, expected in (
        (at("2026-11-27", 9), DAILY, "2026-11-27 08:00"),
        (at("2026-11-27", 7), DAILY, "2026-11-26 08:00"),
        (at("2026-11-27", 9), row(weekdays=[1]), "2026-11-23 08:00"),  # 27 is a Friday
        (at("2026-11-30", 7), row(weekdays=[1]), "2026-11-23 08:00"),
        (at("2026-11-30", 8), row(weekdays=[1]), "2026-11-30 08:00"),
        (at("2026-11-27", 9), row(days=[1]), "2026-11-01 08:00"),
        (at("2026-12-30", 9), row(days=[31]), ""),
    ):
        assert told(next(studies.dues(found, now), None)) == expected


def due(hall: Hall, now: Ms, known: Ms | None = None) -> list[Job]:
    folder, until = hall.store.folder, now if known is None else known
    return hall.store.read(lambda r: schedule.due(r, folder, until, now, "zh"))


def daily(jobs: list[Job]) -> list[Job]:
    return [job for job in jobs if job.schedule == "daily"]


def eight(now: Ms = NOW) -> Ms:
    return next(studies.dues(DAILY, now))


def test_a_station_drafts_what_it_knows_and_in_its_turn(hall: Hall) -> None:
    spread, late = codes.limit("study_spread_minutes"), codes.limit("study_late_hours")
    first, due_at = eight(), eight()
    (job,) = daily(due(hall, Ms(due_at + int(spread) * MINUTE)))
    assert job.due == first and job.asked.scope.until == day_start(due_at)
    assert daily(due(hall, Ms(due_at - MINUTE))) != [job]
    assert not daily(due(hall, Ms(due_at + HOUR), known=Ms(due_at - 1))), "the city is behind"
    assert daily(due(hall, Ms(due_at + HOUR), known=due_at))
    turns = {schedule.turn(f"station {n}", job.id, day(due_at)) for n in range(60)}
    assert len(turns) == spread and max(turns) < spread * MINUTE
    monthly = [j for j in due(hall, NOW) if j.schedule == "monthly"]
    assert monthly == [] and late * HOUR < 26 * DAY, "what was due long ago is left"


def test_a_town_drafts_nothing_of_the_city(hall: Hall) -> None:
    sight.write(hall.store.folder, Sight(area="t1"))
    assert due(hall, Ms(eight() + HOUR)) == []


class Now(StillClock):
    """A clock at a moment."""

    def __init__(self, moment: Ms) -> None:
        super().__init__()
        self.at = moment


def draft(hall: Hall, now: Ms) -> list[ScheduledStudy]:
    """A look of the agent, with the child that counts."""
    clock = Now(now)
    Scheduling(hall.desk, clock, lambda: now, "zh").look()
    return found(hall)


def found(hall: Hall) -> list[ScheduledStudy]:
    return hall.store.read(lambda r: r.find(ScheduledStudy))


def test_it_drafts_itself_once_and_waits(hall: Hall, tmp_path: Path) -> None:
    now = Ms(eight() + HOUR)
    (made,) = draft(hall, now)
    assert (made.state, made.schedule, made.due, made.as_of) == (WAITING, "daily", eight(), eight())
    job = schedule._job(DAILY, eight(), "zh")
    again = hall.store.read(lambda r: study.draft(r, job.asked, job.due, Speech.of("zh")))
    assert made.rows == again.rows == 24 and json.loads(made.counts) == again.counts()
    assert draft(hall, Ms(now + HOUR)) == [made], "the next look finds it there"
    assert hall.store.read(lambda r: r.find(Study)) == [], "nothing went out"
    # Another station that was cut off drafts the same: one record, and no conflict.
    other = Hall(tmp_path / "b", EVENTS[:30])
    (theirs,) = draft(other, now)
    assert theirs.id == made.id and theirs.rows != made.rows
    for a, b in ((hall, other), (other, hall)):
        b.desk.receive(a.store.read(lambda r, a=a: lines.unsent(r, a.desk.origin, 0)))
    assert found(hall) == found(other) and len(found(hall)) == 1
    assert hall.store.read(lambda r: r.find(Conflict)) == []
    other.desk.close()
    other.store.close()


def test_what_no_agent_could_draft_within_its_day_is_told_until_a_person_settles_it(
    hall: Hall, tmp_path: Path
) -> None:
    first = eight()
    (made,) = draft(hall, Ms(first + HOUR))
    back = Ms(first + 3 * DAY + HOUR)  # all agents were away for two days
    behind = hall.store.read(lambda r: schedule.missed(r, hall.store.folder, first, back))
    assert behind == [], "what others did meanwhile is not known yet"
    told = draft(hall, back)
    lost = [one for one in studies.waiting(told) if one.state == MISSED]
    assert [(one.schedule, one.due) for one in lost] == [
        ("daily", Ms(first + n * DAY)) for n in (1, 2)
    ]  # fmt: skip
    assert [one.id for one in studies.waiting(told)][:1] == [made.id]
    assert {one.id for one in draft(hall, Ms(back + MINUTE))} >= {one.id for one in told}
    assert len([one for one in found(hall) if one.state == MISSED]) == 2, "each once"
    stated = Drafted("day", "day", ["total"], "日报", lost[0].scope, lost[0].as_of, 3, {})
    hall.do(studies.issue_study, drafted=stated, purpose="会商", scheduled=lost[0].id,
            files=[("0" * 64, "日报.pdf")])  # fmt: skip
    hall.do(studies.leave_scheduled, scheduled=lost[1].id, reason="停机")
    assert not [one for one in studies.waiting(found(hall)) if one.state == MISSED]
    # One that was cut off drafted it: that counts, whoever hears of it later.
    other = Hall(tmp_path / "b", EVENTS[:30])
    draft(other, Ms(first + HOUR))
    late = draft(other, Ms(first + 5 * DAY - HOUR))
    (theirs,) = [one for one in late if one.due == first + 4 * DAY]
    third = Hall(tmp_path / "c", EVENTS[:30])
    draft(third, Ms(first + HOUR))
    draft(third, Ms(first + 6 * DAY))
    assert theirs.id in {one.id for one in found(third) if one.state == MISSED}
    third.desk.receive(other.store.read(lambda r: lines.unsent(r, other.desk.origin, 0)))
    assert [one.state for one in found(third) if one.id == theirs.id] == [WAITING]
    assert third.store.read(lambda r: r.find(Conflict)) == []
    for one in (other, third):
        one.desk.close()
        one.store.close()


def test_a_person_gives_it_out_or_says_why_not_and_only_once(hall: Hall) -> None:
    (made,) = draft(hall, Ms(eight() + HOUR))
    stated = Drafted("day", "day", ["total"], "日报", made.scope, made.as_of, made.rows, {})
    given = {"drafted": stated, "purpose": "会商", "files": [("0" * 64, "日报.pdf")],
             "scheduled": made.id}  # fmt: skip
    hall.do(studies.issue_study, **given)
    (went,) = hall.store.read(lambda r: r.find(Study))
    (now,) = found(hall)
    assert (now.state, now.study, now.by) == (GIVEN, went.id, "陈")
    left = {"scheduled": made.id, "reason": "晚了"}
    for act, args in ((studies.issue_study, given), (studies.leave_scheduled, left)):
        with pytest.raises(Refused) as why:
            hall.do(act, **args)
        assert why.value.reason.code == "state"
    assert len(hall.store.read(lambda r: r.find(Study))) == 1


def test_what_is_left_has_a_reason(hall: Hall) -> None:
    (made,) = draft(hall, Ms(eight() + HOUR))
    with pytest.raises(Refused):
        hall.do(studies.leave_scheduled, scheduled=made.id, reason=" ")
    hall.do(studies.leave_scheduled, scheduled=made.id, reason="节日不报")
    assert [(s.state, s.reason) for s in found(hall)] == [(LEFT, "节日不报")]
    assert studies.waiting(found(hall)) == []
