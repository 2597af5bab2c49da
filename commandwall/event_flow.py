"""The flow of an event 流程: its states and what leads from one to another (domain/spec 5.2).

One table for all: acts ask it before they write, the screen offers what it allows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

NEW, ACCEPTED, DISPATCHED, RETURNED, SIGNED, ON_SCENE, SUSPENDED, LISTED, FEEDBACK = (
    "NEW", "ACCEPTED", "DISPATCHED", "RETURNED", "SIGNED", "ON_SCENE", "SUSPENDED", "LISTED",
    "FEEDBACK",
)  # fmt: skip
CLOSED, ARCHIVED, REJECTED, MERGED, CANCELLED = (
    "CLOSED", "ARCHIVED", "REJECTED", "MERGED", "CANCELLED",
)  # fmt: skip
"""Rows of the code list event_state."""
OPEN_STATES = (
    NEW, ACCEPTED, DISPATCHED, RETURNED, SIGNED, ON_SCENE, SUSPENDED, LISTED, FEEDBACK,
)  # fmt: skip
CLOSED_STATES = frozenset({CLOSED, ARCHIVED, REJECTED, MERGED, CANCELLED})
RANK = {state: rank for rank, state in enumerate((*OPEN_STATES, CLOSED, ARCHIVED))}
"""How far a state is on the way of an event that takes none back."""
_STRETCH, _MOMENT = re.compile(r"([0-9]{1,15})-([0-9]{1,15})?"), re.compile(r"[0-9]{1,15}")
SAME, BEFORE = "", "<"
"""Where an action leads that changes no state; that goes back to the state before."""


@dataclass(frozen=True, slots=True)
class Step:
    """From which states an action leads, and to which."""

    after: frozenset[str]
    to: str


def _step(to: str, *after: str) -> Step:
    return Step(frozenset(after), to)


HANDLED = (SIGNED, ON_SCENE)
FLOW: Mapping[str, Step] = {
    "accept": _step(ACCEPTED, NEW),
    "reject": _step(REJECTED, NEW),
    "reconsider": _step(NEW, REJECTED),
    "merge": _step(MERGED, NEW, ACCEPTED),
    "unmerge": _step(BEFORE, MERGED),
    "classify": _step(SAME, *OPEN_STATES),
    "choose_way": _step(SAME, *OPEN_STATES),
    "route": _step(SAME, ACCEPTED, DISPATCHED, RETURNED, *HANDLED),
    "route_back": _step(SAME, ACCEPTED, DISPATCHED, RETURNED, *HANDLED),
    "dispatch": _step(DISPATCHED, NEW, ACCEPTED),  # a new event is accepted by the same act
    "withdraw": _step(ACCEPTED, DISPATCHED),
    "redirect": _step(DISPATCHED, DISPATCHED),
    "share": _step(SAME, DISPATCHED, *HANDLED, SUSPENDED, LISTED),
    "sign": _step(SIGNED, DISPATCHED),
    "send_back": _step(RETURNED, DISPATCHED),
    "approve_return": _step(ACCEPTED, RETURNED),
    "refuse_return": _step(DISPATCHED, RETURNED),
    "arrive": _step(ON_SCENE, SIGNED),
    "ask_extension": _step(SAME, *HANDLED),
    "grant_extension": _step(SAME, *HANDLED),
    "refuse_extension": _step(SAME, *HANDLED),
    "suspend": _step(SUSPENDED, *HANDLED),
    "resume": _step(SIGNED, SUSPENDED, LISTED),
    "put_on_list": _step(LISTED, SUSPENDED),
    "review": _step(SAME, LISTED),
    "feed_back": _step(FEEDBACK, *HANDLED, LISTED),
    "miss_call": _step(SAME, FEEDBACK),
    "verify": _step(CLOSED, FEEDBACK),
    "redo": _step(DISPATCHED, FEEDBACK),
    "visit": _step(SAME, CLOSED),
    "sum_up": _step(SAME, CLOSED),
    "archive": _step(ARCHIVED, CLOSED),
    "reopen": _step(DISPATCHED, CLOSED, ARCHIVED),
    "cancel": _step(CANCELLED, *OPEN_STATES),
}
"""Action -> its step; a new incident (`incidents.open_incident`) changes no state of its event."""


def allows(action: str, state: str) -> bool:
    """Whether an action leads on from a state."""
    return state in FLOW[action].after


def rank(state: str) -> int:
    """How far a state is; an end off the way, or one that no list knows, is the furthest."""
    return RANK.get(state, len(RANK))


def further(one: str, other: str) -> str:
    """The further of two states, the first where they are equally far."""
    return other if rank(other) > rank(one) else one


def shown(city: str, ended: bool, ours: str, furthest: str) -> str:
    """The state to show of what the city and stations say: what stations did, unless the city has
    news, a state further than any that stations knew when they acted, or an end (`ended`) after
    their last act. What they took back is no news."""
    known = further(ours, furthest or ours)
    return city if (ended and city in CLOSED_STATES) or rank(city) > rank(known) else ours


def pauses(told: str) -> list[tuple[int, int | None]]:
    """The stretches of time in which an event stood still, from and to in milliseconds, in order;
    None where it still does. `told`: a field `pauses`, `from-to from-`; what is no stretch is left
    out, since another station may have written it."""
    stretches = (_STRETCH.fullmatch(one) for one in told.split())
    return [(int(m[1]), int(m[2]) if m[2] else None) for m in stretches if m is not None]


def moments(told: str) -> list[int]:
    """The moments of a field that holds some by spaces, milliseconds, in the same way."""
    return [int(one) for one in told.split() if _MOMENT.fullmatch(one)]
