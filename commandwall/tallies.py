"""Counters for the screen, read from the tallies that the mirror keeps as rows arrive."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from commandwall import codes
from commandwall.clock import DAY, HOUR, MINUTE, SECOND, Ms, day, day_start
from commandwall.event_flow import ARCHIVED
from commandwall.events import EventView, queue, views
from commandwall.picture import Channel, Counters
from commandwall.store import lines, numbers
from commandwall.store.mirror import CLOSED
from commandwall.store.origin import names
from commandwall.store.store import Reader

EVERY, SLOWLY = 2 * SECOND, 5 * MINUTE
Bands = dict[str, list[tuple[float, float]]]


def count(
    reader: Reader, now: Ms, bands: Bands | None = None, ahead: Sequence[EventView] | None = None
) -> Counters:
    """All counters at a moment; its cost does not grow with the pool.

    `bands` is what `usual` said a while ago, so that a tick does not read weeks again; `ahead`
    are the events that stations brought further than the mirror's row says, read where not given.
    """
    midnight = day_start(now)
    hours = _hours(reader, midnight, 0)
    states = dict(reader.rows("SELECT key, n FROM tally WHERE name = 'state'"))
    mirrored = Counters(
        {source: days[0] for source, days in hours.items() if 0 in days},
        usual(reader, now) if bands is None else bands,
        dict(reader.rows(_PAST_HOUR, no=numbers.first(now - HOUR), t=now - HOUR)),
        sum(states.values()),
        sum(n for state, n in states.items() if state not in CLOSED),
        int(reader.value(_CLOSED, h=f"{midnight // HOUR:06}") or 0),
        json.loads(reader.value(_OPEN)),
    )
    if ahead is None:
        ahead = list(views(reader, ahead_of_mirror(reader)).values())
    return _corrected(mirrored, [view for view in ahead if is_ahead(view)], midnight)


def moved(
    counted: Counters, now: Iterable[EventView], then: Iterable[EventView | None], at: Ms
) -> Counters:
    """What `count` says of a moment that is past, where some events are so `now` and were so
    `then`."""
    midnight, more = day_start(at), Counter[Any]()
    for sign, some in ((-1, now), (1, then)):
        for view in some:
            for key in _counted(view, midnight, at) if view is not None else ():
                more[key] += sign
    by_hour = {source: list(hours) for source, hours in counted.by_hour.items()}
    by_area, past_hour = Counter(counted.open_by_area), Counter(counted.past_hour)
    for key, n in more.items():
        if key[0] == "hour":
            by_hour.setdefault(key[1], [0] * 24)[key[2]] += n
        elif key[0] in ("area", "past_hour"):
            (by_area if key[0] == "area" else past_hour)[key[1]] += n
    return replace(
        counted,
        by_hour={source: hours for source, hours in by_hour.items() if any(hours)},
        past_hour={source: n for source, n in past_hour.items() if n > 0},
        total=counted.total + more["total",],
        open=counted.open + more["open",],
        closed_today=counted.closed_today + more["closed",],
        open_by_area={area: n for area, n in by_area.items() if n > 0},
    )


def _counted(view: EventView, midnight: Ms, at: Ms) -> Iterator[tuple[Any, ...]]:
    """In which counts an event stands."""
    event, reported = view.event, view.event.reported_at
    yield ("total",)
    if view.open:
        yield ("open",)
        yield "area", event.area
    closed = (view.work and view.work.closed_at) if is_ahead(view) else event.closed_at
    if (closed or 0) >= midnight and not (is_ahead(view) and view.open):
        yield ("closed",)
    if not view.filed and midnight <= reported < midnight + DAY:
        yield "hour", event.source, (reported - midnight) // HOUR
    if not view.filed and reported > at - HOUR:
        yield "past_hour", event.source


def ahead_of_mirror(reader: Reader) -> list[str]:
    """Ids of events of which stations may know more than the mirror's row says."""
    return [key for (key,) in reader.rows(_AHEAD)]


def in_hand(reader: Reader) -> dict[str, EventView]:
    """Events by id as shown: those that the city calls open, and those of which stations may know
    more, as what was registered here while the pool is away."""
    mirrored = {view.event.id: view for view in queue(reader)}
    return mirrored | views(reader, ahead_of_mirror(reader))


def is_ahead(view: EventView) -> bool:
    """Whether the mirror counts this event otherwise than it is shown."""
    return view.filed or (view.state != view.event.state and view.state != ARCHIVED)


