"""Rows as the pool gives them, made ours: in our order, with the types that JSON does not carry."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Column, Integer, LargeBinary
from sqlalchemy.types import Double

from commandwall.pool import schema
from commandwall.store.schema import table_of

Row = tuple[Any, ...]
Places = tuple[int | None, ...]
"""Where the pool has each of our columns; None for one that it does not have."""


@cache
def shape(kind: str, places: Places) -> Callable[[Sequence[Any]], Row]:
    """What makes our row of one that the pool gave; once for each row of a page, so it is short."""
    names, columns = schema.columns(kind), table_of(schema.city_kinds()[kind]).columns
    missing = [
        None if at is not None else schema.default(kind, name)
        for at, name in zip(places, names, strict=True)
    ]
    same, size = places == tuple(range(len(names))), len(names)
    # After JSON, which knows no bytes, and writes 1e300 as a whole.
    formed = [(i, form) for i, column in enumerate(columns) for t, form in _FORMS
              if isinstance(column.type, t) and places[i] is not None]  # fmt: skip

    def made(values: Sequence[Any]) -> Row:
        if same:
            row = list(values[:size])
        else:
            row = [values[at] if at is not None else missing[i] for i, at in enumerate(places)]
        for i, form in formed:
            row[i] = form(row[i])
        return tuple(row)

    return made


@cache
def reader(kind: str, places: Places) -> Callable[[Sequence[bytes]], list[Row]]:
    """The same for rows as the JSON arrays of a page. Where the pool's columns are ours they become
    our rows at once; where one does not fit so they are read like those of another pool."""
    form, columns = shape(kind, places), table_of(schema.city_kinds()[kind]).columns
    if places != tuple(range(len(columns))) or any(
        isinstance(column.type, LargeBinary) for column in columns
    ):
        return lambda bodies: [form(msgspec.json.decode(body)) for body in bodies]
    hints: Any = tuple(map(_hint, columns))
    decoder: msgspec.json.Decoder[list[Row]] = msgspec.json.Decoder(list[tuple[hints]])

    def made(bodies: Sequence[bytes]) -> list[Row]:
        try:
            return decoder.decode(b"[%b]" % b",".join(bodies))
        except msgspec.ValidationError:
            return [form(msgspec.json.decode(body)) for body in bodies]

    return made


def _hint(column: Column[Any]) -> Any:
    plain = float if isinstance(column.type, Double) else int
    hint = plain if isinstance(column.type, Double | Integer) else str
    return hint | None if column.nullable else hint


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


_FORMS: tuple[tuple[type[Any], Callable[[Any], Any]], ...] = (
    (LargeBinary, base64.b64decode),
    (Double, _number),
)
