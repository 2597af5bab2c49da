"""Repeats 重复件: events that tell of one thing: same place, near time, like text, and why.

They are proposed, never merged by the program. A pair of which a person found that it is two
matters is not proposed again, at any station.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commandwall import codes, geo, likeness
from commandwall.clock import HOUR, Ms, day
from commandwall.events import Event, folded, view
from commandwall.store import numbers
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Reader, Refused, Tx

SAME_POINT, SAME_AREA, SAME_WORDS = "point", "area", "words"
"""What says that two are of one place: their coordinates, their area, or the same text."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A proposal: `later` tells what `first` told. The reasons: place, time apart, likeness."""

    first: str  # id of the Event that was reported first
    later: str
    place: str
    apart_m: float | None  # metres between their points
    apart_ms: int  # between their reports
    like: float  # cosine of their texts, 0..1


@record(WALL, meeting=Meeting(beside=("at", "by", "post")))
@dataclass(frozen=True, slots=True)
class NotSame:
    """不是同一件: two events that are two matters, as a person found."""

    id: str  # the ids of both, in order
    at: Ms
    by: str
    post: str


def tell_apart(tx: Tx, event: str, other: str) -> None:
    """不是同一件: these two are not proposed again. Refused("unknown") where one is not there, or
    both are one."""
    if event == other:
        raise Refused("unknown", kind="event", id=other)
    view(tx, event)
    view(tx, other)
    tx.put(NotSame(_pair(event, other), tx.now, tx.by, tx.post))


def _pair(one: str, other: str) -> str:
    return " ".join(sorted((one, other)))


def find(events: Sequence[Event]) -> list[Repeat]:
    """Proposals among events, the likest first. Each later event has one: to its likest."""
    events = _in_turn(*events)
    if len(events) < 2:
        return []
    least = codes.limit("repeat_like", day(events[-1].reported_at))
    rows = _rows(events)
    pairs = (rows @ rows.T).tocoo()
    near = (pairs.row < pairs.col) & (pairs.data >= least)
    best: dict[str, Repeat] = {}
    found = zip(pairs.row[near], pairs.col[near], pairs.data[near], strict=True)
    for i, j, like in found:
        told = _repeat(events[i], events[j], min(1.0, float(like)))
        if told is not None and (told.later not in best or best[told.later].like < told.like):
            best[told.later] = told
    return sorted(best.values(), key=lambda r: (-r.like, r.later))


def of_event(reader: Reader, event: str) -> list[Repeat]:
    """Proposals that an event is part of, the likest first; Refused("unknown")."""
    return around(reader, view(reader, event).event)


def around(reader: Reader, here: Event) -> list[Repeat]:
    """The same for an event that need not be anywhere yet."""
    near = [v.event for v in folded(reader, _near(reader, here))]  # by what may be known of each
    if not near:
        return []
    rows = _rows([here, *near])
    least = codes.limit("repeat_like", day(here.reported_at))
    likes = (rows[1:] @ rows[0].T).toarray().ravel()
    alike = ((e, float(like)) for e, like in zip(near, likes, strict=True) if like >= least)
    turns = ((_in_turn(here, other), like) for other, like in alike)
    found = [_repeat(first, later, min(1.0, like)) for (first, later), like in turns]
    told = _not_known_apart(reader, [repeat for repeat in found if repeat is not None])
    return sorted(told, key=lambda r: (-r.like, r.apart_ms, r.first, r.later))


def _not_known_apart(reader: Reader, found: Sequence[Repeat]) -> list[Repeat]:
    pairs = {_pair(repeat.first, repeat.later): repeat for repeat in found}
    apart = {known.id for known in reader.many(NotSame, list(pairs))}
    return [repeat for pair, repeat in pairs.items() if pair not in apart]


def _in_turn(*events: Event) -> list[Event]:
    return sorted(events, key=lambda e: (e.reported_at, e.id))


def _near(reader: Reader, here: Event) -> list[Event]:
    """The newest events near in time that are of its area, or have its title; of any area where its
    own is not known."""
    on = day(here.reported_at)
    span = int(codes.limit("repeat_hours", on) * HOUR)
    begin, end = here.reported_at - span, here.reported_at + span
    sql = (
        "SELECT * FROM event WHERE rowid BETWEEN :a AND :b AND reported_at BETWEEN :begin AND :end "
        "AND (:area IN (area, '') OR title = :title) AND id != :id "
        "ORDER BY rowid DESC LIMIT :n"
    )
    params = {"a": numbers.first(begin), "b": numbers.first(end + HOUR), "begin": begin, "end": end}
    same = {"area": here.area, "title": here.title, "id": here.id}
    many = int(codes.limit("repeat_rows", on))
    return reader.records(Event, sql, **params, **same, n=many)


def _rows(events: Sequence[Event]) -> likeness.Rows:
    """By title and text. What one alone holds counts too: it tells it from the others."""
    grams = likeness.grams([f"{e.title}\n{e.body}" for e in events])
    return likeness.weighed(grams, 1 + likeness.rarity(grams, least=1))


def _repeat(first: Event, later: Event, like: float) -> Repeat | None:
    on = day(later.reported_at)
    apart = later.reported_at - first.reported_at
    if apart > codes.limit("repeat_hours", on) * HOUR:
        return None
    metres = _metres(first, later)
    place = _place(first, later, metres, like)
    return Repeat(first.id, later.id, place, metres, apart, like) if place else None


def _place(first: Event, later: Event, metres: float | None, like: float) -> str:
    """Why they are of one place; "" where they are not. Two points that are apart are two places,
    whatever the texts say: one text may be sent for two lamps."""
    on = day(later.reported_at)
    if metres is not None:
        return SAME_POINT if metres <= codes.limit("repeat_m", on) else ""
    if first.area and first.area == later.area:
        return SAME_AREA
    return SAME_WORDS if like >= codes.limit("repeat_same", on) else ""


def _metres(first: Event, later: Event) -> float | None:
    ends = (first.lon, first.lat, later.lon, later.lat)
    if "point" not in (first.placed, later.placed) or None in ends:
        return None
    if first.placed != later.placed:
        return None
    return float(geo.distance(*np.array(ends, float)))
