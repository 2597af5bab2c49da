"""Crowds: of many thousand sprites, which lie in the frame, where, and which ones are seen at all.

The last of them lies uppermost. Where they are crowded most pixels are hidden by those above; to
find that out costs a few words of bits for a sprite, to draw it costs all of its pixels.

The kernels stand by themselves and call none of another file: numba would not see that one change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layers.compiler import kernel, lowest
from layers.sprites import Pages

Corners = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]
"""Left and top pixel and sprite of each."""

WORD, STRIP = 64, 64
"""Bits of a word, and the widest and highest sprite (pixels) that can hide or be hidden; rows of
a strip."""
SHIFT = 6
FORMS = 256
"""Different sprites whose bits are kept; any more of them are simply drawn."""
ONE = np.uint64(1)
RED_BLUE, HALVES = np.uint32(0xFF00FF), np.uint32(0x800080)
EIGHT, TWENTY_FOUR, FULL = np.uint32(8), np.uint32(24), np.uint32(255)


@kernel
def _over(below, above):  # type: ignore[no-untyped-def]
    """`above` laid over `below`, both premultiplied."""
    clear = FULL - (above >> TWENTY_FOUR)
    low = (below & RED_BLUE) * clear
    low = ((low + HALVES + ((low >> EIGHT) & RED_BLUE)) >> EIGHT) & RED_BLUE
    high = ((below >> EIGHT) & RED_BLUE) * clear
    high = (high + HALVES + ((high >> EIGHT) & RED_BLUE)) & (RED_BLUE << EIGHT)
    return np.uint32(above + (low | high))


@kernel
def _stamp_line(row, book, line, left, w):  # type: ignore[no-untyped-def]
    """Lay `w` pixels of the book from `line` on over a row of the picture."""
    for c in range(max(left, 0), min(left + w, row.shape[0])):
        pixel = book[line - left + c]
        if pixel >> TWENTY_FOUR == FULL:
            row[c] = pixel
        elif pixel:
            row[c] = _over(row[c], pixel)


@kernel
def stamp(out, book, where, sprite, px, py, y0, y1):  # type: ignore[no-untyped-def]
    """Lay sprites with their left top corner at pixels px, py; a sprite < 0 is not drawn.

    `book` is all pixels of all sprites in a row, `where` (n, 3) has start, width and height.
    """
    width = out.shape[1]
    for i in range(sprite.shape[0]):
        if sprite[i] < 0:
            continue
        start, w, h = where[sprite[i], 0], where[sprite[i], 1], where[sprite[i], 2]
        left, top = px[i], py[i]
        if left >= width or left + w <= 0 or top >= y1 or top + h <= y0:
            continue
        for r in range(max(top, y0), min(top + h, y1)):
            _stamp_line(out[r], book, start + (r - top) * w, left, w)


@kernel
def in_sight(x, y, sprite, bounds):  # type: ignore[no-untyped-def]
    """Rows of the points with a sprite (>= 0) inside bounds (left, top, right, bottom)."""
    left, top, right, bottom = bounds
    rows, n = np.empty(x.shape[0], np.int64), 0
    for i in range(x.shape[0]):
        rows[n] = i
        n += (x[i] > left) & (x[i] < right) & (y[i] > top) & (y[i] < bottom) & (sprite[i] >= 0)
    return rows[:n]


@kernel
def corners(x, y, sprite, where, view):  # type: ignore[no-untyped-def]
    """Left and top pixels of sprites with their middle at sheet metres x, y."""
    scale, ox, oy = view
    px, py = np.empty(x.shape[0], np.int32), np.empty(x.shape[0], np.int32)
    for i in range(x.shape[0]):
        px[i] = int(np.floor(x[i] * scale + ox - where[sprite[i], 1] / 2 + 0.5))
        py[i] = int(np.floor(y[i] * scale + oy - where[sprite[i], 2] / 2 + 0.5))
    return px, py


@kernel
def _read_bits(bits, book, start, w, h):  # type: ignore[no-untyped-def]
    """Of each row of a sprite the bits of its pixels that are drawn, and of those that hide."""
    for r in range(h):
        drawn = hides = np.uint64(0)
        for c in range(w):
            pixel = book[start + r * w + c]
            if pixel:
                drawn |= ONE << np.uint64(c)
            if pixel >> TWENTY_FOUR == FULL:
                hides |= ONE << np.uint64(c)
        bits[r, 0], bits[r, 1] = drawn, hides


@kernel
def by_strip(where, sprite, px, py, width, height):  # type: ignore[no-untyped-def]
    """Rows of the sprites that reach into each strip of a picture, in their order.

    Those of strip n are rows[starts[n]:starts[n + 1]].
    """
    strips, many = (height + STRIP - 1) // STRIP, sprite.shape[0]
    starts, spans = np.zeros(strips + 2, np.int64), np.zeros((many, 2), np.int32)
    for i in range(many):
        s = sprite[i]
        if s >= 0 and px[i] < width and px[i] + where[s, 1] > 0:
            top, bottom = max(py[i], 0), min(py[i] + where[s, 2], height)
            if bottom > top:
                spans[i, 0], spans[i, 1] = top // STRIP, (bottom - 1) // STRIP + 1
        for n in range(spans[i, 0], spans[i, 1]):
            starts[n + 2] += 1
    for n in range(strips):
        starts[n + 2] += starts[n + 1]
    rows = np.empty(starts[strips + 1], np.int64)
    for i in range(many):
        for n in range(spans[i, 0], spans[i, 1]):
            rows[starts[n + 1]] = i
            starts[n + 1] += 1
    return starts[: strips + 1], rows


@kernel
def _uncover(cover, first, left, bits, hidden, clip):  # type: ignore[no-untyped-def]
    """Of one line of a sprite the pixels that nothing covers yet; then it covers what it hides.

    `cover` holds the rows of a strip one after the other, each begins a word left of the picture
    and this one at `first`; `clip` are the columns inside the picture.
    """
    word, by = first + ((left + WORD) >> SHIFT), np.uint64(left & (WORD - 1))
    free = ~(cover[word] >> by)
    cover[word] |= hidden << by
    if by:
        back = np.uint64(WORD) - by
        free &= ~(cover[word + 1] << back)
        cover[word + 1] |= hidden >> back
    return bits & free & clip


@kernel
def _clip(left, w, width):  # type: ignore[no-untyped-def]
    """Bits of the columns of a sprite that lie inside a picture so wide."""
    clip = ~np.uint64(0)
    if left < 0:
        clip &= clip << np.uint64(-left)
    if left + w > width:
        clip &= ~np.uint64(0) >> np.uint64(WORD - (width - left))
    return clip


@kernel
def forms(book, where, sprite):  # type: ignore[no-untyped-def]
    """Bits (n, WORD, 2) of the different sprites, and which of them is that of a sprite (or -1)."""
    form, n = np.full(where.shape[0], -1, np.int32), 0
    bits = np.empty((FORMS, WORD, 2), np.uint64)
    for i in range(sprite.shape[0]):
        s = sprite[i]
        if s >= 0 and form[s] < 0 and n < FORMS and max(where[s, 1], where[s, 2]) <= WORD:
            _read_bits(bits[n], book, where[s, 0], where[s, 1], where[s, 2])
            form[s] = n
            n += 1
    return bits, form


@kernel
def _look(cover, seen, where_to, crowd, where, rows, begin, end):  # type: ignore[no-untyped-def]
    """From the uppermost sprite down: the lines that are seen of the sprites `rows` between two
    rows of the picture; returns how many there are.

    Of each one `seen` gets the bits to lay over and those to copy, `where_to` the pixel of the
    picture and that of the book where it begins. A line without bits is that of a sprite too
    large for them: `where_to` gets the row of the picture and the sprite's row in the crowd.
    """
    sprite, px, py, bits, form, width = crowd
    wide, n = width // WORD + 3, 0
    for k in range(rows.shape[0] - 1, -1, -1):
        s, left, top = sprite[rows[k]], px[rows[k]], py[rows[k]]
        start, w, f = where[s, 0], where[s, 1], form[s]
        clip = _clip(left, w, width) if f >= 0 else np.uint64(0)
        for y in range(max(top, begin), min(top + where[s, 2], end)):
            if f >= 0:
                drawn, hides = bits[f, y - top, 0], bits[f, y - top, 1]
                free = _uncover(cover, (y - begin) * wide, left, drawn, hides, clip)
                seen[n, 0], seen[n, 1] = free & ~hides, free & hides
                where_to[n, 0], where_to[n, 1] = y * width + left, start + (y - top) * w
                n += free != 0
            else:
                seen[n, 0] = seen[n, 1] = np.uint64(0)
                where_to[n, 0], where_to[n, 1] = y, rows[k]
                n += 1
    return n


@kernel
def _lay(out, book, seen, where_to, n):  # type: ignore[no-untyped-def]
    """Upwards again: draw the lines that are seen; returns the first one that has no bits."""
    for k in range(n - 1, -1, -1):
        smooth, full, at, line = seen[k, 0], seen[k, 1], where_to[k, 0], where_to[k, 1]
        if not (smooth | full):
            return k
        while full:
            c = np.int64(lowest(full))  # type: ignore[call-arg]
            out[at + c] = book[line + c]
            full &= full - ONE
        while smooth:
            c = np.int64(lowest(smooth))  # type: ignore[call-arg]
            out[at + c] = _over(out[at + c], book[line + c])
            smooth &= smooth - ONE
    return -1


@kernel
def draw(out, book, where, crowd, strips, y0, y1):  # type: ignore[no-untyped-def]
    """Draw sprites in the rows y0..y1, pixel by pixel what `stamp` makes of them.

    `crowd` (sprite, px, py, *forms, width of the picture), `strips` as by_strip gives them. Strip
    by strip, so that what is read and written stays in the processor's cache.
    """
    sprite, px, py = crowd[:3]
    starts, rows = strips
    width = out.shape[1]
    cover = np.empty(STRIP * (width // WORD + 3), np.uint64)
    lines = STRIP * max(1, np.diff(starts).max())
    seen, where_to = np.empty((lines, 2), np.uint64), np.empty((lines, 2), np.int64)
    for strip in range(y0 // STRIP, (y1 + STRIP - 1) // STRIP):
        begin, end = max(y0, strip * STRIP), min(y1, (strip + 1) * STRIP)
        cover[:] = 0
        some = rows[starts[strip] : starts[strip + 1]]
        n = _look(cover, seen, where_to, crowd, where, some, begin, end)
        while n > 0:
            n = _lay(out.reshape(-1), book, seen, where_to, n)
            if n >= 0:
                y, i = where_to[n, 0], where_to[n, 1]
                start, w = where[sprite[i], 0], where[sprite[i], 1]
                _stamp_line(out[y], book, start + (y - py[i]) * w, px[i], w)


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Sprites with their left top pixels in a picture, the uppermost last."""

    sprites: tuple[Any, ...]
    strips: tuple[Any, Any]
    pages: Pages

    @classmethod
    def of(cls, corners: Sequence[Corners], pages: Pages, size: tuple[int, int]) -> Crowd:
        """All that is stamped one after the other in a picture of size (height, width)."""
        left, top, sprite = (np.concatenate(column) for column in zip(*corners, strict=True))
        height, width = size
        strips = by_strip(pages.where, sprite, left, top, width, height)
        known = forms(pages.pixels, pages.where, sprite)
        return cls((sprite, left, top, *known, width), strips, pages)

    def draw(self, out: NDArray[np.uint32], y0: int, y1: int) -> None:
        """Draw what lies in the rows y0..y1."""
        draw(out, self.pages.pixels, self.pages.where, self.sprites, self.strips, y0, y1)
