"""A duty officer's shift by keys alone, on the real window: how many each task takes. Words that
are typed are not counted. Who makes one longer sees it here; docs/station.md tells the numbers."""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import Any

import pytest
from builders import NOW, an_event, an_opening
from officers import SECRET, an_officer
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPlainTextEdit
from world import an_alarm, told_by

from commandwall import events, handover, people, suggesting
from commandwall.alarms import Alarm
from commandwall.clock import HOUR, MINUTE, Ms
from commandwall.event_acts import merged_into, sign
from commandwall.events import Event, EventWork
from commandwall.handover import Handover
from commandwall.incidents import open_incident
from commandwall.people import Duty, Officer
from commandwall.store.mirror import Mirror, use
from commandwall.whistles import Summons, Whistle
from widgets.sheet import Sheet

SAID = {"title": "建工路夜间施工噪音扰民", "body": "工地夜里施工噪音太大，睡不着", "area": "t1"}
TAUGHT = {"noise": ("夜间施工噪音扰民", "城管局"), "light": ("路灯不亮", "住建局")}


class Hand:
    """Presses keys where the keyboard is, and counts them; writes as an input method does."""

    def __init__(self, wall: Any) -> None:
        self.wall, self.keys = wall, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            stroke = QKeySequence(key)[0]
            where = QApplication.focusWidget() or self.wall
            QTest.keyClick(where, stroke.key(), stroke.keyboardModifiers())
            self.keys += 1

    def write(self, text: str) -> None:
        field = QApplication.focusWidget()
        line = field.lineEdit() if isinstance(field, QComboBox) else field
        if isinstance(line, QPlainTextEdit):
            line.insertPlainText(text)
            return
        assert isinstance(line, QLineEdit), f"the keyboard is on {field}"
        line.insert(text)


class Shift:
    """An officer at a wall with two reports of one matter, the later one new."""

    def __init__(self, wall: Any, world: Any, qtbot: Any) -> None:
        self.wall, self.world, self.qtbot = wall, world, qtbot
        self.hand = Hand(wall)

    def until(self, true: Any) -> None:
        self.qtbot.waitUntil(true)

    def view(self, key: str = "n2") -> Any:
        return self.world.store.read(lambda r: events.view(r, key))

    def tell(self) -> None:
        """What was done comes back to the screen, as the follower brings it."""
        kinds = (Whistle, Summons, Officer, Duty, Handover)
        kept = {k: self.world.store.read(lambda r, k=k: r.find(k)) for k in kinds}
        self.world.tick({Event: [self.view("n1"), self.view()], **kept})

    def panel(self, name: str) -> Any:
        return self.wall.page.panels[name]

    def open(self, tab: str = "F1") -> None:
        """The events page, with the later report chosen; its keys are those of the first task."""
        self.hand.press("Alt+4")
        if tab != "F1":
            self.hand.press(tab)
        self.until(lambda: "n2" in self.panel("event_queue").keys)
        self.hand.press("J")
        self.until(lambda: self.panel("event_card").view is not None)

    def chosen(self, tab: str = "F1") -> None:
        self.open(tab)
        self.until(lambda: self.panel("intake")._found is not None)
        self.hand.keys = 0

    def sheet(self) -> Sheet:
        def shown() -> list[Sheet]:
            return [s for s in self.wall.findChildren(Sheet) if s.isVisible()]

        self.until(lambda: shown() != [])
        return shown()[0]

    def back_at_the_page(self) -> bool:
        """Whether the next letter is a key again."""
        return QApplication.focusWidget() is self.wall


def fill(world: Any) -> None:
    past = []
    for i in range(150):
        cls = "noise" if i % 2 else "light"
        said, unit = TAUGHT[cls]
        past.append(
            an_event(
                id=f"p{i}",
                title=f"{i} 号院{said}",
                body=f"{said}，第 {i} 次",
                cls=cls,
                unit=unit,
                area="",
                reported_at=Ms(NOW - 900 * HOUR),
                state="CLOSED",
            )
        )
    first = an_event(id="n1", source_id="101", reported_at=Ms(NOW - 30 * MINUTE), **SAID)
    later = an_event(id="n2", source_id="102", reported_at=Ms(NOW - 10 * MINUTE), cls="other",
                     lon=120.2004, urgency=1, **SAID)  # fmt: skip
    mirror = Mirror(world.store.folder / "m1.db")
    rows = [*past, first, later]
    area = world.picture.areas["t1"]
    mirror.take({"event": [astuple(e) for e in rows], "area": [astuple(area)]}, {})
    mirror.close()
    use(world.store.folder, "m1.db")


@pytest.fixture
def shift(world: Any, make_wall: Any, qtbot: Any) -> Shift:
    fill(world)
    world.desk.take_post("chief", "陈一").result()
    wall = make_wall()
    with qtbot.waitActive(wall):
        wall.activateWindow()
    made = Shift(wall, world, qtbot)
    made.tell()
    return made


def test_the_next_new_event_is_taken_with_three_keys(shift: Shift) -> None:
    shift.open()
    shift.hand.press("A")
    shift.until(lambda: shift.view().state == "ACCEPTED")
    shift.until(lambda: "已存盘" in told_by(shift.wall, "event_card"))
    assert shift.hand.keys == 3 and shift.back_at_the_page()


def test_it_is_dispatched_as_suggested_with_one_key(shift: Shift) -> None:
    model = shift.world.store.read(lambda r: suggesting.learn_from(r, NOW))
    suggesting.save(shift.world.settings.data_dir, model)
    shift.chosen()
    shift.hand.press("G")
    shift.until(lambda: shift.view().state == "DISPATCHED")
    assert (shift.view().unit, shift.hand.keys) == ("城管局", 1)


