"""The trend of a figure: a wall draws it anew each minute for months."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from widgets import theme
from widgets.chart import Day, Trend
from widgets.look import Look
from widgets.metrics import Metrics


def test_a_trend_that_is_drawn_for_days_keeps_no_picture_of_what_it_drew(qtbot: QtBot) -> None:
    trend = Trend(Look(theme.load("dark"), Metrics(1.0)))
    qtbot.addWidget(trend)
    for minute in range(1, 60):
        trend.show_day(Day(10.0, [(0.0, 1.0), (10.0, float(minute))]))
        trend.grab()
    assert len(trend._dot.fragmentAtlas) == 1  # else it grows by one for each minute
    assert len(trend._dot.data) == 1 and trend._dot.data["y"][0] == 59.0
