"""What is done on a whistle 吹哨报到: by the town that blew it, and by the departments it calls."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from commandwall import codes, event_proofs, events
from commandwall.areas import Area
from commandwall.attachments import has_picture
from commandwall.clock import day
from commandwall.event_flow import HANDLED
from commandwall.store.store import Refused, Tx
from commandwall.store.written import TITLE_LIMIT, listed, present, written
from commandwall.whistles import (
    ACKED,
    BLOWN,
    CHECKED,
    COMING,
    DEPARTMENT,
    ENDED,
    MISSED,
    PHOTO,
    POSITION,
    REFUSED,
    RELEASED,
    REPORTED,
    REROUTED,
    RETURNED,
    SCORES,
    STANDING,
    SUMMONED,
    TOLD,
    TOWN,
    Rating,
    Summons,
    Whistle,
    Whistling,
    hindrance,
    rating_of,
)

# Acts of the town.


def blow(tx: Tx, whistling: Whistling) -> None:
    """吹哨: summon departments. Refused("whistled") where the matter is whistled for already,
    Refused("state") for an event that nobody has in hand."""
    listed(tx, "whistle_kind", whistling.kind)
    present(tx, Area, whistling.town)
    w = _told(tx, whistling)
    _once(tx, w)
    names = _departments(tx, w.departments, ())
    whistle = Whistle(
        str(uuid.uuid4()), w.event, w.town, w.kind, w.matter, w.place, w.lon, w.lat, BLOWN, "", "",
        tx.now, tx.by, tx.post, None, tx.now, tx.by, tx.post,
    )  # fmt: skip
    tx.put(whistle)
    tx.put(*(_called(tx, whistle, name) for name in names))


def summon(tx: Tx, whistle: str, departments: Sequence[str]) -> None:
    """增哨: further departments; one that refused is called again."""
    now = _blown(tx, whistle)
    known = tx.find(Summons, whistle=whistle)
    standing = [one.department for one in known if one.state not in (REFUSED, REROUTED)]
    names = _departments(tx, departments, standing)
    tx.put(*(_called(tx, now, name) for name in names))


def reroute(tx: Tx, summons: str, department: str, reason: str) -> None:
    """改叫: it was the wrong department, another comes in its place, whose clocks begin now."""
    gone = replace(_step(tx, summons, REROUTED), reason=written("reason", reason))
    known = tx.find(Summons, whistle=gone.whistle)
    standing = [s.department for s in known if s.state not in (REFUSED, REROUTED)]
    (name,) = _departments(tx, [department], standing, spare=1)
    tx.put(gone, _called(tx, _blown(tx, gone.whistle), name))


def release_department(tx: Tx, summons: str) -> None:
    """准离: the town lets a department go before the end."""
    tx.put(replace(_step(tx, summons, RELEASED), released_at=tx.now))


def end_whistle(tx: Tx, whistle: str, solved: str, result: str) -> None:
    """销哨: with what came of it. Who is there is let go, who did not come has missed it."""
    now = _blown(tx, whistle)
    listed(tx, "event_solved", solved)
    ended = replace(now, state=ENDED, solved=solved, result=written("result", result))
    tx.put(replace(ended, ended_at=tx.now, changed_at=tx.now, by=tx.by, post=tx.post))
    open_ = [s for s in tx.find(Summons, whistle=whistle) if s.state in (*COMING, REPORTED)]
    tx.put(*(_let_go(tx, one) for one in open_))


def rate_department(
    tx: Tx, summons: str, arrival: int, effort: int, outcome: int, words: str = ""
) -> None:
    """评部门: the town says how a department came, worked and what came of it, each 1..5."""
    if any(score not in SCORES for score in (arrival, effort, outcome)):
        raise Refused("score", least=SCORES[0], most=SCORES[-1])
    rating = _rated(tx, summons, TOWN, words)
    tx.put(replace(rating, arrival=arrival, effort=effort, outcome=outcome))


# Acts of the centre.


def check_whistle(tx: Tx, whistle: str) -> None:
    """核哨: kind, item and departments are right."""
    now = _blown(tx, whistle, BLOWN)
    checked = replace(now, state=CHECKED, checked_at=tx.now, checked_by=tx.by)
    tx.put(replace(checked, checked_post=tx.post, changed_at=tx.now, by=tx.by, post=tx.post))


def return_whistle(tx: Tx, whistle: str, reason: str) -> None:
    """退哨: it was no matter to whistle for. Who is on the way need not come."""
    now, said = _blown(tx, whistle), written("reason", reason)
    back = replace(now, state=RETURNED, result=said, ended_at=tx.now, changed_at=tx.now)
    tx.put(replace(back, by=tx.by, post=tx.post))
    open_ = [s for s in tx.find(Summons, whistle=whistle) if s.state in (*COMING, REPORTED)]
    tx.put(*(_sent_home(tx, one, said) for one in open_))


# Acts of a department.


def answer_whistle(tx: Tx, summons: str) -> None:
    """应哨: it comes."""
    tx.put(replace(_step(tx, summons, ACKED), acked_at=tx.now))


def check_in(tx: Tx, summons: str, lon: float | None = None, lat: float | None = None) -> None:
    """报到: it is there. What shows it is kept: a position (degrees WGS-84) near the place, a photo
    of the event, else the word of whoever confirms it."""
    now = _step(tx, summons, REPORTED)
    whistle = tx.get(Whistle, now.whistle)
    there = whistle is not None and event_proofs.near((lon, lat), (whistle.lon, whistle.lat))
    shown = POSITION if there else TOLD
    if shown == TOLD and now.event and has_picture(tx, now.event):
        shown = PHOTO
    tx.put(replace(now, acked_at=now.acked_at or tx.now, reported_at=tx.now, basis=shown))


def refuse_whistle(tx: Tx, summons: str, reason: str) -> None:
    """拒哨: it does not come, and why; the town calls another, or calls it again."""
    tx.put(replace(_step(tx, summons, REFUSED), reason=written("reason", reason)))


def rate_whistle(tx: Tx, summons: str, valid: bool, words: str = "") -> None:
    """评吹哨: the department says whether the whistle was a matter of its own."""
    tx.put(replace(_rated(tx, summons, DEPARTMENT, words), valid=int(valid)))


# Parts of acts.


def _told(tx: Tx, w: Whistling) -> Whistling:
    """With matter and place of the event where nothing else is said."""
    if w.event:
        view = events.view(tx, w.event)
        if view.state not in HANDLED:
            raise Refused("state", kind="event", id=w.event, state=view.state)
        e = view.event
        w = replace(w, matter=w.matter or e.headline, place=w.place or e.address)
        w = w if w.lon is not None else replace(w, lon=e.lon, lat=e.lat)
    place = written("place", w.place, needed=not w.event)
    return replace(w, matter=written("matter", w.matter), place=place)


def _once(tx: Tx, w: Whistling) -> None:
    """One whistle at a time for one event, or for one matter of a town."""
    same = {"event": w.event} if w.event else {"event": "", "town": w.town, "matter": w.matter}
    if tx.find(Whistle, state=list(STANDING), **same):
        raise Refused("whistled", matter=w.matter)


def _departments(
    tx: Tx, names: Sequence[str], standing: Sequence[str], spare: int = 0
) -> list[str]:
    """Different names, none of them called already, and no more than one whistle may call; `spare`:
    how many of those that stand go."""
    told = [written("department", name.strip(), TITLE_LIMIT) for name in names]
    fresh = [name for name in dict.fromkeys(told) if name not in standing]
    if not fresh:
        raise Refused("missing", field="department")
    most = int(codes.limit("whistle_departments", day(tx.now)))
    if len(fresh) + len(standing) - spare > most:
        raise Refused("departments", most=most)
    return fresh


def _called(tx: Tx, w: Whistle, department: str) -> Summons:
    return Summons(
        f"{w.id}:{department}", w.id, w.event, w.town, w.kind, department, SUMMONED, tx.now, None,
        None, "", None, "", tx.now, tx.by, tx.post,
    )  # fmt: skip


def _blown(tx: Tx, whistle: str, *states: str) -> Whistle:
    return present(tx, Whistle, whistle, states or STANDING)


def _step(tx: Tx, summons: str, state: str) -> Summons:
    now = present(tx, Summons, summons)
    whistle = present(tx, Whistle, now.whistle)
    if (why := hindrance(now, whistle, state)) is not None:
        raise Refused(why.code, **why.facts)
    return replace(now, state=state, changed_at=tx.now, by=tx.by, post=tx.post)


def _let_go(tx: Tx, summons: Summons) -> Summons:
    there = summons.state == REPORTED
    gone = replace(summons, state=RELEASED if there else MISSED, changed_at=tx.now)
    return replace(gone, released_at=tx.now if there else None, by=tx.by, post=tx.post)


def _sent_home(tx: Tx, summons: Summons, reason: str) -> Summons:
    """Who is there is let go, who is not need not come."""
    gone = _let_go(tx, summons)
    return gone if gone.state == RELEASED else replace(gone, state=REROUTED, reason=reason)


def _rated(tx: Tx, summons: str, side: str, words: str) -> Rating:
    """What one side says, without its marks. Who rated for one side does not for the other."""
    now = present(tx, Summons, summons)
    if now.state != RELEASED:
        raise Refused("state", kind="summons", id=summons, state=now.state)
    words = written("words", words, TITLE_LIMIT, needed=False)
    said = {r.side: r for r in tx.find(Rating, summons=summons)}
    if side in said:
        raise Refused("rated", by=said[side].by)
    for other in said.values():
        if (tx.by == other.by) if tx.by or other.by else (tx.post == other.post):
            raise Refused("own_rating", by=other.by)
    return Rating(
        rating_of(summons, side), summons, now.event, side, None, None, None, None, words, tx.now,
        tx.by, tx.post,
    )  # fmt: skip
