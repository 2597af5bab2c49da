"""Follows the mode 平 急 战 of this station's area: one cut to another wall file, its limits and
its pace; keeps the keys by which a person enters, leaves or looks past it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Protocol

from PySide6.QtCore import QBuffer, QIODevice, QObject, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from commandwall import modes as acts
from commandwall.clock import MINUTE, Ms, to_datetime
from commandwall.incidents import Incident
from commandwall.modes import Mode
from commandwall.picture import Changes, Picture
from commandwall.store.pulse import Patience
from layers.map import MapView
from widgets import modes, pages
from widgets.base import Command, Context, Subject
from widgets.courier import Courier
from widgets.i18n import tr
from widgets.mode_sheets import EndSheet, EnterSheet
from widgets.page import Page
from widgets.pages import WallFile

log = logging.getLogger(__name__)
WIDEST, QUALITY = 1920, 70
"""Of a picture that is kept: some 200 kB."""
Pace = Callable[[Patience, float], object]
"""Takes how long a silence may be, and the seconds between two moves of the units."""


class Swapping(Protocol):
    """What is swapped: the wall."""

    file: WallFile
    picture: Picture
    context: Context
    map: MapView

    @property
    def page(self) -> Page: ...
    def open_page(self, name: str) -> None: ...
    def choose(self, subject: Subject) -> None: ...


class ModeKeeper(QObject):
    """Belongs to the wall, and looks at the picture of now at each of its ticks."""

    paced: Pace = staticmethod(lambda patience, tracks_s: None)

    def __init__(self, wall: Swapping, window: QWidget) -> None:
        super().__init__(window)
        self._wall, self._window, self._context = wall, window, wall.context
        self.mode, self._held, self._pictured = acts.ordinary(), "", Ms(0)
        self.files = pages.by_mode(wall.file)
        self._courier = Courier(self, lambda why: log.warning("a mode: %s", why))

    def commands(self) -> list[Command]:
        return [
            Command("F9", tr("转急、转战"), self.enter),
            Command("Shift+F9", tr("解除、延时、补签"), self.end),
            Command("F7", tr("看已静音的告警"), self.look_past),
        ]

    def follow(self) -> None:
        """Look at the picture: another mode, or another one of the same, is shown at once."""
        held = modes.here(self._context.live.picture)
        mode, key = (held.mode, held.id) if held is not None else (acts.ordinary(), "")
        if mode != self.mode:
            self.mode = mode
            self._swap(self.files[mode])
            self.pace()
        if key != self._held:
            self._held, self._pictured = key, Ms(0)
            self._show(held)
        if held is not None and held.incident and self._sees(held):
            self._keep_picture(held)

    def pace(self) -> None:
        """Tell whoever brings the changes how fast they are wanted now."""
        facts = acts.rule(self.mode)
        self.paced(self.files[self.mode].limits.patience, float(facts["tracks_s"]))

    def _swap(self, file: WallFile) -> None:
        """Another wall file, in one cut; a page that both have stays as it is. A great page gives
        way to the first; who types, or works at a desk, is left alone."""
        wall, context, names = self._wall, self._context, [page.id for page in file.pages]
        wall.file, context.pages, context.limits = file, file.pages, file.limits
        context.live.needs.limit(file.limits.urgent)
        context.live.needs.look(wall.picture, Changes(wall.picture.now))
        wall.map.scene.pool_s = file.limits.pool_s
        stays = context.page in names and (wall.page.info.surface != "wall" or self._types())
        self._window.setUpdatesEnabled(False)
        wall.open_page(context.page if stays else names[0])
        self._window.setUpdatesEnabled(True)

    def _types(self) -> bool:
        """Whether a person is in the middle of a text."""
        focus = QApplication.focusWidget()
        if not isinstance(focus, QLineEdit) or not focus.text():
            return False
        return self._window.isAncestorOf(focus)

    def _sees(self, held: Mode) -> bool:
        """Whether this is the station of the post that entered it, and shows what is now."""
        return self._context.past is None and self._context.desk.post == held.post

    def _keep_picture(self, held: Mode) -> None:
        """What the station of the post that entered the mode sees, every few minutes, as a file of
        the incident. Made small and written on the desk's thread for files."""
        minutes, now = int(acts.rule(held.mode)["picture_minutes"]), self._context.live.picture.now
        if not minutes or abs(now - self._pictured) < minutes * MINUTE:
            return
        self._pictured, desk = now, self._context.desk
        with self._context.numbers.covered():
            image = self._window.grab().toImage()
        name = f"screen-{to_datetime(now):%m%d-%H%M%S}.jpg"
        self._courier.follow(
            desk.files(lambda kept: jpeg(image)),
            lambda body: self._courier.follow(desk.attach(body, name, "incident", held.incident)),
        )

    def enter(self) -> None:
        """The sheet in which a step up is entered, or proposed."""
        self._context.over(EnterSheet(self._context, self._window))

    def end(self) -> None:
        """The sheet in which the mode in force is left or extended, its second person signs, or a
        proposal is declined."""
        picture = self._context.live.picture
        held = modes.proposal(picture) or modes.here(picture)
        if held is None:
            self._context.over(EndSheet(self._context, None, [], self._window))
            return
        over, desk = self._context.later(), self._context.desk
        self._courier.follow(
            desk.ask(partial(acts.checklist, mode=held)),
            lambda checks: over(EndSheet(self._context, held, checks, self._window)),
        )

    def look_past(self) -> None:
        """Show what is muted, or mute it again."""
        needs, picture = self._context.live.needs, self._context.live.picture
        needs.unmuted = not needs.unmuted
        needs.sort(picture)
        if self._context.past is not None:
            return
        for panel in self._wall.page.shown():
            panel.bring(picture, Changes(picture.now, {}, panel.shows))

    def _show(self, held: Mode | None) -> None:
        """The incident in focus on every panel of the page, and its scene on the map."""
        self._context.live.needs.unmuted = False
        if held is not None and held.incident in self._context.live.picture.incidents:
            self._wall.choose(Subject(Incident, held.incident))


def jpeg(image: QImage) -> bytes:
    """The bytes of a picture, made smaller where it is wide."""
    if image.width() > WIDEST:
        image = image.scaledToWidth(WIDEST, Qt.TransformationMode.SmoothTransformation)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "JPEG", QUALITY)  # type: ignore[call-overload]  # as in files.py
    return bytes(buffer.data().data())
