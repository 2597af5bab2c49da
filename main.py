"""Puts the parts together: settings, clock, store, desk, agent, wall."""

from __future__ import annotations

import sys
from contextlib import ExitStack

from commandwall import cli
from commandwall.cli import Snapshot
from commandwall.clock import Clock
from commandwall.config import Settings
from commandwall.desk import Desk
from commandwall.follower import Follower
from commandwall.keeper import Keeper
from commandwall.picture import Picture
from commandwall.store.database import StoreTrouble
from commandwall.store.migrate import open_store


def main() -> int:
    """The command `commandwall`; returns its exit code."""
    return cli.run(sys.argv[1:], run_wall)


def run_wall(settings: Settings, snapshot: Snapshot | None) -> int:
    """Open the wall (or draw it to a file) and stay until it is closed."""
    from widgets import startup

    if snapshot is None and not startup.has_display():
        print(startup.no_display(), file=sys.stderr)
        return cli.USAGE
    app = startup.application(offscreen=snapshot is not None)
    only = startup.OnlyOne(settings.data_dir)
    if snapshot is None and only.is_taken():
        return 0
    try:
        with ExitStack() as parts:
            wall = build(settings, parts)
            if snapshot is None:
                only.hold(wall)
                wall.place()
                startup.note_start(wall)
            else:
                _draw(wall, snapshot)
            return int(app.exec())
    except StoreTrouble as trouble:
        print(f"commandwall: {trouble}", file=sys.stderr)
        return cli.REFUSED


def build(settings: Settings, parts: ExitStack):  # type: ignore[no-untyped-def]
    """One world: its store, clock, desk, picture and wall; `parts` ends them in reverse order."""
    clock, picture = Clock(), Picture()
    store = open_store(settings.data_dir)
    parts.callback(store.close)
    desk = Desk(store, clock)
    parts.callback(desk.close)
    keeper = Keeper(settings, clock)
    parts.callback(keeper.stop)
    keeper.start()
    # Loading the screen takes a second, in which the agent gets ready.
    from layers.base import installed, load_layers
    from layers.map import MapView
    from widgets.startup import Crossing
    from widgets.wall import Wall

    map_view = MapView(load_layers(installed(settings.plugins)), clock=clock)
    parts.callback(map_view.shut)
    wall = Wall(picture, desk, settings, map_view)
    crossing = Crossing(picture, wall.tick)
    follower = Follower(store, clock, desk.origin, crossing.arrived.emit)
    parts.callback(follower.stop)
    follower.start()
    wall.crossing = crossing
    return wall


def _draw(wall, snapshot: Snapshot) -> None:  # type: ignore[no-untyped-def]
    from PySide6.QtWidgets import QApplication

    from widgets.startup import when

    def save() -> None:
        done = wall.snapshot(snapshot.width, snapshot.height).save(str(snapshot.file))
        print(snapshot.file if done else f"cannot write {snapshot.file}", flush=True)
        QApplication.exit(0 if done else cli.REFUSED)

    wall.resize(snapshot.width, snapshot.height)
    if snapshot.page:
        wall.open_page(snapshot.page)
    wall.show()
    when(wall.is_alive, save, snapshot.wait_s, settle_s=3.0)


if __name__ == "__main__":
    raise SystemExit(main())
