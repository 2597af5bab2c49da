"""The wall tells nothing of a person's crisis; who may reads it on the card, for a while."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from builders import NOW, an_event
from world import told_by

from commandwall import events
from commandwall.clues import Clue
from commandwall.conflicts import OPEN, Dispute
from commandwall.events import Event, EventWork
from commandwall.funds import Payment
from commandwall.ladders import Council, PlanPoint, Rise, Supervision
from commandwall.store.tables import Conflict
from commandwall.unmasking import Unmasking
from commandwall.whistles import Summons, Whistle
from widgets.base import Subject
from widgets.sheet import Sheet

SECRETS = ("锦绣园", "轻生", "天台", "王小明", "13912345678", "139****5678")


CRISIS = an_event(
    id="a", area="t1", cls="crisis", title="王小明扬言轻生", body="人在天台", urgency=1,
    address="锦绣园 3 栋", person="王小明", phone="13912345678",
)  # fmt: skip
SAID, WHO = "锦绣园天台有人轻生", (NOW, "陈", "chief")
"""What people wrote about it, of everything that stands beside its flow."""


def a_work(state: str, result: str) -> str:
    return json.dumps(asdict(EventWork("a", state, "卫健委", result, *WHO)))


BESIDE: dict[type, list[Any]] = {
    Dispute: [Dispute("d", "event", "a", "address", "t1", json.dumps({"address": "锦绣园 3 栋"}),
                      "12345", NOW, json.dumps({"address": "锦绣园 5 栋"}), "grid", NOW, OPEN)],
    Conflict: [Conflict("c", "eventwork", "a", a_work("FEEDBACK", SAID), a_work("SIGNED", "轻生"),
                        "x", "y", NOW)],
    Supervision: [Supervision("a", SAID, "t1", "WATCHED", NOW, "", None, "chief", *WHO)],
    Rise: [Rise("r", "a", "office", "BACK", "", SAID, SAID, 1, NOW, NOW, NOW, "陈", "p3", *WHO)],
    PlanPoint: [PlanPoint("p", "a", "centre", SAID, "卫健委", "", NOW, NOW, "OPEN", "", None, "",
                          "", None, SAID, *WHO)],
    Council: [Council("n", "a", "centre", "2026-11-27", "王小明", SAID, *WHO)],
    Whistle: [Whistle("w", "a", "t1", "emergency", SAID, "锦绣园 3 栋", 120.2, 31.9, "BLOWN", "",
                      "", NOW, "陈", "chief", None, *WHO)],
    Summons: [Summons("s", "w", "a", "t1", "emergency", "卫健委", "REFUSED", NOW, None, None, "",
                      None, SAID, *WHO)],
    Payment: [Payment("m", "a", "t1", "repair", 80000, "王小明", SAID, "ASKED", NOW, "陈", "p3",
                      None, "", "", "", *WHO)],
    Clue: [Clue("l", "duty", SAID, "人在天台", "t1", "JOINED", NOW, "陈", "p3", "a", "", *WHO)],
}  # fmt: skip


def test_no_page_tells_what_was_said_of_it(make_wall: Any, world: Any, qtbot: Any) -> None:
    world.copied(CRISIS)
    world.desk.take_post("chief", "陈").result()
    wall = make_wall()
    world.tick({**BESIDE, Event: [events.fold(CRISIS, None)]})

    def told() -> str:
        return "".join(told_by(wall, name) for name in wall.page.panels)

    for page in ("whistles", "supervision", "fund", "clues", "doubts"):
        wall.open_page(page)
        world.tick({**BESIDE, Event: [events.fold(CRISIS, None)]})
        for panel in wall.page.panels.values():
            for subject in (Subject(Event, "a"), Subject(Supervision, "a"), Subject(Dispute, "d")):
                panel.open(subject)
        assert "个人危机" in told() or page == "fund", page  # which has the item that was paid
        assert not [secret for secret in SECRETS if secret in told()], page
    card = wall.page.panels["doubt_card"]
    assert "受限，不示" in told_by(wall, "doubt_card")
    card.open(Subject(Conflict, "c"))
    assert not [secret for secret in SECRETS if secret in told()], "what two stations wrote"
    world.picture.events.pop("a")
    world.tick(BESIDE)
    card.open(Subject(Dispute, "d"))
    assert not [s for s in SECRETS if s in told_by(wall, "doubt_card")], "not known yet"
    qtbot.waitUntil(lambda: card._hidden == {"a": True})
    wall.open_page("overview")
    world.tick(BESIDE)
    exceptions = wall.page.panels["exceptions"]
    exceptions._choose("c")
    exceptions.go()
    qtbot.waitUntil(lambda: any(s.isVisible() for s in wall.findChildren(Sheet)))
    (sheet,) = (s for s in wall.findChildren(Sheet) if s.isVisible())
    field = sheet._fields["keep"][1]
    both = "".join(field.itemText(i) for i in range(field.count()))
    assert "待核查" in both or "现示" in both
    assert not [secret for secret in SECRETS if secret in both]


def test_only_the_card_of_who_may_tells_what_it_is(make_wall: Any, world: Any, qtbot: Any) -> None:
    world.copied(CRISIS)
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
