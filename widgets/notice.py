"""The line that says calmly what a person should know: this window stood still, the disk has
little left, a file was damaged, backups are too old, or a mode ran out."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QMouseEvent

from commandwall.clock import Ms
from commandwall.modes import Mode
from commandwall.picture import Changes, Picture, SyncState, Tick
from commandwall.store import telemetry
from commandwall.store.pulse import Copies
from commandwall.store.quarantine import Harm
from commandwall.store.space import Space
from commandwall.store.store import WALL_DB
from widgets import age, modes, text
from widgets.base import Panel
from widgets.i18n import named, tr
from widgets.keys import CAP, draw_cap
from widgets.paper import RIGHT, Ink, Paper

LEFT = 32.0


class Notice(Panel):
    """Since when and how long, and where the report is. Goes with Y, a click, or by itself."""

    id, title, headed, pooled = "notice", "提示", False, False
    alive = True
    shows = frozenset({Tick, SyncState})

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
        if (stall := self.context.stall) is None:
            if self.context.low:
                return little(self.picture.space)
            harm, over = self.context.harm, self.context.lapsed
            if harm is not None:
                return harmed(harm)
            if self.context.late and (copies := self.picture.sync.copies) is not None:
                return not_copied(copies, self.picture.now)
            return "" if over is None else ran_out(over, self.picture)
        since = age.clock(stall.since)
        if stall.lasted_s is None:
            return tr(
                "大屏上次于 {time} 停住，未恢复即被结束；记录 {file}", time=since, file=stall.report
            )
        return tr(
            "大屏 {time} 起停住 {n} 秒，其间画面未更新，现已恢复；记录 {file}",
            time=since, n=round(stall.lasted_s), file=stall.report,
        )  # fmt: skip


def little(space: Space) -> str:
    """How much a disk has left, and what comes of it."""
    return tr(
        "磁盘 {disk} 仅剩 {free} MB；写满后本机只能查看，请及早删除或移走文件",
        disk=text.plain(space.disk), free=age.number(space.free_mb),
    )  # fmt: skip


def ran_out(over: Mode, picture: Picture) -> str:
    """Which mode ended by itself and when, and what holds now."""
    return tr(
        "{mode} {time} 到期，已自动回到{now}，应急授权已收回；仍需要时按 F9 再转",
        mode=named("mode", over.mode), time=age.clock(over.until),
        now=named("mode", modes.name_of(picture)),
    )  # fmt: skip


def not_copied(copies: Copies, now: Ms) -> str:
    """Since when the journal has no good backup where it should lie, and why."""
    at = copies.safe_at
    since = tr("从未有可用备份") if not at else tr("最近可用备份 {time}", time=age.stamp(now, at))
    why = text.plain(copies.trouble) or tr("采集程序未按时备份")
    return tr("大事记{since}：{why}；运行 commandwall doctor 查看", since=since, why=why)


def harmed(harm: Harm) -> str:
    """What was damaged and when, what is missing for now, and where the file is kept."""
    what = {WALL_DB: tr("大事记"), telemetry.NAME: tr("读数历史")}.get(harm.file, tr("城市镜像"))
    time, kept = age.clock(harm.at), text.plain(f"quarantine/{harm.kept}")
    if harm.code == "fork":
        n = age.number(harm.lines)
        return tr("{time} 中心池有本站缺的大事记 {n} 条，已补回，本站改用新编号", time=time, n=n)
    if harm.code == "restored":
        return tr("{time} 大事记已由备份恢复，本站改用新编号；原文件 {file}", time=time, file=kept)
    if harm.file != WALL_DB:
        return tr(
            "{time} 发现{what}损坏，已隔离并重建；原文件 {file}", time=time, what=what, file=kept
        )
    lost = tr("不明条数") if harm.is_open else tr("{n} 条大事记", n=age.number(harm.lines))
    return tr(
        "{time} 发现{what}损坏，已重建，{lost}待中心池补回，本站改用新编号；原文件 {file}",
        time=time, what=what, lost=lost, file=kept,
    )  # fmt: skip
