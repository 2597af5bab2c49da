"""What calls at this desk, in one line: the sign that is always there, with sound or without.

It stands still; at each call it is inverted for a second.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF

from commandwall.alarms import ACKED
from commandwall.bell import Bell
from commandwall.clock import SECOND, Ms
from widgets import age, words
from widgets.base import Context, Piece
from widgets.i18n import named, rows, tr
from widgets.paper import RIGHT, Ink, Paper

PAD, MARK, GAP = 12.0, 16.0, 16.0


def stands(context: Context) -> bool:
    """Whether there is anything to say: what calls, or that sounds are muted; the banner says it
    where nobody answers."""
    bell, now = context.live.needs.bell, context.live.picture.now
    if context.past is not None or bell.unattended is not None:
        return False
    return bell.worst is not None or bell.muted(now)


def draw(paper: Paper, box: QRectF, context: Context) -> None:
    """The worst that calls, where, since when, how often, how many more; and how it is heard."""
    bell, now = context.live.needs.bell, context.live.picture.now
    struck = bell.worst is not None and is_struck(bell, now)
    token = "ink" if struck else "t1"
    paper.fill(box, "t1" if struck else "r2", 4)
    size = paper.look.metrics.design("label")
    base, x, edge = box.center().y() + size * 0.36, box.x() + PAD, box.right() - PAD
    if heard := sound(bell, now):
        paper.write(edge, base, heard, Ink("label", token), RIGHT)
        edge -= paper.length(heard, Ink("label", token)) + GAP
    if bell.worst is not None:
        of = bell.worst.severity, ACKED  # a mark without a ring
        paper.mark(x + MARK / 2, box.center().y(), MARK, of)
        x += MARK + 10
    draw_pieces(paper, x, base, edge, pieces(context, token), GAP)


def draw_pieces(
    paper: Paper, x: float, base: float, edge: float, told: list[Piece], gap: float
) -> None:
    """One after the other up to `edge`: a name may be cut there, a number is whole or not there."""
    for n, (piece, ink) in enumerate(told):
        if n and x + paper.length(piece, ink) > edge:
            return
        x = paper.write(x, base, piece, ink, room=max(0.0, edge - x)) + gap


def pieces(context: Context, token: str, role: str = "label") -> list[Piece]:
    """What calls in words, the most telling first; nothing where nothing calls."""
    bell, picture = context.live.needs.bell, context.live.picture
    if bell.worst is None:
        return []
    waited = age.lasting(max(0, picture.now - bell.worst.raised_at))
    told = [tr("已 {span}", span=waited), tr("第 {n} 次叫", n=age.number(bell.called(picture.now)))]
    if bell.count > 1:
        told.append(tr("另 {n} 条", n=age.number(bell.count - 1)))
    what = f"{words.alarm_title(bell.worst, picture)}　{words.place(picture, bell.worst.area)}"
    return [(what, Ink(role, token, True)), *((one, Ink(role, token)) for one in told)]


def sound(bell: Bell, now: Ms) -> str:
    """Why nothing is heard, where it is not: this machine cannot, or a person muted it."""
    if bell.silent:
        return tr("本机无声，只有画面")
    if not bell.muted(now):
        return ""
    listed = rows("alarm_priority").values()
    loud = "、".join(named("alarm_priority", r.id) for r in listed if not r.facts["mutable"])
    return tr("静音至 {time}，{levels}仍响", time=age.clock(bell.muted_until), levels=loud)


def is_struck(bell: Bell, now: Ms) -> bool:
    """Whether it called within the last second."""
    return bell.ring is not None and 0 <= now - bell.ring.at < SECOND
