"""会商: the consultations that are called, under way or over, and how one is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF

from commandwall import consulting
from commandwall.consulting import CALLED, GOES_ON, UNDER_WAY, Attendee, Consultation
from commandwall.events import Event
from commandwall.incidents import Incident
from commandwall.picture import Changes, Picture, Tick
from commandwall.rights import About
from widgets import age, consultation_words, text
from widgets.base import Command, Piece, Subject
from widgets.consultation_sheets import CallSheet
from widgets.fields import words as line
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.sheet import Sheet
from widgets.worked import WorkedList

CALL, DROP = "P", "X"


class Consultations(WorkedList):
    """What goes on first; the chosen one opens beside."""

    id, title, pooled = "consultations", "会商", False
    kind, row = Consultation, 64.0
    shows = frozenset({Consultation, Attendee, Tick})

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._about: Subject | None = None

    # What there is.

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if Consultation in changes.kinds or not self.keys:
            super().refresh(picture, changes)
        if not self.current and self.keys:
            self.choose(self.keys[0])
        self._offer()

    def order(self) -> Sequence[str]:
        found = self.picture.consultations.values()
        return [one.id for one in consulting.board(found, self.picture.now)]

    def open(self, subject: Subject) -> None:
        """What was chosen last is what the next one may be about."""
        if subject.kind in (Event, Incident):
            self._about = subject
        elif subject.kind is Consultation and subject.id != self.current:
            self.renew()
            self.current = subject.id

    def empty_line(self) -> str:
        return tr("没有会商：按 P 召集")

    def aside(self) -> list[Piece]:
        held = [one.state for one in self.picture.consultations.values()]
        told = tr("会商中 {n}　待开 {m}", n=held.count(UNDER_WAY), m=held.count(CALLED))
        return [(told, Ink("label", "t2"))]

    # Acts.

    def choose(self, key: str) -> None:
        self._said = ""
        super().choose(key)
        self._offer()

    def call(self) -> None:
        """召集: for an incident, an event or a day."""
        if why := self.barred(consulting.call_consultation, About()):
            self.refused(why)
        else:
            self.context.over(CallSheet(self, self._about, self._called))

    def drop(self) -> None:
        """取消: one that has not begun."""
        one = self.picture.consultations.get(self.current)
        if one is None or one.state != CALLED:
            self.refused(tr("只有待开的会商可以取消"))
            return
        fields = {"reason": (named("field", "reason"), line())}
        title = tr("取消会商：{title}", title=text.plain(one.title, 40))
        sheet = Sheet(self.look, title, "取消会商", fields, self.window())
        self.context.over(sheet.then(lambda told: self.do(
            consulting.drop_consultation, self._done, consultation=one.id, **told
        )))  # fmt: skip

    def _called(self, done: Any) -> None:
        """It is the one that is worked on, as soon as the picture has it."""
        self._done(done)
        for one in done.of(Consultation):
            self.current = one.id
            self.chosen.emit(Subject(Consultation, one.id))

    def _acts(self) -> list[Command]:
        return [Command(CALL, "召集会商", self.call), Command(DROP, "取消会商", self.drop)]

    def _offer(self) -> None:
        one = self.picture.consultations.get(self.current)
        why = {CALL: self.barred(consulting.call_consultation, About())}
        if one is not None and one.state == CALLED:
            why[DROP] = self.barred(consulting.drop_consultation, About(reason=True))
        self._allow(why)

    # Drawing.

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        one = self.picture.consultations.get(key)
        if one is None:
            return
        held = consultation_words.held(self.picture, one)
        base, goes = box.top() + 27, one.state in GOES_ON
        state = named("consultation_state", one.state)
        paper.write(box.right() - 8, base, state, Ink("label", "t1", one.state == UNDER_WAY), RIGHT)
        room = box.width() - 28 - paper.length(state, Ink("label", "t1", True))
        title = Ink("body", "t1" if goes else "t2", one.state == UNDER_WAY)
        paper.write(8, base, text.plain(held.one.title), title, room=room)
        at = age.stamp(self.picture.now, one.begun_at or one.planned_at)
        came = tr("到 {n} / {all}", n=held.present, all=len(held.attendees))
        told = "　".join((at, consultation_words.about(self.picture, one), came))
        paper.write(8, base + 23, told, Ink("age", "t2"), room=box.width() - 16)
