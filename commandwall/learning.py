"""When suggestions are learned anew: the agent's part. What learns is a child program
(`suggesting`), so that neither time nor memory of the agent goes into it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from commandwall import codes, errand
from commandwall.beside import Beside
from commandwall.clock import HOUR, MINUTE, SECOND, Clock, Ms, day

log = logging.getLogger(__name__)
FILE = "suggestions.npz"
"""What was learned, in a data directory; whoever learned wrote it last."""
LOOK_S = 60.0
"""Between two looks. The first one waits as long: the start has the machine for itself."""
Learn = Callable[[Path, errand.Over], bool]


def due(folder: Path, now: Ms) -> bool:
    """Whether there is nothing learned, or it is old; also where it is of tomorrow, as a clock that
    was put back leaves it."""
    try:
        written = (folder / FILE).stat().st_mtime * SECOND
    except FileNotFoundError:
        return True
    return abs(now - written) > codes.limit("learn_hours", day(now)) * HOUR


def in_child(folder: Path, over: errand.Over) -> bool:
    """Learn from the rows of a data directory; whether there was enough to learn from. One thread
    of arithmetic: the wall has the rest of the machine."""
    env = {"COMMANDWALL_DATA_DIR": str(folder), "OPENBLAS_NUM_THREADS": "1"}
    return errand.run("commandwall.suggesting", env, lambda *_: None, over)


class Learning(Beside):
    """Has suggestions learned, one child at a time."""

    every_s = LOOK_S

    def __init__(self, folder: Path, clock: Clock, learn: Learn = in_child) -> None:
        super().__init__("learning")
        self._folder, self._clock, self._learn = folder, clock, learn
        self._rests_until = Ms(0)

    def look(self) -> None:
        """Learn where that is due; what came to nothing rests a while before the next try."""
        now = self._clock.now()
        if now < self._rests_until or not due(self._folder, now):
            return
        done = self._learn(self._folder, self._halt.is_set)
        rest = 0 if done else codes.limit("learn_rest_minutes", day(now)) * MINUTE
        self._rests_until = Ms(int(now + rest))
        if not self._halt.is_set():
            log.info("suggestions: %s", "learned anew" if done else "nothing to learn from yet")
