"""The life of an alarm: nine states, whatever happens to them, through a real desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, StillClock, a_sensor

from commandwall import alarm_life as life
from commandwall import alarms, codes, shelving
from commandwall.alarm_life import (
    ACK,
    ACKED,
    ASIDE,
    CLEAR,
    COME,
    DSUPR,
    LATCH,
    LOOK,
    NORM,
    OOSRV,
    PERSONAL,
    PUT_BACK,
    RESET,
    RETURN,
    RISE,
    RTNUN,
    SHELVE,
    SHLVD,
    STALE,
    STATES,
    TAKE_OUT,
    UNACK,
    UNSHELVE,
)
from commandwall.alarms import Alarm, Crossing, observe
from commandwall.clock import DAY, HOUR, MINUTE, SECOND, Ms
from commandwall.countersign import Countersign, Second
from commandwall.desk import Desk
from commandwall.events import FiledEvent
from commandwall.store.migrate import open_store
from commandwall.store.store import Reason, Refused

RULES = {rule.id: rule for rule in alarms.rules()}
WORD = Second("周", "phone")
ACTS: dict[str, tuple[Callable[..., None], dict[str, Any]]] = {
    ACK: (alarms.acknowledge, {}),
    LOOK: (alarms.acknowledge, {}),
    RESET: (alarms.reset, {"reason": "已到场查看"}),
    SHELVE: (shelving.shelve, {"reason": "检修中", "minutes": 30, "second": WORD}),
    UNSHELVE: (shelving.unshelve, {}),
    TAKE_OUT: (shelving.take_out, {"work_order": "W-17", "days": 3}),
    PUT_BACK: (shelving.put_back, {}),
}


class Station:
    """One desk, and one alarm of it."""

    def __init__(self, folder: Path) -> None:
        self.store, self.clock = open_store(folder), StillClock()
        self.desk = Desk(self.store, self.clock)
        self.desk.take_post("chief", "陈").result()

    def put(self, state: str, active: bool | None = None, **more: Any) -> Alarm:
        """An alarm in a state, whose cause lasts where the state does not say that it is over."""
        lasts = state not in (NORM, RTNUN, LATCH) if active is None else active
        cls = more.pop("cls", "WLV")
        facts: dict[str, Any] = {
            "acked_at": NOW if state == ACKED else None,
            "cleared_at": None if lasts else NOW,
            "read_at": NOW,
            **({"until": NOW + HOUR, "put_severity": 3} if state in ASIDE else {}),
            **more,
        }
        place = ("m", "a1", 120.0, 31.0, NOW, NOW)
        grave = facts.pop("severity", 3)
        alarm = Alarm("A1", "s0", f"{cls}-3", cls, grave, state, 1.0, *place, **facts)
        self.desk.run(lambda tx: tx.put(alarm), {}, local=True)
        return alarm

    def raised(self, cls: str = "GAS", severity: int = 2) -> Alarm:
        self.see(severity, 0, cls)
        return self.alarm

    def see(self, severity: int, minute: float, cls: str = "WLV", at: int | None = None) -> None:
        """A crossing to a severity so many minutes from now; to 0 where it is within its limits."""
        rule = RULES[f"{cls}-{severity or 3}"]
        when = Ms(int(NOW + minute * MINUTE) if at is None else at)
        crossing = Crossing(a_sensor(0, cls=cls), rule, severity, 1.0, when)
        self.desk.run(observe, {"crossings": [crossing]}, local=True)

    def do(self, what: str, **more: Any) -> Reason | None:
        """A person's act; why it was refused."""
        act, args = ACTS[what]
        try:
            self.desk.do(act, alarm=self.alarm.id, **{**args, **more}).result()
        except Refused as refused:
            return refused.reason
        return None

    def at(self, minutes: float) -> None:
        """So much later; what runs by the clock has run."""
        self.clock.at = int(NOW + minutes * MINUTE)
        self.desk.run(shelving.end_lapsed, {}, local=True)

    @property
    def alarm(self) -> Alarm:
        """The newest one."""
        return max(self.store.read(lambda r: r.find(Alarm)), key=lambda a: a.raised_at)

    def filed(self) -> list[FiledEvent]:
        return self.store.read(lambda r: r.find(FiledEvent))


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    station = Station(tmp_path)
    yield station
    station.desk.close()
    station.store.close()


