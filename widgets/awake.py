"""No screen lock while a wall is shown: the desktop is asked for it over the session bus, Windows
and macOS by their own calls. Where it cannot be had, that is said once in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget

from commandwall import platform

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusMessage

log = logging.getLogger(__name__)
SAVER, PATH = "org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"
"""The desktop's service; its interface has the same name."""
NAME = "commandwall-awake"
"""Of our own connection: what was asked on it ends with it."""


class Awake(QObject):
    """Holds the lock off from when the window is shown until it is hidden or closed."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._release: Callable[[], None] | None = None
        self._failed = ""
        self._watcher: QObject | None = None
        window.installEventFilter(self)
        if window.isVisible():
            self.hold()

    @property
    def held(self) -> bool:
        return self._release is not None

    def hold(self) -> None:
        """Ask for it, unless it is held."""
        if self._release is None:
            self._release = platform.keep_awake() or self._ask(platform.session_bus())

    def let_go(self) -> None:
        if self._release is not None:
            self._release()
            self._release = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show:
            self.hold()
        elif event.type() in (QEvent.Type.Hide, QEvent.Type.Close):
            self.let_go()
        return False

    def _ask(self, bus: str) -> Callable[[], None] | None:
        """Over a bus at that address; the answer comes later, nobody waits for it."""
        if not bus:
            self._say("there is no session bus")
            return None
        try:
            from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher
        except ImportError as why:
            self._say(str(why))
            return None
        line = QDBusConnection.connectToBus(bus, NAME)
        if not line.isConnected():
            self._say(line.lastError().message())
            return None
        message = QDBusMessage.createMethodCall(SAVER, PATH, SAVER, "Inhibit")
        message.setArguments(["commandwall", "a command wall is shown"])
        call = line.asyncCall(message)
        self._watcher = QDBusPendingCallWatcher(call, self)
        self._watcher.finished.connect(lambda *_: self._answered(call.reply()))
        return lambda: QDBusConnection.disconnectFromBus(NAME)

    def _answered(self, reply: QDBusMessage | Any) -> None:
        if reply.errorMessage():
            self.let_go()
            self._say(reply.errorMessage())
        else:
            log.info("the screen is kept from locking")

    def _say(self, why: str) -> None:
        """Once for each reason: the wall goes on without it."""
        if why != self._failed:
            self._failed = why
            log.warning("the screen may lock itself: %s", why)
