"""The doctor on this machine, and what its lines say where something is amiss."""

from __future__ import annotations

import importlib.metadata
import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from contextlib import closing
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlcipher3.dbapi2 as sqlite
from builders import StillClock, an_opening

from commandwall import doctor, pairing
from commandwall.clock import Clock, from_datetime
from commandwall.config import ASSETS, REFUSED, Settings
from commandwall.desk import Desk
from commandwall.incidents import open_incident
from commandwall.store import pulse, space
from commandwall.store.migrate import open_store

PHONE, IDENTITY = "13812345678", "320281195603071234"
PYSIDE = f'{sys.executable} -m pip install "PySide6-Essentials>=6.9,<6.12"'


def test_a_sound_machine_is_found_sound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.run(Settings(data_dir=tmp_path), bundle=None) == 0
    told = capsys.readouterr().out
    for name in ("PySide6", "libraries", "SQLite", "font", "clock", "directory", "disk", "space"):
        assert name in told
    assert "[ bad]" not in told


def look(settings: Settings, name: str) -> doctor.Finding:
    return {found.name: found for found in doctor.examine(settings)}[name]


def test_an_edited_line_of_the_journal_is_named(tmp_path: Path) -> None:
    assert look(Settings(data_dir=tmp_path), "journal").fact == "none yet"
    with closing(open_store(tmp_path)) as store, closing(Desk(store, StillClock())) as desk:
        desk.take_post("chief", "陈").result()
        for _ in range(3):
            desk.do(open_incident, opening=an_opening()).result()
    assert look(Settings(data_dir=tmp_path), "journal").state == doctor.OK
    with closing(sqlite.connect(str(tmp_path / "wall.db"), isolation_level=None)) as raw:
        raw.execute("UPDATE journal SET person = '李' WHERE seq = 2")
    found = look(Settings(data_dir=tmp_path), "journal")
    assert found.state == doctor.BAD and found.mend
    assert found.fact.startswith("line 2 of ")
    assert found.fact.endswith("head was changed: open_incident of chief")


def as_root(line: str) -> str:
    return line if os.geteuid() == 0 else f"sudo {line}"


def test_missing_libraries_come_with_the_line_that_installs_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "_loads", lambda name: name != "libxcb-cursor.so.0")
    found = look(Settings(data_dir=tmp_path), "system libraries")
    assert found.state == doctor.BAD
    assert found.mend == as_root("apt-get install -y --no-install-recommends libxcb-cursor0")


def test_a_plan_that_is_not_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('id = "own"\nversion = 3\n', encoding="utf-8")
    found = doctor._plans(Settings(data_dir=tmp_path, plans=str(tmp_path)))
    assert found.state == "warn" and "own.toml plan version type 3" in found.fact


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "two words"
    found = look(Settings(data_dir=folder), "data directory")
    assert found.state == doctor.BAD and str(folder) in found.fact
    assert shlex.split(found.mend)[:3] == ["mkdir", "-p", str(folder)]


def test_a_pairing_that_kills_comes_with_the_line_that_mends_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pairing, "broken", lambda *_: f"broken: {PYSIDE}")
    found = look(Settings(data_dir=tmp_path), "Python and PySide6")
    assert found.state == doctor.BAD and found.mend.endswith(PYSIDE)


def test_an_old_sqlite_comes_with_the_line_that_mends_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor.sqlite, "sqlite_version_info", (3, 45, 1))
    found = look(Settings(data_dir=tmp_path), "SQLite")
    assert found.state == doctor.BAD
    assert found.mend == f'{sys.executable} -m pip install "sqlcipher3>=0.6.4"'


def test_a_missing_font_comes_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def none(package: str) -> str:
        raise importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(importlib.metadata, "version", none)
    found = look(Settings(data_dir=tmp_path), "Chinese font")
    assert found.state == doctor.BAD
    assert found.mend == f"{sys.executable} -m pip install manimgx-fonts-cjk"


@pytest.mark.parametrize("skew", [-5.0, 5.0])
def test_a_clock_that_is_off_comes_with_the_line_that_sets_it(tmp_path: Path, skew: float) -> None:
    at = Clock().now()
    pulse.write(tmp_path, pulse.Sync(agent_at=at, pool_at=at, skew_s=skew))
    found = look(Settings(data_dir=tmp_path), "clock")
    assert found.state == doctor.WARN and f"{skew:+.1f} s" in found.fact
    assert found.mend == as_root("timedatectl set-ntp true")
    pulse.write(tmp_path, pulse.Sync(agent_at=at, pool_at=at, skew_s=0.2))
    assert look(Settings(data_dir=tmp_path), "clock").state == doctor.OK


