"""受影响名单: each thing that the incident in focus hits, with who is in charge of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF

from commandwall.areas import Building, Camera, Person, Pipe, Place, chain
from commandwall.extents import Extent
from commandwall.hit import Hit
from commandwall.incidents import Incident
from commandwall.picture import Changes, Picture, Tick
from commandwall.sensors import Sensor
from widgets import text, words
from widgets.base import Command, Piece, Subject
from widgets.building_card import registry
from widgets.directives import focus
from widgets.i18n import named, rows, tr
from widgets.paper import Ink, Paper
from widgets.rows import RowList

KINDS: dict[str, type[Any]] = {
    "place": Place, "building": Building, "pipe": Pipe, "camera": Camera, "sensor": Sensor,
}  # fmt: skip
COLUMNS = (("类别", 0.0), ("名称", 0.16), ("地点", 0.42), ("责任人", 0.68), ("电话", 0.84))


class HitList(RowList):
    """Places first, then buildings from red to green, then pipes, cameras and devices."""

    id, title, quiet = "hit_list", "受影响名单", True
    recalls = False
    shows = frozenset({Incident, Extent, Building, Place, Person, Tick})
    row, head = 34.0, 30.0

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.incident = ""
        self._shown: Hit | None = None
        self.context.hits.fresh.connect(self.renew)

    def open(self, subject: Subject) -> None:
        if subject.kind is Incident:
            self.incident = subject.id

    def order(self) -> Sequence[str]:
        """`kind:id` of each thing."""
        hit, picture = self.context.hits.hit, self.picture
        if hit is None:
            return []
        kinds = list(rows("place_kind"))
        places = [picture.places[p] for p in hit.places if p in picture.places]
        places.sort(key=lambda p: kinds.index(p.kind) if p.kind in kinds else len(kinds))
        worst = {code.id: i for i, code in enumerate(registry())}
        colours = picture.building_colours
        houses = sorted(hit.buildings, key=lambda b: worst.get(colours.get(b, ""), len(worst)))
        return [
            *(f"place:{p.id}" for p in places), *(f"building:{b}" for b in houses),
            *(f"pipe:{p}" for p in hit.pipes), *(f"camera:{c}" for c in hit.cameras),
            *(f"sensor:{s}" for s in hit.sensors),
        ]  # fmt: skip

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self.context.hits.want(focus(picture, self.incident))
        if changes.kinds - {Tick} or self.context.hits.hit is not self._shown:
            self._shown = self.context.hits.hit
            super().refresh(picture, changes)

    def commands(self) -> list[Command]:
        """None of its own: on its page the letters are for the calls; arrows go through it."""
        return []

    def choose(self, key: str) -> None:
        """Bring the thing to the map and the other panels."""
        self.current = key
        self._show_current()
        self.update()
        kind, _, id_ = key.partition(":")
        if kind in KINDS:
            self.chosen.emit(Subject(KINDS[kind], id_))

    def empty_line(self) -> str:
        return tr("范围内没有记录，或尚未划定范围")

    def aside(self) -> list[Piece]:
        return [(tr("共 {n} 项", n=len(self.keys)), Ink("age", "t2"))]

    def draw_head(self, paper: Paper, base: float) -> None:
        for name, at in COLUMNS:
            paper.write(at * paper.width + 8, base, tr(name), Ink("age"))

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        kind, _, id_ = key.partition(":")
        told = self._told(kind, id_)
        if told is None:
            return
        starts = [at * paper.width + 8 for _, at in COLUMNS]
        for x, end, value in zip(starts, [*starts[1:], paper.width], told, strict=True):
            paper.write(x, box.center().y() + 5, value, Ink("label", "t1"), room=end - x - 10)

    def _told(self, kind: str, id_: str) -> tuple[str, ...] | None:
        """What it is, its name, where, who is in charge, and the telephone, masked."""
        p = self.picture
        if kind == "place" and (place := p.places.get(id_)) is not None:
            who = text.person(place.contact), text.phone(place.phone)
            return (named("place_kind", place.kind), text.plain(place.name, 60),
                    words.place(p, place.area), *who)  # fmt: skip
        if kind == "building" and (house := p.buildings.get(id_)) is not None:
            colour = named("building_colour", p.building_colours.get(id_, house.colour))
            what = tr("楼栋 {colour}", colour=colour)
            return what, text.plain(house.name, 60), words.place(p, house.area), *self._who(
                house.area)  # fmt: skip
        if kind == "pipe" and (pipe := p.pipes.get(id_)) is not None:
            inside = (self.context.hits.hit or Hit()).pipes.get(id_, 0.0)
            name = f"{text.plain(pipe.name, 40)} {inside:,.0f} m"
            return (named("pipe_kind", pipe.kind), name, words.place(p, pipe.area),
                    *self._who(pipe.area))  # fmt: skip
        if kind == "camera" and (camera := p.cameras.get(id_)) is not None:
            return (tr("摄像机"), text.plain(camera.name, 60), words.place(p, camera.area),
                    text.plain(camera.owner, 20), "")  # fmt: skip
        if kind == "sensor" and (row := p.sensors.row_of.get(id_)) is not None:
            device = p.sensors.device(row)
            return (named("sensor_class", device.cls), text.plain(device.name, 60),
                    words.place(p, device.area), *self._who(device.area))  # fmt: skip
        return None

    def _who(self, area: str) -> tuple[str, str]:
        """The first person in charge of an area or of those around it."""
        for around in chain(self.picture.areas, area):
            if people := self.picture.people.get(around.id):
                return text.person(people[0].name), text.phone(people[0].phone)
        return "", ""
