"""Modes 平 / 急 / 战: which one is in force where, and the acts that change it.

A mode is a stretch of time in an area that ends by itself. What follows from it are rows of the
lists `mode`, `mode_grant`, `mode_check` and `mode_task`: screen, desk and agent look them up, so
that one record swaps all of it at every station, and its end brings back what was before.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from commandwall import codes, countersign
from commandwall.clock import DAY, HOUR, MINUTE, Ms, day
from commandwall.countersign import Countersign, Second
from commandwall.incidents import GradeProposal, Incident, still_open
from commandwall.owed import owed
from commandwall.reporting import FINAL, SENT, Losses, Report
from commandwall.reviewing import IMPROVEMENT, Finding
from commandwall.sensors import Watch
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Reader, Refused, Tx
from commandwall.store.written import TITLE_LIMIT, written

PROPOSED, ON, OVER = "PROPOSED", "ON", "OVER"
NAMESPACE = uuid.UUID("8d0f4a57-6c0e-4f0b-9f41-2a1f3b7f6c55")
FURTHER = {PROPOSED: frozenset({ON, OVER}), ON: frozenset({OVER})}
CLOSING = ("ended_by", "ended_post", "ended_reason", "handed")


@record(WALL, meeting=Meeting(("ended_at",), CLOSING, FURTHER))
@dataclass(frozen=True, slots=True)
class Mode:
    """One stretch of 急 or 战 in an area, or somebody's proposal of one."""

    id: str
    area: str  # "" for the whole city
    mode: str  # code list mode
    state: str
    incident: str  # in focus, or ""
    reason: str
    since: Ms  # proposed or entered
    until: Ms  # when it ends by itself
    by: str
    post: str
    second: str  # whose word there was for it, "" where none is needed
    ended_at: Ms | None = None
    ended_by: str = ""  # "" where it ended by itself
    ended_post: str = ""
    ended_reason: str = ""
    handed: str = ""  # to whom what was not settled went


@record(WALL)
@dataclass(frozen=True, slots=True)
class GrantedAct:
    """An act that its post could do only by an emergency right."""

    id: str
    mode: str  # id of the Mode that gave it
    act: str
    area: str
    at: Ms
    by: str
    post: str


@dataclass(frozen=True, slots=True)
class Entering:
    """What a person states when a mode is entered or proposed."""

    area: str
    mode: str
    incident: str
    reason: str
    hours: int


# What is in force.


def rank(mode: str) -> int:
    """0 for the ordinary day, and for a mode that no list names."""
    return int(rule(mode).get("rank", 0))


def rule(mode: str) -> Mapping[str, Any]:
    """What follows from a mode; that of the ordinary day for one that no list names."""
    rows = codes.load("mode")
    return rows[mode].facts if mode in rows else next(iter(rows.values())).facts


def ordinary() -> str:
    """The mode of a day on which none was entered."""
    return next(iter(codes.load("mode")))


def in_force(modes: Iterable[Mode], areas: Iterable[str], now: Ms) -> Mode | None:
    """The mode that holds in all these areas; None on an ordinary day. What was entered before it
    holds again when it is over."""
    places = list(areas)
    found = (m for m in _covering(modes, places, now) if m.state == ON)
    return max(found, key=lambda m: (rank(m.mode), m.since, m.id), default=None)


def ended(mode: Mode) -> Ms:
    """When it ends, or did."""
    return mode.until if mode.ended_at is None else min(mode.until, mode.ended_at)


def lately(reader: Reader, since: Ms) -> list[Mode]:
    """Those that hold, or did at some moment after this one."""
    found = reader.find(Mode, state=[ON, OVER])
    return [m for m in found if _entered(m) and ended(m) > since]


def _entered(mode: Mode) -> bool:
    """Whether it ever held: a proposal that was answered is over too, with nobody's word."""
    return mode.state == ON or bool(mode.second) or not rule(mode.mode)["second"]


def proposed(modes: Iterable[Mode], area: str, now: Ms) -> Mode | None:
    """The newest proposal that nobody answered."""
    found = (m for m in _covering(modes, [area], now) if m.state == PROPOSED)
    return max(found, key=lambda m: (m.since, m.id), default=None)


def _covering(modes: Iterable[Mode], areas: list[str], now: Ms) -> Iterable[Mode]:
    """Those that have not run out and hold in all these areas; of none the whole city's."""
    places = areas or [""]
    return (m for m in modes if now < m.until and all(a.startswith(m.area) for a in places))


def grants(mode: str, now: Ms) -> list[codes.Code]:
    """The emergency rights of a mode: rows of `mode_grant`."""
    rows = codes.load("mode_grant", day(now)).values()
    return [row for row in rows if row.facts["mode"] == mode]


