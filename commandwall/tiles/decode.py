"""What the bytes of a tile hold: a picture or shapes. Tiles come from outside and may be anything.

Pictures are read by Pillow, which lets go of the GIL.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Container
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

POINT, LINE, POLYGON = 1, 2, 3
PICTURE, VECTOR = "picture", "vector"
_SIDE = 2048
"""Pixels of a side; a larger picture is no tile."""
_MOST = 16_000_000
"""Bytes that a packed tile may unpack to."""
_BEGINS = {b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"RIFF": "WEBP"}
_PACKED = b"\x1f\x8b"
_LAYER = 0x1A
"""A vector tile is a list of layers, each of which begins so."""


class BadTile(ValueError):
    """The bytes are no tile."""


def sort_of(data: bytes) -> str:
    """PICTURE, VECTOR, or "" for something else: a page that asks to sign in, a message."""
    if data[:4] in _BEGINS or data[:3] in _BEGINS:
        return PICTURE
    return VECTOR if data[:2] == _PACKED or data[:1] == bytes([_LAYER]) else ""


def is_photo(data: bytes) -> bool:
    """Whether a picture is packed as photographs are."""
    return data[:3] == b"\xff\xd8\xff"


def picture(data: bytes) -> npt.NDArray[np.uint8]:
    """(height, width, 4) red, green, blue, opacity. Raises BadTile."""
    from PIL import Image  # here: a wall without a base map starts without it

    try:
        with Image.open(io.BytesIO(data), formats=tuple(_BEGINS.values())) as image:
            if max(image.size) > _SIDE:
                raise BadTile(f"{image.size[0]} x {image.size[1]} pixels")
            return np.asarray(image.convert("RGBA"))
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error) as error:
        raise BadTile(str(error)) from error
    except Image.DecompressionBombError as error:
        raise BadTile(str(error)) from error


def unpacked(data: bytes) -> bytes:
    """The bytes of a vector tile, whether it came packed or not. Raises BadTile."""
    if data[:2] != _PACKED:
        return data
    opener = zlib.decompressobj(wbits=31)
    try:
        plain = opener.decompress(data, _MOST)
    except zlib.error as error:
        raise BadTile(str(error)) from error
    if not opener.eof:
        raise BadTile("cut off, or too large")
    return plain


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The features of one layer of a vector tile.

    Feature i is of sort sorts[i] (POINT, LINE, POLYGON) and drawn by the commands
    starts[i]:starts[i + 1]; `facts` are those that were asked for.
    """

    layer: str
    extent: int
    sorts: npt.NDArray[np.uint8]
    facts: list[dict[str, str]]
    commands: npt.NDArray[np.uint32]
    starts: npt.NDArray[np.int64]


def vector(data: bytes, layers: Container[str], facts: Container[str]) -> list[Features]:
    """Some layers of a vector tile with some facts of their features. Raises BadTile.

    The library's own reading of the commands takes ten times as long, in Python alone, so that the
    screen's thread would be held up: they are left to a kernel.
    """
    # Here: a wall without a base map starts without them.
    from google.protobuf.message import DecodeError
    from mapbox_vector_tile.Mapbox import vector_tile_pb2

    tile = vector_tile_pb2.tile()
    try:
        tile.ParseFromString(unpacked(data))
        return [_features(layer, facts) for layer in tile.layers if layer.name in layers]
    except (DecodeError, ValueError, LookupError) as error:
        raise BadTile(str(error)) from error


def _features(layer: Any, facts: Container[str]) -> Features:
    if layer.extent == 0:
        raise BadTile("a layer without extent")
    keys = {i: key for i, key in enumerate(layer.keys) if key in facts}
    values = [value.string_value for value in layer.values]
    found = [f for f in layer.features if f.type in (POINT, LINE, POLYGON)]
    sizes = [len(f.geometry) for f in found]
    told = []
    for feature in found:
        tags = feature.tags
        pairs = zip(tags[::2], tags[1::2], strict=False)
        told.append({keys[k]: values[v] for k, v in pairs if k in keys})
    return Features(
        layer.name, layer.extent, np.array([f.type for f in found], np.uint8), told,
        np.fromiter(chain.from_iterable(f.geometry for f in found), np.uint32, sum(sizes)),
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
    )  # fmt: skip
