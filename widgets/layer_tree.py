"""The tree of the map's layers with their ages and counts, and the legend of the marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QCheckBox, QWidget

from commandwall.alarms import ACKED, RTNUN, UNACK
from commandwall.deadlines import GREEN, ORANGE, RED, YELLOW
from commandwall.picture import Changes, Picture, Tick
from layers.base import LayerInfo
from widgets import age, marks
from widgets.base import Context, Panel
from widgets.i18n import tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.text import plain
from widgets.words import NUMERALS

ROW = 42.0
"""Height of a row; less where there are many layers."""


class LayerTree(Panel):
    """One row a layer, uppermost first: a box to show or hide it, its count, its age."""

    id, title, pooled = "layer_tree", "图层", False
    shows = frozenset({Tick})

    def __init__(
        self, context: Context, options: Mapping[str, Any] | None = None,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(context, options, parent)
        self._boxes: dict[str, QCheckBox] = {}
        self._layers: list[LayerInfo] = []

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if self.context.map is None:
            return
        self._layers = self.context.map.layers()
        if [layer.id for layer in self._layers] != list(self._boxes):
            self._rebuild()
        for layer in self._layers:
            box = self._boxes[layer.id]
            box.blockSignals(True)
            box.setChecked(layer.visible)
            box.blockSignals(False)

    @property
    def _row(self) -> float:
        room = self.height() / self.look.unit - self.top
        return min(ROW, room / max(1, len(self._layers)))

    def place(self) -> None:
        row = self._row
        for i, layer in enumerate(self._layers):
            box, px = self._boxes[layer.id], self.look.px
            box.setFont(self.look.font("body"))
            box.setText(plain(tr(layer.title), 40))
            box.setAccessibleName(plain(tr(layer.title), 40))
            box.setGeometry(0, px(self.top + i * row), self.width() - px(150), px(row))

    def draw(self, paper: Paper) -> None:
        row = self._row
        for i, layer in enumerate(self._layers):
            base = self.top + i * row + row / 2 + 6
            told = age.age(self.picture.now, layer.at) if layer.at else ""
            pieces = [(age.number(layer.count), Ink("label", "" if layer.count else "t4"))]
            paper.row_back(paper.width - 84, base, *pieces)
            paper.write(paper.width, base, told, Ink("age"), RIGHT, 78)

    def _rebuild(self) -> None:
        for box in self._boxes.values():
            box.deleteLater()
        self._boxes = {layer.id: self._box(layer.id) for layer in self._layers}
        self.place()

    def _box(self, layer: str) -> QCheckBox:
        box = QCheckBox(self)
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        box.toggled.connect(lambda on: self._toggle(layer, on))
        box.show()
        return box

    def _toggle(self, layer: str, on: bool) -> None:
        if self.context.map is not None:
            self.context.map.set_visible(layer, on)


class Legend(Panel):
    """What the marks mean."""

    id, title, pooled = "legend", "图例", False
    shows = frozenset({Tick})

    def refresh(self, picture: Picture, changes: Changes) -> None:
        """It never changes."""

    def draw(self, paper: Paper) -> None:
        y = self._draw_severities(paper, self.top + 18)
        y = self._draw_states(paper, y + 14)
        self._draw_lamps(paper, y + 14)

    def _draw_severities(self, paper: Paper, y: float) -> float:
        step = paper.width / 4
        names = (tr("红"), tr("橙"), tr("黄"), tr("蓝"))
        for i, name in enumerate(names):
            paper.mark(i * step + 16, y, 26, (i + 1, ACKED))
            numeral = tr("{numeral} 级{name}", numeral=NUMERALS[i + 1], name=name)
            paper.write(i * step, y + 40, numeral, Ink("age"))
        return y + 56

    def _draw_states(self, paper: Paper, y: float) -> float:
        states = (
            (UNACK, tr("未确认")), (ACKED, tr("已确认")),
            (RTNUN, tr("恢复未确认")), (marks.STALE, tr("失联，最后已知")),
        )  # fmt: skip
        for i, (state, name) in enumerate(states):
            x, row = i % 2 * paper.width / 2, y + i // 2 * 44
            paper.mark(x + 18, row + 12, 22, (3, state))
            paper.write(x + 44, row + 18, name, Ink("age"), room=paper.width / 2 - 48)
        return y + 88

    def _draw_lamps(self, paper: Paper, y: float) -> None:
        lamps = ((GREEN, tr("时间充裕")), (YELLOW, tr("已过半")), (ORANGE, tr("余二成")),
                 (RED, tr("逾期")))  # fmt: skip
        for i, (colour, name) in enumerate(lamps):
            x, row = i % 2 * paper.width / 2, y + i // 2 * 36
            marks.lamp(paper.painter, QPointF(x + 18, row + 12), 18, colour, self.look)
            paper.write(x + 44, row + 18, name, Ink("age"), room=paper.width / 2 - 48)
