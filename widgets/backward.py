"""The wall looks back: the same panels and the same map show a past moment, and nobody can act."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from commandwall.config import Settings
from commandwall.picture import Changes, Picture
from layers.map import MapView
from layers.turns import Turns
from widgets import age, timeline
from widgets.base import Command, Context, Panel
from widgets.fields import words
from widgets.frame import Frame
from widgets.homes import Homes
from widgets.i18n import tr
from widgets.lookback import Lookback
from widgets.map_window import MapWindow
from widgets.moment import typed
from widgets.needs import Needs
from widgets.page import Page
from widgets.sheet import Sheet


class Turning(Protocol):
    """What is turned: the wall."""

    picture: Picture
    context: Context
    map: MapView
    maps: list[MapWindow]
    turns: Turns[Panel]
    homes: Homes
    settings: Settings

    @property
    def page(self) -> Page: ...
    def tell(self, changes: Changes) -> None: ...
    def turned(self) -> None: ...
    def setFocus(self) -> None: ...


class Backward(QObject):
    """Turns a wall to the past and back."""

    def __init__(self, wall: Turning, parent: QWidget) -> None:
        super().__init__(parent)
        self._window, self._wall, self._frames = parent, wall, list[Frame]()

    def commands(self) -> list[Command]:
        """While the past is shown its keys come before all others."""
        past = self._wall.context.past
        if past is None:
            return []
        return [
            *timeline.commands(past, self.ask_moment),
            Command("End", tr("回到此刻"), self.leave),
        ]  # fmt: skip

    def turn(self) -> None:
        """To the past, or back to now."""
        (self.enter if self._wall.context.past is None else self.leave)()

    def enter(self) -> None:
        """Begin with the moment at which it is asked for."""
        wall, context = self._wall, self._wall.context
        if context.past is not None or not wall.picture.now:
            return
        context.desk.looks_back = context.hits.held = True
        past = context.past = Lookback(context.desk, wall.picture, self)
        past.came.connect(self._show)
        past.moved.connect(self._moved)
        context.needs = Needs(context.live.needs.urgent)
        wall.setFocus()
        self._show(wall.picture.copy())
        self._frames = [Frame(context, past, self._window, lambda: wall.page.body)]
        for window in wall.maps:
            self.surround(window)
        self._settle()

    def leave(self) -> None:
        """What is now is shown again, at once."""
        wall, context = self._wall, self._wall.context
        if context.past is None:
            return
        context.past.end()
        context.past.deleteLater()
        context.past, context.needs = None, context.live.needs
        context.desk.looks_back = context.hits.held = False
        for frame in self._frames:
            frame.close()
        self._frames = []
        self._show(wall.picture)
        self._settle()

    def ask_moment(self) -> None:
        """A moment that a person types."""
        context, fields = self._wall.context, {"moment": (tr("时刻"), words(limit=24))}
        sheet = Sheet(context.look, tr("看哪一刻"), "前往", fields, self._window)
        context.over(sheet.telling(self._understood).then(self._go))

    def surround(self, window: MapWindow) -> None:
        """Another window that shows the map says that this is the past, and can leave it too."""
        context = self._wall.context
        if context.past is not None:
            frame = Frame(context, context.past, window)
            frame.destroyed.connect(lambda: self._gone(frame))
            for key in ("End", "F8"):
                QShortcut(QKeySequence(key), frame).activated.connect(self.leave)
            window.view.set_reduced_motion(True)
            self._frames.append(frame)

    def stay_above(self) -> None:
        """Over a page that came to the front."""
        for frame in self._frames:
            frame.wear()

    def tick(self, changes: Changes) -> None:
        """News of now, while the past is shown: told only to what tells of now."""
        if (past := self._wall.context.past) is not None:
            past.follow()
        self._wall.turns.take([p for p in self._wall.page.shown() if p.alive], changes)
        for frame in self._frames:
            frame.follow()

    def _settle(self) -> None:
        """All parts of the wall follow; only what is now blinks, nobody asks for what is now."""
        wall, past = self._wall, self._wall.context.past is not None
        still = past or wall.settings.reduced_motion
        wall.context.blinker.reduced = still
        for view in (wall.map, *(window.view for window in wall.maps)):
            view.set_reduced_motion(still)
        wall.homes.hold(past)
        wall.turned()
        self.stay_above()

    def _understood(self, told: dict[str, str]) -> str:
        """What a typed moment is taken for."""
        at = typed(told["moment"], self._wall.picture.now)
        if at is None:
            return tr("如 14:20，11-25 08:30，或 40（分钟前）")
        return age.stamped(at)

    def _go(self, told: dict[str, str]) -> None:
        past, at = self._wall.context.past, typed(told["moment"], self._wall.picture.now)
        if past is not None and at is not None:
            past.to(at)

    def _gone(self, frame: QWidget) -> None:
        self._frames = [other for other in self._frames if other is not frame]

    def _show(self, picture: Picture) -> None:
        """Map and panels hear what differs from what they showed."""
        wall, context = self._wall, self._wall.context
        changes = picture.since(context.picture)
        context.picture = picture
        if context.past is not None:
            context.needs.look(picture, changes)
        wall.tell(changes)

    def _moved(self) -> None:
        """Where the moment is, before its picture is there."""
        for panel in self._wall.page.shown():
            if panel.alive or panel.id in ("header", "desk_header", "key_line"):
                panel.update()
