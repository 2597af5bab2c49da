"""Evaluators' records 评估记录: marks of what was sent, and how each objective was reached.

A record is never written again. Who thinks otherwise later writes another one: the newest counts,
and the older ones stay.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from commandwall import exercise
from commandwall.clock import Ms
from commandwall.drill.play import FreeInject, SentInject, scenario_of
from commandwall.drill.scenario import Inject, Scenario
from commandwall.store.schema import WALL, record
from commandwall.store.store import Refused, Tx
from commandwall.store.written import TITLE_LIMIT, listed, written

WHOLE, OBJECTIVE = "", "objective"
"""What of a subject is judged: all of it; that it is an objective."""
EXPECT, WATCH = "expect", "watch"
"""What else of an inject, with its number from 1 behind it: `expect-1`."""


@record(WALL, index=("subject",))
@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluator found. Never written again."""

    id: str
    subject: str  # the inject that was sent (SentInject), or the objective
    line: str  # WHOLE, OBJECTIVE, expect-1, watch-2
    verdict: str  # row of drill_mark, of an objective of drill_grade
    note: str
    at: Ms
    by: str
    post: str


Line = tuple[str, str]
"""Subject and line of an evaluation."""


def newest(found: Iterable[Evaluation]) -> dict[Line, Evaluation]:
    """The one that counts of each line."""
    ordered = sorted(found, key=lambda e: (e.at, e.id))
    return {(e.subject, e.line): e for e in ordered}


def lines(inject: Inject, lang: str = "zh") -> dict[str, str]:
    """What can be marked of an inject, with its words: all of it ("" for these), its expected acts
    and what is to be watched."""
    expect = {f"{EXPECT}-{n}": one.words(lang) for n, one in enumerate(inject.expect, 1)}
    return {WHOLE: "", **expect, **{f"{WATCH}-{n}": w for n, w in enumerate(inject.watch, 1)}}


# Acts.


def mark_inject(tx: Tx, subject: str, line: str, mark: str, note: str = "") -> None:
    """评估: a mark for what was sent, or for one line of it. Refused("no_drill") in the real world,
    Refused("unknown") for what was not sent, has no such line, or no such mark."""
    scenario, sent = _scenario(tx), tx.get(SentInject, subject)
    free = tx.get(FreeInject, sent.inject) if sent is not None else None
    injects = {i.id: i for i in scenario.injects} | ({free.id: free.inject} if free else {})
    if sent is None or line not in lines(injects[sent.inject]):
        raise Refused("unknown", kind="sentinject", id=f"{subject} {line}".strip())
    _put(tx, "drill_mark", subject, line, mark, note)


def grade_objective(tx: Tx, subject: str, grade: str, note: str = "") -> None:
    """目标评定: P, S, M or U. Refused as above."""
    if subject not in {o.id for o in _scenario(tx).objectives}:
        raise Refused("unknown", kind=OBJECTIVE, id=subject)
    _put(tx, "drill_grade", subject, OBJECTIVE, grade, note)


def _scenario(tx: Tx) -> Scenario:
    found = scenario_of(tx.folder) if exercise.of(tx.folder) is not None else None
    if found is None:
        raise Refused("no_drill")
    return found


def _put(tx: Tx, kind: str, subject: str, line: str, verdict: str, note: str) -> None:
    listed(tx, kind, written("verdict", verdict, TITLE_LIMIT))
    note = written("note", note, TITLE_LIMIT, needed=False)
    tx.put(Evaluation(str(uuid.uuid4()), subject, line, verdict, note, tx.now, tx.by, tx.post))
