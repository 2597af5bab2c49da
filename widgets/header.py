"""The head of the wall: it begins with a sentence, not with a title."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF

from commandwall import alarm_life
from commandwall.alarms import ACKED, Alarm
from commandwall.modes import Mode
from commandwall.picture import Changes, Picture, Readings, SyncState, Tick
from commandwall.sensors import STALE
from widgets import age, call_sign, feed_words, frame, lamp_words, modes, words
from widgets.base import Panel, Piece
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper

LEFT_X, SQUARE, SQUARE_TOP = 32.0, 62.0, 37.0
UPPER, LOWER, CLOCK = 67.0, 97.0, 86.0
"""Baselines of the sentence, of the line under it, and of the clock."""
SIDE_UPPER, SIDE_LOWER = 60.0, 88.0
SIGN_TOP, SIGN = 2.0, 24.0
"""Top and height of the sign of what calls, over the sentence."""
DOT, APART = "·", 48.0


class Header(Panel):
    """Mode, sentence, devices, counts by severity, feeds, date, ages, clock."""

    id, title, headed, pooled, piecewise = "header", "态势", False, True, True
    shows = frozenset({Tick, Alarm, Readings, SyncState, Mode})

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if Readings in changes.kinds or not hasattr(self, "_devices"):
            quality = picture.sensors.quality
            self._devices = len(quality), int(np.count_nonzero(quality == STALE))

    def draw(self, paper: Paper) -> None:
        if self.context.past is not None:
            paper.fill(QRectF(0, 0, paper.width, paper.height - 8), "r")
        self._draw_mode(paper)
        x, edge = LEFT_X + SQUARE + 24, self._draw_clock(paper)
        state = self._state()
        if self.options.get("sentence") == "map":
            start = self._draw_wide(paper, x)
        else:
            start, state = x, self._fitting(paper, edge - x, state)
            if self.context.past is None:
                edge = self._draw_date(paper, self._end(paper, start, state), edge)
        if self.context.past is None:
            edge = self._draw_small(paper, self._end(paper, start, state), edge)
        self._draw_sentence(paper, start, edge - start)
        paper.row(start, LOWER, *state, gap=14)
        if call_sign.stands(self.context):
            over = QRectF(LEFT_X, SIGN_TOP, paper.width - 2 * LEFT_X, SIGN)
            call_sign.draw(paper, over, self.context)

    def _draw_mode(self, paper: Paper) -> None:
        paper.mode(QRectF(LEFT_X, SQUARE_TOP, SQUARE, SQUARE), modes.name_of(self.picture))

    def _draw_clock(self, paper: Paper) -> float:
        if self.context.past is not None:
            moment = (frame.words(self.context.past), Ink("item"))
            return paper.row_back(paper.width - LEFT_X, CLOCK - 14, moment, gap=0) - 36
        told = age.seconds(self.picture.now)
        pieces = ((told[:5], Ink("figure")), (told[5:], Ink("figure", "t3")))
        return paper.row_back(paper.width - LEFT_X, CLOCK, *pieces, gap=0) - 36

    def _draw_wide(self, paper: Paper, x: float) -> float:
        """City and date at the left edge; returns where the map begins, the sentence above it."""
        start = float(self.options["map"])
        paper.write(x, UPPER, self._city()[0][0], Ink("item"), room=start - x - 40)
        paper.row(x, LOWER, *self._date(), gap=20)
        return start

    def _fitting(self, paper: Paper, room: float, state: list[Piece]) -> list[Piece]:
        """The line under the sentence, with the city's name, the devices, the mode where there is
        room for them."""
        whole = [*self._city(), (DOT, Ink("label", "t4")), *state]
        least = self._before()[:-1] or [self._worst()]
        lines = whole, state, [*self._before(), self._worst()], least
        return next((one for one in lines if paper.span(*one, gap=14) <= room), least)

    def _end(self, paper: Paper, start: float, state: list[Piece]) -> float:
        """Where sentence and line end: nothing may begin before it."""
        sentence = paper.length(self._sentence(), Ink("sentence"))
        return start + max(sentence, paper.span(*state, gap=14))

    def _sentence(self) -> str:
        return words.sentence(self.picture, self.context.needs, self.context.trust)

    def _draw_sentence(self, paper: Paper, x: float, room: float) -> None:
        paper.write(x, UPPER, self._sentence(), Ink("sentence"), room=room)

    def _draw_date(self, paper: Paper, end: float, edge: float) -> float:
        """Date and the pool's age before the clock, where there is room."""
        date, pool = self._date()
        start = edge - max(paper.length(*date), paper.length(*pool)) - APART
        if start < end:
            return edge
        paper.write(edge, SIDE_UPPER, *date, at=RIGHT)
        paper.write(edge, SIDE_LOWER, *pool, at=RIGHT)
        return start

    def _draw_small(self, paper: Paper, end: float, edge: float) -> float:
        """Counts by severity and the feeds, where there is room; else only what does not flow."""
        counted = sum(
            paper.length(age.number(n), Ink("label")) for n in self.context.needs.active.values()
        )
        for feeds in (self._feeds(), self._feeds(flowing=False)):
            wide = max(paper.span(*feeds, gap=18), counted + 4 * 42) + APART
            if edge - wide >= end:
                self._draw_counts(paper, edge)
                paper.row_back(edge, SIDE_LOWER, *feeds, gap=18)
                return edge - wide
        return edge

    def _draw_counts(self, paper: Paper, x: float) -> None:
        """◆ 0  ▲ 1  ■ 2  ● 0, without hue where there is none."""
        for severity in (4, 3, 2, 1):
            count = self.context.needs.active[severity]
            ink = Ink("label", "t1" if count else "t4", bool(count))
            x = paper.row_back(x, SIDE_UPPER, (age.number(count), ink))
            x -= 16
            self._draw_shape(paper, x, severity, count)
            x -= 26

    def _draw_shape(self, paper: Paper, x: float, severity: int, count: int) -> None:
        middle = SIDE_UPPER - 6.5
        if count and self.stopped is None:
            paper.mark(x, middle, 16, (severity, ACKED))
        elif count:
            paper.mark(x, middle, 16, (severity, alarm_life.STALE))
        else:
            paper.hollow(x, middle, 16, severity)

    def _feeds(self, flowing: bool = True) -> list[Piece]:
        """Each feed, then the agent's pulse: grey while it flows, with its age when it does not."""
        now, sync = self.picture.now, self.picture.sync
        known: list[tuple[str, bool]] = []
        for name, lamp in sorted(sync.lamps.items()):
            loud = lamp_words.is_loud(lamp, now, self.context.limits.feed_s)
            aged = f" {age.age(now, lamp.at)}" if loud else ""
            known.append((f"{named('feed', name)}{aged}", loud))
        if sync.feeds:
            told = feed_words.briefly(sync.feeds, self.picture.switches)
            known.append((f"MQTT {told}".rstrip(), bool(told)))
        shown = [one for one in known if flowing or one[1]]
        pulse = tr("采集 {age}", age=age.age(now, sync.agent_at))
        shown.append((pulse, self.context.trust.agent is not None))
        return [(told, Ink("label", "t1" if loud else "t3")) for told, loud in shown]

    def _city(self) -> list[Piece]:
        name = words.city_name(self.picture)
        return [(tr("{city}城市运行管理中心", city=name), Ink("label"))]

    def _state(self) -> list[Piece]:
        """物联 132,000 台，失联 786 · 无 Ⅰ 级告警"""
        devices, silent = self._devices
        unknown = self.stopped is not None
        lost = tr("未知") if unknown else age.number(silent)
        return [
            *self._before(),
            (tr("物联 {n} 台，失联", n=age.number(devices)), Ink("label")),
            (lost, Ink("label", "t1" if unknown or silent else "t3")),
            (DOT, Ink("label", "t4")),
            self._worst(),
        ]

    def _before(self) -> list[Piece]:
        """战 14:01 起，至 22:01，指挥长 陈* · 3 条已静音 ·, where there is anything of it."""
        held, muted = modes.line(self.picture), len(self.context.needs.muted)
        told = self.context.needs.unmuted
        hushed = tr("含已静音 {n} 条" if told else "{n} 条已静音", n=age.number(muted))
        before = [(held, Ink("label", "t1", True))] if held else []
        before += [(hushed, Ink("label", "t1"))] if muted else []
        towns = len(self.context.needs.called.elsewhere)
        before += [(tr("镇先处置 {n} 条", n=towns), Ink("label"))] if towns else []
        return [piece for one in before for piece in (one, (DOT, Ink("label", "t4")))]

    def _worst(self) -> Piece:
        ones = self.context.needs.active[1]
        told = tr("Ⅰ 级告警 {n}", n=ones) if ones else tr("无 Ⅰ 级告警")
        if self.stopped is not None:
            told = tr("{line}（至 {time}）", line=told, time=age.clock(self.stopped))
        return told, Ink("label", "t1" if ones else "", bool(ones))

    def _date(self) -> tuple[Piece, Piece]:
        now, trust = self.picture.now, self.context.trust
        told = age.age(now, self.picture.sync.pool_at)
        pool: Piece = (tr("中心池 {age}", age=told), Ink("label"))
        if trust.slow:
            pool = (tr("中心池 线路慢，{age}", age=told), Ink("label", "t1"))
        if trust.pool is not None and trust.known:
            gone = age.lasting(now - trust.pool)
            pool = (tr("中心池 断开 {span}", span=gone), Ink("label", "t1"))
        return (age.day(now), Ink("label")), pool
