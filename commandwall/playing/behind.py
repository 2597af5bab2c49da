"""The real world behind a drill: what of it must break through. Read from the files of the real
station of this machine, by a connection that can write nothing.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlite

from commandwall import codes, exercise
from commandwall.clock import Clock, Ms
from commandwall.store import database, pulse
from commandwall.store.store import WALL_DB, pointed

WORST = """
SELECT coalesce(s.name, a.sensor), a.cls, a.value, a.unit, coalesce(r.name, a.area), a.raised_at
FROM alarm a LEFT JOIN mirror.sensor s ON s.id = a.sensor LEFT JOIN mirror.area r ON r.id = a.area
WHERE a.severity = 1 AND a.state IN ('UNACK', 'RTNUN') ORDER BY a.raised_at DESC, a.id
"""
"""Alarms of the highest priority that nobody acknowledged, the newest first."""


@dataclass(frozen=True, slots=True)
class RealAlarm:
    """One that no drill raised."""

    device: str  # its name
    cls: str  # row of sensor_class
    value: float
    unit: str
    area: str  # its name
    raised_at: Ms


@dataclass(frozen=True, slots=True)
class Behind:
    """How the real station stands."""

    alarms: tuple[RealAlarm, ...] = ()
    watched: bool = False  # whether its agent lives: without it no alarm is raised


def real_of(folder: Path) -> Path | None:
    """The real data directory below which a drill's lies; None where it lies elsewhere."""
    if folder.parent.name != exercise.DRILLS:
        return None
    real = folder.parents[1]
    return real if exercise.of(real) is None else None


def look(real: Path) -> Behind:
    """What stands there now. What cannot be read counts as not watched."""
    try:
        return Behind(_alarms(real), _lives(real))
    except (sqlite.Error, OSError):
        return Behind()


def _alarms(real: Path) -> tuple[RealAlarm, ...]:
    if not (name := pointed(real)):
        return ()
    with closing(database.looking(real / WALL_DB)) as conn:
        conn.execute("ATTACH ? AS mirror", (f"{(real / name).absolute().as_uri()}?mode=ro",))
        rows: list[Any] = conn.execute(WORST).fetchall()
    return tuple(RealAlarm(*row) for row in rows)


def _lives(real: Path) -> bool:
    sync, clock = pulse.read(real), Clock()
    clock.follow(sync.offset_s)
    return not pulse.is_gone(sync.agent_at, clock.now(), codes.limit("silence_seconds"))
