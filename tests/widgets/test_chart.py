"""The trend of a figure: a wall draws it anew each minute for months."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from widgets import theme
from widgets.chart import Day
from widgets.look import Look
from widgets.metrics import Metrics
from widgets.plot import Plot
from widgets.settled import Settled
from widgets.trend import Trend


def test_a_trend_that_is_drawn_for_days_keeps_no_picture_of_what_it_drew(qtbot: QtBot) -> None:
    trend = Plot(Look(theme.load("dark"), Metrics(1.0)))
    qtbot.addWidget(trend)
    for minute in range(1, 60):
        trend.show_day(Day(10.0, [(0.0, 1.0), (10.0, float(minute))]))
        trend.grab()
    assert len(trend._dot.fragmentAtlas) == 1  # else it grows by one for each minute
    assert len(trend._dot.data) == 1 and trend._dot.data["y"][0] == 59.0


def lit(trend: Trend, look: Look) -> bool:
    """Whether anything has the colour of a line."""
    image, colour = trend.grab().toImage(), look.colour("data")
    return any(
        image.pixelColor(x, y) == colour
        for x in range(image.width())
        for y in range(image.height())
    )


def test_a_trend_that_was_told_before_the_first_picture_is_drawn_once_that_stands(
    qtbot: QtBot,
) -> None:
    look, settled = Look(theme.load("dark"), Metrics(1.0)), Settled()
    trend = Trend(look, settled)
    qtbot.addWidget(trend)
    trend.resize(200, 80)
    trend.show_day(Day(10.0, [(0.0, 1.0), (10.0, 1.0)]))
    trend.show_day(Day(20.0, [(0.0, 1.0), (20.0, 3.0)]))
    trend.show()
    assert not lit(trend, look)
    settled.come()
    assert lit(trend, look)
    assert trend.plot is not None and trend.plot.size() == trend.size()
    trend.resize(300, 90)
    assert trend.plot.size() == trend.size()


def test_a_trend_whose_city_does_not_come_is_drawn_all_the_same(qtbot: QtBot) -> None:
    look = Look(theme.load("dark"), Metrics(1.0))
    trend = Trend(look, Settled(latest_ms=1))
    qtbot.addWidget(trend)
    trend.resize(200, 80)
    trend.show_day(Day(10.0, [(0.0, 1.0), (10.0, 1.0)]))
    qtbot.waitUntil(lambda: lit(trend, look))
