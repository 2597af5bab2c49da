"""Mentions 提及: what is said about the city elsewhere, as an outside feed brings it.

They are no records of the stations: each data directory keeps what its own feed brought, a file of
JSON lines for each day of the mentions, for as long as hot words look back.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

import msgspec

from commandwall.clock import Ms, day

FOLDER, KEPT = "mentions", "kept"


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention. Its text is foreign: masked and plain wherever it is drawn."""

    id: str
    at: Ms
    text: str
    place: str = ""
    lon: float | None = None  # degrees WGS-84
    lat: float | None = None
    source: str = ""
    url: str = ""


READ = msgspec.json.Decoder(Mention)


def key_of(at: Ms, text: str, source: str, url: str) -> str:
    """The same for the same mention, however often it is brought."""
    told = json.dumps([at, text, source, url], ensure_ascii=True)
    return hashlib.sha256(told.encode()).hexdigest()[:24]


def keep(folder: Path, mentions: Iterable[Mention]) -> None:
    """Add them to the files of their days; `folder`: the data directory. OSError where the disk
    does not take them."""
    room = folder / FOLDER / KEPT
    room.mkdir(parents=True, exist_ok=True)
    by_day: dict[date, list[str]] = defaultdict(list)
    for one in mentions:
        by_day[day(one.at)].append(json.dumps(asdict(one), ensure_ascii=True))
    for on, told in by_day.items():
        with (room / f"{on}.jsonl").open("a", encoding="ascii") as out:
            out.write("".join(f"{line}\n" for line in told))


def between(folder: Path, first: Ms, last: Ms) -> list[Mention]:
    """Those of a stretch of time, each once, the newest first. A line that a cut of the power left
    half is none."""
    found: dict[str, Mention] = {}
    on = day(first)
    while on <= day(last):
        for one in _read(folder / FOLDER / KEPT / f"{on}.jsonl"):
            if first <= one.at <= last:
                found[one.id] = one
        on += timedelta(days=1)
    return sorted(found.values(), key=lambda one: (-one.at, one.id))


def forget(folder: Path, before: Ms) -> None:
    """Let go of the days before a moment."""
    oldest = f"{day(before)}.jsonl"
    for file in (folder / FOLDER / KEPT).glob("*.jsonl"):
        if file.name < oldest:
            file.unlink()


def _read(file: Path) -> list[Mention]:
    try:
        lines = file.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            found.append(READ.decode(line))
        except msgspec.DecodeError:
            continue
    return found
