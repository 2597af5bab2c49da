"""The clocks of events as a duty officer sees them: counts, lists, card."""

from __future__ import annotations

from typing import Any

from builders import NOW, an_event
from PySide6.QtCore import QRectF
from world import an_area, told_by

from commandwall import events
from commandwall.areas import TOWN
from commandwall.clock import DAY, HOUR, MINUTE, Ms
from commandwall.deadlines import RED, Deadline
from commandwall.events import Event, EventView, EventWork
from widgets import i18n, words
from widgets.base import Subject
from widgets.sheet import Sheet

# It is Tuesday, 14:00: half an hour of work after the noon break.
LATE = ("late", "FEEDBACK", 2, 25 * HOUR)
ROWS = [
    LATE,
    ("soon", "NEW", 4, 3 * HOUR + 10 * MINUTE),  # 10:50: two hours of work are over at 14:20
    ("today", "NEW", 4, 0),
    ("days", "SIGNED", 4, 2 * DAY),
    ("stands", "SUSPENDED", 3, 30 * DAY),
    ("none", "NEW", 0, HOUR),
]
TITLES = {
    "late": "新桥路燃气管线抢修后恢复供气", "soon": "花园小区三栋停水", "today": "夜间施工噪声",
    "days": "绿化带树木倒伏占道", "stands": "沿街商铺油烟扰民，待环评", "none": "来源未给紧急程度",
}  # fmt: skip


def shown(world: Any, make_wall: Any) -> Any:
    wall = make_wall()
    views = []
    for key, state, urgency, ago in ROWS:
        at = Ms(NOW - ago)
        event = an_event(
            id=key, source="grid", source_id=key, title=TITLES[key], area="t1", urgency=urgency,
            state=state, reported_at=at, received_at=at,
        )  # fmt: skip
        views.append(EventView(event, None))
    wall.open_page("events")
    world.picture.events.clear()
    world.tick({Event: views})
    return wall


def test_a_clock_with_no_room_for_its_name_keeps_its_number(make_wall: Any, world: Any) -> None:
    wall = shown(world, make_wall)
    wall.set_language("en")
    wall.page.panels["event_queue"].select_tab(3)
    said = told_by(wall, "event_queue")
    assert "C2" in said or "C1" in said
    assert "…" not in said.partition("workdays")[0][-20:]


def test_list_and_head_count_the_same_late_and_soon(make_wall: Any, world: Any) -> None:
    wall = shown(world, make_wall)
    queue = told_by(wall, "event_queue")
    assert "在办 6　逾期 1　30 分内将逾期 1　今日内 2" in queue
    head = told_by(wall, "desk_header")
    assert "逾期 1" in head and "30 分内将逾期 1" in head
    panel = wall.page.panels["event_queue"]
    panel.select_tab(3)
    assert "挂起" in told_by(wall, "event_queue")
    assert panel.keys[:3] == ["late", "soon", "today"], "what stands still has all the time"
    assert set(panel.keys[-2:]) == {"stands", "none"}
    panel.select_tab(2)
    assert panel.keys == ["late"]


def test_the_card_says_who_presses_and_what_else_runs(make_wall: Any, world: Any) -> None:
    wall = shown(world, make_wall)
    card = wall.page.panels["event_card"]
    card._take(world.picture.events["late"])
    assert "督办：承办单位负责人" in told_by(wall, "event_card")
    work = EventWork("late", "DISPATCHED", "燃气公司", "", Ms(NOW), "p", "q", Ms(NOW), Ms(NOW))
    event = an_event(id="late", title=TITLES["late"], area="t1", urgency=2)
    card._take(EventView(event, work))
    told = told_by(wall, "event_card")
    assert "C3 签收" in told and "C4 到场 余 30:00" in told and "C5 处置反馈 余 1.0 日" in told
    assert "督办" not in told


