"""The grade 事件分级 that facts suggest: dead, severely injured, direct loss; a person decides."""

from __future__ import annotations

from dataclasses import dataclass

from commandwall import codes
from commandwall.clock import Ms, day

UNGRADED = "social"
"""The great class of emergencies that the law gives no grades."""


@dataclass(frozen=True, slots=True)
class Harm:
    """What is known of the harm done."""

    dead: int = 0
    hurt: int = 0  # severely injured
    loss: int = 0  # direct loss, in units of 10,000 yuan


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A grade 1..4 and the row of the list `grade_limit` that gave it."""

    grade: int
    rule: str


def suggest(harm: Harm, kind: str, at: Ms) -> Suggestion | None:
    """The worst grade that any criterion reaches, by the rows of that day; a number that a row
    names is itself included. None without harm, and for a kind that has no grades."""
    row = codes.load("incident_kind", day(at)).get(kind)
    if row is not None and row.facts["great"] == UNGRADED:
        return None
    reached = [
        Suggestion(int(code.facts["grade"]), code.id)
        for code in codes.load("grade_limit", day(at)).values()
        if getattr(harm, code.facts["of"]) >= code.facts["least"]
    ]
    return min(reached, key=lambda found: found.grade, default=None)
