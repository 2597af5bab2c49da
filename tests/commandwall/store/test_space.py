"""The reserve of a data directory: room and sign in one file."""

from __future__ import annotations

import errno
import logging
from pathlib import Path
from typing import Any

import pytest
from builders import StillClock, an_opening

from commandwall import incidents
from commandwall.desk import Desk
from commandwall.logs import Kept
from commandwall.store import disk, space
from commandwall.store.database import FULL, StoreTrouble
from commandwall.store.migrate import open_store
from commandwall.store.store import Refused


def give_up(folder: Path) -> None:
    """As the other program does that met a full disk."""
    assert not space.keep(folder).full
    assert space.release(folder)


def test_a_folder_in_which_nobody_keeps_a_reserve_is_not_full(tmp_path: Path) -> None:
    assert not space.is_full(tmp_path) and not space.release(tmp_path)


def test_the_reserve_has_blocks_of_its_own(tmp_path: Path) -> None:
    found = space.keep(tmp_path)
    held = (tmp_path / space.NAME).stat()
    assert held.st_size == 64 << 20 and held.st_blocks * 512 >= held.st_size
    assert not found.full and tmp_path.is_relative_to(found.disk)


def test_what_met_a_full_disk_is_done_once_more_with_the_reserve(tmp_path: Path) -> None:
    space.keep(tmp_path)
    tries: list[int] = []

    def work() -> str:
        tries.append(len(tries))
        if len(tries) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return "done"

    assert space.finish(tmp_path, work) == "done"
    assert space.is_full(tmp_path) and len(tries) == 2


def test_without_a_reserve_left_it_is_told_as_full(tmp_path: Path) -> None:
    give_up(tmp_path)

    def work() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StoreTrouble) as told:
        space.finish(tmp_path, work)
    assert told.value.code == FULL


def test_another_trouble_gives_nothing_up(tmp_path: Path) -> None:
    space.keep(tmp_path)

    def work() -> None:
        raise StoreTrouble("disk_error", "disk I/O error")

    with pytest.raises(StoreTrouble, match="disk_error"):
        space.finish(tmp_path, work)
    assert not space.is_full(tmp_path)


def test_a_desk_of_a_full_disk_refuses_what_is_new_and_goes_on_with_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(open_store(tmp_path), StillClock())
    desk.take_post("chief").result()
    give_up(tmp_path)
    before = desk.do(incidents.open_incident, opening=an_opening())
    assert before.result(60).line is not None  # asked before anybody here knew: it is finished
    desk.full = True
    with monkeypatch.context() as little:
        little.setattr(space, "_wanted", lambda: 1 << 60)
        for answer in (
            desk.do(incidents.open_incident, opening=an_opening()),
            desk.attach(b"text", "a.txt", "event", "e1"),
        ):
            with pytest.raises(Refused) as refused:
                answer.result(60)
            assert refused.value.reason.code == FULL and refused.value.reason.facts["disk"]
        desk.keep("draft", "half a word").result(60)
    assert desk.do(incidents.open_incident, opening=an_opening()).result(60).line is not None
    assert not desk.full and not space.is_full(tmp_path)
    desk.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a file that is full")
def test_a_log_on_a_full_disk_raises_and_prints_nothing(capfd: Any) -> None:
    kept = Kept("/dev/full", maxBytes=0)
    log = logging.Logger("full")
    log.addHandler(kept)
    for _ in range(10_000):
        log.error("a line that finds no room")
    assert capfd.readouterr() == ("", "")
    with pytest.raises(OSError, match="No space"):
        kept.close()  # only here, so that no half line is flushed at the end of the test


def test_what_a_file_asks_for_is_had_or_the_file_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"head")
    space.platform.allocate(file, 1 << 20)
    assert file.stat().st_size == 1 << 20 and file.read_bytes()[:4] == b"head"
    with pytest.raises(OSError, match=r".") as full:
        space.platform.allocate(file, 1 << 60)
    assert file.stat().st_size == 1 << 20
    assert disk.no_room(full.value) or full.value.errno == errno.EFBIG


def test_a_backup_that_would_fill_the_disk_is_not_begun(tmp_path: Path) -> None:
    with pytest.raises(StoreTrouble) as told:
        space.fits(tmp_path, 1 << 60)
    assert told.value.code == FULL
