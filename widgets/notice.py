"""The line that says that this window stood still: calm, since it is over."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QMouseEvent

from commandwall.picture import Changes, Picture, Tick
from widgets import age
from widgets.base import Panel
from widgets.i18n import tr
from widgets.keys import CAP, draw_cap
from widgets.paper import RIGHT, Ink, Paper

LEFT = 32.0


class Notice(Panel):
    """Since when and how long, and where the report is. Goes with Y, a click, or by itself."""

    id, title, headed, pooled = "notice", "提示", False, False
    shows = frozenset({Tick})

    def refresh(self, picture: Picture, changes: Changes) -> None:
        """All is read when it is drawn."""

    def draw(self, paper: Paper) -> None:
        paper.fill(QRectF(0, 0, paper.width, paper.height), "r")
        base = paper.height / 2 + self.look.metrics.design("label") * 0.36
        known, ink = tr("知道了"), Ink("label", "t3")
        edge = paper.width - LEFT
        paper.write(edge, base, known, ink, RIGHT)
        edge -= paper.length(known, ink) + 8 + CAP
        draw_cap(paper, edge, (paper.height - CAP) / 2, "Y", CAP)
        paper.write(LEFT, base, self._words(), Ink("label", "t2"), room=edge - 2 * LEFT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.context.know()

    def _words(self) -> str:
        stall = self.context.stall
        if stall is None:
            return ""
        since = age.clock(stall.since)
        if stall.lasted_s is None:
            return tr(
                "大屏上次于 {time} 停住，未恢复即被结束；记录 {file}", time=since, file=stall.report
            )
        return tr(
            "大屏 {time} 起停住 {n} 秒，其间画面未更新，现已恢复；记录 {file}",
            time=since, n=round(stall.lasted_s), file=stall.report,
        )  # fmt: skip
