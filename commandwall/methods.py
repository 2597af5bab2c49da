"""The methods of records, compiled once and kept, as Python keeps what it compiles of modules.

`dataclasses` writes the source of a class's methods when its module is imported, and compiles it
each time: 1,900 pieces, a quarter of a second of each start of the wall and nearly as much of its
agent's. What was compiled is found again by its whole text, so it is never out of date. It counts
from the import of this module on, which comes before that of the first record.
"""

from __future__ import annotations

import dataclasses
import marshal
import os
import sys
import zlib
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from types import CodeType
from typing import Any

from commandwall import platform

BROKEN = (OSError, EOFError, ValueError, TypeError)
"""What a file may raise that was cut off, or that something else wrote."""
NAME = "exec"
"""By which `dataclasses` calls what compiles its texts: its own name goes before the builtin."""
SUM = 4
"""Bytes of a sum over all that follows."""
EDITIONS = 4
"""As much as so many programs use: what is kept beyond that is of former editions."""


class Methods:
    """What is compiled from `recall` on, until `keep` writes it where some was new."""

    def __init__(self, file: Path) -> None:
        """`file`: where it is kept; one that is not there or cannot be read counts as empty."""
        self.file, self._known, self._used = file, dict[str, CodeType](), dict[str, CodeType]()

    def recall(self) -> None:
        with suppress(*BROKEN):
            whole = self.file.read_bytes()
            if whole[:SUM] == _sum(whole[SUM:]):  # else `marshal` might end the program
                self._known = dict(marshal.loads(whole[SUM:]))
        setattr(dataclasses, NAME, self._run)

    def keep(self) -> None:
        """Call when a program has brought all that it usually brings. A folder that cannot be
        written is no failure; nor is a second call."""
        if dataclasses.__dict__.get(NAME) == self._run:
            delattr(dataclasses, NAME)
        if self._used.keys() - self._known.keys() and not sys.dont_write_bytecode:
            with suppress(OSError):
                self._write()
        self._known = self._used = {}

    def _write(self) -> None:
        whole = self._known | self._used
        kept = self._used if len(whole) > EDITIONS * len(self._used) else whole
        fresh = self.file.with_name(f"{self.file.name}.{os.getpid()}")  # others may write, too
        body = marshal.dumps(kept)
        fresh.write_bytes(_sum(body) + body)
        platform.settle(fresh, self.file)

    def _run(self, source: str, names: dict[str, Any], made: dict[str, Any]) -> None:
        code = self._known.get(source) or compile(source, "<string>", "exec")
        self._used[source] = code
        exec(code, names, made)


def _sum(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(SUM, "big")


KEPT = Methods(Path(cache_from_source(__file__)).with_suffix(".kept"))
"""Those of this edition, for all its programs, beside what Python keeps of this module."""
KEPT.recall()
