"""力量: who is out for the incident in focus: how far each is, when it is due, what is late."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import QMouseEvent

from commandwall import dispatch, forces
from commandwall.clock import SECOND, Ms
from commandwall.dispatch import ARRIVED, Assignment, AssignmentStep, Trip
from commandwall.incidents import Incident, JoinedEvent
from commandwall.picture import Changes, Picture, Tick
from commandwall.resources import Resource
from widgets import age, sending, unit_voice
from widgets.base import Command, Panel, Piece, Subject
from widgets.directives import focus
from widgets.i18n import named, tr
from widgets.incident_acts import about, joined
from widgets.paper import RIGHT, Ink, Paper

ROW, LEFT = 31.0, 32.0


class OnTask(Panel):
    """`Ctrl+U` goes from one unit to the next and marks it on the map."""

    id = "on_task"
    title = "力量"
    shows = frozenset({Incident, JoinedEvent, Assignment, AssignmentStep, Resource, Tick})
    quiet = True

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.incident = self.unit = self._said = ""

    def open(self, subject: Subject) -> None:
        if subject.kind is Incident:
            self.incident = subject.id
        elif subject.kind is Resource:
            self.unit = subject.id
        self.update()

    def refresh(self, picture: Picture, changes: Changes) -> None:
        """All is read when it is drawn."""

    def commands(self) -> list[Command]:
        return [
            Command("Ctrl+U", tr("下一个力量"), self.step),
            Command("Shift+C", tr("代录力量进展"), self.speak),
            Command("Shift+F", tr("增派力量"), self.reinforce),
        ]

    def reinforce(self) -> None:
        """Send more units: the three nearest that can help, each with its reasons."""
        incident = self.picture.incidents.get(focus(self.picture, self.incident))
        if incident is None:
            self.refused(tr("没有突发事件"))
            return
        self._said = self.barred(dispatch.send, about(self.picture, incident))
        if not self._said:
            sending.ask(self, incident)
        self.update()

    def refused(self, why: str) -> None:
        self._said = why
        self.update()

    def step(self) -> None:
        """Mark the next unit."""
        ids = [trip.assignment.resource for trip in self._trips()]
        if ids:
            after = ids.index(self.unit) + 1 if self.unit in ids else 0
            self.chosen.emit(Subject(Resource, ids[after % len(ids)]))

    def speak(self) -> None:
        """Write down what the marked unit, else the one that is most late, said by radio."""
        found = self._trips()
        mine = (t for t in found if t.assignment.resource == self.unit)
        trip = next(mine, None) or next((w.trip for w in forces.clocks(found)), None)
        if trip is not None:
            unit_voice.ask(self, trip, lambda done: self.update())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = int((event.position().y() / self.look.unit - self.top) // ROW)
        found = self._trips()
        if 0 <= row < min(len(found), self._room()):
            self.chosen.emit(Subject(Resource, found[row].assignment.resource))

    def aside(self) -> list[Piece]:
        told = self._said or counts(self._trips())
        return [(told, Ink("age", "t1" if self._said else "t2"))] if told else []

    def draw(self, paper: Paper) -> None:
        found = self._trips()
        if not found:
            paper.write(0, self.top + 24, tr("没有派出的力量"), Ink("body", "t3"))
        shown = found if len(found) <= self._room() else found[: self._room() - 1]
        for n, trip in enumerate(shown):
            self._draw_row(paper, trip, self.top + n * ROW)
        if rest := found[len(shown) :]:
            base = self.top + len(shown) * ROW + 22
            told = tr("另有 {n}：{counts}", n=len(rest), counts=counts(rest))
            paper.write(0, base, told, Ink("label", "t2"), room=paper.width)

    def _draw_row(self, paper: Paper, trip: Trip, y: float) -> None:
        """Who; how far it is; the clock that runs, or how long it took."""
        wait, now, base = forces.waiting(trip), self.picture.now, y + 22
        if trip.assignment.resource == self.unit:
            paper.fill(QRectF(0, y + 1, paper.width, ROW - 2), "r", 4)
        if wait is not None:
            paper.lamp(14, y + ROW / 2, 18, wait.lamp(now))
        took = trip.after(ARRIVED)
        told = age.left(now, wait.due) if wait is not None else age.span(took or 0)
        ink = Ink("label", "t1" if wait is not None else "t3", wait is not None)
        paper.write(paper.width - 8, base, told, ink, RIGHT)
        edge = paper.width - 8 - paper.length(told, ink) - 12
        name, bold = unit_voice.name_of(trip, self.picture), Ink("label", "t1", True)
        end = LEFT + paper.length(name, bold)
        state = self._told(trip)
        if end + 12 + paper.length(state, Ink("label")) > edge:  # rather the whole name
            state = named("assignment_state", trip.state)
        start = min(max(paper.width * 0.38, end + 12), edge - paper.length(state, Ink("label")))
        paper.write(LEFT, base, name, bold, room=start - 12 - LEFT)
        paper.write(start, base, state, Ink("label", "t2"))

    def _told(self, trip: Trip) -> str:
        """到场 10:06; 途中 预计 10:07; 已派 欠接令."""
        state, a = named("assignment_state", trip.state), trip.assignment
        if trip.after(ARRIVED) is not None:
            return f"{state} {age.clock(trip.steps[ARRIVED].at)}"
        if trip.unanswered(self.picture.now):
            return tr("{state} 欠接令", state=state)
        if a.eta_s is None:
            return state
        due = age.clock(Ms(a.sent_at + a.eta_s * SECOND))
        return tr("{state} 预计 {time}", state=state, time=due)

    def _trips(self) -> list[Trip]:
        """The clocks that run first, the worst of all uppermost; then who is there."""
        incident = self.picture.incidents.get(focus(self.picture, self.incident))
        found = out_for(self.picture, incident)
        late = [w.trip for w in forces.clocks(found)]
        return [*late, *(t for t in found if t not in late)]

    def _room(self) -> int:
        """How many rows there is room for."""
        return max(1, int((self.height() / self.look.unit - self.top) // ROW))


def out_for(picture: Picture, incident: Incident | None) -> list[Trip]:
    """Who is out for an incident, those that are there first."""
    if incident is None:
        return []
    events = joined(picture, incident.id)
    return forces.sent_to(picture.under_way.values(), incident, events)


def counts(trips: list[Trip]) -> str:
    """到场 2　途中 1　已派 1."""
    found = forces.counted(trips)
    return "　".join(f"{named('assignment_state', state)} {n}" for state, n in found.items())
