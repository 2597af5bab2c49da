"""The past 回看: the picture of any moment since this station keeps a log of what changes.

It begins with a picture of now and takes back all that came since: rows of the city and records of
stations by their logs (`store.undo`), readings and positions from telemetry.db. There are two
notions of a moment: what had HAPPENED by then, whenever this station heard of it, and what this
station KNEW then. An act happened by its hybrid clock, an alarm by the reading that changed it; of
the city's rows only reporting and closing say when they happened, the rest counts as known, also
that a row comes again after the city withdrew it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandwall import codes, tallies
from commandwall.alarms import Alarm, of_value
from commandwall.arrays import TRAIL, SensorArrays
from commandwall.clock import HOUR, MINUTE, SECOND, Ms, day
from commandwall.directives import Directive
from commandwall.events import Event, EventView, EventWork, FiledEvent, fold
from commandwall.incidents import Incident
from commandwall.picture import Changes, Picture
from commandwall.resources import FIX_DTYPE, track_gap
from commandwall.sensors import READING_DTYPE, STALE, Sensor
from commandwall.store import lines, telemetry, undo
from commandwall.store.journal import AHEAD_LIMIT_BITS, Line, Version
from commandwall.store.pulse import Sync
from commandwall.store.schema import MIRROR, WALL, kinds, table_of
from commandwall.store.sight import Sight
from commandwall.store.store import Reader

HAPPENED, KNEW = "happened", "knew"
EVENT_KINDS: tuple[type[Any], ...] = (Event, EventWork, FiledEvent)
TRACK = 20 * MINUTE
"""So much of a trail is shown."""
LOST = 2 * HOUR
"""So long a unit that is not heard any more stands where it was heard last."""
Then = dict[type[Any], dict[str, Any]]
"""Kind -> id -> the record as it was; None where it was not there."""
_LINE = {
    (HAPPENED, True): "SELECT min(hlc) >> 16 FROM journal WHERE hlc >= (:second + 1000) << 16",
    (HAPPENED, False): "SELECT max(hlc) >> 16 FROM journal WHERE hlc < :second << 16",
    (KNEW, True): "SELECT min(at) FROM wall_log WHERE at >= :second + 1000 AND kind <> ''",
    (KNEW, False): "SELECT max(at) FROM wall_log WHERE at < :second AND kind <> ''",
}
"""The moments beside a moment at which something was written, by both notions."""
_BEGAN = "SELECT (SELECT min(at) FROM mirror_log), (SELECT min(at) FROM wall_log)"
_LAST = "coalesce((SELECT seq FROM {log} WHERE +at <= :t ORDER BY seq DESC LIMIT 1), 0)"
"""The last entry of a log that was written by a moment. What came before it was known then too,
whatever a clock said that was wrong ahead or was set back since."""
_LOG = f"SELECT at, kind, body FROM {{log}} WHERE seq > {_LAST} AND kind <> '' ORDER BY seq DESC"
_BEFORE = (
    f"SELECT at, body FROM mirror_log WHERE seq <= {_LAST.format(log='mirror_log')} "
    "AND kind = 'event' ORDER BY seq DESC"
)
_LATER = "SELECT DISTINCT record FROM told WHERE hlc >= :h"
_TOLD = (
    "SELECT told.record, journal.* FROM json_each(:keys) CROSS JOIN told ON told.record = value "
    "AND told.hlc < :h JOIN journal ON journal.hlc = told.hlc AND journal.origin = told.origin "
    "ORDER BY journal.hlc, journal.origin"
)


@dataclass(slots=True)
class Question:
    """A moment that is asked for; who asks may cancel it, and sees how far it is."""

    at: Ms
    by: str = HAPPENED
    share: float = 0.0
    cancelled: bool = False

    def reached(self, share: float) -> None:
        """CancelledError where nobody wants the answer any more."""
        if self.cancelled:
            raise CancelledError
        self.share = share


@dataclass(frozen=True, slots=True)
class Reach:
    """From when on each part is known; before that it is not, and nobody guesses."""

    city: Ms
    acts: Ms
    readings: Ms
    fixes: Ms

    @property
    def since(self) -> Ms:
        """The first moment that can be shown; devices and units may be unknown still."""
        return max(self.city, self.acts)


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that stands out: an alarm with its severity, a directive, a decision."""

    at: Ms
    kind: type[Any]
    severity: int = 0


