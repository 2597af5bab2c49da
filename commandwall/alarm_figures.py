"""How the alarms of a desk do 报警绩效: the figures of ISA-18.2 over the last day.

Pure, over what began within the day and what stands now; targets are rows of the list `limit`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from commandwall import codes
from commandwall.alarm_life import SHLVD
from commandwall.alarm_lists import sort_out
from commandwall.alarms import Alarm
from commandwall.clock import DAY, HOUR, MINUTE, Ms
from commandwall.store.store import Reader

TOP = 10
"""So many of the devices that alarm most are counted together."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Alarms of the last day, at a moment."""

    per_ten_minutes: float  # mean
    peak: int  # most within ten minutes of the clock
    last_hour: int
    in_flood: float  # share of the ten minutes in which more came than a person can take
    top_share: float  # of the ten devices that alarm most, in all alarms
    top: tuple[tuple[str, int], ...]  # those devices and how often each alarmed
    standing: int  # whose cause lasts too long
    stale: int  # devices that say nothing
    shelved: int


def began(reader: Reader, now: Ms) -> list[tuple[str, int]]:
    """Device and beginning of each alarm of the last day; what never was began no time."""
    sql = "SELECT sensor, raised_at FROM alarm WHERE raised_at > :since AND count > 0"
    return [(str(sensor), int(at)) for sensor, at in reader.rows(sql, since=now - DAY)]


def figures(day: Sequence[tuple[str, int]], standing: Iterable[Alarm], now: Ms) -> Figures:
    """`day`: what `began` says; `standing`: all alarms that are not over."""
    at = np.array([began for _, began in day], np.int64)
    span = 10 * MINUTE
    bins = np.bincount(np.clip((now - at) // span, 0, DAY // span - 1), minlength=DAY // span)
    top = tuple(Counter(sensor for sensor, _ in day).most_common(TOP))
    lists = sort_out(standing, now)
    return Figures(
        per_ten_minutes=len(day) / len(bins),
        peak=int(bins.max(initial=0)),
        last_hour=int((at > now - HOUR).sum()),
        in_flood=float((bins > codes.limit("alarm_flood")).mean()),
        top_share=sum(n for _, n in top) / len(day) if day else 0.0,
        top=top,
        standing=len(lists.standing),
        stale=len(lists.silent),
        shelved=sum(alarm.state == SHLVD for alarm in lists.aside),
    )
