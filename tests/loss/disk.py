"""A disk as a power cut may leave it, by the calls that programs made up to that moment.

What was synced is there. Of everything else a disk may hold any part: nothing of it (dropped),
some writes and not those before them (reordered), or some sectors of a write and not the others
(torn, at 512 or 4,096 bytes). A file's length and a folder's entries are kept on their own: a file
may have its new length and zeros in it, and a name made, changed or taken away since the folder
was synced may be as it was before. Sectors that nobody wrote to are never touched.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from loss.recorder import Call

KINDS = ("dropped", "reordered", "torn 512", "torn 4096")
WRITTEN = ("write", "pwrite64", "ftruncate", "fallocate")
SECTOR = {"torn 512": 512, "torn 4096": 4096}
Image = dict[str, bytes]
"""Path -> what the file holds."""


@dataclass(slots=True, eq=False)
class File:
    """What is certain, what came since, and how long the file is for who reads it now."""

    synced: bytearray = field(default_factory=bytearray)
    pending: list[Call] = field(default_factory=list)
    size: int = 0

    def take(self, call: Call) -> None:
        self.pending.append(call)
        self.size = call.at if cuts(call) else max(self.size, call.at + len(call.data))

    def sync(self, call: Call) -> None:
        """All that had ended when the sync began is certain."""
        for done in self.pending:
            if done.end < call.begin:
                lay(self.synced, done)
        self.pending = [left for left in self.pending if left.end >= call.begin]

    def image(self, kind: str, rng: random.Random) -> bytes:
        """The file as one cut may leave it."""
        found = bytearray(self.synced)
        if kind == "dropped" or not self.pending:
            return bytes(found)
        if kind == "reordered":
            for call in self.pending:
                if rng.random() < 0.5:
                    lay(found, call)
            return bytes(found)
        return self._torn(found, SECTOR[kind], rng)

    def _torn(self, found: bytearray, sector: int, rng: random.Random) -> bytes:
        """Each sector with as many of its writes as came to the disk, and a length of its own."""
        known = rng.randrange(len(self.pending) + 1)
        for call in self.pending[:known]:
            resize(found, call)
        last = max((i for i, call in enumerate(self.pending[:known]) if cuts(call)), default=-1)
        touched: dict[int, list[Call]] = {}
        for call in self.pending[last + 1 :]:
            if not cuts(call):
                for no in range(call.at // sector, -(-(call.at + len(call.data)) // sector)):
                    touched.setdefault(no, []).append(call)
        for no, writes in touched.items():
            for call in writes[: rng.randrange(len(writes) + 1)]:
                _lay_sector(found, call, no * sector, sector)
        return bytes(found)


class Disk:
    """The files below one folder, followed call by call."""

    def __init__(self, folder: Path, counts: Callable[[str], bool]) -> None:
        """`counts`: whether a path is of interest."""
        self._folder, self._counts = str(folder), counts
        self._files: dict[str, File] = {}
        self._certain: dict[str, File] = {}
        self._entries: list[tuple[str, File | None]] = []

    def begin(self, call: Call) -> None:
        """What may be on the disk from the moment at which it began: writes."""
        if self._counts(call.path) and call.name in WRITTEN:
            file, name, at = self._file(call.path), call.name, call.at
            if name == "fallocate":
                name, at = "ftruncate", max(file.size, at)  # blocks of zeros: only it may grow
            at = file.size if at < 0 else at
            file.take(Call(name, call.begin, call.end, call.path, call.data, at))

    def end(self, call: Call) -> None:
        """What is so when the call came back: syncs, and changes of names."""
        if call.name in ("fsync", "fdatasync"):
            self._sync(call)
        elif call.name == "openat" and self._counts(call.path):
            file = self._file(call.path)
            if "O_TRUNC" in call.flags and file.size:
                file.take(Call("ftruncate", call.begin, call.end, call.path, at=0))
        elif call.name == "rename" and (self._counts(call.path) or self._counts(call.target)):
            self._name(call.target, self._files.get(call.path))
            self._name(call.path, None)
        elif call.name == "unlink" and self._counts(call.path):
            self._name(call.path, None)
        elif self._counts(call.path) and call.name not in WRITTEN:
            raise AssertionError(f"{call.name} of {call.path} is not understood")

    def image(self, kind: str, rng: random.Random) -> Image:
        """The folder as a cut at this moment may leave it."""
        names = dict(self._certain)
        kept = 0 if kind == "dropped" else rng.randrange(len(self._entries) + 1)
        for path, file in self._entries[:kept]:
            _enter(names, path, file)
        return {path: file.image(kind, rng) for path, file in names.items()}

    def _file(self, path: str) -> File:
        if path not in self._files:
            self._name(path, File())
        return self._files[path]

    def _name(self, path: str, file: File | None) -> None:
        _enter(self._files, path, file)
        self._entries.append((path, file))

    def _sync(self, call: Call) -> None:
        if call.path == self._folder:
            for path, file in self._entries:
                _enter(self._certain, path, file)
            self._entries = []
        elif self._counts(call.path) and call.path in self._files:
            self._files[call.path].sync(call)


def cuts(call: Call) -> bool:
    return call.name == "ftruncate"


def resize(found: bytearray, call: Call) -> None:
    """The length that a call leaves; new bytes are zeros."""
    size = call.at if cuts(call) else max(len(found), call.at + len(call.data))
    del found[size:]
    found.extend(bytes(size - len(found)))


def lay(found: bytearray, call: Call) -> None:
    resize(found, call)
    if not cuts(call):
        found[call.at : call.at + len(call.data)] = call.data


def _lay_sector(found: bytearray, call: Call, start: int, sector: int) -> None:
    """The part of a write that lies in a sector, as far as the file is long."""
    first = max(start, call.at)
    last = min(start + sector, call.at + len(call.data), len(found))
    if first < last:
        found[first:last] = call.data[first - call.at : last - call.at]


def _enter(names: dict[str, File], path: str, file: File | None) -> None:
    if file is None:
        names.pop(path, None)
    else:
        names[path] = file


def moments(calls: Iterable[Call]) -> list[tuple[int, bool, Call]]:
    """Line, whether it ends there, and call: in the order in which a disk sees them."""
    both = [(call.begin, False, call) for call in calls]
    both += [(call.end, True, call) for call in calls]
    return sorted(both, key=lambda moment: moment[:2])
