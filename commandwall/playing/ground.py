"""The world of a drill: a data directory of its own below the station's, with a pool of its own.

It gets a server, logins and secrets that no other database knows, and a copy of the city as this
station has it: everything but events and attached files, and what a snapshot has of these. The
station's own files are only read.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from commandwall import exercise, platform
from commandwall.clock import Clock
from commandwall.drill.scenario import Scenario
from commandwall.exercise import DRILLS, Exercise
from commandwall.playing import snapshots
from commandwall.playing.injecting import TABLE
from commandwall.playing.snapshots import Damaged, Snapshot
from commandwall.pool import schema
from commandwall.pool.loader import load, load_columns
from commandwall.pool.server import PoolServer
from commandwall.store import database
from commandwall.store.mirror import schema_mark
from commandwall.store.store import pointed

LEFT_OUT = frozenset({"event", "attachment", "dispute"})
"""Kinds that a drill begins without: what happens in it is its own."""
STATUSES = """
UPDATE cw_resource r SET status = s.status
FROM unnest(%s::text[], %s::text[]) AS s(id, status) WHERE r.id = s.id
"""
WORDS = {
    "nested": "这已是演练目录 this is a drill's own directory",
    "snapshot": "本机没有脚本所要的城市快照，见 drill snapshot the snapshot of the scenario is not "
    "here: see drill snapshot",
    "damaged": "城市快照已损坏或被改动 the snapshot is damaged, or was changed",
    "other_city": "城市快照出自另一座城市 the snapshot is of another city",
    "snapshot_name": "快照名只用字母、数字、-、_，至多 40 字 a snapshot is named by up to 40 "
    "letters, digits, - and _",
    "snapshot_there": "已有同名快照 there is a snapshot of this name",
    "incident": "没有这起突发事件，或不止一起，见 drill from no such incident, or several: "
    "see drill from",
    "empty": "本机还没有城市数据，先开一次大屏 no city here yet: open the wall once",
    "not_led": "不在本机导调，或脚本已变 not led here, or its scenario is another one",
    "post": "脚本里没有此席位 no player of the scenario has a station at this post",
    "invitation": "不是邀请文件 no invitation to a drill",
    "joined": "本机已有这次演练 this drill is here already",
    "used": "邀请已用过，请导调另发 the invitation was used: ask for another one",
    "away": "演练的中心池不应答，请导调先打开演练 the drill's pool does not answer: have the "
    "drill opened where it is led",
    "edition": "本机城市数据出自其他版本，先开一次大屏 the city here is of another edition: open "
    "the wall once",
}


class NoGround(Exception):
    """No world can be made, or joined; the text says why."""

    def __init__(self, code: str) -> None:
        super().__init__(WORDS[code])
        self.code = code


def begin(folder: Path, scenario: Scenario, text: bytes) -> Path:
    """Make the world of a new run below a data directory; returns its own. Nothing is left of one
    that comes to nothing.

    Raises NoGround, ServerTrouble, psycopg.Error, StoreTrouble, OSError.
    """
    mirror, snapshot = _mirror(folder), _snapshot(folder, scenario)
    drills = folder / DRILLS
    platform.private_folder(drills)
    run = next(name for n in count(1) if not (drills / (name := f"{scenario.id}-{n}")).exists())
    fresh = drills / f".{run}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    platform.private_folder(fresh)
    try:
        (fresh / exercise.SCENARIO).write_bytes(text)
        s = scenario
        exercise.lay(fresh, Exercise(run, s.id, s.version, s.digest, s.zh, s.en))
        with PoolServer(fresh / "pool") as server, server.owner() as conn:
            _fill(conn, mirror, snapshot)
        if snapshot is not None:
            (fresh / snapshots.FILE).write_bytes(msgspec.json.encode(snapshot))
        fresh.rename(drills / run)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return drills / run


def begun(folder: Path) -> Iterator[tuple[Path, Exercise]]:
    """The drills of a data directory, each with its own."""
    return exercise.within(folder / DRILLS)


def _mirror(folder: Path) -> Path:
    """The file of the city that is copied."""
    if exercise.of(folder) is not None:
        raise NoGround("nested")
    if not (name := pointed(folder)):
        raise NoGround("empty")
    if schema_mark() not in name:
        raise NoGround("edition")
    return folder / name


def _snapshot(folder: Path, scenario: Scenario) -> Snapshot | None:
    """What was open, where the scenario wants it."""
    if not scenario.snapshot:
        return None
    try:
        return snapshots.named(folder, scenario.snapshot)
    except FileNotFoundError:
        raise NoGround("snapshot") from None
    except Damaged:
        raise NoGround("damaged") from None


def _fill(conn: schema.Connection, mirror: Path, snapshot: Snapshot | None) -> None:
    """The city in the new pool; no feed tells of it: who comes copies it whole."""
    with closing(database.looking(mirror)) as city:
        row = city.execute("SELECT value FROM mirror_meta WHERE key = 'city'").fetchone()
        if snapshot is not None and snapshot.city != (row[0] if row else ""):
            raise NoGround("other_city")
        name = f"{exercise.MARK}{row[0] if row else ''}"
        schema.create(conn, name)
        with conn.transaction():
            conn.execute(_silent())
            for kind in schema.city_kinds().keys() - LEFT_OUT:
                _copy(conn, kind, city)
            if snapshot is not None:
                _lay(conn, snapshot)
            schema.run(conn, schema.script(name))
            conn.execute("SELECT cw_begin_anew()")
            conn.execute(TABLE)


def _lay(conn: schema.Connection, snapshot: Snapshot) -> None:
    """What was open, as old as it was then, and how units stood."""
    load(conn, snapshot.at(Clock().now()))
    stood = [u.id for u in snapshot.units], [u.status for u in snapshot.units]
    conn.execute(STATUSES, stood)


def _silent() -> sql.Composed:
    off = sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER")
    tables = (sql.Identifier(f"cw_{kind}") for kind in schema.city_kinds())
    return sql.SQL("; ").join(off.format(table) for table in tables)


def _copy(conn: psycopg.Connection[Any], kind: str, city: Any) -> None:
    names = ", ".join(f'"{name}"' for name in schema.columns(kind) if name != "rev")
    rows: Sequence[tuple[Any, ...]] = city.execute(f"SELECT {names} FROM {kind}").fetchall()
    if rows:
        load_columns(conn, schema.city_kinds()[kind], list(zip(*rows, strict=True)))
