"""来源: every system and channel of the city with rows, share, lag, errors, and its switch; summed
up by the departments whose systems they are, where the pool was told of any."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF

from commandwall import sources
from commandwall.clock import Ms
from commandwall.picture import Changes, Picture, SyncState, Tallies, Tick
from commandwall.rights import About
from commandwall.sources import SourceSwitch
from commandwall.store.pulse import Feed
from commandwall.store.sight import OFF, ON, Source
from widgets import age, feed_words, fields
from widgets.base import NORMAL, Command, Piece
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.rows import RowList
from widgets.sheet import Sheet
from widgets.text import plain

HEAD = "\0"
"""Before the name of a department, where it stands for a row of the list."""
INDENT = 16.0
TITLES = {
    False: "停用 {name}，此后它的导入不再接收",
    True: "停用 {name}，此后它的读数只计数、不收",
}
"""What switching off means; by whether it is a broker."""


@dataclass(frozen=True, slots=True)
class Row:
    """One source: as the pool counted its loads, and as a channel of events."""

    name: str
    rows: int
    today: int | None  # events of today; None where it brings none
    newest: Ms
    source: Source | None
    feed: Feed | None = None  # where it is a broker

    @property
    def department(self) -> str:
        return self.source.department if self.source else ""

    @property
    def refused(self) -> int | None:
        counted = self.feed or self.source
        return counted.refused if counted else None

    @property
    def disputed(self) -> int | None:
        return self.source.disputed if self.source and not self.feed else None


@dataclass(frozen=True, slots=True)
class Sum:
    """What the sources of one department bring together; "" of those that nobody gave to one."""

    department: str
    rows: Sequence[Row]

    @property
    def brought(self) -> int:
        return sum(row.rows for row in self.rows if row.feed is None)

    @property
    def today(self) -> int | None:
        told = [row.today for row in self.rows if row.today is not None]
        return sum(told) if told else None

    @property
    def newest(self) -> Ms:
        return max((row.newest for row in self.rows), default=Ms(0))

    @property
    def refused(self) -> int:
        return sum(row.refused or 0 for row in self.rows)

    @property
    def disputed(self) -> int:
        return sum(row.disputed or 0 for row in self.rows)


def by_department(rows: Iterable[Row]) -> list[Sum]:
    """By name, what is nobody's last; nothing where no source is of a department."""
    found: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.name):
        found.setdefault(row.department, []).append(row)
    if not any(found):
        return []
    return [Sum(name, found[name]) for name in sorted(found, key=lambda name: (not name, name))]


