"""Who is on duty by the calendar, in a line: 带班领导 陈*；夜班 17:30 起　带班领导 王*."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from commandwall import rota
from commandwall.clock import Ms
from commandwall.rota import DutyTurn
from widgets import age, text
from widgets.i18n import named, tr


def told(turns: Sequence[DutyTurn], now: Ms) -> str:
    """The shift that runs, then the one that comes; "" where the calendar says nothing."""
    parts = []
    for begin, some in groupby(turns, key=lambda t: rota.span(t.day, t.shift)[0]):
        shift = list(some)
        names = "　".join(_role(shift, role) for role in dict.fromkeys(t.role for t in shift))
        when = tr("{shift} {at} 起", shift=named("duty_shift", shift[0].shift), at=age.clock(begin))
        parts.append(names if begin <= now else f"{when}　{names}")
    return tr("；").join(parts)


def _role(turns: Sequence[DutyTurn], role: str) -> str:
    names = tr("、").join(text.person(t.name) for t in turns if t.role == role)
    return f"{named('duty_role', role)} {names}"