def test_it_is_dispatched_to_a_typed_unit_with_two_keys(shift: Shift) -> None:
    shift.chosen()
    shift.hand.press("D")
    shift.hand.write("供水公司")
    shift.hand.press("Return")
    shift.until(lambda: shift.view().state == "DISPATCHED")
    shift.until(lambda: "已存盘" in told_by(shift.wall, "event_card"))
    assert (shift.view().unit, shift.hand.keys) == ("供水公司", 2)
    assert shift.back_at_the_page()


def test_a_remark_is_written_with_two_keys_and_left_with_escape(shift: Shift) -> None:
    shift.chosen()
    shift.hand.press("R", "Escape")
    assert shift.back_at_the_page()
    shift.hand.keys = 0
    shift.hand.press("R")
    shift.hand.write("已电话联系来电人")
    shift.hand.press("Return")
    shift.until(lambda: "已电话联系来电人" in told_by(shift.wall, "event_card"))
    assert shift.hand.keys == 2 and shift.back_at_the_page()


def test_what_the_search_found_is_reached_by_key(shift: Shift) -> None:
    shift.hand.press("Alt+4", "/")
    shift.hand.write("施工噪音")
    shift.hand.press("Return")
    queue = shift.panel("event_queue")
    shift.until(lambda: queue.filter.share == "pool" and "n2" in queue.keys)
    shift.hand.press("J")
    shift.until(lambda: shift.panel("event_card").view is not None)
    assert shift.hand.keys == 4


def test_what_the_hand_over_sheet_names_is_reached_by_its_number(shift: Shift) -> None:
    """Who relieves has a sheet of numbers; no word of it stands in the events."""
    shift.hand.press("Alt+4", "/")
    shift.hand.write("102")
    shift.hand.press("Return")
    queue = shift.panel("event_queue")
    shift.until(lambda: list(queue.keys) == ["n2"])
    assert "编号 102" in told_by(shift.wall, "event_queue")
    shift.hand.press("J")
    shift.until(lambda: shift.panel("event_card").view is not None)
    assert shift.hand.keys == 4 and shift.panel("event_card").view.event.id == "n2"


def test_a_repeat_is_compared_and_merged_with_two_keys(shift: Shift) -> None:
    shift.chosen()
    shift.hand.press("M")
    assert "由 101 一并办理" in shift.sheet()._told.text()
    shift.hand.press("Ctrl+Return")
    shift.until(lambda: shift.world.store.read(lambda r: merged_into(r, "n1")) == ["n2"])
    assert shift.hand.keys == 2


def test_what_cannot_be_merged_says_so_before_it_is_tried(shift: Shift) -> None:
    now = [replace(shift.view(k), work=None) for k in ("n1", "n2")]
    works = [EventWork(v.event.id, "SIGNED", "城管局", "", NOW, "陈", "p3", NOW, NOW) for v in now]
    shift.world.desk.run(lambda tx: tx.put(*works), {}, local=True)
    shift.tell()
    shift.chosen("F2")
    shift.hand.press("M")
    sheet = shift.sheet()
    # Told apart for good is never what a hand does that is used to M and Ctrl Enter.
    assert sheet._answers()["way"] == "same"
    assert "不能并单" in sheet._told.text() and "本件　102" in sheet._told.text()


def test_departments_are_whistled_for_with_two_keys(shift: Shift) -> None:
    shift.world.desk.do(events.dispatch, event="n2", unit="城管局").result()
    shift.tell()
    shift.chosen("F2")
    shift.hand.press("W")
    assert "签收后才能吹哨" in told_by(shift.wall, "event_card")  # before anything is typed
    shift.world.desk.do(sign, event="n2").result()
    shift.tell()
    shift.until(lambda: shift.panel("event_card").view.state == "SIGNED")
    shift.hand.keys = 0
    shift.hand.press("W")
    shift.hand.write("水务局、城管局")
    shift.hand.press("Ctrl+Return")
    shift.until(lambda: len(shift.world.store.read(lambda r: r.find(Summons))) == 2)
    shift.until(lambda: "已吹哨" in told_by(shift.wall, "event_card"))
    assert shift.hand.keys == 2


def test_the_seat_is_handed_over_with_the_state_of_the_city_on_the_sheet(shift: Shift) -> None:
    world, desk = shift.world, shift.world.desk
    desk.do(open_incident, opening=an_opening()).result()
    for officer in (an_officer(), an_officer("li", "李二")):
        desk.run(people.enrol, {"officer": officer}, "root")
    desk.sign_in("chen", SECRET, "p3").result()
    shift.tell()
    world.tick({Alarm: [an_alarm(), an_alarm("A2", state="SHLVD", until=Ms(NOW + HOUR))]})
    shift.hand.press("Ctrl+H")
    told = shift.sheet()._told.text()
    assert "此刻　在办" in told and "告警　叫人 1　搁置、停用 1" in told and "最急" in told
    shift.hand.write("泵站钥匙在值班室")
    shift.hand.press("Ctrl+Return")
    shift.until(lambda: "接岗" in shift.sheet().accessibleName())
    relief = shift.sheet()
    assert "泵站钥匙" in relief._told.text() and "此刻　在办" in relief._told.text()
    assert shift.hand.keys == 2  # the giver
    shift.hand.press("Space", "Return")
    shift.hand.write("li")
    shift.hand.press("Return")
    shift.hand.write(SECRET)
    shift.hand.press("Ctrl+Return")
    shift.until(lambda: desk.here.name == "李二")
    assert shift.hand.keys == 2 + 3 + 1  # the relief: one for each item, of which there is one
    shift.until(shift.back_at_the_page)
    (offer,) = world.store.read(lambda r: r.find(Handover))
    assert (offer.state, offer.giver) == (handover.DONE, "陈一")
