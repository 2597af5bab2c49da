"""What is done on the two ladders 四级协调: up and down the rungs, meetings, the plan point by
point, and the release from the watch list 销号. Each step is a person's; triggers only suggest."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date

from commandwall import codes, events, ladders, posts, workdays
from commandwall.areas import Area
from commandwall.clock import Ms, day
from commandwall.events import EventView
from commandwall.ladders import (
    ACTIVE,
    ASKED,
    BACK,
    DECLINED,
    DONE,
    DROPPED,
    ENDED,
    OPEN,
    RAISED,
    RELEASED,
    TAKEN,
    VERIFIED,
    WATCHED,
    WITHDRAWN,
    Case,
    Council,
    PlanPoint,
    Rise,
    Supervision,
    rise_of,
)
from commandwall.store.store import Reason, Refused, Tx
from commandwall.store.written import TITLE_LIMIT, listed, present, written

# Up and down.


def ask_up(tx: Tx, event: str, reason: str) -> None:
    """请求上提: who handles it asks that the next rung takes it."""
    view, case = _open(tx, event)
    to = ladders.above(ladders.standing(case, _base(tx, view)))
    if not to:
        raise Refused("rung_top", rung=ladders.standing(case, _base(tx, view)))
    tx.put(replace(_rise(tx, case, to, ASKED), reason=written("reason", reason)))


def raise_up(tx: Tx, event: str, to: str, reason: str, trigger: str = "") -> None:
    """上提: another rung has it too; the lower ones keep it. From the first rung that supervises on
    it stands on the watch list."""
    view, case = _open(tx, event)
    listed(tx, "rung", to)
    _unless(ladders.up(case, _base(tx, view), to, view.event.urgency, tx.now))
    _unless(barred(to, tx.post, tx.now))
    rise = _rise(tx, case, to, RAISED)
    rise = replace(rise, reason=written("reason", reason), trigger=trigger, times=rise.times + 1)
    rise = replace(rise, raised_at=tx.now, taken_at=None, ended_at=None, task="")
    tx.put(replace(rise, raised_by=tx.by, raised_post=tx.post))
    if ladders.rungs(tx.now)[to].facts["watched"] and not case.watched:
        e = view.event
        tx.put(Supervision(
            event, e.headline, e.area, WATCHED, tx.now, "", None, tx.post, tx.now, tx.by, tx.post,
        ))  # fmt: skip


def decline_up(tx: Tx, event: str, to: str, reason: str) -> None:
    """不上提: what was asked for or suggested is not done, and why; it is not suggested again for
    some time."""
    _, case = _open(tx, event)
    listed(tx, "rung", to)
    declined = _rise(tx, case, to, DECLINED)
    tx.put(replace(declined, reason=written("reason", reason), ended_at=tx.now))


def withdraw_up(tx: Tx, rise: str) -> None:
    """撤回: it was raised or asked for by mistake, and nobody has taken it yet. What was put on the
    watch list with it leaves it."""
    case, now = _on(tx, rise)
    tx.put(replace(_rise(tx, case, now.rung, WITHDRAWN), ended_at=tx.now))
    if (watched := case.supervision) is not None and _only_by(case, now, watched):
        tx.put(_of(tx, watched, RELEASED, released_at=tx.now))


def take_up(tx: Tx, rise: str) -> None:
    """接办: the rung takes it."""
    case, now = _on(tx, rise)
    tx.put(replace(_rise(tx, case, now.rung, TAKEN), taken_at=tx.now))


def hand_down(tx: Tx, rise: str, task: str) -> None:
    """退回下级: the rung gives it back, with what is to be done there."""
    case, now = _on(tx, rise)
    back = _rise(tx, case, now.rung, BACK)
    tx.put(replace(back, task=written("task", task), ended_at=tx.now))


# Meetings and the plan.


def hold_council(tx: Tx, event: str, held: str, chair: str, decision: str) -> None:
    """会议: what a meeting decided. Refused("held_on") for no day, or one that is still to come."""
    key, rung = str(uuid.uuid4()), _rung(_watched(tx, event))
    told = _minutes(tx, held, chair, decision)
    tx.put(Council(key, event, rung, *told, tx.now, tx.by, tx.post))


def correct_council(tx: Tx, council: str, held: str, chair: str, decision: str) -> None:
    """更正会议: it was written down wrongly; the journal keeps both."""
    now = present(tx, Council, council)
    _watched(tx, now.event)
    on, who, what = _minutes(tx, held, chair, decision)
    tx.put(replace(now, held=on, chair=who, decision=what, by=tx.by, post=tx.post))


def add_point(tx: Tx, event: str, task: str, lead: str, co: str, days: int, of: str = "") -> None:
    """立项: one point of the plan, with the unit that leads, those that help (by commas), and the
    workdays it has."""
    case = _watched(tx, event)
    most = int(codes.limit("point_days", day(tx.now)))
    if not 0 < days <= most:
        raise Refused("days", most=most)
    due = workdays.after(tx.now, days * workdays.workday(tx.now))
    lead = written("lead_unit", lead, TITLE_LIMIT)
    helping = _helping(written("co", co, TITLE_LIMIT, needed=False), lead)
    task, key = written("task", task), str(uuid.uuid4())
    tx.put(PlanPoint(
        key, event, _rung(case), task, lead, helping, tx.now, due, OPEN, "", None, "", "",
        None, "", tx.now, tx.by, tx.post, of,
    ))  # fmt: skip


def finish_point(tx: Tx, point: str, result: str) -> None:
    """办结任务: with what was done; it waits for another person's word."""
    now = replace(_point(tx, point, DONE), result=written("result", result), done_at=tx.now)
    tx.put(replace(now, done_by=tx.by, done_post=tx.post, reason=""))


