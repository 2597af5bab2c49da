"""Whom an alarm calls 先镇后市: its town first, the city when nobody there takes it (spec 5.7).

Pure: where a station stands and which others are there is handed in. Nothing is hidden by it:
what is still with its town stands in the city's list and says until when.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from commandwall.alarms import Alarm, priority, wants_since
from commandwall.areas import Area, town_of
from commandwall.clock import MINUTE, Ms
from commandwall.store.sight import CUT, Sight, Station, link_of

NO_TOWN, NO_STATION, AWAY, UNATTENDED, UNKNOWN = (
    "no_town", "none", "away", "unattended", "unknown",
)  # fmt: skip
"""Why no town takes an alarm first (list `alarm_route`)."""


class Route(NamedTuple):
    """How an alarm comes to a station."""

    at: Ms | None  # calls here from then on; None for one that wants nobody
    town: str = ""  # which has it until then
    why: str = ""  # why no town has it first


@dataclass(frozen=True, slots=True)
class Here:
    """Where a station stands, and who else is there."""

    area: str = ""  # what it sees of the city, "" for all of it
    there: frozenset[str] = frozenset()  # areas of the stations where somebody answers
    deaf: frozenset[str] = frozenset()  # of those that are there, and nobody answers
    known: frozenset[str] = frozenset()  # areas of all stations there are
    blind: bool = True  # nobody knows who is there


def here(sight: Sight, now: Ms, pool_at: Ms, beside: frozenset[str] = frozenset()) -> Here:
    """As the pool told of its stations; `beside`: names of those that are joined without it.
    `pool_at`: when it was last heard, by this station's clock."""
    blind = link_of(now, pool_at) == CUT
    there = [s for s in sight.stations if s.origin in beside or not (blind or _is_cut(sight, s))]
    answer = frozenset(s.area for s in there if not s.said.unattended)
    known = frozenset(s.area for s in sight.stations)
    return Here(sight.area, answer, frozenset(s.area for s in there) - answer, known, blind)


def _is_cut(sight: Sight, station: Station) -> bool:
    return link_of(sight.at, station.at) == CUT


@dataclass(slots=True)
class Called:
    """What wants a person, as one station sees it; of thousands few change from look to look."""

    here: dict[str, Alarm] = field(default_factory=dict)  # id -> calls here
    since: dict[str, Ms] = field(default_factory=dict)  # id -> since when it calls here
    elsewhere: dict[str, Route] = field(default_factory=dict)  # id -> still with its town
    _later: dict[str, Ms] = field(default_factory=dict)
    """id -> when it is to be looked at again, if nothing else happens."""

    def bring(
        self, routing: Routing, alarms: Mapping[str, Alarm], changed: Iterable[str]
    ) -> list[str]:
        """Bring these up to a moment, and those that move by the clock alone; the ids of all."""
        due = [key for key, at in self._later.items() if at <= routing.now]
        moved = list(dict.fromkeys([*due, *changed]))
        for key in moved:
            for held in (self.here, self.since, self.elsewhere, self._later):
                held.pop(key, None)
            if (alarm := alarms.get(key)) is not None:
                self._put(alarm, routing)
        return moved

    def _put(self, alarm: Alarm, routing: Routing) -> None:
        since, route, now = wants_since(alarm, routing.now), routing.of(alarm), routing.now
        if since is None or route.at is None:
            return
        if route.at <= now:
            self.here[alarm.id], self.since[alarm.id] = alarm, route.at
        elif since <= now:
            self.elsewhere[alarm.id] = route
        if since >= now:  # it begins later, or by a clock that is ahead
            self._later[alarm.id] = since
        elif route.at > now:
            self._later[alarm.id] = route.at


@dataclass(slots=True)
class Routing:
    """What calls one station at a moment. One of these is good for one look at the picture."""

    areas: Mapping[str, Area]
    place: Here
    now: Ms
    _first: dict[str, tuple[str, str]] = field(default_factory=dict)
    _waits: dict[int, int] = field(default_factory=dict)
    _both: bool = field(init=False)

    def __post_init__(self) -> None:
        """A town is called at once; so is a city none of whose towns has a station."""
        in_town = any(town_of(self.areas, area) for area in self.place.known)
        self._both = not in_town or bool(town_of(self.areas, self.place.area))

    def of(self, alarm: Alarm) -> Route:
        """How one comes to this station: the city is called at once where the rows say so or no
        town is there, else so many minutes after the alarm began to wait, or was last
        acknowledged."""
        since = wants_since(alarm, self.now)
        if since is None or self._both or not (wait := self._wait(alarm)):
            return Route(since)
        town, why = self._town(alarm.area)
        return Route(since, "", why) if why else Route(Ms(since + wait), town)

    def _wait(self, alarm: Alarm) -> int:
        """How long a town has alarms of its severity first; asked for each of thousands."""
        wait = self._waits.get(alarm.severity)
        if wait is None:
            minutes = priority(alarm, self.now).get("up_minutes", 0)
            wait = self._waits[alarm.severity] = int(minutes * MINUTE)
        return wait

    def _town(self, area: str) -> tuple[str, str]:
        """The town that takes what happens in an area, or why none does."""
        found = self._first.get(area)
        if found is None:
            found = self._first[area] = self._look(area)
        return found

    def _look(self, area: str) -> tuple[str, str]:
        town = town_of(self.areas, area)
        if not town:
            return "", NO_TOWN
        if any(_covers(one, town, area) for one in self.place.there):
            return town, ""
        if any(_covers(one, town, area) for one in self.place.deaf):
            return town, UNATTENDED
        if not any(_covers(one, town, area) for one in self.place.known):
            return town, NO_STATION
        return town, UNKNOWN if self.place.blind else AWAY


def _covers(station: str, town: str, area: str) -> bool:
    """Whether a station within a town sees an area."""
    return area.startswith(station) and station.startswith(town)
