"""Python's collector of cycles: on the one thread that asks for it, and off a city's records.

By itself it runs on whichever thread happens to make the next object. What belongs to a screen must
go on the screen's thread and no other, or Qt ends the process, once in some hours. And a look at
all objects of a city holds up every thread for half a second.
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager

WHOLE = 2
"""The generation that holds all objects."""
WHOLE_S = 60.0
"""Between two looks at all of them; what lies in no cycle goes at once and needs none."""


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

    def __init__(self, now_s: float) -> None:
        gc.disable()
        self._whole_s, self._started = now_s, False

    def sweep(self, now_s: float) -> None:
        """Collect the oldest generation that is due; `now_s` on a clock that only goes forward.

        What is there at the first sweep was made by the start, and stays.
        """
        if not self._started:
            self._started = True
            gc.freeze()
            return
        counts = zip(gc.get_count(), gc.get_threshold(), strict=True)
        due = [generation for generation, (n, most) in enumerate(counts) if n > most]
        if WHOLE in due and now_s - self._whole_s < WHOLE_S:
            due.remove(WHOLE)
        if WHOLE in due:
            self._whole_s = now_s
        if due:
            gc.collect(due[-1])
