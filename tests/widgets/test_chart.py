"""The trend of a figure: its line, what is outside its limits, time of which nothing is known."""

from __future__ import annotations

import math

import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from widgets import theme
from widgets.chart import Day, Limit, Trend
from widgets.look import Look
from widgets.metrics import Metrics

WIDTH, HEIGHT = 480, 100
"""20 pixels for each hour."""


@pytest.fixture
def trend(qtbot: QtBot) -> Trend:
    shown = Trend(Look(theme.load("dark"), Metrics(1.0)))
    qtbot.addWidget(shown)
    shown.resize(WIDTH, HEIGHT)
    return shown


def drawn(trend: Trend, day: Day) -> QImage:
    trend.show_day(day)
    return trend.grab().toImage()


def has(image: QImage, token: str, trend: Trend, left: int = 0, right: int = WIDTH) -> bool:
    """Whether a colour stands between two columns."""
    wanted = trend.look.colour(token).rgb()
    return any(
        QColor(image.pixel(x, y)).rgb() == wanted for x in range(left, right) for y in range(HEIGHT)
    )


def test_a_line_goes_up_with_its_values_and_ends_in_a_dot(trend: Trend) -> None:
    day = Day(20.0, [(0.0, 10.0), (10.0, 10.0), (20.0, 100.0)])
    image, data = drawn(trend, day), trend.look.colour("data").rgb()
    rows = {x: [y for y in range(HEIGHT) if image.pixel(x, y) == data] for x in (100, 380, 400)}
    assert min(rows[100]) > max(rows[380]) > 0
    assert len(rows[400]) > 2 * len(rows[100])
    assert not has(image, "data", trend, left=410)


def test_an_hour_of_which_nothing_is_known_has_no_line(trend: Trend) -> None:
    day = Day(20.0, [(0.0, 5.0), (8.0, 5.0), (9.0, math.nan), (12.0, 5.0), (20.0, 5.0)])
    image = drawn(trend, day)
    assert has(image, "data", trend, 0, 150) and has(image, "data", trend, 250, 390)
    assert not has(image, "data", trend, 165, 235)


def test_what_is_outside_a_limit_has_its_colour(trend: Trend) -> None:
    day = Day(20.0, [(0.0, 0.0), (20.0, 20.0)], limits=[Limit(10.0, 2, above=True)])
    image = drawn(trend, day)
    assert has(image, "data", trend, 0, 190) and not has(image, "s2", trend, 0, 190)
    assert has(image, "s2", trend, 210, 390) and not has(image, "data", trend, 210, 385)


def test_a_line_that_stands_still_is_dimmed_and_has_no_dot(trend: Trend) -> None:
    image = drawn(trend, Day(20.0, [(0.0, 5.0), (20.0, 5.0)], frozen=True))
    assert has(image, "t3", trend) and not has(image, "data", trend)


def test_the_band_of_the_usual_stands_where_its_values_are(trend: Trend) -> None:
    band = [(float(hour), 40.0, 60.0) for hour in range(25)]
    image = drawn(trend, Day(1.0, [(0.0, 50.0), (1.0, 50.0)], band=band, reach=[0.0, 100.0]))
    ground = trend.look.colour("bg").rgb()
    column = [y for y in range(HEIGHT - 5) if image.pixel(240, y) != ground]
    high, low = (112 - 60) / 1.16, (112 - 40) / 1.16  # shown are -4 to 112
    assert column[0] == pytest.approx(high, abs=5) and column[-1] == pytest.approx(low, abs=5)


def test_a_trend_without_values_is_its_baseline_alone(trend: Trend) -> None:
    image = drawn(trend, Day(12.0, []))
    assert has(image, "ln2", trend) and not has(image, "data", trend)
