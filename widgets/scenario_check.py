"""Asks the one reader of scenarios what is wrong with a draft, beside the screen's thread; of those
that follow fast only the newest is looked at."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from commandwall.desk import Desk
from commandwall.drill.editing import Checked, Data, check
from widgets.courier import Courier

Told = Callable[[Checked], object]


class ScenarioCheck(QObject):
    """Of a panel, and not of a sheet, which may go while its draft is looked at."""

    def __init__(self, desk: Desk, owner: QObject) -> None:
        super().__init__(owner)
        self._desk = desk
        self._courier = Courier(self, lambda why: None)
        self._asked: Data | None = None
        self._next: tuple[Data, Told] | None = None

    def look(self, data: Data, told: Told) -> None:
        """`told(checked)` hears of it, unless another draft comes before that."""
        self._next = data, told
        if self._asked is None:
            self._ask()

    def _ask(self) -> None:
        assert self._next is not None
        data = self._asked = self._next[0]
        self._courier.follow(self._desk.files(lambda kept: check(data)), self._take)

    def _take(self, checked: Checked) -> None:
        assert self._next is not None
        data, told = self._next
        if checked.data is data:
            self._asked = None
            told(checked)
        else:
            self._ask()
