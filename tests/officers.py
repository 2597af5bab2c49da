"""A station at which people are enrolled, for tests of who may sit there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from builders import StillClock, an_opening

from commandwall.clock import Ms
from commandwall.desk import Desk
from commandwall.incidents import open_incident
from commandwall.people import Officer
from commandwall.store.journal import Line
from commandwall.store.migrate import open_store
from commandwall.store.store import Refused

SECRET = "港口起雾 1842"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hashes that cost nothing: how long one takes says the hash itself."""


def an_officer(id_: str = "chen", name: str = "陈一", **kw: str) -> Officer:
    facts = {"area": "", "posts": "", "state": "", "secret": QUICK.hash(SECRET), **kw}
    return Officer(id=id_, name=name, at=Ms(0), by="", post="", **facts)


class Hall:
    """A station at which three people are enrolled."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, StillClock()
        self.store = open_store(folder)
        self.desk = Desk(self.store, self.clock)

    def sits(self, name: str, post: str, secret: str = SECRET) -> Any:
        return self.desk.sign_in(name, secret, post).result()

    def acts(self, **kw: Any) -> Line:
        done = self.desk.do(open_incident, opening=an_opening(**kw)).result()
        assert done.line is not None
        return done.line

    def begun_anew(self) -> None:
        """The program ends and is started again."""
        self.desk.close()
        self.desk = Desk(self.store, self.clock)

    def one(self, kind: type[Any], **equals: Any) -> Any:
        (found,) = self.store.read(lambda r: r.find(kind, **equals))
        return found

    def lines(self) -> list[Line]:
        rows = self.store.read(lambda r: r.rows("SELECT * FROM journal ORDER BY seq"))
        return [Line(*row) for row in rows]

    def close(self) -> None:
        self.desk.close()
        self.store.close()


def why(work: Any, *given: Any, **named: Any) -> str:
    with pytest.raises(Refused) as refused:
        work(*given, **named)
    return refused.value.reason.code
