"""Alarms 告警: raised and cleared by readings, acknowledged by people (ISA-18.2 words)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from commandwall import codes
from commandwall.clock import Ms
from commandwall.sensors import Sensor
from commandwall.store.schema import WALL, record
from commandwall.store.store import Reader, Refused, Tx

UNACK, ACKED, RTNUN, NORM = "UNACK", "ACKED", "RTNUN", "NORM"
"""Unacknowledged, acknowledged, returned but unacknowledged, normal (over)."""
STALE = "STALE"
"""The device is silent: never normal, and nobody is asked to acknowledge it."""
BROKEN, SILENT = "BAD", "STALE"
"""Classes of alarms about a device itself (list device_fault), beside one of what it measures."""
AFTER_ACK = {UNACK: ACKED, RTNUN: NORM}
NAMESPACE = uuid.UUID("5b2c1f7e-7d0a-4f8e-9b51-6f3c1c0f2a11")


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of assets/codelists/alarm_rules.toml: a threshold of a sensor class, or a fault."""

    id: str
    cls: str  # of sensor_class or device_fault
    severity: int
    low_bad: bool
    threshold: float
    on_s: float
    off_s: float
    deadband: float
    files_event: bool
    urgency: int
    event_class: str
    zh: str
    en: str


def rules(on: date | None = None) -> list[Rule]:
    """The thresholds in force on a day, today where none is given."""
    return [
        Rule(id=code.id, zh=code.zh, en=code.en, **code.facts)
        for code in codes.load("alarm_rules", on).values()
    ]


@dataclass(frozen=True, slots=True)
class Crossing:
    """A sensor whose severity under the rules of a class changed: 0 is within its limits again."""

    sensor: Sensor
    rule: Rule
    severity: int
    value: float
    at: Ms  # when the reading crossed, by the reading's own time


@record(WALL, index=("sensor",), local=True)
@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm of one device under one rule; `id` is uuid5(rule, sensor, raised_at)."""

    id: str
    sensor: str
    rule: str  # row of assets/codelists/alarm_rules.toml
    cls: str  # of its rule
    severity: int  # 1 (Ⅰ, worst) .. 4
    state: str
    value: float
    unit: str
    area: str
    lon: float
    lat: float
    raised_at: Ms
    changed_at: Ms
    cleared_at: Ms | None = None
    acked_at: Ms | None = None
    acked_by: str = ""
    acked_post: str = ""
    event: str = ""  # the event it filed


def acknowledge(tx: Tx, alarm: str) -> None:
    """A person has seen it. Acknowledging never closes, clearing never acknowledges."""
    seen = tx.get(Alarm, alarm)
    if seen is None:
        raise Refused("unknown", kind="alarm", id=alarm)
    if seen.state not in AFTER_ACK:
        raise Refused("state", kind="alarm", id=alarm, state=seen.state)
    tx.put(
        replace(
            seen,
            state=AFTER_ACK[seen.state],
            changed_at=tx.now,
            acked_at=tx.now,
            acked_by=tx.by,
            acked_post=tx.post,
        )
    )


def observe(tx: Tx, crossings: Sequence[Crossing]) -> None:
    """What the readings say: raise, change severity, clear. Every station computes it alike."""
    newest = {(a.sensor, a.cls): a for a in active(tx, [c.sensor.id for c in crossings])}
    known = {a.id for a in tx.many(Alarm, [_key(c) for c in crossings if c.severity])}
    fresh: dict[str, Alarm] = {}
    for crossing in crossings:
        thing = crossing.sensor.id, crossing.rule.cls
        before = newest.get(thing)
        after = _after(before, crossing)
        # Readings that come a second time raise nothing anew that is over.
        again = before is None and after is not None and after.id in known
        if after is not None and after != before and not again:
            newest[thing] = fresh[after.id] = after
    tx.put(*fresh.values())


def active(reader: Reader, sensors: Sequence[str]) -> list[Alarm]:
    """The alarms of these devices whose cause lasts."""
    return reader.many(Alarm, sensors, "sensor", cleared_at=None)


def of_device(alarm: Alarm) -> bool:
    """Whether it is about the device itself, and says nothing of what the device measures."""
    return alarm.cls in (BROKEN, SILENT)


def event_id(alarm: str) -> str:
    """The event that an alarm files: the same from every station."""
    return str(uuid.uuid5(NAMESPACE, f"event|{alarm}"))


def _key(crossing: Crossing) -> str:
    name = f"{crossing.rule.id}|{crossing.sensor.id}|{crossing.at}"
    return str(uuid.uuid5(NAMESPACE, name))


def _after(before: Alarm | None, crossing: Crossing) -> Alarm | None:
    if before is None or before.cleared_at is not None:
        return _raised(crossing) if crossing.severity else None
    if crossing.severity == 0:
        return _cleared(before, crossing)
    worse = crossing.severity < before.severity
    filed = event_id(before.id) if crossing.rule.files_event and worse else ""
    return replace(
        before,
        severity=crossing.severity,
        rule=crossing.rule.id,
        state=UNACK if worse else before.state,
        value=crossing.value,
        changed_at=crossing.at,
        event=before.event or filed,
    )


def _cleared(before: Alarm, crossing: Crossing) -> Alarm:
    state = RTNUN if before.state == UNACK else NORM
    return replace(before, state=state, cleared_at=crossing.at, changed_at=crossing.at)


def _raised(crossing: Crossing) -> Alarm:
    sensor, rule = crossing.sensor, crossing.rule
    key = _key(crossing)
    return Alarm(
        key, sensor.id, rule.id, rule.cls, crossing.severity,
        STALE if rule.cls == SILENT else UNACK, crossing.value,
        sensor.unit, sensor.area, sensor.lon, sensor.lat, crossing.at, crossing.at,
        event=event_id(key) if rule.files_event else "",
    )  # fmt: skip
