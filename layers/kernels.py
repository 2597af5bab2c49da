"""The pencils of the map: compiled kernels that draw into plain arrays without the GIL.

Pixels are premultiplied ARGB in uint32. A `view` is (scale, ox, oy): pixel = sheet * scale + o.
Kernels work on the rows y0..y1 only, so that several threads may share one frame.

A shape is a run of rings: ring r is xy[rings[r]:rings[r + 1]] (its first point not repeated), and
shape s owns the rings shapes[s]:shapes[s + 1].

All of them stand in one file because numba looks only at the file of a function to learn whether
its compiled form on disk is too old, not at the files of the functions it calls.
"""

from __future__ import annotations

import numpy as np

from layers.compiler import kernel, lowest

RED_BLUE, HALVES = np.uint32(0xFF00FF), np.uint32(0x800080)
OPAQUE, FULL = np.uint32(0xFF000000), np.uint32(255)
EIGHT, TWENTY_FOUR = np.uint32(8), np.uint32(24)
ONE = np.uint64(1)
CELL = 4
"""Pixels of one cell of the label grid."""


def premultiply(rgb: int, alpha: float = 1.0) -> int:
    """0xRRGGBB with an opacity 0..1 as one premultiplied pixel."""
    r, g, b = (round((rgb >> shift & 255) * alpha) for shift in (16, 8, 0))
    return round(alpha * 255) << 24 | r << 16 | g << 8 | b


@kernel
def shade(colour, part):  # type: ignore[no-untyped-def]
    """A premultiplied colour times part / 255."""
    c, a = np.uint32(colour), np.uint32(part)
    low = (c & RED_BLUE) * a
    low = ((low + HALVES + ((low >> EIGHT) & RED_BLUE)) >> EIGHT) & RED_BLUE
    high = ((c >> EIGHT) & RED_BLUE) * a
    high = (high + HALVES + ((high >> EIGHT) & RED_BLUE)) & (RED_BLUE << EIGHT)
    return np.uint32(low | high)


@kernel
def over(below, above):  # type: ignore[no-untyped-def]
    """`above` laid over `below`, both premultiplied."""
    return np.uint32(above + shade(below, FULL - (np.uint32(above) >> TWENTY_FOUR)))


# -- areas ---------------------------------------------------------------------------------------


@kernel
def pixel_box(box, view, width, y0, y1):  # type: ignore[no-untyped-def]
    """(left, top, right, bottom) pixels of a box of the sheet inside the band; empty when
    right <= left."""
    scale, ox, oy = view
    left, right = box[0] * scale + ox, box[2] * scale + ox
    top, bottom = box[1] * scale + oy, box[3] * scale + oy
    if not (right > 0 and left < width and bottom > y0 and top < y1):  # NaN is nowhere
        return 0, 0, 0, 0
    return (
        int(max(0.0, np.floor(left))),
        int(max(float(y0), np.floor(top))),
        int(min(float(width), np.ceil(right) + 1)),
        int(min(float(y1), np.ceil(bottom) + 1)),
    )


@kernel
def _toggle_ring(flips, span, xy, a, b, view, width, y0, y1):  # type: ignore[no-untyped-def]
    """Mark where the ring crosses the middle line of each row; parity then tells inside.

    Of each row `span` gets the first and last crossing.
    """
    scale, ox, oy = view
    for k in range(a, b):
        j = k + 1 if k + 1 < b else a
        xa, ya = xy[k, 0] * scale + ox, xy[k, 1] * scale + oy
        xb, yb = xy[j, 0] * scale + ox, xy[j, 1] * scale + oy
        if ya > yb:
            xa, ya, xb, yb = xb, yb, xa, ya
        top = int(max(float(y0), np.ceil(ya - 0.5)))
        bottom = int(min(float(y1), np.ceil(yb - 0.5)))
        for y in range(top, bottom):
            cross = np.ceil(xa + (y + 0.5 - ya) * (xb - xa) / (yb - ya) - 0.5)
            x, row = int(min(max(cross, 0.0), float(width))), y - y0
            flips[row, x >> 6] ^= ONE << np.uint64(x & 63)
            span[row, 0], span[row, 1] = min(span[row, 0], x), max(span[row, 1], x)


