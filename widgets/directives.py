"""Directives 指令: who owes whom an answer, worst first, with the seven steps and their clocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import QDragEnterEvent, QDropEvent

from commandwall import owed
from commandwall.alarms import ACKED
from commandwall.answers import Answer, own, spoken
from commandwall.clock import Ms
from commandwall.countersign import Countersign
from commandwall.directives import (
    BLOCKED,
    DELIVERED,
    DIRECTIVE_ACKED,
    DONE,
    DRAFT,
    ENDED,
    EXECUTING,
    ISSUED,
    REFUSED,
    USUAL,
    VERIFIED,
    Directive,
    is_over,
)
from commandwall.exchange import Decision, Message
from commandwall.incidents import OPEN, Incident  # fmt: skip
from commandwall.owed import Debt, of_directive, of_request
from commandwall.picture import Changes, Picture, Tick
from commandwall.plans import by_plan, skipped
from commandwall.posts import side_of
from commandwall.requests import ASKED, Request
from commandwall.sitreps import newest
from layers.words import order_number
from widgets import age, links
from widgets.base import Command, Subject
from widgets.file_sheet import FileSheet
from widgets.i18n import named, tr
from widgets.linked import LinkedRows
from widgets.order_words import at_scene, closed, ended, heard, reached, second_word, short
from widgets.paper import MIDDLE, RIGHT, Ink, Paper
from widgets.text import plain, wrap

STEPS = ("下达", "送达", "已看", "接令", "执行", "完成", "核验")
REACHED = {
    ISSUED: 1, DELIVERED: 2, REFUSED: 3, DIRECTIVE_ACKED: 4, EXECUTING: 5, BLOCKED: 5, DONE: 6,
    VERIFIED: 7,
}  # fmt: skip
"""State -> how many of the seven steps are done; that it was seen is no state."""
OWED = {
    owed.ACK: 3, owed.DECIDE: 3, owed.KNOW: 3, owed.START: 4, owed.NEED: 4, owed.FINISH: 5,
    owed.VERIFY: 6,
}  # fmt: skip
"""What is owed -> the step on which the mark stands."""
SEEN = STEPS.index("已看")
STEP, LEFT, NAMES = 44.0, 168.0, 44.0
BASE, UNDER = 20.0, 25.0
"""Baseline of the first line of a row, and how far the next one is under it."""
APART = 12.0
"""Between what is asked for in a word, and the whole of it."""
DEBT = Ink("body", "t1", True)


class Directives(LinkedRows):
    """All directives of the incident in focus. Acts answer as the post that this station took."""

    id = "directives"
    title = "指令　谁欠谁"
    kind = Directive
    shows = frozenset({Directive, Request, Answer, Countersign, Message, Decision, Incident, Tick})
    quiet = True
    row, head, foot = 52.0, 28.0, 28.0

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._debts, self._words = LEFT, LEFT
        self.setAcceptDrops(True)

    def order(self) -> Sequence[str]:
        rows: list[Directive | Request] = [*self._mine(), *self._requests()]
        return [row.id for row in sorted(rows, key=_order)]

    def kind_of(self, key: str) -> type[Any]:
        return Request if key in self.picture.requests else Directive

    def refresh(self, picture: Picture, changes: Changes) -> None:
        super().refresh(picture, changes)
        if {Directive, Request} & changes.kinds:
            self.renew()  # a new order must be seen at once; the chosen row stays the chosen one
        self.at = max((d.changed_at for d in self._mine()), default=None)

    def empty_line(self) -> str:
        return tr("尚无指令，按 I 下达") if self._focus() else tr("没有突发事件")

    def commands(self) -> list[Command]:
        return [
            *super().commands(),
            Command("F", tr("附件"), self.show_files),
            Command("Ctrl+V", tr("粘贴附件"), self.paste),
            Command(".", tr("到由此而来的"), self.go_on),
            Command(",", tr("到其来由"), self.go_back),
        ]

    def go_on(self) -> None:
        """To what came of the chosen thing; at the end of a chain to its place on the map."""
        made = links.onward(self.picture, self._at) if self._at is not None else None
        found = links.record(self.picture, self._at)
        if made is not None:
            self.chosen.emit(made)
        elif found is not None and found.lon is not None and self.context.map is not None:
            self.context.map.look_at(found.lon, found.lat)

    def go_back(self) -> None:
        """To what the chosen thing came of."""
        source = links.before(self.picture, self._at) if self._at is not None else None
        if source is not None:
            self.chosen.emit(source)

    def draw(self, paper: Paper) -> None:
        """The list, and in its foot the newest words between the sides."""
        super().draw(paper)
        here = self._focus()
        every: list[Message | Decision] = [
            *self.picture.messages.values(), *self.picture.decisions.values(),
        ]  # fmt: skip
        last = max((r for r in every if r.incident == here), key=lambda r: r.at, default=None)
        if last is None:
            return
        told = (age.clock(last.at), links.called(last), named("post", last.post),
                links.words(last))  # fmt: skip
        room = paper.width - (320 if self.waiting > 0 else 8)
        paper.write(8, paper.height - 10, "　".join(told), Ink("age", "t2"), room=room)

    def show_files(self) -> FileSheet | None:
        """The files of the chosen directive, else of the incident, over the page."""
        found = self.picture.directives.get(self.current)
        incident = self.picture.incidents.get(self._focus())
        if found is not None:
            title = tr("第 {n} 号指令　附件", n=order_number(tr, found))
            of = Subject(Directive, found.id)
        elif incident is not None:
            title, of = tr("{title}　附件", title=incident.title), Subject(Incident, incident.id)
        else:
            return None
        sheet = FileSheet(self.context, title, of, self.window())
        self.context.over(sheet)
        return sheet

    def paste(self) -> None:
        """What the clipboard holds belongs to the chosen directive, else to the incident."""
        if (sheet := self.show_files()) is not None:
            sheet.strip.paste()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """A photo that is dropped on a directive belongs to it, else to the incident."""
        self.current = self.row_at(event.position().y())
        if (sheet := self.show_files()) is not None and sheet.strip.take(event.mimeData()):
            event.acceptProposedAction()

    def aside(self) -> list[tuple[object, Ink]]:
        mine, now = self._mine(), self.picture.now
        debts = owed.listed(mine, self._requests())
        done = sum(d.state == VERIFIED for d in mine)
        late = sum(debt.due < now for debt in debts)
        line = tr("共 {n}　欠答 {owed}　超时 {late}　已核验 {done}", n=len(mine),
                  owed=len(debts), late=late, done=done)  # fmt: skip
        return [(line, Ink("age", "t2"))]

    def draw_head(self, paper: Paper, base: float) -> None:
        rows: list[Directive | Request] = [*self._mine(), *self._requests()]
        debts = [paper.length(self._debt(row), DEBT) for row in rows]
        self._debts = max(LEFT, *debts, 0.0) + 32
        told = [paper.length(_names(row), DEBT) for row in rows]
        unsent = paper.length(tr("未送达中心池"), Ink("age"))
        self._words = NAMES + max(unsent, *told, 0.0) + 24
        x, names = self._dots(paper.width), [tr(word) for word in STEPS]
        crowded = any(paper.length(word, Ink("age")) > STEP - 6 for word in names)
        for i, word in enumerate(names):
            lifted = 18 if crowded and i % 2 == 0 else 0  # long words stand on two lines
            paper.write(x + i * STEP, base - lifted, word, Ink("age"), MIDDLE)

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        """What is asked for has both lines of its column; what is said of it is under the steps."""
        row = self.picture.requests.get(key) or self.picture.directives.get(key)
        if row is None:
            return
        base, dots, over = box.top() + BASE, self._dots(paper.width), _over(row)
        paper.write(8, base, order_number(tr, row), Ink("age"))
        names, to = f"{named('post', row.from_post)} → ", named("post", row.to_post)
        x = paper.write(NAMES, base, names, Ink("body", "t3" if over else "t2"))
        paper.write(x, base, to, Ink("body", "t2" if over else "t1", not over))
        self._draw_words(paper, row, base)
        if isinstance(row, Directive):
            self._draw_steps(paper, row, dots, base - 7)
        debt = Ink("body", "t2", False) if over else DEBT
        paper.write(paper.width - 8, base, self._debt(row), debt, RIGHT)
        told = self._told(row) if isinstance(row, Directive) else self._request_told(row)
        paper.write(dots - 6, base + UNDER, told, Ink("age", "t2"), room=paper.width - dots - 2)
        if f"{type(row).__name__.lower()}:{row.id}" in self.picture.unsent:
            paper.write(NAMES, base + UNDER, tr("未送达中心池"), Ink("age", "t2"))

    def tall(self, key: str) -> float:
        """The chosen one shows all its words, as they were written."""
        row = self.picture.requests.get(key) or self.picture.directives.get(key)
        if row is None or key != self.current:
            return self.row
        word, rest = self._asks(row)
        letters, ink = self.look.letters("body"), self._word_ink(row)
        wide = self.look.wide(word, ink.role, ink.bold) + APART if word else 0.0
        indent = self._mark(row) + wide
        lines = len(wrap(plain(rest), letters, self._words_room(), len(rest), indent))
        return self.row + max(0, lines - 2) * UNDER

    def _draw_words(self, paper: Paper, row: Directive | Request, base: float) -> None:
        """In a word what is asked for, then the whole: on two lines, the chosen one on all."""
        start, room = self._words + self._mark(row), self._words_room()
        if start > self._words:
            paper.mark(self._words + 8, base - 7, 16, (row.priority, ACKED))
        word, rest = self._asks(row)
        if word:
            start = paper.write(start, base, word, self._word_ink(row), room=room) + APART
        ink, lines = Ink("body", "t3" if _over(row) else "t2"), 2
        if row.id == self.current:
            lines = max(2, len(rest))
        paper.paragraph(self._words, base, rest, ink, room, lines, start - self._words)

    def _mark(self, row: Directive | Request) -> float:
        """Room for the mark of what is urgent."""
        return 24.0 if row.priority < USUAL and not _over(row) else 0.0

    def _word_ink(self, row: Directive | Request) -> Ink:
        return Ink("body", "t3" if _over(row) else "t1", not _over(row))

    def _words_room(self) -> float:
        return self._dots(self.width() / self.look.unit) - self._words - 32

    def _asks(self, row: Directive | Request) -> tuple[str, str]:
        """What a row asks for: in a word, and the rest; the place of its own comes last."""
        if isinstance(row, Request):
            rest = row.amount, row.place
            return tr("请求 {what}", what=row.what), "　".join(filter(None, rest))
        incident = self.picture.incidents.get(row.incident)
        words = row.text if row.id == self.current else at_scene(row.text, incident)
        rest = words, row.place
        return short(self.context.book, self.picture, row), "　".join(filter(None, rest))

    def _request_told(self, r: Request) -> str:
        """By when it is needed; or what was said to it, and the directive that it became."""
        if r.state == ASKED:
            return tr("{time} 前要", time=age.clock(r.need_at)) if r.need_at else ""
        made = self.picture.directives.get(r.became)
        became = tr("转第 {n} 号指令", n=order_number(tr, made)) if made is not None else ""
        return "　".join(filter(None, (r.said, became, *self._heard(r))))

    def _told(self, d: Directive) -> str:
        """What is to be done about it, how it stands, and what it belongs to."""
        debt = of_directive(d)
        told = advice(debt, self.picture.now) if debt is not None else ""
        spoke = self._heard(d)
        return "　".join(filter(None, (told, self._stands(d), *spoke, *self._links(d))))

    def _stands(self, d: Directive) -> str:
        """What is needed, what was done, or how far it has come without an answer."""
        if d.state in ENDED or d.state == REFUSED:
            return ended(d)
        if d.need and d.state in (BLOCKED, EXECUTING):
            return tr("受阻，需 {need}" if d.state == BLOCKED else "退回，缺 {need}", need=d.need)
        if d.evidence:
            return tr("完成情况 {evidence}", evidence=d.evidence)
        if d.state in (ISSUED, DELIVERED):
            undelivered = owed.timeout(d, self.picture.now) == owed.UNDELIVERED
            return "" if undelivered else reached(d)
        eta = d.eta_at if d.state in (DIRECTIVE_ACKED, EXECUTING) else None
        return tr("预计 {time} 完成", time=age.clock(eta)) if eta else ""

    def _heard(self, row: Directive | Request) -> list[str]:
        """Whose answers others wrote down, and whose word a second person's was: both names."""
        every = self.picture.answers.values()
        told = [heard(a, own(every, a)) for a in spoken(every, row.id)[-1:]]
        words = (w for w in self.picture.countersigns.values() if w.record == row.id)
        return [*told, *map(second_word, words)]

    def _links(self, d: Directive) -> list[str]:
        """The directives that it belongs to, or stands for, and to whom a copy went."""
        source = links.before(self.picture, Subject(Directive, d.id))
        told = [tr("据{what}", what=links.name(self.picture, source))] if source else []
        for key, words in ((d.parent, tr("属第 {n} 号")), (d.supersedes, tr("替代第 {n} 号"))):
            if (other := self.picture.directives.get(key)) is not None:
                told.append(words.format(n=order_number(tr, other)))
        if d.cc:
            told.append(
                tr("抄送 {posts}", posts=" ".join(named("post", p) for p in d.cc.split(",")))
            )
        return told

    def _draw_steps(self, paper: Paper, d: Directive, x: float, y: float) -> None:
        debt, steps = of_directive(d), REACHED.get(d.state, 0)
        step = OWED[debt.step] if debt else -1
        marks = {1: d.delivered_at, SEEN: d.seen_at, 3: d.acked_at, 4: d.executing_at}
        for i in range(len(STEPS)):
            done = i < steps and not (i == 1 and d.delivered_at is None)
            done = done or marks.get(i) is not None or (i == 0 and d.issued_at > 0)
            if i:
                paper.line(
                    x + (i - 1) * STEP + 9, y, x + i * STEP - 9, y, "t2" if done else "ln2", 2
                )
            if i == step and debt is not None:
                paper.lamp(x + i * STEP, y, 18, owed.lamp(debt, self.picture.now))
            else:
                self._dot(paper, x + i * STEP, y, done)

    def _dot(self, paper: Paper, x: float, y: float, done: bool) -> None:
        paper.disc(x, y, 6, "t2" if done else "t4", "t2" if done else "bg")

    def _debt(self, row: Directive | Request) -> str:
        debt = _owes(row)
        if debt is None:
            return closed(row)
        what = named("directive_limit", debt.step)
        return tr("欠{what} {left}", what=what, left=age.left(self.picture.now, debt.due))

    def _dots(self, width: float) -> float:
        return width - self._debts - STEP * (len(STEPS) - 1)

    def _mine(self) -> list[Directive]:
        """Those of the incident in focus; a draft is for the side that wrote it, and what a plan
        set is a task of the plan until it is given."""
        side = side_of(self.context.desk.post)
        return [d for d in of_incident(self.picture, self._focus())
                if (d.state != DRAFT or side_of(d.from_post) == side)
                and not (by_plan(d) and (d.state == DRAFT or skipped(d)))]  # fmt: skip

    def _requests(self) -> list[Request]:
        return requests_of(self.picture, self._focus())

    def _focus(self) -> str:
        return focus(self.picture, self.incident)


