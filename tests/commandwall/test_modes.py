"""平 急 战 through a real desk: two persons, a reason, an end by itself, rights lent and gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, StillClock, an_event, an_opening, an_order

from commandwall import modes
from commandwall.clock import HOUR, MINUTE, Ms
from commandwall.countersign import Countersign, Second
from commandwall.countersign import countersign as sign
from commandwall.desk import Desk
from commandwall.directives import Directive, issue
from commandwall.events import EventWork, dispatch
from commandwall.incidents import Incident, open_incident
from commandwall.modes import (
    ON,
    OVER,
    Entering,
    GrantedAct,
    Mode,
    decline_mode,
    enter_mode,
    extend_mode,
    in_force,
    leave_mode,
    propose_mode,
)  # fmt: skip
from commandwall.reviewing import Finding
from commandwall.store import lines
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Reason, Refused
from commandwall.store.tables import Conflict

ZHOU = Second("周", "phone")
TOWN = "320281001"


class Hall:
    """A station on which posts sit down in turn."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        mirror = Mirror(folder / "m1.db")
        rows = [an_event(urgency=1, area=TOWN), an_event(id="e2", urgency=1, area="330100001")]
        mirror.take({"event": [tuple(getattr(e, n) for n in e.__slots__) for e in rows]}, {})
        mirror.close()
        use(folder, "m1.db")
        self.store, self.clock = open_store(folder), StillClock()
        self.desk = Desk(self.store, self.clock)

    def do(self, post: str, act: Any, who: str = "陈", **args: Any) -> Any:
        self.clock.at += 1000
        self.desk.take_post(post, who).result()
        self.desk.person = who
        return self.desk.do(act, **args).result()

    def why_not(self, post: str, act: Any, who: str = "陈", **args: Any) -> Reason:
        with pytest.raises(Refused) as refused:
            self.do(post, act, who, **args)
        return refused.value.reason

    def opened(self, **kw: Any) -> str:
        done = self.do("chief", open_incident, opening=an_opening(area=TOWN, response=2, **kw))
        return str(done.of(Incident)[0].id)

    def enter(
        self, mode: str = "watch", incident: str = "", area: str = "", hours: int = 4
    ) -> Mode:
        stated = Entering(area, mode, incident, "暴雨红色预警", hours)
        done = self.do("chief", enter_mode, entering=stated, second=ZHOU)
        return next(m for m in done.of(Mode) if m.state == ON)

    def now(self, area: str = TOWN) -> str:
        held = in_force(self.all(Mode), [area], self.clock.now())
        return held.mode if held else modes.ordinary()

    def all(self, kind: Any) -> list[Any]:
        return self.store.read(lambda r: r.find(kind))

    def later(self, hours: float) -> None:
        """The agent's sweep after the clock went on."""
        self.clock.at += int(hours * HOUR)
        if self.store.read(lambda r: modes.lapsed(r, self.clock.now())):
            self.desk.run(modes.end_lapsed, {})

    def close(self) -> None:
        self.desk.close()
        self.store.close()


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path / "hall")
    yield made
    made.close()


def test_a_mode_needs_two_persons_and_a_reason(hall: Hall) -> None:
    stated = Entering("", "watch", "", "暴雨红色预警", 4)
    assert hall.why_not("chief", enter_mode, entering=stated).code == "second"
    himself = Second("陈", "phone")
    assert hall.why_not("chief", enter_mode, entering=stated, second=himself).code == "second"
    blank = replace(stated, reason=" ")
    why = hall.why_not("chief", enter_mode, entering=blank, second=ZHOU)
    assert why == Reason("missing", {"field": "reason"})
    assert hall.now() == "peace" and hall.all(Mode) == []
    hall.do("chief", enter_mode, entering=stated, second=ZHOU)
    assert hall.now() == "watch"
    (word,) = hall.all(Countersign)
    assert (word.kind, word.second, word.by) == ("mode", "周", "陈")
    hall.do("s_leader", sign, "周", word=word.id)
    assert hall.all(Countersign)[0].signed_by == "周"


def test_who_may_not_decide_it_may_propose_it(hall: Hall) -> None:
    stated = Entering("", "watch", "", "水位上涨", 4)
    why = hall.why_not("p3", enter_mode, entering=stated, second=ZHOU)
    assert why.facts["lacking"] == "propose" and "chief" in why.facts["may"]
    hall.do("p3", propose_mode, "吴", entering=stated)
    assert hall.now() == "peace"
    held = modes.proposed(hall.all(Mode), TOWN, hall.clock.now())
    assert held is not None and (held.by, held.reason) == ("吴", "水位上涨")
    hall.enter()
    assert modes.proposed(hall.all(Mode), TOWN, hall.clock.now()) is None
    hall.do(
        "p3", propose_mode, "吴", entering=replace(stated, mode="emergency", incident=hall.opened())
    )
    held = modes.proposed(hall.all(Mode), TOWN, hall.clock.now())
    assert held is not None
    hall.do("chief", decline_mode, mode=held.id, reason="尚可控")
    assert modes.proposed(hall.all(Mode), TOWN, hall.clock.now()) is None


