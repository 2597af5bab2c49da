"""每月一题 monthly topic: a class of events that the city takes up as one matter for a month, the
measures of its plan, and what came of it. Which class deserves it is counted in `candidates`.

A topic is chosen, then closed with a result or dropped with a reason; a measure is open until it
is done or dropped. Both may be opened again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from commandwall import codes
from commandwall.clock import DAY, Ms, day, day_start
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Refused, Tx
from commandwall.store.written import TITLE_LIMIT, listed, present, written

CHOSEN, CLOSED, DROPPED = "CHOSEN", "CLOSED", "DROPPED"
"""Rows of the code list monthlytopic_state."""
OPEN, DONE = "OPEN", "DONE"
"""With DROPPED: rows of the code list measure_state."""
TOPIC_STEPS = {CHOSEN: (CLOSED, DROPPED), CLOSED: (CHOSEN,), DROPPED: (CHOSEN,)}
MEASURE_STEPS = {OPEN: (DONE, DROPPED), DONE: (OPEN,), DROPPED: (OPEN,)}
"""New state -> the states it may follow."""
BESIDE = ("changed_at", "by", "post")


@record(
    WALL,
    index=("state",),
    meeting=Meeting(beside=("chosen_at", *BESIDE), yields={CHOSEN: frozenset({CLOSED, DROPPED})}),
)
@dataclass(frozen=True, slots=True)
class MonthlyTopic:
    """每月一题: the same id from every station that chooses this class for this month."""

    id: str  # 2026-11:noise
    month: str  # 2026-11
    cls: str  # code list event_class
    title: str
    lead: str  # the unit that answers for it
    state: str
    result: str  # what it came to, or why it was dropped or taken up again
    chosen_at: Ms
    ended_at: Ms | None
    changed_at: Ms
    by: str
    post: str


@record(
    WALL,
    index=("topic",),
    meeting=Meeting(beside=("done_at", *BESIDE), yields={OPEN: frozenset({DONE})}),
)
@dataclass(frozen=True, slots=True)
class Measure:
    """措施: one measure of the plan of a topic: who leads, and by when, its milestone 节点."""

    id: str
    topic: str
    task: str
    lead: str
    due: Ms  # the end of its day
    state: str
    result: str  # what was done, or why it was dropped or is open again
    made_at: Ms
    done_at: Ms | None
    changed_at: Ms
    by: str
    post: str


R = TypeVar("R", MonthlyTopic, Measure)


@dataclass(frozen=True, slots=True)
class Choosing:
    """What a person states of a topic."""

    cls: str
    title: str
    lead: str


def board(topics: Iterable[MonthlyTopic], now: Ms) -> list[MonthlyTopic]:
    """Those under way, the newest first; then what ended of late (`monthly_past_days`)."""
    kept = now - codes.limit("monthly_past_days", day(now)) * DAY
    shown = (t for t in topics if t.state == CHOSEN or (t.ended_at or 0) >= kept)
    return sorted(shown, key=lambda t: (t.state != CHOSEN, -t.chosen_at, t.id))


def plan(measures: Iterable[Measure], topic: str) -> list[Measure]:
    """The measures of a topic by their milestones; those that were dropped last."""
    mine = (m for m in measures if m.topic == topic)
    return sorted(mine, key=lambda m: (m.state == DROPPED, m.due, m.id))


# Acts.


def choose_topic(tx: Tx, choosing: Choosing) -> None:
    """定题: a class becomes a topic of this month. Refused("topic_chosen") where it is already."""
    listed(tx, "event_class", choosing.cls)
    month = f"{day(tx.now):%Y-%m}"
    key = f"{month}:{choosing.cls}"
    if (held := tx.get(MonthlyTopic, key)) is not None:
        raise Refused("topic_chosen", title=held.title)
    title = written("title", choosing.title, TITLE_LIMIT)
    lead = written("lead_unit", choosing.lead, TITLE_LIMIT)
    tx.put(MonthlyTopic(
        key, month, choosing.cls, title, lead, CHOSEN, "", tx.now, None, tx.now, tx.by, tx.post,
    ))  # fmt: skip


def close_topic(tx: Tx, topic: str, result: str) -> None:
    """结题: with what it came to. Refused("topic_open") while a measure is open."""
    left = [m for m in tx.find(Measure, topic=topic) if m.state == OPEN]
    now = _topic(tx, topic, CLOSED, result)
    if left:
        raise Refused("topic_open", n=len(left))
    tx.put(replace(now, ended_at=tx.now))


def drop_topic(tx: Tx, topic: str, reason: str) -> None:
    """撤题: it was chosen by mistake."""
    tx.put(replace(_topic(tx, topic, DROPPED, reason), ended_at=tx.now))


def reopen_topic(tx: Tx, topic: str, reason: str) -> None:
    """重开: it goes on."""
    tx.put(replace(_topic(tx, topic, CHOSEN, reason), ended_at=None))


def add_measure(tx: Tx, topic: str, task: str, lead: str, days: int) -> None:
    """立措施: with the unit that leads, and its milestone so many days on. Refused("days")."""
    present(tx, MonthlyTopic, topic, (CHOSEN,), CHOSEN)
    most = int(codes.limit("measure_days", day(tx.now)))
    if not 0 < days <= most:
        raise Refused("days", most=most)
    due = Ms(day_start(tx.now) + (days + 1) * DAY - 1)
    task, lead = written("task", task), written("lead_unit", lead, TITLE_LIMIT)
    tx.put(Measure(
        str(uuid.uuid4()), topic, task, lead, due, OPEN, "", tx.now, None, tx.now, tx.by, tx.post,
    ))  # fmt: skip


def finish_measure(tx: Tx, measure: str, result: str) -> None:
    """完成措施: with what was done."""
    tx.put(replace(_measure(tx, measure, DONE, result), done_at=tx.now))


def drop_measure(tx: Tx, measure: str, reason: str) -> None:
    """撤销措施: it is not done, and why."""
    tx.put(_measure(tx, measure, DROPPED, reason))


def redo_measure(tx: Tx, measure: str, reason: str) -> None:
    """重办措施: it is open again, and why."""
    tx.put(replace(_measure(tx, measure, OPEN, reason), done_at=None))


def _topic(tx: Tx, topic: str, to: str, words: str) -> MonthlyTopic:
    """A topic in its next state, not yet put; Refused("unknown"), Refused("state")."""
    return _moved(tx, present(tx, MonthlyTopic, topic, TOPIC_STEPS[to], to), to, words)


def _measure(tx: Tx, measure: str, to: str, words: str) -> Measure:
    """A measure in its next state, in the same way."""
    return _moved(tx, present(tx, Measure, measure, MEASURE_STEPS[to], to), to, words)


def _moved(tx: Tx, now: R, to: str, words: str) -> R:
    said = written("result" if to in (CLOSED, DONE) else "reason", words)
    return replace(now, state=to, result=said, changed_at=tx.now, by=tx.by, post=tx.post)
