"""The picture 态势: what the wall shows now, in memory.

`Picture` is plain data that only the screen's thread touches; `Changes` is what one tick brings.
`commandwall.follower` makes the changes on a thread of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from copy import copy
from dataclasses import dataclass, field, fields
from itertools import chain
from typing import Any, TypeVar

from numpy.typing import NDArray

from commandwall import restricted
from commandwall.alarms import NORM, Alarm
from commandwall.answers import Answer
from commandwall.areas import (
    Area,
    Building,
    BuildingColour,
    Camera,
    Credit,
    Feature,
    Person,
    Pipe,
    Place,
    Road,
)  # fmt: skip
from commandwall.arrays import FixArrays, SensorArrays
from commandwall.calls import Call
from commandwall.clock import Ms
from commandwall.clues import Clue
from commandwall.co_handling import CoHandling
from commandwall.conflicts import OPEN, Dispute, Verdict
from commandwall.consulting import Attendee, Consultation, Opinion, Resolution
from commandwall.countersign import Countersign
from commandwall.directives import Directive
from commandwall.dispatch import Assignment, AssignmentStep, Trip, trips
from commandwall.drill.evaluating import Evaluation
from commandwall.drill.play import ClockAct, FreeInject, SentInject
from commandwall.events import Event, EventView
from commandwall.exchange import Decision, Message
from commandwall.extents import Extent
from commandwall.funds import Payment
from commandwall.handover import Handover
from commandwall.incidents import CommandPost, GradeProposal, Incident, JoinedEvent
from commandwall.indicators import Indicator, IndicatorValue, Stand, renew
from commandwall.instructions import Instruction
from commandwall.ladders import Council, PlanPoint, Rise, Supervision
from commandwall.modes import GrantedAct, Mode
from commandwall.monthly import Measure, MonthlyTopic
from commandwall.people import Duty, Officer
from commandwall.plans import StartedPlan
from commandwall.public_warnings import PublicWarning
from commandwall.reporting import HandOut, Losses, PhoneReport, Report
from commandwall.requests import Request
from commandwall.resources import Resource
from commandwall.reviewing import Finding
from commandwall.rule_rows import RuleRow
from commandwall.saved_views import SavedView
from commandwall.sitreps import SituationReport
from commandwall.sources import SourceSwitch
from commandwall.store.pulse import Lamp, Sync
from commandwall.store.sight import Sight
from commandwall.store.space import Space
from commandwall.store.tables import Conflict
from commandwall.studies import ScheduledStudy, Study, StudyUse
from commandwall.tagging import EventTag
from commandwall.urging import Urge
from commandwall.whistles import Rating, Summons, Whistle

__all__ = [
    "Changes", "Counters", "Fixes", "Lamp", "Picture", "Readings", "Sync", "SyncState", "Tick",
]  # fmt: skip
R = TypeVar("R")


class Tick:
    """Marker: a second has passed."""


class Readings:
    """Marker: live values of sensors changed."""


class Fixes:
    """Marker: positions of resources changed."""


class SyncState:
    """Marker: the state of agent, pool, backlog or disk changed."""


class Tallies:
    """Marker: counters changed."""


@dataclass(frozen=True, slots=True)
class Counters:
    """Counts kept by the mirror: by source and local hour of the day."""

    by_hour: Mapping[str, list[int]] = field(default_factory=dict)  # today, 24 numbers
    bands: Mapping[str, list[tuple[float, float]]] = field(default_factory=dict)
    past_hour: Mapping[str, int] = field(default_factory=dict)  # the last 60 minutes
    total: int = 0
    open: int = 0
    closed_today: int = 0
    open_by_area: Mapping[str, int] = field(default_factory=dict)

    def hours(self, source: str) -> list[int]:
        """Today's count in each local hour, 24 numbers."""
        return self.by_hour.get(source, [0] * 24)

    def today(self, source: str) -> int:
        return sum(self.hours(source))

    def last_hour(self, source: str) -> int:
        return self.past_hour.get(source, 0)

    def usual(self, source: str) -> list[tuple[float, float]]:
        """The usual count of each hour: low and high of the same hour of the last four weeks."""
        return self.bands.get(source, [(0.0, 0.0)] * 24)


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel by which events come: all of them, and the newest."""

    events: int
    newest: Ms


@dataclass(frozen=True, slots=True)
class Changes:
    """What one tick brings. `records` maps a kind to id -> record, or None where it is gone."""

    now: Ms
    records: Mapping[type[Any], Mapping[str, Any]] = field(default_factory=dict)
    markers: frozenset[type] = frozenset({Tick})
    sensors: SensorArrays | None = None
    resources: FixArrays | None = None
    readings: Mapping[str, NDArray[Any]] | None = None
    fixes: Mapping[str, NDArray[Any]] | None = None
    counters: Counters | None = None
    sync: Sync | None = None
    sight: Sight | None = None
    space: Space | None = None
    channels: Mapping[str, Channel] | None = None
    hidden: Mapping[str, str] | None = None
    unsent: frozenset[str] | None = None
    city: str | None = None
    whole: frozenset[type] = frozenset()  # kinds that were read anew: what is not here is gone

    @property
    def kinds(self) -> frozenset[type]:
        return self.markers | frozenset(self.records)

    def of(self, kind: type[R]) -> tuple[R, ...]:
        return tuple(r for r in self.records.get(kind, {}).values() if r is not None)

    def named(self, kind: type[Any]) -> AbstractSet[str] | None:
        """Ids of what changed of a kind; None where it may be any."""
        if kind in self.whole or kind in self.markers:
            return None
        return self.records.get(kind, {}).keys()

    def gone(self, kind: type[Any]) -> tuple[str, ...]:
        return tuple(key for key, r in self.records.get(kind, {}).items() if r is None)


SAID = {field.name for field in fields(Changes)} - {"now", "records", "markers", "whole"}
"""What of `Changes` is one thing as a whole, and the newer one counts."""


def together(older: Changes, newer: Changes) -> Changes:
    """Both as one: of each record and array what is newer."""
    records = {
        kind: rows if kind in newer.whole else {**older.records.get(kind, {}), **rows}
        for kind, rows in {**older.records, **newer.records}.items()
    }
    # Values of devices that were counted otherwise since fit no row any more.
    stale = {"readings": newer.sensors is not None, "fixes": newer.resources is not None}
    said = {
        name: getattr(newer if stale.get(name) or getattr(newer, name) is not None else older, name)
        for name in SAID
    }
    markers, whole = older.markers | newer.markers, older.whole | newer.whole
    return Changes(newer.now, records, markers, whole=whole, **said)


class Picture:
    """What is shown now. Read by layers and panels; changed by `apply` alone."""

    def __init__(self) -> None:
        self.now, self.city = Ms(0), ""
        self.areas, self.persons = dict[str, Area](), dict[str, Person]()
        self.people: dict[str, list[Person]] = defaultdict(list)
        self.places: dict[str, Place] = {}
        self.cameras: dict[str, Camera] = {}
        self.pipes, self.roads = dict[str, Pipe](), dict[str, Road]()
        self.features: dict[str, Feature] = {}
        self.credits: dict[str, Credit] = {}
        self.buildings: dict[str, Building] = {}
        self.recoloured: dict[str, BuildingColour] = {}
        self.building_colours: dict[str, str] = {}
        self.resources: dict[str, Resource] = {}
        self.events: dict[str, EventView] = {}
        self.alarms, self.alarms_of = dict[str, Alarm](), dict[str, list[Alarm]]()  # by device
        self.incidents, self.command_posts = dict[str, Incident](), dict[str, CommandPost]()
        self.warnings: dict[str, PublicWarning] = {}
        self.extents, self.joined = dict[str, Extent](), dict[str, JoinedEvent]()
        self.calls, self.proposals = dict[str, Call](), dict[str, GradeProposal]()
        self.directives, self.started_plans = dict[str, Directive](), dict[str, StartedPlan]()
        self.reports, self.phone_reports = dict[str, Report](), dict[str, PhoneReport]()
        self.losses, self.hand_outs = dict[str, Losses](), dict[str, HandOut]()
        self.findings, self.clues = dict[str, Finding](), dict[str, Clue]()
        self.whistles, self.summons = dict[str, Whistle](), dict[str, Summons]()
        self.ratings, self.payments = dict[str, Rating](), dict[str, Payment]()
        self.rises, self.supervisions = dict[str, Rise](), dict[str, Supervision]()
        self.councils, self.points = dict[str, Council](), dict[str, PlanPoint]()
        self.requests, self.answers = dict[str, Request](), dict[str, Answer]()
        self.monthly, self.measures = dict[str, MonthlyTopic](), dict[str, Measure]()
        # All, and by event or by sending.
        self.helps, self.helped = dict[str, CoHandling](), dict[str, list[CoHandling]]()
        self.tags, self.tags_of = dict[str, EventTag](), dict[str, list[EventTag]]()
        self.urges, self.urged = dict[str, Urge](), dict[str, list[Urge]]()
        self.countersigns, self.sitreps = dict[str, Countersign](), dict[str, SituationReport]()
        self.messages, self.decisions = dict[str, Message](), dict[str, Decision]()
        self.assignments: dict[str, Assignment] = {}
        self.assignment_steps = dict[str, AssignmentStep]()
        self.steps_of, self.sent = dict[str, list[AssignmentStep]](), dict[str, list[Assignment]]()
        self.trips, self.under_way = dict[str, Trip](), dict[str, Trip]()  # all, and the open ones
        self.engaged: dict[str, Trip] = {}  # the open trip, sent last, of each unit that has one
        self.conflicts, self.disputes = dict[str, Conflict](), dict[str, Dispute]()
        self.verdicts: dict[str, Verdict] = {}
        self.switches, self.modes = dict[str, SourceSwitch](), dict[str, Mode]()
        self.rule_rows, self.saved_views = dict[str, RuleRow](), dict[str, SavedView]()
        self.studies, self.study_uses = dict[str, Study](), dict[str, StudyUse]()
        self.scheduled, self.instructions = dict[str, ScheduledStudy](), dict[str, Instruction]()
        self.consultations, self.attendees = dict[str, Consultation](), dict[str, Attendee]()
        self.opinions, self.resolutions = dict[str, Opinion](), dict[str, Resolution]()
        self.clock_acts, self.free_injects = dict[str, ClockAct](), dict[str, FreeInject]()
        self.sent_injects, self.evaluations = dict[str, SentInject](), dict[str, Evaluation]()
        self.handovers, self.granted = dict[str, Handover](), dict[str, GrantedAct]()
        self.officers, self.duties = dict[str, Officer](), dict[str, Duty]()
        self.indicators, self.values = dict[str, Indicator](), dict[str, IndicatorValue]()
        self.stands: dict[str, Stand] = {}  # how each indicator stands by its values
        self.sensors, self.fixes = SensorArrays.of([]), FixArrays([])
        self.counters, self.sync, self.sight, self.space = Counters(), Sync(), Sight(), Space()
        self.channels: Mapping[str, Channel] = {}
        self.hidden: Mapping[str, str] = {}  # events of a restricted class, also closed ones: class
        self.unsent: frozenset[str] = frozenset()
        self.ages: dict[str, Ms] = {}
        self._newest_event = Ms(0)

    def hides(self, event: str) -> bool:
        """Whether nothing that was said of an event is told: it is of a restricted class."""
        view = self.events.get(event)
        return view.restricted if view is not None else event in self.hidden

    def title_of_hidden(self, event: str) -> str:
        """What stands for its words: the name of its class."""
        view = self.events.get(event)
        return restricted.title(view.cls if view is not None else self.hidden.get(event, ""))

    def trips_to(self, *subjects: str) -> list[Trip]:
        """All sendings to some of these."""
        return [self.trips[a.id] for key in dict.fromkeys(subjects) for a in self.sent.get(key, ())]

    def since(self, other: Picture) -> Changes:
        """What to tell who saw another picture and sees this one now."""
        shelves = zip(self._shelves().items(), other._shelves().values(), strict=True)
        records: dict[type[Any], dict[str, Any]] = {}
        for (kind, here), there in shelves:
            news = {key: record for key, record in here.items() if there.get(key) is not record}
            if len(here) - len(news) < len(there):  # some of there are others here, or gone
                news.update((key, None) for key in there if key not in here)
            if news:
                records[kind] = news
        markers = frozenset({Tick, Readings, Fixes, SyncState, Tallies})
        return Changes(self.now, records, markers)

    def copy(self) -> Picture:
        """One that stays as this is now; what both hold of records and shapes is shared."""
        other = Picture()
        for name, value in vars(self).items():
            setattr(other, name, copy(value) if isinstance(value, _HELD) else value)
        return other

    def apply(self, changes: Changes) -> None:
        """Bring the picture up to what a tick says."""
        self.now = changes.now
        for kind, records in changes.records.items():
            self._take(kind, records, kind in changes.whole)
        self._take_arrays(changes)
        for name in ("counters", "sync", "sight", "space", "channels", "unsent", "city",
                     "hidden"):  # fmt: skip
            if (value := getattr(changes, name)) is not None:
                setattr(self, name, value)
        # An hour without a new event is no old news: events are known up to the pool's last word,
        # or, where it has not been heard yet, up to the newest that was kept.
        self.ages["events"] = self.sync.pool_at or self._newest_event

    def _take(self, kind: type[Any], records: Mapping[str, Any], whole: bool) -> None:
        shelf = self._shelf(kind)
        if whole:
            shelf.clear()
        before = None if whole else {key: shelf.get(key) for key in records}
        shows = _SHOWS.get(kind, bool)  # a record is always true
        shelf.update(records)
        for key in [key for key, record in records.items() if not (record and shows(record))]:
            del shelf[key]
        self._derive(kind, records)
        self._regroup(kind, before)

    def _regroup(self, kind: type[Any], before: Mapping[str, Any] | None) -> None:
        """What stands by event or sending, anew for what changed: in years there are a hundred
        thousand. `before`: the records that changed as they were; None where all of them came."""
        if (held := self._groups().get(kind)) is not None:
            (groups, by), shelf = held, self._shelf(kind)
            if before is None:
                groups.clear()
            regroup(groups, by, dict.fromkeys(shelf) if before is None else before, shelf)
        if kind in (Assignment, AssignmentStep):
            self._follow_trips(kind, before)

    def _groups(self) -> dict[type[Any], tuple[dict[str, list[Any]], str]]:
        """What is grouped, and by which field of a record."""
        return {
            Urge: (self.urged, "event"), EventTag: (self.tags_of, "event"),
            CoHandling: (self.helped, "event"), AssignmentStep: (self.steps_of, "assignment"),
            Assignment: (self.sent, "subject"), Alarm: (self.alarms_of, "sensor"),
        }  # fmt: skip

    def _follow_trips(self, kind: type[Any], before: Mapping[str, Any] | None) -> None:
        if before is None:
            self.trips, self.under_way = {}, {}
        moved = self._sendings(kind, before)
        mine = [self.assignments[key] for key in moved if key in self.assignments]
        fresh = trips(mine, chain.from_iterable(self.steps_of.get(a.id, ()) for a in mine))
        for key in moved:
            self.under_way.pop(key, None)
            if key not in fresh:
                self.trips.pop(key, None)
        self.trips.update(fresh)
        self.under_way.update((key, trip) for key, trip in fresh.items() if trip.open)
        sent = sorted((t.assignment.sent_at, key) for key, t in self.under_way.items())
        self.engaged = {(t := self.trips[key]).assignment.resource: t for _, key in sent}

    def _sendings(self, kind: type[Any], before: Mapping[str, Any] | None) -> Iterable[str]:
        """Those of which something changed."""
        if before is None:
            return list(self.assignments)
        if kind is Assignment:
            return list(before)
        steps = (old or self.assignment_steps.get(key) for key, old in before.items())
        return dict.fromkeys(step.assignment for step in steps if step is not None)

    def _take_arrays(self, changes: Changes) -> None:
        if changes.sensors is not None:
            self.sensors = changes.sensors
        if changes.resources is not None:
            self.fixes = changes.resources
        if changes.readings is not None:
            self.sensors.take(changes.readings)
            self.ages["readings"] = Ms(int(self.sensors.at.max(initial=0)))
        if changes.fixes is not None:
            self.fixes.take(changes.fixes)
            self.ages["fixes"] = Ms(int(self.fixes.at.max(initial=0)))

    def _shelf(self, kind: type[Any]) -> dict[str, Any]:
        return self._shelves().get(kind, {})

    def _shelves(self) -> dict[type[Any], dict[str, Any]]:
        return {
            Area: self.areas, Person: self.persons, Place: self.places, Camera: self.cameras,
            Pipe: self.pipes, Road: self.roads, Feature: self.features, Building: self.buildings,
            BuildingColour: self.recoloured, Resource: self.resources, Event: self.events,
            Alarm: self.alarms, Incident: self.incidents, CommandPost: self.command_posts,
            Directive: self.directives, Conflict: self.conflicts, Indicator: self.indicators,
            IndicatorValue: self.values, Credit: self.credits, Dispute: self.disputes,
            Verdict: self.verdicts, SourceSwitch: self.switches, GradeProposal: self.proposals,
            Extent: self.extents, JoinedEvent: self.joined, Call: self.calls,
            Duty: self.duties, Mode: self.modes, Handover: self.handovers, GrantedAct: self.granted,
            Report: self.reports, PhoneReport: self.phone_reports, Losses: self.losses,
            HandOut: self.hand_outs, Finding: self.findings, Officer: self.officers,
            Request: self.requests, SituationReport: self.sitreps, Answer: self.answers,
            Countersign: self.countersigns, Message: self.messages, Decision: self.decisions,
            Assignment: self.assignments, AssignmentStep: self.assignment_steps,
            StartedPlan: self.started_plans, PublicWarning: self.warnings,
            RuleRow: self.rule_rows, SavedView: self.saved_views, ClockAct: self.clock_acts,
            FreeInject: self.free_injects, SentInject: self.sent_injects, PlanPoint: self.points,
            Evaluation: self.evaluations, Payment: self.payments, Clue: self.clues,
            Whistle: self.whistles, Summons: self.summons, Rating: self.ratings,
            Study: self.studies, StudyUse: self.study_uses, Measure: self.measures,
            Rise: self.rises, Supervision: self.supervisions, Council: self.councils,
            MonthlyTopic: self.monthly, Urge: self.urges, CoHandling: self.helps,
            EventTag: self.tags,
            ScheduledStudy: self.scheduled, Opinion: self.opinions,
            Consultation: self.consultations, Attendee: self.attendees,
            Resolution: self.resolutions, Instruction: self.instructions,
        }  # fmt: skip

    def _derive(self, kind: type[Any], records: Mapping[str, Any]) -> None:
        if kind in (Building, BuildingColour):
            self.building_colours = {b.id: b.colour for b in self.buildings.values()}
            self.building_colours.update((c.id, c.colour) for c in self.recoloured.values())
        elif kind is Person:
            self.people = defaultdict(list)
            for person in self.persons.values():
                self.people[person.area].append(person)
        elif kind in (Indicator, IndicatorValue):
            self.ages["values"] = max((v.at for v in self.values.values()), default=Ms(0))
            renew(self.stands, records, self.indicators, self.values)
        elif kind is Event:
            newest = (v.event.received_at for v in records.values() if v is not None)
            self._newest_event = max(newest, default=self._newest_event)


def regroup(
    groups: dict[str, list[Any]], by: str, before: Mapping[str, Any], now: Mapping[str, Any]
) -> None:
    """Keep lists of records, by a field that never changes, up with those of which `before` tells
    how they were."""
    for key, old in before.items():
        new = now.get(key)
        if (known := new or old) is None:
            continue
        some = groups.pop(group := getattr(known, by), [])
        some = [new if one is old else one for one in some] if old else [*some, new]
        if left := [one for one in some if one is not None]:
            groups[group] = left


_HELD = (dict, SensorArrays, FixArrays)
"""What a picture changes in place."""
_SHOWS: dict[type[Any], Callable[[Any], bool]] = {
    Alarm: lambda alarm: alarm.state != NORM,
    EventTag: lambda tag: bool(tag.stands),
    Dispute: lambda dispute: dispute.state == OPEN,
    Event: lambda view: view.open,
}
"""Of which kinds some records are left out; events come as views of them."""
