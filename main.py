"""Puts the parts together: settings, clock, store, desk, agent, wall.

Python's collector looks for nothing while they are imported, and never at what they brought: it
stays, and to look at all of it again and again took a tenth of a start.
"""

from __future__ import annotations

import gc
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from commandwall.config import Settings, Snapshot
    from widgets.wall import Wall


def main() -> int:
    """The command `commandwall`; returns its exit code."""
    gc.disable()
    from commandwall import cli

    gc.freeze()
    gc.enable()
    return cli.run(sys.argv[1:], run_wall)


def run_wall(settings: Settings, snapshot: Snapshot | None) -> int:
    """Open the wall (or draw it to a file) and stay until it is closed."""
    gc.disable()  # the application collects on its own thread
    from commandwall import methods
    from commandwall.config import USAGE
    from commandwall.tiles import source
    from widgets import lean

    lean.spare_sources()
    from widgets import startup

    if snapshot is None and not startup.has_display():
        print(startup.no_display(), file=sys.stderr)
        return USAGE
    base = source.find(settings)
    app = startup.application(offscreen=snapshot is not None)
    only = startup.OnlyOne(settings.data_dir)
    with ExitStack() as parts:
        if snapshot is None and (code := only.enter(parts)) is not None:
            return code
        wall = build(settings, parts)
        methods.KEPT.keep()
        startup.lay(base, wall, parts)
        if snapshot is None:
            only.hold(wall)
            wall.place()
            startup.note_start(wall)
            startup.watch(wall, parts)
            startup.ring(wall, parts)
            startup.stand(wall)
        elif not startup.draw(wall, snapshot):
            return USAGE
        return int(app.exec())


def build(settings: Settings, parts: ExitStack) -> Wall:
    """The wall of one world; `parts` ends what belongs to it in reverse order."""
    from commandwall.follower import Follower
    from commandwall.keeper import Keeper
    from commandwall.world import World
    from widgets.startup import Crossing

    world = World.open(settings)
    parts.callback(world.close)
    keeper = Keeper(settings, world.clock, patient=bool(world.store.mirror_name()))
    parts.callback(keeper.stop)
    keeper.start()
    crossing = Crossing(world.picture)
    follower = Follower(world, crossing.arrived.emit)
    crossing.settled.connect(follower.go_on)
    crossing.settled.connect(keeper.drawn)
    parts.callback(follower.stop)
    follower.start()
    crossing.fed = follower.is_alive
    # Loading the screen takes a second, in which the city is read.
    from layers.base import installed, load_layers
    from layers.map import MapView
    from widgets.wall import Wall

    map_view = MapView(load_layers(installed(settings.plugins)), clock=world.clock)
    parts.callback(map_view.shut)
    wall = Wall(world, settings, map_view)
    parts.callback(wall.context.drafts.flush)
    crossing.reach(wall.tick)
    map_view.moved.connect(crossing.moved)
    wall.crossing = crossing
    crossing.settled.connect(wall.context.settled.come)
    wall.modes.paced = follower.pace
    wall.modes.pace()
    return wall


if __name__ == "__main__":
    raise SystemExit(main())
