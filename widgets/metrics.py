"""Sizes of type and space, computed from the farthest seat and the pitch of the pixels.

All lengths of the look are design pixels; one design pixel is `unit` pixels of the screen. On a
wall `unit` is 1 where 30 minutes of arc are 28 pixels; on a desk where they are 20.5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Kind = Literal["wall", "desk"]
DESK_DISTANCE, DESK_PITCH = 650.0, 0.277
"""Millimetres: the seat and the screen for which the desk sizes are written."""


@dataclass(frozen=True, slots=True)
class Role:
    """One use of type: design pixels, weight, and the token it is written in."""

    size: int
    bold: bool
    token: str


WALL_ROLES = {
    "timer": Role(96, True, "t1"),
    "figure": Role(60, False, "t1"),
    "clock": Role(44, False, "t1"),
    "sentence": Role(38, True, "t1"),
    "item": Role(28, True, "t1"),
    "heading": Role(22, False, "t2"),
    "body": Role(20, False, "t2"),
    "label": Role(18, False, "t3"),
    "age": Role(16, False, "t3"),
}
DESK_ROLES = {
    "timer": Role(52, True, "t1"),  # the clock of a drill
    "figure": Role(28, False, "t1"),
    "clock": Role(26, False, "t1"),
    "sentence": Role(26, True, "t1"),
    "item": Role(20, True, "t1"),
    "heading": Role(14, False, "t2"),
    "body": Role(16, False, "t2"),
    "label": Role(14, False, "t2"),
    "age": Role(12, False, "t3"),
    "key": Role(13, False, "t2"),
    "head": Role(12, False, "t3"),
}
WALL_FLOOR, DESK_FLOOR = 16, 12
"""Pixels below which nothing is written, whatever the unit."""
LEADING = 1.25


def pixels(arc: float, distance: float, pitch: float) -> float:
    """Pixels that `arc` minutes span at `distance` mm on a screen of `pitch` mm per pixel."""
    return 2 * distance * math.tan(math.radians(arc / 60) / 2) / pitch


@dataclass(frozen=True, slots=True)
class Metrics:
    """The scale of one surface."""

    unit: float
    kind: Kind = "wall"

    @staticmethod
    def wall(distance: float, pitch: float) -> Metrics:
        """For the farthest seat in mm and mm per pixel; 8 m and P2.5 give 1."""
        return Metrics(round(pixels(30, distance, pitch) / 28, 2), "wall")

    @staticmethod
    def desk(distance: float = DESK_DISTANCE, pitch: float = DESK_PITCH) -> Metrics:
        here = pixels(30, distance, pitch)
        return Metrics(round(here / pixels(30, DESK_DISTANCE, DESK_PITCH), 2), "desk")

    @staticmethod
    def surfaces(distance: float, pitch: float) -> dict[str, Metrics]:
        """Of the wall for its farthest seat, and of a desk."""
        return {"wall": Metrics.wall(distance, pitch), "desk": Metrics.desk()}

    @property
    def floor(self) -> int:
        return WALL_FLOOR if self.kind == "wall" else DESK_FLOOR

    def role(self, name: str) -> Role:
        return (WALL_ROLES if self.kind == "wall" else DESK_ROLES)[name]

    def size(self, role: str) -> int:
        """Pixels of a role on the screen, never below the floor."""
        return max(self.floor, round(self.role(role).size * self.unit))

    def design(self, role: str) -> int:
        """Design pixels of a role: more than its own only where the floor lifts it."""
        return max(self.role(role).size, math.ceil(self.floor / self.unit))

    @property
    def map_unit(self) -> float:
        """The scale of the map, whose sizes are those of a wall: smaller on a desk."""
        return self.unit * self.role("label").size / WALL_ROLES["label"].size

    def px(self, length: float) -> int:
        """A design length on the screen."""
        return round(length * self.unit)
