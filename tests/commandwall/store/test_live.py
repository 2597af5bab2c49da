"""Live arrays: what a reader sees while the writer is at work."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from commandwall.store.live import BLOCK, READING, LiveArrays, live_name


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
