"""报警绩效: the figures of ISA-18.2 of this desk, each beside its target."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRectF

from commandwall import alarm_figures, codes
from commandwall.alarm_figures import Figures
from commandwall.alarms import Alarm
from commandwall.clock import SECOND, Ms
from commandwall.picture import Changes, Picture, Tick
from widgets import age
from widgets.base import Panel, Piece
from widgets.i18n import tr
from widgets.paper import RIGHT, Ink, Paper

COLUMNS, GUTTER, TALL = 4, 20.0, 84.0
Cell = tuple[str, str, str, float]
"""Name, value, target in words, and the share of the target that is used."""


class AlarmFigures(Panel):
    """Rate, peak, floods, the worst sources, what stands, is silent or shelved."""

    id, title = "alarm_figures", "报警绩效"
    shows = frozenset({Tick, Alarm})
    pooled = recalls = False

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._day: list[tuple[str, int]] = []
        self._asked = Ms(0)
        self._found: Figures | None = None

    def refresh(self, picture: Picture, changes: Changes) -> None:
        now, every = picture.now, codes.limit("alarm_figures_seconds") * SECOND
        if self.isVisible() and not 0 <= now - self._asked < every:
            self._asked = now
            self.ask(lambda reader: alarm_figures.began(reader, now), self._take)

    def _take(self, day: list[tuple[str, int]]) -> None:
        picture = self.picture
        self._found = alarm_figures.figures(day, picture.alarms.values(), picture.now)
        self.at = self._asked
        self.update()

    def aside(self) -> list[Piece]:
        return [(tr("ISA-18.2　滚动 24 时"), Ink("age"))]

    def draw(self, paper: Paper) -> None:
        if self._found is None:
            return
        wide = (paper.width - (COLUMNS - 1) * GUTTER) / COLUMNS
        for i, cell in enumerate(cells(self._found)):
            x = i % COLUMNS * (wide + GUTTER)
            _draw(paper, QRectF(x, self.top + i // COLUMNS * TALL, wide, TALL), cell)


def cells(found: Figures) -> list[Cell]:
    """What is written, in its order."""
    few, most, standing = (
        codes.limit(f"alarm_target_{name}") for name in ("mean", "top", "standing")
    )
    flood = codes.limit("alarm_target_flood")
    worst = found.top[0][0] if found.top else ""
    return [
        (tr("每 10 分钟"), age.number(found.per_ten_minutes, 1),
         tr("目标 ≤ {n}", n=age.number(few)), found.per_ten_minutes / few),
        (tr("高峰 10 分钟"), age.number(found.peak),
         tr("上限 {n}", n=age.number(codes.limit("alarm_flood"))),
         found.peak / codes.limit("alarm_flood")),
        (tr("洪峰占比"), age.measure(100 * found.in_flood, "%", 1),
         tr("目标 < {n} %", n=age.number(flood)), 100 * found.in_flood / flood),
        (tr("前十来源"), age.measure(100 * found.top_share, "%", 1),
         tr("首位 {sensor}", sensor=worst) if worst else
         tr("目标 ≤ {n} %", n=age.number(most)), 100 * found.top_share / most),
        (tr("近 1 时"), age.number(found.last_hour), tr("目标 ≤ {n}", n=age.number(6 * few)),
         found.last_hour / (6 * few)),
        (tr("长存 > {n} 时", n=age.number(codes.limit("alarm_standing_hours"))),
         age.number(found.standing),
         tr("目标 < {n}", n=age.number(standing)), found.standing / standing),
        (tr("失联设备"), age.number(found.stale), "", 0.0),
        (tr("搁置中"), age.number(found.shelved), "", 0.0),
    ]  # fmt: skip


def _draw(paper: Paper, box: QRectF, cell: Cell) -> None:
    """Beyond the target the value is bold, and its bar full and light."""
    name, value, target, share = cell
    x, y, over = box.x(), box.y(), share > 1
    end = box.right() - paper.length(target, Ink("age")) - 8
    paper.write(x, y + 18, name, Ink("label"), room=end - x)
    paper.write(box.right(), y + 18, target, Ink("age"), RIGHT)
    paper.write(x, y + 48, value, Ink("item", "t1" if over else "t2", over))
    bar = QRectF(x, y + 60, box.width(), 4)
    paper.bar(bar, share / 2, 0.5 if target else None, "t1" if over else "t3")
