"""Verifying alarms 核实: what somebody saw or heard of an alarm's cause, and by which way.

It says what is so; it acknowledges nothing and ends nothing. The newest one counts, all are kept.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from commandwall.alarms import Alarm, class_facts
from commandwall.clock import SECOND, Ms, day
from commandwall.store.schema import WALL, record
from commandwall.store.store import Reader, Tx
from commandwall.store.written import listed, present, written


@record(WALL, index=("alarm",))
@dataclass(frozen=True, slots=True)
class Verification:
    """One look at what is behind an alarm. Never written again."""

    id: str
    alarm: str
    sensor: str
    area: str
    finding: str  # code list alarm_finding
    way: str  # code list channel
    words: str
    at: Ms
    by: str
    post: str


def verify_alarm(tx: Tx, alarm: str, finding: str, way: str, words: str = "") -> None:
    """核实: what was found, and by which way. Refused("unknown") names a code that no list has."""
    it = present(tx, Alarm, alarm)
    listed(tx, "alarm_finding", finding)
    listed(tx, "channel", way)
    words = written("text", words, needed=False)
    key = str(uuid.uuid4())
    tx.put(
        Verification(key, it.id, it.sensor, it.area, finding, way, words, tx.now, tx.by, tx.post)
    )


def newest(reader: Reader, alarm: str) -> Verification | None:
    """What was found last of an alarm; None where nobody looked."""
    return max(reader.find(Verification, alarm=alarm), key=lambda v: (v.at, v.id), default=None)


def due(alarm: Alarm) -> Ms | None:
    """Until when it wants to be verified, by its class (list alarm_class, `verify_s`); None where
    that is left to the officer."""
    seconds = class_facts(alarm.cls, day(alarm.raised_at)).get("verify_s", 0)
    return Ms(alarm.raised_at + seconds * SECOND) if seconds else None
