"""What a unit that helps with an event does: it signs, and feeds back what it did; and who still
helps. Each has its own clocks, C3 and C5 of the event's urgency, from when it was called on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from commandwall import deadlines, events
from commandwall.areas import Area
from commandwall.clock import Ms
from commandwall.co_handling import ASKED, DONE, OWING, RELEASED, SIGNED, CoHandling, called
from commandwall.deadlines import Deadline
from commandwall.event_flow import FEEDBACK, RETURNED
from commandwall.events import EventView
from commandwall.store.lines import told_of
from commandwall.store.store import Reader, Refused, Tx
from commandwall.store.written import written
from commandwall.urging import WITH_UNIT

HELPED = WITH_UNIT | {RETURNED, FEEDBACK}
"""States in which those that help work: the lead may have fed back before."""
ACTS = ("sign_help", "feed_back_help")


# What is known.


def helping(found: Iterable[CoHandling], view: EventView) -> list[CoHandling]:
    """Those that help with an event now, in the order of their names in its work. Of one that an
    older program called on there is no record yet: it helps since the event was dispatched."""
    held = {one.unit: one for one in found if one.state != RELEASED}
    return [held.get(unit) or _unrecorded(view, unit) for unit in view.units[1:]]


def _unrecorded(view: EventView, unit: str) -> CoHandling:
    assert view.work is not None  # names stand nowhere else
    work = view.work
    return called(view.event.id, unit, work.dispatched_at or work.at, work.by, work.post)


def owing(found: Iterable[CoHandling], view: EventView) -> list[CoHandling]:
    """Those of them that have not fed back."""
    open_ = helping(found, view) if view.state in HELPED else []
    return [one for one in open_ if one.state in OWING]


def clocks(
    one: CoHandling, view: EventView, areas: Mapping[str, Area] | None = None
) -> list[Deadline]:
    """The clocks of one that helps: until it signs, and until it feeds back."""
    if one.state not in OWING or view.state not in HELPED:
        return []
    return deadlines.of_helper(view, one.given_at, one.state == SIGNED, areas or {})


def first(
    one: CoHandling, view: EventView, areas: Mapping[str, Area] | None = None
) -> Deadline | None:
    """The one that runs out first."""
    return min(clocks(one, view, areas), key=deadlines.order, default=None)


def history(reader: Reader, event: str) -> list[tuple[Ms, str, str, str, str]]:
    """(moment, post, person, act, units and words) of what those that help did."""
    return [
        (x.at, x.post, x.person, x.act, "\u3000".join(filter(None, (one.unit, one.result))))
        for x, some in told_of(reader, CoHandling, event, ACTS)
        for one in some
    ]


# Acts.


def sign_help(tx: Tx, event: str, unit: str) -> None:
    """协办签收: it takes its part."""
    now = _known(tx, event, unit, ASKED)
    tx.put(replace(now, state=SIGNED, signed_at=tx.now))


def feed_back_help(tx: Tx, event: str, unit: str, result: str) -> None:
    """协办反馈: what it did, also without having signed."""
    now, said = _known(tx, event, unit, *OWING), written("result", result)
    signed = now.signed_at or tx.now
    tx.put(replace(now, state=DONE, signed_at=signed, done_at=tx.now, result=said))


def _known(tx: Tx, event: str, unit: str, *states: str) -> CoHandling:
    """Refused("state") where the event, or this unit, is not so far or is further, and
    Refused("not_with") for a unit that does not help."""
    view = events.view(tx, event)
    if view.state not in HELPED:
        raise Refused("state", kind="event", id=event, state=view.state)
    some = helping(tx.find(CoHandling, event=event), view)
    now = next((one for one in some if one.unit == unit), None)
    if now is None:
        raise Refused("not_with", unit=unit)
    if now.state not in states:
        raise Refused("state", kind="cohandling", id=now.id, state=now.state)
    return replace(now, changed_at=tx.now, by=tx.by, post=tx.post)
