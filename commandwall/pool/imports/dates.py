"""Moments in the mixed formats of real files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from commandwall.clock import SECOND, Ms, from_datetime
from commandwall.pool.imports.tables import text_of
from commandwall.pool.imports.trouble import RowFault, limit


def moment(value: Any, formats: Sequence[str], zone: ZoneInfo, now: Ms, field: str) -> Ms:
    """UTC milliseconds of a cell; a time without its zone is local to `zone`.

    Formats are strptime's, tried in order, then ISO 8601; a day without a time is its midnight.
    Raises RowFault for what fits none, is long past, or lies in the future.
    """
    found = _parsed(value, formats)
    if found is None:
        raise RowFault(field, "date")
    if found.year < limit("oldest_year"):
        raise RowFault(field, "past")
    at = from_datetime(found if found.tzinfo else found.replace(tzinfo=zone))
    if at > now + limit("future_s") * SECOND:
        raise RowFault(field, "future")
    return at


def _parsed(value: Any, formats: Sequence[str]) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001  the zone follows
    text = text_of(value)
    for form in formats:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  the zone follows
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
