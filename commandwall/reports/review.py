"""The after-action review 复盘 of an incident, from the journal: what was done when, plan against
what was, who was late, and what follows from it. One data for PDF and HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commandwall import codes, plans, reporting
from commandwall.alarms import Alarm
from commandwall.clock import DAY, HOUR, MINUTE, SECOND, Ms, day
from commandwall.co_handling import CoHandling
from commandwall.directives import DRAFT, Directive, is_over
from commandwall.dispatch import ARRIVED, Assignment, AssignmentStep, trips
from commandwall.drill.evaluating import Evaluation
from commandwall.drill.play import ClockAct
from commandwall.funds import CENTS, Payment
from commandwall.incidents import Incident, events_of
from commandwall.plain import person, plain
from commandwall.plans import StartedPlan
from commandwall.reporting import Losses, PhoneReport, Report
from commandwall.reports.press import Paper
from commandwall.reports.speech import Speech, moment
from commandwall.resources import Resource
from commandwall.reviewing import Finding, owed
from commandwall.rollcall import RollAnswer
from commandwall.rota import DutyTurn
from commandwall.store.journal import AHEAD_LIMIT_BITS, Line
from commandwall.store.lines import contents
from commandwall.store.store import Reader
from commandwall.store.written import present
from commandwall.tagging import LIST as TAGS
from commandwall.tagging import EventTag
from commandwall.unmasking import Unmasking
from commandwall.urging import Urge
from commandwall.whistles import Rating, Summons, Whistle

SPAN = 60
"""Characters of what is said of an act."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that had a limit: when it was owed from, how long it might take, how long it took
    (milliseconds; None where it was never done)."""

    curve: str
    what: str
    start: Ms
    limit: int
    took: int | None

    def late(self, now: Ms) -> int:
        """Milliseconds over the limit; below 0 where it was in time."""
        return (now - self.start if self.took is None else self.took) - self.limit


def review(reader: Reader, incident: str, speech: Speech, now: Ms) -> Paper:
    """The paper. Refused("unknown") where there is no such incident."""
    found = present(reader, Incident, incident)
    lines, tr = _lines(reader, found), speech.tr
    steps = _steps(reader, found, speech)
    late = sorted((s for s in steps if s.late(now) > 0), key=lambda s: -s.late(now))
    findings = reader.find(Finding, incident=incident)
    data = {
        "title": tr("复盘　{title}", title=plain(found.title, 60)),
        "lines": [_about(found, speech), tr("共 {n} 条大事记，生成于 {time}", n=len(lines),
                                            time=moment(now))],
        "curves": _curves(steps, speech),
        "curves_note": tr("横轴 0 至 2 倍限时，虚线为限时；纵轴为已答份额"),
        "late": table(speech, tr("超时"), ("事项", "限时", "用时", "超"),
                       [_late(s, now, speech) for s in late]),
        "plan": table(speech, _plan_head(reader, found, speech), ("任务", "应于", "完成", "情况"),
                       _plan_rows(reader, found, speech, now)),
        "timeline": table(speech, tr("经过"), ("时间", "间隔", "岗位", "动作", "内容"),
                           _timeline(lines, speech)),
        "findings": table(speech, tr("意见与整改"), ("类别", "内容", "责任人", "期限", "结果"),
                           [_finding(f, speech) for f in _ordered(findings)]),
        "none": tr("无"),
        "foot": tr("突发事件 {id}", id=incident[:8]),
    }  # fmt: skip
    return Paper("review", data)


def _lines(reader: Reader, i: Incident) -> list[Line]:
    """All lines since its opening that name the incident, in the order of their clocks."""
    sql = "SELECT * FROM journal WHERE hlc >= :since AND instr(body, :id) ORDER BY hlc, origin, seq"
    since = (i.opened_at - DAY) << AHEAD_LIMIT_BITS
    return [Line(*row) for row in reader.rows(sql, id=i.id, since=since)]


def _about(i: Incident, speech: Speech) -> str:
    tr = speech.tr
    end = moment(i.closed_at) if i.closed_at else tr("未结束")
    return tr("{place}　{begin} 至 {end}", place=plain(i.place), begin=moment(i.opened_at), end=end)


def _timeline(lines: Sequence[Line], speech: Speech) -> list[list[str]]:
    rows: list[list[str]] = []
    for n, line in enumerate(lines):
        gap = span(line.at - lines[n - 1].at, speech) if n else ""
        post = speech.named("post", line.post) if line.post else speech.tr("联动")
        who = " ".join(filter(None, (post, plain(line.person, 12))))
        act = speech.named("act", line.act)
        rows.append([_seconds(line.at), gap, who, act, said(line, speech)])
    return rows


def said(line: Line, speech: Speech) -> str:
    """What the first records of a line say."""
    told = [words for record, _ in contents(line) if (words := _words(record, speech))]
    return plain("；".join(told[:3]), SPAN)


def _words(record: Any, speech: Speech) -> str:
    if (told := TOLD.get(type(record))) is not None:
        return told(record, speech)
    for name in ("title", "text", "purpose", "what", "reason", "damage", "name"):
        if value := getattr(record, name, ""):
            return str(value)
    return ""


def _of_order(d: Directive, speech: Speech) -> str:
    return f"{speech.tr('第 {n} 号', n=d.no)} {d.need or d.evidence or d.text}"


def _of_called(one: RollAnswer | DutyTurn, speech: Speech) -> str:
    """Who is on duty or answers a roll call, his name masked as everywhere."""
    town = isinstance(one, RollAnswer) and one.area
    return f"{speech.named('person_role' if town else 'duty_role', one.role)} {person(one.name)}"


def _of_payment(one: Payment, speech: Speech) -> str:
    """路灯维修 1,200.00 元 张* 换灯两盏; why it was not approved, or taken back."""
    yuan = speech.tr("{n} 元", n=f"{one.cents / CENTS:,.2f}")
    told = (speech.named("fund_item", one.item), yuan, person(one.payee), one.reason or one.words)
    return " ".join(filter(None, told))


def _of_whistle(one: Whistle, speech: Speech) -> str:
    kind = speech.named("whistle_kind", one.kind)
    return " ".join(filter(None, (kind, one.matter, one.result)))


TOLD: Mapping[type[Any], Callable[[Any, Speech], str]] = {
    Directive: _of_order,
    Report: lambda r, speech: f"{speech.report(r.kind, r.no)} {r.recipients}".strip(),
    PhoneReport: lambda r, speech: f"{r.reporter} → {r.told}",
    Alarm: lambda a, speech: speech.named("alarm_class", a.cls),
    ClockAct: lambda c, speech: speech.named("drill_act", c.kind),
    Evaluation: lambda e, speech: "　".join(filter(None, (e.verdict, e.note))),
    Unmasking: lambda u, speech: "　".join(filter(None, (u.name, u.reason))),
    RollAnswer: _of_called,
    DutyTurn: _of_called,
    Payment: _of_payment,
    Whistle: _of_whistle,
    Summons: lambda s, speech: " ".join(filter(None, (s.department, s.reason))),
    Rating: lambda r, speech: r.words,
    Urge: lambda u, speech: f"{u.unit} {u.result or u.text}",
    CoHandling: lambda c, speech: " ".join(filter(None, (c.unit, c.result))),
    EventTag: lambda t, speech: f"{'＋' if t.stands else '－'}{speech.named(TAGS, t.tag)}",
}
"""What records say that are not told by one of their fields."""


def _steps(reader: Reader, i: Incident, speech: Speech) -> list[Step]:
    """Everything with a limit, each with what it took."""
    found = _directive_steps(reader.find(Directive, incident=i.id), speech, i)
    found += _arrivals(reader, i)
    losses = next(iter(reader.find(Losses, incident=i.id)), None)
    clocks = reporting.reports_due(
        i, reader.find(Report, incident=i.id), reader.find(PhoneReport, incident=i.id), losses
    )
    for due in clocks:
        took = due.done_at - due.start if due.done_at is not None else None
        name = speech.named("report_kind", due.step)
        found.append(Step("report", name, due.start, due.due - due.start, took))
    return found


def _arrivals(reader: Reader, i: Incident) -> list[Step]:
    """How long each unit that was sent took to be there; one that was called off on the way is
    not judged."""
    sent = reader.many(Assignment, [i.id, *events_of(reader, i)], "subject")
    found = trips(sent, reader.many(AssignmentStep, [a.id for a in sent], "assignment"))
    names = {r.id: r.name for r in reader.many(Resource, [a.resource for a in sent])}
    limit = int(codes.limit("arrive_minutes", day(i.opened_at)) * MINUTE)
    return [
        Step("arrive", plain(names.get(t.assignment.resource, ""), 30), t.assignment.sent_at,
             limit, t.after(ARRIVED))
        for t in found.values()
        if t.open or t.after(ARRIVED) is not None
    ]  # fmt: skip


def _plan_head(reader: Reader, i: Incident, speech: Speech) -> str:
    """Which plans were used, in which version."""
    mine = sorted(reader.find(StartedPlan, incident=i.id), key=lambda p: p.at)
    names = [f"{p.en if speech.lang == 'en' else p.zh} {p.version}" for p in mine]
    told = speech.tr("、").join(plain(name, 60) for name in names) or speech.tr("未启用")
    return speech.tr("预案　{plans}", plans=told)


def _plan_rows(reader: Reader, i: Incident, speech: Speech, now: Ms) -> list[list[str]]:
    """The tasks of plans that were late, skipped, or never given."""
    every = reader.find(Directive, incident=i.id)
    tasks = plans.current(filter(plans.by_plan, every), every)
    until = i.closed_at or now
    rows = []
    for d in sorted(tasks, key=lambda d: d.due_at or 0):
        if told := _fell_short(d, until, speech):
            rows.append([plain(d.text, SPAN), moment(d.due_at)[-5:], moment(d.done_at)[-5:], told])
    return rows


def _fell_short(d: Directive, until: Ms, speech: Speech) -> str:
    """How a task fell short of its plan; "" for one that did not."""
    tr, end = speech.tr, d.done_at or until
    if plans.skipped(d):
        return tr("略过：{reason}", reason=plain(d.reason, SPAN))
    over = end - d.due_at if d.due_at is not None and d.ended_at is None else 0
    late = tr("迟 {span}", span=span(over, speech)) if over > 0 else ""
    return " ".join(filter(None, (tr("未下达") if d.state == DRAFT else "", late)))


def _directive_steps(directives: Iterable[Directive], speech: Speech, i: Incident) -> list[Step]:
    rows = codes.load("directive_limit", day(i.opened_at))
    limits = {key: int(row.facts["seconds"]) * SECOND for key, row in rows.items()}
    found = []
    for d in directives:
        number = speech.tr("第 {n} 号", n=d.no)
        ways = (
            ("ack", d.issued_at, d.acked_at, limits["ack"]),
            ("done", d.acked_at, d.done_at, _until(d, limits["done"])),
            ("verify", d.done_at, d.verified_at, limits["verify"]),
        )
        for step, start, end, limit in ways:
            over = end is None and is_over(d)  # cancelled or superseded: nothing is owed
            if start and not over:
                took = end - start if end is not None else None
                what = f"{number} {speech.named('directive_limit', step)}"
                found.append(Step(step, what, start, limit, took))
    return found


def _until(d: Directive, limit: int) -> int:
    """The directive's own date counts from when it was taken."""
    return d.due_at - d.acked_at if d.due_at and d.acked_at else limit


