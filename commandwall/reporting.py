"""Reports 首报 / 续报 / 终报: what is told upward of an incident, to whom, and by when.

What was sent stays as it was (迟报 谎报 瞒报 漏报 are forbidden): another version is another
record, which names what differs. Clocks and elements: domain/standards 1.5.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace
from datetime import date

from commandwall import codes, exercise
from commandwall.clock import MINUTE, SECOND, Ms, day
from commandwall.incidents import Incident
from commandwall.store.schema import WALL, record
from commandwall.store.store import Refused, Tx
from commandwall.store.written import TITLE_LIMIT, present, written

FIRST, FOLLOW, FINAL = "first", "follow", "final"
KINDS = (FIRST, FOLLOW, FINAL)
PHONE = "phone"
"""A step of the clocks: the first word by telephone."""
DRAFT, SENT = "DRAFT", "SENT"
UNDECIDED = 9
"""Milder than any grade."""


@dataclass(frozen=True, slots=True)
class Elements:
    """What a report says, each element as it is written in it."""

    received: str = ""  # 接报时间
    source: str = ""  # 信息来源
    happened: str = ""  # 事发时间
    place: str = ""  # 地点
    nature: str = ""  # 性质
    extent: str = ""  # 影响范围
    people: str = ""  # 人员伤亡
    damage: str = ""  # 财产损失
    trend: str = ""  # 发展趋势
    leaders: str = ""  # 领导到位情况
    measures: str = ""  # 已采取措施
    advice: str = ""  # 建议


ELEMENTS = tuple(f.name for f in fields(Elements))
NEEDED = ("place", "nature")
"""Without these nothing is sent; what else is not known yet is told as such."""


@record(WALL, index=("incident",))
@dataclass(frozen=True, slots=True)
class Report:
    """A report upward; `SENT` ones are never written again."""

    id: str
    incident: str
    kind: str  # first, follow, final
    no: int  # of the follow-ups: 1 for 续报一; 0 for the others
    version: int  # 1, then 2 for what corrects it
    state: str  # DRAFT, SENT
    received: str
    source: str
    happened: str
    place: str
    nature: str
    extent: str
    people: str
    damage: str
    trend: str
    leaders: str
    measures: str
    advice: str
    filled: str  # comma separated: elements that nobody typed
    before: str  # the report sent before it
    changed: str  # comma separated: elements that differ from that one
    recipients: str
    way: str  # code list report_way
    drafted_at: Ms
    sent_at: Ms | None
    by: str
    post: str

    @property
    def elements(self) -> Elements:
        return Elements(*(getattr(self, name) for name in ELEMENTS))


@record(WALL, index=("incident",))
@dataclass(frozen=True, slots=True)
class PhoneReport:
    """A report by telephone: who was told what, by whom, when, and who wrote it down."""

    id: str
    incident: str
    told: str  # who was told
    reporter: str  # who told it
    words: str
    told_at: Ms
    noted_at: Ms
    by: str
    post: str


@record(WALL, index=("incident",))
@dataclass(frozen=True, slots=True)
class Losses:
    """What an incident has cost so far, as it was last told; its id is that of the incident."""

    id: str
    incident: str
    dead: int
    missing: int
    severe: int  # severely injured
    hurt: int  # lightly injured
    damage: str
    source: str
    people_at: Ms  # when the numbers of people last changed
    at: Ms
    by: str
    post: str


@record(WALL, index=("incident",))
@dataclass(frozen=True, slots=True)
class HandOut:
    """A paper or a map that left this program: what it was for, and the hash of its bytes."""

    id: str
    incident: str  # "": of a drill, or of the shift
    what: str  # code list hand_out_kind
    purpose: str
    name: str
    sha256: str
    at: Ms
    by: str
    post: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What a person states: the report goes on from a draft, or corrects one that was sent."""

    incident: str
    kind: str
    elements: Elements
    filled: str = ""
    draft: str = ""
    corrects: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """A clock of reporting: `step` is phone, first, follow or final."""

    incident: str
    step: str
    start: Ms
    due: Ms
    done_at: Ms | None = None
    losses: bool = False  # it runs because the numbers of people changed

    def over(self, now: Ms) -> int:
        """Milliseconds by which it is, or was, late; below 0 where it is not."""
        return (self.done_at or now) - self.due


