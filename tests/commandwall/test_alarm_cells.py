"""What is kept of many alarms says at each moment what counting all of them anew would say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from builders import NOW
from world import an_alarm, an_area, present

from commandwall.alarm_cells import Cells, Terms
from commandwall.alarm_groups import Presented, presented
from commandwall.alarm_life import ACKED, DSUPR, LATCH, OOSRV, RTNUN, SHLVD, STALE, UNACK
from commandwall.alarm_lists import Lists, Shelves, sort_out
from commandwall.alarms import Alarm
from commandwall.areas import CITY, TOWN, VILLAGE
from commandwall.clock import HOUR, MINUTE, SECOND, Ms

AREAS = {
    area.id: area
    for area in (
        an_area("c", CITY, "临江市", ""),
        *(an_area(f"c{t}", TOWN, f"镇{t}", "c") for t in range(3)),
        *(an_area(f"c{t}{v}", VILLAGE, f"村{v}", f"c{t}") for t in range(3) for v in range(3)),
    )
}
STATES = (UNACK, UNACK, UNACK, ACKED, RTNUN, LATCH, SHLVD, DSUPR, OOSRV, STALE)
CLASSES = ("GAS", "WLV", "PWR")


class City:
    """Alarms of a few devices that come, change and go as a seed says."""

    def __init__(self, seed: int) -> None:
        self.dice = np.random.default_rng(seed)
        self.alarms: dict[str, Alarm] = {}

    def turn(self, now: Ms) -> set[str]:
        """What some of them become; the ids of these."""
        keys = {f"a{self.dice.integers(60)}" for _ in range(self.dice.integers(1, 9))}
        for key in keys:
            if self.dice.random() < 0.2:
                self.alarms.pop(key, None)
            else:
                self.alarms[key] = self._one(key, now)
        return keys

    def some(self, names: list[str], share: float) -> frozenset[str]:
        return frozenset(name for name in names if self.dice.random() < share)

    def _one(self, key: str, now: Ms) -> Alarm:
        pick, state = self.dice.integers, STATES[self.dice.integers(len(STATES))]
        return an_alarm(
            key, sensor=f"s{pick(20)}", cls=CLASSES[pick(3)], severity=int(pick(1, 5)), state=state,
            area=("", "c", f"c{pick(3)}", f"c{pick(3)}{pick(3)}")[pick(4)], put_by=f"s{pick(20)}",
            raised_at=Ms(now - int(pick(30 * HOUR if pick(3) == 0 else 40 * MINUTE))),
            cleared_at=now if state == RTNUN else None, until=Ms(now + int(pick(HOUR))),
        )  # fmt: skip


def told(shown: Presented) -> Any:
    groups = [
        (g, sorted(a.id for a in g.alarms), g.count, sorted(g.began.tolist())) for g in shown.groups
    ]
    return [a.id for a in shown.alone], sorted(groups, key=lambda one: one[0].key)


def listed(lists: Lists) -> Any:
    rest = (lists.standing, lists.silent, lists.aside, lists.suppressed)
    return dict(lists.active), [[a.id for a in one] for one in rest], lists.holds


@pytest.mark.parametrize("seed", range(12))
def test_alarms_that_are_kept_stand_as_if_all_were_counted_anew(seed: int) -> None:
    city, cells, shelves, holds = City(seed), Cells(), Shelves(), set[str]()
    flood = chattering = elsewhere = None
    for step in range(150):
        now = Ms(NOW + step * 20 * SECOND)
        changed = city.turn(now)
        if step % 7 == 0:
            flood, chattering = (
                bool(city.dice.integers(4)),
                city.some([f"s{i}" for i in range(20)], 0.1),
            )
        if step % 5 == 0:
            elsewhere = city.some(list(city.alarms), 0.3)
        shelves.bring(city.alarms, changed)
        lists = shelves.lists(now)
        assert listed(lists) == listed(sort_out(city.alarms.values(), now))
        cells.bring(lists.active, changed | (holds ^ lists.holds.keys()),
                    Terms(AREAS, flood, chattering, elsewhere))  # fmt: skip
        holds = set(lists.holds)
        terms = {"flood": flood, "chattering": chattering, "elsewhere": elsewhere}
        anew = present(lists.active.values(), AREAS, now, **terms)
        assert told(presented(cells, now)) == told(anew)


def test_what_is_read_anew_leaves_nothing_of_before() -> None:
    cells, terms = Cells(), Terms(AREAS, flood=True)
    cells.bring({"a": an_alarm("a", severity=2), "b": an_alarm("b", severity=1)}, None, terms)
    cells.bring({"c": an_alarm("c", severity=3)}, None, terms)
    (group,) = presented(cells, NOW).groups
    assert not presented(cells, NOW).alone and [a.id for a in group.alarms] == ["c"]
