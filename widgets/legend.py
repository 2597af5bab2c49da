"""The legend: what every sign on the map means."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPen

from commandwall import alarm_life
from commandwall.alarms import ACKED, RTNUN, UNACK
from commandwall.deadlines import BLUE, GREEN, GREY, ORANGE, RED, YELLOW
from commandwall.picture import Changes, Picture, Tick
from commandwall.pipes import CALM, SILENT
from layers.marks import (
    FILLED,
    HOLLOW,
    UNKNOWN,
    paint_event,
    paint_numbered,
    paint_post,
    paint_sensor,
    paint_unit,
)  # fmt: skip
from layers.style import STREET
from widgets.base import Panel
from widgets.i18n import NUMERALS, language, rows, tr
from widgets.paper import MIDDLE, Ink, Paper

ROW, LEAST_ROW = 32.0, 26.0
HEAD, APART, LINES = 62.0, 8.0, 13
"""Height of the severities, gap between the groups, and all rows below."""
Sign = tuple[Callable[[Paper, float, float], None], str]


class Legend(Panel):
    """Severities, states, time left, events, devices, forces, lines."""

    id, title, pooled = "legend", "图例", False
    shows = frozenset({Tick})

    def refresh(self, picture: Picture, changes: Changes) -> None:
        """It never changes."""

    def draw(self, paper: Paper) -> None:
        free = paper.height - self.top - HEAD - 5 * APART
        row = min(ROW, max(LEAST_ROW, free / LINES))
        y = self._draw_severities(paper, self.top + 14)
        for signs, across in ((_states(), 2), (_lamps(), 3), (_events(), 2), (_things(), 2)):
            y = self._draw_signs(paper, y, row, signs, across) + APART
        self._draw_signs(paper, y, row, _lines(), 3)

    def _draw_severities(self, paper: Paper, y: float) -> float:
        step = paper.width / 4
        names = (tr("红"), tr("橙"), tr("黄"), tr("蓝"))
        for i, name in enumerate(names):
            paper.mark(i * step + 16, y, 26, (i + 1, ACKED))
            numeral = tr("{numeral} 级{name}", numeral=NUMERALS[i + 1], name=name)
            paper.write(i * step, y + 36, numeral, Ink("age"), room=step - 8)
        return y + HEAD - 14 + APART

    def _draw_signs(
        self, paper: Paper, y: float, row: float, signs: Sequence[Sign], across: int
    ) -> float:
        wide = paper.width / across
        for i, (sign, name) in enumerate(signs):
            x, middle = i % across * wide, y + i // across * row + row / 2
            paper.painter.save()
            sign(paper, x + 17, middle)
            paper.painter.restore()
            paper.write(x + 39, middle + 6, name, Ink("age"), room=wide - 41)
        return y + -(-len(signs) // across) * row


def _mark(state: str) -> Callable[[Paper, float, float], None]:
    return lambda paper, x, y: paper.mark(x, y, 18, (3, state))


def _lamp(colour: str) -> Callable[[Paper, float, float], None]:
    return lambda paper, x, y: paper.lamp(x, y, 18, colour)


def _event(look: str) -> Callable[[Paper, float, float], None]:
    return lambda paper, x, y: paint_event(paper.painter, QPointF(x, y), look, paper.look.style)


def _sensor(token: str, hollow: bool) -> Callable[[Paper, float, float], None]:
    return lambda paper, x, y: paint_sensor(
        paper.painter, QPointF(x, y), 0, paper.look.style.colour(token), hollow
    )


def _unit(lost: bool) -> Callable[[Paper, float, float], None]:
    def draw(paper: Paper, x: float, y: float) -> None:
        paper.painter.translate(x, y)
        paper.painter.scale(0.72, 0.72)
        paint_unit(paper.painter, QPointF(0, 0), _sign(), lost, paper.look.style)

    return draw


def _sign() -> str:
    """The character of one kind of unit."""
    kinds = rows("resource_kind").values()
    return next((str(kind.facts.get("sign", kind.zh[:1])) for kind in kinds), "")


def _post(paper: Paper, x: float, y: float) -> None:
    paper.painter.translate(x, y)
    scale = 0.66 if language() == "zh" else 0.5
    paper.painter.scale(scale, scale)
    paint_post(paper.painter, QPointF(0, 0), tr("前指"), paper.look.style)


def _order(paper: Paper, x: float, y: float) -> None:
    paint_numbered(paper.painter, QPointF(x, y), "3", paper.look.style)


def _line(token: str, width: float) -> Callable[[Paper, float, float], None]:
    return lambda paper, x, y: paper.line(x - 15, y, x + 15, y, token, width)


def _pipe(state: int) -> Callable[[Paper, float, float], None]:
    """A piece of a pipe as the map draws it at street level; 0: calm."""

    def draw(paper: Paper, x: float, y: float) -> None:
        look = paper.look.style.map["pipe"]["calm" if state == CALM else str(state)]
        wide = look["width"] if state == CALM else look["width"][STREET]
        token = {CALM: "sensor", SILENT: "t3"}.get(state, f"s{state}")
        pen = QPen(paper.look.colour(token), wide)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if "dash" in look:
            pen.setDashPattern([part / wide for part in look["dash"]])
        paper.painter.setPen(pen)
        paper.painter.drawLine(QPointF(x - 15, y), QPointF(x + 15, y))

    return draw


def _hatch(paper: Paper, x: float, y: float) -> None:
    paper.hatch(QRectF(x - 15, y - 8, 30, 16))


def _cordon(paper: Paper, x: float, y: float) -> None:
    paper.painter.setPen(QPen(paper.look.colour("s1"), 2))
    paper.painter.setBrush(paper.look.colour("s1", 0.16))
    paper.painter.drawEllipse(QPointF(x, y), 9, 9)
    paper.painter.setBrush(Qt.BrushStyle.NoBrush)


def _counted(paper: Paper, x: float, y: float) -> None:
    paper.write(x, y + 6, "◌ 3", Ink("age"), MIDDLE)


def _states() -> list[Sign]:
    return [
        (_mark(UNACK), tr("未确认")), (_mark(ACKED), tr("已确认")),
        (_mark(RTNUN), tr("已恢复，未确认")), (_mark(alarm_life.STALE), tr("失联，最后已知")),
    ]  # fmt: skip


def _lamps() -> list[Sign]:
    return [
        (_lamp(GREEN), tr("时间充裕")), (_lamp(YELLOW), tr("已过半")),
        (_lamp(ORANGE), tr("余二成")), (_lamp(RED), tr("逾期")),
        (_lamp(BLUE), tr("挂起")), (_lamp(GREY), tr("时限未知")),
    ]  # fmt: skip


def _events() -> list[Sign]:
    return [
        (_event(FILLED), tr("事件，未受理")), (_event(HOLLOW), tr("事件，在办")),
        (_event(UNKNOWN), tr("事件，池断后未知")), (_counted, tr("只知辖区的件数")),
    ]  # fmt: skip


def _things() -> list[Sign]:
    return [
        (_sensor("sensor", False), tr("设备")), (_sensor("t3", True), tr("失联设备")),
        (_unit(False), tr("力量")), (_unit(True), tr("定位失联")),
        (_post, tr("指挥部")), (_order, tr("指令所指")),
    ]  # fmt: skip


def _lines() -> list[Sign]:
    return [
        (_line("expressway", 3), tr("高速")), (_line("main", 2.5), tr("主干道")),
        (_line("street", 2), tr("街道")), (_line("city", 2), tr("市界")),
        (_line("town", 1.5), tr("镇街界")), (_line("grid", 1.5), tr("网格线")),
        (_cordon, tr("警戒")), (_hatch, tr("陈旧")), (_pipe(CALM), tr("管线")),
        (_pipe(3), tr("管线告警")), (_pipe(SILENT), tr("管线失联")),
    ]  # fmt: skip
