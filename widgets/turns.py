"""Turns: panels are brought up to date one after another, so that no tick holds the screen long.

A second's news touches every panel. Done in one go they would stop the map, the pointer and the
keys for the time of all of them together; between two turns the window lives.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject

from commandwall.picture import Changes, Tick
from layers.lull import Lull
from widgets.base import Panel

PAUSE_MS = 3
"""Between two turns: time for a frame of the map."""


class Turns(QObject):
    """Remembers which panel still has to take which changes, the oldest first."""

    def __init__(self, bring: Callable[[Panel, Changes], None], parent: QObject) -> None:
        super().__init__(parent)
        self._bring = bring
        self._due: deque[tuple[Panel, Changes]] = deque()
        self._lull = Lull(self)
        self._lull.came.connect(self._next)
        self.moved = self._lull.moved

    def __len__(self) -> int:
        return len(self._due)

    def take(self, panels: Iterable[Panel], changes: Changes) -> None:
        """News for these panels, records before ages; what these still had to take is done now."""
        touched = [p for p in panels if p.shows & changes.kinds or Tick in changes.kinds]
        late = [due for due in self._due if due[0] in touched]
        self._due = deque(due for due in self._due if due[0] not in touched)
        for panel, older in late:
            self._bring(panel, older)
        touched.sort(key=lambda panel: not panel.shows & changes.records.keys())
        self._due.extend((panel, changes) for panel in touched)
        self._rest()

    def finish(self) -> None:
        """Do at once all that is left."""
        while self._due:
            self._next()

    def _next(self) -> None:
        if self._due:
            self._bring(*self._due.popleft())
        self._rest()

    def _rest(self) -> None:
        if self._due:
            self._lull.want(PAUSE_MS)
        else:
            self._lull.stop()
