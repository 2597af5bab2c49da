"""The map as a user meets it."""

from __future__ import annotations

import dataclasses
import gc
from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import Any

import numpy as np
import pytest
from memory import held
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLineEdit

from commandwall.alarms import RTNUN, UNACK, Alarm
from commandwall.areas import Area, Credit
from commandwall.clock import Ms
from commandwall.events import Event
from commandwall.picture import Changes, Picture, Readings, SyncState, Tick
from commandwall.store.pulse import Sync
from layers import Layer, crowd, load_layers
from layers.alarms import look_of, title_of
from layers.marks import FILLED, HOLLOW, UNKNOWN
from layers.overlay import Blinker, fit_parts, scale_length
from layers.scene import Dots, Scene
from layers.style import Style

Make = Callable[..., Any]
HOSTILE = ("<img src='/dev/zero'>", "‮\x00\n" * 50, "长" * 50_000, "", "a\ud800b"[:1])


def pixels(view: Any) -> np.ndarray:
    """(height, width, 3) of what the widget shows."""
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
    return rows[:, : image.width(), 2::-1].astype(np.int64)


def devices_in(city: Any, area: str) -> list[int]:
    """Rows of the devices of an area."""
    sensors = city.picture.sensors
    return [i for i, at in enumerate(sensors.area_index) if sensors.areas[at].startswith(area)]


def settle(view: Any, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: view.board.idle)


def hued(picture: np.ndarray) -> float:
    """Share of pixels with a hue of people's work (water and hills stay far below)."""
    return float((picture.max(axis=2) - picture.min(axis=2) > 80).mean())


def spot(view: Any, lon: float, lat: float) -> QPoint:
    x, y = view.scene.project([lon], [lat])
    px, py = view.navigator.view.pixel(float(x[0]), float(y[0]))
    return QPoint(round(px), round(py))


@pytest.mark.parametrize(
    "room, told",
    [(99, "CGCS2000　·　© 测绘　·　42 秒前"), (18, "© 测绘　·　42 秒前"), (3, "42 秒前")],
)
def test_beside_the_scale_stands_only_what_has_room_the_age_always(room: int, told: str) -> None:
    assert fit_parts("CGCS2000　·　© 测绘　·　42 秒前", room, len) == told


def test_a_calm_map_has_almost_no_hue(make_map: Make, city: Any) -> None:
    assert hued(pixels(make_map(city, 1056, 760))) < 0.0005
    city.three_alarms()
    shown = hued(pixels(make_map(city, 1056, 760)))
    assert 0.0005 < shown < 0.005


def test_the_first_view_is_the_whole_city(make_map: Make, city: Any) -> None:
    view = make_map(city)
    middle = pixels(view)[200:280, 280:360]
    assert np.median(middle, axis=(0, 1)).tolist() == pytest.approx([18, 27, 36], abs=8)
    assert pixels(view)[2, 2].tolist() == [11, 17, 24]


@pytest.mark.parametrize("mpp", [None, 14.0, 2.0])
def test_what_is_drawn_is_of_the_types_that_were_compiled_ahead(
    make_map: Make, city: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch, mpp: float | None
) -> None:
    """Dots of units were of another: the first map compiled six kernels anew, for half a minute."""
    met, plain = set[str](), crowd.in_sight

    def look(x: Any, y: Any, sprite: Any, bounds: Any) -> Any:
        met.add(str(sprite.dtype))
        return plain(x, y, sprite, bounds)

    monkeypatch.setattr(crowd, "in_sight", look)
    view = make_map(city)
    if mpp is not None:
        building = list(city.picture.buildings.values())[40]
        view.look_at(building.lon, building.lat, mpp)
    qtbot.waitUntil(lambda: view.board.idle)
    assert met == {"int32"}


def test_it_never_moves_by_itself(make_map: Make, city: Any, qtbot: Any) -> None:
    view = make_map(city)
    field = QLineEdit(view)  # a person types into the same window
    field.show()
    field.setFocus()
    view.navigator.pan(40, 12)
    before = view.navigator.view
    for i in range(5):
        city.alarm(f"x{i}", 1, i, -i, state=UNACK)
        city.picture.now = Ms(city.picture.now + 1000)
        view.refresh(city.picture, city.changes(Alarm, Event, Area, Readings, Tick))
        settle(view, qtbot)
    assert view.navigator.view == before
    assert field.hasFocus()


