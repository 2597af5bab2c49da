"""The matters on the two ladders as they stand, and what is due of them; kept by the wall at each
tick, read by the header, the watch list and the cards."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from commandwall import ladders, restricted
from commandwall.clock import Ms
from commandwall.events import Event
from commandwall.ladders import Case, Council, Due, PlanPoint, Rise, Supervision
from commandwall.picture import Changes, Picture

RECORDS = frozenset({Rise, Supervision, Council, PlanPoint})


class Watched:
    """All cases by event; what is due is reckoned anew for what changed alone."""

    def __init__(self) -> None:
        self.cases: dict[str, Case] = {}
        self.open: frozenset[str] = frozenset()
        """Events of which something is to be done on the ladders."""
        self._dues: dict[str, list[Due]] = {}
        self._moments: list[Ms] = []
        self._begun = False
        self._hidden: frozenset[str] = frozenset()
        """Those of a restricted class: nothing that was said of them is told."""

    def look(self, picture: Picture, changes: Changes) -> None:
        """Bring everything up to a tick."""
        gathers = bool(changes.kinds & RECORDS) or not self._begun
        if Event in changes.kinds and self._hidden != _hidden(self.cases, picture):
            gathers = True
        if gathers:
            self._begun = True
            self._gather(picture)
        if gathers or (Event in changes.kinds and self.cases):
            self.open = frozenset(key for key in self.cases if self._is_open(key, picture))
            self._moments = sorted(due.clock.due for key in self.open for due in self._dues[key])

    def of(self, event: str) -> Case:
        """All that is known of an event; of one that was never raised, nothing."""
        return self.cases.get(event, Case(event))

    def first_due(self, event: str) -> Due | None:
        """What is due of an event first."""
        dues = self._dues.get(event)
        return dues[0] if dues and event in self.open else None

    def late(self, now: Ms) -> int:
        """How many things are overdue."""
        return bisect_left(self._moments, now)

    def soon(self, now: Ms, until: Ms) -> int:
        """How many will be, until a moment."""
        return bisect_right(self._moments, until) - self.late(now)

    def _gather(self, picture: Picture) -> None:
        before, found = self.cases, ladders.cases(
            picture.supervisions.values(), picture.rises.values(), picture.points.values(),
            picture.councils.values(),
        )  # fmt: skip
        self._hidden = hidden = _hidden(found, picture)
        self.cases = {key: restricted.bare(c) if key in hidden else c for key, c in found.items()}
        self._dues = {
            key: self._dues[key] if before.get(key) == case else case.dues
            for key, case in self.cases.items()
        }

    def _is_open(self, key: str, picture: Picture) -> bool:
        view = picture.events.get(key)
        return ladders.is_open(self.cases[key], over=view is None or not view.open)


def _hidden(keys: Iterable[str], picture: Picture) -> frozenset[str]:
    return frozenset(key for key in keys if picture.hides(key))
