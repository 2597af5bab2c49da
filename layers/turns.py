"""Turns: what shows the picture is brought up to date one after another, so that no tick holds the
screen long.

A second's news touches every layer and every panel. Done in one go they would stop the map, the
pointer and the keys for the time of all of them together; between two turns the window lives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar

from PySide6.QtCore import QElapsedTimer, QObject

from commandwall.picture import Changes, Tick, together
from layers.lull import Lull

PAUSE_MS = 3
"""Between two turns: time for a frame of the map."""
PATIENT_MS = 500
"""Who has waited for so long lets nobody pass any more."""


class Shows(Protocol):
    """A layer or a panel: the kinds that it shows."""

    @property
    def shows(self) -> frozenset[type]: ...


S = TypeVar("S", bound=Shows)


class Turns(QObject, Generic[S]):
    """Remembers who still has to take which changes, the oldest first; `done()` once all have."""

    def __init__(
        self, bring: Callable[[S, Changes], None], parent: QObject,
        done: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._bring, self._done = bring, done
        self._due: dict[S, tuple[Changes, int]] = {}  # and since when it waits
        self._clock = QElapsedTimer()
        self._clock.start()
        self._lull = Lull(self)
        self._lull.came.connect(self._next)
        self.moved = self._lull.moved

    def __len__(self) -> int:
        return len(self._due)

    def take(self, some: Iterable[S], changes: Changes) -> None:
        """News for these, records before ages; what one still had to take comes along with it."""
        both: dict[int, Changes] = {}
        for one in some:
            if one.shows & changes.kinds or Tick in changes.kinds:
                self._due[one] = self._with_older(one, changes, both)
        self._due = dict(sorted(self._due.items(), key=lambda due: self._may_wait(*due)))
        self._rest()

    def _with_older(
        self, one: S, changes: Changes, both: dict[int, Changes]
    ) -> tuple[Changes, int]:
        """`both`: what was put together already, since many wait for the same."""
        if one not in self._due:
            return changes, self._clock.elapsed()
        older, since = self._due[one]
        if id(older) not in both:
            both[id(older)] = together(older, changes)
        return both[id(older)], since

    def _may_wait(self, one: S, due: tuple[Changes, int]) -> bool:
        changes, since = due
        spent = self._clock.elapsed() - since > PATIENT_MS
        return not (spent or one.shows & changes.records.keys())

    def finish(self, some: Iterable[S] | None = None) -> None:
        """Do at once what is left, or what is left for these."""
        for one in [*self._due] if some is None else some:
            self._turn(one)
        self._rest()

    def drop(self) -> None:
        """Nothing is left to take: all is shown anew."""
        self._due.clear()
        self._lull.stop()

    def _next(self) -> None:
        if self._due:
            self._turn(next(iter(self._due)))
        self._rest()

    def _turn(self, one: S) -> None:
        if (due := self._due.pop(one, None)) is not None:
            self._bring(one, due[0])
            if not self._due:
                self._done()

    def _rest(self) -> None:
        if self._due:
            self._lull.want(PAUSE_MS)
        else:
            self._lull.stop()
