"""Files of a real station, damaged one at a time, and opened as the programs open them."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import sqlcipher3.dbapi2 as sqlite
from loss.stations import Station

from commandwall.clock import Clock
from commandwall.desk import Desk
from commandwall.pool.client import Client
from commandwall.pool.compare import Comparison, Stretch
from commandwall.pool.fill import fill
from commandwall.pool.link import Link
from commandwall.pool.packs import Packs
from commandwall.pool.recorder import Recorder
from commandwall.pool.server import PoolServer
from commandwall.store import backup, check, database, guard, quarantine, telemetry
from commandwall.store.journal import Line
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror
from commandwall.store.salvage import is_sound
from commandwall.store.store import WALL_DB, pointed, put_away

PAGE = 4096
WORK_S = 4.0
ENDINGS = (".db", ".db-wal", ".live", ".hot", ".current", ".pulse", ".sight")
Damage = Callable[[Path, random.Random], None]
Content = dict[str, list[Any]]
FIELDS = ", ".join(Line.__slots__)
UNSEEN = {"alarm", "changed", "setting", "told", "wall_log"}
"""Tables of wall.db that no line and no sum covers (docs/safety.md, "What nobody sees")."""


def _bit(file: Path, rng: random.Random) -> None:
    raw = bytearray(file.read_bytes())
    at = rng.randrange(len(raw) * 8)
    raw[at // 8] ^= 1 << at % 8
    file.write_bytes(raw)


def _zeros(file: Path, rng: random.Random) -> None:
    _page(file, rng, bytes(PAGE))


def _rubbish(file: Path, rng: random.Random) -> None:
    _page(file, rng, rng.randbytes(PAGE))


def _page(file: Path, rng: random.Random, page: bytes) -> None:
    raw = bytearray(file.read_bytes())
    at = rng.randrange(-(-len(raw) // PAGE)) * PAGE
    raw[at : at + PAGE] = page[: len(raw) - at]
    file.write_bytes(raw)


def spoil(file: Path, rng: random.Random) -> None:
    """Rubbish under programs that have a file open: in most of a mirror, at the journal's end."""
    pages = file.stat().st_size // PAGE
    first = pages - 2 if file.name == WALL_DB else 6
    with file.open("r+b") as raw:
        raw.seek(first * PAGE)
        raw.write(rng.randbytes((pages - first) * PAGE))


def _cut(file: Path, rng: random.Random) -> None:
    raw = file.read_bytes()
    file.write_bytes(raw[: rng.randrange(len(raw))])


def _gone(file: Path, rng: random.Random) -> None:
    file.unlink()


DAMAGES: dict[str, Damage] = {
    "bit": _bit, "zeros": _zeros, "rubbish": _rubbish, "cut": _cut, "gone": _gone,
}  # fmt: skip


def content(file: Path, scratch: Path) -> Content | None:
    """All rows of all tables of a database, read on a copy; None where they cannot be read. The
    bytes of another file."""
    if not file.name.endswith((".db", ".db-wal")):
        return {"bytes": [file.read_bytes()]}
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    for part in file.parent.glob(f"{file.name}*"):
        if part.name in (file.name, f"{file.name}-wal"):
            shutil.copyfile(part, scratch / part.name)
    try:
        with closing(database.raw(scratch / file.name)) as conn:
            if conn.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                return None
            tables = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
            return {
                name: sorted(conn.execute(f"SELECT * FROM {name}"), key=repr)
                for name, sql in tables.fetchall()
                if not sql.startswith("CREATE VIRTUAL")
            }
    except (sqlite.Error, UnicodeDecodeError):  # SQLite quotes what it finds
        return None


def lines_in(found: Content | None) -> list[Line]:
    return [Line(*row) for row in (found or {}).get("journal", ())]


def make(folder: Path) -> None:
    """Files of a station that worked: `ended` as it was closed, `killed` as the power was cut; each
    with a backup that was made while it worked."""
    station = Station(folder / "station", "back", "--join", str(folder))
    station.wait_well()
    station.ask("post", post="chief", person="陈")
    for seconds in (WORK_S, WORK_S):
        station.busy(True)
        time.sleep(seconds)
        station.busy(False)
        if not backup.files(station.folder):
            backup.make(station.folder)
    programs = [psutil.Process(station.wall), psutil.Process(station.agent())]
    for program in programs:
        program.suspend()
    shutil.copytree(station.folder, folder / "killed")
    for program in programs:
        program.resume()
    station.end()
    shutil.copytree(station.folder, folder / "ended")


def _weight(name: str) -> int:
    """The journal most, then what is large, then what lies beside."""
    return 6 if name.startswith(WALL_DB) else 3 if ".db" in name and ".hot" not in name else 1


