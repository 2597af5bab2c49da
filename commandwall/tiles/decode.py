"""What the bytes of a tile hold: a picture or shapes. Tiles come from outside and may be anything.

Pictures are read by Pillow, which lets go of the GIL.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

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


def vector(data: bytes) -> dict[str, Any]:
    """The layers of a vector tile by name, each with `extent` and `features` as of GeoJSON.

    Coordinates run from 0 to `extent`, y to the south, and somewhat beyond. Raises BadTile.
    """
    import mapbox_vector_tile  # here: a wall without a base map starts without it
    from google.protobuf.message import DecodeError

    try:
        layers: dict[str, Any] = mapbox_vector_tile.decode(
            unpacked(data), default_options={"y_coord_down": True}
        )
    except (DecodeError, ValueError, LookupError, AssertionError, OverflowError) as error:
        raise BadTile(str(error)) from error
    return layers
