"""Where marks would lie on each other, the worst of them is what one sees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from commandwall.alarms import UNACK, Alarm
from commandwall.events import AREA, POINT, Event, fold
from commandwall.picture import Changes, Tick
from layers.points import Point, Points
from layers.scene import Stamps
from layers.viewport import Viewport


def stamps(n: int, cell: float, seed: int = 3) -> Stamps:
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-9000, 9000, (2, n))
    rank = rng.choice(5, n, p=[0.8, 0.1, 0.06, 0.03, 0.01]).astype(np.uint8)
    sprite, ids = np.zeros(n, np.int32), [str(i) for i in range(n)]
    return Stamps(x, y, sprite, ids=ids, rank=rank, cell=cell)


@pytest.mark.parametrize("mpp", [1.0, 3.7, 12.0, 26.0])
def test_at_every_zoom_a_cell_shows_its_worst_and_counts_all(mpp: float) -> None:
    item, view = stamps(4000, 40), Viewport(0, 0, mpp, 1920, 1080)
    rows, counts = item.shown(view)
    cell = np.floor(np.column_stack([item.x, item.y]) / (40 * mpp)).astype(int)
    for row, count in zip(rows.tolist(), counts.tolist(), strict=True):
        others = (cell == cell[row]).all(axis=1)
        px, py = view.pixel(item.x[row], item.y[row])
        if 0 <= px < view.width and 0 <= py < view.height:
            assert item.rank is not None
            assert item.rank[row] == item.rank[others].max()
            assert count == others.sum()


def test_the_worst_lie_uppermost() -> None:
    item = stamps(500, 0.0)
    rows, counts = item.shown(Viewport(0, 0, 20.0, 1920, 1080))
    assert item.rank is not None
    assert (np.diff(item.rank[rows].astype(int)) >= 0).all()
    assert (counts == 1).all()


def test_what_a_cell_shows_stays_while_the_map_is_moved() -> None:
    item, view = stamps(3000, 40), Viewport(0, 0, 10.0, 800, 600)
    here = set(item.shown(view)[0].tolist())
    there = set(item.shown(view.panned(137, -59))[0].tolist())
    left, top, right, bottom = view.bounds
    a, b, c, d = view.panned(137, -59).bounds
    both = [i for i in here | there if max(left, a) < item.x[i] < min(right, c)
            and max(top, b) < item.y[i] < min(bottom, d)]  # fmt: skip
    assert len(both) > 100
    assert all(i in here and i in there for i in both)


def test_points_follow_what_comes_and_goes() -> None:
    points, rng = Points(), np.random.default_rng(5)
    held: dict[str, int] = {}
    for step in range(60):
        new = {f"p{i}": int(rng.integers(9)) for i in rng.integers(0, 400, 30)}
        at = np.array([float(key[1:]) for key in new])
        points.put([Point(k, 0, 0, r, f"{k} {step}") for k, r in new.items()], at, -at)
        held |= new
        gone = [f"p{i}" for i in rng.integers(0, 400, 20)]
        points.drop(gone)
        held = {key: rank for key, rank in held.items() if key not in gone}
    assert dict(zip(points.ids, points.rank.tolist(), strict=True)) == held
    assert [float(key[1:]) for key in points.ids] == points.x.tolist()
    assert all(
        title.startswith(key + " ") for key, title in zip(points.ids, points.titles, strict=True)
    )


def test_one_closed_event_leaves_the_map_and_the_others_stay(make_map: Any, city: Any) -> None:
    view = make_map(city)
    layer = next(la for la in view.board.layers if la.id == "events")
    before = set(layer._points.ids)
    gone = sorted(before)[0]
    city.picture.events.pop(gone)
    news = Changes(city.picture.now, {Event: {gone: None}}, frozenset({Tick}))
    view.refresh(city.picture, news)
    view.board.turns.finish()
    assert set(layer._points.ids) == before - {gone}


def test_counts_beneath_areas_are_written_anew_only_where_they_change(
    make_map: Any, city: Any
) -> None:
    view, events = make_map(city), city.picture.events
    layer = next(la for la in view.board.layers if la.id == "events")
    one, other = sorted(layer._points.ids)[:2]

    def say(id_: str) -> list[Any]:
        view.refresh(city.picture, Changes(city.picture.now, {Event: {id_: events[id_]}}))
        view.board.turns.finish()
        return layer._counted

    events[one] = fold(replace(events[one].event, placed=AREA), None)
    counted = say(one)
    assert any("1 件按辖区" in text for names in counted for text in names.texts)
    assert say(other) is counted
    events[one] = fold(replace(events[one].event, placed=POINT), None)
    assert not say(one)


def test_what_got_a_restricted_class_leaves_its_place(make_map: Any, city: Any) -> None:
    view = make_map(city)
    layer = next(la for la in view.board.layers if la.id == "events")
    key = sorted(layer._points.ids)[0]
    told = replace(city.picture.events[key].event, title="锦绣园有人轻生", cls="crisis")
    city.picture.events[key] = fold(told, None)
    news = Changes(city.picture.now, {Event: {key: city.picture.events[key]}}, frozenset({Tick}))
    view.refresh(city.picture, news)
    view.board.turns.finish()
    assert key not in layer._points.ids and layer._on_area[key] == told.area
    texts = [t for item in view.scene.items() for t in getattr(item, "texts", ())]
    assert not [text for text in texts if "锦绣园" in text]


def test_a_unit_never_covers_an_alarm(make_map: Any, city: Any) -> None:
    order = {la.id: la.order for la in make_map(city).board.layers}
    assert order["alarms"] > max(order["resources"], order["events"], order["sensors"])


def test_of_alarms_in_one_place_the_worst_is_seen_ringed_and_picked(
    make_map: Any, city: Any, qtbot: Any
) -> None:
    city.picture.alarms.clear()
    for i in range(7):
        city.alarm(f"x{i}", 1 if i == 3 else 4, 0.0, 0.0, state=UNACK)
    view = make_map(city)
    view.refresh(city.picture, city.changes(Alarm, Tick))
    view.board.turns.finish()
    worst = city.picture.alarms["x3"]
    spot = view.point(worst.lon, worst.lat)
    hit = view.hit(QPointF(spot))
    assert (hit.kind, hit.id, hit.count) == ("alarm", "x3", 7)
    window = view.navigator.view
    for seen in (window, replace(window, mpp=window.mpp / 2)):
        assert len(view._overlay.fresh_boxes(seen, ())) == 1
        assert len(view._overlay.blinking_boxes(seen)) == 1, "the worst one's, which blinks"
