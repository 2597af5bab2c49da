"""A person looks back: the whole wall shows a past moment, says so, and nobody acts on it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from builders import an_event
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from world import City, an_alarm, told_by

from commandwall import incidents
from commandwall.alarms import ACKED, Alarm
from commandwall.clock import MINUTE, Ms, from_datetime
from commandwall.events import Event
from commandwall.follower import Follower
from commandwall.past import HAPPENED, KNEW
from commandwall.store.mirror import Mirror, use
from widgets import age
from widgets.frame import Frame
from widgets.moment import typed
from widgets.sheet import Sheet

OPENING = incidents.Opening("泄漏", "accident", "320281", "港区", 120.2, 31.1)


def row(record: Any) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in record.__slots__)


class Lived:
    """A wall on a city in which something happened at four moments."""

    def __init__(self, world: City, make_wall: Callable[..., Any], qtbot: Any) -> None:
        self.world, self.qtbot = world, qtbot
        self.mirror = Mirror(world.store.folder / "m1.db", world.clock)
        use(world.store.folder, "m1.db")
        self.follower = Follower(world.world, self._take)
        self.wall = make_wall()
        self.began = self.go_on(event=an_event(area="t1"))
        self.taken = self.go_on(event=an_event(area="t1", state="DISPATCHED"))
        world.desk.take_post("chief", "陈").result()
        world.clock.at += MINUTE
        world.desk.do(incidents.open_incident, opening=OPENING).result()
        self.opened = self.go_on(
            event=an_event(area="t1", state="CLOSED", closed_at=Ms(world.clock.at))
        )

    def go_on(self, event: Event) -> int:
        self.world.clock.at += MINUTE
        self.mirror.take({"event": [row(event)]}, {})
        self.follower.step()
        self.world.clock.at += MINUTE
        self.follower.step()
        return self.world.clock.at

    def _take(self, changes: Any) -> None:
        self.world.picture.apply(changes)
        for wall in self.world.walls:
            wall.tick(changes)
            wall.turns.finish()

    def at(self, moment: int) -> Any:
        """The picture that the wall shows of a moment."""
        past = self.wall.context.past
        self.qtbot.waitUntil(lambda: past.known)
        past.to(moment)
        self.qtbot.waitUntil(lambda: past.share is None)
        assert past.trouble == ""
        self.wall.turns.finish()
        return self.wall.context.picture

    def close(self) -> None:
        self.follower._forget()
        self.mirror.close()


@pytest.fixture
def lived(world: City, make_wall: Callable[..., Any], qtbot: Any) -> Any:
    made = Lived(world, make_wall, qtbot)
    yield made
    made.wall.back.leave()
    made.close()


def test_the_whole_wall_shows_a_past_moment_and_comes_back_with_one_key(lived: Lived) -> None:
    wall = lived.wall
    now = dict(wall.context.picture.incidents)
    assert len(now) == 1 and "e1" not in wall.context.picture.events
    wall.back.enter()
    then = lived.at(lived.taken)
    assert then.events["e1"].state == "DISPATCHED" and then.incidents == {}
    assert lived.at(lived.began).events["e1"].state == "NEW"
    assert wall.map.board.picture is wall.context.picture
    wall.back.leave()
    assert wall.context.picture is wall.picture and wall.map.board.picture is wall.picture
    assert wall.context.picture.incidents == now and wall.context.past is None


def test_the_past_never_looks_like_now(lived: Lived) -> None:
    wall = lived.wall
    wall.open_map()
    plain = wall.snapshot(1280, 720)
    wall.back.enter()
    lived.at(lived.taken)
    assert "回看 2026-" in told_by(wall, "header") and "回看 2026-" in told_by(wall, "timeline")
    framed = wall.snapshot(1280, 720)
    corners = [(2, 360), (1277, 360), (640, 2), (640, 717)]
    assert all(plain.pixel(*c) != framed.pixel(*c) for c in corners)
    (window,) = wall.maps
    (frame,) = (child for child in window.children() if isinstance(child, Frame))
    assert frame.isVisible() and frame.rect() == window.rect()
    wall.set_language("en")
    assert "[PAST 2026-" in told_by(wall, "header") and "Back to now" in told_by(wall, "timeline")
    wall.back.leave()
    assert told_by(wall, "timeline") == "" and "PAST" not in told_by(wall, "header")
    assert not any(isinstance(c, Frame) and c.isVisible() for c in window.children())
    window.close()


def test_nothing_of_the_past_blinks(lived: Lived) -> None:
    blinker = lived.wall.context.blinker
    assert blinker.blinks(1)
    lived.wall.back.enter()
    assert not blinker.blinks(1)
    lived.wall.back.leave()
    assert blinker.blinks(1)


def test_nobody_acts_on_the_past(lived: Lived) -> None:
    wall = lived.wall
    wall.open_page("command")
    assert not wall.page.panels["order_form"].isHidden()
    wall.back.enter()
    assert wall.page.panels["order_form"].isHidden()
    answer = wall.desk.do(incidents.open_incident, opening=OPENING)
    assert answer.exception(timeout=60).reason.code == "looks_back"
    for other in (wall.desk.take_post("p3"), wall.desk.take_over("陈", "", "x", []),
                  wall.desk.sign_out()):  # fmt: skip
        assert other.exception(timeout=60).reason.code == "looks_back"
    assert wall.desk.post == "chief"
    wall.back.leave()
    assert not wall.page.panels["order_form"].isHidden()
    wall.desk.do(incidents.open_incident, opening=OPENING).result()


@pytest.mark.qt_log_ignore("propagateSizeHints")  # dialogs of files, without a screen
def test_every_key_of_every_page_is_harmless_in_the_past(lived: Lived) -> None:
    """Also on a page that was never opened before: what cannot show the past offers no keys."""
    wall = lived.wall
    wall.back.enter()
    for info in wall.file.pages:
        wall.open_page(info.id)
        for command in [c for panel in wall.page.shown() for c in panel.offered()]:
            command.run()
            for sheet in wall.findChildren(Sheet):
                sheet.close()
        assert [p.id for p in wall.page.shown() if p.failures] == []
    wall.open_page("sync")
    sources = wall.page.panels["source_list"]
    assert not sources.offered()
    wall.back.leave()
    assert sources.offered()


def test_a_jump_that_comes_late_moves_nobody_who_went_elsewhere(lived: Lived) -> None:
    wall, jumps = lived.wall, []
    wall.back.enter()
    lived.at(lived.opened)
    past, go = wall.context.past, threading.Event()
    for _ in range(2):  # both readers are busy, as a long question keeps them
        wall.desk.ask(lambda reader: go.wait(20))
    past.to_line(onward=False)
    wall.desk.ask(lambda reader: 0).add_done_callback(jumps.append)
    past.to(lived.began)
    go.set()
    lived.qtbot.waitUntil(lambda: jumps != [])
    lived.qtbot.waitUntil(lambda: past.share is None)
    assert past.at == lived.began


def test_what_waits_now_breaks_through(lived: Lived) -> None:
    wall, world = lived.wall, lived.world
    wall.back.enter()
    lived.at(lived.taken)
    world.tick({Alarm: [an_alarm("A9", severity=1, raised_at=Ms(world.clock.at))]})
    wall.turns.finish()
    assert "A9" not in wall.context.picture.alarms
    assert "1 件需要人" in told_by(wall, "timeline") and "燃气" in told_by(wall, "timeline")
    assert "无事需要人" in told_by(wall, "exceptions")  # as it was then
    world.tick({Alarm: [an_alarm("A9", severity=1, state=ACKED)]})
    wall.turns.finish()
    assert "1 件需要人" not in told_by(wall, "timeline")


def test_what_was_not_kept_says_so_and_hides_what_is_now(lived: Lived) -> None:
    wall = lived.wall
    said = "没有过去的记录，回看时不显示"
    wall.back.enter()
    lived.at(lived.taken)
    for name in ("aqi", "heat", "links"):
        assert said in told_by(wall, name)
    assert not wall.page.panels["aqi"].trend.isVisible()
    assert "城市体征" in told_by(wall, "heat")
    wall.back.leave()
    wall.turns.finish()
    assert said not in told_by(wall, "heat") and "今日尚无上报" in told_by(wall, "heat")


def test_nothing_before_the_log_can_be_opened(lived: Lived) -> None:
    past = _entered(lived)
    lived.at(0)
    assert past.at == past.reach.since
    assert "此刻之前没有记录" in told_by(lived.wall, "timeline")
    past.to(lived.world.clock.at + MINUTE)
    assert past.at == lived.world.picture.now


def test_of_many_moments_the_last_one_is_shown_and_one_is_made_at_a_time(lived: Lived) -> None:
    past, shown = _entered(lived), list[int]()
    lived.qtbot.waitUntil(lambda: past.known)
    past.came.connect(lambda picture: shown.append(picture.now))
    for moment in range(lived.began, lived.opened, 1_000):
        past.to(moment)
    lived.at(lived.began)
    assert shown == [lived.began] == [lived.wall.context.picture.now]


def test_a_person_who_returns_is_not_taken_back_by_a_late_answer(lived: Lived) -> None:
    past = _entered(lived)
    lived.qtbot.waitUntil(lambda: past.known)
    past.to(lived.began)
    lived.wall.back.leave()
    lived.qtbot.wait(50)
    lived.world.desk.ask(lambda reader: None).result()
    lived.qtbot.wait(50)
    assert lived.wall.context.picture is lived.wall.picture


def test_keys_move_through_the_past_and_play_it(lived: Lived) -> None:
    past = _entered(lived)
    lived.at(lived.opened)
    _key(lived, "Left")
    assert past.at == lived.opened - MINUTE
    _key(lived, "W")
    assert past.by == KNEW != HAPPENED
    _key(lived, "Up")
    _key(lived, "Space")
    assert past.playing and past.speed == 2
    lived.qtbot.waitUntil(lambda: past.at > lived.opened - MINUTE)
    _key(lived, "Space")
    assert not past.playing
    _key(lived, "F8")
    assert lived.wall.context.past is None


def test_a_key_goes_from_one_entry_of_the_journal_to_the_next(lived: Lived) -> None:
    world = lived.world
    world.desk.do(incidents.open_incident, opening=OPENING).result()
    lived.go_on(event=an_event(area="t1"))
    past, found = _entered(lived), list[int]()
    lived.at(lived.taken)
    for key in ("PgDown", "PgDown", "PgUp"):
        before = past.at
        _key(lived, key)
        lived.qtbot.waitUntil(lambda before=before: past.at != before)
        found.append(len(lived.at(past.at).incidents))
    assert found == [1, 2, 1]
    _key(lived, "PgUp")
    lived.qtbot.waitUntil(lambda: "没有更早的记录" in told_by(lived.wall, "timeline"))


def test_the_wheel_and_a_drag_move_through_the_past(lived: Lived) -> None:
    past = _entered(lived)
    lived.at(lived.opened)
    bar = lived.wall.page.panels["timeline"]
    turn = QWheelEvent(
        QPointF(900, 100), QPointF(900, 100), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    bar.wheelEvent(turn)
    assert past.at == lived.opened - MINUTE
    lived.qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(bar.width() - 40, 110))
    assert past.at > lived.opened - MINUTE


def test_a_typed_moment_is_gone_to(lived: Lived) -> None:
    past = _entered(lived)
    lived.qtbot.waitUntil(lambda: past.known)
    _key(lived, "T")
    lived.qtbot.keyClicks(lived.wall.focusWidget(), "2")
    lived.qtbot.keyClick(
        lived.wall.focusWidget(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier
    )
    assert past.at == lived.world.picture.now - 2 * MINUTE


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("14:20", "2026-11-26 14:20:00"),
        ("14:20:05", "2026-11-26 14:20:05"),
        ("23:50", "2026-11-25 23:50:00"),
        ("11-25 8:30", "2026-11-25 08:30:00"),
        ("12-31 08:30", "2025-12-31 08:30:00"),
        ("2026-11-01 08:30", "2026-11-01 08:30:00"),
        ("40", "2026-11-26 14:20:00"),
        ("25:00", ""),
        ("02-30 08:00", ""),
        ("gestern", ""),
        ("2026-11-26 15:01", ""),
        ("2027-01-01 08:00", ""),
        ("", ""),
    ],
)
def test_a_moment_is_typed_as_people_write_it(text: str, at: str) -> None:
    now = from_datetime(datetime(2026, 11, 26, 15, 0, tzinfo=ZoneInfo("Asia/Shanghai")))
    found = typed(text, now)
    assert ("" if found is None else age.stamped(found)) == at


def _key(lived: Lived, key: str) -> None:
    """What the key does on the page that is open."""
    next(c for c in lived.wall.all_commands() if c.key == key).run()


def _entered(lived: Lived) -> Any:
    lived.wall.back.enter()
    return lived.wall.context.past


def test_a_city_that_was_copied_anew_meanwhile_has_no_past_before_that(lived: Lived) -> None:
    """What its new mirror began with is not shown as what was there hours before."""
    wall, world = lived.wall, lived.world
    wall.back.enter()
    assert lived.at(lived.taken).events["e1"].state == "DISPATCHED"
    lived.mirror.close()
    world.clock.at += MINUTE
    lived.mirror = Mirror(world.store.folder / "m2.db", world.clock)
    use(world.store.folder, "m2.db")
    began = world.clock.at
    lived.go_on(event=an_event(area="t1", state="ACCEPTED"))
    assert lived.at(lived.began).now >= began
    assert wall.context.past.at >= began and wall.context.past.reach.since >= began
