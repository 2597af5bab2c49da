"""Whole numbers on the screen: shown to who rings, once a reason is given, and masked again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from builders import an_opening
from world import City, told_by

from commandwall import calls, incidents
from commandwall.areas import Person
from commandwall.calls import Call
from commandwall.clock import SECOND, Ms
from commandwall.incidents import Incident
from commandwall.people import LOCKED, Duty
from commandwall.store.mirror import Mirror, use
from commandwall.unmasking import Unmasking

WHOLE, MASKED = "138 0000 1111", "138****1111"


@pytest.fixture
def page(world: City, make_wall: Any) -> Iterator[Any]:
    """The page of a call-down with two people on its list, at a post that must give a reason."""
    people = [Person(f"p{n}", "t1", "grid_worker", f"张{n}", "13800001111") for n in (1, 2)]
    world.desk.take_post("p1", "陈").result()
    wall = make_wall()
    world.tick({Person: people})
    opened = world.desk.do(incidents.open_incident, opening=an_opening(area="t1")).result()
    (found,) = opened.of(Incident)
    world.desk.do(calls.start_calls, incident=found.id, subjects=people).result()
    bring(world)
    wall.open_page("calls")
    return wall


def bring(world: City) -> None:
    world.tick(world.store.read(lambda r: {kind: r.find(kind) for kind in (Incident, Call)}))


def board(wall: Any) -> Any:
    return wall.page.panels["calls"]


def press(wall: Any, key: str) -> None:
    next(c for c in board(wall).commands() if c.key == key).run()


def looks(world: City) -> list[Unmasking]:
    return world.store.read(lambda r: r.find(Unmasking))


@pytest.fixture
def shown(page: Any, world: City, qtbot: Any) -> Callable[[str], None]:
    """Press a key and wait until so many looks at numbers were written down and told."""

    def show(key: str, count: int) -> None:
        press(page, key)
        qtbot.waitUntil(lambda: len(looks(world)) == count and WHOLE in told_by(page, "calls"))

    press(page, "C")
    page._overlay.accept()
    qtbot.waitUntil(lambda: len(looks(world)) == 1 and WHOLE in told_by(page, "calls"))
    bring(world)
    return show


def test_a_reason_is_asked_once_and_each_number_is_written_down(
    page: Any, world: City, shown: Any, qtbot: Any
) -> None:
    said = told_by(page, "calls")
    assert said.count(WHOLE) == 1 and said.count(MASKED) == 1
    assert "完整号码 60 秒后遮盖" in said
    press(page, "1")
    assert WHOLE not in told_by(page, "calls")  # answered
    qtbot.waitUntil(lambda: board(page).current == "")
    bring(world)
    (other,) = (c.id for c in world.picture.calls.values() if not c.attempts)
    board(page).choose(other)
    shown("C", 2)
    found = looks(world)
    assert [look.reason for look in found] == ["叫应到岗"] * 2
    assert {look.whose for look in found} == {"p1", "p2"}


def test_nothing_is_dialled_without_the_reason_and_who_may_not_look_dials_without_it(
    page: Any, world: City, qtbot: Any
) -> None:
    rung = lambda: sum(c.attempts for c in world.store.read(lambda r: r.find(Call)))  # noqa: E731
    press(page, "C")
    page._overlay.close()
    assert WHOLE not in told_by(page, "calls") and rung() == 0
    world.desk.take_post("p7", "吴").result()
    press(page, "C")
    qtbot.waitUntil(lambda: rung() == 1)
    assert not looks(world)
    press(page, "V")
    assert "无权" in told_by(page, "calls")


def test_the_number_is_masked_again(page: Any, world: City, shown: Any) -> None:
    for n, why in enumerate(
        (_later, _elsewhere, _relieved, _locked, _photographed, _taken_over), 2
    ):
        assert WHOLE in told_by(page, "calls")
        why(page, world)
        said = told_by(page, "calls")
        assert WHOLE not in said and MASKED in said, why
        world.desk.here, world.desk.person = None, "陈"
        if why is not _taken_over:
            shown("V", n)
    press(page, "V")  # another one rings it
    assert WHOLE not in told_by(page, "calls")


def _later(wall: Any, world: City) -> None:
    world.clock.at += 60 * SECOND
    world.tick()


def _elsewhere(wall: Any, world: City) -> None:
    wall.open_page("events")
    wall.open_page("calls")


def _relieved(wall: Any, world: City) -> None:
    world.desk.person = "周"


def _locked(wall: Any, world: City) -> None:
    world.desk.here = Duty(world.desk.origin, "chen", "陈", "p1", LOCKED, "", Ms(0))


def _photographed(wall: Any, world: City) -> None:
    """The program takes a picture of the window."""
    panel, seen = board(wall), list[str]()
    panel.paintEvent = lambda event: (
        type(panel).paintEvent(panel, event), seen.append(panel.accessibleDescription())
    )  # fmt: skip
    wall.snapshot(wall.width(), wall.height())
    assert seen and all(WHOLE not in said for said in seen)
    assert WHOLE in told_by(wall, "calls")
    wall.context.numbers.forget()


def _taken_over(wall: Any, world: City) -> None:
    """Another station rings the same row."""
    (row,) = (c for c in world.picture.calls.values() if c.attempts)
    world.desk.run(calls.dial, {"call": row.id}, "周", "p2")
    bring(world)


def test_a_wall_page_shows_no_whole_number(page: Any) -> None:
    from widgets.number_acts import unreadable

    panel = board(page)
    assert unreadable(panel, panel._about()) == ""
    page.context.look = page._look(page.theme, "wall")
    assert "席位" in unreadable(panel, panel._about())


def test_the_caller_of_an_event_is_called_back(page: Any, world: City, qtbot: Any) -> None:
    event = next(iter(world.picture.events.values())).event
    mirror = Mirror(world.store.folder / "m.db")
    mirror.take({"event": [tuple(getattr(event, name) for name in event.__slots__)]}, {})
    mirror.close()
    use(world.store.folder, "m.db")
    page.open_page("events")
    card = page.page.panels["event_card"]
    card._take(next(iter(world.picture.events.values())))
    assert MASKED in told_by(page, "event_card") and "V 看号码" in told_by(page, "event_card")
    card.show_number()
    page._overlay.accept()
    qtbot.waitUntil(lambda: WHOLE in told_by(page, "event_card"))
    assert [look.kind for look in looks(world)] == ["event"]
    _later(page, world)
    assert WHOLE not in told_by(page, "event_card")
