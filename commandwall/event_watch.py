"""What the centre does about events that others have: it takes back a dispatch that was wrong,
looks again at what is listed, visits who reported and learns from it (domain/spec 5.2, mission C9,
C20)."""

from __future__ import annotations

from dataclasses import replace

from commandwall import co_acts, co_handling, codes, events
from commandwall.co_handling import CoHandling
from commandwall.event_acts import next_look, step
from commandwall.store.store import Refused, Tx
from commandwall.store.written import TITLE_LIMIT, listed, written


def withdraw(tx: Tx, event: str, reason: str) -> None:
    """撤回: it was given to the wrong unit, which has not signed it. It waits for another; the
    disposal's clock goes on, and it is counted apart from what units return."""
    work = replace(step(tx, event, "withdraw"), unit="", co="", accepted_at=tx.now)
    tx.put(replace(work, reason=written("reason", reason), taken_back_no=work.taken_back_no + 1))
    co_handling.call(tx, event, "")


def redirect(tx: Tx, event: str, unit: str, reason: str, co: str = "") -> None:
    """改派: in one step to another unit. Refused("same_unit") where the same ones have it."""
    work, unit = step(tx, event, "redirect"), written("unit", unit, TITLE_LIMIT)
    co = written("co", co, TITLE_LIMIT, needed=False)
    if (unit, co) == (work.unit, work.co):
        raise Refused("same_unit", unit=unit)
    work = replace(work, unit=unit, co=co, dispatched_at=tx.now)
    tx.put(replace(work, reason=written("reason", reason), taken_back_no=work.taken_back_no + 1))
    co_handling.call(tx, event, co)


def share(tx: Tx, event: str, co: str) -> None:
    """增减协办: who helps from now on (by commas), whoever leads. Refused("same_unit") where
    nothing changes, or who leads would help himself."""
    work = step(tx, event, "share")
    names = list(dict.fromkeys(filter(None, (one.strip() for one in co.split(",")))))
    told = written("co", ",".join(names), TITLE_LIMIT, needed=False)
    if work.unit in names or told == work.co:
        raise Refused("same_unit", unit=work.unit)
    known = tx.find(CoHandling, event=event)
    tx.put(*(one for one in co_acts.helping(known, events.view(tx, event)) if one not in known))
    tx.put(replace(work, co=told))
    co_handling.call(tx, event, told)


def review(tx: Tx, event: str, plan: str, days: int) -> None:
    """复核: how a listed matter goes on; it is looked at again within so many days."""
    work, at = step(tx, event, "review"), next_look("review", days, tx.now)
    tx.put(replace(work, plan=written("plan", plan), review_at=at))


def visit(tx: Tx, event: str, visit: str) -> None:
    """办结回访: who reported it is asked again some time after its end; what he said."""
    work = step(tx, event, "visit")
    tx.put(replace(work, visit=written("visit", visit), visited_at=tx.now))


def sum_up(tx: Tx, event: str, lesson: str, summary: str = "") -> None:
    """复盘: what is learned from it, of the list event_lesson; in words where there is something.
    Nothing is put away without."""
    work = step(tx, event, "sum_up")
    listed(tx, "event_lesson", lesson)
    told = bool(codes.load("event_lesson")[lesson].facts.get("told"))
    tx.put(replace(work, lesson=lesson, summary=written("summary", summary, needed=told)))
