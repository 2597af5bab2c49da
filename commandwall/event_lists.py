"""What a filter finds in the whole pool: rows as shown, the newest first, and how many.

The hot columns say which rows there are, so that a rare class or a small area is found without
reading the pool; what is asked by words the full text finds.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np

from commandwall import codes, cube, events, tagging, tallies
from commandwall.clock import DAY, HOUR, Ms
from commandwall.event_flow import CLOSED
from commandwall.events import Event, EventView
from commandwall.saved_views import AFTER, Filter
from commandwall.store.fulltext import like
from commandwall.store.store import Reader

PART = 200
"""Rows that are read, and folded with the work of stations, at once."""
RECENT = 30 * DAY
"""What is looked for first, as it is soon told and mostly enough."""
_NUMBERED = (
    "SELECT event.* FROM json_each(:numbers) AS n CROSS JOIN event ON event.rowid = n.value"
    " WHERE {checks}"
)

_OF_NUMBER = (
    "SELECT event.* FROM event WHERE source_id IN (:typed, :small, :large)"
    " OR (length(:small) = 8 AND id >= :small || '-' AND id < :small || '.')"
)
"""Each by its index; the second what a station drew (`.` is the sign behind `-`)."""
_BELOW = "SELECT key FROM code WHERE name = 'area' AND key LIKE :area ESCAPE '\\'"
_OWING = (
    "SELECT id FROM eventwork WHERE state = :state"
    f" AND NOT ({events.READY}) ORDER BY CASE WHEN visit_at IS NULL OR visited_at IS NOT NULL"
    " THEN coalesce(closed_at, at) + :days ELSE visit_at END, id"
)
"""Where a visit is due, until then; where only a lesson is, until it would be put away."""
_GIVEN = (
    "SELECT w.id FROM eventwork w JOIN event e ON e.id = w.id WHERE CASE WHEN e.unit = :unit"
    " THEN w.unit NOT IN ('', :unit)"
    " ELSE w.unit = :unit OR instr(',' || w.co || ',', ',' || :unit || ',') END"
)
"""What stations gave to a unit, to lead or to help, or took from it, and the city's row says
otherwise."""
_FILED = "SELECT id FROM filedevent f WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.id = f.id)"


def find(reader: Reader, filter: Filter, now: Ms, limit: int) -> list[EventView]:
    """The newest that the city or a station knows of, at most so many."""
    return sorted(islice(each(reader, filter, now), limit), key=_newest_first)


def owing(reader: Reader, filter: Filter, now: Ms, limit: int) -> list[EventView]:
    """Closed events of which a visit or what is learned is still due, the soonest due first."""
    days = int(codes.limit("archive_days")) * DAY
    keys = [key for (key,) in reader.rows(_OWING, state=CLOSED, days=days)]
    if filter.tag:
        tagged = frozenset(tagging.tagged(reader, filter.tag))
        keys = [key for key in keys if key in tagged]
    found = (
        v for v in some_of(reader, keys) if v.state == CLOSED and not (filter.tag and v.restricted)
    )
    return list(islice((v for v in found if filter.fits(v.event, now)), limit))


def search(reader: Reader, words: str, limit: int = 200) -> list[EventView]:
    """Those whose title, text or address hold all the words."""
    return find(reader, Filter(words=words), Ms(0), limit) if words.strip() else []


def numbered(reader: Reader, typed: str) -> list[str]:
    """Ids of the events that a person means by this number, open ones and closed."""
    asked = {"typed": typed, "small": typed.lower(), "large": typed.upper()}
    rows = [Event(*row) for row in reader.each(_OF_NUMBER, **asked)]
    filed = events.views(reader, [key for (key,) in reader.rows(_FILED)]).values()
    return [e.id for e in [*rows, *(v.event for v in filed)] if e.is_numbered(typed)]


def each(reader: Reader, filter: Filter, now: Ms) -> Iterator[EventView]:
    """All of them, read no further than somebody takes them; in order but within a minute."""
    if filter.tag:
        return iter(_tagged(reader, filter, now))
    ours = [*_filed(reader, filter, now), *_moved(reader, filter, now)[0]]
    return heapq.merge(
        sorted(ours, key=_newest_first), _pooled(reader, filter, now), key=_newest_first
    )


def _pooled(reader: Reader, filter: Filter, now: Ms) -> Iterator[EventView]:
    return told(reader, _rows(reader, filter, now), filter, now)


def told(reader: Reader, rows: Iterator[Event], filter: Filter, now: Ms) -> Iterator[EventView]:
    """Rows of the mirror as shown, of those that a filter finds by what may be known of them."""
    while some := list(islice(rows, PART)):
        views = events.folded(reader, some)
        yield from (v for v in views if filter.stands(v) and _may_tell(v, filter, now))


def _may_tell(view: EventView, filter: Filter, now: Ms) -> bool:
    """Whether it is found by what may be known of it: of a restricted class that is little."""
    return not (view.restricted and filter.words) or filter.fits(view.event, now)


def _tagged(reader: Reader, filter: Filter, now: Ms) -> list[EventView]:
    """Of a restricted class no tag is told either."""
    found = some_of(reader, tagging.tagged(reader, filter.tag))
    fit = (v for v in found if filter.stands(v) and filter.fits(v.event, now))
    return sorted((v for v in fit if not v.restricted), key=_newest_first)


def _filed(reader: Reader, filter: Filter, now: Ms) -> list[EventView]:
    """What stations filed and the pool has no row of yet: it may be away for days."""
    keys = [key for (key,) in reader.rows(_FILED)]
    found = events.views(reader, keys).values()
    return [v for v in found if filter.stands(v) and filter.fits(v.event, now)]


def _moved(reader: Reader, filter: Filter, now: Ms) -> tuple[list[EventView], list[EventView]]:
    """Where a state or a unit is asked for: what stations brought into it, and out of it, and the
    city's rows do not say so yet."""
    keys = tallies.ahead_of_mirror(reader) if filter.state else []
    if filter.unit:
        keys = [*keys, *(key for (key,) in reader.rows(_GIVEN, unit=filter.unit))]
    ahead = events.views(reader, list(dict.fromkeys(keys))).values()
    some = [v for v in ahead if not v.filed and filter.fits(v.event, now)]
    told = {v.event.id: filter.stands(EventView(v.event, None)) for v in some}
    into = [v for v in some if filter.stands(v) and not told[v.event.id]]
    return into, [v for v in some if told[v.event.id] and not filter.stands(v)]


