"""`commandwall rules try FILE`: what changed or new rules would have raised over the last days."""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandwall import codes, modes, rule_rows, rulecheck
from commandwall.alarms import BROKEN, OPENED, SILENT, Crossing, Rule
from commandwall.clock import DAY, HOUR, Clock, Ms, day
from commandwall.config import REFUSED, Settings
from commandwall.judge import Judge
from commandwall.rule_rows import Rules, stated
from commandwall.rulebook import Rulebook, Stretch, stretches
from commandwall.sensors import READING_DTYPE, Sensor
from commandwall.store.database import StoreTrouble
from commandwall.store.store import Store
from commandwall.store.telemetry import READINGS, since, within

WORST = 10
"""Devices that are named."""


@dataclass(slots=True)
class Raised:
    """What rules would have raised."""

    by_day: Counter[date] = field(default_factory=Counter)
    by_severity: Counter[int] = field(default_factory=Counter)
    by_device: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.by_day.total()


@dataclass(frozen=True, slots=True)
class Span:
    """Over which moments rules are tried, and which modes hold then."""

    begin: Ms
    until: Ms
    held: Sequence[Stretch] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """What the rules in force and others would have raised on the same readings."""

    days: float  # of which readings are kept
    devices: int
    now: Raised
    then: Raised


class Rehearsal:
    """Alarms that rules raise on readings (READING_DTYPE, in stretches of time one after another):
    each once, at the severity with which it began."""

    def __init__(
        self, sensors: Sequence[Sensor], rules: Sequence[Rule], held: Sequence[Stretch] = ()
    ) -> None:
        self._judge, self.found, self._lasting = Judge(sensors, rules), Raised(), set[str]()
        self._judge.book.hold(held)
        self._row = _rows(sensors)

    def take(self, part: NDArray[np.void]) -> None:
        """The next stretch, of these devices alone; those of one device in their order."""
        columns = (np.array(part[name]) for name in ("value", "at", "quality"))
        for crossings in self._judge.take(self._row[part["no"]], *columns):
            for crossing in crossings:
                _count(crossing, self.found, self._lasting)


def _rows(sensors: Sequence[Sensor]) -> NDArray[np.intp]:
    """Row of a device by its number; -1 for those that are none of these."""
    row_of = np.full(1 + max((s.no for s in sensors), default=0), -1, np.intp)
    row_of[[s.no for s in sensors]] = np.arange(len(sensors))
    return row_of


def _count(crossing: Crossing, found: Raised, lasting: set[str]) -> None:
    device = crossing.sensor.id
    if not crossing.severity:
        lasting.discard(device)
    elif device not in lasting:
        lasting.add(device)
        found.by_day[day(crossing.at)] += 1
        found.by_severity[crossing.severity] += 1
        found.by_device[device] += 1


def read(path: Path) -> tuple[dict[str, codes.Code], list[str]]:
    """Rows of a file like assets/codelists/alarm_rules.toml, and what is wrong with the others.
    OSError and tomllib.TOMLDecodeError where it is no such file."""
    with path.open("rb") as file:
        given = tomllib.load(file).get("row", [])
    rows = {_name(n, row): row for n, row in enumerate(given if isinstance(given, list) else [], 1)}
    facts = {id_: _facts(row) for id_, row in rows.items()}
    wrong = rulecheck.faults(facts)
    spoilt = {fault.row for fault in wrong}
    fit = {
        id_: codes.Code(id_, str(row.get("zh", id_)), str(row.get("en", id_)), facts[id_])
        for id_, row in rows.items()
        if id_ not in spoilt
    }
    return fit, [str(fault) for fault in wrong]


def _name(n: int, row: Any) -> str:
    named = row.get("id") if isinstance(row, dict) else None
    return named if isinstance(named, str) and named else f"row {n} 第 {n} 行"


def _facts(row: Any) -> Mapping[str, Any]:
    return {k: v for k, v in row.items() if k not in codes.FIXED} if isinstance(row, dict) else {}


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """Try the rows of a file beside those in force; REFUSED where a row or the file was."""
    try:
        if asked.mode not in ("", *rulecheck.modes()):
            raise ValueError(f"--mode: {asked.mode!r} is none of {', '.join(rulecheck.modes())}")
        tried, wrong = read(asked.file)
        for line in wrong:
            print(f"commandwall: {asked.file.name}: {line}", file=sys.stderr)
        if tried:
            _try(settings, tried, asked)
        elif not wrong:
            print(f"commandwall: {asked.file.name}: no [[row]] 没有规则行", file=sys.stderr)
    except (OSError, tomllib.TOMLDecodeError, StoreTrouble, ValueError) as why:
        print(f"commandwall: {asked.file.name}: {why}", file=sys.stderr)
        return REFUSED
    return REFUSED if wrong or not tried else 0


