"""Tracks on the map: what is not known is dashed and says so, and no later moment is shown."""

from __future__ import annotations

from typing import Any

import numpy as np

from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.tracks import Track
from layers.scene import Line, Names
from layers.tracks import TracksLayer


def a_track(city: Any) -> Track:
    """Ten minutes westward, of which three in the middle are not known."""
    (lon, lat), now = city.middle, city.picture.now
    first = [(lon, lat, now - 10 * MINUTE), (lon + 0.004, lat, now - 8 * MINUTE)]
    then = [(lon + 0.008, lat + 0.002, now - 5 * MINUTE), (lon + 0.012, lat, now - MINUTE)]
    return Track("U1", (np.array(first, np.float64), np.array(then, np.float64)), 60)


def drawn(view: Any) -> tuple[int, int, list[str]]:
    """Segments that are solid, segments that are dashed, and what is said."""
    items = view.scene._items[TracksLayer.id][1]
    lines = [i for i in items if isinstance(i, Line)]
    solid = {len(i.segments) for i in lines if i.dash is None}
    dashed = sum(len(i.segments) for i in lines if i.dash is not None)
    return max(solid), dashed, [t for i in items if isinstance(i, Names) for t in i.texts]


def test_a_gap_is_dashed_and_says_its_times(city: Any, make_map: Any) -> None:
    city.units()
    view = make_map(city)
    view.set_tracks((a_track(city),))
    solid, dashed, told = drawn(view)
    assert (solid, dashed) == (3, 1)  # the last one up to where the unit is drawn
    assert any("起无定位" in text for text in told)
    assert any("恢复，断 3:00" in text for text in told)
    view.set_tracks(())
    assert view.scene._items[TracksLayer.id][1] == ()


def test_a_past_moment_knows_nothing_of_what_came_after(city: Any, make_map: Any) -> None:
    city.units()
    view, now = make_map(city), city.picture.now
    view.set_tracks((a_track(city),))
    city.picture.now = Ms(now - 6 * MINUTE)
    city.picture.fixes.at[:] = now - 8 * MINUTE
    view.refresh(city.picture, city.changes())
    view.board.turns.finish()
    solid, dashed, told = drawn(view)
    assert (solid, dashed) == (1, 0)
    assert any("末次定位" in text for text in told) and not any("恢复" in text for text in told)


def test_a_unit_that_is_not_heard_stands_dimmed_and_says_for_how_long(
    city: Any, make_map: Any
) -> None:
    city.units()
    city.picture.fixes.at[0] = city.picture.now - 3 * MINUTE - SECOND
    view = make_map(city)
    names = [i for i in view.scene._items["resources"][1] if isinstance(i, Names)]
    assert "无定位 3 分" in [sub for item in names for sub in item.subs]
