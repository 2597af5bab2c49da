"""`commandwall pool`: make the pool of a city, or print the SQL for engineers who do it by hand."""

from __future__ import annotations

import argparse
import sys

from commandwall.config import Settings

DONE, REFUSED = 0, 2
CONNECT_S = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be asked for."""
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    for name, words in (("make", "make or upgrade the pool 建池/升级"), ("sql", "print its SQL")):
        one = what.add_parser(name, help=words)
        one.add_argument("--city", default="", metavar="NAME", help="name of the city 城市名")


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """0 when it is done; 2 with a sentence when the pool cannot be reached or refuses."""
    # Here, not above: every other command would wait for these libraries too.
    import psycopg

    from commandwall import secret
    from commandwall.pool import schema

    if asked.what == "sql":
        print(f"BEGIN;\n{schema.script(asked.city)}\nCOMMIT;")
        return DONE
    if not settings.pool:
        print("commandwall: name the pool: COMMANDWALL_POOL=postgresql://…", file=sys.stderr)
        return REFUSED
    try:
        password = secret.password(settings.pool, settings.secret_file)
        with psycopg.connect(settings.pool, password=password, connect_timeout=CONNECT_S) as conn:
            schema.create(conn, asked.city)
    except (OSError, psycopg.Error) as error:
        print(f"commandwall: {error}", file=sys.stderr)
        return REFUSED
    return DONE
