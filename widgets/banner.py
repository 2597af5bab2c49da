"""The bar that says what this wall cannot do, and that nobody answers at this desk.

Inverted, which nothing else is, where the pool or the agent is gone; red where the disk is full:
then nothing can be done here at all. Sign and words say it too.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPen

from commandwall.alarms import ACKED
from commandwall.clock import SECOND
from commandwall.picture import Changes, Picture, SyncState, Tick
from commandwall.store.pulse import NO_POOL
from widgets import age, call_sign, text
from widgets.base import Panel
from widgets.i18n import tr
from widgets.paper import RIGHT, Ink, Paper

LEFT = 32.0


class Banner(Panel):
    """What stopped, since when, what still works, what waits for upload, when the next try is.

    It cannot be closed; a person who knows of it halves it with Y.
    """

    id, title, headed, pooled = "banner", "断开", False, False
    alive = True
    shows = frozenset({Tick, SyncState})

    def refresh(self, picture: Picture, changes: Changes) -> None:
        """All is read when it is drawn."""

    def draw(self, paper: Paper) -> None:
        if (since := self.context.live.needs.bell.unattended) is not None:
            self._draw_unattended(paper, self.picture.now - since)
        else:
            self._draw_stopped(paper)

    def _draw_unattended(self, paper: Paper, lasts: int) -> None:
        """Larger than anything else there: nobody may be near. It hides nothing that stopped."""
        paper.fill(QRectF(0, 0, paper.width, paper.height), "t1")
        bell, now = self.context.live.needs.bell, self.picture.now
        base = paper.height / 2 + self.look.metrics.design("sentence") * 0.36
        stopped = self.context.live.trust.stopped is not None or self.picture.space.full
        told = self._what() if stopped else call_sign.sound(bell, now) or tr("按任意键即有人")
        paper.write(paper.width - LEFT, base, told, Ink("body", "ink"), RIGHT)
        edge = paper.width - LEFT - paper.length(told, Ink("body")) - 24
        if bell.worst is not None:
            of = bell.worst.severity, ACKED  # a mark without a ring
            paper.mark(LEFT + 20, paper.height / 2, 40, of)
        what = tr("无人应答 {span}", span=age.lasting(lasts))
        x = paper.write(LEFT + 56, base, what, Ink("sentence", "ink", True)) + 28
        told_of = call_sign.pieces(self.context, "ink", "item")
        call_sign.draw_pieces(paper, x, base, edge, told_of, 20)

    def _draw_stopped(self, paper: Paper) -> None:
        full = self.picture.space.full
        paper.fill(QRectF(0, 0, paper.width, paper.height), "s1" if full else "t1")
        whole = paper.height >= 40
        size = self.look.metrics.design("item" if whole else "body")
        base = paper.height / 2 + size * 0.36
        x = LEFT
        if full:
            self._draw_stop(paper, LEFT + 15, 14 if whole else 8)
        elif whole:
            self._draw_unknown(paper, LEFT + 15, paper.height / 2)
        x += 50 if whole else 34 if full else 0
        edge = paper.width - LEFT
        edge = paper.write(edge, base, self._next(), Ink("body", "ink"), RIGHT) - paper.length(
            self._next(), Ink("body")
        )
        x = paper.write(x, base, self._what(), Ink("item" if whole else "body", "ink", True)) + 20
        paper.write(x, base, self._still(), Ink("body", "ink"), room=edge - x - 24)

    def _draw_stop(self, paper: Paper, x: float, radius: float) -> None:
        """The sign of what may not be done: a barred circle."""
        y, bar = paper.height / 2, radius * 0.66
        paper.painter.setPen(QPen(self.look.colour("ink"), max(2.5, radius / 5)))
        paper.painter.setBrush(Qt.BrushStyle.NoBrush)
        paper.painter.drawEllipse(QPointF(x, y), radius, radius)
        paper.painter.drawLine(QPointF(x - bar, y + bar), QPointF(x + bar, y - bar))

    def _draw_unknown(self, paper: Paper, x: float, y: float) -> None:
        pen = QPen(self.look.colour("ink"), 2.5)
        pen.setDashPattern([1.6, 1.1])
        paper.painter.setPen(pen)
        paper.painter.setBrush(Qt.BrushStyle.NoBrush)
        paper.painter.drawEllipse(QPointF(x, y), 14, 14)
        paper.write(x, y + 7, "?", Ink("body", "ink", True), 0.5)

    def _what(self) -> str:
        trust, now = self.context.live.trust, self.picture.now
        if self.picture.space.full:
            return tr("磁盘已满，只能查看")
        if self._without_pool():
            return tr("没有设中心池")
        if not trust.known:
            return tr("中心池尚未接通")
        if trust.agent is None and (needs := self.picture.sync.needs):
            return tr("本机程序太旧，中心池需要 {version} 版", version=text.plain(needs))
        if trust.pool is not None and trust.agent is None:
            return tr("中心池已断开 {span}", span=age.lasting(now - trust.pool))
        gone = trust.agent or trust.pool or now
        return tr("采集程序已停 {span}", span=age.lasting(now - gone))

    def _still(self) -> str:
        if self.picture.space.full:
            return self._full()
        if self._without_pool():
            return tr("用 --demo 看演示城市，或在设置里写 pool，或用 commandwall import 导入辖区")
        stopped, backlog = self.context.live.trust.stopped, self.picture.sync.backlog
        works = tr("受理、派单、记录照常，待上传 {n} 条", n=age.number(backlog))
        if not stopped:
            return works
        return tr("画面停在 {time}，{works}", time=age.seconds(stopped), works=works)

    def _full(self) -> str:
        """Which disk it is and what to do, and what of the picture is not of now."""
        found, stopped = self.picture.space, self.context.live.trust.stopped
        told = tr(
            "磁盘 {disk} 剩 {free} MB，不能受理、派单、记录；请删除或移走文件，腾出 {wanted} MB",
            disk=text.plain(found.disk), free=age.number(found.free_mb),
            wanted=age.number(found.wanted_mb),
        )  # fmt: skip
        if stopped is None:
            return told
        return tr("{told}；画面停在 {time}", told=told, time=age.seconds(stopped))

    def _without_pool(self) -> bool:
        """Whether a living agent says that nobody named a pool."""
        return self.context.live.trust.agent is None and self.picture.sync.trouble == NO_POOL

    def _next(self) -> str:
        sync, now = self.picture.sync, self.picture.now
        if self.picture.space.full:
            return tr("腾出后自动恢复，不必重启")
        if self.context.live.trust.agent is not None:
            return tr("正在重启采集程序")
        if self._without_pool():
            return ""
        wait = max(0, sync.next_try_at - now) // SECOND
        if not sync.tries:
            return tr("正在重连")
        return tr("第 {n} 次重连，{s} 秒后再试", n=sync.tries, s=wait)
