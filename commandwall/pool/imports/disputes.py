"""Sources that say different things of one record: both values are kept until a person decides."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, replace
from typing import Any

from commandwall import geo
from commandwall.clock import Ms, to_datetime
from commandwall.conflicts import AGREED, OPEN, Dispute
from commandwall.pool.imports.pool_rows import Claim, PoolRows
from commandwall.pool.imports.trouble import limit
from commandwall.store.schema import times_of

TOGETHER = {
    "place": ("lon", "lat", "acc_m", "placed", "area", "datum"),
    "state": ("state", "unit", "closed_at"),
    "cls": ("cls", "urgency"),
}
"""Fields that one cannot believe of two sources at once."""
UNSAID = frozenset({"id", "rev", "received_at", "no"})
"""Fields that no source says, or that make the record."""


class Disputes:
    """What one source says in a load beside the other sources of the same records."""

    def __init__(self, source: str, now: Ms) -> None:
        self._source, self._now = source, now
        self._open: Mapping[str, Sequence[Dispute]] = {}
        self.fresh: list[Dispute] = []

    def begin(self, pool: PoolRows, kind: type[Any], ids: Sequence[str]) -> None:
        """Take the disputes that the pool holds of these records; those to write begin anew."""
        self.fresh = []
        found: dict[str, list[Dispute]] = defaultdict(list)
        for one in pool.disputes(kind, ids) if ids else ():
            found[one.record].append(one)
        self._open = found

    def settled(self, record: Any, there: Any, others: Sequence[Claim]) -> Any:
        """The record as the pool may hold it: of what is disputed, the value that it holds now."""
        for group, names in _groups(type(record)):
            said, held = _values(record, names), _values(there, names)
            if said == held:
                self._agree(there, group)
            elif _blank(record, names) or _same(record, there, group):
                record = replace(record, **held)
            elif not _blank(there, names) and not self._both_say(there, group, said):
                self._raise(there, group, (held, said), others)
                record = replace(record, **held)
        return record

    def _agree(self, there: Any, group: str) -> None:
        mine = (d for d in self._of(there, group) if d.said_source == self._source)
        self.fresh += [replace(d, state=AGREED, at=self._now) for d in mine if d.state == OPEN]

    def _both_say(self, there: Any, group: str, said: Mapping[str, Any]) -> bool:
        """Whether another source waits with the same value: then all of them say it now."""
        text = _json(type(there), said)
        waiting = [
            d
            for d in self._of(there, group)
            if d.state == OPEN and d.said == text and d.said_source != self._source
        ]
        self.fresh += [replace(d, state=AGREED, at=self._now) for d in waiting]
        return bool(waiting)

    def _raise(
        self,
        there: Any,
        group: str,
        values: tuple[Mapping[str, Any], Mapping[str, Any]],
        others: Sequence[Claim],
    ) -> None:
        held, said = (_json(type(there), value) for value in values)
        kind = type(there).__name__.lower()
        one = Dispute(
            f"{kind}:{there.id}:{group}:{self._source}", kind, there.id, group,
            getattr(there, "area", ""), held, ", ".join(c.source for c in others),
            others[0].at, said, self._source, self._now, OPEN,
        )  # fmt: skip
        known = (d for d in self._of(there, group) if d.state != AGREED)
        if not any({d.held, d.said} == {held, said} for d in known):
            self.fresh.append(one)

    def _of(self, there: Any, group: str) -> Iterator[Dispute]:
        return (d for d in self._open.get(there.id, ()) if d.field == group)


def _groups(kind: type[Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each field of a kind once: its name, or the name of those that belong together."""
    there = [f.name for f in fields(kind) if f.name not in UNSAID]
    for group, names in TOGETHER.items():
        if here := tuple(n for n in names if n in there):
            yield (group if len(here) > 1 else here[0]), here
    belong = {n for names in TOGETHER.values() for n in names}
    yield from ((n, (n,)) for n in there if n not in belong)


def _values(record: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


def _blank(record: Any, names: Sequence[str]) -> bool:
    """Whether a record says nothing of its own there; a place is blank without an area."""
    usual = {f.name: f.default for f in fields(record) if f.default is not MISSING}
    told = [n for n in names if n not in ("placed", "datum", "acc_m")]
    return all(getattr(record, n) in ("", None, usual.get(n, "")) for n in told)


def _same(record: Any, there: Any, group: str) -> bool:
    """Whether two places are one: near each other, or one the area around the other."""
    if group != "place":
        return False
    if getattr(record, "placed", "point") != "point":
        return bool(there.area.startswith(record.area))
    if there.lon is None or record.lon is None:
        return False
    away = geo.distance(record.lon, record.lat, there.lon, there.lat)
    return float(away) <= limit("same_place_m")


def _json(kind: type[Any], values: Mapping[str, Any]) -> str:
    """Columns as the pool's tables take them: a moment as ISO 8601."""
    moments = times_of(kind)
    said = {
        name: to_datetime(value).isoformat() if name in moments and value is not None else value
        for name, value in values.items()
    }
    return json.dumps(said, ensure_ascii=False, sort_keys=True)
