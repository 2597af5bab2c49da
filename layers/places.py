"""Places that matter and cameras, near enough to see the houses."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from commandwall.areas import Camera, Place
from commandwall.picture import Changes, Picture
from layers.base import Layer
from layers.marks import paint_camera, paint_square
from layers.scene import BESIDE, Names, Scene, Stamps
from layers.style import STREET

TURN = 15
"""Degrees to which a camera's view is rounded, so that few sprites serve all of them."""


class PlacesLayer(Layer):
    """Schools, hospitals, shelters, hazards and the like: a hollow square and a name."""

    id, title, order = "places", "重点场所", 54
    shows = frozenset({Place})

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        places = list(picture.places.values())
        self.count = len(places)
        x, y = scene.project([p.lon for p in places], [p.lat for p in places])
        sprites, near = np.full(len(places), _square(scene), np.int32), scene.style.span(STREET)
        names = [p.name for p in places]
        scene.draw(
            self,
            Stamps(x, y, sprites, near, False, "place", [p.id for p in places]),
            Names(x, y, names, "note", rank=5, where=BESIDE, gap=12, between=near),
        )


class CamerasLayer(Layer):
    """Cameras with the sector that they see."""

    id, title, order = "cameras", "摄像头", 53
    shows = frozenset({Camera})

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        cameras = list(picture.cameras.values())
        self.count = len(cameras)
        x, y = scene.project([c.lon for c in cameras], [c.lat for c in cameras])
        sprites = np.array([_cone(c, scene) for c in cameras], np.int32)
        near = scene.style.span(STREET)
        scene.draw(self, Stamps(x, y, sprites, near, False, "camera", [c.id for c in cameras]))


def _square(scene: Scene) -> int:
    def draw(painter: QPainter, middle: QPointF) -> None:
        paint_square(painter, middle, scene.style.map["mark"]["place"], scene.style)

    return scene.sprites.drawn(("place",), 24, draw)


def _cone(camera: Camera, scene: Scene) -> int:
    heading = round(camera.heading / TURN) * TURN % 360
    fov = max(TURN, round(camera.fov / TURN) * TURN)

    def draw(painter: QPainter, middle: QPointF) -> None:
        paint_camera(painter, middle, heading, fov, scene.style)

    return scene.sprites.drawn(("camera", heading, fov), 52, draw)
