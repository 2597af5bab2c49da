"""台站: feeds into the pool, and the pool to every station, each with how it stands.

A hundred stations and more hang on lines down from the pool, one cell each, always at the same
place. What is in order is grey; the line to a cell says by its form how it is joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPen

from commandwall import codes
from commandwall.picture import Changes, Picture, SyncState, Tick
from commandwall.sources import SourceSwitch
from commandwall.store.pulse import Peer
from commandwall.store.sight import JOINED, LATE, Station, link_of
from commandwall.store.tables import Conflict
from widgets import age, feed_words, lamp_words, peer_words
from widgets.base import EMPTY, NORMAL, Command, Panel, Piece
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.text import plain

BAR, PEERS, GAP, CELL, WIDEST, LEAST, MOST = 60.0, 22.0, 22.0, 172.0, 320.0, 29.0, 56.0
"""Heights of the pool's bar, of what it says of peers and of brokers and of the lines under it,
widths of a cell, heights of a row."""
FOOT = 104.0
"""Room for all that is known of the chosen one."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What is shown of a station: a name, how it is joined, and what is not in order."""

    station: Station
    name: str
    link: str
    told: tuple[str, ...]
    own: bool
    beside: bool  # joined by a line of its own, which needs no pool


class Stations(Panel):
    """The topology, and all that is known of the chosen station."""

    id, title = "stations", "台站"
    recalls = False
    shows = frozenset({SyncState, Tick, Conflict, SourceSwitch})

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._cells: list[Cell] = []
        self._chosen = ""

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self._cells = [self._cell(s) for s in picture.sight.stations]
        self.at = picture.sight.at or None
        if self._cells or picture.sync.peers or picture.sync.feeds:
            self.say(NORMAL)
        else:
            self.say(EMPTY, tr("中心池尚未告知台站，旧版中心池没有此功能"))

    def aside(self) -> list[Piece]:
        joined = sum(cell.link == JOINED for cell in self._cells)
        away = len(self._cells) - joined
        if self.stopped is not None:
            return [(tr("{n} 台，在线与否未知", n=len(self._cells)), Ink("age", "t1"))]
        return [
            (tr("{n} 台　在线 {m}", n=len(self._cells), m=joined), Ink("age", "t2")),
            (tr("不在线 {n}", n=away), Ink("age", "t1" if away else "t4", bool(away))),
        ]

    def commands(self) -> list[Command]:
        return [
            Command("J", tr("下一台"), lambda: self._step(1)),
            Command("K", tr("上一台"), lambda: self._step(-1)),
            Command("N", tr("下一台不在线"), self._next_away),
        ]

    def draw(self, paper: Paper) -> None:
        self._draw_pool(paper)
        rows, tall = self._grid(paper.height)
        shown = self._shown()
        for i, cell in enumerate(shown):
            box = self._box(i, rows, tall)
            if i % rows == 0:
                self._draw_spine(paper, box, min(rows, len(shown) - i) * tall)
            self._draw_cell(paper, cell, box)
        self._draw_chosen(paper, len(self._cells) - len(shown))

    # One station.

    def _cell(self, station: Station) -> Cell:
        now, own = self.picture.sight.at, station.origin == self.desk.origin
        peer = self._peer(station)
        beside = peer is not None and peer.joined
        link = JOINED if own or beside else link_of(now, station.at)
        told = tuple(self._told(station, link))
        return Cell(station, self._name(station), link, told, own, beside)

    def _name(self, station: Station) -> str:
        """Its area and post: a login says less to a person."""
        area = self.picture.areas.get(station.area)
        where = area.name if area else station.area or tr("市级")
        post = named("post", station.said.post, "full") if station.said.post else ""
        return "　".join(filter(None, (plain(where, 24), plain(post, 24))))

    def _told(self, station: Station, link: str) -> list[str]:
        """Its age, then what is out of order."""
        now, said = self.picture.now, station.said
        if not station.at:
            return [tr("从未连接")]
        told = [age.age(now, station.at)]
        if said.unattended:
            told.append(tr("无人应答 {span}", span=age.lasting(max(0, now - said.unattended))))
        behind = self.picture.sight.head - said.cursor
        if said.backlog:
            told.append(tr("待传 {n}", n=age.number(said.backlog)))
        if behind > codes.limit("behind_rows"):
            told.append(tr("落后 {n}", n=age.number(behind)))
        if abs(said.skew_s) > codes.limit("skew_seconds"):
            told.append(tr("钟差 {s} 秒", s=f"{said.skew_s:+z.1f}"))
        if said.conflicts:
            told.append(tr("冲突 {n}", n=age.number(said.conflicts)))
        return told

    # Places.

    def _columns(self) -> int:
        """As many as the rows need that have room, and none wider than is of use."""
        wide, room = self.width() / self.look.unit, self._room(self.height() / self.look.unit)
        needed = -(-len(self._cells) // max(1, int(room // MOST)))
        return max(1, min(int(wide // CELL), max(needed, int(wide // WIDEST))))

    def _room(self, height: float) -> float:
        return height - self.top - self._bar() - GAP - FOOT

    def _bar(self) -> float:
        sync = self.picture.sync
        return BAR + PEERS * (bool(sync.peers) + bool(sync.feeds))

    def _grid(self, height: float) -> tuple[int, float]:
        """Rows of cells and their height."""
        room = self._room(height)
        rows = max(1, -(-len(self._cells) // self._columns()))
        tall = min(MOST, max(LEAST, room / rows))
        return max(1, min(rows, int(room / tall + 0.01))), tall

    def _shown(self) -> list[Cell]:
        """All of them; where there are too many, those around the chosen one."""
        most = self._grid(self.height() / self.look.unit)[0] * self._columns()
        choice = self._choice()
        at = next((i for i, c in enumerate(self._cells) if c.station is choice), 0)
        start = at // most * most
        return self._cells[start : start + most]

    def _box(self, i: int, rows: int, tall: float) -> QRectF:
        wide = self.width() / self.look.unit / self._columns()
        y = self.top + self._bar() + GAP + i % rows * tall
        return QRectF(i // rows * wide, y, wide - 10, tall)

    # Drawing.

    def _draw_pool(self, paper: Paper) -> None:
        gone, sight = self.stopped is not None, self.picture.sight
        box = QRectF(1, self.top, paper.width - 2, self._bar())
        if gone:
            pen = QPen(self.look.colour("t1"), 2)
            pen.setDashPattern([4, 3])
            paper.painter.setPen(pen)
            paper.painter.setBrush(Qt.BrushStyle.NoBrush)
            paper.painter.drawRoundedRect(box, 4, 4)
        else:
            paper.fill(box, "p", 4)
            paper.frame(box, "ln2", 1, 4)
        base = self.top + 25
        x = paper.write(16, base, tr("中心池"), Ink("item")) + 24
        for told, loud in self._pool_facts(gone):
            ink = Ink("label", "t1" if loud else "t2", loud)
            if x + paper.length(told, ink) > paper.width - 16:
                break
            x = paper.write(x, base, told, ink) + 24
        x = paper.write(16, base + 22, tr("来路"), Ink("age")) + 16
        for _, lamp in sorted(self.picture.sync.lamps.items()):
            given = lamp, self.picture.now, self.context.limits.feed_s
            loud = lamp_words.is_loud(*given)
            ink = Ink("age", "t1" if loud else "t2", loud)
            x = paper.write(x, base + 22, lamp_words.told(*given), ink) + 20
        loads = tr("导入来源 {n} 个", n=age.number(sum(s.loaded for s in sight.sources)))
        paper.write(x, base + 22, loads, Ink("age", "t2"))
        now, sync, switches = self.picture.now, self.picture.sync, self.picture.switches
        for title, lines in (
            (tr("接入"), [feed_words.told(f, now, switches.get(f.source)) for f in sync.feeds]),
            (tr("直连"), [peer_words.told(peer, now) for peer in sync.peers]),
        ):
            if lines:
                base += PEERS
                self._draw_lines(paper, base + 22, title, lines)

    def _draw_lines(
        self, paper: Paper, base: float, title: str, lines: Sequence[tuple[str, bool]]
    ) -> None:
        """Lines that need no pool, each with whether it is loud; as many as there is room for."""
        x = paper.write(16, base, title, Ink("age")) + 16
        for i, (told, loud) in enumerate(lines):
            ink = Ink("age", "t1" if loud else "t2", loud)
            if i and x + paper.length(told, ink) > paper.width - 60:
                paper.write(x, base, f"+{len(lines) - i}", Ink("age", "t1"))
                break
            x = paper.write(x, base, told, ink, room=paper.width - x - 60) + 20

    def _pool_facts(self, gone: bool) -> list[tuple[str, bool]]:
        now, sync, sight = self.picture.now, self.picture.sync, self.picture.sight
        waits, away = codes.limit("pool_waiting"), list[tuple[str, bool]]()
        if gone and self.stopped is not None:
            span = age.span(now - self.stopped)
            away = [(tr("断开 {span}，第 {n} 次重连", span=span, n=sync.tries), True)]
        elif self.context.trust.slow:
            away = [(tr("线路慢，{age}", age=age.age(now, sync.pool_at)), True)]
        return [
            *away,  # how old the pool is the head of the page says
            (tr("变更流 {n}", n=age.number(sight.head)), False),
            (tr("未入流 {n}", n=age.number(sight.waiting)), sight.waiting > waits),
            (tr("本台待传 {n}", n=age.number(sync.backlog)), gone and sync.backlog > 0),
            (tr("本台钟差 {s} 秒", s=f"{sync.skew_s:+z.1f}"), sync.skewed),
            *((tr("本台只收 {kinds}", kinds=_kinds(sight.kinds)), False),) * bool(sight.kinds),
        ]

    def _draw_spine(self, paper: Paper, first: QRectF, tall: float) -> None:
        x, top = first.x() + 6, self.top + self._bar()
        paper.line(x, top, x, first.y() + tall - first.height() / 2, "ln2", 2)

    def _draw_cell(self, paper: Paper, cell: Cell, box: QRectF) -> None:
        chosen = cell.station is self._choice()
        body = box.adjusted(26, 2, 0, -2)
        if chosen:
            paper.fill(body, "r", 4)
            if self.hasFocus():
                paper.frame(body.adjusted(1, 1, -1, -1), "t1")
        self._draw_link(paper, self._shape(cell), QPointF(box.x() + 6, box.center().y()))
        away = cell.link != JOINED
        loud = away or len(cell.told) > 1
        room, x = body.width() - 12, body.x() + 8
        name = Ink("label", "t1" if loud or cell.own else "t2", cell.own)
        paper.write(x, box.center().y() - 2, cell.name, name, room=room)
        marks = (*(tr("本台"),) * cell.own, *(tr("直连"),) * cell.beside)
        told = _fitting(paper, (*marks, *cell.told), room)
        paper.write(x, box.center().y() + 13, told, Ink("age", "t1" if loud else "t3"), room=room)

    def _shape(self, cell: Cell) -> str:
        """Of a line down from the pool nobody knows while the pool is gone."""
        unknown = self.stopped is not None and cell.link == JOINED and not cell.beside
        return LATE if unknown else cell.link

    def _draw_link(self, paper: Paper, link: str, at: QPointF) -> None:
        """―: joined; - -: late; a gap with a cross: cut off."""
        end = at.x() + 20
        if link == JOINED:
            paper.line(at.x(), at.y(), end, at.y(), "t3", 2)
        elif link == LATE:
            for x in (at.x() + 1, at.x() + 8, at.x() + 15):
                paper.line(x, at.y(), x + 4, at.y(), "t1", 2)
        else:
            x, y = at.x() + 13, at.y()
            paper.line(x - 5, y - 5, x + 5, y + 5, "t1", 2)
            paper.line(x - 5, y + 5, x + 5, y - 5, "t1", 2)

    def _draw_chosen(self, paper: Paper, rest: int) -> None:
        """All that is known of one, in two lines of pairs; how many are not shown."""
        station = self._choice()
        if station is None:
            return
        top = paper.height - FOOT + 12
        paper.line(0, top - 6, paper.width, top - 6)
        paper.write(0, top + 18, self._name(station), Ink("item"), room=paper.width - 160)
        if rest:
            line = tr("另有 {n} 台，按 J 往下", n=rest)
            paper.write(paper.width, top + 18, line, Ink("age", "t1"), RIGHT)
        facts = self._facts(station)
        columns = max(1, int(paper.width // 170))
        for i, (name, value) in enumerate(facts[: columns * 2]):
            x = i % columns * (paper.width / columns)
            base = top + 44 + i // columns * 26
            end = paper.write(x, base, name, Ink("age")) + 8
            paper.write(end, base, value, Ink("label"), room=x + paper.width / columns - end - 8)

    def _facts(self, station: Station) -> list[tuple[str, str]]:
        now, said, sight = self.picture.now, station.said, self.picture.sight
        peer = self._peer(station)
        return [
            *(peer_words.facts(peer, now) if peer is not None else ()),
            (tr("心跳"), age.age(now, station.at or None)),
            (tr("落后"), tr("{n} 条", n=age.number(max(0, sight.head - said.cursor)))),
            (tr("待传"), tr("{n} 条", n=age.number(said.backlog))),
            (tr("重连"), tr("{n} 次", n=age.number(said.tries))),
            (tr("钟差"), age.measure(said.skew_s, tr("秒"), 1)),
            (tr("冲突"), age.number(said.conflicts)),
            (tr("动作数"), tr("{n} 条，{age}", n=age.number(station.lines),
                            age=age.since(now, station.newest or None))),
            (tr("登录"), plain(station.login, 40)),
            (tr("台号"), plain(station.origin, 40) or age.UNKNOWN),
            (tr("版本"), plain(said.version, 20) or age.UNKNOWN),
        ]  # fmt: skip

    def _peer(self, station: Station) -> Peer | None:
        """The line to it that needs no pool."""
        peers = self.picture.sync.peers
        return next((p for p in peers if p.origin and p.origin == station.origin), None)

    # Hand.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        rows = self._grid(self.height() / self.look.unit)[0]
        steps = {
            Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1,
            Qt.Key.Key_Right: rows, Qt.Key.Key_Left: -rows,
        }  # fmt: skip
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self._step(step)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position() / self.look.unit
        rows, tall = self._grid(self.height() / self.look.unit)
        for i, cell in enumerate(self._shown()):
            if self._box(i, rows, tall).contains(at):
                self._choose(cell.station)

    def _choice(self) -> Station | None:
        """The chosen one; this station where none is."""
        by_key = {_key(c.station): c.station for c in self._cells}
        own = next((c.station for c in self._cells if c.own), None)
        return by_key.get(self._chosen, own)

    def _choose(self, station: Station) -> None:
        self._chosen = _key(station)
        self.update()

    def _step(self, by: int) -> None:
        stations = [cell.station for cell in self._cells]
        if not stations:
            return
        now = self._choice()
        at = stations.index(now) + by if now is not None else 0
        self._choose(stations[min(max(at, 0), len(stations) - 1)])

    def _next_away(self) -> None:
        """The next one that is late or cut off."""
        stations = [cell.station for cell in self._cells]
        now = self._choice()
        start = stations.index(now) + 1 if now is not None else 0
        for cell in (*self._cells[start:], *self._cells[:start]):
            if cell.link != JOINED:
                self._choose(cell.station)
                return


def _fitting(paper: Paper, parts: tuple[str, ...], room: float) -> str:
    """As many of the parts as there is room for, and how many more there are."""
    for n in range(len(parts), 0, -1):
        more = len(parts) - n
        told = "　".join((*parts[:n], *((f"+{more}",) if more else ())))
        if paper.length(told, Ink("age")) <= room:
            return told
    return parts[0]


def _key(station: Station) -> str:
    return f"{station.login}|{station.origin}"


def _kinds(some: Sequence[str]) -> str:
    return plain(tr("、").join(named("record_kind", kind) for kind in some), 60)