def draft_report(tx: Tx, statement: Statement) -> None:
    """拟稿: keep a report that is not sent yet; whoever opens it next goes on from there."""
    tx.put(_stated(tx, statement))


def send_report(tx: Tx, statement: Statement, recipients: str, way: str) -> None:
    """报出: from now on it stays as it is. Refused("missing") names what it lacks."""
    for name in NEEDED:
        written(name, getattr(statement.elements, name))
    recipients = written("recipients", recipients, TITLE_LIMIT)
    stated = _stated(tx, statement)
    tx.put(replace(stated, state=SENT, recipients=recipients, way=way, sent_at=tx.now))


def phone_report(tx: Tx, incident: str, told: str, reporter: str, words: str, ago: int = 0) -> None:
    """电话报告: somebody was told by telephone, so many minutes ago."""
    present(tx, Incident, incident)
    told, reporter = written("told", told, TITLE_LIMIT), written("reporter", reporter, TITLE_LIMIT)
    words = written("text", words, needed=False)
    at = Ms(tx.now - ago * MINUTE)
    key = str(uuid.uuid4())
    tx.put(PhoneReport(key, incident, told, reporter, words, at, tx.now, tx.by, tx.post))


def tell_losses(
    tx: Tx, incident: str, people: Sequence[int], damage: str = "", source: str = ""
) -> None:
    """伤亡损失: `people` are the dead, the missing, the severely and the lightly injured; other
    numbers than before make a follow-up due."""
    present(tx, Incident, incident)
    damage, source = written("damage", damage, needed=False), written("source", source)
    dead, missing, severe, hurt = people
    before = tx.get(Losses, incident)
    same = before is not None and _people(before) == tuple(people)
    changed = before.people_at if before is not None and same else tx.now
    tx.put(
        Losses(incident, incident, dead, missing, severe, hurt, damage, source, changed, tx.now,
               tx.by, tx.post)
    )  # fmt: skip


def hand_out(tx: Tx, incident: str, what: str, purpose: str, name: str, sha256: str) -> None:
    """导出: a file is made and waits; it gets its name once this is written. In a drill's world it
    may be one of the drill, without an incident."""
    if incident or exercise.of(tx.folder) is None:
        present(tx, Incident, incident)
    purpose = written("purpose", purpose, TITLE_LIMIT)
    name = written("name", name, TITLE_LIMIT)
    key = str(uuid.uuid4())
    tx.put(HandOut(key, incident, what, purpose, name, sha256, tx.now, tx.by, tx.post))


def hand_out_shift(tx: Tx, sheet: str, purpose: str, name: str, sha256: str) -> None:
    """导出: the same of a paper of the shift, which is of no incident."""
    purpose, name = written("purpose", purpose, TITLE_LIMIT), written("name", name, TITLE_LIMIT)
    key = str(uuid.uuid4())
    tx.put(HandOut(key, "", sheet, purpose, name, sha256, tx.now, tx.by, tx.post))


def reports_due(
    incident: Incident,
    reports: Iterable[Report],
    calls: Iterable[PhoneReport],
    losses: Losses | None = None,
) -> list[Due]:
    """The clocks of an incident, in the order of its reports: those that run, and of each that has
    ended how it ended. Limits are rows of the list `report_limit` of the day it was opened."""
    i = incident
    sent = sorted((r for r in reports if r.sent_at and r.incident == i.id), key=_sent_at)
    told = min((c.told_at for c in calls if c.incident == i.id), default=None)
    first = next((r.sent_at for r in sent if r.kind == FIRST), None)
    final = next((r.sent_at for r in sent if r.kind == FINAL), None)
    phone = min((at for at in (told, first) if at is not None), default=None)
    found = [
        Due(i.id, PHONE, i.opened_at, Ms(i.opened_at + _limit(i, PHONE)), phone),
        Due(i.id, FIRST, i.opened_at, Ms(i.opened_at + _limit(i, FIRST)), first),
    ]
    if i.closed_at is not None:
        found.append(Due(i.id, FINAL, i.closed_at, Ms(i.closed_at + _limit(i, FINAL)), final))
    elif first is not None and final is None:
        found.append(_follow(i, sent, losses))
    return found


def running(found: Iterable[Due]) -> list[Due]:
    """The clocks that still run, the first to end first."""
    return sorted((d for d in found if d.done_at is None), key=lambda d: d.due)


