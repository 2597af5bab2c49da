"""Power cuts on a station that was recorded while it worked: what each leaves, and what is missing.

The real wall with its real agent runs under the recorder, on a pool in which the city goes on. An
act counts as acknowledged from the moment at which the wall said so on its pipe, if its tester
read that and fsynced it to its own log.
"""

from __future__ import annotations

import json
import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import sqlcipher3.dbapi2 as sqlite
from builders import a_sensor
from loss.disk import KINDS, Disk, Image, moments
from loss.recorder import Call, calls
from loss.stations import Station, until
from loss.tester import TRACE
from loss.verdict import FIELDS, Told
from loss.wall import CARELESS
from world import an_area

from commandwall.areas import CITY
from commandwall.clock import Clock
from commandwall.pool import schema
from commandwall.pool.loader import load
from commandwall.pool.recorder import SERIES
from commandwall.pool.server import PoolServer
from commandwall.sensors import READING_DTYPE, pack
from commandwall.store import space, telemetry
from commandwall.store.database import StoreTrouble
from commandwall.store.journal import Line, first_bad
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror
from commandwall.store.schema import WALL, kinds
from commandwall.store.store import Reader, Store
from commandwall.store.telemetry import Telemetry

EVENTS, DEVICES = 400, 50
MADE = (
    "INSERT INTO cw_event(id, source, source_id, title, body, cls, urgency, area, address, placed,"
    " datum, reported_at, received_at, state, unit) SELECT 'e' || i, 'grid', i::text, '停水' || i,"
    " '第' || i % 7 || '幢', 'water', 3, 'c', '', 'nowhere', 'wgs84', now(), now(), 'NEW', ''"
    f" FROM generate_series(1, {EVENTS}) i"
)
MOVED = "UPDATE cw_event SET body = '第' || %s || '次' WHERE id = ANY(%s)"
NEWS_S = 0.1
NAMES = ("wall.db", "mirror", "telemetry.db")


@dataclass(frozen=True, slots=True)
class Ack:
    """An act that was acknowledged: from this line of the record on its line must be there."""

    line: int
    origin: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Record:
    """What a station wrote, and what it acknowledged meanwhile."""

    folder: Path
    calls: list[Call]
    acks: list[Ack]


@dataclass(slots=True)
class Found:
    """What the cuts of one kind of damage showed."""

    points: int = 0
    acked: int = 0
    lost: int = 0
    corrupt: Counter[str] = field(default_factory=Counter)
    words: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.lost and not self.corrupt


@contextmanager
def living_pool(folder: Path, every_s: float = NEWS_S) -> Iterator[PoolServer]:
    """A pool that `--join` finds; its events change and its devices speak ten times a second, or
    as seldom as asked."""
    over = threading.Event()
    with PoolServer(folder / "pool") as server, server.owner() as conn:
        schema.create(conn, "临江市")
        load(conn, [an_area("c", CITY, "临江市", "")])
        load(conn, [a_sensor(no, area="c", period_s=60) for no in range(DEVICES)])
        conn.execute(MADE)
        news = threading.Thread(target=_go_on, args=(conn, over, every_s))
        news.start()
        try:
            yield server
        finally:
            over.set()
            news.join()


def _go_on(conn: psycopg.Connection[Any], over: threading.Event, every_s: float) -> None:
    rng, no = random.Random(1), 0
    while not over.wait(every_s):
        no += 1
        conn.execute(MOVED, (no, [f"e{rng.randrange(1, EVENTS + 1)}" for _ in range(5)]))
        rows = [(device, Clock().raw(), rng.uniform(1, 9), 0) for device in range(DEVICES)]
        body = pack(np.array(rows, READING_DTYPE))
        conn.execute("SELECT cw_put_pack('readings', %s)", (body,))


def record(
    folder: Path, pool: Path, seconds: float, acts: int = 0, careless: bool = False
) -> Record:
    """A new station on a pool, at work for so long once all is well, and on a slow machine on until
    so many acts are acknowledged."""
    trace = folder.with_suffix(".trace")
    env = {TRACE: str(trace), **({CARELESS: "1"} if careless else {})}
    station = Station(folder, "back", "--join", str(pool), **env)
    try:
        station.wait_well()
        station.ask("post", post="chief", person="陈")
        station.busy(True)
        time.sleep(seconds)
        until("acts enough", lambda: len(Told(station.log).acked) > acts)
        station.busy(False)
    finally:
        station.end()
    found = calls(trace)
    return Record(folder, found, _acks(found, Told(station.log)))


def _acks(found: list[Call], told: Told) -> list[Ack]:
    """Acknowledgements that the wall sent and the tester kept."""
    kept = {(ack["origin"], ack["seq"]) for ack in told.acked.values() if ack.get("seq")}
    acks = []
    for call in found:
        if call.name == "write" and not call.path.startswith("/") and b'"ack": {"o' in call.data:
            for line in call.data.splitlines():
                ack = json.loads(line).get("ack") or {}
                if (ack.get("origin"), ack.get("seq")) in kept:
                    acks.append(Ack(call.begin, **ack))
    return acks


