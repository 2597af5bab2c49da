"""Fields side by side; where they are too narrow the widest has a line of its own under them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QGridLayout, QWidget

BESIDE = 800.0
"""Design pixels from which on all stand in one line."""


class FieldLine(QWidget):
    """`fields`, each with its share of the width."""

    def __init__(self, fields: Sequence[tuple[QWidget, int]], parent: QWidget) -> None:
        super().__init__(parent)
        self._fields = fields
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self.spread(BESIDE)

    def spread(self, width: float) -> None:
        """Stand for a width in design pixels."""
        widest = max(share for _, share in self._fields)
        for column, (field, share) in enumerate(self._fields):
            under = share == widest and width < BESIDE
            at = (1, 0, 1, len(self._fields)) if under else (0, column, 1, 1)
            self._grid.addWidget(field, *at)
            self._grid.setColumnStretch(column, 0 if under else share)
