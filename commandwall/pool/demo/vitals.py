"""The 927 vital signs of a demo city: definitions, and the value of each at any moment."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandwall import aqi, codes
from commandwall.clock import HOUR, SECOND, Ms
from commandwall.indicators import Indicator, IndicatorValue, limits_of
from commandwall.pool.demo import rhythm
from commandwall.pool.demo.land import asset
from commandwall.pool.demo.plane import Array, stream


class Vitals:
    """Definitions and the pure function that gives their values; the same for one seed."""

    def __init__(self, seed: int, towns: Mapping[str, str]) -> None:
        """`towns`: how the name of each begins -> its code."""
        self._seed = seed
        rows = [row for block in _in_order() for row in _rows(block)]
        self.definitions = [_definition(n, row, towns) for n, row in _numbered(rows)]
        self._air = _air(self.definitions)
        rng, count = stream(seed, "vitals"), len(rows)
        self.period = np.array([d.period_s for d in self.definitions], np.int64) * SECOND
        self._phase = (rng.random(count) * np.minimum(self.period, HOUR)).astype(np.int64)
        self._spread = np.array([row["spread"] for row in rows], float)
        own = rng.normal(0, 0.8, count) * self._spread
        self._usual = np.array([row["usual"] for row in rows], float) + own
        course = asset("vitals")["course"]
        self._course = np.array([course[row["course"]] for row in rows], float)
        self._least, self._most = _bounds(self.definitions, self._usual)
        self._digits = np.array([d.decimals for d in self.definitions])
        self.stale, self._yellow = self._odd(rng)
        self._usually = self._band()

    def at(self, now: Ms) -> tuple[Array, NDArray[np.int64]]:
        """The newest value of each at a moment, and when it was measured (UTC ms)."""
        since = (now - self._phase) // self.period
        measured = since * self.period + self._phase
        measured = np.where(self.stale, now - self._stale_for(), measured)
        return self._value(measured, since), measured

    def due(self, before: Ms, now: Ms) -> NDArray[np.intp]:
        """Numbers of the indicators with a new value after `before`, up to `now`."""
        turned = (now - self._phase) // self.period > (before - self._phase) // self.period
        return np.flatnonzero(turned & ~self.stale)

    def values(self, now: Ms, only: NDArray[np.intp] | None = None) -> list[IndicatorValue]:
        """Records at a moment, of all or of some."""
        rows = np.arange(len(self.definitions)) if only is None else only
        value, measured = self.at(now)
        today, usual = self._today(now), self._usually
        return [self._record(int(n), value[n], int(measured[n]), today[n], usual[n]) for n in rows]

    def _record(self, n: int, value: float, at: int, today: Array, usual: Array) -> IndicatorValue:
        definition = self.definitions[n]
        digits, by_hand = definition.decimals + 1, definition.source in asset("vitals")["by_hand"]
        den = 400.0 + 37 * (n % 90) if definition.unit == "%" else None
        return IndicatorValue(
            definition.id,
            Ms(at),
            float(value),
            None if den is None else round(value * den / 100),
            den,
            json.dumps([round(v, digits) for v in today.tolist()]),
            json.dumps([[round(v, digits) for v in pair] for pair in usual.tolist()]),
            notice="manual" if by_hand else "",
        )

    def _value(self, measured: NDArray[np.int64], turn: NDArray[np.int64]) -> Array:
        """Usual value, course of the day, grain that is fixed to the indicator and the turn."""
        hour = (measured - rhythm.midnight(rhythm.day_of(Ms(int(measured.max()))))) / HOUR
        low = np.floor(hour).astype(int)
        rows = np.arange(len(measured))
        share = hour - low
        course = (
            self._course[rows, low % 24] * (1 - share) + self._course[rows, (low + 1) % 24] * share
        )
        grain = _grain(self._seed, rows, turn)
        value = self._usual + self._spread * (self._sway * course + 0.8 * grain)
        value = np.where(np.isnan(self._yellow), value, self._yellow + self._spread * 0.05 * grain)
        return self._indexed(_rounded(np.clip(value, self._least, self._most), self._digits))

    def _indexed(self, value: Array) -> Array:
        """With the indices of air reckoned from the concentrations of their stations."""
        for index, nodes in self._air.items():
            found = aqi.air({node: float(value[rows].mean()) for node, rows in nodes.items()})
            value[index] = np.nan if found.index is None else found.index
        return value

    @property
    def _sway(self) -> float:
        return float(asset("vitals")["odd"]["sway"])

    def _today(self, now: Ms) -> Array:
        """(n, hours so far) values at each full hour of this local day."""
        start = rhythm.midnight(rhythm.day_of(now))
        hours = np.arange(start, now + 1, HOUR)
        table = [
            self._value(np.full(len(self._usual), h), np.full(len(self._usual), h)) for h in hours
        ]
        return np.stack(table, axis=1)

    def _band(self) -> Array:
        """(n, 24, 2): low and high of the same hour of four weeks."""
        middle = self._usual[:, None] + self._spread[:, None] * self._sway * self._course
        reach = 1.3 * self._spread[:, None]
        band = np.stack([middle - reach, middle + reach], axis=-1)
        least, most = self._least[:, None, None], self._most[:, None, None]
        band = np.asarray(np.clip(band, least, most))
        for hour, end in np.ndindex(band.shape[1:]):
            self._indexed(band[:, hour, end])
        return band

    def _odd(self, rng: np.random.Generator) -> tuple[NDArray[np.bool_], Array]:
        """A dozen that stopped reporting, and a handful that stand just beyond a yellow limit."""
        odd, count = asset("vitals")["odd"], len(self.definitions)
        calm = np.array([d.pinned == 0 and not d.formula for d in self.definitions])
        limited = [d.hi1 if d.hi1 is not None else d.lo1 for d in self.definitions]
        beyond = [_beyond(d) for d in self.definitions]
        able = (
            np.array([b is not None for b in beyond])
            & calm
            & np.array([v is not None for v in limited])
        )
        picked = rng.permutation(np.flatnonzero(able))[: odd["yellow"] + odd["stale"]]
        yellow, stale = np.full(count, np.nan), np.zeros(count, bool)
        for n in picked[: odd["yellow"]]:
            yellow[n] = beyond[n]
        stale[picked[odd["yellow"] :]] = True
        return stale, yellow

    def _stale_for(self) -> NDArray[np.int64]:
        """How long ago each would have stopped: 3 to 40 of its periods, at least 2 hours."""
        dice = stream(self._seed, "stale").uniform(3, 40, len(self.period))
        return np.maximum(2 * HOUR, (self.period * dice).astype(np.int64))


def _in_order() -> list[dict[str, Any]]:
    """Blocks by domain in the order of the wall."""
    order = list(codes.load("indicator_domain"))
    return sorted(asset("vitals")["block"], key=lambda block: order.index(block["domain"]))


def _rows(block: dict[str, Any]) -> list[dict[str, Any]]:
    keys = (
        "zh",
        "en",
        "unit",
        "direction",
        "usual",
        "spread",
        "limits",
        "decimals",
        "period",
        "course",
        "pinned",
    )
    result, measures = [], block["measures"]
    formulas = block.get("formulas", [""] * len(measures))
    for number, (zh, en) in enumerate(block["subjects"]):
        for measure, formula in zip(measures, formulas, strict=True):
            row = dict(zip(keys, measure, strict=True))
            row.update(
                domain=block["domain"],
                owner=block["owner"],
                source=block["source"],
                formula=formula,
                zh=f"{zh} {row['zh']}",
                en=f"{en} {row['en']}",
                pinned=row["pinned"] if number == 0 else 0,
            )
            result.append(row)
    return result


def _numbered(rows: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    seen: dict[str, int] = {}
    result = []
    for row in rows:
        seen[row["domain"]] = seen.get(row["domain"], 0) + 1
        result.append((f"{row['domain']}.{seen[row['domain']]:03d}", row))
    return result


def _definition(number: str, row: dict[str, Any], towns: Mapping[str, str]) -> Indicator:
    lo2, lo1, hi1, hi2 = (None if limit == "" else float(limit) for limit in row["limits"])
    return Indicator(
        number,
        row["domain"],
        row["zh"],
        row["en"],
        row["unit"],
        row["direction"],
        lo2,
        lo1,
        hi1,
        hi2,
        row["period"],
        row["owner"],
        row["source"],
        row["decimals"],
        row["pinned"],
        area=towns.get(row["zh"][:2], ""),
        formula=row["formula"],
    )


def _air(definitions: Sequence[Indicator]) -> dict[int, dict[str, list[int]]]:
    """Number of an index -> node -> numbers of its concentrations: those of its area, or all."""
    found: dict[int, dict[str, list[int]]] = {}
    known = codes.load("aqi_node")
    for n, index in enumerate(definitions):
        if index.formula == aqi.INDEX:
            nodes = found[n] = defaultdict(list)
            for i, d in enumerate(definitions):
                if d.formula in known and _near(index, d):
                    nodes[d.formula].append(i)
    return found


def _near(index: Indicator, other: Indicator) -> bool:
    """Whether a concentration is of the place of an index; the names of a station begin alike."""
    return index.name.startswith("全市") or other.name.split()[0] == index.name.split()[0]


def _bounds(definitions: list[Indicator], usual: Array) -> tuple[Array, Array]:
    """No share above 100 %, nothing that cannot be negative below zero."""
    least = np.array([-60.0 if d.unit == "℃" else 0.0 for d in definitions])
    share = np.array([d.unit == "%" and d.direction == "low_bad" for d in definitions])
    return least, np.where(share, 100.0, np.inf)


def _beyond(d: Indicator) -> float | None:
    """A value that is yellow and not red, or None."""
    if d.hi1 is not None and d.hi2 is not None:
        value = d.hi1 + 0.3 * (d.hi2 - d.hi1)
    elif d.lo1 is not None and d.lo2 is not None:
        value = d.lo1 - 0.3 * (d.lo1 - d.lo2)
    else:
        return None
    rounded = float(_rounded(np.array([value]), np.array([d.decimals]))[0])
    return rounded if limits_of(d).level(rounded) == 1 else None


def _rounded(value: Array, digits: NDArray[np.intp]) -> Array:
    unit = 10.0**digits
    return np.asarray(np.round(value * unit) / unit)


def _grain(seed: int, rows: NDArray[np.intp], turn: NDArray[np.int64]) -> Array:
    """About -1..1, fixed to seed, indicator and turn."""
    mixed = (rows.astype(np.uint64) * np.uint64(0x9E3779B1) + turn.astype(np.uint64)) * np.uint64(
        0xBF58476D1CE4E5B9
    ) + np.uint64(seed)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(32)
    return np.asarray((mixed >> np.uint64(11)).astype(float) / 2.0**52 - 1)
