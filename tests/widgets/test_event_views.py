"""The event list from the window: a filter kept by a key, found by a number, counted, renamed and
deleted; what it holds exported to a file that somebody chooses."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from builders import NOW, an_event
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from world import City, an_area, told_by

from commandwall import codes, rights
from commandwall.areas import TOWN, Area
from commandwall.clock import DAY, MINUTE, Ms
from commandwall.events import Event, EventView, EventWork
from commandwall.exports import ListExport
from commandwall.saved_views import ALL, LATE, POOL, Filter, SavedView
from commandwall.store.mirror import Mirror, use
from widgets.sheet import Sheet


def pool(count: int) -> list[Event]:
    return [
        an_event(id=f"p{n:03d}", title=("噪声", "停水")[n % 2], area="t1",
                 cls="noise" if n % 5 else "water", received_at=Ms(NOW - n * MINUTE),
                 reported_at=Ms(NOW - n * MINUTE))
        for n in range(count)
    ]  # fmt: skip


@pytest.fixture
def queue(world: City, make_wall: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    rows = pool(420)
    mirror = Mirror(world.store.folder / "m1.db")
    areas = [an_area("t1", TOWN, "石塘镇", "c")]
    held = {"event": rows, "area": areas}
    mirror.take({k: [tuple(getattr(e, n) for n in e.__slots__) for e in some]
                 for k, some in held.items()}, {})  # fmt: skip
    mirror.close()
    use(world.store.folder, "m1.db")
    monkeypatch.setattr(QFileDialog, "open", lambda dialog: None)  # the system's own window
    world.desk.person = "陈"
    wall = make_wall()
    wall.open_page("events")
    world.picture.events.clear()
    world.tick({Event: [EventView(e, None) for e in rows[:8]], Area: areas})
    return wall.page.panels["event_queue"]


def press(wall: Any, key: str) -> None:
    next(c for c in wall.all_commands() if c.key == key).run()


def sheet(wall: Any) -> Sheet:
    return next(s for s in wall.findChildren(Sheet) if s.isVisible())


def fill(wall: Any, **values: Any) -> None:
    """Set fields of the open sheet and do what it is for, by the keyboard."""
    open_ = sheet(wall)
    for key, value in values.items():
        field = open_._fields[key][1]
        if hasattr(field, "findData"):
            field.setCurrentIndex(field.findData(value))
            assert field.currentData() == value
        else:
            field.setText(value)
    QTest.keyClick(open_, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


def saved(world: City) -> list[SavedView]:
    return world.store.read(lambda r: r.find(SavedView, removed=0))


def keep(world: City, qtbot: Any, **told: Any) -> SavedView:
    """Keep the filter under a name, as a person does, and hear of it."""
    wall, before = world.walls[0], saved(world)
    press(wall, "Ctrl+D")
    fill(wall, **told)
    qtbot.waitUntil(lambda: len(saved(world)) == len(before) + 1 and not wall.findChildren(Sheet))
    (view,) = (v for v in saved(world) if v not in before)
    world.tick({SavedView: [view]})
    return view


def test_a_filter_is_kept_under_a_name_and_comes_back_by_its_number(
    world: City, queue: Any, qtbot: Any
) -> None:
    wall = world.walls[0]
    press(wall, "Ctrl+F")
    fill(wall, share=ALL, cls="water", area="t1")
    assert set(queue.keys) == {"p000", "p005"}
    assert "只看 供水　石塘镇" in told_by(wall, "event_queue")
    view = keep(world, qtbot, name="石塘 停水", whose="all")
    assert (view.cls, view.area, view.share) == ("water", "t1", ALL)
    assert "1 石塘 停水 2" in told_by(wall, "event_queue")
    press(wall, "Ctrl+0")
    assert len(queue.keys) == 8 and "只看" not in told_by(wall, "event_queue")
    QTest.keyClick(wall, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert set(queue.keys) == {"p000", "p005"}
    at = next(x for v, x, w in queue._views._places(queue.width() / queue.look.unit))
    press(wall, "Ctrl+0")
    y = (queue.top + 40 + 10) * queue.look.unit
    QTest.mouseClick(
        queue, Qt.MouseButton.LeftButton, pos=QPoint(round((at + 8) * queue.look.unit), round(y))
    )
    assert set(queue.keys) == {"p000", "p005"}
    news = EventView(an_event(id="new", cls="water", area="t1", received_at=NOW), None)
    world.tick({Event: [news]})
    assert "1 石塘 停水 3" in told_by(wall, "event_queue")


def test_over_the_whole_pool_it_counts_all_and_lists_the_newest(
    world: City, queue: Any, qtbot: Any
) -> None:
    wall = world.walls[0]
    press(wall, "Ctrl+F")
    fill(wall, share=POOL, cls="noise")
    qtbot.waitUntil(lambda: len(queue.keys) == 200)
    assert "全池 336 条，列最新 200 条" in told_by(wall, "event_queue")
    keep(world, qtbot, name="噪声", whose="own")
    qtbot.waitUntil(lambda: "1 噪声 336" in told_by(wall, "event_queue"))
    queue._field.setText("停水")
    queue.search()
    qtbot.waitUntil(lambda: queue.filter.words == "停水")
    assert "全池查到 ≥ 200 条" in told_by(wall, "event_queue")
    queue._field.setText("")
    assert queue.filter.share != POOL
    press(wall, "Ctrl+1")
    qtbot.waitUntil(lambda: queue.filter.share == POOL)
    world.tick({Event: [EventView(an_event(id="new", cls="noise", received_at=NOW), None)]})
    assert queue.waiting == 1, "a new one waits, as in every list"
    queue.renew()
    assert queue.keys[0] == "new" and "337" in told_by(wall, "event_queue")


def test_a_view_is_renamed_and_deleted_in_one_sheet_that_says_what_it_does(
    world: City, queue: Any, qtbot: Any
) -> None:
    wall = world.walls[0]
    press(wall, "Ctrl+G")
    assert "还没有视图" in queue.line
    first = keep(world, qtbot, name="甲", whose="all")
    second = keep(world, qtbot, name="乙", whose="post")
    press(wall, "Ctrl+D")
    fill(wall, name="甲", whose="all")
    qtbot.waitUntil(lambda: "已有名为「甲」" in sheet(wall)._told.text())
    sheet(wall).close()
    press(wall, "Ctrl+G")
    fill(wall, view=second.id, way="rename", name="丙")
    qtbot.waitUntil(
        lambda: {v.name for v in saved(world)} == {"甲", "丙"} and not wall.findChildren(Sheet)
    )
    world.tick({SavedView: saved(world)})
    press(wall, "Ctrl+G")
    open_ = sheet(wall)
    fields = {key: field for key, (_, field) in open_._fields.items()}
    fields["view"].setCurrentIndex(fields["view"].findData(first.id))
    fields["way"].setCurrentIndex(fields["way"].findData("remove"))
    assert "将删除「甲」，各台不再看到它" in open_._told.text()
    open_.accept()
    qtbot.waitUntil(lambda: [v.name for v in saved(world)] == ["丙"])
    gone = replace(first, removed=1)
    world.tick({SavedView: [gone]})
    assert "甲" not in told_by(wall, "event_queue")
    press(wall, "Ctrl+G")
    open_ = sheet(wall)
    field = open_._fields["view"][1]
    field.setCurrentIndex(field.findData(first.id))
    assert "将恢复「甲」，各台又看到它" in open_._told.text()
    open_.accept()
    qtbot.waitUntil(lambda: {v.name for v in saved(world)} == {"甲", "丙"})


def test_what_a_view_names_and_is_there_no_more_is_said(
    world: City, queue: Any, qtbot: Any
) -> None:
    wall = world.walls[0]
    queue.apply(Filter(ALL, cls="zeppelin", area="t9"))
    keep(world, qtbot, name="飞艇", whose="all")
    told = told_by(wall, "event_queue")
    assert "飞艇（失效） 0" in told
    assert "事项 zeppelin 已不存在，辖区 t9 已不存在" in told
    wall.set_language("en")
    assert "飞艇 (gone)" in told_by(wall, "event_queue")


def test_no_key_of_the_page_has_two_acts(world: City, queue: Any, qtbot: Any) -> None:
    keep(world, qtbot, name="甲", whose="all")
    keys = [c.key for c in world.walls[0].all_commands() if c.key]
    assert {"Ctrl+1", "Ctrl+D", "Ctrl+F", "Ctrl+G", "Ctrl+0"} <= set(keys)
    ours = [key for key in keys if key.startswith("Ctrl+")]
    assert len(ours) == len(set(ours))


# The list as a file.


def export(wall: Any, target: Path, **told: Any) -> None:
    """By the keyboard up to the dialog of the system, which chooses the place."""
    press(wall, "Ctrl+E")
    fill(wall, **told)
    (dialog,) = wall.findChildren(QFileDialog)
    dialog.fileSelected.emit(str(target))
    dialog.setParent(None)


def exported(world: City) -> list[ListExport]:
    return world.store.read(lambda r: r.find(ListExport))


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_all_of_the_filter_becomes_a_file_and_the_journal_says_who_and_why(
    world: City, queue: Any, qtbot: Any, tmp_path: Path
) -> None:
    """Of the whole pool all rows, though the list shows 200; of open events those of the filter."""
    wall, out = world.walls[0], tmp_path / "out"
    out.mkdir()
    queue.apply(Filter(POOL, cls="noise"))
    qtbot.waitUntil(lambda: queue.filter.share == POOL)
    export(wall, out / "all", purpose="月度会商", form="csv")
    assert "正在导出" in told_by(wall, "event_queue")
    qtbot.waitUntil(
        lambda: "已导出 all.csv，336 条" in told_by(wall, "event_queue"), timeout=30_000
    )
    rows, (line,) = read(out / "all.csv"), exported(world)
    head = dict(rows[: rows.index([])])
    assert head["用途"] == "月度会商" and head["事件列表"] == "全池　噪声扰民"
    assert head["导出"].startswith("陈 ") and head["导出时刻"] and head["数据截至"]
    assert len(rows) - rows.index([]) - 2 == 336 and "张三" not in str(rows)
    told = (line.name, line.purpose, line.asked, line.rows, line.by, line.post)
    assert told == ("all.csv", "月度会商", "全池　噪声扰民", 336, "陈", world.desk.post)
    assert line.sha256 == hashlib.sha256((out / "all.csv").read_bytes()).hexdigest()
    queue.apply(Filter(ALL, cls="water"))
    export(wall, out / "open", purpose="核对", form="xlsx")
    qtbot.waitUntil(lambda: len(exported(world)) == 2 and (out / "open.xlsx").exists(),
                    timeout=30_000)  # fmt: skip
    sheet = openpyxl.load_workbook(out / "open.xlsx").active
    assert sheet.max_row == len(head) + 2 + 2 and sheet["B2"].value == "核对"


def test_a_name_with_a_dot_in_it_stays_whole(
    world: City, queue: Any, qtbot: Any, tmp_path: Path
) -> None:
    wall, out = world.walls[0], tmp_path / "out"
    out.mkdir()
    for name, form in (("1.5 环以内", "csv"), ("第 2.csv", "csv"), ("v1.csv", "xlsx")):
        export(wall, out / name, purpose="核对", form=form)
        kept = name if name.endswith(form) else f"{name}.{form}"
        told = f"已导出 {kept}"
        qtbot.waitUntil(lambda t=told: t in told_by(wall, "event_queue"), timeout=30_000)
        assert (out / kept).exists()
    assert len(list(out.iterdir())) == 3


def test_a_file_that_finds_no_place_after_its_line_is_told_as_that(
    world: City, queue: Any, qtbot: Any, tmp_path: Path
) -> None:
    wall, out = world.walls[0], tmp_path / "out"
    (out / "a.csv" / "held").mkdir(parents=True)  # a folder has the name by now
    export(wall, out / "a", purpose="核对", form="csv")
    qtbot.waitUntil(lambda: "文件没有放到位" in told_by(wall, "event_queue"), timeout=30_000)
    assert len(exported(world)) == 1 and [p.name for p in out.iterdir()] == ["a.csv"]


def test_a_lamp_that_turns_by_the_time_alone_moves_an_event_into_a_view_and_out_of_it(
    world: City, queue: Any, qtbot: Any
) -> None:
    wall, clock = world.walls[0], world.clock
    fresh = an_event(id="fresh", urgency=2, received_at=NOW, reported_at=NOW)
    world.picture.events.clear()
    world.tick({Event: [EventView(fresh, None)]})
    due = queue.context.needs.running["fresh"]
    for lamp, share in (("yellow", ALL), ("red", ALL), ("", LATE)):
        queue.apply(Filter(share, lamp=lamp))
        assert queue.keys == []
    queue.apply(Filter(ALL, lamp="yellow"))
    clock.at = Ms(due.start + due.whole * 6 // 10)
    world.tick()
    assert queue.keys == ["fresh"], "half of its time is gone and nothing else came"
    clock.at = Ms(due.due + MINUTE)
    world.tick()
    assert queue.keys == []
    clock.at = NOW
    world.tick()
    queue.apply(Filter(LATE))
    clock.at = Ms(due.due + MINUTE)
    world.tick()
    assert queue.keys == ["fresh"] and "在办 1　逾期 1" in told_by(wall, "event_queue")


def test_a_filter_asks_for_a_unit_a_lamp_and_days_and_is_kept(
    world: City, queue: Any, qtbot: Any
) -> None:
    wall, at = world.walls[0], Ms(NOW - 3 * DAY)
    helped = EventWork("help", "SIGNED", "供水公司", "", NOW, "陈", "p3", co="住建局")
    old = an_event(id="old", state="SIGNED", unit="住建局", urgency=1, received_at=at,
                   reported_at=at)  # fmt: skip
    world.tick({Event: [EventView(an_event(id="help", state="SIGNED"), helped),
                        EventView(old, None)]})  # fmt: skip
    press(wall, "Ctrl+F")
    fill(wall, share=ALL, unit="住建局")
    assert set(queue.keys) == {"help", "old"} and "只看 住建局" in told_by(wall, "event_queue")
    press(wall, "Ctrl+F")
    fill(wall, share=POOL, lamp="red")
    assert queue.keys == ["old"] and queue.filter.share == ALL, "a lamp is of what is open"
    press(wall, "Ctrl+F")
    fill(wall, lamp="", first_day="11-2x")
    qtbot.waitUntil(lambda: "日期写成" in sheet(wall)._told.text())
    fill(wall, first_day="11-21", last_day="11-22")
    qtbot.waitUntil(lambda: not wall.findChildren(Sheet))
    assert queue.keys == ["old"]
    view = keep(world, qtbot, name="住建局 上周末", whose="all")
    assert (view.unit, view.first_day, view.last_day) == ("住建局", "2026-11-21", "2026-11-22")
    assert "住建局　2026-11-21 至 2026-11-22" in told_by(wall, "event_queue")


def test_a_new_event_joins_the_list_of_the_pool_only_in_the_state_it_asks_for(
    world: City, queue: Any, qtbot: Any
) -> None:
    queue.apply(Filter(POOL, cls="noise", state="CLOSED"))
    qtbot.waitUntil(lambda: queue.filter.share == POOL)
    at = Ms(world.picture.now + MINUTE)
    new = an_event(id="new", cls="noise", received_at=at, reported_at=at)
    closed = replace(new, id="closed", state="CLOSED")
    world.tick({Event: [EventView(new, None), EventView(closed, None)]})
    assert queue.order() == ["closed"]


def test_who_may_not_or_says_not_what_for_exports_nothing(
    world: City, queue: Any, qtbot: Any, tmp_path: Path
) -> None:
    wall = world.walls[0]
    press(wall, "Ctrl+E")
    fill(wall, purpose=" ", form="csv")
    assert "先写用途" in told_by(wall, "event_queue")
    only_sees = next(c.id for c in codes.load("post").values() if rights.only_sees(c.id))
    world.desk.post = only_sees
    press(wall, "Ctrl+E")
    assert not wall.findChildren(QFileDialog) and "导出列表" in told_by(wall, "event_queue")
    world.desk.post = "chief"
    export(wall, tmp_path / "a", purpose="会商", form="csv")
    world.desk.post = only_sees  # taken by another meanwhile: the act is refused at last
    qtbot.waitUntil(lambda: not queue._exporter._timer.isActive(), timeout=30_000)
    qtbot.waitUntil(lambda: not list(tmp_path.glob("*a.csv*")))
    assert exported(world) == []


def test_the_same_key_stops_it_and_nothing_is_left(
    world: City, queue: Any, qtbot: Any, tmp_path: Path
) -> None:
    wall, out = world.walls[0], tmp_path / "out"
    out.mkdir()
    export(wall, out / "a", purpose="会商", form="xlsx")
    run = queue._exporter._run
    assert "停止导出" in {c.name for c in wall.all_commands() if c.key == "Ctrl+E"}
    press(wall, "Ctrl+E")
    assert "导出已停" in told_by(wall, "event_queue")
    qtbot.waitUntil(run.ended.is_set)
    assert list(out.iterdir()) == [] and exported(world) == []
