"""Backups are restored on trial and lie on a second disk; where that fails somebody is told."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from commandwall import doctor, incidents
from commandwall.clock import HOUR, Clock, Ms
from commandwall.config import REFUSED, Settings
from commandwall.desk import Desk
from commandwall.finding import BAD, OK, WARN
from commandwall.incidents import Opening
from commandwall.store import backup, copies, guard, pulse
from commandwall.store.migrate import open_store
from commandwall.warden import Warden

PATIENCE_S = 60.0


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Path]:
    """A data directory with a journal in use."""
    folder = tmp_path / "station"
    opening = Opening(title="火情", kind="fire", area="320281", place="江边", lon=120.3, lat=31.9)
    with closing(open_store(folder)) as store, closing(Desk(store, Clock())) as desk:
        desk.take_post("chief", "陈").result()
        desk.do(incidents.open_incident, opening=opening).result()
        yield folder


def wait(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until, "it did not come in time"
        time.sleep(0.1)


def of_backups(folder: Path, there: Path | str) -> doctor.Finding:
    found = doctor.examine(Settings(data_dir=folder, backup_to=str(there)))
    return {one.name: one for one in found}["backups"]


def test_an_agent_restores_each_backup_on_trial_and_brings_it_elsewhere(
    station: Path, tmp_path: Path
) -> None:
    there = tmp_path / "share"
    with Warden(station, Clock(), str(there)) as warden:
        warden.hurry()
        wait(lambda: warden.copies is not None and warden.copies.elsewhere is not None)
        warden.hurry()
        wait(lambda: warden.copies is not None and warden.copies.trial is not None)
    stands = copies.standing(station, str(there))
    (file,) = backup.files_in(there)
    assert stands.trial is not None and not stands.trouble and stands.trial.file == file.name
    found, fault = backup.look(file)
    assert fault is None and found is not None and found.lines >= 1
    assert of_backups(station, there).state == OK
    assert not list((station / backup.FOLDER).glob("trial-*"))


def test_a_backup_that_cannot_be_gone_on_with_is_told(station: Path) -> None:
    file = backup.make(station)
    with file.open("r+b") as raw:
        raw.seek(file.stat().st_size // 2)
        raw.write(os.urandom(4096))
    assert copies.restore_on_trial(station, file).trouble
    assert copies.standing(station, "").trouble
    found = of_backups(station, "")
    assert found.state == BAD and "backup now" in found.mend


def test_a_share_that_is_gone_is_told_and_what_was_there_stays_known(
    station: Path, tmp_path: Path
) -> None:
    there = tmp_path / "share"
    made = backup.make(station)
    assert copies.main([str(station), str(there)]) == 0
    known = copies.standing(station, str(there)).safe_at
    assert known == backup.made_at(made)
    there.rename(tmp_path / "away")
    there.write_text("no folder")
    assert copies.main([str(station), str(there)]) == REFUSED
    stands = copies.standing(station, str(there))
    assert stands.trouble and stands.safe_at == known
    assert of_backups(station, there).state == BAD


def test_two_stations_do_not_delete_each_others_backups(station: Path, tmp_path: Path) -> None:
    there, other = tmp_path / "share", tmp_path / "other"
    backup.make(station)
    assert copies.main([str(station), str(there)]) == 0
    with closing(open_store(other)):
        backup.make(other)
    assert copies.main([str(other), str(there)]) == REFUSED
    assert str(station) in copies.standing(other, str(there)).trouble
    assert len(backup.files_in(there)) == 1


def test_the_oldest_of_the_second_place_go(station: Path, tmp_path: Path) -> None:
    there = tmp_path / "share"
    there.mkdir()
    for no in range(20):
        (there / f"wall-20200101-0000{no:02}.db").write_bytes(b"old")
    made = backup.make(station)
    copies.bring(station, there, keep=3)
    names = [file.name for file in backup.files_in(there)]
    assert len(names) == 3 and names[0] == made.name


def test_one_disk_alone_is_named_and_an_old_backup_is_late(station: Path) -> None:
    made = backup.make(station)
    stands = copies.standing(station, "")
    at = backup.made_at(made)
    assert not stands.late(Ms(at + 29 * HOUR)) and stands.late(Ms(at + 31 * HOUR))
    found = of_backups(station, "")
    assert found.state == WARN and "same disk" in found.fact and "backup_to" in found.mend


@pytest.mark.skipif(sys.platform == "win32", reason="a share that hangs is made of a pipe")
def test_a_share_that_hangs_holds_up_no_look_at_the_files(station: Path, tmp_path: Path) -> None:
    there = tmp_path / "share"
    there.mkdir()
    os.mkfifo(there / copies.OWNER)  # whoever opens it waits for ever, as with a share that is gone
    with Warden(station, Clock(), str(there)) as warden:
        warden.hurry()
        wait(lambda: warden.copies is not None)
        warden.copies = None
        warden.hurry()
        wait(lambda: warden.copies is not None and bool(warden.copies.trouble))
    assert "does not answer" in copies.standing(station, str(there)).trouble


def test_the_pulse_carries_how_the_backups_stand(station: Path) -> None:
    backup.make(station)
    stands = copies.standing(station, "elsewhere")
    pulse.write(station, pulse.Sync(copies=stands))
    assert pulse.read(station).copies == stands


def test_the_look_makes_a_backup_and_restores_it(station: Path) -> None:
    assert guard.main([str(station), guard.BACKUP]) == 0
    (made,) = backup.files(station)
    assert not copies.tried(station, made)
    assert guard.main([str(station), guard.TRIAL]) == 0 and copies.tried(station, made)
    trial = copies.standing(station, "").trial
    assert trial is not None and not trial.trouble
