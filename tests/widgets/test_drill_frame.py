"""Every window of a drill's world says so, and what leaves it; no window of the real one does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import astuple, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, StillClock, a_sensor
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from world import City, an_alarm, an_area

from commandwall.clock import Clock, Ms
from commandwall.config import ASSETS
from commandwall.desk import Desk
from commandwall.drill import live
from commandwall.drill.evaluating import Evaluation
from commandwall.drill.play import ClockAct, SentInject, sent_id
from commandwall.drill.score import score as score_of
from commandwall.events import EventWork, FiledEvent
from commandwall.exercise import MARK, SCENARIO, Exercise, lay
from commandwall.picture import Changes
from commandwall.playing import behind
from commandwall.saved_views import Filter
from commandwall.store import pulse
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, mirror_name, use
from widgets.drill_frame import DrillFrame
from widgets.exporter import Asked
from widgets.sheet import Sheet
from widgets.startup import OnlyOne

DRILL = Exercise("gas-1", "gas", 1, "0", "老城区燃气泄漏", "Gas leak")


def test_each_window_of_a_drill_is_marked_without_a_word_of_the_page_lost(
    world: City, make_wall: Any
) -> None:
    world.desk.exercise = DRILL
    wall = make_wall()
    wall.open_map()
    (window,) = wall.maps
    for one in (wall, window):
        assert one.windowTitle().startswith(MARK)
        (frame,) = one.findChildren(DrillFrame)
        one.grab()
        assert f"{MARK}老城区燃气泄漏" in frame.accessibleDescription()
    assert wall.page.geometry().top() > 0 and wall.page.geometry().bottom() < wall.height() - 1
    wall.set_language("en")
    assert wall.windowTitle().startswith(MARK)
    wall.open_page("events")
    queue = wall.page.panel("event_queue")
    head = queue._exporter._head(Asked(Filter(), "全部", (), None))
    assert head[0][0].startswith(MARK)


def test_the_real_wall_has_none_of_it(world: City, make_wall: Any) -> None:
    wall = make_wall()
    wall.open_map()
    for one in (wall, *wall.maps):
        assert not one.findChildren(DrillFrame) and MARK not in one.windowTitle()
    assert wall.page.geometry() == wall.rect()


# The real world behind.


@pytest.fixture
def real(world: City, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    """The desk of the real station below whose directory the drill lies."""
    world.desk.exercise = DRILL
    lay(world.store.folder, DRILL)
    folder = tmp_path / "station"
    folder.mkdir()
    city = {"area": [astuple(an_area("t1", 2, "石塘镇", ""))],
            "sensor": [astuple(a_sensor(0, name="液化气储罐区"))]}  # fmt: skip
    with closing(Mirror(folder / mirror_name("0" * 8), StillClock())) as mirror:
        mirror.take(city, {}, city="临江市", epoch="0" * 8)
    use(folder, mirror_name("0" * 8))
    monkeypatch.setattr(behind, "real_of", lambda _: folder)
    with closing(open_store(folder)) as store:
        desk = Desk(store, StillClock())
        yield desk
        desk.close()


def test_a_real_alarm_of_the_highest_priority_breaks_through_in_every_window(
    world: City, make_wall: Any, real: Desk, qtbot: Any
) -> None:
    wall = make_wall()
    wall.open_map()
    (window,) = wall.maps
    frames = [one.findChildren(DrillFrame)[0] for one in (wall, window)]
    top = wall.page.geometry().top()
    assert "真实采集未运行" in frames[0]._words()
    pulse.write(real.folder, pulse.Sync(agent_at=Ms(Clock().now() + 3_600_000)))
    grave = an_alarm("R1", severity=1, area="t1", value=61.0)
    real.run(_raise, {"alarms": [an_alarm("R2", severity=2, sensor="s1"), grave]}, local=True)
    before = contents(real.folder)
    qtbot.waitUntil(lambda: wall.page.geometry().top() > top)
    for frame in frames:
        frame.grab()
        told = frame.accessibleDescription()
        for words in ("真实告警 Ⅰ", "燃气 61", "液化气储罐区", "石塘镇", "不是演练"):
            assert words in told
        assert "　共 " not in told and "真实告警照常突入" in told
    qtbot.waitUntil(lambda: window.view.geometry().top() >= frames[1].inner.top() > top)
    assert contents(real.folder) == before
    real.run(_raise, {"alarms": [replace(grave, state="ACKED", acked_at=NOW)]}, local=True)
    qtbot.waitUntil(lambda: wall.page.geometry().top() == top)


@pytest.mark.qt_log_ignore("This plugin does not support")  # to move windows among others
def test_one_key_stops_the_drill_and_brings_the_real_wall_to_the_front(
    world: City, make_wall: Any, real: Desk, qtbot: Any
) -> None:
    world.desk.post = "p3"  # a player may, too
    wall = make_wall()
    wall.open_page("drill")
    assert wall.page.panel("drill_console").heading() == "演练来信"
    (frame,) = wall.findChildren(DrillFrame)
    key = next(c for c in wall.commands() if c.key == "F12")
    key.run()
    qtbot.waitUntil(lambda: "真实大屏没有在运行" in frame._real.words())
    frame.grab()
    assert "请打开它" in frame.accessibleDescription()
    ahead, only = QWidget(), OnlyOne(real.folder)
    qtbot.addWidget(ahead)
    only.hold(ahead)
    begun = time.monotonic()
    with qtbot.waitSignal(frame._real.left):
        key.run()
    qtbot.waitUntil(ahead.isVisible)
    assert time.monotonic() - begun < 2.0
    qtbot.waitUntil(lambda: len(asked(world)) == 2)
    assert {(a.kind, a.post, a.no) for a in asked(world)} == {("pause", "p3", 0)}
    assert not frame._real.breaks_in


def _raise(tx: Any, alarms: list[Any]) -> None:
    tx.put(*alarms)


def contents(folder: Path) -> dict[str, bytes]:
    """Of all files but memory that who reads a database shares with others."""
    files = (f for f in folder.rglob("*") if f.is_file() and not f.name.endswith("-shm"))
    return {str(file): file.read_bytes() for file in files}


# The console.


@pytest.fixture
def drilled(world: City, make_wall: Any, qtbot: Any) -> Any:
    """A wall in a drill's world, at the page of the drill, with its scenario read."""
    text = (ASSETS / "drills" / "gas_old_quarter.toml").read_bytes()
    (world.store.folder / SCENARIO).write_bytes(text)
    drill = Exercise(
        "gas-1", "gas_old_quarter", 1, sha256(text).hexdigest(), "老城区", "Old quarter"
    )
    lay(world.store.folder, drill)
    world.desk.exercise, world.desk.post = drill, "s_drill"
    wall = make_wall()
    next(c for c in wall.commands() if c.key == "F10").run()
    console = wall.page.panel("drill_console")
    console.bring(world.picture, Changes(world.picture.now, {}, console.shows))
    qtbot.waitUntil(lambda: console.scenario is not None)
    return console