# The whole table: every state, and whatever may happen in it.


def outcome(cell: str, state: str, active: bool) -> str:
    """The state that a cell of the table stands for, of a class that does not latch."""
    ends = {".": state, "OVER": NORM, "LIVE": UNACK if active else NORM}
    return ends.get(cell, cell)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """One desk for all cells: each begins with an alarm of its own making."""
    station = Station(tmp_path_factory.mktemp("hall"))
    yield station
    station.desk.close()
    station.store.close()


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("what", PERSONAL)
def test_an_act_leads_where_the_table_says_or_is_refused_with_its_reason(
    hall: Station, what: str, state: str, active: bool
) -> None:
    hall.clock.at = NOW
    # An acknowledged one that was not acknowledged long ago is not looked at again, and vice versa.
    long_ago = NOW - 100 * HOUR if what == LOOK and state == ACKED else NOW
    acked = {"acked_at": long_ago} if state == ACKED else {}
    active = (active and state not in (NORM, RTNUN, LATCH)) or state in (UNACK, ACKED)
    before = hall.put(state, active, **acked)
    # Only an acknowledged one can be looked at again; in other states the act is the first look.
    cell = life.TABLE[ACK if what == LOOK and state != ACKED else what][state]
    refused = hall.do(what)
    if cell.islower():
        assert refused is not None and refused.code == "alarm"
        assert refused.facts == {"why": cell, "state": state}
        assert hall.alarm == before
    else:
        assert refused is None
        assert hall.alarm.state == outcome(cell, state, active)


LASTS, ENDED = (UNACK, ACKED, STALE, *ASIDE), (RTNUN, LATCH, *ASIDE)
READ = [(COME, state) for state in ENDED] + [(w, s) for w in (RISE, CLEAR) for s in LASTS]


@pytest.mark.parametrize(("what", "state"), READ)
def test_readings_lead_where_the_table_says(hall: Station, what: str, state: str) -> None:
    hall.clock.at = NOW
    before = hall.put(state, active=what != COME)
    hall.see({COME: 3, RISE: 2, CLEAR: 0}[what], 1)
    cell = life.TABLE[what][state]
    assert hall.alarm.state == outcome(cell, state, what != CLEAR)
    assert hall.alarm.count == before.count + (what == COME)


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("state", STATES)
def test_a_term_that_is_over_brings_back_what_was_put_aside(
    hall: Station, state: str, active: bool
) -> None:
    hall.clock.at = NOW
    hall.put(state, active, until=NOW + MINUTE)
    hall.at(2)
    assert hall.alarm.state == outcome(life.TABLE[RETURN][state], state, active)


def test_the_table_has_a_cell_for_every_state_and_a_sentence_for_every_refusal() -> None:

    cells = [cell for row in life.TABLE.values() for cell in row.values()]
    told = {cell for cell in cells if cell.islower()}
    assert all(set(row) == set(STATES) for row in life.TABLE.values())
    assert told == set(codes.load("alarm_refusal"))
    assert {c for c in cells if c.isupper()} - {life.OVER, life.LIVE} <= set(STATES)
    assert set(STATES) == set(codes.load("alarm_state"))


# Coming again.


def test_what_returned_unseen_and_comes_again_is_the_same_alarm_counted(station: Station) -> None:
    first = station.raised("WLV", 3)
    station.see(0, 5)
    assert station.alarm.state == RTNUN
    station.see(3, 9)
    assert (station.alarm.id, station.alarm.state, station.alarm.count) == (first.id, UNACK, 2)
    assert station.alarm.cleared_at is None


