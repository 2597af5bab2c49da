"""Messages 讯息 and decisions 决定: what the sides tell each other, and what was decided and why.

A message may lead to a decision, and both to directives; none of them counts as one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from commandwall.clock import Ms
from commandwall.directives import DIRECTIVE_LIMIT
from commandwall.incidents import still_open
from commandwall.posts import side_of
from commandwall.store.schema import WALL, record
from commandwall.store.store import Tx
from commandwall.store.written import written


@record(WALL, index=("incident",))
@dataclass(frozen=True, slots=True)
class Message:
    """Words from post to post; nobody owes anything for them."""

    id: str
    incident: str
    from_post: str
    to_post: str
    text: str
    place: str
    lon: float | None
    lat: float | None
    at: Ms
    by: str
    post: str


@record(WALL, index=("incident",))
@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, why, and by whom."""

    id: str
    no: int  # of its side in its incident
    incident: str
    what: str
    why: str
    source: str  # what it came of: message:…, request:…
    place: str
    lon: float | None
    lat: float | None
    at: Ms
    by: str
    post: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A place with its degrees; nowhere by default."""

    place: str = ""
    lon: float | None = None
    lat: float | None = None


def say(tx: Tx, incident: str, to_post: str, text: str, spot: Spot | None = None) -> None:
    """讯息: words to the other side."""
    still_open(tx, incident)
    spot, text = spot or Spot(), written("text", text, DIRECTIVE_LIMIT)
    place = written("place", spot.place, needed=False)
    tx.put(
        Message(
            str(uuid.uuid4()), incident, tx.post, to_post, text, place, spot.lon, spot.lat, tx.now,
            tx.by, tx.post,
        )
    )  # fmt: skip


def resolve(
    tx: Tx, incident: str, what: str, why: str, of: str = "", spot: Spot | None = None
) -> None:
    """决定: what is decided and why, and what it came of."""
    still_open(tx, incident)
    spot = spot or Spot()
    what, why = written("what", what, DIRECTIVE_LIMIT), written("why", why, DIRECTIVE_LIMIT)
    place, side = written("place", spot.place, needed=False), side_of(tx.post)
    known = tx.find(Decision, incident=incident)
    no = 1 + max((d.no for d in known if side_of(d.post) == side), default=0)
    tx.put(
        Decision(
            str(uuid.uuid4()), no, incident, what, why, of, place, spot.lon, spot.lat, tx.now,
            tx.by, tx.post,
        )
    )  # fmt: skip
