"""One side of the command pair: its posts, what it is owed and what it owes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QMouseEvent

from commandwall import codes, owed
from commandwall.clock import Ms
from commandwall.countersign import Countersign
from commandwall.directives import Directive
from commandwall.incidents import CommandPost, Incident
from commandwall.owed import Debt
from commandwall.picture import Changes, Picture, SyncState, Tick
from commandwall.posts import BACK, FRONT, roster, side_of
from commandwall.requests import Request
from commandwall.sitreps import SituationReport, newest, turn  # fmt: skip
from commandwall.store.sight import CUT, link_of
from widgets import age, links, order_words, text
from widgets.base import Command, Panel, Subject
from widgets.directives import advice, debts_of, focus, of_incident
from widgets.i18n import language, named, tr
from widgets.incident_strip import frame
from widgets.paper import RIGHT, Ink, Paper
from widgets.seat import Tile, tiles, under, vacant

TILE, LOW, TILE_GAP = 58.0, 36.0, 8.0
ACROSS, MOST = 4, 12
"""Tiles of a row, and how many posts get one each."""
ROW, POST = 56.0, 34.0
"""Height of what is owed, and of the line that says who leads."""
REPORT = (("now",), ("casualties", "forces"), ("needs", "next"))
"""Fields of a situation report on each line."""


class CommandSide(Panel):
    """Front 前指 or back 后指. A tile takes its post: this station then acts as that post."""

    shows = frozenset({Incident, CommandPost, Directive, Request, SituationReport, Tick, SyncState})
    side = BACK
    quiet = True

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.incident = ""

    def open(self, subject: Subject) -> None:
        if subject.kind is Incident:
            self.incident = subject.id
            self.update()

    def refresh(self, picture: Picture, changes: Changes) -> None:
        mine = [d.changed_at for d in self._directives() if side_of(d.post) == self.side]
        self.at = max(mine, default=None)

    def take(self, post: str) -> None:
        """Act as this post from now on."""
        self.follow(self.desk.take_post(post), lambda done: self.update())

    def commands(self) -> list[Command]:
        name = tr("本机任 {post}", post="{post}")
        return [
            Command("", name.replace("{post}", self._full(code)), partial(self.take, code.id))
            for code in roster().posts(self.side)
        ]

    def _post(self) -> CommandPost | None:
        """The command post of this side; None where nothing was told of it, and nothing has to be:
        the front alone reports in."""
        found = self.picture.command_posts.get(f"{self._focus()}:{self.side}")
        told = found is not None and (found.lead or found.name or found.place)
        return found if told or self.side == FRONT else None

    def _draw_post(self, paper: Paper, base: float, post: CommandPost) -> None:
        """Who leads there, which must be read, then where."""
        who, ink = self._who(post), Ink("body", "t1", True)
        told = age.age(self.picture.now, post.told_at) if post.told_at else ""
        end = paper.row_back(paper.width, base, (told, Ink("age", "t2"))) if told else paper.width
        x = paper.write(0, base, who, ink, room=end - 12) + 16 if who else 0.0
        where = " ".join(filter(None, (post.name, post.place))) or tr("地点未报")
        paper.write(x, base, where, Ink("body"), room=end - 12 - x)

    def draw(self, paper: Paper) -> None:
        y = self.top + 4
        if post := self._post():
            self._draw_post(paper, y + 16, post)
            y += POST
        y = self._draw_scene(paper, self._draw_tiles(paper, y))
        if y + ROW / 2 > paper.height:  # no half words where there is no room for them
            return
        debts = self._owed()
        paper.write(0, y + 22, tr("本方欠答"), Ink("heading"))
        late = sum(debt.due < self.picture.now for debt in debts)
        line = tr("{n} 条，{late} 条超时", n=len(debts), late=late)
        paper.write(paper.width, y + 22, line, Ink("age", "t2" if debts else ""), RIGHT)
        self._draw_owed(paper, y + 36, debts)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = event.position() / self.look.unit
        for tile, box in self._tiles(self.width() / self.look.unit):
            if box.translated(0, self._tiles_top()).contains(point):
                self.take(tile.post) if tile.post else self.context.go("roster")

    def _who(self, post: CommandPost) -> str:
        """李* 14 人: who leads, and how many are there."""
        if not post.lead:
            return ""
        return tr("{lead} {n} 人", lead=text.person(post.lead), n=age.number(post.people))

    def _draw_tiles(self, paper: Paper, y: float) -> float:
        bottom = y
        for tile, box in self._tiles(paper.width):
            here = box.translated(0, y)
            mine = self.desk.post in tile.posts and self.context.past is None
            frame(paper, here, mine)
            name, room = tile.code.name(language()), here.width() - 8
            low, ink = here.height() < TILE, Ink("label", "t1", mine)
            base = here.y() + (here.height() / 2 + 6 if low else 25)
            paper.write(here.center().x(), base, name, ink, 0.5, room)
            if not low:
                who = under(self.desk, self.picture, tile) or (tr("本机") if mine else "—")
                paper.write(here.center().x(), here.y() + 46, who, Ink("age"), 0.5, room)
            elif tile.post and vacant(self.picture, tile.post):
                paper.disc(here.right() - 9, here.y() + 9, 4, "t1", "bg")
            bottom = here.bottom()
        return bottom + 12

    def _draw_scene(self, paper: Paper, y: float) -> float:
        """What this side last told of itself; the front alone reports."""
        return y

    def _tiles(self, width: float) -> list[tuple[Tile, QRectF]]:
        """Many posts have tiles for their names alone: below them stands what their side owes."""
        shown = tiles(self.side, MOST)
        wide = (width - TILE_GAP * (ACROSS - 1)) / ACROSS
        tall = LOW if len([tile for tile in shown if tile.post]) > 2 * ACROSS else TILE
        step = QPointF(wide + TILE_GAP, tall + TILE_GAP)
        return [
            (tile, QRectF(i % ACROSS * step.x(), i // ACROSS * step.y(), wide, tall))
            for i, tile in enumerate(shown)
        ]

    def _tiles_top(self) -> float:
        return self.top + 4 + (POST if self._post() is not None else 0)

    def _draw_owed(self, paper: Paper, y: float, debts: Sequence[Debt]) -> None:
        if not debts:
            paper.write(0, y + 18, tr("不欠答复"), Ink("body", "t3"))
        for debt in debts[: max(0, int((paper.height - y) // ROW))]:
            paper.lamp(12, y + 14, 20, owed.lamp(debt, self.picture.now))
            left = age.left(self.picture.now, debt.due)
            paper.write(paper.width, y + 20, left, Ink("body", "t1", True), RIGHT)
            room = paper.width - paper.length(left, Ink("body", "t1", True)) - 46
            paper.write(34, y + 20, self._words(debt), Ink("body", "t1", True), room=room)
            paper.write(34, y + 44, self._owes(debt), Ink("label", "t3"), room=paper.width - 40)
            y += ROW

    def _owes(self, debt: Debt) -> str:
        """Who owes what, and its number; where it is late what is missing, and what to do."""
        who, step = named("post", debt.post), named("directive_limit", debt.step)
        late = advice(debt, self.picture.now)
        told = (who, late) if late else (tr("{who} 欠{what}", who=who, what=step),)
        return "　".join(filter(None, (*told, links.called(debt.record))))

    def _words(self, debt: Debt) -> str:
        """What a debt is about; an order by the name of its task."""
        record = debt.record
        if isinstance(record, Incident):
            return tr("情况报告")
        if isinstance(record, Countersign):
            return tr("第二人 {name}", name=text.person(record.second))
        if isinstance(record, Request):
            return tr("请求 {what}", what=record.what)
        task = order_words.task_of(self.context.book, self.picture, record)
        incident = self.picture.incidents.get(record.incident)
        words = order_words.at_scene(record.text, incident)
        return words if task is None else order_words.task_name(task)

    def _owed(self) -> list[Debt]:
        """What this side owes, the first to be late first."""
        debts = debts_of(self.picture, self._focus())
        return [debt for debt in debts if side_of(debt.post) == self.side]

    def _directives(self) -> list[Directive]:
        return of_incident(self.picture, self._focus())

    def _focus(self) -> str:
        return focus(self.picture, self.incident)

    def _full(self, code: codes.Code) -> str:
        return str(code.facts[f"full_{language()}"])


class FrontCommand(CommandSide):
    """On scene: with the last picture that it gave, and its age."""

    id = "front_command"
    title = "前指"
    side = FRONT

    def _draw_scene(self, paper: Paper, y: float) -> float:
        incident = self.picture.incidents.get(self._focus())
        if incident is None:
            return y
        now, last = self.picture.now, newest(self.picture.sitreps.values(), incident.id)
        x = paper.write(0, y + 22, tr("情况报告"), Ink("heading"))
        told = age.since(now, last.at) if last else tr("尚无")
        if (found := turn(incident, last, now)) is not None:
            told = tr("{told}，下次 {left}", told=told, left=age.left(now, found.due))
        paper.write(paper.width, y + 22, told, Ink("age", "t2"), RIGHT, room=paper.width - x - 12)
        y += 50
        if (heard := self._heard()) is not None:
            line = tr("前指失联，末次 {time}，以下为其末次所报", time=age.stamp(now, heard))
            y = paper.paragraph(0, y, line, Ink("label", "t1", True), paper.width) + 26
        for line in _report_lines(last):
            paper.write(0, y, line, Ink("label", "t2"), room=paper.width)
            y += 25
        return y + 4

    def _heard(self) -> Ms | None:
        """When a station of the front last gave a sign of life; None where one does now, or none
        is known."""
        if side_of(self.desk.post) == FRONT:
            return None
        sight = self.picture.sight
        heard = [s.at for s in sight.stations if side_of(s.said.post) == FRONT and s.at]
        latest = max(heard, default=None)
        return latest if latest is not None and link_of(sight.at, latest) == CUT else None


def _report_lines(report: SituationReport | None) -> list[str]:
    """What a report says, how it stands alone on the first line; what is not known is left out."""
    if report is None:
        return []
    told = [[f"{named('sitrep_field', name)}　{words}" for name in line
             if (words := getattr(report, name))] for line in REPORT]  # fmt: skip
    return ["　".join(line) for line in told if line]


class BackCommand(CommandSide):
    """In the hall."""

    id = "back_command"
    title = "后指"
    side = BACK
