"""The self-check of a shift: what was found, what to do, a line in journal and sheets."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

from builders import NOW
from world import City

from commandwall import selfcheck
from commandwall.clock import DAY, HOUR, Ms
from commandwall.selfcheck import ATTENTION, FINE, Look, SelfCheck
from commandwall.store.pulse import Copies, Lamp, Outcome, Patience, Sync
from widgets.handing import OfferSheet
from widgets.self_check import CheckSheet


def press(wall: Any, key: str) -> None:
    next(command for command in wall.all_commands() if command.key == key).run()


def looked(folder: Path, **more: Any) -> dict[str, str]:
    now = more.pop("now", NOW)
    sync = Sync(agent_at=NOW, pool_at=NOW, lamps={"readings": Lamp("readings", NOW)})
    it = Look(now, dataclasses.replace(sync, **more.pop("sync", {})), Patience(2.0, 2.0), 120.0)
    found = selfcheck.look(folder, dataclasses.replace(it, **more))
    return {one.check: one.state for one in found}


def test_each_trouble_is_seen_and_a_station_that_is_well_has_none(tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    copy = tmp_path / "backup" / "wall-20261126-000000.db"
    copy.write_bytes(b"")
    os.utime(copy, (NOW / 1000, NOW / 1000))
    assert {c for c, s in looked(tmp_path).items() if s == ATTENTION} <= {"calendar", "disk"}
    for more, check in (
        ({"sync": {"pool_at": Ms(NOW - HOUR)}}, "pool"),
        ({"sync": {"agent_at": Ms(NOW - HOUR)}}, "agent"),
        ({"sync": {"skew_s": 99.0}}, "clock"),
        ({"sync": {"backlog": 900}}, "backlog"),
        ({"sync": {"lamps": {"readings": Lamp("readings", Ms(NOW - HOUR))}}}, "feeds"),
        ({"missing": ("HDMI-2",)}, "screens"),
        ({"vacant": 2}, "posts"),
        ({"now": Ms(NOW + 3 * DAY)}, "backup"),
        ({"sync": {"copies": Copies(NOW, Outcome(NOW, "wall.db", "3 of 5 lines"))}}, "backup"),
        ({"sync": {"copies": Copies(NOW, None, Outcome(Ms(1), ""), wanted=True)}}, "backup"),
    ):
        assert looked(tmp_path, **more)[check] == ATTENTION, check


def test_the_sheet_says_what_to_do_and_its_line_stands_in_the_hand_over(
    world: City, make_wall: Any, qtbot: Any
) -> None:
    world.desk.take_post("chief", "周").result()
    wall = make_wall()
    press(wall, "Ctrl+Shift+K")
    sheet = wall.findChildren(CheckSheet)[-1]
    qtbot.waitUntil(lambda: not sheet.waits)
    told = sheet._told.text()
    assert "! 声音　查音箱" in told and "✓ 时钟　与中心池差 +0.0 秒" in told
    assert "! 备份　还没有　commandwall backup now" in told
    sheet.accept()
    qtbot.waitUntil(lambda: bool(world.store.read(lambda r: r.find(SelfCheck))))
    (check,) = world.store.read(lambda r: r.find(SelfCheck))
    assert "sound" in check.attention and "clock" in check.fine and check.by == "周"
    press(wall, "Ctrl+H")
    qtbot.waitUntil(lambda: any(s.isVisible() for s in wall.findChildren(OfferSheet)))
    offer = next(s for s in wall.findChildren(OfferSheet) if s.isVisible())
    assert "自检" in offer._told.text() and "注意：" in offer._told.text()
    assert FINE not in offer._told.text()
