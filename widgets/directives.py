"""Directives 指令: who owes whom an answer, worst first, with the seven steps and their clocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF

from commandwall import deadlines
from commandwall.clock import SECOND, Ms
from commandwall.directives import (
    BLOCKED,
    DELIVERED,
    DIRECTIVE_ACKED,
    DONE,
    EXECUTING,
    ISSUED,
    VERIFIED,
    Directive,
    owes,
)
from commandwall.incidents import OPEN, Incident  # fmt: skip
from commandwall.picture import Changes, Picture, Tick
from widgets import age
from widgets.base import Command, Subject
from widgets.file_sheet import FileSheet
from widgets.i18n import named, rows, tr
from widgets.paper import MIDDLE, RIGHT, Ink, Paper
from widgets.rows import RowList

STEPS = ("下达", "送达", "已看", "接令", "执行", "完成", "核验")
REACHED = {
    ISSUED: 1, DELIVERED: 2, DIRECTIVE_ACKED: 4, EXECUTING: 5, BLOCKED: 5, DONE: 6, VERIFIED: 7,
}  # fmt: skip
"""State -> how many of the seven steps are done; that it was seen is no state."""
OWED = {"ack": 3, "done": 5, "need": 4, "verify": 6}
"""What is owed -> the step on which the mark stands."""
SEEN = STEPS.index("已看")
STEP, LEFT = 44.0, 168.0
DEBT = Ink("body", "t1", True)


def due(directive: Directive) -> Ms | None:
    """When what is owed becomes late."""
    debt = owes(directive)
    if debt is None:
        return None
    _, what, since = debt
    limit = Ms(since + int(rows("directive_limit")[what].facts["seconds"]) * SECOND)
    return directive.due_at if what == "done" and directive.due_at else limit


def lamp(directive: Directive, now: Ms) -> str:
    """green, yellow, orange or red by the time left for what is owed."""
    debt, end = owes(directive), due(directive)
    if debt is None or end is None:
        return "green"
    return deadlines.lamp(end - now, end - debt[2])


class Directives(RowList):
    """All directives of the incident in focus. Acts answer as the post that this station took."""

    id = "directives"
    title = "指令　谁欠谁"
    kind = Directive
    shows = frozenset({Directive, Incident, Tick})
    quiet = True
    row = 50.0
    head = 34.0

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.incident, self._debts = "", LEFT

    def open(self, subject: Subject) -> None:
        if subject.kind is Incident:
            self.incident = subject.id
            self.renew()
        elif subject.kind is Directive and subject.id in self.keys:
            self.current = subject.id
            self._show_current()
            self.update()

    def order(self) -> Sequence[str]:
        end = 1 << 62
        return [d.id for d in sorted(self._mine(), key=lambda d: (due(d) or end, -d.no))]

    def refresh(self, picture: Picture, changes: Changes) -> None:
        super().refresh(picture, changes)
        if Directive in changes.kinds:
            self.renew()  # a new order must be seen at once; the chosen row stays the chosen one
        self.at = max((d.changed_at for d in self._mine()), default=None)

    def empty_line(self) -> str:
        return tr("尚无指令，按 I 下达") if self._focus() else tr("没有突发事件")

    def commands(self) -> list[Command]:
        return [*super().commands(), Command("F", tr("附件"), self.show_files)]

    def show_files(self) -> None:
        """The files of the chosen directive, over the page."""
        found = self.picture.directives.get(self.current)
        if found is not None:
            title = tr("第 {n} 号指令　附件", n=found.no)
            self.context.over(FileSheet(self.context, title, found.id, self.window()))

    def aside(self) -> list[tuple[object, Ink]]:
        mine, now = self._mine(), self.picture.now
        late = sum((end := due(d)) is not None and end < now for d in mine)
        done = sum(d.state == VERIFIED for d in mine)
        line = tr("共 {n}　欠答 {owed}　超时 {late}　已核验 {done}", n=len(mine),
                  owed=len(mine) - done, late=late, done=done)  # fmt: skip
        return [(line, Ink("age", "t2"))]

    def draw_head(self, paper: Paper, base: float) -> None:
        debts = [paper.length(self._debt(d), DEBT) for d in self._mine()]
        self._debts = max(LEFT, *debts, 0.0) + 32
        x, names = self._dots(paper.width), [tr(word) for word in STEPS]
        crowded = any(paper.length(word, Ink("age")) > STEP - 6 for word in names)
        for i, word in enumerate(names):
            lifted = 18 if crowded and i % 2 == 0 else 0  # long words stand on two lines
            paper.write(x + i * STEP, base - lifted, word, Ink("age"), MIDDLE)

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        d = self.picture.directives.get(key)
        if d is None:
            return
        told, middle, dots = self._told(d), box.center().y() + 7, self._dots(paper.width)
        base = middle - 9 if told else middle
        over = d.state == VERIFIED
        paper.write(8, base, d.no, Ink("age"))
        names = f"{named('post', d.from_post)} → "
        x = paper.write(44, base, names, Ink("body", "t3" if over else "t2"))
        paper.write(
            x, base, named("post", d.to_post), Ink("body", "t2" if over else "t1", not over)
        )
        words = "　".join(filter(None, (named("directive_verb", d.verb), d.text, d.place)))
        paper.write(236, base, words, Ink("body", "t3" if over else "t2"), room=dots - 268)
        self._draw_steps(paper, d, dots, box.center().y())
        owed = Ink("body", "t2", False) if over else DEBT
        paper.write(paper.width - 8, middle, self._debt(d), owed, RIGHT)
        paper.write(236, base + 20, told, Ink("age", "t2"), room=dots - 268)
        if f"directive:{d.id}" in self.picture.unsent:
            paper.write(44, base + 20, tr("未送达中心池"), Ink("age", "t2"))

    def _told(self, d: Directive) -> str:
        """What is needed, what was done, or how far it has come without an answer."""
        if d.need and d.state in (BLOCKED, EXECUTING):
            return tr("受阻，需 {need}" if d.state == BLOCKED else "退回，缺 {need}", need=d.need)
        if d.evidence:
            return tr("完成情况 {evidence}", evidence=d.evidence)
        return _reached(d) if d.state in (ISSUED, DELIVERED) else ""

    def _draw_steps(self, paper: Paper, d: Directive, x: float, y: float) -> None:
        debt, reached = owes(d), REACHED.get(d.state, 0)
        owed = OWED[debt[1]] if debt else -1
        for i in range(len(STEPS)):
            done = i < reached and not (i == 1 and d.delivered_at is None)
            done = done or (i == SEEN and d.seen_at is not None)
            if i:
                paper.line(
                    x + (i - 1) * STEP + 9, y, x + i * STEP - 9, y, "t2" if done else "ln2", 2
                )
            if i == owed:
                paper.lamp(x + i * STEP, y, 18, lamp(d, self.picture.now))
            else:
                self._dot(paper, x + i * STEP, y, done)

    def _dot(self, paper: Paper, x: float, y: float, done: bool) -> None:
        paper.disc(x, y, 6, "t2" if done else "t4", "t2" if done else "bg")

    def _debt(self, d: Directive) -> str:
        debt, end = owes(d), due(d)
        if debt is None or end is None:
            return tr("已核验 {time}", time=age.clock(d.verified_at))
        what = named("directive_limit", debt[1])
        return tr("欠{what} {left}", what=what, left=age.left(self.picture.now, end))

    def _dots(self, width: float) -> float:
        return width - self._debts - STEP * (len(STEPS) - 1)

    def _mine(self) -> list[Directive]:
        """Those of the incident in focus."""
        return of_incident(self.picture, self._focus())

    def _focus(self) -> str:
        return focus(self.picture, self.incident)


def _reached(d: Directive) -> str:
    """When it reached the other side, and a person there."""
    if d.seen_at is not None:
        return tr("已看 {time}，未接令", time=age.clock(d.seen_at))
    if d.delivered_at is not None:
        return tr("送达 {time}，未看", time=age.clock(d.delivered_at))
    return tr("未送达对方")


def of_incident(picture: Picture, incident: str) -> list[Directive]:
    """All directives of one incident."""
    return [d for d in picture.directives.values() if d.incident == incident]


def focus(picture: Picture, chosen: str) -> str:
    """The incident that is shown: the chosen one, else the newest that is open; "" for none."""
    found = picture.incidents.get(chosen)
    if found is not None and found.state == OPEN:
        return chosen
    still = [i for i in picture.incidents.values() if i.state == OPEN]
    return max(still, key=lambda i: i.opened_at).id if still else ""
