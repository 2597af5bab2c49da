"""Which lines may go on where one may not."""

from __future__ import annotations

import math

from commandwall.store.journal import Line
from commandwall.store.lines import said


class Sieve:
    """Holds lines back: a line that may not pass, the later ones of its station, and whatever saw
    one of these, of any station. Who folded a line before one that it had seen would take the two
    for a conflict."""

    def __init__(self) -> None:
        self.held: dict[str, int] = {}
        """By origin, the first line that does not pass."""
        self._held: dict[int, set[str]] = {}
        """By clock, whose lines they are."""

    def passes(self, line: Line) -> bool:
        """Whether a line, which comes in its order, may go on; else it is held."""
        if line.seq < self.held.get(line.origin, math.inf) and not self._saw_one(line):
            return True
        self.hold(line)
        return False

    def hold(self, line: Line) -> None:
        self.held.setdefault(line.origin, line.seq)
        self._held.setdefault(line.hlc, {""}).add(line.origin)

    def _saw_one(self, line: Line) -> bool:
        if not self._held:
            return False
        try:
            body = said(line.body)
        except (ValueError, RecursionError):
            return False
        return any(body.by.get(key, "") in self._held.get(at, ()) for key, at in body.seen.items())
