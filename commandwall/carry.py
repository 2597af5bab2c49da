"""Carrying 递送: what stations did, in a file on a stick, where no line joins them.

The file is an SQLCipher database: without its passphrase nobody reads it, and a byte that changed
is noticed. It holds every line that the giving station has. They are taken as those that the pool
sends: each once, chains verified, none before one that it had seen; so the same stick may go round
twice, and what comes again through the pool later is known already.
"""

from __future__ import annotations

import getpass
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import msgspec
import sqlcipher3.dbapi2 as sqlite

from commandwall import platform
from commandwall.clock import Ms, to_datetime
from commandwall.config import REFUSED, Settings
from commandwall.plain import clean
from commandwall.store import database, lines
from commandwall.store.database import StoreTrouble
from commandwall.store.journal import Line
from commandwall.store.store import Reader, Refused
from commandwall.world import World

FORMAT = "1"
TABLES = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE line (
    no INTEGER PRIMARY KEY, origin TEXT NOT NULL, seq INTEGER NOT NULL, hlc INTEGER NOT NULL,
    scope TEXT NOT NULL, act TEXT NOT NULL, person TEXT NOT NULL, post TEXT NOT NULL,
    body_hash TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL, body TEXT
) STRICT;
"""
AT = re.compile("[0-9]{1,14}")
FIELDS = [field.name for field in fields(Line)]
PUT = f"INSERT INTO line ({', '.join(FIELDS)}) VALUES ({', '.join('?' * len(FIELDS))})"
TAKE = f"SELECT {', '.join(FIELDS)} FROM line ORDER BY no"

WRONG = "口令不对，或不是递送文件 wrong passphrase, or not written by carry"
SET_BACK = """\
本站的文件比别处的旧，先接通中心池。
this station was set back, and others know more of it than it does: let it meet the pool first"""
BARE = """\
文件来自只看本辖区的站，缺少别处记录的正文；请从全市站导出。
the file is of a station that sees its own area only and lacks the text of lines that are new here;
let a station that sees the whole city write it"""


class CarryTrouble(Exception):
    """A file cannot be written or taken; the text says why, in both languages."""


@dataclass(frozen=True, slots=True)
class Carried:
    """How many lines of how many stations, and when they were written out."""

    lines: int
    stations: int
    at: Ms


def out(world: World, file: Path, passphrase: str) -> Carried:
    """Write all lines that this station holds into a new file; it is on the disk afterwards.

    Raises CarryTrouble where there is such a file, OSError where none can be written.
    """
    if file.exists():
        raise CarryTrouble(f"已有此文件 {file} exists already")
    fresh, now = file.with_name(file.name + ".new"), world.clock.now()
    fresh.unlink(missing_ok=True)
    fresh.touch(0o600)
    try:
        with closing(_open(fresh, passphrase)) as conn:
            told = _write(conn, world, now)
        platform.settle(fresh, file)
    finally:
        fresh.unlink(missing_ok=True)
    return told


def take(world: World, file: Path, passphrase: str) -> Carried:
    """Take what a file brings that is not known here; returns how much that was.

    Raises CarryTrouble for a file that is none, another city's, or from a station that knows more
    of this one than it knows itself; Refused("broken_chain") for lines that do not verify.
    """
    if not file.is_file():
        raise CarryTrouble(f"没有此文件 there is no file {file}")
    with closing(_open(file, passphrase)) as conn:
        city, at = _about(conn)
        if city != world.store.read(Reader.city):
            raise CarryTrouble(f"另一城市的记录 lines of another city: {clean(city, 40) or '?'}")
        heads = _heads(world)
        new = _new(conn, heads, world.desk.origin)
        world.desk.receive(line for line in _lines(conn) if line.seq > heads[line.origin])
    return Carried(len(new), len({origin for origin, _ in new}), at)


def _new(conn: Any, heads: Counter[str], own: str) -> set[tuple[str, int]]:
    """Station and number of each line that is not known here.

    A line without its body is not taken: where it is known its body never comes again.
    """
    new = set[tuple[str, int]]()
    for line in _lines(conn):
        if line.seq > heads[line.origin]:
            new.add((line.origin, line.seq))
            if line.body is None:
                raise CarryTrouble(BARE)
    if any(origin == own for origin, _ in new):
        raise CarryTrouble(SET_BACK)
    return new


def _open(file: Path, passphrase: str) -> Any:
    conn = sqlite.connect(str(file), isolation_level=None)
    conn.execute("PRAGMA key = '{}'".format(passphrase.replace("'", "''")))
    conn.execute("PRAGMA trusted_schema=OFF")
    return conn


def _write(conn: Any, world: World, now: Ms) -> Carried:
    conn.executescript(TABLES)
    about = {
        "format": FORMAT,
        "city": world.store.read(Reader.city),
        "at": str(now),
        "from": world.desk.origin,
    }
    waiting = lines.held(lambda sql, values: world.store.read(lambda r: r.rows(sql, **values)))
    conn.execute("BEGIN")
    conn.executemany("INSERT INTO about VALUES (?, ?)", about.items())
    conn.executemany(PUT, map(astuple, waiting))
    conn.execute("COMMIT")
    told, stations = conn.execute("SELECT count(*), count(DISTINCT origin) FROM line").fetchone()
    return Carried(told, stations, now)


def _about(conn: Any) -> tuple[str, Ms]:
    """The city, and when the file was written."""
    try:
        made = set(conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'"))
        about = dict(conn.execute("SELECT key, value FROM about") if ("about",) in made else ())
        sound = conn.execute("PRAGMA cipher_integrity_check").fetchall()
    except sqlite.DatabaseError as why:
        raise CarryTrouble(f"{WRONG}: {why}") from why
    if about.get("format") != FORMAT:
        raise CarryTrouble(f"不认识的格式 unknown format {clean(about.get('format'), 40)}")
    if sound:
        raise CarryTrouble(f"文件已损坏 the file is damaged: {sound[0][0]}")
    city, at = about.get("city"), str(about.get("at"))
    if ("line",) not in made or not isinstance(city, str) or not AT.fullmatch(at):
        raise CarryTrouble("文件不全 the file lacks what it is about, or its lines")
    return city, Ms(int(at))


def _lines(conn: Any) -> Iterator[Line]:
    """CarryTrouble with the place in the file of what is no line: nobody who writes one makes such,
    and nothing of the file is taken."""
    for no, row in enumerate(conn.execute(TAKE), 1):
        try:
            line = msgspec.convert(dict(zip(FIELDS, row, strict=True)), Line)
        except msgspec.ValidationError as why:
            raise CarryTrouble(f"第 {no} 条不合格 line {no} is none: {why}") from why
        if not lines.has_sound_head(line):
            raise CarryTrouble(f"第 {no} 条不合格 line {no} has no sound head")
        yield line


def _heads(world: World) -> Counter[str]:
    return Counter(dict(world.store.read(lambda r: r.rows("SELECT origin, seq FROM head"))))


def run(settings: Settings, way: str, file: Path, passphrase_file: Path | None) -> int:
    """What the command line asks, `out` or `in`; says what was carried."""
    try:
        passphrase = _passphrase(passphrase_file)
        with database.troubles(), closing(World.open(settings)) as world:
            world.desk.check_room()
            told = (out if way == "out" else take)(world, file, passphrase)
    except (CarryTrouble, Refused, StoreTrouble, OSError) as why:
        print(f"commandwall: {why}", file=sys.stderr)
        return REFUSED
    words = "已写出 written" if way == "out" else "新到 new"
    print(f"{words}: {told.lines} 条 lines, {told.stations} 站 stations ({to_datetime(told.at)})")
    return 0


def _passphrase(file: Path | None) -> str:
    if file is None:
        given = getpass.getpass("口令 passphrase: ")
    else:
        given = file.read_text(encoding="utf-8").strip()
    if not given:
        raise CarryTrouble("口令为空 the passphrase is empty")
    return given
