"""Handing a post over 交接: what its holder has open, and what his relief reads back first.

The giver offers the post; the relief confirms each open item as it stands at that moment and signs.
Until then, and where the hand-over is broken off, the post stays with whoever holds it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from commandwall import events, ladders, modes, people, restricted, whistles
from commandwall.clock import Ms
from commandwall.countersign import Countersign
from commandwall.directives import DRAFT, Directive, is_over
from commandwall.incidents import OPEN, Incident
from commandwall.ladders import Case
from commandwall.modes import ON, Mode
from commandwall.owed import Debt, listed
from commandwall.people import DISABLED, OUT, Duty, Officer
from commandwall.posts import fact
from commandwall.requests import Request
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Reader, Refused, Tx
from commandwall.store.written import present, written
from commandwall.whistles import STANDING, Muster

OFFERED, DONE, WITHDRAWN = "OFFERED", "DONE", "WITHDRAWN"
OWES, WAITS, DRAFTED, WHISTLED, SUPERVISED, UNDER_WAY, IN_FORCE = (
    "owes", "waits", "draft", "whistle", "supervision", "incident", "mode",
)  # fmt: skip
"""What is handed over, in this order: answers that the post owes, answers that it waits for, its
drafts, the whistles that it blew, what it put on the watch list, open incidents, the mode."""
CLOSING = ("relief", "relief_station", "items", "reason", "by", "post")


@record(WALL, meeting=Meeting(("ended_at",), CLOSING, {OFFERED: frozenset({DONE, WITHDRAWN})}))
@dataclass(frozen=True, slots=True)
class Handover:
    """A post that its holder hands over, and what came of it."""

    id: str
    seat: str
    area: str  # of the giver
    station: str  # of the giver
    giver: str  # name
    note: str  # standing instructions, in the giver's words
    state: str
    offered_at: Ms
    by: str
    post: str
    relief: str = ""  # name of who took it
    relief_station: str = ""
    items: int = 0  # that he read back
    reason: str = ""  # why it was broken off
    ended_at: Ms | None = None


Open = Case | Debt | Directive | Incident | Mode | Muster


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a post has open. The key is another one when it has changed since."""

    key: str
    kind: str  # OWES, WAITS ...
    record: Open


def open_items(reader: Reader, seat: str) -> list[Item]:
    """All that the holder of a post has open now, what it owes first."""
    running = reader.find(Incident, state=OPEN)
    ids = [incident.id for incident in running]
    orders = reader.many(Directive, ids, field="incident")
    debts = listed(
        orders, reader.many(Request, ids, field="incident"), reader.find(Countersign, incident=ids)
    )
    drafts = (d for d in orders if d.state == DRAFT and d.from_post == seat)
    owes = [debt for debt in debts if debt.post == seat]
    mine = {debt.record.id for debt in owes}
    waits = (d for d in orders if _waits(d, seat) and d.id not in mine)
    return [
        *(_item(OWES, debt, debt.record.id, debt.step) for debt in owes),
        *(_item(WAITS, d, d.id, d.state) for d in waits),
        *(_item(DRAFTED, d, d.id, str(d.changed_at)) for d in drafts),
        *(_item(WHISTLED, m, m.whistle.id, _standing(m)) for m in _whistles(reader, seat)),
        *(_item(SUPERVISED, c, c.event, _course(c)) for c in _supervised(reader, seat)),
        *(_item(UNDER_WAY, i, i.id, str(i.response)) for i in running),
        *(_item(IN_FORCE, m, m.id, m.state) for m in _modes(reader)),
    ]


def standing(handovers: Iterable[Handover], seat: str) -> Handover | None:
    """The newest offer of a post that nobody has answered."""
    offers = (h for h in handovers if h.seat == seat and h.state == OFFERED)
    return max(offers, key=lambda h: h.offered_at, default=None)


def taken_at(reader: Reader) -> Ms | None:
    """When a post was last taken over at this station; None where none was."""
    taken = reader.find(Handover, relief_station=reader.setting("origin"), state=DONE)
    return max((h.ended_at for h in taken if h.ended_at is not None), default=None)


# Acts.


def offer(tx: Tx, seat: str, note: str) -> None:
    """交岗: whoever sits here offers the post that he acts as; an earlier offer of it ends."""
    if seat != tx.post:
        raise Refused("seat", name=tx.by, post=seat)
    note = written("note", note, needed=False)
    station, now = tx.setting("origin"), tx.now
    earlier = tx.find(Handover, seat=seat, station=station, state=OFFERED)
    tx.put(*(replace(h, state=WITHDRAWN, ended_at=now) for h in earlier))
    duty = people.here(tx)
    area = duty.area if duty else ""
    key = str(uuid.uuid4())
    tx.put(Handover(key, seat, area, station, tx.by, note, OFFERED, now, tx.by, tx.post))


def break_off(tx: Tx, handover: str, reason: str) -> None:
    """中止交接: the relief does not come, or does not take it; the post stays with its holder."""
    now = _offered(tx, handover)
    reason = written("reason", reason)
    tx.put(replace(now, state=WITHDRAWN, reason=reason, ended_at=tx.now, by=tx.by, post=tx.post))


