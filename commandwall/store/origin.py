"""A station's name in the journal, and how it goes on under another one.

A number that was given once may be known elsewhere, though this station lost its line: so whoever
lost lines, or was set back, takes a new name, and its old one only ever gets what others hold.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Sequence, Set
from dataclasses import replace

import msgspec

from commandwall.store.journal import GENESIS, Line, Version, body_text, seal
from commandwall.store.lines import receive, said
from commandwall.store.store import Reader, Tx

log = logging.getLogger(__name__)
ORIGIN = "origin"
PUSHED, CONFIRMED = "pushed", "confirmed"
COUNTED = (PUSHED, CONFIRMED)
"""Settings that count lines of the present name: the last that the pool took, and the last that
came back in its feed."""
FORMER = "former"
"""Setting: the names that this station had, the oldest first, and how far the pool has each."""


def draw() -> str:
    """A new name."""
    return uuid.uuid4().hex[:16]


def names(reader: Reader) -> dict[str, int]:
    """All names of this station, the present one last, and how far the pool took each one's lines:
    whoever goes on under a new name still has to hand over what is left of the old ones."""
    told = reader.setting(PUSHED)
    pushed = int(told) if told.isascii() and told.isdigit() else 0  # it gets them again, no harm
    return {**_former(reader), reader.setting(ORIGIN): pushed}


def _former(reader: Reader) -> dict[str, int]:
    try:
        return msgspec.json.decode(reader.setting(FORMER, "{}"), type=dict[str, int])
    except ValueError as why:
        log.warning("the former names of this station cannot be read: %s", why)
        return {}


def mark(tx: Tx, key: str, seq: int, origin: str) -> None:
    """Keep how far the pool has our lines of a name, if it is one of ours."""
    former = _former(tx)
    if tx.setting(ORIGIN) == origin:
        tx.set(key, str(seq))
    elif origin in former and key == PUSHED:
        tx.set(FORMER, json.dumps({**former, origin: seq}))


def renew(tx: Tx, moved: Sequence[Line] = ()) -> None:
    """Go on under a new name; lines of the old one that nobody else has are the first of the new,
    with their moments, persons and bodies."""
    name, prev = draw(), GENESIS
    sealed, went = [], {(line.hlc, line.origin) for line in moved}
    for seq, line in enumerate(moved, 1):
        body = _renamed(line.body, name, went)
        sealed.append(seal(replace(line, origin=name, seq=seq, prev=prev, body=body)))
        prev = sealed[-1].hash
    receive(tx, sealed)
    former = {old: at for old, at in names(tx).items() if old}
    kept = {ORIGIN: name, FORMER: json.dumps(former), **dict.fromkeys(COUNTED, "0")}
    tx.run("INSERT OR REPLACE INTO setting VALUES (?, ?)", list(kept.items()))


def _renamed(body: str | None, name: str, went: Set[Version]) -> str | None:
    """A body that names lines which go along by their new name."""
    try:
        told = said(body)
    except (ValueError, RecursionError):
        return body
    seen = {key: told.saw(key) for key in told.seen}
    if body is None or went.isdisjoint(seen.values()):
        return body
    now = {key: (old[0], name) if old in went else old for key, old in seen.items()}
    return body_text(told.records, now)


def part(tx: Tx, old: str, after: int) -> None:
    """Leave a name to who holds other lines of it: ours behind a number move."""
    rows = tx.rows(
        "SELECT * FROM journal WHERE origin = :o AND seq > :s ORDER BY seq", o=old, s=after
    )
    moved = [Line(*row) for row in rows]
    tx.run("DELETE FROM version WHERE origin = ? AND hlc = ?", [(old, line.hlc) for line in moved])
    tx.run("DELETE FROM journal WHERE origin = ? AND seq > ?", [(old, after)])
    tx.run("DELETE FROM head WHERE origin = ?", [(old,)])
    tx.run(
        "INSERT INTO head SELECT origin, seq, hlc, hash FROM journal WHERE origin = ? AND seq = ?",
        [(old, after)],
    )
    renew(tx, moved)
