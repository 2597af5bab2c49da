"""What the map colours by: a figure of the areas, the registry of the buildings, each explained."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QCheckBox, QComboBox

from commandwall.clock import Ms
from commandwall.picture import Changes, Picture, Readings, Tallies, Tick
from layers.style import STREET
from layers.tint import FIGURES, limits, ramp
from widgets import age
from widgets.base import Command, Panel
from widgets.building_card import registry, swatch
from widgets.i18n import language, measured_in, named, rows, tr
from widgets.layer_tree import scale_box
from widgets.paper import RIGHT, Ink, Paper
from widgets.text import plain

FIELD, SCALE = 40.0, 112.0
"""Heights of the choice, and of the scale below it."""
STEPS = 6


class Thematic(Panel):
    """`F` takes the next figure, `B` shows or hides the colours of the buildings."""

    id, title = "thematic", "专题"
    shows = frozenset({Tick, Tallies, Readings})

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._figure, self._registry = QComboBox(self), QCheckBox(self)
        self._figure.activated.connect(self._chose)
        self._registry.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._registry.toggled.connect(self._show_registry)
        if self.context.map is not None:
            self.context.map.moved.connect(self.update)
        self._fill()

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self._follow()
        self.at = self._newest()

    def commands(self) -> list[Command]:
        return [
            Command("F", tr("换着色的专题"), partial(self.step, 1)),
            Command("B", tr("楼栋红黄蓝绿"), self._registry.toggle),
        ]

    def step(self, by: int) -> None:
        """The next figure of the list."""
        self._figure.setCurrentIndex((self._figure.currentIndex() + by) % self._figure.count())
        self._chose()

    # Drawing.

    def wear(self) -> None:
        self._fill()
        super().wear()

    def place(self) -> None:
        px, y = self.look.px, self.top
        self._figure.setGeometry(0, px(y), self.width(), px(FIELD))
        self._registry.setGeometry(0, px(y + FIELD + SCALE), self.width(), px(30))
        self._registry.setFont(self.look.font("body"))
        scale_box(self._registry, self.look)

    def draw(self, paper: Paper) -> None:
        self._draw_scale(paper, self.top + FIELD + 12)
        self._draw_registry(paper, self.top + FIELD + SCALE + 56)

    def _draw_scale(self, paper: Paper, y: float) -> None:
        view = self.context.map
        if view is None or not view.figure:
            line = tr("各镇街、村社、网格按所选专题着色，超限才有颜色")
            paper.paragraph(0, y + 16, line, Ink("age"), paper.width, 2)
            return
        values = view.figures()
        top = max(values.values(), default=0.0)
        unit = measured_in(str(rows("map_figure")[view.figure].facts.get("unit", "")))
        steps = np.linspace(0, top, STEPS)
        wide = paper.width / STEPS
        for i, pixel in enumerate(ramp(steps, limits(view.figure), self.look.style).tolist()):
            paper.painter.fillRect(QRectF(i * wide, y, wide, 14), QColor.fromRgb(pixel))
        paper.write(0, y + 34, "0", Ink("age"))
        paper.write(paper.width, y + 34, age.measure(top, unit, _digits(top)), Ink("age"), RIGHT)
        self._draw_worst(paper, y + 60, values, unit)
        self._draw_limits(paper, y + 86, unit)

    def _draw_worst(self, paper: Paper, y: float, values: dict[str, float], unit: str) -> None:
        worst = max(values, key=lambda code: values[code], default="")
        if not worst or not values[worst]:
            paper.write(0, y, tr("各辖区都是 0"), Ink("age"))
            return
        name = plain(self.picture.areas[worst].name, 24) if worst in self.picture.areas else worst
        told = age.measure(values[worst], unit, _digits(values[worst]))
        line = tr("最高　{area}　{value}", area=name, value=told)
        paper.write(0, y, line, Ink("age", "t2"), room=paper.width)

    def _draw_limits(self, paper: Paper, y: float, unit: str) -> None:
        assert self.context.map is not None
        x = 0.0
        for start, severity in limits(self.context.map.figure):
            paper.mark(x + 9, y - 6, 16, (severity, "ACKED"))
            told = tr("达 {value}", value=age.measure(start, unit))
            x = paper.write(x + 26, y, told, Ink("age")) + 20

    def _draw_registry(self, paper: Paper, y: float) -> None:
        half = paper.width / 2
        for i, code in enumerate(registry()):
            x, base = i % 2 * half, y + i // 2 * 30
            swatch(paper, x + 10, base - 6, code.id)
            end = paper.write(x + 28, base, code.name(language()), Ink("label", "t2"))
            meaning = str(code.facts.get(f"meaning_{language()}", ""))
            paper.write(end + 10, base, meaning, Ink("age"), room=x + half - end - 22)
        view = self.context.map
        if view is not None and view.registry and view.level() != STREET:
            paper.write(0, y + 62, tr("绿放大到街区级可见"), Ink("age", "t2"), room=paper.width)

    # Hand.

    def _chose(self, index: int = 0) -> None:
        if self.context.map is not None:
            self.context.map.set_figure(str(self._figure.currentData() or ""))
        self.at = self._newest()
        self.update()

    def _show_registry(self, shown: bool) -> None:
        if self.context.map is not None:
            self.context.map.set_registry(shown)
        self.update()

    def _follow(self) -> None:
        """Show what the map does, also where another page told it to."""
        view = self.context.map
        if view is None:
            return
        at = max(0, self._figure.findData(view.figure))
        if at != self._figure.currentIndex() and not self._figure.view().isVisible():
            self._figure.setCurrentIndex(at)
        self._registry.blockSignals(True)
        self._registry.setChecked(view.registry)
        self._registry.blockSignals(False)

    def _newest(self) -> Ms | None:
        layers = self.context.map.layers() if self.context.map is not None else []
        return next((layer.at for layer in layers if layer.id == "tint"), None)

    def _fill(self) -> None:
        """None first, then every figure that the map can count."""
        kept = self._figure.currentData()
        self._figure.clear()
        self._figure.addItem(tr("不着色"), "")
        for code in rows("map_figure").values():
            if code.id in FIGURES:
                self._figure.addItem(named("map_figure", code.id), code.id)
        self._figure.setCurrentIndex(max(0, self._figure.findData(kept)))
        self._figure.setAccessibleName(tr("着色的专题"))
        self._registry.setText(tr("楼栋红黄蓝绿"))
        self._registry.setAccessibleName(tr("楼栋红黄蓝绿"))


def _digits(value: float) -> int:
    return 0 if value == int(value) else 1
