"""复盘重演: the journal of an incident of this station as the text of a scenario.

What came from outside (events, alarms, what the front told) becomes injects at their moments, with
whatever belongs to a person masked. What people did becomes expected acts of the last inject before
it, or of the event or device that it was about.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from commandwall import codes, deadlines, event_flow, geo
from commandwall.alarms import Alarm, rules, withdrawn
from commandwall.clock import HOUR, MINUTE, SECOND, Ms, day, day_start
from commandwall.directives import DIRECTIVE_ACKED, DONE, EXECUTING
from commandwall.dispatch import Assignment
from commandwall.drill import expected
from commandwall.drill.score import ON_THE_WAY, Deed, deeds_of
from commandwall.drill.toml_lines import written
from commandwall.events import NEW, Event, EventView, EventWork, fold, views
from commandwall.exchange import Message
from commandwall.incidents import CommandPost, Incident, events_of
from commandwall.masking import mask, without
from commandwall.people import Officer
from commandwall.posts import FRONT, first_post, side_of
from commandwall.posts import known as known_posts
from commandwall.public_warnings import PublicWarning
from commandwall.reporting import PHONE, PhoneReport, Report, reports_due
from commandwall.sensors import Sensor
from commandwall.sitreps import SituationReport
from commandwall.store.journal import AHEAD_LIMIT_BITS, Line
from commandwall.store.lines import contents
from commandwall.store.store import Reader

HOTLINE, ALARM, FAULT, VOICE, CALL = "hotline", "alarm", "fault", "front_voice", "above"
"""Rows of the list drill_channel."""
STATION, BY_PHONE = "station", "phone"
"""Rows of the list drill_seat."""
OBJECTIVE = "as_then"
ENDS = {
    event_flow.ACCEPTED: "C1", event_flow.DISPATCHED: "C2", event_flow.SIGNED: "C3",
    event_flow.ON_SCENE: "C4", event_flow.FEEDBACK: "C5", event_flow.CLOSED: "C6",
}  # fmt: skip
"""State of an event -> the clock that ends with it (list event_limit)."""
_LINES = (
    "SELECT * FROM journal WHERE hlc >= :since AND hlc < :until AND EXISTS "
    "(SELECT 1 FROM json_each(:ids) WHERE instr(body, value)) ORDER BY hlc, origin, seq"
)
_ABOUT = ("event", "subject", "assignment")
"""Fields by which records of events and units name what they are about."""
_LAST = "SELECT max(hlc) FROM journal WHERE hlc >= :since AND instr(body, :id)"


@dataclass(frozen=True, slots=True)
class Came:
    """Something that came from outside."""

    at: Ms
    channel: str
    sender: str
    to: str  # post
    text: str
    data: dict[str, str | float]
    place: tuple[float, float] | None  # degrees WGS-84
    subject: str = ""  # the event, or the device


@dataclass(frozen=True, slots=True)
class Span:
    """T+00:00, and the end, as they were."""

    begun: Ms
    end: Ms

    def tell(self, at: Ms) -> str:
        """T+65:10, where what came before the beginning is there at once."""
        seconds = max(0, at - self.begun) // SECOND
        return f"T+{seconds // 60:02d}:{seconds % 60:02d}"


def replayed(reader: Reader, incident: Incident) -> bytes:
    """The text of a scenario; what cannot stand in one is told by whoever reads it."""
    return _Past(reader, incident).text().encode()


class _Past:
    """All that the station knows of an incident."""

    def __init__(self, reader: Reader, incident: Incident) -> None:
        self.reader, self.incident = reader, incident
        keys = events_of(reader, incident)
        self.events = {key: _as_new(view) for key, view in views(reader, keys).items()}
        self.span = self._span()
        self.alarms = self._alarms()
        self._keys = self._own_keys()
        self.lines = self._lines()
        self.names = self._names()
        came = sorted(self._came(), key=lambda c: c.at)
        told = bool(came) and came[0].at <= incident.opened_at
        self.injects = came if told else [self._opening(), *came]

    def _span(self) -> Span:
        """From when the first of it was reported to the end; no longer than a scenario may be."""
        i = self.incident
        alarm = self.reader.get(Alarm, i.alarm)
        came = [i.opened_at, *(view.event.reported_at for view in self.events.values())]
        came += [alarm.raised_at] if alarm is not None else []
        since = i.opened_at << AHEAD_LIMIT_BITS
        last = self.reader.value(_LAST, since=since, id=i.id) or since
        end = Ms(i.closed_at or last >> AHEAD_LIMIT_BITS)
        longest = int(codes.limit("drill_hours") * HOUR) - 2 * MINUTE
        begun = max(min(came), end - longest)
        return Span(Ms(begun // SECOND * SECOND), end)

    def _alarms(self) -> list[Alarm]:
        """The one that it grew from, and those within its cordon while it lasted."""
        i, span = self.incident, self.span
        near = self.reader.many(Alarm, self._raised())
        return [
            a for a in near
            if not withdrawn(a) and (a.id == i.alarm or a.event in self.events or (
                span.begun <= a.raised_at <= span.end
                and geo.distance(a.lon, a.lat, i.lon, i.lat) <= i.radius_m
            ))
        ]  # fmt: skip

    def _raised(self) -> list[str]:
        sql = "SELECT id FROM alarm WHERE raised_at BETWEEN :a AND :b OR id = :own"
        span = self.span
        found = self.reader.rows(sql, a=span.begun, b=span.end, own=self.incident.alarm)
        return [str(key) for (key,) in found]

    def _lines(self) -> list[Line]:
        """All that tells of the incident, its events, its alarms, or units sent to one."""
        asked = [json.dumps(key, ensure_ascii=False) for key in self._keys]
        bounds = {"since": self.span.begun << AHEAD_LIMIT_BITS,
                  "until": (self.span.end + 1) << AHEAD_LIMIT_BITS}  # fmt: skip
        told = json.dumps(asked, ensure_ascii=False)
        rows = self.reader.rows(_LINES, ids=told, **bounds)
        found = (Line(*row) for row in rows)
        return [n for n in found if any(self._is_own(record) for record, _ in contents(n))]

    def _own_keys(self) -> frozenset[str]:
        keys = [self.incident.id, *self.events, *(a.id for a in self.alarms)]
        return frozenset({*keys, *(a.id for a in self.reader.many(Assignment, keys, "subject"))})

    def _is_own(self, record: Any) -> bool:
        """Whether a record is one of these, or about one: a line may tell of another as well."""
        about = (getattr(record, name, None) for name in ("incident", "id", *_ABOUT))
        return not self._keys.isdisjoint(about)

    def _names(self) -> list[str]:
        """Whoever is named: also a name that nothing shows to be one is masked where it stands."""
        records = [record for line in self.lines for record, _ in contents(line)]
        people = {line.person for line in self.lines} | {o.name for o in self.reader.find(Officer)}
        people |= {r.lead for r in records if isinstance(r, CommandPost)}
        came = self.reader.many(Event, list(self.events))  # also of those that are not shown
        people |= {event.person for event in (*came, *(v.event for v in self.events.values()))}
        return sorted(people - {""})

    # What came.

    def _came(self) -> Iterator[Came]:
        filed = {a.event for a in self.alarms if a.event}
        yield from (self._event(v) for key, v in self.events.items() if key not in filed)
        for alarm in self.alarms:
            yield (began := self._alarm(alarm))
            if began.channel == ALARM and alarm.cleared_at and alarm.cleared_at <= self.span.end:
                data = {**began.data, "value": _usual(alarm.cls)}
                yield replace(began, at=alarm.cleared_at, text=f"恢复正常 {began.text}", data=data)
        for line in self.lines:
            for record in filter(self._is_own, (record for record, _ in contents(line))):
                if isinstance(record, Message) and side_of(record.from_post) == FRONT:
                    yield self._said(record, record.from_post, record.to_post, record.text)
                elif isinstance(record, SituationReport):
                    parts = (
                        record.now,
                        record.casualties,
                        record.forces,
                        record.needs,
                        record.next,
                    )
                    yield self._said(record, record.post, "", "；".join(filter(None, parts)))

    def _opening(self) -> Came:
        """Where no event or alarm led to it: the warning that did, else its own title and place."""
        i = self.incident
        warned, sender, words = self.reader.get(PublicWarning, i.warned), "", (i.title, i.place)
        if warned is not None:
            sender, words = warned.issuer, (warned.headline, warned.text)
        text = "；".join(filter(None, words))
        return Came(i.opened_at, CALL, sender, self._post(i.post), text, {}, (i.lon, i.lat))

    def _event(self, view: EventView) -> Came:
        e = view.event
        source = codes.once("event_source", e.source)
        place = None if e.lon is None or e.lat is None else (e.lon, e.lat)
        to = self._taker(EventWork, e.id)
        sender = source.zh if source is not None else e.source
        return Came(e.reported_at, HOTLINE, sender, to, e.body or e.title, {"cls": view.cls},
                    place, e.id)  # fmt: skip

    def _alarm(self, a: Alarm) -> Came:
        """A value of a device within what its class can say; else words about its fault."""
        device = self.reader.get(Sensor, a.sensor)
        row, rule = codes.load("sensor_class").get(a.cls), codes.once("alarm_rules", a.rule)
        data: dict[str, str | float] = {"cls": a.cls if device is None else device.cls}
        data |= {"device": self._masked(device.name)} if device is not None else {}
        text = f"{rule.zh if rule is not None else a.rule} {device.name if device else ''}"
        if row is not None:
            data["value"] = min(max(a.value, float(row.facts["low"])), float(row.facts["high"]))
        elif device is None:
            data = {}
        channel = ALARM if row is not None else FAULT
        to = self._taker(Alarm, a.id)
        return Came(a.raised_at, channel, "", to, text, data, (a.lon, a.lat), a.sensor)

    def _said(self, record: Message | SituationReport, by: str, to: str, text: str) -> Came:
        post = codes.once("post", by)
        sender = post.zh if post is not None else by
        receiver = to if to in known_posts() else self.incident.post
        return Came(record.at, VOICE, sender, self._post(receiver), text, {}, None)

    def _taker(self, kind: type[Any], key: str) -> str:
        """The post that first did something with it, else that opened the incident."""
        first = (
            line.post for line in self.lines for record, _ in contents(line)
            if line.post and isinstance(record, kind) and record.id == key
        )  # fmt: skip
        return self._post(next(first, self.incident.post))

    def _post(self, post: str) -> str:
        return post if post in known_posts() else first_post("back")

    # What people did.

    def _expected(self) -> dict[int, list[str]]:
        """Number of an inject -> its expected acts."""
        found: dict[int, dict[str, str]] = {}
        limits = _Limits(self.incident, self.events)
        seen: dict[tuple[str, str], frozenset[str]] = {}
        persons = {f"{line.origin}/{line.seq}" for line in self.lines if line.post}
        for deed in deeds_of(self.reader, self.lines):
            key, due = (deed.thing, deed.subject), limits.due(deed)
            fresh = deed.states - seen.get(key, frozenset({NEW}))
            seen[key] = seen.get(key, frozenset({NEW})) | deed.states
            n = self._inject_of(deed)
            if deed.entry in persons and n is not None and self._is_own(deed.record):
                for state in _reached(deed, fresh):
                    act = f"{_named(deed)}.{state}"
                    found.setdefault(n, {}).setdefault(act, self._within(n, deed, due))
        return {n: [f"{act} {limit}" for act, limit in acts.items() if limit]
                for n, acts in found.items()}  # fmt: skip

    def _inject_of(self, deed: Deed) -> int | None:
        """Of an event or an alarm its own inject, where it has one; else the last before it."""
        before = [n for n, came in enumerate(self.injects) if self._shown(came) <= deed.at]
        if deed.thing in ("event", "alarm"):
            own = [n for n in before if self._own(self.injects[n], deed)]
            return own[0] if own else None
        return before[-1] if before else None

    def _shown(self, came: Came) -> int:
        return max(came.at // SECOND * SECOND, self.span.begun)

    def _own(self, came: Came, deed: Deed) -> bool:
        filed = {a.event: a.sensor for a in self.alarms}
        return came.subject in (deed.subject, filed.get(deed.subject, deed.subject))

    def _within(self, n: int, deed: Deed, due: Ms | None) -> str:
        """The dated limit, else the time it took, in whole minutes; "" beyond what may be asked."""
        since = self._shown(self.injects[n])
        longest = codes.limit("drill_within_hours") * HOUR
        if due is not None and SECOND <= due - since <= longest:
            return f"within {(due - since) // SECOND}s"
        minutes = max(1, -(-(deed.at - since) // MINUTE))
        return f"within {minutes}min" if minutes * MINUTE <= longest else ""

    # The text.

    def _masked(self, text: str) -> str:
        for name in self.names:
            text = without(text, name)
        return mask(text).strip()[: int(codes.limit("drill_text"))] or "—"

    def text(self) -> str:
        return "\n".join([*self._head(), *self._players(), *self._injects(), ""])

    def _head(self) -> Iterator[str]:
        i, span = self.incident, self.span
        title = written(self._masked(i.title))
        seconds = (span.begun - day_start(span.begun)) // SECOND
        clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        ends = Ms(span.begun + (-(-(span.end - span.begun) // MINUTE) + 1) * MINUTE)
        yield "# 据本台大事记生成，已脱敏；时限取自规定，无规定的取当时用时。"
        yield "# From this station's journal, masked; limits by the rules, else the time it took."
        yield f"format = 1\nid = {written(f'replay_{i.id[:8]}')}\nversion = 1"
        yield f'zh = {title}\nen = {title}\ntype = "replay"\nkind = {written(i.kind)}'
        yield f"clock = {clock}\nends = {written(span.tell(ends))}\n"
        yield f'[[objective]]\nid = "{OBJECTIVE}"\nzh = "按当时处置"\nen = "As it was handled"\n'

    def _players(self) -> Iterator[str]:
        """Who acted then; what the front does is played by the controller."""
        acted = {line.post for line in self.lines} & known_posts().keys()
        posts = acted | {came.to for came in self.injects}
        for post in (post for post in known_posts() if post in posts):
            seat = BY_PHONE if side_of(post) == FRONT else STATION
            yield f"[[player]]\npost = {written(post)}\nseat = {written(seat)}\n"

    def _injects(self) -> Iterator[str]:
        acts = self._expected()
        for n, came in enumerate(self.injects):
            yield from self._inject(f"i{n + 1:02d}", came, acts.get(n, []))

    def _inject(self, key: str, came: Came, acts: Sequence[str]) -> Iterator[str]:
        words = written(self._masked(came.text))
        yield f"[[inject]]\nid = {written(key)}\nat = {written(self.span.tell(came.at))}"
        yield f"channel = {written(came.channel)}\nto = {written(came.to)}"
        if came.sender:
            yield f"from = {written(came.sender)}"
        yield f"zh = {words}\nen = {words}\nobjective = {written(OBJECTIVE)}"
        if came.data:
            yield f"data = {{ {_pairs(came.data.items())} }}"
        if came.place is not None:
            yield "lon = {}\nlat = {}".format(*map(written, came.place))
        if acts:
            yield "\n".join(["expect = [", *(f"    {written(act)}," for act in acts), "]"])
        yield ""


def _usual(cls: str) -> float:
    """A value of a class at which none of its rules raises an alarm."""
    mine = [rule for rule in rules() if rule.cls == cls]
    facts = codes.load("sensor_class")[cls].facts
    low = max((r.threshold for r in mine if r.low_bad), default=None)
    high = min((r.threshold for r in mine if not r.low_bad), default=None)
    if low is None:
        return float(facts["low"])
    return float(facts["high"]) if high is None else (low + high) / 2


def _situation(s: SituationReport) -> str:
    return "；".join(filter(None, (s.now, s.casualties, s.forces, s.needs, s.next)))


def _pairs(data: Iterable[tuple[str, str | float]]) -> str:
    return ", ".join(f"{key} = {written(value)}" for key, value in data)


def _as_new(view: EventView) -> EventView:
    """As the city told it first: what it became since is what people did."""
    return replace(view, event=replace(view.event, state=NEW, closed_at=None))


def _named(deed: Deed) -> str:
    """directive(verb=cordon, to=front): the fields whose codes are known today."""
    lists = codes.load("drill_expect")[deed.thing].facts["fields"]
    told = [f"{f}={deed.fields[f]}" for f, name in lists.items()
            if deed.fields.get(f) in codes.load(name)]  # fmt: skip
    return f"{deed.thing}({', '.join(told)})" if told else deed.thing


def _reached(deed: Deed, fresh: frozenset[str]) -> list[str]:
    """What it came to by this act: its own state, where that is new."""
    known = fresh & expected.states(codes.load("drill_expect")[deed.thing]).keys()
    if deed.thing == "alarm":  # of the readings come the other states
        return [DIRECTIVE_ACKED] if DIRECTIVE_ACKED in known else []
    if deed.thing == "directive":  # nobody has to refuse one, or to take it back
        known &= set(ON_THE_WAY)
    own = getattr(deed.record, "state", "")
    return [own] if own in known else sorted(known)


class _Limits:
    """By when each act was due by the rules, asked in the order of the journal."""

    def __init__(self, incident: Incident, events: dict[str, EventView]) -> None:
        self._incident, self._events = incident, events
        self._works: dict[str, EventWork] = {}
        self._reports: list[Report] = []
        self._calls: list[PhoneReport] = []

    def due(self, deed: Deed) -> Ms | None:
        """None where no dated row says."""
        record = deed.record
        if isinstance(record, EventWork):
            return self._event(record)
        if isinstance(record, Report | PhoneReport):
            return self._report(record)
        if deed.thing == "directive":
            return _directive(record)
        return None

    def _event(self, work: EventWork) -> Ms | None:
        before, self._works[work.id] = self._works.get(work.id), work
        view = self._events.get(work.id)
        if view is None:
            return None
        clocks = deadlines.clocks(fold(view.event, before))
        return next((c.due for c in clocks if c.step == ENDS.get(work.state)), None)

    def _report(self, record: Report | PhoneReport) -> Ms | None:
        dues = reports_due(self._incident, self._reports, self._calls)
        step = PHONE if isinstance(record, PhoneReport) else record.kind
        if isinstance(record, Report):
            self._reports.append(record)
        else:
            self._calls.append(record)
        return next((due.due for due in dues if due.step == step), None)


def _directive(d: Any) -> Ms | None:
    rows = codes.load("directive_limit", day(d.issued_at or d.changed_at))
    if d.state == DIRECTIVE_ACKED:
        return Ms(d.issued_at + int(rows["ack"].facts["seconds"]) * SECOND)
    if d.state == EXECUTING and d.acked_at is not None:
        return Ms(d.acked_at + int(rows["start"].facts["seconds"]) * SECOND)
    due: Ms | None = d.due_at if d.state == DONE else None
    return due
