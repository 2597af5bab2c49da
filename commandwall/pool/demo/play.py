"""The life of a demo city: what happens between two moments, without writing it anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from commandwall import codes
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.events import CLOSED, NEW, POINT, Event
from commandwall.indicators import IndicatorValue
from commandwall.pool.demo import rhythm
from commandwall.pool.demo.city import City
from commandwall.pool.demo.patrols import Patrols
from commandwall.pool.demo.rhythm import STATES
from commandwall.pool.demo.signals import Signals
from commandwall.pool.demo.stories import Stories, Story, report_id
from commandwall.resources import FIX_DTYPE, Resource
from commandwall.sensors import READING_DTYPE, Sensor

HELP_AFTER = 150 * SECOND
"""A story's unit is sent so long after its beginning."""
LIFTED_BEAT = 4 * SECOND
"""A device that shows something unusual reports this often."""
WHOLE_BEAT = 4 * MINUTE
"""Every device and unit is told again this often, for stations that come later."""
CATCH_UP = 3 * 24 * 60 * MINUTE
"""A player that was away for longer does not make up for all of it."""


@dataclass(frozen=True, slots=True)
class Move:
    """One step of the work on an event."""

    id: str
    state: str
    unit: str
    closed_at: Ms | None


@dataclass(slots=True)
class Happening:
    """What is new: to be written into the pool."""

    readings: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, READING_DTYPE))
    fixes: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, FIX_DTYPE))
    events: list[Event] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    values: list[IndicatorValue] = field(default_factory=list)
    statuses: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Open:
    """An event that is not at its end: what the work on it depends on."""

    id: str
    cls: str
    urgency: int
    received_at: Ms
    state: str