def take_over(tx: Tx, officer: str, handover: str, read: Sequence[str]) -> None:
    """接岗: the relief, who has signed, read all of it back; the post is his from now on.

    Refused("unread") names how many items are not confirmed as they stand now.
    """
    now, station = _offered(tx, handover), tx.setting("origin")
    items = open_items(tx, now.seat)
    if unread := [item for item in items if item.key not in read]:
        raise Refused("unread", n=len(unread), all=len(items))
    giver = tx.get(Duty, now.station)
    if people.enrolled(tx):
        check_free(tx, officer, now.seat, now.station)
        people.sit(tx, people.person(tx, officer), now.seat)
        if giver is not None and now.station != station and giver.seat == now.seat:
            tx.put(replace(giver, state=OUT, at=tx.now, before=giver.name, before_seat=now.seat))
    else:
        people.take_post(tx, now.seat, tx.by)
    done = replace(now, state=DONE, relief=tx.by, relief_station=station, items=len(items))
    tx.put(replace(done, ended_at=tx.now, by=tx.by, post=now.seat))


def sign_in(tx: Tx, officer: str, seat: str) -> None:
    """签到: an officer whose secret was right takes a post.

    Refused("held") where another one holds it, or sits here, and has something open, which he must
    hand over; one who was disabled holds nothing.
    """
    check_free(tx, officer, seat)
    people.sign_in(tx, officer, seat)


def take_post(tx: Tx, post: str, person: str) -> None:
    """换岗: another post, by who sits here already; once anybody is enrolled, as `sign_in`."""
    duty = people.here(tx)
    if people.enrolled(tx) and duty is not None and duty.state != OUT:
        check_free(tx, duty.officer, post)
    people.take_post(tx, post, person)


def sign_out(tx: Tx) -> None:
    """签退: nobody sits here now. Refused("unrelieved") while the post has something open: without
    a relief nobody leaves."""
    duty = people.here(tx)
    if duty is not None and duty.state != OUT and (items := open_items(tx, duty.seat)):
        raise Refused("unrelieved", post=duty.seat, n=len(items))
    people.sign_out(tx)


def check_free(tx: Tx, officer: str, seat: str, giver: str = "") -> None:
    """Refused("held") where another one has something open that he would leave behind, but for who
    hands it over at the station `giver`; Refused("alone") as `check_alone`."""
    check_alone(tx, officer, seat)
    for duty in _seated(tx):
        if duty.id == giver or not _in_the_way(tx, duty, officer, seat):
            continue
        if items := open_items(tx, duty.seat):
            raise Refused("held", name=duty.name, post=duty.seat, n=len(items))


def check_alone(tx: Tx, officer: str, seat: str) -> None:
    """Refused("alone") where a post would be held beside another, and the mode does not allow it:
    by the fact `alone` of its row."""
    held = modes.in_force(tx.find(Mode, state=ON), [""], tx.now)
    mode = held.mode if held else modes.ordinary()
    here = tx.setting("origin")
    others = [d.seat for d in _seated(tx) if d.officer == officer and d.id != here]
    pair = [seat, *others]
    if len(set(pair)) > 1 and any(mode in (fact(one, "alone") or ()) for one in pair):
        raise Refused("alone", post=seat, other=next(o for o in others if o != seat), mode=mode)


def _seated(reader: Reader) -> list[Duty]:
    return [duty for duty in reader.find(Duty) if duty.state != OUT]


def _in_the_way(tx: Tx, duty: Duty, officer: str, seat: str) -> bool:
    """Whether another one would lose his post."""
    holder = tx.get(Officer, duty.officer)
    if duty.officer == officer or (holder is not None and holder.state == DISABLED):
        return False
    here = duty.id == tx.setting("origin")
    return here or (duty.seat == seat and not fact(seat, "many"))


def _waits(directive: Directive, seat: str) -> bool:
    return directive.from_post == seat and directive.state != DRAFT and not is_over(directive)


def _whistles(reader: Reader, seat: str) -> list[Muster]:
    """Those that the post blew and that are not ended."""
    standing = whistles.read(reader, state=list(STANDING))
    found = [m for m in standing if m.whistle.blown_post == seat]
    hidden = _hidden(reader, [muster.whistle.event for muster in found])
    titles = [hidden.get(muster.whistle.event) for muster in found]
    return [
        restricted.bare(muster, title) if title is not None else muster
        for muster, title in zip(found, titles, strict=True)
    ]


def _hidden(reader: Reader, keys: Sequence[str]) -> dict[str, str]:
    """Of events of a restricted class what may be told of them."""
    found = events.views(reader, keys).items()
    return {key: view.event.headline for key, view in found if view.restricted}


def _standing(muster: Muster) -> str:
    """Changes with each step of a department."""
    return ",".join(f"{one.department}={one.state}" for one in muster.summons)


def _supervised(reader: Reader, seat: str) -> list[Case]:
    """What the post put on the watch list and is not released."""
    found = [
        c for c in ladders.watch_list(reader)
        if c.supervision is not None and c.supervision.put_post == seat
    ]  # fmt: skip
    hidden = _hidden(reader, [case.event for case in found])
    return [restricted.bare(c, hidden[c.event]) if c.event in hidden else c for c in found]


def _course(case: Case) -> str:
    """Changes with each step on a rung and of a point."""
    rungs = [f"{rise.rung}={rise.state}" for rise in case.rises.values()]
    return ",".join([*rungs, *(f"{point.id}={point.state}" for point in case.points)])


def _modes(reader: Reader) -> list[Mode]:
    return [mode for mode in reader.find(Mode, state=ON) if modes.rank(mode.mode)]


def _item(kind: str, about: Open, key: str, state: str) -> Item:
    return Item(f"{kind}:{key}:{state}", kind, about)


def _offered(tx: Tx, handover: str) -> Handover:
    return present(tx, Handover, handover, (OFFERED,), DONE)
