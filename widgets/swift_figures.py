"""The four figures of swift response over its list: each as a share with numerator and denominator,
what is aimed at, and what is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from commandwall import codes, swift
from commandwall.clock import SECOND, Ms, day
from commandwall.store.store import Reader
from commandwall.swift import MISSED, REACHED, Figure
from widgets import age
from widgets.base import Command, Panel, Piece
from widgets.fields import Field, choice
from widgets.i18n import named, tr
from widgets.paper import Ink, Paper
from widgets.sheet import Sheet

TALL, GAP, SEEN = 112.0, 16.0, 84.0
"""Height of the row, room between two figures, and how much of the height is written on."""
EVERY = 30 * SECOND
"""They are no older while they are looked at."""
KEY, LEFT_OUT = "Shift+H", 66.0
"""Where the line of what is left out begins."""
ALL, OUT_OF = "all", "out"
PARTS = {MISSED: "未达到", REACHED: "达到", ALL: "计入", OUT_OF: "未计"}
"""Which rows of a figure: what it misses, reaches, both, and what it leaves out."""
OUT = {swift.NOT_DUE: "未到时限", swift.UNTOLD: "未说明"}


class SwiftFigures:
    """Counted beside the screen's thread, while its list is open. Each opens its rows."""

    def __init__(self, panel: Panel, list_rows: Callable[[str, Sequence[str]], object]) -> None:
        """`list_rows` lists the events that a number counts: what they are, and their ids."""
        self._panel, self.at, self._asked = panel, Ms(0), Ms(0)
        self._list_rows = list_rows
        self.figures: Mapping[str, Figure] = {}
        self.top = 0.0  # where they were drawn

    def look(self) -> None:
        """Count anew where that is due; of a past moment nothing is counted."""
        now = self._panel.picture.now
        if self._panel.context.past is None and not 0 <= now - self._asked < EVERY:
            self._asked = now
            self._panel.ask(lambda reader: swift.figures(reader, now), lambda f: self._take(f, now))

    # The rows behind a figure.

    def command(self) -> Command:
        return Command(KEY, tr("看数字里的件"), self.ask)

    def ask(self) -> None:
        """Choose the figure and which of its rows."""
        if not self.figures:
            self._panel.refused(tr("到“接诉即办”页签，数字计好后可看"))
            return
        shown = {(key, part): f"{named('swift_figure', key)}　{tr(PARTS[part])} {n}"
                 for key, figure in self.figures.items()
                 for part, n in _sizes(figure).items()}  # fmt: skip
        fields: dict[str, tuple[str, Field]] = {"which": (tr("数字"), choice(shown))}
        sheet = Sheet(self._panel.look, tr("看数字里的件"), "列出", fields, self._panel.window())
        self._panel.context.over(sheet.then(lambda told: self.open(*told["which"])))

    def open(self, figure: str, part: str) -> None:
        """List the rows; the figure is counted anew with them, so that both are of one moment."""
        now = self._asked = self._panel.picture.now
        self._panel.ask(
            lambda reader: (swift.figures(reader, now), _keys(reader, now, figure, part)),
            lambda found: self._list(figure, part, now, *found),
        )

    def press(self, x: float, y: float) -> bool:
        """A click on a figure opens what it counts, on its last line what it leaves out."""
        if not self.figures or not self.top <= y < self.top + SEEN + 4:
            return False
        wide, keys = self._panel.width() / self._panel.look.unit, [*self.figures]
        key = keys[min(len(keys) - 1, int(x / max(1.0, (wide + GAP) / len(keys))))]
        self.open(key, ALL if y < self.top + LEFT_OUT else OUT_OF)
        return True

    def _list(
        self, figure: str, part: str, at: Ms, figures: Mapping[str, Figure], keys: Sequence[str]
    ) -> None:
        self._take(figures, at)
        name = f"{named('swift_figure', figure)} {tr(PARTS[part])}"
        n, time = age.number(len(keys)), age.clock(at)
        self._list_rows(tr("{name} {n} 件，截至 {time}", name=name, n=n, time=time), keys)

    # Drawing.

    def aside(self) -> Piece:
        """Of which events, and when they were counted."""
        if not self.at:
            return tr("正在计数"), Ink("age", "t2")
        days = int(codes.limit("swift_days", day(self.at)))
        told = tr("近 {n} 天收到的　截至 {time}", n=days, time=age.clock(self.at))
        return told, Ink("age", "t2")

    def draw(self, paper: Paper, top: float) -> None:
        self.top = top
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


def _sizes(figure: Figure) -> dict[str, int]:
    return {MISSED: figure.of - figure.n, REACHED: figure.n, ALL: figure.of,
            OUT_OF: figure.out.total()}  # fmt: skip


def _keys(reader: Reader, now: Ms, figure: str, part: str) -> list[str]:
    """Ids of a part, the newest first; of all that are counted first those that it misses."""
    judged = swift.rows(reader, now, figure)
    keys = [key for key, what in judged.items() if _of(part, what)]
    return sorted(keys, key=lambda key: judged[key] != MISSED) if part == ALL else keys


def _of(part: str, what: str) -> bool:
    counted = what in (REACHED, MISSED)
    return not counted if part == OUT_OF else counted if part == ALL else what == part


def left_out(figure: Figure) -> str:
    """未计 28：未到时限 20、并单 8."""
    many = figure.out.most_common()
    why = tr("、").join(f"{_why(key)} {age.number(n)}" for key, n in many)
    return tr("未计 {n}：{why}", n=age.number(figure.out.total()), why=why) if many else ""


def _why(key: str) -> str:
    if key in OUT:
        return tr(OUT[key])
    return named("event_content" if key == swift.UNREACHED else "event_state", key)
