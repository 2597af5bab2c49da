"""Answers heard by phone and the word of a second person: both names stay, the first counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import StillClock, an_opening, an_order

from commandwall import behalf, countersign, directives, exchange, incidents, owed
from commandwall.answers import Answer, Voice, own, spoken
from commandwall.countersign import Countersign, Second
from commandwall.desk import Desk
from commandwall.directives import Directive
from commandwall.exchange import Decision, Message
from commandwall.incidents import Incident
from commandwall.store import lines
from commandwall.store.migrate import open_store
from commandwall.store.store import Refused
from commandwall.store.tables import Conflict

VOICE = Voice("李志强", "front", "phone")


class Side:
    """A station of one side."""

    def __init__(self, folder: Path) -> None:
        self.store, self.clock = open_store(folder), StillClock()
        self.desk = Desk(self.store, self.clock)

    def do(self, act: Any, post: str, person: str, **facts: Any) -> None:
        self.clock.at += 1000
        self.desk.run(act, facts, person, post)

    def all(self, kind: type[Any]) -> list[Any]:
        return self.store.read(lambda r: r.find(kind))

    def hear(self, other: Side) -> None:
        self.desk.receive(other.store.read(lambda r: lines.unsent(r, other.desk.origin, 0)))

    def close(self) -> None:
        self.desk.close()
        self.store.close()


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Side]:
    made = Side(tmp_path / "hall")
    made.do(incidents.open_incident, "p3", "陈", opening=an_opening())
    yield made
    made.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Side]:
    made = Side(tmp_path / "scene")
    yield made
    made.close()


def ordered(hall: Side, **more: Any) -> Directive:
    (incident,) = hall.all(Incident)
    hall.do(directives.issue, "p3", "陈", order=an_order(incident.id, **more))
    return max(hall.all(Directive), key=lambda d: d.no)


def heard(hall: Side, order: Directive, act: str = "acknowledge", **facts: str) -> None:
    hall.do(behalf.record_for, "p3", "陈", voice=VOICE, step=act, record=order.id, facts=facts)


def test_an_answer_that_was_heard_keeps_both_names_and_the_channel(hall: Side) -> None:
    order = ordered(hall)
    heard(hall, order)
    heard(hall, order, "block", need="水泵")
    (now,), told = hall.all(Directive), spoken(hall.all(Answer), order.id)
    assert (now.state, now.need, now.by, now.post) == ("BLOCKED", "水泵", "李志强", "front")
    assert [(a.step, a.person, a.channel, a.by, a.post) for a in told] == [
        ("ACKED", "李志强", "phone", "陈", "p3"), ("BLOCKED", "李志强", "phone", "陈", "p3"),
    ]  # fmt: skip
    newest = hall.store.read(lambda r: lines.unsent(r, hall.desk.origin, 0))[-1]
    assert (newest.act, newest.person, newest.post) == ("record_for", "陈", "p3")


def test_what_is_heard_is_refused_as_the_act_itself_is(hall: Side) -> None:
    order = ordered(hall)
    with pytest.raises(Refused, match="state"):
        heard(hall, order, "complete", evidence="已封")
    with pytest.raises(Refused, match="missing"):
        hall.do(
            behalf.record_for, "p3", "陈", voice=Voice("", "front", "phone"), step="acknowledge",
            record=order.id,
        )  # fmt: skip
    with pytest.raises(Refused, match="unknown"):
        heard(hall, order, "verify")
    assert hall.all(Answer) == []


def test_a_person_s_own_answer_merges_with_what_was_heard_of_him(hall: Side, scene: Side) -> None:
    """The scene acknowledges while no line joins them; the hall has heard it by phone before."""
    order = ordered(hall)
    scene.hear(hall)
    heard(hall, order)
    first = hall.all(Directive)[0].acked_at
    scene.clock.at = hall.clock.at + 60_000
    scene.do(directives.acknowledge, "front", "李志强", directive=order.id)
    hall.hear(scene)
    scene.hear(hall)
    for side in (hall, scene):
        (now,), given = side.all(Directive), side.all(Answer)
        assert (now.state, now.acked_at, side.all(Conflict)) == ("ACKED", first, [])
        (by_phone,) = spoken(given, order.id)
        himself = own(given, by_phone)
        assert himself and (by_phone.by, himself.by) == ("陈", "李志强")
    with pytest.raises(Refused, match="settled"):
        scene.do(behalf.confirm, "front", "李志强", answer=by_phone.id)


def test_who_sees_what_was_heard_of_him_confirms_it_once(hall: Side) -> None:
    order = ordered(hall)
    heard(hall, order)
    (by_phone,) = hall.all(Answer)
    with pytest.raises(Refused, match="not_addressee"):
        hall.do(behalf.confirm, "p3", "陈", answer=by_phone.id)
    hall.do(behalf.confirm, "front", "李志强", answer=by_phone.id)
    assert own(hall.all(Answer), by_phone) is not None


def test_an_order_that_needs_two_waits_for_the_second_s_signature(hall: Side) -> None:
    (incident,) = hall.all(Incident)
    alone = an_order(incident.id, verb="evacuate", text="疏散下风向 500 米")
    for second in (None, Second("陈", "phone")):  # nobody is his own second person
        with pytest.raises(Refused, match="second"):
            ordered(hall, verb="evacuate", second=second)
    ordered(hall, verb="evacuate", second=Second("王立", "phone"))
    (word,) = hall.all(Countersign)
    debts = hall.store.read(lambda r: owed.owed(r, incident.id))
    assert ("chief", "sign") in [(d.post, d.step) for d in debts]
    for post, person in (("p4", "王立"), ("chief", "陈")):
        with pytest.raises(Refused, match="not_second"):
            hall.do(countersign.countersign, post, person, word=word.id)
    hall.do(countersign.countersign, "chief", "王立", word=word.id)
    (signed,) = hall.all(Countersign)
    assert (signed.second, signed.signed_by, owed.of_word(signed)) == ("王立", "王立", None)
    hall.do(directives.issue, "chief", "王立", order=alone)  # who signs needs no second


def test_a_message_leads_to_a_decision_and_that_to_a_directive(hall: Side) -> None:
    (incident,) = hall.all(Incident)
    spot = exchange.Spot("北口", 120.21, 31.91)
    hall.do(exchange.say, "front", "李", incident=incident.id, to_post="p3", text="北口有烟",
            spot=spot)  # fmt: skip
    (message,) = hall.all(Message)
    hall.do(exchange.resolve, "chief", "王", incident=incident.id, what="先封北口",
            why="下风向有学校", of=f"message:{message.id}", spot=spot)  # fmt: skip
    (decision,) = hall.all(Decision)
    assert (decision.no, decision.source, decision.lon) == (1, f"message:{message.id}", 120.21)
    order = ordered(hall, source=f"decision:{decision.id}")
    assert order.source == f"decision:{decision.id}"
    assert owed.listed(hall.all(Directive)) != []  # the words before it owe nothing
