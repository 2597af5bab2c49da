"""What a filter finds in the whole pool: rows as shown, the newest first, and how many.

The hot columns say in which hours there are any, so that a rare class or a small area is found
without reading the pool; what is asked by words the full text finds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import chain, groupby, islice
from typing import Any

from commandwall import cube, events
from commandwall.areas import Area
from commandwall.clock import HOUR, Ms
from commandwall.events import Event, EventView
from commandwall.saved_views import Filter
from commandwall.store import numbers
from commandwall.store.store import Reader

PART = 500
"""Rows that are folded with the work of stations at once."""
_HOURS = (
    "SELECT event.* FROM json_each(:hours) AS hour CROSS JOIN event "
    "ON event.rowid >= hour.value * :wide AND event.rowid < (hour.value + 1) * :wide "
    "WHERE {checks}"
)


def find(reader: Reader, filter: Filter, now: Ms, limit: int) -> list[EventView]:
    """The newest that the city knows of, at most so many."""
    if filter.words:
        checks, params = _checks(filter, now)
        return events.search(reader, filter.words, limit, checks, **params)
    return list(islice(each(reader, filter, now), limit))


def each(reader: Reader, filter: Filter, now: Ms) -> Iterator[EventView]:
    """All of them, read no further than somebody takes them."""
    rows = _rows(reader, filter, now)
    while some := list(islice(rows, PART)):
        yield from events.folded(reader, some)


def some_of(reader: Reader, keys: Sequence[str]) -> Iterator[EventView]:
    """These events, in this order; those that nobody has any more are left out."""
    parts = (keys[i : i + PART] for i in range(0, len(keys), PART))
    return chain.from_iterable(events.views(reader, part).values() for part in parts)


def count(reader: Reader, filter: Filter, now: Ms, limit: int) -> int:
    """How many there are: from the hot columns, or, asked by words, as many as are found up to a
    limit."""
    if filter.words:
        return sum(1 for _ in islice(_rows(reader, filter, now), limit))
    return sum(_hours(reader, filter, now).values())


def _hours(reader: Reader, filter: Filter, now: Ms) -> dict[int, int]:
    where = {name: [value] for name in ("source", "cls") if (value := getattr(filter, name))}
    if filter.area:
        where["area"] = [a for a in reader.columns(Area, ["id"])["id"] if a.startswith(filter.area)]
    return cube.by_hour(reader, where, filter.since(now))


def _rows(reader: Reader, filter: Filter, now: Ms) -> Iterator[Event]:
    checks, params = _checks(filter, now)
    if filter.words:
        yield from events.found(reader, filter.words, checks, **params)
        return
    params |= {"hours": json.dumps([*_hours(reader, filter, now)]), "wide": numbers.first(HOUR)}
    rows = reader.each(_HOURS.format(checks=" AND ".join(checks)), **params)
    for _, some in groupby((Event(*row) for row in rows), key=lambda e: e.reported_at // HOUR):
        yield from sorted(some, key=_newest_first)


def _checks(filter: Filter, now: Ms) -> tuple[list[str], dict[str, Any]]:
    """Conditions beside the words, and their parameters."""
    since = filter.since(now)
    asked = {"source": filter.source, "cls": filter.cls}
    checks = [f"event.{name} = :{name}" for name, value in asked.items() if value]
    if filter.area:
        checks.append("substr(event.area, 1, :long) = :area")
    if since is not None:
        checks.append("event.reported_at >= :since")
    params = {**asked, "area": filter.area, "long": len(filter.area), "since": since}
    told = " ".join(checks)
    return checks or ["1"], {key: value for key, value in params.items() if f":{key}" in told}


def _newest_first(event: Event) -> int:
    return -event.reported_at
