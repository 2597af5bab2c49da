"""Reports upward 首报 / 续报 / 终报: what is due by when, what was sent and how late."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

from commandwall import codes, deadlines, events, reporting, reviewing
from commandwall.clock import DAY
from commandwall.incidents import Incident
from commandwall.picture import Changes, Picture, Tick
from commandwall.reporting import FOLLOW, Due, HandOut, Losses, PhoneReport, Report
from commandwall.reports import brief, handout, review
from commandwall.reports.fill import Facts
from commandwall.reports.press import Paper
from commandwall.reviewing import Finding
from widgets import age, finding_sheets, links
from widgets.base import Command, Panel, Subject
from widgets.directives import debts_of, focus
from widgets.fields import Field, number, words
from widgets.i18n import named, tr
from widgets.map_picture import MapPicture
from widgets.paper import RIGHT, Ink
from widgets.paper import Paper as Drawing
from widgets.papers import Papers, Wanted
from widgets.report_sheet import ReportSheet
from widgets.sheet import Sheet
from widgets.speech import speech
from widgets.text import plain

ROW, FOOT = 38.0, 26.0
PICTURE = "map.png"
MOST_PEOPLE, MOST_MINUTES = 100_000, 24 * 60
PEOPLE = ("dead", "missing", "severe", "hurt")


class Reports(Panel):
    """The clocks of the incident in focus, then those that other incidents still owe."""

    id = "reports"
    title = "报告"
    entry = "R"
    shows = frozenset({Incident, Report, PhoneReport, Losses, HandOut, Finding, Tick})
    quiet = True

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.incident = self._said = ""
        self._subject: Incident | None = None
        self._found: list[Due] = []
        self._papers = Papers(self.context, self.window, self._tell, self)

    def open(self, subject: Subject) -> None:
        if subject.kind is Incident:
            self.incident = subject.id
            self._found = self.due()
            self.update()

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self._found = self.due()
        sent = [r.sent_at for r in picture.reports.values() if r.sent_at is not None]
        self.at = max(sent, default=None)

    def commands(self) -> list[Command]:
        return [
            Command("R", tr("写报告"), self.write),
            Command("Shift+R", tr("电话报告"), self.call),
            Command("Shift+L", tr("伤亡损失"), self.tell_losses),
            Command("Ctrl+R", tr("更正上一份报告"), self.correct),
            Command("Ctrl+P", tr("一页简报"), partial(self.hand_out, "brief")),
            Command("Ctrl+E", tr("导出地图"), partial(self.hand_out, "map")),
            Command("Ctrl+Shift+P", tr("打印上一份报告"), partial(self.hand_out, "report")),
            Command("Ctrl+B", tr("复盘"), partial(self.hand_out, "review")),
            Command("Shift+B", tr("复盘意见"), self.note_finding),
            Command("Shift+M", tr("整改完成"), self.settle_finding),
        ]

    # What is due.

    def due(self) -> list[Due]:
        """The clocks that run, the first to end first, then what ended of the one in focus; those
        of other incidents in between."""
        told = codes.limit("report_told_days") * DAY
        still = [i for i in self.picture.incidents.values()
                 if i.closed_at is None or self.picture.now - i.closed_at < told]  # fmt: skip
        clocks = {i.id: self._due(i) for i in still}
        self._subject = self._choose(still, clocks)
        mine = clocks.pop(self._subject.id, []) if self._subject else []
        rest = reporting.running(d for found in clocks.values() for d in found)
        return [*reporting.running(mine), *rest, *(d for d in mine if d.done_at is not None)]

    def _choose(
        self, still: Sequence[Incident], clocks: Mapping[str, list[Due]]
    ) -> Incident | None:
        """The chosen incident, also one that is over and still owes its last report."""
        owing = [i for i in still if reporting.running(clocks[i.id])]
        if chosen := next((i for i in owing if i.id == self.incident), None):
            return chosen
        found = self.picture.incidents.get(focus(self.picture, self.incident))
        return found or max(owing, key=lambda i: i.opened_at, default=None)

    def _due(self, incident: Incident) -> list[Due]:
        p = self.picture
        found = reporting.reports_due(
            incident, p.reports.values(), p.phone_reports.values(), p.losses.get(incident.id)
        )
        due_review = reviewing.review_due(incident, p.hand_outs.values())
        return [*found, due_review] if due_review is not None else found

    # What is drawn.

    @property
    def _foot(self) -> float:
        """Room for what is said of the last act, while anything is."""
        return FOOT if self._said else 0.0

    def draw(self, paper: Drawing) -> None:
        found, y = self._found, self.top
        if not found and not reviewing.owed(self.picture.findings.values()):
            paper.write(0, y + 22, tr("不欠报告"), Ink("body", "t3"))
        for clock in found[: max(0, int((paper.height - y - self._foot) // ROW))]:
            self._draw_due(paper, y + ROW / 2, clock)
            y += ROW
        self._draw_findings(paper, y)
        if self._said:
            paper.write(0, paper.height - 4, self._said, Ink("age", "t1"), room=paper.width)

    def _draw_findings(self, paper: Drawing, y: float) -> None:
        """Improvements that are owed, with who owes them."""
        now = self.picture.now
        still = reviewing.owed(self.picture.findings.values())
        for found in still[: max(0, int((paper.height - y - self._foot) // ROW))]:
            end = found.due_at or now
            paper.lamp(12, y + ROW / 2, 20, deadlines.lamp(end - now, end - found.noted_at))
            left = age.left(now, end)
            room = paper.width - paper.length(left, Ink("body", "t2")) - 46
            line = f"{plain(found.owner, 12)}　{plain(found.text, 60)}"
            paper.write(34, y + ROW / 2 + 7, line, Ink("body"), room=room)
            paper.write(paper.width, y + ROW / 2 + 7, left, Ink("body", "t2"), RIGHT)
            y += ROW

    def _draw_due(self, paper: Drawing, middle: float, clock: Due) -> None:
        now, base = self.picture.now, middle + 7
        if clock.done_at is None:
            paper.lamp(12, middle, 20, deadlines.lamp(clock.due - now, clock.due - clock.start))
            told, ink = age.left(now, clock.due), Ink("body", "t1", True)
        else:
            paper.disc(12, middle, 6, "t2", "t2")
            told, ink = self._ended(clock), Ink("label", "t2")
        left = paper.width - paper.length(told, ink) - 12
        paper.write(34, base, self._name(clock), Ink("body", ink.token, ink.bold), room=left - 34)
        paper.write(paper.width, base, told, ink, RIGHT)

    def _name(self, clock: Due) -> str:
        """续报一, for changed losses; of another incident with its name."""
        no = 0
        if clock.step == FOLLOW:
            no = 1 + max((r.no for r in self._sent(clock.incident)), default=0)
        parts = [speech().report(clock.step, no)]
        if clock.losses:
            parts.append(tr("伤亡有变"))
        other = self.picture.incidents.get(clock.incident)  # a past may not know of it
        if other is not None and other != self._subject:
            parts.append(other.title)
        return "　".join(parts)

    def _ended(self, clock: Due) -> str:
        late, when = clock.over(self.picture.now), age.clock(clock.done_at)
        if late > 0:
            return tr("{time} 已报　迟 {span}", time=when, span=age.span(late))
        return tr("{time} 已报", time=when)

    def _sent(self, incident: str) -> list[Report]:
        return [r for r in self.picture.reports.values() if r.incident == incident and r.sent_at]

    # What is done.

    def write(self) -> None:
        """The sheet of the next report."""
        self._open_sheet(None)

    def correct(self) -> None:
        """Another version of the last report: that one stays as it was sent."""
        last = self._last(self._subject)
        if last is None:
            self._tell(tr("尚无报出的报告"))
        else:
            self._open_sheet(last)

    def _open_sheet(self, corrects: Report | None) -> None:
        found = self._subject
        if found is None:
            self._tell(tr("没有突发事件"))
            return
        over = self.context.later()
        self._with_facts(found, lambda facts: over(
            ReportSheet(self.context, facts, self.window(), corrects, self._tell)
        ))  # fmt: skip

    def call(self) -> None:
        """Who was told by telephone, by whom, how many minutes ago."""
        fields: Mapping[str, tuple[str, Field]] = {
            "told": (tr("告知对象"), words()),
            "reporter": (tr("报告人"), words(self.desk.person)),
            "words": (tr("要点"), words()),
            "ago": (tr("多久以前"), number(MOST_MINUTES, 1, tr("分前"))),
        }
        self._ask("电话报告", fields, partial(self._do, reporting.phone_report))

    def tell_losses(self) -> None:
        """The numbers as they are known now; changed ones make a follow-up due."""
        found = self._subject
        now = self.picture.losses.get(found.id) if found else None
        names = (tr("死亡"), tr("失联"), tr("重伤"), tr("轻伤"))
        fields: dict[str, tuple[str, Field]] = {}
        for key, name in zip(PEOPLE, names, strict=True):
            field = number(MOST_PEOPLE, 1, tr("人"))
            field.setValue(getattr(now, key) if now else 0)
            fields[key] = (name, field)
        fields["damage"] = (tr("财产损失"), words(now.damage if now else ""))
        fields["source"] = (tr("来源"), words())
        self._ask("伤亡损失", fields, self._losses)

    def _losses(self, found: Incident, told: dict[str, Any]) -> Future[Any]:
        people = [told.pop(key) for key in PEOPLE]
        return self._do(reporting.tell_losses, found, {"people": people, **told})

    def hand_out(self, what: str) -> None:
        """A paper of the incident: asks what for and where to."""
        found = self._subject
        if found is None:
            self._tell(tr("没有突发事件"))
        elif what == "report" and self._last(found) is None:
            self._tell(tr("尚无报出的报告"))
        else:
            make, forms = {
                "brief": (self._brief, ["pdf"]), "map": (self._map, ["html"]),
                "report": (self._report, ["pdf"]), "review": (self._review, ["pdf", "html"]),
            }[what]  # fmt: skip
            self._papers.ask(Wanted(what, found.title, found.id, forms, partial(make, found)))

    def _brief(self, found: Incident, then: Callable[[Paper], object]) -> None:
        def drawn(png: bytes) -> None:
            self._with_facts(found, lambda facts: told(facts, png))

        def told(facts: Facts, png: bytes) -> None:
            pictures = {PICTURE: png} if png else {}
            data = brief.brief(facts, self._late(found), PICTURE if png else "")
            then(Paper("brief", data, pictures))

        MapPicture(self.context, found, drawn, self)

    def _late(self, found: Incident) -> list[str]:
        """What is late: reports first, then answers, the worst of each first."""
        now = self.picture.now
        clocks = [d for d in reporting.running(self._due(found)) if d.over(now) > 0]
        lines = [f"{self._name(d)}　{age.left(now, d.due)}" for d in clocks]
        for debt in debts_of(self.picture, found.id):
            if debt.due < now:
                who, what = named("post", debt.post), named("directive_limit", debt.step)
                told = tr("{who} 欠{what}", who=who, what=what)
                parts = (links.called(debt.record), told, age.left(now, debt.due))
                lines.append("　".join(filter(None, parts)))
        return lines

    def _report(self, found: Incident, then: Callable[[Paper], object]) -> None:
        last = self._last(found)
        if last is not None:
            self._with_facts(found, lambda f: then(Paper("report", brief.report(f, last))))

    def _with_facts(self, found: Incident, then: Callable[[Facts], object]) -> None:
        """What the wall knows of it. The event it grew from may be closed meanwhile: it is read
        from the store then."""
        hits = self.context.hits
        hit = hits.hit if hits.incident == found.id else None
        facts = partial(Facts, found, self.picture, speech(), hit, book=self.context.book)
        if not found.event or found.event in self.picture.events:
            then(facts())
        else:
            self.ask(lambda reader: events.views(reader, [found.event]),
                     lambda views: then(facts(views.get(found.event))))  # fmt: skip

    def _last(self, found: Incident | None) -> Report | None:
        written = self.picture.reports.values()
        return reporting.last_sent(written, found.id) if found else None

    def _map(self, found: Incident, then: Callable[[Paper], object]) -> None:
        said, folder, now = speech(), self.desk.kept.folder.parent, self.picture.now
        self.ask(lambda reader: handout.collect(reader, found.id, said, folder, now), then)

    def _review(self, found: Incident, then: Callable[[Paper], object]) -> None:
        said, now = speech(), self.picture.now
        self.ask(lambda reader: review.review(reader, found.id, said, now), then)

    def note_finding(self) -> None:
        """What went well, or what must be better, by whom, in how many days."""
        found = self._subject
        if found is None:
            self._tell(tr("没有突发事件"))
            return
        title = f"{tr('复盘意见')}　{found.title}"
        finding_sheets.note(self, title, partial(self._do, reviewing.note_finding, found))

    def settle_finding(self) -> None:
        """An improvement is done: which one, and what was done."""
        if not finding_sheets.settle(self, self.picture.findings.values(), self._settle):
            self._tell(tr("没有未完成的整改"))

    def _settle(self, told: dict[str, Any]) -> Future[Any]:
        return self.do(reviewing.settle_finding, lambda done: self._tell(tr("整改完成")), **told)

    def _ask(self, act: str, fields: Mapping[str, tuple[str, Field]], then: Any) -> None:
        found = self._subject
        if found is None:
            self._tell(tr("没有突发事件"))
            return
        sheet = Sheet(self.look, f"{tr(act)}　{found.title}", "记录", fields, self.window())
        self.context.over(sheet.then(partial(then, found)))

    def _do(self, act: Any, found: Incident, told: dict[str, Any]) -> Future[Any]:
        """About the incident that the sheet names: another may be in focus by now."""
        return self.do(act, lambda done: self._tell(tr("已存盘 {time}", time=age.seconds(
            self.picture.now))), incident=found.id, **told)  # fmt: skip

    def refused(self, why: str) -> None:
        self._tell(why)

    def _tell(self, line: str) -> None:
        self._said = line
        self.update()
