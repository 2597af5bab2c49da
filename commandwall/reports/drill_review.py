"""The after-action review of a drill 演练复盘: one data for PDF and HTML, said from `after`.

Each number says on which entries of the journal it stands; those that are named are listed at the
end, and a click on one leads there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from commandwall import codes
from commandwall.attachments import AttachedFile, Attachment, is_picture
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.directives import ISSUED, Directive
from commandwall.drill.after import BEFORE, UNSET, After, Fate, Reach, Sat, after
from commandwall.drill.drill_acts import ENDED, REAL, SENT, Moment
from commandwall.drill.evaluating import OBJECTIVE, Evaluation, lines
from commandwall.drill.offsets import tell
from commandwall.drill.scenario import Scenario
from commandwall.drill.score import LATE, MET, MISSED, Judged, counted, entry_of
from commandwall.exchange import Decision
from commandwall.files.kept import Kept
from commandwall.incidents import Incident
from commandwall.modes import Mode
from commandwall.plain import plain
from commandwall.plans import StartedPlan
from commandwall.reports.press import Paper
from commandwall.reports.review import SPAN, said, table
from commandwall.reports.speech import Speech, moment
from commandwall.reviewing import IMPROVEMENT, STRENGTH, Finding
from commandwall.store.journal import Line
from commandwall.store.lines import contents
from commandwall.store.store import Reader

DECIDES = (Decision, Incident, Mode, StartedPlan)
"""Records of which each version that a person wrote is a decision; of directives, that they are
issued."""
CAUSES = {"skip": "", "jump": "快进越过", "branch": "走向不同", "end": "演练结束"}
Cells = list[Any]


@dataclass(frozen=True, slots=True)
class Earlier:
    """The last drill of the same scenario: its run, and what it came to."""

    run: str
    after: After


@dataclass
class Cited:
    """Entries of the journal that the paper names, each with its number in it."""

    lines: Mapping[str, Line]
    numbers: dict[str, int] = field(default_factory=dict)

    def cell(self, text: str, *entries: str) -> dict[str, Any]:
        """A cell with the numbers of its entries behind it."""
        known = [e for e in entries if e in self.lines]
        return {"t": text, "e": [self.numbers.setdefault(e, len(self.numbers) + 1) for e in known]}


def review(
    reader: Reader, kept: Kept, scenario: Scenario, run: str, speech: Speech, now: Ms,
    before: Earlier | None,
) -> Paper:  # fmt: skip
    """The paper of a drill as it stands at `now`."""
    one = after(reader, scenario, now)
    cited = Cited({entry_of(line): line for line in one.lines})
    told = _Told(one, speech, cited)
    decided, pictures = _decided(one, reader, kept, told)
    findings = sorted(reader.find(Finding), key=lambda f: f.noted_at)
    data = {
        **told.head(run, now), "objectives": told.objectives(), "plan": told.plan(),
        "expected": told.expected(), "marks": told.marks(), "curves": told.curves(),
        "heat": told.heat(), "decisions": decided, "attendance": told.attendance(),
        "compared": told.compared(before), "answers": told.answers(),
        "strengths": _strengths(findings, speech), "improvements": _improvements(findings, speech),
        "lang": speech.lang, "none": speech.tr("无"),
        "foot": f"{plain(scenario.id)} {scenario.version}　{plain(run)}",
    }  # fmt: skip
    return Paper("drill_review", {**data, "entries": told.entries()}, pictures)


class _Told:
    """Says what a drill came to."""

    def __init__(self, one: After, speech: Speech, cited: Cited) -> None:
        self.one, self.speech, self.tr, self.cited = one, speech, speech.tr, cited
        self.runs = one.clock.run
        self.planned = {i.id for i in one.scenario.injects}

    def head(self, run: str, now: Ms) -> dict[str, Any]:
        s, tr, one = self.one.scenario, self.tr, self.one
        kind = self.speech.named("drill_type", s.type)
        until = max(0, one.clock.position)
        ended = tr("已结束") if one.clock.status == ENDED else tr("未结束")
        lines = [
            tr("{kind}　{begin} 开始，演到 {at}，{n} 遍，{ended}", kind=kind,
               begin=moment(one.began) or "—", at=tell(Moment(until)), n=self.runs, ended=ended),
            tr("共 {n} 条大事记，生成于 {time}", n=len(one.lines), time=moment(now)),
        ]  # fmt: skip
        return {
            "title": tr("演练复盘　{title}", title=self.name(s)), "lines": lines,
            "figures": self.figures(), "curves_note": tr("横轴为情景时间，纵轴为已答份额"),
            "heat_head": tr("超时热度　各岗位在各阶段：迟或未做 / 有时限的应有动作"),
            "curves_head": tr("响应曲线"), "decisions_head": tr("决定"),
        }  # fmt: skip

    def figures(self) -> list[dict[str, str]]:
        """How many expected acts there are of each verdict, as `drill score` counts them."""
        verdicts = codes.load("drill_verdict")
        found = counted(self.one.judged)
        return [{"n": str(n), "of": verdicts[v].name(self.speech.lang)} for v, n in found.items()]

    def name(self, thing: Any) -> str:
        """Of what has both names."""
        return plain(thing.en if self.speech.lang == "en" else thing.zh, SPAN * 2)

    def key(self, inject: str, run: int) -> str:
        """first_alarm, 加题 1f03ab52, and its run where there were several."""
        name = plain(inject, 24)
        if inject not in self.planned:
            name = self.tr("加题 {id}", id=plain(inject[:8]))
        return f"{name} #{run}" if self.runs > 1 else name

    # Objectives.

    def objectives(self) -> dict[str, Any]:
        columns = ("目标", "评定", "依据", "按时", "迟", "未做")
        rows = [self._objective(reach) for reach in self.one.reached()]
        return table(self.speech, self.tr("目标达成"), columns, rows)

    def _objective(self, reach: Reach) -> Cells:
        g = reach.grade
        grade = f"{g.verdict}　{self.speech.named('drill_grade', g.verdict)}" if g else ""
        note = "　".join(filter(None, (plain(g.note, SPAN), self._who(g)))) if g else ""
        counts = [str(reach.counts[v]) for v in (MET, LATE, MISSED)]
        return [self.name(reach), grade or self.tr("未评"), note, *counts]

    def _who(self, e: Evaluation) -> str:
        return plain(e.by, 12) or self.speech.named("post", e.post)

    # Plan against actual.

    def plan(self) -> dict[str, Any]:
        one = self.one
        known = [at for c in one.fates for at in (c.inject.at, c.sent and c.sent.moment) if at]
        begin = one.scenario.begins
        whole = max(1, max([one.clock.position, *known]) - begin)
        marks = [begin + whole * n // 4 for n in range(5)]
        columns = ("编号、目标", "情景", "对象", "计划", "实发", "差")
        head = self.tr("计划与实际　空圈计划，实点实发，叉未发，竖线演到此")
        rows = [self._planned(c) for c in one.fates]
        strips = [self._strip(c, begin, whole) for c in one.fates]
        ticks = [tell(Moment(at)) for at in (marks[0], marks[2], marks[4])]
        stands = (one.clock.position - begin) / whole
        return {**table(self.speech, head, columns, rows), "strips": strips, "ticks": ticks,
                "stands": stands}  # fmt: skip

    def _planned(self, c: Fate) -> Cells:
        i, moved = c.inject, c.moved
        at = tell(i.at) if i.at is not None else self.tr("备用")
        if i.id not in self.planned:
            at = ""
        came = tell(Moment(c.sent.moment)) if c.sent is not None else self._fate(c)
        sign = "+" if (moved or 0) > 0 else "−" if moved else ""
        late = span_of(abs(moved) // REAL, sign) if moved is not None else ""
        post = self.speech.named("post", i.to)
        key = {"t": self.key(i.id, c.run), "s": plain(i.objective, 24), "e": []}
        return [key, self.name(i), post, at, came, late]

    def _fate(self, c: Fate) -> str:
        """Why it was not sent."""
        if c.settled is None:
            return self.tr("未到")
        if c.settled.what == SENT:
            return self.tr("到点未发")
        cause = self.tr(CAUSES[c.settled.cause]) if CAUSES.get(c.settled.cause) else ""
        why = plain(c.settled.why, SPAN) or cause
        return self.tr("跳过：{why}", why=why) if why else self.tr("跳过")

    def _strip(self, c: Fate, begin: int, whole: int) -> dict[str, float | bool | None]:
        """Where on the line of time, from 0 to 1, it was planned and came; whether it never is."""
        sent = c.sent.moment if c.sent is not None else None
        at = {name: None if at is None else (at - begin) / whole
              for name, at in (("plan", c.inject.at), ("actual", sent))}  # fmt: skip
        return {**at, "never": c.settled is not None and c.sent is None}

    # Expected acts and marks.

    def expected(self) -> dict[str, Any]:
        columns = ("编号", "岗位", "阶段", "应有动作", "结果", "用时", "评估", "条目")
        rows = [self._expected(j) for j in self.one.judged]
        return table(self.speech, self.tr("应有动作"), columns, rows)

    def _expected(self, j: Judged) -> Cells:
        asked = j.expected.words(self.speech.lang) if j.expected else plain(j.words, SPAN * 2)
        took = f"{j.took // SECOND} s" if j.took is not None else ""
        verdict = {"t": self.speech.named("drill_verdict", j.verdict), "v": j.verdict, "e": []}
        mark = self.one.marks.get((j.sent.id, j.line))
        entry = self.cited.cell("", j.entry) if j.entry else ""
        post = self.speech.named("post", j.sent.receiver)
        phase = self.phase(self.one.phases[j.sent.id])
        return [self.key(j.sent.inject, j.sent.run), post, phase, asked, verdict, took,
                mark.verdict if mark is not None else "", entry]  # fmt: skip

    def marks(self) -> dict[str, Any]:
        """What evaluators wrote, objectives apart; how often they thought otherwise before."""
        sent = {c.sent.id: c for c in self.one.fates if c.sent is not None}
        found = [e for (_, line), e in self.one.marks.items() if line != OBJECTIVE]
        rows = [self._mark(e, sent[e.subject]) for e in found if e.subject in sent]
        columns = ("编号", "评什么", "评定", "依据", "评估人", "改过")
        return table(self.speech, self.tr("评估打分"), columns, rows)

    def _mark(self, e: Evaluation, fate: Fate) -> Cells:
        of = lines(fate.inject, self.speech.lang).get(e.line, "") or self.name(fate.inject)
        mark = f"{e.verdict}　{self.speech.named('drill_mark', e.verdict)}"
        older = self.one.older[(e.subject, e.line)]
        changed = self.tr("{n} 次", n=older) if older else ""
        return [self.key(fate.inject.id, fate.run), of, mark, plain(e.note, 200),
                self._who(e), changed]  # fmt: skip

    # Curves and heat.

    def curves(self) -> list[dict[str, Any]]:
        """Of each kind of answer its share by scenario time, points from (0, 0) to (1, 1)."""
        made: list[dict[str, Any]] = []
        for key, row in codes.load("drill_curve").items():
            mine = [a for a in self.one.responses if a.curve == key]
            took = sorted(a.took for a in mine if a.took is not None)
            if mine:
                made.append(self._curve(row.name(self.speech.lang), took, len(mine)))
        return made

    def _curve(self, name: str, took: Sequence[int], n: int) -> dict[str, Any]:
        whole = max(MINUTE, -(-max(took, default=0) // MINUTE) * MINUTE)
        half = span_of(int(median(took))) if took else "—"
        told = self.tr("{name}　{n} / {all}　中位 {half}", name=name, n=len(took), all=n, half=half)
        points = [[ms / whole, (i + 1) / n] for i, ms in enumerate(took)]
        return {"name": told, "points": points, "span": span_of(whole)}

    def heat(self) -> dict[str, Any]:
        """Posts down, phases across; each cell how many of how many."""
        over = self.one.overdue()
        known = [BEFORE, UNSET, *codes.load("incident_phase")]
        phases = [p for p in known if any(p == phase for _, phase in over)]
        columns = [self.phase(p) for p in phases]
        posts = dict.fromkeys(post for post, _ in over)
        rows = [
            {"post": self.speech.named("post", post, full=True),
             "cells": [over.get((post, phase)) for phase in phases]}
            for post in posts
        ]  # fmt: skip
        return {"columns": columns, "rows": rows}

    def phase(self, key: str) -> str:
        names = {BEFORE: self.tr("开设前"), UNSET: self.tr("阶段未定")}
        return names.get(key) or self.speech.named("incident_phase", key)

    def answers(self) -> dict[str, Any]:
        """What the curves count, each with its record."""
        rows = [
            [self.speech.named("drill_curve", a.curve), plain(a.subject),
             span_of(a.took) if a.took is not None else self.tr("未答")]
            for a in self.one.responses
        ]  # fmt: skip
        return table(self.speech, self.tr("响应曲线所据"), ("响应", "记录编号", "用时"), rows)

    # Who was there, and the drill before.

    def attendance(self) -> dict[str, Any]:
        columns = ("岗位", "人员", "自", "至", "动作数", "首末条目")
        order = list(codes.load("post"))
        sat = sorted(self.one.sat, key=lambda s: (order.index(s.post) if s.post in order else 0,
                                                  s.since))  # fmt: skip
        return table(self.speech, self.tr("在岗"), columns, [self._attended(s) for s in sat])

    def _attended(self, s: Sat) -> Cells:
        person = plain(s.person, 20) or self.tr("未登记")
        until = f"{moment(s.until)}" if s.until else self.tr("到结束")
        return [self.speech.named("post", s.post, full=True), person, moment(s.since)[5:],
                until[5:] if s.until else until, str(s.acts),
                self.cited.cell("", *dict.fromkeys((s.first, s.last)))]  # fmt: skip

    def compared(self, before: Earlier | None) -> dict[str, Any]:
        """What both were asked, as it stood then and stands now."""
        tr = self.tr
        if before is None:
            return table(self.speech, tr("与上次比较　没有更早的同脚本演练"), (), [])
        told = plain(before.run), moment(before.after.began)[:10]
        head = tr("与上次比较　{run}　{day}", run=told[0], day=told[1])
        both = [counted(one.judged) for one in (before.after, self.one)]
        shares = [f"{n[MET]} / {n[MET] + n[LATE] + n[MISSED]}" for n in both]
        rows = [[tr("按时 / 有结果的应有动作"), *shares], *self._grades(before.after),
                *self._verdicts(before.after)]  # fmt: skip
        return table(self.speech, head, ("项目", "上次", "这次"), rows)

    def _grades(self, was: After) -> Iterator[Cells]:
        then = {reach.id: reach.grade for reach in was.reached()}
        for reach in self.one.reached():
            if reach.id in then:
                both = (then[reach.id], reach.grade)
                yield [self.name(reach), *(g.verdict if g else "—" for g in both)]

    def _verdicts(self, was: After) -> Iterator[Cells]:
        """Of the newest run of each, in the order of this drill."""
        then = {(j.sent.inject, j.line): j for j in was.judged if j.expected}
        now = {(j.sent.inject, j.line): j for j in self.one.judged if j.expected}
        for key, j in now.items():
            if key in then and j.expected is not None:
                words = f"{plain(key[0], 24)}　{j.expected.words(self.speech.lang)}"
                yield [words, self._short(then[key]), self._short(j)]

    def _short(self, j: Judged) -> dict[str, Any]:
        took = f"　{j.took // SECOND} s" if j.took is not None else ""
        name = self.speech.named("drill_verdict", j.verdict)
        return {"t": f"{name}{took}", "v": j.verdict, "e": []}

    # The entries that are named.

    def entries(self) -> dict[str, Any]:
        columns = ("条目", "时间", "岗位", "做了什么", "大意", "大事记编号")
        rows = [self._entry(key, n) for key, n in self.cited.numbers.items()]
        head = self.tr("所引大事记")
        return table(self.speech, head, columns, rows)

    def _entry(self, key: str, number: int) -> Cells:
        line = self.cited.lines[key]
        return [str(number), seconds(line.at), self.post_of(line),
                self.speech.named("act", line.act), said(line, self.speech), key]  # fmt: skip

    def post_of(self, line: Line) -> str:
        post = self.speech.named("post", line.post) if line.post else self.tr("联动")
        return " ".join(filter(None, (post, plain(line.person, 12))))


# Decisions.


def _decided(
    one: After, reader: Reader, kept: Kept, told: _Told
) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """What was decided, in its order, with the pictures that belong to it."""
    found = [(line, mine) for line in one.lines if line.post and (mine := _decisions(line))]
    ids = [key for _, mine in found for key in mine]
    files: dict[str, list[str]] = {}
    attached: list[AttachedFile | Attachment] = []
    attached += reader.many(AttachedFile, ids, field="subject")
    attached += reader.many(Attachment, ids, field="subject")
    for a in attached:
        if is_picture(a.mime) and kept.has_thumb(a.id):
            files.setdefault(a.subject, []).append(a.id)
    shown: set[str] = set()
    rows, pictures = [], dict[str, bytes]()
    for line, mine in found:
        fresh = [a for key in mine for a in files.get(key, ()) if a not in shown]
        shown.update(fresh)
        pictures |= {f"{a}.jpg": kept.thumb(a).read_bytes() for a in fresh}
        act, words = told.speech.named("act", line.act), said(line, told.speech)
        at = tell(one.times.position(line.at))
        rows.append({"cells": [at, told.post_of(line), act, told.cited.cell(words, entry_of(line))],
                     "pictures": [f"{a}.jpg" for a in fresh]})  # fmt: skip
    return rows, pictures


def _decisions(line: Line) -> list[str]:
    """The ids of what a line decided."""
    return [
        r.id for r, _ in contents(line)
        if isinstance(r, DECIDES) or (isinstance(r, Directive) and r.state == ISSUED)
    ]  # fmt: skip


# What follows.


def _strengths(found: Sequence[Finding], speech: Speech) -> dict[str, Any]:
    rows = [[plain(f.text, 300), plain(f.by, 12) or speech.named("post", f.post)]
            for f in found if f.kind == STRENGTH]  # fmt: skip
    return table(speech, speech.tr("亮点"), ("所见", "记录人"), rows)


def _improvements(found: Sequence[Finding], speech: Speech) -> dict[str, Any]:
    rows = [_improvement(f, speech) for f in found if f.kind == IMPROVEMENT]
    return table(speech, speech.tr("改进与整改"), ("编号", "所见", "责任人", "期限", "结果"), rows)


def _improvement(f: Finding, speech: Speech) -> Cells:
    done = moment(f.done_at)[:10] if f.done_at else speech.tr("未完成")
    result = " ".join(filter(None, (done, plain(f.result, SPAN))))
    return [f.id[:8], plain(f.text, 300), plain(f.owner, 40), moment(f.due_at)[:10], result]


def seconds(at: Ms) -> str:
    """11-26 14:32:05"""
    return f"{moment(at)}:{at // SECOND % 60:02d}"[5:]


def span_of(ms: int, sign: str = "") -> str:
    """1:52, +0:05: minutes and seconds."""
    return f"{sign}{ms // MINUTE}:{ms % MINUTE // SECOND:02d}"
