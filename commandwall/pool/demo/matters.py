"""Events of a demo city: what people report on one day, each worked on as far as it is by now."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from commandwall import codes
from commandwall.clock import Ms
from commandwall.events import AREA, CLOSED, DISPATCHED, NOWHERE, POINT, Event
from commandwall.pool.demo import names, rhythm, sites
from commandwall.pool.demo.devices import Town
from commandwall.pool.demo.land import asset
from commandwall.pool.demo.plane import Array, stream
from commandwall.pool.demo.rhythm import STATES, Times
from commandwall.pool.demo.sites import SITES, Spots

ON_AREA, LOST = 0.12, 0.015
"""Part of the events placed on an area only, and of those without any place."""
PLACED = np.array([POINT, AREA, NOWHERE], object)
Objects = NDArray[np.object_]
Numbers = NDArray[np.intp]


class Book:
    """Writes the events of any day of one city."""

    def __init__(self, town: Town, seed: int, per_day: float) -> None:
        self._seed, self.per_day = seed, per_day
        self._matters = asset("matters")["matter"]
        self._classes = codes.load("event_class")
        self._heads = _Heads(self._matters, self._classes)
        self._sites = sites.find(town)
        self._ground = _Ground(town)
        self._pull = self._by_hour()
        self._kind = np.array([SITES.index(matter["at"]) for matter in self._matters])
        self._noise = np.array([matter["cls"] == "noise" for matter in self._matters])

    def day(self, day: date, now: Ms) -> list[Event]:
        """Events received on a local day up to `now`, in the state they have reached by then."""
        return [Event(*row) for row in zip(*self.columns(day, now), strict=True)]

    def columns(self, day: date, now: Ms) -> list[list[Any]]:
        """The same in columns, one for each field of an event but its revision."""
        at = rhythm.arrivals(self._seed, day, self.per_day)
        return self._write(day, at, stream(self._seed, f"matters {day.isoformat()}"), now)

    def _write(self, day: date, at: Times, rng: np.random.Generator, now: Ms) -> list[list[Any]]:
        count = len(at)
        matter = _pick(self._pull[:, rhythm.hour_in(at)], rng)
        spots = self._places(matter, rng)
        source, cls, urgency = self._heads.draw(matter, rng)
        received = at + rng.integers(400, 9_000, count)
        placed = rng.choice(3, count, p=[1 - ON_AREA - LOST, ON_AREA, LOST])
        blanks = rng.integers(0, 1 << 30, (count, 3))
        who = names.persons(count, rng), names.phones(count, rng)
        ids, numbers = _numbered(day, count)
        columns: list[Any] = [
            ids, source, numbers,
            *self._texts(matter, spots, blanks), cls, urgency, np.full(count, None),
            *self._ground.position(self._sites, spots, placed, blanks), PLACED[placed],
            np.full(count, "wgs84", object), *who, at - blanks[:, 1] % 2_400_000, at, received,
            *self._reached(self.work(ids, cls.tolist(), urgency, received), cls, now),
        ]  # fmt: skip
        here = np.flatnonzero(received <= now)
        return [_taken(column, here) for column in columns]

    def work(
        self, ids: Sequence[str], classes: Sequence[str], urgency: Numbers, received: Times
    ) -> rhythm.Steps:
        """How the work on events goes; fixed by their ids."""
        dice = np.array([zlib.crc32(i.encode()) for i in ids], np.uint64)
        usual = {code.id: float(code.facts["hours"]) for code in self._classes.values()}
        hours = np.array([usual.get(cls, 24.0) for cls in classes], float)
        return rhythm.steps(dice, urgency, hours, received)

    def unit_of(self, cls: str) -> str:
        code = self._classes.get(cls)
        return str(code.facts["unit"]) if code else ""

    def _reached(self, work: rhythm.Steps, cls: Objects, now: Ms) -> tuple[Objects, ...]:
        """State, unit and moment of the end of each event."""
        state = work.state(now)
        unit = np.array([self.unit_of(c) for c in cls.tolist()], object)
        unit[state < STATES.index(DISPATCHED)] = ""
        end = work.closed_at.astype(object)
        end[state < STATES.index(CLOSED)] = None
        return np.array(STATES, object)[state], unit, end

    def _by_hour(self) -> Array:
        """(matters, 24) running sums down the matters: what is reported at each hour."""
        when = asset("rhythm")["when"]
        table = np.array([np.array(when[m["when"]], float) * m["weight"] for m in self._matters])
        return np.asarray(np.cumsum(table, axis=0) / table.sum(axis=0))

    def _places(self, matter: Numbers, rng: np.random.Generator) -> Spots:
        """Where each matter happened; much of the noise in one of the loud places."""
        loud = self._noise[matter] & (rng.random(len(matter)) < asset("rhythm")["loud_share"])
        dice = rng.random(len(matter))
        spots = self._sites.draw(self._kind[matter], dice)
        spots[loud] = self._sites.first("loud") + np.array(
            [self._loud_place(m, d) for m, d in zip(matter[loud], dice[loud], strict=True)], np.intp
        )
        return spots

    def _loud_place(self, matter: int, dice: float) -> int:
        """The loud place that a complaint fits: works at a building site, music at a market."""
        at = self._matters[matter]["at"]
        fitting = [n for n, row in enumerate(asset("matters")["loud"]) if row["at"] == at]
        return fitting[int(dice * len(fitting))]

    def _texts(
        self, matter: Numbers, spots: Spots, blanks: NDArray[np.int64]
    ) -> tuple[list[str], list[str]]:
        """Title and body of each event."""
        rows = zip(
            matter.tolist(), (blanks[:, 2] // 3).tolist(), self._sites.names[spots].tolist(),
            self._sites.roads[spots].tolist(), *(blanks % (11, 13, 3) + (2, 2, 21)).T.tolist(),
            strict=True,
        )  # fmt: skip
        texts = [m["texts"] for m in self._matters]
        titles, bodies = [], []
        for m, dice, place, road, n, days, hour in rows:
            title, body = texts[m][dice % len(texts[m])]
            slots = {"place": place, "road": road, "n": n, "days": days, "hour": hour}
            titles.append(title.format_map(slots))
            bodies.append(body.format_map(slots))
        return titles, bodies


class _Heads:
    """Draws source, class and urgency of matters."""

    def __init__(
        self, matters: Sequence[Mapping[str, Any]], classes: Mapping[str, codes.Code]
    ) -> None:
        most = max(len(matter["sources"]) for matter in matters)
        self._source = np.full((len(matters), most), "", object)
        self._share = np.full((len(matters), most), np.inf)
        for n, matter in enumerate(matters):
            sources = matter["sources"]
            self._source[n, : len(sources)] = list(sources)
            self._share[n, : len(sources) - 1] = np.cumsum(list(sources.values()))[:-1]
        self._cls = np.array([matter["cls"] for matter in matters], object)
        self._usual = np.array([int(classes[cls].facts["urgency"]) for cls in self._cls])

    def draw(self, matter: Numbers, rng: np.random.Generator) -> tuple[Objects, Objects, Numbers]:
        luck, dice = rng.random(len(matter)), rng.random(len(matter))
        source = (self._share[matter] < luck[:, None]).sum(axis=1)
        usual = self._usual[matter]
        calmer = (dice > 0.93) & (usual >= 3)
        urgency = np.where(calmer, np.minimum(5, usual + 1), usual)
        urgency = np.where((dice < 0.05) & (usual > 2), usual - 1, urgency)
        return self._source[matter, source], self._cls[matter], urgency


class _Ground:
    """Where on the map an event is put."""

    def __init__(self, town: Town) -> None:
        districts = town.districts
        self._long = np.array(districts.long_names(), object)
        self._grids = np.array(districts.grids.codes, object)
        self._villages = np.array(districts.villages.codes, object)
        self._village_at = districts.land.plane.degrees(districts.villages.at)
        self._village_of = districts.grids.parents
        self._reach = np.sqrt(shapely.area(districts.villages.geoms) / np.pi).round()
        self._city = districts.land.code

    def position(
        self, among: sites.Sites, spots: Spots, placed: Numbers, blanks: NDArray[np.int64]
    ) -> tuple[Any, ...]:
        """Area, address, longitude, latitude and accuracy, by how each event was placed."""
        grid = among.grid[spots]
        village, on_area, nowhere = self._village_of[grid], placed == 1, placed == 2
        area = np.where(on_area, self._villages[village], self._grids[grid])
        area[nowhere] = self._city
        shift = (blanks[:, ::2] % 199 - 99) * (2.2e-6, 1.9e-6)
        at = np.where(on_area[:, None], self._village_at[village], among.lonlat[spots] + shift)
        accuracy = np.where(on_area, self._reach[village], 8.0 + blanks[:, 1] % 40)
        known = np.column_stack([at, accuracy]).astype(object)
        known[nowhere] = None
        return area, self._long[grid] + " " + among.names[spots], *known.T


def _numbered(day: date, count: int) -> tuple[list[str], list[str]]:
    """Ids of a day's events, and the numbers that their sources gave them."""
    long, short = f"E{day:%Y%m%d}", f"{day:%m%d}"
    tails = [f"-{n:05d}" for n in range(1, count + 1)]
    return [long + tail for tail in tails], [short + tail for tail in tails]


def _taken(column: Any, rows: Numbers) -> list[Any]:
    """These rows of a column, as Python's own values."""
    if isinstance(column, np.ndarray):
        return list(column[rows].tolist())
    return [column[n] for n in rows.tolist()]


def _pick(sums: Array, rng: np.random.Generator) -> Numbers:
    """For each column of running sums a row drawn by its share."""
    return np.asarray((sums < rng.random(sums.shape[1])).sum(axis=0))
