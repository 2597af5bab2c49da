"""A city's own layer and panel: its shelters 避难场所, and how many people each takes."""

import numpy as np

from commandwall.areas import Place
from layers.base import Layer
from layers.scene import BESIDE, Dots, Names, by_y
from widgets.base import Panel
from widgets.paper import RIGHT, Ink


def shelters(picture):
    return [place for place in picture.places.values() if place.kind == "shelter"]


class ShelterLayer(Layer):
    id, title, order, shows = "shelters", "避难场所", 58, frozenset({Place})

    def refresh(self, picture, changes, scene):
        places = shelters(picture)
        self.count = len(places)
        x, y = scene.project([p.lon for p in places], [p.lat for p in places])
        colour, size = np.array([scene.style.paint("t1")], np.uint32), np.array([9.0])
        south = by_y(x, y)
        dots = Dots(x[south], y[south], np.zeros(len(x), np.uint8), colour, size)
        scene.draw(self, dots, Names(x, y, [p.name for p in places], "unit", where=BESIDE, gap=9))


class ShelterPanel(Panel):
    id, title, shows = "shelters", "避难场所", frozenset({Place})

    def refresh(self, picture, changes):
        self.places = sorted(shelters(picture), key=lambda place: -place.capacity)

    def draw(self, paper):
        for row, place in enumerate(self.places[: int((paper.height - self.top) // 32)]):
            base = self.top + 24 + 32 * row
            paper.write(0, base, place.name, Ink("body"), room=paper.width - 100)
            paper.write(paper.width, base, f"{place.capacity} 人", Ink("label"), RIGHT)
