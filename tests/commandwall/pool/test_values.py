"""What the pool keeps of an indicator's values, so that every station judges by the same ones."""

from __future__ import annotations

import json
from typing import Any

from commandwall import codes

WRITE = "UPDATE cw_indicatorvalue SET at = to_timestamp(%s), value = %s, recent = '[]'"


def kept(pool: Any) -> list[list[Any]]:
    row = pool.owner.execute("SELECT recent FROM cw_indicatorvalue").fetchone()
    return list(json.loads(row[0] or "[]"))


def begin(pool: Any) -> None:
    pool.owner.execute(
        "INSERT INTO cw_indicatorvalue(id, at, value, today, usual, recent)"
        " VALUES ('a', to_timestamp(100), 1, '', '', 'anything')"
    )


def test_the_values_before_stay_with_the_newest(pool: Any) -> None:
    begin(pool)
    assert kept(pool) == []
    pool.owner.execute(WRITE, (160, 2))
    pool.owner.execute(WRITE, (220, None))
    pool.owner.execute(WRITE, (280, 4))
    assert kept(pool) == [[100_000, 1], [160_000, 2], [220_000, None]]


def test_a_repeated_value_makes_no_traffic_and_a_correction_takes_its_place(pool: Any) -> None:
    begin(pool)
    pool.owner.execute(WRITE, (160, 2))
    rev = "SELECT rev FROM cw_indicatorvalue"
    before = pool.owner.execute(rev).fetchone()
    pool.owner.execute(WRITE, (160, 2))
    assert pool.owner.execute(rev).fetchone() == before
    pool.owner.execute(WRITE, (160, 3))
    assert kept(pool) == [[100_000, 1]]
    pool.owner.execute(WRITE, (90, 3))  # the source was set back
    assert kept(pool) == []


def test_no_more_are_kept_than_the_list_says(pool: Any) -> None:
    begin(pool)
    most = int(codes.limit("values_kept"))
    for n in range(most + 5):
        pool.owner.execute(WRITE, (200 + 60 * n, n))
    assert [value for _, value in kept(pool)] == list(range(4, most + 4))
