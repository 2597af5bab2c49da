"""Alarms 告警: raised and cleared by readings, acknowledged by people (ISA-18.2 words)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from commandwall import alarm_life as life
from commandwall import codes, rulecheck
from commandwall.alarm_life import ACKED, ASIDE, NORM, RTNUN, STATES, UNACK, WAITING
from commandwall.clock import MINUTE, SECOND, Ms, day, today
from commandwall.sensors import Sensor
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Reader, Refused, Tx
from commandwall.store.written import TITLE_LIMIT, present, written

__all__ = ["ACKED", "ASIDE", "NORM", "RTNUN", "UNACK", "WAITING"]
STANDING = [state for state in STATES if state != NORM]
BROKEN, SILENT = "BAD", "STALE"
"""Classes of alarms about a device itself (list device_fault), beside one of what it measures."""
OPENED = "OPEN"
"""Class of alarms that the door of an elder was opened (list device_deed)."""
NAMESPACE = uuid.UUID("5b2c1f7e-7d0a-4f8e-9b51-6f3c1c0f2a11")


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of assets/codelists/alarm_rules.toml: a threshold of a sensor class, or a fault."""

    id: str
    cls: str  # of sensor_class, device_fault or device_deed
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
    unit: str = ""  # devices of the class with this unit meet such rows alone
    light: str = ""  # "day" or "night" by the sun at the place; "" for both
    mode: str = ""  # from this one on (code list mode), in place of the row of a milder one
    samples: int = 1  # so many readings one after another, beside `on_s`
    lift_rate: float = 0.0  # while it rises faster (unit per hour), one severity worse
    lift_pair_s: float = 0.0  # with a second device of the building within, one severity worse
    from_h: float = 0.0  # of an opening: it counts from this hour of the day
    until_h: float = 0.0  # up to this one; all day where both are the same


def rules(on: date | None = None) -> list[Rule]:
    """The thresholds in force on a day, today where none is given. ValueError where one cannot be
    judged by, which names row, field and reason."""
    return list(_rules(on, today(), codes.edition()))


@lru_cache(maxsize=8)
def _rules(on: date | None, _: date, __: object) -> tuple[Rule, ...]:
    """Kept: a card that is painted asks what its rule was called."""
    return tuple(rules_of(codes.load("alarm_rules", on)))


def rules_of(rows: Mapping[str, codes.Code]) -> list[Rule]:
    """Rows of that list, or such as it may have, as rules."""
    if wrong := rulecheck.faults({id_: row.facts for id_, row in rows.items()}):
        raise ValueError(f"alarm_rules: {'; '.join(str(fault) for fault in wrong)}")
    return [Rule(id=row.id, zh=row.zh, en=row.en, **row.facts) for row in rows.values()]


Thing = tuple[str, str]
"""Device, and class of its rule: it has one alarm at most that lasts."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A sensor whose severity under the rules of a class changed: 0 is within its limits again."""

    sensor: Sensor
    rule: Rule
    severity: int
    value: float
    at: Ms  # when the reading crossed, by the reading's own time


def thing(of: Crossing | Alarm) -> Thing:
    """Of which thing a crossing or an alarm is."""
    if isinstance(of, Alarm):
        return of.sensor, of.cls
    return of.sensor.id, of.rule.cls


def _caught_up(here: Alarm, said: Alarm) -> Alarm:
    """What another station wrote, with what readings said since: it may not have heard them when a
    person acted there. Readings make no difference between stations, acts do. One that never was,
    as was heard here, is over also for whoever acknowledged it before he could know."""
    if withdrawn(here):
        return said if withdrawn(said) else withdraw(said)
    return said if here.read_at <= said.read_at else with_told(here, said)


def with_told(here: Alarm, said: Alarm) -> Alarm:
    """`said`, with what readings say by `here`."""
    told = {name: getattr(here, name) for name in OBSERVED}
    began = here.count > said.count or (said.cleared_at is not None and here.cleared_at is None)
    worse = here.severity < (said.put_severity or said.severity)
    state = said.state
    for what, is_so in ((life.COME, began), (life.RISE, worse)):
        state = life.after(state, what, nature(here)) if is_so else state
    if here.cleared_at is not None:
        state = life.after(state, life.CLEAR, nature(here))
    return in_state(replace(said, **told), state)


OBSERVED = ("severity", "rule", "value", "changed_at", "cleared_at", "read_at", "count", "event")
"""What readings say of an alarm, alike at every station."""
TELLING = (*OBSERVED, "acked_at", "acked_by", "acked_post", "put_by", "put_post", "put_severity")
"""What no two writings of one state contradict each other by."""
MEETING = Meeting(beside=TELLING, catches_up=_caught_up)
NEVER = Ms(0)


