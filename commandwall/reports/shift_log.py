"""The day log 值班日志 that writes itself: the lines of the journal since the last hand-over here,
the grave alarms and the urgent events that came, each as a line for people that leads to its thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from commandwall import codes, events, handover
from commandwall.alarms import OPENED, Alarm, class_list, of_value
from commandwall.areas import CITY, TOWN, Area
from commandwall.clock import HOUR, Ms, day
from commandwall.clues import Clue
from commandwall.dispatch import Assignment
from commandwall.events import Event
from commandwall.plain import plain
from commandwall.reentry import EVENT, LINE, PaperEntry
from commandwall.reports.review import said
from commandwall.reports.speech import Speech, clock
from commandwall.selfcheck import LIST as CHECKS
from commandwall.selfcheck import SelfCheck, listed
from commandwall.store.journal import AHEAD_LIMIT_BITS, Line
from commandwall.store.lines import contents
from commandwall.store.store import Reader

OF, ALARM, INCIDENT = "event", "alarm", "incident"
THINGS = (OF, INCIDENT, ALARM)
CLUE, SENDING = "clue", "assignment"
VIA = (CLUE, SENDING)
"""What only leads to a thing."""
OF_EVENT = frozenset({"eventwork", "filedevent", "supervision"})
"""Kinds whose id is that of an event."""
_LINES = (
    "SELECT * FROM journal WHERE hlc >= :since AND hlc < :until AND post <> ''"
    " ORDER BY hlc DESC, origin, seq LIMIT :n"
)
_COUNT = "SELECT count(*) FROM journal WHERE hlc >= :since AND hlc < :until AND post <> ''"
_GRAVE = (
    "SELECT * FROM alarm WHERE raised_at >= :since AND raised_at < :until AND severity <= :worst"
)
_URGENT = (
    f"SELECT * FROM event WHERE {events.IS_OPEN} AND urgency <= :worst"
    " AND received_at >= :since AND received_at < :until ORDER BY received_at DESC LIMIT :n"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log: when, by whom, what, and the thing that it is about ("" for none)."""

    at: Ms
    who: str  # the post, or where it came from
    act: str
    what: str
    kind: str = ""  # OF, ALARM, INCIDENT
    id: str = ""
    by: str = ""  # the person of the post: a wall masks the name, paper does not


@dataclass(frozen=True, slots=True)
class Log:
    """The newest lines of a span, oldest first, and how many older ones of it are left out."""

    since: Ms
    until: Ms
    entries: tuple[Entry, ...]
    left: int


def begun(reader: Reader, now: Ms) -> Ms:
    """Since when this shift runs: the last hand-over to this station, but no longer ago than the
    limit `shift_hours` says."""
    most = Ms(int(now - codes.limit("shift_hours", day(now)) * HOUR))
    return max(most, handover.taken_at(reader) or most)


def read(reader: Reader, since: Ms, until: Ms, speech: Speech) -> Log:
    """The log of a span; at most as many lines as the limit `shift_lines` says."""
    most = int(codes.limit("shift_lines", day(until)))
    place = Places(reader).name
    span = {"since": since << AHEAD_LIMIT_BITS, "until": (until + 1) << AHEAD_LIMIT_BITS}
    rows = reader.rows(_LINES, **span, n=most)
    told = [_entry(Line(*row), speech) for row in reversed(rows)]
    told = _of_their_events(reader, told)
    told += _alarms(reader, since, until, speech, place)
    told = _with_titles(reader, told)
    told += _events(reader, since, until, most, speech, place)
    told.sort(key=lambda entry: entry.at)
    over = int(reader.value(_COUNT, **span)) - len(rows)
    return Log(since, until, tuple(told[-most:]), over + max(0, len(told) - most))


def _with_titles(reader: Reader, entries: Sequence[Entry]) -> list[Entry]:
    """What was done to an event says to which; of a restricted one nothing else is told."""
    found = events.views(reader, list({e.id: None for e in entries if e.kind == OF}))
    hidden = {key for key, view in found.items() if view.restricted}
    titles = {key: plain(view.event.headline, 40) for key, view in found.items()}
    return [
        replace(e, what="　".join(dict.fromkeys(filter(None, (
            titles[e.id], "" if e.id in hidden else e.what)))))
        if e.kind == OF and e.id in titles else e
        for e in entries
    ]  # fmt: skip


def _of_their_events(reader: Reader, entries: Sequence[Entry]) -> list[Entry]:
    """What was written of a clue or of a unit's way is of the event that it belongs to."""
    ids = {kind: [e.id for e in entries if e.kind == kind] for kind in VIA}
    of = {(CLUE, one.id): (OF, one.event) for one in reader.many(Clue, ids[CLUE])}
    sent = reader.many(Assignment, ids[SENDING])
    of |= {(SENDING, one.id): (one.kind, one.subject) for one in sent}
    return [_led(e, *of.get((e.kind, e.id), ("", ""))) if e.kind in VIA else e for e in entries]


def _led(entry: Entry, kind: str, id_: str) -> Entry:
    """To a thing of a page; nowhere where it is of none."""
    known = bool(id_) and kind in THINGS
    return replace(entry, kind=kind if known else "", id=id_ if known else "")