def _corrected(counted: Counters, ahead: Sequence[EventView], midnight: Ms) -> Counters:
    """The mirror's counters, with what stations did that its rows do not say yet."""
    if not ahead:
        return counted
    by_area = Counter(counted.open_by_area)
    for view in ahead:
        by_area[view.event.area] += view.open - _counted_open(view)
    opened = sum(view.open - _counted_open(view) for view in ahead)
    closed = sum(_closed(view, midnight) for view in ahead)
    return replace(
        counted,
        total=counted.total + sum(view.filed for view in ahead),
        open=counted.open + opened,
        closed_today=counted.closed_today + closed,
        open_by_area={area: n for area, n in by_area.items() if n > 0},
    )


def _counted_open(view: EventView) -> bool:
    return not view.filed and view.event.state not in CLOSED


def _closed(view: EventView, midnight: Ms) -> int:
    """1 where a station closed it today, less what the mirror counts of it already."""
    ours = (view.work and view.work.closed_at) or 0
    city = 0 if view.filed else view.event.closed_at or 0
    return int(not view.open and ours >= midnight) - int(city >= midnight)


def usual(reader: Reader, now: Ms) -> Bands:
    """The usual band of each hour by source; it changes slowly, and is asked for `SLOWLY`.

    It runs between two shares of that hour's values in the last weeks, by the list `limit`.
    """
    on = day(now)
    weeks = range(1, 1 + int(codes.limit("usual_days", on)))
    shares = codes.limit("usual_low", on), codes.limit("usual_high", on)
    found = {}
    for source, days in _hours(reader, day_start(now), weeks.stop - 1).items():
        past = [days.get(ago, [0] * 24) for ago in weeks]
        found[source] = [_band(sorted(at[hour] for at in past), shares) for hour in range(24)]
    return found


def channels(reader: Reader) -> dict[str, Channel]:
    """By source of events: how many there are, and when the newest was reported. Slow: some tens
    of milliseconds for years of hours."""
    sql = "SELECT key, n FROM tally WHERE name = 'hour' AND n > 0"
    total: Counter[str] = Counter()
    last: dict[str, int] = {}
    for key, n in reader.rows(sql):
        hour, source = key.split("|", 1)
        total[source] += n
        last[source] = max(last.get(source, 0), int(hour))
    newest = "SELECT max(reported_at) FROM event WHERE rowid >= :no AND source = :s"
    return {
        source: Channel(
            n, Ms(reader.value(newest, no=numbers.first(last[source] * HOUR), s=source) or 0)
        )
        for source, n in total.items()
    }


def unsent(reader: Reader) -> frozenset[str]:
    """Keys kind:id of the records whose newest line has not reached the pool."""
    found: set[str] = set()
    every = (lines.unsent(reader, name, after) for name, after in names(reader).items())
    for line in chain.from_iterable(every):
        records = json.loads(line.body or "{}").get("records", {})
        found |= {f"{kind}:{row['id']}" for kind, rows in records.items() for row in rows}
    return frozenset(found)


def backlog(reader: Reader) -> int:
    """Own lines on disk here that the pool has not taken."""
    return sum(max(0, lines.newest(reader, name) - at) for name, at in names(reader).items())


_AHEAD = (
    "SELECT w.id FROM eventwork w LEFT JOIN event e ON e.id = w.id "
    f"WHERE e.id IS NULL OR (e.state <> w.state AND w.state <> '{ARCHIVED}') "
    "UNION SELECT f.id FROM filedevent f LEFT JOIN event e ON e.id = f.id WHERE e.id IS NULL"
)
_PAST_HOUR = (
    "SELECT source, count(*) FROM event WHERE rowid >= :no AND reported_at > :t GROUP BY source"
)
_HOURS = "SELECT key, n FROM tally WHERE name = 'hour' AND key >= :h AND n > 0"
_OPEN = "SELECT json_group_object(key, n) FROM tally WHERE name = 'open' AND n > 0"
"""One row: a city has thousands of areas, and rows cost ten times as much."""
_CLOSED = "SELECT sum(n) FROM tally WHERE name = 'closed' AND key >= :h"
"""The keys begin with hours since 1970, which have six digits until 2084."""


def _hours(reader: Reader, midnight: Ms, days: int) -> dict[str, dict[int, list[int]]]:
    """source -> days ago, at most so many -> 24 counts."""
    found: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0] * 24))
    since_hour = f"{(midnight - days * DAY) // HOUR:06}"
    for key, n in reader.rows(_HOURS, h=since_hour):
        hour, source = key.split("|", 1)
        since = int(hour) * HOUR - midnight
        ago, slot = -(since // DAY), since % DAY // HOUR
        if 0 <= ago <= days:
            found[source][ago][slot] = n
    return found


def _band(values: list[int], shares: tuple[float, float]) -> tuple[float, float]:
    low, high = (values[round(share * (len(values) - 1))] for share in shares)
    return float(low), float(high)
