"""Errands: child programs of the agent that take minutes, tell how far they are, and may be ended.

A child prints its share of the work, 0..1, and the seconds that are left, as lines of JSON;
nothing else goes to its stdout.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping

from commandwall import platform
from commandwall.clock import Clock

Tell = Callable[[float, float | None], None]
"""Hears the share of the work that is done, and the seconds that are left where that is known."""
Over = Callable[[], bool]
LOOK_S = 0.05


def run(module: str, env: Mapping[str, str], tell: Tell, over: Over) -> bool:
    """Run `python -m module` until it ends, or until `over`; whether it did its work."""
    command = [sys.executable, "-m", module]
    child = platform.start_child(command, env=env, stdout=subprocess.PIPE)
    listener = threading.Thread(target=_listen, args=(child, tell), daemon=True)
    listener.start()
    clock = Clock()
    while child.poll() is None and not over():
        clock.pause(LOOK_S)
    child.kill()  # it is made for that: the next one takes up what this one leaves
    child.wait()
    listener.join()
    return child.returncode == 0


def _listen(child: subprocess.Popen[bytes], tell: Tell) -> None:
    assert child.stdout is not None
    with child.stdout:
        for line in child.stdout:
            tell(*json.loads(line))


class Report:
    """In the child: tells the share of the work that is done, and the rest by the pace so far."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._began = clock, clock.monotonic()
        self._from: float | None = None

    def __call__(self, share: float) -> None:
        if self._from is None:
            self._from = share
        passed, done = self._clock.monotonic() - self._began, share - self._from
        left = round(passed / done * (1 - share), 1) if done > 0 else None
        print(json.dumps((share, left)), flush=True)


def end_with_starter() -> None:
    """In the child: end at once when asked to, and when the program that started it is gone."""
    platform.on_terminate(lambda: os._exit(1))
    threading.Thread(target=_watch, args=(platform.parent(),), daemon=True).start()


def _watch(starter: int) -> None:
    clock = Clock()
    while os.getppid() == starter:
        clock.pause(LOOK_S)
    os.kill(os.getpid(), signal.SIGTERM)