def test_a_hand_drags_and_z_brings_back(make_map: Make, city: Any, qtbot: Any) -> None:
    view = make_map(city)
    before = view.navigator.view
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
    qtbot.mouseMove(view, QPoint(330, 220))
    qtbot.mouseMove(view, QPoint(360, 240))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(360, 240))
    assert view.navigator.view.cx == pytest.approx(before.cx - 60 * before.mpp)
    qtbot.keyClick(view, Qt.Key.Key_Z)
    assert view.navigator.view == before
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.navigator.view.mpp < before.mpp
    qtbot.keyClick(view, Qt.Key.Key_Z)
    qtbot.keyClick(view, Qt.Key.Key_Z)
    assert view.navigator.view == before


def test_a_click_picks_the_alarm_and_not_what_lies_below(
    make_map: Make, city: Any, qtbot: Any
) -> None:
    city.three_alarms()
    view = make_map(city)
    alarm = city.picture.alarms["A1"]
    with qtbot.waitSignal(view.picked) as picked:
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=spot(view, alarm.lon, alarm.lat))
    assert picked.args == ["alarm", "A1"]


def test_hovering_tells_the_area_exactly(make_map: Make, city: Any, qtbot: Any) -> None:
    view = make_map(city)
    view.set_visible("events", False)
    view.set_visible("sensors", False)
    for area in [a for a in city.picture.areas.values() if a.level == 1]:
        hit = view.hit(QPointF(spot(view, area.lon, area.lat)))
        assert (hit.kind, hit.id) == ("area", area.id)
    assert view.hit(QPointF(1, 1)) is None


def test_drilling_down_and_up(make_map: Make, city: Any, qtbot: Any) -> None:
    view = make_map(city)
    town = city.picture.areas["320281003"]
    wide = view.navigator.view.mpp
    with qtbot.waitSignal(view.entered) as entered:
        qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=spot(view, town.lon, town.lat))
    assert entered.args == [["320281", "320281003"]]
    assert view.navigator.view.mpp < wide
    with qtbot.waitSignal(view.entered) as entered:
        qtbot.keyClick(view, Qt.Key.Key_Backspace)
    assert entered.args == [["320281"]]
    assert view.navigator.view.mpp == pytest.approx(wide)


def test_enter_goes_into_the_chosen_area(make_map: Make, city: Any, qtbot: Any) -> None:
    view = make_map(city)
    view.select("area", "320281002")
    with qtbot.waitSignal(view.entered) as entered:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert entered.args[0][-1] == "320281002"


def test_a_hidden_layer_is_not_drawn_and_not_picked(make_map: Make, city: Any, qtbot: Any) -> None:
    city.three_alarms()
    view = make_map(city)
    view.set_visible("alarms", False)
    settle(view, qtbot)
    assert hued(pixels(view)) < 0.0005
    alarm = city.picture.alarms["A1"]
    hit = view.hit(QPointF(spot(view, alarm.lon, alarm.lat)))
    assert hit is None or hit.kind != "alarm"
    assert not next(info for info in view.layers() if info.id == "alarms").visible


def test_the_layer_tree_tells_count_and_age(make_map: Make, city: Any) -> None:
    told = {info.id: info for info in make_map(city).layers()}
    assert told["sensors"].count == 3000
    assert told["events"].count == 120
    assert city.picture.now - told["events"].at == 42_000
    assert told["roads"].title == "道路"


def test_the_frame_tells_datum_and_the_oldest_layer(make_map: Make, city: Any) -> None:
    assert make_map(city).frame_text() == "CGCS2000　·　辖区界为示意　·　最旧图层 42 秒前"
    areas = city.picture.areas
    areas.update({code: dataclasses.replace(area, sketch=0) for code, area in areas.items()})
    assert make_map(city).frame_text() == "CGCS2000　·　最旧图层 42 秒前"


