"""What is done on an event after it was given out, and when it is not taken up (domain/spec 5.2).

`hindrance` says why an action is not possible now; acts ask it before they write, the screen
before it offers them. Who handled an event may not verify it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from commandwall import (
    co_handling,
    codes,
    countersign,
    deadlines,
    event_proofs,
    events,
    restricted,
    tiers,
)
from commandwall.clock import DAY, HOUR, Ms, day
from commandwall.countersign import Second
from commandwall.event_flow import (
    ARCHIVED,
    MERGED,
    SIGNED,
    SUSPENDED,
    pauses,
)
from commandwall.events import EventView, EventWork
from commandwall.sensors import Watch
from commandwall.store.store import Reader, Reason, Refused, Tx
from commandwall.store.written import listed, written

Guard = Callable[[EventView, str, str, Ms], Reason | None]
"""(event, name and post of who acts, moment): what an action asks beside the state."""
DAYS = {"suspend": "suspend_days", "put_on_list": "list_days", "review": "list_days"}
"""Action -> the row of the list `limit` that says its days."""
UNREACHED = "unreached"
"""Row of event_content: nobody took the calls back."""


# What stands in the way.


def hindrance(view: EventView, action: str, by: str, post: str, now: Ms) -> Reason | None:
    """Why a person of a post cannot do an action now, but for his rights; None where he can."""
    if (why := events.hindrance(view, action)) is not None or action not in GUARDS:
        return why
    return GUARDS[action](view, by, post, now)


def needs_second(view: EventView, post: str) -> bool:
    """Whether rejecting it takes the word of a second person."""
    return view.event.urgency <= codes.limit("reject_second") and not countersign.may_sign(post)


def extension_limit(view: EventView) -> Ms:
    """The longest extension that may be asked: the limit of its disposal without what was granted,
    milliseconds of its calendar."""
    clock = _disposal(view)
    return Ms(clock.whole - _work(view).extended_ms) if clock is not None else Ms(0)


def extension_hours(view: EventView) -> int:
    """The same in hours."""
    return extension_limit(view) // HOUR


def most_days(action: str, now: Ms) -> int:
    """The days after which a suspended or listed event is looked at again, at most."""
    return int(codes.limit(DAYS[action], day(now)))


def next_look(action: str, days: int, now: Ms) -> Ms:
    """When it is looked at again after so many days; Refused("days") for too many or none."""
    most = most_days(action, now)
    if not 0 < days <= most:
        raise Refused("days", most=most)
    return Ms(now + days * DAY)


def merged_into(reader: Reader, event: str) -> list[str]:
    """The events that were merged into one: who reported them is called back with it."""
    found = reader.find(EventWork, main=event)
    return sorted(work.id for work in found if work.state == MERGED)


def merged(reader: Reader, event: str) -> list[EventView]:
    """The same as shown."""
    return list(events.views(reader, merged_into(reader, event)).values())


def _work(view: EventView) -> EventWork:
    return view.work or EventWork(view.event.id, view.state, view.event.unit, "", Ms(0), "", "")


def _ended(view: EventView) -> Ms:
    return _work(view).closed_at or view.event.closed_at or view.event.received_at


def _disposal(view: EventView) -> deadlines.Deadline | None:
    return next((clock for clock in deadlines.clocks(view) if clock.step == "C5"), None)


def _within(name: str, unit: int) -> Guard:
    """Only so long after the end: a row of the list `limit`, in units of so many milliseconds."""

    def guard(view: EventView, by: str, post: str, now: Ms) -> Reason | None:
        most = int(codes.limit(name, day(now)))
        late = now - _ended(view) > most * unit
        return Reason("too_late", {"limit": name, "n": most}) if late else None

    return guard


def _above_after(field: str, name: str) -> Guard:
    """From that count on the one who signs decides 审定."""

    def guard(view: EventView, by: str, post: str, now: Ms) -> Reason | None:
        many = getattr(_work(view), field)
        if many < codes.limit(name, day(now)) or countersign.may_sign(post):
            return None
        return Reason("above", {"post": countersign.signing_post(), "n": many})

    return guard


def _may_ask(view: EventView, by: str, post: str, now: Ms) -> Reason | None:
    work, clock = _work(view), _disposal(view)
    most = int(codes.limit("extensions", day(now)))
    if work.asked_ms:
        return Reason("extension", {"why": "asked"})
    if work.ext_no >= most:
        return Reason("extension", {"why": "spent"})
    return Reason("extension", {"why": "over"}) if clock is None or clock.due < now else None


def _may_answer(view: EventView, by: str, post: str, now: Ms) -> Reason | None:
    if not _work(view).asked_ms:
        return Reason("extension", {"why": "none"})
    return _above_after("ext_no", "extension_above")(view, by, post, now)


def _another(view: EventView, by: str, post: str, now: Ms) -> Reason | None:
    """Where nobody gives a name, the posts tell people apart."""
    work = _work(view)
    own = (by == work.handler) if by or work.handler else (post == work.handler_post)
    return Reason("own_work", {"by": work.handler}) if work.fed_back_at and own else None


def _old_enough(view: EventView, by: str, post: str, now: Ms) -> Reason | None:
    days = int(codes.limit("archive_days", day(now)))
    if now - _ended(view) < days * DAY:
        return Reason("too_early", {"n": days})
    owed = events.owed(_work(view))
    return Reason("owed_after", {"acts": ",".join(owed)}) if owed else None


GUARDS: Mapping[str, Guard] = {
    "unmerge": _within("unmerge_hours", HOUR),
    "route": tiers.routed,
    "route_back": tiers.unrouted,
    "approve_return": _above_after("return_no", "return_above"),
    "refuse_return": _above_after("return_no", "return_above"),
    "ask_extension": _may_ask,
    "grant_extension": _may_answer,
    "refuse_extension": _may_answer,
    "verify": _another,
    "redo": _above_after("rework_no", "rework_above"),
    "archive": _old_enough,
    "reopen": _within("reopen_days", DAY),
}
"""Action -> what it asks beside the state."""


# Acts of who takes in.


def reject(tx: Tx, event: str, reason: str, second: Second | None = None) -> None:
    """不予受理: for a reason of the list event_reject; an urgent one takes the word of a second
    person, else Refused("reject_second")."""
    work = step(tx, event, "reject")
    listed(tx, "event_reject", reason)
    if needs_second(events.view(tx, event), tx.post):
        if second is None or second.name.strip() in ("", tx.by):
            raise Refused("reject_second")
        countersign.take(tx, "", ("event", event), second)
    tx.put(replace(work, reason=reason, closed_at=tx.now))


def reconsider(tx: Tx, event: str, reason: str) -> None:
    """复议: what was rejected is taken up again, since somebody complained."""
    work = step(tx, event, "reconsider")
    tx.put(replace(work, reason=written("reason", reason), closed_at=None))


def merge(tx: Tx, event: str, main: str) -> None:
    """并单: the same matter as another event, which is worked on for both.

    Refused("main_over") where that one is closed, or is this one. Where one is of a restricted
    class, so is the other: it tells of the same.
    """
    before = events.view(tx, event)
    work, target = step(tx, event, "merge"), events.view(tx, main)
    if main == event or not target.open:
        raise Refused("main_over", id=main)
    cls = next((v.cls for v in (before, target) if v.restricted), "")
    tx.put(replace(work, was=before.state, main=main, closed_at=tx.now, cls=cls or work.cls))
    if cls and not target.restricted:
        tx.put(replace(events.step(tx, main, "classify"), cls=cls))


def unmerge(tx: Tx, event: str) -> None:
    """拆单: it was another matter after all; it goes on where it was."""
    tx.put(replace(step(tx, event, "unmerge"), main="", was="", closed_at=None))


def classify(tx: Tx, event: str, cls: str) -> None:
    """改分类: it is of another class of the list event_class; its clocks go by that one."""
    work = step(tx, event, "classify")
    listed(tx, "event_class", cls)
    same = merged_into(tx, event) if restricted.hides(cls) else []
    tx.put(replace(work, cls=cls), *(replace(w, cls=cls) for w in tx.many(EventWork, same)))


def choose_way(tx: Tx, event: str, way: str) -> None:
    """定办理方式: how it is handled, of the list handling_way."""
    work = step(tx, event, "choose_way")
    listed(tx, "handling_way", way)
    tx.put(replace(work, way=way))


def cancel(tx: Tx, event: str, reason: str) -> None:
    """作废: it was never a matter, only a wrong entry."""
    work = step(tx, event, "cancel")
    tx.put(replace(_going_on(work, tx.now), reason=written("reason", reason), closed_at=tx.now))


# Acts of the unit.


def sign(tx: Tx, event: str) -> None:
    """签收: the unit takes it."""
    tx.put(replace(step(tx, event, "sign"), signed_at=tx.now))


def send_back(tx: Tx, event: str, reason: str, basis: str) -> None:
    """退单: the unit says why it is not its matter, and on what law or duty that rests."""
    work = step(tx, event, "send_back")
    tx.put(replace(work, reason=written("reason", reason), basis=written("basis", basis)))


def approve_return(tx: Tx, event: str) -> None:
    """同意退单: it waits for another unit; the disposal's clock goes on."""
    work = step(tx, event, "approve_return")
    tx.put(replace(work, unit="", co="", accepted_at=tx.now, return_no=work.return_no + 1))
    co_handling.call(tx, event, "")


