"""Three-stage triage 三级分类处置: at which stage the open events are, by the rung of the ladders
that has each, and how much is solved where it came up (小事不出网格)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from commandwall import codes, ladders
from commandwall.areas import Area
from commandwall.clock import DAY, Ms, day
from commandwall.event_flow import ARCHIVED, CLOSED
from commandwall.events import EventView
from commandwall.ladders import Case
from commandwall.store.store import Reader


def stages(
    open_: Iterable[EventView], cases: Mapping[str, Case], areas: Mapping[str, Area]
) -> dict[str, int]:
    """Row of the list triage_stage -> how many open events stand there; all rows, in order."""
    of = {
        rung: key for key, row in codes.load("triage_stage").items() for rung in row.facts["rungs"]
    }
    found = dict.fromkeys(codes.load("triage_stage"), 0)
    starts = {code: ladders.base(area.level) for code, area in areas.items()}
    unknown = ladders.base(None)
    for view in open_:
        start, case = starts.get(view.event.area, unknown), cases.get(view.event.id)
        stage = of.get(ladders.standing(case, start) if case is not None else start)
        if stage is not None:
            found[stage] += 1
    return found


def where_it_came_up(reader: Reader, now: Ms) -> tuple[int, int]:
    """Of the events that stations closed as solved in the last days (`triage_days`), how many were
    never raised; and how many there are."""
    since = Ms(now - int(codes.limit("triage_days", day(now))) * DAY)
    ((n, of),) = reader.rows(_SOLVED, since=since)
    return int(n or 0), int(of)


_SOLVED = f"""
SELECT sum(NOT EXISTS (SELECT 1 FROM rise r WHERE r.event = w.id AND r.raised_at IS NOT NULL)),
  count(*) FROM eventwork w
WHERE w.state IN ('{CLOSED}', '{ARCHIVED}') AND w.solved = 'solved' AND w.closed_at >= :since
"""