class Play:
    """The city going on living from `start`; the same for the same city, start and steps."""

    def __init__(self, city: City, start: Ms, rate: float = 1.0) -> None:
        self._city, self._now = city, start
        self.signals = Signals(city.of(Sensor), city.seed, start)
        self.stories = Stories(self.signals, city.seed, start, rate)
        roads, plane = city.town.roads, city.town.districts.land.plane
        self.patrols = Patrols(city.of(Resource), roads, plane, city.seed, start)
        self._events_to = start
        self._days: dict[date, list[Event]] = {}
        self._open: dict[str, tuple[Open, NDArray[np.int64]]] = {}
        self._told: set[str] = set()
        self._helped: set[str] = set()

    def opening(self) -> Happening:
        """Every device, unit and vital sign at the start, so that a picture is whole at once."""
        return Happening(
            self._all_readings(self._now),
            self.patrols.all_fixes(self._now),
            values=self._city.vitals.values(self._now),
            statuses=[(unit.resource.id, unit.status) for unit in self.patrols.units],
        )

    def resume(self, now: Ms, last: Ms, open_events: Iterable[Open]) -> None:
        """Go on at `now`, after the last event the pool holds, with the work still open there."""
        self._now, self._open = now, {}
        self._events_to = Ms(max(last, self._now - CATCH_UP))
        self._adopt(list(open_events))

    def release(self, ids: Iterable[str]) -> None:
        """Leave events to the stations that have taken them."""
        for id_ in ids:
            self._open.pop(id_, None)

    def send(self, unit: str, event: str, lon: float, lat: float) -> list[tuple[str, str]]:
        """A station dispatched a unit: it drives there. Returns its new status, if it has one."""
        sent = self.patrols.send(unit, event, np.array([lon, lat]), self._now)
        return [(sent.resource.id, sent.status)] if sent else []

    def step(self, now: Ms) -> Happening:
        """What happens after the last step, up to and including `now`."""
        before, self._now = self._now, now
        self.stories.step(now)
        happening = Happening(self._readings(before, now), self.patrols.fixes(before, now))
        if now // WHOLE_BEAT > before // WHOLE_BEAT:
            happening = Happening(self._all_readings(now), self.patrols.all_fixes(now))
        happening.events = self._new_events(now) + self._reports(now)
        self._adopt([_open(event) for event in happening.events])
        happening.moves = self._moves(now)
        due = self._city.vitals.due(before, now)
        if len(due):
            happening.values = self._city.vitals.values(now, due)
        happening.statuses = self._help(now)
        happening.statuses += [(u.resource.id, u.status) for u in self.patrols.changed(now)]
        return happening

    @property
    def open(self) -> int:
        """How many events are being worked on."""
        return len(self._open)

    def _all_readings(self, now: Ms) -> NDArray[np.void]:
        rows, at = self.signals.newest(now)
        for story in self.stories.active(now):
            at[story.rows] = now
        return self._measured(rows, at)

    def _measured(self, rows: NDArray[np.intp], at: NDArray[np.int64]) -> NDArray[np.void]:
        value = self.stories.lifted(rows, at, self.signals.value(rows, at))
        return self.signals.readings(rows, at, value)

    def _readings(self, before: Ms, now: Ms) -> NDArray[np.void]:
        rows, at = self.signals.due(before, now)
        if now // LIFTED_BEAT > before // LIFTED_BEAT:
            lifted = [story.rows for story in self.stories.active(now)]
            more = np.setdiff1d(np.concatenate([np.empty(0, np.intp), *lifted]), rows)
            rows = np.concatenate([rows, more.astype(np.intp)])
            at = np.concatenate([at, np.full(len(more), now)])
        if not len(rows):
            return np.zeros(0, READING_DTYPE)
        return self._measured(rows, at)

    def _new_events(self, now: Ms) -> list[Event]:
        after, self._events_to = self._events_to, now
        days = rhythm.days_between(Ms(after - MINUTE), now)
        self._days = {day: self._days.get(day) or self._whole(day) for day in days}
        return [
            replace(event, state=NEW, unit="", closed_at=None)
            for day in days
            for event in self._days[day]
            if after < event.received_at <= now
        ]

    def _whole(self, day: date) -> list[Event]:
        return self._city.book.day(day, Ms(rhythm.midnight(day) + 25 * 60 * MINUTE))

    def _reports(self, now: Ms) -> list[Event]:
        """What people report of the stories that run."""
        events = []
        for story in self.stories.active(now):
            for number, report in enumerate(story.reports):
                id_ = report_id(story, number)
                if id_ not in self._told and now >= story.start + report["after_s"] * SECOND:
                    self._told.add(id_)
                    events.append(self._report(story, number, report))
        return events

    def _report(self, story: Story, number: int, report: dict[str, str | int]) -> Event:
        lead = self.signals.sensors[int(story.rows[0])]
        place = lead.name.removesuffix(_signal(lead.cls))
        at = Ms(story.start + int(report["after_s"]) * SECOND)
        shift = (number + 1) * 1.7e-4
        return Event(
            report_id(story, number),
            str(report["source"]),
            f"{rhythm.day_of(at):%m%d}-S{number}{story.start // SECOND % 10_000:04d}",
            str(report["title"]),
            str(report["body"]).format(place=place),
            str(report["cls"]),
            int(report["urgency"]),
            None,
            lead.area,
            place,
            lead.lon + shift,
            lead.lat - shift,
            25.0,
            POINT,
            "wgs84",
            "",
            "",
            at,
            at,
            at,
            NEW,
            "",
            None,
        )

    def _adopt(self, events: Sequence[Open]) -> None:
        if not events:
            return
        urgency = np.array([event.urgency for event in events], np.intp)
        received = np.array([event.received_at for event in events], np.int64)
        steps = self._city.book.work(
            [event.id for event in events], [event.cls for event in events], urgency, received
        )
        self._open.update(
            (event.id, (event, at)) for event, at in zip(events, steps.at, strict=True)
        )

    def _moves(self, now: Ms) -> list[Move]:
        """Events that reach their next state; those at their end leave."""
        if not self._open:
            return []
        table = np.stack([at for _, at in self._open.values()])
        reached = (table <= now).sum(axis=1).tolist()
        moves = []
        for (event, at), index in zip(list(self._open.values()), reached, strict=True):
            if index > _rank(event.state):
                moves.append(self._move(event, index, at))
        return moves

    def _move(self, event: Open, index: int, at: NDArray[np.int64]) -> Move:
        state = STATES[index]
        unit = self._city.book.unit_of(event.cls) if index >= 2 else ""
        if state == CLOSED:
            del self._open[event.id]
            return Move(event.id, state, unit, Ms(int(at[-1])))
        self._open[event.id] = replace(event, state=state), at
        return Move(event.id, state, unit, None)

    def _help(self, now: Ms) -> list[tuple[str, str]]:
        """The nearest unit of its kind goes to each story."""
        sent = []
        for story in self.stories.active(now):
            if story.help and story.id not in self._helped and now >= story.start + HELP_AFTER:
                self._helped.add(story.id)
                lonlat = self.signals.lonlat[int(story.rows[0])]
                name = self.patrols.nearest(story.help, lonlat, now)
                unit = self.patrols.send(name, story.id, lonlat, now) if name else None
                sent += [(unit.resource.id, unit.status)] if unit else []
        return sent


def _open(event: Event) -> Open:
    return Open(event.id, event.cls, event.urgency, event.received_at, event.state)


def _rank(state: str) -> int:
    return STATES.index(state) if state in STATES else len(STATES)


def _signal(cls: str) -> str:
    return str(codes.load("sensor_class")[cls].facts["signal_zh"])
