"""A real station without its screen, which a tester drives as it drives wall.py.

The same desk, keeper and agent; no window. So three of them can be killed for ten minutes, where
three screens would only wait for the processors. `LOSS_CLOCK_S` sets both programs' computer so
many seconds wrong: there is one place that asks it for the time, and that one believes.
"""

from __future__ import annotations

import json
import os
import selectors
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from loss import acts

from commandwall import cli, platform, tallies
from commandwall.config import Settings, Snapshot
from commandwall.desk import Done, outcome
from commandwall.directives import Directive
from commandwall.incidents import Incident
from commandwall.keeper import Keeper
from commandwall.store import pulse
from commandwall.store.pulse import Patience
from commandwall.store.store import Reader
from commandwall.store.tables import Conflict
from commandwall.world import World

CLOCK = "LOSS_CLOCK_S"
LOOK_S = 0.05
PATIENCE = Patience(5.0, 5.0)
_pipe = threading.Lock()


class Door:
    """Does the orders of a tester at the desk of one world."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world, self._folder = world, folder
        self._said: dict[str, Any] = {}
        self._rest = b""

    def serve(self) -> None:
        """Until the tester is gone."""
        with selectors.DefaultSelector() as ear:
            ear.register(0, selectors.EVENT_READ)
            while True:
                if ear.select(LOOK_S):
                    if not (found := os.read(0, 1 << 16)):
                        return
                    self._hear(found)
                self._watch()

    def _hear(self, found: bytes) -> None:
        *whole, self._rest = (self._rest + found).split(b"\n")
        for line in whole:
            self._do(json.loads(line))

    def _do(self, order: dict[str, Any]) -> None:
        no, desk = order["no"], self._world.desk
        if order["do"] == "look":
            tell(no=no, view=self._world.store.read(view))
        elif order["do"] == "sight":
            tell(no=no, sight=self._world.store.read(acts.sight))
        elif order["do"] == "post":
            desk.take_post(order["post"], order["person"]).add_done_callback(
                answer(no, order["handed"])
            )
        else:
            done = acts.begin(desk, order["do"], order["facts"])
            done.add_done_callback(answer(no, order["handed"]))

    def _watch(self) -> None:
        """Tell how pool and agent stand, when that is something else."""
        gone = PATIENCE.spent(pulse.read(self._folder), self._world.clock.now())
        city = bool(self._world.store.mirror_name())
        said = {"pool": not gone[0], "agent": not gone[1], "city": city, "banner": ""}
        if said != self._said:
            self._said = said
            tell(says=said)


def view(reader: Reader) -> dict[str, Any]:
    """What stands here, as a wall shows it."""
    return {
        "directives": {d.id: [d.state, d.text, d.to_post] for d in reader.find(Directive)},
        "incidents": {i.id: [i.state, i.title] for i in reader.find(Incident)},
        "conflicts": len(reader.find(Conflict)),
        "backlog": tallies.backlog(reader),
    }


def answer(no: int, handed: float) -> Callable[[Future[Done]], None]:
    """Acknowledge what is on disk, in the thread that put it there."""
    given = time.monotonic()

    def tell_it(future: Future[Done]) -> None:
        done, trouble = outcome(future)
        if trouble is not None:
            tell(no=no, refused=str(trouble))
            return
        line = done.line if done is not None else None
        facts = {"origin": line.origin, "seq": line.seq, "hash": line.hash} if line else {}
        tell(no=no, handed=handed, given=given, done=time.monotonic(), ack=facts)

    return tell_it


def tell(**facts: Any) -> None:
    rest = json.dumps({"at": time.monotonic(), **facts}).encode() + b"\n"
    with _pipe:
        while rest:
            rest = rest[os.write(1, rest) :]


def run(settings: Settings, _: Snapshot | None) -> int:
    with ExitStack() as parts:
        world = World.open(settings)
        parts.callback(world.close)
        keeper = Keeper(settings, world.clock)
        parts.callback(keeper.stop)
        keeper.start()
        Door(world, settings.data_dir).serve()
    return 0


def set_wrong(seconds: float) -> None:
    """Set this program's computer wrong, and that of the agent which it starts."""
    ask, start = time.time, platform.start_child

    def begin(command: list[str], **how: Any) -> Any:
        ours = command[1:] == ["-m", "main", "agent"]
        return start([command[0], __file__, "agent"] if ours else command, **how)

    time.time = lambda: ask() + seconds
    platform.start_child = begin


if __name__ == "__main__":
    set_wrong(float(os.environ.get(CLOCK, "0")))
    raise SystemExit(cli.run(sys.argv[1:], run))