def test_whose_an_event_is_stands_in_the_list_and_is_decided_on_the_card(
    make_wall: Any, world: Any, qtbot: Any
) -> None:
    event = an_event(cls="noise", area="t1")
    world.copied(event, an_area("t1", TOWN, "石塘镇", "c"))
    world.desk.take_post("chief", "陈").result()
    wall = make_wall()
    wall.open_page("events")
    world.tick({Event: [EventView(event, None)]})
    wall.page.panels["event_queue"].select_tab(3)
    assert "镇管 预警" in told_by(wall, "event_queue")
    world.desk.do(events.accept, event="e1").result()
    card = wall.page.panels["event_card"]
    card.open(Subject(Event, "e1"))
    qtbot.waitUntil(lambda: "镇管日常 按规则：日常事项" in told_by(wall, "event_card"))
    assert "预警 ✓" in told_by(wall, "event_card") and "处置 —" in told_by(wall, "event_card")

    def routed(**fields: str) -> Sheet:
        next(c for c in card.commands() if c.key == "Shift+J").run()
        sheet = next(s for s in wall.findChildren(Sheet) if s.isVisible())
        for name, said in fields.items():
            field = sheet._fields[name][1]
            field.setText(said) if name == "reason" else field.setCurrentIndex(field.findData(said))
        sheet.accept()
        return sheet

    sheet = routed(tier="county")
    qtbot.waitUntil(lambda: "缺 " in sheet._told.text())
    sheet._fields["reason"][1].setText("跨两个镇")
    sheet.accept()
    qtbot.waitUntil(lambda: "县管难事 人定" in told_by(wall, "event_card"))
    routed(reason="县里没有这支队伍")
    qtbot.waitUntil(lambda: "退回 1 次" in told_by(wall, "event_card"))
    once = "退回分办 县里没有这支队伍"
    qtbot.waitUntil(lambda: once in told_by(wall, "event_card").replace("\u3000", " "))
    assert told_by(wall, "event_card").count("县里没有这支队伍") == 2, "the fact, and the course"
    assert "退回分办原因" in told_by(wall, "event_card")


def test_what_stands_still_by_night_tells_the_work_that_is_left(make_wall: Any, world: Any) -> None:
    wall = shown(world, make_wall)
    wall.page.panels["event_queue"].select_tab(3)
    told = told_by(wall, "event_queue")
    # Given on Sunday for five workdays: they began on Monday, and one and a half are over.
    assert "余 3.5 工日" in told and "余 2.0 时" in told
    card = wall.page.panels["event_card"]
    event = an_event(id="l", source="grid", urgency=4, received_at=Ms(NOW - 21 * HOUR), state="NEW")
    card._take(EventView(event, None))
    # Its two hours ended this morning at 10:30; what is over has the noon break not in it.
    assert "C1 受理 超 2.0 工时" in told_by(wall, "event_card")


def test_in_english_the_clock_does_not_run_into_the_time_left(make_wall: Any, world: Any) -> None:
    wall = shown(world, make_wall)
    i18n.speak("en")
    panel = wall.page.panels["event_queue"]
    panel.select_tab(3)
    said = told_by(wall, "event_queue")
    assert "3.5 workdays left" in said
    written = [(QRectF(*what[:4]), what[4]) for _, what in panel._drawn if isinstance(what[4], str)]
    left = [box for box, told in written if "workdays left" in told]
    rest = [box for box, told in written if "workdays left" not in told]
    assert left and not any(one.intersects(other) for one in left for other in rest)


def test_what_ended_with_the_working_hours_is_over_and_has_nothing_left() -> None:
    noon = Deadline("C1", Ms(NOW - 4 * HOUR), Ms(NOW - 2 * HOUR), 2 * HOUR, work=True)
    assert noon.lamp(Ms(NOW - HOUR)) == RED
    assert words.left(noon, Ms(NOW - HOUR)) == "已到点"  # in the break
    assert words.left(noon, Ms(NOW)) == "超 0.50 工时"


def test_the_tile_goes_on_from_half_an_hour_to_the_end_of_the_day(
    make_wall: Any, world: Any
) -> None:
    wall = shown(world, make_wall)
    wall.open_page("overview")
    panel = wall.page.panels["soon"]
    panel.resize(panel.width(), panel.look.px(176))  # as a larger wall gives it
    told = told_by(wall, "soon")
    assert "30 分内将逾期" in told and "今日内 2" in told
    first, second = told.index(TITLES["soon"]), told.index(TITLES["today"])
    assert first < second and "余 20:00" in told and "余 2.0 时" in told
    assert TITLES["days"] not in told and TITLES["late"] not in told
