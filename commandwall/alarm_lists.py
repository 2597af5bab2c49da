"""The lists of an alarm desk 告警各表: what calls, stands, is silent, put aside or suppressed, and
the devices that alarm most (ISA-18.2).

Over what stands now, but for `bad_actors`, which asks the store; terms are rows of `limit`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from commandwall import codes, suppression
from commandwall.alarm_life import ASIDE, DSUPR, STALE
from commandwall.alarms import Alarm
from commandwall.clock import DAY, HOUR, Ms, day
from commandwall.store.store import Reader


@dataclass(frozen=True, slots=True)
class Lists:
    """All alarms that are not over, each list in the order in which a person reads it."""

    active: Mapping[str, Alarm] = field(default_factory=dict)
    """By id, in no order: what nothing and nobody keeps from calling."""
    standing: tuple[Alarm, ...] = ()  # of those, whose cause lasts too long; the oldest first
    silent: tuple[Alarm, ...] = ()  # devices that say nothing, the newest first
    aside: tuple[Alarm, ...] = ()  # shelved or out of service, the first to return first
    suppressed: tuple[Alarm, ...] = ()  # by a rule, those of one parent together
    holds: Mapping[str, int] = field(default_factory=dict)  # alarm -> how many it suppresses


@dataclass(frozen=True, slots=True)
class BadActor:
    """坏点: a device that alarms more often than others."""

    sensor: str
    raised: int  # how often the cause of an alarm of it began
    again: int  # of these, how often before anybody had ended the alarm
    newest: Alarm


class Shelves:
    """All alarms that are not over, by what keeps them from calling; of many few change between
    two looks."""

    def __init__(self) -> None:
        self._calling: dict[str, Alarm] = {}
        self._began: dict[int, dict[str, Alarm]] = defaultdict(dict)
        """Of these, by the hour in which each began."""
        self._kept: dict[str, dict[str, Alarm]] = {state: {} for state in (STALE, *ASIDE)}
        self._on: dict[str, dict[str, Alarm]] = {}
        """The shelf of each."""

    def bring(self, alarms: Mapping[str, Alarm], changed: Iterable[str] | None) -> None:
        """Bring these up to what stands now; all of them where `changed` is None."""
        if changed is None:
            changed = {*self._on, *alarms}
        for key in changed:
            if (shelf := self._on.pop(key, None)) is not None:
                self._take(shelf.pop(key))
            if (alarm := alarms.get(key)) is not None:
                shelf = self._on[key] = self._kept.get(alarm.state, self._calling)
                shelf[key] = alarm
                if shelf is self._calling:
                    self._began[alarm.raised_at // HOUR][key] = alarm

    def lists(self, now: Ms) -> Lists:
        """Which alarm belongs where, until the next `bring`. One that stands too long is an active
        one too, and so is that of a silent device which keeps others from being told."""
        silent, suppressed = self._kept[STALE], self._kept[DSUPR].values()
        aside = [a for state in ASIDE if state != DSUPR for a in self._kept[state].values()]
        every = chain(silent.values(), aside, suppressed, self._calling.values())
        holds = _holds(every, suppressed, now) if suppressed else {}
        holding = {key: a for key, a in silent.items() if key in holds}
        return Lists(
            {**self._calling, **holding} if holding else self._calling,
            tuple(sorted(self._lasting(now), key=lambda a: (a.raised_at, a.id))),
            tuple(sorted(silent.values(), key=_newest_first)),
            tuple(sorted(aside, key=_returns)),
            tuple(sorted(suppressed, key=_by_parent)),
            holds,
        )

    def _take(self, alarm: Alarm) -> None:
        hour = alarm.raised_at // HOUR
        if hour in self._began:
            self._began[hour].pop(alarm.id, None)
            if not self._began[hour]:
                del self._began[hour]

    def _lasting(self, now: Ms) -> Iterator[Alarm]:
        """Those whose cause lasts too long."""
        edge = now - codes.limit("alarm_standing_hours", day(now)) * HOUR
        for hour, some in self._began.items():
            if hour * HOUR <= edge:
                yield from (
                    a for a in some.values() if a.raised_at <= edge and a.cleared_at is None
                )


def sort_out(alarms: Iterable[Alarm], now: Ms) -> Lists:
    """All alarms in their lists, for one look."""
    shelves = Shelves()
    shelves.bring({a.id: a for a in alarms}, None)
    return shelves.lists(now)


def _holds(held: Iterable[Alarm], suppressed: Iterable[Alarm], now: Ms) -> dict[str, int]:
    """Alarm -> how many of `suppressed` it keeps from being told."""
    under, rules = Counter(a.put_by for a in suppressed), suppression.rules(day(now))
    return {
        a.id: under[a.sensor] for a in held
        if a.sensor in under and suppression.causes(a, rules)
    }  # fmt: skip


def bad_actors(reader: Reader, now: Ms) -> list[BadActor]:
    """The devices that alarmed most in the last days, the worst first; those that alarmed but once
    are none."""
    on = day(now)
    since = int(now - codes.limit("bad_actor_days", on) * DAY)
    rows = reader.rows(_WORST, since=since, most=int(codes.limit("bad_actors", on)))
    found = {str(id_): (str(sensor), int(n), int(alarms)) for sensor, id_, _, n, alarms in rows}
    newest = {a.id: a for a in reader.many(Alarm, list(found))}
    return [
        BadActor(sensor, n, n - alarms, newest[id_]) for id_, (sensor, n, alarms) in found.items()
    ]


_WORST = """
SELECT sensor, id, MAX(raised_at), SUM(count) AS raised, COUNT(*) FROM alarm
WHERE raised_at > :since AND count > 0
GROUP BY sensor HAVING raised > 1 ORDER BY raised DESC, sensor LIMIT :most
"""
"""What never was, as late readings say, counts for nothing. `id` is that of the newest: SQLite
takes it from the row that has the greatest moment."""


def _newest_first(alarm: Alarm) -> tuple[int, str]:
    return -alarm.raised_at, alarm.id


def _returns(alarm: Alarm) -> tuple[int, str]:
    return alarm.until or 0, alarm.id


def _by_parent(alarm: Alarm) -> tuple[str, int, str]:
    return alarm.put_by, -alarm.raised_at, alarm.id