def reach(reader: Reader, now: Ms) -> Reach:
    """From when on this station can look back."""
    (began,) = reader.rows(_BEGAN)
    kept = [telemetry.since(reader.folder, name) for name in (telemetry.READINGS, telemetry.FIXES)]
    return Reach(*(Ms(now if at is None else at) for at in (*began, *kept)))


def at(reader: Reader, base: Picture, question: Question) -> Picture:
    """The picture of a moment, made of `base`: a copy of the picture as it was when this was asked,
    or at any time after the moment.

    CancelledError where the question was cancelled meanwhile.
    """
    picture, moment = base, question.at
    question.reached(0.0)
    then = _taken_back(reader, question)
    question.reached(0.4)
    now_views, views = _views(reader, then)
    records = {kind: rows for kind, rows in then.items() if kind not in EVENT_KINDS}
    counters = tallies.count(reader, moment, tallies.usual(reader, moment))
    counters = tallies.moved(counters, now_views.values(), views.values(), moment)
    question.reached(0.6)
    sync = Sync(agent_at=moment, pool_at=moment)
    records[Event] = views
    picture.apply(
        Changes(
            moment,
            records,
            counters=counters,
            sync=sync,
            sight=Sight(),
            unsent=frozenset(),
            channels={},
        )
    )
    picture.sensors.take(_readings(reader, picture, moment))
    question.reached(0.9)
    _place(picture, _heard(reader, picture.fixes.no, moment))
    picture.apply(Changes(moment))
    return picture


def marks(reader: Reader, since: Ms, until: Ms) -> list[Mark]:
    """What stands out between two moments, oldest first."""
    span = {"a": since, "b": until}
    raised = reader.rows(
        "SELECT raised_at, severity FROM alarm WHERE raised_at BETWEEN :a AND :b", **span
    )
    issued = reader.rows(
        "SELECT issued_at FROM directive WHERE issued_at BETWEEN :a AND :b", **span
    )
    decided = reader.rows(
        "SELECT DISTINCT hlc >> 16 FROM told WHERE hlc BETWEEN :a << 16 AND (:b + 1) << 16 "
        "AND record BETWEEN 'incident:' AND 'incident;'",
        **span,
    )
    found = [Mark(Ms(at), Alarm, severity) for at, severity in raised]
    found += [Mark(Ms(at), Directive) for (at,) in issued]
    found += [Mark(Ms(at), Incident) for (at,) in decided]
    return sorted(found, key=lambda mark: mark.at)


