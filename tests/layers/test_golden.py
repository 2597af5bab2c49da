"""Golden pictures of the ground, without text. COMMANDWALL_TEST_GOLDEN=write makes them anew."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage

from commandwall.picture import Counters
from layers.painter import Painter
from layers.scene import Names, Plan, Stamps

GOLDEN = Path(__file__).parents[1] / "golden"


def without_text(plan: Plan) -> Plan:
    """Letters and marks come from Qt's font engine; everything else from our own pencils."""
    kept = [tuple(i for i in part if not isinstance(i, Names | Stamps))
            for part in (plan.ground, plan.live)]  # fmt: skip
    return Plan(kept[0], kept[1], plan.pages, plan.style, plan.ground_key)


def cooked(view: Any) -> QImage:
    painter = Painter(threads=1)
    frame = painter.paint(without_text(view.scene.plan()), view.navigator.view)
    painter.close()
    height, width = frame.pixels.shape
    image = QImage(frame.pixels.data.cast("B"), width, height, QImage.Format.Format_RGB32)
    return image.copy()


def rows(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
    return data[:, : image.width(), :3].astype(np.int64)


def assert_agreed(image: QImage, path: Path) -> None:
    if os.environ.get("COMMANDWALL_TEST_GOLDEN") == "write":
        assert image.save(str(path))
    apart = np.abs(rows(image) - rows(QImage(str(path)))).max(axis=2)
    assert (apart > 16).mean() < 0.001
    assert apart.mean() < 0.5


@pytest.mark.parametrize(
    ("name", "theme", "mpp"),
    [("city", "dark", None), ("city-day", "day", None), ("district", "dark", 14.0),
     ("street", "dark", 2.0)],
)  # fmt: skip
def test_the_ground_looks_as_agreed(
    make_map: Any, city: Any, qtbot: Any, name: str, theme: str, mpp: float | None
) -> None:
    view = make_map(city, 300, 200)
    view.set_theme(theme)
    if mpp is not None:
        building = list(city.picture.buildings.values())[40]
        view.look_at(building.lon, building.lat, mpp)
    view.set_registry(True)
    qtbot.waitUntil(lambda: view.board.idle)
    assert_agreed(cooked(view), GOLDEN / f"map-{name}.png")


ALONE = {
    "tint": None, "hills": None, "builtup": None, "water": None, "buildings": 14.0, "grids": 14.0,
    "roads": 14.0, "pipes": 4.0, "pipe_states": 14.0, "areas": None, "sensors": 14.0,
    "events": None, "incident": 14.0, "resources": 14.0,
}  # fmt: skip
"""Layers that draw more than marks and letters, and the scale at which each is looked at."""


@pytest.mark.parametrize("name", ALONE)
def test_each_layer_alone_looks_as_agreed(make_map: Any, city: Any, qtbot: Any, name: str) -> None:
    city.units()
    city.trails()
    city.incident()
    if name.startswith("pipe"):
        city.pipes()
    city.picture.counters = Counters(open_by_area={"320281001": 50, "320281004": 20})
    view = make_map(city, 240, 160)
    if (mpp := ALONE[name]) is not None:
        view.look_at(*city.middle, mpp)
    view.set_registry(True)
    view.set_figure("open_events")
    for layer in view.board.layers:
        view.set_visible(layer.id, layer.id in (name, "areas" if name == "tint" else name))
    qtbot.waitUntil(lambda: view.board.idle)
    assert_agreed(cooked(view), GOLDEN / f"layer-{name}.png")
