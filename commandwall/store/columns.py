"""Rows of readings or positions as short bytes: by columns, as steps, like bytes together."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray


def squeeze(rows: NDArray[np.void], level: int = 6) -> bytes:
    """The rows of a structured array; `spread` gives them back."""
    names = rows.dtype.names or ()
    return zlib.compress(b"".join(_steps(rows[name]) for name in names), level)


def spread(body: bytes, dtype: np.dtype[Any]) -> NDArray[np.void]:
    """The rows again; ValueError where the body holds none of this kind."""
    try:
        raw = zlib.decompress(body)
    except zlib.error as why:
        raise ValueError("no squeezed rows") from why
    count, left = divmod(len(raw), dtype.itemsize)
    if left:
        raise ValueError("no rows of this kind")
    rows, start = np.zeros(count, dtype), 0
    for name in dtype.names or ():
        size = dtype[name].itemsize * count
        rows[name] = _values(raw[start : start + size], dtype[name], count)
        start += size
    return rows


def _steps(column: NDArray[Any]) -> bytes:
    column = np.ascontiguousarray(column)
    if column.dtype.kind in "iu":
        column = np.diff(column, prepend=column.dtype.type(0))
    return column.view(np.uint8).reshape(-1, column.dtype.itemsize).T.tobytes()


def _values(raw: bytes, dtype: np.dtype[Any], count: int) -> NDArray[Any]:
    bytes_ = np.frombuffer(raw, np.uint8).reshape(dtype.itemsize, count).T
    column = np.ascontiguousarray(bytes_).view(dtype).reshape(count)
    return np.cumsum(column, dtype=dtype) if dtype.kind in "iu" else column