def _try(settings: Settings, tried: Mapping[str, codes.Code], asked: argparse.Namespace) -> None:
    with closing(Store(settings.data_dir)) as store:
        now = rule_rows.in_force(store.read(rule_rows.approved), Clock().now())
        listed = {id_: stated(rule) for id_, rule in now.items()}
        if wrong := rulecheck.faults({**listed, **{k: row.facts for k, row in tried.items()}}):
            raise ValueError("; ".join(str(fault) for fault in wrong))
        made = {row.id: Rule(id=row.id, zh=row.zh, en=row.en, **row.facts)
                for row in tried.values()}  # fmt: skip
        span = span_of(store, asked.days, asked.mode)
        found = compare(store, (now, {**now, **made}), span, _print_share)
    print(file=sys.stderr)
    if own := [rule.id for rule in made.values() if rule.cls in (BROKEN, SILENT)]:
        print(f"not tried, no threshold of readings 不按读数的阈值报，未试: {', '.join(own)}")
    print(f"{found.devices} devices 台设备, {found.days:.1f} days 天")
    _tell(found.now, found.then)


def _print_share(share: float) -> None:
    print(f"\r{share:4.0%}", end="", file=sys.stderr, flush=True)


def span_of(store: Store, days: float, mode: str = "") -> Span:
    """The last days, as far as readings are kept, with the modes that held; or as if one of them
    (list `mode`) had held in the whole city all the time."""
    until, kept = Clock().now(), since(store.folder, READINGS)
    begin = Ms(max(until - int(days * DAY), kept if kept is not None else until))
    if mode:
        return Span(begin, until, [Stretch("", mode, modes.rank(mode), begin, Ms(until + 1))])
    return Span(begin, until, stretches(store.read(lambda r: modes.lately(r, begin))))


def compare(
    store: Store, tables: tuple[Rules, Rules], span: Span, tell: Callable[[float], None]
) -> Compared:
    """What these two tables of rules would have raised over a span; only devices of classes in
    which they differ are asked. `tell` hears the share of it that is done. Takes seconds to
    minutes, and holds the readings of an hour: it goes over all of them once for the devices that
    reached any threshold, and judges these alone, since no other one raises anything."""
    rules = tables[0].values(), tables[1].values()
    classes = {rule.cls for rule in set(rules[0]) ^ set(rules[1])}
    asked = sorted(classes | ({_door()} if OPENED in classes else set()))
    known = store.read(lambda r: r.find(Sensor, cls=asked))
    own = [[rule for rule in some if rule.cls in classes] for some in rules]
    halves = (lambda share: tell(share / 2)), (lambda share: tell(0.5 + share / 2))
    some = known if OPENED in classes else _reaching(store.folder, known, own, span, halves[0])
    runs = [Rehearsal(some, mine, span.held) for mine in own]
    for share, part in _readings(store.folder, some, span):
        part = part[np.argsort(np.array(part["at"]), kind="stable")]
        for run in runs:
            run.take(part)
        halves[1](share)
    return Compared((span.until - span.begin) / DAY, len(known), runs[0].found, runs[1].found)


def _door() -> str:
    """The class of the devices that tell of openings."""
    return str(codes.load("device_deed")[OPENED].facts["of"])


def _reaching(
    folder: Path, known: Sequence[Sensor], rules: Sequence[Sequence[Rule]], span: Span,
    tell: Callable[[float], None],
) -> list[Sensor]:  # fmt: skip
    """The devices that reached a threshold of any of these tables of rules."""
    books, row_of = [Rulebook(known, some) for some in rules], _rows(known)
    found = np.zeros(len(known), np.bool_)
    for share, part in _readings(folder, known, span):
        rows, value = row_of[part["no"]], np.array(part["value"])
        for book in books:
            found[rows[book.reaches(rows, value)]] = True
        tell(share)
    return [known[row] for row in np.flatnonzero(found).tolist()]


def _readings(
    folder: Path, known: Sequence[Sensor], span: Span
) -> Iterator[tuple[float, NDArray[np.void]]]:
    """Hour by hour, with how far that is."""
    numbers = np.array([s.no for s in known], np.int64)
    for start in range(span.begin, span.until, HOUR):
        end = min(start + HOUR, span.until)
        share = (end - span.begin) / max(1, span.until - span.begin)
        yield share, within(folder, READINGS, READING_DTYPE, (Ms(end), end - start), numbers)


def _tell(before: Raised, after: Raised) -> None:
    print(f"would have raised {after.total} alarms, now {before.total} "
          f"试行 {after.total} 起，现行 {before.total} 起")  # fmt: skip
    for on in sorted(before.by_day | after.by_day):
        print(f"  {on}  {after.by_day[on]:7d}  ({before.by_day[on]})")
    for severity in sorted(before.by_severity | after.by_severity):
        n, was = after.by_severity[severity], before.by_severity[severity]
        print(f"  {'ⅠⅡⅢⅣ'[severity - 1]}           {n:7d}  ({was})")
    for device, n in after.by_device.most_common(WORST):
        print(f"  {device:20s} {n:5d}  ({before.by_device[device]})")
