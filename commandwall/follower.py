"""The follower: watches the files for what others wrote, and makes `Changes` of it.

It asks `PRAGMA data_version` on connections that never write (2 microseconds), then reads the
rows of the change rings; live arrays are compared by their block counters. Everything slow
happens on this thread; the screen only applies.
"""

from __future__ import annotations

import json
import logging
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from commandwall import cycles, platform, tallies
from commandwall.alarms import STANDING, Alarm
from commandwall.areas import Building, Camera, Person, Pipe, Place
from commandwall.arrays import DEVICE, FixArrays, SensorArrays
from commandwall.beside import Beside
from commandwall.clock import SECOND, Ms
from commandwall.dispatch import EVENT
from commandwall.events import Event, EventView, EventWork, FiledEvent, queue, views
from commandwall.ladders import Supervision
from commandwall.picture import Changes, Fixes, Readings, SyncState, Tallies, Tick
from commandwall.resources import Resource
from commandwall.sensors import Sensor
from commandwall.store import live, pulse, sight, space
from commandwall.store.schema import MIRROR, WALL, kinds
from commandwall.store.store import Mark, Reader
from commandwall.world import World

log = logging.getLogger(__name__)
POLL_S = 0.02
LISTEN_MS = 250
"""So often the pulse is looked at: who falls silent is told at once, not with the next second."""
RINGS = {"main": "changed", "mirror": "mirror_changed"}
KNOWN = kinds(WALL) | kinds(MIRROR)
COUNT, COUNTING = 100, 0.05
"""Milliseconds between two counts, and the largest share of the time that they may take."""
REST_S, UNSET = 1.5, -1.0
"""So long the rest waits for the screen to draw what it got; a moment that is not set yet."""
TIDY_S, RARELY_S = 5.0, 60.0
"""Memory that is free is given back after the first time, in which the map builds its shapes of
what was read; then after twice as long each time, up to the second: glibc holds on to it, and what
takes 140 ms at first takes 1 to 30 ms later."""
LATER: tuple[type[Any], ...] = (Building, Place, Camera, Pipe, Person)
"""Kinds without which the first picture is of use already."""
UNSHOWN = {"household", "attachment", "attachedfile", "eventnote", "notsame"}
"""Kinds that are asked for when a card needs them, not held in memory."""
Fresh = dict[type[Any], dict[str, Any]]