def test_emergency_needs_an_incident_with_a_response_or_harm(hall: Hall) -> None:
    calm = hall.do("chief", open_incident, opening=an_opening(area=TOWN)).of(Incident)[0].id
    for incident in ("", calm):
        stated = Entering("", "emergency", incident, "泄漏扩大", 4)
        why = hall.why_not("chief", enter_mode, entering=stated, second=ZHOU)
        assert why.code == "no_ground"
    assert hall.enter("emergency", hall.opened()).incident
    assert hall.now() == "emergency"


def test_what_was_before_holds_again(hall: Hall) -> None:
    hall.enter("watch", hours=10)
    held = hall.enter("emergency", hall.opened())
    assert hall.now() == "emergency"
    stated = Entering("", "watch", "", "再转", 4)
    why = hall.why_not("chief", enter_mode, entering=stated, second=ZHOU)
    assert why.code == "mode_held" and why.facts["mode"] == "emergency"
    hall.do("chief", leave_mode, mode=held.id, reason="险情排除")
    assert hall.now() == "watch"
    assert hall.why_not("chief", leave_mode, mode=held.id, reason="再来").code == "closed"


def test_a_mode_ends_by_itself_and_says_so_in_the_journal(hall: Hall) -> None:
    hall.enter("watch", hours=10)
    entered = hall.enter("emergency", hall.opened(), hours=2)
    hall.later(1.5)
    assert hall.now() == "emergency"
    hall.later(0.6)
    assert hall.now() == "watch"
    over = next(m for m in hall.all(Mode) if m.id == entered.id)
    assert (over.state, over.ended_at, over.ended_by) == (OVER, entered.until, "")
    origin = hall.desk.origin
    acts = [line.act for line in hall.store.read(lambda r: lines.unsent(r, origin, 0))]
    assert acts[-1] == "end_lapsed"
    hall.later(0.1)
    assert [line.act for line in hall.store.read(lambda r: lines.unsent(r, origin, 0))] == acts


def test_it_has_run_out_also_where_no_agent_says_so(hall: Hall) -> None:
    hall.enter("watch", hours=1)
    hall.clock.at += HOUR + MINUTE
    assert hall.now() == "peace"


def test_it_is_extended_with_a_second_person_and_within_bounds(hall: Hall) -> None:
    held = hall.enter("watch", hours=1)
    more = {"mode": held.id, "reason": "雨未停"}
    assert hall.why_not("chief", extend_mode, hours=3, **more).code == "second"
    assert hall.why_not("chief", extend_mode, hours=90, second=ZHOU, **more).code == "mode_hours"
    hall.do("chief", extend_mode, hours=3, second=ZHOU, **more)
    hall.later(2)
    assert hall.now() == "watch"
    hall.later(2)
    assert hall.now() == "peace"
    assert hall.why_not("chief", extend_mode, hours=3, second=ZHOU, **more).code == "closed"


def test_orders_are_settled_or_handed_over_before_it_is_left(hall: Hall) -> None:
    incident = hall.opened()
    held = hall.enter("emergency", incident)
    hall.do("chief", issue, order=an_order(incident))
    why = hall.why_not("chief", leave_mode, mode=held.id, reason="险情排除")
    assert why == Reason("unsettled_mode", {"check": "orders", "n": 1})
    hall.do("chief", leave_mode, mode=held.id, reason="险情排除", handed="岗3 吴")
    assert hall.now() == "peace"
    tasks = {f.text: f for f in hall.all(Finding)}
    assert set(tasks) == {"报终报", "复盘本次战时运行"}
    assert all(f.incident == incident and f.due_at and f.owner for f in tasks.values())


def test_emergency_rights_are_lent_written_down_and_gone_with_the_mode(hall: Hall) -> None:
    incident = hall.opened()
    assert hall.why_not("p1", dispatch, event="e1", unit="水务").facts["lacking"] == "U"
    assert hall.why_not("p1", issue, order=an_order(incident)).facts["lacking"] == "U"
    held = hall.enter("emergency", incident)
    done = hall.do("p1", dispatch, "刘", event="e1", unit="水务")
    (lent,) = done.of(GrantedAct)
    assert (lent.mode, lent.act, lent.by, lent.post) == (held.id, "dispatch", "刘", "p1")
    assert done.line is not None and "grantedact" in done.line.body
    assert done.of(EventWork)[0].unit == "水务"
    assert hall.do("p1", issue, order=an_order(incident)).of(Directive)
    assert not hall.do("p3", issue, order=an_order(incident)).of(GrantedAct)  # his own right
    hall.do("chief", leave_mode, mode=held.id, reason="险情排除", handed="岗3")
    assert hall.why_not("p1", issue, order=an_order(incident)).facts["lacking"] == "U"
    assert len(hall.all(GrantedAct)) == 2


