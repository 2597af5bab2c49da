"""The conductor: keeps the clock of a drill, and sends what is due. A thread of the agent that runs
the drill's pool; nowhere else.

All that it knows stands in the journal and in the pool, so it may be killed at any moment: the next
one folds the clock anew, counts the time in which nobody played as a gap, and sends on.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import chain

import psycopg

from commandwall import codes, exercise
from commandwall.beside import Beside
from commandwall.clock import SECOND, Clock, Ms
from commandwall.desk import Desk
from commandwall.drill import play
from commandwall.drill.drill_acts import ENDED, GAP, PAUSED, RUNNING, SENT, Happening
from commandwall.drill.play import BEAT, ClockAct, FreeInject, SentInject, scenario_of, sent_id
from commandwall.drill.scenario import Inject, Scenario
from commandwall.playing import injecting, living, snapshots
from commandwall.playing.living import Held, Living
from commandwall.pool.schema import Connection
from commandwall.sensors import Sensor
from commandwall.store.database import StoreTrouble
from commandwall.store.store import Store

log = logging.getLogger(__name__)
STEP_S, RETRY_S = 0.1, 2.0
BEAT_MS = SECOND
Connect = Callable[[], Connection]


class Conductor(Beside):
    """Plays the drill; `connect` opens the pool as its owner."""

    def __init__(
        self, scenario: Scenario, store: Store, desk: Desk, clock: Clock, connect: Connect
    ) -> None:
        super().__init__("conductor")
        self._store, self._desk, self._clock, self._connect = store, desk, clock, connect
        self._conn: Connection | None = None
        acts = store.read(lambda r: r.find(ClockAct))
        self._injects: dict[str, Inject] = {i.id: i for i in scenario.injects}
        self._drill = play.clock_of(scenario.script(), acts)
        self._taken = max((a.no for a in acts), default=0)
        self._noted = {s.id: s.at for s in store.read(lambda r: r.find(SentInject))}
        self._seen = self._last_seen(acts)
        self._beaten = self._placed = self._read = Ms(0)
        self._scenario, self._stand_ins = scenario, dict[str, Sensor]()
        self._living: Living | None = None
        self._places = snapshots.places(store.folder)

    def stop(self) -> None:
        super().stop()
        self.close()

    def run(self) -> None:
        pause = STEP_S
        while not self._halt.wait(pause):
            try:
                self.step()
                pause = STEP_S
            except (psycopg.Error, StoreTrouble, OSError):
                log.exception("the drill stands; trying again")
                self.close()
                pause = RETRY_S

    def step(self) -> None:
        """Take what was asked, let time go on, send what is due."""
        now = self._clock.now()
        self._mind_gap(now)
        for asked in play.waiting(self._store.read(lambda r: r.find(ClockAct, no=0))):
            self._take(self._in_time(asked, now))
        self._drill.advance(now)
        self._seen = now
        self._send_due()
        self._place_units(now)
        self._live(now)
        self._beat(now)

    def _last_seen(self, acts: list[ClockAct]) -> Ms:
        """Up to when the drill was played, by the beat and by what it did."""
        beat = 0
        with suppress(OSError, ValueError):
            beat = int((self._store.folder / BEAT).read_text())
        return Ms(max(beat, *(a.at for a in acts if a.no), self._drill.real, 0))

    def _mind_gap(self, now: Ms) -> None:
        """Where the computer slept, its clock was set, or nobody played: that does not count."""
        longest = codes.limit("drill_gap_seconds") * SECOND
        if self._drill.status in (RUNNING, PAUSED) and abs(now - self._seen) > longest:
            gap = ClockAct(str(uuid.uuid4()), 0, GAP, "", None, 0, "", "", "", now,
                           self._seen, "", "")  # fmt: skip
            self._take(gap)

    def _in_time(self, asked: ClockAct, now: Ms) -> ClockAct:
        """It counts from when it was asked, unless nobody was there to take it."""
        longest = codes.limit("drill_gap_seconds") * SECOND
        return asked if abs(now - asked.at) <= longest else replace(asked, at=now)

    def _take(self, asked: ClockAct) -> None:
        done = self._drill.do(asked.act)
        number = self._taken if done.refused else self._taken + 1
        kept = play.stamped(asked, number, done.act, done.refused, self._drill.rate)
        self._desk.run(play.take_act, {"act": kept}, asked.by, asked.post)
        self._taken = number

    def _send_due(self) -> None:
        for happened in chain(*self._drill.runs, self._drill.history):
            key = sent_id(happened.run, happened.subject)
            if happened.what == SENT and key not in self._noted:
                self._noted[key] = self._send(key, happened)

    def _send(self, key: str, happened: Happening) -> Ms:
        inject, now = self._inject(happened.subject), self._clock.now()
        pool = self._pool()
        became = injecting.send(pool, key, inject, now, self._stand_ins.get(inject.id))
        sent = SentInject(
            key, happened.run, inject.id, inject.channel, inject.sender, inject.to, inject.zh,
            inject.en, happened.position, now, became.kind, became.subject, became.fault,
        )  # fmt: skip
        self._desk.run(play.note_sent, {"sent": sent}, happened.by)
        return now

    def _place_units(self, now: Ms) -> None:
        """No position comes from outside: units stand where the snapshot says, else at their
        stations, where players send them from, as long as somebody plays."""
        if self._drill.status != ENDED and now - self._placed >= _place_ms():
            injecting.place_units(self._pool(), now, self._places)
            self._placed = now

    def _live(self, now: Ms) -> None:
        """What the devices of the city measure, also while it stands, and after its end."""
        if now - self._read < codes.limit("drill_read_s") * SECOND:
            return
        pool = self._pool()
        if self._living is not None:
            held = self._held()
            living.put(pool, self._living.readings(now, held, self._quiet(held)))
            living.keep_signs(pool, now)
        self._read = now

    def _held(self) -> dict[str, Held]:
        """By device the value that the newest inject gave it in this run, and since when."""
        settled = ((i, self._drill.outcome(i)) for i in self._stand_ins)
        sent = [(self._noted.get(sent_id(h.run, i), Ms(0)), i)
                for i, h in settled if h and h.what == SENT]  # fmt: skip
        return {self._stand_ins[i].id: (float(self._injects[i].data["value"]), at)
                for at, i in sorted(sent)}  # fmt: skip

    def _quiet(self, held: Mapping[str, Held]) -> set[str]:
        """Devices whose first inject waits, or whose next one is so near that a reading before it
        would be in its way."""
        quiet = set[str]()
        for key in filter(self._stand_ins.__contains__, self._drill.waiting()):
            device, due = self._stand_ins[key].id, self._drill.due(key)
            left = None if due is None else (due - self._drill.position) / self._drill.rate
            soon = injecting.lasts(self._injects[key]) + codes.limit("drill_read_s") * SECOND
            if device not in held or (left is not None and left <= soon):
                quiet.add(device)
        return quiet

    def _inject(self, key: str) -> Inject:
        if key not in self._injects:
            found = self._store.read(lambda r: r.find(FreeInject))
            self._injects |= {free.id: free.inject for free in found}
        return self._injects[key]

    def _pool(self) -> Connection:
        if self._conn is None:
            self._conn = self._connect()
        if self._living is None:
            known = living.devices(self._conn)
            self._stand_ins = living.stand_ins(known, self._scenario.injects)
            self._living = Living(known, self._clock.now())
        return self._conn

    def close(self) -> None:
        """Let the pool go; the next step opens it anew."""
        if self._conn is not None:
            self._conn.close()
        self._conn = None

    def _beat(self, now: Ms) -> None:
        """Note how far it was played. Lost with a power cut, a second counts as not played."""
        if abs(now - self._beaten) >= BEAT_MS:
            fresh = self._store.folder / f"{BEAT}.new"
            fresh.write_text(str(now))
            fresh.replace(self._store.folder / BEAT)
            self._beaten = now


def _place_ms() -> float:
    return codes.limit("drill_place_seconds") * SECOND


def conducting(store: Store, desk: Desk, clock: Clock, connect: Connect) -> Conductor | None:
    """Who conducts a drill of this data directory; None for the real one, and where the text of
    its scenario is not the one that it was begun with."""
    if exercise.of(store.folder) is None:
        return None
    scenario = scenario_of(store.folder)
    if scenario is None:
        log.error("%s is not the scenario of this drill: nothing is sent", exercise.SCENARIO)
        return None
    return Conductor(scenario, store, desk, clock, connect)