class Follower(Beside):
    """Calls `tell(changes)` on its own thread: at once with everything, then as things change."""

    patience = pulse.Patience(math.inf, math.inf)
    """How long pool and agent may be silent before that is told; the wall says its own."""

    def __init__(self, world: World, tell: Callable[[Changes], None]) -> None:
        super().__init__("follower")
        self._store, self._clock = world.store, world.clock
        self._tell = tell
        self._conn: Connection | None = None
        self._mirror: Mark = ("", 0)
        self._versions: dict[str, int] = {}
        self._cursors: dict[str, int] = {}
        self._live: dict[str, tuple[live.LiveArrays, NDArray[np.int64]]] = {}
        self._rows_at: dict[str, NDArray[np.intp]] = {}  # where each row of the picture is live
        self._rest_at = math.inf  # when the rest is read, if there is one
        self._shown = False  # whether the screen has drawn its first picture
        self._tidy_at, self._tidy_s = math.inf, TIDY_S  # when memory is given back
        self._second = self._tallied = self._banded = self._sourced = 0
        self._moved, self._pause = False, float(COUNT)  # events since the last count; its pause
        self._bands: tallies.Bands = {}
        self._ahead: dict[str, EventView] = {}
        self._hidden: dict[str, str] = {}  # event -> class, where that is restricted
        self._sync, self._listened, self._silent = pulse.Sync(), Ms(0), (False, False)
        self._sight = sight.Sight()
        self._tracks_s = self._fixes_at = 0.0
        self._desk, self._space, self._spaced = world.desk, space.Space(), Ms(0)

    def pace(self, patience: pulse.Patience, tracks_s: float) -> None:
        """How long a silence may be from now on, and how often the units move on the map."""
        self.patience, self._tracks_s, self._fixes_at = patience, tracks_s, 0.0

    def go_on(self) -> None:
        """The screen shows what it got: the rest need not wait any longer."""
        self._shown = True

    def run(self) -> None:
        while not self._halt.wait(POLL_S):
            try:
                self.step()
            except Exception:
                log.exception("the picture could not be brought up to date; trying again")
                with suppress(Exception):  # without memory this fails too, and the wall would stand
                    self._forget()
                self._halt.wait(1.0)

    def stop(self) -> None:
        super().stop()
        self._forget()

    def step(self) -> None:
        """One look at everything; tells only where something is new."""
        now = self._clock.now()
        self._look_at_disk(now)
        parts: dict[str, Any] = {}
        markers: set[type] = set()
        fresh = self._rows(parts)
        self._arrays(parts, markers)
        due = now // SECOND != self._second or self._fell_silent(now)
        counts = self._counts(now, Event in fresh)
        if (due or counts) and (Alarm in fresh or Event in fresh):  # they wait for no count
            self._tell(Changes(now, fresh, frozenset(markers), **parts))
            fresh, parts, markers = {}, {}, set()
        if due:
            self._second = now // SECOND
            markers.add(Tick)
            self._each_second(now, parts, markers)
        if counts:
            self._count(now, parts, markers)
        if fresh or markers:
            self._tell(Changes(now, fresh, frozenset(markers), **parts))
        if self._rest_at < 0:  # the screen draws what it got before the rest is read
            self._rest_at = self._clock.monotonic() + REST_S
        if self._clock.monotonic() > self._tidy_at:
            self._tidy_s = min(2 * self._tidy_s, RARELY_S)
            self._tidy_at = self._clock.monotonic() + self._tidy_s
            platform.give_back()

    def _look_at_disk(self, now: Ms) -> None:
        """See to the reserve; the desk hears how it is. Whether the disk is full or nearly is told
        at once, even where nothing can be read; how much is left, with the next second."""
        if abs(now - self._spaced) < LISTEN_MS:
            return
        self._spaced = now
        found = space.keep(self._store.folder)
        self._desk.full = found.full
        told, self._space = self._space, found
        if replace(told, free_mb=found.free_mb) != found:
            self._tell(Changes(now, {}, frozenset({SyncState}), space=found))

    def _fell_silent(self, now: Ms) -> bool:
        if abs(now - self._listened) < LISTEN_MS:
            return False
        self._listened = now
        return self.patience.spent(pulse.read(self._store.folder), now) != self._silent

    def _rows(self, parts: dict[str, Any]) -> Fresh:
        whole = self._conn is None or self._store.mirror_mark() != self._mirror
        if whole:
            self._open()
        conn = self._conn
        assert conn is not None
        moved = [name for name in self._cursors if self._version(conn, name)]
        until = math.inf if self._shown else self._clock.monotonic()
        rest = self._rest(conn, parts) if 0 <= self._rest_at < until and not whole else {}
        if not (whole or moved):
            return rest
        with conn.begin():
            reader = Reader(conn)
            fresh = self._everything(reader, parts) if whole else self._news(reader, moved, parts)
            self._arrange(reader, fresh, parts)
            self._hide(reader, fresh, parts)
        return {kind: rest.get(kind, {}) | fresh.get(kind, {}) for kind in rest.keys() | fresh}

    def _open(self) -> None:
        self._forget()
        self._mirror = self._store.mirror_mark()
        self._conn = self._store.reader().connect()
        self._cursors = dict.fromkeys(RINGS, 0)
        for name in RINGS:
            self._version(self._conn, name)

    def _version(self, conn: Connection, name: str) -> bool:
        raw = conn.connection.driver_connection
        assert raw is not None
        found = raw.execute(f"PRAGMA {name}.data_version").fetchone()[0]
        before, self._versions[name] = self._versions.get(name), found
        return bool(found != before)

    def _everything(self, reader: Reader, parts: dict[str, Any]) -> Fresh:
        """All that is shown; what there is much of and can wait follows with the next step.

        The devices are read beside the rest: nearly all of that is SQLite's work, which lets other
        threads go on. They are those of the cursors or newer: what changed in between comes again.
        """
        self._rest_at = UNSET
        for name in self._cursors:
            self._cursors[name] = reader.value(f"SELECT max(seq) FROM {name}.{RINGS[name]}") or 0
        known = {kind for name, kind in KNOWN.items() if name not in UNSHOWN}
        known -= {Event, EventWork, FiledEvent, Sensor, *LATER}
        with ThreadPoolExecutor(1, "follower-devices") as beside:
            devices = beside.submit(self._store.read, _devices)
            fresh = self._whole(reader, known, parts)
            fresh[Event], fresh[Sensor] = self._open_events(reader), {}
            parts["sensors"] = devices.result()
        parts["whole"] |= {Event, Sensor}
        return fresh

    def _rest(self, conn: Connection, parts: dict[str, Any]) -> Fresh:
        """What `_everything` left for later."""
        self._tidy_s = TIDY_S
        self._rest_at, self._tidy_at = math.inf, self._clock.monotonic() + TIDY_S
        with conn.begin():
            return self._whole(Reader(conn), LATER, parts)

    def _whole(self, reader: Reader, some: Collection[type[Any]], parts: dict[str, Any]) -> Fresh:
        """All records of some kinds.

        Records are no cycles. By the hundred thousand they would make the collector stop the
        screen for a second, again and again: it is told to keep off them.
        """
        shown = {Alarm: {"state": STANDING}}
        fresh: Fresh = {}
        for kind in some:
            with cycles.kept_off():
                fresh[kind] = {r.id: r for r in reader.find(kind, **shown.get(kind, {}))}
        parts["whole"] = frozenset(fresh)
        return fresh

    def _news(self, reader: Reader, moved: list[str], parts: dict[str, Any]) -> Fresh:
        keys: dict[str, set[str]] = defaultdict(set)
        for name in moved:
            ring = f"{name}.{RINGS[name]}"
            tail = reader.value(f"SELECT min(seq) FROM {ring}") or 0
            if self._cursors[name] and tail > self._cursors[name] + 1:
                return self._everything(reader, parts)
            sql = (
                f"SELECT kind, max(seq), json_group_array(id) FROM {ring} WHERE seq > :s"
                " GROUP BY kind"
            )
            for kind, last, ids in reader.rows(sql, s=self._cursors[name]):
                keys[kind].update(json.loads(ids))
                self._cursors[name] = max(self._cursors[name], last)
        return self._records(reader, keys)

    def _records(self, reader: Reader, keys: Mapping[str, set[str]]) -> Fresh:
        fresh: Fresh = {}
        events: set[str] = set()
        for name, some in keys.items():
            if KNOWN[name] in (Event, EventWork, FiledEvent):
                events |= some
            elif name not in UNSHOWN:
                found = {r.id: r for r in reader.many(KNOWN[name], sorted(some))}
                fresh[KNOWN[name]] = {key: found.get(key) for key in some}
        if events:
            fresh[Event] = self._views(reader, sorted(events))
        return fresh

    def _open_events(self, reader: Reader) -> dict[str, Any]:
        self._ahead = {}
        found: dict[str, EventView | None] = {view.event.id: view for view in queue(reader)}
        found |= self._views(reader, tallies.ahead_of_mirror(reader))
        return {key: view for key, view in found.items() if view and view.open}

    def _views(self, reader: Reader, keys: list[str]) -> dict[str, EventView | None]:
        found = views(reader, keys)
        for key in keys:
            if key in found and tallies.is_ahead(found[key]):
                self._ahead[key] = found[key]
            else:
                self._ahead.pop(key, None)
        return {key: found.get(key) for key in keys}

    def _hide(self, reader: Reader, fresh: Fresh, parts: dict[str, Any]) -> None:
        """Which events are of a restricted class. Of closed ones the picture holds no more than
        this, and what was said beside them on whistles, ladders and the like."""
        before = {} if parts.get("whole") else self._hidden
        told = fresh.get(Event, {})
        beside = {key for kind, some in fresh.items() if kind is not Event
                  for record in some.values() if (key := _event_of(record))}  # fmt: skip
        views_ = told | views(reader, sorted(beside - told.keys() - before.keys()))
        hidden = {key: cls for key, cls in before.items() if key not in views_}
        hidden |= {key: v.cls for key, v in views_.items() if v is not None and v.restricted}
        if hidden != self._hidden or parts.get("whole"):
            self._hidden = parts["hidden"] = hidden

    def _arrange(self, reader: Reader, fresh: Fresh, parts: dict[str, Any]) -> None:
        if Sensor in fresh:
            parts["sensors"] = parts.get("sensors") or _devices(reader)
            self._rows_at["sensors"] = parts["sensors"].no
        if Resource in fresh:
            parts["resources"] = FixArrays(reader.find(Resource))
            self._fixes_at = 0.0
            self._rows_at["fixes"] = parts["resources"].no
        self._live = {} if Sensor in fresh or Resource in fresh else self._live
        if parts.get("whole"):
            parts["city"] = reader.city()

    def _arrays(self, parts: dict[str, Any], markers: set[type]) -> None:
        if (values := self._copy("sensors", live.READING)) is not None:
            parts["readings"] = values
            markers.add(Readings)
        now = self._clock.monotonic()
        if now >= self._fixes_at and (values := self._copy("fixes", live.FIX)) is not None:
            self._fixes_at = now + self._tracks_s
            parts["fixes"] = values
            markers.add(Fixes)

    def _copy(self, what: str, columns: live.Columns) -> Mapping[str, NDArray[Any]] | None:
        if what not in self._live:
            path = live.newest(self._store.folder, what)
            if path is None:
                return None
            rows = int(path.stem.rsplit("-", 1)[1])
            self._live[what] = live.LiveArrays(path, columns, rows), np.full(1, -1, np.int64)
        arrays, seen = self._live[what]
        places = self._rows_at.get(what)
        counters = arrays.counters()
        # Things that are too new for the file: the agent is about to make a larger one.
        if places is None or places.max(initial=-1) >= arrays.rows:
            del self._live[what]  # the next look finds that one
            return None
        # In the middle of a writing the next look, which is near, finds it finished.
        if np.array_equal(counters, seen) or (counters % 2).any():
            return None
        try:
            found = arrays.read()
        except TimeoutError:
            log.debug("%s is being written all the time", what)
            return None
        self._live[what] = arrays, counters
        return {name: column[places] for name, column in found.items()}

    def _each_second(self, now: Ms, parts: dict[str, Any], markers: set[type]) -> None:
        conn = self._conn
        assert conn is not None
        with conn.begin():
            reader = Reader(conn)
            parts["unsent"] = tallies.unsent(reader)
            backlog = tallies.backlog(reader)
        sync = replace(pulse.read(self._store.folder), backlog=backlog)
        self._silent = self.patience.spent(sync, now)
        if sync != self._sync:
            self._sync = parts["sync"] = sync
            markers.add(SyncState)
        if self._space.full or self._space.low:  # it is told how much is left
            parts["space"] = self._space
            markers.add(SyncState)
        seen = sight.read(self._store.folder)
        if seen != self._sight:
            self._sight = parts["sight"] = seen
            markers.add(SyncState)

    def _counts(self, now: Ms, moved: bool) -> bool:
        """Whether to count now: at once where events moved, else now and then as time passes; but
        counting takes no more than its share of the time."""
        self._moved = self._moved or moved
        return abs(now - self._tallied) >= (self._pause if self._moved else tallies.EVERY)

    def _count(self, now: Ms, parts: dict[str, Any], markers: set[type]) -> None:
        conn = self._conn
        assert conn is not None
        self._tallied, self._moved = now, False
        with conn.begin():
            reader = Reader(conn)
            self._ask_slowly(reader, now, parts)
            ahead, began = list(self._ahead.values()), self._clock.worked_here()
            parts["counters"] = tallies.count(reader, now, self._bands, ahead)
        took = (self._clock.worked_here() - began) * SECOND  # waiting for others costs nobody
        self._pause = min(max(COUNT, took / COUNTING), tallies.EVERY)
        markers.add(Tallies)

    def _ask_slowly(self, reader: Reader, now: Ms, parts: dict[str, Any]) -> None:
        """What years of hours say; numbers of sources take long, and follow the first picture."""
        if abs(now - self._banded) >= tallies.SLOWLY:
            self._banded, self._bands = now, tallies.usual(reader, now)
        if self._rest_at == math.inf and abs(now - self._sourced) >= tallies.SLOWLY:
            self._sourced, parts["channels"] = now, tallies.channels(reader)

    def _forget(self) -> None:
        conn, self._conn, self._live = self._conn, None, {}
        self._banded = self._sourced = 0
        if conn is not None:
            conn.close()


def _event_of(record: Any) -> str:
    """The event that a record beside it is of; "" for none, and for an alarm, which no person
    told."""
    if isinstance(record, Alarm):
        return ""
    if isinstance(record, Supervision):
        return record.id
    if getattr(record, "kind", "") == EVENT and hasattr(record, "subject"):
        return str(record.subject)
    return str(getattr(record, "event", "") or "")


def _devices(reader: Reader) -> SensorArrays:
    return SensorArrays(reader.columns(Sensor, DEVICE))
