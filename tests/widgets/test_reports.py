"""The reports on the page of the command pair: clocks, the sheet, what was typed, what differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from builders import NOW, an_event, an_opening, an_order
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from world import City, an_alarm, told_by

from commandwall import directives, incidents, reporting, sitreps
from commandwall.alarms import Alarm
from commandwall.clock import MINUTE, Ms
from commandwall.directives import Directive
from commandwall.events import EventView
from commandwall.incidents import Incident
from commandwall.reporting import ELEMENTS, Losses, PhoneReport, Report
from commandwall.reports.fill import Facts, fill
from commandwall.reports.speech import Speech, chinese
from commandwall.sitreps import SituationReport
from commandwall.store.mirror import Mirror, use


@pytest.fixture
def desk_page(world: City, make_wall: Any, qtbot: Any) -> Iterator[Any]:
    """A wall on the command page, with one incident of an event and one directive."""
    world.desk.person, world.desk.post = "周", "chief"
    wall = make_wall(height=1300)  # so that clocks that have ended have room too
    wall.open_page("command")
    do(world, incidents.open_incident, opening=an_opening(grade=2, area="t1", event="e1",
                                                          kind="gas", radius_m=300.0))  # fmt: skip
    (incident,) = world.picture.incidents.values()
    do(world, directives.issue, order=an_order(incident.id))
    yield wall


def do(world: City, act: Any, **args: Any) -> Any:
    """An act, and what the follower would bring of it."""
    done = world.desk.do(act, **args).result()
    bring(world)
    return done


def bring(world: City) -> None:
    kinds = (Incident, Directive, Report, PhoneReport, Losses, SituationReport)
    found = world.store.read(lambda r: {kind: r.find(kind) for kind in kinds})
    world.tick(found, sync=world.sync())  # the pool answers: no banner takes the room


def opened(wall: Any) -> Any:
    before = wall._overlay
    wall.page.panels["reports"].write()
    for _ in range(2_000):
        if wall._overlay not in (None, before):
            break
        QTest.qWait(10)
    return wall._overlay


def test_the_page_says_what_is_owed_and_how_late(world: City, desk_page: Any) -> None:
    assert "电话报告 余 15:00" in told_by(desk_page, "reports")
    world.clock.at += 16 * MINUTE
    world.tick(sync=world.sync())
    said = told_by(desk_page, "reports")
    assert "电话报告 超 1:00" in said
    (incident,) = world.picture.incidents.values()
    do(world, reporting.phone_report, incident=incident.id, told="省厅", reporter="周", words="")
    assert "迟 1:00" in told_by(desk_page, "reports")


def test_a_clock_whose_incident_is_not_known_then_breaks_nothing(
    world: City, desk_page: Any
) -> None:
    do(world, incidents.open_incident, opening=an_opening(title="另一处", grade=2))
    panel = desk_page.page.panels["reports"]
    panel.resize(panel.width(), 400)
    assert "电话报告\u3000另一处" in told_by(desk_page, "reports")
    world.picture.incidents.clear()  # as a look back to before they were opened
    told_by(desk_page, "reports")
    assert not panel.failed_at


def test_what_a_sheet_is_told_belongs_to_the_incident_that_it_names(
    world: City, desk_page: Any, qtbot: Any
) -> None:
    panel = desk_page.page.panels["reports"]
    for begin, kind in ((panel.tell_losses, Losses), (panel.call, PhoneReport)):
        first = panel._subject
        begin()
        sheet = desk_page._overlay
        world.clock.at += MINUTE
        title = f"另一处 {kind.__name__}"
        do(world, incidents.open_incident, opening=an_opening(title=title))
        assert panel._subject.title == title  # the page follows what is newest
        assert first.title in sheet._title
        for name in ("told", "reporter", "source"):
            if name in sheet._fields:
                sheet._fields[name][1].setText("王")
        sheet.accept()
        found = lambda kind=kind: world.store.read(lambda r: r.find(kind))  # noqa: E731
        qtbot.waitUntil(lambda found=found: found() != [])
        (made,) = found()
        assert (made.id if kind is Losses else made.incident) == first.id


def test_a_report_is_filled_and_each_element_says_where_from(
    world: City, desk_page: Any, qtbot: Any
) -> None:
    world.tick({Alarm: [an_alarm(lon=120.2, lat=31.9)]})
    sheet = opened(desk_page)
    said = {name: sheet._captions[name].text() for name in ELEMENTS}
    texts = {name: getattr(field, "text", getattr(field, "toPlainText", None))()
             for name, field in sheet._fields.items()}  # fmt: skip
    assert texts["place"] == "石塘镇 港区"
    assert "封控港五路 前指（" in texts["measures"]
    assert texts["nature"] == "燃气泄漏，事件分级 重大"  # the word of the strip
    assert "27" in texts["trend"]
    assert texts["people"] == "待核，续报"  # nobody knows: that is not none
    known = [name for name in ELEMENTS if texts[name] and texts[name] != "待核，续报"]
    assert len(known) >= 8
    assert all("　" in said[name] for name in known)


def test_nine_tenths_of_a_first_report_are_filled_from_what_the_front_told(
    world: City, desk_page: Any
) -> None:
    (incident,) = world.picture.incidents.values()
    world.desk.take_post("front", "李").result()
    told = sitreps.Situation(incident.id, "火已控制", "1 人轻伤", "2 车 12 人", "照明车 1 台")
    do(world, sitreps.report_situation, situation=told)
    facts = Facts(incident, world.picture, Speech.of("zh"))
    filled = fill(facts)
    known = [name for name, one in filled.items() if one.text not in ("", "待核，续报")]
    assert len(known) >= 0.9 * len(ELEMENTS), sorted(set(ELEMENTS) - set(known))
    assert all(filled[name].source for name in known)
    assert (filled["people"].text, filled["advice"].text) == ("1 人轻伤", "需协调：照明车 1 台")
    assert "现场 火已控制" in filled["trend"].text
    assert filled["damage"].text == "待核，续报"  # nobody told: that is not none


def test_the_event_it_grew_from_is_told_when_it_has_left_the_wall(
    world: City, desk_page: Any
) -> None:
    event = an_event(id="e1", source="12345", source_id="0417", occurred_at=Ms(NOW - 9 * MINUTE))
    mirror = Mirror(world.store.folder / "m1.db")
    mirror.take({"event": [tuple(getattr(event, name) for name in event.__slots__)]}, {})
    mirror.close()
    use(world.store.folder, "m1.db")
    world.picture.events.pop("e1")  # closed meanwhile: the wall holds it no more
    sheet = opened(desk_page)
    captions = {name: label.text() for name, label in sheet._captions.items()}
    assert "事件接收时间" in captions["received"] and "事件来源" in captions["source"]
    assert "事件发生时间" in captions["happened"]


def test_what_is_typed_outlives_the_sheet_and_the_report_is_sent_from_the_keyboard(
    world: City, desk_page: Any, qtbot: Any
) -> None:
    sheet = opened(desk_page)
    sheet._fields["people"].setFocus()
    qtbot.keyClicks(sheet._fields["people"], "1")
    sheet._fields["people"].setText("2 人受伤")
    desk_page.context.drafts.flush()
    sheet.close()
    again = opened(desk_page)
    assert again._fields["people"].text() == "2 人受伤"
    assert "本岗填写" in again._captions["people"].text()
    again._to.setText("市政府值班室")
    qtbot.keyClick(
        again._fields["measures"], Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier
    )
    qtbot.waitUntil(lambda: bool(world.store.read(lambda r: r.find(Report))))
    (report,) = world.store.read(lambda r: r.find(Report))
    assert (report.state, report.people, report.recipients) == ("SENT", "2 人受伤", "市政府值班室")
    assert "measures" in report.filled.split(",")
    assert "people" not in report.filled.split(",")


def test_the_next_report_marks_what_differs(world: City, desk_page: Any, qtbot: Any) -> None:
    (incident,) = world.picture.incidents.values()
    said = reporting.Elements(place="港区", nature="燃气泄漏", people="无伤亡")
    do(world, reporting.send_report, statement=reporting.Statement(incident.id, "first", said),
       recipients="市政府值班室", way="written")  # fmt: skip
    world.clock.at += MINUTE
    do(world, reporting.tell_losses, incident=incident.id, people=(0, 0, 1, 2), source="前指")
    sheet = opened(desk_page)
    assert "续报一" in sheet.accessibleName()
    assert "改，原 无伤亡" in sheet._captions["people"].text()
    assert "重伤 1 人" in sheet._fields["people"].text()
    assert "续报一" in told_by(desk_page, "reports")
    assert "伤亡有变" in told_by(desk_page, "reports")


def test_a_refusal_keeps_the_sheet_and_says_what_is_missing(
    world: City, desk_page: Any, qtbot: Any
) -> None:
    sheet = opened(desk_page)
    assert sheet._to.text() == "市政府总值班室、市委值班室、市应急管理局、上级政府总值班室"
    sheet._to.clear()
    sheet.send()
    qtbot.waitUntil(lambda: bool(sheet._said))
    assert "报送对象" in sheet._said
    assert not sheet.isHidden()


def test_phones_of_citizens_are_masked_in_what_is_filled(world: City, desk_page: Any) -> None:
    (incident,) = world.picture.incidents.values()
    do(world, directives.issue, order=an_order(incident.id, text="联系 13800001111 关阀"))
    filled = fill(Facts(incident, world.picture, Speech.of("zh")))
    assert "138****1111" in filled["measures"].text
    assert "13800001111" not in filled["measures"].text


def test_what_was_done_is_told_in_few_words(world: City, desk_page: Any) -> None:
    (incident,) = world.picture.incidents.values()
    long = "以港五路为中心设警戒圈，下风向放宽一倍；圈内禁火、禁打电话"
    do(world, directives.issue, order=an_order(incident.id, text=long, verb="cordon"))
    told = fill(Facts(incident, world.picture, Speech.of("zh")))["measures"].text
    assert "封控 以港五路为中心设警戒圈 前指（" in told and "禁火" not in told


def test_a_report_names_no_event_by_an_id_that_no_person_gave(world: City, desk_page: Any) -> None:
    (incident,) = world.picture.incidents.values()
    name = "7b8390da-62ec-5e8d-a290-fee024730465"
    event = EventView(an_event(id=name, source="iot", source_id=name), None)
    facts = Facts(incident, world.picture, Speech.of("zh"), origin=event)
    facts = replace(facts, incident=replace(incident, event=name))
    assert fill(facts)["source"].text == "物联告警"


def test_follow_ups_are_counted_as_they_are_spoken() -> None:
    assert [chinese(n) for n in (1, 10, 11, 20, 23, 100)] == [
        "一", "十", "十一", "二十", "二十三", "100",
    ]  # fmt: skip
    assert Speech.of("en").report("follow", 2) == "follow-up 2"
