"""`commandwall pool`: make the pool of a city, bring it up to date, look after it, remove it.

Exit codes: 0 done (check: nothing is bad); 1 it cannot be done, or something is bad; 2 asked
wrongly.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from commandwall import codes
from commandwall.config import REFUSED, USAGE, Settings

if TYPE_CHECKING:
    from commandwall.pool.schema import Connection

    Work = Callable[[Connection, Settings, argparse.Namespace], int]

DONE = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be asked for."""
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    init = _command(what, "init", "make a pool in an empty database 建池")
    init.add_argument("--city", default="", metavar="NAME", help="name of the city 城市名")
    printed = "print the SQL and do nothing 只打印 SQL"
    init.add_argument("--print", action="store_true", dest="print_sql", help=printed)
    _command(what, "upgrade", "bring it up to date, mend triggers and rights 升级与修复")
    _command(what, "check", "find what is wrong, and say what to do 检查")
    status = _command(what, "status", "how it stands 状态")
    status.add_argument("--json", action="store_true", help="for other programs 供程序读取")
    station = what.add_parser("station", help="logins of stations 各站登录")
    verbs = station.add_subparsers(dest="verb", required=True, metavar="VERB")
    add = _named(verbs, "add", "a login; its password goes into a file 新增")
    only = "sees and writes only what lies in this area 只见、只写本辖区"
    add.add_argument("--area", default="", metavar="PREFIX", help=only)
    some = "takes only rows of these kinds, with commas between 只收这些类"
    add.add_argument("--kinds", default="", metavar="KINDS", help=some)
    add.add_argument(
        "--out", type=Path, default=None, metavar="FILE", help="else NAME.secret 密码存入"
    )
    add.add_argument("--show", action="store_true", help="print the password too 同时显示密码")
    _command(verbs, "list", "all of them 列出")
    _named(verbs, "remove", "take one away 删除")
    drop = _command(what, "drop", "remove it with all rows 删除中心池")
    drop.add_argument("--yes", action="store_true", help="without asking 不再询问")


def _named(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], verb: str, words: str
) -> argparse.ArgumentParser:
    one = verbs.add_parser(verb, help=words)
    one.add_argument("name", metavar="NAME")
    return _addressed(one)


def _command(
    what: argparse._SubParsersAction[argparse.ArgumentParser], name: str, words: str
) -> argparse.ArgumentParser:
    return _addressed(what.add_parser(name, help=words))


def _addressed(one: argparse.ArgumentParser) -> argparse.ArgumentParser:
    one.add_argument(
        "pool", nargs="?", default=None, metavar="URL", help="postgresql://… without a password"
    )
    secret = "file of mode 0600 with the password 密码文件"
    one.add_argument("--secret-file", default=None, metavar="FILE", help=secret)
    return one


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """Do what was asked of the pool that the settings name, with its owner's login."""
    # Here, not above: every other command would wait for these libraries too.
    import psycopg

    from commandwall import secret
    from commandwall.pool import connection, schema

    if asked.what == "init" and asked.print_sql:
        print(f"BEGIN;\n{schema.script(asked.city)}\nCOMMIT;")
        return DONE
    if not settings.pool:
        return _refuse("url", settings, USAGE)
    try:
        password = secret.password(settings.pool, settings.secret_file)
        with connection.owner(settings.pool, password) as conn:
            return WORKS[asked.what](conn, settings, asked)
    except (OSError, psycopg.Error) as error:
        print(f"commandwall: {error}", file=sys.stderr)
        return _advise(error, settings)


def _advise(error: Exception, settings: Settings) -> int:
    """What to do about what a server or a disk said in its own words, where that is known."""
    from psycopg import errors

    about = {
        FileExistsError: "secret_there", errors.DuplicateObject: "login_there",
        errors.InsufficientPrivilege: "no_owner",
    }  # fmt: skip
    code = next((code for kind, code in about.items() if isinstance(error, kind)), "")
    if not code and "password" in str(error):
        code = "no_secret"
    return _refuse(code, settings) if code else REFUSED


def _init(conn: Connection, settings: Settings, asked: argparse.Namespace) -> int:
    from commandwall.pool import schema

    number, _ = schema.made(conn)
    if number:
        return _refuse("there", settings, city=_city(conn))
    return _make(conn, settings, asked.city)


def _upgrade(conn: Connection, settings: Settings, asked: argparse.Namespace) -> int:
    from commandwall.pool import schema

    number, _ = schema.made(conn)
    if number == 0:
        return _refuse("none", settings)
    if number > schema.SCHEMA:
        return _refuse("newer", settings, number=number, ours=schema.SCHEMA)
    return _make(conn, settings, "")


