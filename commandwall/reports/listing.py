"""Have a list of events written as a table, in a child program: all of its rows, masked as on the
screen. The file is whole or not there; it waits beside its place until its line is on disk.
"""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from commandwall.errand import Question
from commandwall.saved_views import Filter
from commandwall.store.store import Refused

ASKED, MADE = "asked.json", "made"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A table that somebody wants: the events of these ids in their order, or, without any, all
    that the filter finds in the pool. Its form is that of the name of its target."""

    target: str
    filter: Filter
    keys: Sequence[str] | None
    now: int  # the moment of the filter, ms since 1970
    head: Sequence[tuple[str, str]]  # what stands over the table: a word, and what is so called
    lang: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A table that is written and not yet in its place."""

    path: Path
    target: Path
    rows: int
    sha256: str

    def put(self) -> None:
        """Give it its name, in place of a file that had it."""
        self.path.replace(self.target)
        shutil.rmtree(self.path.parent, ignore_errors=True)

    def drop(self) -> None:
        """Take it back."""
        shutil.rmtree(self.path.parent, ignore_errors=True)


def placed(found: Listed) -> None:
    """Give it its name once its line is written. Refused("export_put") where that fails: the line
    stands and the file does not, and what waited is gone."""
    try:
        found.put()
    except OSError as why:
        found.drop()
        raise Refused("export_put", why=why.strerror or str(why)) from why


class Listing(Question):
    """A table that is being written, from its making until `answer`, a Listed, is there. Refused
    where it cannot be: "export_full", "export_place", "export_rows"."""

    env: Mapping[str, str] = MappingProxyType({"OPENPYXL_LXML": "False"})
    """By lxml, which came with python-docx, openpyxl tells a full disk as a fault of XML."""

    def __init__(self, folder: Path, wanted: Wanted) -> None:
        """`folder`: the data directory."""
        self._wanted, self._target = wanted, Path(wanted.target)
        self._part = self._target.with_name(f".{self._target.name}.part")
        arguments = [str(folder), str(self._part)]
        super().__init__("commandwall.reports.table", arguments, self._listed)

    def begin(self) -> None:
        """What was left of one that was killed goes first."""
        shutil.rmtree(self._part, ignore_errors=True)
        self._part.mkdir()
        (self._part / ASKED).write_text(json.dumps(asdict(self._wanted)), encoding="utf-8")

    def trouble(self, why: Exception) -> Exception:
        return refusal(why) if isinstance(why, OSError) else why

    def end(self, whole: bool) -> None:
        if not whole:
            shutil.rmtree(self._part, ignore_errors=True)

    def _listed(self, said: dict[str, Any]) -> Listed | Refused:
        if "refused" in said:
            return Refused(said["refused"], **said["facts"])
        made = self._part / f"{MADE}{self._target.suffix}"
        return Listed(made, self._target, said["rows"], said["sha256"])


def refusal(why: OSError) -> Refused:
    """Why a file cannot be written there."""
    full = why.errno in FULL
    return Refused("export_full" if full else "export_place", why=why.strerror or str(why))
