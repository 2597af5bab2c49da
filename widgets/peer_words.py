"""What the page 同步 says of lines to other stations of the hall, in words."""

from __future__ import annotations

from commandwall.clock import Ms
from commandwall.store.pulse import Peer
from widgets import age
from widgets.i18n import tr
from widgets.text import plain


def told(peer: Peer, now: Ms) -> tuple[str, bool]:
    """One station in few words, and whether something is not in order."""
    parts = [plain(peer.name or peer.address, 24), *standing(peer)]
    if not peer.joined and peer.at:
        parts.append(age.age(now, peer.at))
    if peer.tries and not peer.joined:
        parts.append(tr("第 {n} 次重连", n=age.number(peer.tries)))
    return " ".join(parts), not peer.joined or peer.lacks > 0


def facts(peer: Peer, now: Ms) -> list[tuple[str, str]]:
    """All that is known of the line to one, as pairs."""
    state, *more = standing(peer)
    return [
        (tr("直连"), " ".join((state, *more))),
        (tr("直连接触"), age.age(now, peer.at or None)),
        (tr("已收本台"), tr("{n} 条", n=age.number(peer.has))),
    ]


def standing(peer: Peer) -> list[str]:
    """Joined or why not, then what is out of order or not as elsewhere."""
    said = [tr("在线") if peer.joined else _why(peer.trouble)]
    if peer.joined and not peer.gives:
        said.append(tr("只收不发"))
    elif peer.at and peer.lacks:
        said.append(tr("待送 {n}", n=age.number(peer.lacks)))
    if peer.refused:
        said.append(tr("拒收 {n}", n=age.number(peer.refused)))
    return said


def _why(code: str) -> str:
    words = {
        "": tr("未连接"),
        "stranger": tr("钥匙不被认"),
        "silent": tr("无声"),
        "garbled": tr("报文有误"),
        "format": tr("版本不同"),
        "city": tr("另一城市"),
        "set_back": tr("记录被退回，先接中心池"),
        "listen": tr("无法监听"),
    }
    return words.get(code) or tr("连不上")
