"""Rules of alarms that people change: one proposes, another approves, from a moment on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import NOW, StillClock, a_sensor

from commandwall import alarms, codes
from commandwall.alarms import Alarm, Rule
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.desk import Desk
from commandwall.judge import Judge
from commandwall.pool.packs import Packs
from commandwall.rule_rows import (
    APPROVED,
    Change,
    Edition,
    RuleRow,
    Tried,
    approve_rule,
    editions,
    in_force,
    propose_rule,
    refuse_rule,
    withdraw_rule,
)
from commandwall.sensors import READING_DTYPE
from commandwall.store import lines
from commandwall.store.journal import Line
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Reason, Refused

GAS = {rule.id: rule for rule in alarms.rules() if rule.cls == "GAS"}
TRIED = Tried(7.0, 14, 3)
LEAD = int(codes.limit("rule_lead_seconds")) * SECOND


class Station:
    """One station with two gas devices, at which several people sit in turn."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        mirror = Mirror(folder / "m1.db")
        known = [a_sensor(no) for no in range(2)]
        mirror.take({"sensor": [tuple(getattr(s, n) for n in s.__slots__) for s in known]}, {})
        mirror.close()
        use(folder, "m1.db")
        self.store, self.clock = open_store(folder), StillClock()
        self.desk = Desk(self.store, self.clock)
        self.packs = Packs(self.store, self.desk, self.clock)

    def sit(self, post: str, person: str) -> None:
        self.desk.take_post(post, person).result()

    def propose(self, threshold: float = 8.0, **kw: object) -> str:
        self.sit("chief", "陈")
        change = Change(replace(GAS["GAS-3"], threshold=threshold), "季度复核", tried=TRIED)
        done = self.desk.do(propose_rule, rule=replace(change, **kw)).result()
        return done.of(RuleRow)[0].id

    def approve(self, proposal: str, person: str = "吴") -> RuleRow:
        self.sit("chief", person)
        return self.desk.do(approve_rule, proposal=proposal, answer="同意").result().of(RuleRow)[0]

    def rows(self) -> list[RuleRow]:
        return self.store.read(lambda r: r.find(RuleRow))

    def lines(self) -> list[Line]:
        """What this station wrote itself."""
        return self.store.read(lambda r: lines.unsent(r, self.desk.origin, 0))

    def say(self, value: float, *seconds: int) -> None:
        """One device says a value at these seconds; the sweeps run before, as each second."""
        for second in seconds:
            self.clock.at = Ms(NOW + second * SECOND)
            self.packs.sweep()
            told = np.array([(0, self.clock.at, value, 0)], READING_DTYPE)
            self.packs.take_readings(told, Ms(self.clock.at))

    def alarms(self) -> list[Alarm]:
        return self.store.read(lambda r: r.find(Alarm))

    def close(self) -> None:
        self.desk.close()
        self.store.close()


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    made = Station(tmp_path)
    yield made
    made.close()


def refusal(station: Station, **kw: object) -> Reason:
    with pytest.raises(Refused) as why:
        station.propose(**kw)
    return why.value.reason


def test_a_rule_counts_from_its_moment_once_another_person_approved_it(station: Station) -> None:
    proposal = station.propose(threshold=8.0)
    station.say(9.0, 0, 10, 20)
    assert station.alarms() == []  # only proposed: as before
    with pytest.raises(Refused) as why:
        station.approve(proposal, person="陈")
    assert why.value.reason.code == "rule_second"
    row = station.approve(proposal)
    assert row.since == station.clock.at + LEAD and (row.by, row.decided_by) == ("陈", "吴")
    begins = (row.since - NOW) // SECOND
    station.say(9.0, *range(30, begins, 10))
    assert station.alarms() == []  # approved, not yet in force
    station.say(9.0, begins, begins + 10)
    (alarm,) = station.alarms()
    assert (alarm.rule, alarm.severity) == ("GAS-3", 3)
    # The same identity as of any other alarm of this rule, device and moment.
    crossing = alarms.Crossing(a_sensor(0), GAS["GAS-3"], 3, 9.0, alarm.raised_at)
    assert alarm.id == alarms._key(crossing)


def test_another_station_knows_of_what_is_proposed_and_can_approve_it(
    station: Station, tmp_path: Path
) -> None:
    proposal = station.propose(threshold=8.0)
    other = Station(tmp_path / "other")
    other.desk.receive(station.lines())
    assert other.rows() == station.rows()
    other.approve(proposal)
    station.desk.receive(other.lines())
    assert other.rows() == station.rows() and station.rows()[0].state == APPROVED
    other.close()


def test_both_acts_stand_in_the_journal_and_nothing_is_written_again(station: Station) -> None:
    first = station.approve(station.propose(threshold=8.0))
    station.clock.at += 10 * MINUTE
    second = station.approve(station.propose(threshold=9.0), person="孙")
    assert {row.id: row for row in station.rows()} == {first.id: first, second.id: second}
    acts = station.store.read(lambda r: r.rows("SELECT act, person FROM journal ORDER BY seq"))
    told = [tuple(line) for line in acts if line[0] != "take_post"]
    assert told == [
        ("propose_rule", "陈"), ("approve_rule", "吴"), ("propose_rule", "陈"),
        ("approve_rule", "孙"),
    ]  # fmt: skip
    then = [in_force(station.rows(), at)["GAS-3"].threshold for at in (
        NOW, first.since, Ms(second.since - 1), second.since)]  # fmt: skip
    assert then == [10.0, 8.0, 8.0, 9.0]
    assert in_force(station.rows(), second.since)["GAS-3"].zh == "燃气 ≥ 9 %LEL"


