"""The figures of the city: counters with their day, one vital sign with its day, the rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from commandwall.clock import SECOND, Ms
from commandwall.events import Event
from commandwall.indicators import (
    FORECAST,
    NOTHING,
    Indicator,
    IndicatorValue,
    category,
    fresh_for,
    limits_of,
    listed,
    notice,
)
from commandwall.picture import Changes, Picture, Tallies, Tick
from commandwall.rollups import Signs, air_of
from widgets import age
from widgets.base import EMPTY, Context, Panel, Piece
from widgets.base import NORMAL as SHOWN
from widgets.chart import Day, Limit, day_of_counts, day_of_values, hour_of
from widgets.i18n import language, measured_in, named, rows, tr
from widgets.open_events import is_anew, told
from widgets.paper import RIGHT, Ink, Paper
from widgets.text import plain
from widgets.trend import Trend

COMPACT = 190.0
"""Below this height the line under the figure moves beside it."""
"""Periods after which a value of an indicator is too old."""


class Figure(Panel):
    """A large number, one line about it, and its day."""

    def __init__(
        self, context: Context, options: Mapping[str, Any] | None = None,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(context, options, parent)
        self.trend = Trend(context.look, context.settled, self)
        self.number, self.unit, self.note = age.UNKNOWN, "", ""
        self._low = False
        """Whether its age stands under the figure, since the name takes the line of both."""

    def _age(self) -> list[Piece]:
        return [] if self._low else super()._age()

    def _paint_heading(self, paper: Paper) -> None:
        self._low = False
        taken = sum(paper.length(told, ink) + 16 for told, ink in self._age())
        room = paper.width - taken
        self._low = not self._compact and paper.length(self.heading(), Ink("heading")) > room
        super()._paint_heading(paper)

    def place(self) -> None:
        look = self.look
        top = self.top + (56 if self._compact else 82)
        self.trend.setGeometry(0, look.px(top), self.width(), max(0, self.height() - look.px(top)))
        self.trend.wear(look)

    def draw(self, paper: Paper) -> None:
        unknown = self.stopped is not None
        token = "t3" if unknown or self.old else ""
        base = self.top + (40 if self._compact else 48)
        end = paper.write(0, base, self.number, Ink("figure", token))
        end = paper.write(end + 12, base, self.unit, Ink("heading", "t3" if unknown else ""))
        note = tr("之后未知") if unknown else self.note
        if self._compact:
            paper.write(paper.width, base, note, Ink("label"), RIGHT, paper.width - end - 16)
        else:
            low = super()._age() if self._low else []
            end = paper.row_back(paper.width, base + 28, *low) - 16 if low else paper.width
            paper.write(0, base + 28, note, Ink("label"), room=end)

    @property
    def _compact(self) -> bool:
        return self.height() / self.look.unit < COMPACT

    def _frozen(self, day: Day) -> Day:
        return frozen(day, self.stopped)


class Counter(Figure):
    """How many came today from one source, over what is usual."""

    id, title, quiet = "counter", "今日", True
    shows = frozenset({Tallies, Event, Tick})

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._newest = Ms(0)

    def refresh(self, picture: Picture, changes: Changes) -> None:
        counters, source = picture.counters, str(self.options.get("source", ""))
        if is_anew(changes):
            self._newest = Ms(0)
        came = (view.event for view in told(picture, changes) if view.event.source == source)
        self._newest = max([self._newest, *(event.received_at for event in came)])
        self.at = self._newest or picture.ages.get("events")
        self.number, self.unit = age.number(counters.today(source)), tr("件")
        past, usual = counters.last_hour(source), counters.usual(source)
        low, high = usual[int(hour_of(picture.now))]
        self.note = tr("近 1 小时 {n}", n=age.number(past))
        if high > 0:
            self.note = tr("{a}，{b}", a=self.note, b=_usual(low, high, 0))
        now = self.stopped or picture.now
        day = day_of_counts(counters.hours(source), past, usual, now)
        self.trend.show_day(self._frozen(Day(hour_of(picture.now), day.line, day.band)))


class Vital(Figure):
    """One of the 927 indicators with its day, its usual band and its limits."""

    id, title = "vital", "体征"
    recalls = False
    shows = frozenset({Indicator, IndicatorValue, Tick})

    def heading(self) -> str:
        if "title" in self.options:
            return str(self.options["title"])
        return title_of(self.picture.indicators.get(self._indicator)) or self.title

    @property
    def _indicator(self) -> str:
        return str(self.options.get("indicator", ""))

    def refresh(self, picture: Picture, changes: Changes) -> None:
        definition = picture.indicators.get(self._indicator)
        value = picture.values.get(self._indicator)
        self.trend.setVisible(definition is not None and value is not None)
        if definition is None or value is None:
            self.say(EMPTY, tr("今日尚无上报"))
            return
        self.say(SHOWN)
        self.at, self.lasts = value.at, fresh_for(definition) / SECOND
        self.number = number_of(definition, value.value)
        levels = rows(str(self.options.get("levels", "")))
        self.unit = level_of(levels, value.value) or measured_in(definition.unit)
        note = air_now(definition, picture) or usual_now(definition, value, picture.now)
        self.note = "　".join(filter(None, (noticed(definition, picture), note)))
        self.trend.show_day(self._frozen(day_of(definition, value, picture.now)))


def frozen(day: Day, stopped: Ms | None) -> Day:
    """The day as far as it is known: what comes after is hatched."""
    if stopped is None:
        return day
    until = hour_of(stopped)
    line = [(h, v) for h, v in day.line if h <= until]
    return replace(day, line=line, until=until, frozen=True)


def day_of(definition: Indicator, value: IndicatorValue, now: Ms) -> Day:
    """The day of an indicator, for a trend."""
    today, usual = listed(value.today), listed(value.usual)
    day = day_of_values(today, usual, value.value, value.at, now)
    held = limits_of(definition)
    limits = [
        Limit(limit, severity, above)
        for limit, severity, above in ((held.hi1, 3, True), (held.hi2, 1, True),
                                       (held.lo1, 3, False), (held.lo2, 1, False))
        if limit is not None
    ]  # fmt: skip
    late = now - value.at > fresh_for(definition)
    until = day.until if late else None
    return Day(day.now, day.line, day.band, limits, until, day.from_zero)


def is_old(
    definition: Indicator, value: IndicatorValue | None, now: Ms, periods: float | None = None
) -> bool:
    """Whether an indicator is missing, or older than it may be (`periods`: as for `fresh_for`)."""
    if value is None or value.value is None:
        return True
    return now - value.at > fresh_for(definition, periods)


def title_of(definition: Indicator | None) -> str:
    if definition is None:
        return ""
    english = language() == "en" and definition.name_en
    return plain(definition.name_en if english else definition.name)


def number_of(definition: Indicator, value: float | None) -> str:
    """A value without its unit; of a category its name."""
    row = category(definition, value)
    return row.name(language()) if row is not None else age.number(value, definition.decimals)


def told_of(definition: Indicator, value: IndicatorValue | None) -> str:
    """A value with its unit; of a category its name; — where there is none."""
    if value is None or value.value is None:
        return age.UNKNOWN
    row = category(definition, value.value)
    if row is not None:
        return row.name(language())
    return age.measure(value.value, measured_in(definition.unit), definition.decimals)


def noticed(definition: Indicator, picture: Picture) -> str:
    """What its value is to be known for: 人工填报, 预测 11-25 14:00; "" for nothing."""
    value = picture.values.get(definition.id)
    if value is None:
        return ""
    found = notice(value, picture.stands.get(definition.id, NOTHING), picture.now)
    when = [age.stamp(picture.now, value.at)] if found == FORECAST else []
    return " ".join([named("indicator_notice", found), *when]) if found else ""


def level_of(levels: Mapping[str, Any], value: float | None) -> str:
    if value is None:
        return ""
    fits = (row for row in levels.values() if value <= row.facts["to"])
    row = next(fits, None)
    return row.name(language()) if row is not None else ""


def air_now(definition: Indicator, picture: Picture) -> str:
    """Of an index of air: the primary pollutant with its concentration, or what is lacking."""
    signs = Signs(picture.values, picture.stands, picture.now)
    found = air_of(definition, picture.indicators.values(), signs)
    if found is None:
        return ""
    if found.lacking:
        names = "、".join(named("pollutant", name) for name in found.lacking)
        return tr("缺 {names}，不能算 AQI", names=names)
    told = [
        f"{named('aqi_node', node)} {age.measure(found.means[node], unit_of(node), 0)}"
        for node in found.primary
    ]
    return tr("首要 {what}", what="、".join(told)) if told else tr("没有首要污染物")


def unit_of(node: str) -> str:
    """The unit of a row of the list `aqi_node`."""
    return str(rows("aqi_node")[node].facts["unit"])


def usual_now(definition: Indicator, value: IndicatorValue, now: Ms) -> str:
    usual = listed(value.usual)
    if len(usual) != 24:
        return ""
    low, high = usual[int(hour_of(now))]
    return _usual(low, high, definition.decimals)


def _usual(low: float, high: float, decimals: int) -> str:
    """常态 4–7; one number where both are the same."""
    ends = [age.number(v, decimals) for v in (low, high)]
    if ends[0] == ends[1]:
        return tr("常态 {n}", n=ends[0])
    return tr("常态 {low}–{high}", low=ends[0], high=ends[1])


class Rates(Panel):
    """Mean response and closing rate, with their targets and raw counts."""

    id, title, headed, piecewise = "rates", "响应与办结", False, True
    recalls = False
    shows = frozenset({Indicator, IndicatorValue, Tallies})

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self._keys = [str(self.options.get(k, "")) for k in ("response", "closing")]

    def draw(self, paper: Paper) -> None:
        names = (tr("平均响应"), tr("办结率"))
        wide = (paper.width - 24) / 2
        for i, (name, key) in enumerate(zip(names, self._keys, strict=True)):
            self._draw_one(paper, i * (wide + 24), wide, (name, key))

    def _draw_one(self, paper: Paper, x: float, wide: float, what: tuple[str, str]) -> None:
        name, key = what
        definition = self.picture.indicators.get(key)
        value = self.picture.values.get(key)
        paper.write(x, 20, name, Ink("heading"), room=wide)
        if definition is None or value is None or value.value is None:
            paper.write(x, 68, age.UNKNOWN, Ink("clock", "t3"))
            return
        token = "t3" if self.stopped else ""
        decimals = 2 if definition.unit == "%" else definition.decimals
        end = paper.write(x, 68, age.number(value.value, decimals), Ink("clock", token))
        paper.write(end + 8, 68, measured_in(definition.unit), Ink("body", "t3" if token else ""))
        share, target = _share(definition, value.value)
        paper.bar(QRectF(x, 82, wide, 6), share, target, "t3" if token else "t2")
        for base, line in zip((114, 138), self._lines(definition, value), strict=False):
            paper.write(x, base, line, Ink("label"), room=wide)
        if self.stopped is None:
            paper.write(x, 160, age.since(self.picture.now, value.at), Ink("age"), room=wide)

    def _lines(self, definition: Indicator, value: IndicatorValue) -> list[str]:
        if self.stopped is not None:
            return [age.stopped(self.picture.now, self.stopped)]
        lines = []
        if definition.hi1 is not None:
            limit = age.measure(definition.hi1, measured_in(definition.unit), 0)
            lines.append(tr("目标 {limit}内", limit=limit))
        elif definition.lo1 is not None:
            limit = age.measure(definition.lo1, measured_in(definition.unit), 2)
            lines.append(tr("目标 {limit}以上", limit=limit))
        return [*lines, self._counts(definition, value)]

    def _counts(self, definition: Indicator, value: IndicatorValue) -> str:
        """The raw counts of a rate; where the pool gives none, what was closed and is open."""
        if value.num is not None and value.den:
            return f"{age.number(value.num)} / {age.number(value.den)}"
        counters = self.picture.counters
        if definition.unit == "%":
            return tr("今日办结 {n}", n=age.number(counters.closed_today))
        return tr("在办 {n} 件", n=age.number(counters.open))


def _share(definition: Indicator, value: float) -> tuple[float, float | None]:
    """How much of its bar a rate fills, and where its target stands."""
    if definition.unit == "%" and definition.lo1 is not None:
        low = max(0.0, definition.lo1 - (100 - definition.lo1))
        return (value - low) / (100 - low), (definition.lo1 - low) / (100 - low)
    if definition.hi1 is not None:
        return value / definition.hi1, 1.0
    return value / 100, None
