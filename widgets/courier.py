"""The courier brings what the desk answers on another thread to the screen's thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from functools import cache, partial
from itertools import count
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import Shiboken

from commandwall.desk import outcome
from commandwall.store.store import Refused
from widgets.i18n import tr
from widgets.reasons import sentence

log = logging.getLogger(__name__)
Then = Callable[[Any], object]


class Post(QObject):
    """The way of all answers to the screen's thread; it lives as long as the program.

    Another thread must never speak by a part of the screen: that may be destroyed in the middle of
    its word, which ended the program. Nor may it hold what a part wants to do with the answer: who
    lets go of it last would destroy on its own thread what the screen still draws.
    """

    _came = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._tickets = count()
        self._waiting: dict[int, tuple[Courier, Then | None]] = {}
        self._came.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def follow(self, answer: Future[Any], courier: Courier, then: Then | None) -> None:
        """Bring the answer to a courier, if that is still there."""
        ticket = next(self._tickets)
        self._waiting[ticket] = courier, then
        answer.add_done_callback(partial(self._came.emit, ticket))

    def _deliver(self, ticket: int, answer: Future[Any]) -> None:
        courier, then = self._waiting.pop(ticket)
        if Shiboken.isValid(courier):
            courier.deliver(answer, then)
        else:
            log.debug("an answer came for a part of the screen that is gone")


@cache
def post() -> Post:
    """The one of this program; asked for on the screen's thread."""
    return Post()


class Courier(QObject):
    """Belongs to one object of the screen; `refused(sentence)` hears why something was not done."""

    def __init__(self, owner: QObject, refused: Callable[[str], object]) -> None:
        super().__init__(owner)
        self._refused = refused

    def follow(self, answer: Future[Any], then: Then | None = None) -> None:
        """Call `then(value)` on the screen's thread once the answer is there."""
        post().follow(answer, self, then)

    def deliver(self, done: Future[Any], then: Then | None) -> None:
        """Do with an answer what was asked for; the screen's thread."""
        value, trouble = outcome(done)
        if isinstance(trouble, Refused):
            self._refused(sentence(trouble.reason))
        elif isinstance(trouble, CancelledError):
            return
        elif trouble is not None:
            log.error("the desk could not do it", exc_info=trouble)
            self._refused(tr("未写入，已记下原因，稍后再做"))
        elif then is not None:
            then(value)