def verify_point(tx: Tx, point: str) -> None:
    """核验任务: by another than who did it."""
    now = _point(tx, point, VERIFIED)
    _unless(ladders.own(now, tx.by, tx.post))
    tx.put(replace(now, verified_at=tx.now))


def redo_point(tx: Tx, point: str, reason: str) -> None:
    """重办任务: it is not done after all, or was dropped by mistake."""
    now = replace(_point(tx, point, OPEN), reason=written("reason", reason))
    tx.put(replace(now, done_at=None, done_by="", done_post="", verified_at=None))


def drop_point(tx: Tx, point: str, reason: str) -> None:
    """撤销任务: it need not be done, and why."""
    tx.put(replace(_point(tx, point, DROPPED), reason=written("reason", reason)))


# The watch list.


def release_supervision(tx: Tx, event: str, result: str) -> None:
    """销号: off the watch list, with what came of it. Refused("points") while a point of the plan
    is not verified, Refused("unsolved") for an event without a plan that is not at its end."""
    case, over = ladders.read(tx, [event])[event], not events.view(tx, event).open
    _unless(ladders.release(case, over))
    assert case.supervision is not None
    tx.put(_of(tx, case.supervision, RELEASED, written("result", result), tx.now))
    active = [r for r in case.rises.values() if r.state in ACTIVE]
    tx.put(*(_stepped(tx, replace(r, ended_at=tx.now), ENDED) for r in active))


def restore_supervision(tx: Tx, event: str, reason: str) -> None:
    """恢复督办: it was not solved; it is on the list again, on the rungs on which it stood."""
    case = ladders.read(tx, [event])[event]
    watched = case.supervision
    if watched is None or watched.state != RELEASED:
        raise Refused("state", kind="supervision", id=event, state=WATCHED if watched else "")
    tx.put(_of(tx, watched, WATCHED, written("reason", reason), None))
    stood = [r for r in case.rises.values() if _ended_with(r, watched)]
    tx.put(*(_stepped(tx, replace(r, ended_at=None), TAKEN) for r in stood))


