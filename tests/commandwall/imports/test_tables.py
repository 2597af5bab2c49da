"""Tables in the shapes and encodings that offices send."""

from __future__ import annotations

import datetime
import zipfile

import openpyxl
import pytest

from commandwall.pool.imports import tables
from commandwall.pool.imports.trouble import ImportTrouble

A_MOMENT = datetime.datetime(2019, 8, 1, 9, 30)  # noqa: DTZ001  a workbook knows no zone


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_a_csv_is_read_whatever_its_encoding_and_separator(tmp_path, encoding, separator):
    path = tmp_path / "t.csv"
    path.write_text(f"代码{separator}名称\n1{separator}澄江街道\n", encoding=encoding)
    table = tables.read(path)
    assert table.header == ("代码", "名称")
    assert list(table.numbered()) == [(2, ["1", "澄江街道"])]


def test_rows_keep_the_numbers_a_person_sees_and_empty_ones_do_not_count(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('a,b\n1,"two\nlines"\n,\n\n3,4\n')
    assert [number for number, _ in tables.read(path).numbered()] == [2, 5]


def test_a_workbook_gives_numbers_and_dates_as_they_are(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["编号", "时间"])
    book.active.append([188006, A_MOMENT])
    book.save(tmp_path / "t.xlsx")
    book.close()
    ((number, row),) = tables.read(tmp_path / "t.xlsx").numbered()
    assert number == 2
    assert tables.text_of(row[0]) == "188006"
    assert row[1] == A_MOMENT


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("t.csv", b"", "empty"),
        ("t.csv", b"a,\x80\xff\xff", "encoding"),
        ("t.xlsx", b"no workbook", "not_a_table"),
        ("t.xlsx", b"PK\x03\x04broken", "not_a_table"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ImportTrouble) as caught:
        tables.read(path)
    assert caught.value.code == code
    assert name in caught.value.sentence("zh")
    assert name in caught.value.sentence("en")


def test_a_missing_file_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(ImportTrouble, match="unreadable"):
        tables.read(tmp_path / "none.csv")


def test_an_archive_that_unpacks_to_a_flood_is_refused(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(5):
            archive.writestr(f"{n}", bytes(100 << 20))
    with pytest.raises(ImportTrouble, match="too_large"):
        tables.read(path)