def refuse_return(tx: Tx, event: str, reason: str) -> None:
    """强制派单: the unit has to do it."""
    work = step(tx, event, "refuse_return")
    tx.put(replace(work, reason=written("reason", reason), dispatched_at=tx.now))


def arrive(tx: Tx, event: str, lon: float | None = None, lat: float | None = None) -> None:
    """到场: shown by a position (degrees WGS-84) near the place, by a unit that positions saw
    there, or by a photo; else Refused("not_there")."""
    work = step(tx, event, "arrive")
    if not event_proofs.was_there(tx, event, (lon, lat)):
        raise Refused("not_there", m=int(codes.limit("arrival_m", day(tx.now))))
    tx.put(replace(work, arrived_at=tx.now))


def ask_extension(tx: Tx, event: str, reason: str, hours: int) -> None:
    """申请延期: by so many hours, no more than the limit itself."""
    work = step(tx, event, "ask_extension")
    most = extension_limit(events.view(tx, event))
    if not 0 < hours * HOUR <= most:
        raise Refused("hours", most=most // HOUR)
    tx.put(replace(work, reason=written("reason", reason), asked_ms=hours * HOUR))


def grant_extension(tx: Tx, event: str) -> None:
    """同意延期."""
    work = step(tx, event, "grant_extension")
    more = work.extended_ms + work.asked_ms
    tx.put(replace(work, ext_no=work.ext_no + 1, extended_ms=more, asked_ms=0))


def refuse_extension(tx: Tx, event: str, reason: str) -> None:
    """不同意延期."""
    work = step(tx, event, "refuse_extension")
    tx.put(replace(work, reason=written("reason", reason), asked_ms=0))


def feed_back(tx: Tx, event: str, result: str, evidence: str = "") -> None:
    """反馈: what was done, and what shows it, else Refused("evidence")."""
    before = events.view(tx, event)
    work = step(tx, event, "feed_back")
    result = written("result", result)
    evidence = written("evidence", evidence, needed=False)
    if wanted := event_proofs.lacking(tx, before, evidence):
        raise Refused("evidence", wanted=wanted)
    work = replace(_going_on(work, tx.now), result=result, evidence=evidence, fed_back_at=tx.now)
    tx.put(replace(work, handler=tx.by, handler_post=tx.post, asked_ms=0))


# Acts of who watches over it.


def suspend(tx: Tx, event: str, reason: str, days: int) -> None:
    """挂起: nothing can be done for so many days; its disposal's clock stands still."""
    work = step(tx, event, "suspend")
    review, stood = next_look("suspend", days, tx.now), f"{work.pauses} {tx.now}-".strip()
    tx.put(replace(work, reason=written("reason", reason), review_at=review, pauses=stood))


def resume(tx: Tx, event: str) -> None:
    """恢复: it can be worked on again; also what was listed."""
    tx.put(_going_on(step(tx, event, "resume"), tx.now))


def put_on_list(tx: Tx, event: str, plan: str, days: int) -> None:
    """挂账: it takes long; by a plan, looked at again within so many days."""
    work = step(tx, event, "put_on_list")
    review = next_look("put_on_list", days, tx.now)
    tx.put(replace(work, plan=written("plan", plan), review_at=review))


def miss_call(tx: Tx, event: str) -> None:
    """回访未接通: a call back that nobody took."""
    work = step(tx, event, "miss_call")
    tx.put(replace(work, missed=f"{work.missed} {tx.now}".strip()))


def verify(tx: Tx, event: str, solved: str, content: str) -> None:
    """核查回访: close it with what came of it and how content who reported it is.

    Refused("calls") where he was not called often enough to be unreached.
    """
    work = step(tx, event, "verify")
    listed(tx, "event_solved", solved)
    listed(tx, "event_content", content)
    if content == UNREACHED and not event_proofs.tried(work, tx.now):
        raise Refused("calls", n=int(codes.limit("call_back_tries", day(tx.now))))
    visit = deadlines.visit_at(events.view(tx, event).cls, tx.now)
    tx.put(replace(work, solved=solved, content=content, closed_at=tx.now, visit_at=visit))


def redo(tx: Tx, event: str, reason: str) -> None:
    """重办: it is not done; the unit has it again, with a shorter limit."""
    tx.put(work := _again(step(tx, event, "redo"), written("reason", reason), tx.now))
    co_handling.call(tx, event, work.co, anew=True)


def reopen(tx: Tx, event: str, reason: str) -> None:
    """重启: there is new evidence."""
    tx.put(work := _again(step(tx, event, "reopen"), written("reason", reason), tx.now))
    co_handling.call(tx, event, work.co, anew=True)


def archive(tx: Tx, event: str) -> None:
    """归档: nothing is written any more."""
    tx.put(step(tx, event, "archive"))


# What follows by the clock.


def follow_clock(watch: Watch, now: Ms) -> None:
    """What is suspended goes on at its review date, what was closed for long and owes nothing any
    more is put away."""
    watch.move_events(now)


_READY = (
    "SELECT id FROM eventwork INDEXED BY ix_eventwork_ready"
    f" WHERE {events.READY} AND closed_at <= :until"
)
"""Asked each second; by their state alone all would be read that wait for a lesson."""


def lapsed(reader: Reader, now: Ms) -> list[EventWork]:
    """The work on events whose time to be moved has come."""
    until = now - int(codes.limit("archive_days")) * DAY
    ready = reader.many(EventWork, [key for (key,) in reader.rows(_READY, until=until)])
    waiting = [*reader.find(EventWork, state=SUSPENDED), *ready]
    return [work for work in waiting if (at := _moves_at(work)) is not None and at <= now]


def move_lapsed(tx: Tx) -> None:
    """到期: as of the moment at which each was due, so that all stations write the same."""
    tx.put(*map(_moved, lapsed(tx, tx.now)))


def _moves_at(work: EventWork) -> Ms | None:
    if work.state == SUSPENDED:
        return work.review_at
    if events.owed(work):
        return None
    days = int(codes.limit("archive_days")) * DAY
    return Ms(max(work.closed_at + days, work.at)) if work.closed_at is not None else None


def _moved(work: EventWork) -> EventWork:
    at = _moves_at(work)
    assert at is not None
    moved = replace(work, at=at, by="", post="")
    if work.state == SUSPENDED:
        return replace(_going_on(moved, at), state=SIGNED)
    return replace(moved, state=ARCHIVED, furthest=ARCHIVED)


# Parts of acts.


def step(tx: Tx, event: str, action: str) -> EventWork:
    """The work on an event as an action leaves it but for what that action alone changes; not yet
    put. Refused where the flow or the action's guard does not allow it."""
    why = hindrance(events.view(tx, event), action, tx.by, tx.post, tx.now)
    if why is not None:
        raise Refused(why.code, **why.facts)
    return events.step(tx, event, action)


def _going_on(work: EventWork, now: Ms) -> EventWork:
    """It stands still no more."""
    stretches = pauses(work.pauses)
    if not stretches or stretches[-1][1] is not None:
        return replace(work, review_at=None)
    stood = work.suspended_ms + now - stretches[-1][0]
    return replace(work, pauses=f"{work.pauses}{now}", suspended_ms=stood, review_at=None)


def _again(work: EventWork, reason: str, now: Ms) -> EventWork:
    """The unit has it once more: its clocks begin anew."""
    return replace(
        work, reason=reason, rework_no=work.rework_no + 1, given_at=now, dispatched_at=now,
        signed_at=None, arrived_at=None, fed_back_at=None, closed_at=None, pauses="",
        suspended_ms=0, asked_ms=0, extended_ms=0, solved="", content="", missed="",
        visit_at=None, visited_at=None, visit="", lesson="", summary="",
    )  # fmt: skip
