"""A pool full of hostile texts, shared by the tests of this folder that only read it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import StillClock
from hostile import city
from pools import make_pool

from commandwall.desk import Desk
from commandwall.pool import schema
from commandwall.pool.client import Client
from commandwall.pool.fill import fill
from commandwall.pool.link import Link
from commandwall.pool.loader import load
from commandwall.pool.packs import Packs
from commandwall.pool.server import PoolServer
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror

COUNT = itertools.count(1)
LONG = bool(os.environ.get("COMMANDWALL_TEST_LONG"))


class Pool:
    """A pool of its own: the owner's connection and the station's address."""

    def __init__(self, server: PoolServer) -> None:
        self.name, self.secret = f"hostile{next(COUNT)}", str(server.station_secret)
        self.url = server.station_url.replace("/city?", f"/{self.name}?")
        self.owner = make_pool(server, self.name, "<h1>临江市")

    def client(self) -> Client:
        return Client(self.url, self.secret)

    def counts(self) -> dict[str, int]:
        sql = "SELECT count(*) FROM cw_"
        return {n: self.owner.execute(sql + n).fetchone()[0] for n in schema.city_kinds()}


@pytest.fixture
def pool(server: PoolServer) -> Iterator[Pool]:
    made = Pool(server)
    yield made
    made.owner.close()


class Station:
    """A station that wrote whatever it liked into its own records."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store, self.clock = folder, open_store(folder), StillClock()
        self.desk = Desk(self.store, self.clock)

    def write(self, *records: Any) -> None:
        self.desk.run(_hostile, {"records": records}, "<b>陈</b>\u202e", "front.chief")

    def exchange(self, pool: Pool) -> None:
        """Fill at the first time, then give and take everything, as the agent does."""
        with pool.client() as client:
            name = self.store.mirror_name()
            name = name or fill(self.folder, client, self.clock, lambda share: None)
            mirror = Mirror(self.folder / name)
            link = Link(
                self.store, self.desk, self.clock, client, mirror,
                Packs(self.store, self.desk, self.clock),
            )  # fmt: skip
            link.begin()
            while link.push() | link.pull():
                pass
            mirror.close()

    def close(self) -> None:
        self.desk.close()
        self.store.close()


def _hostile(tx: Any, records: Any) -> None:
    tx.put(*records)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Callable[[str], Station]]:
    made: list[Station] = []

    def make(name: str) -> Station:
        made.append(Station(tmp_path / name))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def hostile_pool(pool: Pool, station: Callable[[str], Station]) -> Pool:
    """Every text of every kind, of the city and of another station."""
    load(pool.owner, [*city.city(), *city.circles()])
    for some in city.pool_records(LONG):
        load(pool.owner, some)
    other = station("other")
    for some in city.station_records(LONG):
        other.write(*some)
    other.exchange(pool)
    return pool
