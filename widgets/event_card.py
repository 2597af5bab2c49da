"""The event card: one event with its clocks, people and history, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent
from PySide6.QtWidgets import QComboBox, QLineEdit

from commandwall import events, incidents
from commandwall.co_handling import CoHandling
from commandwall.dispatch import Assignment, AssignmentStep
from commandwall.event_acts import merged
from commandwall.events import AREA, DISPATCHED, Event, EventView
from commandwall.picture import Changes, Picture, Tick
from commandwall.rights import about_event
from commandwall.tagging import EventTag
from commandwall.urging import Urge
from commandwall.whistles import Rating, Summons, Whistle
from widgets import (
    age,
    event_clock,
    event_course,
    event_facts,
    event_ladder,
    event_lines,
    text,
    words,
)
from widgets.acts import ActBar
from widgets.base import Command, Panel, Subject
from widgets.event_reading import Reading
from widgets.event_steps import (
    KEYS,
    MORE,
    NAMES,
    about,
    ask_further,
    begin,
    further,
    handlers,
    hindrance,
    on_key,
)
from widgets.files import FileStrip
from widgets.i18n import tr
from widgets.incident_acts import ask_join
from widgets.number_acts import hint_of, in_full, show, unreadable, with_reason
from widgets.opening import ask_opening, from_event
from widgets.paper import Ink, Paper
from widgets.sheet import Sheet
from widgets.watched import RECORDS

FIELDS = 122.0
"""Height of the fields and buttons, and of the line below them that says what was done."""
APART = 12.0
"""Between the files and the fields."""
ROOMY = 600.0
"""Height of a card on which all clocks of an event leave room for its history."""
BESIDE = frozenset({Assignment, AssignmentStep, Whistle, Summons, Rating, Urge, CoHandling,
                    EventTag, *RECORDS})  # fmt: skip
"""What else tells of its course."""


class EventCard(Panel):
    """What is known of the chosen event. Acts are asked of the desk and told when on disk."""

    id = "event_card"
    title = "事件卡"
    shows = frozenset({Event, *BESIDE, Tick})

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.view: EventView | None = None
        self._told: event_course.Told = ()
        self._merged: list[EventView] = []
        self._reading = Reading(self)
        self._asked, self._said, self._writing = "", "", False
        self._unit, self._words = QComboBox(self), QLineEdit(self)
        self._unit.setEditable(True)
        self._words.setMaxLength(events.TEXT_LIMIT)
        if (line := self._unit.lineEdit()) is not None:
            line.returnPressed.connect(self.dispatch)
        self._unit.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._words.returnPressed.connect(self.note)
        self._bar = ActBar(self._acts(), self)
        self._files = FileStrip(self.context, "event", self.place, self)
        self.setAcceptDrops(True)
        self._name_fields()
        self._show_fields(False)

    def open(self, subject: Subject) -> None:
        if subject.kind is Event:
            self._said = ""
            self._look(subject.id)

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if self._asked and Event in changes.kinds:
            self._follow(changes)
        elif self._asked and changes.kinds & BESIDE:
            self._look(self._asked)
        if self.view is not None and self.isVisible():
            self._files.look_again()

    def commands(self) -> list[Command]:
        own = [Command(c.key, tr(c.name), c.run) for c in self._acts()]
        files = self._files
        return [*own, Command("F", tr("添加附件"), files.choose_file),
                Command("Ctrl+V", tr("粘贴附件"), files.paste),
                Command("V", tr("查看来电号码"), self.show_number),
                Command("Shift+R", tr("全部情况与经过"), self.read_course),
                Command("Shift+E", tr("并入突发事件"), self.join_incident),
                *event_ladder.commands(self, lambda: self.view, self._then)]  # fmt: skip

    def refused(self, why: str) -> None:
        self._said, self._writing = why, False
        self.update()

    # Acts.

    def step(self, key: str) -> None:
        """The action that stands on a key in the state of the event."""
        action = on_key(key, self.view.state) if self.view is not None else ""
        if self.view is None or not action:
            self.refused(tr("此状态下不能办"))
        elif action in OWN:
            OWN[action](self)
        else:
            begin(self, self.view, action, self._then(), self._merged)

    def further(self) -> None:
        """What else can be done."""
        if self.view is not None:
            ask_further(self, self.view, about(self, self.view), self._then(), self._merged)

    def dispatch(self) -> None:
        if told := handlers(self._unit.currentText()):
            self._act(events.dispatch, **told)
        else:
            self._unit.setFocus()

    def note(self) -> None:
        """Write what stands in the field as a remark; with nothing there, go to the field."""
        typed = self._words.text().strip()
        if self.view is None or not typed:
            self._words.setFocus()
        elif not self._writing:  # pressed twice is written once
            self._writing = True
            self._act(events.note, text=typed)

    def feed_back(self) -> None:
        """Ask what was done and what shows it; what stands in the field is the beginning."""
        if self.view is not None:
            typed = self._words.text().strip()
            begin(self, self.view, "feed_back", self._then(typed), typed=typed)

    def open_incident(self) -> None:
        """Ask what kind of incident the event becomes and how grave, then open it at its place."""
        if self.view is None:
            return
        if why := self._barred(self.view).get("E"):
            self.refused(why)
        else:
            ask_opening(self, from_event(self.view, self.picture))

    def join_incident(self) -> None:
        """Let the event belong to an incident that is open."""
        if self.view is not None:
            ask_join(self, self.view.event.id)

    def show_number(self) -> None:
        """The whole number of who reported it, to call back."""
        if self.view is None:
            return
        it, e = about_event(self.view), self.view.event
        if self.view.restricted:
            self._reading.ask(
                self.view, lambda: self.view is not None and self.view.event.id == e.id
            )
        elif why := unreadable(self, it):
            self.refused(why)
        elif hint_of(e):
            here = lambda: self.view is not None and self.view.event.id == e.id  # noqa: E731
            shown = lambda said: show(self, ("event", e.id), said, here)  # noqa: E731
            with_reason(self, (e.id, e.headline), it, shown)

    def read_course(self) -> None:
        """All of its facts and its course, the newest first: the card has no room for all."""
        if self.view is not None:
            title = tr("全部情况与经过　{title}", title=text.plain(self.view.event.headline, 40))
            sheet = Sheet(self.look, title, "知道了", {}, self.window())
            hidden = self.view.restricted
            facts = event_facts.of(self, self.view, self._reading, self._merged, whole=False)
            course = event_course.lines(self._told, self.picture.now, hidden)
            lines = "\n\n".join((event_facts.told(facts), course))
            self.context.over(sheet.telling(lambda told: lines))

    def hideEvent(self, event: QHideEvent) -> None:
        self.context.numbers.forget()
        super().hideEvent(event)

    def locate(self) -> None:
        """Bring the event to the middle of the map."""
        if self.view is not None and self.context.map is not None:
            e = self.view.event
            if e.lon is not None and e.lat is not None:
                self.context.map.look_at(e.lon, e.lat)
            else:
                self.context.map.fit(e.area)

    # Drawing.

    def place(self) -> None:
        left, wide, tall = 0, self.width(), self.look.px(34)
        y = self.height() - self.look.px(FIELDS)
        half = (wide - self.look.px(12)) // 2
        self._unit.setGeometry(left, y, half, tall)
        self._words.setGeometry(left + wide - half, y, half, tall)
        self._bar.setGeometry(left, y + tall + self.look.px(12), wide, self.look.px(44))
        strip = self.look.px(self._files.tall)
        self._files.setGeometry(left, y - self.look.px(APART) - strip, wide, strip)

    def wear(self) -> None:
        super().wear()
        self._bar.wear()
        self._files.wear()
        self._name_fields()

    def heading(self) -> str:
        return self.title

    def draw(self, paper: Paper) -> None:
        if self.view is None:
            paper.write(0, self.top + 24, tr("选一条事件，回车打开"), Ink("body", "t3"))
            return
        y = self._draw_title(paper, self.top + 26)
        roomy = paper.height - self._files.tall >= ROOMY
        y = event_clock.draw(paper, y + 20, self.view, self.picture, roomy)
        y = event_ladder.draw(paper, y, self, self.view)
        end = paper.height - FIELDS - APART - self._files.tall
        y += event_lines.ROW
        least = event_course.LEAST if y <= end - event_course.LEAST else event_course.CROWDED
        facts = event_facts.of(self, self.view, self._reading, self._merged)
        y, rest = event_facts.draw(paper, y, end - least, facts)
        hidden = self._reading.hides(self.view)
        event_course.draw(paper, y, end, self._told, self.picture.now, hidden, rest)
        if self._said:
            paper.write(0, paper.height - 6, self._said, Ink("label", "t1"), room=paper.width)

    def _draw_title(self, paper: Paper, y: float) -> float:
        assert self.view is not None
        e = self._reading.of(self.view)
        title, body = in_full(self, e)
        y = paper.paragraph(0, y, title, Ink("sentence"), paper.width, 2)
        place = self._reading.place(self.view) or self._place()
        y = paper.paragraph(0, y + 28, place, Ink("body", "t1"), paper.width, 1)
        if e.body:
            y = paper.paragraph(0, y + 26, body, Ink("body"), paper.width, 3)
        return y

    def _place(self) -> str:
        """Where it is, and how sure that is."""
        assert self.view is not None
        where, e = words.event_place(self.view, self.picture), self.view.event
        if e.placed != AREA or e.acc_m is None:
            return where
        return tr("{place}　±{m} m", place=where, m=age.number(e.acc_m))

    # Files that are dropped anywhere on the card.

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.view is not None:
            self._files.dragEnterEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self._files.dropEvent(event)

    # What comes back.

    def _acts(self) -> list[Command]:
        return [
            Command("A", "受理", lambda: self.step("A")),
            Command("D", "派单", lambda: self.step("D")),
            Command("X", "反馈", lambda: self.step("X")),
            Command(MORE, "其他办理", self.further),
            Command("R", "记录", self.note),
            Command("E", "转突发", self.open_incident),
            Command("L", "定位", self.locate),
        ]

    def _act(self, act: Any, **args: Any) -> None:
        if self.view is not None:
            then = self._then(self._words.text())
            self.do(act, then, event=self.view.event.id, **args)

    def _then(self, words: str = "") -> Callable[[object], None]:
        assert self.view is not None
        return partial(self._after, self.view.event.id, words)

    def _after(self, key: str, words: str, done: object) -> None:
        """It is on disk: say so, drop what was typed, and give the keys back to the page. Another
        event opened since stays open."""
        self.context.drafts.used(f"event/{key}", words)
        self._writing = False
        if self.view is not None and self.view.event.id == key:
            self._said = tr("已存盘 {time}", time=age.seconds(self.picture.now))
            if self._unit.hasFocus() or self._words.hasFocus():
                self.window().setFocus()
            self._look(key)

    def _look(self, key: str) -> None:
        """Show an event as it is, or as it was."""
        self._asked = key
        if self.context.past is None:
            self.ask(lambda reader: events.view(reader, key), self._take)
        elif (view := self.picture.events.get(key)) is not None:
            self._take(view)
        else:
            self.refused(tr("当时不在办"))

    def _take(self, view: EventView) -> None:
        fresh = self.view is None or self.view.event.id != view.event.id
        self.view = view
        self._show_fields(True)
        if fresh:
            self._merged = []
            self._fill_units()
            self.context.drafts.follow(self._words, f"event/{view.event.id}")
        self._offer(view)
        self.ask(lambda reader: event_ladder.history(reader, view.event.id), self._tell)
        self.ask(lambda reader: merged(reader, view.event.id), self._gather)
        now = self.context.past is None
        # Which files there were then is not known; pictures tell of what is restricted.
        self._files.setVisible(now and not view.restricted)
        self._files.show_files(view.event.id)
        self.update()

    def _tell(self, told: event_course.Told) -> None:
        assert self.view is not None
        self._told = event_course.of(self.picture, self.view, told)
        self.update()

    def _gather(self, found: list[EventView]) -> None:
        self._merged = found
        self.update()

    def _follow(self, changes: Changes) -> None:
        key = self._asked  # it may change while it is still being read
        if key in changes.records.get(Event, {key: None}):  # no records: the page was opened anew
            self._look(key)

    def _offer(self, view: EventView) -> None:
        """On each key what the state and the post allow, by its name."""
        on = {key: action for key in KEYS if (action := on_key(key, view.state))}
        self._bar.name({key: NAMES[action] for key, action in on.items()})
        barred, more = self._barred(view), further(self, view, about(self, view))
        may = {**dict.fromkeys(on, True), MORE: bool(more), "R": True, "E": view.open, "L": True}
        self._bar.allow([key for key, can in may.items() if can and key not in barred], barred)

    def _barred(self, view: EventView) -> dict[str, str]:
        """Keys of acts that cannot be done here now, and why."""
        it = about(self, view)
        on = {key: action for key in KEYS if (action := on_key(key, view.state))}
        found = {key: hindrance(self, view, action, it) for key, action in on.items()}
        found |= {"R": self.barred(events.note, it), "E": self.barred(incidents.open_incident, it)}
        return {key: why for key, why in found.items() if why}

    def _fill_units(self) -> None:
        units = {v.unit for v in self.picture.events.values()}
        units |= {r.unit for r in self.picture.resources.values()}
        self._unit.clear()
        self._unit.addItems(sorted(text.plain(u) for u in units if u))
        current = self.view.unit if self.view and self.view.state == DISPATCHED else ""
        self._unit.setCurrentText(text.plain(current))

    def _show_fields(self, shown: bool) -> None:
        for field in (self._unit, self._words, self._bar, self._files):
            field.setVisible(shown)

    def _name_fields(self) -> None:
        self._unit.setAccessibleName(tr("承办单位"))
        if (line := self._unit.lineEdit()) is not None:
            line.setPlaceholderText(tr("承办单位、协办单位，回车派单"))
            line.setAccessibleName(tr("承办单位"))
        self._words.setPlaceholderText(tr("记录或办理结果，回车存盘"))
        self._words.setAccessibleName(tr("记录或办理结果"))


OWN: Mapping[str, Callable[[EventCard], None]] = {
    "dispatch": EventCard.dispatch, "feed_back": EventCard.feed_back,
}  # fmt: skip
"""Actions that take what stands in the card's own fields."""
