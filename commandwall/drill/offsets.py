"""Scenario times as people write them: T+mm:ss, T+h:mm:ss, or D+ H+ M+ for days, hours, minutes."""

from __future__ import annotations

import re

from commandwall.clock import DAY, HOUR, MINUTE, SECOND
from commandwall.drill.drill_acts import REAL, Moment

_SHORT = re.compile(r"T\+(?:([0-9]{1,3}):(?=[0-5][0-9]:))?([0-9]{1,5}):([0-5][0-9])")
_LONG = re.compile(r"(?:D\+([0-9]{1,3}))? ?(?:H\+([0-9]{1,4}))? ?(?:M\+([0-9]{1,5}))?")


def moment(text: str) -> Moment | None:
    """What a text says; None where it is no scenario time."""
    if short := _SHORT.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in short.groups())
        return _moment(hours * HOUR + minutes * MINUTE + seconds * SECOND)
    found = _LONG.fullmatch(text) if text and text == text.strip() else None
    if found is None:
        return None
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return _moment(days * DAY + hours * HOUR + minutes * MINUTE)


def tell(at: Moment) -> str:
    """T+24:18; from a day on D+1 H+2 M+30, where seconds are left out."""
    ms = at // REAL
    if ms < DAY:
        return f"T+{ms // MINUTE:02d}:{ms % MINUTE // SECOND:02d}"
    return f"D+{ms // DAY} H+{ms % DAY // HOUR} M+{ms % HOUR // MINUTE}"


def _moment(ms: int) -> Moment:
    return Moment(ms * REAL)
