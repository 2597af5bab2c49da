"""Code lists: a row counts from its first day to its last, by the clock of who asks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from commandwall import codes
from commandwall.clock import DAY, Clock, Ms, day, today

LIST = """
[[row]]
id = "GAS"
zh = "旧限"
en = "old"
valid_from = 2020-01-01
valid_to = 2024-12-31
threshold = 20

[[row]]
id = "GAS"
zh = "新限"
en = "new"
valid_from = 2025-01-01
threshold = 25

[[row]]
id = "SOON"
zh = "将来"
en = "to come"
valid_from = {tomorrow}

[[row]]
id = "ENDING"
zh = "到今天"
en = "until today"
valid_from = 2020-01-01
valid_to = {today}
"""


@pytest.fixture
def dated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A list of dated rows, in a folder of its own."""
    folder = tmp_path / "codelists"
    folder.mkdir()
    name = f"dated_{tmp_path.name}"
    text = LIST.format(today=today(), tomorrow=today() + timedelta(days=1))
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(codes, "ASSETS", tmp_path)
    return name


def test_on_a_day_the_rows_of_that_day_count(dated: str) -> None:
    assert codes.load(dated, date(2024, 12, 31))["GAS"].facts == {"threshold": 20}
    assert codes.load(dated, date(2025, 1, 1))["GAS"].facts == {"threshold": 25}
    assert codes.load(dated, date(2019, 12, 31)) == {}


def test_today_is_the_default_its_last_day_included(dated: str) -> None:
    assert set(codes.load(dated)) == {"GAS", "ENDING"}
    assert codes.load(dated)["GAS"].zh == "新限"


def test_tomorrow_the_next_rows_count(dated: str) -> None:
    tomorrow = today() + timedelta(days=1)
    assert set(codes.load(dated, tomorrow)) == {"GAS", "SOON"}


def test_a_later_row_takes_over_where_the_earlier_has_no_end(dated: str) -> None:
    path = codes.ASSETS / "codelists" / f"{dated}_open.toml"
    path.write_text(LIST.replace("valid_to = 2024-12-31\n", "").format(
        today=today(), tomorrow=today()), encoding="utf-8")  # fmt: skip
    assert codes.load(path.stem, date(2024, 6, 1))["GAS"].zh == "旧限"
    assert codes.load(path.stem, date(2025, 6, 1))["GAS"].zh == "新限"


def test_days_between_two_turns_share_their_rows(dated: str) -> None:
    """A wall that met events of many days held the rows of each: megabytes of the same."""
    years = [codes.load(dated, date(2020, 1, 1) + n * timedelta(days=1)) for n in range(1827)]
    assert len({id(one) for one in years}) == 1
    assert codes.load(dated, date(2025, 1, 1)) is not years[0]


def test_every_list_reads_on_a_computer_whose_clock_stands_in_1970(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(codes, "today", lambda: date(1970, 1, 1))
    assert codes.load("post") and codes.load("aqi_level")


def test_a_limit_of_before_it_began_is_that_of_its_first_day() -> None:
    assert codes.limit("warning_hours", date(26, 11, 24)) == codes.limit("warning_hours")
    with pytest.raises(KeyError):
        codes.limit("no_such_limit")


def test_the_day_is_that_of_the_city() -> None:
    midnight = Ms(1_795_536_000_000)  # 2026-11-25 00:00 in Shanghai
    assert day(midnight) == date(2026, 11, 25)
    assert day(Ms(midnight - 1)) == date(2026, 11, 24)
    assert day(Ms(midnight + DAY - 1)) == date(2026, 11, 25)
    assert day(Clock().now()) == today()
