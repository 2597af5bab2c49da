"""The warden: whoever cannot read a file has it looked at soon, not within the hour."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

import pytest
import sqlcipher3

from commandwall.alarms import Alarm
from commandwall.clock import Clock
from commandwall.store import quarantine
from commandwall.store.database import StoreTrouble
from commandwall.store.migrate import open_store
from commandwall.store.store import WALL_DB
from commandwall.warden import Warden

PAGE, FAR, PATIENCE_S = 4096, math.inf, 120.0


def break_table(file: Path, name: str) -> None:
    conn = sqlcipher3.connect(str(file))
    ((root,),) = conn.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,))
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.close()
    with file.open("r+b") as raw:
        raw.seek((root - 1) * PAGE)
        raw.write(os.urandom(PAGE))


def test_a_file_that_a_wall_cannot_read_is_looked_at_soon(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    break_table(tmp_path / WALL_DB, "alarm")
    with Warden(tmp_path, Clock()) as warden:
        warden._due = FAR  # the hour has just begun
        with pytest.raises(StoreTrouble, match="damaged"):
            store.read(lambda reader: reader.find(Alarm))
        store.close()
        end = time.monotonic() + PATIENCE_S
        while not quarantine.harms(tmp_path):
            assert time.monotonic() < end, "nobody looked"
            time.sleep(0.1)
    assert quarantine.harms(tmp_path)[0].file == WALL_DB
