"""The board: layers, their scene and the cook, for one map on the screen's thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from commandwall.alarms import Alarm
from commandwall.areas import Area
from commandwall.clock import Clock, Ms
from commandwall.geo import Plane
from commandwall.picture import Changes, Picture
from layers.base import Layer, LayerInfo
from layers.cook import Cook, Seat
from layers.drill import Drill
from layers.lull import Lull
from layers.pane import Pane
from layers.scene import Scene
from layers.turns import Turns
from layers.warm import warm

log = logging.getLogger(__name__)
L = TypeVar("L", bound=Layer)
NAMES_AT_ONCE, WRITING_S = 2, 0.002
"""Names written before the clock is looked at, and how long names are written in one go, so that
the screen's thread is never held for long."""
PAUSE_MS = 1
"""Between two goes, where the map stands still."""
SHOW_MS = 150
"""Names that are still being written come into the picture so often: cooking it for each few of
them would keep every processor busy while a person moves the map."""


class Board(QObject):
    """Feeds the picture to the layers and the scene to the cook.

    `changed`: layers have other things or counts. `placed`: the city is known for the first time,
    or another city is. Several windows may show one board: each has a pane.
    """

    changed = Signal()
    placed = Signal()
    _warmed = Signal()
    _cooked = Signal(object)  # for a seat
    _made = Signal(object, object)

    def __init__(
        self, layers: Iterable[Layer], scene: Scene, clock: Clock, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.scene, self.clock, self.drill = scene, clock, Drill(scene)
        self.layers = sorted(layers, key=lambda layer: layer.order)
        self.picture: Picture | None = None
        self.panes: list[Pane] = []
        self._warm, self._building, self._over = False, 0, False
        self._failed: set[str] = set()
        for layer in self.layers:
            scene.show(layer, layer.shown)
        self._start()

    def _start(self) -> None:
        self.turns = Turns[Layer](self._take_turn, self, self._after)
        self._pen = Lull(self)
        self._pen.came.connect(self._write_names)
        self._ink = QTimer(self)
        self._ink.setSingleShot(True)
        self._ink.timeout.connect(self._order)
        self._builder = ThreadPoolExecutor(1, "map-build")
        self.scene.later = self._later
        self._made.connect(self._take_made)
        self._warmed.connect(self._now_warm)
        self._cooked.connect(self._serve)
        self.cook = Cook()
        self.cook.start(self._prepare)

    def _prepare(self) -> None:
        try:
            warm(self.scene.style)
        finally:
            if not self._over:
                self._warmed.emit()

    @property
    def idle(self) -> bool:
        """Nothing is left to take, to build, to write or to cook."""
        writing = self._pen.isActive() or self._ink.isActive()
        waiting = len(self.turns) or any(pane.waits for pane in self.panes)
        return self._warm and not (writing or self._building or waiting)

    def shut(self) -> None:
        """End the threads; afterwards the board is only good for looking at."""
        self._over = True
        self.turns.drop()
        self._pen.stop()
        self._ink.stop()
        self.cook.close()
        self._builder.shutdown(wait=True, cancel_futures=True)

    # -- from the picture to the scene -----------------------------------------------------------

    def refresh(self, picture: Picture, changes: Changes) -> None:
        """Have everything brought up to a tick, layer by layer; an alarm waits for none."""
        self.picture = picture
        if Area in changes.kinds or not self.drill.areas:
            self.drill.take(picture)
        if self._settle(picture):
            self.renew()
            self.placed.emit()
        elif self.scene.plane is not None:
            self._refresh(picture, changes)

    def _refresh(self, picture: Picture, changes: Changes) -> None:
        if not self._warm:
            return  # a kernel asked for now would hold the screen until all are compiled
        if self.scene.sprites.full:
            self.scene.sprites.renew()
            self._refresh_all(picture)
            return
        touched = [layer for layer in self.layers if layer.shows & changes.kinds]
        self.turns.take(touched, changes)
        if Alarm in changes.records:
            self.turns.finish(layer for layer in touched if Alarm in layer.shows)
            if len(self.turns):
                self._after()

    def _refresh_all(self, picture: Picture) -> None:
        """In one go: what is half handed over is never shown."""
        self.turns.drop()
        everything = self._everything(picture)
        for layer in self.layers:
            self._refresh_layer(layer, picture, everything)
        self._after()

    def _take_turn(self, layer: Layer, changes: Changes) -> None:
        if self.picture is not None:
            self._refresh_layer(layer, self.picture, changes)

    def _refresh_layer(self, layer: Layer, picture: Picture, changes: Changes) -> None:
        self._failed.discard(layer.id)
        self._guarded(layer, lambda: layer.refresh(picture, changes, self.scene))

    def _guarded(self, layer: Layer, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            log.exception("Layer %s failed", layer.id)
            self._failed.add(layer.id)

    def _tell(self, layers: Iterable[Layer]) -> None:
        """Say to layers where the windows look."""
        if self.scene.plane is not None and self._warm:
            views = [pane.view for pane in self.panes]
            for layer in layers:
                self._guarded(layer, partial(layer.look, views, self.scene))

    def _everything(self, picture: Picture) -> Changes:
        kinds = frozenset(kind for layer in self.layers for kind in layer.shows)
        return Changes(now=picture.now, markers=kinds)

    def _settle(self, picture: Picture) -> bool:
        """Lay the sheet around the city's middle; True when the sheet is a new one."""
        origin = self.drill.origin(picture)
        if origin is None or self.scene.plane == Plane(*origin):
            return False
        self.scene.plane = Plane(*origin)
        return True

    def renew(self) -> None:
        """Hand over everything again: another city, theme, scale or language."""
        self.scene.clear()
        if self.picture is not None and self.scene.plane is not None and self._warm:
            self._refresh_all(self.picture)

    def redo(self, name: str) -> None:
        """Let one layer speak again, since its setting changed, and no record."""
        if self.picture is None or self.scene.plane is None or not self._warm:
            return
        for layer in self.layers:
            if layer.id == name:
                changes = Changes(self.picture.now, {kind: {} for kind in layer.shows}, frozenset())
                self._refresh_layer(layer, self.picture, changes)
        self._after()

    def layer(self, kind: type[L]) -> L | None:
        """The layer of a class; None where this map has none."""
        return next((la for la in self.layers if isinstance(la, kind)), None)

    def show(self, name: str, visible: bool) -> None:
        for layer in self.layers:
            if layer.id == name:
                self.scene.show(layer, visible)
                self._tell([layer])
        self._after()

    def info(self) -> list[LayerInfo]:
        """The layers as a layer tree shows them, uppermost first."""
        tr, scene = self.scene.tr, self.scene
        return [
            LayerInfo(la.id, tr(la.title), scene.visible(la), la.at, la.count, self._note(la))
            for la in reversed(self.layers)
        ]

    def _note(self, layer: Layer) -> str:
        """What it draws may be old, or not there at all."""
        return self.scene.tr("出错，见日志") if layer.id in self._failed else layer.note

    def oldest(self) -> Ms | None:
        """The moment of the oldest watched layer that is visible."""
        known = [la.at for la in self.layers if la.watched and la.at and self.scene.visible(la)]
        return min(known, default=None)

    # -- from the scene to the frame -------------------------------------------------------------

    def join(self, parent: QObject) -> Pane:
        """One more window that shows this board."""
        pane = Pane(self, self.cook.join(self._cooked.emit), parent)
        self.panes.append(pane)
        return pane

    def _serve(self, seat: Seat) -> None:
        """Give what was made to its window, where that is still there."""
        for pane in self.panes:
            if pane.seat is seat:
                pane.adopt()

    def leave(self, pane: Pane) -> None:
        if pane in self.panes:
            self.panes.remove(pane)
            pane.leave()

    def look(self, pane: Pane, wanted: bool) -> None:
        """A window looks elsewhere; `wanted` where its frame does not reach."""
        self._pen.moved()
        self.turns.moved()
        before = self.scene.changed
        self._tell(self.layers)
        more = self.scene.changed and not before  # a layer has more to show there
        if wanted or more:
            self._order(pane)
        self._begin_names()

    def _after(self) -> None:
        self._begin_names()
        self._order()
        self.changed.emit()

    def _later(self, make: Callable[[], Any], take: Callable[[Any], None]) -> None:
        def job() -> None:
            made = None
            try:
                made = make()
            except Exception:
                log.exception("A layer could not be built")
            self._made.emit(take, made)

        if not self._over:  # a tick may still come while the window is taken down
            self._building += 1
            self._builder.submit(job)

    def _take_made(self, take: Callable[[Any], None], made: Any) -> None:
        self._building -= 1
        if made is not None:
            take(made)
            self._after()

    def _now_warm(self) -> None:
        """From now on layers are told of everything; so far they knew of nothing."""
        self._warm = True
        self.renew()
        self._tell(self.layers)
        self._after()

    def _begin_names(self) -> None:
        if self._warm and not self._pen.isActive():
            self._pen.want(PAUSE_MS)

    def _write_names(self) -> None:
        end = self.clock.monotonic() + WRITING_S
        left = True
        while left and self.clock.monotonic() < end:
            left = self._write_some()
        if left:
            self._pen.want(PAUSE_MS)
            if not self._ink.isActive():
                self._ink.start(SHOW_MS)
        else:
            self._ink.stop()  # what it was to show is shown now
            self._order()

    def _write_some(self) -> bool:
        """A few names for each window; whether some are left."""
        return True in [self.scene.write_names(pane.view, NAMES_AT_ONCE) for pane in self.panes]

    def _order(self, *panes: Pane) -> None:
        """What has changed is cooked for every window, else for those that ask."""
        for pane in self.panes if self.scene.changed else panes:
            pane.order()
