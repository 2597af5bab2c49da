"""What the incident in focus hits: worked out beside the screen's thread, again when it moves."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from commandwall.areas import Building, Camera, Pipe, Place
from commandwall.desk import Desk
from commandwall.extents import Extent, of_incident
from commandwall.hit import Ground, Hit, Stock
from commandwall.incidents import Incident
from commandwall.picture import Changes, Picture
from commandwall.store.store import Reader
from widgets.courier import Courier

STOCK: frozenset[type] = frozenset({Building, Place, Camera, Pipe})
Found = tuple[Ground, Hit | None]


class Hits(QObject):
    """`want` names the incident; `fresh` tells that `hit` is of it, or that it has no area."""

    fresh = Signal()

    def __init__(self, picture: Picture, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._picture, self._desk = picture, desk
        self._courier = Courier(self, self._failed)
        self._ground: Ground | None = None
        self._asked, self._again = "", False
        self.held = False
        """Whether a past moment is looked at: who wants something now speaks of that."""
        self.incident = ""
        self.hit: Hit | None = None

    def want(self, incident: str) -> None:
        """Follow an incident; "" lets go of everything that was built for it."""
        if incident != self.incident and not self.held:
            self.incident, self.hit = incident, None
            if incident:
                self._ask()
            else:
                self._ground = None
            self.fresh.emit()

    def look(self, changes: Changes) -> None:
        """Called at each tick: what stands in the city or the area may have changed."""
        if changes.kinds & STOCK or changes.sensors is not None:
            self._ground = None
        elif not changes.kinds & {Extent, Incident}:
            return
        if self.incident:
            self._ask()

    def _ask(self) -> None:
        """One question at a time: what changed meanwhile is asked when the answer is there."""
        incident = self._picture.incidents.get(self.incident)
        if self._asked or incident is None:
            self._again = bool(self._asked)
            return
        self._asked, self._again = self.incident, False
        extent, ground = self._picture.extents.get(self.incident), self._ground
        work = partial(_find, incident, extent, ground or self._stock())
        self._courier.follow(self._desk.ask(work), self._take)

    def _stock(self) -> Stock:
        p = self._picture
        return Stock(
            list(p.buildings.values()), list(p.places.values()), list(p.cameras.values()),
            list(p.pipes.values()), p.sensors.ids, p.sensors.lon, p.sensors.lat,
        )  # fmt: skip

    def _take(self, found: Found) -> None:
        asked, self._asked = self._asked, ""
        if self.incident:
            self._ground = found[0]
        if asked == self.incident:
            self.hit = found[1]
            self.fresh.emit()
        if self._again or asked != self.incident:
            self._ask()

    def _failed(self, why: str) -> None:
        self._asked = ""


def _find(
    incident: Incident, extent: Extent | None, known: Ground | Stock, reader: Reader
) -> Found:
    ground = known if isinstance(known, Ground) else Ground(known)
    area = of_incident(incident, extent)
    return ground, ground.find(area, reader) if area is not None else None
