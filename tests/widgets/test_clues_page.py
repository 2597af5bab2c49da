"""The page of clues: written down by a key, likened to what was reported, made an event."""

from __future__ import annotations

from typing import Any

import pytest
from builders import an_event
from world import an_area, told_by

from commandwall.areas import TOWN
from commandwall.clues import JOINED, TURNED, Clue
from commandwall.events import Event, EventView
from widgets.registering import RegisterSheet
from widgets.sheet import Sheet

EVENT = an_event(area="t1", title="花园小区三栋停水", body="三栋从早上起停水", source_id="1127-1")


@pytest.fixture
def wall(world: Any, make_wall: Any) -> Any:
    world.copied(EVENT, an_area("t1", TOWN, "石塘镇", "c"))
    world.desk.take_post("p1", "陈").result()
    made = make_wall()
    made.open_page("clues")
    seen(world)
    return made


def seen(world: Any) -> list[Clue]:
    held = sorted(world.store.read(lambda r: r.find(Clue)), key=lambda c: c.title)
    world.tick({Clue: held, Event: [EventView(EVENT, None)]})
    return held


def test_a_clue_from_the_first_word_to_its_event(wall: Any, world: Any, qtbot: Any) -> None:
    panel = wall.page.panels["clues"]
    assert "没有待研判的线索" in told_by(wall, "clues")
    for n, title in enumerate(("花园小区三栋停水", "河里有油花"), 1):
        panel.add()
        sheet = wall.findChildren(Sheet)[-1]
        sheet._fields["title"][1].setText(title)
        sheet._fields["area"][1].setCurrentIndex(1)
        sheet.accept()
        qtbot.waitUntil(lambda n=n: len(seen(world)) == n and not wall.findChildren(Sheet))
    panel.renew()
    assert "待研判 2" in told_by(wall, "clues")
    water, river = (one.id for one in sorted(seen(world), key=lambda c: c.title != EVENT.title))
    panel.choose(water)
    qtbot.waitUntil(lambda: "疑似重复　1127-1" in told_by(wall, "clues"))
    qtbot.waitUntil(lambda: EVENT.title in told_by(wall, "event_card"))  # what it may be of
    panel.join()
    wall.findChildren(Sheet)[-1].accept()
    qtbot.waitUntil(lambda: [c.state for c in seen(world) if c.id == water] == [JOINED])
    # It leaves those that wait, by no key, and is no more the one that is worked on.
    qtbot.waitUntil(lambda: (panel.keys, panel.current) == ([river, water], ""))
    panel.choose(river)
    panel.turn()
    form = wall.findChildren(RegisterSheet)[-1]
    assert form._fields["title"][1].text() == "河里有油花"
    form.accept()
    qtbot.waitUntil(lambda: [c.state for c in seen(world) if c.id == river] == [TURNED])
    told = told_by(wall, "clues")
    assert "已转事件" in told and "已并入" in told and "事件 1127-1" in told