def test_events_are_as_old_as_the_last_word_of_the_pool(
    make_map: Make, city: Any, qtbot: Any
) -> None:
    """A layer to which no event came for minutes was told to be minutes old."""
    view = make_map(city)
    city.picture.ages["events"] = Ms(city.picture.now - 2_000)
    view.refresh(city.picture, city.changes(SyncState, Tick))
    settle(view, qtbot)
    told = {info.id: info for info in view.layers()}
    assert city.picture.now - told["events"].at == 2_000


def test_a_silent_pool_hatches_the_city_and_empties_the_marks(
    make_map: Make, city: Any, qtbot: Any
) -> None:
    city.three_alarms()
    view = make_map(city)
    before = pixels(view)
    filled = hued(before)
    city.picture.sync = Sync(agent_at=city.picture.now, pool_at=Ms(city.picture.now - 720_000))
    city.picture.sensors.at[:] = city.picture.now - 720_000
    view.refresh(city.picture, city.changes(SyncState, Readings, Tick))
    settle(view, qtbot)
    after = pixels(view)
    assert (np.abs(after - before).max(axis=2) > 6).mean() > 0.15
    assert hued(after) < 0.75 * filled
    assert np.array_equal(after[:8, :8], before[:8, :8])  # outside the city nothing is claimed


def test_a_directly_heard_device_stays_live(make_map: Make, city: Any) -> None:
    alarm, picture = city.alarm("A", 2, 0, 0), city.picture
    scene = make_map(city).scene
    assert look_of(alarm, picture, scene) == FILLED
    picture.sync = Sync(pool_at=Ms(picture.now - 720_000))
    assert look_of(alarm, picture, scene) == FILLED  # it spoke after the pool fell silent
    picture.sensors.at[:] = picture.now - 730_000
    assert look_of(alarm, picture, scene) == UNKNOWN


def test_a_returned_alarm_is_hollow_and_a_silent_device_unknown(make_map: Make, city: Any) -> None:
    back, gone = city.alarm("A", 2, 0, 0, state=RTNUN), city.alarm("B", 2, 0, 0)
    scene = make_map(city).scene
    assert look_of(back, city.picture, scene) == HOLLOW
    city.picture.sensors.quality[city.picture.sensors.row_of[gone.sensor]] = 2
    assert look_of(gone, city.picture, scene) == UNKNOWN
    assert title_of(back, city.picture, scene) == "燃气 27 %LEL"
    city.picture.sensors.value[city.picture.sensors.row_of[back.sensor]] = 31.0
    assert title_of(back, city.picture, scene) == "燃气 31 %LEL"  # as its age says: of now


def test_an_area_of_silent_devices_is_hatched(make_map: Make, city: Any, qtbot: Any) -> None:
    view = make_map(city)
    before = pixels(view)
    dead = devices_in(city, "320281004")
    city.picture.sensors.quality[dead] = 2
    view.refresh(city.picture, city.changes(Readings, Tick))
    settle(view, qtbot)
    changed = (np.abs(pixels(view) - before).max(axis=2) > 6).mean()
    assert 0.005 < changed < 0.1


def test_colouring_by_a_figure_keeps_hue_for_what_is_over_its_limit(
    make_map: Make, city: Any, qtbot: Any
) -> None:
    view = make_map(city)
    city.picture.counters = type(city.picture.counters)(open_by_area={"320281001": 50})
    plain = pixels(view)
    view.set_figure("open_events")
    settle(view, qtbot)
    assert view.figures()["320281001"] == 50
    assert (np.abs(pixels(view) - plain).max(axis=2) > 6).mean() > 0.02
    assert hued(pixels(view)) < 0.0005
    dead = devices_in(city, "320281001")
    city.picture.sensors.quality[dead] = 2
    view.set_figure("silent")
    settle(view, qtbot)
    assert view.figures()["320281001"] == 100


def test_buildings_take_their_registry_colour_on_request_only(
    make_map: Make, city: Any, qtbot: Any
) -> None:
    view = make_map(city)
    building = next(iter(city.picture.buildings.values()))
    view.look_at(building.lon, building.lat, 1.0)
    settle(view, qtbot)
    assert hued(pixels(view)) < 0.0005
    view.set_registry(True)
    settle(view, qtbot)
    assert hued(pixels(view)) > 0.0005


