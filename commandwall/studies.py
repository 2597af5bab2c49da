"""Studies 研判报告: reports that this program drafted of the pool and a person gave out, and what
came of each.

A study is never written again. What it was made of stands here, so that it can be drafted anew; its
words stand in its files, whose hashes stand here too.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta

from commandwall import codes
from commandwall.clock import DAY, HOUR, Ms, day, day_start, from_datetime, to_datetime
from commandwall.codes import Code
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Refused, Tx
from commandwall.store.written import TITLE_LIMIT, listed, present, written

WAITING, GIVEN, LEFT, MISSED = "WAITING", "GIVEN", "DROPPED", "MISSED"
"""Rows of the code list scheduledstudy_state. MISSED: no agent could draft it within its day."""
OWED = (WAITING, MISSED)
"""A person gives it out, or says why not."""
LOOKS_SINCE = "schedules_since"
"""A setting of wall.db."""
DAYS_BACK = 32
"""How far back it is looked for when something was last due."""
NAMESPACE = uuid.UUID("7d7a5f0e-5f0b-4b53-9c0e-1f4b7a3d2c61")
"""Of the ids of what drafted itself."""


@dataclass(frozen=True, slots=True)
class Scope:
    """数据来源: of which events a study is; what is empty asks for nothing."""

    since: Ms
    until: Ms  # they were reported before it
    area: str = ""  # code of an area: it and all below
    cls: str = ""  # code list event_class
    source: str = ""  # code list event_source
    words: str = ""  # all of these stand in title, text or address
    state: str = ""  # code list event_state, as it is shown
    view: str = ""  # the saved view that these were taken from
    tag: str = ""  # code list event_tag

    @property
    def span(self) -> int:
        """Its length in milliseconds."""
        return self.until - self.since


@record(WALL)
@dataclass(frozen=True, slots=True)
class Study:
    """A study as it went out."""

    id: str
    kind: str  # code list study_kind
    template: str  # code list study_template
    blocks: str  # code list study_block, by commas, in their order
    title: str
    since: Ms
    until: Ms
    area: str
    cls: str
    source: str
    words: str
    state: str
    view: str
    as_of: Ms  # no event that came later is in it
    rows: int  # events of its period
    counts: str  # JSON: block -> what is counted -> the number that went out
    purpose: str
    files: str  # a line for each: SHA-256, two blanks, name
    at: Ms
    by: str
    post: str
    tag: str = ""

    @property
    def scope(self) -> Scope:
        return Scope(**{f.name: getattr(self, f.name) for f in fields(Scope)})


@record(WALL, index=("study",))
@dataclass(frozen=True, slots=True)
class StudyUse:
    """成果转化: who got a study, whether it was adopted, what came of it. The last one counts."""

    id: str
    study: str
    given_to: str
    outcome: str  # code list study_outcome
    text: str
    at: Ms
    by: str
    post: str


@record(
    WALL,
    index=("state",),
    meeting=Meeting(
        (), ("as_of", "rows", "counts", "changed_at", "by", "post"),
        {WAITING: frozenset({GIVEN, LEFT}), MISSED: frozenset({WAITING, GIVEN, LEFT})},
    ),
)  # fmt: skip
@dataclass(frozen=True, slots=True)
class ScheduledStudy:
    """A study that drafted itself by its date, and waits for a person; the same id from every
    station that drafts it."""

    id: str
    schedule: str  # code list study_schedule
    due: Ms
    state: str  # code list scheduledstudy_state
    kind: str  # code list study_kind
    template: str  # code list study_template
    since: Ms
    until: Ms
    area: str
    cls: str
    as_of: Ms
    rows: int
    counts: str  # JSON, as of a study
    study: str  # the one that was given out of it
    reason: str  # why it is not given out
    changed_at: Ms
    by: str
    post: str

    @property
    def scope(self) -> Scope:
        return Scope(self.since, self.until, self.area, self.cls)


@dataclass(frozen=True, slots=True)
class Drafted:
    """What a person gives out."""

    kind: str
    template: str
    blocks: Sequence[str]
    title: str
    scope: Scope
    as_of: Ms
    rows: int
    counts: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Standing:
    """A study, what came of it so far, and whether that is still owed."""

    study: Study
    use: StudyUse | None
    owed: bool


def standings(studies: Iterable[Study], uses: Iterable[StudyUse], now: Ms) -> list[Standing]:
    """All of them: first those whose outcome is owed (`study_outcome_days`), the oldest first, then
    the others, the newest first."""
    last: dict[str, StudyUse] = {}
    for use in sorted(uses, key=lambda use: (use.at, use.id)):
        last[use.study] = use
    made = [_standing(study, last.get(study.id), now) for study in studies]
    return sorted(made, key=lambda s: (not s.owed, s.study.at if s.owed else -s.study.at))


def _standing(study: Study, use: StudyUse | None, now: Ms) -> Standing:
    days = codes.limit("study_outcome_days", day(study.at))
    row = codes.once("study_outcome", use.outcome) if use is not None else None
    told = row is not None and bool(row.facts["final"])
    return Standing(study, use, not told and now - study.at > days * DAY)


def period(row: Code, now: Ms) -> tuple[Ms, Ms]:
    """From when until when a row of the list study_period goes, as seen at a moment: `hours` until
    now, `days` that are over, or `months` that are over; 0 of them: since the last began."""
    facts, today = row.facts, day_start(now)
    if hours := int(facts.get("hours", 0)):
        return Ms(now - hours * HOUR), now
    if "months" in facts:
        first = day(now).replace(day=1)
        this = _midnight(first, now)
        before = (first - timedelta(days=1)).replace(day=1)
        return (_midnight(before, now), this) if facts["months"] else (this, now)
    days = int(facts["days"])
    return (Ms(today - days * DAY), today) if days else (today, now)


def moment_of(typed: str, now: Ms) -> Ms | None:
    """The moment that a person typed, `2026-11-26` or `2026-11-26 08:00` by the city's clock; None
    for what is none."""
    try:
        at = datetime.fromisoformat(typed.strip())
    except ValueError:
        return None
    return from_datetime(at.replace(tzinfo=to_datetime(now).tzinfo))


def _midnight(on: date, now: Ms) -> Ms:
    return from_datetime(datetime.combine(on, time(), to_datetime(now).tzinfo))


# By date.


def dues(row: Code, now: Ms) -> Iterator[Ms]:
    """When a row of the list study_schedule was due within a month, the last time first: at `at` of
    each day, of its `weekdays` (1 Monday) or of its `days` of a month."""
    at, today = time.fromisoformat(row.facts["at"]), day(now)
    for ago in range(DAYS_BACK):
        on = today - timedelta(days=ago)
        due = from_datetime(datetime.combine(on, at, to_datetime(now).tzinfo))
        if due <= now and _falls_on(row, on):
            yield due


def _falls_on(row: Code, on: date) -> bool:
    weekdays, days = row.facts.get("weekdays", ()), row.facts.get("days", ())
    listed = on.isoweekday() in weekdays if weekdays else on.day in days if days else True
    return listed and row.id in codes.load("study_schedule", on)


def scheduled_id(schedule: str, due: Ms) -> str:
    """The same at every station."""
    return str(uuid.uuid5(NAMESPACE, f"{schedule}|{due}"))


def waiting(found: Iterable[ScheduledStudy]) -> list[ScheduledStudy]:
    """Those that wait for a person, the oldest first."""
    return sorted((s for s in found if s.state in OWED), key=lambda s: (s.due, s.id))


# Acts.


def note_scheduled(tx: Tx, scheduled: ScheduledStudy) -> None:
    """定时起草: the program drafted it and it waits; once in the city, however many stations find
    that it is due."""
    note_missed(tx, [scheduled])


def begin_looking(tx: Tx) -> None:
    """From now on this station knows what was not drafted in time; of before it does not."""
    tx.set(LOOKS_SINCE, str(tx.now))


def note_missed(tx: Tx, missed: Sequence[ScheduledStudy]) -> None:
    """到期未起草: these were due and nobody drafted them; what is there by now stays."""
    held = {one.id for one in tx.many(ScheduledStudy, [one.id for one in missed])}
    new = (one for one in missed if one.id not in held)
    tx.put(*(replace(one, changed_at=tx.now, by=tx.by, post=tx.post) for one in new))


def leave_scheduled(tx: Tx, scheduled: str, reason: str) -> None:
    """不出: it is not given out, and why."""
    now = present(tx, ScheduledStudy, scheduled, OWED, LEFT)
    reason = written("reason", reason)
    tx.put(replace(now, state=LEFT, reason=reason, changed_at=tx.now, by=tx.by, post=tx.post))


def issue_study(
    tx: Tx, drafted: Drafted, purpose: str, files: Sequence[tuple[str, str]], scheduled: str = ""
) -> None:
    """出报告: the files are made and wait, (SHA-256, name) each; they get their names once this is
    written. Refused("missing") without a purpose or a file, Refused("unknown") for a kind, template
    or block that is none. `scheduled`: the one that drafted itself and is this; Refused("state")
    where somebody gave it out meanwhile, or left it."""
    scope = drafted.scope
    listed(tx, "study_kind", drafted.kind)
    listed(tx, "study_template", drafted.template)
    known = codes.load("study_block", day(tx.now))
    if wrong := next((one for one in drafted.blocks if one not in known), ""):
        raise Refused("unknown", kind="study_block", id=wrong)
    names = "\n".join(f"{sha256}  {written('name', name, TITLE_LIMIT)}" for sha256, name in files)
    if not names:
        raise Refused("missing", field="file")
    key = str(uuid.uuid4())
    if scheduled:
        waits = present(tx, ScheduledStudy, scheduled, OWED, GIVEN)
        given = replace(waits, state=GIVEN, study=key, changed_at=tx.now)
        tx.put(replace(given, by=tx.by, post=tx.post))
    tx.put(
        Study(
            key, drafted.kind, drafted.template, ",".join(drafted.blocks),
            written("title", drafted.title, TITLE_LIMIT),
            **{f.name: getattr(scope, f.name) for f in fields(Scope)},
            as_of=drafted.as_of, rows=drafted.rows, counts=_counts(drafted),
            purpose=written("purpose", purpose, TITLE_LIMIT), files=names,
            at=tx.now, by=tx.by, post=tx.post,
        )
    )  # fmt: skip


def note_use(tx: Tx, study: str, given_to: str, outcome: str, text: str = "") -> None:
    """记成果: to whom it was given, whether they adopted it, what came of it."""
    present(tx, Study, study)
    listed(tx, "study_outcome", outcome)
    given_to = written("given_to", given_to, TITLE_LIMIT)
    words = written("text", text, needed=False)
    key = str(uuid.uuid4())
    tx.put(StudyUse(key, study, given_to, outcome, words, tx.now, tx.by, tx.post))


def counts_of(study: Study | ScheduledStudy) -> dict[str, dict[str, int]]:
    """The numbers that went out; none where another station wrote what is not theirs."""
    try:
        found = json.loads(study.counts)
    except ValueError:
        return {}
    blocks = found.items() if isinstance(found, dict) else ()
    return {str(key): dict(told) for key, told in blocks if isinstance(told, dict)}


def _counts(drafted: Drafted) -> str:
    """Refused("too_long") for more than a line of the journal should carry (`study_letters`)."""
    told = json.dumps(drafted.counts, ensure_ascii=False, separators=(",", ":"))
    if len(told) > (most := int(codes.limit("study_letters"))):
        raise Refused("too_long", field="counts", limit=most)
    return told
