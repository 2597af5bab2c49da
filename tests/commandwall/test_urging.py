"""Urging: whom, when, by whom, and what was answered; who owes an answer and until when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, an_event
from station import Station

from commandwall import event_acts, events, urging
from commandwall.clock import HOUR, MINUTE, Ms
from commandwall.events import EventView
from commandwall.store import lines
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused
from commandwall.urging import ANSWERED, ASKED, Urge
from widgets.reasons import sentence


class Hall(Station):
    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        mirror = Mirror(folder / "m1.db")
        rows = [an_event(), an_event(id="e2", urgency=1)]
        mirror.take({"event": [tuple(getattr(e, n) for n in e.__slots__) for e in rows]}, {})
        mirror.close()
        use(folder, "m1.db")
        super().__init__(folder, "chief")

    def view(self, event: str = "e1") -> EventView:
        return self.store.read(lambda r: events.view(r, event))

    def urges(self) -> list[Urge]:
        return self.store.read(lambda r: r.find(Urge))

    def waiting(self, event: str = "e1") -> list[str]:
        return [u.unit for u in urging.waiting(self.urges(), self.view(event))]

    def refused(self, act: Any, **args: Any) -> str:
        with pytest.raises(Refused) as why:
            self.do(act, **args)
        assert "未执行" not in sentence(why.value.reason)
        return why.value.reason.code


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path / "one")
    yield made
    made.close()


def test_who_has_an_event_is_urged_answers_and_all_of_it_is_told(hall: Hall) -> None:
    asks = {"event": "e1", "text": "居民又来电"}
    assert hall.refused(urging.urge, unit="供水公司", **asks) == "state"
    hall.do(events.dispatch, event="e1", unit="供水公司", co="住建局")
    assert hall.refused(urging.urge, unit="燃气公司", **asks) == "not_with"
    assert hall.refused(urging.urge, unit="供水公司", event="e1", text=" ") == "missing"
    hall.do(urging.urge, unit="供水公司", **asks)
    hall.do(urging.urge, unit="住建局", **asks)
    assert hall.waiting() == ["供水公司", "住建局"]
    first = next(u for u in hall.urges() if u.unit == "供水公司")
    assert (first.asked_by, first.asked_post, first.text) == ("陈", "chief", "居民又来电")
    hall.do(urging.answer_urge, urge=first.id, result="正在换管，五点通水")
    assert hall.waiting() == ["住建局"]
    assert hall.refused(urging.answer_urge, urge=first.id, result="再答") == "answered"
    assert hall.refused(urging.answer_urge, urge="no", result="答") == "unknown"
    told = hall.store.read(lambda r: urging.history(r, "e1"))
    assert [(act, said) for _, _, _, act, said in told] == [
        ("urge", "供水公司　居民又来电"), ("urge", "住建局　居民又来电"),
        ("answer_urge", "供水公司　正在换管，五点通水"),
    ]  # fmt: skip


def test_nobody_owes_an_answer_for_what_he_has_no_more(hall: Hall) -> None:
    hall.do(events.dispatch, event="e1", unit="供水公司")
    hall.do(urging.urge, event="e1", unit="供水公司", text="快")
    hall.do(event_acts.send_back, event="e1", reason="非我职责", basis="三定")
    hall.do(event_acts.approve_return, event="e1")
    assert hall.waiting() == []
    hall.do(events.dispatch, event="e1", unit="住建局")
    assert hall.waiting() == [], "another has it now"


def test_until_when_is_a_row_by_urgency(hall: Hall) -> None:
    for event in ("e1", "e2"):
        hall.do(events.dispatch, event=event, unit="供水公司")
        hall.do(urging.urge, event=event, unit="供水公司", text="快")
    plain, urgent = (urging.clock(next(u for u in hall.urges() if u.event == e))
                     for e in ("e1", "e2"))  # fmt: skip
    assert plain and plain.whole == 2 * HOUR and plain.work
    assert urgent and urgent.whole == 15 * MINUTE and not urgent.work
    answered = replace(hall.urges()[0], state=ANSWERED)
    assert urging.clock(answered) is None


def test_an_answer_counts_though_who_urged_wrote_later(tmp_path: Path, hall: Hall) -> None:
    """Two stations that were cut off: what was answered stays answered."""
    other = Hall(tmp_path / "two")
    hall.do(events.dispatch, event="e1", unit="供水公司")
    hall.do(urging.urge, event="e1", unit="供水公司", text="快")
    other.desk.receive(hall.store.read(lambda r: lines.unsent(r, hall.desk.origin, 0)))
    (one,) = other.urges()
    assert one.state == ASKED and other.waiting() == ["供水公司"]
    other.do(urging.answer_urge, urge=one.id, result="到了")
    hall.desk.receive(other.store.read(lambda r: lines.unsent(r, other.desk.origin, 0)))
    assert hall.urges() == other.urges() and hall.urges()[0].result == "到了"
    assert hall.urges()[0].answered_at == Ms(NOW + 10)
    other.close()
