"""The mark of a row: a number that pool and mirror make alike, so that they compare without rows.

Marks of many rows are added up. Two definitions that must agree: SQL for the pool, Python for the
mirror.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, LargeBinary
from sqlalchemy.types import Double

from commandwall.pool import schema
from commandwall.store.schema import table_of, times_of

APART, NONE = "\x1f", "\x1e"
"""Between two values, and for one that is missing: signs that no text of a city holds."""
Form = Callable[[Any], str]


def in_pool(kind: str, alias: str, only: Sequence[str]) -> str:
    """SQL for the mark of a row (bigint), over these of its columns."""
    moments = times_of(schema.city_kinds()[kind])
    columns = [table_of(schema.city_kinds()[kind]).columns[name] for name in only]
    values = ", ".join(
        f"coalesce({_in_pool(c, alias, c.name in moments)}, chr(30))" for c in columns
    )
    return f"('x' || left(md5(concat_ws(chr(31), {values})), 16))::bit(64)::bigint"


def of(kind: str, row: Sequence[Any], only: Sequence[str]) -> int:
    """The mark of a row that has all our columns, in our order."""
    values = (NONE if row[at] is None else form(row[at]) for at, form in _forms(kind, tuple(only)))
    digest = hashlib.md5(APART.join(values).encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _in_pool(column: Column[Any], alias: str, moment: bool) -> str:
    field = f'{alias}."{column.name}"'
    if moment:
        return f"(round(extract(epoch FROM {field}) * 1000)::bigint)::text"
    if isinstance(column.type, Double):  # zero has two signs, and JSON knows one
        return f"encode(float8send({field} + 0.0), 'hex')"
    return f"md5({field})" if isinstance(column.type, LargeBinary) else f"{field}::text"


@cache
def _forms(kind: str, only: tuple[str, ...]) -> tuple[tuple[int, Form], ...]:
    columns = table_of(schema.city_kinds()[kind]).columns
    return tuple((at, _form(c)) for at, c in enumerate(columns) if c.name in only)


def _form(column: Column[Any]) -> Form:
    if isinstance(column.type, Double):
        return lambda value: struct.pack(">d", value + 0.0).hex()
    if isinstance(column.type, LargeBinary):
        return lambda value: hashlib.md5(value, usedforsecurity=False).hexdigest()
    return str
