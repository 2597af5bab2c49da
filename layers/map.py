"""MapView: the living map as a bare widget. It shows one cooked picture and a small overlay."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import reduce

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)  # fmt: skip
from PySide6.QtWidgets import QApplication, QWidget

from commandwall.clock import Clock
from commandwall.geo import CGCS2000
from layers import words
from layers.aimed import Aimed
from layers.areas import SHOWN
from layers.base import Layer, load_layers
from layers.board import Board
from layers.chosen import AREA, BUILDING, PIPE, Chosen
from layers.hand import Hand
from layers.navigator import Navigator
from layers.overlay import PART, Blinker, Furniture, Overlay
from layers.pick import Hit, mark_at
from layers.scene import Scene
from layers.style import Style
from layers.tint import TintLayer

log = logging.getLogger(__name__)
BOXES = 32
"""Most boxes that are painted each by itself."""


class MapView(Aimed):
    """The map. `refresh(picture, changes)` is called at each tick; it never moves, zooms or takes
    the focus by itself.

    Signals: `picked(kind, id)` and `hovered(kind, id)` ("" for nothing); `entered(codes)` from the
    city down to the area that was entered; `chose(kind, id)` with what is marked as chosen, by
    whom ever; `pointed(lon, lat)`; `moved`; `layers_changed`; `ready` with the first picture.
    """

    picked = Signal(str, str)
    chose = Signal(str, str)
    hovered = Signal(str, str)
    entered = Signal(list)
    pointed = Signal(float, float)
    moved = Signal()
    layers_changed = Signal()
    ready = Signal()

    def __init__(
        self, layers: Iterable[Layer] | None = None, *, style: Style | None = None,
        tr: Callable[..., str] | None = None, clock: Clock | None = None,
        parent: QWidget | None = None, beside: MapView | None = None,
    ) -> None:  # fmt: skip
        """`beside` is a map of another window: both show one board, in one look and at one scale
        of type, and are cooked by one worker."""
        super().__init__(parent)
        self.clock, self.datum = clock or Clock(), CGCS2000.upper()
        self.paint_ms: deque[float] = deque(maxlen=4096)
        self._beside = beside
        if beside is None:
            known = load_layers() if layers is None else layers
            self.board = Board(known, Scene(style or Style(), tr), self.clock, self)
        else:
            self.board, self.clock = beside.board, beside.clock
        self.pane, scene = self.board.join(self), self.board.scene
        self.navigator = Navigator(scene.style, self)
        self._overlay = Overlay(scene, Blinker(scene.style))
        self._furniture = Furniture(scene.style)
        self._scale, self._shown = 1.0, False
        self._by_key = False  # the focus came by key: only then an outline tells where it is
        self._choice = Chosen(self.board)
        self._hand = Hand(self)
        self._set_up()

    def _set_up(self) -> None:
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.scene.tr("地图"))
        self._blink = QTimer(self)
        self._blink.setSingleShot(True)
        self._blink.timeout.connect(self._blinked)
        self.pane.fresh.connect(self._fresh)
        self.board.placed.connect(self._choose_first_view)
        self.board.changed.connect(self._changed)
        self.navigator.changed.connect(self._view_changed)
        self.navigator.settled.connect(lambda: self.pane.look(self.navigator.view, anew=True))
        QApplication.instance().aboutToQuit.connect(self.shut)  # type: ignore[union-attr]

    def shut(self) -> None:
        """End the map's threads; to be called before the widget goes."""
        self._blink.stop()
        if self._beside is None:
            self.set_basemap(None)
            self.board.shut()
        self.board.leave(self.pane)

    @property
    def scene(self) -> Scene:
        return self.board.scene

    # -- what a person or a panel may ask --------------------------------------------------------

    def level(self) -> int:
        """style.CITY, DISTRICT or STREET."""
        return self.scene.style.level(self.navigator.view.design_mpp)

    def fit(self, area: str = "") -> None:
        """Show an area whole; "" the city."""
        bounds = self.board.drill.bounds(area or self.board.drill.city)
        if bounds is not None:
            self.navigator.fit(bounds)

    def look_at(self, lon: float, lat: float, mpp: float | None = None) -> None:
        """Bring a place (degrees WGS-84) to the middle, at most `mpp` metres a pixel; where none
        are given, close enough to see the houses."""
        if self.scene.plane is not None:
            x, y = self.scene.project([lon], [lat])
            close = self.scene.style.map["level"]["houses"] / self.navigator.view.unit
            self.navigator.look_at(float(x[0]), float(y[0]), mpp or close)

    def show_whole(self, lon: Sequence[float], lat: Sequence[float], around_m: float) -> None:
        """Show some places (degrees WGS-84) and so many metres around each of them."""
        if self.scene.plane is not None:
            x, y = self.scene.project(lon, lat)
            left, top, right, bottom = map(float, (x.min(), y.min(), x.max(), y.max()))
            self.navigator.fit(
                (left - around_m, top - around_m, right + around_m, bottom + around_m)
            )

    def enter(self, area: str) -> None:
        """Drill down: show an area whole and dim the rest; "" leaves to the city."""
        self.scene.focus = "" if area == self.board.drill.city else area
        self.board.redo(TintLayer.id)
        self.fit(area)
        self.entered.emit(self.board.drill.path())

    def leave(self) -> None:
        """Drill up by one level."""
        self.enter(self.board.drill.parent())

    def back(self) -> bool:
        """Return to the last view; False where there is none."""
        return self.navigator.back()

    def select(self, kind: str, id_: str) -> None:
        """Mark a thing as chosen, without moving the map; "" "" for none."""
        before = self.chosen
        self._choice.take(kind, id_)
        self.update()
        if self.chosen != before:
            self.chose.emit(kind, id_)

    def select_buildings(self, ids: Iterable[str]) -> None:
        """Mark several buildings as chosen."""
        self._choice.take_buildings(ids)
        self.update()

    @property
    def chosen(self) -> tuple[str, str]:
        """Kind and id of the thing that is marked; "" "" for none."""
        return self._choice.kind, self._choice.id

    @property
    def chosen_buildings(self) -> tuple[str, ...]:
        """All buildings that are marked."""
        return self._choice.buildings

    @property
    def pointer(self) -> QPointF | None:
        """Where on the widget the pointer is; None where it is elsewhere."""
        return self._hand.pointer

    @property
    def crowd(self) -> int:
        """How many things the mark under the pointer stands for; 0 where there is none."""
        return self._hand.count if self._hand.pointer is not None else 0

    def spot(self) -> QPointF | None:
        """Where on the widget the mark of the chosen thing stands; None where it has none."""
        if self._choice.spot is None:
            return None
        return self._on_widget(*self._choice.spot)

    def point(self, lon: float, lat: float) -> QPointF | None:
        """Where on the widget a place is; None where it is out of sight."""
        if self.scene.plane is None:
            return None
        x, y = self.scene.project([lon], [lat])
        here = self._on_widget(float(x[0]), float(y[0]))
        return here if self.rect().contains(here.toPoint()) else None

    def _on_widget(self, x: float, y: float) -> QPointF:
        px, py = self.navigator.view.pixel(x, y)
        return QPointF(px, py) / self.devicePixelRatioF()

    def set_theme(self, theme: str) -> None:
        style = self.scene.style
        fresh = Style(theme, style.unit)
        style.theme, style.colours = fresh.theme, fresh.colours
        self.board.renew()

    def set_scale(self, scale: float) -> None:
        """The wall's scale U: device-independent pixels of one design pixel."""
        self._scale = scale
        self._resized()

    def set_reduced_motion(self, reduced: bool) -> None:
        """Rings stay on instead of blinking."""
        self._overlay.blinker.reduced = reduced
        self._arm_blink()
        self.update()

    # -- following the board ---------------------------------------------------------------------

    def _choose_first_view(self) -> None:
        if not self.navigator.chosen and self.width() > 1:
            self.fit()

    def _changed(self) -> None:
        self._choice.follow()
        self._arm_blink()
        self._update(self._overlay.fresh_boxes(self.navigator.view, self.pane.held))
        self.layers_changed.emit()

    def _fresh(self, boxes: list[QRect]) -> None:
        self._update(map(QRectF, boxes))
        if not self._shown:
            self._shown = True
            self.ready.emit()

    def _view_changed(self) -> None:
        self.pane.look(self.navigator.view)
        self._arm_blink()
        self.update()
        self.moved.emit()

    def _resized(self) -> None:
        ratio = self.devicePixelRatioF()
        unit, style = self._scale * ratio, self.scene.style
        if self._beside is not None:
            unit, self._scale = style.unit, style.unit / ratio
        another, style.unit = unit != style.unit, unit
        self.navigator.resize(round(self.width() * ratio), round(self.height() * ratio), unit)
        if another:
            self.board.renew()
        self._choose_first_view()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._resized()
        super().resizeEvent(event)

    # -- blinking --------------------------------------------------------------------------------

    def _arm_blink(self) -> None:
        wait = self._overlay.next_edge(self.navigator.view, self.clock.monotonic())
        if wait is None:
            self._blink.stop()
        elif not self._blink.isActive():
            self._blink.start(max(1, round(wait * 1000) + 1))

    def _blinked(self) -> None:
        self._update(self._overlay.blinking_boxes(self.navigator.view))
        self._arm_blink()

    def _update(self, boxes: Iterable[QRectF]) -> None:
        """Paint some boxes, in device pixels; of very many all that lies between them, since each
        one more would have to be told from all others."""
        ratio = self.devicePixelRatioF()
        some = [QRectF(b.topLeft() / ratio, b.size() / ratio).toAlignedRect() for b in boxes]
        if len(some) > BOXES:
            some = [reduce(QRect.united, some)]
        for box in some:
            self.update(box)

    # -- showing ---------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        started = self.clock.monotonic()
        # A style sheet takes this away, and then all that lies behind is drawn at each paint.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        painter = QPainter(self)
        try:
            self._paint(painter)
        except Exception:  # an exception in here would end the process without a word
            log.exception("The map could not be shown")
        finally:
            painter.end()
        self.paint_ms.append((self.clock.monotonic() - started) * 1000)

    def _paint(self, painter: QPainter) -> None:
        if (ratio := self.devicePixelRatioF()) != 1:
            painter.scale(1 / ratio, 1 / ratio)
        view, style = self.navigator.view, self.scene.style
        self.pane.paint(painter, view)
        if self.pane.frame is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._overlay.paint(painter, view, self.clock.monotonic(), self.pane.held)
        self._choice.paint(painter, view)
        self.paint_sketch(painter, view)
        strip = self._furniture.image(view, self.frame_text())
        painter.drawImage(0, view.height - strip.height(), strip)
        if self._by_key and self.hasFocus():
            painter.setPen(QPen(style.colour("t1"), 2 * view.unit))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(1, 1, view.width - 2, view.height - 2))

    def frame_text(self) -> str:
        """Place under the pointer, datum, sketched outlines, credit, age of the oldest layer:
        where there is little room, the first go first."""
        parts = [self.datum]
        if SHOWN[self.level()] in self.board.drill.sketched:
            parts.append(self.scene.tr("辖区界为示意"))
        if self.credit:
            parts.append(self.credit)
        if self._hand.pointer is not None and self.scene.plane is not None:
            lon, lat = self.degrees_at(self._hand.pointer)
            parts.insert(0, f"{lon:.5f}, {lat:.5f}")
        picture, oldest = self.board.picture, self.board.oldest()
        if picture is not None and oldest is not None:
            old = words.age(self.scene.tr, picture.now, oldest)
            parts.append(self.scene.tr("最旧图层 {age}", age=old))
        return PART.join(parts)

    # -- the hand --------------------------------------------------------------------------------

    def degrees_at(self, position: QPointF) -> tuple[float, float]:
        """(lon, lat) in degrees WGS-84 under a position of the widget."""
        return self.scene.degrees(*self.navigator.view.sheet(*self.device(position)))

    def hit(self, position: QPointF) -> Hit | None:
        """What lies there: a mark, a device, near by a pipe or a building, else the area of the
        level that is shown."""
        if self.scene.plane is None:
            return None
        px, py = self.device(position)
        found = mark_at(self.scene, self.navigator.view, px, py)
        if found is not None:
            return found
        x, y = self.navigator.view.sheet(px, py)
        if pipe := self.pipe_at(x, y, self.navigator.view.design_mpp):
            return Hit(PIPE, pipe, x, y)
        if building := self.building_at(x, y):
            return Hit(BUILDING, building, x, y)
        code = self.board.drill.at(x, y, SHOWN[self.level()])
        return Hit(AREA, code, x, y) if code else None

    def device(self, position: QPointF) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return position.x() * ratio, position.y() * ratio

    def hideEvent(self, event: QHideEvent) -> None:
        self.aim(None)
        super().hideEvent(event)

    def update_strip(self) -> None:
        strip = round(44 * self._scale) + 2
        self.update(0, self.height() - strip, self.width(), strip)

    def choose(self, position: QPointF, more: bool = False) -> None:
        """A click: what lies there is selected; with `more` a building comes to those chosen."""
        if self.aiming and self.hit_aim(*self.degrees_at(position)):
            return
        found = self.hit(position)
        kind, id_ = (found.kind, found.id) if found else ("", "")
        if more and kind == BUILDING:
            self._choice.toggle(id_)
            self.update()
        else:
            self.select(kind, id_)
        self.picked.emit(*(self.chosen if more else (kind, id_)))

    def drill_at(self, position: QPointF) -> None:
        """A double click: the area there is entered."""
        if self.scene.plane is not None:
            x, y = self.navigator.view.sheet(*self.device(position))
            code = self.board.drill.at(x, y, SHOWN[self.level()])
            if code and code != self.scene.focus:
                self.enter(code)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._hand.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hand.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._hand.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.drill_at(event.position())

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._hand.wheel(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hand.leave()

    def focusInEvent(self, event: QFocusEvent) -> None:
        keys = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self._by_key = event.reason() in keys
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._key(event.key()):
            super().keyPressEvent(event)

    def _key(self, key: int) -> bool:
        """Z last view, Home the city, Enter into the chosen area, Backspace out, Esc no choice."""
        acts: dict[int, Callable[[], object]] = {
            Qt.Key.Key_Z: self.back, Qt.Key.Key_Home: self.fit, Qt.Key.Key_Backspace: self.leave,
            Qt.Key.Key_Escape: self._let_go,
            Qt.Key.Key_Return: self._enter_chosen, Qt.Key.Key_Enter: self._enter_chosen,
        }  # fmt: skip
        if key in acts:
            acts[key]()
            return True
        return self.navigator.key(key)

    def _enter_chosen(self) -> None:
        if self._choice.kind == AREA:
            self.enter(self._choice.id)

    def _let_go(self) -> None:
        """Nothing is chosen and nothing is aimed at any more."""
        self.aim(None)
        self.select("", "")
        self.picked.emit("", "")
