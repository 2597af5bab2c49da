"""Our own map on the data of the peers: synchronous, through scene, plan and painter.

Two sorts of rows. `same`: exactly the marks that the peers draw, handed to the scene by two small
layers as a plug-in would. `wall`: what the wall's own layers make of the same records.
`anew` cooks everything; `kept` and `update` keep the ground, which is cooked once per place and
zoom. Each ends with the opaque blit of the window.
"""

from __future__ import annotations

import json
import pickle
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter

from benchmarks.demo_picture import NOW, move_units, set_readings
from benchmarks.peers.stopwatch import Row, arguments, spent, told
from commandwall.arrays import FixArrays, SensorArrays
from commandwall.events import EventView
from commandwall.geo import Plane
from commandwall.picture import Changes, Fixes, Picture, Readings, Tick
from commandwall.resources import Resource
from commandwall.sensors import Sensor
from commandwall.store.pulse import Sync
from layers import geometry
from layers.base import Layer, load_layers
from layers.drill import Drill
from layers.kernels import premultiply
from layers.marks import shape
from layers.painter import Painter
from layers.roads import CLASSES
from layers.scene import Line, Names, Scene, Stamps, Territory, Tint
from layers.style import Style
from layers.viewport import Viewport
from layers.warm import warm

Data = dict[str, Any]
COLOURS = ("sensor", "s1", "s2", "s3", "s4")
STEP = 60.0
"""Metres that everything with a track goes at an update."""
SEVERITY_OF = {"square": 3, "disc": 4, "diamond": 1, "triangle": 2}
"""Which of the severity shapes is drawn for a form."""


def pixel(colour: str) -> int:
    return premultiply(int(colour.lstrip("#"), 16))


def sheet(points: Data) -> tuple[Any, Any]:
    """x to the east, y to the south."""
    return np.array(points["x"], np.float64), -np.array(points["y"], np.float64)


def segments(paths: list[Data]) -> Any:
    """All pieces of lines as (n, 4) on the sheet."""
    parts = [np.array(path["xy"]) * (1, -1) for path in paths]
    return np.concatenate([np.hstack([part[:-1], part[1:]]) for part in parts])


class Ground(Layer):
    """Grids with borders and names, and roads."""

    id, order = "ground", 30

    def __init__(self, data: Data) -> None:
        super().__init__()
        grids, self._look = data["grids"], data["look"]
        rings = [np.array(ring["xy"])[:-1] * (1, -1) for ring in grids["ring"]]
        ends, n = np.cumsum([0, *map(len, rings)]), len(rings)
        shapes = geometry.Shapes(np.concatenate(rings), ends, np.arange(n + 1))
        borders = geometry.borders(shapes, np.zeros(n, np.int64))[0]
        line = Line(borders, pixel(self._look["grid"]), self._look["border"])
        self._items = (Territory(shapes, (n, n, n)), line, *self._roads(data["roads"]))
        self._names = (*sheet(grids), grids["name"], "area")

    def _roads(self, roads: Data) -> list[Line]:
        cls, found = np.array(roads["cls"]), []
        for i, (name, width) in enumerate(zip(CLASSES, self._look["road"], strict=True)):
            chosen = [roads["line"][k] for k in np.flatnonzero(cls == i)]
            found.append(Line(segments(chosen), pixel(self._look[name]), width))
        return found

    def draw(self, scene: Scene) -> None:
        scene.draw(self, *self._items, Names(*self._names))


class Colours(Layer):
    """The colours of the grids; new ones do not draw the ground anew."""

    id, order = "colours", 31

    def __init__(self, data: Data) -> None:
        super().__init__()
        look, grids = data["look"], data["grids"]
        shades = np.array([pixel(c) for c in look["shades"]], np.uint32)
        outside = np.uint32(pixel(look["outside"]))
        self._lut = [np.append(outside, shades[grids[state]]) for state in ("shade", "next")]

    def draw(self, scene: Scene, state: int) -> None:
        lut = self._lut[state]
        scene.draw(self, Tint(lut, np.zeros(len(lut), np.uint8)))