@record(WALL, ("sensor", "until", "raised_at"), local=True, meeting=MEETING)
@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm of one device under one rule; `id` is uuid5(rule, sensor, raised_at)."""

    id: str
    sensor: str
    rule: str  # row of assets/codelists/alarm_rules.toml
    cls: str  # of its rule
    severity: int  # 1 (Ⅰ, worst) .. 4
    state: str  # of alarm_life
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
    count: int = 1  # how often its cause began before anybody ended it; 0: it never was
    read_at: Ms = NEVER  # of the newest reading that it knows
    until: Ms | None = None  # when what put it aside ends
    reason: str = ""  # why it was put aside, or reset
    work_order: str = ""  # for which its device is out of service
    put_by: str = ""  # who put it aside
    put_post: str = ""
    put_severity: int | None = None  # how grave it was then


def nature(alarm: Alarm) -> life.Nature:
    """What decides of its life, beside what happens."""
    latches = bool(class_facts(alarm.cls).get("latches"))
    return life.Nature(alarm.cleared_at is None, latches, alarm.cls == SILENT)


def class_facts(cls: str, on: date | None = None) -> Mapping[str, Any]:
    """What the list `alarm_class` says of alarms of a class; nothing where it has no row."""
    row = codes.load("alarm_class", on).get(cls)
    return row.facts if row is not None else {}


# Acts.


def acknowledge(tx: Tx, alarm: str) -> None:
    """A person has seen it. Acknowledging never closes, clearing never acknowledges."""
    seen = present(tx, Alarm, alarm)
    what = life.LOOK if is_forgotten(seen, tx.now) else life.ACK
    tx.put(replace(moved(tx, seen, what), acked_at=tx.now, acked_by=tx.by, acked_post=tx.post))


def reset(tx: Tx, alarm: str, reason: str) -> None:
    """复位: what latched is over, for a reason."""
    found = moved(tx, present(tx, Alarm, alarm), life.RESET)
    tx.put(replace(found, reason=written("reason", reason, TITLE_LIMIT)))


def moved(tx: Tx, alarm: Alarm, what: str) -> Alarm:
    """The alarm after a person's act. Refused("alarm") says why it cannot be."""
    try:
        state = life.after(alarm.state, what, nature(alarm))
    except ValueError as why:
        raise Refused("alarm", why=str(why), state=alarm.state) from why
    return replace(in_state(alarm, state), changed_at=tx.now)


# What a clock says of it; nothing is written.


