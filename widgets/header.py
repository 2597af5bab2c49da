"""The head of the wall: it begins with a sentence, not with a title."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF

from commandwall.alarms import ACKED, Alarm
from commandwall.clock import SECOND
from commandwall.picture import Changes, Picture, Readings, SyncState, Tick
from commandwall.sensors import STALE
from widgets import age, marks, words
from widgets.base import Panel, Piece
from widgets.i18n import named, tr
from widgets.needs import by_severity
from widgets.paper import RIGHT, Ink, Paper

LEFT_X, SQUARE = 32.0, 62.0
UPPER, LOWER, CLOCK = 62.0, 94.0, 84.0
"""Baselines of the sentence, of the line under it, and of the clock."""
SIDE_UPPER, SIDE_LOWER = 58.0, 86.0
DOT = "·"


class Header(Panel):
    """Mode, sentence, devices, counts by severity, feeds, date, ages, clock."""

    id, title, headed, pooled = "header", "态势", False, True
    shows = frozenset({Tick, Alarm, Readings, SyncState})

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if Readings in changes.kinds or not hasattr(self, "_devices"):
            quality = picture.sensors.quality
            self._devices = len(quality), int(np.count_nonzero(quality == STALE))
        self._counts = by_severity(picture)

    def draw(self, paper: Paper) -> None:
        wide = self.options.get("sentence") == "map"
        left = self._draw_right(paper, wide)
        box = QRectF(LEFT_X, 32, SQUARE, SQUARE)
        mode = str(self.options.get("mode", "peace"))
        letter = named("mode", mode)[:1]
        marks.mode(paper.painter, box, letter, marks.MODES.get(mode, 0.0), self.look)
        paper.said.append(letter)
        if wide:
            self._draw_wide(paper, left)
        else:
            x = LEFT_X + SQUARE + 24
            self._draw_sentence(paper, x, left - x - 32)
            paper.row(x, LOWER, *self._city(), *self._state(), gap=14)

    def _draw_wide(self, paper: Paper, left: float) -> None:
        """The sentence stands over the map; city and date at the left edge."""
        x = LEFT_X + SQUARE + 24
        start = float(self.options["map"])
        paper.write(x, UPPER, self._city()[0][0], Ink("item"), room=start - x - 40)
        paper.row(x, LOWER, *self._date(), gap=20)
        self._draw_sentence(paper, start, left - start - 32)
        paper.row(start, LOWER, *self._state()[1:], gap=14)

    def _draw_sentence(self, paper: Paper, x: float, room: float) -> None:
        line = words.sentence(self.picture, self.context.needs, self.context.trust)
        paper.write(x, UPPER, line, Ink("sentence"), room=room)

    def _draw_right(self, paper: Paper, wide: bool) -> float:
        """Clock, date, counts, feeds; returns where they begin."""
        now, edge = self.picture.now, paper.width - LEFT_X
        hours, ticking = age.seconds(now)[:5], age.seconds(now)[5:]
        pieces = ((hours, Ink("figure")), (ticking, Ink("figure", "t3")))
        x = paper.row_back(edge, CLOCK, *pieces, gap=0) - 36
        if not wide:
            date, pool = self._date()
            starts = [x - paper.length(p[0], p[1]) for p in (date, pool)]
            paper.write(x, SIDE_UPPER, *date, at=RIGHT)
            paper.write(x, SIDE_LOWER, *pool, at=RIGHT)
            x = min(starts) - 48
        upper = self._draw_counts(paper, x)
        lower = self._draw_feeds(paper, x)
        return min(upper, lower)

    def _draw_counts(self, paper: Paper, x: float) -> float:
        """◆ 0  ▲ 1  ■ 2  ● 0, without hue where there is none."""
        for severity in (4, 3, 2, 1):
            count = self._counts.get(severity, 0)
            ink = Ink("label", "t1" if count else "t4", bool(count))
            x = paper.row_back(x, SIDE_UPPER, (age.number(count), ink))
            x -= 16
            self._draw_shape(paper, x, severity, count)
            x -= 26
        return x

    def _draw_shape(self, paper: Paper, x: float, severity: int, count: int) -> None:
        middle = SIDE_UPPER - 6.5
        if count and self.stopped is None:
            paper.mark(x, middle, 16, (severity, ACKED))
        elif count:
            paper.mark(x, middle, 16, (severity, marks.STALE))
        else:
            marks.hollow(paper.painter, x, middle, (16, severity), self.look)

    def _draw_feeds(self, paper: Paper, x: float) -> float:
        """The agent's pulse, then each feed: grey while it flows, hatched with its age when not."""
        pieces: list[Piece] = []
        now, sync = self.picture.now, self.picture.sync
        for name, lamp in sorted(sync.lamps.items()):
            quiet = now - lamp.at > self.context.limits.feed_s * SECOND
            told = named("feed", name)
            if quiet:
                told = f"{told} {age.age(now, lamp.at)}"
            pieces.append((told, Ink("label", "t1" if quiet else "t3")))
        gone = self.context.trust.agent is not None
        told = tr("采集 {age}", age=age.age(now, sync.agent_at))
        pieces.append((told, Ink("label", "t1" if gone else "t3")))
        return paper.row_back(x, SIDE_LOWER, *pieces, gap=18)

    def _city(self) -> list[Piece]:
        name = words.city_name(self.picture)
        return [(tr("{city}城市运行管理中心", city=name), Ink("label"))]

    def _state(self) -> list[Piece]:
        """物联 132,000 台，失联 786 · 无 Ⅰ 级告警"""
        devices, silent = self._devices
        unknown = self.stopped is not None
        lost = tr("未知") if unknown else age.number(silent)
        ones = self._counts.get(1, 0)
        worst = tr("Ⅰ 级告警 {n}", n=ones) if ones else tr("无 Ⅰ 级告警")
        if unknown and self.stopped is not None:
            worst = tr("{line}（至 {time}）", line=worst, time=age.clock(self.stopped))
        return [
            (DOT, Ink("label", "t4")),
            (tr("物联 {n} 台，失联", n=age.number(devices)), Ink("label")),
            (lost, Ink("label", "t1" if unknown or silent else "t3")),
            (DOT, Ink("label", "t4")),
            (worst, Ink("label", "t1" if ones else "", bool(ones))),
        ]

    def _date(self) -> tuple[Piece, Piece]:
        now, trust = self.picture.now, self.context.trust
        pool: Piece = (
            tr("中心池 {age}", age=age.age(now, self.picture.sync.pool_at)), Ink("label"),
        )  # fmt: skip
        if trust.pool is not None and trust.known:
            gone = age.lasting(now - trust.pool)
            pool = (tr("中心池 断开 {span}", span=gone), Ink("label", "t1"))
        return (age.day(now), Ink("label")), pool
