"""Handing a post over: what is open is read back before the post changes hands."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import an_opening, an_order
from officers import SECRET, Hall, an_officer, why

from commandwall import directives, handover, people
from commandwall.clock import HOUR, Ms
from commandwall.directives import Directive
from commandwall.handover import DONE, OFFERED, WITHDRAWN, Handover
from commandwall.incidents import Incident, open_incident
from commandwall.modes import ON, Mode
from commandwall.people import IN, OUT, Duty
from commandwall.store.store import Refused
from commandwall.store.tables import Conflict


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a station at which two people are enrolled."""
    folder = tmp_path_factory.mktemp("handing")
    hall = Hall(folder)
    for officer in (an_officer(), an_officer("li", "李二")):
        hall.desk.run(people.enrol, {"officer": officer}, "root")
    hall.close()
    return folder


@pytest.fixture
def hall(tmp_path: Path, enrolled: Path) -> Iterator[Hall]:
    shutil.copytree(enrolled, tmp_path / "here")
    made = Hall(tmp_path / "here")
    yield made
    made.close()


@pytest.fixture
def there(tmp_path: Path, hall: Hall) -> Iterator[Hall]:
    """Another station of the hall, which has the lines of the first."""
    made = Hall(tmp_path / "there")
    made.desk.receive(hall.lines())
    yield made
    made.close()


def at_work(hall: Hall, post: str = "p3") -> str:
    """The first person holds a post; it owes an answer, waits for one and has a draft."""
    hall.sits("chen", post)
    done = hall.desk.do(open_incident, opening=an_opening()).result()
    incident = done.of(Incident)[0].id
    hall.desk.do(directives.issue, order=an_order(incident, text="封控港五路")).result()
    hall.desk.do(directives.issue, order=an_order(incident, text="联系医院", to_post=post)).result()
    hall.desk.do(directives.draft, order=an_order(incident, text="疏散下风向")).result()
    return incident


def offered(hall: Hall, note: str = "泵站钥匙在值班室") -> Handover:
    done = hall.desk.do(handover.offer, seat=hall.desk.post, note=note).result()
    return next(h for h in done.of(Handover) if h.state == OFFERED)


def open_keys(hall: Hall, seat: str) -> list[str]:
    return [item.key for item in hall.store.read(lambda r: handover.open_items(r, seat))]


def test_what_is_open_is_owed_waited_for_drafted_and_under_way(hall: Hall) -> None:
    at_work(hall)
    items = hall.store.read(lambda r: handover.open_items(r, "p3"))
    assert [item.kind for item in items] == ["owes", "waits", "draft", "incident"]
    kinds = [item.kind for item in hall.store.read(lambda r: handover.open_items(r, "p5"))]
    assert kinds == ["incident"]


def test_the_post_changes_hands_only_when_all_is_read_back_and_signed(hall: Hall) -> None:
    at_work(hall)
    offer = offered(hall)
    keys = open_keys(hall, "p3")
    for read in ([], keys[:-1]):
        assert why(hall.desk.take_over("li", SECRET, offer.id, read).result) == "unread"
    assert why(hall.desk.take_over("li", "guess", offer.id, keys).result) == "secret"
    assert hall.one(Duty).name == "陈一" and hall.acts().person == "陈一"
    keys = open_keys(hall, "p3")  # one more incident was opened meanwhile
    done = hall.desk.take_over("li", SECRET, offer.id, keys).result()
    kept = hall.one(Handover)
    assert (kept.state, kept.giver, kept.relief, kept.items) == (DONE, "陈一", "李二", len(keys))
    assert (done.line.act, done.line.person, done.line.post) == ("take_over", "李二", "p3")
    assert "陈一" in (done.line.body or "") and hall.acts().person == "李二"


def test_what_changed_since_it_was_read_must_be_read_again(hall: Hall) -> None:
    at_work(hall)
    offer, keys = offered(hall), open_keys(hall, "p3")
    mine = next(d for d in hall.store.read(lambda r: r.find(Directive)) if d.to_post == "p3")
    hall.desk.do(directives.acknowledge, directive=mine.id).result()
    with pytest.raises(Refused) as refused:
        hall.desk.take_over("li", SECRET, offer.id, keys).result()
    assert refused.value.reason.facts["n"] == 1


def test_one_that_is_broken_off_leaves_the_post_with_its_holder(hall: Hall) -> None:
    at_work(hall)
    offer = offered(hall)
    assert why(hall.desk.do(handover.break_off, handover=offer.id, reason=" ").result) == "missing"
    hall.desk.do(handover.break_off, handover=offer.id, reason="接岗人未到").result()
    keys = open_keys(hall, "p3")
    assert why(hall.desk.take_over("li", SECRET, offer.id, keys).result) == "state"
    assert hall.one(Handover).state == WITHDRAWN and hall.acts().person == "陈一"


