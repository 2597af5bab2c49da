"""Swift response 接诉即办: which events are in it, and its four figures with what is left out.

Counted are the events that were reported in the last days, from the city's rows and the stations'
work together, so the cost goes with these days and not with the pool.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from commandwall import codes
from commandwall.clock import DAY, MINUTE, Ms, day, day_start
from commandwall.event_flow import ARCHIVED, CANCELLED, CLOSED, MERGED, NEW, REJECTED, shown
from commandwall.events import EventView
from commandwall.store import numbers
from commandwall.store.store import Reader

RESPONSE, CLOSING, SOLVED, CONTENT = "response", "closed", "solved", "content"
"""Rows of the list swift_figure."""
REACHED, MISSED = "reached", "missed"
"""What a figure makes of an event that it counts."""
NOT_DUE, UNTOLD, UNREACHED = "not_due", "untold", "unreached"
"""Why an event is left out of a figure, beside its state; the last is a row of event_content."""
ASIDE = frozenset({REJECTED, MERGED, CANCELLED})
"""States that leave an event out."""
_PLEASED = frozenset({"content", "fairly"})
"""Rows of the list event_content that count as content."""
Members = frozenset[tuple[str, str]]


@dataclass(slots=True)
class Figure:
    """`n` of `of`; beside them why others are left out, and how many."""

    n: int = 0
    of: int = 0
    out: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float | None:
        """None where nothing is counted."""
        return self.n / self.of if self.of else None


class Group(NamedTuple):
    """Events that are counted alike, or one. `answer`: minutes to it, rounded up, as far
    as a limit needs them; None: nobody told."""

    ago: int  # days before the end of today
    source: str
    cls: str
    city: str
    ours: str | None
    furthest: str | None
    ended: int
    answer: int | None
    waited: int  # minutes since it came, in the same way
    solved: str | None
    content: str | None
    n: int

    @property
    def state(self) -> str:
        if not self.ours:
            return self.city
        return shown(self.city, bool(self.ended), self.ours, self.furthest or "")


def belongs(view: EventView) -> bool:
    """Whether an event is in it, by the rows of the day it was reported."""
    return (view.event.source, view.cls) in members(day(view.event.reported_at))


def members(on: date) -> Members:
    """The sources and classes that are in it on a day."""
    return _members(on, codes.edition())


def figures(reader: Reader, now: Ms) -> dict[str, Figure]:
    """The four figures at a moment, by the row of the list swift_figure."""
    rows = codes.load("swift_figure", day(now))
    found = {key: Figure() for key in rows if key in _COUNTED}
    for group, _ in _groups(reader, now, _COUNTS):
        for key, figure in found.items():
            counts, why = counted(key, group, rows[key].facts)
            if why:
                figure.out[why] += group.n
            else:
                figure.of += group.n
                figure.n += group.n * counts
    return found


def counted(figure: str, group: Group, facts: codes.Facts) -> tuple[bool, str]:
    """Whether events count among the good ones of a figure, by its row's facts; and why they are
    left out of it, "" where they are not."""
    judge: Callable[[Group, codes.Facts], tuple[bool, str]] = _COUNTED[figure]
    return judge(group, facts)


def rows(reader: Reader, now: Ms, key: str) -> dict[str, str]:
    """What a figure makes of each event of the lane, by its id, the newest first: REACHED, MISSED,
    or why it is left out. As many of each as the figure of that moment counts."""
    facts = codes.load("swift_figure", day(now))[key].facts
    each = ((id_, counted(key, group, facts)) for group, id_ in _groups(reader, now, _EACH))
    return {id_: why or (REACHED if good else MISSED) for id_, (good, why) in each}


@lru_cache(maxsize=512)
def _members(on: date, _: object) -> Members:
    groups: dict[str, list[str]] = {}
    for cls, row in codes.load("event_class", on).items():
        groups.setdefault(str(row.facts["great"]), []).append(cls)
    rows = [row.facts for row in codes.load("swift_class", on).values()]
    return frozenset(
        (source, cls)
        for facts in rows
        for source in facts["sources"]
        for group in facts["groups"]
        for cls in groups.get(group, ())
    )


def _response(group: Group, facts: codes.Facts) -> tuple[bool, str]:
    """Who refused it or joined it to another has answered too."""
    if group.answer is not None:
        return group.answer <= facts["minutes"], ""
    if group.state != NEW:
        return False, UNTOLD
    return False, NOT_DUE if group.waited <= facts["minutes"] else ""


def _closing(group: Group, facts: codes.Facts) -> tuple[bool, str]:
    if group.state in ASIDE:
        return False, group.state
    if group.state in (CLOSED, ARCHIVED):
        return True, ""
    return False, NOT_DUE if group.ago < facts["days"] else ""


def _solved(group: Group, _: codes.Facts) -> tuple[bool, str]:
    return group.solved == "solved", _untold(group, group.solved)


def _content(group: Group, _: codes.Facts) -> tuple[bool, str]:
    why = UNREACHED if group.content == UNREACHED else ""
    return group.content in _PLEASED, _untold(group, group.content) or why


def _untold(group: Group, told: str | None) -> str:
    """Why nothing is known of what came of it."""
    if group.state in (CLOSED, ARCHIVED):
        return "" if told else UNTOLD
    return group.state if group.state in ASIDE else NOT_DUE


_COUNTED: Mapping[str, Any] = {
    RESPONSE: _response, CLOSING: _closing, SOLVED: _solved, CONTENT: _content,
}  # fmt: skip
"""Row of the list -> whether a group counts among the good ones, and why it is left out if so."""


def _groups(reader: Reader, now: Ms, sql: str) -> Iterator[tuple[Group, str]]:
    """Those of the lane, each by the rows of its own day, with the id of one that is alone."""
    end = Ms(day_start(now) + DAY)
    days = int(codes.limit("swift_days", day(now)))
    since = Ms(end - days * DAY)
    lane = [members(day(Ms(end - (ago + 1) * DAY))) for ago in range(days)]
    sources = json.dumps(sorted({source for some in lane for source, _ in some}))
    late = 1 + max(row.facts["minutes"] for row in codes.load("swift_figure", day(now)).values())
    asked = {"since": since, "end": end, "now": now, "sources": sources, "late": late}
    told = reader.rows(sql, no=numbers.first(since), **asked)
    groups = ((Group(*row[:-1]), str(row[-1])) for row in told)
    return ((one, id_) for one, id_ in groups if (one.source, one.cls) in lane[one.ago])


_EVENTS = f"""
WITH some AS (
  SELECT id, source, cls, reported_at, received_at, state, closed_at FROM event
  WHERE rowid >= :no AND reported_at >= :since AND reported_at < :end
    AND source IN (SELECT value FROM json_each(:sources))
  UNION ALL
  SELECT id, source, cls, reported_at, reported_at, '{NEW}', NULL FROM filedevent f
  WHERE reported_at >= :since AND reported_at < :end
    AND source IN (SELECT value FROM json_each(:sources))
    AND NOT EXISTS (SELECT 1 FROM event e WHERE e.id = f.id)
)
SELECT (:end - 1 - s.reported_at) / {DAY} AS ago, s.source,
  coalesce(nullif(w.cls, ''), s.cls) AS class, s.state, w.state, w.furthest,
  coalesce(s.closed_at > w.at, 0) AS ended,
  min(:late, (coalesce(w.accepted_at, w.closed_at) - s.received_at + {MINUTE - 1}) / {MINUTE}),
  min(:late, (:now - s.received_at + {MINUTE - 1}) / {MINUTE}), w.solved, w.content, {{last}}
FROM some s LEFT JOIN eventwork w ON w.id = s.id
"""
_COUNTS = _EVENTS.format(last="count(*), ''") + "GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"
_EACH = _EVENTS.format(last="1, s.id") + "ORDER BY s.reported_at DESC, s.id"