@kernel
def own_pixels(ids, flips, xy, rings, shapes, box, first, last, view, y0, y1):  # type: ignore[no-untyped-def]
    """Write s + 1 into ids wherever the middle of a pixel lies in shape s of first..last.

    Neighbours with common corners tile without gap or overlap. `flips` is zeroed uint64 scratch,
    a bit for each pixel, of at least (y1 - y0, width // 64 + 1) and is left zeroed.
    """
    width, span = ids.shape[1], np.empty((y1 - y0, 2), np.int64)
    for s in range(first, last):
        left, top, right, bottom = pixel_box(box[s], view, width, y0, y1)
        if right <= left:
            continue
        span[: bottom - top, 0], span[: bottom - top, 1] = width, -1
        for r in range(shapes[s], shapes[s + 1]):
            _toggle_ring(flips, span, xy, rings[r], rings[r + 1], view, width, top, bottom)
        for y in range(top, bottom):
            row, inside, start = y - top, False, 0
            for w in range(span[row, 0] >> 6, (span[row, 1] >> 6) + 1):
                word, flips[row, w] = flips[row, w], 0
                while word:
                    x = (w << 6) + np.int64(lowest(word))  # type: ignore[call-arg]
                    word &= word - ONE
                    if inside:
                        ids[y, start:x] = s + 1
                    inside, start = not inside, x


@kernel
def compose(out, cover, ids, lut, hatched, pattern, phase, y0, y1):  # type: ignore[no-untyped-def]
    """out = cover over lut[ids], with the stripes of `pattern` where hatched[id]."""
    period, striped = pattern.shape[0], hatched.any()
    for y in range(y0, y1):
        row, above, who = out[y], cover[y], ids[y]
        for x in range(row.shape[0]):
            row[x] = lut[who[x]]
        for x in range(row.shape[0]):  # no branch, no table: the compiler takes many pixels at once
            row[x] = OPAQUE | over(row[x], above[x])
        if striped:
            for x in range(row.shape[0]):
                if hatched[who[x]]:
                    row[x] = OPAQUE | over(row[x], pattern[(x + y + phase) % period])


# -- smooth polygons -----------------------------------------------------------------------------


@kernel
def _add_cells(row, left, right, height):  # type: ignore[no-untyped-def]
    """Add what a sloped piece of edge, `height` of a row high, covers from cell to cell."""
    first, middle = int(left), (left + right) / 2
    if right <= first + 1:
        row[first] += height * (first + 1 - middle)
        row[first + 1] += height * (middle - first)
        return
    area = covered = 0.0
    for x in range(first, int(np.ceil(right))):
        end = x + 1.0
        beyond = height * (end - middle)
        within = height * (end - left) ** 2 / (2 * (right - left))
        grown = within if end < right else beyond
        row[x] += grown - area - covered
        covered, area = grown - area, grown
    row[int(np.ceil(right))] += height - covered


@kernel
def _add_edge(cover, xa, ya, xb, yb, width, y0, y1):  # type: ignore[no-untyped-def]
    """Add the signed coverage to the right of one edge in the rows y0..y1."""
    sign = 1.0
    if ya > yb:
        xa, ya, xb, yb = xb, yb, xa, ya
        sign = -1.0
    for y in range(int(max(float(y0), np.floor(ya))), int(min(float(y1), np.ceil(yb)))):
        above, below = max(ya, float(y)), min(yb, y + 1.0)
        if below <= above:
            continue
        start = min(max(xa + (above - ya) * (xb - xa) / (yb - ya), 0.0), float(width))
        end = min(max(xa + (below - ya) * (xb - xa) / (yb - ya), 0.0), float(width))
        _add_cells(cover[y - y0], min(start, end), max(start, end), sign * (below - above))


@kernel
def _wash(row, first, last, colour):  # type: ignore[no-untyped-def]
    """Lay one colour over some pixels of a row."""
    if colour >> TWENTY_FOUR == FULL:
        row[first:last] = colour
    else:
        for x in range(first, last):
            row[x] = over(row[x], colour)


@kernel
def _lay(out, cover, colour, left, top, right, bottom):  # type: ignore[no-untyped-def]
    """Turn the gathered coverage into colour, and clear it."""
    for y in range(top, bottom):
        total, shaded, row, x = 0.0, np.uint32(0), cover[y - top], left
        while x < right:
            if row[x] != 0.0:
                total += row[x]
                row[x] = 0.0
                shaded = shade(colour, int(min(abs(total), 1.0) * 255 + 0.5))
            end = x + 1
            while end < right and row[end] == 0.0:  # up to the next edge all are covered alike
                end += 1
            if shaded:
                _wash(out[y], x, end, shaded)
            x = end
        for x in range(right, min(right + 2, row.shape[0])):
            row[x] = 0.0


