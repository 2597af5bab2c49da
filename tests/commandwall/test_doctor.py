"""The doctor on this machine, and what its lines say where something is amiss."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import pytest

from commandwall import doctor, pairing
from commandwall.config import Settings

PHONE, IDENTITY = "13812345678", "320281195603071234"
PYSIDE = f'{sys.executable} -m pip install "PySide6-Essentials>=6.9,<6.12"'


def test_a_sound_machine_is_found_sound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.run(Settings(data_dir=tmp_path), bundle=None) == 0
    told = capsys.readouterr().out
    for name in ("PySide6", "libraries", "SQLite", "font", "clock", "directory", "disk", "space"):
        assert name in told
    assert "[ bad]" not in told


def test_missing_libraries_come_with_the_line_that_installs_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "_loads", lambda name: name != "libxcb-cursor.so.0")
    found = {f.name: f for f in doctor.examine(Settings(data_dir=tmp_path))}["system libraries"]
    sudo = "" if os.geteuid() == 0 else "sudo "
    assert found.state == doctor.BAD
    assert found.mend == f"{sudo}apt-get install -y --no-install-recommends libxcb-cursor0"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "data"
    found = {f.name: f for f in doctor.examine(Settings(data_dir=folder))}["data directory"]
    assert found.state == doctor.BAD and str(folder) in found.fact and found.mend


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
