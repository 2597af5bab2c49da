"""Stories of a demo city: a few devices rise and fall together, people call, units go there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from commandwall.clock import HOUR, MINUTE, SECOND, Ms
from commandwall.pool.demo import rhythm
from commandwall.pool.demo.land import asset
from commandwall.pool.demo.plane import Array, stream
from commandwall.pool.demo.signals import Moments, Rows, Signals

METRES = np.array([94_600.0, 110_900.0])
"""Rough metres of a degree, good enough to find neighbours."""
GAS_LIKE = ("GAS", "PWR", "FIR")
"""Classes in which something small now and then crosses a limit and passes."""
BLIP = {"GAS": 11.5, "PWR": 10.6, "FIR": 1.0}
BLIP_MIN = {"GAS": 3.0, "PWR": 2.0, "FIR": 1.5}


@dataclass(frozen=True, slots=True)
class Story:
    """One story that runs: its devices (rows), their peaks, and where it is."""

    id: str
    cls: str
    start: Ms
    rows: Rows
    peaks: Array
    minutes: Array
    parts: Array
    reports: tuple[dict[str, Any], ...]
    help: str

    @property
    def end(self) -> Ms:
        return Ms(self.start + int(self.minutes[-1] * MINUTE))

    def lift(self, at: int) -> Array:
        """What its devices show at a moment, beside their calm."""
        part = np.interp((at - self.start) / MINUTE, self.minutes, self.parts)
        return np.asarray(self.peaks * part)


class Stories:
    """Which stories run at a moment; fixed by the seed and the moment it all began."""

    def __init__(self, signals: Signals, seed: int, start: Ms, rate: float = 1.0) -> None:
        self._signals, self._seed, self._rate = signals, seed, rate
        self._kinds = asset("stories")["story"]
        self._rng = stream(seed, f"stories {start}")
        self._start = start
        self.running: list[Story] = [
            self._begin(kind, Ms(start + int(kind["opening"] * SECOND / rate)))
            for kind in self._kinds
            if "opening" in kind
        ]
        self._next = self._later(start)
        self._blips: dict[int, list[Story]] = {}

    def step(self, now: Ms) -> None:
        """Begin what is due and drop what is over."""
        self.running = [story for story in self.running if story.end > now]
        while self._next <= now:
            if len(self.running) < asset("stories")["at_once"]:
                self.running.append(self._begin(self._chosen(), self._next))
            self._next = self._later(self._next)

    def active(self, now: Ms) -> list[Story]:
        """Stories and passing blips that lift values now."""
        told = [story for story in self.running if story.start <= now < story.end]
        return told + [blip for blip in self._passing(now) if blip.start <= now < blip.end]

    def lifted(self, rows: Rows, at: Moments, calm: Array) -> Array:
        """Values of devices with what stories add to them."""
        value, grain = calm.copy(), self._signals.grain(rows, at)
        row_of = {int(row): n for n, row in enumerate(rows)}
        for story in self.active(Ms(int(at.max(initial=0)))):
            here = [(n, row_of[int(row)]) for n, row in enumerate(story.rows) if int(row) in row_of]
            for n, place in here:
                lift = story.lift(int(at[place]))[n] + grain[place]
                value[place] = lift if story.cls == "DOR" else max(value[place], lift)
        return self._signals.rounded(rows, value)

    def _begin(self, kind: dict[str, Any], start: Ms) -> Story:
        rows = self._neighbours(kind["cls"], len(kind["peaks"]), kind["reach_m"])
        course = np.array(kind["course"], float)
        grain = self._rng.uniform(0.97, 1.02, len(rows))
        return Story(
            f"{kind['id']}-{start}",
            kind["cls"],
            start,
            rows,
            np.array(kind["peaks"][: len(rows)]) * grain,
            course[:, 0] / self._rate,
            course[:, 1],
            tuple(kind.get("report", ())),
            kind["help"],
        )

    def _neighbours(self, cls: str, count: int, reach: float) -> Rows:
        """A device that reports, and up to `count` - 1 of its class around it."""
        s = self._signals
        able = np.flatnonzero((s.cls == cls) & ~s.silent)
        lead = self._rng.choice(able)
        far = np.hypot(*((s.lonlat[able] - s.lonlat[lead]) * METRES).T)
        order = np.argsort(far, kind="stable")[:count]
        near = able[order[far[order] <= max(reach, 1e-6)]]
        return np.concatenate([[lead], near[near != lead]])[:count].astype(np.intp)

    def _chosen(self) -> dict[str, Any]:
        busy = {story.cls for story in self.running}
        kinds = [kind for kind in self._kinds if kind["cls"] not in busy]
        weight = np.array([kind["weight"] for kind in kinds])
        return dict(kinds[self._rng.choice(len(kinds), p=weight / weight.sum())])

    def _later(self, after: Ms) -> Ms:
        low, high = asset("stories")["calm_min"]
        return Ms(after + int(self._rng.uniform(low, high) * MINUTE / self._rate))

    def _passing(self, now: Ms) -> list[Story]:
        """Blips of this hour; none in the first half hour after the start."""
        hour = now // HOUR
        if hour not in self._blips:
            self._blips = {hour: self._make_blips(hour)}
        return [blip for blip in self._blips[hour] if blip.start > self._start + 30 * MINUTE]

    def _make_blips(self, hour: int) -> list[Story]:
        rng = stream(self._seed, f"blips {hour}")
        count = int(rng.random() < asset("stories")["blips_per_hour"])
        return [
            self._blip(Ms(hour * HOUR + int(rng.uniform(0, 55) * MINUTE)), rng)
            for _ in range(count)
        ]

    def _blip(self, start: Ms, rng: np.random.Generator) -> Story:
        cls = str(rng.choice(GAS_LIKE))
        able = np.flatnonzero((self._signals.cls == cls) & ~self._signals.silent)
        minutes = np.array([0, 0.2, 0.8, 1]) * BLIP_MIN[cls]
        parts = np.array([0.4, 1.0, 1.0, 0.2])
        return Story(
            f"blip-{start}",
            cls,
            start,
            rng.choice(able, 1),
            np.array([BLIP[cls]]),
            minutes,
            parts,
            (),
            "",
        )


def report_id(story: Story, number: int) -> str:
    """The id of the event that a story's report becomes; the same however often it is told."""
    return f"E{rhythm.day_of(story.start):%Y%m%d}-S{story.start // SECOND % 1_000_000:06d}{number}"
