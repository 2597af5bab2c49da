"""A rule of alarms is changed by key: tried on the last days, proposed, approved by another."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import date
from typing import Any

import pytest
from world import City, an_alarm

from commandwall.alarms import Alarm
from commandwall.dry_run import Outcome
from commandwall.rule_rows import APPROVED, PROPOSED, RuleRow, in_force
from widgets import rule_sheet
from widgets.rule_list import ProposalSheet
from widgets.rule_sheet import RuleSheet

FOUND = Outcome(7.0, {date(2026, 11, 20): 3}, {date(2026, 11, 20): 9, date(2026, 11, 24): 5})


class Trial:
    """A dry run that ends when a test says so."""

    def __init__(self, folder: Any, rule: Any) -> None:
        self.share, self.rule = 0.4, rule
        self.answer: Future[Outcome] = Future()

    def stop(self) -> None:
        self.answer.cancel()


@pytest.fixture
def card(world: City, make_wall: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(rule_sheet, "DryRun", Trial)
    world.desk.take_post("chief", "陈").result()
    wall = make_wall()
    alarm = an_alarm()
    world.desk.run(lambda tx: tx.put(alarm), {}, local=True)
    world.tick({Alarm: [alarm]})
    wall.open_page("alarms")
    wall.page.panels["alarm_list"].choose("A1")
    return wall.page.panels["alarm_card"]


def press(card: Any, key: str) -> None:
    """As a key of the page: nothing else there may have it."""
    (run,) = [c.run for c in card.window().all_commands() if c.key == key]
    run()


def sheet_of(card: Any, kind: type[Any]) -> Any:
    return next(s for s in card.window().findChildren(kind) if s.isVisible())


def button(sheet: Any) -> str:
    return str(sheet.bar.button("Ctrl+Return").text())


def told(world: City) -> list[RuleRow]:
    return world.store.read(lambda r: r.find(RuleRow))


def test_a_rule_is_tried_proposed_and_approved_by_another_person(
    card: Any, world: City, qtbot: Any
) -> None:
    press(card, "D")
    sheet = sheet_of(card, RuleSheet)
    assert "25" in sheet._fields["threshold"][0] and button(sheet) == "试算"
    sheet.accept()  # as it is
    assert "与那时的规则相同" in sheet._told.text() and sheet._run is None
    sheet._fields["threshold"][1].setText("abc")
    sheet.accept()
    assert "阈值：应为数" in sheet._told.text()
    sheet._fields["threshold"][1].setText("20")
    sheet._fields["reason"][1].setText("季度复核")
    sheet.accept()
    assert button(sheet) == "停止试算" and "40%" in sheet._told.text()
    sheet.accept()
    assert button(sheet) == "试算" and "试算已停" in sheet._told.text()
    sheet.accept()
    assert sheet._run.rule.threshold == 20.0
    sheet._run.answer.set_result(FOUND)
    qtbot.waitUntil(lambda: button(sheet) == "提议")
    assert "会报 14 起，现行 3 起" in sheet._told.text() and "11-20 9 (3)" in sheet._told.text()
    sheet._fields["reason"][1].setText("季度复核，误报多")
    assert button(sheet) == "提议"
    sheet.accept()
    qtbot.waitUntil(lambda: bool(told(world)))
    (row,) = told(world)
    assert (row.state, row.rule, row.tried, row.tried_now) == (PROPOSED, "GAS-2", 14, 3)
    world.tick({RuleRow: [row]})

    press(card, "Shift+D")
    waiting = sheet_of(card, ProposalSheet)
    waiting.accept()  # by who proposed it
    qtbot.waitUntil(lambda: "另一人" in waiting._told.text())
    world.desk.take_post("chief", "吴").result()
    waiting.grab()
    assert "≠ 阈值 25\u2009%LEL 20\u2009%LEL" in waiting._beside.accessibleDescription()
    waiting.accept()
    qtbot.waitUntil(lambda: told(world)[0].state == APPROVED)
    (row,) = told(world)
    assert in_force([row], row.since)["GAS-2"].zh == "燃气 ≥ 20 %LEL"


def test_another_value_wants_another_run(card: Any, qtbot: Any) -> None:
    press(card, "D")
    sheet = sheet_of(card, RuleSheet)
    sheet._fields["threshold"][1].setText("20")
    sheet.accept()
    sheet._run.answer.set_result(FOUND)
    qtbot.waitUntil(lambda: button(sheet) == "提议")
    sheet._fields["threshold"][1].setText("21")
    assert button(sheet) == "试算" and sheet._found is None


def test_a_rule_gets_other_limits_for_a_mode_beside_those_of_calm(
    card: Any, world: City, qtbot: Any
) -> None:
    press(card, "D")
    sheet = sheet_of(card, RuleSheet)
    assert "平 ≥ 25\u2009%LEL，急 ≥ 25\u2009%LEL，战 ≥ 25\u2009%LEL" in sheet._told.text()
    mode = sheet._fields["mode"][1]
    mode.setCurrentIndex(mode.findData("watch"))
    sheet._fields["threshold"][1].setText("20")
    sheet._fields["reason"][1].setText("汛期")
    sheet.accept()
    assert (sheet._run.rule.id, sheet._run.rule.mode) == ("GAS-2-watch", "watch")
    sheet._run.answer.set_result(FOUND)
    qtbot.waitUntil(lambda: button(sheet) == "提议")
    assert "近 7.0 天若一直是急会报 14 起" in sheet._told.text()
    sheet.accept()
    qtbot.waitUntil(lambda: bool(told(world)))
    world.tick({RuleRow: told(world)})
    press(card, "Shift+D")
    waiting = sheet_of(card, ProposalSheet)
    waiting.grab()
    assert "≠ 阈值 25\u2009%LEL 20\u2009%LEL" in waiting._beside.accessibleDescription()
    assert "≠ 模式 平 急" in waiting._beside.accessibleDescription()


def test_closing_the_sheet_ends_the_run(card: Any) -> None:
    press(card, "D")
    sheet = sheet_of(card, RuleSheet)
    sheet._fields["threshold"][1].setText("20")
    sheet.accept()
    run = sheet._run
    sheet.close()
    assert run.answer.cancelled()


def test_an_alarm_of_the_device_itself_has_no_rule_to_change(card: Any, world: City) -> None:
    silent = an_alarm(cls="STALE", rule="STALE-4", severity=4)
    world.tick({Alarm: [silent]})
    press(card, "D")
    assert "没有可改的阈值" in card._said
    press(card, "Shift+D")
    assert "没有待批准的规则" in card._said
