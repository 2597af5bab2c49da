"""A trainer writes a scenario in the program: by keys alone, told at once what is wrong, and
nothing of it is lost."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from world import City

from commandwall import cli
from commandwall.config import ASSETS
from commandwall.drill.scenario import read

GAS = ASSETS / "drills" / "gas_old_quarter.toml"
NO, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


class Hands:
    """Presses keys in the window of a wall, and counts them; letters of words are counted apart."""

    def __init__(self, wall: Any, qtbot: Any) -> None:
        self.wall, self.bot = wall, qtbot
        self.pressed = self.letters = 0

    @property
    def panel(self) -> Any:
        return self.wall.page.panels["scenario"]

    @property
    def sheet(self) -> Any:
        return self.wall._overlay

    def press(self, key: Qt.Key, held: Any = NO) -> None:
        self.pressed += 1
        where = self.sheet.focusWidget() if self.sheet is not None else None
        QTest.keyClick(where or self.wall.windowHandle(), key, held)

    def type(self, words: str) -> None:
        self.letters += len(words)
        field = self.sheet.focusWidget()
        assert isinstance(field, QLineEdit)
        field.insert(words)  # as an input method commits them

    def done(self) -> None:
        sheet = self.sheet
        self.press(Qt.Key.Key_Return, CTRL)
        self.bot.waitUntil(lambda: self.sheet is not sheet)

    def opened(self) -> None:
        self.bot.waitUntil(lambda: self.sheet is not None)

    def told(self, name: str = "scenario") -> str:
        panel = self.wall.page.panels[name]
        panel.grab()
        return str(panel.accessibleDescription())

    def checked(self) -> None:
        panel = self.panel
        self.bot.waitUntil(lambda: panel._checked is not None
                           and panel._checked.data is panel.data)  # fmt: skip


@pytest.fixture
def hands(world: City, make_wall: Any, qtbot: Any) -> Hands:
    wall = make_wall()
    wall.open_page("scenario")
    wall.activateWindow()
    made = Hands(wall, qtbot)
    assert "按 O 打开脚本" in made.told()
    return made


def gas(hands: Hands) -> None:
    hands.panel._files.open(GAS)
    hands.bot.waitUntil(lambda: hands.panel.edit is not None)
    hands.checked()


def test_it_shows_a_scenario_of_the_library(hands: Hands) -> None:
    gas(hands)
    told = hands.told()
    assert "老城区燃气泄漏" in told and "检查通过" in told
    assert "脚本 F10" in hands.told("rail")
    hands.press(Qt.Key.Key_J)
    assert "告警" in hands.told("scenario_row")


def begin(hands: Hands) -> None:
    """A new scenario with its name, an objective and two players, by keys alone."""
    hands.press(Qt.Key.Key_O)
    hands.opened()
    hands.done()  # 新脚本 stands first
    hands.bot.waitUntil(lambda: hands.panel.edit is not None)
    hands.press(Qt.Key.Key_I)
    hands.type("小区停水")
    hands.done()
    hands.press(Qt.Key.Key_F2)
    hands.press(Qt.Key.Key_N)
    hands.type("及时告知")
    hands.done()
    hands.press(Qt.Key.Key_F3)
    for n in range(2):
        hands.press(Qt.Key.Key_N)
        for _ in range(n):
            hands.press(Qt.Key.Key_Down)
        hands.done()
    hands.press(Qt.Key.Key_F1)


def inject(hands: Hands, words: str, channel: int = 0) -> None:
    """The next inject with an expected act; on another channel so many further down the list."""
    hands.press(Qt.Key.Key_N)
    hands.type(words)
    for _ in range(2 if channel else 0):
        hands.press(Qt.Key.Key_Return)
    for _ in range(abs(channel)):
        hands.press(Qt.Key.Key_Down if channel > 0 else Qt.Key.Key_Up)
    hands.done()
    hands.press(Qt.Key.Key_A)
    hands.done()


def test_twenty_injects_take_few_keys_and_are_a_sound_scenario(hands: Hands, world: City) -> None:
    """Channel, posts and step are those of the row before: what is left to press is four keys an
    inject, six where the channel is another one. Every other inject here goes to another."""
    begin(hands)
    before = hands.pressed
    for n in range(20):
        inject(hands, f"第{n}号楼没水，来电问几时恢复。", {0: 3, 5: 1, 10: -1, 15: 1}.get(n, 0))
    assert hands.pressed - before <= 20 * 4 + 4 * 2 + 6
    hands.checked()
    assert "检查通过" in hands.told() and "情景 20" in hands.told()
    hands.press(Qt.Key.Key_S, CTRL)
    hands.bot.waitUntil(lambda: "已存盘，第 1 版" in hands.told())
    found = read(hands.panel.source.file).scenario
    assert found is not None and {i.objective for i in found.injects} == {"objective_1"}
    assert hands.panel.source.file.parent == world.desk.folder / "scenarios"
    assert len(found.injects) == 20 and all(len(i.expect) == 1 for i in found.injects)
    times = [i.at // 60_000_000 for i in found.injects if i.at is not None]
    assert times == list(range(20))  # a step each
    assert len({i.channel for i in found.injects}) == 2
    assert hands.pressed <= 110 and found.zh == "小区停水" == found.en


def test_what_is_wrong_is_told_at_the_field_while_one_types(hands: Hands) -> None:
    gas(hands)
    hands.panel.choose("inject/0")
    hands.press(Qt.Key.Key_E)
    sheet = hands.sheet
    hands.press(Qt.Key.Key_Return)
    hands.press(Qt.Key.Key_End)
    hands.type("x")
    hands.bot.waitUntil(lambda: "时刻：应如 T+05:30" in sheet._told.text())
    assert sheet.form.labelForField(sheet._fields["at"][1]).text() == "✕ 时刻"
    hands.done()
    hands.checked()
    assert "✕ 1 处有误" in hands.told() and "✕ 时刻" in hands.told()
    hands.press(Qt.Key.Key_X)
    assert "时刻：应如" in hands.told("scenario_row")
    hands.press(Qt.Key.Key_Z, CTRL)
    hands.checked()
    assert "检查通过" in hands.told()
    hands.press(Qt.Key.Key_E)  # what is to wait in reserve gives up its time by that
    kind = hands.sheet._fields["type"][1]
    kind.setCurrentIndex(kind.findData("contingency"))
    hands.done()
    hands.checked()
    assert "at" not in hands.panel.data["inject"][-1] and "检查通过" in hands.told()


def test_rows_are_doubled_moved_deleted_and_brought_back(hands: Hands) -> None:
    gas(hands)
    panel, first = hands.panel, hands.panel.data
    panel.choose("inject/1")
    hands.press(Qt.Key.Key_D)
    assert panel.data["inject"][2]["id"] == "smell_1" and panel.current == "inject/2"
    hands.press(Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    row = panel.data["inject"][int(panel.current.split("/")[1])]
    assert (row["id"], row["at"]) == ("smell_1", "T+03:00")
    hands.press(Qt.Key.Key_Delete)
    assert len(panel.data["inject"]) == 20 and "已删 情景 T+03:00" in hands.told()
    for _ in range(3):
        hands.press(Qt.Key.Key_Z, CTRL)
    assert panel.data == first
    hands.press(Qt.Key.Key_F4)
    hands.press(Qt.Key.Key_A)
    hands.type("半关")
    hands.done()
    assert panel.data["branch"][0]["way"][-1] == {"id": "way_1", "zh": "半关", "en": "半关"}


def test_a_place_is_picked_on_the_map(hands: Hands) -> None:
    gas(hands)
    hands.panel.choose("inject/3")
    hands.press(Qt.Key.Key_P)
    view = hands.wall.map
    assert view.aiming and "点地图取这条的地点" in hands.told()
    view.hit_aim(120.2812345678, 31.9123456789)
    row = hands.panel.data["inject"][3]
    assert (row["lon"], row["lat"]) == (120.281235, 31.912346)
    assert view._pins[1] == (120.281235, 31.912346) and len(view._pins[0]) == 1
    hands.press(Qt.Key.Key_E)  # or typed
    field = hands.sheet._fields["place"][1]
    assert field.text() == "120.281235, 31.912346"
    field.setText("120.3，91")
    hands.bot.waitUntil(lambda: "纬度：应在 ±90° 之内" in hands.sheet._told.text())
    field.setText("120.3 31.9")
    hands.done()
    assert (row := hands.panel.data["inject"][3])["lat"] == 31.9 and row["lon"] == 120.3
    hands.press(Qt.Key.Key_Z, CTRL)
    hands.wall.open_page("events")
    assert view._pins == ((), None) and not view.aiming
    hands.wall.open_page("scenario")
    assert view._pins[1] == (120.281235, 31.912346)


def test_nothing_of_a_person_is_lost_to_another_or_to_a_mask(hands: Hands, tmp_path: Path) -> None:
    """What somebody else changed is not written over unsaid; a number is written as it is."""
    mine = tmp_path / "mine.toml"
    mine.write_text(GAS.read_text("utf-8").replace("楼上老人还在烧水", "回电 13812345678"), "utf-8")
    panel = hands.panel
    panel._files.open(mine)
    hands.bot.waitUntil(lambda: panel.edit is not None)
    assert not panel.edit.unsaved
    panel.choose("inject/1")
    hands.press(Qt.Key.Key_E)
    hands.press(Qt.Key.Key_End)
    hands.type("急")
    hands.done()
    mine.write_text(mine.read_text("utf-8") + "\n", "utf-8")
    hands.press(Qt.Key.Key_S, CTRL)
    hands.opened()
    assert "没有存：mine.toml 里已是别的内容" in hands.sheet._title
    hands.done()  # 另存为一份
    hands.bot.waitUntil(lambda: not panel.edit.unsaved)
    assert panel.source.file == tmp_path / "mine_2.toml"
    kept = read(panel.source.file).scenario
    assert kept is not None and (kept.id, kept.version) == ("mine_2", 2)
    assert any(i.zh.endswith("回电 13812345678。急") for i in kept.injects)
    assert mine.read_text("utf-8").endswith("\n\n")


def test_what_was_not_saved_is_there_after_a_crash(
    hands: Hands, world: City, make_wall: Any
) -> None:
    gas(hands)
    hands.panel.choose("inject/0")
    hands.press(Qt.Key.Key_D)
    hands.checked()
    hands.bot.waitUntil(lambda: bool(world.store.read(lambda r: r.setting("draft/scenario"))))
    again = Hands(make_wall(), hands.bot)
    again.wall.open_page("scenario")
    again.bot.waitUntil(lambda: again.panel.edit is not None)
    again.checked()
    assert again.panel.data == hands.panel.data and "找回上次没有存盘的稿" in again.told()
    again.press(Qt.Key.Key_S, CTRL)
    again.bot.waitUntil(lambda: "已存盘，第 2 版" in again.told())
    again.checked()
    assert not world.store.read(lambda r: r.setting("draft/scenario"))


def test_in_a_drill_nobody_reads_a_script_here(world: City, make_wall: Any) -> None:
    from commandwall.exercise import Exercise

    world.desk.exercise = Exercise("gas-1", "gas", 1, "0", "老城区燃气泄漏", "Gas leak")
    wall = make_wall()
    wall.open_page("scenario")
    panel = wall.page.panels["scenario"]
    panel.grab()
    assert panel.offered() == [] and "演练中不编脚本" in panel.accessibleDescription()


def test_it_tells_how_a_drill_is_begun_with_what_was_saved(hands: Hands) -> None:
    """Pasted as it is into a terminal; not with faults, and not what stands in no file."""
    begin(hands)
    inject(hands, "没水。", 4)
    hands.checked()
    hands.press(Qt.Key.Key_B)
    assert "先存盘" in hands.told()
    hands.press(Qt.Key.Key_S, CTRL)
    hands.bot.waitUntil(lambda: "已存盘，第 1 版" in hands.told())
    assert "B 建演练" in hands.told()
    hands.press(Qt.Key.Key_B)
    folder, file = hands.panel.desk.folder, hands.panel.source.file
    told = shlex.split(QGuiApplication.clipboard().text())
    assert told == ["commandwall", "drill", "begin", str(file), "--data-dir", str(folder)]
    assert "命令已复制" in hands.told()
    asked = cli._parser().parse_args(told[1:])
    assert asked.names == [str(file)] and str(asked.data_dir) == str(folder)
    hands.press(Qt.Key.Key_Delete)
    hands.checked()
    hands.press(Qt.Key.Key_B)
    assert "有误的脚本不能建演练" in hands.told()


def test_what_is_asked_of_an_alarm_of_no_class_is_whole(hands: Hands) -> None:
    """The sentence that is offered is one: its choices show it, and no others."""
    begin(hands)
    hands.press(Qt.Key.Key_N)
    hands.type("浓度高。")
    hands.done()
    hands.press(Qt.Key.Key_A)
    sheet = hands.sheet
    assert sheet._answers()["text"] == "alarm.ACKED within 60s"
    told = sheet._answers()
    assert (told["state"], told["limit"], told["unit"]) == ("ACKED", 1, "min")
    assert not sheet._fields["event.cls"][1].isVisible()
