"""What a unit is needed for, and what the roads say of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np
import shapely

from commandwall import alarms, codes, proposals
from commandwall.alarms import Alarm
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.dispatch import Fix
from commandwall.events import Event, EventView
from commandwall.geo import Plane
from commandwall.incidents import OPEN, Incident
from commandwall.picture import Picture
from commandwall.proposals import Proposal, Task, Unit
from commandwall.roads import RoadGraph
from widgets.base import Panel, Subject

MOST = 3
"""Units that are proposed."""
Answer = tuple[list[Proposal], list[Proposal], Any]
"""Proposals, those that are not proposed, and the isochrone."""
_UNHEARD = Fix(Ms(0), float("nan"), float("nan"))


def answer(
    task: Task, units: Sequence[Unit], roads: tuple[RoadGraph | None, Plane], now: Ms
) -> Answer:
    """On the thread of the roads: proposals, others, and the isochrone as an outline in degrees."""
    graph, plane = roads
    fit, others = proposals.propose(task, units, graph, now, MOST)
    if graph is None:
        return fit, others, None
    x, y = plane.forward(np.array([task.lon]), np.array([task.lat]))
    limit = codes.limit("arrive_minutes") * MINUTE / SECOND
    ring = graph.reach((float(x[0]), float(y[0])), limit).ring()
    return (
        fit,
        others,
        shapely.transform(ring, lambda xy: np.column_stack(plane.inverse(xy[:, 0], xy[:, 1]))),
    )


def ask_roads(panel: Panel, task: Task, then: Callable[[Answer], None]) -> Future[Answer]:
    """`then(answer)` runs on the screen's thread once the roads have said who is near; never where
    what is returned was cancelled before they were asked."""
    units, now = units_of(panel.picture), panel.picture.now
    asked = panel.context.streets.ask(lambda *roads: answer(task, units, roads, now))
    panel.follow(asked, then)
    return asked


def units_of(picture: Picture) -> list[Unit]:
    """All units as they stand now."""
    fixes, found = picture.fixes, []
    for unit in picture.resources.values():
        row = fixes.row_of.get(unit.id, -1)
        at = int(fixes.at[row]) if 0 <= row < len(fixes.at) else 0
        fix = Fix(Ms(at), float(fixes.lon[row]), float(fixes.lat[row])) if at else _UNHEARD
        found.append(Unit(unit, fix, picture.engaged.get(unit.id)))
    return found


def task_of(subject: Subject | None, picture: Picture) -> Task | None:
    """What a unit is needed for; None where the thing is gone, over or nowhere."""
    if subject is None:
        return None
    if subject.kind is Alarm and (alarm := picture.alarms.get(subject.id)) is not None:
        return _of_alarm(alarm, picture)
    if subject.kind is Event and (view := picture.events.get(subject.id)) is not None:
        return _of_event(view, picture)
    if subject.kind is Incident and (one := picture.incidents.get(subject.id)) is not None:
        return _of_incident(one, picture) if one.state == OPEN else None
    return None


def _of_alarm(alarm: Alarm, picture: Picture) -> Task:
    """An alarm that filed an event gets its units by that event."""
    rule = next((r for r in alarms.rules() if r.id == alarm.rule), None)
    need = proposals.need_of(rule.event_class) if rule is not None else frozenset()
    urgency = rule.urgency if rule is not None else alarm.severity
    filed = picture.events.get(alarm.event)
    kind, key = ("event", alarm.event) if filed is not None else ("alarm", alarm.id)
    urban = proposals.is_urban(picture.areas, alarm.area)
    return Task(kind, key, alarm.lon, alarm.lat, urgency, alarm.area, need, urban)


def _of_event(view: EventView, picture: Picture) -> Task | None:
    e, area = view.event, picture.areas.get(view.event.area)
    lon = e.lon if e.lon is not None else area.lon if area else None
    lat = e.lat if e.lat is not None else area.lat if area else None
    if lon is None or lat is None:
        return None
    urban = proposals.is_urban(picture.areas, e.area)
    return Task("event", e.id, lon, lat, e.urgency, e.area, proposals.need_of(view.cls), urban)


def _of_incident(one: Incident, picture: Picture) -> Task:
    urban = proposals.is_urban(picture.areas, one.area)
    need = proposals.need_of(one.kind)
    return Task("incident", one.id, one.lon, one.lat, 1, one.area, need, urban)
