"""A whole number: to who rings it, with a reason, written down; the number itself is nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import NOW, StillClock, an_event, an_opening

from commandwall import calls, incidents
from commandwall.areas import Person
from commandwall.calls import Call
from commandwall.desk import Desk
from commandwall.reports import review
from commandwall.reports.speech import Speech
from commandwall.store.lines import contents
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused
from commandwall.unmasking import Unmasking, readable_until, unmask

NUMBER = "13800001111"


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    mirror = Mirror(tmp_path / "m.db")
    event = an_event(id="e1", person="李四", phone=NUMBER)
    mirror.take({"event": [tuple(getattr(event, name) for name in event.__slots__)]}, {})
    mirror.close()
    use(tmp_path, "m.db")
    store = open_store(tmp_path)
    made = Desk(store, StillClock())
    made.take_post("p1", "陈").result()
    made.do(incidents.open_incident, opening=an_opening()).result()
    found = made.ask(lambda r: r.find(incidents.Incident)).result()[0]
    person = Person("p7", "g1", "grid_worker", "张三", NUMBER)
    made.do(calls.start_calls, incident=found.id, subjects=[person]).result()
    yield made
    made.close()
    store.close()


def call(desk: Desk) -> Call:
    return desk.ask(lambda r: r.find(Call)).result()[0]


def looked(desk: Desk, reason: str = "叫应到岗") -> Any:
    return desk.do(unmask, kind="call", subject=call(desk).id, reason=reason).result()


def why(desk: Desk, reason: str = "叫应到岗") -> str:
    with pytest.raises(Refused) as refused:
        looked(desk, reason)
    return refused.value.reason.code


def test_the_line_says_who_whose_and_why_but_not_the_number(desk: Desk) -> None:
    desk.do(calls.dial, call=call(desk).id).result()
    done = looked(desk)
    (look,) = done.of(Unmasking)
    assert (look.by, look.post, look.whose, look.name) == ("陈", "p1", "p7", "张三")
    assert (look.reason, look.at, look.incident) == ("叫应到岗", NOW, call(desk).incident)
    assert readable_until(look) == NOW + 60_000
    assert (done.line.act, done.line.person, done.line.post) == ("unmask", "陈", "p1")
    assert [record for record, _ in contents(done.line)] == [look]
    assert NUMBER not in done.line.body


def test_a_number_is_for_who_calls_there_now(desk: Desk) -> None:
    assert why(desk) == "not_ringing"  # nobody calls
    desk.do(calls.dial, call=call(desk).id).result()
    assert why(desk, reason="") == "right"
    desk.take_post("p2", "周").result()
    assert why(desk) == "not_ringing"  # another one calls
    desk.take_post("p1", "陈").result()
    desk.do(calls.mark_call, call=call(desk).id, result="missed").result()
    assert why(desk) == "not_ringing"  # that call is over
    desk.do(calls.dial, call=call(desk).id).result()
    desk.do(calls.mark_call, call=call(desk).id, result="answered").result()
    assert why(desk) == "not_ringing"


def test_the_caller_of_an_event_is_called_back_while_it_is_open(desk: Desk) -> None:
    done = desk.do(unmask, kind="event", subject="e1", reason="回访").result()
    (look,) = done.of(Unmasking)
    assert (look.name, look.area, look.incident) == ("李四", an_event().area, "")
    assert NUMBER not in done.line.body
    for kind, subject in (("event", "none"), ("person", "p7"), ("call", "none")):
        with pytest.raises(Refused) as refused:
            desk.do(unmask, kind=kind, subject=subject, reason="回访").result()
        assert refused.value.reason.code == "unknown"


def test_the_review_tells_who_looked_and_why(desk: Desk) -> None:
    desk.do(calls.dial, call=call(desk).id).result()
    looked(desk)
    found = call(desk).incident
    paper = desk.ask(lambda r: review.review(r, found, Speech.of("zh"), NOW)).result()
    *_, last = paper.data["timeline"]["rows"]
    assert last[2:] == ["接报 陈", "查看未遮盖号码", "张三　叫应到岗"]
    assert NUMBER not in str(paper.data)
