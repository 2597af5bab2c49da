"""What a newcomer finds in a demo city beside what the city tells: a clue, a whistle, a matter that
was raised to the city, a payment that waits. They are made by the acts that people do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from commandwall import clues, countersign, events, funds, ladder_acts, ladders, whistle_acts
from commandwall.areas import TOWN, Area, by_code, town_of
from commandwall.clues import Clue, Tip
from commandwall.desk import Desk
from commandwall.events import EventView
from commandwall.funds import Paying
from commandwall.pool.demo.land import asset
from commandwall.store.store import Reader, Refused, Store
from commandwall.whistles import Whistling

log = logging.getLogger(__name__)
CITY_RUNG = "city"
Areas = dict[str, Area]


def lay(store: Store, desk: Desk) -> None:
    """Once, at the station that runs the demo, and never where somebody wrote a clue before."""
    if store.read(_begun):
        return
    areas, told = store.read(by_code), asset("first_day")
    towns = [area for area in areas.values() if area.level == TOWN]
    if not towns:
        return
    post = countersign.signing_post()

    def act(do: Callable[..., None], **args: Any) -> None:
        try:
            desk.run(do, args, told["who"], post)
        except Refused as why:  # a city with rows of its own may not have what this asks for
            log.info("first day: %s: %s", do.__name__, why)

    first, second = towns[0], towns[len(towns) // 2]
    whistling = Whistling(town=second.id, lon=second.lon, lat=second.lat, **told["whistle"])
    act(whistle_acts.blow, whistling=whistling)
    _raise(act, store.read(lambda r: _hard(r, areas)), areas, told["ladder"]["reason"])
    act(funds.pay, paying=Paying(town=first.id, **told["payment"]))
    act(clues.add_clue, tip=Tip(area=first.id, **told["clue"]))


def _raise(act: Callable[..., None], found: EventView | None, areas: Areas, reason: str) -> None:
    """Rung by rung to the city, where it stands on the watch list."""
    if found is None:
        return
    rung = ladders.base(areas[found.event.area].level)
    while rung != CITY_RUNG and (rung := ladders.above(rung)):
        act(ladder_acts.raise_up, event=found.event.id, to=rung, reason=reason)


def _hard(reader: Reader, areas: Areas) -> EventView | None:
    """The oldest of the least urgent open events that a town has."""
    found = [v for v in events.queue(reader) if town_of(areas, v.event.area)]
    return min(found, key=lambda v: (-v.event.urgency, v.event.reported_at), default=None)


def _begun(reader: Reader) -> bool:
    return bool(reader.find(Clue))
