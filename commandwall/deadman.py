"""The dead man's switch of the watch: what says where the main thread stands while a foreign call
holds the interpreter and no thread of ours can look.

A clock of the system sends the main thread a signal unless it is wound in time, and that thread
writes its own stack, alone. faulthandler's own clock writes those of all threads from a thread of
its own: it reads stacks that are at work meanwhile, where a disk or a machine that was paused held
up who winds it, and that ends the program. Linux has such a clock; elsewhere nothing is written.
"""

from __future__ import annotations

import ctypes
import faulthandler
import logging
import signal
import sys
import threading
from contextlib import suppress
from typing import IO

from commandwall import platform

log = logging.getLogger(__name__)
CLOCK_MONOTONIC, SIGEV_THREAD_ID = 1, 4
IGNORED = ctypes.c_void_p(1)
"""SIG_IGN."""
EVENT_BYTES = 64


class _Event(ctypes.Structure):
    """sigevent(3type)."""

    _fields_ = (
        ("value", ctypes.c_void_p), ("signo", ctypes.c_int), ("notify", ctypes.c_int),
        ("thread", ctypes.c_int), ("rest", ctypes.c_byte * (EVENT_BYTES - 20)),
    )  # fmt: skip


class _Times(ctypes.Structure):
    """itimerspec(3type): no interval, then the time left."""

    _fields_ = tuple((name, ctypes.c_long) for name in ("s", "ns", "left_s", "left_ns"))


class DeadMan:
    """Writes the main thread's stack into an open file `wound_s` after it was wound last."""

    def __init__(self, file: IO[bytes]) -> None:
        self._library, self._clock = _library(), ctypes.c_void_p()
        if self._library is None:
            return
        # What comes late, after the end, is ignored; by itself it would end the program.
        self._library.signal(signal.SIGUSR1, IGNORED)
        faulthandler.register(signal.SIGUSR1, file=file, all_threads=False)
        event = _Event(signo=signal.SIGUSR1, notify=SIGEV_THREAD_ID)
        event.thread = threading.main_thread().native_id
        try:
            self._do("timer_create", CLOCK_MONOTONIC, event, ctypes.byref(self._clock))
        except OSError:
            log.exception("where a foreign call holds the interpreter is not told")
            faulthandler.unregister(signal.SIGUSR1)
            self._library = None

    def wind(self, wound_s: float) -> None:
        """From now on so many seconds."""
        whole, part = divmod(wound_s, 1.0)
        times = _Times(left_s=int(whole), left_ns=int(part * 1e9))
        self._do("timer_settime", self._clock, 0, times, None)

    def close(self) -> None:
        """Nothing is written any more."""
        self._do("timer_delete", self._clock)
        if self._library is not None:
            faulthandler.unregister(signal.SIGUSR1)

    def _do(self, call: str, *with_: object) -> None:
        if self._library is None:
            return
        given = [ctypes.byref(w) if isinstance(w, ctypes.Structure) else w for w in with_]
        platform.check(getattr(self._library, call)(*given))


def _library() -> ctypes.CDLL | None:
    """Where the clocks are: before glibc 2.34 in a library of their own."""
    if sys.platform.startswith("linux"):
        for name in (None, "librt.so.1"):
            with suppress(OSError):
                library = ctypes.CDLL(name, use_errno=True)
                if hasattr(library, "timer_create"):
                    return library
    return None
