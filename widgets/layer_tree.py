"""The tree of the map's layers with their counts and ages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QWidget

from commandwall.picture import Changes, Picture, Tick
from layers.base import LayerInfo
from widgets import age
from widgets.base import Context, Panel
from widgets.look import Look
from widgets.paper import RIGHT, Ink, Paper
from widgets.text import plain

ROW, LEAST_ROW = 42.0, 29.0
"""Height of a row, and the least at which its type still stands free: below it, two columns."""
TOLD, COUNT = 78.0, 150.0
"""Room for the age of a row, and for its count and age."""
BOX = 14.0


def scale_box(box: QCheckBox, look: Look) -> None:
    """A box as large as its surface wants it: a style sheet knows pixels only."""
    side = look.px(BOX)
    sheet = f"QCheckBox::indicator {{ width: {side}px; height: {side}px; }}"
    if box.styleSheet() != sheet:
        box.setStyleSheet(sheet)


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
            box.setText(plain(layer.title, 40))  # its language may be another one now
            box.setAccessibleName(box.text())
            box.blockSignals(True)
            box.setChecked(layer.visible)
            box.blockSignals(False)

    def place(self) -> None:
        px = self.look.px
        told = 0 if self._columns > 1 else COUNT
        for layer, (x, y, wide, low) in zip(self._layers, self._cells(), strict=True):
            box = self._boxes[layer.id]
            box.setFont(self.look.font("body"))
            scale_box(box, self.look)
            box.setGeometry(px(x), px(y), px(wide - told), px(low) - px(y))

    def draw(self, paper: Paper) -> None:
        if self._columns > 1:
            return
        for layer, (_, y, wide, low) in zip(self._layers, self._cells(), strict=True):
            base = (y + low) / 2 + 6
            told = age.age(self.picture.now, layer.at) if layer.at else ""
            if layer.note:
                paper.write(wide, base, layer.note, Ink("age"), RIGHT, COUNT)
                continue
            pieces = [(age.number(layer.count), Ink("label", "" if layer.count else "t4"))]
            paper.row_back(wide - 84, base, *pieces)
            paper.write(wide, base, told, Ink("age"), RIGHT, TOLD)

    @property
    def _columns(self) -> int:
        return 1 if self._room >= LEAST_ROW * len(self._layers) else 2

    @property
    def _room(self) -> float:
        return self.height() / self.look.unit - self.top

    def _cells(self) -> list[tuple[float, float, float, float]]:
        """Left, top, width and lower edge of each row, in design pixels."""
        deep = -(-len(self._layers) // self._columns)
        tall, wide = min(ROW, self._room / max(1, deep)), self.width() / self.look.unit
        across = wide / self._columns
        return [
            (
                i // deep * across,
                self.top + i % deep * tall,
                across,
                self.top + (i % deep + 1) * tall,
            )
            for i in range(len(self._layers))
        ]

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
