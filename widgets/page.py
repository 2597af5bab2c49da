"""One page on the screen: its panels in their places, the chrome around them, hairlines."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from layers.map import MapView
from widgets import layout
from widgets.base import Command, Context, Panel
from widgets.i18n import tr
from widgets.keys import key_name
from widgets.layout import Box
from widgets.look import Look
from widgets.missing import Missing
from widgets.pages import MAP, Chrome, Door, PageInfo, WallFile
from widgets.paper import RIGHT, Ink, Paper

DRAWER_KEYS = tuple(f"Ctrl+Alt+{n}" for n in range(1, 7))
log = logging.getLogger(__name__)


class Page(QWidget):
    """Builds its panels when it is made; `arrange` puts them into their places."""

    def __init__(
        self, info: PageInfo, wall: WallFile, context: Context, door: Door,
        added: Callable[[Panel], None], parent: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.info, self.context, self._wall = info, context, wall
        self.chrome = wall.chrome.get(info.surface, Chrome())
        self._door, self._added = door, added
        self.panels: dict[str, Panel] = {}
        self._rules: list[Box] = []
        self.left_out: list[str] = []
        """Panels for which the window has no room, in the order of the wall file."""
        self.body = QRect()
        """Where the panels of the page stand, without the chrome."""
        self._bottom = 0.0
        self.banner_share = 0.0
        """0: no banner; 1: whole; 0.5: a person knows of it."""
        self.noticed = False
        """Whether the notice has something to say."""
        self.setAccessibleName(info.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc in a field of a panel gives the keys back to the page, where letters are acts."""
        if event.key() == Qt.Key.Key_Escape:
            self.window().setFocus()
        else:
            super().keyPressEvent(event)

    @property
    def look(self) -> Look:
        return self.context.look

    def panel(self, name: str) -> Panel:
        """The panel of that name in the wall file, made when it is first needed."""
        if name not in self.panels:
            self.panels[name] = self._make(name)
            self._added(self.panels[name])
        return self.panels[name]

    def _make(self, name: str) -> Panel:
        options = self._wall.panels.get(name, {})
        kind = self._door.find(str(options.get("panel", name)))
        try:
            if kind is not None:
                made = kind(self.context, options, self)
                made.hide()  # until it has a place
                return made
        except Exception:
            log.exception("the panel %s could not be made", name)
        return Missing(self.context, name, self)

    def shown(self) -> list[Panel]:
        """The panels that have a place now; who walks through them may bring another one in."""
        return [panel for panel in self.panels.values() if not panel.isHidden()]

    def arrange(self, map_view: MapView) -> list[Panel]:
        """Put everything into its place for the size and look there are.

        Returns the panels that had no place before, and so were not brought up to date.
        """
        before = set(self.shown())
        unit, chrome = self.look.unit, self.chrome
        width, height = self.width() / unit, self.height() / unit
        chosen = layout.choose(self.info.layouts, width, height)
        chosen = layout.without(chosen, lambda name: name != MAP and _absent(self.panel(name)))
        left, top = chrome.rail_width, chrome.header_height
        placed: dict[str, tuple[float, ...]] = {chrome.header: (left, 0.0, width - left, top)}
        if self.banner_share:
            tall = chrome.banner_height * self.banner_share
            placed[chrome.banner] = (left, top, width - left, tall)
            top += tall + 8
        if self.noticed:
            placed[chrome.notice] = (left, top, width - left, chrome.notice_height)
            top += chrome.notice_height + 8
        top += chrome.pad
        placed[chrome.rail] = (0.0, 0.0, left, height)
        foot = chrome.foot_height
        placed[chrome.foot] = (left, height - foot, width - left, foot)
        bottom = height - foot
        if self.context.past is not None:
            bottom -= chrome.timeline_height
            placed[chrome.timeline] = (left, bottom, width - left, chrome.timeline_height)
        self._bottom = bottom
        spare = {name: _spare(panel) for name, panel in self.panels.items()}
        boxes = layout.arrange(chosen, width - left, bottom, top, spare)
        self.body = _pixels((left, top, width - left, bottom - top), self.look.unit)
        placed.pop("", None)
        placed |= {b.of: (b.x + left, b.y, b.width, b.height) for b in boxes}
        self._put(placed, map_view)
        if chrome.header:
            header = {"sentence": "", **(chosen.header or {}), "map": placed.get(MAP, (0.0,))[0]}
            self.panel(chrome.header).options.update(header)
        self.left_out = [name for name in chosen.names() if name not in placed and name != MAP]
        for name in self.left_out:
            self.panel(name)  # so that a key may show it
        self._rules = [b for b in boxes if b.rule]
        self._rule_left = left
        self.update()
        return [panel for panel in self.shown() if panel not in before]

    def _put(self, placed: dict[str, tuple[float, ...]], map_view: MapView) -> None:
        for name, panel in self.panels.items():
            if name not in placed and panel.parent() is self:  # else a drawer shows it
                panel.hide()
        for name, rect in placed.items():
            widget = map_view if name == MAP else self.panel(name)
            if widget.parent() is not self:
                widget.setParent(self)
            widget.setGeometry(_pixels(rect, self.look.unit))
            widget.show()
        if MAP not in placed and map_view.parent() is self:
            map_view.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.look.colour("bg"))
        painter.scale(self.look.unit, self.look.unit)
        painter.setPen(QPen(self.look.colour("ln"), 1))
        for box in self._rules:
            y = round(box.y - 14) + 0.5
            x = box.x + self._rule_left
            painter.drawLine(QPointF(x, y), QPointF(x + box.width, y))
        painter.end()
        self._tell_left_out()

    def _tell_left_out(self) -> None:
        """In the margin below: what else there is, and its key."""
        paper = Paper(self, self.look)
        out = [(self.panel(name), key) for key, name in self.drawers()]
        told = [f"{tr(panel.heading())} {key_name(panel.entry or key)}" for panel, key in out]
        base = self._bottom - 10
        if told:
            paper.write(paper.width - 32, base, "　".join(told), Ink("age"), RIGHT)
        self.setAccessibleDescription(" ".join(paper.said))
        paper.end()

    def drawers(self) -> list[tuple[str, str]]:
        """The panels left out, each behind the key that shows it."""
        return list(zip(DRAWER_KEYS, self.left_out, strict=False))

    def ways(self, show: Callable[[str], object]) -> list[Command]:
        """The keys that show the panels left out, and those of what such a panel is there for."""
        found = [Command(key, tr(self.panel(name).heading()), partial(show, name))
                 for key, name in self.drawers()]  # fmt: skip
        for name in self.left_out:
            panel = self.panel(name)
            if panel.entry and panel.isHidden():  # else a drawer shows it, and has the key
                found += [replace(c, run=partial(_enter, show, name, c)) for c in panel.offered()
                          if c.key == panel.entry]  # fmt: skip
        return found


def _enter(show: Callable[[str], object], name: str, command: Command) -> None:
    show(name)
    command.run()


def _spare(panel: Panel) -> float:
    panel.spared = panel.safe(lambda: float(panel.spare()), 0.0)
    return panel.spared


def _absent(panel: Panel) -> bool:
    return panel.safe(lambda: panel.absent, False)


def _pixels(rect: tuple[float, ...], unit: float) -> QRect:
    x, y, width, height = (round(v * unit) for v in rect)
    return QRect(x, y, width, height)
