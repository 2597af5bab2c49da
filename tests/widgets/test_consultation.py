"""The page 会商: a consultation from the call to the signed minutes, by keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import NOW, an_event
from pypdf import PdfReader
from PySide6.QtWidgets import QFileDialog
from world import City, an_alarm, an_area, told_by

from commandwall import frozen, incidents
from commandwall.alarms import Alarm
from commandwall.areas import TOWN
from commandwall.clock import HOUR, Ms
from commandwall.consulting import Attendee, Consultation, Opinion, Resolution
from commandwall.directives import Directive
from commandwall.events import Event, EventView
from commandwall.incidents import Incident, Opening
from commandwall.instructions import Instruction
from commandwall.ladders import PlanPoint, Supervision
from commandwall.reporting import HandOut
from widgets.sheet import Sheet

KINDS = (Consultation, Attendee, Opinion, Resolution, Directive, Instruction, PlanPoint, Incident,
         Supervision)  # fmt: skip
EVENT = an_event(area="t1", title="港五路积水", source_id="1127-9", received_at=Ms(NOW - HOUR))


@pytest.fixture
def wall(world: City, make_wall: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    world.copied(EVENT, an_area("t1", TOWN, "石塘镇", "c"))
    world.desk.take_post("chief", "陈明").result()
    monkeypatch.setattr(QFileDialog, "open", lambda dialog: None)
    made = make_wall()
    made.open_page("consult")
    world.tick({Event: [EventView(EVENT, None)], Alarm: [an_alarm()]})
    return made


def seen(world: City) -> None:
    world.tick({kind: world.store.read(lambda r, kind=kind: r.find(kind)) for kind in KINDS})


def press(wall: Any, key: str) -> None:
    next(c for c in wall.all_commands() if c.key == key).run()


def fill(wall: Any, **told: Any) -> Any:
    """Type into the sheet that is open, and press its button."""
    sheet = next(s for s in wall.findChildren(Sheet) if s.isVisible())
    for key, value in told.items():
        field = sheet._fields[key][1]
        if hasattr(field, "tick"):
            field.tick(value)
        elif hasattr(field, "findData"):
            field.setCurrentIndex(field.findData(value))
        elif hasattr(field, "setValue"):
            field.setValue(value)
        else:
            field.setText(value)
    sheet.accept()
    return sheet


def many(world: City, kind: type[Any]) -> list[Any]:
    found: list[Any] = world.store.read(lambda r: r.find(kind))
    return found


def call(wall: Any, world: City, qtbot: Any, **told: Any) -> Consultation:
    before = len(many(world, Consultation))
    press(wall, "P")
    fill(wall, matter="是否提前封闭下穿道路", others="供电公司 李工", **told)
    qtbot.waitUntil(lambda: len(many(world, Consultation)) == before + 1)
    seen(world)
    return max(many(world, Consultation), key=lambda c: c.called_at)


def test_a_consultation_of_a_day_by_keys(wall: Any, world: City, qtbot: Any) -> None:
    assert "没有会商：按 P 召集" in told_by(wall, "consultations")
    one = call(wall, world, qtbot)
    assert (one.kind, one.chair) == ("", "chief") and "会商" in one.title
    told = told_by(wall, "consultation")
    assert "议题：是否提前封闭下穿道路" in told and "未到会" in told and "供电公司" in told
    assert "还没有取态势" in told
    press(wall, "F")
    qtbot.waitUntil(lambda: many(world, Consultation)[0].as_of == NOW)
    seen(world)
    counts = {c.key: c for c in frozen.loaded(many(world, Consultation)[0].counts).counts}
    assert (counts["in_hand"].n, counts["in_hand"].keys) == (1, (EVENT.id,))
    assert counts["alarms"].keys == ("A1",)
    told = told_by(wall, "consultation")
    assert "在办事件" in told and "态势取于" in told and "来电逐时" in told
    # The figures stay while the city goes on.
    world.tick({Event: [EventView(an_event(id="e9", area="t1"), None)]})
    assert "在办事件 1 " in told_by(wall, "consultation")
    panel = wall.page.panels["consultation"]
    panel.choose("figure/in_hand")
    press(wall, "O")
    qtbot.waitUntil(lambda: "港五路积水" in told_by(wall, "consultation"))
    panel.choose(f"row/{EVENT.id}")
    press(wall, "O")
    assert wall.context.page == "events"
    press(wall, "Alt+C")
    assert wall.context.page == "consult"
    press(wall, "C")
    here = [a.id for a in many(world, Attendee) if a.seat == "chief"]
    fill(wall, attendees=here)
    qtbot.waitUntil(lambda: any(a.present_at for a in many(world, Attendee)))
    power = next(a.id for a in many(world, Attendee) if a.unit)
    press(wall, "I")
    fill(wall, attendee=power, text="两小时内抢修到位")
    qtbot.waitUntil(lambda: len(many(world, Opinion)) == 1)
    press(wall, "D")
    sheet = fill(wall, task="今夜加派泵车备勤", basis="预报雨强", seat="p1", minutes=90)
    assert "常备要求" in sheet._told.text()
    qtbot.waitUntil(lambda: len(many(world, Resolution)) == 1)
    seen(world)
    assert "▲ 待下达，按 T" in told_by(wall, "consultation")
    press(wall, "T")
    qtbot.waitUntil(lambda: len(many(world, Instruction)) == 1)
    seen(world)
    (order,) = many(world, Instruction)
    assert (order.seat, order.source) == ("p1", f"resolution:{many(world, Resolution)[0].id}")
    told = told_by(wall, "consultation")
    assert "常备要求　有效" in told and "待下达" not in told
    press(wall, "T")
    assert "没有待下达的决定" in told_by(wall, "consultation")


def test_of_an_incident_a_resolution_is_an_order_and_the_minutes_are_signed(
    wall: Any, world: City, qtbot: Any, tmp_path: Path
) -> None:
    opening = Opening("港五路内涝", "flood", "t1", "港五路", 120.2, 31.1)
    world.desk.do(incidents.open_incident, opening=opening).result()
    seen(world)
    (incident,) = many(world, Incident)
    one = call(wall, world, qtbot, about=f"incident:{incident.id}")
    assert (one.kind, one.subject, one.title) == ("incident", incident.id, "港五路内涝")
    press(wall, "F")
    qtbot.waitUntil(lambda: many(world, Consultation)[0].state == "OPEN")
    seen(world)
    press(wall, "D")
    sheet = fill(wall, task="封闭港五路下穿", seat="front", minutes=30)
    assert "成为：指令" in sheet._told.text()
    qtbot.waitUntil(lambda: len(many(world, Resolution)) == 1)
    seen(world)
    press(wall, "T")
    qtbot.waitUntil(lambda: len(many(world, Directive)) == 1)
    (order,) = many(world, Directive)
    (settled,) = many(world, Resolution)
    assert (order.incident, order.to_post, order.text) == (incident.id, "front", "封闭港五路下穿")
    assert (order.due_at, order.source) == (settled.due, f"resolution:{settled.id}")
    seen(world)
    press(wall, "E")
    fill(wall, result="提前封闭，电话 13800001111 随时联系")
    qtbot.waitUntil(lambda: many(world, Consultation)[0].state == "CLOSED")
    seen(world)
    press(wall, "V")
    qtbot.waitUntil(lambda: many(world, Consultation)[0].state == "SIGNED")
    seen(world)
    assert "签字后有改动" not in told_by(wall, "consultation")
    press(wall, "D")
    assert "此状态下不能办" in told_by(wall, "consultation")
    # Minutes on paper: with a purpose, masked, a line before their names.
    press(wall, "Ctrl+P")
    papers = wall.page.panels["consultation"]._papers
    from widgets.consultation_follow import hand_out

    panel = wall.page.panels["consultation"]
    papers.make(hand_out(panel, panel._held), "报市政府", tmp_path / "纪要.pdf")
    qtbot.waitUntil(lambda: len(list(tmp_path.glob("纪要.*"))) == 2, timeout=60_000)
    told = "".join(p.extract_text() for p in PdfReader(tmp_path / "纪要.pdf").pages)
    assert "13800001111" not in told
    for words in ("会商纪要", "封闭港五路下穿", "第1号", "校验值", "逾期事件", "供电公司"):
        assert words in told.replace(" ", "").replace("\n", ""), words
    lines = many(world, HandOut)
    assert {(h.what, h.purpose) for h in lines} == {("minutes", "报市政府")}
    # What another station adds after the signature is told.
    late = Opinion("o9", one.id, many(world, Attendee)[0].id, "迟到的意见", NOW, "王", "p1")
    world.desk.run(lambda tx: tx.put(late), {}, local=True)
    seen(world)
    assert "签字后有改动" in told_by(wall, "consultation")


def test_of_a_watched_event_it_is_a_point_of_its_plan(wall: Any, world: City, qtbot: Any) -> None:
    watched = Supervision(EVENT.id, EVENT.title, "t1", "WATCHED", NOW, "", None, "chief", NOW,
                          "陈", "chief")  # fmt: skip
    world.desk.run(lambda tx: tx.put(watched), {}, local=True)
    seen(world)
    call(wall, world, qtbot, about=f"event:{EVENT.id}")
    press(wall, "F")
    qtbot.waitUntil(lambda: many(world, Consultation)[0].state == "OPEN")
    seen(world)
    press(wall, "D")
    sheet = fill(wall, task="改造泵站", unit="水务局", days=3)
    assert "督办任务" in sheet._told.text()
    qtbot.waitUntil(lambda: len(many(world, Resolution)) == 1)
    seen(world)
    press(wall, "T")
    qtbot.waitUntil(lambda: len(many(world, PlanPoint)) == 1)
    (point,) = many(world, PlanPoint)
    assert (point.lead, point.due) == ("水务局", many(world, Resolution)[0].due)
    assert point.source == f"resolution:{many(world, Resolution)[0].id}"


def test_a_post_that_may_not_is_told_so_and_a_bad_time_is_named(
    wall: Any, world: City, qtbot: Any
) -> None:
    press(wall, "P")
    sheet = fill(wall, at="下午")
    assert "不是日期：下午" in sheet._told.text() and sheet.isVisible()
    sheet.close()
    world.desk.take_post("front", "王").result()
    press(wall, "P")
    assert "无权" in told_by(wall, "consultations")
