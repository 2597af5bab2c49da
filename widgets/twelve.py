"""The twelve pinned indicators, each with its day."""

from __future__ import annotations

from PySide6.QtCore import QRect

from commandwall.indicators import Indicator, IndicatorValue
from commandwall.picture import Changes, Picture, Tick
from widgets.base import EMPTY, NORMAL, Panel
from widgets.figures import Vital
from widgets.i18n import tr

LEAST_WIDE, GUTTER, GAP = 300.0, 40.0, 32.0
LOW, FLAT = 260.0, 0.5
"""How tall one may become in any case, and beyond that of its width: a large wall has no half that
stays empty, and no day becomes a tower."""


class Twelve(Panel):
    """As many columns as fit; a place stays empty rather than that a chart is squeezed."""

    id, title, headed = "twelve", "十二项体征", False
    recalls = False
    shows = frozenset({Indicator, IndicatorValue, Tick})

    def refresh(self, picture: Picture, changes: Changes) -> None:
        pinned = sorted((d for d in picture.indicators.values() if d.pinned), key=_place)
        ids = [d.id for d in pinned[:12]]
        if ids != [str(v.options["indicator"]) for v in self._vitals()]:
            self._rebuild(ids)
        if not ids:
            self.say(EMPTY, tr("今日尚无上报"))
            return
        self.say(NORMAL)
        for vital in self._vitals():
            vital.bring(picture, changes)

    def place(self) -> None:
        vitals, unit = self._vitals(), self.look.unit
        if not vitals:
            return
        width, height = self.width() / unit, self.height() / unit
        columns = max(1, min(4, int((width + GUTTER) // (LEAST_WIDE + GUTTER))))
        rows = -(-len(vitals) // columns)
        wide = (width - GUTTER * (columns - 1)) / columns
        high = min(max(LOW, wide * FLAT), (height - GAP * (rows - 1)) / rows)
        for i, vital in enumerate(vitals):
            x, y = i % columns * (wide + GUTTER), i // columns * (high + GAP)
            vital.setGeometry(QRect(*(round(v * unit) for v in (x, y, wide, high))))
            vital.wear()

    def _vitals(self) -> list[Vital]:
        return [child for child in self.children() if isinstance(child, Vital)]

    def _rebuild(self, ids: list[str]) -> None:
        for vital in self._vitals():
            vital.setParent(None)
            vital.deleteLater()
        for key in ids:
            vital = Vital(self.context, {"indicator": key}, self)
            vital.show()
        self.place()


def _place(definition: Indicator) -> tuple[int, str]:
    return definition.pinned, definition.id
