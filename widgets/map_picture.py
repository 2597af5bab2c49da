"""A picture of the map for a paper: drawn by the layers in the light colours, off the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QBuffer, QObject, Qt, QTimer
from PySide6.QtGui import QImage

from commandwall.incidents import Incident
from commandwall.picture import Changes
from layers.base import Layer, installed, load_layers
from layers.map import MapView
from layers.sprites import SpriteBook
from layers.style import Style
from widgets.base import Context
from widgets.courier import Courier
from widgets.i18n import language, tr

SIZE, SCALE = (1600, 1200), 2.0
SHOWN = frozenset({
    "hills", "builtup", "water", "buildings", "roads", "areas", "places", "incident", "resources",
})  # fmt: skip
"""The layers of a paper: ground, names, and the incident with its units; nothing of the rest."""
LOOK_MS, PATIENCE_MS = 100, 20_000
REACH = 2.5
"""In radii of the cordon: how far the picture reaches."""
LEAST_MPP = 2.5


class MapPicture(QObject):
    """Calls `then(png)` once, with b"" where it was not drawn in time."""

    def __init__(
        self, context: Context, incident: Incident, then: Callable[[bytes], object],
        parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._then, self._left = then, PATIENCE_MS
        self._context, self._incident = context, incident
        self._courier = Courier(self, lambda why: then(b""))
        self._elsewhere(_badges, self._draw)

    def _elsewhere(self, work: Callable[[], Any], then: Callable[[Any], object]) -> None:
        """What takes longer than a frame is done on the thread of the files."""
        self._courier.follow(self._context.desk.files(lambda kept: work()), then)

    def _draw(self, badges: SpriteBook) -> None:
        context, incident = self._context, self._incident
        layers = [layer for layer in load_layers(installed()) if layer.id in SHOWN]
        clock = context.map.clock if context.map is not None else None
        self._view = MapView(layers, style=badges.style, tr=tr, clock=clock)
        self._view.scene.sprites.begin_with(badges)
        self._view.scene.lang = language()
        self._view.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        self._view.set_scale(SCALE)
        self._view.resize(*SIZE)
        self._view.show()
        self._view.refresh(context.picture, _everything(context, layers))
        mpp = max(LEAST_MPP, 2 * REACH * incident.radius_m / SIZE[1])
        self._view.look_at(incident.lon, incident.lat, mpp)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(LOOK_MS)

    def _look(self) -> None:
        self._left -= LOOK_MS
        drawn = self._view.board.idle and self._view.pane.frame is not None
        if not drawn and self._left > 0:
            return
        self._timer.stop()
        image = QImage(*SIZE, QImage.Format.Format_RGB32)
        if drawn:
            self._view.render(image)
        self._view.shut()
        self._view.deleteLater()
        self._elsewhere(lambda: _png(image) if drawn else b"", self._end)

    def _end(self, png: bytes) -> None:
        self.deleteLater()
        self._then(png)


def _badges() -> SpriteBook:
    """A book in the look of papers with the counts beside clusters, which are a hundred sprites."""
    style = Style("day")
    style.unit = SCALE
    book = SpriteBook(style)
    book.badges()
    return book


def _png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # of bytes it says so, and takes none
    return bytes(buffer.data().data())


def _everything(context: Context, layers: list[Layer]) -> Changes:
    kinds = frozenset(kind for layer in layers for kind in layer.shows)
    return Changes(now=context.picture.now, markers=kinds)
