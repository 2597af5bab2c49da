"""Logins of stations: a whole city's, or one that sees and writes a single area."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from psycopg import sql

from commandwall import platform
from commandwall.pool import schema
from commandwall.pool.schema import Connection

LISTED = """
SELECT r.rolname, coalesce(s.area, ''), coalesce(s.kinds, '{}'), count(DISTINCT o.origin),
    max(j.received_at)::text
FROM pg_roles r JOIN pg_auth_members m ON m.member = r.oid
    JOIN pg_roles g ON g.oid = m.roleid AND g.rolname IN (%s, %s)
    LEFT JOIN cw_station s ON s.login = r.rolname LEFT JOIN cw_origin o ON o.login = r.rolname
    LEFT JOIN cw_journal j ON j.origin = o.origin
WHERE r.rolcanlogin AND (s.login IS NOT NULL OR g.rolname = %s) GROUP BY 1, 2, 3 ORDER BY 2, 1
"""

BOUND = "INSERT INTO cw_station(login, area, kinds) VALUES (%s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Login:
    """A station's login: its area ("": the city), the kinds that it takes (none: all), the stations
    it speaks for, its last line."""

    name: str
    area: str
    kinds: list[str]
    origins: int
    newest: str | None


def add(conn: Connection, name: str, area: str, file: Path, kinds: Sequence[str] = ()) -> None:
    """A login with a drawn password, which goes into a new file that only we can read; `kinds`: the
    only ones of which rows come to it.

    Raises FileExistsError for a file that is there, psycopg.Error for a login that is. The server
    gets the password's verifier alone, so it stands in no log.
    """
    drawn = draw()
    platform.write_private(file, drawn)
    with ExitStack() as undo:
        undo.callback(file.unlink)
        with conn.transaction():
            _create(conn, name, area, drawn)
            if area or kinds:
                conn.execute(BOUND, (name, area, list(kinds)))
        undo.pop_all()


def draw() -> str:
    """A password."""
    return secrets.token_urlsafe(24)


def change(conn: Connection, password: str) -> None:
    """Another password for the login of this connection: the one before opens nothing more."""
    verifier = sql.Literal(_verifier(conn, conn.info.user, password))
    conn.execute(sql.SQL("ALTER ROLE CURRENT_USER PASSWORD {}").format(verifier))


def _verifier(conn: Connection, name: str, password: str) -> str:
    method = b"scram-sha-256"
    return conn.pgconn.encrypt_password(password.encode(), name.encode(), method).decode()


def _create(conn: Connection, name: str, area: str, password: str) -> None:
    verifier = _verifier(conn, name, password)
    login, role = sql.Identifier(name), sql.Identifier(schema.TOWN if area else schema.STATION)
    made = sql.SQL(
        "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {} IN ROLE {}"
    )
    conn.execute(made.format(login, sql.Literal(verifier), role))


def listed(conn: Connection) -> list[Login]:
    """All logins of this pool's stations; those of the whole city first."""
    rows = conn.execute(LISTED.encode(), (schema.STATION, schema.TOWN, schema.STATION))
    return [Login(*row) for row in rows.fetchall()]


def remove(conn: Connection, name: str) -> bool:
    """Take a login away, and everything it may; False where it is no station's."""
    if name not in {login.name for login in listed(conn)}:
        return False
    with conn.transaction():
        conn.execute("DELETE FROM cw_station WHERE login = %s", (name,))
        conn.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
    return True


def knows(conn: Connection, area: str) -> bool:
    """Whether the pool has an area of this code; one without areas does not know yet."""
    row = conn.execute(
        "SELECT EXISTS (SELECT FROM cw_area WHERE id = %s) OR NOT EXISTS (SELECT FROM cw_area)",
        (area,),
    ).fetchone()
    return bool(row and row[0])


def address(pool: str, name: str) -> str:
    """The pool's address for another login."""
    parts = urlsplit(pool)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{quote(name)}@{host}").geturl().replace(":@/", "@/")
