"""The courier brings what the desk answers on another thread to the screen's thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from commandwall.desk import outcome
from commandwall.store.store import Refused
from widgets.i18n import tr
from widgets.reasons import sentence

log = logging.getLogger(__name__)
Then = Callable[[Any], object]


class Courier(QObject):
    """Belongs to one object of the screen; `refused(sentence)` hears why something was not done."""

    _arrived = Signal(object, object)

    def __init__(self, owner: QObject, refused: Callable[[str], object]) -> None:
        super().__init__(owner)
        self._refused = refused
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def follow(self, answer: Future[Any], then: Then | None = None) -> None:
        """Call `then(value)` on the screen's thread once the answer is there."""
        answer.add_done_callback(lambda done: self._send(done, then))

    def _send(self, done: Future[Any], then: Then | None) -> None:
        try:
            self._arrived.emit(done, then)
        except RuntimeError:  # the owner was closed before the answer came
            log.debug("an answer came for a part of the screen that is gone")

    def _deliver(self, done: Future[Any], then: Then | None) -> None:
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
