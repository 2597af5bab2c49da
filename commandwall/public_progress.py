"""Public progress 对外进度: what a caller who asks may be told of how far his matter is, by the
dated list `public_state`. It holds no name, no number and no word of anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from commandwall import codes, deadlines
from commandwall.areas import Area
from commandwall.clock import Ms, day
from commandwall.event_flow import LISTED, SUSPENDED
from commandwall.events import EventView

LIST = "public_state"
RESTRICTED = "RESTRICTED"
"""The row of every event of a restricted class."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What may be told: a row of the list, and until when it is answered; None where no day is."""

    state: str
    until: Ms | None = None


def of(view: EventView, areas: Mapping[str, Area], now: Ms) -> Progress | None:
    """What may be told of an event now; None where no row says anything of its state."""
    state = RESTRICTED if view.restricted else view.state
    row = codes.load(LIST, day(now)).get(state)
    if row is None:
        return None
    until = _until(view, areas) if row.facts.get("until") else None
    return Progress(state, until if until is not None and until > now else None)


def _until(view: EventView, areas: Mapping[str, Area]) -> Ms | None:
    """What stands still is looked at again on a day; else its disposal has one."""
    if view.state in (SUSPENDED, LISTED):
        return view.work.review_at if view.work is not None else None
    found = (clock.due for clock in deadlines.clocks(view, areas) if clock.step == "C5")
    return next(found, None)
