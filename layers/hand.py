"""The hand: what mouse and wheel mean on the map."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QWheelEvent

from layers.navigator import Navigator

CLICK = 4.0
"""Device-independent pixels a press may wander and still be a click."""
NOTCH = 120
GESTURE_MS = 600
"""Notches of the wheel closer together than this are one gesture for `Z`."""


class Held(Protocol):
    """What the hand needs of the map it moves."""

    navigator: Navigator
    pointed: Any
    hovered: Any

    @property
    def scene(self) -> Any: ...

    def device(self, position: QPointF) -> tuple[float, float]: ...

    def degrees_at(self, position: QPointF) -> tuple[float, float]: ...

    def hit(self, position: QPointF) -> Any: ...

    def choose(self, position: QPointF, more: bool = False) -> None: ...

    def leave(self) -> None: ...

    def update_strip(self) -> None: ...


class Hand:
    """Turns presses, moves and notches into pans, zooms, choices and hovers of one map."""

    def __init__(self, view: Held) -> None:
        self._view = view
        self.pointer: QPointF | None = None
        self._press: QPointF | None = None
        self._last: QPointF | None = None
        self._moving = False
        self._under: tuple[str, str] = ("", "")
        self.count = 0  # things that the mark under the pointer stands for
        self._turning = QTimer()
        self._turning.setSingleShot(True)
        self._turning.setInterval(GESTURE_MS)

    def press(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._press = self._last = event.position()
        elif event.button() == Qt.MouseButton.BackButton:
            self._view.leave()

    def move(self, event: QMouseEvent) -> None:
        self.pointer = event.position()
        if self._press is None or self._last is None:
            self._hover(event.position())
            return
        if not self._moving and (event.position() - self._press).manhattanLength() > CLICK:
            self._moving = True
            self._tell("", "")
            self._view.navigator.begin()
        if self._moving:
            step, self._last = event.position() - self._last, event.position()
            self._view.navigator.pan(*self._view.device(step))

    def release(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._press is None:
            return
        moved, self._moving, self._press = self._moving, False, None
        if moved:
            self._view.navigator.settled.emit()
        else:
            more = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._view.choose(event.position(), more)

    def wheel(self, event: QWheelEvent) -> None:
        if not self._turning.isActive():
            self._view.navigator.begin()
        self._turning.start()
        notches = event.angleDelta().y() / NOTCH
        self._view.navigator.zoom(notches, *self._view.device(event.position()))
        self._hover(event.position())

    def leave(self) -> None:
        self.pointer = None
        self._tell("", "")
        self._view.update_strip()

    def _hover(self, position: QPointF) -> None:
        if self._view.scene.plane is None:
            return
        found = self._view.hit(position)
        self.count = found.count if found else 0
        self._tell(*((found.kind, found.id) if found else ("", "")))
        self._view.pointed.emit(*self._view.degrees_at(position))
        self._view.update_strip()

    def _tell(self, kind: str, id_: str) -> None:
        if (kind, id_) != self._under:
            self._under = (kind, id_)
            self._view.hovered.emit(kind, id_)
