"""Solved at the lowest level 就地解决: whether grid, village or town closed an event, or the city
had to. Which level did is told by the ladder that took it, else by a person's routing, else by the
name of the unit: rows of `unit_level`.
"""

from __future__ import annotations

from collections.abc import Mapping

from commandwall import codes
from commandwall.ladders import TAKEN
from commandwall.store.store import Reader
from commandwall.tiers import COUNTY, TOWN

LEVELS = ("grid", "village", "town", "city")
"""Rungs of the territory, from below."""
CITY = LEVELS[-1]
_ROUTED = {TOWN: "town", COUNTY: CITY}
_TIERS = "SELECT id, tier FROM eventwork WHERE tier <> ''"
_TAKEN = "SELECT event, rung FROM rise WHERE state = :state"


def told(reader: Reader) -> Mapping[str, str]:
    """Event -> its level, where a ladder or a person says it."""
    found = {key: _ROUTED[tier] for key, tier in reader.rows(_TIERS) if tier in _ROUTED}
    taken: dict[str, str] = {}
    for event, rung in reader.rows(_TAKEN, state=TAKEN):
        if rung in LEVELS:
            taken[event] = max(rung, taken.get(event, rung), key=LEVELS.index)
    return {**found, **taken}


def of_unit(unit: str) -> str:
    """The level of a unit by its name; "" for none. The longest ending that fits counts."""
    if not unit:
        return ""
    rows = codes.load("unit_level").values()
    fits = [row for row in rows if unit.endswith(row.id)]
    best = max(fits, key=lambda row: len(row.id), default=None)
    return str(best.facts["level"]) if best is not None else CITY
