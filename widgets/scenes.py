"""The map of a page on which incidents are worked on shows the scene; other pages keep the view
they had. It moves when a person opens such a page or chooses an incident, else only where no hand
has moved it since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from commandwall import codes
from commandwall.extents import polygon
from commandwall.incidents import Incident
from commandwall.picture import Picture
from layers.map import MapView
from layers.navigator import Held
from widgets.base import Context
from widgets.directives import focus


@dataclass(slots=True)
class Scenes:
    """The views of one map: that of the scene and that of all other pages."""

    context: Context
    map: MapView
    open: bool = False
    """Whether a page is open on which incidents are worked on."""
    chosen: str = ""
    """The incident that a person chose."""
    shown: str = ""
    """The incident whose scene was last shown."""
    _other: Held | None = None
    _scene: Held | None = None
    _moves: int = 0
    """What the navigator counted when the view was last set here; more were made by a hand."""

    def turn(self, to_scene: bool) -> None:
        """A page opens; the one before is left."""
        if to_scene == self.open or not self.map.navigator.chosen:
            self.open = to_scene
            return
        held, self.open = self.map.navigator.hold(), to_scene
        if to_scene:
            self._other, self._moves = held, self.map.navigator.moves
            if not self._follow() and self._scene is not None:
                self.map.navigator.take(self._scene)
        else:
            self._scene = held
            if self._other is not None:
                self.map.navigator.take(self._other)

    def choose(self, incident: str) -> None:
        """A person chose an incident: its scene is shown where it is worked on."""
        self.chosen, self._moves = incident, self.map.navigator.moves
        self.tick()

    def tick(self) -> None:
        """An incident that has just come is shown, if no hand has moved the map meanwhile."""
        if self.open and self._moves == self.map.navigator.moves:
            self._follow()

    def _follow(self) -> bool:
        """Show the scene of the incident in focus, if it is another one than before."""
        picture = self.context.picture
        found = picture.incidents.get(focus(picture, self.chosen))
        if found is None or found.id == self.shown or self.map.scene.plane is None:
            return False
        show(self.map, picture, found)
        self.shown, self._moves = found.id, self.map.navigator.moves
        return True


def show(view: MapView, picture: Picture, incident: Incident) -> None:
    """Bring the scene of an incident onto a map whole: its cordon, its area of effect, its
    command post."""
    least = codes.limit("scene_reach_m")
    lons, lats = zip(*_points(picture, incident), strict=True)
    view.show_whole(lons, lats, max(least, incident.radius_m))


def _points(picture: Picture, incident: Incident) -> Iterator[tuple[float, float]]:
    yield incident.lon, incident.lat
    extent = picture.extents.get(incident.id)
    shape = polygon(extent) if extent is not None else None
    if shape is not None:
        west, south, east, north = shape.bounds
        yield from ((west, south), (east, north))
    posts = picture.command_posts.values()
    yield from ((p.lon, p.lat) for p in posts if p.incident == incident.id and p.place)
