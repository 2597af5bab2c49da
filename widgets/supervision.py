"""督办: what is on the two ladders until it is solved, each with the points of its plan; under it
what triggers suggest to raise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF

from commandwall import codes, ladders, triggers
from commandwall.clock import HOUR, MINUTE, Ms, day
from commandwall.events import Event
from commandwall.ladders import (
    DONE,
    DROPPED,
    OPEN,
    RAISED,
    RELEASED,
    TAKEN,
    Case,
    Supervision,
)
from commandwall.picture import Changes, Picture, Tick
from commandwall.triggers import Proposal
from widgets import ladder_rows, ladder_sheets, text
from widgets.base import Command, Piece, Subject
from widgets.i18n import tr
from widgets.paper import Ink, Paper
from widgets.reasons import sentence
from widgets.watched import RECORDS
from widgets.worked import BAR, WorkedList

STEP, OTHER, UP, MEET, POINT, END, UNDO = "S", "T", "U", "M", "P", "Q", "Y"
ORDER = (STEP, END, POINT, UP, MEET, OTHER, UNDO)
"""What is offered first of what can be done."""
SUGGESTED = "up:"
"""What the key of a suggestion begins with, before its event."""
LATER = 1 << 62
PART = 2000
"""Events that are looked through at a time."""
EVERY = MINUTE
"""How often triggers are looked at while nothing changes on the ladders."""
ON_POINT = {
    STEP: {OPEN: "finish_point", DONE: "verify_point"},
    OTHER: {OPEN: "drop_point", DONE: "redo_point"},
    UNDO: {ladders.VERIFIED: "redo_point", DROPPED: "redo_point"},
}
ON_RISE = {
    STEP: {RAISED: "take_up"},
    OTHER: {RAISED: "hand_down", TAKEN: "hand_down"},
    UNDO: {RAISED: "withdraw_up"},
}
"""Key -> state of what is chosen -> action."""


class WatchList(WorkedList):
    """A row for each matter and, under it, one for each point; then the suggestions. What comes
    next for the chosen row stands on `S`, what else on `T`, what takes back on `Y`."""

    id, title = "supervision", "督办"
    kind = Supervision
    shows = frozenset({*RECORDS, Event, Tick})
    beneath, beside = BAR + 18, 160.0

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._proposals: dict[str, Proposal] = {}
        self._coming = self._more = 0
        self._looked, self._acted = Ms(0), False
        self._lookout = triggers.Lookout()

    # What there is.

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if changes.kinds & RECORDS:
            shelves = picture.supervisions, picture.rises, picture.points
            steps = [one.changed_at for shelf in shelves for one in shelf.values()]
            self.at, self._looked = max(steps, default=None), Ms(0)
        if changes.kinds & {*RECORDS, Event}:
            super().refresh(picture, changes)
        if self._acted and changes.kinds & RECORDS:  # what a person just did stands at its place
            self._acted = False
            self.renew()
        if picture.now - self._looked >= EVERY and picture.events:
            self._look_for_triggers(picture)
        self._offer()

    def order(self) -> Sequence[str]:
        """The first to be late first; those that were released last, then the suggestions."""
        watched = self.context.needs.watched
        shown = [case for case in watched.cases.values() if self._is_shown(case)]
        shown.sort(key=lambda c: (c.event not in watched.open, self._first_due(c), c.event))
        rows = [key for case in shown for key in (case.event, *(p.id for p in case.points))]
        return [*rows, *self._proposals]

    def tall(self, key: str) -> float:
        return ladder_rows.ROW if key in self.picture.points else ladder_rows.HEAD

    def empty_line(self) -> str:
        return tr("没有督办件")

    def aside(self) -> list[Piece]:
        """How many are late, will be soon, and how many suggestions there are."""
        now, until = self.picture.now, self._until()
        watched = self.context.needs.watched
        late, soon = watched.late(now), watched.soon(now, until)
        hours = int(codes.limit("rung_soon_hours", day(now)))
        told = [tr("超期 {n}", n=late), tr("{h} 时内到期 {n}", h=hours, n=soon)]
        if self._proposals:
            met = len(self._proposals) + self._more - self._coming
            told.append(tr("建议上提 {n}，{h} 时内将达 {m}", n=met, h=hours, m=self._coming))
        return [("　".join(told), Ink("label", "t2"))]

    def _told_below(self) -> str:
        """Also how many suggestions are not listed."""
        more = tr("另有建议 {n} 件", n=self._more) if self._more else ""
        return "　".join(filter(None, (super()._told_below(), more)))

    def _first_due(self, case: Case) -> int:
        due = self.context.needs.watched.first_due(case.event)
        return due.clock.due if due is not None else LATER

    def _open(self, case: Case) -> bool:
        return case.event in self.context.needs.watched.open

    def _is_shown(self, case: Case) -> bool:
        """Also what was released not long ago, so that it can be taken back."""
        watched, now = case.supervision, self.picture.now
        if self._open(case) or watched is None or watched.released_at is None:
            return self._open(case)
        kept = int(codes.limit("rung_past_hours", day(now))) * HOUR
        return bool(watched.result) and now - watched.released_at < kept

    def _until(self) -> Ms:
        now = self.picture.now
        return Ms(now + int(codes.limit("rung_soon_hours", day(now))) * HOUR)

    def _look_for_triggers(self, picture: Picture) -> None:
        """Beside the screen's thread, some events at a time: others read there too."""
        self._looked, now, until = picture.now, picture.now, self._until()
        views, areas = list(picture.events.values()), dict(picture.areas)
        cases = self.context.needs.watched.cases
        looked, found = self._lookout, list[Proposal]()
        parts = [views[at : at + PART] for at in range(0, len(views), PART)]

        def go_on(more: list[Proposal]) -> None:
            found.extend(more)
            if self._looked != now:
                return  # another look has begun
            if not parts:
                self._suggest(triggers.arranged(found, now))
                return
            part = parts.pop()
            self.ask(lambda r: looked.look(part, cases, areas, counted, now, until), go_on)

        def begin(told: triggers.Alike) -> None:
            counted.update(told)
            go_on([])

        counted: dict[tuple[str, str], int] = {}
        self.ask(lambda reader: looked.begin(views), begin)

    def _suggest(self, found: list[Proposal]) -> None:
        most = int(codes.limit("rung_shown", day(self.picture.now)))
        self._proposals = {f"{SUGGESTED}{one.event}": one for one in found[:most]}
        self._more = max(0, len(found) - most)
        self._coming = sum(not one.met(self.picture.now) for one in found)
        before = set(self.keys)
        super().refresh(self.picture, Changes(self.picture.now, markers=frozenset()))
        if not any(key.startswith(SUGGESTED) for key in before):
            self.renew()
        self._offer()
        self.update()

    # Acts.

    def commands(self) -> list[Command]:
        return [*super().commands(), Command("Shift+M", tr("更正会议"), self.correct)]

    def choose(self, key: str) -> None:
        """Its event opens beside."""
        self._said, self.current = "", key
        self._show_current()
        if (event := self._event_of(key)) in self.context.needs.watched.cases:
            self.chosen.emit(Subject(Supervision, event))
        if event:
            self.chosen.emit(Subject(Event, event))
        self._offer()
        self.update()

    def open(self, subject: Subject) -> None:
        if subject.kind is Supervision and subject.id != self._event_of(self.current):
            self.current = subject.id
            self.renew()
            self._offer()

    def step(self) -> None:
        """What comes next for the chosen row."""
        self._begin(STEP)

    def other(self) -> None:
        """It goes back, is done again, is dropped, or is not raised."""
        self._begin(OTHER)

    def undo(self) -> None:
        """It was a mistake."""
        self._begin(UNDO)

    def up(self) -> None:
        """The event of the chosen row goes up, by the suggestion where there is one."""
        view = self.picture.events.get(self._event_of(self.current))
        if view is None:
            self.refused(tr("先选一件在办的") if not self.current else tr("事件已办结"))
        else:
            proposal = self._proposals.get(f"{SUGGESTED}{view.event.id}")
            ladder_sheets.ask_raise(self, view, proposal, self._done)

    def meet(self) -> None:
        self._with_watched("hold_council")

    def correct(self) -> None:
        """The newest meeting was written down wrongly."""
        case = self._watched()
        if case is None or not case.councils:
            self.refused(tr("没有会议记录")) if case is not None else None
        elif why := self._barred("correct_council"):
            self.refused(why)
        else:
            matter = self._matter(case.event)
            ladder_sheets.ask_correction(self, case.councils[0], matter, self._done)

    def add_point(self) -> None:
        self._with_watched("add_point")

    def end(self) -> None:
        if (case := self._watched()) is not None:
            ladder_sheets.ask_release(self, case, self._matter(case.event), self._done)

    def _begin(self, key: str) -> None:
        action = self._on_key(key)
        if not action:
            self.refused(tr("先选一行") if not self.current else tr("此状态下不能办"))
        elif action == "raise_up":
            self.up()
        elif why := self._barred(action):
            self.refused(why)
        else:
            event = self._event_of(self.current)
            matter = self._matter(event)
            ladder_sheets.ask(self, action, matter, self._done, **self._given(action, event))

    def _given(self, action: str, event: str) -> dict[str, str]:
        """What the act on the chosen row is told."""
        case = self._of(event)
        if action == "decline_up":
            asked = case.asked
            proposal = self._proposals.get(f"{SUGGESTED}{event}")
            to = asked.rung if asked is not None else proposal.to if proposal is not None else ""
            return {"event": event, "to": to}
        if (point := self.picture.points.get(self.current)) is not None:
            return ladder_sheets.given(point)
        one = case if action == "restore_supervision" else case.asked or case.top or case
        return ladder_sheets.given(one)

    def _with_watched(self, action: str) -> None:
        if (case := self._watched()) is not None:
            ladder_sheets.ask(
                self, action, self._matter(case.event), self._done, event=case.event
            )  # fmt: skip

    def _watched(self) -> Case | None:
        case = self._of(self._event_of(self.current))
        if not case.watched:
            self.refused(tr("先选一件督办中的"))
            return None
        return case

    def _done(self, done: Any) -> None:
        self._acted = True
        super()._done(done)

    def _acts(self) -> list[Command]:
        return [
            Command(STEP, "接办", self.step), Command(OTHER, "退回下级", self.other),
            Command(UP, "上提", self.up), Command(MEET, "会议", self.meet),
            Command(POINT, "立任务", self.add_point), Command(END, "销号", self.end),
            Command(UNDO, "撤销", self.undo),
        ]  # fmt: skip

    def _of(self, event: str) -> Case:
        return self.context.needs.watched.of(event)

    def _event_of(self, key: str) -> str:
        if key.startswith(SUGGESTED):
            return key.removeprefix(SUGGESTED)
        point = self.picture.points.get(key)
        return point.event if point is not None else key

    def _matter(self, event: str) -> str:
        view, watched = self.picture.events.get(event), self.picture.supervisions.get(event)
        if view is not None:
            return view.event.headline
        return watched.matter if watched is not None else ""

    def _on_key(self, key: str) -> str:
        """The action on a key for the chosen row; "" for none."""
        event = self._event_of(self.current)
        case, point = self._of(event), self.picture.points.get(self.current)
        if point is not None:
            return ON_POINT[key].get(point.state, "") if case.watched else ""
        if self.current.startswith(SUGGESTED):
            return {STEP: "raise_up", OTHER: "decline_up"}.get(key, "")
        if case.asked is not None:
            return {STEP: "raise_up", OTHER: "decline_up", UNDO: "withdraw_up"}[key]
        if case.supervision is not None and case.supervision.state == RELEASED:
            return "restore_supervision" if key == UNDO and not case.watched else ""
        return ON_RISE[key].get(case.top.state, "") if case.top is not None else ""

    def _barred(self, action: str) -> str:
        it = ladder_sheets.about(self._event_of(self.current), self.picture)
        if why := self.barred(ladder_sheets.ACTS[action], it):
            return why
        point = self.picture.points.get(self.current)
        if action == "verify_point" and point is not None:
            own = ladders.own(point, self.desk.person, self.desk.post)
            return sentence(own) if own is not None else ""
        return ""

    def _offer(self) -> None:
        """On each key what the chosen row and the post allow, by its name."""
        on = {key: action for key in (STEP, OTHER, UNDO) if (action := self._on_key(key))}
        self._bar.name({key: ladder_sheets.NAMES[action] for key, action in on.items()})
        event = self._event_of(self.current)
        case = self._of(event)
        if event in self.picture.events:
            on[UP] = "raise_up"
        if case.watched:
            on |= {MEET: "hold_council", POINT: "add_point", END: "release_supervision"}
        why = {key: self._barred(action) for key, action in on.items()}
        barred = {key: told for key, told in why.items() if told}
        if END in on and END not in barred:
            over = self.picture.events.get(event)
            kept = ladders.release(case, over is None or not over.open)
            barred |= {END: sentence(kept)} if kept is not None else {}
        can = [key for key in ORDER if key in on and key not in barred]
        self._bar.allow(can, barred)

    # Drawing.

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        event = self._event_of(key)
        case, view = self._of(event), self.picture.events.get(event)
        matter = text.plain(self._matter(event), 80)
        if (proposal := self._proposals.get(key)) is not None and view is not None:
            ladder_rows.suggestion(paper, box, self.picture, view, proposal, matter)
        elif (point := next((p for p in case.points if p.id == key), None)) is not None:
            ladder_rows.point(paper, box, self.picture, point)
        elif not key.startswith(SUGGESTED):
            ladder_rows.case(paper, box, self.picture, case, view, matter)
