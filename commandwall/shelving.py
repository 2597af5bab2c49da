"""Alarms put aside 搁置与停用: for a while and for a reason, or out of service under a work order.

What is put aside calls nobody, and comes back by itself as its cause stands then; one that grows
worse than it was comes back at once.
"""

from __future__ import annotations

from dataclasses import replace

from commandwall import alarm_life as life
from commandwall import codes, countersign
from commandwall.alarm_life import DSUPR, OOSRV, SHLVD
from commandwall.alarms import Alarm, class_facts, in_state, moved, nature
from commandwall.clock import DAY, MINUTE, Ms, day
from commandwall.countersign import Second
from commandwall.sensors import Watch
from commandwall.store.store import Reader, Refused, Tx
from commandwall.store.written import TITLE_LIMIT, present, written


def most_minutes(cls: str, now: Ms) -> int:
    """How long an alarm of a class may be shelved."""
    facts = class_facts(cls, day(now))
    return int(facts.get("shelve_minutes") or codes.limit("shelve_minutes", day(now)))


def needs_second(cls: str, now: Ms) -> bool:
    """Whether shelving an alarm of a class takes a second person's word."""
    return bool(class_facts(cls, day(now)).get("second"))


# Acts.


def shelve(tx: Tx, alarm: str, reason: str, minutes: int, second: Second | None = None) -> None:
    """搁置: it calls nobody for so many minutes. Refused("shelve_minutes") names how many may be;
    Refused("shelve_second") where the word of another person is missing."""
    before = present(tx, Alarm, alarm)
    now = moved(tx, before, life.SHELVE)
    most = most_minutes(now.cls, tx.now)
    if not 0 < minutes <= most:
        raise Refused("shelve_minutes", most=most)
    reason = written("reason", reason, TITLE_LIMIT)
    if needs_second(now.cls, tx.now):
        if second is None or second.name.strip() in ("", tx.by):
            raise Refused("shelve_second", cls=now.cls)
        countersign.take(tx, "", ("alarm", now.id), second)
    tx.put(_put(tx, now, Ms(tx.now + minutes * MINUTE), reason))


def unshelve(tx: Tx, alarm: str) -> None:
    """取消搁置: before its time."""
    tx.put(moved(tx, present(tx, Alarm, alarm), life.UNSHELVE))


def take_out(tx: Tx, alarm: str, work_order: str, days: int, reason: str = "") -> None:
    """停用: its device is worked on under an order with a number, for so many days at most.
    Refused("service_days") names how many may be."""
    now = moved(tx, present(tx, Alarm, alarm), life.TAKE_OUT)
    most = int(codes.limit("service_days", day(tx.now)))
    if not 0 < days <= most:
        raise Refused("service_days", most=most)
    order = written("work_order", work_order, TITLE_LIMIT)
    reason = written("reason", reason, TITLE_LIMIT, needed=False)
    tx.put(replace(_put(tx, now, Ms(tx.now + days * DAY), reason), work_order=order))


def put_back(tx: Tx, alarm: str) -> None:
    """恢复使用: the work is done, or its device is needed before."""
    tx.put(moved(tx, present(tx, Alarm, alarm), life.PUT_BACK))


def _put(tx: Tx, alarm: Alarm, until: Ms, reason: str) -> Alarm:
    return replace(
        alarm, until=until, reason=reason, put_by=tx.by, put_post=tx.post,
        put_severity=alarm.severity,
    )  # fmt: skip


# What follows by itself.


def bring_back(watch: Watch, now: Ms) -> None:
    """What was put aside for a while comes back."""
    watch.bring_back(now)


def lapsed(reader: Reader, now: Ms) -> list[Alarm]:
    """Those whose time is over: shelved, out of service, or released by a parent that is back."""
    due = [key for (key,) in reader.rows("SELECT id FROM alarm WHERE until <= :n", n=now)]
    return reader.many(Alarm, due, state=[SHLVD, OOSRV, DSUPR])


def end_lapsed(tx: Tx) -> None:
    """到期: as of the moment at which each ended, so that all stations write the same."""
    tx.put(*(_back(a) for a in lapsed(tx, tx.now)))


def _back(alarm: Alarm) -> Alarm:
    assert alarm.until is not None
    state = life.after(alarm.state, life.RETURN, nature(alarm))
    return replace(in_state(alarm, state), changed_at=alarm.until)