def survey(record: Record, points: int, seed: int, scratch: Path) -> dict[str, Found]:
    """Cut the power at so many moments drawn from a seed, half of them while acts were done; open
    what each leaves by the real store. By kind of damage."""
    rng = random.Random(seed)
    disk = Disk(record.folder, lambda path: counts(record.folder, path))
    mine = [call for call in record.calls if _concerns(record.folder, call)]
    steps = moments(mine)
    first = next(i for i, (line, _, _) in enumerate(steps) if line > record.acks[0].line)
    drawn = [rng.randrange(len(steps)) for _ in range(points // 2)]
    drawn += [rng.randrange(first, len(steps)) for _ in range(points - points // 2)]
    cuts = Counter(drawn)
    found = {kind: Found() for kind in KINDS}
    turn = 0
    for no, (line, ended, call) in enumerate(steps):
        (disk.end if ended else disk.begin)(call)
        for _ in range(cuts[no]):
            kind = KINDS[turn % len(KINDS)]
            turn += 1
            acks = [ack for ack in record.acks if ack.line < line]
            look(put(disk.image(kind, rng), scratch), acks, found[kind])
    return found


def counts(folder: Path, path: str) -> bool:
    """Whether a file is one that must outlive a power cut, or be known as gone: all but logs,
    locks, the reserve, and what only programs that run share."""
    inside = path.startswith(f"{folder}/") and "/" not in path[len(str(folder)) + 1 :]
    passing = ("-shm", ".lock", ".live", ".hot", ".words", f"/{space.NAME}")
    return inside and not path.endswith(passing)


def _concerns(folder: Path, call: Call) -> bool:
    return call.path == str(folder) or counts(folder, call.path) or counts(folder, call.target)


def put(image: Image, folder: Path) -> Path:
    """Lay the files of an image into an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path, data in image.items():
        (folder / Path(path).name).write_bytes(data)
    return folder


def look(folder: Path, acks: list[Ack], found: Found) -> None:
    """Open what a cut left as the programs do at their start, and count what is wrong."""
    found.points += 1
    found.acked += len(acks)
    try:
        with closing(open_store(folder)) as store:
            held, wrong = store.read(_journal)
            missing = [ack for ack in acks if held.get((ack.origin, ack.seq)) != ack.hash]
            found.lost += len(missing)
            found.words += [*wrong, *(f"lost: {ack}" for ack in missing[:1])]
            found.corrupt["wall.db"] += bool(wrong)
            _mirror(store, found)
        _telemetry(folder, found)
    except (StoreTrouble, sqlite.DatabaseError) as trouble:
        found.lost += len(acks)
        found.corrupt["wall.db"] += 1
        found.words.append(f"wall.db: {trouble}")
    found.corrupt = +found.corrupt


def _journal(reader: Reader) -> tuple[dict[tuple[str, int], str], list[str]]:
    """Hash of every line, and what does not hold: file, chain, records that are not as the newest
    line that wrote them."""
    wrong = [f"wall.db: {row}" for (row,) in reader.rows("PRAGMA integrity_check") if row != "ok"]
    lines = [Line(*row) for row in reader.rows(f"SELECT {FIELDS} FROM journal ORDER BY hlc")]
    for origin in {line.origin for line in lines}:
        chain = sorted((one for one in lines if one.origin == origin), key=lambda one: one.seq)
        wrong += [str(bad) for bad in (first_bad(chain),) if bad]
    newest: dict[str, dict[str, Any]] = {}
    for line in lines:
        for name, rows in json.loads(line.body or "{}").get("records", {}).items():
            newest.setdefault(name, {}).update((row["id"], row) for row in rows)
    for name, rows in newest.items():
        here = {r.id: asdict(r) for r in reader.many(kinds(WALL)[name], list(rows))}
        wrong += [f"{name} {key} is not as its line" for key in rows if here.get(key) != rows[key]]
    return {(line.origin, line.seq): line.hash for line in lines}, wrong


def _mirror(store: Store, found: Found) -> None:
    """The mirror in use opens, is whole and agrees with its own counters; one in the making is a
    sound file that the fill goes on with."""
    used = store.mirror_name()
    for file in [store.folder / used] if used else sorted(store.folder.glob("mirror-*.db")):
        try:
            if used:
                Mirror(file).close()
            wrong = _unsound(file, TALLIED if used else "")
        except (StoreTrouble, sqlite.DatabaseError, OSError, ValueError) as trouble:
            wrong = str(trouble)
        if wrong:
            found.corrupt["mirror"] += 1
            found.words.append(f"{file.name}: {wrong}")


TALLIED = (
    "SELECT state, count(*) FROM event GROUP BY state"
    " EXCEPT SELECT key, n FROM tally WHERE name = 'state'"
)


def _telemetry(folder: Path, found: Found) -> None:
    """The history opens without being begun anew."""
    file = folder / telemetry.NAME
    if not file.exists():
        return
    try:
        wrong = _unsound(file, "")
        pool = "" if wrong else _asked(file, "SELECT value FROM about WHERE key = 'pool'")
    except sqlite.DatabaseError as trouble:
        wrong, pool = str(trouble), ""
    if wrong:
        found.corrupt["telemetry.db"] += 1
        found.words.append(f"telemetry.db: {wrong}")
    else:
        Telemetry(folder, SERIES, str(pool)).close()


def _unsound(file: Path, also: str) -> str:
    """What a check of the file says, or the answer to what must have none; "" if it is well."""
    said = _asked(file, "PRAGMA integrity_check")
    return str(said) if said != "ok" else str((also and _asked(file, also)) or "")


def _asked(file: Path, sql: str) -> Any:
    """First column of the first row, or ""."""
    with closing(sqlite.connect(str(file))) as raw:
        try:
            row = raw.execute(sql).fetchone()
        except sqlite.OperationalError as error:
            if "no such table" not in str(error):
                raise
            row = None
    return row[0] if row else ""