def granted(mode: str, right: str, role: str) -> str:
    """The cell that a mode gives a role in a row of `right`; "" for none."""
    rows = (row.facts for row in codes.load("mode_grant").values())
    mine = (f for f in rows if (f["mode"], f["right"], f["role"]) == (mode, right, role))
    return next((str(f["cell"]) for f in mine), "")


# Acts.


def propose_mode(tx: Tx, entering: Entering) -> None:
    """提议: ask who may decide it for a mode."""
    _may_begin(tx, entering)
    until = tx.now + codes.limit("mode_proposal_minutes") * MINUTE
    tx.put(_mode(tx, entering, PROPOSED, Ms(int(until))))


def enter_mode(tx: Tx, entering: Entering, second: Second | None = None) -> None:
    """转急, 转战: with a second person's word and a reason, for so many hours."""
    _may_begin(tx, entering)
    facts = rule(entering.mode)
    _check_hours(entering.hours, facts)
    now = _mode(tx, entering, ON, Ms(tx.now + entering.hours * HOUR))
    now = _with_word(tx, now, second)
    answered = (m for m in tx.find(Mode, state=PROPOSED) if m.area == now.area)
    tx.put(now, *(replace(m, state=OVER, ended_at=tx.now, ended_by=tx.by) for m in answered))


def extend_mode(tx: Tx, mode: str, hours: int, reason: str, second: Second | None = None) -> None:
    """延时: so many hours from now, with a second person's word and a reason."""
    now = _still_on(tx, mode)
    _check_hours(hours, rule(now.mode))
    until, twins = Ms(tx.now + hours * HOUR), _twins(tx, now)
    now = replace(now, reason=written("reason", reason, TITLE_LIMIT))
    tx.put(_with_word(tx, replace(now, until=until), second))
    tx.put(*(replace(m, until=until) for m in twins))


def leave_mode(tx: Tx, mode: str, reason: str, handed: str = "") -> None:
    """解除: what holds then is what held before. `handed`: who takes over what is not settled. What
    other stations entered at once is the same mode, and is left with it.

    Refused("unsettled_mode") while something that blocks is neither settled nor handed over.
    """
    now = _still_on(tx, mode)
    reason = written("reason", reason, TITLE_LIMIT)
    handed = written("handed", handed, TITLE_LIMIT, needed=False)
    left = [now, *_twins(tx, now)]
    own = list({m.incident: m for m in reversed(left)}.values())  # of each incident one
    for check in (check for one in own for check in checklist(tx, one)):
        if check.blocks and check.open and not handed:
            raise Refused("unsettled_mode", check=check.id, n=check.open)
    tx.put(
        *(replace(m, state=OVER, ended_at=tx.now, ended_by=tx.by, ended_post=tx.post,
                  ended_reason=reason, handed=handed) for m in left)
    )  # fmt: skip
    tx.put(*(task for one in own for task in _tasks(tx, one, tx.now)))


def decline_mode(tx: Tx, mode: str, reason: str) -> None:
    """不予: a proposal is not followed."""
    now = tx.get(Mode, mode)
    if now is None or now.state != PROPOSED or tx.now >= now.until:
        raise Refused("closed", kind="mode", id=mode)
    reason = written("reason", reason, TITLE_LIMIT)
    tx.put(
        replace(now, state=OVER, ended_at=tx.now, ended_by=tx.by, ended_post=tx.post,
                ended_reason=reason)
    )  # fmt: skip


def note_lent(tx: Tx, mode: Mode, act: str) -> None:
    """An act was done by an emergency right: it is written down in the act's own line."""
    key = str(uuid.uuid4())
    tx.put(GrantedAct(key, mode.id, act, mode.area, tx.now, tx.by, tx.post))


# What follows by itself.


def expire(watch: Watch, now: Ms) -> None:
    """A mode that ran out ends, with its tasks."""
    watch.expire(now)


def lapsed(reader: Reader, now: Ms) -> list[Mode]:
    """Those that ran out and were not ended yet."""
    return [m for m in reader.find(Mode, state=ON) if m.until <= now]


def end_lapsed(tx: Tx) -> None:
    """到期: as of the moment at which each ran out, so that all stations write the same."""
    over = lapsed(tx, tx.now)
    tx.put(*(replace(m, state=OVER, ended_at=m.until) for m in over))
    tx.put(*(task for m in over for task in _tasks(tx, m, m.until)))


# Leaving.


@dataclass(frozen=True, slots=True)
class Check:
    """A row of the list mode_check: how many things are not settled, and whether that blocks."""

    id: str
    open: int
    blocks: bool


