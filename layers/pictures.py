"""The pencils for foreign pictures: put them into other colours, and lay them bent on the sheet.

They stand by themselves and call no kernel of another file: numba would not see that one change.
"""

from __future__ import annotations

import numpy as np

from layers.kernels import kernel

ODD, EVEN = np.uint32(0xFF00FF), np.uint32(0xFF00FF00)
EIGHT = np.uint32(8)
SEAM = 0.001
"""Share of a picture by which it reaches over its edge, so that neighbours leave no gap."""


@kernel
def tone(picture, colours, hue, opacity):  # type: ignore[no-untyped-def]
    """A picture (h, w, 4: red, green, blue, opacity) in other colours, premultiplied (h, w).

    Each pixel becomes colours[its brightness] (256 of 0xRRGGBB), keeps `hue` of its own colour,
    and is `opacity` times as opaque as it was.
    """
    h, w = picture.shape[0], picture.shape[1]
    out = np.empty((h, w), np.uint32)
    for y in range(h):
        for x in range(w):
            r, g, b = int(picture[y, x, 0]), int(picture[y, x, 1]), int(picture[y, x, 2])
            bright = (54 * r + 183 * g + 19 * b) >> 8
            plain, part = int(colours[bright]), picture[y, x, 3] * opacity
            red = min(max((plain >> 16 & 255) + hue * (r - bright), 0.0), 255.0) * part
            green = min(max((plain >> 8 & 255) + hue * (g - bright), 0.0), 255.0) * part
            blue = min(max((plain & 255) + hue * (b - bright), 0.0), 255.0) * part
            rgb = int(red / 255 + 0.5) << 16 | int(green / 255 + 0.5) << 8 | int(blue / 255 + 0.5)
            out[y, x] = np.uint32(int(part + 0.5) << 24 | rgb)
    return out


@kernel
def _between(a, b, part):  # type: ignore[no-untyped-def]
    """part / 256 of the way from pixel a to pixel b."""
    if a == b:
        return a
    t, low, high = np.uint32(part), a & ODD, (a >> EIGHT) & ODD
    low += (((b & ODD) - low) * t) >> EIGHT
    high += ((((b >> EIGHT) & ODD) - high) * t) >> EIGHT
    return np.uint32((low & ODD) | ((high << EIGHT) & EVEN))


@kernel
def raster(out, pixels, origin, into, part, box, view, y0, y1):  # type: ignore[no-untyped-def]
    """Put a picture in place of what lies in `out`, smoothly scaled; see `scene.Piece`."""
    scale, ox, oy = view
    h, w = pixels.shape
    first_u, first_v, last_u, last_v = part
    left = max(0, int(np.floor(box[0] * scale + ox)))
    right = min(out.shape[1], int(np.ceil(box[2] * scale + ox)))
    top = max(y0, int(np.floor(box[1] * scale + oy)))
    bottom = min(y1, int(np.ceil(box[3] * scale + oy)))
    for y in range(top, bottom):
        v = (y + 0.5 - oy) / scale - origin[1]
        for x in range(left, right):
            u = (x + 0.5 - ox) / scale - origin[0]
            across = into[0, 0] + into[0, 1] * u + (into[0, 2] + into[0, 3] * u) * v
            down = into[1, 0] + into[1, 1] * u + (into[1, 2] + into[1, 3] * u) * v
            if min(across - first_u, down - first_v, last_u - across, last_v - down) < -SEAM:
                continue
            px = min(max(across * w - 0.5, 0.0), w - 1.0)
            py = min(max(down * h - 0.5, 0.0), h - 1.0)
            i, j = int(px), int(py)
            k, m = min(i + 1, w - 1), min(j + 1, h - 1)
            beyond = int((px - i) * 256)
            upper = _between(pixels[j, i], pixels[j, k], beyond)
            lower = _between(pixels[m, i], pixels[m, k], beyond)
            out[y, x] = _between(upper, lower, int((py - j) * 256))
