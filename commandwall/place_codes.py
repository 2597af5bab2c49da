"""Codes of places 码上办: what stands in the QR code on a building, a place or a device. Who scans
it says where he is without a word; a scanner types it as a keyboard does.

    CW1:B:0123:5F2A9C    mark, kind, id, and a check of both

The check finds what was misread or typed wrongly; it is no secret, since a code only names what is
there to be seen.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from commandwall import codes
from commandwall.areas import Building, Place
from commandwall.placing import BUILDING, PLACE, Found
from commandwall.sensors import Sensor
from commandwall.store.fulltext import like
from commandwall.store.store import Reader

MARK, CHECK = "CW1", 6
DEVICE = "device"
LETTERS = {BUILDING: "B", PLACE: "P", DEVICE: "D"}
_KINDS = {letter: kind for kind, letter in LETTERS.items()}
_RECORDS = {BUILDING: Building, PLACE: Place, DEVICE: Sensor}
_CODE = re.compile(rf"{MARK}:([BPD]):([^\s:]{{1,80}}):([0-9A-Fa-f]{{{CHECK}}})")
_LISTED = (
    "SELECT id, name, area FROM {table} WHERE area LIKE :area ESCAPE '\\'"
    " ORDER BY area, name, id LIMIT :n"
)
_TABLES = {BUILDING: "building", PLACE: "place", DEVICE: "sensor"}


@dataclass(frozen=True, slots=True)
class Scan:
    """A code within a text."""

    kind: str  # building, place, device
    key: str
    sound: bool  # it is as it was printed
    rest: str  # the text without it


@dataclass(frozen=True, slots=True)
class Coded:
    """One thing that a code is printed for."""

    kind: str
    key: str
    name: str
    area: str

    @property
    def text(self) -> str:
        return written(self.kind, self.key)


def written(kind: str, key: str) -> str:
    """The text of a code. KeyError for a kind that has none."""
    letter = LETTERS[kind]
    return f"{MARK}:{letter}:{key}:{_check(letter, key)}"


def read(text: str) -> Scan | None:
    """The first code of a text, also where a Chinese keyboard made its colons wide."""
    plain = unicodedata.normalize("NFKC", text) if "：" in text else text
    found = _CODE.search(plain)
    if found is None:
        return None
    letter, key, check = found.groups()
    rest = f"{plain[: found.start()]}{plain[found.end() :]}".strip()
    return Scan(_KINDS[letter], key, check.upper() == _check(letter, key), rest)


def find(reader: Reader, kind: str, key: str) -> Found | None:
    """Where what a code names stands; None where the city has it not, or no more."""
    one = reader.get(_RECORDS[kind], key)
    if one is None:
        return None
    near = codes.limit("placed_building_m" if kind == BUILDING else "placed_place_m")
    return Found(kind, one.name, one.area, one.lon, one.lat, near)


def listed(reader: Reader, kind: str, area: str, most: int) -> Iterator[Coded]:
    """What codes are printed for, in an area and all below it, in order; at most so many. A key
    that no code can hold is left out."""
    sql = _LISTED.format(table=_TABLES[kind])
    for key, name, where in reader.rows(sql, area=like(area)[1:], n=most):
        if _CODE.fullmatch(written(kind, key)):
            yield Coded(kind, key, name, where)


def _check(letter: str, key: str) -> str:
    return hashlib.sha256(f"{MARK}:{letter}:{key}".encode()).hexdigest()[:CHECK].upper()
