"""Rows of a page become ours, also those that another pool writes another way."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest
from builders import an_event

from commandwall.pool import schema
from commandwall.pool.rows import reader, shape

NAMES = schema.columns("event")
OURS = tuple(range(len(NAMES)))


def values(**other: Any) -> list[Any]:
    return list((dataclasses.asdict(an_event()) | other).values())


def test_a_row_of_a_page_is_ours() -> None:
    (row,) = reader("event", OURS)([msgspec.json.encode(values(lon=120, lat=None))])
    assert row == tuple(values(lon=120.0, lat=None))
    assert type(row[NAMES.index("lon")]) is float  # JSON writes 120.0 as 120


@pytest.mark.parametrize(("column", "value"), [
    ("urgency", 2.5), ("title", None), ("title", 7), ("reported_at", None), ("lon", None),
])  # fmt: skip
def test_a_row_of_other_types_reads_like_that_of_another_pool(column: str, value: Any) -> None:
    other, body = (msgspec.json.encode(one) for one in (values(), values(**{column: value})))
    form = shape("event", OURS)
    assert reader("event", OURS)([other, body]) == [
        form(msgspec.json.decode(one)) for one in (other, body)
    ]


def test_a_newer_pool_may_have_more_columns_and_another_order() -> None:
    ours = values()
    assert reader("event", OURS)([msgspec.json.encode([*ours, "new"])]) == [tuple(ours)]
    turned = (*OURS[1:], 0)
    found = reader("event", turned)([msgspec.json.encode([ours[-1], *ours[:-1]])])
    assert found == [tuple(ours)]