def calls(alarm: Alarm, now: Ms, since: Ms | None = None) -> int:
    """How often one that wants a person has called until now, the first time included; 0 for one
    that does not. Its priority says how often (list `alarm_priority`). `since`: from then on."""
    if not wants_person(alarm, now):
        return 0
    begun = since if since is not None else wants_since(alarm, now) or now
    every = priority(alarm, now).get("again_s", 0) * SECOND
    return 1 + (int(max(0, now - begun) // every) if every else 0)


def is_forgotten(alarm: Alarm, now: Ms) -> bool:
    """Whether it was acknowledged so long ago, and its cause lasts, that somebody looks again."""
    return alarm.state == ACKED and wants_person(alarm, now)


def wants_person(alarm: Alarm, now: Ms) -> bool:
    """Whether somebody has to look at it: for the first time, or once more."""
    since = wants_since(alarm, now)
    return since is not None and since <= now


def wants_since(alarm: Alarm, now: Ms) -> Ms | None:
    """Since when somebody has to look at it, or from when on, where nothing else happens: since it
    began or was last acknowledged, however often it came and went meanwhile. None for never."""
    if alarm.state in WAITING:
        return min(now, max(alarm.raised_at, alarm.acked_at or NEVER))
    minutes = priority(alarm, now).get("forgotten_minutes", 0)
    if alarm.state != ACKED or alarm.acked_at is None or not minutes:
        return None
    return Ms(alarm.acked_at + int(minutes * MINUTE))


def priority(alarm: Alarm, now: Ms) -> Mapping[str, Any]:
    """What the list `alarm_priority` says of alarms of its severity."""
    row = codes.load("alarm_priority", day(now)).get(str(alarm.severity))
    return row.facts if row is not None else {}


# What readings say.


def observe(tx: Tx, crossings: Sequence[Crossing]) -> None:
    """What the readings say: raise, change severity, clear. Every station computes it alike."""
    newest = standing(tx, [c.sensor.id for c in crossings])
    found = tx.many(Alarm, [_key(c) for c in crossings if c.severity])
    known = {a.id for a in found if not withdrawn(a)}
    back = {a.id: a for a in found if withdrawn(a)}
    fresh: dict[str, Alarm] = {}
    for crossing in crossings:
        before = newest.get(thing(crossing))
        after = follow(before, crossing)
        # Readings that come a second time raise nothing anew that is over.
        again = before is None and after is not None and after.id in known
        if after is not None and after != before and not again:
            if after.id in back:
                after = with_told(after, back.pop(after.id))
            newest[thing(crossing)] = fresh[after.id] = after
            known.add(after.id)
            if after.state == NORM:
                del newest[thing(crossing)]
    tx.put(*fresh.values())


def standing(reader: Reader, sensors: Sequence[str]) -> dict[Thing, Alarm]:
    """(device, class of its rule) -> the alarm that is not over: what lasts before what was."""
    found = reader.many(Alarm, sensors, "sensor", state=STANDING)
    found = [a for a in found if not withdrawn(a)]
    found.sort(key=lambda a: (a.cleared_at is None, a.raised_at))
    return {thing(a): a for a in found}


def of_device(alarm: Alarm) -> bool:
    """Whether it is about the device itself, and says nothing of what the device measures."""
    return alarm.cls in (BROKEN, SILENT)


def of_value(alarm: Alarm) -> bool:
    """Whether it is about what a device measures."""
    return not of_device(alarm) and alarm.cls != OPENED


def class_list(cls: str) -> str:
    """The code list that names a class of alarms."""
    if cls in (BROKEN, SILENT):
        return "device_fault"
    return "device_deed" if cls == OPENED else "sensor_class"


def event_id(alarm: str) -> str:
    """The event that an alarm files: the same from every station."""
    return str(uuid.uuid5(NAMESPACE, f"event|{alarm}"))


def _key(crossing: Crossing) -> str:
    name = f"{crossing.rule.id}|{crossing.sensor.id}|{crossing.at}"
    return str(uuid.uuid5(NAMESPACE, name))


def follow(before: Alarm | None, crossing: Crossing) -> Alarm | None:
    """The alarm of a device and class that is not over, after a crossing."""
    if before is None:
        return _raised(crossing) if crossing.severity else None
    if crossing.at < before.read_at and before.cls != SILENT:
        return before  # said already
    if crossing.severity == 0:
        return before if before.cleared_at is not None else _cleared(before, crossing)
    return _lasting(before, crossing)


def withdrawn(alarm: Alarm) -> bool:
    """Whether readings that came late say that it never was: its cause began no time."""
    return alarm.count == 0


def withdraw(alarm: Alarm) -> Alarm:
    """It never was, by readings that came late: its cause is over, and who has seen it, or its
    event, sees that."""
    now = replace(alarm, count=0, cleared_at=alarm.raised_at)
    if alarm.cleared_at is not None:
        return now
    return replace(now, state=life.after(now.state, life.CLEAR, nature(now)))


def _lasting(before: Alarm, crossing: Crossing) -> Alarm:
    """Its cause begins again, or is another grade of bad."""
    again, worse = before.cleared_at is not None, crossing.severity < before.severity
    above = crossing.severity < (before.put_severity or before.severity)
    filed = event_id(before.id) if crossing.rule.files_event and (worse or again) else ""
    now = replace(
        before,
        severity=crossing.severity,
        rule=crossing.rule.id,
        value=crossing.value,
        changed_at=crossing.at,
        cleared_at=None,
        read_at=crossing.at,
        count=before.count + again,
        event=before.event or filed,
    )
    state = life.after(now.state, life.COME, nature(now)) if again else now.state
    return in_state(now, life.after(state, life.RISE, nature(now)) if above else state)


def _cleared(before: Alarm, crossing: Crossing) -> Alarm:
    at = max(crossing.at, before.read_at)  # one that was not heard may have spoken before
    now = replace(before, cleared_at=at, changed_at=at, read_at=at)
    return replace(now, state=life.after(now.state, life.CLEAR, nature(now)))


def in_state(alarm: Alarm, state: str) -> Alarm:
    """In a state; what put it aside is forgotten when it is not aside any more."""
    if state in ASIDE or alarm.state not in ASIDE:
        return replace(alarm, state=state)
    return replace(
        alarm, state=state, until=None, reason="", work_order="", put_by="", put_post="",
        put_severity=None,
    )  # fmt: skip


def _raised(crossing: Crossing) -> Alarm:
    sensor, rule = crossing.sensor, crossing.rule
    key, begins = _key(crossing), life.Nature(active=True, silent=rule.cls == SILENT)
    return Alarm(
        key, sensor.id, rule.id, rule.cls, crossing.severity,
        life.after(NORM, life.COME, begins), crossing.value,
        sensor.unit, sensor.area, sensor.lon, sensor.lat, crossing.at, crossing.at,
        event=event_id(key) if rule.files_event else "", read_at=crossing.at,
    )  # fmt: skip
