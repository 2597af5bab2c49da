"""会商: who may do what in which state, what a signature stands for, what two stations write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, an_event
from halls import Hall

from commandwall import consulting, frozen, incidents
from commandwall.clock import HOUR, MINUTE, Ms
from commandwall.consulting import (
    CALLED,
    DROPPED,
    SIGNED,
    STANDS,
    TAKEN_BACK,
    UNDER_WAY,
    Attendee,
    Calling,
    Consultation,
    Invited,
    Opinion,
    Resolution,
    Settled,
)
from commandwall.frozen import Count, Frozen
from commandwall.incidents import Incident, Opening
from commandwall.store import lines
from commandwall.store.store import Refused
from commandwall.store.tables import Conflict
from widgets.reasons import sentence

INVITED = (Invited("chief", name="陈"), Invited(unit="供电公司", name="李工"))
CALLING = Calling("降雨会商", "是否提前封闭下穿道路", "chief", Ms(NOW + HOUR), invited=INVITED)
COUNTS = frozen.dumped(Frozen((Count("late", 3, NOW, ("e1", "e2")),), (1, 4)))


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path / "a", [an_event(id="e1", area="t1"),
                                 an_event(id="e2", area="t1", cls="crisis")])  # fmt: skip
    yield made
    made.desk.close()
    made.store.close()


def find(hall: Hall, kind: type[Any]) -> list[Any]:
    found: list[Any] = hall.store.read(lambda r: r.find(kind))
    return found


def called(hall: Hall, calling: Calling = CALLING) -> str:
    return str(hall.do(consulting.call_consultation, calling=calling).of(Consultation)[0].id)


def begun(hall: Hall) -> str:
    key = called(hall)
    hall.do(consulting.take_situation, consultation=key, as_of=NOW, counts=COUNTS)
    return key


def one(hall: Hall) -> Consultation:
    (found,) = find(hall, Consultation)
    assert isinstance(found, Consultation)
    return found


def refused(hall: Hall, act: Any, **args: Any) -> str:
    with pytest.raises(Refused) as why:
        hall.do(act, **args)
    assert sentence(why.value.reason) not in ("", why.value.reason.code)
    return why.value.reason.code


def test_a_consultation_from_the_call_to_the_signature(hall: Hall) -> None:
    hall.desk.take_post("chief", "陈").result()
    key = called(hall)
    assert one(hall).state == CALLED
    chief, power = sorted(find(hall, Attendee), key=lambda a: a.unit)
    assert (chief.seat, power.unit, power.name) == ("chief", "供电公司", "李工")
    # Nothing is closed before the situation was taken, nothing signed before it is closed.
    assert refused(hall, consulting.close_consultation, consultation=key, result="好") == "state"
    hall.do(consulting.take_situation, consultation=key, as_of=NOW, counts=COUNTS)
    assert (one(hall).state, frozen.loaded(one(hall).counts).counts[0].n) == (UNDER_WAY, 3)
    hall.do(consulting.attend, consultation=key, attendees=[chief.id])
    hall.do(consulting.speak, attendee=power.id, text="两小时内抢修到位")
    assert all(a.present_at for a in find(hall, Attendee))  # who speaks is here
    settled = Settled("封闭港五路下穿", "水深已 25 cm", "p1", Ms(NOW + HOUR))
    hall.do(consulting.adopt_resolution, consultation=key, settled=settled)
    assert refused(hall, consulting.sign_consultation, consultation=key) == "state"
    hall.do(consulting.close_consultation, consultation=key, result="提前封闭")
    hall.do(consulting.sign_consultation, consultation=key)
    held = consulting.held(one(hall), *(find(hall, k) for k in (Attendee, Opinion, Resolution)))
    assert (held.one.state, held.one.signer, held.unsealed) == (SIGNED, "陈", False)
    # From then on nothing is added.
    assert refused(hall, consulting.speak, attendee=power.id, text="再补一句") == "state"
    assert refused(hall, consulting.adopt_resolution, consultation=key, settled=settled) == "state"


def test_the_chair_alone_signs_and_by_a_name(hall: Hall) -> None:
    key = begun(hall)
    hall.do(consulting.close_consultation, consultation=key, result="好")
    hall.desk.take_post("p2", "王").result()
    assert refused(hall, consulting.sign_consultation, consultation=key) == "not_chair"
    hall.desk.take_post("chief", "").result()
    hall.desk.person = ""
    assert refused(hall, consulting.sign_consultation, consultation=key) == "missing"


def test_what_is_missing_or_wrong_is_refused_with_a_reason(hall: Hall) -> None:
    assert refused(hall, consulting.call_consultation,
                   calling=Calling("a", "b", "chief", NOW)) == "nobody_invited"  # fmt: skip
    for kind, subject, code in (
        ("incident", "nothing", "closed"), ("event", "none", "unknown"),
        ("event", "e2", "restricted_room"), ("", "e1", "unknown"),
    ):  # fmt: skip
        calling = Calling("a", "b", "chief", NOW, kind, subject, INVITED)
        assert refused(hall, consulting.call_consultation, calling=calling) == code
    calling = Calling("a", "b", "nobody", NOW, invited=INVITED)
    assert refused(hall, consulting.call_consultation, calling=calling) == "unknown"
    key = begun(hall)
    for settled, code in (
        (Settled("做", "", days=3), "missing"), (Settled("", "", "p1"), "missing"),
        (Settled("做", "", "p1", Ms(NOW - MINUTE)), "due_past"),
        (Settled("做", "", unit="城管局", days=0), "days"),
    ):  # fmt: skip
        assert refused(hall, consulting.adopt_resolution, consultation=key, settled=settled) == code
    assert refused(hall, consulting.invite, consultation=key, invited=INVITED) == "nobody_invited"
    assert refused(hall, consulting.attend, consultation=key, attendees=["x"]) == "unknown"


def test_one_that_has_not_begun_is_dropped_and_a_resolution_is_taken_back(hall: Hall) -> None:
    key = called(hall)
    hall.do(consulting.drop_consultation, consultation=key, reason="雨停了")
    assert one(hall).state == DROPPED
    key = called(hall)
    hall.do(consulting.take_situation, consultation=key, as_of=NOW, counts=COUNTS)
    assert refused(hall, consulting.drop_consultation, consultation=key, reason="晚了") == "state"
    hall.do(consulting.adopt_resolution, consultation=key,
            settled=Settled("加派泵车", "", unit="水务局", days=2))  # fmt: skip
    (made,) = find(hall, Resolution)
    assert made.state == STANDS and made.due > NOW
    hall.do(consulting.drop_resolution, resolution=made.id, reason="已有")
    assert find(hall, Resolution)[0].state == TAKEN_BACK
    assert refused(hall, consulting.drop_resolution, resolution=made.id, reason="再") == "state"


def test_one_is_called_for_an_incident_that_is_open(hall: Hall) -> None:
    opened = hall.do(
        incidents.open_incident, opening=Opening("内涝", "flood", "t1", "港五路", 120.2, 31.1)
    )
    (incident,) = opened.of(Incident)
    calling = Calling("内涝会商", "b", "chief", NOW, "incident", incident.id, INVITED)
    called(hall, calling)
    assert one(hall).subject == incident.id


def test_two_stations_that_were_cut_off_lose_nothing(hall: Hall, tmp_path: Path) -> None:
    """Opinions and resolutions of both are there; two results are a conflict, and what came after
    the signature is told."""
    other = Hall(tmp_path / "b", [])
    key = begun(hall)
    carry(hall, other)
    chief = next(a for a in find(hall, Attendee) if a.seat)
    other.clock.at += MINUTE
    for station, text in ((hall, "甲"), (other, "乙")):
        station.do(consulting.speak, attendee=chief.id, text=text)
        station.do(consulting.close_consultation, consultation=key, result=f"结论{text}")
    hall.do(consulting.sign_consultation, consultation=key)
    carry(hall, other)
    carry(other, hall)
    for station in (hall, other):
        assert sorted(o.text for o in find(station, Opinion)) == ["乙", "甲"]
        assert find(station, Conflict) != []
        held = consulting.held(one(station), *(find(station, k)
                               for k in (Attendee, Opinion, Resolution)))  # fmt: skip
        assert held.one.state != SIGNED or held.unsealed
    other.desk.close()
    other.store.close()


def carry(a: Hall, b: Hall) -> None:
    b.desk.receive(a.store.read(lambda r: lines.unsent(r, a.desk.origin, 0)))


def test_what_another_station_wrote_as_a_situation_may_be_anything() -> None:
    for text in ("", "x", "[]", '{"counts": 3}', '{"counts": [{"n": "a"}]}', '{"hours": ["x"]}'):
        assert frozen.loaded(text) == Frozen()
