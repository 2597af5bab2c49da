"""One side of the command pair: its posts, what it is owed and what it owes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import QMouseEvent

from commandwall import codes
from commandwall.directives import Directive, owes
from commandwall.incidents import CommandPost, Incident
from commandwall.picture import Changes, Picture, SyncState, Tick
from commandwall.posts import BACK, FRONT, side_of  # fmt: skip
from widgets import age
from widgets.base import Command, Panel, Subject
from widgets.directives import due, focus, lamp, of_incident
from widgets.i18n import language, tr
from widgets.incident_strip import frame
from widgets.paper import RIGHT, Ink, Paper
from widgets.seat import holder

TILE, TILE_GAP = 58.0, 8.0
ACROSS = 4
ROW = 58.0


class CommandSide(Panel):
    """Front 前指 or back 后指. A tile takes its post: this station then acts as that post."""

    shows = frozenset({Incident, CommandPost, Directive, Tick, SyncState})
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

    def posts(self) -> list[codes.Code]:
        """The posts of this side, in the order of the roster."""
        found = [c for c in codes.load("post").values() if c.facts["side"] == self.side]
        return sorted(found, key=lambda c: c.facts["order"])

    def take(self, post: str) -> None:
        """Act as this post from now on."""
        self.follow(self.desk.take_post(post), lambda done: self.update())

    def commands(self) -> list[Command]:
        name = tr("本机任 {post}", post="{post}")
        return [
            Command(
                "", name.replace("{post}", self._full(code)), lambda code=code: self.take(code.id)
            )
            for code in self.posts()
        ]

    def draw(self, paper: Paper) -> None:
        y = self.top + 4
        if post := self.picture.command_posts.get(f"{self._focus()}:{self.side}"):
            where = " ".join(filter(None, (post.name, post.place))) or tr("地点未报")
            paper.write(0, y + 16, where, Ink("body"), room=paper.width)
            y += 34
        y = self._draw_tiles(paper, y)
        owed = self._owed()
        paper.write(0, y + 22, tr("本方欠答"), Ink("heading"))
        late = sum(lamp(d, self.picture.now) == "red" for d in owed)
        line = tr("{n} 条，{late} 条超时", n=len(owed), late=late)
        paper.write(paper.width, y + 22, line, Ink("age", "t2" if owed else ""), RIGHT)
        self._draw_owed(paper, y + 44, owed)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = event.position() / self.look.unit
        for code, box in self._tiles(self.width() / self.look.unit):
            if box.translated(0, self._tiles_top()).contains(point):
                self.take(code.id)

    def _draw_tiles(self, paper: Paper, y: float) -> float:
        bottom = y
        for code, box in self._tiles(paper.width):
            here = box.translated(0, y)
            mine = code.id == self.desk.post
            frame(paper, here, mine)
            name, room = code.name(language()), here.width() - 8
            paper.write(here.center().x(), here.y() + 25, name, Ink("label", "t1", mine), 0.5, room)
            who = holder(self.desk, self.picture, code.id)
            paper.write(here.center().x(), here.y() + 46, who or (tr("本机") if mine else "—"),
                        Ink("age"), 0.5)  # fmt: skip
            bottom = here.bottom()
        return bottom + 20

    def _tiles(self, width: float) -> list[tuple[codes.Code, QRectF]]:
        wide = (width - TILE_GAP * (ACROSS - 1)) / ACROSS
        return [
            (
                code,
                QRectF(i % ACROSS * (wide + TILE_GAP), i // ACROSS * (TILE + TILE_GAP), wide, TILE),
            )
            for i, code in enumerate(self.posts())
        ]

    def _tiles_top(self) -> float:
        there = f"{self._focus()}:{self.side}" in self.picture.command_posts
        return self.top + 4 + (34 if there else 0)

    def _draw_owed(self, paper: Paper, y: float, owed: Sequence[Directive]) -> None:
        if not owed:
            paper.write(0, y + 18, tr("不欠答复"), Ink("body", "t3"))
        for d in owed[: max(0, int((paper.height - y) // ROW))]:
            debt, end = owes(d), due(d)
            assert debt is not None and end is not None
            paper.lamp(12, y + 14, 20, lamp(d, self.picture.now))
            left = age.left(self.picture.now, end)
            paper.write(paper.width, y + 20, left, Ink("body", "t1", True), RIGHT)
            paper.write(34, y + 20, d.text, Ink("body", "t1", True), room=paper.width - 140)
            line = f"{tr('欠')} {self._name(debt[0])}　{tr('第 {n} 号', n=d.no)}"
            paper.write(34, y + 44, line, Ink("label", "t3"), room=paper.width - 40)
            y += ROW

    def _owed(self) -> list[Directive]:
        """What this side owes, the latest first to be late."""
        mine = [
            d for d in self._directives() if (debt := owes(d)) and side_of(debt[0]) == self.side
        ]
        return sorted(mine, key=lambda d: due(d) or 0)

    def _directives(self) -> list[Directive]:
        return of_incident(self.picture, self._focus())

    def _focus(self) -> str:
        return focus(self.picture, self.incident)

    def _name(self, post: str) -> str:
        code = codes.load("post").get(post)
        return self._full(code) if code else post

    def _full(self, code: codes.Code) -> str:
        return str(code.facts[f"full_{language()}"])


class FrontCommand(CommandSide):
    """On scene."""

    id = "front_command"
    title = "前指"
    side = FRONT


class BackCommand(CommandSide):
    """In the hall."""

    id = "back_command"
    title = "后指"
    side = BACK