class Places:
    """The areas of the city by their codes, without outlines."""

    def __init__(self, reader: Reader) -> None:
        columns = reader.columns(Area, ("id", "name", "parent", "level"))
        rows = zip(*columns.values(), strict=True)
        self._known = {id_: (name, parent, level) for id_, name, parent, level in rows}

    def towns(self) -> list[str]:
        """Codes of the city and its towns."""
        return [id_ for id_, (_, _, level) in self._known.items() if level <= TOWN]

    def around(self, code: str) -> list[str]:
        """An area and those that hold it, smallest first."""
        found: list[str] = []
        while code in self._known and code not in found:
            found.append(code)
            code = self._known[code][1]
        return found

    def name(self, code: str) -> str:
        """Names from the town down to the area; "" for the city itself."""
        below = [self._known[c] for c in reversed(self.around(code))]
        return plain(" ".join(name for name, _, level in below if level != CITY))


def alarm_title(alarm: Alarm, speech: Speech) -> str:
    """燃气 27 %LEL; of a fault its name alone, of an opening that of its rule."""
    if alarm.cls == OPENED:
        return speech.named("alarm_rules", alarm.rule)
    name = speech.named(class_list(alarm.cls), alarm.cls)
    return f"{name} {alarm.value:.4g} {alarm.unit}".strip() if of_value(alarm) else name


def _entry(line: Line, speech: Speech) -> Entry:
    return replace(_told(line, speech.named("post", line.post), speech), by=line.person)


def _told(line: Line, who: str, speech: Speech) -> Entry:
    kind, id_ = next(_leads(line), ("", ""))
    found = next((r for r, _ in contents(line) if isinstance(r, PaperEntry)), None)
    if found is not None:
        return _re_entered(found, who, line, speech)
    checked = next((r for r, _ in contents(line) if isinstance(r, SelfCheck)), None)
    if checked is not None:
        return Entry(line.at, who, speech.named("act", line.act), _checked(checked, speech))
    return Entry(line.at, who, speech.named("act", line.act), plain(said(line, speech)), kind, id_)


def _checked(check: SelfCheck, speech: Speech) -> str:
    wrong = "、".join(speech.named(CHECKS, one) for one in listed(check.attention))
    return speech.tr("注意：{names}", names=wrong) if wrong else speech.tr("全部正常")


def _re_entered(entry: PaperEntry, who: str, line: Line, speech: Speech) -> Entry:
    """At the moment that stood on the paper."""
    known = entry.step if entry.step not in (EVENT, LINE) else line.act
    act = speech.tr("{act}（补录）", act=speech.named("act", known)) if known == entry.step else (
        speech.named("act", known))  # fmt: skip
    told = speech.tr("{text}（{who} 纸上记，{at} 录）", text=entry.text,
                     who=entry.writer, at=clock(entry.at))  # fmt: skip
    return Entry(entry.told_at, who, act, plain(told), OF if entry.subject else "",
                 entry.subject)  # fmt: skip


def _leads(line: Line) -> Iterator[tuple[str, str]]:
    """What the records of a line are about, the nearest first."""
    for record, _ in contents(line):
        name = type(record).__name__.lower()
        if name in OF_EVENT:
            yield OF, record.id
        elif name in (ALARM, INCIDENT, CLUE):
            yield name, record.id
        else:
            yield from _named(record)


def _named(record: Any) -> Iterator[tuple[str, str]]:
    """By the fields that are called as what they hold, or by kind and subject."""
    about: Any = getattr(record, "subject", "")
    if about and getattr(record, "kind", "") in THINGS:
        yield record.kind, about
    for kind in (*THINGS, SENDING):
        if isinstance(of := getattr(record, kind, ""), str) and of:
            yield kind, of


def _alarms(
    reader: Reader, since: Ms, until: Ms, speech: Speech, place: Callable[[str], str]
) -> list[Entry]:
    worst = int(codes.limit("shift_severity", day(until)))
    rows = reader.rows(_GRAVE, since=since, until=until + 1, worst=worst)
    found = [Alarm(*row) for row in rows]
    return [
        Entry(a.raised_at, speech.tr("设备"), speech.named("alarm_priority", str(a.severity)),
              f"{alarm_title(a, speech)}　{place(a.area)}", ALARM, a.id)
        for a in found
    ]  # fmt: skip


def _events(
    reader: Reader, since: Ms, until: Ms, most: int, speech: Speech, place: Callable[[str], str]
) -> list[Entry]:
    """The newest that came in urgent and are open still; what was done to the others is in the
    journal."""
    worst = int(codes.limit("shift_urgency", day(until)))
    rows = reader.rows(_URGENT, since=since, until=until + 1, worst=worst, n=most)
    found = events.folded(reader, [Event(*row) for row in rows])
    return [
        Entry(v.event.received_at, speech.named("event_source", v.event.source),
              speech.tr("接报"), f"{plain(v.event.headline, 60)}　{place(v.event.area)}".strip(),
              OF, v.event.id)
        for v in found
    ]  # fmt: skip