def asked(world: City) -> list[ClockAct]:
    return sorted(world.store.read(lambda r: r.find(ClockAct)), key=lambda a: (a.at, a.id))


def test_a_controller_leads_the_drill_and_a_player_sees_what_was_sent_to_him(
    world: City, drilled: Any, qtbot: Any
) -> None:
    console = drilled
    world.desk.post = "chief"  # who opens it first, and looks for its clock
    console.bring(world.picture, Changes(world.picture.now, {}, console.shows))
    console.grab()
    assert "要导调，Ctrl I" in console.accessibleDescription()
    world.desk.post = "s_drill"
    console.bring(world.picture, Changes(world.picture.now, {}, console.shows))
    keys = {c.key: c for c in console.offered()}
    assert {"Space", "S", "R", "G", "I", "X", "P", "A", "B", "Ctrl+E"} <= keys.keys()
    assert len(console.keys) == 20 and console.clock.status == "READY"
    qtbot.keyClick(console.window().windowHandle(), Qt.Key.Key_Space)  # as soon as it is shown
    qtbot.waitUntil(lambda: bool(asked(world)))
    (start,) = asked(world)
    assert (start.kind, start.no) == ("start", 0)
    world.tick({ClockAct: [start]})
    assert "等采集程序执行" in console._taken()
    taken = replace(start, no=1, rate=1_000)
    sent = SentInject(sent_id(1, "smell"), 1, "smell", "hotline", "居民", "p1", "煤气味", "Gas",
                      120_000_000, NOW, "event", "x", "")  # fmt: skip
    world.clock.at = NOW + 150_000
    world.tick({ClockAct: [taken], SentInject: [sent]}, sync=world.sync())
    console.grab()
    told = console.accessibleDescription()
    assert "T+02:30" in told and "09:12:30" in told and "进行" in told
    states = {key: console._rows[key].state for key in ("smell", "first_alarm", "smoke", "again")}
    assert states == {"smell": "sent", "first_alarm": "due", "smoke": "reserve", "again": "next"}
    console.choose("again")
    keys["X"].run()
    sheet = console.window()._overlay
    assert isinstance(sheet, Sheet) and "学校" not in sheet._title
    sheet._fields["why"][1].setText("够了")
    sheet.accept()
    qtbot.waitUntil(lambda: len(asked(world)) > 1)
    assert [(a.kind, a.subject, a.why) for a in asked(world) if a.kind == "skip"] == [
        ("skip", "again", "够了")
    ]
    (frame,) = console.window().findChildren(DrillFrame)
    assert "时限" not in frame._words()
    fast = replace(taken, id="r", no=2, kind="rate", rate=10_000)
    world.tick({ClockAct: [fast]}, sync=world.sync())
    keys["R"].run()  # from the rate that is, not from the slowest
    assert console.window()._overlay._fields["rate"][1].currentData() == 10_000
    console.window()._overlay.close()
    assert "演练时钟 ×10，各项时限走真实时间" in frame._words()
    world.tick({ClockAct: [replace(fast, id="p", no=3, kind="pause")]}, sync=world.sync())
    assert "演练暂停，各项时限照走真实时间" in frame._words()
    slow = [replace(fast, id="s", no=4, rate=1_000), replace(taken, id="g", no=5, kind="resume")]
    world.tick({ClockAct: slow}, sync=world.sync())
    assert "时限" not in frame._words()
    call = replace(sent, id="m", inject="who_goes", sender="分管市领导", receiver="chief", kind="",
                   zh="派了谁？", at=NOW + 149_000)  # fmt: skip
    world.desk.post = "chief"
    console.window().open_page("events")
    world.clock.at += 1_000
    world.tick({SentInject: [call]}, sync=world.sync())
    frame.follow()
    frame.grab()
    assert "来信 1　分管市领导：派了谁？" in frame.accessibleDescription()
    next(c for c in console.window().commands() if c.key == "F10").run()
    frame.follow()
    frame.grab()
    assert "来信" not in frame.accessibleDescription()
    world.desk.post = "p1"  # double-blind: a player knows neither time nor script
    console.grab()  # between the change of post and the next second
    console.bring(world.picture, Changes(world.picture.now, {}, console.shows))
    world.desk.post = "s_drill"
    console.grab()
    assert console.failures == 0
    world.desk.post = "p1"
    console.bring(world.picture, Changes(world.picture.now, {}, console.shows))
    console.grab()
    assert console.keys == ["smell"] and "T+02:30" not in console.accessibleDescription()
    assert {c.key for c in console.offered()} == {"J", "K", "N"}
    came = replace(taken, id="j", no=6, kind="join", subject="p1", at=NOW + 60_000)
    world.tick({ClockAct: [came]}, sync=world.sync())
    console.grab()
    told = console.accessibleDescription()
    assert "中途加入　此前已发 1 条" in told and "加入前" in told and "煤气味" in told


