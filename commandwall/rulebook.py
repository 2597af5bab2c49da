"""Which rule counts for which reading: by its moment, kind and place, by the sun, by the mode."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commandwall import codes, modes, rulecheck
from commandwall.alarms import Rule
from commandwall.clock import SECOND, Ms, day
from commandwall.modes import Mode
from commandwall.rule_rows import Edition
from commandwall.sensors import Sensor
from commandwall.sun import is_down

SEVERITIES = (1, 2, 3, 4)
LIGHTS = ("day", "night")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A mode that holds in an area from a moment up to another."""

    area: str  # "" for the whole city
    mode: str
    rank: int
    since: Ms
    until: Ms


def stretches(held: Iterable[Mode]) -> list[Stretch]:
    """What these modes are to readings. It begins and ends a little later than a person says so
    (`mode_lead_seconds`): by then all stations know, and judge a reading alike."""
    return [_stretch(mode) for mode in held]


def _stretch(mode: Mode) -> Stretch:
    lead = int(codes.limit("mode_lead_seconds", day(mode.since)) * SECOND)
    until = min(mode.until, modes.ended(mode) + lead)
    rank = modes.rank(mode.mode)
    return Stretch(mode.area, mode.mode, rank, Ms(mode.since + lead), Ms(until))


class Rulebook:
    """The thresholds of each profile, a kind of device at day or night in a mode, in one edition
    of the rules after another."""

    def __init__(
        self, sensors: Sequence[Sensor], rules: Sequence[Rule], later: Sequence[Edition] = ()
    ) -> None:
        """`later`: what takes the place of these rules, in the order of their moments."""
        kinds = sorted({(s.cls, s.unit) for s in sensors})
        index = {kind: i for i, kind in enumerate(kinds)}
        self._kind = np.array([index[s.cls, s.unit] for s in sensors], np.intp)
        every = [rules, *(edition.rules for edition in later)]
        self._since = np.array([edition.since for edition in later], np.int64)
        named = any(rule.mode for some in every for rule in some)
        self.modes = ("", *rulecheck.modes()) if named else ("",)
        keys = [(k, light, mode) for k in kinds for light in LIGHTS for mode in self.modes]
        self._size = len(keys)
        """Profiles of one edition."""
        self.rules = [chosen(some, *key) for some in every for key in keys]
        self.threshold = self._table("threshold", np.nan)
        self.deadband = self._table("deadband", 0.0)
        self.on, self.off = self._table("on_s", 0) * SECOND, self._table("off_s", 0) * SECOND
        self.samples = self._table("samples", 1)
        self.rate, self.pair = self._table("lift_rate", 0), self._table("lift_pair_s", 0) * SECOND
        self.sign = np.array([_sign(row) for row in self.rules])
        self.no_rule = np.asarray(np.isnan(self.threshold).all(axis=1))
        self._by_sun = self._differ(len(kinds))
        self.by_rate = np.asarray((self.rate > 0).any(axis=1), np.bool_)
        self.by_pair = np.asarray((self.pair > 0).any(axis=1), np.bool_)
        self._areas = [s.area for s in sensors]
        self._lon, self._lat = (np.array([getattr(s, k) for s in sensors]) for k in ("lon", "lat"))
        self._held: list[tuple[Stretch, int, NDArray[np.bool_]]] = []

    def hold(self, stretches: Sequence[Stretch]) -> None:
        """These modes hold, and no others; the highest counts where several do."""
        named = [s for s in stretches if s.mode in self.modes]
        if [h[0] for h in self._held] == sorted(named, key=_order):
            return
        self._held = [
            (
                s,
                self.modes.index(s.mode),
                np.array([a.startswith(s.area) for a in self._areas], bool),
            )
            for s in sorted(named, key=_order)
        ]

    def profiles(self, rows: NDArray[np.intp], at: NDArray[np.int64]) -> NDArray[np.intp]:
        """The profile of each of these devices at a moment."""
        kind = self._kind[rows]
        profile = kind * self._wide
        if len(self._since):
            profile += np.searchsorted(self._since, at, "right") * self._size
        if self._by_sun.any():
            some = np.flatnonzero(self._by_sun[kind])
            place = self._lon[rows[some]], self._lat[rows[some]]
            profile[some] += is_down(at[some], *place) * len(self.modes)
        if self._held:
            profile += self._mode(rows, at)
        return profile

    def paired(self) -> NDArray[np.bool_]:
        """The devices of which a rule may ask for a second one."""
        editions = len(self._since) + 1
        by_kind = self.by_pair.reshape(editions, -1, self._wide)
        return np.asarray(np.asarray(by_kind.any(axis=(0, 2)))[self._kind], np.bool_)

    def reaches(self, rows: NDArray[np.intp], value: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Whether any rule that there is for these devices, by day or night and in whichever mode,
        is met by these values: who is beyond none raises nothing, whatever the delays."""
        above, below = self._mildest(1.0), self._mildest(-1.0)
        kind = self._kind[rows]
        return np.asarray((value >= above[kind]) | (value <= -below[kind]))

    def _mildest(self, sign: float) -> NDArray[np.float64]:
        """Of each kind of device the threshold that is met first by going up or down."""
        some = (self.sign == sign)[:, None] & ~np.isnan(self.threshold)
        edges = np.where(some, sign * self.threshold, np.inf).min(axis=1)
        return np.asarray(edges.reshape(len(self._since) + 1, -1, self._wide).min(axis=(0, 2)))

    @property
    def _wide(self) -> int:
        """Profiles of one kind in one edition."""
        return len(LIGHTS) * len(self.modes)

    def rule(self, profile: int, severity: int) -> Rule:
        """The rule of a severity, for one that is over also where none holds any more."""
        row = self.rules[profile]
        return row[severity - 1] or next(rule for rule in row if rule is not None)

    def _mode(self, rows: NDArray[np.intp], at: NDArray[np.int64]) -> NDArray[np.intp]:
        found = np.zeros(len(rows), np.intp)
        for stretch, mode, here in self._held:
            found[here[rows] & (at >= stretch.since) & (at < stretch.until)] = mode
        return found

    def _differ(self, kinds: int) -> NDArray[np.bool_]:
        """Kinds whose rules are others at night."""
        half, every = len(self.modes), range(len(self._since) + 1)
        begins = [[e * self._size + half * 2 * k for e in every] for k in range(kinds)]
        differ = [any(self._by_light(at, half) for at in some) for some in begins]
        return np.array(differ, np.bool_)

    def _by_light(self, at: int, half: int) -> bool:
        """Whether the profiles of nights, which follow those of days at `at`, are others."""
        return self.rules[at : at + half] != self.rules[at + half : at + 2 * half]

    def _table(self, field: str, empty: float) -> NDArray[np.float64]:
        rows = [[empty if r is None else getattr(r, field) for r in row] for row in self.rules]
        return np.array(rows, np.float64).reshape(-1, len(SEVERITIES))


def _order(stretch: Stretch) -> tuple[int, Ms, str]:
    return stretch.rank, stretch.since, stretch.area


def chosen(
    rules: Iterable[Rule], kind: tuple[str, str], light: str, mode: str
) -> tuple[Rule | None, ...]:
    """The rule of each severity: that of the gravest mode up to this one, of these one that names
    the light. Devices of a unit that rules of their class name meet these alone."""
    cls, unit = kind
    of_class = [rule for rule in rules if rule.cls == cls]
    own = [rule for rule in of_class if modes.rank(rule.mode) <= modes.rank(mode)]
    if any(rule.unit == unit for rule in of_class):
        own = [rule for rule in own if rule.unit == unit]
    else:
        own = [rule for rule in own if not rule.unit]
    fit = [rule for rule in own if rule.light in ("", light)]
    named = sorted(fit, key=lambda r: (modes.rank(r.mode), r.light != ""))
    by_severity = {rule.severity: rule for rule in named}
    return tuple(by_severity.get(severity) for severity in SEVERITIES)


def counting(rules: Iterable[Rule], sensor: Sensor, mode: str, at: Ms) -> tuple[Rule | None, ...]:
    """The rule of each severity that a reading of this device meets at a moment in a mode."""
    place = np.array([sensor.lon]), np.array([sensor.lat])
    night = bool(is_down(np.array([at]), *place)[0])
    return chosen(rules, (sensor.cls, sensor.unit), LIGHTS[night], mode)


def _sign(row: tuple[Rule | None, ...]) -> float:
    return -1.0 if any(rule.low_bad for rule in row if rule is not None) else 1.0
