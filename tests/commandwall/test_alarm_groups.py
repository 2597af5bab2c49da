"""Alarms as a person can take them: groups, floods, devices that chatter, a group acknowledged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import NOW, StillClock
from world import an_alarm, an_area, present

from commandwall.alarm_groups import Load, acknowledge_group
from commandwall.alarm_life import SHLVD
from commandwall.alarms import ACKED, NORM, RTNUN, UNACK, Alarm
from commandwall.areas import CITY, TOWN, VILLAGE
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.desk import Desk
from commandwall.store.migrate import open_store
from commandwall.store.store import Refused

AREAS = {
    area.id: area
    for area in (
        an_area("c", CITY, "临江市", ""),
        *(an_area(f"c{t}", TOWN, f"镇{t}", "c") for t in range(10)),
        *(an_area(f"c{t}{v}", VILLAGE, f"村{v}", f"c{t}") for t in range(10) for v in range(9)),
    )
}
CLASSES = ("GAS", "WLV", "RWL", "FIR", "FOR", "AIR", "WQL", "STR", "DOR", "MET", "PWR")


def many(n: int, worst: int = 0, seed: int = 7) -> list[Alarm]:
    """Alarms of all classes all over the city within ten minutes, some of them of severity 1."""
    rng = np.random.default_rng(seed)
    hidden = set(rng.choice(n, worst, replace=False).tolist())
    return [
        an_alarm(
            f"a{i}", sensor=f"s{i}", cls=CLASSES[rng.integers(11)],
            severity=1 if i in hidden else int(rng.integers(2, 5)),
            area=f"c{rng.integers(10)}{rng.integers(9)}",
            raised_at=Ms(NOW - int(rng.integers(10 * MINUTE))),
        )
        for i in range(n)
    ]  # fmt: skip


def test_in_calm_each_alarm_stands_alone() -> None:
    shown = present(many(9), AREAS, NOW)
    assert len(shown.alone) == 9 and not shown.groups
    assert [a.severity for a in shown.alone] == sorted(a.severity for a in shown.alone)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [12, 143, 2_000, 10_000])
def test_in_a_flood_a_person_reads_twenty_rows_and_the_worst_alone(n: int, seed: int) -> None:
    alarms = many(n, worst=12, seed=seed)
    shown = present(alarms, AREAS, NOW, flood=True)
    assert shown.rows <= 20
    assert {a.id for a in shown.alone} == {a.id for a in alarms if a.severity == 1}
    held = [a.id for group in shown.groups for a in group.alarms] + [a.id for a in shown.alone]
    assert sorted(held) == sorted(a.id for a in alarms), "each alarm stands somewhere, once"


def test_more_of_the_worst_than_a_person_reads_go_to_the_first_group() -> None:
    shown = present([replace(a, severity=1) for a in many(300)], AREAS, NOW, flood=True)
    assert len(shown.alone) == 12 and shown.rows <= 20 and shown.groups[0].severity == 1


def test_one_village_one_cause_ten_minutes_are_one_group() -> None:
    at = [Ms(NOW - NOW % (10 * MINUTE) + s * SECOND) for s in range(12)]
    near = [an_alarm(f"n{i}", sensor=f"n{i}", area="c11", raised_at=at[i]) for i in range(6)]
    far = [replace(a, id=f"f{a.id}", area="c21") for a in near]
    other = [replace(a, id=f"w{a.id}", cls="WLV") for a in near]
    before = [replace(a, id=f"b{a.id}", raised_at=Ms(a.raised_at - 20 * MINUTE)) for a in near]
    shown = present([*near, *far, *other, *before], AREAS, NOW, flood=True)
    assert sorted(len(g.alarms) for g in shown.groups) == [6, 6, 6, 6]


def test_a_group_counts_what_waits_here_and_not_what_is_with_its_town() -> None:
    near = [an_alarm(f"n{i}", sensor=f"n{i}", area="c11", severity=2 + i % 2) for i in range(6)]
    towns = {a.id for a in near if a.severity == 2}
    (group,) = present(near, AREAS, NOW, flood=True, elsewhere=towns).groups
    assert (len(group.alarms), group.waiting, group.severity) == (6, 3, 3)
    (group,) = present(near, AREAS, NOW, flood=True, elsewhere={a.id for a in near}).groups
    assert (group.waiting, group.severity) == (0, 2)


def test_what_never_was_makes_no_flood() -> None:
    load = Load()
    load.see([an_alarm(f"a{i}", raised_at=NOW) for i in range(12)], NOW)
    assert load.flood
    load.see([an_alarm(f"a{i}", raised_at=NOW, count=0) for i in range(12)], NOW)
    assert (load.count, load.flood) == (0, False)


def test_where_no_area_is_known_500_metres_are_a_place() -> None:
    here = [an_alarm(f"h{i}", area="", lon=120.2001, lat=31.1001) for i in range(3)]
    there = [an_alarm(f"t{i}", area="", lon=120.2101, lat=31.1001) for i in range(3)]
    assert len(present([*here, *there], {}, NOW, flood=True).groups) == 2


def test_what_is_forgotten_wants_a_person_and_what_was_put_aside_comes_last() -> None:
    alarms = [
        an_alarm("aside", state=SHLVD, severity=1),
        an_alarm("seen", state=ACKED, severity=1, acked_at=Ms(NOW - MINUTE)),
        an_alarm("forgotten", state=ACKED, severity=1, acked_at=Ms(NOW - 31 * MINUTE)),
        an_alarm("new", severity=2),
    ]
    shown = present(alarms, AREAS, NOW)
    assert [a.id for a in shown.alone] == ["forgotten", "new", "seen", "aside"]


def test_a_flood_begins_above_ten_and_ends_below_five() -> None:
    load = Load()
    load.see([an_alarm(f"a{i}", raised_at=NOW) for i in range(10)], NOW)
    assert not load.flood and load.count == 10
    load.see([an_alarm("a10", raised_at=NOW)], NOW)
    assert load.flood and load.since == NOW
    later = Ms(NOW + 9 * MINUTE)
    load.see([an_alarm(f"b{i}", raised_at=later) for i in range(5)], later)
    load.see([], Ms(NOW + 11 * MINUTE))
    assert load.count == 5 and load.flood
    load.see([], Ms(later + 10 * MINUTE))
    assert not load.flood


def test_what_was_raised_long_ago_and_comes_late_is_no_flood() -> None:
    load = Load()
    load.see([an_alarm(f"a{i}", raised_at=Ms(NOW - 60 * MINUTE)) for i in range(99)], NOW)
    assert not load.flood


def test_a_device_that_comes_and_goes_is_one_group_that_says_so() -> None:
    load, changing = Load(), an_alarm("A1", raised_at=NOW, changed_at=NOW, severity=3)
    gone = replace(changing, state=RTNUN, cleared_at=Ms(NOW + 9), changed_at=Ms(NOW + 9 * SECOND))
    again = replace(changing, id="A2", raised_at=Ms(NOW + 20), changed_at=Ms(NOW + 20 * SECOND))
    load.see([changing], NOW)
    load.see([gone], NOW)
    assert not load.chattering(NOW)
    load.see([again], NOW)
    now = Ms(NOW + 30 * SECOND)
    assert load.chattering(now) == {"s0"}
    shown = present([gone, again, an_alarm("B", sensor="s1")], AREAS, now,
                    chattering=load.chattering(now))  # fmt: skip
    assert [g.chatters for g in shown.groups] == [True] and len(shown.groups[0].alarms) == 2
    assert [a.id for a in shown.alone] == ["B"]
    assert not load.chattering(Ms(NOW + 11 * MINUTE))


def test_a_group_is_acknowledged_as_one_act_and_never_the_worst(tmp_path: Path) -> None:
    store, clock = open_store(tmp_path), StillClock()
    desk = Desk(store, clock)
    water, over = {"cls": "RWL", "severity": 3}, Ms(NOW - SECOND)
    rows = [
        an_alarm("a0", **water, state=UNACK),
        an_alarm("a1", **water, state=RTNUN, cleared_at=over),
        an_alarm("a2", **water, state=ACKED),
        an_alarm("worst", cls="RWL", severity=1),
        an_alarm("other", cls="WLV", severity=3),
    ]
    desk.run(lambda tx: tx.put(*rows), {}, local=True)
    for more, code in (("worst", "group_worst"), ("other", "group_mixed")):
        with pytest.raises(Refused) as refused:
            desk.run(acknowledge_group, {"alarms": ["a0", more]}, "刘", "p1")
        assert refused.value.reason.code == code
    done = desk.run(acknowledge_group, {"alarms": ["a0", "a1", "a2"]}, "刘", "p1")
    assert [(a.state, a.acked_by) for a in sorted(done.of(Alarm), key=lambda a: a.id)] == [
        (ACKED, "刘"), (NORM, "刘"),
    ]  # fmt: skip
    with pytest.raises(Refused) as refused:
        desk.run(acknowledge_group, {"alarms": ["a0", "a1", "a2"]}, "刘", "p1")
    assert refused.value.reason.code == "group_over"
    desk.close()
    store.close()