def test_readings_meet_the_rules_of_their_own_moment() -> None:
    """Also where they come in one pack, and late: at each station the same."""
    lower = [replace(r, threshold=8.0) if r.id == "GAS-3" else r for r in GAS.values()]
    later = [Edition(Ms(NOW + 60 * SECOND), lower)]
    at = np.array([NOW + s * SECOND for s in range(0, 120, 10)], np.int64)
    whole, single = (Judge([a_sensor()], list(GAS.values()), later=later) for _ in range(2))
    rows, value, quality = np.zeros(12, np.intp), np.full(12, 9.0, np.float32), np.zeros(12, "u1")
    made = [c for some in whole.take(rows, value, at, quality) for c in some]
    assert [(c.severity, c.at) for c in made] == [(3, NOW + 60 * SECOND)]
    alone = [
        c for i in range(12) for some in single.take(
            rows[i : i + 1], value[i : i + 1], at[i : i + 1], quality[i : i + 1]) for c in some
    ]  # fmt: skip
    assert alone == made


def test_a_raised_threshold_ends_what_it_no_longer_holds_for(station: Station) -> None:
    station.say(12.0, 0, 10)
    (alarm,) = station.alarms()
    row = station.approve(station.propose(threshold=20.0))
    begins = (row.since - NOW) // SECOND
    station.say(12.0, *range(begins, begins + 90, 10))
    (after,) = station.alarms()
    assert after.id == alarm.id and after.cleared_at is not None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"threshold": float("nan")}, "threshold"),
        ({"on_s": -1.0}, "on_s"),
        ({"severity": 7}, "severity"),
        ({"severity": 2}, "severity"),  # GAS-2 has it
        ({"low_bad": True}, "low_bad"),  # against the others of its class
        ({"threshold": 30.0}, "threshold"),  # over that of GAS-2
        ({"cls": "WLV"}, "cls"),
        ({"mode": "panic"}, "mode"),
        ({}, "rule"),  # as it is
    ],
)
def test_what_cannot_be_is_refused_with_its_field(
    station: Station, given: dict[str, object], field: str
) -> None:
    reason = refusal(station, rule=replace(GAS["GAS-3"], **given))
    assert (reason.code, reason.facts["row"], reason.facts["field"]) == ("rule", "GAS-3", field)
    assert station.rows() == []


def test_a_rule_wants_a_reason_and_a_dry_run(station: Station) -> None:
    assert refusal(station, reason=" ").facts == {"field": "reason"}
    assert refusal(station, tried=None).code == "rule_untried"


def test_a_device_itself_has_no_threshold(station: Station) -> None:
    fault = next(rule for rule in alarms.rules() if rule.cls == "BAD")
    assert refusal(station, rule=replace(fault, off_s=60.0)).facts["field"] == "cls"


def test_what_is_not_followed_stays_as_it_was(station: Station) -> None:
    refused, withdrawn = station.propose(8.0), station.propose(7.0)
    station.sit("chief", "吴")
    with pytest.raises(Refused) as why:
        station.desk.do(withdraw_rule, proposal=withdrawn).result()
    assert why.value.reason.code == "rule_own"
    station.desk.do(refuse_rule, proposal=refused, reason="试算太多").result()
    station.sit("chief", "陈")
    station.desk.do(withdraw_rule, proposal=withdrawn).result()
    assert in_force(station.rows(), Ms(NOW + 99 * MINUTE)) == in_force([], NOW)
    for proposal in (refused, withdrawn):
        with pytest.raises(Refused) as why:
            station.approve(proposal)
        assert why.value.reason.code == "settled"


def test_two_that_do_not_go_together_are_not_both_approved(station: Station) -> None:
    wide = station.propose(threshold=24.0)
    two = station.propose(rule=replace(GAS["GAS-2"], threshold=20.0))
    station.approve(two)
    with pytest.raises(Refused) as why:
        station.approve(wide)
    assert why.value.reason.facts["field"] == "threshold"


def test_a_new_rule_counts_and_can_be_ended_but_never_the_last_of_its_kind(
    station: Station,
) -> None:
    mild = replace(GAS["GAS-3"], id="GAS-4", severity=4, threshold=5.0, urgency=4)
    first = station.approve(station.propose(rule=mild))
    station.clock.at = Ms(first.since + MINUTE)
    last = station.approve(station.propose(rule=mild, retired=True), "孙")
    held = [e for e in editions(station.rows()) if any(r.id == "GAS-4" for r in e.rules)]
    assert [e.since for e in held] == [first.since] and last.since > first.since
    alone = Rule("X-1", "STR", 3, False, 50.0, 60, 60, 5, False, 3, "facility", "", "", unit="mm")
    station.clock.at = Ms(last.since + MINUTE)
    third = station.approve(station.propose(rule=alone), "孙")
    station.clock.at = Ms(third.since + MINUTE)
    assert refusal(station, rule=alone, retired=True).facts["field"] == "rule"


def test_a_row_that_the_list_no_longer_bears_is_left_out() -> None:
    """A city changed its list afterwards: the agents go on, alike."""
    good = RuleRow(
        "r1", "GAS-3", "燃气", "Gas", "GAS", 3, 0, 8.0, 5.0, 60.0, 3.0, 0, 3, "gas", "", "", "", 1,
        0.0, 0.0, 0.0, 0.0, 0, Ms(NOW), "", 7.0, 0, 0, APPROVED, NOW, "陈", "chief", NOW,
        Ms(NOW), "吴", "chief",
    )  # fmt: skip
    spoilt = replace(good, id="r2", rule="GAS-9", since=Ms(NOW + 1))  # two for one thing
    table = in_force([good, spoilt], Ms(NOW + 2))
    assert table["GAS-3"].threshold == 8.0 and "GAS-9" not in table
