"""Acts of a journal done once more: each by what its records tell, through the act itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from commandwall import (
    alarms,
    closing,
    directives,
    dispatch,
    event_acts,
    events,
    incidents,
    planbook,
    plans,
)
from commandwall.events import EventWork
from commandwall.incidents import Incident, JoinedEvent, Levels

PLAN = next(plan for plan in planbook.read().plans if plan.id == "gas")
CHIEF, INTAKE, DESK, SCENE = ("高远", "chief"), ("陈一", "p1"), ("李二", "p3"), ("孙立", "front")
STEPS: Mapping[str, tuple[Any, tuple[str, str]]] = {
    "acknowledge": (directives.acknowledge, SCENE), "execute": (directives.execute, SCENE),
    "refuse": (directives.refuse, SCENE), "block": (directives.block, SCENE),
    "complete": (directives.complete, SCENE), "verify": (directives.verify, CHIEF),
    "send_back": (directives.send_back, CHIEF), "cancel": (directives.cancel, CHIEF),
}  # fmt: skip
WORDS = {"refuse": "reason", "block": "need", "complete": "evidence", "send_back": "need",
         "cancel": "reason"}  # fmt: skip
"""Acts on a directive, by whom, and what words each wants."""
FLOW: Mapping[str, tuple[Any, Mapping[str, str]]] = {
    "accept": (events.accept, {}),
    "dispatch": (events.dispatch, {"unit": "unit"}),
    "sign": (event_acts.sign, {}),
    "feed_back": (event_acts.feed_back, {"result": "result", "evidence": "evidence"}),
}
"""Acts on an event, and which of its work each wants to be told."""
Ids = dict[str, str]
"""Of the real records -> of those in the drill."""
Done = tuple[Any, dict[str, Any]]


def _one(records: list[Any], kind: type[Any]) -> Any:
    return next(r for r in records if isinstance(r, kind))


def _order(d: Any, ids: Ids) -> Any:
    return directives.Order(
        ids[d.incident], d.to_post, d.text, d.verb, d.cc, d.place, d.lon, d.lat, None, d.priority,
        d.needs,
    )  # fmt: skip


def _opened(records: list[Any], ids: Ids) -> Done:
    i = _one(records, Incident)
    opening = incidents.Opening(i.title, i.kind, i.area, i.place, i.lon, i.lat, i.grade, i.warning,
                                i.response, i.radius_m, ids[i.event], i.reason)  # fmt: skip
    return incidents.open_incident, {"opening": opening}


def _levels(records: list[Any], ids: Ids) -> Done:
    i = _one(records, Incident)
    levels = Levels(i.grade, i.warning, i.response)
    return incidents.set_levels, {"incident": ids[i.id], "levels": levels, "reason": i.reason}


def _phase(records: list[Any], ids: Ids) -> Done:
    i = _one(records, Incident)
    return incidents.set_phase, {"incident": ids[i.id], "phase": i.phase}


def _closed(records: list[Any], ids: Ids) -> Done:
    i = _one(records, Incident)
    return closing.close_incident, {"incident": ids[i.id], "reason": i.reason}


def _post(records: list[Any], ids: Ids) -> Done:
    (c,) = records
    told = {"lead": c.lead, "people": c.people, "place": c.place}
    return incidents.report_post, {"incident": ids[c.incident], **told}


def _plan(records: list[Any], ids: Ids) -> Done:
    incident = records[0].incident
    return plans.start_plan, {"incident": ids[incident], "plan": PLAN}


def _new(act: Any) -> Callable[[list[Any], Ids], Done]:
    return lambda records, ids: (act, {"order": _order(_one(records, directives.Directive), ids)})


def _superseded(records: list[Any], ids: Ids) -> Done:
    old, new = sorted(records, key=lambda d: bool(d.supersedes))
    return directives.supersede, {"directive": ids[old.id], "order": _order(new, ids)}


def _joined(records: list[Any], ids: Ids) -> Done:
    j = _one(records, JoinedEvent)
    return incidents.join_event, {"incident": ids[j.incident], "event": ids[j.event]}


def _sent(records: list[Any], ids: Ids) -> Done:
    a = _one(records, dispatch.Assignment)
    sending = dispatch.Sending(a.kind, ids[a.subject], a.resource, a.lon, a.lat, a.urgency)
    return dispatch.send, {"sending": sending}


def _signed(records: list[Any], ids: Ids) -> Done:
    (record,) = records
    if isinstance(record, EventWork):
        return event_acts.sign, {"event": ids[record.id]}
    return directives.sign, {"directive": ids[record.id]}


def _acknowledged(records: list[Any], ids: Ids) -> Done:
    for record in records:
        if isinstance(record, alarms.Alarm):
            return alarms.acknowledge, {"alarm": ids[record.id]}
    return _stepped("acknowledge")(records, ids)


def _stepped(name: str) -> Callable[[list[Any], Ids], Done]:
    def redo(records: list[Any], ids: Ids) -> Done:
        d = _one(records, directives.Directive)
        told = {WORDS[name]: getattr(d, WORDS[name])} if name in WORDS else {}
        return STEPS[name][0], {"directive": ids[d.id], **told}

    return redo


def _handled(name: str) -> Callable[[list[Any], Ids], Done]:
    def redo(records: list[Any], ids: Ids) -> Done:
        work, (act, wants) = _one(records, EventWork), FLOW[name]
        told = {arg: getattr(work, field) for arg, field in wants.items()}
        return act, {"event": ids[work.id], **told}

    return redo


REDO: Mapping[str, Callable[[list[Any], Ids], Done]] = {
    "open_incident": _opened, "set_levels": _levels, "set_phase": _phase, "report_post": _post,
    "close_incident": _closed,
    "start_plan": _plan, "issue": _new(directives.issue), "draft": _new(directives.draft),
    "supersede": _superseded, "join_event": _joined, "send": _sent,
    **{name: _stepped(name) for name in STEPS}, **{name: _handled(name) for name in FLOW},
    "sign": _signed,
    "acknowledge": _acknowledged,
}  # fmt: skip
"""Act -> the act with what the journal tells of it."""
