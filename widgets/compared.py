"""对账: whether the mirror of this station holds what the pool holds, and what was put right."""

from __future__ import annotations

from commandwall.clock import HOUR
from commandwall.picture import Changes, Picture, SyncState, Tick
from commandwall.store.pulse import Difference
from widgets import age
from widgets.base import EMPTY, NORMAL, Panel
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.text import plain

STEP = 40.0


class Compared(Panel):
    """The last whole round, and the newest differences, newest first."""

    id, title, pooled, quiet = "compared", "对账", False, True
    recalls = False
    shows = frozenset({SyncState, Tick})

    def refresh(self, picture: Picture, changes: Changes) -> None:
        found = picture.sync.compared
        self.at = found.at or None
        if found.at or found.differences:
            self.say(NORMAL)
        else:
            self.say(EMPTY, tr("本台镜像与中心池的首轮对账尚未完成"))

    def draw(self, paper: Paper) -> None:
        found, base = self.picture.sync.compared, self.top + 16
        if found.at:
            told = tr("上轮核对 {n} 行", n=age.number(found.rows))
            x = paper.write(0, base, told, Ink("body")) + 16
            recent = [d for d in found.differences if d.at > found.at - HOUR]
            line = tr("修复 {n} 行", n=age.number(sum(d.rows for d in recent)))
            paper.write(
                x, base, line if recent else tr("一致"), Ink("body", "t1" if recent else "")
            )
        room = int((paper.height - base - 12) // STEP)
        for i, one in enumerate(reversed(found.differences[-room:] if room > 0 else ())):
            self._draw_one(paper, base + 30 + i * STEP, one)

    def _draw_one(self, paper: Paper, base: float, one: Difference) -> None:
        kind = named("record_kind", one.kind)
        counts = tr("缺 {a}　改 {b}　多 {c}，已修复", a=one.missing, b=one.changed, c=one.extra)
        when = age.stamp(self.picture.now, one.at)
        edge = paper.width - paper.length(when, Ink("age")) - 12
        paper.write(paper.width, base, when, Ink("age"), RIGHT)
        x = paper.write(0, base, kind, Ink("label", "t1")) + 12
        paper.write(x, base, counts, Ink("label"), room=edge - x)
        ids = plain(one.first, 60) + (f" … {plain(one.last, 60)}" if one.last != one.first else "")
        paper.write(0, base + 16, ids, Ink("age"), room=paper.width)
