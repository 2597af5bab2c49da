"""Front and back in a hall whose pool is gone: real stations that only the hall's network joins."""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path

from loss import tester
from loss.kills import family, send
from loss.stations import Fact, Station, pair, until
from ports import free_port
from world import an_area

from commandwall.areas import CITY
from commandwall.pool import schema
from commandwall.pool.loader import load
from commandwall.pool.own import address
from commandwall.pool.server import PoolServer
from commandwall.store import pulse

SOON_S = 2.0
"""An act shows at the other station within so long where much else is done; alone within 0.1 s."""


class Hall:
    """Two stations that met their pool, which then was killed."""

    def __init__(self, folder: Path, parts: ExitStack) -> None:
        self.server = parts.enter_context(PoolServer(folder / "pool"))
        with self.server.owner() as conn:
            schema.create(conn, "临江市")
            load(conn, [an_area("c", CITY, "临江市", "")])
        door = f"127.0.0.1:{free_port()}"
        self.back = self._add(folder / "back", parts, COMMANDWALL_PEER_LISTEN=door)
        self.front = self._add(folder / "front", parts, COMMANDWALL_PEERS=door)
        for station, post in ((self.back, "chief"), (self.front, "front")):
            station.wait_well()
            station.ask("post", post=post, person="陈")
        for one, other in ((self.back, self.front), (self.front, self.back)):
            pair(one, other, folder / f"{one.folder.name}.card")
        send(family(self.server.pid), signal.SIGKILL)
        for station in (self.back, self.front):
            until("a line to the other", lambda s=station: joined(s))

    def _add(self, folder: Path, parts: ExitStack, **how: str) -> Station:
        login = address(self.server.station_url, self.server.station_secret)
        made = Station(folder, folder.name, **{tester.PROGRAM: "door.py"}, **login, **how)
        parts.callback(made.end)
        return made

    def order(self, text: str) -> str:
        """A directive from the back, once the front has it; its id."""
        place = {"area": "", "place": "", "lon": 120.2, "lat": 31.9}
        self.back.act(
            "incidents.open_incident", opening={"title": text, "kind": "accident", **place}
        )

        def known(what: str, by: Station, words: str) -> str:
            shown = by.view()[what].items()
            return next((id_ for id_, (_, said, *_) in shown if said == words), "")

        incident = until("the incident", lambda: known("incidents", self.back, text))
        order = {"incident": incident, "to_post": "front", "text": text}
        self.back.act("directives.issue", order=order)
        return until("it at the front", lambda: known("directives", self.front, text))


def joined(station: Station) -> bool:
    return any(one.joined for one in pulse.read(station.folder).peers)


def state(station: Station, directive: str) -> str:
    return str(station.view()["directives"].get(directive, [""])[0])


def heads(station: Station) -> Fact:
    return station.read(lambda r: dict(r.rows("SELECT origin, seq FROM head")))


def test_front_and_back_go_on_without_a_pool_and_a_killed_agent_catches_up(tmp_path: Path) -> None:
    with ExitStack() as parts:
        hall = Hall(tmp_path, parts)
        order = hall.order("封控港五路")
        for do, reached, more in (
            ("directives.acknowledge", "ACKED", {}), ("directives.execute", "EXECUTING", {}),
            ("directives.complete", "DONE", {"evidence": "已封控"}),
        ):  # fmt: skip
            done = hall.front.act(do, directive=order, **more)
            until(reached, lambda now=reached: state(hall.back, order) == now)
            assert time.monotonic() - done["at"] < SOON_S
        killed = hall.front.agent()
        os.kill(killed, signal.SIGKILL)
        second = hall.order("二号")  # until it is at the front, whose next agent fetched it
        assert hall.front.agent() not in (0, killed)
        hall.front.act("directives.acknowledge", directive=second)
        until("the answer", lambda: state(hall.back, second) == "ACKED")
        assert heads(hall.back) == heads(hall.front)
        assert not any(station.view()["conflicts"] for station in (hall.back, hall.front))


def test_a_program_killed_while_nobody_works_is_there_again_when_it_is_asked(
    tmp_path: Path,
) -> None:
    """Of the tester: the last blow of a storm may fall between its work and its rest."""
    with ExitStack() as parts:
        server = parts.enter_context(PoolServer(tmp_path / "pool"))
        with server.owner() as conn:
            schema.create(conn, "临江市")
            load(conn, [an_area("c", CITY, "临江市", "")])
        login = address(server.station_url, server.station_secret)
        station = Station(tmp_path / "back", "back", **{tester.PROGRAM: "door.py"}, **login)
        parts.callback(station.end)
        station.wait_well()
        send([station.wall], signal.SIGKILL)
        station.wait("its end", lambda heard: any("killed" in fact for fact in heard))
        station.busy(False)
        assert station.view()["directives"] == {}
