"""What may be asked of a map about its layers: which are shown, and what they colour by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from commandwall.areas import GRID
from commandwall.events import EventView
from commandwall.picture import Changes, Picture
from commandwall.plain import plain
from commandwall.tracks import Track
from layers.areas import SHOWN
from layers.base import LayerInfo
from layers.basemap import Arrivals, BasemapLayer
from layers.board import Board
from layers.buildings import BuildingsLayer
from layers.events import EventsLayer
from layers.households import Homes, HouseholdsLayer
from layers.mentions import MentionsLayer
from layers.pipes import PipesLayer
from layers.reach import ReachLayer
from layers.style import STREET
from layers.tint import TintLayer
from layers.tracks import TracksLayer

if TYPE_CHECKING:
    from commandwall.tiles.worker import Tiles


CREDIT = 80
"""Longest credit that is written."""


class Layered(QWidget):
    """A map without hands and eyes: the board behind it, and the settings of its layers."""

    board: Board
    _arrivals: Arrivals | None = None

    def level(self) -> int:
        """style.CITY, DISTRICT or STREET."""
        raise NotImplementedError

    def refresh(self, picture: Picture, changes: Changes) -> None:
        """Bring the map up to a tick."""
        self.board.refresh(picture, changes)

    def layers(self) -> list[LayerInfo]:
        """For a layer tree: uppermost first, with title, visibility, age and count."""
        return self.board.info()

    def set_visible(self, layer: str, visible: bool) -> None:
        self.board.show(layer, visible)

    def set_basemap(self, tiles: Tiles | None) -> None:
        """Draw the tiles of these workers below everything else; None lets go of them."""
        layer = self.board.layer(BasemapLayer)
        if layer is not None:
            layer.tiles = tiles
            if self._arrivals is None:
                self._arrivals = Arrivals(lambda: self.board.redo(layer.id))
            self._arrivals.follow(tiles, self.board.scene.style.map["basemap"]["gather_ms"])

    @property
    def credit(self) -> str:
        """What the licences of what is seen want written beside it: of the base map, and of the
        data that the city took from elsewhere; "" for nothing."""
        layer, picture = self.board.layer(BasemapLayer), self.board.picture
        shown = layer is not None and self.board.scene.visible(layer)
        found = [layer.credit] if layer is not None and shown else []
        found += [c.text for c in picture.credits.values()] if picture is not None else []
        return "　".join(dict.fromkeys(plain(text, CREDIT) for text in found if text))

    def set_figure(self, figure: str) -> None:
        """Colour the areas by a row of codelists/map_figure.toml; "" for plain land."""
        layer = self.board.layer(TintLayer)
        if layer is not None and layer.figure != figure:
            layer.figure = figure
            self.board.redo(layer.id)

    @property
    def figure(self) -> str:
        """The figure by which the areas are coloured; "" for none."""
        layer = self.board.layer(TintLayer)
        return layer.figure if layer is not None else ""

    def figures(self) -> dict[str, float]:
        """Value of the chosen figure by area code, at the level that is shown."""
        layer = self.board.layer(TintLayer)
        return layer.values(SHOWN[self.level()]) if layer is not None else {}

    def set_calls(self, events: frozenset[str]) -> None:
        """Events whose clock ran out and that a person must see, with their names."""
        layer = self.board.layer(EventsLayer)
        if layer is not None and layer.calls != events:
            layer.calls = events
            self.board.redo(layer.id)

    def set_mentions(self, events: Sequence[EventView]) -> None:
        """Events in which what a person looks at is told of, open or over; none for nothing."""
        layer = self.board.layer(MentionsLayer)
        if layer is not None and list(layer.events) != list(events):
            layer.events = tuple(events)
            self.board.redo(layer.id)

    def set_registry(self, shown: bool) -> None:
        """Colour the buildings 红黄蓝绿 at street level, or leave them grey."""
        for layer in (self.board.layer(BuildingsLayer), self.board.layer(HouseholdsLayer)):
            if layer is not None and layer.registry != shown:
                layer.registry = shown
                self.board.redo(layer.id)

    @property
    def registry(self) -> bool:
        """Whether the buildings are coloured 红黄蓝绿."""
        layer = self.board.layer(BuildingsLayer)
        return layer is not None and layer.registry

    @property
    def homes_wanted(self) -> tuple[str, ...]:
        """Buildings that are looked at so closely that their households are to be seen."""
        layer = self.board.layer(HouseholdsLayer)
        return layer.wanted if layer is not None else ()

    def set_homes(self, homes: Homes) -> None:
        """The households of those buildings."""
        if (layer := self.board.layer(HouseholdsLayer)) is not None:
            layer.hand(homes)
            self.board.redo(layer.id)

    def set_reach(self, outline: Any, minutes: float) -> None:
        """From where a place is reached in so many minutes, as a polygon in degrees; None for
        nothing."""
        layer = self.board.layer(ReachLayer)
        if layer is not None and layer.outline is not outline:
            layer.outline, layer.minutes = outline, minutes
            self.board.redo(layer.id)

    def set_tracks(self, tracks: Sequence[Track]) -> None:
        """Where units were, as it was read; none for nothing."""
        layer = self.board.layer(TracksLayer)
        if layer is not None and (tracks or layer.tracks):
            layer.tracks = tracks
            self.board.redo(layer.id)

    @property
    def path(self) -> list[str]:
        """Codes from the city down to the area that was entered."""
        return self.board.drill.path()

    def area_at(self, lon: float, lat: float) -> str:
        """Code of the grid at a place, or of the finest area known there; "" outside all."""
        x, y = self.board.scene.project([lon], [lat])
        return self.board.drill.at(float(x[0]), float(y[0]), GRID)

    def pipe_at(self, x: float, y: float, mpp: float) -> str:
        """The pipe at a point of the sheet, where pipes are shown; `mpp`: metres to a design
        pixel."""
        layer = self.board.layer(PipesLayer)
        if layer is None or self.level() != STREET or not self.board.scene.visible(layer):
            return ""
        return layer.piece_at(x, y, self.board.scene.style.map["pipe"]["reach"] * mpp)

    def building_at(self, x: float, y: float) -> str:
        """The building at a point of the sheet, where buildings are shown one by one."""
        layer = self.board.layer(BuildingsLayer)
        if layer is None or self.level() != STREET or not self.board.scene.visible(layer):
            return ""
        return layer.blocks.at(x, y)