@kernel
def fill(out, cover, xy, rings, shapes, box, colours, view, y0, y1):  # type: ignore[no-untyped-def]
    """Lay shape s in colours[s] over `out`, edges smoothed by exact coverage.

    Holes run against their shell. `cover` is zeroed float32 scratch of at least
    (y1 - y0, width + 2) and is left zeroed.
    """
    width = out.shape[1]
    scale, ox, oy = view
    for s in range(shapes.shape[0] - 1):
        left, top, right, bottom = pixel_box(box[s], view, width, y0, y1)
        if right <= left or colours[s] == 0:
            continue
        for r in range(shapes[s], shapes[s + 1]):
            a, b = rings[r], rings[r + 1]
            for k in range(a, b):
                j = k + 1 if k + 1 < b else a
                xa, ya = xy[k, 0] * scale + ox, xy[k, 1] * scale + oy
                xb, yb = xy[j, 0] * scale + ox, xy[j, 1] * scale + oy
                _add_edge(cover, xa, ya, xb, yb, width, top, bottom)
        _lay(out, cover, colours[s], left, top, right, bottom)


# -- lines ---------------------------------------------------------------------------------------


@kernel
def _steep(out, xa, ya, xb, yb, half, colour, y0, y1):  # type: ignore[no-untyped-def]
    """A line nearer to upright: one run of pixels in each row."""
    slope = (xb - xa) / (yb - ya)
    reach = half * np.sqrt(1 + slope * slope)
    top, bottom = max(y0, int(np.ceil(ya - 0.5))), min(y1, int(np.ceil(yb - 0.5)))
    for y in range(top, bottom):
        x = xa + (y + 0.5 - ya) * slope
        for c in range(
            max(0, int(np.floor(x - reach))), min(out.shape[1], int(np.floor(x + reach)) + 1)
        ):
            part = min(c + 1.0, x + reach) - max(float(c), x - reach)
            out[y, c] = over(out[y, c], shade(colour, int(part * 255 + 0.5)))


@kernel
def _flat(out, xa, ya, xb, yb, half, colour, y0, y1):  # type: ignore[no-untyped-def]
    """A line nearer to level: one run of pixels in each column."""
    slope = (yb - ya) / (xb - xa)
    reach = half * np.sqrt(1 + slope * slope)
    left, right = max(0, int(np.ceil(xa - 0.5))), min(out.shape[1], int(np.ceil(xb - 0.5)))
    for x in range(left, right):
        y = ya + (x + 0.5 - xa) * slope
        for c in range(max(y0, int(np.floor(y - reach))), min(y1, int(np.floor(y + reach)) + 1)):
            part = min(c + 1.0, y + reach) - max(float(c), y - reach)
            out[c, x] = over(out[c, x], shade(colour, int(part * 255 + 0.5)))


@kernel
def disc(out, x, y, radius, colour, y0, y1):  # type: ignore[no-untyped-def]
    """A smooth filled circle; pixels throughout."""
    for r in range(max(y0, int(y - radius - 1)), min(y1, int(y + radius + 2))):
        for c in range(max(0, int(x - radius - 1)), min(out.shape[1], int(x + radius + 2))):
            far = np.sqrt((c + 0.5 - x) ** 2 + (r + 0.5 - y) ** 2)
            part = min(max(radius + 0.5 - far, 0.0), 1.0)
            if part > 0:
                out[r, c] = over(out[r, c], shade(colour, int(part * 255 + 0.5)))


@kernel
def strokes(out, segments, view, width, colour, y0, y1):  # type: ignore[no-untyped-def]
    """Draw segments (n, 4: xa ya xb yb on the sheet) `width` pixels wide, round where thick."""
    scale, ox, oy = view
    half = width / 2
    for i in range(segments.shape[0]):
        xa, ya = segments[i, 0] * scale + ox, segments[i, 1] * scale + oy
        xb, yb = segments[i, 2] * scale + ox, segments[i, 3] * scale + oy
        if (
            max(xa, xb) < -width
            or min(xa, xb) > out.shape[1] + width
            or max(ya, yb) < y0 - width
            or min(ya, yb) > y1 + width
        ):
            continue
        if abs(xb - xa) >= abs(yb - ya):
            if xa > xb:
                xa, ya, xb, yb = xb, yb, xa, ya
            if xb > xa:
                _flat(out, xa, ya, xb, yb, half, colour, y0, y1)
        elif ya < yb:
            _steep(out, xa, ya, xb, yb, half, colour, y0, y1)
        else:
            _steep(out, xb, yb, xa, ya, half, colour, y0, y1)
        if width > 2.5:
            disc(out, xa, ya, half, colour, y0, y1)
            disc(out, xb, yb, half, colour, y0, y1)


@kernel
def lines(out, segments, ends, view, widths, colours, y0, y1):  # type: ignore[no-untyped-def]
    """`strokes` of many lines one after the other: those of line i end before segments[ends[i]]."""
    start = 0
    for i in range(ends.shape[0]):
        strokes(out, segments[start : ends[i]], view, widths[i], colours[i], y0, y1)
        start = ends[i]


