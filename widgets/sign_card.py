"""The card of an indicator: its value and how it stands, its day, and whose it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QRectF

from commandwall import codes
from commandwall.aqi import INDEX
from commandwall.clock import MINUTE, SECOND
from commandwall.indicators import (
    NOTHING,
    RED,
    UNKNOWN,
    YELLOW,
    Indicator,
    IndicatorValue,
    fresh_for,
    hysteresis,
    limits_of,
    scale,
)
from commandwall.picture import Changes, Picture, Tick
from widgets import age, words
from widgets.base import EMPTY, NORMAL, Panel, Subject
from widgets.chart import TICKS, Day, reach_of
from widgets.figures import (
    air_now,
    day_of,
    frozen,
    is_old,
    level_of,
    noticed,
    number_of,
    title_of,
    usual_now,
)
from widgets.heat import NOTICE, SEVERITY, draw_sign
from widgets.i18n import language, measured_in, named, rows, tr
from widgets.paper import MIDDLE, RIGHT, Ink, Paper
from widgets.text import plain
from widgets.trend import Trend

LEAD, LINE, HOURS = 108.0, 27.0, 24.0
WORDS, LEAST, MOST = 180.0, 120.0, 420.0
"""Height of name, value and state above the course; the least and the most of the course."""
BETWEEN = "　"
STATES = {1: RED, 3: YELLOW}
"""Severity of a limit -> the state beyond it."""


class SignCard(Panel):
    """Follows the board; before anybody chose, the worst there is."""

    id, title = "sign_card", "体征过程"
    recalls = False
    shows = frozenset({Indicator, IndicatorValue, Tick})

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._key, self._chosen = "", False
        self._trend = Trend(self.look, self.context.settled, self)
        self._trend.hide()

    def open(self, subject: Subject) -> None:
        if subject.kind is Indicator and subject.id in self.picture.indicators:
            self._key, self._chosen = subject.id, True
            self._show(self.picture)

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if not self._chosen or self._key not in picture.indicators:
            self._key, self._chosen = _worst(picture), False
        self._show(picture)

    def _show(self, picture: Picture) -> None:
        definition, value = picture.indicators.get(self._key), picture.values.get(self._key)
        self._trend.setVisible(definition is not None and value is not None)
        self.update()
        if definition is None:
            self.say(EMPTY, tr("今日尚无上报"))
            return
        self.say(NORMAL)
        if value is not None:
            self.at, self.lasts = value.at, fresh_for(definition) / SECOND
            day = _told_day(day_of(definition, value, picture.now))
            self._trend.show_day(frozen(day, self.stopped))

    # Drawing.

    def place(self) -> None:
        px = self.look.px
        top, tall = self.top + WORDS, self._tall()
        self._trend.setGeometry(0, px(top), self.width(), px(tall))
        self._trend.wear(self.look)

    def _tall(self) -> float:
        """Height of the course: what the facts below it leave."""
        left = self.height() / self.look.unit - self.top - WORDS - 30 - 10 * LINE
        return min(MOST, max(LEAST, left))

    def draw(self, paper: Paper) -> None:
        definition, value = self.picture.indicators[self._key], self.picture.values.get(self._key)
        self._draw_value(paper, definition, value)
        y = self.top + WORDS + self._tall() + 20
        for hour in (0.0, *TICKS, HOURS):
            side = RIGHT if hour == HOURS else MIDDLE if hour else 0.0
            paper.write(paper.width * hour / HOURS, y, f"{hour:.0f}:00", Ink("age"), side)
        y += 38
        for label, fact in self._facts(definition, value):
            if fact and y < paper.height:
                paper.write(0, y, label, Ink("label", "t3"))
                y = paper.paragraph(LEAD, y, fact, Ink("label", "t1"), paper.width - LEAD, 2) + LINE

    def _draw_value(self, paper: Paper, d: Indicator, value: IndicatorValue | None) -> None:
        top, held = self.top, value.value if value is not None else None
        paper.write(0, top + 28, title_of(d), Ink("item"), room=paper.width)
        late = is_old(d, value, self.picture.now)
        token = "t3" if late or self.stopped is not None else ""
        end = paper.write(0, top + 94, number_of(d, held), Ink("figure", token))
        unit = _level(d, held) or measured_in(d.unit)
        paper.write(end + 12, top + 94, unit, Ink("heading", token))
        if value is not None and value.num is not None and value.den:
            raw = f"{age.number(value.num)} / {age.number(value.den)}"
            paper.write(paper.width, top + 94, raw, Ink("heading", token), RIGHT)
        self._draw_state(paper, top + 136, d, late)
        paper.write(0, top + 166, self._note(d, value), Ink("label"), room=paper.width)

    def _draw_state(self, paper: Paper, base: float, d: Indicator, late: bool) -> None:
        found = self.picture.stands.get(d.id, NOTHING)
        blue = found.state not in (RED, YELLOW, UNKNOWN) and noticed(d, self.picture)
        severity = SEVERITY.get(NOTICE if blue else found.state)
        x = 0.0
        if severity is not None and not late:
            draw_sign(paper, QRectF(0, base - 19, 22, 22), severity, self.stopped is None)
            x = 34.0
        paper.write(
            x,
            base,
            self._state(d, late),
            Ink("body", "t1", severity is not None),
            room=paper.width - x,
        )

    # What it says.

    def _state(self, d: Indicator, late: bool) -> str:
        now, found = self.picture.now, self.picture.stands.get(d.id, NOTHING)
        value = self.picture.values.get(d.id)
        if value is None or value.value is None:
            return tr("缺值，不当作零")
        if late:
            return tr("太旧，状态不明：{age}", age=age.stopped(now, value.at))
        if found.state == UNKNOWN:
            return tr("无从判定")
        if self.stopped is not None:
            return tr("当时 {state}，此后未知", state=named("sign_state", found.state))
        if found.since > now:  # a forecast has not begun
            return named("sign_state", found.state)
        told = tr("{state}，起于 {time}", state=named("sign_state", found.state),
                  time=age.stamp(now, found.since))  # fmt: skip
        return tr("{told}，数值已回落，尚在保持", told=told) if found.held else told

    def _note(self, d: Indicator, value: IndicatorValue | None) -> str:
        if value is None:
            return ""
        return air_now(d, self.picture) or usual_now(d, value, self.picture.now)

    def _facts(self, d: Indicator, value: IndicatorValue | None) -> list[tuple[str, str]]:
        return [
            (tr("数据提示"), noticed(d, self.picture)),
            (tr("限值"), _limits(d) or _categories(d) or named("indicator_direction", d.direction)),
            (tr("回差"), _eased(d)),
            (tr("更新"), self._period(d, value)),
            (tr("主管"), plain(d.owner)),
            (tr("来源"), plain(d.source)),
            (tr("辖区"), words.place(self.picture, d.area) if d.area else tr("全市")),
            (tr("算法"), _formula(d)),
        ]

    def _period(self, d: Indicator, value: IndicatorValue | None) -> str:
        every = tr("每 {span}", span=_span(d.period_s))
        if value is None:
            return every
        return f"{every}　{tr('最新 {time}', time=age.stamp(self.picture.now, value.at))}"


def _worst(picture: Picture) -> str:
    """The one to show before anybody chose: red before yellow before all others, then its place."""
    states, domains = {RED: 0, YELLOW: 1}, list(rows("indicator_domain"))

    def rank(d: Indicator) -> tuple[int, int, str]:
        late = is_old(d, picture.values.get(d.id), picture.now)
        state = UNKNOWN if late else picture.stands.get(d.id, NOTHING).state
        domain = domains.index(d.domain) if d.domain in domains else len(domains)
        return states.get(state, 2), domain, d.id

    return min(picture.indicators.values(), key=rank).id if picture.indicators else ""


def _told_day(day: Day) -> Day:
    """A day whose limits are named, and always within what is shown."""
    limits = [
        replace(limit, label=f"{named('sign_state', STATES[limit.severity])} {limit.value:g}")
        for limit in day.limits
    ]
    return replace(day, limits=limits, reach=reach_of(limits, [v for _, v in day.line]))


def _limits(d: Indicator) -> str:
    """黄 ≥ 0.37、≤ 0.27　红 ≥ 0.4、≤ 0.24 MPa"""
    held, told = limits_of(d), []
    for state, low, high in ((YELLOW, held.lo1, held.hi1), (RED, held.lo2, held.hi2)):
        ends = [f"{sign} {v:g}" for sign, v in (("≥", high), ("≤", low)) if v is not None]
        if ends:
            told.append(f"{named('sign_state', state)} {'、'.join(ends)}")
    return f"{BETWEEN.join(told)} {measured_in(d.unit)}".strip()


def _categories(d: Indicator) -> str:
    """黄 Ⅳ 类　红 Ⅴ 类、劣 Ⅴ 类"""
    told = []
    for state in (YELLOW, RED):
        names = [row.name(language()) for row in scale(d) if row.facts["level"] == state]
        told += [f"{named('sign_state', state)} {'、'.join(names)}"] if names else []
    return BETWEEN.join(told)


def _eased(d: Indicator) -> str:
    """How far back a value must be to count as milder."""
    if not any(limit is not None for limit in limits_of(d)):
        return ""
    told = f"{hysteresis(d):.3g} {measured_in(d.unit)}".strip()
    return tr(
        "{n}，转好须保持 {span}", n=told, span=_span(int(codes.limit("dwell_periods") * d.period_s))
    )


def _span(seconds: int) -> str:
    minutes = seconds * SECOND / MINUTE
    if minutes < 60:
        return tr("{n} 分钟", n=f"{minutes:g}")
    return (
        tr("{n} 小时", n=f"{minutes / 60:g}")
        if minutes < 1440
        else tr("{n} 天", n=f"{minutes / 1440:g}")
    )


def _formula(d: Indicator) -> str:
    if scale(d):
        return ""  # the names of its categories stand among the limits
    if d.formula == INDEX:
        return tr("HJ 633-2012，各项分指数取最大")
    return named("aqi_node", d.formula) if d.formula in rows("aqi_node") else plain(d.formula)


def _level(d: Indicator, value: float | None) -> str:
    return level_of(rows("aqi_level"), value) if d.formula == INDEX else ""
