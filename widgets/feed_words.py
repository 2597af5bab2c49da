"""What is said of brokers that send readings, in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from commandwall.clock import Ms
from commandwall.sources import SourceSwitch
from commandwall.store.pulse import Feed
from commandwall.store.sight import OFF
from widgets import age
from widgets.i18n import named, tr
from widgets.text import plain


def told(feed: Feed, now: Ms, switch: SourceSwitch | None = None) -> tuple[str, bool]:
    """One broker in few words, and whether something is not in order; `switch` is its own."""
    name = plain(feed.address.rpartition("@")[2].rpartition("/")[2], 32)
    parts = [f"{name} {tr('在线') if feed.joined else why(feed.trouble)}"]
    off = is_off(switch)
    if switch is not None and off:
        parts.append(why_off(switch, now))
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
        (feed.withheld if off else 0, tr("停用中来 {n} 条，未收", n=age.number(feed.withheld))),
        (feed.limited, tr("设备超频，略去 {n} 条", n=age.number(feed.limited))),
    ):
        if count:
            parts.append(word)
    return "　".join(parts), off or not feed.joined or feed.lost > 0


def briefly(feeds: Collection[Feed], switches: Mapping[str, SourceSwitch]) -> str:
    """What is not in order among all brokers, in a word; empty where all is."""
    on = [feed for feed in feeds if not is_off(switches.get(feed.source))]
    if not all(feed.joined for feed in on):
        return tr("断开")
    return tr("停用") if len(on) < len(feeds) else ""


def is_off(switch: SourceSwitch | None) -> bool:
    """Whether a person switched it off."""
    return switch is not None and switch.state == OFF


def why_off(switch: SourceSwitch, now: Ms) -> str:
    """By whom a source was switched off, when and why."""
    who = plain(" ".join((named("post", switch.post), switch.by)), 24)
    return tr("已停用 {age}　{who}：{reason}", age=age.stamp(now, switch.at), who=who,
              reason=plain(switch.reason, 40))  # fmt: skip


def why(trouble: str) -> str:
    """Why a broker is not joined."""
    words = {
        "": tr("未连接"),
        "refused": tr("账户被拒"),
        "certificate": tr("证书不被认"),
        "secret": tr("口令读不到"),
    }
    return words.get(trouble) or tr("断开")