def test_rights_are_lent_in_the_area_of_the_mode_alone(hall: Hall) -> None:
    hall.enter("emergency", hall.opened(), area=TOWN)
    assert hall.now(TOWN) == "emergency" and hall.now("330100001") == "peace"
    assert hall.now("") == "peace"
    hall.do("p1", dispatch, event="e1", unit="水务")
    assert hall.why_not("p1", dispatch, event="e2", unit="水务").facts["lacking"] == "U"


def test_in_an_emergency_every_decision_has_its_author(hall: Hall) -> None:
    incident = hall.opened()
    hall.do("chief", issue, "", order=an_order(incident))
    hall.enter("emergency", incident)
    assert hall.why_not("chief", issue, "", order=an_order(incident)).code == "author"
    hall.do("chief", issue, "陈", order=an_order(incident))


def test_two_that_leave_at_once_leave_one_list_of_tasks_and_nothing_to_decide(
    hall: Hall, tmp_path: Path
) -> None:
    other, seq = Hall(tmp_path / "other"), 0
    held = hall.enter("emergency", hall.opened())
    other.desk.receive(hall.store.read(lambda r: lines.unsent(r, hall.desk.origin, 0)))
    seq = hall.store.read(lambda r: r.value("SELECT max(seq) FROM journal"))
    other.clock.at = hall.clock.at + 7 * MINUTE
    for one in (hall, other):
        one.do("chief", leave_mode, mode=held.id, reason="火灭", handed="值班室")
    _exchange(hall, other, seq)
    assert hall.all(Finding) == other.all(Finding) != [] and hall.all(Mode) == other.all(Mode)
    assert hall.all(Conflict) == [] == other.all(Conflict)
    other.close()


def test_two_that_enter_at_once_leave_it_once(hall: Hall, tmp_path: Path) -> None:
    """Each keeps who entered it and why; the list of tasks is one."""
    other, seq = Hall(tmp_path / "other"), 0
    incident = hall.opened()
    other.desk.receive(hall.store.read(lambda r: lines.unsent(r, hall.desk.origin, 0)))
    seq = hall.store.read(lambda r: r.value("SELECT max(seq) FROM journal"))
    other.clock.at = hall.clock.at + MINUTE
    entered = [one.enter("emergency", incident) for one in (hall, other)]
    _exchange(hall, other, seq)
    assert [m.state for m in hall.all(Mode)] == [ON, ON]
    held = in_force(other.all(Mode), [TOWN], other.clock.now())
    assert held is not None
    other.do("chief", extend_mode, mode=held.id, hours=6, reason="未稳", second=ZHOU)
    assert len({m.until for m in other.all(Mode)}) == 1
    other.do("chief", leave_mode, mode=held.id, reason="火灭", handed="值班室")
    _exchange(hall, other, seq)
    for one in (hall, other):
        assert one.now() == modes.ordinary()
        assert [(m.state, m.ended_reason) for m in one.all(Mode)] == [(OVER, "火灭")] * 2
        assert {m.id for m in one.all(Mode)} == {m.id for m in entered}
        assert len(one.all(Finding)) == len({f.text for f in one.all(Finding)}) > 0
        assert one.all(Conflict) == []
    other.close()


def _exchange(hall: Hall, other: Hall, seq: int) -> None:
    """What each station wrote since goes to the other; a line that came before is taken once."""
    for one, to, since in ((hall, other, seq), (other, hall, 0)):
        sent = one.store.read(lambda r, o=one, s=since: lines.unsent(r, o.desk.origin, s))
        to.desk.receive(sent)


def test_another_station_that_hears_the_line_is_in_the_same_mode(
    hall: Hall, tmp_path: Path
) -> None:
    held = hall.enter("watch")
    sent = hall.store.read(lambda r: lines.unsent(r, hall.desk.origin, 0))
    other = Hall(tmp_path / "other")
    other.desk.receive(sent)
    assert other.now() == "watch"
    hall.later(5)
    other.later(5)
    assert hall.all(Mode) == other.all(Mode)
    assert held.until == Ms(NOW + 4 * HOUR + 1000)
    other.close()
