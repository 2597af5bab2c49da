"""反复出现: what comes back, hot words, what rises, the monthly topic, each down to its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import QHideEvent, QMouseEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from commandwall.events import Event, EventView
from commandwall.monthly import Measure, MonthlyTopic
from commandwall.picture import Changes, Picture, Tick
from widgets import tabs
from widgets.base import Command, Piece
from widgets.i18n import tr
from widgets.monthly import Monthly
from widgets.paper import Paper
from widgets.rows import BENEATH, FOOT
from widgets.topic_faces import ROW, Face, HotWords, Recurring, Risen
from widgets.worked import BAR, SAID, WorkedList

AROUND = 300.0
"""Metres around the places that are brought into the map."""


class Topics(WorkedList):
    """Tabs by F1..; the chosen heading shows its events under it, the newest first, and one of
    them opens beside. A tab is looked for when it is first shown, and again by a key."""

    id, title = "topics", "反复出现"
    kind = Event
    shows = frozenset({Tick, MonthlyTopic, Measure})
    recalls, quiet = False, False
    row, head = ROW, tabs.TAB

    def __init__(self, *args: Any, **kw: Any) -> None:
        self._monthly = Monthly(self)
        self._faces: list[Face] = [Recurring(self), HotWords(self), Risen(self), self._monthly]
        self.tab = 0
        super().__init__(*args, **kw)
        self._fit_bar()

    @property
    def face(self) -> Face:
        """The tab that is shown."""
        return self._faces[self.tab]

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if self.isVisible():
            self.face.begin()
        if changes.kinds & {MonthlyTopic, Measure} and self.face is self._monthly:
            self._monthly.seek()
        super().refresh(picture, changes)
        self._offer()

    def select_tab(self, tab: int) -> None:
        self.tab, self.current, self._first, self._said = tab, "", 0, ""
        self._fit_bar()
        self.face.begin()
        self.face.show_places()
        self.renew()

    def renew(self) -> None:
        self.at = self.face.at
        super().renew()
        self._offer()

    def acted(self, done: Any) -> None:
        """What a person did is on disk; it is shown with the next change of the picture."""
        self._done(done)

    def mention(self, views: Sequence[EventView]) -> None:
        """The map beside shows where these are."""
        if self.context.map is not None:
            self.context.map.set_mentions(views)

    def locate(self) -> None:
        """Bring all places of the opened heading into the map."""
        events = [view.event for view in self.face.placed()]
        points = [(e.lon, e.lat) for e in events if e.lon is not None and e.lat is not None]
        if self.context.map is not None and points:
            lon, lat = zip(*points, strict=True)
            self.context.map.show_whole(lon, lat, AROUND)

    def hideEvent(self, event: QHideEvent) -> None:
        """What is looked at here is no matter of the other pages."""
        self.mention([])
        super().hideEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        self.face.show_places()
        super().showEvent(event)

    def over(self, sheet: QWidget) -> None:
        self.context.over(sheet)

    def commands(self) -> list[Command]:
        return [
            *(command for command in super().commands() if command.key != "N"),
            Command("N", tr("重新查找"), lambda: self.face.seek()),
            Command("Shift+L", tr("全部提及处"), self.locate),
            *tabs.commands(self._names(), self.select_tab),
            *(self._on(tab, c) for tab, face in enumerate(self._faces) for c in face.commands()),
        ]

    def order(self) -> Sequence[str]:
        return self.face.order()

    def tall(self, key: str) -> float:
        return self.face.tall(key)

    def choose(self, key: str) -> None:
        """A heading shows its events; an event opens beside."""
        self._said = ""
        if not self.face.holds(key):
            super().choose(key)
            return
        self.current = key
        self.face.unfold(key)
        self.renew()

    def empty_line(self) -> str:
        return self.face.empty_line()

    def aside(self) -> list[Piece]:
        return self.face.aside()

    def draw_head(self, paper: Paper, base: float) -> None:
        tabs.draw(paper, self.top, self._names(), self.tab)

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        self.face.draw(paper, key, box)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        x, y = (event.position() / self.look.unit).toTuple()
        if self.top <= y < self.top + tabs.TAB:
            tab = tabs.at(self.look, self._names(), x)
            self.select_tab(self.tab if tab is None else tab)
        else:
            super().mousePressEvent(event)

    def _fit_bar(self) -> None:
        """The bar stands where there is something to be done."""
        self._bar.setVisible(self.face.acts)
        self.foot = BAR + SAID + 12 if self.face.acts else FOOT
        self.beneath = BAR + 18 if self.face.acts else BENEATH

    def _acts(self) -> list[Command]:
        at = self._faces.index(self._monthly)
        return [self._on(at, command) for command in self._monthly.bar()]

    def _offer(self) -> None:
        """On each key of the bar what the chosen row and the post allow, by its name."""
        if self.face is self._monthly:
            why, names = self._monthly.offered(self.current)
            self._bar.name(names)
            self._allow(why)

    def _on(self, tab: int, command: Command) -> Command:
        """What a tab can do shows that tab first."""

        def run() -> None:
            if tab != self.tab:
                self.select_tab(tab)
            command.run()

        return Command(command.key, command.name, run)

    def _names(self) -> list[str]:
        return [tr(face.name) for face in self._faces]
