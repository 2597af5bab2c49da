"""What came before what: read from the lines themselves, each of which names the version of every
record that its act had seen."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from loss.stations import Pool, Station
from loss.verdict import lines_at

from commandwall.store.journal import Line
from commandwall.store.schema import WALL, kinds, meeting_of
from commandwall.store.tables import Conflict

Key = tuple[str, int]
"""Origin and number of a line."""
POSITIONS = "SELECT id, min(pos) FROM cw_feed WHERE kind = 'journal' GROUP BY id"
PLACES = "SELECT origin || ':' || seq, rowid FROM journal"
"""In which order the pool gave out lines, and in which a station took them: no line ever goes."""


@dataclass(frozen=True, slots=True)
class Writing:
    """One line's word on one record, with the version it had seen."""

    line: Line
    record: str
    says: dict[str, Any]
    seen: str

    @property
    def name(self) -> str:
        return f"{self.line.hlc}.{self.line.origin}"


def writings(lines: list[Line]) -> Iterator[Writing]:
    for line in lines:
        body = json.loads(line.body or "{}")
        for kind, rows in body["records"].items():
            for row in rows:
                key = f"{kind}:{row['id']}"
                yield Writing(line, key, row, f"{body['seen'].get(key)}.{body['by'].get(key)}")


def histories(lines: list[Line]) -> dict[str, list[Writing]]:
    """Of each record what was written, in the order of the clocks."""
    found: dict[str, list[Writing]] = defaultdict(list)
    for writing in writings(lines):
        found[writing.record].append(writing)
    for some in found.values():
        some.sort(key=lambda w: (w.line.hlc, w.line.origin))
    return found


def assert_in_causal_order(stations: list[Station], pool: Pool, by_arrival: bool = True) -> int:
    """No clock contradicts what an act had seen, and nobody got a line before one that it had
    seen; how many lines there are. Only by their clocks, if not by arrival."""
    lines = lines_at(pool)
    pairs = list(_causes(histories(lines)))
    for before, after in pairs:
        assert before.line.hlc < after.line.hlc, (before, after)
    places = [dict(pool.rows(POSITIONS))]
    places += [dict(station.read(lambda r: r.rows(PLACES))) for station in stations]
    for place in places if by_arrival else ():
        for before, after in pairs:
            assert place[_id(before.line)] < place[_id(after.line)], (before, after)
    return len(lines)


def _causes(known: dict[str, list[Writing]]) -> Iterator[tuple[Writing, Writing]]:
    """Each writing that had seen another, behind that one."""
    for some in known.values():
        by_name = {writing.name: writing for writing in some}
        for writing in some:
            if writing.seen in by_name:
                yield by_name[writing.seen], writing


def _id(line: Line) -> str:
    return f"{line.origin}:{line.seq}"


def assert_conflicts_counted(stations: list[Station], pool: Pool) -> int:
    """At every station each writing that lost, and that nobody had seen, stands in a conflict; and
    no conflict names two of which one had seen the other. How many there are at most."""
    known = histories(lines_at(pool))
    before = {(b.record, b.name, a.name) for b, a in _ancestors(known)}
    unseen = {(w.record, w.name) for some in known.values() for w in lost(some, before)}
    counts = []
    for station in stations:
        named = set()
        for conflict in station.read(lambda r: r.find(Conflict)):
            record, later, earlier = conflict.id.rsplit("|", 2)
            assert (record, earlier, later) not in before, (station.side, conflict)
            named.add((record, earlier))
        assert unseen <= named, (station.folder.name, sorted(unseen - named)[:3])
        counts.append(len(named))
    return max(counts)


def _ancestors(known: dict[str, list[Writing]]) -> Iterator[tuple[Writing, Writing]]:
    """Each writing behind all that it had seen, and what those had seen."""
    direct: dict[str, dict[str, Writing]] = defaultdict(dict)
    for before, after in _causes(known):
        direct[after.record][after.name] = before
    for record, some in direct.items():
        for writing in known[record]:
            step = some.get(writing.name)
            while step is not None:
                yield step, writing
                step = some.get(step.name)


def lost(some: list[Writing], before: set[tuple[str, str, str]]) -> Iterator[Writing]:
    """Writings of one record that nobody had seen and that contradict all that they had not seen,
    but the one that is shown. One that another goes on from is lost in nothing."""
    seen = {w.seen for w in some}
    for writing in some[:-1]:
        if writing.name in seen:
            continue
        apart = [w for w in some if w is not writing]
        apart = [w for w in apart if (w.record, w.name, writing.name) not in before]
        if all(_contradict(writing, other) for other in apart):
            yield writing


def _contradict(one: Writing, other: Writing) -> bool:
    """Whether two writings say different things, by what their kind says of such meetings."""
    kind = kinds(WALL)[one.record.partition(":")[0]]
    how, (here, there) = meeting_of(kind), (one.says, other.says)
    states = here.get("state"), there.get("state")
    for a, b in (states, states[::-1]):
        if b in how.yields.get(a, ()):
            return False
    beside = {*how.beside, *how.marks}
    return any(here[name] != there[name] for name in here if name not in beside)
