"""How a drill stands while it is played: the score of what holds in its newest run.

It is the one score (`score.py`) of the same journal; nothing is judged here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from commandwall.clock import Ms
from commandwall.drill import play
from commandwall.drill.drill_acts import REAL, Moment
from commandwall.drill.play import ClockAct, SentInject
from commandwall.drill.scenario import Scenario
from commandwall.drill.score import LATE, MET, MISSED, Judged, injects_of, score
from commandwall.store.store import Reader

SETTLED = (MET, LATE, MISSED)
"""Verdicts that nothing changes any more."""


@dataclass(frozen=True, slots=True)
class Live:
    """The score at a moment."""

    entries: int  # of the journal, from which it follows
    judged: tuple[Judged, ...]  # in the order in which they were sent
    before: int  # expected acts of runs that were given up
    objectives: Mapping[str, str]  # of each inject that was sent, by the id of its sending

    def of(self, sent: str) -> list[Judged]:
        """What one inject expects."""
        return [one for one in self.judged if one.sent.id == sent]

    def under(self, objective: str) -> list[Judged]:
        """What is expected for one objective."""
        return [one for one in self.judged if self.objectives.get(one.sent.id) == objective]


def live(reader: Reader, scenario: Scenario, now: Ms) -> Live:
    """As it stands at `now`."""
    judged, injects = score(reader, scenario, now), injects_of(reader, scenario)
    sent = play.standing(reader.find(SentInject), reader.find(ClockAct))
    objectives = {s.id: injects[s.inject].objective for s in sent}
    held = tuple(one for one in judged if one.sent.id in objectives)
    return Live(entries(reader), held, len(judged) - len(held), objectives)


def entries(reader: Reader) -> int:
    """How many the journal has: it only grows."""
    return int(reader.value("SELECT count(*) FROM journal"))


def left(one: Judged, position: Moment) -> int:
    """Milliseconds of scenario time to its limit, below 0 when it is over. Only what a program
    sees has one."""
    assert one.expected is not None
    return one.expected.within - (position - one.sent.moment) // REAL


def shares(judged: Iterable[Judged]) -> dict[str, list[float]]:
    """Of each kind of expected act, how much of its limit answers took, in rising order; what was
    never answered took infinitely long. By row of drill_expect."""
    found: dict[str, list[float]] = {}
    for one in judged:
        if one.expected is not None and one.verdict in SETTLED:
            share = math.inf if one.took is None else one.took / one.expected.within
            found.setdefault(one.expected.thing, []).append(share)
    return {thing: sorted(some) for thing, some in found.items()}


def rank(rising: list[float], share: float) -> float:
    """The value that this share of them does not pass, itself one of them: of 0.9 the 90th
    percentile by nearest rank."""
    return rising[max(0, math.ceil(share * len(rising)) - 1)]