@kernel
def dashes(segments, along, on, off):  # type: ignore[no-untyped-def]
    """Cut segments into dashes; `along` is each one's start on its line, all in sheet metres."""
    total, period = 0, on + off
    for i in range(segments.shape[0]):
        length = np.hypot(segments[i, 2] - segments[i, 0], segments[i, 3] - segments[i, 1])
        total += int(length / period) + 2
    cut, n = np.empty((total, 4)), 0
    for i in range(segments.shape[0]):
        dx, dy = segments[i, 2] - segments[i, 0], segments[i, 3] - segments[i, 1]
        length = np.hypot(dx, dy)
        at = -(along[i] % period)
        while at < length and length > 0:
            a, b = max(at, 0.0) / length, min(at + on, length) / length
            if b > a:
                cut[n, 0], cut[n, 1] = segments[i, 0] + dx * a, segments[i, 1] + dy * a
                cut[n, 2], cut[n, 3] = segments[i, 0] + dx * b, segments[i, 1] + dy * b
                n += 1
            at += period
    return cut[:n]


# -- points --------------------------------------------------------------------------------------


@kernel
def dots(out, x, y, kind, colours, sizes, view, y0, y1):  # type: ignore[no-untyped-def]
    """Squares of sizes[kind] pixels in colours[kind] (0: not drawn); x, y on the sheet."""
    scale, ox, oy = view
    for i in range(x.shape[0]):
        colour, size = colours[kind[i]], sizes[kind[i]]
        if colour == 0:
            continue
        left = int(np.floor(x[i] * scale + ox - size * 0.5 + 0.5))
        top = int(np.floor(y[i] * scale + oy - size * 0.5 + 0.5))
        for r in range(max(top, y0), min(top + size, y1)):
            for c in range(max(left, 0), min(left + size, out.shape[1])):
                out[r, c] = over(out[r, c], colour)


# -- names ---------------------------------------------------------------------------------------


@kernel
def _cells(grid, left, top, right, bottom):  # type: ignore[no-untyped-def]
    """The cells a rectangle of pixels touches, cut to the grid."""
    return (
        max(0, left // CELL),
        max(0, top // CELL),
        min(grid.shape[1], -(-right // CELL)),
        min(grid.shape[0], -(-bottom // CELL)),
    )


@kernel
def occupy(grid, boxes):  # type: ignore[no-untyped-def]
    """Take the cells under boxes (n, 4: left top right bottom pixels, int)."""
    for i in range(boxes.shape[0]):
        a, b, c, d = _cells(grid, boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3])
        for y in range(b, d):
            for x in range(a, c):
                grid[y, x] = 1


@kernel
def place(grid, anchors, sizes, spots, frame, inset):  # type: ignore[no-untyped-def]
    """Give each label the first free one of its spots, best labels first.

    anchors (n, 2) pixels, sizes (n, 2) pixels, spots (n, k, 2) left top relative to the anchor.
    A label whose anchor lies in `frame` (left, top, right, bottom) must lie in it whole.
    `inset` pixels of its edge may lie over others. Returns the chosen spot of each label, or -1.
    """
    chosen = np.full(anchors.shape[0], -1, np.int32)
    for i in range(anchors.shape[0]):
        x, y, w, h = anchors[i, 0], anchors[i, 1], sizes[i, 0], sizes[i, 1]
        seen = frame[0] <= x < frame[2] and frame[1] <= y < frame[3]
        for k in range(spots.shape[1]):
            left, top = x + spots[i, k, 0], y + spots[i, k, 1]
            right, bottom = left + w, top + h
            if seen and (
                left < frame[0] or top < frame[1] or right > frame[2] or bottom > frame[3]
            ):
                continue
            a, b, c, d = _cells(grid, left + inset, top + inset, right - inset, bottom - inset)
            if c <= a or d <= b or grid[b:d, a:c].any():
                continue
            grid[b:d, a:c] = 1
            chosen[i] = k
            break
    return chosen


@kernel
def ink(letters, radius, colour, halo):  # type: ignore[no-untyped-def]
    """Letters (h, w uint8 coverage) in a colour over a round halo of so many pixels.

    Returns uint32 (h, w); the caller leaves a margin of `radius` around the letters.
    """
    h, w = letters.shape
    out = np.zeros((h, w), np.uint32)
    for y in range(h):
        for x in range(w):
            best = 0.0
            for r in range(max(0, y - radius), min(h, y + radius + 1)):
                for c in range(max(0, x - radius), min(w, x + radius + 1)):
                    far = np.sqrt(float((r - y) ** 2 + (c - x) ** 2))
                    best = max(best, letters[r, c] * min(max(radius + 0.5 - far, 0.0), 1.0))
            under = shade(halo, int(best)) if radius else np.uint32(0)
            out[y, x] = over(under, shade(colour, letters[y, x]))
    return out