def start(folder: Path) -> str:
    """Open the store as both programs do, then look as the agent has it done each hour; where
    something was found, "" where nothing was."""
    known = len(quarantine.harms(folder))
    open_store(folder).close()
    told = "the start" if len(quarantine.harms(folder)) > known else ""
    for name, fault in guard.look(folder, history=True):
        if name == telemetry.NAME:
            quarantine.take(folder / name, fault, moved=True)
        elif name != WALL_DB:
            put_away(folder, name, fault)
        told = told or "the look"
    return told


class Survey:
    """What became of the files that were damaged."""

    def __init__(self, pool: Path, server: PoolServer, scratch: Path) -> None:
        self._pool, self._server, self._scratch = pool, server, scratch
        self.harmed = 0
        self.found: Counter[tuple[str, ...]] = Counter()

    def said(self) -> str:
        return "\n".join(f"{n:4} {' · '.join(key)}" for key, n in sorted(self.found.items()))

    def damage(self, rng: random.Random) -> None:
        """Damage one file of a fresh copy, start, look, and meet the pool."""
        folder, look = self._scratch / "station", self._scratch / "look"
        shutil.rmtree(folder, ignore_errors=True)
        source = rng.choice(("killed", "ended"))
        shutil.copytree(self._pool / source, folder)
        names = sorted(p.name for p in folder.iterdir() if p.name.endswith(ENDINGS))
        name = rng.choice([name for name in names for _ in range(_weight(name))])
        shown = name.replace(pointed(folder), "mirror")
        kind = rng.choice([k for k in DAMAGES if k != "gone" or name.endswith("-wal")])
        file = folder / name.removesuffix("-wal")
        before = content(file, look)
        assert before is not None
        DAMAGES[kind](folder / name, rng)
        after = content(file, look)
        try:
            outcome = self._outcome(folder, file, before, after)
        except Exception as trouble:
            trouble.add_note(f"{source}: {shown} {kind}")
            raise
        self.found[shown, kind, outcome] += 1

    def _outcome(self, folder: Path, file: Path, before: Content, after: Content | None) -> str:
        told = start(folder)
        assert not start(folder), "the damage is found again and again"
        self.harmed += after != before
        with_pool = self._meet(folder)
        self._verify(folder, after)
        if after == before:
            return "says what it said" + (f", found at {told}" if told else "")
        if told or with_pool:
            return f"found at {told or with_pool}"
        if file.name != WALL_DB:
            return "told by nobody: can be had anew, and the pool brought it up to date"
        differs = {name for name, rows in before.items() if (after or {}).get(name) != rows}
        assert differs <= UNSEEN, f"nobody was told of {differs}"
        return "seen by nobody: a byte where no line tells, as the page on safety says"

    def _meet(self, folder: Path) -> str:
        """Fill, connect and take everything, as the agent does; by whom something was found."""
        known, clock = len(quarantine.harms(folder)), Clock()
        with (
            Client(self._server.station_url, self._server.station_secret) as client,
            closing(open_store(folder)) as store,
            closing(Desk(store, clock)) as desk,
        ):
            name = fill(folder, client, clock, lambda share: None)
            with (
                closing(Mirror(folder / name)) as mirror,
                Recorder(folder, clock, mirror.meta("epoch")) as recorder,
            ):
                packs = Packs(store, desk, clock, recorder)
                link = Link(store, desk, clock, client, mirror, packs)
                link.begin()
                while link.pull():
                    pass
                differs = self._compare(client, mirror, clock)
        forks = len(quarantine.harms(folder)) > known
        return "the pool's lines" if forks else "the pool's rows" if differs else ""

    def _compare(self, client: Client, mirror: Mirror, clock: Clock) -> bool:
        """Whether the comparison with the pool sees rows that differ; it would put them right."""
        comparison = Comparison(client, mirror, clock)
        stretches = [Stretch(kind, "", None) for kind in client.comparable()]
        differs = [one for one in stretches if comparison._differ(one)]
        for one in differs:
            comparison._mend(one, sorted(comparison._differ(one)), comparison._differ(one))
        return bool(differs)

    def _verify(self, folder: Path, after: Content | None) -> None:
        """All files are sound; no line is gone that the pool or the backup has, or that could
        still be read."""
        assert check.journal(folder / WALL_DB) is None
        assert check.mirror(folder / pointed(folder)) is None
        assert check.history(folder / telemetry.NAME) is None
        with closing(open_store(folder)) as store:
            lines = [
                Line(*r) for r in store.read(lambda r: r.rows(f"SELECT {FIELDS} FROM journal"))
            ]
        held, bodies = {line.hash for line in lines}, {line.body_hash for line in lines}
        copied = lines_in(content(backup.files(folder)[0], self._scratch / "copy"))
        assert copied and {line.hash for line in copied} <= held
        with self._server.owner() as conn:
            pooled = {h for (h,) in conn.execute("SELECT hash FROM cw_journal").fetchall()}
        assert pooled and pooled <= held
        assert {line.body_hash for line in lines_in(after) if is_sound(line)} <= bodies