class Marks(Layer):
    """Tracks, events, sensors by class and severity, units."""

    id, order = "marks", 60

    def __init__(self, data: Data) -> None:
        super().__init__()
        self._data, self._look = data, data["look"]
        self._form = np.array(data["sensors"]["form"])
        self._severity = [np.array(data["sensors"][state]) for state in ("severity", "next")]
        self._places = {k: sheet(data[k]) for k in ("sensors", "events", "units")}
        self._tracks = segments(data["units"]["track"])

    def draw(self, scene: Scene, state: int) -> None:
        shift = STEP * state
        at = self._places
        names = self._look["forms"]
        table = np.array([[self._sensor(f, c, scene) for c in COLOURS] for f in names], np.int32)
        sprites = table[self._form, self._severity[state]]
        event = np.full(len(at["events"][0]), self._disc("event", "t2", scene), np.int32)
        unit = np.full(len(at["units"][0]), self._disc("unit", "t1", scene), np.int32)
        scene.draw(
            self, Line(self._tracks + shift, scene.style.paint("t2", 0.5), self._look["track"]),
            Stamps(*at["events"], event, solid=False), Stamps(*at["sensors"], sprites, solid=False),
            Stamps(at["units"][0] + shift, at["units"][1] + shift, unit),
        )  # fmt: skip

    def _sensor(self, form: str, colour: str, scene: Scene) -> int:
        size = self._look["sensor_size"]

        def draw(painter: QPainter, middle: QPointF) -> None:
            path = shape(middle, size * 1.15, SEVERITY_OF[form])
            painter.fillPath(path, QColor(self._look[colour]))

        return scene.sprites.drawn(("peer", form, colour), size + 2, draw)

    def _disc(self, name: str, colour: str, scene: Scene) -> int:
        size, ring = self._look[f"{name}_size"], self._look["ring"]

        def draw(painter: QPainter, middle: QPointF) -> None:
            painter.setPen(Qt.PenStyle.NoPen)
            for tone, radius in (("halo", size / 2 + ring), (colour, size / 2)):
                painter.setBrush(QColor(self._look[tone]))
                painter.drawEllipse(middle, radius, radius)

        return scene.sprites.drawn(("peer", name), size + 2 * ring + 2, draw)


class Stage:
    """A scene with a painter for one view, and the window that the frame is shown in."""

    def __init__(self, scene: Scene, data: Data, view: str) -> None:
        at = data["views"][view]
        self.scene, self._painter, self._anew = scene, Painter(threads=2), 0
        self._view = Viewport(at["x"], -at["y"], at["mpp"], *data["size"])
        self._image = QImage(*data["size"], QImage.Format.Format_RGB32)
        while scene.write_names(self._view, 500):
            pass

    def paint(self, anew: bool = False) -> None:
        """Cook the frame and blit the window out of it."""
        plan, self._anew = self.scene.plan(), self._anew + anew
        plan = replace(plan, ground_key=plan.ground_key * 1_000 + self._anew)
        frame = self._painter.paint(plan, self._view)
        height, width = frame.pixels.shape
        whole = QImage(frame.pixels.data.cast("B"), width, height, self._image.format())
        x, y, _ = frame.view.offset_of(self._view)
        painter = QPainter(self._image)
        painter.drawImage(-round(x), -round(y), whole)
        painter.end()

    def measured(self, turn: Callable[[int], None], options: Namespace) -> Row:
        """`turn(i)` hands the scene the data of moment i; only an update counts that time."""

        def update(i: int) -> None:
            turn(i)
            self.paint()

        return {
            "anew": spent(lambda i: self.paint(anew=True), options, turn),
            "kept": spent(lambda i: self.paint(), options, turn),
            "update": spent(update, options),
        }

    def end(self, picture: Path | None) -> None:
        self.paint()
        if picture is not None:
            self._image.save(str(picture))
        self._painter.close()


