"""Rights 权责: what the person of a post may do, by the list `right` and by area.

The desk asks `check` before each act of a person; the screen asks `barred` with what it shows, so
that there is one rule. What an act is about is found by the names of its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from commandwall import codes, events, exercise, modes, posts
from commandwall.alarms import Alarm
from commandwall.answers import Answer
from commandwall.areas import Building
from commandwall.calls import Call
from commandwall.clock import day
from commandwall.clues import Clue
from commandwall.codes import Code
from commandwall.conflicts import Dispute
from commandwall.countersign import Countersign
from commandwall.directives import Directive, Order
from commandwall.dispatch import Assignment, Sending
from commandwall.events import EventView
from commandwall.funds import Paying, Payment
from commandwall.incidents import (
    OPEN,
    Incident,
    JoinedEvent,
    Levels,
    Opening,
    events_of,
    set_levels,
)
from commandwall.ladders import Council, PlanPoint, Rise
from commandwall.modes import Entering, Mode
from commandwall.reentry import STEPS, OnPaper
from commandwall.reporting import Statement
from commandwall.requests import Request, Wish
from commandwall.reviewing import Finding
from commandwall.sitreps import Situation
from commandwall.store.store import Reader, Reason, Refused, Tx
from commandwall.store.tables import Conflict
from commandwall.studies import ScheduledStudy, Study
from commandwall.urging import Urge
from commandwall.whistles import Summons, Whistle, Whistling

DO, PROPOSE, REASON, SCENE, URGENCY, PRIORITY = "do", "propose", "reason", "scene", "U", "P"
DRILL = "drill"
"""What a cell of the list may say that allows something; U and P are followed by the least number
of an event's urgency and an alarm's severity. Whatever else it says allows nothing."""
DISPLAY = "display"
"""The role of a screen that nobody works at."""
CODE = "right"
"""Of the refusal; its fact `lacking` says what is missing."""


@dataclass(frozen=True, slots=True)
class About:
    """What an act is about, as far as rights ask."""

    areas: tuple[str, ...] = ()  # codes; "" for what belongs to no smaller area than the city
    urgency: int | None = None  # of the event
    priority: int | None = None  # severity of the alarm
    scene: bool = False  # it belongs to an open incident
    reason: bool = False  # a reason is given
    mode: str = ""  # that is in force there
    drill: bool = False  # the world is a drill's


Asked = Callable[[Reader, Any], About]
"""What an argument of an act is about."""


def check(
    tx: Tx, act: Callable[..., None], args: Mapping[str, Any], scopes: Iterable[str]
) -> Mode | None:
    """Refused("right") unless the post of this transaction may do the act with these arguments
    within all of these areas; the facts say what is missing and which posts may. Refused("author")
    where the mode in force wants the name of who does it.

    Returns the mode whose emergency right it needed; None where it needed none.
    """
    drill = exercise.of(tx.folder) is not None
    it, within = replace(about(tx, args), drill=drill), tuple(scopes)
    mode = modes.in_force(tx.find(Mode, state=modes.ON), it.areas, tx.now)
    needed = [_allowed(tx, one, it, within, mode) for one in (act, *besides(args))]
    return mode if any(needed) else None


def besides(args: Mapping[str, Any]) -> tuple[Callable[..., None], ...]:
    """What an act does by the way: gradings that an opening states, a step entered from paper."""
    opening, step = args.get("opening"), args.get("step")
    stated = isinstance(opening, Opening) and opening.levels != Levels(None, None, None)
    entered = isinstance(args.get("paper"), OnPaper) and step in STEPS
    return (set_levels,) if stated else STEPS[str(step)][:1] if entered else ()


def _allowed(
    tx: Tx, act: Callable[..., None], it: About, within: tuple[str, ...], mode: Mode | None
) -> bool:
    """Refused unless the act is allowed; whether it needed the emergency right of the mode."""
    on = day(tx.now)
    if mode is None:
        _refuse(barred(act, tx.post, it, within, on))
        return False
    lent = barred(act, tx.post, it, within, on) is not None
    _refuse(barred(act, tx.post, replace(it, mode=mode.mode), within, on))
    right = right_of(name_of(act), on)
    if not tx.by and right is not None and right.id in modes.rule(mode.mode)["authored"]:
        raise Refused("author", mode=mode.mode)
    return lent


def _refuse(why: Reason | None) -> None:
    if why is not None:
        raise Refused(why.code, **why.facts)


def barred(
    act: Callable[..., None], post: str, it: About, scopes: Iterable[str] = (),
    on: date | None = None,
) -> Reason | None:  # fmt: skip
    """Why a post may not do an act now; None where it may."""
    name = name_of(act)
    right = right_of(name, on)
    if right is None:
        return Reason(CODE, {"lacking": "listed", "act": name})
    cell = cell_of(right, post, on)
    lacking = missing(cell, it, name in right.facts.get("proposals", ()))
    if lacking and it.mode and (more := modes.granted(it.mode, right.id, role_of(post, on))):
        lacking = missing(more, it)
    outside = next((a for s in scopes for a in it.areas if not a.startswith(s)), None)
    if not lacking and outside is None:
        return None
    facts = {"act": name, "right": right.id, "post": post, "cell": cell}
    if lacking:
        return Reason(CODE, {**facts, "lacking": lacking, "may": _who_may(right, it, on)})
    return Reason(CODE, {**facts, "lacking": "area", "area": outside})


def missing(cell: str, it: About, proposal: bool = False) -> str:
    """What a cell of the list lacks for an act; "" where it allows it."""
    if cell == DO or (cell == DRILL and it.drill) or (proposal and cell == PROPOSE):
        return ""
    if cell in (REASON, SCENE):
        given = it.reason if cell == REASON else it.scene
        return "" if given else cell
    for sign, number in ((URGENCY, it.urgency), (PRIORITY, it.priority)):
        if cell[:1] == sign and cell[1:].isdigit():
            return "" if number is not None and number >= int(cell[1:]) else sign
    return cell


def name_of(act: Callable[..., None]) -> str:
    """`events.accept`, as the list names an act."""
    return f"{act.__module__.removeprefix('commandwall.')}.{act.__name__}"


def right_of(name: str, on: date | None = None) -> Code | None:
    """The row of the list in which an act stands."""
    rows = codes.load("right", on).values()
    return next((row for row in rows if name in acts_of(row)), None)


def acts_of(right: Code) -> tuple[str, ...]:
    """The acts of a row: those it allows, and those that only propose."""
    return (*right.facts["acts"], *right.facts.get("proposals", ()))


def cell_of(right: Code, post: str, on: date | None = None) -> str:
    """What a row says of a post; "post" for one that no list names."""
    role = role_of(post, on)
    return str(right.facts[role]) if role else "post"


def role_of(post: str, on: date | None = None) -> str:
    """Its column of the list; "" for a post that no list names."""
    code = posts.known(on).get(post)
    return str(code.facts["role"]) if code else ""


def only_sees(post: str, on: date | None = None) -> bool:
    """Whether a post does nothing but show: nobody is asked there."""
    return role_of(post, on) == DISPLAY


def _who_may(right: Code, it: About, on: date | None) -> str:
    """The posts of a command pair that may do it, the first of each role, with commas."""
    found: dict[str, str] = {}
    given = replace(it, reason=True)
    for code in (c for c in posts.roster(on).posts() if c.facts["side"]):
        role = str(code.facts["role"])
        if not missing(str(right.facts[role]), given):
            found.setdefault(role, code.id)
    return ",".join(found.values())


def about(reader: Reader, args: Mapping[str, Any]) -> About:
    """What the arguments of an act are about; what nobody knows is left to the act to refuse."""
    given = dict(args)
    if "kind" in given and "subject" in given:
        given[given.pop("kind")] = given.pop("subject")
    found = [SUBJECTS[name](reader, one) for name, one in given.items() if name in SUBJECTS]
    return About(
        tuple(area for it in found for area in it.areas),
        _least(it.urgency for it in found),
        _least(it.priority for it in found),
        any(it.scene for it in found),
        bool(str(args.get("reason", "")).strip()),
    )


def _least(told: Iterable[int | None]) -> int | None:
    """The worst of some severities: the smallest number; None where nobody knows any."""
    return min((one for one in told if one is not None), default=None)


def about_event(view: EventView, scene: bool = False) -> About:
    """An event as shown."""
    return About((view.event.area,), view.event.urgency, scene=scene)


def about_alarm(alarm: Alarm) -> About:
    return About((alarm.area,), priority=alarm.severity)


def about_incident(incident: Incident, urgencies: Iterable[int | None]) -> About:
    """An incident and the urgencies of its events: its own is that of the most urgent."""
    return About((incident.area,), _least(urgencies), scene=incident.state == OPEN)


def _event(reader: Reader, event: str) -> About:
    view = events.views(reader, [event]).get(event)
    joined = [j.incident for j in reader.find(JoinedEvent, event=event, joined=1)]
    opened = reader.find(Incident, event=event, state=OPEN) if event else []
    scene = bool(opened or reader.find(Incident, id=joined, state=OPEN))
    return about_event(view, scene) if view else About(scene=scene)


def _alarm(reader: Reader, alarm: str) -> About:
    found = reader.get(Alarm, alarm)
    return about_alarm(found) if found else About()


def _alarms(reader: Reader, alarms: Sequence[str]) -> About:
    found = reader.many(Alarm, alarms)
    return About(tuple({a.area for a in found}), priority=_least(a.severity for a in found))


def _incident(reader: Reader, incident: str) -> About:
    found = reader.get(Incident, incident)
    if found is None:
        return About()
    views = events.views(reader, events_of(reader, found)).values()
    return about_incident(found, (view.event.urgency for view in views))


def _order(reader: Reader, order: Order | Wish | Situation) -> About:
    return _incident(reader, order.incident)


def _ordered(reader: Reader, key: str) -> About:
    """A directive, a request or a sending, by its id."""
    found = reader.get(Directive, key) or reader.get(Request, key)
    return _incident(reader, found.incident) if found else _assignment(reader, key)


def _answer(reader: Reader, answer: str) -> About:
    found = reader.get(Answer, answer)
    return _ordered(reader, found.record) if found else About()


def _statement(reader: Reader, statement: Statement) -> About:
    return _incident(reader, statement.incident)


def _whistling(reader: Reader, whistling: Whistling) -> About:
    """The town that blows; as urgent as its event."""
    found = _event(reader, whistling.event) if whistling.event else About()
    return replace(found, areas=(whistling.town, *found.areas))


def _whistle(reader: Reader, key: str) -> About:
    found = reader.get(Whistle, key)
    event = _event(reader, found.event) if found and found.event else About()
    return replace(event, areas=(found.town,)) if found else About()


def _summons(reader: Reader, key: str) -> About:
    found = reader.get(Summons, key)
    return _whistle(reader, found.whistle) if found else About()


def _rating(reader: Reader, key: str) -> About:
    return _summons(reader, key.rpartition(":")[0])


def _paying(reader: Reader, paying: Paying) -> About:
    """The town whose fund it is; as urgent as its event."""
    found = _event(reader, paying.event) if paying.event else About()
    return replace(found, areas=(paying.town, *found.areas))


def _payment(reader: Reader, payment: str) -> About:
    found = reader.get(Payment, payment)
    return About((found.town,)) if found else About()


def _sending(reader: Reader, sending: Sending) -> About:
    """What a unit is sent to; it is as urgent as that, whatever less it is sent with."""
    found = SUBJECTS[sending.kind](reader, sending.subject)
    return replace(found, urgency=_least((found.urgency, sending.urgency)))


def _assignment(reader: Reader, assignment: str) -> About:
    a = reader.get(Assignment, assignment)
    found = SUBJECTS[a.kind](reader, a.subject) if a is not None else About()
    return replace(found, urgency=_least((found.urgency, a.urgency))) if a is not None else found


def _opening(reader: Reader, opening: Opening) -> About:
    event = _event(reader, opening.event)
    return replace(event, areas=(opening.area, *event.areas))


def _entering(reader: Reader, entering: Entering) -> About:
    return replace(_incident(reader, entering.incident), areas=(entering.area,))


def _buildings(reader: Reader, buildings: list[str]) -> About:
    return About(tuple(b.area for b in reader.many(Building, buildings)))


def _conflict(reader: Reader, conflict: str) -> About:
    found = reader.get(Conflict, conflict)
    if found is None:
        return About()
    subject = KINDS.get(found.kind, found.kind)
    return SUBJECTS[subject](reader, found.record) if subject in SUBJECTS else About(("",))


def _within_incident(kind: type[Any]) -> Asked:
    """Of a record of an incident, by its id."""

    def about(reader: Reader, key: str) -> About:
        found = reader.get(kind, key)
        return _incident(reader, found.incident) if found else About()

    return about


def _within_event(kind: type[Any]) -> Asked:
    """Of a record of an event, by its id."""

    def about(reader: Reader, key: str) -> About:
        found = reader.get(kind, key)
        return _event(reader, found.event) if found else About()

    return about


def _placed(kind: type[Any]) -> Asked:
    """Of a record that names its area, by its id; "" is none."""

    def about(reader: Reader, key: str) -> About:
        found = reader.get(kind, key) if key else None
        return About((found.area,)) if found else About()

    return about


def _of_city(reader: Reader, subject: object) -> About:
    """What is the whole city's: sources, rules of alarms."""
    return About(("",))


