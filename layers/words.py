"""Words drawn on the map: ages, lengths, values. Sentences pass `tr`, Chinese first."""

from __future__ import annotations

from collections.abc import Callable

from commandwall import codes
from commandwall.clock import DAY, HOUR, MINUTE, SECOND, Ms, to_datetime
from commandwall.directives import Directive
from commandwall.plain import clean
from commandwall.posts import FRONT, side_of
from commandwall.public_warnings import PublicWarning
from commandwall.requests import Request

Tr = Callable[..., str]
TITLE = 40
"""Characters of what a warning is about."""
FRESH = 10 * MINUTE
"""Older than this an age is told as the moment it stopped."""


def age(tr: Tr, now: Ms, at: Ms | None) -> str:
    """3 秒前, 9 分前, 停于 14:20, 停于 11-20 14:20; — where there is no moment."""
    if not at:
        return "—"
    old = max(0, now - at)
    if old < MINUTE:
        return tr("{n} 秒前", n=old // 1000)
    if old < FRESH:
        return tr("{n} 分前", n=old // MINUTE)
    return stopped(tr, now, at)


def since(tr: Tr, now: Ms, at: Ms | None) -> str:
    """How long something has gone on: 42 秒前, 38 分前, 5 时前, then its date."""
    if not at or now - at < FRESH:
        return age(tr, now, at)
    old = now - at
    if old < HOUR:
        return tr("{n} 分前", n=old // MINUTE)
    if old < DAY:
        return tr("{n} 时前", n=old // HOUR)
    return f"{to_datetime(at):%m-%d %H:%M}"


def stopped(tr: Tr, now: Ms, at: Ms) -> str:
    """停于 14:20, with the date where it was not today."""
    moment = to_datetime(at)
    style = "%H:%M" if to_datetime(now).date() == moment.date() else "%m-%d %H:%M"
    return tr("停于 {time}", time=moment.strftime(style))


def stamp(now: Ms, at: Ms) -> str:
    """14:22 today, 11-20 14:22 this year, 2025-11-20 before."""
    here, there = to_datetime(now), to_datetime(at)
    if here.date() == there.date():
        return f"{there:%H:%M}"
    return f"{there:%m-%d %H:%M}" if here.year == there.year else f"{there:%Y-%m-%d}"


def warning_title(tr: Tr, lang: str, warning: PublicWarning) -> str:
    """橙色预警 暴雨: level and what; as the issuer says it where he names both in one."""
    level = codes.load("warning_level").get(str(warning.level))
    what = clean(warning.what or warning.headline, TITLE)
    if level is None:
        return tr("预警 {what}", what=what)
    name = level.name(lang)
    return what if name in what else tr("{level}预警 {what}", level=name, what=what)


def lasting(tr: Tr, length: int) -> str:
    """40 秒, 3 分, 2.5 时: how long something lasted."""
    if length < MINUTE:
        return tr("{n} 秒", n=length // SECOND)
    if length < HOUR:
        return tr("{n} 分", n=length // MINUTE)
    return tr("{n} 时", n=f"{length / HOUR:.1f}")


def span(length: int) -> str:
    """1:55, 59:59, 2:05:09: how long something lasted, to the second."""
    hours, left = divmod(length // SECOND, HOUR // SECOND)
    minutes = f"{left // 60:02d}" if hours else str(left // 60)
    return f"{hours}:{minutes}:{left % 60:02d}" if hours else f"{minutes}:{left % 60:02d}"


def unheard(tr: Tr, now: Ms, at: Ms) -> str:
    """无定位 3 分; after an hour, 停于 14:20."""
    gone = now - at
    return tr("无定位 {span}", span=lasting(tr, gone)) if gone < HOUR else stopped(tr, now, at)


def order_number(tr: Tr, record: Directive | Request) -> str:
    """3, 前3 for one that the front issued: each side counts its own; 请3 for a request; — for a
    draft."""
    if not record.no:
        return "—"
    if isinstance(record, Request):
        return tr("请{n}", n=record.no)
    front = side_of(record.from_post) == FRONT
    return tr("前{n}", n=record.no) if front else str(record.no)


def length(metres: float) -> str:
    """300 m, 1,150 m, 5 km."""
    if metres >= 2000 and metres % 1000 == 0:
        return f"{metres / 1000:,.0f} km"
    return f"{metres:,.0f} m"


def value(number: float, unit: str) -> str:
    """27 %LEL, 1.04 m: as many digits as say something."""
    digits = 0 if abs(number) >= 20 or number == int(number) else 1 if abs(number) >= 2 else 2
    return f"{number:,.{digits}f} {unit}".rstrip()