def test_events_known_to_an_area_only_are_counted_there(make_map: Make, city: Any) -> None:
    city.picture.events.clear()
    for i in range(7):
        city.event(f"p{i}", None, None, placed="area", area="320281003")
    view = make_map(city)
    texts = [t for item in view.scene.items() for t in getattr(item, "texts", ())]
    assert "◌ 7 件按辖区" in texts


def test_theme_scale_and_language_change_while_running(
    make_map: Make, city: Any, qtbot: Any
) -> None:
    view = make_map(city)
    view.set_theme("day")
    settle(view, qtbot)
    assert pixels(view)[2, 2].tolist() == [238, 241, 244]
    view.set_scale(2.0)
    settle(view, qtbot)
    assert view.scene.style.font(18).pixelSize() == 36


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_drawn_as_letters(make_map: Make, city: Any, text: str) -> None:
    city.event("bad", 120.27, 31.91, title=text)
    area = next(a for a in city.picture.areas.values() if a.level == 1)
    city.picture.areas[area.id] = type(area)(
        area.id, 1, text, area.parent, area.lon, area.lat, area.geom, 1
    )
    view = make_map(city)
    view.look_at(120.27, 31.91, 1.0)
    pixels(view)


def test_broken_records_do_not_take_the_map_away(make_map: Make, city: Any) -> None:
    areas = city.picture.areas
    areas["320281099"] = Area("320281099", 1, "坏", "320281", 120.2, 31.9, b"\x01broken", 1)
    city.event("nan", float("nan"), float("nan"))
    city.alarm("far", 1, 1e6, 0)
    assert hued(pixels(make_map(city))) < 0.01


def test_an_empty_picture_shows_empty_ground(qtbot: Any) -> None:
    from layers.map import MapView

    view = MapView([])
    qtbot.addWidget(view)
    view.resize(200, 100)
    view.refresh(Picture(), Changes(Ms(1)))
    assert pixels(view)[5, 5].tolist() == [11, 17, 24]
    view.shut()


class HeatLayer(Layer):
    """A whole plug-in."""

    id, title, order = "heat", "事件热力", 58
    shows = frozenset({Event})

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        views = [v for v in picture.events.values() if v.event.lon is not None]
        x, y = scene.project([v.event.lon for v in views], [v.event.lat for v in views])
        order = np.argsort(y)
        colours = np.array([scene.style.paint("s1", 0.5)], np.uint32)
        kind = np.zeros(len(x), np.uint8)
        scene.draw(self, Dots(x[order], y[order], kind, colours, np.array([24.0])))


class BrokenLayer(Layer):
    id, title = "broken", "坏"
    shows = frozenset({Tick})

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        raise ValueError("this layer is broken")


def test_a_plug_in_draws_and_a_broken_one_is_skipped(
    city: Any, qtbot: Any, caplog: pytest.LogCaptureFixture
) -> None:
    from layers.map import MapView

    points = [
        EntryPoint("heat", f"{__name__}:HeatLayer", "commandwall.layers"),
        EntryPoint("none", "nowhere_at_all:Layer", "commandwall.layers"),
    ]
    loaded = load_layers(p for p in points if p.name == "none")
    assert loaded == []
    assert "none could not be loaded" in caplog.text
    view = MapView([HeatLayer(), BrokenLayer()])
    qtbot.addWidget(view)
    view.resize(300, 200)
    view.show()
    view.refresh(city.picture, city.changes(Event, Tick))
    qtbot.waitUntil(lambda: view.board.idle and view.pane.frame is not None)
    assert hued(pixels(view)) > 0.05
    assert "Layer broken failed" in caplog.text
    view.shut()