def test_a_disk_that_is_nearly_full_comes_with_the_line_that_shows_by_what(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    full = SimpleNamespace(total=10**12, used=10**12 - 10**8, free=10**8)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: full)
    found = look(Settings(data_dir=tmp_path), "disk space")
    assert found.state == doctor.WARN and "0.1 GB free" in found.fact
    assert found.mend == f"du -sh {tmp_path}/* | sort -h"


def test_a_disk_that_is_full_is_bad(tmp_path: Path) -> None:
    (tmp_path / space.NAME).touch()  # the reserve was given up
    found = look(Settings(data_dir=tmp_path), "disk space")
    assert found.state == doctor.BAD and found.fact.startswith("full")
    assert found.mend == f"du -sh {tmp_path}/* | sort -h"


def test_days_until_the_disk_is_full_follow_from_what_was_written(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "wall.db").write_bytes(b"x" * 1000)
    (tmp_path / "deep" / "er" / "log").write_bytes(b"x" * 500)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")  # as a file that is taken away meanwhile
    os.utime(tmp_path / "wall.db", (1_700_000_000, 1_700_000_000))
    assert doctor._held(tmp_path) == (1500, 1_700_000_000.0)
    # Not the person's whole home, where the data directory is still to come.
    assert doctor._held(tmp_path / "to come") == (0, 0.0)
    assert look(Settings(data_dir=tmp_path / "to" / "come"), "disk space").state == doctor.OK


def test_a_bundle_carries_no_number_of_a_person_and_no_password(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    spoken = f"caller {PHONE}, card {IDENTITY}, postgresql://station:hunter2@pool/city"
    (tmp_path / "log" / "wall.log").write_text(spoken)
    bundle = tmp_path / "bundle.zip"
    doctor.run(Settings(data_dir=tmp_path, pool="postgresql://station:hunter2@pool/city"), bundle)
    with zipfile.ZipFile(bundle) as zipped:
        assert {"findings.json", "settings.json", "log/wall.log"} <= set(zipped.namelist())
        text = b"".join(zipped.read(name) for name in zipped.namelist()).decode()
    for secret in (PHONE, IDENTITY, "hunter2"):
        assert secret not in text


def test_a_bundle_that_cannot_be_written_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tmp_path / "nowhere" / "bundle.zip"
    assert doctor.run(Settings(data_dir=tmp_path), bundle) == REFUSED
    assert f"commandwall: {bundle}: No such file" in capsys.readouterr().err


def test_a_person_calls_the_doctor(tmp_path: Path) -> None:
    """The folder of a living program: what it logs is in the bundle, its secrets are not."""
    secret = tmp_path / "pool" / "owner.secret"
    secret.parent.mkdir()
    secret.write_text("hunter2")
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "wall.log").write_text("the window is open")
    done = subprocess.run(
        [sys.executable, "-m", "main", "--data-dir", tmp_path, "doctor", "--bundle",
         tmp_path / "b.zip"],
        cwd=ASSETS.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"{tmp_path / 'b.zip'}\n")
    with zipfile.ZipFile(tmp_path / "b.zip") as zipped:
        assert "log/wall.log" in zipped.namelist()
        assert not any(b"hunter2" in zipped.read(name) for name in zipped.namelist())


@pytest.mark.parametrize(
    ("pyside", "python", "sound"),
    [
        ("6.11.3", (3, 11), True), ("6.12.0", (3, 11), False), ("6.12.0", (3, 13), True),
        ("6.8.1", (3, 12), False), ("", (3, 12), False),
    ],
)  # fmt: skip
def test_a_python_and_a_pyside_that_kill_each_other_are_refused(pyside, python, sound) -> None:
    reason = pairing.broken(pyside, python)
    assert reason == "" if sound else reason.endswith(PYSIDE)


def test_holidays_that_nobody_entered_yet_are_missed_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The longest clock of November ends in its own year; that of late December in one without."""
    for told, state in (("2026-11-20", doctor.OK), ("2098-12-28", doctor.WARN)):
        at = from_datetime(datetime.fromisoformat(f"{told}T10:00+08:00"))
        monkeypatch.setattr(doctor, "Clock", lambda at=at: StillClock(at))
        found = look(Settings(data_dir=tmp_path), "work calendar")
        assert found.state == state, found.fact
    assert "2098, 2099" in found.fact and "work_day.toml" in found.mend