# Who may.


def barred(rung: str, post: str, now: Ms) -> Reason | None:
    """Why a post does not raise to a rung: its row names the roles that do."""
    roles = ladders.rungs(now)[rung].facts["raised_by"]
    if posts.fact(post, "role") in roles:
        return None
    may = [p.id for p in posts.roster(day(now)).posts() if p.facts["role"] in roles]
    return Reason("rung_post", {"rung": rung, "may": ",".join(may)})


# Parts of acts.


def _unless(why: Reason | None) -> None:
    if why is not None:
        raise Refused(why.code, **why.facts)


def _open(tx: Tx, event: str) -> tuple[EventView, Case]:
    """An event that is not at its end, and how it stands."""
    view = events.view(tx, event)
    if not view.open:
        raise Refused("state", kind="event", id=event, state=view.state)
    return view, ladders.read(tx, [event])[event]


def _base(tx: Tx, view: EventView) -> str:
    area = tx.get(Area, view.event.area)
    return ladders.base(area.level if area is not None else None)


def _rise(tx: Tx, case: Case, rung: str, state: str) -> Rise:
    """What becomes of a rung, in its new state; not yet put."""
    _unless(ladders.step(case, rung, state))
    fresh = Rise(
        rise_of(case.event, rung), case.event, rung, state, "", "", "", 0, None, None, None, "", "",
        tx.now, tx.by, tx.post,
    )  # fmt: skip
    return _stepped(tx, case.rises.get(rung, fresh), state)


def _stepped(tx: Tx, rise: Rise, state: str) -> Rise:
    return replace(rise, state=state, changed_at=tx.now, by=tx.by, post=tx.post)


def _on(tx: Tx, key: str) -> tuple[Case, Rise]:
    rise = present(tx, Rise, key)
    return ladders.read(tx, [rise.event])[rise.event], rise


def _watched(tx: Tx, event: str) -> Case:
    case = ladders.read(tx, [event])[event]
    if not case.watched:
        raise Refused("unwatched")
    return case


def _minutes(tx: Tx, held: str, chair: str, decision: str) -> tuple[str, str, str]:
    """Day, chair and decision of a meeting as they are kept."""
    try:
        on = date.fromisoformat(held.strip())
    except ValueError:
        raise Refused("held_on", told=held) from None
    if on > day(tx.now):
        raise Refused("held_on", told=held)
    return on.isoformat(), written("chair", chair, TITLE_LIMIT), written("decision", decision)


def _rung(case: Case) -> str:
    """Where it is decided: on the rung that has it, else nobody knows any more."""
    return case.top.rung if case.top is not None else ""


def _point(tx: Tx, key: str, state: str) -> PlanPoint:
    point = present(tx, PlanPoint, key)
    _unless(ladders.point_step(ladders.read(tx, [point.event])[point.event], point, state))
    return replace(point, state=state, changed_at=tx.now, by=tx.by, post=tx.post)


def _helping(told: str, lead: str) -> str:
    """Different names, without the one that leads."""
    names = dict.fromkeys(name.strip() for name in told.split(","))
    return ",".join(name for name in names if name and name != lead)


def _of(
    tx: Tx, watched: Supervision, state: str, result: str = "", released_at: Ms | None = None
) -> Supervision:
    now = replace(watched, state=state, result=result, released_at=released_at)
    return replace(now, changed_at=tx.now, by=tx.by, post=tx.post)


def _only_by(case: Case, rise: Rise, watched: Supervision) -> bool:
    """Whether it is on the watch list by this rung alone, and nothing was done there."""
    others = (one for one in case.rises.values() if one.id != rise.id)
    untouched = not case.points and not case.councils
    return untouched and watched.since == rise.raised_at and not any(r.taken_at for r in others)


def _ended_with(rise: Rise, watched: Supervision) -> bool:
    return rise.state == ENDED and rise.ended_at == watched.released_at
