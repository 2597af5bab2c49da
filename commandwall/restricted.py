"""Restricted classes of events 受限: crises of persons. No screen, map, list or paper tells more of
them than the class and the area; what came is read by a post that may, with a reason (mission C13).
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from commandwall import codes
from commandwall.clock import today


def hides(cls: str) -> bool:
    """Whether a class of the list event_class is restricted."""
    return cls in _classes(today(), codes.edition())


@lru_cache(maxsize=4)
def _classes(on: date, edition: object) -> frozenset[str]:
    rows = codes.load("event_class").values()
    return frozenset(row.id for row in rows if row.facts.get("restricted"))
