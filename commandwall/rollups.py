"""Indicators rolled up 汇总: of a domain or an area, how it stands, how many are red, how old.

Safety domains take the worst of their indicators, services the weighted mean (domain/spec 5.13;
column `rollup` of the code list `indicator_domain`); an area is as bad as its worst domain.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from commandwall import codes
from commandwall.aqi import INDEX, Air, air
from commandwall.clock import Ms
from commandwall.indicators import (
    LEVELS,
    NOTHING,
    RED,
    UNKNOWN,
    YELLOW,
    Indicator,
    IndicatorValue,
    Stand,
    fresh_for,
)


@dataclass(frozen=True, slots=True)
class Signs:
    """The indicators of a moment, with how they stand."""

    values: Mapping[str, IndicatorValue]
    stands: Mapping[str, Stand]
    now: Ms

    def state(self, definition: Indicator, periods: float | None = None) -> str:
        """How one stands; unknown where it is missing or too old (`periods`: as `fresh_for`)."""
        value = self.values.get(definition.id)
        if value is None or self.now - value.at > fresh_for(definition, periods):
            return UNKNOWN
        return self.stands.get(definition.id, NOTHING).state


@dataclass(frozen=True, slots=True)
class Rollup:
    """Several indicators as one."""

    state: str
    red: int
    yellow: int
    unknown: int  # missing or too old; they count for nothing else
    all: int
    oldest: Ms | None  # the moment of the oldest value among them; None where none has any

    @property
    def order(self) -> tuple[int, int, int]:
        """The worst first."""
        return -_level(self.state), -self.red, -self.yellow


def roll_up(definitions: Sequence[Indicator], signs: Signs) -> Rollup:
    """Some indicators as one; unknown where none of them is known, or none is beyond a limit and
    too many are not known to call it normal."""
    periods, domains = codes.limit("old_periods"), codes.load("indicator_domain")
    states = {d.id: signs.state(d, periods) for d in definitions}
    known: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for d in definitions:
        if (state := states[d.id]) != UNKNOWN:
            known[d.domain].append((_level(state), d.weight))
    ways = {id_: str(row.facts["rollup"]) for id_, row in domains.items()}
    worst = max(
        (_one(ways.get(domain, "worst"), some) for domain, some in known.items()), default=-1
    )
    counts = Counter(states.values())
    if worst == 0 and counts[UNKNOWN] > codes.limit("rollup_unknown") * len(definitions):
        worst = -1
    ages = (value.at for d in definitions if (value := signs.values.get(d.id)) is not None)
    return Rollup(
        UNKNOWN if worst < 0 else LEVELS[worst],
        counts[RED], counts[YELLOW], counts[UNKNOWN], len(definitions), min(ages, default=None),
    )  # fmt: skip


def by_key(definitions: Iterable[tuple[str, Indicator]], signs: Signs) -> dict[str, Rollup]:
    """Indicators rolled up by what each is paired with."""
    grouped: dict[str, list[Indicator]] = defaultdict(list)
    for key, definition in definitions:
        grouped[key].append(definition)
    return {key: roll_up(some, signs) for key, some in grouped.items()}


def air_of(index: Indicator, definitions: Iterable[Indicator], signs: Signs) -> Air | None:
    """What the stations in the area of an index say of its air: by the means of what they measure
    and is not too old. None where the indicator is no such index, or nothing is measured there."""
    if index.formula != INDEX:
        return None
    nodes, periods = codes.load("aqi_node"), codes.limit("old_periods")
    found: dict[str, list[float]] = defaultdict(list)
    for d in definitions:
        if d.formula in nodes and d.area.startswith(index.area):
            value = signs.values.get(d.id)
            if value is not None and value.value is not None and signs.state(d, periods) != UNKNOWN:
                found[d.formula].append(value.value)
    return air({node: fmean(some) for node, some in found.items()}) if found else None


def _one(way: str, some: Sequence[tuple[int, float]]) -> int:
    """The level of one domain by its (level, weight)."""
    weight = sum(weight for _, weight in some)
    if way == "worst" or weight <= 0:
        return max(level for level, _ in some)
    mean = sum(level * weight for level, weight in some) / weight
    return (mean >= codes.limit("rollup_yellow")) + (mean >= codes.limit("rollup_red"))


def _level(state: str) -> int:
    return LEVELS.index(state) if state in LEVELS else -1