def test_only_unacknowledged_worst_rings_blink_and_all_in_phase() -> None:
    blinker = Blinker(Style())
    moments = np.arange(0, 4, 0.1) + 0.01
    red = [blinker.lit(1, t) for t in moments]
    orange = [blinker.lit(2, t) for t in moments]
    assert sum(red) == 24 and red[:10] == red[10:20]
    assert sum(orange) == 24 and orange[:20] == orange[20:]
    assert all(blinker.lit(severity, t) for severity in (3, 4) for t in moments)
    assert blinker.next_edge({1, 2}, 0.1) == pytest.approx(0.5)
    assert blinker.next_edge({3, 4}, 0.1) is None
    blinker.reduced = True
    assert all(blinker.lit(1, t) for t in moments)
    assert blinker.next_edge({1}, 0.1) is None


def test_a_blinking_ring_goes_out_and_its_mark_stays(
    make_map: Make, city: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.alarm("A", 1, 0, 0, state=UNACK)
    view = make_map(city)
    monkeypatch.setattr(view.clock, "monotonic", lambda: 10.1)
    lit = hued(pixels(view))
    monkeypatch.setattr(view.clock, "monotonic", lambda: 10.8)
    dark = hued(pixels(view))
    assert 0 < dark < lit


@pytest.mark.parametrize(
    ("mpp", "room", "metres"), [(10, 200, 2000), (0.3, 200, 50), (25, 190, 2000)]
)
def test_the_scale_bar_is_a_round_length(mpp: float, room: float, metres: float) -> None:
    assert scale_length(mpp, room) == metres


def test_names_that_come_into_view_do_not_order_a_picture_each(
    make_map: Make, city: Any, qtbot: Any, monkeypatch: Any
) -> None:
    """Writing them must not keep every processor busy while a person moves the map."""
    for i, area in enumerate(list(city.picture.areas.values())):
        city.picture.areas[area.id] = dataclasses.replace(area, name=f"{area.name}{i}")
    view, orders, writes = make_map(city, 3200, 2200), [], []
    order, write = view.board.cook.request, view.board.scene.write_names
    monkeypatch.setattr(view.board.cook, "request", lambda *o: orders.append(o) or order(*o))
    monkeypatch.setattr(view.board.scene, "write_names", lambda *w: writes.append(w) or write(*w))
    monkeypatch.setattr("layers.board.NAMES_AT_ONCE", 1)
    view.set_theme("day")  # every name is to be written anew
    settle(view, qtbot)
    assert len(writes) > 30
    assert len(orders) < len(writes)


def test_pictures_of_a_size_that_is_gone_are_gone(make_map, city, qtbot) -> None:
    """The C library kept them in its heaps: a wall grew with each page whose map had a new size."""
    view = make_map(city, 1280, 720)
    sizes = [(1200 + 180 * i, 700 + 100 * i) for i in range(8)]
    used = []
    for _ in range(3):
        for size in sizes:
            view.resize(*size)
            settle(view, qtbot)
        view.pane.order()  # the two take turns: the other one of the last size is drawn too
        settle(view, qtbot)
        gc.collect()  # what other tests left is not what is looked for
        used.append(held())
    assert used[-1] - used[0] < 30e6
    view.resize(320, 240)
    settle(view, qtbot)
    view.pane.order()  # a slow machine may have drawn only one of the two small
    settle(view, qtbot)
    # Two pictures of eight million pixels, what covers the land, and who owns it: 14 bytes each.
    assert used[-1] - held() > 70e6


def test_the_words_of_a_licence_stand_on_the_map(make_map: Make, city: Any) -> None:
    text = "© OpenStreetMap contributors"
    city.picture.credits["osm"] = Credit("osm", text, "ODbL", "https://openstreetmap.org/copyright")
    assert text in make_map(city).frame_text().split("　·　")[-2:]  # the parts that stay longest
    city.picture.credits["osm"] = Credit("osm", "<img src=x>\n" + "长" * 500, "", "")
    assert "\n" not in make_map(city).frame_text() and len(make_map(city).frame_text()) < 200


def test_a_city_whose_shapes_are_empty_is_still_a_map(make_map: Any, city: Any) -> None:
    """Its bounds were no numbers, and the scale bar ended the program."""
    areas = city.picture.areas
    for code, area in areas.items():
        areas[code] = dataclasses.replace(area, geom=b"")
    view = make_map(city)
    view.fit()
    view.grab()
    assert np.isfinite(view.navigator.view.mpp)
