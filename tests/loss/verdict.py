"""What must hold after a test of loss, read from the testers' logs, the files and the pool."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from loss.stations import Pool, Station, until

from commandwall.directives import Directive
from commandwall.events import EventNote, EventWork, FiledEvent
from commandwall.incidents import CommandPost, Incident
from commandwall.store.journal import Line, first_bad
from commandwall.store.store import Reader

FOLDS = (EventWork, EventNote, FiledEvent, Incident, CommandPost, Directive)
"""What stations did, as every station must show it alike."""
FIELDS = ", ".join(Line.__slots__)
WORDS = {
    "note": ("eventnote", "text"), "issue": ("directive", "text"),
    "open_incident": ("incident", "title"),
}  # fmt: skip
"""Act -> where its line holds the words that a person wrote."""
Key = tuple[str, str]
"""An act and the words or the record that make it one of its kind."""


class Told:
    """What one tester wrote to disk: orders that it gave, and those that were acknowledged."""

    def __init__(self, log: Path) -> None:
        self.sent: dict[int, dict[str, Any]] = {}
        self.sent_at: dict[int, float] = {}
        self.acked: dict[int, dict[str, Any]] = {}
        self.refused: list[int] = []
        for line in log.read_text().splitlines():
            self._take(json.loads(line))

    def _take(self, fact: dict[str, Any]) -> None:
        if "sent" in fact:
            no = fact["sent"]["no"]
            self.sent[no], self.sent_at[no] = fact["sent"], fact["at"]
        elif fact.get("ack"):
            self.acked[fact["no"]] = {**fact["ack"], "at": fact["at"]}
        elif "refused" in fact:
            self.refused.append(fact["no"])

    def acks(self) -> Counter[Key]:
        """How often each act was acknowledged."""
        return Counter(_order_key(self.sent[no]) for no in self.acked if "facts" in self.sent[no])

    def broken(self) -> Counter[Key]:
        """Acts of which nobody was told whether they were done."""
        open_ = self.sent.keys() - self.acked.keys() - set(self.refused)
        return Counter(_order_key(self.sent[no]) for no in open_ if "facts" in self.sent[no])

    def latencies(self) -> list[float]:
        return sorted(ack["at"] - self.sent_at[no] for no, ack in self.acked.items())


def lines_of(station: Station) -> list[Line]:
    sql = f"SELECT {FIELDS} FROM journal ORDER BY origin, seq"
    return [Line(*row) for row in station.read(lambda r: r.rows(sql))]


def lines_at(pool: Pool) -> list[Line]:
    rows = pool.rows(f'SELECT {FIELDS} FROM cw_journal ORDER BY origin COLLATE "C", seq')
    return [Line(*row) for row in rows]


def assert_nothing_lost(stations: list[Station], pool: Pool) -> None:
    """Every journal is the same and verifies; each acknowledged act stands there exactly as often
    as it was acknowledged, and one that was broken off at most once more."""
    until("all journals to be alike", lambda: _alike(stations, pool))
    lines = lines_at(pool)
    _assert_verified(lines)
    named = {(line.origin, line.seq): line.hash for line in lines}
    found = Counter(line_key(line) for line in lines)
    logs = [Told(station.log) for station in stations]
    for ack in (ack for told in logs for ack in told.acked.values()):
        assert named.get((ack["origin"], ack["seq"])) == ack["hash"], ack
    acks: Counter[Key] = sum((told.acks() for told in logs), Counter())
    broken: Counter[Key] = sum((told.broken() for told in logs), Counter())
    for key in acks | broken:
        held = found[key]
        assert acks[key] <= held <= acks[key] + broken[key], f"{key} stands {held} times"


def assert_same_view(stations: list[Station], pool: Pool) -> None:
    """Both stations' folds, what both walls show, and the pool's own table agree."""
    assert_same_fold(stations, pool)
    until("both walls to show the same", lambda: _shown(stations[0]) == _shown(stations[1]))


def assert_same_fold(stations: list[Station], pool: Pool) -> None:
    """The folds of all stations and the pool's own table agree."""

    def alike() -> bool:
        first, *rest = map(_fold, stations)
        return all(one == first for one in rest)

    until("all folds to be alike", alike)
    rows = set(pool.rows("SELECT id, state, unit, result FROM cw_work"))
    work = stations[0].read(lambda r: r.find(EventWork))
    assert rows == {(w.id, w.state, w.unit, w.result) for w in work}


def _alike(stations: list[Station], pool: Pool) -> bool:
    return all(lines_of(station) == lines_at(pool) for station in stations)


def _assert_verified(lines: list[Line]) -> None:
    for origin in {line.origin for line in lines}:
        assert first_bad(line for line in lines if line.origin == origin) is None


def _fold(station: Station) -> dict[str, Any]:
    def rows(reader: Reader) -> dict[str, Any]:
        found = {kind.__name__: reader.find(kind) for kind in FOLDS}
        return {name: {r.id: asdict(r) for r in some} for name, some in found.items()}

    return station.read(rows)


def _shown(station: Station) -> dict[str, Any]:
    view = station.view()
    return {name: view[name] for name in ("events", "directives", "incidents", "alarms")}


def _order_key(order: dict[str, Any]) -> Key:
    facts = order["facts"]
    record = facts.get("order") or facts.get("opening") or facts
    target = facts.get("event") or facts.get("directive") or facts.get("alarm") or ""
    words = record.get("text") or record.get("title") or ""
    return order["do"].removesuffix("_alarm"), words or target


def line_key(line: Line) -> Key:
    """The same key from a line's body: its words where they are its own, else what it is about: a
    directive's answer is a record of its own beside it."""
    records = json.loads(line.body or "")["records"]
    if line.act in WORDS:
        kind, field = WORDS[line.act]
        return line.act, records[kind][0][field]
    record, *_ = records.get("directive") or next(iter(records.values()))
    return line.act, record["id"]