KINDS: Mapping[str, str] = {
    "eventwork": "event", "filedevent": "event", "buildingcolour": "building", "verdict": "dispute",
    "supervision": "event", "planpoint": "point", "monthlytopic": "topic",
    "countersign": "word",
}  # fmt: skip
"""Records whose id is that of another thing."""

_NO_AREA = (
    "view", "whose", "seat", "paper", "sheet", "instruction", "called", "present", "roll", "states",
    "handover", "calling", "consultation", "attendee", "attendees", "resolution",
)  # fmt: skip
SUBJECTS: Mapping[str, Asked] = {
    "event": _event,
    "main": _event,
    "alarm": _alarm,
    "alarms": _alarms,
    "incident": _incident,
    "directive": _ordered,
    "request": _ordered,
    "record": _ordered,
    "answer": _answer,
    "word": _within_incident(Countersign),
    "call": _within_incident(Call),
    "order": _order,
    "wish": _order,
    "situation": _order,
    "sending": _sending,
    "entering": _entering,
    "mode": _placed(Mode),
    "assignment": _assignment,
    "whistling": _whistling,
    "whistle": _whistle,
    "summons": _summons,
    "rating": _rating,
    "paying": _paying,
    "clue": _placed(Clue),
    "study": _placed(Study),
    "scheduled": _placed(ScheduledStudy),
    "drafted": lambda reader, drafted: About((drafted.scope.area,)),
    "tip": lambda reader, tip: About((tip.area,)),
    "payment": _payment,
    "urge": _within_event(Urge),
    "rise": _within_event(Rise),
    "point": _within_event(PlanPoint),
    "council": _within_event(Council),
    "opening": _opening,
    "matter": lambda reader, matter: About((matter.area,), matter.urgency),
    "statement": _statement,
    "finding": _within_incident(Finding),
    "building": lambda reader, building: _buildings(reader, [building]),
    "buildings": _buildings,
    "dispute": _placed(Dispute),
    "conflict": _conflict,
    **dict.fromkeys(("source", "rule", "proposal", "choosing", "topic", "measure"), _of_city),
    "within": lambda reader, area: About((area,)),
    **dict.fromkeys(_NO_AREA, lambda reader, one: About()),
}
"""Name of an act's argument -> what it is about; a post lies within no area of its own."""
