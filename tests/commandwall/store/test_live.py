"""Live arrays: what a reader sees while the writer is at work."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

from commandwall.store.live import BLOCK, READING, LiveArrays, live_name

SECONDS = 10.0 if os.environ.get("COMMANDWALL_TEST_LONG") == "1" else 0.6
WRITER = """
import sys
from pathlib import Path

import numpy as np

from commandwall.store.live import READING, LiveArrays

rows = int(sys.argv[2])
arrays, every = LiveArrays(Path(sys.argv[1]), READING, rows, create=True), np.arange(rows)
said = {name: np.zeros(rows, kind) for name, kind in READING}
print("begun", flush=True)
while True:
    for column in said.values():
        column += 1
    arrays.write(every, **said)
"""


def test_beside_a_program_that_writes_without_a_rest_no_read_is_torn(tmp_path: Path) -> None:
    """It writes one number into all columns of 132,096 rows, then the next one."""
    path = tmp_path / live_name("sensors", 132_096)
    command = [sys.executable, "-c", WRITER, str(path), "132096"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == b"begun\n"
        try:
            reader = LiveArrays(path, READING, 132_096)
            met, reads = set[int](), 0
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                found = [c.reshape(-1, BLOCK).astype("u1") for c in reader.read().values()]
                for column in found:
                    assert (column == found[-1][:, :1]).all()
                met |= set(found[-1][:, 0].tolist())
                reads += 1
        finally:
            writer.kill()
    assert reads > 5 and len(met) > 5


def test_a_reader_never_meets_half_a_file(tmp_path: Path) -> None:
    """The wall looks for the file while the agent makes it."""
    made, met = threading.Event(), set[str]()
    troubles: list[Exception] = []

    def watch() -> None:
        while not made.is_set():
            for path in tmp_path.glob("*.live"):
                try:
                    LiveArrays(path, READING, int(path.stem.rsplit("-", 1)[1]))
                    met.add(path.name)
                except (ValueError, OSError) as trouble:
                    troubles.append(trouble)

    reader = threading.Thread(target=watch)
    reader.start()
    for n in range(1, 60):
        LiveArrays(tmp_path / live_name("sensors", n * BLOCK), READING, n * BLOCK, create=True)
    made.set()
    reader.join()
    assert met and troubles == []


def test_values_are_kept_when_the_writer_starts_again(tmp_path: Path) -> None:
    path = tmp_path / live_name("sensors", 5)
    first = LiveArrays(path, READING, 5, create=True)
    first.write(np.array([2]), value=np.array([7.5]), at=np.array([9]))
    again = LiveArrays(path, READING, 5, create=True)
    assert again.read()["value"][2] == 7.5


def test_a_file_that_was_left_unfinished_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / live_name("sensors", 5)
    LiveArrays(path, READING, 5, create=True)
    path.write_bytes(b"\0" * path.stat().st_size)
    assert LiveArrays(path, READING, 5, create=True).read()["value"][0] == 0
