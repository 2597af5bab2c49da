"""The building card: what is known of the chosen buildings, and their colours 红黄蓝绿.

One building is chosen by a click at street level, more with Shift, all of an area with `A`. They
are given another colour in one act, with one reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from commandwall import areas, codes
from commandwall.areas import Area, Building, BuildingColour
from commandwall.picture import Changes, Picture, Tick
from commandwall.rights import About
from commandwall.store.written import TITLE_LIMIT
from widgets import age, marks, text, words
from widgets.acts import PAD, KeyButton
from widgets.base import Command, Panel, Piece, Subject
from widgets.i18n import language, named, rows, tr
from widgets.legend import Legend
from widgets.look import Look
from widgets.paper import RIGHT, Ink, Paper

DRAFT = "recolour"
FIELDS = 160.0
"""Height of the reason and the buttons, below what is known."""
HISTORY, LEGEND = 50.0, 480.0
REST = 380.0
"""What the card needs above a legend while nothing is chosen."""


class ColourButton(KeyButton):
    """The key and name of a colour of the registry, with its swatch."""

    def __init__(self, key: str, token: str, parent: QWidget) -> None:
        super().__init__(key, parent)
        self._token = token
        self._look: Look | None = None

    def wear(self, look: Look, name: str) -> None:
        self._look = look
        self.setText(f"　{name}")
        self.setAccessibleName(name)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._look is None:
            return
        high = self.fontMetrics().height()
        painter = QPainter(self)
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        middle = QPointF(high * (PAD + 0.25), self.height() / 2)
        marks.square(painter, middle, high * 0.5, self._token, self._look)
        painter.end()


class BuildingCard(Panel):
    """Reads what the map has chosen; acts are asked of the desk and told when on disk.

    While no building is chosen the legend stands below, where there is room for it.
    """

    id, title = "building_card", "楼栋"
    recalls = False  # households, colours given since and their reasons are read as they are now
    shows = frozenset({Building, BuildingColour, Area, Tick})

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.chosen_ids: tuple[str, ...] = ()
        self.area = ""
        self._homes: tuple[int, int] | None = None
        self._given: Sequence[BuildingColour] = ()
        self._said = ""
        self._counts: Counter[str] = Counter()
        self._legend = Legend(self.context, parent=self)
        self._fields = QWidget(self)
        self._reason = QLineEdit(self._fields)
        self._reason.setMaxLength(TITLE_LIMIT)
        self._buttons = self._colour_buttons()
        self._lay_out()
        self._name_fields()
        self._fields.hide()
        self.context.drafts.follow(self._reason, DRAFT)
        if self.context.map is not None:
            self.context.map.picked.connect(self._picked)
            self.context.map.entered.connect(self._entered)

    # What others call.

    def open(self, subject: Subject) -> None:
        if subject.kind is Building:
            held = self.context.map.chosen_buildings if self.context.map is not None else ()
            self.take(held if subject.id in held else (subject.id,))
        elif subject.kind is Area:
            self.area = subject.id
            self.take(())

    def take(self, buildings: Sequence[str]) -> None:
        """Show these buildings."""
        self.chosen_ids = tuple(b for b in buildings if b in self.picture.buildings)
        self._homes, self._given, self._said = None, (), ""
        if self.chosen_ids:
            self.area = self.picture.buildings[self.chosen_ids[-1]].area
        self._arrange()
        self._count()
        self._ask()
        self.update()

    def take_area(self) -> None:
        """Choose all buildings of the area that is chosen, or of the one the building is in."""
        if not self.area:
            self._said = tr("先选一处辖区或一栋楼")
            self.update()
            return
        found = self._of_area()
        if self.context.map is not None:
            self.context.map.select_buildings(found)
        self.take(found)

    def recolour(self, colour: str) -> None:
        """Give the chosen buildings a colour; without a reason, go to the reason."""
        reason = self._reason.text().strip()
        if not self.chosen_ids:
            return
        if why := self.barred(areas.recolour, About(reason=True)):
            self.refused(why)
        elif not reason:
            self._said = tr("先写改色原因，按 R")
            self._reason.setFocus()
            self.update()
        else:
            ids = self.chosen_ids
            done = partial(self._done, self._reason.text())
            self.do(areas.recolour, done, buildings=ids, colour=colour, reason=reason)

    def refused(self, why: str) -> None:
        self._said = why
        self.update()

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if changes.kinds & {Building, BuildingColour, Area}:
            self.chosen_ids = tuple(b for b in self.chosen_ids if b in picture.buildings)
            self._count()
            self._ask()
        self._arrange()
        self._legend.bring(picture, changes)
        given = [picture.recoloured[b].at for b in self.chosen_ids if b in picture.recoloured]
        self.at = max(given, default=None)

    def commands(self) -> list[Command]:
        colours = [
            Command(str(i), tr("改为{colour}", colour=c.name(language())),
                    partial(self.recolour, c.id))
            for i, c in enumerate(registry(), 1)
        ]  # fmt: skip
        return [
            *colours,
            Command("R", tr("写改色原因"), self._reason.setFocus),
            Command("A", tr("选辖区全部楼栋"), self.take_area),
        ]

    def aside(self) -> list[Piece]:
        n = age.number(sum(self._counts.values()))
        if self.chosen_ids:
            return [(tr("已选 {n} 栋", n=n), Ink("age", "t2"))]
        return [(tr("共 {n} 栋", n=n), Ink("age"))]

    # Drawing.

    def wear(self) -> None:
        self._name_fields()
        super().wear()
        self._legend.wear()

    def place(self) -> None:
        px = self.look.px
        top = self.height() - px(LEGEND)
        self._legend.setGeometry(0, top, self.width(), px(LEGEND))
        grid = self._fields.layout()
        assert isinstance(grid, QGridLayout)
        grid.setSpacing(px(8))
        for field in (self._reason, *self._buttons.values()):
            field.setFixedHeight(px(44))
        self._arrange()

    def _legend_elsewhere(self) -> bool:
        """Whether the page has a legend of its own, as on wide walls."""
        page, direct = self.parentWidget(), Qt.FindChildOption.FindDirectChildrenOnly
        found = page.findChildren(Legend, options=direct) if page is not None else []
        return any(not legend.isHidden() for legend in found)

    def _arrange(self) -> None:
        """The fields for what is chosen; else the legend, where the page has none."""
        chosen, px = bool(self.chosen_ids), self.look.px
        self._fields.setVisible(chosen)
        room = self.height() >= px(REST + LEGEND)
        self._legend.setVisible(room and not chosen and not self._legend_elsewhere())
        lower = min(self.height() - px(FIELDS), px(self.top + self._known))
        self._fields.setGeometry(0, lower, self.width(), px(FIELDS))

    @property
    def _known(self) -> float:
        """Height of what is known of the chosen ones, above the fields."""
        return 250.0

    def draw(self, paper: Paper) -> None:
        y = self.top + 28
        if len(self.chosen_ids) == 1:
            self._draw_one(paper, y, self.picture.buildings[self.chosen_ids[0]])
        elif self.chosen_ids:
            y = self._draw_title(paper, y, tr("{n} 栋楼", n=age.number(len(self.chosen_ids))))
            self._draw_counts(paper, self._draw_homes(paper, y) + 12)
        else:
            self._draw_area(paper, y)
        if self._said:
            base = self._fields.geometry().bottom() / self.look.unit + 24
            base = base if self.chosen_ids else self.top + 290
            paper.write(0, min(base, paper.height - 8), self._said, Ink("age", "t1"),
                        room=paper.width)  # fmt: skip

    def _draw_one(self, paper: Paper, y: float, building: Building) -> None:
        y = self._draw_title(paper, y, building.name)
        y = paper.paragraph(0, y, self._place(building), Ink("label", "t2"), paper.width, 2) + 28
        kind = named("building_kind", building.kind)
        line = tr("{kind}　{n} 层", kind=kind, n=building.floors)
        paper.write(0, y, line, Ink("label", "t2"), room=paper.width)
        y = self._draw_homes(paper, y + 28)
        self._draw_colour(paper, y + 14, building)
        self._draw_history(paper)

    def _draw_title(self, paper: Paper, y: float, title: str) -> float:
        return paper.paragraph(0, y, title, Ink("item"), paper.width, 2) + 30

    def _draw_homes(self, paper: Paper, y: float) -> float:
        if self._homes is not None:
            households, people = (age.number(n) for n in self._homes)
            told = tr("{n} 户　{m} 人", n=households, m=people)
            paper.write(0, y, told, Ink("label", "t2"), room=paper.width)
        return y + 30

    def _draw_colour(self, paper: Paper, y: float, building: Building) -> None:
        """Its class, and since when: written beside the swatch, never the colour alone."""
        colour = self.picture.building_colours.get(building.id, building.colour)
        swatch(paper, 10, y - 7, colour)
        end = paper.write(30, y, named("building_colour", colour), Ink("body", "t1", True))
        meaning = named("building_colour", colour, "meaning")
        paper.write(end + 14, y, meaning, Ink("label", "t2"), room=paper.width - end - 14)
        paper.write(30, y + 26, self._since(building), Ink("age"), room=paper.width - 30)

    def _since(self, building: Building) -> str:
        """Who gave the colour and when; what the pool has not heard of yet is said."""
        given = self.picture.recoloured.get(building.id)
        if given is None:
            return tr("中心池给定，本站未改")
        told = f"{age.stamp(self.picture.now, given.at)}　{self._who(given)}"
        if f"buildingcolour:{building.id}" in self.picture.unsent:
            return f"{told}　{tr('已存本机，未送达中心池')}"
        return told

    def _draw_history(self, paper: Paper) -> None:
        """What stations changed and why, newest first."""
        y = self._fields.geometry().bottom() / self.look.unit + 72
        if y + HISTORY > paper.height or not self._given:
            return
        paper.write(0, y, tr("经过"), Ink("heading"))
        y += 36
        for given in self._given[: max(0, int((paper.height - y) // HISTORY) + 1)]:
            names = (named("building_colour", c) for c in (given.before, given.colour))
            paper.write(0, y, " → ".join(names), Ink("label", "t1"))
            when = f"{self._who(given)}　{age.stamp(self.picture.now, given.at)}"
            paper.write(paper.width, y, when, Ink("age"), RIGHT, paper.width - 110)
            paper.write(0, y + 22, given.reason, Ink("age", "t2"), room=paper.width)
            y += HISTORY

    def _draw_area(self, paper: Paper, y: float) -> None:
        """Nothing is chosen: the registry of the area, and how to choose."""
        name = words.place(self.picture, self.area) or words.city_name(self.picture)
        y = self._draw_title(paper, y, name)
        y = self._draw_counts(paper, y + 8)
        line = tr("在街区级点选楼栋，Shift 加选，按 A 选辖区全部")
        paper.paragraph(0, y + 20, line, Ink("age"), paper.width, 3)
        if not self._legend.isHidden():
            edge = paper.height - LEGEND - 14.5
            paper.line(0, edge, paper.width, edge)

    def _draw_counts(self, paper: Paper, y: float) -> float:
        for code in registry():
            n = self._counts[code.id]
            swatch(paper, 10, y - 7, code.id)
            end = paper.write(30, y, code.name(language()), Ink("body", "t1" if n else "t3"))
            meaning = str(code.facts.get(f"meaning_{language()}", ""))
            paper.write(end + 14, y, meaning, Ink("label"), room=paper.width - end - 110)
            paper.write(paper.width, y, age.number(n), Ink("body", "t1" if n else "t4"), RIGHT)
            y += 36
        return y

    def _place(self, building: Building) -> str:
        return words.place(self.picture, building.area) or tr("没有地点")

    def _who(self, given: BuildingColour) -> str:
        who = filter(None, (named("post", given.post), text.person(given.by)))
        return " ".join(who) or tr("本机")

    # What comes back.

    def _picked(self, kind: str, id_: str) -> None:
        if not kind:
            self.area = ""
            self.take(())

    def _entered(self, path: list[str]) -> None:
        """Nothing chosen: what is told is of the area that was entered."""
        if not self.chosen_ids:
            self.area = path[-1] if len(path) > 1 else ""
            self.take(())

    def _of_area(self) -> list[str]:
        """The buildings of the area: codes begin with those of the areas around them."""
        area = self.area if self.area != self.picture.city else ""
        return [b.id for b in self.picture.buildings.values() if b.area.startswith(area)]

    def _count(self) -> None:
        given = self.picture.building_colours
        self._counts = Counter(given.get(b, "") for b in self.chosen_ids or self._of_area())

    def _ask(self) -> None:
        ids = self.chosen_ids
        if not ids:
            return
        self.ask(lambda reader: areas.homes(reader, ids), partial(self._take_homes, ids))
        if len(ids) == 1:
            history = partial(areas.colour_history, building=ids[0])
            self.ask(history, partial(self._take_history, ids))

    def _take_homes(self, ids: tuple[str, ...], homes: tuple[int, int]) -> None:
        if ids == self.chosen_ids:
            self._homes = homes
            self.update()

    def _take_history(self, ids: tuple[str, ...], given: Sequence[BuildingColour]) -> None:
        if ids == self.chosen_ids:
            self._given = given
            self.update()

    def _done(self, typed: str, done: Any) -> None:
        n = len(done.of(BuildingColour))
        now = age.seconds(self.picture.now)
        self._said = tr("{n} 栋已改色，已存盘 {time}", n=age.number(n), time=now)
        self.context.drafts.used(DRAFT, typed)
        self._ask()

    def _colour_buttons(self) -> dict[str, ColourButton]:
        made = {}
        for i, code in enumerate(registry(), 1):
            button = ColourButton(str(i), str(code.facts["token"]), self._fields)
            button.clicked.connect(partial(self._press, code.id))
            made[code.id] = button
        return made

    def _press(self, colour: str, checked: bool = False) -> None:
        self.recolour(colour)

    def _lay_out(self) -> None:
        grid = QGridLayout(self._fields)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self._reason, 0, 0, 1, 2)
        for i, button in enumerate(self._buttons.values()):
            grid.addWidget(button, 1 + i // 2, i % 2)
        grid.setRowStretch(3, 1)

    def _name_fields(self) -> None:
        self._reason.setPlaceholderText(tr("改色原因，必填"))
        self._reason.setAccessibleName(tr("改色原因，必填"))
        for key, button in self._buttons.items():
            button.wear(self.look, named("building_colour", key))


def registry() -> list[codes.Code]:
    """The colours of buildings, worst first."""
    return sorted(rows("building_colour").values(), key=lambda c: int(c.facts["order"]))


def swatch(paper: Paper, x: float, y: float, colour: str) -> None:
    """The square of a colour; hollow where the list does not know it."""
    code = rows("building_colour").get(colour)
    if code is None:
        paper.frame(QRectF(x - 7, y - 7, 14, 14), "t3", 1.5, 0)
    else:
        marks.square(paper.painter, QPointF(x, y), 14, str(code.facts["token"]), paper.look)
