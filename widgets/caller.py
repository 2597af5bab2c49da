"""Lets the bell of this desk be heard, tells it that a person is there, and marks the desk where
nobody answers: other stations see it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QWidget

from commandwall.bell import UNATTENDED, Ring
from commandwall.clock import Ms
from commandwall.config import Settings
from commandwall.rights import only_sees
from commandwall.sounder import Sounder
from widgets.base import Command, Context
from widgets.i18n import tr
from widgets.self_check import Checking

TRIED = 2
"""The severity whose sound is tried."""


class Caller(QObject):
    """Belongs to the wall, and looks at its bell at each tick."""

    def __init__(
        self, context: Context, window: QWidget, touched: Callable[[], float], settings: Settings
    ) -> None:
        """`touched`: when a person last touched anything here, in monotonic seconds."""
        super().__init__(window)
        self._context, self._touched, self._seen = context, touched, touched()
        self._sounder: Sounder | None = None
        self._told: Ring | None = None
        self._marked: Ms | None = None
        named = (settings.screen, *map(str.strip, settings.map_screens.split(",")))
        self._checking = Checking(context, window, named, self.try_sound)

    def begin(self, sounder: Sounder) -> None:
        """From now on the bell is heard; what an earlier wall left of a mark is over."""
        self._sounder = sounder
        self._context.desk.keep(UNATTENDED, "")

    def tick(self) -> None:
        """Let a new ring be heard."""
        bell = self._context.live.needs.bell
        if (touched := self._touched()) != self._seen or only_sees(self._context.desk.post):
            self._seen = touched
            bell.somebody(self._context.live.picture.now)
        if bell.ring is not None and bell.ring is not self._told:
            self._told = bell.ring
            self._sound(bell.ring)
        bell.silent = self._sounder is not None and not self._sounder.heard
        if bell.unattended != self._marked:
            self._marked = bell.unattended
            self._context.desk.keep(UNATTENDED, str(self._marked or ""))

    def commands(self) -> list[Command]:
        mute = Command("Shift+F7", tr("告警静音、恢复"), self.mute)
        return [mute, *self._checking.commands()]

    def try_sound(self) -> bool:
        """Let the sound of a grave alarm be heard, muted or not; whether anything can play it."""
        if self._sounder is None:
            return False
        self._sounder.play(Ring(self._context.live.picture.now, TRIED, heard=True, loud=False))
        return self._sounder.heard

    def mute(self) -> None:
        """No sounds for some minutes, or sounds again."""
        live = self._context.live
        live.needs.bell.mute(live.picture.now)

    def _sound(self, ring: Ring) -> None:
        """Where nothing plays a sound the desktop may have a beep of its own."""
        if self._sounder is None or not ring.heard:
            return
        if not self._sounder.heard:
            QApplication.beep()
        self._sounder.play(ring)
