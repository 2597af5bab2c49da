"""Full text that finds two-character Chinese words: pairs of characters in an FTS5 index.

The index keeps no positions, so a hit is a candidate; the query checks it again with LIKE. Its
row numbers grow with the time of the event, so the newest hits are the first that it gives.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

DDL = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS event_fts USING fts5("
    "grams, content='', contentless_delete=1, detail=none, tokenize='ascii')"
)
"""Letters are small and words are cut before they come here: `ascii` parts them at spaces, and
takes half the time of the tokenizer that knows Unicode."""
TEXTS = ("title", "body", "address")
"""Columns of an event that are searched."""
STRUCTURE, V2, LEVEL = 10, b"\xff\0\0\1", 4
"""Row of event_fts_data that names the parts of the index; how a newer form of it is told; where
the parts of a first fill belong: a million events pass before they are merged with later ones."""
END = "\0"
"""Ends each of many texts; PostgreSQL keeps none that holds it."""
_NONE, _LETTER, _SIGN, _END = 0, 1, 2, 3


def grams(texts: Iterable[str]) -> list[str]:
    """For each text its words, parted by spaces: Latin letters and digits as they are, everything
    else as pairs of characters."""
    ended = "".join(text.replace(END, " ") + END for text in texts)
    return cut(ended).split(END)[:-1]


def cut(ended: str) -> str:
    """The same for many texts in one string, each followed by END; the answer has that form."""
    codes = np.frombuffer(ended.lower().encode("utf-32-le", "surrogatepass"), np.uint32)
    kind = _kinds()[codes]
    around = kind * 9  # each sign with what follows it and what stands before it
    around[:-1] += kind[1:] % _END * 3
    around[1:] += kind[:-1] % _END
    size = _sizes()[around]
    after = np.cumsum(size, dtype=np.int64)
    out = np.full(after[-1] if len(after) else 0, ord(" "), np.uint32)
    start, first, pairs = after - size, np.flatnonzero(size), np.flatnonzero(size == 3)
    out[start[first]] = codes[first]
    out[start[pairs] + 1] = codes[pairs + 1]
    return out.tobytes().decode("utf-32-le", "surrogatepass")


def lifted(structure: bytes) -> bytes:
    """The structure record of an index that was made in one go, with its parts on the level LEVEL
    instead of the lowest: there the 16th small part that came after them made FTS5 write the whole
    index anew at once (a crisis merge), seconds in which no row was taken. One that has other
    levels is left as it is.

    The record (SQLite, ext/fts5/fts5_index.c): a head of 4 bytes, 4 more where `V2` follows, the
    numbers of levels, of parts and of writes, then level by level: parts that are being merged,
    parts, and what is known of each.
    """
    start = 8 if structure[4:8] == V2 else 4
    if structure[start] != 1:
        return structure
    rest = start + 1
    for _ in range(2):  # numbers of seven bits a byte, the last one below 128
        while structure[rest] >= 0x80:
            rest += 1
        rest += 1
    counts = structure[start + 1 : rest]
    return structure[:start] + bytes([LEVEL + 1]) + counts + bytes(2 * LEVEL) + structure[rest:]


def match(term: str) -> str:
    """The MATCH expression of one search term; "" where only LIKE can find it.

    A lone character, or the last letters of a Latin word, may stand inside a pair or a longer
    word: the index is asked for their beginning.
    """
    parts = [gram for gram in grams([term])[0].split() if len(gram) > 1]
    return " AND ".join(f'"{part}"*' if part.isascii() else f'"{part}"' for part in parts)


def like(term: str) -> str:
    """A LIKE pattern (ESCAPE '\\') that takes the term literally."""
    escaped = term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


@cache
def _kinds() -> NDArray[np.uint8]:
    """What each code point is: a Latin letter or digit, another sign of a word, or neither."""
    points = np.arange(0x110000, dtype=np.uint32)
    kinds = np.where(np.strings.isalnum(points.view("U1")), _SIGN, _NONE).astype(np.uint8)
    for low, high in ("09", "az"):
        kinds[ord(low) : ord(high) + 1] = _LETTER
    kinds[ord(END)] = _END
    return kinds


@cache
def _sizes() -> NDArray[np.uint8]:
    """What a sign adds to the words, by its kind, the next and the one before: itself (and the
    next, where they are a pair), and a space where a word ends."""
    sizes = np.zeros((4, 3, 3), np.uint8)
    sizes[_LETTER] = 2
    sizes[_LETTER, _LETTER] = 1
    sizes[_SIGN] = 2
    sizes[_SIGN, :, _SIGN] = 0  # the end of a pair
    sizes[_SIGN, _SIGN] = 3
    sizes[_END] = 1
    return sizes.ravel()
