"""Which base map was asked for: a row of the code list, a file, or an address of tiles.

An address has {z}, {x} and {y}, as most maps write it; {-y} counts rows from the south (TMS);
{TileMatrix}, {TileCol} and {TileRow} are the same in a WMTS; {s} is one of a, b, c, and {0-7} one
of a range; {key} is a key, which never stands in the settings. A map's datum is declared, never
guessed.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commandwall import codes, geo
from commandwall.config import Settings, SettingsError
from commandwall.plain import clean
from commandwall.tiles.grid import TileId

ARCHIVES = (".pmtiles", ".mbtiles")
CREDIT = 120
"""Letters of a credit."""
_SAME = {"{TileMatrix}": "{z}", "{TileCol}": "{x}", "{TileRow}": "{y}", "{s}": "{a-c}"}
_CHOICE = re.compile(r"\{(\w)-(\w)\}")
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Source:
    """A base map that was asked for."""

    name: str  # as the settings call it; the keyring keeps its key under it
    place: str  # path, or address
    datum: str
    credit: str = ""
    zooms: tuple[int, int] = (0, 19)  # an archive says its own
    tone: str = ""  # light, dark or photo; "" by how it is packed
    key_file: str = ""

    @property
    def online(self) -> bool:
        return "://" in self.place

    @property
    def keyed(self) -> bool:
        return "{key}" in self.place

    @property
    def mark(self) -> str:
        """Tells the kept tiles of this map from those of others."""
        return hashlib.sha256(self.place.encode()).hexdigest()[:16]

    def address(self, tile: TileId, key: str = "") -> str:
        """Where a tile is asked for; the hosts of a range take turns by its place."""
        text = _alike(self.place)
        for host in _CHOICE.finditer(text):
            first, last = ord(host[1]), ord(host[2])
            turn = chr(first + (tile.x + tile.y) % max(1, last - first + 1))
            text = text.replace(host[0], turn)
        facts: dict[str, Any] = {"z": tile.z, "x": tile.x, "y": tile.y, "key": key}
        facts["-y"] = 2**tile.z - 1 - tile.y
        for name, value in facts.items():
            text = text.replace("{" + name + "}", str(value))
        return text


def _alike(place: str) -> str:
    """An address with one word for one thing."""
    for other, ours in _SAME.items():
        place = re.sub(re.escape(other), ours, place, flags=re.IGNORECASE)
    return place


def find(settings: Settings) -> Source | None:
    """The base map of the settings; None where none is asked for.

    Raises SettingsError where no such map is known, or its datum was not declared.
    """
    asked = settings.basemap
    if not asked:
        return None
    rows = codes.load("basemap")
    facts: dict[str, Any] = (
        dict(rows[asked].facts) if asked in rows else {"place": _place(asked, sorted(rows))}
    )
    if settings.basemap_datum:
        facts["datum"] = settings.basemap_datum
    return Source(
        name=asked,
        place=facts["place"],
        datum=_datum(facts.get("datum", "")),
        credit=said(settings.basemap_credit or facts.get("credit", "")),
        zooms=(facts.get("least", 0), facts.get("most", 19)),
        tone=facts.get("tone", ""),
        key_file=settings.basemap_key_file,
    )


def said(credit: str) -> str:
    """A credit as it is written on the map: archives bring theirs as a piece of a web page."""
    return clean(_TAG.sub("", credit).replace("&copy;", "©").strip(), CREDIT)


def _place(asked: str, rows: list[str]) -> str:
    if "://" in asked:
        address = _alike(asked)
        rows_of_it = "{y}" in address or "{-y}" in address
        if asked.startswith(("http://", "https://")) and "{z}" in address and rows_of_it:
            return asked
        raise SettingsError(f"basemap: {asked} has no {{z}}, {{x}} and {{y}}, or is not http")
    if Path(asked).suffix.lower() in ARCHIVES:
        return str(Path(asked).expanduser().absolute())
    known = ", ".join(rows)
    raise SettingsError(
        f"basemap: {asked!r} is neither a .pmtiles or .mbtiles file, nor an address, nor {known}"
    )


def _datum(name: str) -> str:
    try:
        return geo.datum_of(name)
    except geo.UndeclaredDatum as error:
        raise SettingsError(f"basemap_datum: say which of {error} the base map has") from error
    except geo.UnknownDatum as error:
        known = ", ".join(geo.DATUMS)
        raise SettingsError(f"basemap_datum: {name!r} is none of {known}") from error
