"""What a person chose on the map: one thing, or several buildings; drawn over the frame."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtGui import QPainter, QPainterPath

from layers.board import Board
from layers.buildings import Blocks, BuildingsLayer
from layers.overlay import paint_outline, paint_selection
from layers.pick import located
from layers.viewport import Viewport

AREA, BUILDING, PIPE = "area", "building", "pipe"


class Chosen:
    """Kind and id of the chosen thing ("" for none); `buildings` holds all that are chosen."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.kind, self.id = "", ""
        self.buildings: tuple[str, ...] = ()
        self.spot: tuple[float, float] | None = None
        """Where the mark of the chosen thing stands, in sheet metres; None where it has none."""
        self._row = 0
        """Where among the things of its kind it was last found."""
        self._path: QPainterPath | None = None
        self._blocks: Blocks | None = None

    def take(self, kind: str, id_: str) -> None:
        """One thing, and nothing else."""
        self.kind, self.id = kind, id_
        self.buildings = (id_,) if kind == BUILDING else ()
        self._outline()

    def take_buildings(self, ids: Iterable[str]) -> None:
        """Several buildings at once; the last one counts as the chosen thing."""
        self.buildings = tuple(dict.fromkeys(ids))
        self.kind, self.id = (BUILDING, self.buildings[-1]) if self.buildings else ("", "")
        self._outline()

    def toggle(self, building: str) -> None:
        """One building more, or one less."""
        held = [b for b in self.buildings if b != building]
        self.take_buildings(held if building in self.buildings else [*held, building])

    def follow(self) -> None:
        """What is drawn has changed: find the mark again, and new outlines of buildings."""
        self._locate()
        if self.kind == BUILDING and self._known() is not self._blocks:
            self._outline()

    def paint(self, painter: QPainter, view: Viewport) -> None:
        style = self.board.scene.style
        if self._path is not None:
            paint_outline(painter, view, self._path, style)
        if self.spot is not None:
            paint_selection(painter, view, *self.spot, style)

    def _outline(self) -> None:
        self._path, self._blocks = None, self._known()
        if self.kind == AREA:
            self._path = self.board.drill.outline(self.id)
        elif self._blocks is not None:
            self._path = self._blocks.outline(set(self.buildings)) if self.buildings else None
        self._locate()

    def _locate(self) -> None:
        found = located(self.board.scene, self.kind, self.id, self._row)
        self.spot = found and (found.x, found.y)
        self._row = found.row if found else 0

    def _known(self) -> Blocks | None:
        layer = self.board.layer(BuildingsLayer)
        return layer.blocks if layer is not None else None
