"""Python's collector of cycles: on the one thread that asks for it, and off a city's records.

By itself it runs on whichever thread happens to make the next object. What belongs to a screen must
go on the screen's thread and no other, or Qt ends the process, once in some hours. And a look at
all objects of a city holds up every thread for half a second.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

WHOLE = 2
"""The generation that holds all objects."""
WHOLE_S = 60.0
"""Between two looks at all of them; what lies in no cycle goes at once and needs none."""
LONG_S = 0.05
"""A look that takes longer than that found hundred thousands: records that came since the start."""
MANY = 500_000
"""So many blocks of memory more than at the last look are records too: it would be a long one."""


@contextmanager
def kept_off() -> Generator[None]:
    """The collector does not run by itself meanwhile, and never looks at what is there by then."""
    by_itself = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if by_itself:
            gc.enable()


def spare() -> None:
    """Collect once, and never look again at what is there by now: a city's records."""
    gc.collect()
    gc.freeze()


class Sweeper:
    """From now on cycles are collected where `sweep` is called, as often as Python's own
    thresholds ask for it."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        """`now_s`: seconds by a clock that only goes forward."""
        gc.disable()
        self._now_s, self._whole_s, self._started = now_s, now_s(), False
        self._blocks = sys.getallocatedblocks()

    def sweep(self) -> None:
        """Collect the oldest generation that is due.

        What is there at the first sweep was made by the start, and stays. What comes by the hundred
        thousand between two looks, or what a long look left, are records nearly all, which lie in
        no cycle: they are left out, or a million events would hold up the screen for more than a
        second, once a minute. The few widgets among them that lie in a cycle, then or later, stay:
        those of some minutes of each such flood.
        """
        if not self._started:
            self._started = True
            self._leave_out()
            return
        counts = zip(gc.get_count(), gc.get_threshold(), strict=True)
        due = [generation for generation, (n, most) in enumerate(counts) if n > most]
        began = self._now_s()
        if WHOLE in due and began - self._whole_s < WHOLE_S:
            due.remove(WHOLE)
        if WHOLE in due:
            self._whole_s = began
            if sys.getallocatedblocks() - self._blocks > MANY:
                self._leave_out()
                return
        if due:
            gc.collect(due[-1])
        if WHOLE in due:
            if self._now_s() - began > LONG_S:
                gc.freeze()
            self._blocks = sys.getallocatedblocks()

    def _leave_out(self) -> None:
        """Never look at what is there by now."""
        gc.freeze()
        self._blocks = sys.getallocatedblocks()
