"""A scenario on paper and as a workbook: nothing is lost on the way, and what is wrong in a cell is
told by sheet, row and column."""

from __future__ import annotations

import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from commandwall import cli
from commandwall.config import ASSETS, REFUSED
from commandwall.drill.scenario import parse, read
from commandwall.drill.workbook import take, write
from commandwall.exercise import MARK

FILES = sorted((ASSETS / "drills").glob("*.toml"))
GAS = ASSETS / "drills" / "gas_old_quarter.toml"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_scenario_comes_back_from_its_workbook_as_it_was(file: Path, tmp_path: Path) -> None:
    write(file.read_bytes(), tmp_path / "s.xlsx")
    taken = take(tmp_path / "s.xlsx")
    assert taken.faults == ()
    assert tomllib.loads(taken.text.decode()) == tomllib.loads(file.read_text(encoding="utf-8"))


BEGINS = st.sampled_from(["", "=1+1", "@SUM(A1)", "'x", " 句 ", "\n"])
SMALL = """format = 1
id = "small"
version = 2
zh = "小演练"
en = "A small one"
type = "tabletop"
kind = "gas"
clock = 09:00:00
ends = "T+10:00"
objective = [{ id = "find", zh = "找到", en = "Find it" }]
player = [{ post = "p1", seat = "station" }]
inject = [{ id = "leak", at = "T+05:30", channel = "above", to = "p1", zh = ◊, en = "A leak" }]
"""


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=20), BEGINS)
def test_whatever_a_text_holds_comes_back_or_is_refused(
    tmp_path: Path, words: str, begins: str
) -> None:
    text = SMALL.replace("◊", _quoted(begins + words)).encode()
    target = tmp_path / "t.xlsx"
    target.unlink(missing_ok=True)
    if (found := parse(text).scenario) is None:
        return  # no scenario may hold it
    try:
        write(text, target)
    except ValueError:
        assert not list(tmp_path.iterdir())  # said so, and no file that tells something else
        return
    back = parse(take(target).text).scenario
    assert back is not None and replace(back, digest="") == replace(found, digest="")


def _quoted(words: str) -> str:
    return '"' + "".join(f"\\U{ord(letter):08X}" for letter in words) + '"'


def test_no_cell_is_a_formula_to_whoever_opens_it(tmp_path: Path) -> None:
    text = GAS.read_text(encoding="utf-8").replace("仁和巷 16 号阀井 54 %LEL。", "=HYPERLINK(A1)")
    write(text.encode(), tmp_path / "s.xlsx")
    book = load_workbook(tmp_path / "s.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert "=HYPERLINK(A1)" in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s", "n"}


WRONG = [
    ("inject", 5, "to", "p9", "情景 inject, row 第 5 行, column 列 to: 'p9' is not known"),
    ("inject", 3, "at", None, "情景 inject, row 第 3 行, column 列 at: missing"),
    ("inject", 2, "at", "T+5", "row 第 2 行, column 列 at: 'T+5' is no time"),
    ("inject", 2, "expect.1", "alarm.DONE", "row 第 2 行, column 列 expect.1: "),
    ("inject", 2, "data.value", "viel", "row 第 2 行, column 列 data.value: "),
    ("inject", 4, "zh", "=A1+1", "row 第 4 行, column 列 zh: is a formula"),
    ("scenario", 7, "value", "live_show", "脚本 scenario, row 第 7 行, column 列 value: "),
    ("player", 3, "post", "chief", "参演 player, row 第 3 行, column 列 post: 'chief' stands"),
    ("branch", 3, "way.id", "stuck", "分支 branch, row 第 2 行"),
    ("inject", 1, "lon", "longitude", "row 第 1 行, column 列 longitude: there is no such column"),
]


def test_all_that_is_wrong_is_told_by_sheet_row_and_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "s.xlsx", tmp_path / "s.toml"
    write(GAS.read_bytes(), source)
    book = load_workbook(source)
    for name, row, column, value, _ in WRONG:
        sheet = next(one for one in book if one.title.endswith(name))
        heads = [str(cell.value).split()[-1] for cell in sheet[1]]
        sheet.cell(row, heads.index(column) + 1).value = value
    book.save(source)
    assert cli.run(["drill", "import", str(source), str(target)], lambda *_: 0) == REFUSED
    told = capsys.readouterr().err
    assert [why for *_, why in WRONG if why not in told] == []
    assert (
        told.count("row 第 4 行, column 列 zh") == 1
    )  # once, though without its words it is missing too
    assert not target.exists()


@pytest.mark.parametrize("kind", ["text", "zip", "bomb", "cut"])
def test_bytes_that_are_no_workbook_are_refused(kind: str, tmp_path: Path) -> None:
    source = tmp_path / "s.xlsx"
    write(GAS.read_bytes(), source)
    if kind == "text":
        source.write_text("id,at\n")
    elif kind == "cut":
        source.write_bytes(source.read_bytes()[:-200])
    else:
        with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", "0" * (40_000_000 if kind == "bomb" else 9))
    taken = take(source)
    assert taken.text == b"" and "s.xlsx" in taken.faults[0]


def test_out_and_in_by_the_command_line_and_no_file_is_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, file = tmp_path / "s.xlsx", tmp_path / "s.toml"
    assert cli.run(["drill", "export", str(GAS), str(table)], lambda *_: 0) == 0
    assert cli.run(["drill", "import", str(table), str(file)], lambda *_: 0) == 0
    assert cli.run(["drill", "check", str(file)], lambda *_: 0) == 0
    assert "20 条情景" in capsys.readouterr().out
    assert cli.run(["drill", "import", str(table), str(file)], lambda *_: 0) == REFUSED
    assert cli.run(["drill", "export", str(GAS), str(table)], lambda *_: 0) == REFUSED


def test_the_book_has_every_inject_and_the_sheets_each_line_to_watch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pypdf: Any = pytest.importorskip("pypdf")
    assert cli.run(["drill", "book", str(GAS), str(tmp_path)], lambda *_: 0) == 0
    book, sheets = (
        [page.extract_text() for page in pypdf.PdfReader(line).pages]
        for line in capsys.readouterr().out.splitlines()
    )
    scenario = read(GAS).scenario
    assert scenario is not None
    assert all(MARK in page for page in (*book, *sheets))
    told = "".join(book)
    assert [i.id for i in scenario.injects if i.id not in told] == []
    assert "停止演练" in told and "关键注入" in told
    told = "".join("".join(sheets).split())
    watched = [line for i in scenario.injects for line in i.watch]
    assert [line for line in watched if "".join(line.split()) not in told] == []
    posts = {i.to for i in scenario.injects}
    assert len(sheets) >= len(posts) + 1  # and the objectives
