"""叫应: who is called about the incident in focus, how often, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import QHideEvent

from commandwall import calls, codes, unmasking
from commandwall.areas import Person
from commandwall.calls import Call
from commandwall.clock import Ms
from commandwall.desk import Done
from commandwall.hit import Hit
from commandwall.incidents import Incident
from commandwall.picture import Changes, Picture, Tick
from commandwall.rights import About, about_incident
from widgets import age, text, words
from widgets.base import Command, Piece, Subject
from widgets.directives import focus
from widgets.fields import Field, choice
from widgets.fields import words as line
from widgets.i18n import language, named, rows, tr
from widgets.number_acts import show, unreadable, with_reason
from widgets.paper import RIGHT, Ink, Paper
from widgets.rows import RowList
from widgets.sheet import Sheet

COLUMNS = (("序", 0.0), ("姓名", 0.05), ("职务", 0.24), ("地点", 0.36), ("电话", 0.60),
           ("次数", 0.74), ("结果", 0.81))  # fmt: skip
"""Name of a column, and where it begins as a share of the width."""


class CallBoard(RowList):
    """Nothing dials by itself: `C` says that a call begins, a digit says what came of it."""

    id, title, kind, quiet = "calls", "叫应", Call, True
    shows = frozenset({Call, Incident, Person, Tick})
    row, head = 40.0, 30.0

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.incident = self._said = ""
        self.context.hits.fresh.connect(self.update)

    def open(self, subject: Subject) -> None:
        if subject.kind is Incident:
            self.incident, self._said = subject.id, ""
            self.context.hits.want(focus(self.picture, self.incident))
            self.renew()

    def order(self) -> Sequence[str]:
        """Those to be called next first, then those who rang in vain, then who answered."""
        return [c.id for c in sorted(self._mine(), key=lambda c: (c.answered_at is not None, c.no))]

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self.context.hits.want(focus(picture, self.incident))
        super().refresh(picture, changes)
        if Call in changes.kinds:
            self.renew()  # who stands in is called at once; the chosen row stays the chosen one
        self.at = max((c.called_at or c.added_at for c in self._mine()), default=None)

    def commands(self) -> list[Command]:
        results = [Command(str(n), f"{tr('结果')} {code.name(language())}", partial(self.mark, key))
                   for n, (key, code) in enumerate(rows("call_result").items(), 1)]  # fmt: skip
        return [
            *super().commands(),
            Command("S", tr("开始叫应"), self.start),
            Command("C", tr("拨打"), self.ring),
            Command("V", tr("查看号码"), self.show_number),
            *results,
            Command("R", tr("应答并记复述"), self.read_back),
            Command("G", tr("到岗"), self.arrive),
        ]

    # Acts.

    def start(self) -> None:
        """Put those in charge of all that is hit on the list."""
        hit, found = self.context.hits.hit, focus(self.picture, self.incident)
        subjects = self._subjects(hit) if hit is not None else []
        if not found or not subjects:
            self.refused(tr("影响范围内没有可叫应的人，先按 Alt 6 到指挥页划定范围"))
            return
        self._do(calls.start_calls, incident=found, subjects=subjects)

    def ring(self) -> None:
        """Dial the chosen one, else the first: that one is chosen from then on, so that what comes
        of the call is marked at nobody else."""
        if not self.current and self.keys:
            self.choose(self.keys[0])
        if self.current and not unreadable(self, self._about()):
            self._reasoned(partial(self._ring, self.current))
        else:
            self._of_current(calls.dial)

    def show_number(self) -> None:
        """The whole number of the one who is being called, once more."""
        if not self.current:
            self.refused(tr("先选一条"))
        elif why := unreadable(self, self._about()):
            self.refused(why)
        else:
            call = self.picture.calls[self.current]
            self._reasoned(partial(self._unmask, call.id, call.called_at or call.added_at))

    def mark(self, result: str) -> None:
        """What came of the call; `C` then dials the next one that waits."""
        if self.current:
            self._mark(self.current, result=result)
        else:
            self.refused(tr("先选一条"))

    def _mark(self, key: str, **told: str) -> Future[Any]:
        self._said = ""
        self.context.numbers.forget()
        return self.do(calls.mark_call, lambda done: self._marked(key), call=key, **told)

    def _marked(self, key: str) -> None:
        if self.current == key:
            self.choose("")

    def arrive(self) -> None:
        self._of_current(calls.report_in)

    def read_back(self) -> None:
        """What the person read back, and who answered."""
        if not self.current:
            self.refused(tr("先选一条"))
            return
        answers = {k: c.name(language()) for k, c in rows("call_result").items()
                   if c.facts["answers"]}  # fmt: skip
        fields: dict[str, tuple[str, Field]] = {
            "result": (tr("结果"), choice(answers)), "words": (tr("复述"), line()),
        }  # fmt: skip
        key = self.current
        sheet = Sheet(self.look, tr("应答并记复述"), "记录", fields, self.window())
        self.context.over(sheet.then(lambda told: self._mark(key, **told)))

    def refused(self, why: str) -> None:
        self._said = why
        self.update()

    # The number that is dialled.

    def _about(self) -> About:
        found = self.picture.incidents.get(focus(self.picture, self.incident))
        return about_incident(found, ()) if found is not None else About()

    def _reasoned(self, act: Callable[[str], Future[Any]]) -> None:
        found = self.picture.incidents[focus(self.picture, self.incident)]
        matter = found.id, found.title
        with_reason(self, matter, self._about(), act)

    def _ring(self, key: str, reason: str) -> Future[Any]:
        """Dial, then show the number that is dialled."""

        def rung(done: Done) -> None:
            for call in done.of(Call):
                self._unmask(key, call.called_at or call.added_at, reason)

        return self._do(calls.dial, rung, call=key)

    def _unmask(self, key: str, rung: Ms, reason: str) -> Future[Any]:
        self._said = ""
        still = partial(self._rings, key, rung)
        return show(self, ("call", key), reason, still)

    def _rings(self, key: str, rung: Ms) -> bool:
        """Whether who sits here still calls there, as far as this screen has heard of it."""
        call = self.picture.calls.get(key)
        if call is None or (call.called_at or 0) < rung:
            return call is not None
        return unmasking.rings(call, self.desk.person, self.desk.post)

    def hideEvent(self, event: QHideEvent) -> None:
        self.context.numbers.forget()
        super().hideEvent(event)

    # Drawing.

    def empty_line(self) -> str:
        return self._said or tr("尚未叫应，按 S 叫应影响范围内的责任人")

    def aside(self) -> list[Piece]:
        mine, now = self._mine(), self.picture.now
        if not mine:
            return []
        found = calls.standing(mine, now)
        minutes, share = (codes.limit(f"call_most_{n}") for n in ("minutes", "share"))
        told = tr("应答 {n} / {all}", n=found.answered, all=found.seats)
        early = tr("{minutes:.0f} 分内 {n} %，须 {share} %", minutes=minutes,
                   n=100 * found.early // found.seats, share=round(100 * share))  # fmt: skip
        late = tr("超时 {n}", n=found.late) if found.late else ""
        left = self.context.numbers.left()
        number = tr("完整号码 {n} 秒后遮盖", n=left) if left else ""
        running = tr("已 {span}", span=age.span(Ms(found.seconds * 1000)))
        pieces: list[Piece] = [(self._said, Ink("age", "t1")),
                               (number, Ink("age", "t1")), (told, Ink("label", "t1", True)),
                               (late, Ink("label", "t1", True)), (early, Ink("age", "t2")),
                               (running, Ink("label", "t1"))]  # fmt: skip
        return [piece for piece in pieces if piece[0]]

    def draw_head(self, paper: Paper, base: float) -> None:
        for name, at in COLUMNS:
            paper.write(at * paper.width + 8, base, tr(name), Ink("age"))

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        call = self.picture.calls.get(key)
        if call is None:
            return
        base, done = box.center().y() + 6, call.answered_at is not None
        ink = Ink("label", "t3" if done else "t1")
        phone = self._phone(call)
        values = (
            str(call.no), self._name(call), self._role(call),
            words.place(self.picture, call.area), phone, tr("{n} 次", n=call.attempts),
        )  # fmt: skip
        starts = [at * paper.width + 8 for _, at in COLUMNS]
        for x, end, value in zip(starts, starts[1:], values, strict=False):
            told = Ink("body", "t1", True) if isinstance(value, text.Whole) else ink
            paper.write(x, base, value, told, room=end - x - 10)
        told = Ink("label", "t2" if done else "t1", not done)
        paper.write(paper.width - 8, base, self._result(call), told, RIGHT,
                    paper.width - starts[-1] - 8)  # fmt: skip

    def _result(self, call: Call) -> str:
        """未接，0:48 后再拨; 应答 14:32，到岗 14:40."""
        now, result = self.picture.now, named("call_result", call.result) if call.result else ""
        if call.arrived_at is not None:
            return tr("{result}，到岗 {at}", result=result, at=age.clock(call.arrived_at))
        if call.answered_at is not None:
            return " ".join(filter(None, (result, age.clock(call.answered_at), call.words)))
        if call.called_at is not None and not result:
            return tr("正在拨打 {span}", span=age.span(Ms(now - call.called_at)))
        again = calls.waits_until(call, now)
        if again is None:
            return tr("{result}，已转替补", result=result)
        if call.called_at is None:
            return tr("待拨 {span}", span=age.span(Ms(now - call.added_at)))
        if again > now:
            return tr("{result}，{span} 后再拨", result=result, span=age.span(Ms(again - now)))
        return tr("{result}，可再拨", result=result)

    def _name(self, call: Call) -> str:
        named_ = text.person(call.name) if call.subject in self.picture.persons else text.plain(
            call.name, 40)  # fmt: skip
        return tr("替补 {name}", name=named_) if call.stands_for else named_

    def _role(self, call: Call) -> str:
        kind = "person_role" if call.subject in self.picture.persons else "place_kind"
        return named(kind, call.role)

    def _phone(self, call: Call) -> object:
        holder = self.picture.persons.get(call.subject) or self.picture.places.get(call.subject)
        if holder is None:
            return ""
        whole = self.context.numbers.whole(holder.phone, "call", call.id)
        return whole or text.phone(holder.phone)

    def _subjects(self, hit: Hit) -> list[Any]:
        places = [self.picture.places[p] for p in hit.places if p in self.picture.places]
        return list(calls.call_list(hit.areas, self.picture.people, places))

    def _mine(self) -> list[Call]:
        found = focus(self.picture, self.incident)
        return [call for call in self.picture.calls.values() if call.incident == found]

    def _of_current(self, act: Any) -> None:
        if self.current:
            self._do(act, call=self.current)
        else:
            self.refused(tr("先选一条"))

    def _do(self, act: Any, then: Callable[[Done], None] | None = None, **args: Any) -> Future[Any]:
        self._said = ""
        return self.do(act, then, **args)
