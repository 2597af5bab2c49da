"""The board of all indicators: the worst are told, found by keys, and open with their day."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import Any

import pytest
from builders import NOW
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from world import a_value, an_area, an_indicator, told_by

from commandwall.areas import TOWN, Area
from commandwall.clock import DAY, MINUTE, Ms
from commandwall.indicators import Indicator, IndicatorValue


@pytest.fixture
def board(world: Any, make_wall: Any) -> Any:
    """Yellow: env.003; red: voice.002, env.030; too old: env.005; no value: env.006."""
    late = Ms(world.picture.now - DAY)
    world.apply({
        IndicatorValue: [
            a_value("env.003", 85.0), a_value("voice.002", 96.0), a_value("env.030", 99.0),
            a_value("env.005", at=late), a_value("env.006", None),
        ],
    })  # fmt: skip
    wall = make_wall(1920, 1080)
    wall.open_page("board")
    world.tick()
    wall.grab()
    return wall


def test_all_are_counted_by_domain_with_the_oldest(board: Any) -> None:
    told = told_by(board, "sign_board")
    assert "红 1　黄 1 / 40" in told and "红 1　黄 0 / 8" in told
    assert "正常，2 项不明" in told  # the mean of a service; what is not known is no green
    assert "最旧" in told


def test_keys_go_through_the_red_then_the_yellow_then_the_old(board: Any) -> None:
    panel = board.page.panels["sign_board"]
    seen = [panel.current]
    for _ in range(5):
        panel._walk(1)
        seen.append(panel.current)
    assert seen == ["env.030", "voice.002", "env.003", "env.005", "env.006", "env.030"]
    panel._walk(-1)
    assert panel.current == "env.006"


def test_arrows_go_to_the_next_cell_and_enter_opens_its_course(board: Any) -> None:
    panel = board.page.panels["sign_board"]
    panel.setFocus()
    boxes = {cell.id: cell.box for cell in panel._cells}
    here = boxes[panel.current]
    QTest.keyClick(panel, Qt.Key.Key_Left)
    assert boxes[panel.current].right() < here.left() and boxes[panel.current].y() == here.y()
    QTest.keyClick(panel, Qt.Key.Key_Up)
    assert boxes[panel.current].bottom() < here.top()
    name = board.picture.indicators[panel.current].name
    assert name not in told_by(board, "sign_card")
    panel.show_course()
    assert name in told_by(board, "sign_card")


def test_the_card_shows_the_worst_until_somebody_chooses(world: Any, board: Any) -> None:
    told = told_by(board, "sign_card")
    assert "体征 env.030" in told and "99" in told and "红，起于" in told
    assert "黄 ≥ 80　红 ≥ 95 %" in told
    assert "0.75 %，转好须保持 20 分钟" in told and "每 10 分钟" in told
    world.tick({IndicatorValue: [a_value("env.030", 40.0)]})
    assert "体征 voice.002" in told_by(board, "sign_card")


@pytest.mark.parametrize(
    ("key", "said"), [("env.006", "缺值，不当作零"), ("env.005", "太旧，状态不明")]
)
def test_missing_and_old_values_say_so(board: Any, key: str, said: str) -> None:
    panel = board.page.panels["sign_board"]
    panel._stand(key)
    panel.show_course()
    assert said in told_by(board, "sign_card")


def test_a_value_that_is_better_but_not_long_enough_says_so(world: Any, board: Any) -> None:
    kept = f"[[{world.picture.now - 10 * MINUTE}, 97.0]]"
    value = a_value("env.030", 40.0)
    world.tick({IndicatorValue: [
        IndicatorValue("env.030", value.at, 40.0, 411.0, 1027.0, "", value.usual, kept)
    ]})  # fmt: skip
    told = told_by(board, "sign_card")
    assert "数值已回落，尚在保持" in told and "411 / 1,027" in told


def test_a_notice_is_blue_where_the_value_is_normal_and_told_in_words_always(
    world: Any, board: Any
) -> None:
    hand = [replace(a_value(f"env.0{n}", v), notice="manual") for n, v in ((10, 40.0), (11, 85.0))]
    world.tick({IndicatorValue: [*hand, replace(a_value("env.012"), at=Ms(NOW + DAY))]})
    panel = board.page.panels["sign_board"]
    assert [panel._looks[f"env.0{n}"] for n in (10, 11, 12)] == ["notice", "yellow", "notice"]
    assert "提示 2" in told_by(board, "sign_board")
    for key, word in (("env.010", "人工填报"), ("env.011", "人工填报"), ("env.012", "预测")):
        panel._stand(key)
        panel.show_course()
        assert word in told_by(board, "sign_board") and word in told_by(board, "sign_card")


def test_a_category_is_told_by_its_name(world: Any, board: Any) -> None:
    water = an_indicator("env.010", direction="category", formula="water", unit="")
    world.tick({Indicator: [water], IndicatorValue: [a_value("env.010", 5.0)]})
    panel = board.page.panels["sign_board"]
    panel._stand("env.010")
    panel.show_course()
    card = told_by(board, "sign_card")
    assert "Ⅴ 类" in told_by(board, "sign_board") and "Ⅴ 类" in card and "红，起于" in card
    assert "黄 Ⅳ 类　红 Ⅴ 类、劣 Ⅴ 类" in card


def test_towns_come_worst_first(world: Any, board: Any) -> None:
    towns = [an_area("t2", TOWN, "港区街道", "c"), an_area("t3", TOWN, "白渡镇", "c")]
    signs = [
        an_indicator("gas.1", domain="gas", area="t1"),
        an_indicator("gas.2", domain="gas", area="t2"),
        an_indicator("gas.3", domain="gas", area="t3"),
    ]
    values = [a_value("gas.1"), a_value("gas.2", 85.0), a_value("gas.3", 97.0)]
    world.tick({Area: towns, Indicator: signs, IndicatorValue: values})
    told = told_by(board, "sign_areas")
    assert told.index("白渡镇") < told.index("港区街道")
    assert "红 1　黄 0 / 1" in told


def test_a_cell_of_the_small_strip_opens_the_board_with_its_course(
    world: Any, make_wall: Any
) -> None:
    wall = make_wall(1920, 1080)
    wall.open_page("overview")
    wall.grab()
    strip = wall.page.panels["heat"]
    cell = next(c for c in strip._cells if c.id == "env.017")
    at = cell.box.center() * strip.look.unit
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(round(at.x()), round(at.y())))
    assert wall.page.info.id == "board"
    assert "体征 env.017" in told_by(wall, "sign_card")


@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160), (6656, 1792), (1080, 1920)])
def test_cells_fit_their_blocks_at_every_size(
    board: Any, size: tuple[int, int], world: Any
) -> None:
    board.resize(*size)
    world.tick()
    panel = board.page.panels["sign_board"]
    panel.grab()
    boxes = [cell.box for cell in panel._cells]
    assert len(boxes) == 48
    assert max(box.bottom() for box in boxes) <= panel.height() / panel.look.unit
    assert min(min(box.width(), box.height()) for box in boxes) >= 16  # minutes of arc, about
    assert all(not a.intersects(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_the_air_names_its_primary_pollutant(world: Any, make_wall: Any) -> None:
    """HJ 633-2012: of 104 μg/m³ of ozone in eight hours the index is 54, and the primary one."""
    means = {"pm25_24h": 20.0, "pm10_24h": 40.0, "so2_24h": 8.0, "no2_24h": 28.0, "co_24h": 0.6}
    signs = [an_indicator("env.001", formula="aqi", pinned=1, hi1=150.0, hi2=200.0, unit="")]
    values = [a_value("env.001", 54.0)]
    for n, (node, value) in enumerate({**means, "o3_8h": 104.0}.items()):
        signs.append(an_indicator(f"env.9{n}", formula=node, unit="μg/m³"))
        values.append(a_value(f"env.9{n}", value))
    world.apply({Indicator: signs, IndicatorValue: values})
    wall = make_wall(1920, 1080)
    wall.open_page("overview")
    world.tick()
    assert "首要 臭氧 8 小时 104" in told_by(wall, "aqi") and "良" in told_by(wall, "aqi")
    world.tick({IndicatorValue: [a_value("env.95", None)]})
    assert "缺 臭氧，不能算 AQI" in told_by(wall, "aqi")


def reds(board: Any, name: str) -> int:
    """Pixels of a panel in the colour of red, of every fourth one."""
    image, red = board.page.panels[name].grab().toImage(), board.context.look.colour("s1").rgb()
    places = ((x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2))
    return sum(image.pixel(x, y) == red for x, y in places)


def test_nothing_is_filled_once_the_pool_is_gone(world: Any, board: Any) -> None:
    """What was red is told as it was then; no filled mark from a feed that stopped."""
    before = [reds(board, name) for name in ("sign_board", "sign_card")]
    world.tick(sync=world.sync(pool_at=Ms(world.picture.now - 5 * MINUTE)))
    assert "当时 红，此后未知" in told_by(board, "sign_card")
    after = [reds(board, name) for name in ("sign_board", "sign_card")]
    assert all(n < most / 4 for n, most in zip(after, before, strict=True)), (before, after)


@pytest.mark.parametrize("size", [(1920, 1080), (5760, 2160), (1080, 1920)])
def test_the_twelve_take_the_height_that_they_are_given(make_wall: Any, size: Any) -> None:
    """On a wall of 5760 x 2160 a half of the page was empty."""
    wall = make_wall(*size)
    wall.open_page("vitals")
    panel = wall.page.panels["twelve"]
    boxes = [vital.geometry() for vital in panel._vitals()]
    assert len(boxes) == 12
    assert max(box.bottom() for box in boxes) > 0.9 * panel.height()
    assert all(box.height() <= max(260, box.width() / 2) for box in boxes)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_long_name_of_the_twelve_is_not_cut_and_keeps_its_age(
    make_wall: Any, world: Any, lang: str
) -> None:
    names = {"zh": "市第一人民医院新区 急诊候诊", "en": "Central zone end pressure"}
    row = an_indicator("env.001", pinned=1)
    row = dataclasses.replace(row, name=names["zh"], name_en=names["en"])
    world.picture.indicators["env.001"] = row
    world.picture.values["env.001"] = a_value("env.001")
    wall = make_wall()
    wall.set_language(lang)
    wall.open_page("vitals")
    first = wall.page.panels["twelve"]._vitals()[0]
    first.grab()
    said = first.accessibleDescription()
    assert names[lang] in said and "…" not in said
    assert "40 秒前" in said or "40 s ago" in said
