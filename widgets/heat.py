"""The 927 indicators: one cell each, grouped in domains, always at the same place."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPixmap

from commandwall import codes
from commandwall.indicators import (
    NOTHING,
    RED,
    UNKNOWN,
    YELLOW,
    Indicator,
    IndicatorValue,
    notice,
)
from commandwall.picture import Changes, Picture, Tick
from layers.marks import shape
from widgets import age, marks
from widgets.base import EMPTY, NORMAL, Command, Panel, Piece, Subject
from widgets.figures import is_old, noticed, title_of, told_of
from widgets.i18n import named, rows, tr
from widgets.paper import Ink, Paper
from widgets.text import tooltip

GREYS = ("r", "r2", "ln2")
"""Normal, by the distance from the limit: far, nearer, near."""
NEAR = (0.55, 0.85)
"""Shares of the way to the limit from which a cell is nearer, near."""
GAP, BETWEEN, LABEL = 1.5, 14.0, 30.0
OLD = "old"
NOTICE = "notice"
"""Normal, and to be known for what its value is: new, entered by hand, a forecast."""
SEVERITY = {RED: 1, YELLOW: 3, NOTICE: 4}
"""How an indicator stands -> the severity whose colour and form it takes."""
BOARD = "board"
"""The page on which each indicator is large enough for the last seat."""


@dataclass(frozen=True, slots=True)
class Cell:
    id: str
    box: QRectF


@dataclass(slots=True)
class Sheet:
    """What was drawn last: the picture, the looks in it, and what it says."""

    image: QPixmap
    looks: dict[str, str]
    said: list[str]
    stopped: bool


class Heat(Panel):
    """All indicators at a glance: what is normal is grey, what is not stands out."""

    id, title = "heat", "城市体征"
    recalls = False
    shows = frozenset({Indicator, IndicatorValue, Tick})
    _sheet: Sheet | None = None

    def commands(self) -> list[Command]:
        return [Command("I", tr("体征板"), lambda: self.context.go(BOARD))]

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if Indicator in changes.kinds or not hasattr(self, "_domains"):
            self._domains = _by_domain(picture)
            self._cells: list[Cell] = []
            self._sheet = None
        if not picture.indicators:
            self.say(EMPTY, tr("今日尚无上报"))
            return
        self.say(NORMAL)
        self.at = picture.ages.get("values")
        periods = codes.limit("old_periods")
        self._looks = {k: _look(d, picture, periods) for k, d in picture.indicators.items()}

    def heading(self) -> str:
        return tr("城市体征 {n} 项", n=age.number(len(self.picture.indicators)))

    def aside(self) -> list[Piece]:
        counts = self._counts()
        if self.stopped is not None:
            line = tr("当时 红 {red}　黄 {yellow}", red=counts[RED], yellow=counts[YELLOW])
            return [(line, Ink("label"))]
        return [
            (tr("红 {n}", n=counts[RED]), _loud(counts[RED])),
            (tr("黄 {n}", n=counts[YELLOW]), _loud(counts[YELLOW])),
            (tr("提示 {n}", n=counts[NOTICE]), Ink("label", "t2" if counts[NOTICE] else "t4")),
            (tr("超龄 {n}", n=counts[OLD]), Ink("label", "t2" if counts[OLD] else "t4")),
            (tr("正常 {n}", n=age.number(counts[NORMAL])), Ink("label")),
        ]

    def place(self) -> None:
        self._cells, self._sheet = [], None

    def draw(self, paper: Paper) -> None:
        stopped, sheet = self.stopped is not None, self._sheet
        if sheet is None or sheet.stopped != stopped or (stopped and sheet.looks != self._looks):
            sheet = self._sheet = self._draw_sheet(stopped)
        elif sheet.looks != self._looks:
            self._touch_up(sheet)
        paper.lay(sheet.image)
        paper.said += sheet.said

    def _touch_up(self, sheet: Sheet) -> None:
        """Draw the few cells that look otherwise than on the sheet."""
        paper, nothing = Paper(sheet.image, self.look), Qt.GlobalColor.transparent
        paper.painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for cell in self._cells:
            if sheet.looks.get(cell.id) != self._looks.get(cell.id):
                paper.painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
                around = GAP / 2
                paper.painter.fillRect(cell.box.adjusted(-around, -around, around, around), nothing)
                paper.painter.setCompositionMode(
                    QPainter.CompositionMode.CompositionMode_SourceOver
                )
                self._draw_cell(paper, cell, False)
        paper.end()
        sheet.looks = self._looks

    def _draw_sheet(self, stopped: bool) -> Sheet:
        """All cells and names; in most seconds none or few of them change."""
        image = QPixmap(self.size() * self.devicePixelRatioF())
        image.setDevicePixelRatio(self.devicePixelRatioF())
        image.fill(Qt.GlobalColor.transparent)
        paper = Paper(image, self.look)
        self._cells = self._cells or self._place_cells(paper)
        paper.painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for cell in self._cells:
            self._draw_cell(paper, cell, stopped)
        paper.painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        self._draw_names(paper, stopped)
        paper.end()
        return Sheet(image, self._looks, paper.said, stopped)

    def _draw_names(self, paper: Paper, stopped: bool) -> None:
        for x, name, room in self._names:
            if stopped:
                paper.hatch(QRectF(x, self.top, room - BETWEEN, self._tall(paper)))
            paper.write(x, self.top + self._tall(paper) + 24, name, Ink("label"), room=room - 4)

    def _draw_cell(self, paper: Paper, cell: Cell, stopped: bool) -> None:
        look = self._looks.get(cell.id, OLD)
        if look in SEVERITY:
            draw_sign(paper, cell.box, SEVERITY[look], not stopped)
        elif look == OLD:
            paper.painter.fillRect(cell.box, self.look.colour("bg"))
            paper.hatch(cell.box)
            paper.frame(cell.box.adjusted(0.5, 0.5, -0.5, -0.5), "t4", 1, 0)
        else:
            paper.painter.fillRect(cell.box, self.look.colour(look))

    def _tall(self, paper: Paper) -> float:
        return paper.height - self.top - LABEL

    def _place_cells(self, paper: Paper) -> list[Cell]:
        """Columns of cells, domain by domain, filling the width."""
        tall, self._names = self._tall(paper), []
        rows_ = max(4, min(10, round(tall / 13)))
        columns = {domain: -(-len(keys) // rows_) for domain, keys in self._domains.items()}
        total, gaps = sum(columns.values()), BETWEEN * (len(columns) - 1)
        if not total:
            return []
        wide, high = (paper.width - gaps) / total, tall / rows_
        cells, x = [], 0.0
        for domain, keys in self._domains.items():
            for i, key in enumerate(keys):
                box = QRectF(
                    x + i // rows_ * wide, self.top + i % rows_ * high, wide - GAP, high - GAP
                )
                cells.append(Cell(key, box))
            room = columns[domain] * wide
            self._names.append((x, named("indicator_domain", domain, "short"), room + BETWEEN))
            x += room + BETWEEN
        return cells

    def _counts(self) -> dict[str, int]:
        counts = {RED: 0, YELLOW: 0, NOTICE: 0, OLD: 0, NORMAL: 0}
        for look in getattr(self, "_looks", {}).values():
            counts[look if look in counts else NORMAL] += 1
        return counts

    def _at(self, point: QPointF) -> str:
        spot = point / self.look.unit
        return next((c.id for c in self._cells if c.box.contains(spot)), "")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if key := self._at(event.position()):
            self.wanted.emit(Subject(Indicator, key))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            tooltip(self, self._told(self._at(QPointF(event.pos()))))
        return super().event(event)

    def _told(self, key: str) -> str:
        definition, value = self.picture.indicators.get(key), self.picture.values.get(key)
        if definition is None or value is None:
            return ""
        told = "  ".join(
            filter(None, (told_of(definition, value), noticed(definition, self.picture)))
        )
        now, old = self.picture.now, self._looks.get(key) == OLD
        when = age.stopped(now, value.at) if old else age.since(now, value.at)
        return f"{title_of(definition)}  {told}  {when}"


def draw_sign(paper: Paper, box: QRectF, severity: int, known: bool) -> None:
    """An indicator beyond a limit: filled, with its form; empty where that was so before what is
    shown stopped. A notice is no more than a form on grey: nothing is wrong."""
    if severity == SEVERITY[NOTICE]:
        paper.fill(box, GREYS[0])
        size = min(box.width(), box.height()) * 0.45
        paper.painter.fillPath(shape(box.center(), size, severity), paper.look.colour("s4"))
    elif known:
        marks.sign(paper.painter, box, severity, paper.look)
    else:
        paper.frame(box.adjusted(1, 1, -1, -1), f"s{severity}", 1.25, 0)


def _by_domain(picture: Picture) -> dict[str, list[str]]:
    """Ids by domain in the order of the code list, then of the ids."""
    found: dict[str, list[str]] = {domain: [] for domain in rows("indicator_domain")}
    for key in sorted(picture.indicators):
        found.setdefault(picture.indicators[key].domain, []).append(key)
    return {domain: keys for domain, keys in found.items() if keys}


def _look(definition: Indicator, picture: Picture, periods: float) -> str:
    value = picture.values.get(definition.id)
    if is_old(definition, value, picture.now, periods):
        return OLD
    found = picture.stands.get(definition.id, NOTHING)
    if found.state in (RED, YELLOW):
        return found.state
    if found.state == UNKNOWN or value is None or value.value is None:
        return OLD
    if notice(value, found, picture.now):
        return NOTICE
    near = _nearness(definition, value.value)
    return GREYS[sum(near >= share for share in NEAR)]


def _nearness(d: Indicator, value: float) -> float:
    """0 far from every limit, 1 at one."""
    if d.hi1 is not None and d.lo1 is not None:
        middle, half = (d.hi1 + d.lo1) / 2, (d.hi1 - d.lo1) / 2
        return abs(value - middle) / half if half else 0.0
    if d.hi1:
        return value / d.hi1
    if d.lo1:
        return d.lo1 / value if value else 1.0
    return 0.0


def _loud(count: int) -> Ink:
    return Ink("label", "t1", True) if count else Ink("label", "t4")
