"""The wall: its pages, one of them shown; the look and the language; what a tick brings."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QCloseEvent, QContextMenuEvent, QGuiApplication, QImage, QResizeEvent
from PySide6.QtWidgets import QApplication, QWidget

from commandwall import planbook
from commandwall.alarms import Alarm
from commandwall.areas import Area, Building, Camera, Place
from commandwall.config import Settings
from commandwall.directives import Directive
from commandwall.events import Event
from commandwall.incidents import CommandPost, Incident
from commandwall.picture import Changes
from commandwall.public_warnings import PublicWarning
from commandwall.resources import Resource
from commandwall.sensors import Sensor
from commandwall.watchdog import Stall
from commandwall.world import World
from layers.map import MapView
from layers.overlay import Blinker
from layers.style import Style
from layers.turns import Turns
from widgets import facts, i18n, pages, standing, theme
from widgets.backward import Backward
from widgets.base import Command, Context, Live, Panel, Subject
from widgets.caller import Caller
from widgets.draft import Drafts
from widgets.drawer import Drawer
from widgets.drill_frame import Marking, titled
from widgets.hits import Hits
from widgets.homes import Homes
from widgets.hover import HoverCard
from widgets.i18n import tr
from widgets.keys import KeySheet, page_key
from widgets.look import Look
from widgets.map_window import MapWindow
from widgets.metrics import Metrics
from widgets.mode_keeper import ModeKeeper
from widgets.needs import Needs
from widgets.notices import Notices
from widgets.own_keys import OwnKeys
from widgets.page import Page
from widgets.palette import Palette
from widgets.registering import Registering
from widgets.scenes import Scenes
from widgets.seat import Seat
from widgets.sheet import later
from widgets.shortcuts import Shortcuts
from widgets.streets import Streets
from widgets.tracing import Tracing

log = logging.getLogger(__name__)
ON_MAP: dict[str, type[Any]] = {
    "alarm": Alarm, "area": Area, "building": Building, "camera": Camera, "directive": Directive,
    "event": Event, "incident": Incident, "place": Place, "command_post": CommandPost,
    "resource": Resource, "sensor": Sensor, "warning": PublicWarning,
}  # fmt: skip
"""What the map calls a kind -> the kind."""


class Wall(QWidget):
    """One window. `tick(changes)` is called on the screen's thread after the picture took them."""

    crossing: Any = None  # what calls `tick`, kept alive for main

    def __init__(
        self, world: World, settings: Settings, map_view: MapView, door: pages.Door | None = None
    ) -> None:
        super().__init__()
        self.picture, self.desk = world.picture, world.desk
        self.settings, self.map = settings, map_view
        i18n.speak(settings.lang)
        self.file, self._door = self._load(door)
        self._surfaces = Metrics.surfaces(settings.distance_mm, settings.pitch_mm)
        blinker = Blinker(Style(settings.theme), settings.reduced_motion)
        needs = Needs(self.file.limits.urgent)
        self.context = Context(
            picture=self.picture, live=Live(self.picture, needs), desk=self.desk,
            look=self._look(settings.theme, "wall"),
            limits=self.file.limits, drafts=Drafts(self.desk.keep, self.desk.ask, self),
            needs=needs, blinker=blinker,
            hits=Hits(self.picture, self.desk, self), streets=Streets(self.picture, self),
            seconds=world.clock.monotonic, go=self.open_page, map=map_view,
            pages=self.file.pages, over=self._show_overlay, know=self.know,
            later=partial(later, lambda: self._overlay, self._show_overlay),
            book=planbook.read(settings.plans),
        )  # fmt: skip
        self.hover, self.homes = HoverCard(self.context, map_view), Homes(map_view, self.desk)
        self.scenes, self._keys = Scenes(self.context, map_view), Shortcuts(self)
        self.seat, self.turns = Seat(self.context, self), Turns(self._take_turn, self)
        map_view.moved.connect(self.turns.moved)
        self._overlay: QWidget | None = None
        self._pages, self.maps = list[Page](), list[MapWindow]()
        self.notices, self.modes = Notices(self.context), ModeKeeper(self, self)
        self.back, self.drill = Backward(self, self), Marking(self.context, self, self._arrange)
        self._own_keys, self.context.back = OwnKeys(self), self.back.commands
        self.tracing = Tracing(self.context, map_view, self.back)
        self.caller = Caller(self.context, self, self.seat.touched, settings)
        self.registering = Registering(self.context, self, self.work_on)
        self._set_up()

    def _set_up(self) -> None:
        self.setWindowTitle(titled(self.context, tr("指挥大屏")))
        self.setObjectName("wall")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.map.scene.tr, self.map.scene.lang = tr, i18n.language()
        self.map.scene.pool_s = self.file.limits.pool_s
        self.map.set_reduced_motion(self.settings.reduced_motion)
        self.map.picked.connect(self._picked)
        self.map.installEventFilter(self._own_keys)
        self._wear(self.settings.theme)
        self.open_page(self.file.pages[0].id)

    def _load(self, door: pages.Door | None) -> tuple[pages.WallFile, pages.Door]:
        file = pages.load(self.settings.wall)
        door = door or pages.Door.installed(self.settings.plugins)
        drilled = pages.laid_over(file, "drill")
        others = door.unplaced([*pages.by_mode(file).values(), drilled])
        file = drilled if self.desk.exercise else file
        return file.with_page(pages.page_of_others(others)) if others else file, door

    # What main calls.

    def tick(self, changes: Changes) -> None:
        """Bring what is shown up to the picture."""
        self.modes.follow()
        self.context.live.needs.look(self.picture, changes)
        self.caller.tick()
        self._judge()
        self.context.hits.look(changes)
        self.context.streets.look(changes)
        (self.tell if self.context.past is None else self.back.tick)(changes)

    def tell(self, changes: Changes) -> None:
        """Map and panels hear what is new of the picture that is shown."""
        self.map.set_calls(self.context.needs.late)
        self.map.refresh(self.context.picture, changes)
        self.scenes.tick()
        self.turns.take(self.page.shown(), changes)

    def turned(self) -> None:
        """Another moment is looked at from now on, or now again."""
        self._judge()
        self._arrange()
        self._bring_all()
        self._bind()

    def _take_turn(self, panel: Panel, changes: Changes) -> None:
        panel.bring(panel.picture, changes)

    def open_page(self, name: str) -> None:
        """Show a page by its id; an unknown one is logged and nothing changes."""
        info = next((page for page in self.file.pages if page.id == name), None)
        if info is None:
            log.warning("there is no page %s", name)
            return
        before = getattr(self, "_shown", None)
        self._close_drawer()
        self._open = self.context.page = name
        self.context.look = self._look(self.theme, info.surface)
        page = self._shown = self._page(info)
        self._arrange()
        self.scenes.turn(info.scene)
        self._bring_all()
        page.show()
        page.raise_()
        if before is not None and before is not page:
            self.setFocus()  # else the focus falls on whatever field the page has first
            before.hide()
        self.back.stay_above()
        self._bind()

    def place(self) -> None:
        """Fill the screen that the settings name, else the first."""
        first = QGuiApplication.primaryScreen().name()
        self._home = self.settings.screen or first
        if not standing.fill(self, self._home):
            log.warning("there is no screen %s; using %s", self._home, first)
            standing.fill(self, first)
        for name in filter(None, map(str.strip, self.settings.map_screens.split(","))):
            self.open_map(name)
        self._screens = standing.Screens(self._at_home, self)

    def _at_home(self) -> list[tuple[str, QWidget]]:
        """The windows that fill a screen, each with its name."""
        windows: list[tuple[str, QWidget]] = [(self._home, self)] if self.isFullScreen() else []
        return windows + [(w.home, w) for w in self.maps if w.home and w.isFullScreen()]

    def snapshot(self, width: int, height: int) -> QImage:
        """The whole wall as a picture of that size."""
        if self.size() != QSize(width, height):
            self.resize(width, height)
            QApplication.processEvents()
        image = QImage(width, height, QImage.Format.Format_RGB32)
        image.fill(self.context.look.colour("bg"))
        with self.context.numbers.covered():
            self.render(image)
        return image

    def is_alive(self) -> bool:
        """Whether the city has come and its map is drawn."""
        return bool(self.picture.areas) and self.map.pane.frame is not None

    def is_drawn(self) -> bool:
        """Whether nothing of the city is left to build, to write or to draw."""
        return self.is_alive() and self.map.board.idle

    # The look and the language.

    @property
    def theme(self) -> str:
        return self._theme

    def set_theme(self, name: str) -> None:
        """Another set of colours, at once and everywhere."""
        self._wear(name)
        self._pages_changed()

    def set_language(self, lang: str) -> None:
        """zh or en, at once and everywhere."""
        i18n.speak(lang)
        self.map.scene.lang = i18n.language()
        self.map.board.renew()
        self.setWindowTitle(titled(self.context, tr("指挥大屏")))
        self._pages_changed()

    def _wear(self, name: str) -> None:
        self._theme = name
        colours = theme.load(name)
        self.context.look = self._look(name, "wall")
        self.context.blinker.style = Style(name)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.setPalette(colours.palette())
            app.setStyleSheet(colours.qss())
        self.map.set_theme(name)

    def _look(self, name: str, surface: str) -> Look:
        return Look(theme.load(name), self._surfaces[surface])

    def _pages_changed(self) -> None:
        self.context.look = self._look(self._theme, self.page.info.surface)
        for page in self._pages:
            page.setAccessibleName(page.info.name)
        self._arrange()
        for panel in self.page.panels.values():
            panel.wear()
        self._bring_all()
        self.back.stay_above()
        self._bind()
        self.update()

    # Pages.

    @property
    def page(self) -> Page:
        return self._shown

    def _page(self, info: pages.PageInfo) -> Page:
        made = next((page for page in self._pages if page.info is info), None)
        if made is None:
            made = Page(info, self.file, self.context, self._door, self._added, self)
            self._pages += [made]
        return made

    def _added(self, panel: Panel) -> None:
        panel.chosen.connect(self.choose)
        panel.wanted.connect(self.work_on)
        panel.outgrown.connect(self._arrange)
        panel.outgrown.connect(self._bind)  # it may offer something else too

    def _arrange(self) -> None:
        (page := self.page).setGeometry(self.drill.room())
        page.banner_share, page.noticed = self.notices.banner_share, self.notices.noticed
        self.map.set_scale(self.context.look.metrics.map_unit)
        for panel in page.arrange(self.map):
            self._bring(panel)

    def _bring_all(self) -> None:
        for panel in self.page.shown():
            self._bring(panel)

    def _bring(self, panel: Panel) -> None:
        panel.wear()
        panel.bring(panel.picture, Changes(panel.picture.now, {}, panel.shows))

    def _judge(self) -> None:
        if self.notices.judge():
            self._arrange()
            self._bring_all()

    def know(self) -> None:
        """A person has seen what is told under the head."""
        self.notices.know()
        self._arrange()

    def tell_stall(self, stall: Stall) -> None:
        """Say for some minutes that this window stood still."""
        self.notices.tell_stall(stall)
        self._arrange()

    # One thing, everywhere.

    def choose(self, subject: Subject) -> None:
        """Mark it on the map, without moving it, and tell the panels."""
        name = next((n for n, kind in ON_MAP.items() if kind is subject.kind), "")
        self.map.select(name, subject.id if name else "")
        if subject.kind is Incident:
            self.scenes.choose(subject.id)
        for panel in self.page.panels.values():
            panel.safe(partial(panel.open, subject), None)

    def work_on(self, subject: Subject) -> None:
        """Open the page on which its kind is worked on, if there is one."""
        kind = subject.kind.__name__.lower()
        target = next((page.id for page in self.file.pages if kind in page.opens), None)
        if target is not None and target != self._open:
            self.open_page(target)
        self.choose(subject)

    def _picked(self, kind: str, id_: str) -> None:
        kind, id_ = facts.device_of(kind, id_, self.context.picture)
        if kind in ON_MAP:
            for panel in self.page.panels.values():
                panel.safe(partial(panel.open, Subject(ON_MAP[kind], id_)), None)

    # Keys.

    def commands(self) -> list[Command]:
        """What can be done from anywhere; the panels on the page add theirs."""
        own = [
            Command(page.key or page_key(n), page.name, partial(self.open_page, page.id))
            for n, page in enumerate(self.file.pages, 1)
        ]
        themes = theme.names()
        next_theme = themes[(themes.index(self._theme) + 1) % len(themes)]
        other = "en" if i18n.language() == "zh" else "zh"
        return [
            *own,
            Command("Z", tr("上一视图"), self.map.back),
            Command("Home", tr("看全市"), self.map.fit),
            Command("H", tr("看所选的卡片"), self.hover.pin),
            *self.tracing.commands(),
            Command("F8", tr("回看过去"), self.back.turn),
            Command("Ctrl+K", tr("命令"), self.open_palette),
            Command("?", tr("全部按键"), self.open_keys),
            Command("F11", tr("全屏"), self.toggle_full_screen),
            Command("Ctrl+M", tr("另开地图窗口"), self.open_map),
            Command("Y", tr("已知提示"), self.know),
            Command("Ctrl+T", tr("换主题"), partial(self.set_theme, next_theme)),
            Command("Ctrl+L", tr("换语言"), partial(self.set_language, other)),
            *self.seat.commands(),
            *self.modes.commands(),
            *self.caller.commands(),
            *self.registering.commands(),
            *self.drill.commands(),
        ]

    def all_commands(self) -> list[Command]:
        """Those of the wall, then those of the panels that are shown; while a person looks back
        what moves through the past comes first."""
        drawers = self.page.ways(self.open_drawer)
        panels = (c for p in self.page.shown() for c in p.offered())
        back = self.back.commands()
        taken = {command.key for command in back}
        return [*back, *(c for c in (*self.commands(), *drawers, *panels) if c.key not in taken)]

    def _bind(self) -> None:
        self.context.keys = Command("?", tr("全部按键"), self.open_keys)
        self._keys.bind(self.all_commands())

    def open_palette(self) -> None:
        """Ctrl K: all commands by their names."""
        self._show_overlay(Palette(self.context.look, self.all_commands(), self))

    def open_keys(self) -> None:
        """?: the sheet of all keys."""
        everywhere = {command.key for command in self.commands()}
        self._show_overlay(KeySheet(self.context.look, self.all_commands(), everywhere, self))

    def _show_overlay(self, overlay: QWidget) -> None:
        if self._overlay is not None:
            self._overlay.close()
        self._overlay = overlay
        overlay.destroyed.connect(partial(self._overlay_gone, overlay))
        overlay.show()
        overlay.setFocus()

    def _overlay_gone(self, overlay: QWidget) -> None:
        """One that is closed goes a moment later, when the next may be shown already."""
        if self._overlay is overlay:
            self._overlay = None

    def open_drawer(self, name: str) -> None:
        """Show a panel of this page for which there is no room."""
        page, panel = self.page, self.page.panel(name)
        if panel.parentWidget() is not self._overlay:  # else its drawer is open
            top = page.look.px(page.chrome.header_height)
            self._show_overlay(Drawer(panel, top, self._bind, self))
            self._bring(panel)
            self._bind()

    def _close_drawer(self) -> None:
        if isinstance(self._overlay, Drawer):
            self._overlay.close()

    def toggle_full_screen(self) -> None:
        (self.showNormal if self.isFullScreen() else self.showFullScreen)()

    def open_map(self, screen: str = "") -> None:
        """The map in one more window: on that screen, or as a window to be placed by hand."""
        window = MapWindow(self.map, self._picked)
        window.setWindowTitle(titled(self.context, tr("指挥大屏 地图")))
        self.maps.append(window)
        window.closed.connect(lambda: self._map_closed(window))
        self.homes.follow(window.view)
        self.back.surround(window)
        self.drill.surround(window)
        if not screen:
            window.show()
        elif not window.place(screen):
            window.close()

    def _map_closed(self, window: MapWindow) -> None:
        """A window may be told to close twice before it is gone."""
        self.maps = [other for other in self.maps if other is not window]

    # Qt.

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._close_drawer()
        self._arrange()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The right button finds every command, as Ctrl K does."""
        self.open_palette()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.context.drafts.flush()
        for window in list(self.maps):
            window.close()
        super().closeEvent(event)
