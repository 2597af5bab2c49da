"""The journal 大事记: one line for each act, chained by hash over the heads.

A line is a head and a body. The head names origin, sequence, hybrid logical clock, scope, act,
person, post and the hash of the body; its own hash covers the head before it, so a body may be
withheld or erased and the chain still verifies. The same lines are the audit trail, the way out
to the pool and the replay.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Column, Index, Integer, Table, Text

from commandwall.clock import Ms
from commandwall.store.schema import wall

GENESIS = "0" * 64
AHEAD_LIMIT_BITS = 16
Version = tuple[int, str]
"""What a record was at a time: the clock of the line that wrote it, and its station, since two may
write in one millisecond. No station where an older program had seen it, which did not say."""

journal = Table(
    "journal",
    wall,
    Column("origin", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("hlc", Integer, nullable=False),
    Column("scope", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("post", Text, nullable=False),
    Column("body_hash", Text, nullable=False),
    Column("prev", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("body", Text),
    Index("ix_journal_hlc", "hlc"),
    sqlite_strict=True,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line 条: `body` is canonical JSON text, or None where it is withheld."""

    origin: str
    seq: int
    hlc: int
    scope: str
    act: str
    person: str
    post: str
    body_hash: str
    prev: str
    hash: str
    body: str | None

    @property
    def at(self) -> Ms:
        return Ms(self.hlc >> AHEAD_LIMIT_BITS)


def body_text(records: dict[str, list[dict[str, Any]]], seen: Mapping[str, Version]) -> str:
    """The body as canonical JSON: records after the act, and the version of each that it saw."""
    clocks = {record: hlc for record, (hlc, _) in seen.items()}
    body = {"records": records, "seen": clocks, "by": {r: who for r, (_, who) in seen.items()}}
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def head_hash(line: Line) -> str:
    """SHA-256 of the head: its fields in this order, joined by the unit separator U+001F."""
    head = (
        line.origin, str(line.seq), str(line.hlc), line.scope, line.act,
        line.person, line.post, line.body_hash, line.prev,
    )  # fmt: skip
    return sha256("\x1f".join(head))


def seal(line: Line) -> Line:
    """The line with its body's hash and its own."""
    fields = asdict(line)
    fields["body_hash"] = sha256(line.body or "")
    fields["hash"] = head_hash(Line(**fields))
    return Line(**fields)


def first_bad(lines: Iterable[Line]) -> tuple[Line, str] | None:
    """The first line of one origin's chain that does not verify, and why; None where all do."""
    prev, seq = GENESIS, 0
    for line in lines:
        if line.seq != seq + 1:
            return line, f"sequence {line.seq} follows {seq}"
        if line.prev != prev:
            return line, "does not name the head before it"
        if line.hash != head_hash(line):
            return line, "head was changed"
        if line.body is not None and sha256(line.body) != line.body_hash:
            return line, "body was changed"
        prev, seq = line.hash, line.seq
    return None


def tick(now: Ms, last: int) -> int:
    """Next hybrid logical clock: milliseconds shifted left by 16, plus a counter."""
    return max(now << AHEAD_LIMIT_BITS, last + 1)