def test_what_was_seen_and_over_comes_again_as_another_alarm(station: Station) -> None:
    first = station.raised("WLV", 3)
    station.do(ACK)
    station.see(0, 5)
    assert station.alarm.state == NORM
    station.see(3, 9)
    assert station.alarm.id != first.id and station.alarm.state == UNACK


def test_readings_told_twice_wake_nothing_and_end_nothing(station: Station) -> None:
    station.raised("WLV", 3)
    station.see(0, 5)
    station.see(3, 9)
    before = station.alarm
    for severity, minute in ((3, 0), (0, 5), (3, 9)):
        station.see(severity, minute)
    assert station.alarm == before


# Latching.


@pytest.mark.parametrize("cls", ["GAS", "FIR", "FOR"])
def test_gas_and_fire_stay_until_a_person_resets_them_with_a_reason(
    station: Station, cls: str
) -> None:
    station.raised(cls, 3)
    station.do(ACK)
    station.see(0, 5, cls)
    assert station.alarm.state == LATCH
    missing = station.do(RESET, reason=" ")
    assert missing == Reason("missing", {"field": "reason"}) and station.alarm.state == LATCH
    assert station.do(RESET) is None
    assert (station.alarm.state, station.alarm.reason) == (NORM, "已到场查看")


def test_gas_that_returned_unseen_latches_when_it_is_seen(station: Station) -> None:
    station.raised("GAS", 3)
    station.see(0, 5, "GAS")
    station.do(ACK)
    assert station.alarm.state == LATCH


def test_a_latched_one_that_comes_again_wants_a_person(station: Station) -> None:
    station.raised("GAS", 3)
    station.do(ACK)
    station.see(0, 5, "GAS")
    station.see(3, 9, "GAS")
    assert (station.alarm.state, station.alarm.count) == (UNACK, 2)


def test_shelving_is_no_way_around_a_reset(station: Station) -> None:
    station.raised("GAS", 3)
    station.do(ACK)
    station.see(0, 5, "GAS")
    station.do(SHELVE)
    station.do(UNSHELVE)
    assert station.alarm.state == LATCH


# Putting aside.


def test_a_shelved_alarm_says_who_why_and_until_when(station: Station) -> None:
    station.raised("WLV", 3)
    station.do(SHELVE, minutes=90)
    told = station.alarm
    assert (told.put_by, told.put_post, told.reason) == ("陈", "chief", "检修中")
    assert told.until == NOW + 90 * MINUTE and told.put_severity == 3


@pytest.mark.parametrize(
    ("cls", "most"), [("WLV", 480), ("AIR", 480), ("FOR", 480), ("GAS", 30), ("FIR", 30)]
)
def test_shelving_is_bounded_by_its_class(station: Station, cls: str, most: int) -> None:
    station.raised(cls, 3)
    for minutes in (0, -5, most + 1):
        assert station.do(SHELVE, minutes=minutes) == Reason("shelve_minutes", {"most": most})
    assert station.alarm.state == UNACK
    assert station.do(SHELVE, minutes=most) is None


@pytest.mark.parametrize("word", [None, Second("", "phone"), Second("陈", "phone")])
def test_nobody_shelves_gas_alone(station: Station, word: Second | None) -> None:
    station.raised("GAS", 3)
    assert station.do(SHELVE, second=word) == Reason("shelve_second", {"cls": "GAS"})
    assert station.alarm.state == UNACK


def test_the_second_persons_word_is_kept_to_be_signed(station: Station) -> None:
    station.raised("GAS", 3)
    station.do(SHELVE)
    (word,) = station.store.read(lambda r: r.find(Countersign))
    assert (word.kind, word.record, word.second) == ("alarm", station.alarm.id, "周")


def test_a_shelved_alarm_that_lasts_comes_back_unacknowledged(station: Station) -> None:
    station.raised("WLV", 3)
    station.do(ACK)
    station.do(SHELVE, minutes=30)
    station.at(29)
    assert station.alarm.state == SHLVD
    station.at(31)
    back = station.alarm
    assert back.state == UNACK and back.changed_at == NOW + 30 * MINUTE
    assert (back.until, back.reason, back.put_by, back.put_severity) == (None, "", "", None)


