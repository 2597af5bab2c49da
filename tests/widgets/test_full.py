"""A full disk is said in red, with a sign and words; a refused act says what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import NOW
from PySide6.QtGui import QImage
from world import notice, told_by

from commandwall.clock import MINUTE, Ms
from commandwall.picture import SyncState
from commandwall.store.space import Space
from commandwall.store.store import Reason
from widgets.reasons import sentence

FULL = Space("/data", 3, 128, full=True)
LOW = Space("/data", 820, 128, low=True)
ROOM = Space("/data", 90_000, 128)


@pytest.fixture
def wall(make_wall: Any, world: Any) -> Any:
    made = make_wall()
    world.tick()
    return made


def hears(world: Any, space: Space, **sync: Any) -> None:
    marks = frozenset({SyncState})
    world.tick(space=space, markers=marks, sync=replace(world.picture.sync, **sync))


def banner(wall: Any) -> str:
    """What the banner says; nothing where it is not there."""
    return told_by(wall, "banner")


def test_the_banner_names_the_disk_and_what_to_do_in_both_languages(wall: Any, world: Any) -> None:
    assert banner(wall) == ""
    hears(world, FULL)
    for told in ("磁盘已满，只能查看", "/data", "3 MB", "128 MB", "自动恢复"):
        assert told in banner(wall)
    wall.set_language("en")
    for told in ("Disk full: view only", "/data", "3 MB", "128 MB"):
        assert told in banner(wall)
    hears(world, ROOM)
    assert banner(wall) == ""


@pytest.mark.parametrize("theme", ["dark", "day"])
@pytest.mark.parametrize("known", [False, True])
def test_it_is_red_and_has_its_sign(wall: Any, world: Any, theme: str, known: bool) -> None:
    wall.set_theme(theme)
    hears(world, FULL)
    if known:
        wall.know()
    shot: QImage = wall.page.panels["banner"].grab().toImage()
    look, unit = wall.context.look, wall.context.look.unit
    assert shot.pixelColor(4, 4) == look.colour("s1")
    x, y, ink = round(47 * unit), shot.height() // 2, look.colour("ink")
    sign = [shot.pixelColor(x + i, y - j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    assert min(abs(c.red() - ink.red()) + abs(c.green() - ink.green()) for c in sign) < 20


def test_a_pool_that_is_gone_too_does_not_hide_it(wall: Any, world: Any) -> None:
    hears(world, FULL, pool_at=Ms(NOW - MINUTE))
    assert "磁盘已满" in banner(wall) and "画面停在" in banner(wall)
    hears(world, ROOM)
    assert "中心池已断开" in banner(wall)


def test_who_knows_it_halves_it_and_the_next_one_is_whole_again(wall: Any, world: Any) -> None:
    hears(world, FULL)
    whole = wall.page.panels["banner"].height()
    wall.know()
    assert wall.page.panels["banner"].height() < whole
    hears(world, ROOM)
    hears(world, FULL)
    assert wall.page.panels["banner"].height() == whole


def test_little_room_is_told_calmly_until_a_person_knows(wall: Any, world: Any) -> None:
    hears(world, LOW)
    assert "/data 仅剩 820 MB" in notice(wall) and banner(wall) == ""
    wall.set_language("en")
    assert "820 MB left" in notice(wall)
    wall.know()
    hears(world, replace(LOW, free_mb=810))
    assert notice(wall) == ""
    hears(world, ROOM)
    hears(world, LOW)
    assert notice(wall) != ""


def test_a_refused_act_names_the_disk_and_what_to_do(wall: Any) -> None:
    why = Reason("disk_full", {"disk": "/data", "free": 3, "wanted": 128})
    for told in ("未执行", "/data", "3 MB", "腾出 128 MB"):
        assert told in sentence(why)
    wall.set_language("en")
    for told in ("Not done", "/data", "3 MB", "128 MB are free"):
        assert told in sentence(why)
