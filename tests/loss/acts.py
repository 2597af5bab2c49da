"""The acts that a tester orders, by their names in the list `right`, and what an officer goes by.

Facts come as JSON and take the form that the act's own arguments have.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any, get_type_hints

import msgspec

from commandwall import closing, events
from commandwall.alarms import STANDING, Alarm
from commandwall.answers import Answer, own
from commandwall.areas import Person
from commandwall.calls import Call
from commandwall.clues import Clue
from commandwall.co_handling import OWING, CoHandling
from commandwall.consulting import STANDS as HOLDS
from commandwall.consulting import Attendee, Consultation, Resolution
from commandwall.countersign import Countersign
from commandwall.desk import Desk, Done
from commandwall.directives import Directive, is_over
from commandwall.dispatch import Assignment
from commandwall.funds import ASKED as WAITING
from commandwall.funds import PAID, Payment
from commandwall.handover import OFFERED, Handover
from commandwall.incidents import OPEN, Incident, JoinedEvent
from commandwall.instructions import STANDING as STANDS
from commandwall.instructions import Instruction
from commandwall.ladders import WATCHED, PlanPoint, Rise, Supervision
from commandwall.modes import OVER, Mode
from commandwall.monthly import Measure, MonthlyTopic
from commandwall.plans import StartedPlan
from commandwall.reporting import SENT, Report
from commandwall.requests import ASKED, Request
from commandwall.resources import Resource
from commandwall.reviewing import Finding, owed
from commandwall.rollcall import RollAnswer, RollCall
from commandwall.rule_rows import PROPOSED, RuleRow
from commandwall.saved_views import EVERYBODY, SavedView
from commandwall.sources import SourceSwitch
from commandwall.store.store import Reader
from commandwall.store.tables import Conflict
from commandwall.studies import Study
from commandwall.urging import Urge
from commandwall.whistles import STANDING as BLOWN
from commandwall.whistles import Summons, Whistle

ATTACH = "attachments.attach"
"""The one act that takes bytes, by a door of its own."""
FORMS: Mapping[str, Any] = {"subjects": list[Person]}
"""Arguments that may be of several forms, and the one that testers give."""
MOST, SHOWN = 40, 12
"""How many of a kind an officer has before him, the newest ones; and of what the city gives."""
CITY: Mapping[str, type[Any]] = {"person": Person, "resource": Resource}
OPEN_EVENTS = (
    "SELECT e.id FROM event e LEFT JOIN eventwork w ON w.id = e.id"
    " WHERE e.closed_at IS NULL AND w.closed_at IS NULL LIMIT :n"
)
Sight = dict[str, list[dict[str, Any]]]


def begin(desk: Desk, name: str, facts: Mapping[str, Any]) -> Future[Done]:
    """Do what a tester ordered."""
    if name == ATTACH:
        paper = f"%PDF-1.4\n{facts['name']}".encode()
        return desk.attach(paper, facts["name"], facts["kind"], facts["subject"])
    act = act_of(name)
    hints = {**get_type_hints(act), **FORMS}
    return desk.do(act, **{key: msgspec.convert(v, hints[key]) for key, v in facts.items()})


def act_of(name: str) -> Callable[..., None]:
    """The act that the list calls `events.accept`."""
    module, _, act = name.rpartition(".")
    found: Callable[..., None] = getattr(importlib.import_module(f"commandwall.{module}"), act)
    return found


def sight(reader: Reader) -> Sight:
    """What is there to be worked on, by the name of its kind; the newest last."""
    opened = reader.find(Incident, state=OPEN)
    answers = reader.find(Answer)
    told = [a for a in answers if a.channel and own(answers, a) is None]
    found: dict[str, Iterable[Any]] = {
        "directive": (d for d in reader.find(Directive) if not is_over(d)),
        "request": reader.find(Request, state=ASKED),
        "answer": told[-SHOWN:],
        "countersign": (w for w in reader.find(Countersign) if w.signed_at is None),
        "assignment": reader.find(Assignment, outcome=""),
        "call": reader.find(Call),
        "whistle": reader.find(Whistle, state=list(BLOWN)),
        "summons": reader.find(Summons),
        "cohandling": reader.find(CoHandling, state=list(OWING)),
        "urge": reader.find(Urge, state=ASKED),
        "rise": reader.find(Rise),
        "clue": reader.find(Clue),
        "study": reader.find(Study),
        "consultation": reader.find(Consultation),
        "attendee": reader.find(Attendee),
        "resolution": reader.find(Resolution, state=HOLDS),
        "monthlytopic": reader.find(MonthlyTopic),
        "measure": reader.find(Measure),
        "payment": reader.find(Payment, state=[WAITING, PAID]),
        "supervision": reader.find(Supervision, state=WATCHED),
        "planpoint": reader.find(PlanPoint),
        "finding": owed(reader.find(Finding)),
        "report": reader.find(Report, state=SENT),
        "joinedevent": reader.find(JoinedEvent, joined=1),
        "conflict": reader.find(Conflict, settled_by=""),
        "alarm": reader.find(Alarm, state=STANDING),
        "handover": reader.find(Handover, state=OFFERED),
        "instruction": reader.find(Instruction, state=STANDS),
        "rollcall": reader.find(RollCall),
        "rollanswer": reader.find(RollAnswer),
        "startedplan": reader.find(StartedPlan),
        "mode": (m for m in reader.find(Mode) if m.state != OVER),
        "sourceswitch": reader.find(SourceSwitch),
        "savedview": reader.find(SavedView, removed=0, whose=EVERYBODY),
        "rulerow": reader.find(RuleRow, state=PROPOSED),
        **{name: _some(reader, name, kind) for name, kind in CITY.items()},
    }
    seen = {name: [asdict(r) for r in list(some)[-MOST:]] for name, some in found.items()}
    worked = [key for (key,) in reader.rows(OPEN_EVENTS, n=SHOWN)]
    views = events.views(reader, worked)
    seen["event"] = [
        {
            "id": key,
            "state": v.state,
            "unit": v.unit,
            "handler": v.work.handler if v.work else "",
            "reported_at": v.event.reported_at,
        }
        for key, v in ((key, views[key]) for key in worked)
    ]
    rows = reader.rows("SELECT id FROM building LIMIT :n", n=SHOWN)
    seen["building"] = [{"id": key} for (key,) in rows]
    seen["incident"] = [asdict(i) for i in reader.find(Incident)][-MOST:]
    owing = {i.id for i in opened if any(c.open and c.blocks for c in closing.checklist(reader, i))}
    seen["settled"] = [asdict(i) for i in opened if i.id not in owing]
    return seen


def _some(reader: Reader, name: str, kind: type[Any]) -> list[Any]:
    """A few rows of the city, without looking at all of them."""
    rows = reader.rows(f"SELECT id FROM {name} LIMIT :n", n=SHOWN)
    return reader.many(kind, [key for (key,) in rows])
