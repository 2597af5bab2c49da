"""受理参考: class and unit by the words of an event, and reports of the same matter; by keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import NOW, an_event
from world import told_by

from commandwall import events, repeats, suggesting
from commandwall.clock import HOUR, MINUTE, Ms
from commandwall.event_acts import merged_into
from commandwall.events import Event
from commandwall.store.mirror import Mirror, use
from widgets import answer_card
from widgets.base import Subject
from widgets.intake import CLASS, SAME, UNIT
from widgets.registering import RegisterSheet
from widgets.sheet import Sheet

CLASSES = {"noise": ("夜间施工噪音扰民", "城管局"), "light": ("路灯不亮", "住建局")}


def fill(folder: Path, *rows: Any, taught: int = 150) -> None:
    """A mirror whose past tells two classes apart, and some rows of now."""
    past = []
    for i in range(taught):
        cls = "noise" if i % 2 else "light"
        said, unit = CLASSES[cls]
        past.append(an_event(id=f"p{i}", title=f"{i} 号院{said}", body=f"{said}，第 {i} 次",
                             cls=cls, unit=unit, area="", reported_at=Ms(NOW - 900 * HOUR),
                             state="CLOSED"))  # fmt: skip
    mirror = Mirror(folder / "m1.db")
    use(folder, "m1.db")
    mirror.take({"event": [tuple(getattr(e, n) for n in e.__slots__) for e in (*past, *rows)]}, {})
    mirror.close()


def told_twice() -> list[Any]:
    """Two reports of one matter, 40 m and 20 min apart, and one of something else."""
    said = {"title": "建工路夜间施工噪音扰民", "body": "工地夜里施工噪音太大，睡不着", "area": "t1"}
    first = an_event(id="n1", source_id="101", reported_at=Ms(NOW - 30 * MINUTE), **said)
    later = an_event(id="n2", source_id="102", reported_at=Ms(NOW - 10 * MINUTE), cls="other",
                     lon=120.2004, **said)  # fmt: skip
    other = an_event(id="n3", title="小区停水", body="三栋停水", area="t1")
    return [first, later, other]


@pytest.fixture
def panel(world: Any, make_wall: Any, qtbot: Any) -> Any:
    """The panel beside the card of the later report, on a wall whose pool has taught it."""
    fill(world.settings.data_dir, *told_twice())
    model = world.store.read(lambda r: suggesting.learn_from(r, NOW))
    suggesting.save(world.settings.data_dir, model)
    world.desk.take_post("chief", "陈").result()
    return chosen(make_wall(), world, qtbot, "n2")


def chosen(wall: Any, world: Any, qtbot: Any, key: str) -> Any:
    wall.open_page("events")
    world.tick()
    panel = wall.page.panels["intake"]
    panel.open(Subject(Event, key))
    assert "正在比对" in told_by(wall, "intake")
    settled(panel, qtbot)
    return panel


def settled(panel: Any, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: panel._found is not None)


def said(panel: Any) -> str:
    return told_by(panel.window(), "intake")


def view(world: Any, key: str) -> Any:
    return world.store.read(lambda r: events.view(r, key))


def press(panel: Any, key: str) -> None:
    next(c for c in panel.commands() if c.key == key).run()


def the_sheet(panel: Any) -> Sheet:
    return next(s for s in panel.window().findChildren(Sheet) if s.isVisible())


def test_class_and_unit_are_told_with_how_sure_and_from_what(panel: Any) -> None:
    told = said(panel)
    assert "建议分类" in told and "噪声扰民" in told and "现为 其他" in told
    assert "建议单位" in told and "城管局" in told and "有把握" in told and "%" in told
    assert "学自 150 件" in told


def test_one_key_takes_the_class_and_one_sends_it_to_the_unit(
    panel: Any, world: Any, qtbot: Any
) -> None:
    assert view(world, "n2").work is None  # nothing is set by itself
    press(panel, CLASS)
    qtbot.waitUntil(lambda: view(world, "n2").cls == "noise")
    qtbot.waitUntil(lambda: "建议分类" not in said(panel))  # it holds now
    press(panel, UNIT)
    qtbot.waitUntil(lambda: view(world, "n2").state == "DISPATCHED")
    assert view(world, "n2").unit == "城管局"
    qtbot.waitUntil(lambda: "建议单位" not in said(panel))


def test_a_repeat_is_told_with_its_reasons_and_merged_after_a_look_at_both(
    panel: Any, world: Any, qtbot: Any
) -> None:
    told = said(panel)
    assert "疑似重复" in told and "相距 38 m" in told and "相隔 20 分钟" in told
    assert "文字相似 100 %" in told and "停水" not in told
    press(panel, SAME)
    sheet = the_sheet(panel)
    beside = sheet._told.text()
    assert "本件　102" in beside and "另一件　101" in beside and "由 101 一并办理" in beside
    assert view(world, "n2").state == "NEW"
    sheet._press()
    qtbot.waitUntil(lambda: view(world, "n2").state == "MERGED")
    assert world.store.read(lambda r: merged_into(r, "n1")) == ["n2"]
    qtbot.waitUntil(lambda: "没有疑似重复件" in said(panel))


def test_two_that_are_not_the_same_are_not_proposed_again(
    panel: Any, world: Any, qtbot: Any
) -> None:
    press(panel, SAME)
    sheet = the_sheet(panel)
    way = sheet._fields["way"][1]
    way.setCurrentIndex(way.findData("apart"))
    assert "各台不再把它们提示为重复" in sheet._told.text()
    sheet._press()
    qtbot.waitUntil(lambda: "没有疑似重复件" in said(panel))
    assert view(world, "n2").state == "NEW" and view(world, "n1").state == "NEW"
    for key in ("n1", "n2"):
        assert world.store.read(lambda r, k=key: repeats.of_event(r, k)) == []


def test_an_unsure_suggestion_says_so_and_offers_three(
    world: Any, make_wall: Any, qtbot: Any
) -> None:
    """Words of both kinds: neither is sure."""
    both = an_event(id="n9", title="施工路灯", body="路灯旁边施工", cls="other")
    fill(world.settings.data_dir, both)
    model = world.store.read(lambda r: suggesting.learn_from(r, NOW))
    suggesting.save(world.settings.data_dir, blunt(model))
    world.desk.take_post("chief", "陈").result()
    panel = chosen(make_wall(), world, qtbot, "n9")
    assert "把握不大" in said(panel) and "噪声扰民" in said(panel) and "路灯照明" in said(panel)
    press(panel, CLASS)
    sheet = the_sheet(panel)
    field = sheet._fields["key"][1]
    assert field.count() == 2 and "%" in field.itemText(0)
    field.setCurrentIndex(1)
    wanted = field.currentData()
    sheet._press()
    qtbot.waitUntil(lambda: view(world, "n9").cls == wanted)


def blunt(model: Any) -> Any:
    """The same model, which says of everything that it is hardly sure."""
    from dataclasses import replace

    return replace(model, learned={q: replace(k, sharp=0.1) for q, k in model.learned.items()})


def test_before_anything_is_learned_or_chosen_it_says_so(
    world: Any, make_wall: Any, qtbot: Any
) -> None:
    fill(world.settings.data_dir, *told_twice(), taught=0)
    wall = make_wall()
    wall.open_page("events")
    world.tick()
    assert "选一条事件" in told_by(wall, "intake")
    panel = chosen(wall, world, qtbot, "n3")
    assert "还没有学到建议" in said(panel) and "没有疑似重复件" in said(panel)
    press(panel, SAME)
    assert "没有疑似重复件" in said(panel)


def test_a_post_without_the_right_is_told_why(panel: Any, world: Any, qtbot: Any) -> None:
    world.desk.take_post("leader", "陈").result()
    panel._offer()
    button = panel._bar.button(UNIT)
    assert not button.isEnabled() and button.toolTip()
    press(panel, UNIT)
    assert view(world, "n2").work is None


def test_a_call_that_is_taken_has_its_answer_card(panel: Any, world: Any, qtbot: Any) -> None:
    assert "先问" in said(panel), "what to ask stands beside what helps to take it in"
    page = panel.window().page
    assert "answer_card" in [name for _, name in page.drawers()], "the whole of it by a key"
    card = page.panels["answer_card"]
    card.open(Subject(Event, "n1"))
    qtbot.waitUntil(lambda: card.view is not None)
    shown = dict(answer_card.parts(card.view.cls, card.view))
    assert "停水停电通知" in shown["先问"] and shown["承办"] == "自来水公司"
    assert shown["时限"].startswith("受理 10 分、派单 30 分")


def test_who_registers_a_matter_sees_that_it_was_told_before(
    panel: Any, world: Any, qtbot: Any
) -> None:
    """While it is typed, with its likely class; nothing is written into a field."""
    wall = panel.window()
    next(c for c in wall.all_commands() if c.key == "Ctrl+N").run()
    sheet = wall.findChildren(RegisterSheet)[-1]
    sheet._field("title").setText("建工路夜间施工噪音扰民")
    sheet._field("body").setText("工地夜里施工噪音太大，睡不着")
    qtbot.waitUntil(lambda: "疑似重复" in sheet._told.text())
    told = sheet._told.text()
    assert "101　建工路夜间施工噪音扰民　待受理" in told and "文字几乎一样" in told
    assert "建议分类　有把握　噪声扰民" in told
    assert sheet._answers()["cls"] == ""
    for name in ("title", "body"):
        sheet._field(name).setText("")
    qtbot.waitUntil(lambda: not sheet._told.isVisible())