class SourceList(RowList):
    """Those that are switched off or in trouble say so; the others are quiet."""

    id, title, quiet = "source_list", "来源与部门", True
    recalls = False
    tells_rest = True
    kind = SourceSwitch
    shows = frozenset({SyncState, Tallies, Tick, SourceSwitch})
    row = 46.0
    head = 28.0

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self._rows = {row.name: row for row in self._all(picture)}
        self._sums = {HEAD + one.department: one for one in by_department(self._rows.values())}
        super().refresh(picture, changes)
        if self.waiting:  # a new source goes to its place: nobody works through this list
            self.renew()
        self.at = picture.ages.get("events")
        self.say(NORMAL)

    def order(self) -> Sequence[str]:
        if not self._sums:
            return sorted(self._rows)
        return [
            key
            for head, one in self._sums.items()
            for key in (head, *(row.name for row in one.rows))
        ]

    def empty_line(self) -> str:
        return tr("尚无来源，commandwall import 导入后在此列出")

    def aside(self) -> list[Piece]:
        off = sum(self._state(row) == OFF for row in self._rows.values())
        refused = sum(row.source.refused for row in self._rows.values() if row.source)
        told = tr("停用 {n}　隔离 {m} 条", n=off, m=age.number(refused))
        return [(told, Ink("age", "t1" if off or refused else "t3"))]

    def commands(self) -> list[Command]:
        return [
            Command("U", tr("下一来源"), lambda: self._step(1)),
            Command("O", tr("停用或恢复来源"), self.turn),
        ]

    def turn(self) -> None:
        """Ask for the reason and switch the chosen source off; or, where it is off, on again."""
        row = self._rows.get(self.current)
        if row is None:
            if self.current in self._sums:
                self.refused(tr("部门是合计，停用要选其下的来源"))
            return
        if row.feed is None and not (row.source and row.source.loaded):
            self.refused(tr("{name} 不经导入，停用要到写入它的系统", name=self._named(row)))
        elif why := self.barred(sources.switch_off, About(reason=True)):
            self.refused(why)
        elif self._state(row) == OFF:
            self.do(sources.switch_on, lambda done: self.say(NORMAL), source=row.name)
        else:
            title = tr(TITLES[row.feed is not None], name=self._named(row))
            asked = {"reason": (tr("缘由"), fields.words())}
            sheet = Sheet(self.look, title, "停用", asked, self.window())
            self.context.over(sheet.then(lambda told: self._off(row.name, told["reason"])))

    def _off(self, source: str, reason: str) -> None:
        self.do(sources.switch_off, lambda done: self.say(NORMAL), source=source, reason=reason)

    def draw_head(self, paper: Paper, base: float) -> None:
        for word, at, side in self._columns(paper.width):
            paper.write(at, base, tr(word), Ink("head"), side)

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        if (one := self._sums.get(key)) is not None:
            self._draw_sum(paper, one, box)
            return
        row = self._rows.get(key)
        if row is None:
            return
        x = {word: at for word, at, _ in self._columns(paper.width)}
        left = x["来源"] + (INDENT if self._sums else 0)
        state, second = self._state(row), self._second(row)
        base = box.center().y() + (-3 if second else 5)
        ink = Ink("body", "t1" if second else "t2", state == OFF)
        paper.write(left, base, self._named(row), ink, room=x["行数"] - left - 90)
        self._draw_counts(paper, base, self._amount(row), row)
        if second:
            room = paper.width - left - 8
            paper.write(left, base + 17, second, Ink("age", "t1"), room=room)

    def _draw_sum(self, paper: Paper, one: Sum, box: QRectF) -> None:
        """A department: what its sources bring together, and which share of all rows that is."""
        x = {word: at for word, at, _ in self._columns(paper.width)}
        base, left = box.center().y() - 3, x["来源"]
        name = plain(one.department, 40) or tr("未归部门")
        paper.write(left, base, name, Ink("body", "t1", True), room=x["行数"] - left - 90)
        self._draw_counts(paper, base, age.number(one.brought), one)
        told = tr("{n} 个来源　占全部行数 {share}", n=len(one.rows), share=self._part(one))
        if off := sum(self._state(row) == OFF for row in one.rows):
            told = tr("{told}　停用 {n}", told=told, n=off)
        paper.write(left, base + 17, told, Ink("age", "t1" if off else "t2"))

    def _draw_counts(self, paper: Paper, base: float, amount: str, row: Row | Sum) -> None:
        x = {word: at for word, at, _ in self._columns(paper.width)}
        newest = age.since(self.picture.now, row.newest or None)
        for word, told in (("行数", amount), ("今日占比", self._share(row)), ("最近", newest)):
            paper.write(x[word], base, told, Ink("label"), RIGHT)
        for word, count in (("隔离", row.refused), ("待核验", row.disputed)):
            ink = Ink("label", "t1" if count else "t4", bool(count))
            paper.write(x[word], base, age.number(count), ink, RIGHT)

    def _part(self, one: Sum) -> str:
        whole = sum(some.brought for some in self._sums.values())
        return age.measure(one.brought / whole * 100, "%", 1) if whole else age.UNKNOWN

    def _second(self, row: Row) -> str:
        """What is not in order, in words."""
        switch, source = self.picture.switches.get(row.name), row.source
        if row.feed is not None and switch is not None and switch.state == OFF:
            told = feed_words.why_off(switch, self.picture.now)
            return self._sent(row, told)
        if source is None:
            return ""
        if self._state(row) == OFF:
            reason = switch.reason if switch else source.reason
            at = switch.at if switch else source.switched_at
            told = tr("已停用 {age}　{reason}", age=age.stamp(self.picture.now, at),
                      reason=plain(reason, 60))  # fmt: skip
            return self._sent(row, told)
        return tr("导入中断或正在进行") if source.batch == "open" else ""

    def _sent(self, row: Row, told: str) -> str:
        unsent = f"sourceswitch:{row.name}" in self.picture.unsent
        return tr("{told}　未送达中心池", told=told) if unsent else told

    def _amount(self, row: Row) -> str:
        """Rows that it brought; of a broker its readings a second."""
        if row.feed is None:
            return age.number(row.rows)
        return tr("{n} 条/秒", n=age.number(row.feed.rate))

    def _state(self, row: Row) -> str:
        """What a person said last here counts; else what the pool says."""
        switch = self.picture.switches.get(row.name)
        if switch is not None:
            return switch.state
        return row.source.state if row.source else ON

    def _share(self, row: Row | Sum) -> str:
        """今日 23 %（1,204）: the share with its count."""
        counters = self.picture.counters
        whole = sum(counters.today(name) for name in counters.by_hour)
        if row.today is None or not whole:
            return age.UNKNOWN
        return f"{age.measure(row.today / whole * 100, '%')} ({age.number(row.today)})"

    def _named(self, row: Row) -> str:
        return plain(named("event_source", row.name), 40)

    def _all(self, picture: Picture) -> list[Row]:
        loaded = {source.source: source for source in picture.sight.sources}
        found = []
        feeds = {feed.source: feed for feed in picture.sync.feeds}
        for name in sorted(loaded.keys() | picture.channels.keys() | feeds.keys()):
            source, channel, feed = loaded.get(name), picture.channels.get(name), feeds.get(name)
            rows = max(channel.events if channel else 0, source.rows if source else 0)
            newest = max(
                channel.newest if channel else Ms(0), source.loaded_at if source else Ms(0)
            )
            today = picture.counters.today(name) if channel else None
            found.append(Row(name, rows, today, feed.at if feed else newest, source, feed))
        return found

    def _columns(self, width: float) -> list[tuple[str, float, float]]:
        return [
            ("来源", 10, 0.0), ("行数", width - 336, RIGHT), ("今日占比", width - 228, RIGHT),
            ("最近", width - 132, RIGHT), ("隔离", width - 72, RIGHT),
            ("待核验", width - 10, RIGHT),
        ]  # fmt: skip
