"""What is done beside everything else, on a thread of its own, for as long as a block lasts."""

from __future__ import annotations

import logging
import threading
from typing import Self

log = logging.getLogger(__name__)


class Beside(threading.Thread):
    """As a context manager it begins with the block and ends with it. Whoever derives from it looks
    again and again (`look`), or says in `run` what it does until `_halt` is set."""

    every_s, retry_s, at_once = 1.0, 1.0, False
    """Between two looks; at least, after one that failed; whether the first one waits for
    nothing."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._halt = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let it end, and wait until it has; where it never began there is nothing to wait for."""
        self._halt.set()
        if self.is_alive():
            self.join()

    def look(self) -> None:
        """What is done again and again."""
        raise NotImplementedError

    def run(self) -> None:
        """What fails ends nothing: the next look may do."""
        pause = 0.0 if self.at_once else self.every_s
        while not self._halt.wait(pause):
            pause = self.every_s
            try:
                self.look()
            except Exception:
                log.exception("%s failed, and goes on", self.name)
                pause = max(pause, self.retry_s)