def line_beside(reader: Reader, at: Ms, by: str, onward: bool) -> Ms | None:
    """The end of the next second in which a line was written, or one came here; `onward`: else
    of the one before. None where there is none."""
    found = reader.value(_LINE[by, onward], second=at // SECOND * SECOND)
    return None if found is None else Ms(found // SECOND * SECOND + SECOND - 1)


# -- what was written ----------------------------------------------------------------------------


def _taken_back(reader: Reader, question: Question) -> Then:
    """All records that changed since a moment, as they were then."""
    moment, knew = question.at, question.by == KNEW
    then: Then = {}
    for home, log in ((MIRROR, "mirror_log"), (WALL, "wall_log")):
        for name, entries in _entries(reader, log, moment).items():
            kind = kinds(home).get(name)
            if kind is not None and (knew or home == MIRROR or table_of(kind).info["local"]):
                then[kind] = _rewound(reader, kind, entries, question)
        question.reached(0.2)
    return then if knew else {**then, **_told(reader, moment)}


def _entries(reader: Reader, log: str, moment: Ms) -> dict[str, list[tuple[Ms, undo.Entry]]]:
    found: dict[str, list[tuple[Ms, undo.Entry]]] = defaultdict(list)
    for written, kind, body in reader.rows(_LOG.format(log=log), t=moment):
        found[kind].append((written, undo.read(body)))
    return found


def _rewound(
    reader: Reader, kind: type[Any], entries: list[tuple[Ms, undo.Entry]], question: Question
) -> dict[str, Any]:
    ids = list({key for _, entry in entries for key in entry.ids()})
    names = list(kind.__slots__)
    now = {r.id: {n: getattr(r, n) for n in names} for r in reader.many(kind, ids)}
    happened = _KNEW if question.by == KNEW else HAPPENS.get(kind, _KNEW)
    older = _events_before(reader, question) if kind is Event else ()
    rows = undo.rewind(now, entries, question.at, happened, older)
    whole = {key: f for key, f in rows.items() if f is not None and len(f) == len(names)}
    return {key: kind(**whole[key]) if key in whole else None for key in rows}


def _events_before(reader: Reader, question: Question) -> Iterator[tuple[Ms, undo.Entry]]:
    """What was written of the city's events up to a moment, from the newest back."""
    for written, body in reader.each(_BEFORE, t=question.at):
        question.reached(question.share)
        yield written, undo.read(body)


def _known(before: undo.Fields | None, after: undo.Fields | None, written: Ms) -> Ms:
    return written


def _by_alarm(before: undo.Fields | None, after: undo.Fields | None, written: Ms) -> Ms:
    return Ms(after["changed_at"]) if after else written


def _by_city(before: undo.Fields | None, after: undo.Fields | None, written: Ms) -> Ms:
    """An event happened when it was reported, and its closing when it was closed."""
    if after is None:
        return written
    closed = after.get("closed_at")
    if before is None:
        return Ms(closed or after["reported_at"])
    return Ms(closed) if closed and not before.get("closed_at") else written


_KNEW: undo.Happened = _known
HAPPENS: Mapping[type[Any], undo.Happened] = {Event: _by_city, Alarm: _by_alarm}


def _told(reader: Reader, moment: Ms) -> Then:
    """Records of which lines tell that came after a moment, folded from the lines before."""
    edge = (moment + 1) << AHEAD_LIMIT_BITS
    then: Then = defaultdict(dict)
    known = {n: k for n, k in kinds(WALL).items() if not table_of(k).info["local"]}
    keys = [key for (key,) in reader.rows(_LATER, h=edge) if key.partition(":")[0] in known]
    for key in keys:
        then[known[key.partition(":")[0]]][key.partition(":")[2]] = None
    said: dict[tuple[str, int], dict[str, tuple[Any, Version]]] = {}
    stands: dict[str, Version] = {}
    for key, *row in reader.rows(_TOLD, h=edge, keys=json.dumps(keys)):
        line = Line(*row)
        if (here := (line.origin, line.seq)) not in said:
            said[here] = {lines.key_of(told[0]): told for told in lines.contents(line)}
        if (told := said[here].get(key)) is not None:
            (record, seen), id_ = told, key.partition(":")[2]
            shelf = then[type(record)]
            saw = lines.is_seen(seen, stands.get(key, (0, "")))
            shelf[id_], wins = lines.followed(shelf[id_], record, saw)
            stands[key] = (line.hlc, line.origin) if wins else stands[key]
    return dict(then)


def _views(reader: Reader, then: Then) -> tuple[dict[str, EventView], dict[str, EventView | None]]:
    """The events that are not as they were: as they are, and as they were."""
    keys = sorted({key for kind in EVENT_KINDS for key in then.get(kind, {})})
    held = {kind: {r.id: r for r in reader.many(kind, keys)} for kind in EVENT_KINDS}
    was = {kind: {**held[kind], **then.get(kind, {})} for kind in EVENT_KINDS}
    now = {key: view for key in keys if (view := _view(held, key)) is not None}
    hidden = {key: view.cls for key, view in now.items() if view.restricted}
    return now, {key: _view(was, key, hidden.get(key, "")) for key in keys}


def _view(
    rows: Mapping[type[Any], Mapping[str, Any]], key: str, hidden: str = ""
) -> EventView | None:
    """`hidden`: a restricted class that it has got; it tells no more of any moment since."""
    row, work = rows[Event].get(key) or rows[FiledEvent].get(key), rows[EventWork].get(key)
    if row is not None and hidden:
        row, work = replace(row, cls=hidden), replace(work, cls="") if work is not None else None
    return None if row is None else fold(row, work)


# -- what was measured ---------------------------------------------------------------------------


def _readings(reader: Reader, picture: Picture, moment: Ms) -> dict[str, NDArray[Any]]:
    """Live columns of the devices, by the moment of each reading; what nobody heard is silent."""
    sensors = picture.sensors
    limit = _limits(reader, sensors, moment)
    found = _newest(reader, sensors.no, limit, moment)
    at = np.zeros(len(sensors.no), np.int64)
    value = np.full(len(sensors.no), np.nan, np.float32)
    quality = np.full(len(sensors.no), STALE, np.uint8)
    rows = np.searchsorted(sensors.no, found["no"])
    at[rows], value[rows], quality[rows] = found["at"], found["value"], found["quality"]
    quality[moment - at > limit] = STALE
    severity = np.zeros(len(sensors.no), np.uint8)
    for alarm in picture.alarms.values():
        row = sensors.row_of.get(alarm.sensor)
        if row is not None and alarm.cleared_at is None and of_value(alarm):
            severity[row] = alarm.severity
    return {"value": value, "at": at, "quality": quality, "severity": severity}


def _limits(reader: Reader, sensors: SensorArrays, moment: Ms) -> NDArray[np.float64]:
    """After how many milliseconds each device is silent."""
    columns = reader.columns(Sensor, ("no", "period_s"))
    period = np.zeros(max(int(sensors.no.max(initial=-1)), max(columns["no"], default=-1)) + 1)
    period[columns["no"]] = columns["period_s"]
    limit: NDArray[np.float64] = codes.limit("silent_periods", day(moment)) * SECOND * period
    return limit[sensors.no]


def _newest(
    reader: Reader, numbers: NDArray[np.intp], limit: NDArray[np.float64], moment: Ms
) -> NDArray[np.void]:
    """The newest reading of each device up to a moment: first of the last minutes; then, of those
    that report seldom, as far back as they may be silent."""
    folder = reader.folder
    near = telemetry.within(folder, telemetry.READINGS, READING_DTYPE, (moment, telemetry.SPAN))
    near = last_of_each(near[np.isin(near["no"], numbers)])
    seldom = ~np.isin(numbers, near["no"]) & (limit > telemetry.SPAN)
    if not seldom.any():
        return near
    back = int(limit[seldom].max())
    span = moment, back
    far = telemetry.within(folder, telemetry.READINGS, READING_DTYPE, span, numbers[seldom])
    return np.concatenate([near, last_of_each(far)])


def last_of_each(rows: NDArray[np.void]) -> NDArray[np.void]:
    """The newest row of each number."""
    rows = rows[np.lexsort((rows["at"], rows["no"]))]
    return rows[np.flatnonzero(np.diff(rows["no"].astype(np.int64), append=-1) != 0)]


def _heard(reader: Reader, numbers: NDArray[np.intp], moment: Ms) -> NDArray[np.void]:
    """Positions of the last minutes; of a unit that was not heard in them the last one before."""
    folder = reader.folder
    near = telemetry.within(folder, telemetry.FIXES, FIX_DTYPE, (moment, TRACK), numbers)
    missing = numbers[~np.isin(numbers, near["no"])]
    if not len(missing):
        return near
    far = telemetry.within(folder, telemetry.FIXES, FIX_DTYPE, (moment, LOST), missing)
    return np.concatenate([near, last_of_each(far)])


def _place(picture: Picture, rows: NDArray[np.void]) -> None:
    """Positions and trails of the units."""
    fixes, n = picture.fixes, len(picture.fixes.no)
    fixes.lon, fixes.lat = np.full(n, np.nan), np.full(n, np.nan)
    fixes.at, fixes.trail = np.zeros(n, np.int64), np.full((n, TRAIL, 2), np.nan)
    rows = rows[np.isin(rows["no"], fixes.no)]
    rows = rows[np.lexsort((rows["at"], rows["no"]))]
    row_of = np.searchsorted(fixes.no, rows["no"])
    edges = np.flatnonzero(np.diff(row_of, prepend=-1, append=-1) != 0)
    for start, end in pairwise(edges.tolist()):
        row, path = row_of[start], rows[start:end][-TRAIL:]
        last = path[-1]
        fixes.lon[row], fixes.lat[row], fixes.at[row] = last["lon"], last["lat"], last["at"]
        points = np.column_stack([path["lon"], path["lat"]])
        after_gap = np.flatnonzero(np.diff(path["at"]) > track_gap()) + 1
        points = np.insert(points, after_gap, np.nan, axis=0)[-TRAIL:]
        fixes.trail[row, -len(points) :] = points