def test_how_a_branch_goes_is_chosen_by_a_key(world: City, drilled: Any, qtbot: Any) -> None:
    keys = {c.key: c for c in drilled.offered()}
    keys["W"].run()
    sheet = drilled.window()._overlay
    field = sheet._fields["way"][1]
    assert "现在就按这一走向" in sheet._told.text()
    branch, first = field.itemData(0)
    field.setCurrentIndex(1)
    assert "选定后别的走向不再发" in sheet._told.text()
    sheet.accept()
    qtbot.waitUntil(lambda: bool(asked(world)))
    (act,) = asked(world)
    assert (act.kind, act.subject) == ("choose", branch) and act.way not in ("", first)
    world.tick({ClockAct: [replace(act, no=1, rate=1_000)]}, sync=world.sync())
    keys["W"].run()
    assert drilled.clock.way_of(branch) == act.way


# The score, while it is played.


def test_what_is_expected_is_told_as_it_stands_and_as_the_one_score_says(
    world: City, drilled: Any, qtbot: Any
) -> None:
    console, score = drilled, drilled.window().page.panel("drill_score")
    start = ClockAct("a", 1, "start", "", None, 0, "", "", "", NOW, None, "周", "s_drill")
    smell = SentInject(sent_id(1, "smell"), 1, "smell", "hotline", "居民", "p1", "煤气味", "Gas",
                       0, NOW, "event", "E1", "")  # fmt: skip
    alarm = replace(smell, id=sent_id(1, "first_alarm"), inject="first_alarm", channel="alarm",
                    kind="sensor", subject="s0")  # fmt: skip
    now = [replace(start, id=key, no=n, kind="trigger", subject=key)
           for n, key in enumerate(("smell", "first_alarm"), 2)]  # fmt: skip
    filed = FiledEvent("E1", "duty", "煤气味", "", "gas", 1, "t1", "", None, None, None, NOW)
    assert score.isVisible()

    def at(seconds: float, *records: Any) -> str:
        world.clock.at = NOW + int(seconds * 1_000)
        world.desk.run(_keep, {"records": records})
        kinds = {ClockAct: [start, *now], SentInject: [smell, alarm]}
        entries = world.store.read(live.entries)
        for _ in range(2):  # a limit that ran out is asked about once more
            world.tick(kinds, sync=world.sync())
            qtbot.waitUntil(lambda: not score.watch._asking and not console.watch._asking)
        assert score.watch.live.entries == entries
        score.grab()
        console.grab()
        return str(score.accessibleDescription())

    told = at(20, start, *now, smell, alarm, filed)
    assert "0 / 0" in told and "余 0:40" in told and "2 项计时中" in told
    assert "余 0:40" in console.accessibleDescription()
    acked = replace(an_alarm("A1"), state="ACKED", acked_at=Ms(NOW + 31_000))
    told = at(31, acked)
    assert "1 / 1" in told and "按时 0:31　早 0:29" in told and "1 项计时中" in told
    told = at(62)
    assert "1 / 2" in told and "未做 1" in told
    told = at(132, EventWork("E1", "DISPATCHED", "燃气", "", Ms(NOW + 132_000), "", "p1"))
    assert "迟 +1:12" in told and "未做" not in told and "由评估员看 1" in told
    assert "迟 +1:12" in console.accessibleDescription()
    console.choose("smell")
    console.grab()
    assert "请来电人不要开关电器" in console.accessibleDescription()
    by_command = world.store.read(lambda r: score_of(r, console.scenario, Ms(NOW + 132_000)))
    assert [*score.watch.live.judged] == by_command
    world.desk.post = "p1"  # who plays does not see how he does
    console.bring(world.picture, Changes(world.picture.now, {}, console.shows))
    qtbot.waitUntil(lambda: not score.isVisible())


