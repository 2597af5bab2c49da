"""Numbers of events: SQLite's own row number of an event grows with the minute it was reported in.

So the newest events stand together at the end of the table and of the full-text index, and the
newest of many are found without sorting them. Nothing else may be read from a number; a mirror is
never vacuumed, which would number anew.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from commandwall.clock import MINUTE, Ms

ROOM = 1 << 16
"""Numbers of one minute; more events than that take those of the minutes that follow."""
_LAST = (
    "SELECT value, (SELECT max(rowid) FROM event WHERE rowid >= value AND rowid < value + ?)"
    " FROM json_each(?)"
)


def first(reported: int) -> int:
    """The lowest number of an event that was reported at a moment, in milliseconds."""
    return max(0, reported // MINUTE) * ROOM


def fits(number: int, reported: int) -> bool:
    """Whether an event may keep its number."""
    return 0 <= number - first(reported) < ROOM


def free(conn: Connection, reported: Sequence[Ms]) -> list[int]:
    """A number that no event has for each of these moments, which are in order."""
    firsts = [first(at) for at in reported]
    asked = json.dumps(sorted(set(firsts)))
    next_ = {lo: hi + 1 for lo, hi in conn.exec_driver_sql(_LAST, (ROOM, asked)) if hi is not None}
    found: list[int] = []
    for lowest in firsts:
        number = next_.get(lowest, lowest)
        if found and number <= found[-1]:
            number = found[-1] + 1
        if number // ROOM != lowest // ROOM:
            number = _beyond(conn, number)
        next_[lowest] = number + 1
        found.append(number)
    return found


def run(reported: NDArray[np.int64], last: int) -> NDArray[np.int64]:
    """Numbers of events in order of their time that follow an event numbered `last`."""
    lowest = np.maximum(0, reported // MINUTE) * ROOM
    step = np.arange(len(reported))
    return np.maximum.accumulate(np.maximum(lowest - step, last + 1)) + step


def _beyond(conn: Connection, number: int) -> int:
    """The next free number, where a minute is full."""
    sql = "SELECT max(rowid) FROM event WHERE rowid >= ? AND rowid < ?"
    while True:
        room = number // ROOM * ROOM
        last = conn.exec_driver_sql(sql, (room, room + ROOM)).scalar()
        if last is None or last < number:
            return number
        number = int(last) + 1
