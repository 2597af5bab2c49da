"""Brings the households of the buildings that a person looks at closely to the map."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QTimer

from commandwall import areas
from commandwall.desk import Desk
from layers.households import HouseholdsLayer
from layers.map import MapView
from widgets.courier import Courier
from widgets.i18n import tr

REST_MS = 150
"""The map has come to rest when it has not moved for so long."""


class Homes(QObject):
    """Asks for them once the map rests; `follow` adds another window on the same board."""

    def __init__(self, view: MapView, desk: Desk) -> None:
        super().__init__(view)
        self._view, self._desk = view, desk
        self._asked: tuple[str, ...] = ()
        self._held = False
        self._courier = Courier(self, lambda why: None)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._ask)
        view.layers_changed.connect(self._wait)
        self.follow(view)

    def follow(self, view: MapView) -> None:
        view.moved.connect(self._rest.start)

    def hold(self, held: bool) -> None:
        """While a past moment is looked at none are shown: nobody kept what they were then."""
        self._held, self._asked = held, ()
        layer = self._view.board.layer(HouseholdsLayer)
        if layer is not None:
            layer.note = tr("没有过去的记录") if held else ""
        self._view.set_homes({})
        self._wait()

    def _wait(self) -> None:
        if not self._rest.isActive():
            self._rest.start()

    def _ask(self) -> None:
        wanted = self._view.homes_wanted
        if wanted != self._asked and not self._held:
            self._asked = wanted
            query = partial(areas.households, buildings=wanted)
            self._courier.follow(self._desk.ask(query), partial(self._take, wanted))

    def _take(self, wanted: tuple[str, ...], homes: dict[str, list[areas.Household]]) -> None:
        if wanted == self._asked and not self._held:
            self._view.set_homes(homes)
