"""Paper on one key, and what was written on it comes back in by keys."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import Future
from pathlib import Path
from typing import Any, ClassVar

import pytest
from builders import NOW, an_area, an_event
from world import City, told_by

from commandwall.clock import HOUR, MINUTE
from commandwall.events import Event, EventView, FiledEvent
from commandwall.reentry import PaperEntry
from commandwall.reporting import HandOut
from commandwall.reports import standby
from commandwall.reports.fallback import collect
from commandwall.reports.press import Pressed
from commandwall.reports.press import press as press_paper
from commandwall.store.store import Refused
from commandwall.whistle_acts import blow
from commandwall.whistles import Whistling
from widgets import fallback
from widgets.fallback import FallbackSheet
from widgets.reentry import PaperSheet
from widgets.registering import RegisterSheet


def press(wall: Any, key: str) -> None:
    next(command for command in wall.all_commands() if command.key == key).run()


class Made:
    """A paper that is made at once; what was asked of it."""

    asked: ClassVar[list[Any]] = []

    def __init__(self, folder: Path, target: Path, asked: Any) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name("part")
        part.write_bytes(b"%PDF")
        Made.asked.append(asked)
        self.answer: Future[Pressed] = Future()
        self.answer.set_result(Pressed(part, target, "0" * 64))


def test_whose_method_a_key_calls_outlives_the_making_of_its_commands(make_wall: Any) -> None:
    """Qt keeps no object for its method: in the real window Ctrl+O did nothing at all."""
    wall = make_wall()
    for page in wall.file.pages:
        wall.open_page(page.id)
        owners = [
            (command.key, weakref.ref(owner)) for command in wall.all_commands()
            if (owner := getattr(command.run, "__self__", None)) is not None
        ]  # fmt: skip
        gc.collect()
        assert [key for key, owner in owners if owner() is None] == [], page.id


def test_one_key_makes_the_paper_and_its_line(
    world: City, make_wall: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = list[str]()
    monkeypatch.setattr(standby, "Making", Made)
    monkeypatch.setattr(
        fallback.QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile())
    )
    world.desk.take_post("chief", "周").result()
    wall = make_wall()
    press(wall, "Ctrl+O")
    sheet = wall.findChildren(FallbackSheet)[-1]
    qtbot.waitUntil(lambda: not sheet.waits)
    (line,) = world.store.read(lambda r: r.find(HandOut))
    assert (line.what, line.incident, line.by) == ("fallback", "", "周")
    assert "未遮盖" in line.purpose and Made.asked[-1].whole
    (made,) = (world.store.folder / standby.FOLDER).glob("fallback-*.pdf")
    sheet.accept()
    assert opened == [str(made)]


def test_the_hand_over_sheet_is_printed_for_two_to_sign(
    world: City, make_wall: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standby, "Making", Made)
    world.desk.take_post("chief", "周").result()
    world.copied(an_area())
    whistling = Whistling("320281001", "emergency", ("城管局",), matter="老街堵了", place="老街")
    world.desk.do(blow, whistling=whistling).result()
    wall = make_wall()
    wall.open_page("roster")
    press(wall, "P")
    qtbot.waitUntil(lambda: bool(world.store.read(lambda r: r.find(HandOut))))
    (line,) = world.store.read(lambda r: r.find(HandOut))
    assert (line.what, line.purpose) == ("handover", "交接班签字")
    asked = Made.asked[-1]
    assert asked.seat == "chief" and not asked.whole
    assert asked.told[0] == "未了 1 项" and asked.told[1].startswith(
        "吹哨　老街堵了　城管局 欠应哨，"
    )
    assert any("自检" in one for one in asked.told)
    paper = world.store.read(lambda r: collect(r, asked))
    assert paper.template == "handover" and paper.data["signs"][0] == "交岗人签字"
    made = press_paper(paper, [world.store.folder / "h.pdf"], "")
    assert made[0].path.read_bytes().startswith(b"%PDF")


def test_why_there_is_no_paper_is_told_and_a_sheet_that_is_left_leaves_none(
    world: City, make_wall: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, given_up = Future[Any](), list[bool]()

    class Going:
        def __init__(self, folder: Path, target: Path, asked: Any) -> None:
            self.answer = answer

        def give_up(self) -> None:
            given_up.append(True)

    monkeypatch.setattr(standby, "Making", Going)
    world.desk.take_post("chief", "周").result()
    wall = make_wall()
    press(wall, "Ctrl+O")
    sheet = wall.findChildren(FallbackSheet)[-1]
    answer.set_exception(Refused("unset", why="no fonts"))
    qtbot.waitUntil(lambda: sheet._told.text() == "未能生成：no fonts")
    sheet.close()
    qtbot.waitUntil(lambda: given_up == [True])
    assert world.store.read(lambda r: r.find(HandOut)) == []


def test_who_may_not_hand_out_is_told_why(world: City, make_wall: Any, qtbot: Any) -> None:
    world.desk.post = "s_display"  # may see, and hands nothing out
    wall = make_wall()
    press(wall, "Ctrl+O")
    sheet = wall.findChildren(FallbackSheet)[-1]
    assert sheet.waits and "展示屏" in sheet._told.text()


def test_lines_of_the_paper_come_in_one_after_the_other(
    world: City, make_wall: Any, qtbot: Any
) -> None:
    event = an_event(area="t1", state="NEW", reported_at=NOW - 3 * HOUR)
    world.copied(event)
    world.tick({Event: [EventView(event, None)]})
    world.desk.take_post("chief", "周").result()
    wall = make_wall()
    press(wall, "Ctrl+Shift+O")
    sheet = wall.findChildren(PaperSheet)[-1]
    for name, told in (
        ("at", "40"),
        ("writer", "王五"),
        ("event", "nothing"),
        ("text", "燃气公司"),
    ):
        sheet._fields[name][1].setText(told)
    step = sheet._fields["step"][1]
    step.setCurrentIndex(step.findData("dispatch"))
    sheet.accept()
    assert "没有这件在办事件" in sheet._told.text()
    sheet._fields["event"][1].setText(EventView(event, None).number)
    assert event.title in sheet._told.text()
    sheet.accept()
    qtbot.waitUntil(lambda: len(world.store.read(lambda r: r.find(PaperEntry))) == 1)
    (entry,) = world.store.read(lambda r: r.find(PaperEntry))
    assert entry.told_at == world.picture.now - 40 * MINUTE
    qtbot.waitUntil(lambda: wall.findChildren(PaperSheet)[-1] is not sheet)
    following = wall.findChildren(PaperSheet)[-1]
    assert "已补 1 条" in following._title
    assert following._fields["writer"][1].text() == "王五"


def test_an_event_of_the_paper_is_registered_by_the_usual_form(
    world: City, make_wall: Any, qtbot: Any
) -> None:
    world.desk.take_post("chief", "周").result()
    wall = make_wall()
    press(wall, "Ctrl+Shift+O")
    sheet = wall.findChildren(PaperSheet)[-1]
    for name, told in (("at", "40"), ("writer", "王五"), ("text", "路口积水")):
        sheet._fields[name][1].setText(told)
    sheet.accept()
    form = wall.findChildren(RegisterSheet)[-1]
    assert form._field("body").text() == "路口积水"
    form.accept()
    qtbot.waitUntil(lambda: len(world.store.read(lambda r: r.find(FiledEvent))) == 1)
    (filed,) = world.store.read(lambda r: r.find(FiledEvent))
    assert filed.reported_at == world.picture.now - 40 * MINUTE
    (entry,) = world.store.read(lambda r: r.find(PaperEntry))
    assert entry.subject == filed.id and told_by(wall, "notice") == ""
