"""Style: colours of a theme and measures of the map, read from the assets.

Colours come from assets/themes/<theme>.toml (`[token]` and `[map]`), measures from
assets/map/style.toml. KeyError names what a file lacks.
"""

from __future__ import annotations

import math
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from PySide6.QtGui import QColor, QFont

from commandwall.config import ASSETS
from layers import fonts
from layers.kernels import premultiply

CITY, DISTRICT, STREET = range(3)
"""Levels of the map: what is drawn depends on metres per design pixel."""


@cache
def read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)


class Style:
    """Everything a layer may ask about the look; `unit` is device pixels per design pixel."""

    def __init__(self, theme: str = "dark", unit: float = 1.0) -> None:
        self.theme, self.unit = theme, unit
        data = read(ASSETS / "themes" / f"{theme}.toml")
        self.colours: dict[str, str] = {**data["token"], **data["map"]}
        self.map = read(ASSETS / "map" / "style.toml")

    def rgb(self, name: str) -> int:
        """0xRRGGBB of a token or map colour."""
        return int(self.colours[name].lstrip("#"), 16)

    def paint(self, name: str, alpha: float = 1.0) -> int:
        """A premultiplied pixel for the kernels."""
        return premultiply(self.rgb(name), alpha)

    def veil(self, name: str, alpha: float) -> int:
        """A see-through pixel that turns plain land into the colour `name`.

        Over land of another colour (a choropleth) it leaves that colour visible.
        """
        land, wanted = self.rgb("land"), self.rgb(name)
        rgb = 0
        for shift in (16, 8, 0):
            below, above = land >> shift & 255, wanted >> shift & 255
            rgb |= min(max(round(below + (above - below) / alpha), 0), 255) << shift
        return premultiply(rgb, alpha)

    def colour(self, name: str, alpha: float = 1.0) -> QColor:
        colour = QColor(self.colours[name])
        colour.setAlphaF(alpha)
        return colour

    @property
    def edge(self) -> QColor | None:
        """The edge around every mark, where the ground is too light for one without."""
        return QColor(self.colours["edge"]) if "edge" in self.colours else None

    def level(self, design_mpp: float) -> int:
        """CITY, DISTRICT or STREET at so many metres per design pixel."""
        if design_mpp >= self.map["level"]["city"]:
            return CITY
        return DISTRICT if design_mpp >= self.map["level"]["district"] else STREET

    def span(self, level: int) -> tuple[float, float]:
        """Metres per design pixel, from and below which a level holds."""
        city, district = self.map["level"]["city"], self.map["level"]["district"]
        return ((city, math.inf), (district, city), (0.0, district))[level]

    def font(self, size: float, bold: bool = False) -> QFont:
        """The one family, `size` design pixels high."""
        return fonts.font(round(size * self.unit), bold)
