"""Stations of a hall without a pool: real files, real desks, real lines of TLS on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from builders import NOW, an_opening, an_order
from ports import free_port
from station import Station

from commandwall import directives, incidents
from commandwall.config import Settings
from commandwall.directives import Directive
from commandwall.incidents import Incident
from commandwall.peers.hall import Peers
from commandwall.peers.identity import Identity
from commandwall.store import pulse, sight
from commandwall.store.tables import Conflict

PATIENCE_S = 60.0


def until(what: str, found: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE_S
    while not (answer := found()):
        assert time.monotonic() < end, f"waited {PATIENCE_S:.0f} s for {what}"
        time.sleep(0.01)
    return answer


class Post(Station):
    """A station that others may call at `port`; `area`: what it sees of the city."""

    def __init__(self, folder: Path, post: str, area: str = "") -> None:
        super().__init__(folder, post)
        self.identity, self.area, self.port = Identity(folder), area, free_port()
        sight.write(folder, sight.Sight(NOW, area=area))
        self.peers: Peers | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def knows(self, *others: Post) -> None:
        for other in others:
            self.identity.pin(other.identity.card(other.folder.name, "临江市", other.area))

    def begin(self, *called: Post | str) -> None:
        """Listen, and call others: stations or addresses."""
        whom = ",".join(one if isinstance(one, str) else one.address for one in called)
        settings = Settings(data_dir=self.folder, peer_listen=self.address, peers=whom)
        self.peers = Peers(settings, self.store, self.desk, self.clock)
        self.peers.__enter__()

    def end(self) -> None:
        if self.peers is not None:
            self.peers.__exit__()
            self.peers = None

    def close(self) -> None:
        self.end()
        super().close()

    def sees(self, name: str) -> pulse.Peer:
        """How it stands with another."""
        assert self.peers is not None
        return next((p for p in self.peers.seen() if p.name == name), pulse.Peer())

    def trouble(self, address: str) -> str:
        assert self.peers is not None
        return next(p.trouble for p in self.peers.seen() if p.address == address)

    # What stations do.

    def order(self, text: str) -> str:
        """A directive from the hall to the scene in a new incident; its id."""
        self.do(incidents.open_incident, opening=an_opening(title=text))
        (incident,) = self.store.read(lambda r: r.find(Incident, title=text))
        self.do(directives.issue, order=an_order(incident.id, text=text))
        return self.store.read(lambda r: r.find(Directive, text=text))[0].id

    def state(self, directive: str) -> str:
        found = self.store.read(lambda r: r.get(Directive, directive))
        return found.state if found is not None else ""

    def heads(self) -> dict[str, int]:
        return dict(self.store.read(lambda r: r.rows("SELECT origin, seq FROM head")))

    def conflicts(self) -> list[Conflict]:
        return self.store.read(lambda r: r.find(Conflict))
