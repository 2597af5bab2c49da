"""The wall tells nothing of a person's crisis; who may reads it on the card, for a while."""

from __future__ import annotations

from typing import Any

from builders import an_event
from world import told_by

from commandwall import events
from commandwall.events import Event
from commandwall.unmasking import Unmasking
from widgets.sheet import Sheet

SECRETS = ("锦绣园", "轻生", "天台", "王小明", "13912345678", "139****5678")


def test_only_the_card_of_who_may_tells_what_it_is(make_wall: Any, world: Any, qtbot: Any) -> None:
    crisis = an_event(
        id="a", area="t1", cls="crisis", title="王小明扬言轻生", body="人在天台", urgency=1,
        address="锦绣园 3 栋", person="王小明", phone="13912345678",
    )  # fmt: skip
    world.copied(crisis)
    world.desk.take_post("chief", "陈").result()
    wall = make_wall()
    wall.open_page("events")
    world.tick({Event: [world.store.read(lambda r: events.view(r, "a"))]})
    card = wall.page.panels["event_card"]
    card._look("a")
    qtbot.waitUntil(lambda: bool(card._told))

    def told() -> str:
        return "".join(told_by(wall, name) for name in wall.page.panels)

    assert "个人危机" in told() and "只示类别与辖区" in told()
    assert not [secret for secret in SECRETS if secret in told()]
    assert not card._files.isVisible(), "no picture of it"
    card.show_number()
    sheet = next(s for s in wall.findChildren(Sheet) if s.isVisible())
    sheet.accept()
    qtbot.waitUntil(lambda: "王小明扬言轻生" in told_by(wall, "event_card"))
    read = told_by(wall, "event_card")
    assert "锦绣园 3 栋" in read and "人在天台" in read
    assert "轻生" not in told_by(wall, "event_queue"), "only there"
    (look,) = world.store.read(lambda r: r.find(Unmasking))
    assert look.subject == "a" and look.reason
    with wall.context.numbers.covered():
        assert "轻生" not in told_by(wall, "event_card"), "no picture of the screen holds it"
    world.clock.at += 61_000
    world.tick()
    assert not [secret for secret in SECRETS if secret in told()]
