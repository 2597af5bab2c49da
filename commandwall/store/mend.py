"""Rebuild wall.db of what it still says and a backup; what is missing the pool brings back.

The file is copied into quarantine first. The journal that comes out begins as the backup and goes
on with every line that verifies; records follow from their lines. The station goes on under a new
name. The new content is written over the old in one transaction: who has it open goes on.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from commandwall.clock import Clock
from commandwall.store import backup, database, quarantine
from commandwall.store.journal import GENESIS, Line
from commandwall.store.lines import receive
from commandwall.store.origin import PUSHED, mark, names, renew
from commandwall.store.quarantine import Fault, Harm, Span
from commandwall.store.salvage import Salvage, begin_as, patch, salvage
from commandwall.store.schema import wall
from commandwall.store.store import WALL_DB, Store, Tx, writing

log = logging.getLogger(__name__)
WORK = "mending"
CUT = ("wal", "empty")
"""Faults after which nobody can tell how many lines there were."""
Make = Callable[[Path], None]
"""Creates the wall.db of a path, or brings it to this program's schema."""


def mend(folder: Path, fault: Fault, make: Make, base: Path | None = None) -> Harm:
    """Keep the wall.db of a folder as it is, and put a sound one in its place.

    `base`: the backup to begin with; the newest good one where none is named. Raises StoreTrouble.
    """
    with writing(folder, alone=True), database.troubles():
        harm = quarantine.take(folder / WALL_DB, fault, moved=False)
        work = folder / WORK
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        try:
            found = _salvaged(folder / quarantine.FOLDER / harm.kept, work, make)
            found.is_cut = fault.code in CUT
            lost = _rebuild(work, found, base or backup.newest_good(folder), make)
            _put_back(work / WALL_DB, folder / WALL_DB)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        harm = quarantine.note(folder, harm, lost)
    log.warning("wall.db is mended; missing until the pool brings them: %s", lost or "no lines")
    return harm


def _salvaged(kept: Path, work: Path, make: Make) -> Salvage:
    """What the kept file says; on copies of it, since reading changes files."""
    found = salvage(_copies(kept, work / "salvage") / WALL_DB)
    if found.lines:
        return found
    # Its first page, which says where the tables are, may be the broken one: all files of ours that
    # were made by the same program begin alike. Lines prove themselves, nothing else does.
    make(work / "alike.db")
    copies = _copies(kept, work / "again")
    begin_as(copies / WALL_DB, work / "alike.db")
    found.lines = salvage(copies / WALL_DB).lines
    return found


def _copies(kept: Path, into: Path) -> Path:
    into.mkdir()
    (into / WALL_DB).touch()
    for file in kept.glob(f"{WALL_DB}*"):
        shutil.copyfile(file, into / file.name)
    return into


def _rebuild(work: Path, found: Salvage, base: Path | None, make: Make) -> tuple[Span, ...]:
    if base is not None:
        shutil.copyfile(base, work / WALL_DB)
    make(work / WALL_DB)
    with closing(Store(work)) as store, store.write(Clock().now()) as tx:
        return _refill(tx, found)


def _refill(tx: Tx, found: Salvage) -> tuple[Span, ...]:
    """Take over every line that follows, then what has no line; returns what is missing."""
    said = [(key, value) for key, value in found.settings.items() if value]
    tx.run("INSERT OR REPLACE INTO setting VALUES (?, ?)", said)
    own, pushed = list(names(tx).items())[-1]
    follow = [line for origin in found.lines for line in _chain(tx, origin, found)]
    receive(tx, sorted(follow, key=lambda line: (line.hlc, line.origin)))
    ends = dict(tx.rows("SELECT origin, seq FROM head"))
    alone = max(pushed, ends.get(own, 0))
    mine = sorted(found.lines.get(own, {}).items())
    moved = [line for seq, line in mine if seq > alone]
    mark(tx, PUSHED, min(pushed, ends.get(own, 0)), own)
    renew(tx, moved)
    _keep_rest(tx, found)
    _ring(tx)
    tx.begin_log()  # what came back was known before, and nobody can say when
    return _missing(ends, own, found, {line.seq for line in moved})


def _chain(tx: Tx, origin: str, found: Salvage) -> Iterable[Line]:
    """Lines of one station that follow on what the base has, without a gap."""
    heads = tx.rows("SELECT seq, hash FROM head WHERE origin = :o", o=origin)
    seq, prev = heads[0] if heads else (0, GENESIS)
    lines = found.lines[origin]
    while (line := lines.get(seq + 1)) is not None and line.prev == prev:
        yield line
        seq, prev = line.seq, line.hash


def _keep_rest(tx: Tx, found: Salvage) -> None:
    """Records that no line tells of, and those that a station also writes by itself."""
    written = {key for (key,) in tx.rows("SELECT record FROM version")}
    for kind, rows in found.records.items():
        name = kind.__name__.lower()
        local = wall.tables[name].info["local"]
        left = [r for r in rows.values() if local or f"{name}:{r.id}" not in written]
        tx.put(*(r for r in left if _fits(r)))


def _fits(record: Any) -> bool:
    """Whether a record that was read off a broken page is one."""
    try:
        return bool(msgspec.convert(asdict(record), type(record)) == record)
    except ValueError:
        return False


def _ring(tx: Tx) -> None:
    """Whoever follows this file reads it anew: the ring begins far behind the old one."""
    tx.run("DELETE FROM changed WHERE seq < ?", [(tx.now,)])
    tx.run("INSERT INTO changed(seq, kind, id) VALUES (?, ?, ?)", [(tx.now, "conflict", "")])


def _missing(ends: dict[str, int], own: str, found: Salvage, moved: set[int]) -> tuple[Span, ...]:
    spans = []
    for origin in sorted({own, *ends, *found.lines, *found.heads} - {""}):
        end = ends.get(origin, 0)
        newest = max([end, found.heads.get(origin, 0), *found.lines.get(origin, ())])
        gone = [no for no in range(end + 1, newest + 1) if origin != own or no not in moved]
        if gone:
            spans.append(Span(origin, gone[0], gone[-1]))
    if not moved and (found.is_cut or own not in found.heads):
        spans.append(Span(own, ends.get(own, 0) + 1))
    return tuple(spans)


def _put_back(fresh: Path, target: Path) -> None:
    """Write a file's content over another's, in one transaction for all who have it open."""
    target.touch()
    patch(target)
    with closing(database.raw(fresh)) as source, closing(database.raw(target)) as into:
        into.execute("PRAGMA writable_schema=ON")  # else a file that was cut off is not opened
        into.execute("PRAGMA synchronous=FULL")
        source.backup(into)
