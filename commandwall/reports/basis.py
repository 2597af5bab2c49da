"""What a study is made of: the events of its scope, one small row each, and of the period before.

Read once, so that all numbers of a study are of one moment, and each knows the ids that it counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from commandwall import (
    codes,
    deadlines,
    event_lists,
    events,
    lowest,
    swift,
    tagging,
    tallies,
)
from commandwall.areas import TOWN, Area, by_code, town_of
from commandwall.clock import DAY, HOUR, MINUTE, Ms, day, day_start
from commandwall.deadlines import RED
from commandwall.event_flow import CLOSED_STATES, NEW
from commandwall.events import Event, EventView
from commandwall.saved_views import CLOSED_TOO, Filter
from commandwall.store import numbers
from commandwall.store.store import Reader, Refused
from commandwall.studies import Scope
from commandwall.swift import Group

THREE = ("response", "solved", "content")
"""三率: rows of the list swift_figure."""
OUTSIDE = "outside"
"""Why an event is left out of the response rate: it is not in the fast lane."""


class Row(NamedTuple):
    """One event, as far as studies count it."""

    id: str
    reported: Ms
    received: Ms
    source: str
    cls: str
    area: str
    unit: str
    closed_at: Ms | None
    state: str  # as it is shown
    open: bool
    told: Group  # itself, as the figures of swift response look at it


Rows = Sequence[Row]


@dataclass
class Basis:
    """The events of a scope as they stood at a moment, the newest first."""

    scope: Scope
    as_of: Ms
    rows: Rows
    before: Rows  # of the period of the same length that ends where this one begins
    areas: Mapping[str, Area]
    views: Callable[[Sequence[str]], Mapping[str, EventView]]
    red: Sequence[EventView] = field(default=())
    """Open events of the scope, of whatever period, whose clock is over, the longest first."""
    levels: Mapping[str, str] = field(default_factory=dict)
    """Event -> the level that has it, where a ladder or a person says so."""

    def level(self, row: Row) -> str:
        """The level that closed an event; "" where nobody has it."""
        return self.levels.get(row.id) or lowest.of_unit(row.unit)

    def town(self, row: Row) -> str:
        """Code of the town of an event; "" where it is none's."""
        return self._town_of.get(row.area, "")

    @cached_property
    def _town_of(self) -> Mapping[str, str]:
        return {code: town_of(self.areas, code) for code in self.areas}

    def rate(self, rows: Iterable[Row], figure: str) -> Share:
        """One of THREE over some of its events, by the rules of swift response."""
        found, verdicts = Share([], [], {}), self._verdicts[figure]
        for row in rows:
            good, why = verdicts[row.id]
            if why:
                found.out.setdefault(why, []).append(row)
            else:
                found.counted.append(row)
                found.good += [row] if good else []
        return found

    @cached_property
    def _verdicts(self) -> Mapping[str, Mapping[str, tuple[bool, str]]]:
        """Figure -> event -> whether it is a good one, and why it is left out if so."""
        rows, lanes = codes.load("swift_figure", day(self.as_of)), _lanes(self.rows)
        return {key: {row.id: _verdict(row, key, rows[key].facts, lanes) for row in self.rows}
                for key in THREE}  # fmt: skip

    @cached_property
    def towns(self) -> list[str]:
        """Codes of the towns of the scope, by their numbers."""
        here = (a for a in self.areas.values() if a.level == TOWN)
        within = self.scope.area
        return sorted(a.id for a in here if a.id.startswith(within) or within.startswith(a.id))

    @cached_property
    def overdue(self) -> list[Row]:
        """Those of the period that are open and whose clock is over, the longest first."""
        of = {row.id: row for row in self.rows}
        return [of[view.event.id] for view in self.red if view.event.id in of]


def read(reader: Reader, scope: Scope, as_of: Ms) -> Basis:
    """The basis of a study. Refused("study_period") for an end before the beginning,
    Refused("study_days") for a longer period than a study takes, Refused("study_rows") where it has
    more events than that."""
    if not scope.span > 0:
        raise Refused("study_period")
    if scope.span > (most := int(codes.limit("study_days", day(as_of)))) * DAY:
        raise Refused("study_days", most=most)
    earlier = Scope(Ms(scope.since - scope.span), scope.since, *_rest(scope))
    areas = by_code(reader)
    shown = tallies.in_hand(reader)
    filed = [view.event for view in shown.values() if view.filed]
    return Basis(
        scope, as_of, _rows(reader, scope, as_of, filed), _rows(reader, earlier, as_of, filed),
        areas, lambda keys: events.views(reader, keys),
        _red(_of_tag(reader, scope, shown), scope, as_of, areas), lowest.told(reader),
    )  # fmt: skip