def _make(conn: Connection, settings: Settings, city: str) -> int:
    from commandwall.pool import check, schema

    for code, _, facts in check.server(conn):
        words = codes.load("pool_check")[code]
        print(f"commandwall: {words.name(settings.lang).format(**facts)}", file=sys.stderr)
        return REFUSED
    schema.create(conn, city, again=True)
    print(_words("made", settings, city=_city(conn), number=schema.SCHEMA))
    return DONE


def _check(conn: Connection, settings: Settings, asked: argparse.Namespace) -> int:
    from commandwall import finding
    from commandwall.pool import check

    return finding.tell(check.examine(conn, settings.lang))


def _status(conn: Connection, settings: Settings, asked: argparse.Namespace) -> int:
    from commandwall.pool import schema
    from commandwall.pool.status import status

    if schema.made(conn)[0] == 0:
        return _refuse("none", settings)
    found = status(conn)
    if asked.json:
        print(json.dumps(found, ensure_ascii=False))
        return DONE
    names = codes.load("pool_status")
    for key, value in found.items():
        print(f"{names[key].name(settings.lang)}: {_shown(value)}")
    return DONE


def _shown(value: object) -> str:
    """A fact for people; of many, each on a line of its own."""
    if isinstance(value, dict):
        return "".join(f"\n  {name}: {_line(fact)}" for name, fact in value.items()) or "—"
    return "—" if value is None else str(value)


def _line(fact: object) -> str:
    if isinstance(fact, dict):
        return ", ".join(f"{name} {_shown(value)}" for name, value in fact.items())
    return _shown(fact)


def _drop(conn: Connection, settings: Settings, asked: argparse.Namespace) -> int:
    from commandwall.pool import schema, stations

    if (number := schema.made(conn)[0]) == 0:
        return _refuse("none", settings)
    city = _city(conn)
    if not asked.yes and _answer(_words("drop", settings, city=city)) != city:
        return _refuse("kept", settings)
    listed = stations.listed(conn) if number > 1 else []  # before, pools knew no logins
    logins = ", ".join(login.name for login in listed) or "—"
    schema.drop(conn)
    print(_words("dropped", settings, city=city, logins=logins))
    return DONE


def _station(conn: Connection, settings: Settings, asked: argparse.Namespace) -> int:
    from commandwall.pool import schema, stations

    if schema.made(conn)[0] == 0:
        return _refuse("none", settings)
    if asked.verb == "add":
        return _add(conn, settings, asked)
    if asked.verb == "remove":
        if not stations.remove(conn, asked.name):
            return _refuse("no_station", settings, name=asked.name)
        print(_words("removed", settings, name=asked.name))
        return DONE
    for login in stations.listed(conn):
        area = login.area or _words("whole", settings)
        kinds = ",".join(login.kinds) or _words("every_kind", settings)
        print(f"{login.name}\t{area}\t{login.origins}\t{login.newest or '—'}\t{kinds}")
    return DONE


def _add(conn: Connection, settings: Settings, asked: argparse.Namespace) -> int:
    from commandwall.pool import schema, stations

    if not re.fullmatch(r"[a-z][a-z0-9_]*", asked.name):
        return _refuse("name", settings, USAGE)
    if asked.area and not stations.knows(conn, asked.area):
        return _refuse("no_area", settings, area=asked.area)
    kinds = list(filter(None, map(str.strip, asked.kinds.split(","))))
    if strange := set(kinds) - schema.city_kinds().keys():
        named, known = ", ".join(sorted(strange)), ", ".join(schema.city_kinds())
        return _refuse("no_kind", settings, USAGE, kinds=named, known=known)
    file = (asked.out or Path(f"{asked.name}.secret")).absolute()
    stations.add(conn, asked.name, asked.area, file, kinds)
    print(f"COMMANDWALL_POOL={stations.address(settings.pool, asked.name)}")
    print(f"COMMANDWALL_SECRET_FILE={file}")
    if asked.show:
        print(file.read_text(encoding="utf-8"))
    return DONE


def _answer(question: str) -> str:
    """What a person types; "" where nobody is there."""
    print(question, end=" ", flush=True)
    return sys.stdin.readline().strip()


def _city(conn: Connection) -> str:
    """The name of the city; a pool without one goes by the name of its database."""
    row = conn.execute("SELECT city FROM cw_meta").fetchone()
    return (row and str(row[0])) or conn.info.dbname


def _words(code: str, settings: Settings, **facts: object) -> str:
    return codes.load("pool_words")[code].name(settings.lang).format(**facts)


def _refuse(code: str, settings: Settings, exit_code: int = REFUSED, **facts: object) -> int:
    print(f"commandwall: {_words(code, settings, **facts)}", file=sys.stderr)
    return exit_code


WORKS: Mapping[str, Work] = {
    "init": _init,
    "upgrade": _upgrade,
    "check": _check,
    "status": _status,
    "station": _station,
    "drop": _drop,
}
