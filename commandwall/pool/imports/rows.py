"""One row of a table becomes one event, or says which field cannot be taken and why."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from commandwall import codes, geo
from commandwall.clock import Ms
from commandwall.events import CLOSED_STATES, NEW, NOWHERE, Event
from commandwall.gazetteer import Gazetteer, Spot
from commandwall.pool.imports import text
from commandwall.pool.imports.cells import Cells
from commandwall.pool.imports.mapping import STATES, Mapping
from commandwall.pool.imports.places import spot_at
from commandwall.pool.imports.tables import Cell, text_of
from commandwall.pool.imports.trouble import RowFault, limit

UNSAID = "other"
"""The event_class of what nobody classed."""


class RowReader(Cells):
    """Reads the events of one table by its mapping."""

    def __init__(self, mapping: Mapping, header: Sequence[str], places: Gazetteer, now: Ms) -> None:
        """Raises ImportTrouble where a column of the mapping is not in the header."""
        super().__init__(mapping, header, now)
        self._places = places
        self._classes = codes.load("event_class")

    def key(self, row: Sequence[Cell]) -> str:
        """The id of a row that has a number of its own, or "". Raises RowFault."""
        number = self.line(row, "source_id")
        return f"{self._mapping.source}-{number}" if number else ""

    def event(self, row: Sequence[Cell]) -> Event:
        """The event of a row. Raises RowFault."""
        title, body = self._texts(row)
        spot = self._spot(row, title, body)
        reported = self.moment(row, "reported_at")
        if reported is None:
            raise RowFault("reported_at", "empty")
        state, closed = self._state(row)
        person, cls = self.line(row, "person"), self._class(row, title, body)
        source_id = self.line(row, "source_id")
        if self._mapping.whole and not source_id:
            raise RowFault("source_id", "empty")
        source_id = source_id or _made_id(person, title, body, reported)
        return Event(
            id=f"{self._mapping.source}-{source_id}",
            source=self._mapping.source,
            source_id=source_id,
            title=title,
            body=body,
            cls=cls,
            urgency=self._urgency(row, cls),
            grade=self.whole(row, "grade", 1, 4),
            area=spot.area,
            address=self.line(row, "address"),
            lon=spot.lon,
            lat=spot.lat,
            acc_m=spot.acc_m,
            placed=spot.placed,
            datum=geo.datum_of(self._mapping.datum) if self._mapping.located else "",
            person=person,
            phone=self.line(row, "phone"),
            occurred_at=self.moment(row, "occurred_at"),
            reported_at=reported,
            received_at=self._now,
            state=state,
            unit=self.line(row, "unit"),
            closed_at=closed,
        )

    def _texts(self, row: Sequence[Cell]) -> tuple[str, str]:
        """Title and body; a missing title is the beginning of the body."""
        body = text.paragraphs(self.text(row, "body"))
        title = text.line(self.text(row, "title"))
        if len(body) > limit("body"):
            raise RowFault("body", "too_long")
        if not title:
            title = text.line(body)
            self.notes["title_made"] += bool(title)
        if not title:
            raise RowFault("title", "empty")
        if len(title) > limit("title"):  # nothing of it is lost: the whole stands in the body
            body = body if body.startswith(title) else f"{title}\n{body}".rstrip()
            self.notes["title_cut"] += 1
        return text.shortened(title, limit("title")), body

    def _spot(self, row: Sequence[Cell], title: str, body: str) -> Spot:
        lon, lat = self.number(row, "lon"), self.number(row, "lat")
        if (lon is None) != (lat is None):
            raise RowFault("lat" if lat is None else "lon", "empty")
        if lon is None or lat is None or lon == lat == 0:
            return self._named(row, title, body)
        x, y = geo.convert(lon, lat, self._mapping.datum)
        spot = spot_at(self._places, float(x), float(y), self.number(row, "acc_m"))
        given = self.line(row, "area")
        code = self._places.by_code(given) or self._places.by_text([given])
        return spot._replace(area=code) if code else spot

    def _named(self, row: Sequence[Cell], title: str, body: str) -> Spot:
        """The area that its column gives by code or by name, or that the texts name."""
        given = self.line(row, "area")
        code = self._places.by_code(given)
        named = code == given or bool(self._places.by_text([given]))
        self.notes["area_unknown"] += bool(given) and not named
        code = code or self._places.by_text([given, title, self.line(row, "address"), body])
        spot = self._places.on(code)
        self.notes[f"placed_{spot.placed}"] += spot.placed != NOWHERE
        self.notes["placed_nowhere"] += spot.placed == NOWHERE
        return spot

    def _urgency(self, row: Sequence[Cell], cls: str) -> int:
        """As the file says, else as is usual for the class."""
        if named := self._mapping.urgencies.get(text_of(self.cell(row, "urgency"))):
            return named
        usual = self._classes[cls].facts["urgency"]
        return self.whole(row, "urgency", 1, 5) or int(usual)

    def _class(self, row: Sequence[Cell], title: str, body: str) -> str:
        """By the file's own class, else by the first word found in the title, then the body."""
        given = text_of(self.cell(row, "cls"))
        code = self._mapping.classes.get(given, given)
        if code in self._classes:
            return code
        self.notes["class_unknown"] += bool(given)
        for where in (title, body):
            for word, by_word in self._mapping.words.items():
                if word in where:
                    return by_word
        return UNSAID

    def _state(self, row: Sequence[Cell]) -> tuple[str, Ms | None]:
        given = text_of(self.cell(row, "state"))
        state = self._mapping.states.get(given, given) or NEW
        if state not in STATES:
            raise RowFault("state", "unknown")
        closed = self.moment(row, "closed_at")
        return state, closed if state in CLOSED_STATES else None


def _made_id(person: str, title: str, body: str, at: Ms) -> str:
    """An id for a row that came without one: the same row gets the same one again."""
    return "h" + sha256("\0".join((person, title, body, str(at))).encode()).hexdigest()[:20]
