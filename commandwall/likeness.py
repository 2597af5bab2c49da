"""Texts as numbers: which pairs and triples of characters they hold. Chinese needs no dictionary
for that, and names that no dictionary knows count as well.

A pair or triple is hashed to a column (the hashing trick: Weinberger and others, ICML 2009); two
that meet in one column are one, which costs less than a list of them. Weights are tf-idf. SciPy is
imported where it is used: a start needs none of it, and it takes a sixth of a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

BITS = 16
WIDTH = 1 << BITS
"""Columns of a matrix of texts."""
END = "\0"
_PRIME, _MIX = np.uint64(1_000_003), np.uint64(2_654_435_761)
Floats = NDArray[np.float64]
Rows = Any
"""A scipy.sparse CSR matrix, a row for each text, WIDTH columns."""


def grams(texts: Sequence[str]) -> Rows:
    """How often each text holds each pair and triple of characters: 1 + ln(times)."""
    from scipy import sparse

    ended = "".join(text.replace(END, " ").lower() + END for text in texts)
    codes = np.frombuffer(ended.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    ends = codes == 0
    row = np.cumsum(ends) - ends
    found = sparse.csr_matrix((len(texts), WIDTH))
    for size in (2, 3):
        key, whole = _windows(codes, size)
        ones = np.ones(np.count_nonzero(whole))
        place = row[: len(key)][whole], _hashed(key[whole])
        found = found + sparse.coo_matrix((ones, place), found.shape).tocsr()
    found.data = 1 + np.log(found.data)
    return found


def rarity(rows: Rows, least: int = 2) -> Floats:
    """What each column weighs, [WIDTH]: ln((1 + texts) / (1 + those that hold it)); 0 for what
    fewer than `least` texts hold, which says nothing of others."""
    held = np.bincount(rows.indices, minlength=WIDTH)
    weight: Floats = np.log((1 + rows.shape[0]) / (1 + held))
    weight[held < least] = 0
    return weight


def weighed(rows: Rows, weight: Floats) -> Rows:
    """Rows of length 1 (or 0, where nothing of a text weighs): their products are cosines."""
    from scipy import sparse

    found = sparse.csr_matrix(rows.multiply(weight[None, :]))
    long = np.sqrt(np.asarray(found.multiply(found).sum(axis=1)).ravel())
    return sparse.csr_matrix(sparse.diags(1 / np.where(long > 0, long, 1)) @ found)


def _windows(codes: NDArray[np.uint64], size: int) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Each run of so many characters as a number, and whether it lies within one text."""
    many = max(0, len(codes) - size + 1)
    key, whole = np.zeros(many, np.uint64), np.ones(many, bool)
    for at in range(size):
        part = codes[at : at + many]
        key = key * _PRIME + part
        whole &= part != 0
    return key, whole


def _hashed(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    return ((keys * _MIX) >> np.uint64(13)).astype(np.int64) & (WIDTH - 1)
