"""Files of scenarios that a person writes: those of the library to begin from, and his own below
the data directory. A file that somebody else changed meanwhile is never written over unsaid.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from commandwall import platform
from commandwall.config import ASSETS
from commandwall.drill.editing import Data, begun, loaded, text
from commandwall.drill.faults import Fault
from commandwall.drill.scenario import read
from commandwall.files.content import named

FOLDER = "scenarios"
"""Below the data directory."""
LIBRARY = ASSETS / "drills"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a draft came from: its file and what stood there. No file for what is new, or is made
    after one of the library, which stays as it is."""

    file: Path | None = None
    digest: str = ""
    version: int = 0  # of what stood there; 0 for what is new
    remarks: bool = False  # whether it has comments, which no draft keeps


@dataclass(frozen=True, slots=True)
class Opened:
    """A file as a draft, or why it is none."""

    data: Data | None
    source: Source
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """A scenario that can be opened."""

    file: Path
    zh: str
    en: str
    version: int
    own: bool
    faults: int


def scenarios(folder: Path) -> list[Listed]:
    """Those of this station, then those of the library."""
    places = ((folder / FOLDER, True), (LIBRARY, False))
    return [one for place, own in places for one in _listed(place, own)]


def _listed(place: Path, own: bool) -> Iterator[Listed]:
    for file in sorted(place.glob("*.toml")):
        found = read(file)
        s = found.scenario
        zh, en, version = (s.zh, s.en, s.version) if s is not None else (file.name, file.name, 0)
        yield Listed(file, zh, en, version, own, len(found.faults))


def opened(file: Path) -> Opened:
    """The draft of a file, or all that is wrong where it cannot be one."""
    found = read(file)
    if any(not fault.line for fault in found.faults):  # it cannot be read at all
        return Opened(None, Source(), found.faults)
    raw = file.read_bytes()
    data = loaded(raw)
    if data is None:
        return Opened(None, Source(), found.faults)
    remarks = any(line.lstrip().startswith(b"#") for line in raw.splitlines())
    version = _version(data)
    if file.resolve().is_relative_to(LIBRARY.resolve()):  # also where a link leads there
        return Opened(data, Source(None, "", version, remarks))
    return Opened(data, Source(file.absolute(), _digest(raw), version, remarks))


def stowed(text: bytes, source: Source) -> str:
    """A draft that is not saved yet, as a station keeps it so that it outlives a crash."""
    told = {"text": text.decode(), "digest": source.digest, "version": source.version}
    return json.dumps({**told, "file": str(source.file) if source.file else ""})


def found_again(kept: str) -> Opened:
    """The draft that was stowed; none where nothing was."""
    told = json.loads(kept) if kept else {}
    file = Path(told["file"]) if told.get("file") else None
    data = loaded(told.get("text", "").encode()) if told else None
    return Opened(data, Source(file, told.get("digest", ""), told.get("version", 0)))


def fresh() -> Opened:
    return Opened(begun(), Source())


@dataclass(frozen=True, slots=True)
class Saved:
    """What stands in the file now."""

    data: Data
    source: Source


@dataclass(frozen=True, slots=True)
class Clash:
    """Nothing was written: another text stands in the file than the draft was made from."""

    file: Path


NOT_OVER, OVER, BESIDE = "", "over", "beside"
"""What becomes of another text that stands there: nothing is written; it goes; it stays, and the
draft has a file and an id of its own."""


def save(folder: Path, data: Data, source: Source, way: str = NOT_OVER) -> Saved | Clash:
    """Write a draft whole into its file, or as a new one of this station. Its version is one more
    than that of what it was made from. OSError."""
    target = source.file or folder / FOLDER / f"{_stem(data)}.toml"
    if way == BESIDE:
        target = _unused(target)
        data = {**data, "id": target.stem}
    there = _digest(target.read_bytes()) if target.exists() else ""
    if there and there != source.digest and way != OVER:
        return Clash(target)
    made = {**data, "version": source.version + 1 if source.version else max(1, _version(data))}
    target.parent.mkdir(parents=True, exist_ok=True)
    raw = text(made)
    platform.write_whole(target, raw.decode())
    return Saved(made, Source(target, _digest(raw), made["version"]))


def _stem(data: Data) -> str:
    return named(str(data.get("id", "")), "")


def _unused(target: Path) -> Path:
    """scenario_2.toml where scenario.toml is there."""
    names = (target.with_stem(f"{target.stem}_{n}") for n in count(2))
    return next(name for name in names if not name.exists())


def _version(data: Data) -> int:
    told = data.get("version")
    return told if isinstance(told, int) else 0


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
