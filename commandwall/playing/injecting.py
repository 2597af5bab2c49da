"""How an inject reaches its player: by what the drill's pool says, as a city's own systems would.

Each is sent once, whatever is killed when: that it was sent stands in the pool in the same
transaction as what it became.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from commandwall import codes, resources
from commandwall.alarms import rules
from commandwall.clock import SECOND, Ms
from commandwall.drill.scenario import Inject
from commandwall.events import NEW, NOWHERE, POINT, Event
from commandwall.playing.living import ALARM, put
from commandwall.pool.loader import load
from commandwall.pool.schema import Connection
from commandwall.registering import title_of
from commandwall.resources import FIX_DTYPE
from commandwall.sensors import GOOD, READING_DTYPE, Sensor

TABLE = """
CREATE TABLE IF NOT EXISTS cw_injected (
    id text PRIMARY KEY, kind text NOT NULL, subject text NOT NULL, fault text NOT NULL,
    device text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
NEAREST_AREA = """
SELECT id FROM cw_area ORDER BY
    CASE WHEN %(lon)s::float8 IS NULL THEN level ELSE -level END,
    (lon - %(lon)s::float8) ^ 2 + (lat - %(lat)s::float8) ^ 2, id LIMIT 1
"""
"""The smallest area whose middle is nearest to a place; the whole city without one."""
NO_DEVICE = "no_device"


@dataclass(frozen=True, slots=True)
class Became:
    """The record that an inject became ("" for a message alone), and what was in the way."""

    kind: str = ""
    subject: str = ""
    fault: str = ""


def send(
    conn: Connection, key: str, inject: Inject, now: Ms, device: Sensor | None = None
) -> Became:
    """Have it said in the pool, or find that it was; an alarm by that device. Raises psycopg.Error:
    nothing was said."""
    with conn.transaction():
        told = "SELECT kind, subject, fault FROM cw_injected WHERE id = %s"
        if (held := conn.execute(told, (key,)).fetchone()) is not None:
            return Became(*held)
        if inject.channel == ALARM:
            became = _alarm(conn, inject, now, device)
        else:
            became = WAYS.get(inject.channel, _message)(conn, key, inject, now)
        named = str(inject.data.get("device", ""))
        row = (key, became.kind, became.subject, became.fault, named)
        conn.execute("INSERT INTO cw_injected VALUES (%s, %s, %s, %s, %s)", row)
    return became


def _message(conn: Connection, key: str, inject: Inject, now: Ms) -> Became:
    return Became()


def _hotline(conn: Connection, key: str, inject: Inject, now: Ms) -> Became:
    """An event in the pool. One without a place is of the whole city."""
    place = {"lon": inject.lon, "lat": inject.lat}
    found = conn.execute(NEAREST_AREA, place).fetchone()
    cls = str(inject.data["cls"])
    facts = codes.load("event_class")[cls].facts
    event = Event(
        id=key, source=str(codes.load("drill_channel")[inject.channel].facts["source"]),
        # Not the inject's own id, which tells a player what it is and that there are more.
        source_id=key, title=title_of(inject.zh), body=inject.zh, cls=cls,
        urgency=int(facts["urgency"]), grade=None, area=str(found[0]) if found else "", address="",
        lon=inject.lon, lat=inject.lat, acc_m=None, placed=NOWHERE if inject.lon is None else POINT,
        datum="wgs84", person=str(inject.data.get("caller", "")), phone="", occurred_at=None,
        reported_at=now, received_at=now, state=NEW, unit="", closed_at=None,
    )  # fmt: skip
    load(conn, [event])
    return Became("event", key)


def _alarm(conn: Connection, inject: Inject, now: Ms, device: Sensor | None) -> Became:
    """A device shows the value, for as long as its rules want to see it to go by it."""
    if device is None:
        return Became(fault=NO_DEVICE)
    value = float(inject.data["value"])
    shown = [(device.no, at, value, GOOD) for at in (Ms(now - lasts(inject)), now)]
    put(conn, np.array(shown, READING_DTYPE))
    return Became("sensor", device.id)


Place = tuple[float, float]
"""Degrees WGS-84: longitude, latitude."""


def place_units(conn: Connection, now: Ms, places: Mapping[str, Place]) -> None:
    """Every unit says where it stands: as given by its id, else at its own station. Raises
    psycopg.Error."""
    units = conn.execute("SELECT id, no, lon, lat FROM cw_resource ORDER BY no").fetchall()
    if units:
        told = [(no, now, *places.get(id_, (lon, lat))) for id_, no, lon, lat in units]
        conn.execute(
            "SELECT cw_put_pack('fixes', %s)", (resources.pack(np.array(told, FIX_DTYPE)),)
        )


def lasts(inject: Inject) -> int:
    """Milliseconds for which the rules of its class want to see the value before they go by it."""
    cls, value = str(inject.data["cls"]), float(inject.data["value"])
    mine = [rule for rule in rules() if rule.cls == cls]
    bad = [r for r in mine if (value <= r.threshold if r.low_bad else value >= r.threshold)]
    waits = [rule.on_s for rule in bad] or [rule.off_s for rule in mine]
    return int(max(waits, default=0.0) + 1) * SECOND


Way = Callable[[Connection, str, Inject, Ms], Became]
WAYS: Mapping[str, Way] = {"hotline": _hotline}
"""Channels that are more than a message; an alarm is one too."""
