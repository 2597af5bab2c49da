"""A station's name in the journal, and how it goes on under another one.

A number that was given once may be known elsewhere, though this station lost its line: so whoever
lost lines, or was set back, takes a new name, and its old one only ever gets what others hold.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from commandwall.store.journal import GENESIS, Line, seal
from commandwall.store.lines import receive
from commandwall.store.store import Tx

ORIGIN = "origin"
COUNTED = ("pushed", "confirmed")
"""Settings that count lines of the present name: how far the pool has them."""


def draw() -> str:
    """A new name."""
    return uuid.uuid4().hex[:16]


def renew(tx: Tx, moved: Sequence[Line] = ()) -> None:
    """Go on under a new name; lines of the old one that nobody else has are the first of the new,
    with their moments, persons and bodies."""
    name, prev = draw(), GENESIS
    sealed = []
    for seq, line in enumerate(moved, 1):
        sealed.append(seal(replace(line, origin=name, seq=seq, prev=prev)))
        prev = sealed[-1].hash
    receive(tx, sealed)
    tx.run(
        "INSERT OR REPLACE INTO setting VALUES (?, ?)",
        [(ORIGIN, name), *((key, "0") for key in COUNTED)],
    )


def part(tx: Tx, after: int) -> None:
    """Leave the old name to who holds other lines of it: ours behind a number move."""
    old = tx.setting(ORIGIN)
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
