"""The item list 网格事项清单: which matters grids report and towns whistle for, on which days.

What is outside it on the day it was reported is flagged, not refused: somebody must look at it.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from commandwall import codes
from commandwall.clock import day
from commandwall.codes import Code
from commandwall.events import EventView


def item_of(view: EventView) -> Code | None:
    """The item of an event on the day it was reported; None where the list has none."""
    on = day(view.event.reported_at)
    return _items(on, codes.edition()).get((view.event.source, view.cls))


def outside(view: EventView) -> bool:
    """Whether its source goes by the list and its class is not on it that day. Of an event whose
    class nobody has told, nobody can say."""
    on = day(view.event.reported_at)
    judged = view.event.source in _sources(on, codes.edition())
    return bool(view.cls) and judged and item_of(view) is None


@lru_cache(maxsize=512)
def _items(on: date, _: object) -> dict[tuple[str, str], Code]:
    return {
        (source, cls): row
        for row in codes.load("event_item", on).values()
        for source in row.facts["sources"]
        for cls in row.facts["classes"]
    }


@lru_cache(maxsize=512)
def _sources(on: date, edition: object) -> frozenset[str]:
    return frozenset(source for source, _ in _items(on, edition))
