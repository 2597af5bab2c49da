"""The pencils for foreign pictures: put them into other colours, and lay them bent on the sheet.

They stand by themselves and call no kernel of another file: numba would not see that one change.
"""

from __future__ import annotations

import numpy as np

from layers.compiler import kernel

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
    low, high = a & ODD, (a >> EIGHT) & ODD
    low += (((b & ODD) - low) * part) >> EIGHT
    high += ((((b >> EIGHT) & ODD) - high) * part) >> EIGHT
    return np.uint32((low & ODD) | ((high << EIGHT) & EVEN))


@kernel
def _narrowed(left, right, start, step, least, most):  # type: ignore[no-untyped-def]
    """The columns from left to right where start + step * column lies from least to most."""
    if abs(step) < 1e-12:
        return (left, right) if least <= start <= most else (left, left)
    first, last = (least - start) / step, (most - start) / step
    if first > last:
        first, last = last, first
    # Between bounds before they become whole numbers, which have an end.
    first, last = max(first, left - 1.0), min(last, right + 1.0)
    return max(left, int(np.ceil(first))), min(right, int(np.floor(last)) + 1)


@kernel
def _line(out, y, left, right, pixels, x, dx, v, dv):  # type: ignore[no-untyped-def]
    """Fill a row from pixels along a line from (x, v), in 65536ths of pixels of the picture."""
    h, w = pixels.shape
    end_x, end_v = (w - 1) << 16, (h - 1) << 16
    for column in range(left, right):
        at_x, at_v = min(max(x, 0), end_x), min(max(v, 0), end_v)
        i, j = at_x >> 16, at_v >> 16
        k, m = min(i + 1, w - 1), min(j + 1, h - 1)
        part = np.uint32((at_x >> 8) & 255)
        upper = _between(pixels[j, i], pixels[j, k], part)
        lower = _between(pixels[m, i], pixels[m, k], part)
        out[y, column] = _between(upper, lower, np.uint32((at_v >> 8) & 255))
        x, v = x + dx, v + dv


@kernel
def raster(out, pixels, origin, into, part, box, view, y0, y1):  # type: ignore[no-untyped-def]
    """Put a picture in place of what lies in `out`, smoothly scaled; see `scene.Piece`."""
    scale, ox, oy = view
    h, w = pixels.shape
    top, bottom = max(y0, int(box[1] * scale + oy)), min(y1, int(box[3] * scale + oy) + 2)
    for y in range(top, bottom):
        # Along a row both shares grow evenly: a + b * column.
        v = (y + 0.5 - oy) / scale - origin[1]
        b, d = into[0, 1] + into[0, 3] * v, into[1, 1] + into[1, 3] * v
        first = (0.5 - ox) / scale - origin[0]
        a, c = into[0, 0] + into[0, 2] * v + b * first, into[1, 0] + into[1, 2] * v + d * first
        b, d = b / scale, d / scale
        left, right = _narrowed(0, out.shape[1], a, b, part[0] - SEAM, part[2] + SEAM)
        left, right = _narrowed(left, right, c, d, part[1] - SEAM, part[3] + SEAM)
        x, z = ((a + b * left) * w - 0.5) * 65536, ((c + d * left) * h - 0.5) * 65536
        _line(out, y, left, right, pixels, int(x), int(b * w * 65536), int(z), int(d * h * 65536))


@kernel
def shift(pixels, dx, dy):  # type: ignore[no-untyped-def]
    """Move a picture (h, w) so that pixel (x, y) is what (x + dx, y + dy) was; what comes in from
    outside is left as it is."""
    h, w = pixels.shape
    for n in range(h - abs(dy)):
        y = n if dy >= 0 else h - 1 - n
        if dx >= 0:
            for x in range(w - dx):
                pixels[y, x] = pixels[y + dy, x + dx]
        else:
            for x in range(w - 1, -dx - 1, -1):
                pixels[y, x] = pixels[y + dy, x + dx]


@kernel
def spread(flat, width, height, wide, left, top):  # type: ignore[no-untyped-def]
    """Let the rows of a picture (height, width) at the beginning of an array stand at (left, top)
    of one that is `wide`, which lies there too; what lies around them is left as it is."""
    for y in range(height - 1, -1, -1):
        there, here = (y + top) * wide + left, y * width
        for x in range(width - 1, -1, -1):
            flat[there + x] = flat[here + x]
