"""A sign of life to the pool every few seconds; back comes what the pool sees of all stations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version

from commandwall import bell, tallies
from commandwall.desk import Desk
from commandwall.pool.client import Client
from commandwall.store import sight
from commandwall.store.mirror import Mirror
from commandwall.store.store import Store
from commandwall.store.tables import Conflict


@dataclass(slots=True)
class Presence:
    """`step` says hello where it is due and writes down what came back."""

    store: Store
    desk: Desk
    client: Client
    mirror: Mirror
    tries: Callable[[], int]
    """Connections that failed since the agent began."""
    skew: Callable[[], float]
    _due: float = 0.0

    def step(self, now: float) -> None:
        """`now`: monotonic seconds."""
        if now < self._due:
            return
        self._due = now + float(self.desk.rule()["sync_s"])
        if self.client.greets:
            self.client.hello(self.desk.origin, asdict(self._said()))
            sight.write(self.store.folder, self.client.sight())

    def _said(self) -> sight.Said:
        read = self.store.read
        return sight.Said(
            read(lambda r: r.setting("post")),
            int(self.mirror.meta("cursor", "0")),
            read(tallies.backlog),
            self.tries(),
            round(self.skew(), 3),
            len(read(lambda r: r.find(Conflict, settled_by=""))),
            version("commandwall"),
            bell.since(read(lambda r: r.setting(bell.UNATTENDED))),
        )
