"""An empty pool with its schema for each test."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pools import make_pool
from station import Station

from commandwall.pool.client import Client
from commandwall.pool.server import PoolServer

COUNT = itertools.count(1)


@dataclass
class Pool:
    """One pool: the owner's connection, and the station's address."""

    owner: psycopg.Connection[Any]
    owner_dsn: dict[str, str]
    station_url: str
    station_secret: str

    def client(self) -> Client:
        return Client(self.station_url, self.station_secret)

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(**self.owner_dsn, autocommit=True)


@pytest.fixture
def pool(server: PoolServer) -> Iterator[Pool]:
    name = f"pool{next(COUNT)}"
    password = Path(server.owner_secret).read_text().strip()
    dsn = {"conninfo": server.owner_url.replace("/city?", f"/{name}?"), "password": password}
    with make_pool(server, name, "临江市") as owner:
        url = server.station_url.replace("/city?", f"/{name}?")
        yield Pool(owner, dsn, url, server.station_secret)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Callable[[str], Station]]:
    made: list[Station] = []

    def make(post: str) -> Station:
        made.append(Station(tmp_path / post, post))
        return made[-1]

    yield make
    for one in made:
        one.close()
