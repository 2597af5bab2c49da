"""Geometry, viewport and words: what is drawn is where and what it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely

from commandwall.clock import DAY, HOUR, MINUTE, SECOND, Ms
from commandwall.plain import plain as one_line
from layers import geometry, words
from layers.scene import plain
from layers.sprites import LETTERS
from layers.viewport import Viewport

NOW = Ms(1_763_706_727_000)  # 14:32:07 in Shanghai


def same(lon: Any, lat: Any) -> Any:
    return np.asarray(lon, float), np.asarray(lat, float)


def test_a_border_of_two_areas_is_one_line() -> None:
    halves = [shapely.box(0, 0, 5, 10), shapely.box(5, 0, 10, 10), shapely.box(0, 0, 10, 10)]
    parts = geometry.polygons([shapely.to_wkb(h) for h in halves], same)
    lines = geometry.borders(parts, np.array([1, 1, 0]))
    assert length(lines[0]) == pytest.approx(40)
    inner = lines[1][(lines[1][:, 0] == 5) & (lines[1][:, 2] == 5)]
    assert length(inner) == pytest.approx(10)


def length(segments: Any) -> float:
    return float(np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1]).sum())


def test_what_cannot_be_read_becomes_nothing_and_keeps_its_row() -> None:
    good = shapely.to_wkb(shapely.box(0, 0, 1, 1))
    point = shapely.to_wkb(shapely.Point(1, 1))
    parts = geometry.polygons([b"", good, b"rubbish", point, good], same)
    assert np.isnan(parts.box[[0, 2, 3]]).all()
    assert parts.box[[1, 4]].tolist() == [[0, 0, 1, 1]] * 2


def test_lines_know_how_far_along_they_are() -> None:
    line = shapely.to_wkb(shapely.LineString([(0, 0), (3, 4), (3, 10)]))
    segments, along, owner = geometry.lines([line, line], same)
    assert len(segments) == 4
    assert along.tolist() == [0, 5, 0, 5]
    assert owner.tolist() == [0, 0, 1, 1]


def test_the_point_under_the_pointer_stays_while_zooming() -> None:
    view = Viewport(100.0, 200.0, 10.0, 800, 600)
    spot = view.sheet(700, 50)
    assert view.zoomed(3.0, 700, 50).sheet(700, 50) == pytest.approx(spot)


def test_a_frame_around_another_middle_moves_by_whole_pixels() -> None:
    view = Viewport(103.3, 207.7, 7.0, 801, 599)
    first, second = view.overscanned(1.5), view.panned(35.4, 11.9).overscanned(1.5)
    x, y, k = first.offset_of(second)
    assert (x, y) == pytest.approx((round(x), round(y)), abs=1e-6)
    assert k == 1
    assert first.covers(view, 0.1)


def test_fitted_bounds_lie_within() -> None:
    view = Viewport(0.0, 0.0, 1.0, 800, 600).fitted((-4000.0, -1000.0, 4000.0, 1000.0), 0.05)
    left, top, right, bottom = view.bounds
    assert left < -4000 < 4000 < right
    assert top < -1000 < 1000 < bottom


@pytest.mark.parametrize(
    ("old", "said"),
    [
        (3 * SECOND, "3 秒前"), (9 * MINUTE, "9 分前"), (12 * MINUTE, "停于 14:20"),
        (DAY + 12 * MINUTE, "停于 11-20 14:20"),
    ],
)  # fmt: skip
def test_an_age_is_said_in_one_style(old: int, said: str) -> None:
    assert words.age(plain, NOW, Ms(NOW - old)) == said


def test_no_moment_is_a_dash_and_a_clock_ahead_is_now() -> None:
    assert words.age(plain, NOW, None) == "—"
    assert words.age(plain, NOW, Ms(NOW + HOUR)) == "0 秒前"


@pytest.mark.parametrize(
    ("number", "unit", "said"), [(27.0, "%LEL", "27 %LEL"), (0.3, "m", "0.30 m"), (12, "", "12")]
)
def test_values_carry_as_many_digits_as_say_something(number: float, unit: str, said: str) -> None:
    assert words.value(number, unit) == said


def test_a_label_is_one_line_of_bearable_length() -> None:
    assert one_line("a\nb\t c\x00\u202ed", LETTERS) == "a b c\ufffdd"
    assert len(one_line("长" * 100_000, LETTERS)) == LETTERS
    assert one_line("<img src='/dev/zero'>", LETTERS) == "<img src='/dev/zero'>"


def test_what_is_no_outline_of_this_world_is_left_out() -> None:
    fine = shapely.to_wkb(shapely.box(120, 31, 121, 32))
    wild = [shapely.box(-1e300, -1e300, 1e300, 1e300), shapely.Polygon(), shapely.Point(0, 91)]
    found = geometry.decode([fine, b"", b"junk", *map(shapely.to_wkb, wild)])
    assert [g is not None for g in found] == [True, False, False, False, False, False]


def test_a_point_finds_the_shape_that_holds_it_as_shapely_says() -> None:
    rng = np.random.default_rng(8)
    whole = [shapely.Point(*rng.uniform(-40, 40, 2)).buffer(rng.uniform(2, 9)) for _ in range(60)]
    holes = [shape.difference(shape.centroid.buffer(1.5)) for shape in whole]
    parts = shapely.MultiPolygon([shapely.box(60, 60, 62, 62), shapely.box(64, 60, 66, 62)])
    found = geometry.polygons([shapely.to_wkb(s) for s in (*holes, parts)], lambda x, y: (x, -y))
    for x, y in [*rng.uniform(-50, 50, (400, 2)).tolist(), (61, 61), (65, 61), (63, 61)]:
        row = geometry.shape_at(found, x, -y)
        holding = [i for i, s in enumerate((*holes, parts)) if s.contains(shapely.Point(x, y))]
        assert (row in holding) if holding else row == -1
    assert geometry.shape_at(geometry.NOTHING, 0, 0) == -1