def _curves(steps: Sequence[Step], speech: Speech) -> list[dict[str, Any]]:
    """For each kind of answer: how many came within the limit, and the share by time, as points
    from (0, 0) to (1, 1), x in limits doubled."""
    names = {"arrive": "到场", "ack": "接令", "done": "完成", "verify": "核验", "report": "报告"}
    made: list[dict[str, Any]] = []
    for curve, name in names.items():
        mine = [s for s in steps if s.curve == curve]
        took = sorted(s.took / s.limit for s in mine if s.took is not None and s.limit > 0)
        if not mine:
            continue
        inside = sum(share <= 1 for share in took)
        points = [[min(share, 2.0) / 2, (n + 1) / len(mine)] for n, share in enumerate(took)]
        points = [[max(0.0, x), y] for x, y in points]
        line = speech.tr("{name}　限内 {n} / {all}", name=speech.tr(name), n=inside, all=len(mine))
        made.append({"name": line, "points": points})
    return made


def _late(step: Step, now: Ms, speech: Speech) -> list[str]:
    took = speech.tr("未做") if step.took is None else span(step.took, speech)
    return [step.what, span(step.limit, speech), took, span(step.late(now), speech)]


def _ordered(findings: Sequence[Finding]) -> list[Finding]:
    still = owed(findings)
    return [*still, *(f for f in findings if f not in still)]


def _finding(f: Finding, speech: Speech) -> list[str]:
    done = moment(f.done_at) if f.done_at else speech.tr("未完成") if f.due_at else ""
    result = " ".join(filter(None, (done, plain(f.result, SPAN))))
    kind = speech.named("finding_kind", f.kind)
    return [kind, plain(f.text, 300), plain(f.owner, 40), moment(f.due_at)[:10], result]


def table(
    speech: Speech, head: str, columns: Sequence[str], rows: list[list[str]]
) -> dict[str, Any]:
    return {"head": head, "columns": [speech.tr(c) for c in columns], "rows": rows}


def _seconds(at: Ms) -> str:
    return f"{moment(at)}:{at // SECOND % 60:02d}"[5:]


def span(length: int, speech: Speech) -> str:
    """0:52, 59:59, then 1.8 时."""
    if length < HOUR:
        return f"{length // MINUTE}:{length % MINUTE // SECOND:02d}"
    return speech.tr("{n} 时", n=f"{length / HOUR:.1f}")
