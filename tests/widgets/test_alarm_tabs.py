"""The lists beside what calls: by key and by click, each with its count, and what brings back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from builders import NOW
from PySide6.QtCore import QPoint, Qt
from world import an_alarm

from commandwall.alarms import Alarm
from commandwall.clock import DAY, HOUR, MINUTE, Ms
from widgets import age
from widgets.sheet import Sheet


@pytest.fixture
def desk(world: Any, make_wall: Callable[..., Any], qtbot: Any) -> Any:
    """The alarm list of a wall that knows one alarm of each list."""
    wall = make_wall()
    rows = [
        an_alarm("new", sensor="s1"),
        an_alarm("old", sensor="s2", cls="WLV", unit="m", raised_at=Ms(NOW - 2 * DAY)),
        an_alarm("mute", sensor="s3", cls="STALE", severity=4, state="STALE"),
        an_alarm("shelved", sensor="s4", cls="WLV", state="SHLVD", until=Ms(NOW + HOUR),
                 put_by="陈敏", reason="传感器检修", put_severity=2),
        an_alarm("under", sensor="s5", cls="STALE", severity=4, state="DSUPR", put_by="s3"),
        *(an_alarm(f"b{i}", sensor="s6", state="NORM", count=2, cleared_at=NOW,
                   raised_at=Ms(NOW - (i + 2) * HOUR)) for i in range(3)),
    ]  # fmt: skip
    world.desk.run(lambda tx: tx.put(*rows), {}, local=True)
    wall.open_page("alarms")
    world.tick({Alarm: [row for row in rows if row.state != "NORM"]})
    panel = wall.page.panels["alarm_list"]
    qtbot.waitUntil(lambda: panel._bad is not None)
    return panel


def told(panel: Any) -> str:
    panel.grab()
    return str(panel.accessibleDescription())


def press(panel: Any, key: str) -> None:
    next(command for command in panel.commands() if command.key == key).run()


def test_each_list_stands_behind_its_key_with_its_count(desk: Any) -> None:
    said = told(desk)
    for name in ("在报 3", "长期 1", "设备失联 1", "搁置停用 1", "被抑制 1", "坏点 1"):
        assert name in said
    lists = {"F1": {"new", "old", "mute"}, "F2": {"old"}, "F3": {"mute"}, "F4": {"shelved"},
             "F5": {"under"}, "F6": {"s6"}}  # fmt: skip
    for key, rows in lists.items():
        press(desk, key)
        assert set(desk.keys) == rows, key


def test_a_click_on_the_words_changes_the_list(desk: Any, qtbot: Any) -> None:
    px = desk.look.px
    at = QPoint(px(150), px(desk.top + 12))
    qtbot.mouseClick(desk, Qt.MouseButton.LeftButton, pos=at)
    assert desk.tab == 1 and desk.keys == ["old"]


def test_an_empty_list_says_so_in_words(world: Any, make_wall: Any, qtbot: Any) -> None:
    wall = make_wall()
    wall.open_page("alarms")
    world.tick({Alarm: []})
    panel = wall.page.panels["alarm_list"]
    qtbot.waitUntil(lambda: panel._bad is not None)
    for key, words in (("F2", "没有长期"), ("F4", "没有搁置"), ("F6", "没有反复告警")):
        press(panel, key)
        assert words in told(panel)


def test_what_is_put_aside_says_until_when_by_whom_and_why_and_comes_back_there(
    desk: Any, world: Any, qtbot: Any
) -> None:
    press(desk, "F4")
    said = told(desk)
    assert "传感器检修" in said and "陈" in said and "1.0 时" in said
    desk.choose("shelved")
    press(desk, "S")
    state = lambda: world.store.read(lambda r: r.get(Alarm, "shelved"))  # noqa: E731
    qtbot.waitUntil(lambda: state().state == "UNACK")
    world.tick({Alarm: [state()]})
    assert desk.keys == [] and "搁置停用 0" in told(desk)


def test_one_that_stands_too_long_says_since_which_day_and_how_long(desk: Any) -> None:
    assert age.stamp(NOW, Ms(NOW - 2 * DAY)) in told(desk), "14:00 alone would be today's"
    press(desk, "F2")
    assert "2.0 日" in told(desk)


def test_bad_actors_are_counted_in_the_store_and_put_out_of_service_from_there(
    desk: Any, world: Any, qtbot: Any
) -> None:
    press(desk, "F6")
    said = told(desk)
    assert "正常" in said and "6" in said and "3" in said
    desk.choose("s6")
    assert desk.chosen_alarm().id == "b0", "the newest of the device"
    press(desk, "X")
    sheet = next(s for s in desk.window().findChildren(Sheet) if s.isVisible())
    sheet._fields["work_order"][1].setText("WO-7")
    sheet.accept()
    state = lambda: world.store.read(lambda r: r.get(Alarm, "b0"))  # noqa: E731
    qtbot.waitUntil(lambda: state().state == "OOSRV")
    world.tick({Alarm: [state()]})
    assert "停用" in told(desk)
    press(desk, "F4")
    assert set(desk.keys) == {"shelved", "b0"} and "WO-7" in told(desk)


def test_bad_actors_that_come_while_their_list_is_open_stand_in_it(desk: Any) -> None:
    found = list(desk._bad.values())
    desk._take_bad([])
    press(desk, "F6")
    assert desk.keys == []
    desk._take_bad(found)
    assert desk.keys == ["s6"]


def test_space_takes_no_row_that_nobody_chose_in_the_other_lists(desk: Any, world: Any) -> None:
    press(desk, "F2")
    desk.acknowledge()
    world.desk.keep("after", "1").result()
    assert world.store.read(lambda r: r.get(Alarm, "old")).state == "UNACK"


def test_what_a_parent_suppresses_is_counted_on_its_row(desk: Any) -> None:
    assert "压住 1 个" in told(desk)


def test_a_flood_stays_behind_its_own_word(desk: Any, world: Any) -> None:
    rows = [an_alarm(f"f{i}", sensor=f"d{i}", severity=3, raised_at=NOW) for i in range(30)]
    press(desk, "F4")
    world.tick({Alarm: rows})
    assert desk.keys == ["shelved"] and "洪峰" not in told(desk)
    press(desk, "F1")
    assert "洪峰" in told(desk)


def test_a_suppressed_alarm_makes_no_flood(desk: Any, world: Any) -> None:
    rows = [
        an_alarm(f"f{i}", sensor=f"d{i}", cls="STALE", severity=4, state="DSUPR", put_by="s3",
                 raised_at=Ms(NOW - MINUTE)) for i in range(30)
    ]  # fmt: skip
    world.tick({Alarm: rows})
    assert not desk.flood and "压住 31 个" in told(desk)


def test_a_new_alarm_stands_beneath_the_others_where_there_is_room(desk: Any, world: Any) -> None:
    """An orange one nobody had answered for minutes was but a count under an empty list."""
    press(desk, "J")
    before, chosen = list(desk.keys), desk.current
    world.tick({Alarm: [an_alarm("worse", sensor="s7", severity=1)]})
    assert desk.keys == [*before, "worse"] and desk.current == chosen, "what stands is not moved"
    assert "新到" not in told(desk)
    press(desk, "N")
    assert desk.keys[0] == "worse"
    desk.resize(desk.width(), desk.look.px(300))
    world.tick({Alarm: [an_alarm("more", sensor="s8")]})
    assert "more" not in desk.keys and "新到 1 条在下方，按 N 显示" in told(desk)