def recipients(incident: Incident, on: date) -> list[codes.Code]:
    """To whom the first report goes by its grade and kind: rows of the list report_recipient."""
    kind = codes.load("incident_kind", on).get(incident.kind)
    great = str(kind.facts["great"]) if kind is not None else ""
    grade = incident.grade or UNDECIDED
    return [
        row
        for row in codes.load("report_recipient", on).values()
        if (not row.facts["grade"] or grade <= row.facts["grade"])
        and (not row.facts["great"] or great in row.facts["great"])
    ]


def differing(one: Elements, other: Elements) -> list[str]:
    """Names of the elements that two reports do not say alike."""
    pairs = zip(ELEMENTS, astuple(one), astuple(other), strict=True)
    return [name for name, here, there in pairs if here != there]


def last_sent(reports: Iterable[Report], incident: str) -> Report | None:
    """The newest report of an incident that was sent."""
    sent = (r for r in reports if r.incident == incident and r.state == SENT)
    return max(sent, key=_sent_at, default=None)


def next_kind(reports: Iterable[Report], incident: Incident) -> str:
    """What is reported next: the first report, follow-ups, then the final one of what is over."""
    if last_sent(reports, incident.id) is None:
        return FIRST
    return FOLLOW if incident.closed_at is None else FINAL


def _follow(i: Incident, sent: Sequence[Report], losses: Losses | None) -> Due:
    """Each follow-up runs from the report before it; changed losses do not wait that long."""
    last = _sent_at(sent[-1])
    usual = Due(i.id, FOLLOW, last, Ms(last + _limit(i, FOLLOW)))
    if losses is None or losses.people_at <= last:
        return usual
    soon = Ms(losses.people_at + _limit(i, FIRST))
    return Due(i.id, FOLLOW, losses.people_at, soon, losses=True) if soon < usual.due else usual


def _limit(incident: Incident, step: str) -> int:
    """Milliseconds that a step may take by the grade; the row of grade 0 is for what has none."""
    rows = codes.load("report_limit", day(incident.opened_at))
    return int(rows[f"{incident.grade or 0}-{step}"].facts["seconds"]) * SECOND


def _stated(tx: Tx, statement: Statement) -> Report:
    s = statement
    present(tx, Incident, s.incident)
    reports = tx.find(Report, incident=s.incident)
    here = next((r for r in reports if r.id == s.draft), None)
    if here is not None and here.state == SENT:
        raise Refused("state", kind="report", id=here.id, state=SENT, wanted=DRAFT)
    no, version = _number(reports, s)
    before = last_sent(reports, s.incident)
    said = Elements(*(written(n, getattr(s.elements, n), needed=False) for n in ELEMENTS))
    changed = differing(before.elements, said) if before is not None else []
    return Report(
        id=here.id if here else str(uuid.uuid4()), incident=s.incident, kind=s.kind, no=no,
        version=version, state=DRAFT, filled=s.filled, before=before.id if before else "",
        changed=",".join(changed), recipients="", way="", drafted_at=tx.now, sent_at=None,
        by=tx.by, post=tx.post, **asdict(said),
    )  # fmt: skip


def _number(reports: Sequence[Report], s: Statement) -> tuple[int, int]:
    """Number and version of what is stated; Refused where it cannot be what it says."""
    sent = [r for r in reports if r.state == SENT]
    if s.corrects:
        old = next((r for r in sent if r.id == s.corrects), None)
        if old is None or old.kind != s.kind:
            raise Refused("unknown", kind="report", id=s.corrects)
        alike = [r.version for r in sent if (r.kind, r.no) == (old.kind, old.no)]
        return old.no, 1 + max(alike)
    kinds = {r.kind for r in sent}
    if s.kind not in KINDS or (s.kind != FIRST and FIRST not in kinds):
        raise Refused("no_first_report")
    if FINAL in kinds or (s.kind == FIRST and FIRST in kinds):
        raise Refused("reported", kind=s.kind if s.kind in kinds else FINAL)
    return (1 + max((r.no for r in sent), default=0) if s.kind == FOLLOW else 0), 1


def _sent_at(report: Report) -> Ms:
    return report.sent_at or report.drafted_at


def _people(losses: Losses) -> tuple[int, int, int, int]:
    return losses.dead, losses.missing, losses.severe, losses.hurt
