"""mapping.toml: which column is which field, and what the owner of a file means by its values."""

from __future__ import annotations

import tomllib
from collections.abc import Container, Iterable
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from commandwall import codes, geo
from commandwall.events import (
    ACCEPTED,
    CLOSED_STATES,
    DISPATCHED,
    FEEDBACK,
    NEW,
    ON_SCENE,
    SIGNED,
)
from commandwall.pool.imports.trouble import ImportTrouble

_TEXTS = {"source_id", "title", "body", "address", "person", "phone", "unit"}
_CODED = {"cls", "urgency", "grade", "area", "state"}
_PLACED = {"lon", "lat", "acc_m"}
_TIMES = {"occurred_at", "reported_at", "closed_at"}
FIELDS = frozenset(_TEXTS | _CODED | _PLACED | _TIMES)
"""What a column may become; the rest of an event the importer knows by itself."""

STATES = CLOSED_STATES | {NEW, ACCEPTED, DISPATCHED, SIGNED, ON_SCENE, FEEDBACK}

M = TypeVar("M", bound=msgspec.Struct)


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One mapping file. Tables left out are empty."""

    source: str  # code list event_source
    columns: dict[str, str]  # field -> header of the file
    datum: str = ""  # of lon and lat; never guessed
    zone: str = "Asia/Shanghai"
    dates: tuple[str, ...] = ()  # strptime formats, tried in order, then ISO 8601
    defaults: dict[str, str | int] = {}
    classes: dict[str, str] = {}  # the file's class -> event_class
    words: dict[str, str] = {}  # a word of title or body -> event_class, the first one counts
    states: dict[str, str] = {}  # the file's state -> one of STATES
    urgencies: dict[str, int] = {}  # the file's urgency -> 1..5
    places: dict[str, str] = {}  # a name in texts -> code of an area

    @property
    def located(self) -> bool:
        """Whether the file gives coordinates."""
        return {"lon", "lat"} <= self.columns.keys()

    @property
    def time_zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


def load(path: Path) -> Mapping:
    """Read and check a mapping; ImportTrouble says what is wrong with it and where."""
    mapping = loaded(path, Mapping)
    _check(mapping, path.name)
    return mapping


def loaded(path: Path, kind: type[M]) -> M:
    """A mapping file of a kind, by its types alone. Raises ImportTrouble."""
    try:
        with path.open("rb") as file:
            return msgspec.convert(tomllib.load(file), kind)
    except OSError as error:
        raise ImportTrouble("unreadable", file=str(path), why=error.strerror) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ImportTrouble("mapping", file=path.name, why=str(error)) from error


def _check(mapping: Mapping, name: str) -> None:
    for what, given, allowed in _vocabularies(mapping):
        if strange := [str(value) for value in given if value not in allowed]:
            why = f"{what}: {', '.join(strange)}"
            raise ImportTrouble("mapping", file=name, why=why)
    if bool(mapping.columns.keys() & {"lon", "lat"}) != mapping.located:
        raise ImportTrouble("mapping", file=name, why="lon, lat")
    if mapping.located:
        declared(mapping.datum)
    try:
        _ = mapping.time_zone
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ImportTrouble("mapping", file=name, why=f"zone: {mapping.zone}") from error


def _vocabularies(mapping: Mapping) -> list[tuple[str, Iterable[object], Container[object]]]:
    """Parts of a mapping, the values in them, and the values that are allowed there."""
    classes, defaults = codes.load("event_class"), mapping.defaults
    return [
        ("columns", mapping.columns, FIELDS),
        ("defaults", defaults, FIELDS - {"lon", "lat", "source_id"}),
        ("source", [mapping.source], codes.load("event_source")),
        ("classes", list(mapping.classes.values()), classes),
        ("words", list(mapping.words.values()), classes),
        ("defaults.cls", [defaults["cls"]] if "cls" in defaults else [], classes),
        ("states", list(mapping.states.values()), STATES),
        ("urgencies", list(mapping.urgencies.values()), range(1, 6)),
    ]


def declared(datum: str | None) -> str:
    """The datum's name; ImportTrouble asks for one that is missing or unknown."""
    try:
        return geo.datum_of(datum)
    except geo.UndeclaredDatum as error:
        raise ImportTrouble("datum_missing") from error
    except geo.UnknownDatum as error:
        raise ImportTrouble("datum_unknown", datum=datum) from error
