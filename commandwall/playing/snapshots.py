"""Snapshots of the city 城市快照: what was open and where units were at a moment, kept as a file
from which drills begin, however much later.

It is made from this station's own copy, without who reported anything and with what else belongs to
a person masked, under ids of its own. The file names its hash; one that was changed is refused.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from commandwall import platform
from commandwall.clock import Ms
from commandwall.events import Event, EventView, queue, views
from commandwall.masking import mask, without
from commandwall.people import Officer
from commandwall.plain import address
from commandwall.playing.injecting import Place
from commandwall.resources import Resource
from commandwall.store import live
from commandwall.store.schema import times_of
from commandwall.store.store import Reader, Store
from commandwall.tallies import ahead_of_mirror

FOLDER, FILE, LOCK = "snapshots", "snapshot.json", "keeping.lock"
"""Where a station keeps them, that of a drill in its directory, and who holds the names."""
NAMESPACE = uuid.UUID("5f1a7f0e-8a0e-4c53-9d0a-0d1c4a3c7e53")
_NAME = re.compile(r"[\w-]{1,40}")


class Unit(msgspec.Struct, frozen=True):
    """How a unit stood, and where: degrees WGS-84, None where that was not known."""

    id: str
    status: str  # row of resource_status
    lon: float | None
    lat: float | None


class Snapshot(msgspec.Struct, frozen=True):
    """The city at a moment."""

    name: str
    city: str
    taken_at: Ms
    events: list[Event]
    units: list[Unit]
    sha256: str = ""  # of all of it without this

    def hashed(self) -> str:
        bare = msgspec.structs.replace(self, sha256="")
        return hashlib.sha256(msgspec.json.encode(bare)).hexdigest()

    def at(self, now: Ms) -> list[Event]:
        """Its events as old at `now` as they were then."""
        return [_moved(event, now - self.taken_at) for event in self.events]

    def places(self) -> dict[str, Place]:
        """Where each unit was, by its id."""
        return {u.id: (u.lon, u.lat) for u in self.units
                if u.lon is not None and u.lat is not None}  # fmt: skip


READ = msgspec.json.Decoder(Snapshot)


class Damaged(Exception):
    """A file is no snapshot, or not as it was made."""


def take(folder: Path, name: str, now: Ms) -> Snapshot:
    """From the copy that a station has; not kept yet. ValueError for a name that is none. Raises
    StoreTrouble, OSError."""
    if not _NAME.fullmatch(name):
        raise ValueError(name)
    with closing(Store(folder)) as store:
        city, events, units, known = store.read(_found)
    fixes = _fixes(folder)
    made = Snapshot(name, city, now, [_masked(name, one, known) for one in events],
                    [_unit(one, fixes) for one in units])  # fmt: skip
    return msgspec.structs.replace(made, sha256=made.hashed())


def keep(folder: Path, made: Snapshot) -> Path:
    """Write it, whole or not at all; FileExistsError where one of that name is there, which drills
    may begin from. On disk when this returns. Raises OSError."""
    kept = folder / FOLDER
    platform.private_folder(kept)
    target, fresh = kept / f"{made.name}.json", kept / f"{made.name}.json.new"
    with platform.lock(kept / LOCK, wait=True):  # two of one name do not begin at once
        if target.exists():
            raise FileExistsError(target)
        fresh.write_bytes(msgspec.json.encode(made))
        platform.settle(fresh, target)
    return target


def read(file: Path) -> Snapshot:
    """Raises FileNotFoundError, OSError; Damaged for what is no snapshot as it was made."""
    try:
        found = READ.decode(file.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as why:
        raise Damaged(file.name) from why
    if found.sha256 != found.hashed():
        raise Damaged(file.name)
    return found


def named(folder: Path, name: str) -> Snapshot:
    """Of a station, by its name; raises as `read`."""
    if not _NAME.fullmatch(name):
        raise FileNotFoundError(name)
    return read(folder / FOLDER / f"{name}.json")


def kept(folder: Path) -> Iterator[Snapshot]:
    """All that are sound, by name."""
    for file in sorted((folder / FOLDER).glob("*.json")):
        with suppress(Damaged, OSError):
            yield read(file)


def places(drill: Path) -> dict[str, Place]:
    """Where units were, by the snapshot from which a drill was begun; none without one."""
    with suppress(Damaged, OSError):
        return read(drill / FILE).places()
    return {}


def _found(reader: Reader) -> tuple[str, list[EventView], list[Resource], list[str]]:
    """City, what is open there as it is shown, units, and who is known by name."""
    shown = {view.event.id: view for view in queue(reader)}
    shown |= views(reader, ahead_of_mirror(reader))
    known = [officer.name for officer in reader.find(Officer)]
    return reader.city(), [v for v in shown.values() if v.open], reader.find(Resource), known


def _masked(name: str, view: EventView, known: list[str]) -> Event:
    """As it is shown, under another id; nothing of it says who reported it."""
    event, key = view.event, str(uuid.uuid5(NAMESPACE, f"{name}/{view.event.id}"))

    def clean(text: str) -> str:
        for person in filter(None, (event.person, *known)):
            text = without(text, person)
        return mask(text)

    return replace(
        event, id=key, source_id=key, title=clean(event.title), body=clean(event.body),
        address=address(clean(event.address)), person="", phone="", state=view.state,
        unit=view.unit, cls=view.cls, rev=0,
    )  # fmt: skip


def _moved(event: Event, by: int) -> Event:
    """Its moments later by so many milliseconds."""
    was = {name: getattr(event, name) for name in times_of(Event)}
    at: dict[str, Any] = {name: told + by for name, told in was.items() if told is not None}
    return replace(event, **at)


def _fixes(folder: Path) -> Mapping[str, NDArray[Any]]:
    """The newest positions, by the small numbers of units; empty columns where nobody told any."""
    if (path := live.newest(folder, "fixes")) is None:
        return {name: np.zeros(0, kind) for name, kind in live.FIX}
    return live.LiveArrays(path, live.FIX, int(path.stem.rsplit("-", 1)[1])).read()


def _unit(one: Resource, fixes: Mapping[str, NDArray[Any]]) -> Unit:
    if one.no >= len(fixes["at"]) or not fixes["at"][one.no]:
        return Unit(one.id, one.status, None, None)
    return Unit(one.id, one.status, float(fixes["lon"][one.no]), float(fixes["lat"][one.no]))