def _over(row: Directive | Request) -> bool:
    return row.state != ASKED if isinstance(row, Request) else is_over(row)


def _owes(row: Directive | Request) -> Debt | None:
    return of_request(row) if isinstance(row, Request) else of_directive(row)


def _order(row: Directive | Request) -> tuple[Ms, Ms]:
    """The first to be late first, then what owes nothing, the newest first."""
    debt = _owes(row)
    return (debt.due, Ms(0)) if debt is not None else (Ms(1 << 62), Ms(-row.changed_at))


def of_incident(picture: Picture, incident: str) -> list[Directive]:
    """All directives of one incident."""
    return [d for d in picture.directives.values() if d.incident == incident]


def requests_of(picture: Picture, incident: str) -> list[Request]:
    """All requests of one incident."""
    return [r for r in picture.requests.values() if r.incident == incident]


def debts_of(picture: Picture, incident: str) -> list[Debt]:
    """All that is owed in one incident, the first to be late first: answers, and reports that the
    front missed."""
    words = [w for w in picture.countersigns.values() if w.incident == incident]
    debts = owed.listed(of_incident(picture, incident), requests_of(picture, incident), words)
    found = picture.incidents.get(incident)
    last = newest(picture.sitreps.values(), incident)
    missed = owed.of_front(found, last, picture.now) if found is not None else None
    return sorted([*debts, *([missed] if missed else [])], key=owed.soonest)


def _names(row: Directive | Request) -> str:
    return f"{named('post', row.from_post)} → {named('post', row.to_post)}"


def advice(debt: Debt, now: Ms) -> str:
    """What to do about a debt, in words; "" while nothing is to be done."""
    row = owed.advice(debt, now)
    return named("directive_limit", row, "next") if row else ""


def focus(picture: Picture, chosen: str) -> str:
    """The incident that is shown: the chosen one, else the newest that is open; "" for none."""
    found = picture.incidents.get(chosen)
    if found is not None and found.state == OPEN:
        return chosen
    still = [i for i in picture.incidents.values() if i.state == OPEN]
    return max(still, key=lambda i: i.opened_at).id if still else ""
