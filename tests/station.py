"""A station without an agent: its files, its desk, and its traffic with a pool, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from builders import StillClock

from commandwall.alarms import Alarm
from commandwall.desk import Desk
from commandwall.events import EventWork
from commandwall.pool.client import Client
from commandwall.pool.fill import fill
from commandwall.pool.link import Link
from commandwall.pool.packs import Packs
from commandwall.pool.pages import Carrier
from commandwall.posts import BACK, first_post, side_of
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror


class Station:
    """One station: its files, its desk and its login."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.store, self.clock = open_store(folder), StillClock()
        self.desk = Desk(self.store, self.clock)
        post = name if side_of(name) else first_post(BACK)
        self.desk.take_post(post, "陈").result()
        self.mirror: Mirror | None = None
        self.shares: list[float] = []

    def meet(self, client: Client, carrier: Carrier | None = None) -> Link:
        """Connect: fill the mirror where it is not there, then take and give everything."""
        name = fill(self.folder, client, self.clock, self.shares.append)
        self.mirror = Mirror(self.folder / name)
        packs = Packs(self.store, self.desk, self.clock)
        link = Link(self.store, self.desk, self.clock, client, self.mirror, packs, carrier=carrier)
        link.begin()
        exchange(link)
        return link

    def do(self, act: Any, **args: Any) -> None:
        self.clock.at += 10
        self.desk.do(act, **args).result()

    def work(self, event: str = "e1") -> EventWork | None:
        return self.store.read(lambda r: r.get(EventWork, event))

    def alarms(self) -> list[Alarm]:
        return self.store.read(lambda r: r.find(Alarm))

    def close(self) -> None:
        if self.mirror is not None:
            self.mirror.close()
        self.desk.close()
        self.store.close()


def exchange(link: Link) -> None:
    while link.push():
        pass
    while link.pull():
        pass
