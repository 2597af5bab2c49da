"""The incident strip: what, where, how bad, since when; three gradings that are never one."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRectF

from commandwall import closing
from commandwall.clock import Ms
from commandwall.directives import VERIFIED, Directive
from commandwall.incidents import OPEN, Incident
from commandwall.picture import Changes, Picture, Tick
from widgets import age
from widgets.base import Command, Panel, Subject
from widgets.directives import due, focus, of_incident
from widgets.fields import words
from widgets.i18n import named, tr
from widgets.opening import level
from widgets.paper import Ink, Paper
from widgets.sheet import Sheet

FIELD, TITLE_LEAST = 190.0, 560.0


class IncidentStrip(Panel):
    """The incident in focus. Several open ones are stepped through by `[` and `]`."""

    id = "incident_strip"
    title = "突发事件"
    shows = frozenset({Incident, Directive, Tick})
    headed = False

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.chosen_incident, self._said = "", ""

    def open(self, subject: Subject) -> None:
        if subject.kind is Incident:
            self.chosen_incident = subject.id
            self.update()

    def refresh(self, picture: Picture, changes: Changes) -> None:
        found = self.incident()
        self.at = found.opened_at if found else None

    def commands(self) -> list[Command]:
        return [
            Command("]", tr("下一个突发事件"), lambda: self.step(1)),
            Command("[", tr("上一个突发事件"), lambda: self.step(-1)),
            Command("L", tr("定位"), self.locate),
            Command("Shift+X", tr("结束突发事件"), self.close_incident),
        ]

    def incident(self) -> Incident | None:
        return self.picture.incidents.get(focus(self.picture, self.chosen_incident))

    def step(self, by: int) -> None:
        """Bring another open incident into focus on every panel of the page."""
        still = sorted((i for i in self.picture.incidents.values() if i.state == OPEN),
                       key=lambda i: i.opened_at)  # fmt: skip
        now = self.incident()
        if still and now is not None:
            at = (still.index(now) + by) % len(still)
            self.chosen.emit(Subject(Incident, still[at].id))

    def locate(self) -> None:
        """Bring the incident to the middle of the map."""
        found = self.incident()
        if found is not None and self.context.map is not None:
            self.context.map.look_at(found.lon, found.lat)

    def close_incident(self) -> None:
        """Ask why it ends; the desk refuses while a directive still owes an answer."""
        found = self.incident()
        if found is None:
            return
        fields = {"reason": (tr("结束原因"), words(tr("处置完毕")))}
        title = tr("结束 {title}", title=found.title)
        sheet = Sheet(self.look, title, "结束突发事件", fields, self.window())
        self.context.over(sheet.then(lambda told: self._close(found.id, told["reason"])))

    def _close(self, incident: str, reason: str) -> None:
        self._said = ""
        self.do(closing.close_incident, incident=incident, reason=reason)

    def refused(self, why: str) -> None:
        self._said = why
        self.update()

    def draw(self, paper: Paper) -> None:
        found = self.incident()
        if found is None:
            paper.write(0, 40, tr("没有突发事件"), Ink("sentence", "t2"))
            line = tr("在事件卡上按 E 转突发；前后指一同开设")
            paper.write(0, 74, line, Ink("body", "t3"))
            return
        fields = self._fields(found)
        start = paper.width - FIELD * len(fields)
        beside = start >= TITLE_LEAST  # on a narrow wall the fields stand under the title
        room = start - 24 if beside else paper.width
        paper.write(0, 40, found.title, Ink("sentence"), room=room)
        paper.write(0, 74, self._line(found), Ink("body"), room=room)
        x, y = (start, 0.0) if beside else (0.0, 90.0)
        for i, field in enumerate(fields):
            self._draw_field(paper, x + i * FIELD, y, field)
        if self._said:
            paper.write(0, paper.height - 4, self._said, Ink("label", "t1"), room=paper.width)

    def _draw_field(self, paper: Paper, x: float, y: float, field: tuple[str, str, int]) -> None:
        label, value, level = field
        paper.write(x, y + 22, label, Ink("label", "t3"))
        if level:
            paper.mark(x + 14, y + 56, 26, (level, "ACKED"))
            paper.write(x + 36, y + 64, value, Ink("item"))
        else:
            paper.write(x, y + 64, value, Ink("item", "t2", False))

    def _fields(self, found: Incident) -> list[tuple[str, str, int]]:
        gradings = (
            (tr("事件分级"), found.grade),
            (tr("预警级别"), found.warning),
            (tr("响应级别"), found.response),
        )
        now = self.picture.now
        since = (tr("事发至今"), age.span(Ms(now - found.opened_at)), 0)
        mine = of_incident(self.picture, found.id)
        late = sum((end := due(d)) is not None and end < now for d in mine)
        owed = sum(d.state != VERIFIED for d in mine)
        debts = (tr("欠答"), tr("{n}　超时 {late}", n=owed, late=late), 0)
        graded = [(label, level(g), g or 0) for label, g in gradings]
        return [*graded, since, debts]

    def _line(self, found: Incident) -> str:
        still = sum(i.state == OPEN for i in self.picture.incidents.values())
        more = tr("另有 {n} 起，按 ] 切换", n=still - 1) if still > 1 else ""
        kind = named("incident_kind", found.kind) if found.kind else ""
        opened = tr("{time} 起", time=age.clock(found.opened_at))
        return "　".join(filter(None, (found.place, kind, opened, more)))


def frame(paper: Paper, box: QRectF, chosen: bool) -> None:
    """A tile: raised where it is the chosen one."""
    paper.fill(box, "r2" if chosen else "r", 4)
    if chosen:
        paper.frame(box.adjusted(1, 1, -1, -1), "t1")
