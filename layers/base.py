"""What a layer is, and the door through which layers come in.

A layer reads the picture and hands arrays to the scene. It asks nobody, writes nothing and draws
nothing itself. The built-in layers come through the same entry points as foreign ones:

    [project.entry-points."commandwall.layers"]
    heat = "my_package:HeatLayer"
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import ClassVar

from commandwall import plugins
from commandwall.clock import Ms
from commandwall.picture import Changes, Picture
from layers.scene import Scene
from layers.viewport import Viewport

log = logging.getLogger(__name__)
GROUP = plugins.LAYERS


class Layer:
    """One part of the map. Subclasses give the class attributes and `refresh`."""

    id: ClassVar[str] = ""
    title: ClassVar[str] = ""
    """Chinese; translated where it is shown."""
    order: ClassVar[int] = 60
    """Drawing order, lowest first; below `scene.LIVE` it is ground."""
    shows: ClassVar[frozenset[type]] = frozenset()
    """Kinds and markers whose change calls `refresh`."""
    shown: ClassVar[bool] = True
    """Whether it is visible until somebody says otherwise."""
    watched: ClassVar[bool] = False
    """Whether its age counts for the age written on the map."""

    at: Ms | None = None
    """The newest moment of what is drawn."""
    count: int = 0
    """How many things are drawn."""
    note: str = ""
    """How it stands, where that is neither a moment nor a count."""

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        """Hand the scene what is to be drawn now."""
        raise NotImplementedError

    def look(self, views: Sequence[Viewport], scene: Scene) -> None:
        """The windows show these now, or the layer itself is shown or hidden. Called at each
        frame of a move: most layers draw the same wherever a person looks."""


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """What a layer tree shows of a layer."""

    id: str
    title: str
    visible: bool
    at: Ms | None
    count: int
    note: str = ""


def installed(named: str = "") -> list[EntryPoint]:
    """All installed layers, then those of the setting `plugins`."""
    return plugins.points(GROUP, Layer, named)


def load_layers(points: Iterable[EntryPoint] | None = None) -> list[Layer]:
    """Layers in drawing order; all installed ones where no points are given.

    A broken one is logged and left out; so is one whose id another has already.
    """
    found: dict[str, Layer] = {}
    for point in installed() if points is None else points:
        layer = _made(point)
        if layer is not None and found.setdefault(layer.id, layer) is not layer:
            log.error("the layer %s is left out: another has the id %r", point.name, layer.id)
    return sorted(found.values(), key=lambda layer: layer.order)


def _made(point: EntryPoint) -> Layer | None:
    kind = plugins.load(point, Layer)
    try:
        return None if kind is None else kind()
    except Exception:
        log.exception("the layer %s could not be made", point.name)
        return None
