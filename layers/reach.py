"""From where a place is reached in five minutes 五分钟圈: the one that a person looks at."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from commandwall.picture import Changes, Picture
from layers import geometry
from layers.base import Layer
from layers.scene import BESIDE, Fill, Line, Names, Scene

DASH = (9.0, 6.0)


class ReachLayer(Layer):
    """Whoever asked the roads hands the outline over, in degrees; None for nothing."""

    id, title, order = "reach", "可达范围", 61
    outline: Any = None
    minutes = 0.0

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        self.count = int(self.outline is not None)
        if self.outline is None or shapely.is_empty(self.outline):
            scene.draw(self)
            return
        shapes = geometry.solids(np.array([self.outline], object), scene.project)
        loops = shapely.boundary(np.array([self.outline], object))
        segments, along, _ = geometry.strings(loops, scene.project)
        style = scene.style
        top = int(np.argmin(shapes.xy[:, 1]))
        x, y = shapes.xy[top : top + 1].T
        text = scene.tr("{n} 分钟可达", n=f"{self.minutes:g}")
        scene.draw(
            self,
            Fill(shapes, np.array([style.paint("t1", 0.05)], np.uint32)),
            Line(segments, style.paint("t2"), 1.5, dash=DASH, along=along),
            Names(x, y, [text], "note", rank=1, where=BESIDE, gap=6),
        )