def checklist(reader: Reader, mode: Mode) -> list[Check]:
    """What is not settled, in the order of the list; nothing without an incident in focus."""
    if not mode.incident:
        return []
    rows = codes.load("mode_check").values()
    return [
        Check(row.id, CHECKS[row.id](reader, mode.incident), bool(row.facts["blocks"]))
        for row in rows
        if row.facts["mode"] == mode.mode and row.id in CHECKS
    ]


def _orders(reader: Reader, incident: str) -> int:
    return sum(not isinstance(debt.record, Countersign) for debt in owed(reader, incident))


def _words(reader: Reader, incident: str) -> int:
    return sum(isinstance(debt.record, Countersign) for debt in owed(reader, incident))


def _final(reader: Reader, incident: str) -> int:
    return int(not _sent(reader, incident, FINAL))


CHECKS: Mapping[str, Callable[[Reader, str], int]] = {
    "orders": _orders,
    "words": _words,
    "final": _final,
}
"""Row of the list -> what it counts."""


def _tasks(tx: Tx, mode: Mode, at: Ms) -> list[Finding]:
    """What is to be done after it: the same records from every station."""
    if not mode.incident:
        return []
    rows = (r for r in codes.load("mode_task", day(at)).values() if r.facts["mode"] == mode.mode)
    rows = (r for r in rows if not _sent(tx, mode.incident, r.facts["unless"]))
    posts = codes.load("post", day(at))
    return [
        Finding(
            str(uuid.uuid5(NAMESPACE, f"{row.id}|{mode.id}")), mode.incident, IMPROVEMENT, row.zh,
            posts[row.facts["owner"]].zh if row.facts["owner"] in posts else row.facts["owner"],
            Ms(at + int(row.facts["days"]) * DAY), None, "", at, mode.by, mode.post,
        )
        for row in rows
    ]  # fmt: skip


def _sent(reader: Reader, incident: str, kind: str) -> bool:
    return any(r.kind == kind for r in reader.find(Report, incident=incident, state=SENT))


# What an act must have.


def _may_begin(tx: Tx, entering: Entering) -> None:
    """Refused where the mode is unknown, is no step up, or lacks its ground."""
    if not rank(entering.mode):
        raise Refused("unknown", kind="mode", id=entering.mode)
    held = in_force(tx.find(Mode, state=ON), [entering.area], tx.now)
    if held is not None and rank(held.mode) >= rank(entering.mode):
        raise Refused("mode_held", mode=held.mode, until=held.until)
    if entering.incident:
        still_open(tx, entering.incident)
    if rule(entering.mode)["ground"] and not _has_ground(tx, entering.incident):
        raise Refused("no_ground", mode=entering.mode)


def _has_ground(tx: Tx, incident: str) -> bool:
    """An incident with a response level, or with people who died or were hurt."""
    found = tx.get(Incident, incident) if incident else None
    if found is None:
        return False
    graded, told = tx.get(GradeProposal, incident), tx.get(Losses, incident)
    harm = graded is not None and graded.dead + graded.hurt > 0
    lost = told is not None and told.dead + told.missing + told.severe + told.hurt > 0
    return found.response is not None or harm or lost


def _check_hours(hours: int, facts: Mapping[str, Any]) -> None:
    if not 0 < hours <= facts["most_hours"]:
        raise Refused("mode_hours", most=facts["most_hours"])


def _with_word(tx: Tx, mode: Mode, second: Second | None) -> Mode:
    """With the second person's word, where one is needed."""
    if not rule(mode.mode)["second"]:
        return mode
    countersign.take(tx, mode.incident, ("mode", mode.id), second)
    return replace(mode, second=second.name if second else "")


def _mode(tx: Tx, entering: Entering, state: str, until: Ms) -> Mode:
    reason = written("reason", entering.reason, TITLE_LIMIT)
    return Mode(
        str(uuid.uuid4()), entering.area, entering.mode, state, entering.incident, reason, tx.now,
        until, tx.by, tx.post, "",
    )  # fmt: skip


def _twins(tx: Tx, mode: Mode) -> list[Mode]:
    """The same mode of the same area, entered by others at the same time: each station refuses a
    second one, so none of them had heard of the other."""
    same = (mode.area, mode.mode)
    return [m for m in tx.find(Mode, state=ON) if m.id != mode.id and (m.area, m.mode) == same]


def _still_on(tx: Tx, mode: str) -> Mode:
    """Refused("closed") for one that is over, or only proposed."""
    now = tx.get(Mode, mode)
    if now is None or now.state != ON or tx.now >= now.until:
        raise Refused("closed", kind="mode", id=mode)
    return now
