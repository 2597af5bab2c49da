"""The pool's owner gives a login another area while wall and agent run: the agent connects anew,
and the wall shows what the login may see now, with all that was done there before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import station as inside
from builders import an_area, an_event
from loss.stations import Station, until

from commandwall import events
from commandwall.pool import schema, stations
from commandwall.pool.client import Client
from commandwall.pool.loader import load
from commandwall.pool.own import address
from commandwall.pool.server import PoolServer

OURS, THEIRS, BOTH, TOWN = "320281001", "320281002", "320281", "town_1"
NEW, GIVEN = ["NEW", ""], ["DISPATCHED", "供水公司"]
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PoolServer]:
    """A pool of two towns, in one of which the hall gave an event to a unit."""
    with PoolServer(tmp_path / "pool") as made, made.owner() as conn:
        schema.create(conn, "临江市")
        load(conn, [an_area(id=OURS), an_area(id=THEIRS)])
        load(conn, [an_event(id="e1", area=OURS), an_event(id="e2", area=THEIRS)])
        stations.add(conn, TOWN, OURS, tmp_path / TOWN)
        with (
            Client(made.station_url, made.station_secret) as client,
            closing(inside.Station(tmp_path / "hall", "back")) as hall,
        ):
            link = hall.meet(client)
            hall.do(events.dispatch, event="e2", unit=GIVEN[1])
            inside.exchange(link)
        yield made


@pytest.fixture
def town(server: PoolServer, tmp_path: Path) -> Iterator[Station]:
    login = address(stations.address(server.station_url, TOWN), str(tmp_path / TOWN))
    made = Station(tmp_path / "town-wall", "back", **login)
    yield made
    made.end()


def test_another_area_of_a_login_is_followed_while_wall_and_agent_run(
    server: PoolServer, town: Station
) -> None:
    town.wait_well()
    shows(town, e1=NEW)
    programs = town.wall, town.agent()
    with server.owner() as conn:
        for area, shown in ((BOTH, {"e1": NEW, "e2": GIVEN}), (THEIRS, {"e2": GIVEN})):
            conn.execute("UPDATE cw_station SET area = %s WHERE login = %s", (area, TOWN))
            shows(town, **shown)
    assert (town.wall, town.agent()) == programs and town.is_well()


def shows(town: Station, **wanted: Any) -> None:
    """Once it does; every event with its state and its unit."""
    until(f"the events {wanted}", lambda: town.view()["events"] == wanted)
