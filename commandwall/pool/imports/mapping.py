"""mapping.toml: which column is which field, and what the owner of a table means by its values."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import MISSING, fields
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from commandwall import codes, geo
from commandwall.areas import Camera, Household, Person, Place
from commandwall.events import (
    ACCEPTED,
    CLOSED_STATES,
    DISPATCHED,
    FEEDBACK,
    NEW,
    ON_SCENE,
    SIGNED,
    Event,
)
from commandwall.indicators import Indicator, IndicatorValue
from commandwall.pool.imports.trouble import ImportTrouble
from commandwall.resources import Resource
from commandwall.sensors import Sensor

KINDS: Dict[str, type[Any]] = {
    kind.__name__.lower(): kind
    for kind in (
        Event, Place, Person, Household, Camera, Sensor, Resource, Indicator, IndicatorValue,
    )
}  # fmt: skip
"""What the rows of a table may become."""
CODED: Dict[str, Dict[str, str]] = {
    "place": {"kind": "place_kind"},
    "person": {"role": "person_role"},
    "household": {"colour": "building_colour"},
    "sensor": {"cls": "sensor_class"},
    "resource": {"kind": "resource_kind", "status": "resource_status"},
    "indicator": {"domain": "indicator_domain", "direction": "indicator_direction"},
}
"""Kind -> field -> the code list of its values; those of events have tables of their own."""
_TEXTS = {"source_id", "title", "body", "address", "person", "phone", "unit"}
_TOLD = {"title", "body"}
"""One of them every event has."""
_CODED = {"cls", "urgency", "grade", "area", "state"}
_PLACED = {"lon", "lat", "acc_m"}
_TIMES = {"occurred_at", "reported_at", "closed_at"}
FIELDS = frozenset(_TEXTS | _CODED | _PLACED | _TIMES)
"""What a column of events may become; the rest of an event the importer knows by itself."""
_EVENTS_OWN = ("classes", "words", "states", "urgencies", "places")
_GIVEN = {"lon": 0, "lat": 0, "no": 0}
"""Numbers that a table may leave out: from the area, or counted."""

STATES = CLOSED_STATES | {NEW, ACCEPTED, DISPATCHED, SIGNED, ON_SCENE, FEEDBACK}

M = TypeVar("M", bound=msgspec.Struct)
Columns = dict[str, str | tuple[str, ...]]


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """One mapping file. Tables left out are empty."""

    source: str  # of events: code list event_source; else the name of the source system
    columns: Columns  # field -> header of the table, or the first of several that is there
    kind: str = "event"  # one of KINDS
    system: str = ""  # name of the source system, where it is not `source`
    department: str = ""  # whose system it is
    whole: bool = False  # the table is all that the source has: what it no longer has is gone
    table: str = ""  # of a database
    query: str = ""  # of a database, instead of `table`
    prefix: str = ""  # put before ids that mean nothing outside their source
    datum: str = ""  # of lon and lat; never guessed
    zone: str = "Asia/Shanghai"
    dates: tuple[str, ...] = ()  # strptime formats, tried in order, then ISO 8601
    defaults: dict[str, str | int | float] = {}
    values: dict[str, dict[str, str]] = {}  # field -> the table's word -> ours
    classes: dict[str, str] = {}  # the file's class -> event_class
    words: dict[str, str] = {}  # a word of title or body -> event_class, the first one counts
    states: dict[str, str] = {}  # the file's state -> one of STATES
    urgencies: dict[str, int] = {}  # the file's urgency -> 1..5
    places: dict[str, str] = {}  # a name in texts -> code of an area

    @property
    def record(self) -> type[Any]:
        """The class of its records."""
        return KINDS[self.kind]

    @property
    def key(self) -> str:
        """The field by which a row is known again."""
        return "source_id" if self.kind == "event" else "id"

    @property
    def located(self) -> bool:
        """Whether the table gives coordinates."""
        return {"lon", "lat"} <= self.columns.keys()

    @cached_property
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


def columns_of(columns: Columns, header: Sequence[str]) -> dict[str, str]:
    """Field -> header. ImportTrouble for a lone header that the mapping names and nobody has."""
    there = {head.strip().casefold(): head for head in reversed(header)}
    found: dict[str, str] = {}
    missing: list[str] = []
    for field, named in columns.items():
        heads = [h.strip() for h in ((named,) if isinstance(named, str) else named)]
        here = [there[h.casefold()] for h in heads if h.casefold() in there]
        if here:
            found[field] = here[0]
        elif isinstance(named, str):
            missing.append(named)
    if missing:
        raise ImportTrouble("columns", missing=", ".join(missing), there=", ".join(header))
    return found


def known_words(list_name: str, more: Dict[str, str]) -> dict[str, str]:
    """What a code may be called in a file -> the code."""
    rows = codes.load(list_name).values()
    return {word: c.id for c in rows for word in (c.id, c.zh, c.en)} | dict(more)


def _check(mapping: Mapping, name: str) -> None:
    if mapping.kind not in KINDS:
        raise _strange(name, "kind", [mapping.kind], KINDS)
    vocabularies = _of_events(mapping) if mapping.kind == "event" else _of_records(mapping)
    for what, given, allowed in vocabularies:
        if strange := [value for value in given if value not in allowed]:
            raise _strange(name, what, strange, allowed)
    if mapping.located:
        declared(mapping.datum)
    try:
        _ = mapping.time_zone
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ImportTrouble("mapping", file=name, why=f"zone: {mapping.zone}") from error
    if missing := _missing(mapping):
        raise ImportTrouble("mapping_lacks", file=name, missing=", ".join(missing))


def _strange(
    name: str, part: str, strange: Iterable[object], allowed: Collection[object]
) -> ImportTrouble:
    """Names what cannot stand in a part of the mapping, and everything that can."""
    said, known = ", ".join(map(str, strange)), ", ".join(sorted(map(str, allowed))) or "—"
    return ImportTrouble("mapping_word", file=name, part=part, said=said, known=known)


def _missing(mapping: Mapping) -> list[str]:
    """What must be there too: half a coordinate, the key, a number that nothing gives, of an event
    when it was reported and what."""
    half = {"lon", "lat"} - mapping.columns.keys() if not mapping.located else set()
    lacking = half if mapping.columns.keys() & {"lon", "lat"} else set()
    told = mapping.columns.keys() | mapping.defaults.keys()
    if mapping.kind != "event":
        lacking |= _numbers(mapping.record) - told
    else:
        lacking |= {"reported_at"} - told | ({"title"} if told.isdisjoint(_TOLD) else set())
    if mapping.kind != "event" or mapping.whole:
        lacking |= {mapping.key} - mapping.columns.keys()
    return sorted(lacking)


def _numbers(kind: type[Any]) -> set[str]:
    """Fields of a record that hold a number and have no value of their own."""
    bare = (f for f in fields(kind) if f.default is MISSING)
    return {f.name for f in bare if f.type in ("int", "float", "Ms")} - _GIVEN.keys()


Vocabulary = tuple[str, Iterable[object], Collection[object]]
"""Part of a mapping, the values in it, and the values that are allowed there."""


def _of_events(mapping: Mapping) -> list[Vocabulary]:
    classes, defaults = codes.load("event_class"), mapping.defaults
    return [
        ("columns", mapping.columns, FIELDS),
        ("defaults", defaults, FIELDS - {"lon", "lat", "source_id"}),
        ("source", [mapping.source], codes.load("event_source")),
        ("values", mapping.values, ()),
        ("classes", list(mapping.classes.values()), classes),
        ("words", list(mapping.words.values()), classes),
        ("defaults.cls", [defaults["cls"]] if "cls" in defaults else [], classes),
        ("states", list(mapping.states.values()), STATES),
        ("urgencies", list(mapping.urgencies.values()), range(1, 6)),
    ]


def _of_records(mapping: Mapping) -> list[Vocabulary]:
    named = {f.name for f in fields(mapping.record) if f.type != "bytes"} - {"rev"}
    coded = CODED.get(mapping.kind, {})
    lists = [(f, codes.load(code)) for f, code in coded.items()]
    return [
        ("columns", mapping.columns, named),
        ("defaults", mapping.defaults, named - {"id", "lon", "lat"}),
        ("values", mapping.values, named),
        *((f"values.{f}", mapping.values.get(f, {}).values(), known) for f, known in lists),
        *((what, getattr(mapping, what), ()) for what in _EVENTS_OWN[:-1]),
    ]


def declared(datum: str | None) -> str:
    """The datum's name; ImportTrouble asks for one that is missing or unknown."""
    try:
        return geo.datum_of(datum)
    except geo.UndeclaredDatum as error:
        raise ImportTrouble("datum_missing") from error
    except geo.UnknownDatum as error:
        raise ImportTrouble("datum_unknown", datum=datum) from error
