"""Columns of a kind say what its records say, to the last digit and sign."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import a_sensor, an_event

from commandwall.events import Event
from commandwall.sensors import Sensor
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Store

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
