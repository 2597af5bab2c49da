"""The world: everything of one city on this machine. A drill is another one."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from commandwall import posts
from commandwall.clock import Clock
from commandwall.config import Settings
from commandwall.desk import Desk
from commandwall.picture import Picture
from commandwall.store import space
from commandwall.store.migrate import open_store
from commandwall.store.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class World:
    """The files of a city, its time, the one door for changes, and what is shown of it now."""

    store: Store
    clock: Clock
    desk: Desk
    picture: Picture

    @staticmethod
    def open(settings: Settings) -> World:
        """The world of a data directory. Raises StoreTrouble.

        A station that never took a post takes the first of its side: without one nothing is
        delivered here, and no act of a post is allowed.
        """
        folder, clock = settings.data_dir, Clock()
        store = space.finish(folder, lambda: open_store(folder))
        desk = Desk(store, clock)
        for fault in posts.roster().faults:
            log.warning("%s", fault)
        if not desk.post:
            desk.take_post(posts.first_post(settings.side))
        return World(store, clock, desk, Picture())

    def close(self) -> None:
        self.desk.close()
        self.store.close()
