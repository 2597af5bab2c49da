"""Keeps the road graph up to the picture, and brings its answers to whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer

from commandwall import proposals
from commandwall.areas import Road
from commandwall.geo import Plane
from commandwall.picture import Changes, Picture
from commandwall.roads import RoadGraph, Router

R = TypeVar("R")
REST_MS = 2_000
"""Roads that come one after the other, as an import writes them, make one graph."""


class Streets(QObject):
    """One for a window. The graph is built on a thread of its own, ahead of the first question."""

    def __init__(self, picture: Picture, parent: QObject) -> None:
        super().__init__(parent)
        self._picture, self._router = picture, Router()
        self._plane = Plane(0.0, 0.0)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._renew)
        parent.destroyed.connect(self._router.close)

    def look(self, changes: Changes) -> None:
        """A tick of the picture."""
        if Road in changes.records:
            self._rest.start()

    def ask(self, question: Callable[[RoadGraph | None, Plane], R]) -> Future[R]:
        """Put a question to the roads as they are now and the plane of their metres; None is asked
        where there are none."""
        if self._rest.isActive():
            self._rest.stop()
            self._renew()
        plane = self._plane
        return self._router.ask(lambda graph: question(graph, plane))

    def _renew(self) -> None:
        areas = self._picture.areas
        middle = areas.get(self._picture.city) or next(iter(areas.values()), None)
        if middle is not None:
            self._plane = Plane(middle.lon, middle.lat)
        roads = list(self._picture.roads.values())
        self._router.renew(roads, self._plane.forward, proposals.aside())