def same(data: Data, options: Namespace) -> dict[str, Row]:
    """The marks of the peers; exactly the window, and with the overscan of the wall."""
    rows = {}
    layers = Ground(data), Colours(data), Marks(data)
    sizes = ((1.0, ""), (1.5, ", overscanned"))
    for over, label in sizes[:1] if options.quick else sizes:
        for view in options.views:
            scene = plain_scene(over)
            turn = partial(handed, layers, scene)
            layers[0].draw(scene)
            turn(0)
            stage = Stage(scene, data, view)
            rows[view + label] = stage.measured(turn, options)
            turn(0)
            stage.end(options.pictures / f"commandwall-{view}.png" if over == 1.0 else None)
    return rows


def plain_scene(overscan: float) -> Scene:
    style = Style()
    if overscan == 1.0:
        style.map["frame"]["overscan_mpx"] = 0.0  # no window is small enough for a margin
    scene = Scene(style)
    scene.plane = Plane(0.0, 0.0)  # nothing is projected here
    return scene


def handed(layers: tuple[Ground, Colours, Marks], scene: Scene, i: int) -> None:
    """Everything that changes, as it is at moment i."""
    for layer in layers[1:]:
        layer.draw(scene, i % 2)


def picture(folder: Path, data: Data) -> Picture:
    """The records of the city as the wall has them: fresh readings, open events, units at work."""
    with (folder / "records.pickle").open("rb") as file:
        city, records = pickle.load(file)
    events = records.pop("events")
    whole, found = Picture(), {k: {r.id: r for r in rows} for k, rows in records.items()}
    arrays, fixes = SensorArrays.of(records[Sensor]), FixArrays(records[Resource])
    whole.apply(Changes(NOW, found, sensors=arrays, resources=fixes, city=city))
    whole.sync = Sync(agent_at=NOW, pool_at=NOW)
    for event in events:
        whole.events[event.id] = EventView(replace(event, state="DISPATCHED", closed_at=None), None)
    whole.ages["events"] = NOW
    set_readings(whole, np.array(data["sensors"]["severity"], np.uint8))
    rng = np.random.default_rng(1)
    move_units(whole, rng, first=True)
    for _ in range(60):
        move_units(whole, rng)
    return whole


class Wall:
    """The wall's own layers on the same records."""

    def __init__(self, data: Data, folder: Path) -> None:
        self.picture, self._rng = picture(folder, data), np.random.default_rng(2)
        states = ("severity", "next")
        self._severity = [np.array(data["sensors"][state], np.uint8) for state in states]
        self.scene, self._layers = Scene(Style()), load_layers()
        drill = Drill(self.scene)
        drill.take(self.picture)
        self.scene.plane = Plane(*(drill.origin(self.picture) or (0.0, 0.0)))
        for layer in self._layers:
            self.scene.show(layer, layer.shown)
        self._refresh(frozenset(kind for layer in self._layers for kind in layer.shows))

    def _refresh(self, kinds: frozenset[type]) -> None:
        changes = Changes(self.picture.now, markers=kinds)
        for layer in self._layers:
            if layer.shows & kinds:
                layer.refresh(self.picture, changes, self.scene)

    def turn(self, i: int) -> None:
        """All sensors have spoken, all units have moved."""
        set_readings(self.picture, self._severity[i % 2])
        move_units(self.picture, self._rng)
        self._refresh(frozenset({Tick, Readings, Fixes}))


def own(data: Data, options: Namespace) -> dict[str, Row]:
    """What the wall's own layers draw."""
    wall, rows = Wall(data, options.data.parent), {}
    for view in options.views:
        stage = Stage(wall.scene, data, view)
        rows[f"{view}, the wall's layers"] = stage.measured(wall.turn, options)
        stage.end(options.pictures / f"wall-{view}.png")
    return rows


def main() -> None:
    options, app = arguments(__doc__), QGuiApplication([])
    data = json.loads(options.data.read_text())
    warm(Style())
    rows = same(data, options)
    told(rows if options.quick else rows | own(data, options), "")
    app.quit()


if __name__ == "__main__":
    main()