# Evaluators.


def test_an_evaluator_marks_what_was_sent_by_keys_and_the_newest_counts(
    world: City, drilled: Any, qtbot: Any
) -> None:
    console = drilled
    sent = SentInject(sent_id(1, "smell"), 1, "smell", "hotline", "居民", "p1", "煤气味", "Gas",
                      120_000_000, NOW, "event", "x", "")  # fmt: skip
    start = ClockAct("a", 1, "start", "", None, 0, "", "", "", NOW, None, "周", "s_drill")
    world.desk.run(_keep, {"records": [start, sent]}, local=True)
    world.clock.at = NOW + 150_000
    world.tick({ClockAct: [start], SentInject: [sent]}, sync=world.sync())
    keys = {c.key: c for c in console.offered()}
    console.choose("again")
    keys["V"].run()
    assert "已发" in console.line  # nothing to mark: it was not sent
    console.choose("smell")
    for line, mark in (("", "4"), ("expect-1", "2"), ("", "5")):
        keys["V"].run()
        sheet = console.window()._overlay
        which, given, note = (sheet._fields[name][1] for name in ("line", "mark", "note"))
        which.setCurrentIndex(which.findData(line))
        given.setCurrentIndex(given.findData(mark))
        note.setText("问清了楼层")
        sheet.accept()
        qtbot.waitUntil(lambda mark=mark: mark in [e.verdict for e in kept(world)])
        world.clock.at += 1_000
        world.tick({Evaluation: kept(world)})
    console.grab()
    told = console.accessibleDescription()
    assert "　评 5" in told and len(kept(world)) == 3  # the older ones stay on record
    keys["O"].run()
    sheet = console.window()._overlay
    sheet.accept()
    qtbot.waitUntil(lambda: "缺 评定" in sheet._told.text())  # nothing is thought of it by itself
    sheet._fields["grade"][1].setCurrentIndex(2)
    sheet.accept()
    qtbot.waitUntil(lambda: len(kept(world)) == 4)
    world.tick({Evaluation: kept(world)})
    console.grab()
    assert "目标　S　—　—　—" in console.accessibleDescription()
    keys["F"].run()  # who types no day gives some: it is not late at once
    assert console.window()._overlay._fields["days"][1].value() == 30
    keys["V"].run()  # what has no mark yet is offered first
    assert console.window()._overlay._fields["line"][1].currentData() == "watch-1"


