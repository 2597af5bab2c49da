"""Where a wall stands: its page and its piece of the map, and the screens of its windows.

A wall that is started again after a crash opens where it stood. A screen that was unplugged and
is back gets its window back.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from commandwall.desk import Desk
from layers.map import MapView
from widgets.base import Context
from widgets.courier import Courier

log = logging.getLogger(__name__)
KEY = "standing"
LOOK_MS = 2_000
PLUGGED_MS = 500
"""The system tells of a screen before it has its size."""


class Windowed(Protocol):
    """The wall, as this room knows it."""

    desk: Desk
    map: MapView
    context: Context

    def open_page(self, name: str) -> None: ...


class Standing(QObject):
    """Keeps where a wall stands; `resume` opens it where the last one stood."""

    def __init__(self, wall: Windowed, parent: QObject) -> None:
        super().__init__(parent)
        self._wall = wall
        self._courier = Courier(self, lambda why: None)
        self._kept = ""
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.keep)

    def begin(self, resume: bool) -> None:
        """From now on it is kept, after what was kept has been taken where asked."""
        if not resume:
            self._timer.start()
            return
        asked = self._wall.desk.ask(lambda reader: reader.setting(KEY))
        self._courier.follow(asked, self._resume)

    def keep(self) -> None:
        """Store where the wall stands, where that has changed."""
        told = json.dumps(self._here())
        if told != self._kept and self._wall.map.scene.plane is not None:
            self._kept = told
            self._wall.desk.keep(KEY, told)

    def _here(self) -> dict[str, Any]:
        view, scene = self._wall.map.navigator.view, self._wall.map.scene
        lon, lat = scene.degrees(view.cx, view.cy) if scene.plane is not None else (0.0, 0.0)
        return {"page": self._wall.context.page, "lon": lon, "lat": lat, "mpp": view.mpp}

    def _resume(self, told: str) -> None:
        if told:
            stood = json.loads(told)
            self._wall.open_page(stood["page"])
            self._once_placed(lambda: self._look(stood))
        self._timer.start()

    def _once_placed(self, act: Callable[[], None]) -> None:
        """The city may still be on its way."""
        view = self._wall.map
        if view.scene.plane is not None and view.navigator.chosen:
            act()
        else:
            view.ready.connect(act)

    def _look(self, stood: dict[str, Any]) -> None:
        self._wall.map.look_at(stood["lon"], stood["lat"], stood["mpp"])


class Screens(QObject):
    """Gives each window its screen again when that has come back."""

    def __init__(self, windows: Callable[[], list[tuple[str, QWidget]]], parent: QObject) -> None:
        """`windows()`: the windows that fill a screen, each with the name of it."""
        super().__init__(parent)
        self._windows = windows
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PLUGGED_MS)
        self._timer.timeout.connect(self._back)
        app = QGuiApplication.instance()
        assert isinstance(app, QGuiApplication)
        for changed in (app.screenAdded, app.screenRemoved, app.primaryScreenChanged):
            changed.connect(self._plugged)

    def _plugged(self, *_: object) -> None:
        """No lambda: the connection has to end with this object, for the application stays."""
        self._timer.start()

    def _back(self) -> None:
        for name, window in self._windows():
            fill(window, name)


def fill(window: QWidget, name: str) -> bool:
    """Fill the screen of a name with a window; False where there is none."""
    found = next((s for s in QGuiApplication.screens() if s.name() == name), None)
    if found is None:
        return False
    window.setScreen(found)
    window.setGeometry(found.geometry())
    window.showFullScreen()
    return True
