"""What is said of brokers that send readings, in words."""

from __future__ import annotations

from commandwall.clock import Ms
from commandwall.store.pulse import Feed
from widgets import age
from widgets.i18n import tr
from widgets.text import plain


def told(feed: Feed, now: Ms) -> tuple[str, bool]:
    """One broker in few words, and whether something is not in order."""
    name = plain(feed.address.rpartition("@")[2].rpartition("/")[2], 32)
    parts = [f"{name} {tr('在线') if feed.joined else why(feed.trouble)}"]
    if feed.joined and feed.at:
        parts.append(tr("{n} 条/秒", n=age.number(feed.rate, 0 if feed.rate >= 10 else 1)))
        parts.append(tr("滞后 {s} 秒", s=age.number(max(0.0, feed.lag_s), 1)))
    if feed.tries and not feed.joined:
        parts.append(tr("第 {n} 次重连", n=age.number(feed.tries)))
    if feed.at:
        parts.append(age.age(now, feed.at))
    for count, word in (
        (feed.refused, tr("拒收 {n}", n=age.number(feed.refused))),
        (feed.unknown, tr("未知设备 {n}", n=age.number(feed.unknown))),
        (feed.lost, tr("缺 {n} 包", n=age.number(feed.lost))),
        (feed.limited, tr("设备超频，略去 {n} 条", n=age.number(feed.limited))),
    ):
        if count:
            parts.append(word)
    return "　".join(parts), not feed.joined or feed.lost > 0


def why(trouble: str) -> str:
    """Why a broker is not joined."""
    words = {
        "": tr("未连接"),
        "refused": tr("账户被拒"),
        "certificate": tr("证书不被认"),
        "secret": tr("口令读不到"),
    }
    return words.get(trouble) or tr("断开")
