"""Conflicts 冲突: two stations wrote one record unseen by each other; a person settles it.

Disputes 待核验: two sources of the city say different things of one record; a person decides."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from commandwall.clock import Ms
from commandwall.store.schema import MIRROR, WALL, kinds, record
from commandwall.store.store import Refused, Tx
from commandwall.store.tables import Conflict

OPEN, HELD, SAID, AGREED = "open", "held", "said", "agreed"
"""How a dispute stands: undecided, for either value, or ended since the sources say the same."""


@record(MIRROR, index=("area",))
@dataclass(frozen=True, slots=True)
class Dispute:
    """Two sources say different things of one field of a record 待核验."""

    id: str
    kind: str  # of the record: event, person ...
    record: str  # its id
    field: str
    area: str  # of the record
    held: str  # JSON object of columns: what the pool holds
    held_source: str  # who says so
    held_at: Ms | None  # since when
    said: str  # JSON object of columns: what another source says
    said_source: str
    said_at: Ms
    state: str
    by: str = ""  # who decided
    at: Ms | None = None
    rev: int = 0


@record(WALL)
@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person at a wall decided about a dispute 定夺; `id` is the dispute's."""

    id: str
    keep: str  # HELD or SAID
    at: Ms
    by: str
    post: str


def decide(tx: Tx, dispute: str, keep: str) -> None:
    """定夺: say which of two sources counts, HELD or SAID. The pool writes it into the record where
    that was not changed meanwhile; the sources read it among the acts.

    Refused("unknown") for no such dispute, Refused("settled") where somebody decided before.
    """
    found = tx.get(Dispute, dispute)
    if found is None or keep not in (HELD, SAID):
        raise Refused("unknown", kind="dispute", id=dispute)
    if found.state != OPEN:
        raise Refused("settled", kind="dispute", id=dispute, by=found.by)
    tx.put(Verdict(dispute, keep, tx.now, tx.by, tx.post))


KEPT, OTHER = "kept", "other"
"""What a person may choose: the record that is shown, or the one that is not."""


def settle(tx: Tx, conflict: str, keep: str) -> None:
    """Say which of the two counts. The other is shown from now on where it is the one.

    Refused("settled") where somebody did so already, Refused("moved_on") where the record was
    changed since and the one that is not shown would undo it.
    """
    found = tx.get(Conflict, conflict)
    if found is None or keep not in (KEPT, OTHER):
        raise Refused("unknown", kind="conflict", id=conflict)
    if found.settled_by:
        raise Refused("settled", kind="conflict", id=conflict, by=found.settled_by)
    if keep == OTHER:
        _show_other(tx, found)
    tx.put(replace(found, settled_by=tx.by or tx.post or tx.setting("origin")))


def settle_older(tx: Tx, changed: Sequence[Conflict]) -> None:
    """Who settled the newest conflict of a record has settled those before it.

    Follows by itself: a station may hold more of them than the one where a person decided.
    """
    settled = {c.record: c for c in changed if c.settled_by}
    older = tx.many(Conflict, list(settled), "record", settled_by="")
    tx.put(
        *(
            replace(c, settled_by=s.settled_by)
            for c in older
            if c.kind == (s := settled[c.record]).kind and c.at <= s.at
        )
    )


def _show_other(tx: Tx, conflict: Conflict) -> None:
    kind = kinds(WALL)[conflict.kind]
    shown: Any = tx.get(kind, conflict.record)
    if shown is None or asdict(shown) != json.loads(conflict.kept):
        raise Refused("moved_on", kind=conflict.kind, id=conflict.record)
    tx.put(kind(**json.loads(conflict.other)))
