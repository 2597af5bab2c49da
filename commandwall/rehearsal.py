"""`commandwall rules try FILE`: what changed or new rules would have raised over the last days."""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandwall import codes, rulecheck
from commandwall.alarms import Crossing, Rule, rules_of
from commandwall.clock import DAY, HOUR, Clock, Ms, day
from commandwall.config import REFUSED, Settings
from commandwall.judge import Judge
from commandwall.sensors import READING_DTYPE, Sensor
from commandwall.store.database import StoreTrouble
from commandwall.store.migrate import open_store
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


def rehearse(
    sensors: Sequence[Sensor], rules: Sequence[Rule], parts: Iterable[NDArray[np.void]]
) -> Raised:
    """Alarms that these rules raise on readings (READING_DTYPE, in stretches of time one after
    another): each once, at the severity with which it began."""
    judge, found, lasting = Judge(sensors, rules), Raised(), set[str]()
    row_of = np.full(1 + max((s.no for s in sensors), default=0), -1, np.intp)
    row_of[[s.no for s in sensors]] = np.arange(len(sensors))
    for part in parts:
        part = np.sort(part[part["no"] < len(row_of)], order="at")
        part = part[row_of[part["no"]] >= 0]
        columns = part["value"], part["at"], part["quality"].copy()
        for crossings in judge.take(row_of[part["no"]], *columns):
            for crossing in crossings:
                _count(crossing, found, lasting)
    return found


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
        tried, wrong = read(asked.file)
        for line in wrong:
            print(f"commandwall: {asked.file.name}: {line}", file=sys.stderr)
        if tried:
            _try(settings, tried, asked.days)
        elif not wrong:
            print(f"commandwall: {asked.file.name}: no [[row]] 没有规则行", file=sys.stderr)
    except (OSError, tomllib.TOMLDecodeError, StoreTrouble, ValueError) as why:
        print(f"commandwall: {asked.file.name}: {why}", file=sys.stderr)
        return REFUSED
    return REFUSED if wrong or not tried else 0


def _try(settings: Settings, tried: Mapping[str, codes.Code], days: int) -> None:
    now = codes.load("alarm_rules")
    classes = {str(code.facts["cls"]) for code in tried.values()}
    classes |= {str(now[id_].facts["cls"]) for id_ in tried.keys() & now.keys()}
    before = [rule for rule in rules_of(now) if rule.cls in classes]
    after = [rule for rule in rules_of({**now, **tried}) if rule.cls in classes]
    with closing(open_store(settings.data_dir)) as store:
        known = [s for s in store.read(lambda r: r.find(Sensor)) if s.cls in classes]
    until, kept = Clock().now(), since(settings.data_dir, READINGS)
    begin = max(until - days * DAY, kept if kept is not None else until)
    told = [
        rehearse(known, rules, _readings(settings.data_dir, known, (Ms(begin), until), label))
        for rules, label in ((before, "in force 现行"), (after, "tried 试行"))
    ]
    print(f"{len(known)} devices 台设备, {(until - begin) / DAY:.1f} days 天")
    _tell(told[0], told[1])


def _readings(
    folder: Path, known: Sequence[Sensor], span: tuple[Ms, Ms], label: str
) -> Iterator[NDArray[np.void]]:
    """Hour by hour, saying how far it is."""
    numbers, (begin, until) = np.array([s.no for s in known], np.int64), span
    for start in range(begin, until, HOUR):
        end = min(start + HOUR, until)
        yield within(folder, READINGS, READING_DTYPE, (Ms(end), end - start), numbers)
        share = (end - begin) / max(1, until - begin)
        print(f"\r{label} {share:4.0%}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


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
