"""A moment that a person types: 14:20, 14:20:05, 11-25 08:30, 2025-11-25 08:30, or 40 for so many
minutes ago."""

from __future__ import annotations

import re
from datetime import timedelta

from commandwall.clock import MINUTE, Ms, from_datetime, to_datetime

_AGO = re.compile(r"-?(\d{1,6})")
_AT = re.compile(r"(?:(?:(\d{4})-)?(\d{1,2})-(\d{1,2})\s+)?(\d{1,2})[:：](\d{2})(?:[:：](\d{2}))?")


def typed(text: str, now: Ms) -> Ms | None:
    """The newest such moment that is not to come; None where it is none, or all of it is named and
    it is to come."""
    text = text.strip()
    if ago := _AGO.fullmatch(text):
        return Ms(now - int(ago[1]) * MINUTE)
    if (found := _AT.fullmatch(text)) is None:
        return None
    year, month, day, hour, minute, second = (None if n is None else int(n) for n in found.groups())
    here = to_datetime(now)
    given = {"year": year, "month": month, "day": day}
    try:
        at = here.replace(
            **{name: n for name, n in given.items() if n is not None},  # type: ignore[arg-type]
            hour=hour or 0, minute=minute or 0, second=second or 0, microsecond=0,
        )  # fmt: skip
        if at > here and day is None:
            at -= timedelta(days=1)
        elif at > here and year is None:
            at = at.replace(year=at.year - 1)
    except ValueError:
        return None
    return moment if (moment := from_datetime(at)) <= now else None
