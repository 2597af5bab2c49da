"""Parents suppress children 抑制: while a gateway is silent or a feed without power, that the
devices which hang on it say nothing has one cause, and one alarm tells it (domain/spec 5.7).

A state of what stands now, not a matter of what came first: whatever order parent and children
fall silent in, every station comes to the same.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from commandwall import alarm_life as life
from commandwall import alarms, amends, codes
from commandwall.alarm_life import ACKED, DSUPR, STALE, UNACK
from commandwall.alarms import BROKEN, SILENT, Alarm, Crossing, in_state, nature, of_device
from commandwall.clock import SECOND, Ms
from commandwall.sensors import Sensor
from commandwall.store.store import Reader, Tx

CALLING = (UNACK, ACKED, STALE)
"""States of what a rule may suppress: its cause lasts, and nobody put it aside."""
MANY = 100
"""From so many crossings on they are told in two parts."""


@dataclass(frozen=True, slots=True)
class ParentRule:
    """One row of assets/codelists/alarm_parent.toml."""

    cls: str  # of the alarm of the parent
    severity: int  # of that alarm at least: 1 (worst) .. 4
    children: frozenset[str]  # classes of alarms of children that it suppresses
    hold_s: float  # so long after the parent is back its children may take to speak


def rules(on: date | None = None) -> list[ParentRule]:
    """The rows in force on a day, today where none is given. ValueError names the row and the
    field of one that cannot be judged by."""
    return [_rule(row) for row in codes.load("alarm_parent", on).values()]


def _rule(row: codes.Code) -> ParentRule:
    cls, severity, hold = (row.facts.get(name) for name in ("cls", "severity", "hold_s"))
    children = row.facts.get("children")
    known = {*codes.load("sensor_class"), BROKEN, SILENT}
    wrong = {
        "cls": cls not in known,
        "severity": severity not in (1, 2, 3, 4),
        "children": not isinstance(children, list) or not known.issuperset(children),
        "hold_s": not isinstance(hold, int | float) or not hold >= 0,
    }
    if fields := [name for name, is_so in wrong.items() if is_so]:
        raise ValueError(f"alarm_parent: {row.id}: {', '.join(fields)}")
    return ParentRule(**{**row.facts, "children": frozenset(row.facts["children"])})


def causes(alarm: Alarm, rows: Iterable[ParentRule]) -> list[ParentRule]:
    """By which rules this alarm of a parent suppresses those of its children."""
    if alarm.cleared_at is not None:
        return []
    return [r for r in rows if r.cls == alarm.cls and alarm.severity <= r.severity]


class Family:
    """Which known devices hang on which; those whose chain of parents comes back to them on none,
    since no alarm would be left that tells of them."""

    def __init__(self, sensors: Sequence[Sensor], on: date | None = None) -> None:
        """By the rows of a day, today where none is given."""
        self.rules = rules(on)
        known = {s.id for s in sensors}
        named = {s.id: s.parent for s in sensors if s.parent in known}
        self.parent_of = {id_: up for id_, up in named.items() if not _comes_back(id_, named)}
        self.children: dict[str, list[str]] = defaultdict(list)
        for child, parent in self.parent_of.items():
            self.children[parent].append(child)
        self.down: set[str] = set()
        """Parents of which it is known that they suppress."""
        self.settled = False
        """Whether all that stands was looked at since this was made."""

    def around(self, sensors: Iterable[str]) -> list[str]:
        """Those of these devices that hang on another, and all that hang on one of them."""
        found: dict[str, None] = {}
        for id_ in sensors:
            if id_ in self.parent_of:
                found[id_] = None
            found.update(dict.fromkeys(self.children.get(id_, ())))
        return list(found)

    def strays(self, reader: Reader) -> list[str]:
        """Devices of which something stands that may want to be suppressed, or not any more: all
        after a start, then those that somebody brought back while their parent is down."""
        if not self.settled:
            held = reader.find(Alarm, cleared_at=None)
            aside = [a.sensor for a in reader.find(Alarm, state=DSUPR)]
            return list(dict.fromkeys([*self.around(a.sensor for a in held), *aside]))
        young = [child for parent in self.down for child in self.children[parent]]
        found = reader.many(Alarm, young, "sensor", state=list(CALLING), cleared_at=None)
        every = {cls for rule in self.rules for cls in rule.children}
        return [a.sensor for a in found if a.cls in every and not _worst(a)]


def _comes_back(sensor: str, named: Mapping[str, str]) -> bool:
    seen, at = set[str](), named.get(sensor)
    while at is not None and at not in seen and at != sensor:
        seen.add(at)
        at = named.get(at)
    return at == sensor


# What follows by itself.


def observe(tx: Tx, crossings: Sequence[Crossing], family: Family) -> None:
    """What the readings say, and what follows of it for parents and children: nobody is called by
    what is suppressed in the same moment."""
    alarms.observe(tx, crossings)
    settle(tx, family.around(c.sensor.id for c in crossings), family)


def in_turn(crossings: Sequence[Crossing], family: Family) -> list[Sequence[Crossing]]:
    """Many crossings in the parts in which they are told, each an act of its own: the first
    priority before all else, since writing hundreds takes its time. That a device which hangs on
    another is broken or silent waits for what is said of that one."""
    urgent = {alarms.thing(c) for c in crossings if _calls_at_once(c, family)}
    if len(crossings) < MANY or not urgent:
        return [crossings]
    first = [c for c in crossings if alarms.thing(c) in urgent]
    rest = [c for c in crossings if alarms.thing(c) not in urgent]
    return [first, rest] if rest else [first]


def _calls_at_once(crossing: Crossing, family: Family) -> bool:
    """Whether it is of the first priority, and no parent can suppress it."""
    measured = crossing.rule.cls not in (BROKEN, SILENT)
    return crossing.severity == 1 and (measured or crossing.sensor.id not in family.parent_of)


def amend(
    tx: Tx, said: Sequence[Crossing], was: Sequence[Crossing], since: Ms, family: Family
) -> None:
    """The same of readings that came late."""
    amends.amend(tx, said, was, since)
    settle(tx, family.around(c.sensor.id for c in (*said, *was)), family)


def settle(tx: Tx, sensors: Sequence[str], family: Family) -> None:
    """Suppress the alarms of these devices while their parents are down, else release them."""
    parents = sorted({family.parent_of[s] for s in sensors if s in family.parent_of})
    down = _down(tx, parents, family)
    found = tx.many(Alarm, sensors, "sensor", state=alarms.STANDING)
    held = [(a, family.parent_of.get(a.sensor, "")) for a in found]
    back = _back(tx, [p for a, p in held if a.state == DSUPR and not down[p]], family.rules)
    moved = [(a, _moved(a, parent, down[parent], back, family.rules)) for a, parent in held]
    tx.put(*(after for before, after in moved if after != before))


def _down(tx: Tx, parents: Sequence[str], family: Family) -> dict[str, list[ParentRule]]:
    """Parent -> the rules by which it suppresses now."""
    down: dict[str, list[ParentRule]] = defaultdict(list)
    for alarm in alarms.standing(tx, parents).values():
        down[alarm.sensor] += causes(alarm, family.rules)
    for parent in parents:
        (family.down.add if down[parent] else family.down.discard)(parent)
    return down


def _back(tx: Tx, parents: Sequence[str], rows: Sequence[ParentRule]) -> dict[str, Ms]:
    """Parent -> when what it suppressed by was over."""
    if not parents:
        return {}
    classes = json.dumps([rule.cls for rule in rows])
    found = tx.rows(_LAST_OVER, parents=json.dumps(parents), classes=classes)
    return {str(sensor): Ms(int(at)) for sensor, at in found}


_LAST_OVER = """
SELECT sensor, MAX(cleared_at) FROM alarm WHERE cleared_at IS NOT NULL
AND sensor IN (SELECT value FROM json_each(:parents))
AND cls IN (SELECT value FROM json_each(:classes)) GROUP BY sensor
"""


def _moved(
    alarm: Alarm, parent: str, down: Sequence[ParentRule], back: Mapping[str, Ms],
    every: Sequence[ParentRule],
) -> Alarm:  # fmt: skip
    lasts = alarm.cleared_at is None and not _worst(alarm)
    if lasts and any(alarm.cls in rule.children for rule in down):
        return _suppressed(alarm, parent)
    if alarm.state != DSUPR:
        return alarm
    holds = [rule.hold_s for rule in every if alarm.cls in rule.children]
    if not lasts or down or parent != alarm.put_by or parent not in back or not holds:
        return _released(alarm)
    return replace(alarm, until=Ms(int(back[parent] + max(holds) * SECOND)))


def _suppressed(alarm: Alarm, parent: str) -> Alarm:
    state = life.after(alarm.state, life.SUPPRESS, nature(alarm))
    if state != DSUPR:
        return alarm
    return replace(alarm, state=state, put_by=parent, put_severity=alarm.severity, until=None)


def _released(alarm: Alarm) -> Alarm:
    """As its cause stands."""
    state = life.after(alarm.state, life.RELEASE, nature(alarm))
    return replace(in_state(alarm, state), changed_at=alarm.read_at)


def _worst(alarm: Alarm) -> bool:
    """What a device measured of the first priority is never suppressed."""
    return alarm.severity == 1 and not of_device(alarm)
