"""What waits now 此刻, in one line, while a window shows the past: it breaks through."""

from __future__ import annotations

from commandwall.alarms import UNACK
from widgets import age, words
from widgets.base import Context
from widgets.i18n import tr
from widgets.paper import Ink, Paper

MARK, RING = 26.0, 39.0
"""Size of the mark, and of the ring around it."""


def draw(paper: Paper, edge: float, base: float, context: Context) -> float:
    """The time, how many things need a person, the worst of them; ends at `edge`, begins at what
    is returned. The worst is written as large as its severity asks for."""
    live = context.live
    time = (tr("此刻 {time}", time=age.seconds(live.picture.now)), Ink("label", "t2"))
    if not live.needs.open:
        calm = (tr("无事需要人"), Ink("label"))
        return paper.row_back(edge, base, time, calm, gap=14) - 16
    worst = live.needs.open[0]
    count = (tr("{n} 件需要人", n=age.number(len(live.needs.open))), Ink("label", "t1", True))
    role = "item" if worst.rank == 1 else "label"
    what = (words.need_title(worst, live.picture), Ink(role, "t1", True))
    edge = paper.row_back(edge, base, time, count, gap=14)
    edge = paper.row_back(edge - 20, base, what)
    if worst.alarm is not None:
        edge -= RING / 2 + 10
        paper.mark(edge, base - 7, MARK, (worst.alarm.severity, UNACK), True)
        edge -= RING / 2
    return edge - 16