def test_without_a_relief_nobody_leaves(hall: Hall) -> None:
    at_work(hall)
    assert why(hall.desk.sign_out().result) == "unrelieved"
    for post in ("p3", "p5"):
        assert why(hall.sits, "li", post) == "held"
    assert hall.acts().person == "陈一"
    hall.desk.lock().result()  # who is away for a while
    hall.sits("chen", "p3")


def test_who_was_disabled_holds_no_post(hall: Hall) -> None:
    at_work(hall)
    hall.desk.run(people.disable, {"officer": "chen"}, "root")
    hall.sits("li", "p3")
    assert hall.acts().person == "李二"


def test_between_two_stations_the_giver_acts_no_more(hall: Hall, there: Hall) -> None:
    at_work(hall)
    offer = offered(hall)
    there.desk.receive(hall.lines())
    assert why(there.sits, "li", "p3") == "held"
    there.desk.take_over("li", SECRET, offer.id, open_keys(there, "p3")).result()
    own = there.desk.origin
    hall.desk.receive([line for line in there.lines() if line.origin == own])
    seats = {d.name: d.state for d in hall.store.read(lambda r: r.find(Duty))}
    assert seats == {"陈一": OUT, "李二": IN}
    assert why(hall.acts) == "signed_out" and there.acts().person == "李二"


def test_no_other_door_leads_to_a_post_that_somebody_holds(hall: Hall, there: Hall) -> None:
    """Not the tile of a post, which asks for no secret; and a relief sends home only whom he
    relieves, not who sits at the desk at which he signs."""
    incident = at_work(hall)
    there.desk.receive(hall.lines())
    there.sits("li", "p5")
    there.desk.do(directives.issue, order=an_order(incident, to_post="p5")).result()
    assert why(there.desk.take_post("p3").result) == "held"
    assert there.desk.post == "p5" and there.acts().post == "p5"
    offer = offered(hall)
    there.desk.receive(hall.lines()[-1:])
    keys = open_keys(there, "p3")
    hall.desk.run(people.enrol, {"officer": an_officer("wang", "王三")}, "root")
    there.desk.receive(hall.lines()[-1:])
    assert why(there.desk.take_over("wang", SECRET, offer.id, keys).result) == "held"
    there.desk.take_over("li", SECRET, offer.id, keys).result()
    assert (there.acts().person, there.acts().post) == ("李二", "p3")


def test_a_station_that_comes_back_does_not_bring_back_who_was_relieved(
    hall: Hall, there: Hall
) -> None:
    """It died after the offer; at its start it locks itself, before the line has come."""
    at_work(hall)
    offer = offered(hall)
    there.desk.receive(hall.lines())
    there.clock.at += 60_000
    there.desk.take_over("li", SECRET, offer.id, open_keys(there, "p3")).result()
    hall.clock.at += 120_000
    hall.begun_anew()
    hall.desk.lock().result()
    theirs, ours = there.desk.origin, hall.desk.origin
    hall.desk.receive([line for line in there.lines() if line.origin == theirs])
    there.desk.receive([line for line in hall.lines() if line.origin == ours][-1:])
    for station in (hall, there):
        seats = {d.name: d.state for d in station.store.read(lambda r: r.find(Duty))}
        assert seats == {"陈一": OUT, "李二": IN}
        assert station.store.read(lambda r: r.find(Conflict)) == []


def test_where_nobody_is_enrolled_names_alone_are_handed_over(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    try:
        hall.desk.take_post("p3", "陈").result()
        hall.desk.do(open_incident, opening=an_opening()).result()
        offer = offered(hall)
        hall.desk.take_over("李", "", offer.id, open_keys(hall, "p3")).result()
        assert (hall.one(Handover).giver, hall.one(Handover).relief) == ("陈", "李")
        assert (hall.acts().person, hall.acts().post) == ("李", "p3")
    finally:
        hall.close()


def test_in_an_emergency_the_chief_holds_no_other_post(hall: Hall, there: Hall) -> None:
    hall.sits("chen", "chief")
    there.desk.receive(hall.lines())
    there.sits("chen", "p3")  # on an ordinary day he may hold two
    now = Ms(hall.clock.at)
    war = Mode("m", "", "emergency", ON, "", "爆炸", now, Ms(now + HOUR), "陈一", "chief", "李二")
    there.desk.run(lambda tx: tx.put(war), {}, local=True)
    assert why(there.sits, "chen", "p5") == "alone"
