"""Ages, times left and numbers, worded as the look says."""

from __future__ import annotations

from commandwall import workdays
from commandwall.clock import DAY, HOUR, MINUTE, SECOND, Ms, to_datetime
from layers import words
from widgets.i18n import language, tr

UNKNOWN = "—"
WEEK = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")


def age(now: Ms, at: Ms | None) -> str:
    """3 秒前, 9 分前, 停于 14:20, 停于 11-20 14:20; — where there is no moment."""
    return words.age(tr, now, at)


def since(now: Ms, at: Ms | None) -> str:
    """3 秒前, 38 分前, 5 时前: the age of what may be silent without having stopped."""
    return words.since(tr, now, at)


def stopped(now: Ms, at: Ms | None) -> str:
    """停于 14:20, or — where nothing was ever known."""
    return words.stopped(tr, now, at) if at else UNKNOWN


def left(now: Ms, due: Ms) -> str:
    """余 6:40, 余 1.8 时, 余 4.2 日; 超 0:52 once it is over."""
    over = due < now
    return tr("超 {span}" if over else "余 {span}", span=span(abs(due - now)))


def span(length: int) -> str:
    """0:52, 59:59, then 1.8 时, 4.2 日."""
    if length < HOUR:
        return f"{length // MINUTE}:{length % MINUTE // SECOND:02d}"
    if length < DAY:
        return tr("{n} 时", n=f"{length / HOUR:.1f}")
    return tr("{n} 日", n=f"{length / DAY:.1f}")


def left_at_work(now: Ms, left: int) -> str:
    """余 3.5 工时, 超 2.1 工日: what is left in working hours, by the workday of the calendar."""
    span, whole = abs(left), workdays.workday(now)
    amount, unit = (span / HOUR, "{n} 工时") if span < whole else (span / whole, "{n} 工日")
    places = 2 if amount < 1 else 1 if amount < 10 else 0  # two: minutes are told apart
    told = tr(unit, n=f"{amount:.{places}f}")
    return tr("超 {span}" if left < 0 else "余 {span}", span=told)


def lasting(length: int) -> str:
    """12 分 07 秒, 3 时 12 分: how long something has gone on."""
    if length < HOUR:
        return tr("{m} 分 {s} 秒", m=length // MINUTE, s=f"{length % MINUTE // SECOND:02d}")
    return tr("{h} 时 {m} 分", h=length // HOUR, m=f"{length % HOUR // MINUTE:02d}")


def clock(at: Ms | None) -> str:
    """14:32"""
    return f"{to_datetime(at):%H:%M}" if at else UNKNOWN


def seconds(at: Ms) -> str:
    """14:32:07"""
    return f"{to_datetime(at):%H:%M:%S}"


def moment(now: Ms, at: Ms) -> str:
    """14:32:07 today, else the date with it."""
    same = to_datetime(now).date() == to_datetime(at).date()
    return seconds(at) if same else stamp(now, at)


def day(at: Ms) -> str:
    """11月21日 星期六; Sat 21 Nov."""
    moment = to_datetime(at)
    if language() == "en":
        return f"{moment:%a} {moment.day} {moment:%b}"
    return f"{moment.month}月{moment.day}日 {WEEK[moment.weekday()]}"


def stamped(at: Ms) -> str:
    """2026-11-26 10:15:20: a moment that nobody may mistake."""
    return f"{to_datetime(at):%Y-%m-%d %H:%M:%S}"


def stamp(now: Ms, at: Ms | None) -> str:
    """14:22 today, 11-20 14:22 this year, 2025-11-20 before."""
    return words.stamp(now, at) if at else UNKNOWN


def number(value: float | None, decimals: int = 0) -> str:
    """132,000 with thousands commas; — where it is unknown, 0 where it is zero."""
    return UNKNOWN if value is None or value != value else f"{value:z,.{decimals}f}"


def measure(value: float | None, unit: str, decimals: int = 0) -> str:
    """27 %LEL, 12 cm: a number, a thin gap, its unit."""
    return f"{number(value, decimals)}\u2009{unit}".rstrip() if unit else number(value, decimals)
