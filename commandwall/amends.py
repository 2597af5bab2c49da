"""Amends: what becomes of alarms by readings that came late.

What stands is as if all readings had come in their order. What people did is never undone, and no
alarm that somebody may have seen is taken from under his eyes: one that never was by what is known
now has ended as it began, and waits for somebody to see that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from commandwall import alarm_life as life
from commandwall import alarms
from commandwall.alarms import NORM, STANDING, WAITING, Alarm, Crossing, Thing, thing
from commandwall.clock import MINUTE, Ms
from commandwall.store import undo
from commandwall.store.store import Reader, Tx

_LOG = "SELECT body FROM wall_log WHERE kind = 'alarm' AND at >= :at ORDER BY seq DESC"
AHEAD = 2 * MINUTE
"""A device's clock may be ahead by less."""


def amend(tx: Tx, said: Sequence[Crossing], was: Sequence[Crossing], since: Ms) -> None:
    """Readings say `said` where they said `was` before one of the moment `since` came late; both
    of some devices and classes since some moment, and all of that."""
    now, before = _by_thing(said), _by_thing(was)
    cut = {key: _parting(now[key], before[key]) for key in now.keys() | before.keys()}
    held = defaultdict[Thing, dict[str, Alarm]](dict)
    for alarm in tx.many(Alarm, [sensor for sensor, _ in cut], "sensor"):
        if thing(alarm) in cut and (alarm.read_at >= cut[thing(alarm)] or alarm.state in STANDING):
            held[thing(alarm)][alarm.id] = alarm
    then = _then(tx, [a for some in held.values() for a in some.values()], cut, since)
    # One by one, as if each reading had come alone: the log is asked again by the next late one.
    tx.put_in_turn(
        *(
            alarm
            for key, at in cut.items()
            for alarm in _amended(held[key], then, [c for c in now[key] if c.at >= at])
        )
    )


def _by_thing(crossings: Sequence[Crossing]) -> dict[Thing, list[Crossing]]:
    found = defaultdict[Thing, list[Crossing]](list)
    for crossing in crossings:
        found[thing(crossing)].append(crossing)
    return found


def _parting(said: Sequence[Crossing], was: Sequence[Crossing]) -> Ms:
    """The moment from which on the two differ."""
    same = next((i for i, (a, b) in enumerate(zip(said, was, strict=False)) if a != b),
                min(len(said), len(was)))  # fmt: skip
    return min(c.at for c in (*said[same:], *was[same:]))


def _then(
    reader: Reader, held: Sequence[Alarm], cut: Mapping[Thing, Ms], since: Ms
) -> dict[str, Alarm]:
    """Those of these alarms that were there before those moments, as they were, by the log."""
    now: dict[str, Alarm | None] = {a.id: None if alarms.withdrawn(a) else a for a in held}
    for (body,) in reader.rows(_LOG, at=since - AHEAD):
        for key, fields in undo.read(body).before():
            after = now.get(key)
            if after is not None and after.read_at >= cut[thing(after)]:
                before = None if fields is None else replace(after, **fields)
                now[key] = None if before is None or alarms.withdrawn(before) else before
    return {key: alarm for key, alarm in now.items() if alarm is not None}


def _amended(
    held: Mapping[str, Alarm], then: Mapping[str, Alarm], crossings: Sequence[Crossing]
) -> Iterator[Alarm]:
    """What becomes of the alarms of one thing by these crossings, which followed on `then`, one
    after the other; at last what people did with each."""
    truth = {id_: then[id_] for id_ in held if id_ in then}
    yield from truth.values()
    lasting = sorted((a for a in truth.values() if a.state != NORM),
                     key=lambda a: (a.cleared_at is None, a.raised_at))  # fmt: skip
    now = lasting[-1] if lasting else None
    for crossing in crossings:
        if now is not None:
            now = truth[now.id] = _seen(now, held, crossing.at)
        now = alarms.follow(None if now is None or now.state == NORM else now, crossing)
        if now is not None:
            truth[now.id] = now
            yield now
    for id_, alarm in truth.items():
        yield _rejoined(_seen(alarm, held, None), then.get(id_), held.get(id_))
    for id_ in held.keys() - truth.keys():
        if not alarms.withdrawn(held[id_]):
            yield alarms.withdraw(held[id_])


def _seen(alarm: Alarm, held: Mapping[str, Alarm], by: Ms | None) -> Alarm:
    """The alarm, acknowledged where somebody had done that by a moment, or at any."""
    known = held.get(alarm.id, alarm)
    at = known.acked_at
    if at is None or at == alarm.acked_at or (by is not None and at > by):
        return alarm
    seen = replace(alarm, acked_at=at, acked_by=known.acked_by, acked_post=known.acked_post)
    if alarm.state not in WAITING:
        return seen
    state = life.after(alarm.state, life.ACK, alarms.nature(alarm))
    return alarms.in_state(replace(seen, changed_at=at), state)


def _rejoined(alarm: Alarm, then: Alarm | None, known: Alarm | None) -> Alarm:
    """What readings say, with what people did beside acknowledging since it was `then`."""
    if known is None or _put(known) == _put(then or alarm):
        return alarm
    return alarms.with_told(alarm, known)


def _put(alarm: Alarm) -> tuple[object, ...]:
    return alarm.put_by, alarm.put_post, alarm.until, alarm.reason, alarm.work_order
