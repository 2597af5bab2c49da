"""The item list: what is outside it on its day is flagged; its rows come from an office's table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from builders import NOW, an_event

from commandwall import catalogue, cli, codes, own_lists
from commandwall.clock import DAY, Ms
from commandwall.config import REFUSED
from commandwall.events import EventView, EventWork

TABLE = """编号,名称,起,止,classes,sources,basis
crowd,人员聚集,2026-01-01,2026/3/31,crowd,grid、whistle,条例
school,校园周边,2026年1月1日,,school,grid,条例
,无编号,2026-01-01,,school,grid,条例
late,倒着,2026-05-01,2026-04-01,school,grid,条例
soon,没有日子,不久,,school,grid,条例
"""
ODD = """编号,名称,起,base,factor
a,甲,2026-01-01,m,nan
b,乙,2026-01-01,m,1e999
c,戊,2026-01-01,m,NINES
odd,丙\x7f,2026-01-01,m,0.5
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "lists").mkdir()
    monkeypatch.setenv(codes.OWN, str(tmp_path / "lists"))
    monkeypatch.setenv("COMMANDWALL_DATA_DIR", str(tmp_path / "data"))
    yield tmp_path
    codes.forget()


def view(cls: str, source: str = "grid", **more: int) -> EventView:
    return EventView(an_event(cls=cls, source=source, **more), None)


def test_what_is_outside_the_list_on_its_day_is_flagged() -> None:
    assert not catalogue.outside(view("water")) and catalogue.outside(view("wages"))
    assert not catalogue.outside(view("wages", "12345")), "its source does not go by the list"
    assert not catalogue.outside(view("")), "nobody has told its class"
    set_right = EventWork("e1", "NEW", "", "", NOW, "陈", "p3", cls="water")
    assert not catalogue.outside(EventView(an_event(cls="wages", source="grid"), set_right))
    before = view("wages", reported_at=Ms(NOW - 400 * DAY))
    assert not catalogue.outside(before), "there was no list yet"


def test_rows_come_from_a_table_and_bad_ones_are_named_and_kept(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "items.csv").write_text(TABLE, "gb18030")
    asked = ["codes", "event_item", str(folder / "items.csv")]
    for _ in range(2):  # the same table again adds nothing
        assert cli.run(asked, lambda *_: 0) == REFUSED
    told = capsys.readouterr()
    for line in ("row 4: id: is missing", "row 5: valid_to", "row 6: valid_from: '不久' is no day"):
        assert line in told.err
    kept = (folder / "data" / "quarantine" / "codes-event_item.csv").read_text("utf-8-sig")
    assert "无编号" in kept and "校园周边" not in kept
    own_lists.lay(str(folder / "lists"))
    rows = codes.load("event_item", date(2026, 2, 1))
    assert rows["school"].facts["classes"] == ["school"] and rows["school"].en == "校园周边"
    assert "crowd" in rows and "crowd" not in codes.load("event_item", date(2026, 4, 1))
    assert not catalogue.outside(view("school")) and catalogue.outside(view("crowd"))
    assert cli.run(["codes", "none", asked[-1]], lambda *_: 0) != 0
    assert "there is no list none" in capsys.readouterr().err


def test_a_cell_that_is_no_number_of_a_list_spoils_no_list(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A row with nan would be written as no TOML has it, and no program would start any more."""
    table = folder / "map.csv"
    table.write_text(ODD.replace("NINES", "9" * 400), "utf-8")
    assert cli.run(["codes", "reading_unit", str(table)], lambda *_: 0) == REFUSED
    told = capsys.readouterr().err
    assert all(f"row {n}: factor" in told for n in (2, 3, 4))
    own_lists.lay(str(folder / "lists"))
    assert codes.load("reading_unit", date(2026, 2, 1))["odd"].facts["factor"] == 0.5
