"""A wall on the small city."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from world import City

from commandwall.plugins import PANELS


@pytest.fixture
def world(tmp_path: Path, qapp: Any) -> Iterator[City]:
    made = City(tmp_path)
    yield made
    made.desk.close()
    made.store.close()


@pytest.fixture
def make_wall(world: City, qtbot: Any, kernels: None) -> Iterator[Callable[..., Any]]:
    """`make_wall(width, height, **settings)` opens a wall on the world."""
    from layers.map import MapView
    from widgets import i18n
    from widgets.pages import Door
    from widgets.wall import Wall

    def make(
        width: int = 1920, height: int = 1080, more: list[Any] | None = None, **kw: Any
    ) -> Wall:
        view = MapView([], clock=world.clock)
        door = Door.of([*installed(), *(more or [])])
        settings = dataclasses.replace(world.settings, **kw)
        wall = Wall(world.world, settings, view, door)
        wall.context.settled.come()  # as after a start
        world.walls.append(wall)
        wall.resize(width, height)
        wall.show()
        return wall

    yield make
    for wall in world.walls:
        wall.map.shut()
        wall.close()
        wall.deleteLater()
    i18n.speak("zh")


@cache
def installed() -> tuple[Any, ...]:
    """The panels that pyproject names, whether or not the project is installed."""
    with (Path(__file__).parents[2] / "pyproject.toml").open("rb") as file:
        named = tomllib.load(file)["project"]["entry-points"][PANELS]
    return tuple(EntryPoint(name, value, PANELS) for name, value in named.items())
