"""What must hold after a test of loss, read from the testers' logs, the files and the pool."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from loss.officer import MARK
from loss.stations import Pool, Station, until

from commandwall import codes, picture, rights
from commandwall.alarms import Alarm
from commandwall.answers import Answer
from commandwall.clock import Clock
from commandwall.events import EventWork
from commandwall.pool.demo.land import asset
from commandwall.store import lines as journal
from commandwall.store.journal import Line, first_bad
from commandwall.store.migrate import open_store
from commandwall.store.schema import WALL, kinds, table_of
from commandwall.store.store import Reader, Store

assert picture  # it imports every kind that is shown
FIELDS = ", ".join(Line.__slots__)
PART = 200
"""Lines that are folded in one transaction."""
MOMENTS = ("handed", "given", "done", "at")
"""Of an act: it was handed over, the screen took it up, it is on disk, the screen says so."""
Fact = dict[str, Any]


class Told:
    """What one tester wrote to disk: orders that it gave, and those that were acknowledged."""

    def __init__(self, log: Path) -> None:
        self.sent: dict[int, dict[str, Any]] = {}
        self.sent_at: dict[int, float] = {}
        self.acked: dict[int, dict[str, Any]] = {}
        self.refused: list[int] = []
        self.idle: list[int] = []  # there was nothing to write
        for line in log.read_text().splitlines():
            self._take(json.loads(line))

    def _take(self, fact: dict[str, Any]) -> None:
        if "sent" in fact:
            no = fact["sent"]["no"]
            self.sent[no], self.sent_at[no] = fact["sent"], fact["at"]
        elif fact.get("ack"):
            moments = {name: fact[name] for name in MOMENTS}
            self.acked[fact["no"]] = {**fact["ack"], **moments}
        elif "ack" in fact:
            self.idle.append(fact["no"])
        elif "refused" in fact:
            self.refused.append(fact["no"])

    def broken(self) -> list[Fact]:
        """Acts of which nobody was told whether they were done."""
        open_ = self.sent.keys() - self.acked.keys() - {*self.refused, *self.idle}
        return [self.sent[no] for no in sorted(open_) if "facts" in self.sent[no]]

    def latencies(self) -> list[float]:
        return sorted(ack["at"] - self.sent_at[no] for no, ack in self.acked.items())


def lines_of(station: Station) -> list[Line]:
    sql = f"SELECT {FIELDS} FROM journal ORDER BY origin, seq"
    return [Line(*row) for row in station.read(lambda r: r.rows(sql))]


def lines_at(pool: Pool) -> list[Line]:
    rows = pool.rows(f'SELECT {FIELDS} FROM cw_journal ORDER BY origin COLLATE "C", seq')
    return [Line(*row) for row in rows]


def assert_nothing_lost(stations: list[Station], pool: Pool) -> None:
    """Every journal is the same and verifies; each acknowledged act stands there once, and what
    else stands there is an act that was broken off, each at most once."""
    until("all journals to be alike", lambda: _alike(stations, pool))
    lines = lines_at(pool)
    _assert_verified(lines)
    logs = [Told(station.log) for station in stations]
    acks = [ack for told in logs for ack in told.acked.values()]
    named = {(line.origin, line.seq): line for line in lines}
    for ack in acks:
        found = named.pop((ack["origin"], ack["seq"]), None)
        assert found is not None, f"lost, or acknowledged twice: {ack}"
        assert found.hash == ack["hash"], ack
    answers = stations[0].read(lambda r: {a.id: a.record for a in r.find(Answer)})
    broken = [order for told in logs for order in told.broken()]
    assert_all_given(named.values(), broken, answers)


def assert_all_given(lines: Iterable[Line], orders: list[Fact], answers: Mapping[str, str]) -> None:
    """Each line of a person's act is one of these orders, and no two are the same one. `answers`:
    to which record each was given."""
    left, acts, who = list(orders), acts_of_persons(), asset("first_day")["who"]
    laid = [line.body_hash for line in lines if line.person == who]
    assert len(set(laid)) == len(laid), "the first day of a demo is laid once"
    for line in lines:
        if line.act in acts and line.person != who:
            said = set(_texts(json.loads(line.body or "")["records"]))
            mine = next((o for o in left if _is(o, line, said, answers)), None)
            assert mine is not None, f"nobody did it, or it stands twice: {line}"
            left.remove(mine)


def acts_of_persons() -> set[str]:
    """As a line names them."""
    rows = codes.load("right").values()
    return {act.rpartition(".")[2] for row in rows for act in rights.acts_of(row)}


def _is(order: Fact, line: Line, said: set[str], answers: Mapping[str, str]) -> bool:
    if order["do"].rpartition(".")[2] != line.act:
        return False
    mark, names = _mark(order["facts"]), _names(order["facts"])
    return answers.get(mark, mark) in said or (bool(names) and names <= said)


def _names(facts: Fact) -> set[str]:
    """What an act states something of by its name: a self-check has no words of its own."""
    return {name for value in facts.values() if isinstance(value, Mapping) for name in value}


def _mark(facts: Fact) -> str:
    """What shows a line to be this act's: words that stand once, else what it is about."""
    texts = list(_texts(facts))
    words = [text for text in texts if text.startswith(MARK)]
    about = [facts[name] for name in rights.SUBJECTS if isinstance(facts.get(name), str)]
    return next(iter([*words, *about, *sorted(texts, key=len, reverse=True)]))


