"""受影响: what the area of effect of the incident in focus hits, in figures."""

from __future__ import annotations

from collections import Counter
from typing import Any

from commandwall.areas import Building, BuildingColour
from commandwall.extents import Extent
from commandwall.hit import Hit
from commandwall.incidents import Incident
from commandwall.picture import Changes, Picture, Tick
from widgets import age
from widgets.base import Command, Panel, Piece, Subject
from widgets.building_card import registry, swatch
from widgets.directives import focus
from widgets.drawing import Drawing, measured
from widgets.i18n import language, named, rows, tr
from widgets.paper import Ink, Paper

CELL, ACROSS = 74.0, 3
FIGURE = Ink("item")
Figure = tuple[str, str]
"""A number, and what it counts."""


class Affected(Panel):
    """`A` draws the area of effect, `M` moves it, `Ctrl+Z` undoes."""

    id, title, quiet = "affected", "受影响", True
    recalls = False
    shows = frozenset({Incident, Extent, Building, BuildingColour, Tick})

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.incident = ""
        self._drawing = Drawing(self)
        self.context.hits.fresh.connect(self.update)

    def open(self, subject: Subject) -> None:
        if subject.kind is Incident:
            self.incident = subject.id
            self.context.hits.want(focus(self.picture, self.incident))

    def refresh(self, picture: Picture, changes: Changes) -> None:
        found = focus(picture, self.incident)
        self.context.hits.want(found)
        extent = picture.extents.get(found)
        self.at = extent.at if extent else None

    def commands(self) -> list[Command]:
        return [
            Command("A", tr("划定影响范围"), self.draw_area),
            Command("M", tr("移动影响范围"), self.move_area),
            Command("Ctrl+Z", tr("撤回影响范围"), self._drawing.undo),
        ]

    def draw_area(self) -> None:
        if (found := self._incident()) is not None:
            self._drawing.begin(found)

    def move_area(self) -> None:
        if (found := self._incident()) is not None:
            self._drawing.move(found)

    def refused(self, why: str) -> None:
        self._drawing.failed = why
        self.update()

    def aside(self) -> list[Piece]:
        found = self._incident()
        if found is None:
            return []
        return [(measured(self.picture.extents.get(found.id), found), Ink("age", "t2"))]

    def draw(self, paper: Paper) -> None:
        found, hit = self._incident(), self.context.hits.hit
        y = self.top + 18
        if said := self._drawing.said:
            y = paper.paragraph(0, y, said, Ink("label", "t1"), paper.width, 3) + 30
        if found is None:
            paper.write(0, y, tr("没有突发事件"), Ink("body", "t3"))
        elif hit is None:
            line = tr("正在查") if self._bounded(found) else tr("尚未划定，按 A 划定影响范围")
            paper.paragraph(0, y, line, Ink("body", "t3"), paper.width, 2)
        else:
            self._draw_figures(paper, self._draw_colours(paper, y + 12, hit), hit)

    def _draw_figures(self, paper: Paper, y: float, hit: Hit) -> None:
        wide = paper.width / ACROSS
        for i, (number, what) in enumerate(self._figures(hit)):
            x, top = i % ACROSS * wide, y + i // ACROSS * CELL
            if top + 52 > paper.height:
                break
            paper.write(x, top + 24, number, FIGURE)
            paper.write(x, top + 50, what, Ink("label", "t2"), room=wide - 8)

    def _draw_colours(self, paper: Paper, y: float, hit: Hit) -> float:
        """People and households, then the buildings by colour: never the colour alone."""
        colours = Counter(self.picture.building_colours.get(b, "") for b in hit.buildings)
        x = 0.0
        for code in registry():
            swatch(paper, x + 8, y - 6, code.id)
            told = f"{code.name(language())} {age.number(colours[code.id])}"
            ink = Ink("label", "t1" if colours[code.id] else "t3")
            x = paper.write(x + 21, y, told, ink, room=max(0.0, paper.width - x - 21)) + 14
        return y + 20

    def _figures(self, hit: Hit) -> list[Figure]:
        """People first, then places of each kind, worst to miss first; what is none is left out."""
        kinds = Counter(self.picture.places[p].kind for p in hit.places if p in self.picture.places)
        pipes = sum(hit.pipes.values())
        wanted: list[tuple[float, str]] = [
            (hit.people, tr("居民")),
            (hit.households, tr("住户")),
            (len(hit.buildings), tr("楼栋")),
            *((kinds[k], named("place_kind", k)) for k in rows("place_kind")),
            *((n, named("household_tag", tag)) for tag, n in sorted(hit.tags.items())),
            (pipes, tr("管线 m")),
            (len(hit.cameras), tr("摄像机")),
            (len(hit.sensors), tr("物联设备")),
        ]
        return [(age.number(n), what) for i, (n, what) in enumerate(wanted) if n or i < ACROSS]

    def _incident(self) -> Incident | None:
        return self.picture.incidents.get(focus(self.picture, self.incident))

    def _bounded(self, found: Incident) -> bool:
        extent = self.picture.extents.get(found.id)
        return bool(found.radius_m) or (extent is not None and bool(extent.wkt))
