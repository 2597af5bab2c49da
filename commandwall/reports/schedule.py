"""Studies that draft themselves by date, and wait for a person: the agent's part, and the child
that counts.

    python -m commandwall.reports.schedule FOLDER ASKED

Rows of the list `study_schedule` say which and when. Each station finds by itself what is due, one
after the other by its name: what the first one drafted the others find there. None is ever sent.
What none could draft in time is noted as that, and a person has it drafted or says why not.
"""

from __future__ import annotations

import json
import logging
import sys
import uuid
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from commandwall import codes, exercise, platform, studies
from commandwall.beside import Beside
from commandwall.clock import HOUR, MINUTE, Clock, Ms, day
from commandwall.codes import Code
from commandwall.desk import Desk
from commandwall.errand import Question, end_with_starter, say
from commandwall.reports import study
from commandwall.reports.speech import Speech
from commandwall.reports.study import Asked
from commandwall.store import sight, space
from commandwall.store.store import Reader, Refused, Store
from commandwall.studies import MISSED, WAITING, ScheduledStudy, Scope

log = logging.getLogger(__name__)
LIST = "study_schedule"
LOOK_S, STEP_S = 30.0, 0.5
"""Between two looks at what is due, and at a child. The first one waits as long: the start has the
machine for itself."""
Known = Callable[[], Ms]
"""Until when the city is known here; 0 while its past is not there."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is drafted: of a row that was due."""

    id: str
    schedule: str
    due: Ms
    asked: Asked
    lang: str


def due(reader: Reader, folder: Path, known: Ms, now: Ms, lang: str) -> list[Job]:
    """What this station drafts now: was due of late (`study_late_hours`), is nowhere yet, lies
    within its area, and of a time that it knows. Its turn comes within `study_spread_minutes`."""
    if exercise.of(folder) is not None:
        return []
    on, late = day(now), codes.limit("study_late_hours", day(now)) * HOUR
    origin, area = reader.setting("origin"), sight.read(folder).area
    found: dict[str, Job] = {}
    for row in codes.load(LIST, on).values():
        at = next(studies.dues(row, now), None)
        if at is None or now - at > late or known < at or not _within(row, area):
            continue
        job = _job(row, at, lang)
        if now - at >= turn(origin, job.id, on):
            found[job.id] = job
    return _not_there(reader, found)


def missed(reader: Reader, folder: Path, known: Ms, now: Ms) -> list[ScheduledStudy]:
    """What no station drafted while it could, since this one looks: of a time until which the city
    is known, else one that was cut off would tell of what others drafted."""
    if exercise.of(folder) is not None:
        return []
    since = int(reader.setting(studies.LOOKS_SINCE) or now)
    on, origin, area = day(now), reader.setting("origin"), sight.read(folder).area
    late, found = int(codes.limit("study_late_hours", on) * HOUR), dict[str, Job]()
    for row in codes.load(LIST, on).values():
        for at in studies.dues(row, now) if _within(row, area) else ():
            job = _job(row, at, "")
            over = at + late + turn(origin, job.id, on)
            if since <= at and over < min(now, known):
                found[job.id] = job
    return [_record(job, MISSED) for job in _not_there(reader, found)]


def _not_there(reader: Reader, found: Mapping[str, Job]) -> list[Job]:
    held = {one.id for one in reader.many(ScheduledStudy, list(found))}
    return [job for key, job in found.items() if key not in held]


def turn(origin: str, job: str, on: Any) -> int:
    """After how many milliseconds a station begins: each its own of these minutes, so that one
    drafts and the others find it there."""
    minutes = max(1, int(codes.limit("study_spread_minutes", on)))
    return uuid.uuid5(studies.NAMESPACE, f"{origin}|{job}").int % minutes * MINUTE


def _within(row: Code, area: str) -> bool:
    return str(row.facts.get("area", "")).startswith(area)


