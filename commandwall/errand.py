"""Errands: child programs that take minutes, tell how far they are, and may be ended.

One of the agent prints its share of the work, 0..1, and the seconds that are left, as lines of
JSON. One that a person waits for, a `Question`, prints its share alone, and at last an object.
Nothing else goes to the stdout of either.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from commandwall import platform
from commandwall.clock import Clock

log = logging.getLogger(__name__)

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


class Unanswered(Exception):
    """A child came to no end; says how it ended."""


class Question:
    """A child program that is asked one thing beside the screen, which goes on meanwhile and may
    give it up. `share` tells how far it is; `answer` is what `read` makes of the object that it
    printed at last, an exception too; Unanswered where there is none, cancelled by `stop`."""

    env: Mapping[str, str] = MappingProxyType({})
    """What the child's environment has besides ours."""

    def __init__(
        self, module: str, arguments: Sequence[str], read: Callable[[dict[str, Any]], Any]
    ) -> None:
        self.share = 0.0
        self.answer: Future[Any] = Future()
        self.ended = threading.Event()
        """Whether the child is gone, and all that it left."""
        self._command = [sys.executable, "-m", module, *arguments]
        self._read = read
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        threading.Thread(target=self._run, name=module, daemon=True).start()

    def stop(self) -> None:
        """Give it up; nothing waits for it."""
        with self._lock:
            if self.answer.cancel() and self._child is not None:
                self._child.terminate()

    def begin(self) -> None:
        """On the thread of the question, before the child starts."""

    def trouble(self, why: Exception) -> Exception:
        """What is told of what went wrong here."""
        return why

    def end(self, whole: bool) -> None:
        """There, after it; `whole`: whether it answered."""

    def _run(self) -> None:
        value: Any = None
        try:
            found = self._asked()
            value = self._read(found) if found is not None else None
        except (OSError, ValueError) as why:
            value = self.trouble(why)
        finally:  # whatever went wrong: who waits for the end must not wait for ever
            self._done(Unanswered(self._command[2]) if value is None else value)

    def _asked(self) -> dict[str, Any] | None:
        """What the child printed at last; None where it did not get so far."""
        self.begin()
        with self._lock:
            if self.answer.cancelled():
                return None
            self._child = child = platform.start_child(
                self._command, env=self.env, stdout=subprocess.PIPE
            )
        found: dict[str, Any] | None = None
        assert child.stdout is not None
        with child.stdout, suppress(ValueError):
            for line in child.stdout:
                said = json.loads(line)
                if isinstance(said, dict):
                    found = said
                else:
                    self.share = float(said)
        child.wait()
        return found

    def _done(self, value: Any) -> None:
        """A cancelled answer is none, however far the child came."""
        asked, trouble = self.answer.set_running_or_notify_cancel(), isinstance(value, Exception)
        self.end(asked and not trouble)
        self.ended.set()
        if asked and trouble:
            log.warning("%s came to no end: %r", self._command[2], value)
            self.answer.set_exception(value)
        elif asked:
            self.answer.set_result(value)


def say(what: object) -> None:
    """In the child of a question: the share that is done, or at last the answer."""
    print(json.dumps(what), flush=True)


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
