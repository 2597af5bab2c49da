"""What is written beside the screen: logs, the diagnostic bundle, refusals of settings."""

from __future__ import annotations

import logging
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hostile.corpus import ALL, NUMBERS, PERSONAL, label
from hostile.show import personal
from sqlalchemy.exc import SQLAlchemyError

from commandwall import doctor
from commandwall.config import Settings, SettingsError
from commandwall.logs import MOST, Masked, mask
from commandwall.store import database

SECRETS = ["postgresql://city:geheim@host/db", "host=x password=geheim", "password: 'geheim'"]


def entry(text: object) -> str:
    record = logging.LogRecord("x", logging.ERROR, "", 1, "row %s", (text,), None)
    return Masked("%(message)s").format(record)


@pytest.mark.parametrize("text", ALL, ids=label)
def test_an_entry_is_readable_and_bounded(text: str) -> None:
    told = entry(text)
    told.encode("utf-8")
    assert len(told) <= MOST + 1
    assert "\x1b" not in told
    assert "\u202e" not in told


@pytest.mark.parametrize("text", PERSONAL)
def test_no_number_of_a_person_stands_in_a_log(text: str) -> None:
    assert not personal(entry(text))
    assert not personal(entry(ValueError(text)))


@pytest.mark.parametrize("text", SECRETS)
def test_no_password_stands_in_a_log(text: str) -> None:
    assert "geheim" not in entry(text)


def test_an_error_of_the_database_does_not_tell_the_row(tmp_path: Path) -> None:
    engine = database.writer(tmp_path / "x.db", "FULL")
    with pytest.raises(SQLAlchemyError) as error, engine.begin() as conn:
        conn.exec_driver_sql("INSERT INTO nowhere VALUES (?)", ("张三 住花园路",))
    assert "张三" not in str(error.value)
    engine.dispose()


def test_the_bundle_is_masked(tmp_path: Path, capsys: Any) -> None:
    folder = tmp_path / "log"
    (folder / "old").mkdir(parents=True)
    lines = "\n".join([*PERSONAL, *SECRETS])
    (folder / "wall.log.1").write_text(lines, encoding="utf-8", errors="replace")
    (folder / "agent.log").write_bytes(b"\xff\xfe broken \x00 13800007719")
    file = tmp_path / "bundle.zip"
    doctor.run(Settings(tmp_path, screen="13800007719"), file)
    with zipfile.ZipFile(file) as zipped:
        told = {n: zipped.read(n).decode("utf-8") for n in zipped.namelist()}
    assert {"log/wall.log.1", "log/agent.log", "settings.json"} <= set(told)
    assert [n for n, text in told.items() if personal(text) or "geheim" in text] == []


def test_masking_takes_a_log_of_full_size() -> None:
    text = mask("13800007719 张三 18:00\n" * 200_000)
    assert not any(number in text for number in NUMBERS)


@pytest.mark.parametrize("address", SECRETS[:2])
def test_a_password_in_an_address_is_refused(address: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.load({"pool": address}, {})
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    "line",
    [
        '"\\u202epool" = "x"', '"<img src=x>" = 1', "pool = 1", "lang = '<b>'", "a.b.c.d.e = 1",
        "distance_mm = nan", "pool = '" + "长" * 1_000_000 + "'\nx = 1", "\x00", '"' + "k" * 100_000
        + '" = 1', "lang = '\\ud800'", "theme = '../../x'\nwall = '/etc/passwd'", "pitch_mm = -1.0",
    ],
    ids=label,
)  # fmt: skip
def test_a_strange_setting_is_refused_in_one_sentence(tmp_path: Path, line: str) -> None:
    file = tmp_path / "wall.toml"
    file.write_text(line, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "main", "--config", str(file), "where"],
        capture_output=True, timeout=60,
    )  # fmt: skip
    told = done.stderr.decode("utf-8")
    assert done.returncode == 2, told
    assert "Traceback" not in told
    assert told.startswith("commandwall: ")
    assert len(told) < 1000
    assert "\u202e" not in told