def _job(row: Code, at: Ms, lang: str) -> Job:
    facts = row.facts
    template = codes.load("study_template", day(at))[facts["template"]]
    since, until = studies.period(codes.load("study_period", day(at))[facts["period"]], at)
    scope = Scope(since, until, facts.get("area", ""), facts.get("cls", ""))
    asked = Asked(facts["kind"], template.id, template.facts["blocks"], scope)
    return Job(studies.scheduled_id(row.id, at), row.id, at, asked, lang)


class Counting(Question):
    """A draft that is being counted; `answer` is the record that waits, or why there is none."""

    def __init__(self, folder: Path, job: Job) -> None:
        self._job = job
        told = json.dumps(asdict(job), ensure_ascii=False)
        super().__init__("commandwall.reports.schedule", [str(folder), told], self._made)

    def _made(self, said: dict[str, Any]) -> ScheduledStudy | Refused:
        if "why" in said:
            return Refused(said["why"])
        return _record(self._job, WAITING, int(said["rows"]), said["counts"])


def _record(job: Job, state: str, rows: int = 0, counts: str = "") -> ScheduledStudy:
    scope, asked = job.asked.scope, job.asked
    return ScheduledStudy(
        job.id, job.schedule, job.due, state, asked.kind, asked.template, scope.since, scope.until,
        scope.area, scope.cls, job.due, rows, counts, "", "", Ms(0), "", "",
    )  # fmt: skip


class Scheduling(Beside):
    """Drafts what is due, one at a time."""

    every_s = LOOK_S

    def __init__(self, desk: Desk, clock: Clock, known: Known, lang: str) -> None:
        super().__init__("schedule")
        self._desk, self._clock, self._known, self._lang = desk, clock, known, lang
        self._refused: set[str] = set()
        """What cannot be drafted: it is not tried each half minute."""

    def look(self) -> None:
        """Draft the first that is due; the others have their turn at the next looks."""
        folder, now, known = self._desk.folder, self._clock.now(), self._known()
        if space.is_full(folder):
            return
        if not self._desk.ask(lambda r: r.setting(studies.LOOKS_SINCE)).result():
            self._desk.run(studies.begin_looking, {}, local=True)
        if lost := self._desk.ask(lambda r: missed(r, folder, known, now)).result():
            self._desk.run(studies.note_missed, {"missed": lost})
            log.warning("%d studies by date were not drafted in time", len(lost))
        found = self._desk.ask(lambda r: due(r, folder, known, now, self._lang)).result()
        job = next((one for one in found if one.id not in self._refused), None)
        if job is not None:
            self._draft(job)

    def _draft(self, job: Job) -> None:
        counting = Counting(self._desk.folder, job)
        while not counting.ended.wait(STEP_S):
            if self._halt.is_set():
                counting.stop()
        if counting.answer.cancelled():
            return
        if (why := counting.answer.exception()) is not None:
            log.warning("%s of %d was not drafted: %s", job.schedule, job.due, why)
            self._refused.add(job.id)
            return
        self._desk.run(studies.note_scheduled, {"scheduled": counting.answer.result()})
        log.info("%s drafted itself and waits for a person", job.schedule)


def counted(folder: Path, job: Job) -> dict[str, Any]:
    """In the child: how many rows there are, and the numbers, as a study keeps them."""
    with closing(Store(folder)) as store:
        draft = store.read(lambda r: study.draft(r, job.asked, job.due, Speech.of(job.lang)))
    counts: Mapping[str, Any] = draft.counts()
    return {"rows": draft.rows, "counts": json.dumps(counts, ensure_ascii=False)}


def main(folder: str, told: str) -> None:
    platform.stand_back(19)
    end_with_starter()
    try:
        say(counted(Path(folder), msgspec.json.decode(told.encode(), type=Job)))
    except Refused as why:
        say({"why": why.reason.code})


if __name__ == "__main__":
    main(*sys.argv[1:3])
