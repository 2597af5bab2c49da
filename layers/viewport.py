"""Viewport: which part of the city is on the screen, and how large.

Sheet coordinates are city-local metres with x to the east and y to the SOUTH, so that a screen
pixel is only scaled and shifted, never flipped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Viewport:
    """A window on the sheet; `width` and `height` are device pixels."""

    cx: float  # sheet metres of the middle
    cy: float
    mpp: float  # metres per device pixel
    width: int
    height: int
    unit: float = 1.0  # device pixels of one design pixel (wall scale times pixel ratio)

    @property
    def design_mpp(self) -> float:
        """Metres per design pixel: what the levels city, district and street go by."""
        return self.mpp * self.unit

    @property
    def transform(self) -> tuple[float, float, float]:
        """(scale, ox, oy): pixel = sheet * scale + o."""
        scale = 1.0 / self.mpp
        return scale, self.width / 2 - self.cx * scale, self.height / 2 - self.cy * scale

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Device pixel of a point of the sheet."""
        scale, ox, oy = self.transform
        return x * scale + ox, y * scale + oy

    def sheet(self, px: float, py: float) -> tuple[float, float]:
        """Point of the sheet under a device pixel."""
        dx, dy = px - self.width / 2, py - self.height / 2
        return self.cx + dx * self.mpp, self.cy + dy * self.mpp

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) in sheet metres."""
        half_w, half_h = self.width / 2 * self.mpp, self.height / 2 * self.mpp
        return self.cx - half_w, self.cy - half_h, self.cx + half_w, self.cy + half_h

    def panned(self, dx: float, dy: float) -> Viewport:
        """The same window after the sheet was pulled by so many device pixels."""
        return replace(self, cx=self.cx - dx * self.mpp, cy=self.cy - dy * self.mpp)

    def zoomed(self, factor: float, px: float, py: float) -> Viewport:
        """Closer by `factor`, with the point under that device pixel staying where it is."""
        x, y = self.sheet(px, py)
        mpp = self.mpp / factor
        cx, cy = x - (px - self.width / 2) * mpp, y - (py - self.height / 2) * mpp
        return replace(self, cx=cx, cy=cy, mpp=mpp)

    def resized(self, width: int, height: int) -> Viewport:
        return replace(self, width=max(1, width), height=max(1, height))

    def fitted(self, bounds: tuple[float, float, float, float], margin: float = 0.06) -> Viewport:
        """This window moved and scaled so that `bounds` (sheet metres) fill it."""
        left, top, right, bottom = bounds
        room = 1 - 2 * margin
        mpp = max((right - left) / (self.width * room), (bottom - top) / (self.height * room), 0.01)
        return replace(self, cx=(left + right) / 2, cy=(top + bottom) / 2, mpp=mpp)

    def overscanned(self, factor: float) -> Viewport:
        """A larger window around the same middle, its edges on whole pixels of the sheet.

        Whole pixels keep names and dots from trembling when the frame is cooked around another
        middle: everything moves by complete pixels.
        """
        return self._framed(int(self.width * factor), int(self.height * factor))

    def on_pixels(self) -> Viewport:
        """This window, hardly larger, its edges on whole pixels of the sheet."""
        return self._framed(self.width + 3, self.height + 3)

    def _framed(self, width: int, height: int) -> Viewport:
        cx = round(self.cx / self.mpp) * self.mpp
        cy = round(self.cy / self.mpp) * self.mpp
        size = max(2, width // 2 * 2), max(2, height // 2 * 2)
        return replace(self, cx=cx, cy=cy, width=size[0], height=size[1])

    def is_like(self, other: Viewport) -> bool:
        """Whether the other has this scale and size, wherever it lies."""
        same = math.isclose(self.mpp, other.mpp, rel_tol=1e-9) and self.unit == other.unit
        return same and (self.width, self.height) == (other.width, other.height)

    def steps_to(self, other: Viewport) -> tuple[int, int]:
        """Whole pixels to the east and south by which the other of the same scale lies."""
        return round((other.cx - self.cx) / self.mpp), round((other.cy - self.cy) / self.mpp)

    def part(self, left: int, top: int, right: int, bottom: int) -> Viewport:
        """A window on some pixels of this one."""
        cx, cy = self.sheet((left + right) / 2, (top + bottom) / 2)
        return replace(self, cx=cx, cy=cy, width=right - left, height=bottom - top)

    def offset_of(self, other: Viewport) -> tuple[float, float, float]:
        """(x, y, k): where `other`'s left top lies in this window, and how much it is scaled."""
        k = other.mpp / self.mpp
        left, top, _, _ = other.bounds
        x, y = self.pixel(left, top)
        return x, y, k

    def covers(self, other: Viewport, spare: float = 0.0) -> bool:
        """Whether `other` lies inside at the same scale, with `spare` of its size to each side."""
        if not math.isclose(self.mpp, other.mpp, rel_tol=1e-9) or self.unit != other.unit:
            return False
        left, top, right, bottom = self.bounds
        a, b, c, d = other.bounds
        sx, sy = (c - a) * spare, (d - b) * spare
        return left <= a - sx and top <= b - sy and right >= c + sx and bottom >= d + sy
