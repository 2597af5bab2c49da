"""The duty calendar of an office: read from its table, and who is on duty now and next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from builders import NOW
from world import City

from commandwall import cli, rota, rota_table
from commandwall.clock import HOUR, Ms, to_datetime
from commandwall.config import Settings
from commandwall.rota import DutyTurn, Stated

TODAY = f"{to_datetime(NOW):%Y-%m-%d}"


def book(path: Path, rows: Sequence[Sequence[Any]]) -> Path:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(list(row))
    made.save(path)
    return path


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path)
    yield made
    made.desk.close()
    made.store.close()


def test_a_table_of_days_and_one_of_persons_say_the_same(tmp_path: Path) -> None:
    wide = book(tmp_path / "a.xlsx", [
        ["日期", "星期", "班次", "带班领导", "值班员"],
        ["2026/11/28", "六", "白班", "陈建国 13800001111", "李二、王五（13800002222）"],
    ])  # fmt: skip
    long = book(tmp_path / "b.xlsx", [
        ["值班日期", "时段", "岗位", "姓名", "联系电话"],
        ["2026年11月28日", "白班", "带班领导", "陈建国", "13800001111"],
        ["2026年11月28日", "白班", "值班员", "李二", ""],
        ["2026年11月28日", "白班", "值班员", "王五", "13800002222"],
    ])  # fmt: skip
    good, bad = rota_table.read(wide)
    assert bad == [] and good == rota_table.read(long)[0]
    assert good[0] == Stated("2026-11-28", "day", "leader", "陈建国", "13800001111")


def test_a_bad_row_is_named_and_kept_and_the_others_are_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = book(tmp_path / "a.xlsx", [
        ["日期", "班次", "带班领导"],
        ["2026-11-28", "", "陈建国"],
        ["11月31日", "", "李二"],
        ["2026-11-29", "中班", "李二"],
        ["2026-11-30", "", "13800001111"],
    ])  # fmt: skip
    asked = cli._parser().parse_args(["rota", str(table)])
    settings = Settings(data_dir=tmp_path / "here")
    assert rota_table.run(settings, asked) != 0
    said = capsys.readouterr()
    for words in ("row 3: 日期", "row 4: 班次", "row 5: 姓名"):
        assert words in said.err
    assert "1 人次收入" in said.out
    kept = (settings.data_dir / "quarantine" / "rota.csv").read_text("utf-8-sig")
    assert kept.count("\n") == 3 and "中班" in kept


def test_who_is_on_duty_now_and_who_comes_next(city: City) -> None:
    eight = NOW - NOW % (24 * HOUR)  # 08:00 in the city
    turns = [
        Stated(TODAY, "day", "officer", "李二"), Stated(TODAY, "day", "leader", "陈建国"),
        Stated(TODAY, "night", "leader", "王五"),
    ]  # fmt: skip
    city.desk.run(rota.take_rota, {"turns": turns}, "root")

    def names(at: int) -> list[tuple[str, bool]]:
        found = city.store.read(lambda r: rota.on_duty(r, Ms(at)))
        return [(t.name, rota.is_on(t, Ms(at))) for t in found]

    day = [("陈建国", True), ("李二", True), ("王五", False)]
    assert names(eight + HOUR) == day
    assert names(eight + 18 * HOUR) == [("王五", True)]  # past midnight it is still his night
    city.desk.run(rota.take_rota, {"turns": turns[1:]}, "root")  # the table of that day, again
    assert names(eight + HOUR) == [day[0], day[2]]
    assert len([t for t in city.store.read(lambda r: r.find(DutyTurn)) if t.name]) == 2


def test_a_shift_that_is_over_is_not_told_beside_one_that_began_with_it(city: City) -> None:
    """The leader has the whole day, from the hour at which the day shift begins."""
    eight = NOW - NOW % (24 * HOUR)  # 08:00 in the city
    turns = [
        Stated(TODAY, "all", "leader", "陈建国"), Stated(TODAY, "day", "officer", "李二"),
        Stated(TODAY, "night", "officer", "王五"),
        Stated(TODAY, "all", "cook", "赵六"),  # of a city whose row is no longer there
    ]  # fmt: skip
    city.desk.run(rota.take_rota, {"turns": turns}, "root")

    def names(at: int) -> list[str]:
        return [t.name for t in city.store.read(lambda r: rota.on_duty(r, Ms(at)))]

    assert names(eight + HOUR) == ["陈建国", "李二", "赵六", "王五"]
    assert names(eight + 10 * HOUR) == ["陈建国", "赵六", "王五"]