def test_a_small_window_shows_what_each_inject_says(drilled: Any, qtbot: Any) -> None:
    wall = drilled.window()
    wall.resize(1366, 768)
    qtbot.waitUntil(lambda: drilled.width() > 1000)
    drilled.grab()
    assert "楼上老人还在烧水" in drilled.accessibleDescription()


def _keep(tx: Any, records: list[Any]) -> None:
    for record in records:
        tx.put(record)


def test_after_the_end_its_review_is_a_key_away(
    world: City, drilled: Any, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = drilled
    assert "Ctrl+B" not in {c.key for c in console.offered()}
    acts = [ClockAct(k, n, k, "", None, 0, "", "", "", Ms(NOW + n), None, "周", "s_drill")
            for n, k in enumerate(("start", "end"), 1)]  # fmt: skip
    world.desk.run(_keep, {"records": acts}, local=True)
    world.clock.at += 1_000
    world.tick({ClockAct: acts}, sync=world.sync())
    assert [c.key for c in console.offered()][:6] == ["Ctrl+B", "V", "O", "F", "D", "B"]
    console.grab()
    assert "已结束，Ctrl B 出复盘" in console.accessibleDescription()
    papers, asked = console._review._papers, []
    monkeypatch.setattr(papers, "ask", asked.append)
    handle = console.window().windowHandle()
    qtbot.keyClick(handle, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    papers.make(asked[0], "复盘会", tmp_path / "r.pdf")
    qtbot.waitUntil(lambda: (tmp_path / "r.html").exists() and (tmp_path / "r.pdf").exists(),
                    timeout=20_000)  # fmt: skip
    assert MARK in (tmp_path / "r.html").read_text(encoding="utf-8")
    qtbot.waitUntil(lambda: "已导出" in console.told)


def kept(world: City) -> list[Evaluation]:
    return sorted(world.store.read(lambda r: r.find(Evaluation)), key=lambda e: e.at)
