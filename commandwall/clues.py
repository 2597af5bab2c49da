"""Clues 线索箱: what somebody noticed and is no event yet.

A clue is taken 认领, then becomes an event 转事件, joins one 并入, or is put aside 搁置.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace

from commandwall import codes, events, registering
from commandwall.areas import Area
from commandwall.clock import HOUR, Ms, day
from commandwall.events import AREA, NOWHERE, Event
from commandwall.registering import Matter
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Refused, Tx
from commandwall.store.written import TITLE_LIMIT, listed, present, written

NEW, TAKEN, TURNED, JOINED, ASIDE = "NEW", "TAKEN", "TURNED", "JOINED", "ASIDE"
"""Rows of the code list clue_state."""
WAITING = (NEW, TAKEN)
STEPS = {
    TAKEN: (NEW,), TURNED: WAITING, JOINED: WAITING, ASIDE: WAITING, NEW: (ASIDE,),
}  # fmt: skip
"""New state -> the states it may follow."""
ENDS = frozenset({TURNED, JOINED})


@record(
    WALL,
    index=("state", "event"),
    meeting=Meeting(
        beside=("changed_at", "by", "post"),
        yields={NEW: ENDS | {TAKEN}, TAKEN: ENDS, ASIDE: ENDS},
    ),
)
@dataclass(frozen=True, slots=True)
class Clue:
    """One clue, and what became of it."""

    id: str
    source: str  # code list event_source
    title: str
    body: str
    area: str  # code; "" where nobody knows
    state: str
    told_at: Ms
    told_by: str
    told_post: str
    event: str  # that it became or joined
    reason: str  # why it was put aside
    changed_at: Ms
    by: str
    post: str


@dataclass(frozen=True, slots=True)
class Tip:
    """What a person states of a clue."""

    title: str
    body: str = ""
    source: str = ""
    area: str = ""


def open_first(clues: Iterable[Clue], now: Ms) -> list[Clue]:
    """Those that wait, the oldest first; after them what was decided of late (`clue_hours`), the
    newest first."""
    kept = now - int(codes.limit("clue_hours", day(now))) * HOUR
    found = [one for one in clues if one.state in WAITING or one.changed_at >= kept]
    return sorted(found, key=_turn)


def as_event(clue: Clue) -> Event:
    """A clue as an event that is nowhere yet: to be compared with those that there are."""
    placed = AREA if clue.area else NOWHERE
    matter = Matter(clue.title, clue.body, clue.source, area=clue.area, placed=placed)
    return registering.draft(matter, clue.told_at)


def _turn(clue: Clue) -> tuple[bool, int, str]:
    waits = clue.state in WAITING
    return not waits, clue.told_at if waits else -clue.changed_at, clue.id


# Acts.


def add_clue(tx: Tx, tip: Tip) -> None:
    """记线索: whoever heard of it. Refused("unknown") for a source or area that is none."""
    listed(tx, "event_source", tip.source)
    if tip.area:
        present(tx, Area, tip.area)
    title = written("title", tip.title, TITLE_LIMIT)
    body = written("body", tip.body, needed=False)
    tx.put(
        Clue(
            str(uuid.uuid4()), tip.source, title, body, tip.area, NEW, tx.now, tx.by, tx.post,
            "", "", tx.now, tx.by, tx.post,
        )
    )  # fmt: skip


def take_clue(tx: Tx, clue: str) -> None:
    """认领: who works on it is told by who wrote last."""
    tx.put(_step(tx, clue, TAKEN))


def turn_clue(tx: Tx, clue: str, matter: Matter) -> None:
    """转事件: it is registered as an event of the city. Refused as `registering.register`."""
    now = _step(tx, clue, TURNED)
    filed = registering.file(tx, matter)
    tx.put(replace(now, event=filed.id))


def join_clue(tx: Tx, clue: str, event: str) -> None:
    """并入: its words become a remark under an event. Refused("state") for one that is over."""
    now, view = _step(tx, clue, JOINED), events.view(tx, event)
    if not view.open:
        raise Refused("state", kind="event", id=event, state=view.state, wanted=JOINED)
    words = "　".join(filter(None, (now.title, now.body)))
    events.note(tx, event, words[: events.TEXT_LIMIT])
    tx.put(replace(now, event=event))


def put_clue_aside(tx: Tx, clue: str, reason: str) -> None:
    """搁置: nothing is done about it, for a reason."""
    tx.put(replace(_step(tx, clue, ASIDE), reason=written("reason", reason)))


def bring_clue_back(tx: Tx, clue: str) -> None:
    """取回: it waits again."""
    tx.put(replace(_step(tx, clue, NEW), reason=""))


def _step(tx: Tx, clue: str, to: str) -> Clue:
    """A clue as it stands in its next state, not yet put; Refused("unknown"), Refused("state")."""
    now = present(tx, Clue, clue, STEPS[to], to)
    return replace(now, state=to, changed_at=tx.now, by=tx.by, post=tx.post)
