"""The alarm desk in a flood: rows that a person reads, keys for everything, the worst on top."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from builders import NOW
from PySide6.QtCore import Qt
from world import an_alarm, an_area

from commandwall.alarms import ACKED, NORM, UNACK, Alarm
from commandwall.areas import VILLAGE, Area
from commandwall.clock import SECOND, Ms


@pytest.fixture
def flooded(world: Any, make_wall: Callable[..., Any]) -> Any:
    """The alarm list of a wall in which 40 alarms of two causes came within a minute."""
    wall = make_wall()
    rows = [
        an_alarm(f"A{i}", sensor=f"d{i}", cls=("GAS", "RWL")[i % 2], severity=3,
                 raised_at=Ms(NOW - i * SECOND // 4))
        for i in range(40)
    ]  # fmt: skip
    world.desk.run(lambda tx: tx.put(*rows), {}, local=True)
    wall.open_page("alarms")
    world.tick({Alarm: rows})
    return wall.page.panels["alarm_list"]


def told(panel: Any) -> str:
    panel.grab()
    return str(panel.accessibleDescription())


def states(world: Any) -> list[str]:
    rows = world.store.read(lambda r: r.find(Alarm))
    return [r.state for r in rows]


def test_a_flood_collapses_to_groups_and_says_so(flooded: Any) -> None:
    assert len(flooded.keys) == 2
    assert "洪峰" in told(flooded) and "10 分钟 40 条，收拢为 2 组" in told(flooded)


def test_the_worst_comes_on_top_at_once_though_another_row_is_chosen(
    flooded: Any, world: Any
) -> None:
    flooded.choose(flooded.keys[1])
    chosen = flooded.current
    world.tick({Alarm: [an_alarm("P1", sensor="x", severity=1, raised_at=NOW)]})
    assert flooded.keys[0] == "P1" and flooded.current == chosen
    assert "Ⅰ级 1 条单列" in told(flooded)


def test_the_worst_tells_its_limit_and_the_value_it_alarmed_with_until_another_is_known(
    flooded: Any, world: Any
) -> None:
    """A wall that has just begun has heard of no reading yet."""
    worst = an_alarm("P1", rule="GAS-1", severity=1, value=56.4, raised_at=NOW)
    world.tick({Alarm: [worst]})
    assert "燃气 56.4\u2009%LEL" in told(flooded) and "燃气 ≥ 50 %LEL　s0" in told(flooded)


def test_a_group_unfolds_and_is_acknowledged_by_keys_alone(
    flooded: Any, world: Any, qtbot: Any
) -> None:
    qtbot.keyClick(flooded, Qt.Key.Key_Down)
    qtbot.keyClick(flooded, Qt.Key.Key_Right)
    assert len(flooded.keys) == 22
    qtbot.keyClick(flooded, Qt.Key.Key_Down)
    assert flooded.current in world.picture.alarms
    qtbot.keyClick(flooded, Qt.Key.Key_Left)
    assert len(flooded.keys) == 2 and flooded.current == flooded.keys[0]
    flooded.acknowledge()
    assert "按 G 整组确认" in told(flooded) and UNACK in states(world)
    flooded.acknowledge_group()
    qtbot.waitUntil(lambda: states(world).count(ACKED) == 20)
    assert states(world).count(UNACK) == 20, "the other group waits as before"


def test_groups_keep_their_place_until_they_are_asked_for(flooded: Any, world: Any) -> None:
    before = list(flooded.keys)
    worse = [an_alarm("W", sensor="w", cls="WLV", severity=2, raised_at=NOW)]
    world.tick({Alarm: worse})
    assert flooded.keys[:2] == before and len(flooded.keys) == 3
    flooded.renew()
    assert flooded.keys[1:] == before


def test_f_shows_a_flood_one_by_one_and_back(flooded: Any) -> None:
    flooded.flatten()
    assert len(flooded.keys) == 40
    flooded.flatten()
    assert len(flooded.keys) == 2


def test_when_it_is_over_alarms_stand_alone_again(flooded: Any, world: Any) -> None:
    world.clock.at += 11 * 60 * SECOND
    world.tick({Alarm: [replace(a, state=ACKED) for a in world.picture.alarms.values()]})
    assert "洪峰" not in told(flooded) and len(flooded.keys) == 40


def test_when_it_is_over_what_stood_in_groups_stands_beside_what_stood_alone(
    flooded: Any, world: Any
) -> None:
    world.tick({Alarm: [an_alarm("worst", sensor="x", severity=1, raised_at=NOW)]})
    assert flooded.keys[0] == "worst" and len(flooded.keys) == 3
    world.clock.at += 11 * 60 * SECOND
    world.tick({})
    assert "洪峰" not in told(flooded) and len(flooded.keys) == 41


def test_the_begin_and_the_end_of_a_flood_of_thousands_are_shown_at_once(
    flooded: Any, world: Any
) -> None:
    """However soon after the list was last put in order: no row is one of the other form."""
    old = Ms(NOW - 20 * 60 * SECOND)
    world.tick({Alarm: [an_alarm(f"m{i}", sensor=f"m{i}", raised_at=old) for i in range(1_200)]})
    world.clock.at += 10 * 60 * SECOND - 1_100  # five of the forty count still
    world.tick({})
    assert flooded.flood and flooded.shown.rows <= 20
    world.clock.at += 200  # four do, and the list was put in order just now
    world.tick({})
    assert not flooded.flood and not flooded.shown.groups and len(flooded.shown.alone) == 1_240
    now = Ms(world.clock.at)
    world.tick({Alarm: [an_alarm(f"z{i}", sensor=f"z{i}", raised_at=now) for i in range(40)]})
    assert flooded.flood and flooded.shown.rows <= 20 and len(flooded.keys) <= 20


def test_what_is_over_leaves_its_row_at_once(flooded: Any, world: Any) -> None:
    world.tick({Alarm: [an_alarm(f"m{i}", sensor=f"m{i}", severity=1) for i in range(3)]})
    many = [an_alarm(f"n{i}", sensor=f"n{i}", severity=3) for i in range(1_200)]
    world.tick({Alarm: many})
    assert flooded.keys[:3] == ["m0", "m1", "m2"]
    world.tick({Alarm: [replace(world.picture.alarms["m1"], state=NORM)]})
    assert "m1" not in flooded.keys


def test_a_place_that_comes_to_be_known_gives_its_group_a_name(flooded: Any, world: Any) -> None:
    rows = [an_alarm(f"v{i}", sensor=f"v{i}", cls="DOR", severity=2, area="v1") for i in range(5)]
    world.tick({Alarm: rows})
    assert {g.place for g in flooded.shown.groups if g.cls == "DOR"} == {""}
    world.tick({Area: [an_area("v1", VILLAGE, "新村", "320281")]})
    assert {g.place for g in flooded.shown.groups if g.cls == "DOR"} == {"v1"}


def test_among_thousands_one_of_the_worst_is_on_top_at_once(flooded: Any, world: Any) -> None:
    world.tick({Alarm: [an_alarm(f"m{i}", sensor=f"m{i}", severity=3) for i in range(1_200)]})
    world.tick({Alarm: [an_alarm("late", sensor="x1", severity=1)]})
    assert flooded.keys[0] == "late" and flooded.shown.rows <= 20
    known = sum(group.waiting for group in flooded.shown.groups)
    world.tick({Alarm: [an_alarm("more", sensor="x2", severity=3)]})
    assert sum(group.waiting for group in flooded.shown.groups) == known  # in half a second
    world.tick({Alarm: [an_alarm("m7", sensor="m7", severity=1)]})
    assert [alarm.id for alarm in flooded.shown.alone].count("m7") == 1
    assert "m7" not in {a.id for group in flooded.shown.groups for a in group.alarms}
    assert sum(group.waiting for group in flooded.shown.groups) == known  # one more, one less


def test_more_of_the_worst_than_stand_alone_at_once_are_never_more_rows_than_a_person_reads(
    flooded: Any, world: Any
) -> None:
    many = [an_alarm(f"m{i}", sensor=f"m{i}", severity=3) for i in range(1_200)]
    other = [
        an_alarm(f"o{i}", sensor=f"o{i}", cls=("GAS", "RWL", "PWR")[i % 3], severity=3,
                 lat=31 + i / 10, area="")
        for i in range(30)
    ]  # fmt: skip
    world.tick({Alarm: many + other})
    for i in range(15):
        world.tick({Alarm: [an_alarm(f"w{i}", sensor=f"w{i}", severity=1)]})
        held = {a.id for group in flooded.shown.groups for a in group.alarms}
        assert flooded.shown.rows <= 20 and f"w{i}" in held.union(flooded.keys)


def test_rows_without_room_are_said(flooded: Any, world: Any) -> None:
    worst = [an_alarm(f"w{i}", sensor=f"w{i}", severity=1) for i in range(12)]
    world.tick({Alarm: worst})
    flooded.window().resize(1920, 700)
    flooded.grab()
    hidden = len(flooded.keys) - len(flooded._boxes())
    assert hidden > 0 and f"下面还有 {hidden} 行" in told(flooded)
