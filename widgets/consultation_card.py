"""One consultation 会商: its situation, who came, what was said, what was decided; worked by keys.

Each figure unfolds into the rows that it counted then, as they stand now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from commandwall import consulting, events, frozen
from commandwall.clock import Ms
from commandwall.consulting import (
    CLOSED,
    GOES_ON,
    INCIDENT,
    SIGNED,
    STANDS,
    UNDER_WAY,
    Attendee,
    Consultation,
    Held,
    Opinion,
    Resolution,
)
from commandwall.directives import Directive
from commandwall.events import Event, EventView
from commandwall.frozen import Count
from commandwall.instructions import Instruction
from commandwall.ladders import PlanPoint
from commandwall.picture import Changes, Picture, Tick
from commandwall.rights import About
from commandwall.store.store import Reader
from widgets import consultation_draw as drawn
from widgets import consultation_sheets as sheets
from widgets import consultation_words as words
from widgets.base import Command, Piece, Subject
from widgets.consultation_follow import follow_up, hand_out
from widgets.fields import words as line
from widgets.i18n import named, rows, tr
from widgets.paper import Ink, Paper
from widgets.papers import Papers
from widgets.sheet import Sheet
from widgets.worked import WorkedList

TAKE, CAME, MORE, SAY, DECIDE, GIVE = "F", "C", "Shift+C", "I", "D", "T"
UNDO, END, SIGN, PRINT = "Q", "E", "V", "Ctrl+P"
ACTS: dict[str, Callable[..., None]] = {
    TAKE: consulting.take_situation, CAME: consulting.attend, MORE: consulting.invite,
    SAY: consulting.speak, DECIDE: consulting.adopt_resolution, UNDO: consulting.drop_resolution,
    END: consulting.close_consultation, SIGN: consulting.sign_consultation,
}  # fmt: skip
FIGURE, ROW, ATTENDEE, OPINION, RESOLUTION = "figure", "row", "attendee", "opinion", "resolution"


class ConsultationCard(WorkedList):
    """The consultation that was chosen in the list beside."""

    id, title, pooled = "consultation", "会商内容", False
    kind, row = Consultation, 40.0
    shows = frozenset({
        Consultation, Attendee, Opinion, Resolution, Directive, PlanPoint, Instruction, Event, Tick,
    })  # fmt: skip

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.of, self._opened = "", ""
        self._held: Held | None = None
        self._figures: dict[str, Count] = {}
        self._hours: tuple[int, ...] = ()
        self._views: dict[str, EventView] = {}
        self._papers = Papers(self.context, self.window, self.refused, self)

    # What there is.

    @property
    def lead(self) -> float:
        return drawn.LEAD if self._held is not None else 0.0

    def open(self, subject: Subject) -> None:
        if subject.kind is Consultation and subject.id != self.of:
            self.of, self.current, self._opened, self._said = subject.id, "", "", ""
            self._first, self._views = 0, {}
            self._look()

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if changes.kinds & (self.shows - {Tick, Event}) or self._held is None:
            self._look()
        self._offer()

    def order(self) -> Sequence[str]:
        if (held := self._held) is None:
            return []
        keys: list[str] = []
        for key, count in self._figures.items():
            keys.append(f"{FIGURE}/{key}")
            if key == self._opened:
                keys += [f"{ROW}/{one}" for one in count.keys]
        keys += [f"{ATTENDEE}/{one.id}" for one in held.attendees]
        keys += [f"{OPINION}/{one.id}" for one in held.opinions]
        return [*keys, *(f"{RESOLUTION}/{one.id}" for one in held.resolutions)]

    def tall(self, key: str) -> float:
        part, _, id_ = key.partition("/")
        if part in (FIGURE, ROW, ATTENDEE) or self._held is None:
            return drawn.TALL[part]
        told = drawn.said(self._held, part, id_)
        wide = self.width() / self.look.unit - drawn.TEXT - drawn.EDGE[part]
        return drawn.tall(self.look, told, wide)

    def empty_line(self) -> str:
        return tr("在左边选一次会商") if self._held is None else tr("按 F 取态势，会商开始")

    def aside(self) -> list[Piece]:
        if self._held is None:
            return []
        state = named("consultation_state", self._held.one.state)
        late = tr("签字后有改动") if self._held.unsealed else ""
        return [(told, Ink("label", "t1", True)) for told in (late, state) if told]

    def _look(self) -> None:
        """All of it anew: its rows have their order, and nobody waits for a key."""
        one = self.picture.consultations.get(self.of)
        self._held = words.held(self.picture, one) if one is not None else None
        self.at = one.changed_at if one is not None else None
        found = frozen.loaded(one.counts if one is not None else "")
        self._figures, self._hours = {c.key: c for c in found.counts}, found.hours
        self.renew()
        if self.current not in self.keys:
            self.current = ""

    # Hand.

    def choose(self, key: str) -> None:
        """A thing that has a place is marked on the map beside."""
        self.current = key
        self._show_current()
        self.update()
        if (subject := self._thing(key)) is not None:
            self.chosen.emit(subject)
        self._offer()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if Qt.Key(event.key()) in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.unfold()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        before = self.current
        super().mousePressEvent(event)
        if self.current.startswith(FIGURE) or self.current == before:
            self.unfold()

    def unfold(self) -> None:
        """The rows of a figure; of a row or a resolution the page on which it is worked on."""
        part, _, key = self.current.partition("/")
        if part == FIGURE:
            self._opened = "" if self._opened == key else key
            self.renew()
            self._read(self._figures[key])
        elif part == RESOLUTION:
            subject = words.subject_of(words.became(self.picture, key))
            if subject is not None:
                self.wanted.emit(subject)
        elif (subject := self._thing(self.current)) is not None:
            self.wanted.emit(subject)

    def commands(self) -> list[Command]:
        own = [Command(c.key, tr(c.name), c.run) for c in self._acts()]
        own += [Command(MORE, tr("加邀"), self.ask_more), Command(UNDO, tr("撤销决定"), self.undo)]
        return [Command("Shift+J", tr("下一行"), lambda: self._step(1)),
                Command("Shift+K", tr("上一行"), lambda: self._step(-1)),
                Command("O", tr("看行、看去向"), self.unfold), *own]  # fmt: skip

    def _thing(self, key: str) -> Subject | None:
        part, _, id_ = key.partition("/")
        kind = words.KINDS.get(self._kind_of(self._opened))
        return Subject(kind, id_) if part == ROW and kind is not None else None

    def _kind_of(self, figure: str) -> str:
        row = rows(frozen.LIST).get(figure)
        return str(row.facts["kind"]) if row is not None else ""

    def _read(self, count: Count) -> None:
        """Events that ended since are in the store alone."""
        if self._kind_of(count.key) == "event" and count.keys:
            self.ask(lambda reader: _views(reader, count.keys), self._take_views)

    def _take_views(self, found: dict[str, EventView]) -> None:
        self._views.update(found)
        self.update()

    # Acts.

    def take_situation(self) -> None:
        """取态势: what the wall shows now is what they talk about."""
        if (one := self._able(TAKE)) is not None:
            incident, needs = one.subject if one.kind == INCIDENT else "", self.context.live.needs
            picture = self.context.live.picture
            found = frozen.take(picture, list(needs.ran_out(Ms(0))), incident)
            self.do(consulting.take_situation, self._done, consultation=one.id,
                    as_of=picture.now, counts=frozen.dumped(found))  # fmt: skip

    def mark_came(self) -> None:
        held = self._held
        if (one := self._able(CAME)) is None or held is None:
            return
        if held.present == len(held.attendees):
            self.refused(tr("都到了"))
            return
        self._show(sheets.came(self, held.attendees, lambda told: self.do(
            consulting.attend, self._done, consultation=one.id, **told
        )))  # fmt: skip

    def ask_more(self) -> None:
        if (one := self._able(MORE)) is not None and self._held is not None:
            self._show(sheets.more(self, self._held.attendees, lambda invited: self.do(
                consulting.invite, self._done, consultation=one.id, invited=invited
            )))  # fmt: skip

    def note_opinion(self) -> None:
        if self._able(SAY) is not None and self._held is not None:
            part, _, key = self.current.partition("/")
            chosen = key if part == ATTENDEE else ""
            self._show(sheets.opinion(self, self._held.attendees, chosen, lambda told: self.do(
                consulting.speak, self._done, **told
            )))  # fmt: skip

    def decide(self) -> None:
        if (one := self._able(DECIDE)) is not None:
            way = words.way(self.picture, one)
            self._show(sheets.resolution(self, way, lambda settled: self.do(
                consulting.adopt_resolution, self._done, consultation=one.id, settled=settled
            )))  # fmt: skip

    def give(self) -> None:
        """下达: the chosen resolution becomes what it is to become, by the act that there is."""
        one = self._resolution(waiting=True)
        if one is None or self._held is None:
            self.refused(tr("没有待下达的决定"))
        else:
            act, args = follow_up(self.picture, self._held.one, one)
            self.do(act, self._done, **args)

    def undo(self) -> None:
        one = self._resolution(waiting=False)
        if self._able(UNDO) is None:
            return
        if one is None:
            self.refused(tr("先选一条有效的决定"))
            return
        told = words.standing(words.became(self.picture, one.id))
        fields = {"reason": (named("field", "reason"), line())}
        sheet = Sheet(self.look, tr("撤销决定"), "撤决定", fields, self.window())
        if told:
            sheet.telling(lambda answers: tr("已成为 {what}，须另行取消", what=told))
        self._show(sheet.then(lambda answers: self.do(
            consulting.drop_resolution, self._done, resolution=one.id, **answers
        )))  # fmt: skip

    def end(self) -> None:
        if (one := self._able(END)) is not None:
            self._show(sheets.ending(self, one.result, lambda told: self.do(
                consulting.close_consultation, self._done, consultation=one.id, **told
            )))  # fmt: skip

    def sign(self) -> None:
        if (one := self._able(SIGN)) is not None:
            self.do(consulting.sign_consultation, self._done, consultation=one.id)

    def print_minutes(self) -> None:
        """会商纪要: PDF and DOCX."""
        held = self._held
        if held is None or held.one.state not in (UNDER_WAY, CLOSED, SIGNED):
            self.refused(tr("会商还没有开始，没有纪要"))
        elif held.one.kind == "event" and self.picture.hides(held.one.subject):
            self.refused(tr("受限事件，不出纪要"))
        else:
            self._papers.ask(hand_out(self, held))

    def _acts(self) -> list[Command]:
        return [
            Command(TAKE, "取态势", self.take_situation), Command(CAME, "点到", self.mark_came),
            Command(SAY, "记意见", self.note_opinion), Command(DECIDE, "决定", self.decide),
            Command(GIVE, "下达", self.give), Command(END, "散会", self.end),
            Command(SIGN, "签字", self.sign), Command(PRINT, "纪要", self.print_minutes),
        ]  # fmt: skip

    def _able(self, key: str) -> Consultation | None:
        """The consultation, where the act of a key can be done to it; else it says why not."""
        one = self.picture.consultations.get(self.of)
        if one is None or one.state not in _states(key):
            self.refused(tr("先选一次会商") if one is None else tr("此状态下不能办"))
        elif why := self.barred(ACTS[key], About(reason=True)):
            self.refused(why)
        else:
            return one
        return None

    def _resolution(self, waiting: bool) -> Resolution | None:
        """The chosen resolution that stands; where nothing came of it yet is wanted, else the first
        of those."""
        found = [r for r in (self._held.resolutions if self._held else ()) if r.state == STANDS]
        if waiting:
            found = [r for r in found if words.became(self.picture, r.id) is None]
        here = next((r for r in found if f"{RESOLUTION}/{r.id}" == self.current), None)
        return here or (found[0] if found and waiting else None)

    def _offer(self) -> None:
        one, why = self.picture.consultations.get(self.of), dict[str, str]()
        if one is not None:
            able = (key for key in ACTS if one.state in _states(key))
            why = {key: self.barred(ACTS[key], About(reason=True)) for key in able}
            if self._resolution(waiting=True) is not None:
                why[GIVE] = ""
            if one.state in (UNDER_WAY, CLOSED, SIGNED):
                why[PRINT] = ""
        self._allow(why)

    def _show(self, sheet: Sheet) -> None:
        self.context.over(sheet)

    # Drawing.

    def draw(self, paper: Paper) -> None:
        if self._held is not None:
            drawn.head(paper, self.top, self.picture, self._held, self._hours)
        super().draw(paper)

    def _begins(self, key: str, part: str) -> bool:
        """Whether a row is the first of its part; rows of a figure are within that of figures."""
        at = self.keys.index(key)
        before = self.keys[at - 1].partition("/")[0] if at else ""
        return part != ROW and before not in (part, ROW if part == FIGURE else part)

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        part, _, id_ = key.partition("/")
        if self._held is None:
            return
        if self._begins(key, part):
            paper.write(8, box.top() + 24, tr(drawn.PARTS[part]), Ink("label", "t2", True))
        if part == FIGURE:
            drawn.figure(paper, self._figures[id_], box, id_ == self._opened)
        elif part == ROW:
            told = words.row(self.picture, self._kind_of(self._opened), id_, self._views)
            paper.write(drawn.TEXT + 24, box.top() + 22, told, Ink("label", "t1"),
                        room=box.width() - drawn.TEXT - 36)  # fmt: skip
        else:
            drawn.PARTED[part](paper, self.picture, self._held, id_, box)


def _states(key: str) -> Sequence[str]:
    """In which states a key does something."""
    wanted = {END: (UNDER_WAY, CLOSED), SIGN: (CLOSED,)}
    return wanted.get(key, GOES_ON)


def _views(reader: Reader, keys: Sequence[str]) -> dict[str, EventView]:
    return events.views(reader, keys)
