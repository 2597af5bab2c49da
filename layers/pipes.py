"""Pipe lines: where they lie, and how each piece stands by the devices that watch it.

A piece is as bad as the worst of them, told by colour, width and dash alike; one of which no device
says anything is grey with wide gaps. What is calm lies in the ground, seen at street level.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from commandwall import pipes
from commandwall.areas import Pipe
from commandwall.arrays import SensorArrays
from commandwall.picture import Changes, Picture, Readings
from commandwall.pipes import CALM, SILENT, Network
from commandwall.sensors import Sensor
from layers import geometry
from layers.base import Layer
from layers.geometry import Floats, Ints
from layers.scene import Item, Line, Scene
from layers.style import STREET, Style

STATES = (SILENT, 4, 3, 2, 1)
"""In the order in which they are drawn: the worst uppermost."""


class PipesLayer(Layer):
    """All pieces at street level: those that a device watches stronger than those of which nobody
    would know."""

    id, title, order = "pipes", "管线", 32
    shows = frozenset({Pipe, Sensor})

    def __init__(self) -> None:
        super().__init__()
        self._ids: list[str] = []
        self._tree: Any = None

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        lines, sensors = list(picture.pipes.values()), picture.sensors
        self.count = len(lines)
        scene.later(lambda: _ground(lines, sensors, scene), partial(self._take, scene, lines))

    def _take(self, scene: Scene, lines: list[Pipe], made: tuple[Any, list[Item]]) -> None:
        self._ids, self._tree = [pipe.id for pipe in lines], made[0]
        scene.draw(self, *made[1])

    def piece_at(self, x: float, y: float, reach: float) -> str:
        """The piece nearest to a point of the sheet within so many metres; "" for none."""
        if self._tree is None:
            return ""
        found = self._tree.query_nearest(shapely.Point(x, y), max_distance=reach, all_matches=False)
        return self._ids[int(found[0])] if len(found) else ""


@dataclass(frozen=True, slots=True, eq=False)
class _Laid:
    """The pieces that are watched, on the sheet: segments by the number of their piece."""

    network: Network
    sensors: SensorArrays
    segments: Floats
    along: Floats
    owner: Ints


class PipeStatesLayer(Layer):
    """The pieces at which something is wrong, or of which nothing is known, at any level."""

    id, title, order = "pipe_states", "管线告警", 52
    shows = frozenset({Pipe, Sensor, Readings})
    watched = True

    def __init__(self) -> None:
        super().__init__()
        self._laid: _Laid | None = None
        self._states: NDArray[np.uint8] | None = None

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        sensors = picture.sensors
        self.at = picture.ages.get("readings") if picture.pipes else None
        if Pipe in changes.kinds or self._laid is None or self._laid.sensors.ids is not sensors.ids:
            lines, self._laid = list(picture.pipes.values()), None
            scene.later(lambda: _lay(lines, sensors, scene), partial(self._take, picture, scene))
        else:
            self._show(self._laid, sensors, scene)

    def _take(self, picture: Picture, scene: Scene, laid: _Laid) -> None:
        if laid.sensors.ids is picture.sensors.ids:  # else it was overtaken by other devices
            self._laid, self._states = laid, None
            self._show(laid, picture.sensors, scene)

    def _show(self, laid: _Laid, sensors: SensorArrays, scene: Scene) -> None:
        """Most ticks change nothing of it, and have nothing drawn anew."""
        states = laid.network.states(sensors.severity, sensors.quality)
        if self._states is not None and np.array_equal(states, self._states):
            return
        self._states = states
        self.count = int(((states != CALM) & (states != SILENT)).sum())
        scene.draw(self, *_coloured(laid, states, scene.style))


def state_lines(segments: Floats, along: Floats, state: int, style: Style) -> list[Line]:
    """Segments as pieces that stand so are drawn at each level."""
    look = style.map["pipe"][str(state)]
    dash = tuple(look["dash"]) if "dash" in look else None
    paint = style.paint("t3" if state == SILENT else f"s{state}")
    lines = []
    for level in range(3):
        wide, span = look["width"][level], style.span(level)
        if wide and "casing" in look:
            edge = wide + 2 * look["casing"]
            lines.append(Line(segments, style.paint("t1"), edge, between=span))
        if wide:
            lines.append(Line(segments, paint, wide, dash=dash, along=along, between=span))
    return lines


def _coloured(laid: _Laid, states: NDArray[np.uint8], style: Style) -> list[Item]:
    items: list[Item] = []
    for state in STATES:
        some = states[laid.owner] == state
        if some.any():
            items += state_lines(laid.segments[some], laid.along[some], state, style)
    return items


def _lay(lines: list[Pipe], sensors: SensorArrays, scene: Scene) -> _Laid:
    network = pipes.network(lines, sensors)
    drawn = geometry.lines([pipe.geom for pipe in network.pipes], scene.project)
    return _Laid(network, sensors, *drawn)


def _ground(lines: list[Pipe], sensors: SensorArrays, scene: Scene) -> tuple[Any, list[Item]]:
    """A tree of the pieces on the sheet, and all of them as lines."""
    network, style = pipes.network(lines, sensors), scene.style
    known = {pipe.id for pipe in network.pipes}
    found = geometry.decode([pipe.geom for pipe in lines])
    segments, along, owner = geometry.strings(found, scene.project)
    on_sheet = shapely.transform(found, lambda xy: np.column_stack(scene.project(*xy.T)))
    told = np.array([pipe.id in known for pipe in lines], np.bool_)[owner]
    look, span = style.map["pipe"], style.span(STREET)
    paint, dash = style.paint("sensor"), tuple(look["blind"]["dash"])
    return shapely.STRtree(on_sheet), [
        Line(segments[~told], paint, look["blind"]["width"], dash=dash, along=along[~told],
             between=span),
        Line(segments[told], paint, look["calm"]["width"], between=span),
    ]  # fmt: skip