def test_a_shelved_alarm_whose_cause_ended_is_over_when_it_comes_back(station: Station) -> None:
    station.raised("WLV", 3)
    station.do(SHELVE, minutes=30)
    station.see(0, 5)
    assert station.alarm.state == SHLVD
    station.at(31)
    assert station.alarm.state == NORM


def test_a_shelved_alarm_that_grows_worse_than_it_was_comes_back_and_files(
    station: Station,
) -> None:
    station.raised("GAS", 3)
    station.do(SHELVE)
    station.see(0, 5, "GAS")
    station.see(3, 6, "GAS")
    assert station.alarm.state == SHLVD and station.filed() == []
    station.see(2, 7, "GAS")
    assert station.alarm.state == UNACK and len(station.filed()) == 1


def test_a_shelved_alarm_files_its_event_when_it_comes_back(station: Station) -> None:
    station.put(SHLVD, active=False, cls="GAS", until=NOW + 30 * MINUTE, put_severity=2, severity=2)
    station.see(2, 5, "GAS")
    assert station.filed() == []
    station.at(31)
    assert station.alarm.state == UNACK and [e.id for e in station.filed()] == [station.alarm.event]


def test_out_of_service_needs_a_work_order_and_an_end(station: Station) -> None:
    station.raised("WLV", 3)
    assert station.do(TAKE_OUT, work_order=" ") == Reason("missing", {"field": "work_order"})
    for days in (0, 31):
        assert station.do(TAKE_OUT, days=days) == Reason("service_days", {"most": 30})
    assert station.do(TAKE_OUT) is None
    told = station.alarm
    assert (told.state, told.work_order, told.until) == (OOSRV, "W-17", NOW + 3 * DAY)
    station.see(1, 5)  # whoever works on a device tests it
    assert station.alarm.state == OOSRV and station.filed() == []
    station.at(3 * 24 * 60 + 1)
    assert station.alarm.state == UNACK and station.alarm.severity == 1


# What a clock says.


def test_an_unacknowledged_alarm_calls_again_as_often_as_its_priority_says() -> None:
    def told(severity: int, seconds: int, state: str = UNACK) -> int:
        place = (1.0, "m", "a1", 120.0, 31.0, NOW, NOW)
        alarm = Alarm("A1", "s0", "WLV-3", "WLV", severity, state, *place)
        return alarms.calls(alarm, Ms(NOW + seconds * SECOND))

    assert [told(1, s) for s in (0, 29, 30, 61)] == [1, 1, 2, 3]
    assert [told(2, s) for s in (0, 59, 60)] == [1, 1, 2]
    assert told(3, 9999) == 1  # seen, and not heard
    assert [told(1, 9999, s) for s in (ACKED, SHLVD, OOSRV, DSUPR, STALE, LATCH)] == [0] * 6


def test_an_acknowledged_alarm_that_lasts_is_looked_at_again(station: Station) -> None:
    station.raised("WLV", 2)
    station.do(ACK)
    refused = station.do(ACK)
    assert refused is not None and refused.facts["why"] == "seen"
    assert not alarms.wants_person(station.alarm, Ms(NOW + 59 * MINUTE))
    assert alarms.wants_person(station.alarm, Ms(NOW + 60 * MINUTE))
    station.at(61)
    assert station.do(ACK) is None
    assert station.alarm.state == ACKED and station.alarm.acked_at == NOW + 61 * MINUTE
    assert not alarms.wants_person(station.alarm, Ms(NOW + 62 * MINUTE))


def test_an_acknowledged_alarm_that_is_over_is_not_looked_at_again(station: Station) -> None:
    station.raised("WLV", 2)
    station.do(ACK)
    station.see(0, 5)
    assert not alarms.wants_person(station.alarm, Ms(NOW + 999 * MINUTE))
