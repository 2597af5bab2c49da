"""Knocking at the wall of a data directory: it comes to the front, where it runs."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalSocket


def name_of(folder: Path) -> str:
    """Under which the wall of a data directory listens."""
    return "commandwall-" + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]


class Knock(QObject):
    """Waits for nothing: `answered` tells whether a wall was there."""

    answered = Signal(bool)

    def __init__(self, owner: QObject) -> None:
        super().__init__(owner)
        self._socket = QLocalSocket(self)
        self._socket.connected.connect(lambda: self._end(there=True))
        self._socket.errorOccurred.connect(lambda _: self._end(there=False))

    def at(self, folder: Path) -> None:
        """Ask the wall of a data directory to come to the front."""
        self._socket.abort()
        self._socket.connectToServer(name_of(folder))

    def _end(self, there: bool) -> None:
        self._socket.disconnectFromServer()
        self.answered.emit(there)
