"""Columns of a kind say what its records say, to the last digit and sign."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import a_sensor, an_event
from world import an_area

from commandwall.areas import Area
from commandwall.events import Event
from commandwall.sensors import Sensor
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import FEW, Store

NAMES = ["点 1", "", 'a "b", c', "上\n下\t右", "\x1f,\x00;", "😀\\u0041 \\", "null", "[1]"]
NUMBERS = [120.0, 0.1 + 0.2, 1 / 3, -1e-9, 5e-324, 1.7976931348623157e308, math.inf, -math.inf]


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    mirror = Mirror(tmp_path / "mirror-1.db")
    use(tmp_path, "mirror-1.db")
    yield mirror
    mirror.close()


@pytest.fixture
def store(tmp_path: Path, mirror: Mirror) -> Iterator[Store]:
    store = open_store(tmp_path)
    yield store
    store.close()


def row(record: Any) -> tuple[object, ...]:
    return tuple(getattr(record, name) for name in record.__slots__)


def columns(store: Store, kind: type[Any]) -> dict[str, list[Any]]:
    return store.read(lambda reader: reader.columns(kind, kind.__slots__))


def records(store: Store, kind: type[Any]) -> dict[str, list[Any]]:
    found = store.read(lambda reader: reader.find(kind))
    return {name: [getattr(r, name) for r in found] for name in kind.__slots__}


def test_columns_are_those_of_the_records(store: Store, mirror: Mirror) -> None:
    some = [
        a_sensor(no, name=name, lon=number, low=-number)
        for no, (name, number) in enumerate(zip(NAMES, NUMBERS, strict=True))
    ]
    mirror.take({"sensor": [row(s) for s in some]}, {})
    assert repr(columns(store, Sensor)) == repr(records(store, Sensor))
    assert repr(columns(store, Sensor)["lon"]) == repr(NUMBERS)


def test_what_is_not_known_keeps_its_place(store: Store, mirror: Mirror) -> None:
    some = [an_event(id="a"), an_event(id="b", lon=None, lat=None, grade=None), an_event(id="c")]
    mirror.take({"event": [row(e) for e in some]}, {})
    assert columns(store, Event) == records(store, Event)


def test_a_kind_without_rows_has_empty_columns(store: Store) -> None:
    assert set(map(len, columns(store, Sensor).values())) == {0}


def test_many_that_are_asked_for_by_their_ids_are_those_that_are_read_row_by_row(
    store: Store, mirror: Mirror
) -> None:
    facts = [(name, number) for name in NAMES for number in NUMBERS]
    some = [a_sensor(no, name=name, lon=number) for no, (name, number) in enumerate(facts)]
    mirror.take({"sensor": [row(s) for s in some]}, {})
    keys = [s.id for s in some[1:]]
    many = store.read(lambda reader: reader.many(Sensor, [*keys, "nobody"]))
    assert len(keys) > FEW and repr(sorted(many, key=lambda s: s.no)) == repr(some[1:])
    few = store.read(lambda reader: [reader.get(Sensor, key) for key in keys])
    assert repr(few) == repr(some[1:])
    none = [f"nobody {i}" for i in range(2 * FEW)]
    assert store.read(lambda reader: reader.many(Sensor, none)) == []


def test_kinds_that_hold_bytes_are_read_by_many_ids_too(store: Store, mirror: Mirror) -> None:
    areas = [an_area(f"{i:06}", 3, f"网格 {i}", "t1") for i in range(2 * FEW)]
    mirror.take({"area": [row(a) for a in areas]}, {})
    many = store.read(lambda reader: reader.many(Area, [a.id for a in areas]))
    assert sorted(many, key=lambda a: a.id) == areas