def by(rows: Iterable[Row], key: Callable[[Row], str]) -> dict[str, list[Row]]:
    """Rows in groups, the largest first, equal ones by their names."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return dict(sorted(groups.items(), key=lambda one: (-len(one[1]), one[0])))


@dataclass(slots=True)
class Share:
    """A rate with its rows: the good ones, those that count, and why others do not."""

    good: list[Row]
    counted: list[Row]
    out: dict[str, list[Row]]


def _verdict(
    row: Row, figure: str, facts: codes.Facts, lanes: Mapping[int, swift.Members]
) -> tuple[bool, str]:
    if figure == swift.RESPONSE and (row.source, row.cls) not in lanes[row.told.ago]:
        return False, OUTSIDE
    return swift.counted(figure, row.told, facts)


def _lanes(rows: Iterable[Row]) -> dict[int, swift.Members]:
    """Which events are in the fast lane on each day, by how long ago that is."""
    return {
        ago: swift.members(day(at)) for ago, at in {r.told.ago: r.reported for r in rows}.items()
    }


def _rest(scope: Scope) -> tuple[str, ...]:
    return scope.area, scope.cls, scope.source, scope.words, scope.state, scope.view, scope.tag


def _rows(reader: Reader, scope: Scope, as_of: Ms, filed: Sequence[Event]) -> list[Row]:
    most = int(codes.limit("study_rows", day(as_of)))
    asked = {
        "since": scope.since, "until": scope.until, "as_of": as_of, "area": scope.area,
        "long": len(scope.area), "source": scope.source, "cls": scope.cls, "most": most + 1,
        "ids": json.dumps(_worded(reader, scope, filed)), "end": day_start(as_of) + DAY - 1,
        **_numbers(scope),
        "late": 1 + max(r.facts["minutes"] for r in codes.load("swift_figure").values()),
    }  # fmt: skip
    found = [_row(*one) for one in reader.rows(_SQL, **asked)]
    if len(found) > most:
        raise Refused("study_rows", most=most)
    wanted = CLOSED_TOO.get(scope.state, (scope.state,))
    tagged = _tagged(reader, scope)
    return [
        row
        for row in found
        if (not scope.state or row.state in wanted) and (tagged is None or row.id in tagged)
    ]


def _tagged(reader: Reader, scope: Scope) -> frozenset[str] | None:
    """Ids of those that have the tag, none of a restricted class; None where none is asked for."""
    if not scope.tag:
        return None
    found = events.views(reader, tagging.tagged(reader, scope.tag)).values()
    return frozenset(view.event.id for view in found if not view.restricted)


def _of_tag(reader: Reader, scope: Scope, shown: Mapping[str, EventView]) -> Iterable[EventView]:
    """Those of some events that have the tag that a study asks for."""
    tagged = _tagged(reader, scope)
    return [view for key, view in shown.items() if tagged is None or key in tagged]


def _numbers(scope: Scope) -> dict[str, int]:
    """Between which numbers its events are, with those of a minute that was full."""
    return {"first": numbers.first(scope.since), "last": numbers.first(scope.until + HOUR)}


def _worded(reader: Reader, scope: Scope, filed: Sequence[Event]) -> list[str] | None:
    """Ids of those that hold the words, as lists find them: no words find what is restricted; None
    where none are asked for."""
    if not scope.words:
        return None
    checks, words = ["event.rowid >= :first", "event.rowid < :last"], Filter(words=scope.words)
    ours = [e.id for e in filed if words.fits(e, e.received_at)]
    found = events.found(reader, scope.words, checks, **_numbers(scope))
    return [*ours, *(v.event.id for v in event_lists.told(reader, found, words, scope.until))]


def _row(
    key: str, reported: Ms, received: Ms, source: str, cls: str, area: str, unit: str,
    closed_at: Ms | None, *told: Any,
) -> Row:  # fmt: skip
    ago, city, ours, furthest, ended, answer, waited, solved, content = told
    group = Group(ago, source, cls, city, ours, furthest, ended, answer, waited, solved,
                  content, 1)  # fmt: skip
    state = group.state
    still = state not in CLOSED_STATES
    return Row(key, reported, received, source, cls, area, unit, closed_at, state, still, group)


def _red(
    shown: Iterable[EventView], scope: Scope, as_of: Ms, areas: Mapping[str, Area]
) -> list[EventView]:
    """By the clocks that run now."""
    late: list[tuple[Ms, EventView]] = []
    for view in shown:
        clock = deadlines.running(view, areas) if view.open and _within(scope, view) else None
        if clock is not None and clock.lamp(as_of) == RED:
            late.append((clock.due, view))
    return [view for _, view in sorted(late, key=lambda one: (one[0], one[1].event.id))]


def _within(scope: Scope, view: EventView) -> bool:
    """Whether an open event is of the scope, leaving its period and words aside."""
    fits = scope.source in ("", view.event.source) and scope.cls in ("", view.cls)
    return fits and view.event.area.startswith(scope.area)


_SQL = f"""
WITH some AS (
  SELECT id, source, cls, area, unit, reported_at, received_at, state, closed_at FROM event
  WHERE rowid >= :first AND rowid < :last AND reported_at >= :since AND reported_at < :until
    AND received_at <= :as_of
  UNION ALL
  SELECT id, source, cls, area, '', reported_at, reported_at, '{NEW}', NULL FROM filedevent f
  WHERE reported_at >= :since AND reported_at < :until AND reported_at <= :as_of
    AND NOT EXISTS (SELECT 1 FROM event e WHERE e.id = f.id)
)
SELECT s.id, s.reported_at, s.received_at, s.source, coalesce(nullif(w.cls, ''), s.cls) AS class,
  s.area, coalesce(nullif(w.unit, ''), s.unit), coalesce(w.closed_at, s.closed_at),
  (:end - s.reported_at) / {DAY}, s.state, w.state, w.furthest, coalesce(s.closed_at > w.at, 0),
  min(:late, (coalesce(w.accepted_at, w.closed_at) - s.received_at + {MINUTE - 1}) / {MINUTE}),
  min(:late, (:as_of - s.received_at + {MINUTE - 1}) / {MINUTE}), w.solved, w.content
FROM some s LEFT JOIN eventwork w ON w.id = s.id
WHERE (:source = '' OR s.source = :source) AND (:cls = '' OR class = :cls)
  AND (:long = 0 OR substr(s.area, 1, :long) = :area)
  AND (:ids = 'null' OR s.id IN (SELECT value FROM json_each(:ids)))
ORDER BY s.reported_at DESC, s.id LIMIT :most
"""
