"""A city adds rows to code lists in a folder of its own, and is told what is wrong with them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from commandwall import codes, own_lists
from commandwall.config import SettingsError

SOURCE = """
[[row]]
id = "tourism"
zh = "文旅热线"
en = "Tourism line"
valid_from = 2026-01-01
code = "T"
up = true
short_zh = "文旅"
short_en = "Tourism"
"""
LIMIT = """
[[row]]
id = "idle_minutes"
zh = "离席分钟"
en = "Minutes away"
valid_from = {day}
value = 7
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv(codes.OWN, "")
    yield tmp_path
    codes.forget()


def test_a_row_of_the_city_stands_beside_those_of_the_program(folder: Path) -> None:
    before = codes.load("event_source", date(2026, 6, 1))
    (folder / "event_source.toml").write_text(SOURCE, "utf-8")
    own_lists.lay(str(folder))
    found = codes.load("event_source", date(2026, 6, 1))
    assert found["tourism"].zh == "文旅热线" and found.keys() - before.keys() == {"tourism"}


def test_it_counts_from_its_day_in_the_place_of_one_with_the_same_id(folder: Path) -> None:
    usual = codes.limit("idle_minutes", date(2026, 6, 1))
    (folder / "limit.toml").write_text(LIMIT.format(day="2026-07-01"), "utf-8")
    own_lists.lay(str(folder))
    assert codes.limit("idle_minutes", date(2026, 6, 30)) == usual != 7
    assert codes.limit("idle_minutes", date(2026, 7, 1)) == 7


def test_a_child_program_reads_them_too(folder: Path) -> None:
    (folder / "event_source.toml").write_text(SOURCE, "utf-8")
    own_lists.lay(str(folder))
    ask = "from commandwall import codes; print('tourism' in codes.load('event_source'))"
    run = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "True"


def test_a_folder_that_goes_away_is_an_error_and_not_a_list_without_its_rows(folder: Path) -> None:
    own = folder / "lists"
    own.mkdir()
    (own / "event_source.toml").write_text(SOURCE, "utf-8")
    own_lists.lay(str(own))
    own.rename(folder / "elsewhere")
    with pytest.raises(FileNotFoundError):
        codes.load("event_source")


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("event_sorce", SOURCE, "there is no list event_sorce; is event_source meant?"),
        ("event_source", "[[row]\n", "event_source.toml: "),
        ("event_source", "row = 1\n", "rows are written as [[row]]"),
        ("event_source", SOURCE.replace('"tourism"', "7"), "row 1 (7): id: 7 is no text"),
        ("event_source", SOURCE.replace("2026-01-01", '"x"'), "(tourism): valid_from: 'x' is no"),
        ("event_source", SOURCE.replace('code = "T"\n', ""), "row 1 (tourism): code: is missing"),
        ("event_source", SOURCE + "upp = true\n", "no such field; is up meant?"),
        ("event_source", SOURCE.replace("up = true", "up = 1"), "up: 1 is no bool"),
        ("event_source", SOURCE + "valid_to = 2025-01-01\n", "is no day after valid_from"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_taken(
    folder: Path, file: str, text: str, said: str
) -> None:
    (folder / f"{file}.toml").write_text(text, "utf-8")
    with pytest.raises(SettingsError) as told:
        own_lists.lay(str(folder))
    assert said in str(told.value) and str(folder / file) in str(told.value)
    assert not os.environ[codes.OWN]


def test_all_that_is_wrong_is_told_at_once(folder: Path) -> None:
    (folder / "limit.toml").write_text(LIMIT.format(day='"soon"').replace("7", '"7"'), "utf-8")
    (folder / "nothing.toml").write_text(SOURCE, "utf-8")
    with pytest.raises(SettingsError) as told:
        own_lists.lay(str(folder))
    assert len(str(told.value).splitlines()) == 4


def test_the_mark_is_the_same_where_the_rows_are(folder: Path) -> None:
    (folder / "event_source.toml").write_text(SOURCE, "utf-8")
    first = own_lists.told(str(folder))
    assert (first.lists, first.rows) == (1, 1) and own_lists.told(str(folder)) == first
    (folder / "event_source.toml").write_text(SOURCE.replace("文旅热线", "旅游"), "utf-8")
    assert own_lists.told(str(folder)).mark != first.mark
