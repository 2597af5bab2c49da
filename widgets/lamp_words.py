"""The lamp of a feed in words: how long it is silent, or what it brought last and refused."""

from __future__ import annotations

from commandwall.clock import SECOND, Ms
from commandwall.store.pulse import Lamp
from widgets import age
from widgets.i18n import named, tr


def is_loud(lamp: Lamp, now: Ms, feed_s: float) -> bool:
    """Whether a person must know: nothing can come, or nobody listened for too long."""
    return bool(lamp.trouble) or now - lamp.at > feed_s * SECOND


def told(lamp: Lamp, now: Ms, feed_s: float) -> str:
    """物联 1 秒前; 预警 最近 3 时前　一时 2 份　迟 1.2 s　隔离 1."""
    name = named("feed", lamp.name)
    if is_loud(lamp, now, feed_s) or lamp.an_hour is None:
        known = f"{name} {age.age(now, lamp.at)}"
        return tr("{feed} 不通", feed=known) if lamp.trouble else known
    parts = [
        tr("{feed} 最近 {age}", feed=name, age=age.since(now, lamp.newest or None)),
        tr("一时 {n} 份", n=age.number(lamp.an_hour)),
    ]
    if lamp.lag_s is not None:
        parts.append(tr("迟 {lag}", lag=age.measure(lamp.lag_s, "s", 1)))
    if lamp.refused:
        parts.append(tr("隔离 {n}", n=age.number(lamp.refused)))
    return "　".join(parts)
