"""The four figures of swift response over its list: each as a share with numerator and denominator,
what is aimed at, and what is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from commandwall import codes, swift
from commandwall.clock import SECOND, Ms, day
from commandwall.swift import Figure
from widgets import age
from widgets.base import Panel, Piece
from widgets.i18n import named, tr
from widgets.paper import Ink, Paper

TALL, GAP, SEEN = 112.0, 16.0, 84.0
"""Height of the row, room between two figures, and how much of the height is written on."""
EVERY = 30 * SECOND
"""They are no older while they are looked at."""
OUT = {swift.NOT_DUE: "未到时限", swift.UNTOLD: "未说明"}


class SwiftFigures:
    """Counted beside the screen's thread, while its list is open."""

    def __init__(self, panel: Panel) -> None:
        self._panel, self.at, self._asked = panel, Ms(0), Ms(0)
        self.figures: Mapping[str, Figure] = {}

    def look(self) -> None:
        """Count anew where that is due; of a past moment nothing is counted."""
        now = self._panel.picture.now
        if self._panel.context.past is None and not 0 <= now - self._asked < EVERY:
            self._asked = now
            self._panel.ask(lambda reader: swift.figures(reader, now), lambda f: self._take(f, now))

    def aside(self) -> Piece:
        """Of which events, and when they were counted."""
        if not self.at:
            return tr("正在计数"), Ink("age", "t2")
        days = int(codes.limit("swift_days", day(self.at)))
        told = tr("近 {n} 天收到的　截至 {time}", n=days, time=age.clock(self.at))
        return told, Ink("age", "t2")

    def draw(self, paper: Paper, top: float) -> None:
        rows = codes.load("swift_figure", day(self._panel.picture.now))
        wide = (paper.width - GAP * (len(rows) - 1)) / max(1, len(rows))
        for i, (key, row) in enumerate(rows.items()):
            self._draw_one(paper, i * (wide + GAP), top, wide, key, row.facts)
        paper.line(0, top + SEEN + 8, paper.width, top + SEEN + 8)

    def _draw_one(
        self, paper: Paper, x: float, top: float, wide: float, key: str, facts: Mapping[str, Any]
    ) -> None:
        figure = self.figures.get(key, Figure())
        share, least = figure.share, float(facts["least"])
        under = share is not None and share < least
        paper.write(x, top + 16, named("swift_figure", key), Ink("label", "t2"), room=wide)
        told = age.UNKNOWN if share is None else f"{share:.1%}"
        end = paper.write(x, top + 42, told, Ink("item", "t1", True))
        counted = f"{age.number(figure.n)}/{age.number(figure.of)}"
        paper.write(end + 10, top + 42, counted, Ink("label", "t2"), room=x + wide - end - 10)
        aim = tr("▼ 低于目标 {p}", p=f"{least:.0%}") if under else tr("目标 {p}", p=f"{least:.0%}")
        paper.write(x, top + 62, aim, Ink("age", "t1" if under else "t3", under), room=wide)
        paper.write(x, top + 80, left_out(figure), Ink("age", "t3"), room=wide)

    def _take(self, figures: Mapping[str, Figure], at: Ms) -> None:
        self.figures, self.at = figures, at
        self._panel.update()


def left_out(figure: Figure) -> str:
    """未计 28：未到时限 20、并单 8."""
    many = figure.out.most_common()
    why = tr("、").join(f"{_why(key)} {age.number(n)}" for key, n in many)
    return tr("未计 {n}：{why}", n=age.number(figure.out.total()), why=why) if many else ""


def _why(key: str) -> str:
    if key in OUT:
        return tr(OUT[key])
    return named("event_content" if key == swift.UNREACHED else "event_state", key)