def _texts(facts: Any) -> Iterator[str]:
    """Every text within a JSON value."""
    if isinstance(facts, str):
        yield facts
    elif isinstance(facts, Mapping):
        yield from (text for value in facts.values() for text in _texts(value))
    elif isinstance(facts, list):
        yield from (text for value in facts for text in _texts(value))


def assert_same_view(stations: list[Station], pool: Pool) -> None:
    """Both stations' folds, what both walls show, and the pool's own table agree."""
    assert_same_fold(stations, pool)

    def alike() -> str:
        return differing(*(_shown(station) for station in stations)) or "alike"

    until("both walls to show the same", lambda: alike() == "alike", said=alike)


def assert_same_fold(stations: list[Station], pool: Pool) -> None:
    """Of every kind all stations hold the same, as does a new one to which the pool gives its
    lines; and the pool's own table agrees."""

    def alike() -> str:
        first, *rest = (station.read(fold) for station in stations)
        return next((what for one in rest if (what := differing(first, one))), "alike")

    def given() -> str:
        return differing(stations[0].read(fold), folded(lines_at(pool))) or "alike"

    until("all folds to be alike", lambda: alike() == "alike", said=alike)
    # Units go on and report themselves: a step of one may come between the two looks.
    until("a new station to hold the same", lambda: given() == "alike", said=given)
    rows = set(pool.rows("SELECT id, state, unit, result FROM cw_work"))
    work = stations[0].read(lambda r: r.find(EventWork))
    assert rows == {(w.id, w.state, w.unit, w.result) for w in work}


def compared() -> dict[str, type[Any]]:
    """Kinds that only lines of the journal write: they are the same everywhere."""
    return {name: k for name, k in kinds(WALL).items() if not table_of(k).info["local"]}


def fold(reader: Reader) -> dict[str, dict[str, Any]]:
    """What a station holds of each kind, by its id. Of alarms, which each works out by itself, who
    has seen them; conflicts are looked at by `causes`."""
    found = {name: {r.id: asdict(r) for r in reader.find(k)} for name, k in compared().items()}
    seen = {a.id: [a.acked_at, a.acked_by, a.acked_post] for a in reader.find(Alarm) if a.acked_at}
    return {**found, "alarm": seen}


def folded(lines: list[Line]) -> dict[str, dict[str, Any]]:
    """The fold of a station that was never cut off nor killed, and does nothing itself."""
    with TemporaryDirectory() as name, closing(open_store(Path(name))) as store:
        known = sorted(lines, key=lambda line: (line.hlc, line.origin))
        for at in range(0, len(known), PART):
            _take(store, known[at : at + PART])
        return store.read(fold)


def _take(store: Store, lines: Sequence[Line]) -> None:
    with store.write(Clock().now()) as tx:
        journal.receive(tx, lines)


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """The first record that two folds do not hold alike; "" for none."""
    for kind in one:
        for key in one[kind].keys() | other[kind].keys():
            if (here := one[kind].get(key)) != (there := other[kind].get(key)):
                return f"{kind} {key}: {here} and {there}"
    return ""


def _alike(stations: list[Station], pool: Pool) -> bool:
    return all(lines_of(station) == lines_at(pool) for station in stations)


def _assert_verified(lines: list[Line]) -> None:
    for origin in {line.origin for line in lines}:
        assert first_bad(line for line in lines if line.origin == origin) is None


def _shown(station: Station) -> dict[str, Any]:
    view = station.view()
    return {name: view[name] for name in ("events", "directives", "incidents", "alarms")}