def some_of(reader: Reader, keys: Sequence[str]) -> Iterator[EventView]:
    """These events, in this order; those that nobody has any more are left out."""
    parts = (keys[i : i + PART] for i in range(0, len(keys), PART))
    return chain.from_iterable(events.views(reader, part).values() for part in parts)


def count(reader: Reader, filter: Filter, now: Ms, limit: int) -> int:
    """How many there are: from the hot columns, or, asked by words, as many as are found up to a
    limit."""
    if filter.share == AFTER:
        return len(owing(reader, filter, now, limit))
    if filter.words or filter.tag:
        return sum(1 for _ in islice(each(reader, filter, now), limit))
    into, out = _moved(reader, filter, now)
    ours = len(_filed(reader, filter, now)) + len(into) - len(out)
    return ours + cube.total(reader, _where(reader, filter), filter.since(now), filter.until(now))


def _where(reader: Reader, filter: Filter) -> dict[str, list[str]]:
    asked = {name: getattr(filter, name) for name in ("source", "cls", "unit")}
    where = {name: [value] for name, value in asked.items() if value}
    if filter.state:
        where["state"] = list(filter.states)
    if filter.area:
        where["area"] = [key for (key,) in reader.rows(_BELOW, area=like(filter.area)[1:])]
    return where


def _rows(reader: Reader, filter: Filter, now: Ms) -> Iterator[Event]:
    checks, params = _checks(filter, now)
    if filter.words:
        yield from events.found(reader, filter.words, checks, **params)
        return
    sql, where = _NUMBERED.format(checks=" AND ".join(checks)), _where(reader, filter)
    for found in cube.which(reader, where, _stretches(filter, now)):
        for some in _parts(*found):
            rows = reader.each(sql, **params, numbers=json.dumps(some.tolist()))
            yield from sorted((Event(*row) for row in rows), key=lambda e: -e.reported_at)


def _stretches(filter: Filter, now: Ms) -> Iterator[cube.Span]:
    """The last weeks, and all before them until the filter's beginning, when somebody reads on."""
    since, until, recent = filter.since(now), filter.until(now), Ms((now - RECENT) // HOUR * HOUR)
    if until is not None and until <= recent:
        yield since, until
    elif since is None or since < recent:
        yield recent, until
        yield since, recent
    else:
        yield since, until


def _parts(hours: cube.Counts, numbers: cube.Counts) -> Iterator[cube.Counts]:
    """The numbers in parts of whole hours, the newest first, each part in order."""
    firsts, end = np.flatnonzero(np.diff(hours, prepend=hours[:1] - 1)), len(hours)
    while end:
        before = int(np.searchsorted(firsts, end - PART, "right"))
        begin = int(firsts[max(0, before - 1)])
        yield numbers[begin:end]
        end = begin


def _checks(filter: Filter, now: Ms) -> tuple[list[str], dict[str, Any]]:
    """Conditions beside the words, and their parameters."""
    since, until = filter.since(now), filter.until(now)
    asked = {"source": filter.source, "cls": filter.cls, "unit": filter.unit}
    checks = [f"event.{name} = :{name}" for name, value in asked.items() if value]
    if filter.area:
        checks.append("substr(event.area, 1, :long) = :area")
    if since is not None:
        checks.append("event.reported_at >= :since")
    if until is not None:
        checks.append("event.reported_at < :until")
    if filter.state:
        checks.append("event.state IN (SELECT value FROM json_each(:states))")
    asked["states"] = json.dumps(filter.states)
    params = {**asked, "area": filter.area, "long": len(filter.area), "since": since,
              "until": until}  # fmt: skip
    told = " ".join(checks)
    return checks or ["1"], {key: value for key, value in params.items() if f":{key}" in told}


def _newest_first(view: EventView) -> int:
    return -view.event.reported_at
